// adit/deadline.hpp: a limit for any operation, by any token. Limits are an hour or a millisecond,
// so that no test judges a time. What the limit does inside conversations is the subject of
// unit/detail/deadline.cpp.
#include "support/scene.hpp"

#include <adit/deadline.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

namespace asio = boost::asio;
using adit::async_with_deadline;
using adit::errc;
using adit::error_code;
using adit::task;
using namespace std::chrono_literals;

namespace {

struct fixture {
    fixture() : ends(adit::test::memory_pair(io.get_executor())) {}

    auto read() { return ends.first.async_read_some(asio::buffer(room), asio::deferred); }
    auto limited(asio::steady_timer::duration limit) {
        return [this, limit](auto&& token) {
            return async_with_deadline(io.get_executor(), read(), limit,
                                       std::forward<decltype(token)>(token));
        };
    }
    void say(std::string_view text) {
        ends.second.async_write_some(asio::buffer(text.data(), text.size()),
                                     [](error_code, std::size_t) {});
    }
    auto keep() {
        return [this](error_code e, std::size_t n) {
            ec = e;
            size = n;
            ++completions;
        };
    }

    // Declared before what is used on it.
    asio::io_context io;
    std::pair<adit::test::memory_stream, adit::test::memory_stream> ends;
    std::array<char, 8> room{};
    error_code ec = asio::error::would_block;
    std::size_t size = 0;
    int completions = 0;
};

// Says what it was asked for.
template <class T>
struct counting_allocator {
    using value_type = T;
    explicit counting_allocator(int* n) : count(n) {}
    template <class U>
    counting_allocator(const counting_allocator<U>& other) : count(other.count) {}
    T* allocate(std::size_t n) {
        ++*count;
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
    bool operator==(const counting_allocator&) const = default;
    int* count;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(public_deadline, fixture)

BOOST_AUTO_TEST_CASE(a_result_in_time_is_passed_on_and_the_timer_is_gone) {
    limited(1h)(keep());
    BOOST_TEST(completions == 0);
    say("abc");
    io.run();  // would take an hour
    BOOST_TEST(!ec);
    BOOST_TEST(size == 3U);
    BOOST_TEST(completions == 1);
}

BOOST_AUTO_TEST_CASE(an_error_in_time_is_passed_on_with_its_values) {
    const auto all = asio::async_read(ends.first, asio::buffer(room), asio::deferred);
    async_with_deadline(io.get_executor(), all, 1h, keep());
    say("abc");
    io.poll();
    ends.second.close();
    io.run();
    BOOST_TEST(ec == asio::error::eof);
    BOOST_TEST(size == 3U);
}

BOOST_AUTO_TEST_CASE(what_takes_too_long_is_stopped_and_named) {
    limited(1ms)(keep());
    io.run();
    BOOST_TEST(ec == errc::deadline_exceeded);
    BOOST_TEST(completions == 1);
    // The stream works on.
    limited(1h)(keep());
    say("abc");
    io.restart();
    io.run();
    BOOST_TEST(!ec);
    BOOST_TEST(size == 3U);
}

BOOST_AUTO_TEST_CASE(a_result_in_the_same_moment_is_delivered) {
    limited(0ms)(keep());
    say("abc");
    io.run();
    // Which of the two came first is not the point: bytes that were read are never lost.
    if (ec) BOOST_TEST(ec == errc::deadline_exceeded);
    if (ec) BOOST_TEST(size == 0U);
    if (!ec) BOOST_TEST(size == 3U);
    BOOST_TEST(completions == 1);
}

// The limit comes while the answer is on its way; nobody would ever ask for it again.
BOOST_AUTO_TEST_CASE(an_error_in_the_same_moment_is_delivered) {
    asio::steady_timer answer(io, 1h);
    const auto refuses = [&answer](auto handler) {
        auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        answer.async_wait([kept](error_code) { std::move (*kept)(errc::request_refused); });
    };
    auto asking =
        asio::async_initiate<const asio::deferred_t&, void(error_code)>(refuses, asio::deferred);
    async_with_deadline(io.get_executor(), std::move(asking), 0ms,
                        [this](error_code e) { ec = e; });
    asio::steady_timer later(io, 1ms);
    later.async_wait([&](error_code) { answer.cancel(); });
    io.run();
    BOOST_TEST(ec == errc::request_refused);
}

BOOST_AUTO_TEST_CASE(the_callers_own_cancellation_is_no_deadline) {
    for (const auto type : {asio::cancellation_type::total, asio::cancellation_type::partial,
                            asio::cancellation_type::terminal}) {
        asio::cancellation_signal stop;
        limited(1h)(asio::bind_cancellation_slot(stop.slot(), keep()));
        stop.emit(type);
        io.restart();
        io.run();
        BOOST_TEST(ec == asio::error::operation_aborted);
        BOOST_TEST(!stop.slot().has_handler());
    }
    BOOST_TEST(completions == 3);
}

BOOST_AUTO_TEST_CASE(any_token_will_do) {
    std::size_t by_deferred = 0, by_awaitable = 0, by_tuple = 0, redirected = 0;
    error_code none = asio::error::would_block;
    const auto in_turn = [&]() -> task<> {
        auto first = limited(1h)(asio::deferred);
        by_deferred = co_await std::move(first);
        auto second = limited(1h)(asio::use_awaitable);
        by_awaitable = co_await std::move(second);
        auto third = limited(1h)(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(third);
        by_tuple = std::get<1>(outcome);
        auto fourth = limited(1h)(asio::redirect_error(asio::use_awaitable, none));
        redirected = co_await std::move(fourth);
    };
    asio::co_spawn(io, in_turn(), [](std::exception_ptr e) { BOOST_TEST(!e); });
    for (int i = 0; i < 4; ++i) {
        say("abc");
        io.restart();
        io.poll();
    }
    auto future = limited(1h)(asio::use_future);
    say("abc");
    io.restart();
    io.run();
    BOOST_TEST(by_deferred == 3U);
    BOOST_TEST(by_awaitable == 3U);
    BOOST_TEST(by_tuple == 3U);
    BOOST_TEST(redirected == 3U);
    BOOST_TEST(!none);
    BOOST_TEST(future.get() == 3U);
}

BOOST_AUTO_TEST_CASE(executor_and_allocator_of_the_handler_are_used) {
    const auto strand = asio::make_strand(io);
    int allocated = 0;
    bool in_strand = false;
    auto handler = [&](error_code, std::size_t) { in_strand = strand.running_in_this_thread(); };
    auto bound = asio::bind_executor(
        strand, asio::bind_allocator(counting_allocator<int>(&allocated), handler));
    limited(1h)(std::move(bound));
    BOOST_TEST(allocated > 0);
    say("abc");
    io.run();
    BOOST_TEST(in_strand);
}

BOOST_AUTO_TEST_CASE(what_still_waits_goes_with_its_context) {
    {
        asio::io_context brief;
        auto two = adit::test::memory_pair(brief.get_executor());
        const auto kept = std::make_shared<int>(1);
        auto reading = two.first.async_read_some(asio::buffer(room), asio::deferred);
        async_with_deadline(brief.get_executor(), std::move(reading), 1h,
                            [this, kept](error_code, std::size_t) { ++completions; });
        brief.poll();
        BOOST_TEST(kept.use_count() == 2);
    }
    BOOST_TEST(completions == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deadline_on_a_channel)

BOOST_AUTO_TEST_CASE(read_that_was_given_up_leaves_the_channel_as_it_was) {
    adit::test::scene s;
    s.make_ready();
    adit::channel c = s.open({});
    std::array<char, 8> room{};
    error_code ec;
    std::size_t size = 0;
    auto reading = c.async_read_some(asio::buffer(room), asio::deferred);
    async_with_deadline(c.get_executor(), std::move(reading), 1ms,
                        [&](error_code e, std::size_t) { ec = e; });
    s.ctx.restart();
    while (!ec) s.ctx.run_one();
    BOOST_TEST(ec == errc::deadline_exceeded);
    const auto client_part = [&]() -> task<> {
        auto again = c.async_read_some(asio::buffer(room), asio::deferred);
        auto limited = async_with_deadline(c.get_executor(), std::move(again), 1h, asio::deferred);
        size = co_await std::move(limited);
    };
    const auto server_part = [&]() -> task<> {
        s.server().reply(adit::wire::channel_data{0, adit::as_bytes("late")});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    BOOST_TEST(size == 4U);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(an_open_that_nobody_answers_is_given_up) {
    adit::test::scene s;
    s.make_ready();
    error_code ec;
    adit::target to("db.internal", 5432);
    auto opening = s.ssh().async_open(std::move(to), asio::deferred);
    async_with_deadline(s.ssh().get_executor(), std::move(opening), 1ms,
                        [&](error_code e, const adit::channel&) { ec = e; });
    s.ctx.restart();
    while (!ec) s.ctx.run_one();
    BOOST_TEST(ec == errc::deadline_exceeded);
    BOOST_TEST(s.ssh().is_open());
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
