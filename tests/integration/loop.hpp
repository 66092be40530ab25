// How an integration test runs: one io_context, a coroutine as the test's body, others beside it,
// and a guard against hanging. Used by all of tests/integration.
// Invariant: an exception of any of the coroutines, failed BOOST_REQUIRE included, ends the test.
#pragma once

#include <adit/detail/task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace adit::test {

/// Runs the body to its end. The guard only catches a test that hangs.
inline void run_loop(asio::io_context& io, task<> body,
                     std::chrono::seconds guard = std::chrono::seconds(120)) {
    std::exception_ptr thrown;
    bool done = false;
    asio::co_spawn(io, std::move(body), [&](std::exception_ptr e) {
        thrown = std::move(e);
        done = true;
        io.stop();
    });
    io.restart();
    io.run_for(guard);
    if (!done) throw std::runtime_error("the test hung");
    if (thrown) std::rethrow_exception(thrown);
}

inline task<> sleep_for(std::chrono::milliseconds time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::deferred);
}

/// Waits until it holds, or throws when it does not for a very long time.
inline task<> wait_until(std::function<bool()> holds, const char* what,
                         std::chrono::seconds guard = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + guard;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) throw std::runtime_error(what);
        co_await sleep_for(std::chrono::milliseconds(2));
    }
}

/// Coroutines beside each other; join() waits for all and throws what the first of them threw.
class group {
public:
    explicit group(executor ex) : state_(std::make_shared<state>(std::move(ex))) {}

    void spawn(task<> body);
    [[nodiscard]] task<> join() { return join(state_); }

private:
    struct state {
        explicit state(executor e) : ex(std::move(e)), changed(ex) {}
        executor ex;
        asio::steady_timer changed;
        std::size_t running = 0;
        std::exception_ptr thrown;
    };
    static task<> join(std::shared_ptr<state> s);

    std::shared_ptr<state> state_;
};

inline void group::spawn(task<> body) {
    ++state_->running;
    asio::co_spawn(state_->ex, std::move(body), [s = state_](std::exception_ptr e) {
        if (e && !s->thrown) s->thrown = std::move(e);
        --s->running;
        s->changed.cancel();
    });
}

inline task<> group::join(std::shared_ptr<state> s) {
    while (s->running != 0 && !s->thrown) {
        s->changed.expires_at(asio::steady_timer::time_point::max());
        co_await s->changed.async_wait(asio::as_tuple(asio::deferred));
    }
    if (s->thrown) std::rethrow_exception(s->thrown);
}

}  // namespace adit::test
