// What the methods of a server's authentication share, RFC 4252 section 5: one request as it came,
// whom it is about, and what became of it. Used by auth/server.hpp and the server_* methods.
// Invariants: a request's views live until the next receive, so what is kept is copied; an outcome
// without permissions lets nobody in.
#pragma once

#include <adit/auth/exchange.hpp>
#include <adit/server_options.hpp>

#include <boost/asio/error.hpp>

#include <new>
#include <optional>
#include <chrono>
#include <string>
#include <utility>

namespace adit::auth {

/// One connection's login at a server. Outlives its methods.
struct server_login {
    packet_port& port;
    const server_options& options;
    bytes_view session_id;
    login_question who;
    std::chrono::steady_clock::time_point heard{};  ///< the client's latest message (L06)
};

/// What became of one request.
struct outcome {
    enum class kind : std::uint8_t {
        refused,        ///< FAILURE, and counted
        query_refused,  ///< FAILURE; a question about a key
        answered,       ///< the method has replied by itself (PK_OK)
        passed,         ///< the factor is right
    };
    kind what = kind::refused;
    permissions allowed{};          ///< of passed
    std::string key_fingerprint{};  ///< of the key that verified, or was asked about
    std::string why{};              ///< for the audit only
};

/// Asks the embedder. Whatever it throws is a refusal, but for a cancellation.
template <class Ask>
[[nodiscard]] task<authenticator::answer> asked(const Ask& ask, outcome& result) {
    try {
        co_return co_await ask();
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) throw;
        result.why = e.code().message();
    } catch (const std::bad_alloc&) {
        throw protocol_error(errc::out_of_memory);
    } catch (...) {
        result.why = "the authenticator failed";
    }
    co_return authenticator::answer();
}

inline outcome passed_with(outcome result, authenticator::answer answer) {
    if (!answer) return result;
    result.what = outcome::kind::passed;
    result.allowed = std::move(*answer);
    return result;
}

}  // namespace adit::auth
