// adit/detail/deadline.hpp. Limits are an hour or a millisecond, so that no test judges a time.
#include "support/memory_stream.hpp"
#include "support/test.hpp"

#include <adit/detail/deadline.hpp>
#include <adit/detail/door.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <optional>

namespace asio = boost::asio;
using adit::error_code;
using adit::task;
using adit::detail::with_deadline;
using namespace std::chrono_literals;

namespace {

struct fixture {
    fixture() : ends(adit::test::memory_pair(io.get_executor())) {}

    auto read() { return ends.first.async_read_some(asio::buffer(room), asio::deferred); }

    template <class Operation>
    task<> keep(Operation operation, asio::steady_timer::duration limit) {
        auto limited = with_deadline(std::move(operation), limit);
        try {
            size = co_await std::move(limited);
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        ++ended;
    }

    // Declared before what is used on it.
    asio::io_context io;
    std::pair<adit::test::memory_stream, adit::test::memory_stream> ends;
    std::array<char, 8> room{};
    std::size_t size = 0;
    error_code ec;
    int ended = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deadline, fixture)

BOOST_AUTO_TEST_CASE(a_clock_stands_still_while_somebody_is_asked) {
    adit::detail::patience clock(io.get_executor());
    const auto limited = [&]() -> task<> {
        auto reading = read();
        auto running = clock.run(std::move(reading));
        size = co_await std::move(running);
    };
    asio::co_spawn(io, limited(), [&](std::exception_ptr e) {
        ++ended;
        ec = adit::detail::to_error_code(std::move(e));
    });
    clock.start(1ms);
    auto asking = std::make_optional<adit::detail::patience::question>(clock);
    auto another = std::make_optional<adit::detail::patience::question>(clock);
    BOOST_TEST(clock.stands_still());
    io.run_for(20ms);
    BOOST_TEST(ended == 0);
    another.reset();
    io.restart();
    io.run_for(20ms);
    BOOST_TEST(ended == 0);
    asking.reset();
    BOOST_TEST(!clock.stands_still());
    io.restart();
    io.run();
    BOOST_TEST(ended == 1);
    BOOST_TEST(ec == asio::error::timed_out);
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_stopped_never_strikes) {
    adit::detail::patience clock(io.get_executor());
    clock.start(1ms);
    clock.stop();
    const auto limited = [&]() -> task<> {
        auto reading = read();
        auto running = clock.run(std::move(reading));
        size = co_await std::move(running);
    };
    asio::co_spawn(io, limited(), [&](std::exception_ptr) { ++ended; });
    { const adit::detail::patience::question asking(clock); }
    io.run_for(20ms);
    BOOST_TEST(ended == 0);
    ends.second.async_write_some(asio::buffer("abc", 3), asio::detached);
    io.restart();
    io.run();
    BOOST_TEST(ended == 1);
    BOOST_TEST(size == 3U);
}

BOOST_AUTO_TEST_CASE(a_result_in_time_is_returned_and_the_timer_is_gone) {
    asio::co_spawn(io, keep(read(), 1h), asio::detached);
    ends.second.async_write_some(asio::buffer("abc", 3), asio::detached);
    io.run();  // would take an hour
    BOOST_TEST(!ec);
    BOOST_TEST(size == 3U);
    BOOST_TEST(ended == 1);
}

BOOST_AUTO_TEST_CASE(an_error_in_time_is_thrown_as_it_is) {
    asio::co_spawn(io, keep(read(), 1h), asio::detached);
    ends.second.close();
    io.run();
    BOOST_TEST(ec == asio::error::eof);
}

BOOST_AUTO_TEST_CASE(the_limit_cancels_the_operation_and_throws_timed_out) {
    asio::co_spawn(io, keep(read(), 1ms), asio::detached);
    io.run();
    BOOST_TEST(ec == asio::error::timed_out);
    BOOST_TEST(!ends.first.incoming()->read_parked());
}

BOOST_AUTO_TEST_CASE(a_limit_that_has_passed_and_one_without_end_are_legal) {
    asio::co_spawn(io, keep(read(), 0ns), asio::detached);
    io.run();
    BOOST_TEST(ec == asio::error::timed_out);
    ec = {};
    io.restart();
    asio::co_spawn(io, keep(read(), asio::steady_timer::duration::max()), asio::detached);
    ends.second.async_write_some(asio::buffer("x", 1), asio::detached);
    io.run();
    BOOST_TEST(!ec);
    BOOST_TEST(size == 1U);
}

BOOST_AUTO_TEST_CASE(a_result_that_comes_in_the_same_moment_is_not_lost) {
    // Ignores the request to cancel that the expired timer sends, and succeeds.
    auto stubborn = []() -> task<std::size_t> {
        co_await asio::this_coro::throw_if_cancelled(false);
        const adit::executor ex = co_await asio::this_coro::executor;
        asio::steady_timer later(ex, 1h);
        auto expired = later.async_wait(asio::as_tuple(asio::deferred));
        co_await std::move(expired);
        co_return 7;
    };
    auto operation = adit::detail::door(io.get_executor(), stubborn, asio::deferred);
    asio::co_spawn(io, keep(std::move(operation), 1ms), asio::detached);
    io.run();
    BOOST_TEST(!ec);
    BOOST_TEST(size == 7U);
}

BOOST_AUTO_TEST_CASE(an_operation_without_a_value) {
    asio::steady_timer never(io, 1h);
    error_code result;
    auto body = [](asio::steady_timer& timer) -> task<> {
        auto limited = with_deadline(timer.async_wait(asio::deferred), 1ms);
        co_await std::move(limited);
    };
    auto run = [&never, body] { return body(never); };
    adit::detail::door(io.get_executor(), run, [&](error_code e) { result = e; });
    io.run();
    BOOST_TEST(result == asio::error::timed_out);
}

BOOST_AUTO_TEST_CASE(cancelling_the_caller_ends_both_with_operation_aborted) {
    asio::cancellation_signal stop;
    auto caught = keep(read(), 1h);
    asio::co_spawn(io, std::move(caught),
                   asio::bind_cancellation_slot(stop.slot(), asio::detached));
    io.poll();
    BOOST_TEST(ended == 0);
    stop.emit(asio::cancellation_type::terminal);
    io.run();
    BOOST_TEST(ec == asio::error::operation_aborted);
    BOOST_TEST(!ends.first.incoming()->read_parked());
}

BOOST_AUTO_TEST_CASE(a_conversation_behind_a_door_is_stopped_too) {
    auto conversation = [this]() -> task<std::size_t> {
        auto first = read();
        co_await std::move(first);
        auto second = read();
        co_return co_await std::move(second);
    };
    auto operation = adit::detail::door(io.get_executor(), conversation, asio::deferred);
    ends.second.async_write_some(asio::buffer("x", 1), asio::detached);
    asio::co_spawn(io, keep(std::move(operation), 1ms), asio::detached);
    io.run();
    BOOST_TEST(ec == asio::error::timed_out);
    BOOST_TEST(ends.first.incoming()->bytes_read() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(concurrency_deadline)

BOOST_AUTO_TEST_CASE(limits_race_results_across_strands) {
    asio::thread_pool pool(3);
    std::atomic<int> ended{0}, wrong{0};  // Boost.Test's checks are for one thread
    constexpr int rounds = 200;
    auto conversation = [](std::chrono::microseconds length) -> task<> {
        const adit::executor ex = co_await asio::this_coro::executor;
        asio::steady_timer timer(ex, length);
        auto expired = timer.async_wait(asio::deferred);
        co_await std::move(expired);
    };
    auto limited = [conversation, &wrong](adit::executor theirs,
                                          std::atomic<int>& count) -> task<> {
        auto body = [conversation] { return conversation(1000us); };
        auto operation = adit::detail::door(theirs, body, asio::deferred);
        auto race = with_deadline(std::move(operation), 1000us);
        try {
            co_await std::move(race);
        } catch (const boost::system::system_error& e) {
            if (e.code() != asio::error::timed_out) ++wrong;
        }
        ++count;
    };
    for (int i = 0; i < rounds; ++i) {
        const adit::executor theirs = asio::make_strand(pool);
        asio::co_spawn(asio::make_strand(pool), limited(theirs, ended), asio::detached);
    }
    pool.join();
    BOOST_TEST(ended == rounds);
    BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
