// adit/detail/signal.hpp.
#include "support/test.hpp"

#include <adit/detail/signal.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

namespace asio = boost::asio;
using adit::error_code;
using adit::task;
using level = adit::detail::signal;

namespace {

// A loop as a connection has it; counts its rounds until the signal is closed.
task<> loop(level& wake, int& rounds, error_code& end) {
    try {
        for (;;) {
            auto woken = wake.wait();
            co_await std::move(woken);
            ++rounds;
        }
    } catch (const boost::system::system_error& e) {
        end = e.code();
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(level_signal)

BOOST_AUTO_TEST_CASE(a_notification_before_the_wait_is_kept_and_does_not_suspend) {
    asio::io_context io;
    level wake(io.get_executor());
    wake.notify();
    wake.notify();
    int rounds = 0;
    error_code end;
    asio::post(io, [&] {
        asio::co_spawn(io, loop(wake, rounds, end), asio::detached);
        BOOST_TEST(rounds == 1);  // in the first step, and once for both
    });
    io.poll();
    BOOST_TEST(rounds == 1);
    BOOST_TEST(!end);
}

BOOST_AUTO_TEST_CASE(notifications_while_it_waits_wake_it_once) {
    asio::io_context io;
    level wake(io.get_executor());
    int rounds = 0;
    error_code end;
    asio::co_spawn(io, loop(wake, rounds, end), asio::detached);
    io.poll();
    BOOST_TEST(rounds == 0);
    wake.notify();
    wake.notify();
    wake.notify();
    io.poll();
    BOOST_TEST(rounds == 1);
    wake.notify();
    io.poll();
    BOOST_TEST(rounds == 2);
}

BOOST_AUTO_TEST_CASE(close_ends_the_waiter_and_every_later_one) {
    asio::io_context io;
    level wake(io.get_executor());
    int rounds = 0;
    error_code end;
    asio::co_spawn(io, loop(wake, rounds, end), asio::detached);
    io.poll();
    wake.close();
    BOOST_TEST(wake.closed());
    io.run();
    BOOST_TEST(end == asio::error::operation_aborted);
    BOOST_TEST(rounds == 0);

    error_code later;
    wake.async_wait([&](error_code ec) { later = ec; });
    io.restart();
    io.run();
    BOOST_TEST(later == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(what_was_notified_before_close_is_delivered) {
    asio::io_context io;
    level wake(io.get_executor());
    int rounds = 0;
    error_code end;
    asio::co_spawn(io, loop(wake, rounds, end), asio::detached);
    io.poll();
    wake.notify();
    wake.close();
    io.run();
    BOOST_TEST(rounds == 1);
    BOOST_TEST(end == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(destroying_it_ends_the_waiter) {
    asio::io_context io;
    int rounds = 0;
    error_code end;
    {
        level wake(io.get_executor());
        asio::co_spawn(io, loop(wake, rounds, end), asio::detached);
        io.poll();
    }
    io.run();
    BOOST_TEST(end == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(take_lowers_the_level) {
    asio::io_context io;
    level wake(io.get_executor());
    BOOST_TEST(!wake.take());
    wake.notify();
    BOOST_TEST(wake.take());
    BOOST_TEST(!wake.take());
}

BOOST_AUTO_TEST_CASE(a_wake_up_that_somebody_else_took_is_no_error) {
    asio::io_context io;
    level wake(io.get_executor());
    int rounds = 0;
    error_code end;
    asio::co_spawn(io, loop(wake, rounds, end), asio::detached);
    io.poll();
    wake.notify();
    BOOST_TEST(wake.take());
    io.poll();
    BOOST_TEST(rounds == 0);
    BOOST_TEST(!end);
    wake.notify();
    io.poll();
    BOOST_TEST(rounds == 1);
}

BOOST_AUTO_TEST_CASE(the_operation_form_never_completes_inline_and_leaves_the_level) {
    asio::io_context io;
    level wake(io.get_executor());
    wake.notify();
    int calls = 0;
    asio::post(io, [&] {
        wake.async_wait([&](error_code ec) { calls += ec ? 100 : 1; });
        BOOST_TEST(calls == 0);
    });
    io.run();
    BOOST_TEST(calls == 1);
    BOOST_TEST(wake.take());
}

BOOST_AUTO_TEST_CASE(a_second_waiter_is_refused) {
    asio::io_context io;
    level wake(io.get_executor());
    error_code first;
    error_code second;
    wake.async_wait([&](error_code ec) { first = ec; });
    wake.async_wait([&](error_code ec) { second = ec; });
    io.poll();
    BOOST_TEST(second == asio::error::already_started);
    wake.close();
    io.run();
    BOOST_TEST(first == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_leaves_the_signal_usable) {
    asio::io_context io;
    level wake(io.get_executor());
    asio::cancellation_signal stop;
    error_code result;
    wake.async_wait(asio::bind_cancellation_slot(stop.slot(), [&](error_code ec) { result = ec; }));
    stop.emit(asio::cancellation_type::total);
    io.run();
    BOOST_TEST(result == asio::error::operation_aborted);
    io.restart();
    wake.async_wait([&](error_code ec) { result = ec; });
    wake.notify();
    io.run();
    BOOST_TEST(!result);
}

BOOST_AUTO_TEST_CASE(a_waiter_that_owns_the_signal_goes_with_the_context) {
    std::weak_ptr<level> watch;
    {
        asio::io_context io;
        auto wake = std::make_shared<level>(io.get_executor());
        watch = wake;
        auto body = [](std::shared_ptr<level> own) -> task<> {
            auto woken = own->wait();
            co_await std::move(woken);
            BOOST_ERROR("resumed though nothing was notified");
        };
        asio::co_spawn(io, body(std::move(wake)), asio::detached);
        io.poll();
        BOOST_TEST(!watch.expired());
    }
    BOOST_TEST(watch.expired());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(concurrency_level_signal)

BOOST_AUTO_TEST_CASE(operations_on_the_strand_wake_the_loop) {
    asio::thread_pool pool(3);
    const adit::executor strand = asio::make_strand(pool);
    struct shared {
        explicit shared(const adit::executor& ex) : wake(ex) {}
        level wake;
        int todo = 0;
        int done = 0;
    };
    const auto state = std::make_shared<shared>(strand);
    auto worker = [](std::shared_ptr<shared> s) -> task<> {
        while (s->done < 1000) {
            auto woken = s->wake.wait();
            co_await std::move(woken);
            s->done += std::exchange(s->todo, 0);
        }
    };
    asio::co_spawn(strand, worker(state), asio::detached);
    for (int i = 0; i < 1000; ++i) {
        asio::post(pool, [strand, state] {
            asio::dispatch(strand, [state] {
                ++state->todo;
                state->wake.notify();
            });
        });
    }
    pool.join();
    BOOST_TEST(state->done == 1000);
}

BOOST_AUTO_TEST_SUITE_END()
