// What the rows of the two matrices share: tests/tokens (operations x completion tokens) and
// tests/cancellation (operations x moments of a cancellation). A row is a struct: everything that
// one public async_* function needs around it, see operations_client.hpp and its neighbours, and
//     name       its name as docs/cancellation.md and tests/lint/check_operations.py have it
//     promised   what a cancelled one may have changed
//     value      what it delivers behind its error_code
//     begin()    starts it, with any token; it then waits until
//     wake()     the one thing happens that it waits for; nothing if it has happened already
//     right()    whether that value is as it should be
//     untouched() whether nothing was said to the other side yet, where that can be told
//     intact()   whether nothing is left of it behind a completion
//     destroy()  the object that it runs on; absent where there is none
//     over()     of one whose promise is terminal: whether nothing works any more
// Invariants: one thread; nothing waits for the clock; what hangs fails after half a minute.
#pragma once

#include "support/test.hpp"

#include <adit/detail/parking_place.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace adit::test {

using cancel = asio::cancellation_type;

/// Asio's words: what may have happened when an operation completes with operation_aborted.
enum class promise : std::uint8_t {
    total,     ///< nothing that could be seen
    partial,   ///< something that the documentation tells; it can be begun again
    terminal,  ///< anything: close the object
};

/// The kinds of requests that an operation listens to, and those that pass by it.
[[nodiscard]] inline std::vector<cancel> kinds(promise p, bool honoured) {
    std::vector<cancel> listed;
    for (const cancel kind : {cancel::terminal, cancel::partial, cancel::total}) {
        const bool stops = kind == cancel::terminal || p == promise::total ||
                           (p == promise::partial && kind == cancel::partial);
        if (stops == honoured) listed.push_back(kind);
    }
    return listed;
}

/// The value of an operation that delivers none.
struct nothing {};

/// What became of an operation.
template <class Value>
struct ending {
    int completions = 0;
    error_code ec = asio::error::would_block;
    Value value{};

    [[nodiscard]] auto handler() {
        return [this](error_code e, auto... delivered) {
            ++completions;
            ec = e;
            ((value = std::move(delivered)), ...);
        };
    }
};
template <class Row>
using ending_of = ending<typename Row::value>;

/// A list of rows; each() calls a generic lambda with each of them.
template <class... Row>
struct rows {
    template <class Visit>
    static void each(const Visit& visit) {
        (visit.template operator()<Row>(), ...);
    }
};

inline void spawn(asio::io_context& ctx, std::function<task<>()> body) {
    asio::co_spawn(ctx, std::move(body), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
}

/// The other side of a dialogue whose end is somebody else's business.
[[nodiscard]] inline task<> until_gone(std::function<task<>()> body) {
    try {
        co_await body();
    } catch (const boost::system::system_error&) {
        co_return;  // ours has gone
    } catch (const std::logic_error&) {
        co_return;  // its farewell, where the script has another message
    }
}

template <class Done>
void run_until(asio::io_context& ctx, const Done& done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ctx.restart();
    while (!done() && ctx.run_one_until(limit) != 0) {}
}

/// At most n handlers; false when there were fewer.
[[nodiscard]] inline bool run_steps(asio::io_context& ctx, std::size_t n) {
    ctx.restart();
    for (; n != 0; --n) {
        if (ctx.poll_one() == 0) return false;
    }
    return true;
}

/// What most rows are: nothing special.
template <class Value>
struct plain_row {
    using value = Value;
    [[nodiscard]] static error_code expected() { return {}; }
    [[nodiscard]] bool right(const Value&) { return true; }
    [[nodiscard]] bool untouched() { return true; }
    [[nodiscard]] bool intact() { return true; }
    /// Whether no handler runs any more when the row goes.
    static constexpr bool goes_silently = true;
    /// Makes an operation wait that would complete by itself.
    void hold() {}
};

}  // namespace adit::test
