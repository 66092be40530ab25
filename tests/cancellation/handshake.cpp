// Cancelling client::async_handshake, at every point where it can wait: after n steps of the
// context, for every n. What must hold each time: it completes, once, with the right error; nothing
// leaks (ASan), nothing hangs, no slab stays behind. Also destroying the client, or the context,
// there.
#include "support/scene.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace asio = boost::asio;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::scene;
using cancel = asio::cancellation_type;

namespace {

struct attempt {
    std::optional<error_code> outcome;
    int completions = 0;
    std::size_t steps = 0;
};

// A server that takes what comes.
task<> serve(scene& s) {
    try {
        co_await s.server().make_ready();
        co_await s.server().expect_end();
    } catch (const adit::protocol_error&) {
        co_return;  // the client's farewell, where the script has another message
    } catch (const boost::system::system_error&) {
        co_return;
    }
}

void start(scene& s, asio::cancellation_signal& signal, attempt& a) {
    s.ssh().async_handshake(asio::bind_cancellation_slot(signal.slot(), [&a](error_code ec) {
        ++a.completions;
        a.outcome = ec;
    }));
    asio::co_spawn(
        s.ctx, [&s] { return serve(s); },
        [](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
        });
}

// Runs at most n handlers; false when there were fewer.
bool run_steps(scene& s, std::size_t n) {
    s.ctx.restart();
    for (; n != 0; --n) {
        if (s.ctx.poll_one() == 0) return false;
    }
    return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancel_handshake)

BOOST_AUTO_TEST_CASE(terminal_at_every_step_ends_it) {
    std::size_t cancelled = 0;
    for (std::size_t n = 0;; ++n) {
        scene s;
        asio::cancellation_signal signal;
        attempt a;
        s.set_up();
        start(s, signal, a);
        const bool more = run_steps(s, n);
        signal.emit(cancel::terminal);
        s.step();
        BOOST_TEST_CONTEXT("after " << n << " steps") {
            BOOST_REQUIRE(a.completions == 1);
            const bool expected = !*a.outcome || *a.outcome == asio::error::operation_aborted;
            BOOST_TEST(expected, a.outcome->message());
            BOOST_TEST(s.ssh().is_open() == !*a.outcome);
        }
        if (*a.outcome) ++cancelled;
        s.finish();
        BOOST_TEST(a.completions == 1);
        if (!more) break;
    }
    // It has at least a dozen places to wait.
    BOOST_TEST(cancelled >= 12U);
}

// Only a terminal request stops a handshake; the others pass by.
BOOST_AUTO_TEST_CASE(total_and_partial_do_nothing) {
    for (std::size_t n = 0;; n += 3) {
        scene s;
        asio::cancellation_signal signal;
        attempt a;
        s.set_up();
        start(s, signal, a);
        const bool more = run_steps(s, n);
        signal.emit(cancel::total);
        signal.emit(cancel::partial);
        s.step();
        BOOST_TEST((a.outcome == error_code()));
        s.finish();
        if (!more) break;
    }
}

BOOST_AUTO_TEST_CASE(closing_the_client_at_every_step_ends_it) {
    for (std::size_t n = 0;; ++n) {
        scene s;
        asio::cancellation_signal signal;
        attempt a;
        s.set_up();
        start(s, signal, a);
        const bool more = run_steps(s, n);
        s.ssh().close();
        s.step();
        BOOST_TEST_CONTEXT("after " << n << " steps") {
            BOOST_TEST(a.completions == 1);
            BOOST_TEST(!s.ssh().is_open());
        }
        s.finish();
        if (!more) break;
    }
}

BOOST_AUTO_TEST_CASE(losing_the_stream_at_every_step_ends_it) {
    for (std::size_t n = 0;; ++n) {
        scene s;
        asio::cancellation_signal signal;
        attempt a;
        s.set_up();
        start(s, signal, a);
        const bool more = run_steps(s, n);
        const bool was_ready = a.outcome.has_value();
        s.server().port().stream().close(adit::detail::close_mode::abortive);
        s.step();
        BOOST_TEST_CONTEXT("after " << n << " steps") {
            BOOST_REQUIRE(a.completions == 1);
            if (!was_ready && *a.outcome) BOOST_TEST(*a.outcome == errc::connection_lost);
            BOOST_TEST(!s.ssh().is_open());
        }
        s.finish();
        if (!more) break;
    }
}

// Nothing is completed, everything is freed.
BOOST_AUTO_TEST_CASE(destroying_the_context_at_every_step_leaks_nothing) {
    for (std::size_t n = 0;; ++n) {
        attempt a;
        asio::cancellation_signal signal;
        bool more = false;
        {
            scene s;
            s.set_up();
            start(s, signal, a);
            more = run_steps(s, n);
            if (a.outcome) a.completions = 0;
        }
        BOOST_TEST(a.completions == 0);
        if (!more) break;
    }
}

BOOST_AUTO_TEST_CASE(while_the_host_key_is_being_decided) {
    for (const bool answers : {true, false}) {
        scene s;
        asio::steady_timer decision(s.ctx, asio::steady_timer::time_point::max());
        s.options.trust = [&](const adit::host_key_question&) -> task<adit::host_key_answer> {
            auto waits = decision.async_wait(asio::as_tuple(asio::deferred));
            static_cast<void>(co_await std::move(waits));
            co_return adit::host_key_answer::trusted;
        };
        asio::cancellation_signal signal;
        attempt a;
        s.set_up();
        start(s, signal, a);
        s.step();
        BOOST_TEST(!a.outcome.has_value());
        if (answers)
            decision.cancel();
        else
            signal.emit(cancel::terminal);
        s.step();
        BOOST_REQUIRE(a.outcome.has_value());
        BOOST_TEST(*a.outcome == (answers ? error_code() : asio::error::operation_aborted));
        s.finish();
    }
}

BOOST_AUTO_TEST_SUITE_END()
