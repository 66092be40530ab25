// Something that has to fail, with which error and with which words. Used by the tests of errors in
// tests/integration. Invariant: the words are those of diagnostics::describe(), which is what a
// person gets to read.
#pragma once

#include "integration/through.hpp"

#include <initializer_list>

namespace adit::test {

struct failure {
    error_code error;
    std::string words;
};

/// The start of a tunnel to the server of `login`, at `address`.
inline task<> fail_to_start(client_options login, std::string address, failure& result) {
    tunnel_options options(std::move(login), local_forward(target("127.0.0.1", 9)));
    options.address = std::move(address);
    tunnel way(co_await asio::this_coro::executor, std::move(options));
    const auto outcome = co_await way.async_start(as_result);
    result.error = std::get<0>(outcome);
    result.words = way.diagnostics().describe(result.error);
}

[[nodiscard]] inline failure failure_of_start(client_options login,
                                              std::string address = "127.0.0.1") {
    asio::io_context io(1);
    failure result;
    run_loop(io, fail_to_start(std::move(login), std::move(address), result));
    return result;
}

inline void expect(const failure& seen, errc error, std::initializer_list<std::string_view> words) {
    BOOST_TEST_MESSAGE(seen.words);
    BOOST_TEST(seen.error == make_error_code(error));
    for (const std::string_view word : words) {
        BOOST_TEST((seen.words.find(word) != std::string::npos),
                   "'" << word << "' is not in: " << seen.words);
    }
}

}  // namespace adit::test
