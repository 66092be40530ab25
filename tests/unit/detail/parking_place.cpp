// adit/detail/parking_place.hpp, mostly through memory_stream, which is made of two of them for
// each direction: so these are the tests of tests/support/memory_stream.hpp too, and many.
#include "support/memory_stream.hpp"
#include "support/test.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <new>

namespace asio = boost::asio;
using adit::error_code;
using adit::test::memory_pair;
using adit::test::memory_stream;
using cancel = asio::cancellation_type;

namespace {

// One place and no more, to see which requests it honours.
struct lone_place {
    explicit lone_place(const adit::executor& ex) : place(ex) {}
    adit::detail::parking_place<void(error_code, int)> place;
};

// Has no memory to give.
template <class T>
struct exhausted_allocator {
    using value_type = T;

    exhausted_allocator() = default;
    template <class U>
    explicit exhausted_allocator(const exhausted_allocator<U>&) {}

    T* allocate(std::size_t) { throw std::bad_alloc(); }
    void deallocate(T*, std::size_t) {}
    bool operator==(const exhausted_allocator&) const { return true; }
};

struct outcome {
    int calls = 0;
    error_code ec;
    std::size_t size = 0;
};

auto record(outcome& into) {
    return [&into](error_code ec, std::size_t n) {
        ++into.calls;
        into.ec = ec;
        into.size = n;
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parking_place)

BOOST_AUTO_TEST_CASE(honours_only_the_types_it_was_given) {
    for (const auto honoured : {cancel::none, cancel::terminal, cancel::partial, cancel::total}) {
        for (const auto asked : {cancel::terminal, cancel::partial, cancel::total}) {
            asio::io_context io;
            const auto owner = std::make_shared<lone_place>(io.get_executor());
            asio::cancellation_signal stop;
            error_code result;
            auto handler =
                asio::bind_cancellation_slot(stop.slot(), [&](error_code ec, int) { result = ec; });
            owner->place.park(owner, std::move(handler), io.get_executor(), honoured);
            stop.emit(asked);
            BOOST_TEST(!owner->place == (honoured == asked));
            if (owner->place) {
                owner->place.complete({}, 1);
            }
            io.run();
            BOOST_TEST((result == asio::error::operation_aborted) == (honoured == asked));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_owner_that_is_gone_is_not_reached) {
    asio::io_context io;
    asio::cancellation_signal stop;
    auto owner = std::make_shared<lone_place>(io.get_executor());
    bool called = false;
    owner->place.park(
        owner, asio::bind_cancellation_slot(stop.slot(), [&](error_code, int) { called = true; }),
        io.get_executor(), adit::detail::any_cancellation);
    owner.reset();
    stop.emit(cancel::total);
    io.run();
    BOOST_TEST(!called);
}

BOOST_AUTO_TEST_CASE(what_could_not_be_parked_does_not_cancel_the_next_operation) {
    asio::io_context io;
    const auto owner = std::make_shared<lone_place>(io.get_executor());
    asio::cancellation_signal stop;
    auto hopeless = asio::bind_cancellation_slot(
        stop.slot(), asio::bind_allocator(exhausted_allocator<void>(),
                                          [](error_code, int) { BOOST_ERROR("called"); }));
    BOOST_CHECK_THROW(owner->place.park(owner, std::move(hopeless), io.get_executor(),
                                        adit::detail::any_cancellation),
                      std::bad_alloc);
    BOOST_TEST(!owner->place);
    bool called = false;
    owner->place.park(
        owner, [&](error_code, int) { called = true; }, io.get_executor(),
        adit::detail::any_cancellation);
    stop.emit(cancel::total);
    BOOST_TEST(bool(owner->place));
    owner->place.complete({}, 0);
    io.run();
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(a_parked_read_completes_with_the_data) {
    asio::io_context io;
    auto [a, b] = memory_pair(io.get_executor());
    std::array<char, 16> room{};
    outcome read;
    outcome written;
    a.async_read_some(asio::buffer(room), record(read));
    BOOST_TEST(a.incoming()->read_parked());
    b.async_write_some(asio::buffer("hello", 5), record(written));
    BOOST_TEST(!a.incoming()->read_parked());
    BOOST_TEST(read.calls + written.calls == 0);
    io.run();
    BOOST_TEST(!read.ec);
    BOOST_TEST(read.size == 5U);
    BOOST_TEST(written.size == 5U);
    BOOST_TEST(std::string_view(room.data(), 5) == "hello");
}

BOOST_AUTO_TEST_CASE(every_form_of_waiting_works) {
    asio::io_context io;
    auto [a, b] = memory_pair(io.get_executor());
    std::array<char, 16> room{};
    auto read = a.async_read_some(asio::buffer(room), asio::use_future);
    auto write = b.async_write_some(asio::buffer("xy", 2), asio::deferred);
    std::move(write)(asio::detached);
    io.run();
    BOOST_TEST(read.get() == 2U);
}

BOOST_AUTO_TEST_CASE(a_bounded_pipe_makes_the_writer_wait) {
    asio::io_context io;
    adit::test::pipe_options small;
    small.capacity = 4;
    small.most_per_read = 3;
    auto [a, b] = memory_pair(io.get_executor(), small);
    const auto pipe = a.outgoing();
    const std::array<asio::const_buffer, 2> parts{asio::buffer("abc", 3),
                                                  asio::buffer("defghijk", 8)};
    auto writer = [](memory_stream s, std::array<asio::const_buffer, 2> all) -> adit::task<> {
        const auto done = co_await asio::async_write(s, all, asio::as_tuple(asio::deferred));
        BOOST_TEST(!std::get<0>(done));
        BOOST_TEST(std::get<1>(done) == 11U);
    };
    std::string out;
    auto reader = [](memory_stream s, std::string& into) -> adit::task<> {
        std::array<char, 8> room{};
        for (;;) {
            auto read = s.async_read_some(asio::buffer(room), asio::as_tuple(asio::deferred));
            const auto done = co_await std::move(read);
            BOOST_TEST(std::get<1>(done) <= 3U);
            into.append(room.data(), std::get<1>(done));
            if (std::get<0>(done)) {
                BOOST_TEST(std::get<0>(done) == asio::error::eof);
                co_return;
            }
        }
    };
    asio::co_spawn(io, writer(std::move(a), parts), asio::detached);
    asio::co_spawn(io, reader(std::move(b), out), asio::detached);
    io.run();
    BOOST_TEST(out == "abcdefghijk");
    BOOST_TEST(pipe->flights().size() > 1U);
    BOOST_TEST(pipe->written().size() == 11U);
}

BOOST_AUTO_TEST_CASE(cancelled_once_however_often_it_is_asked_and_no_data_is_lost) {
    asio::io_context io;
    auto [a, b] = memory_pair(io.get_executor());
    std::array<char, 8> room{};
    asio::cancellation_signal stop;
    outcome first;
    a.async_read_some(asio::buffer(room), asio::bind_cancellation_slot(stop.slot(), record(first)));
    stop.emit(cancel::total);
    stop.emit(cancel::terminal);
    BOOST_TEST(!a.incoming()->read_parked());
    BOOST_TEST(first.calls == 0);
    io.run();
    BOOST_TEST(first.calls == 1);
    BOOST_TEST(first.ec == asio::error::operation_aborted);

    io.restart();
    outcome second;
    b.async_write_some(asio::buffer("data", 4), asio::detached);
    a.async_read_some(asio::buffer(room), record(second));
    stop.emit(cancel::total);
    io.run();
    BOOST_TEST(first.calls == 1);
    BOOST_TEST(second.size == 4U);
}

BOOST_AUTO_TEST_CASE(a_late_request_does_not_touch_the_next_operation_in_the_place) {
    asio::io_context io;
    auto [a, b] = memory_pair(io.get_executor());
    std::array<char, 8> room{};
    asio::cancellation_signal stop;
    outcome first;
    outcome second;
    a.async_read_some(asio::buffer(room), asio::bind_cancellation_slot(stop.slot(), record(first)));
    b.async_write_some(asio::buffer("d", 1), asio::detached);
    a.async_read_some(asio::buffer(room), record(second));
    stop.emit(cancel::total);
    BOOST_TEST(a.incoming()->read_parked());
    b.async_write_some(asio::buffer("ef", 2), asio::detached);
    io.run();
    BOOST_TEST(!first.ec);
    BOOST_TEST(first.size == 1U);
    BOOST_TEST(!second.ec);
    BOOST_TEST(second.size == 2U);
}

BOOST_AUTO_TEST_CASE(a_second_operation_of_a_kind_is_refused) {
    asio::io_context io;
    auto [a, b] = memory_pair(io.get_executor());
    std::array<char, 8> room{};
    outcome first;
    outcome second;
    a.async_read_some(asio::buffer(room), record(first));
    a.async_read_some(asio::buffer(room), record(second));
    b.close();
    io.run();
    BOOST_TEST(first.ec == asio::error::eof);
    BOOST_TEST(second.ec == asio::error::already_started);
}

BOOST_AUTO_TEST_CASE(a_parked_operation_is_beaten_by_a_timer_in_a_parallel_group) {
    asio::io_context io;
    auto [a, b] = memory_pair(io.get_executor());
    asio::steady_timer timer(io, std::chrono::milliseconds(2));
    std::array<char, 8> room{};
    bool done = false;
    asio::experimental::make_parallel_group(a.async_read_some(asio::buffer(room), asio::deferred),
                                            timer.async_wait(asio::deferred))
        .async_wait(
            asio::experimental::wait_for_one(),
            [&](std::array<std::size_t, 2> order, error_code read, std::size_t, error_code waited) {
                BOOST_TEST(order[0] == 1U);
                BOOST_TEST(read == asio::error::operation_aborted);
                BOOST_TEST(!waited);
                done = true;
            });
    io.run();
    BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(closing_an_end_ends_its_own_operations_and_the_peers) {
    asio::io_context io;
    std::array<char, 8> room{};
    outcome mine;
    outcome theirs;
    auto [a, b] = memory_pair(io.get_executor());
    a.async_read_some(asio::buffer(room), record(mine));
    b.async_read_some(asio::buffer(room), record(theirs));
    a.close();
    outcome after;
    a.async_read_some(asio::buffer(room), record(after));
    outcome written;
    b.async_write_some(asio::buffer("x", 1), record(written));
    io.run();
    BOOST_TEST(mine.ec == asio::error::operation_aborted);
    BOOST_TEST(theirs.ec == asio::error::eof);
    BOOST_TEST(after.ec == asio::error::not_connected);
    BOOST_TEST(written.ec == asio::error::broken_pipe);
}

BOOST_AUTO_TEST_CASE(an_abort_is_a_reset_for_the_peer_and_overtakes_data) {
    asio::io_context io;
    std::array<char, 8> room{};
    outcome read;
    auto [a, b] = memory_pair(io.get_executor());
    a.async_write_some(asio::buffer("lost", 4), asio::detached);
    a.abort();
    b.async_read_some(asio::buffer(room), record(read));
    io.run();
    BOOST_TEST(read.ec == asio::error::connection_reset);
}

BOOST_AUTO_TEST_CASE(a_direction_fails_where_it_was_told_to) {
    asio::io_context io;
    auto [a, b] = memory_pair(io.get_executor());
    a.outgoing()->options.write_failure = {5, asio::error::network_down};
    b.incoming()->options.read_failure = {3, asio::error::timed_out};
    std::array<outcome, 2> writes;
    std::array<outcome, 2> reads;
    std::array<char, 8> room{};
    a.async_write_some(asio::buffer("abcdefgh", 8), record(writes[0]));
    a.async_write_some(asio::buffer("fgh", 3), record(writes[1]));
    b.async_read_some(asio::buffer(room), record(reads[0]));
    b.async_read_some(asio::buffer(room), record(reads[1]));
    io.run();
    BOOST_TEST(writes[0].size == 5U);
    BOOST_TEST(writes[1].ec == asio::error::network_down);
    BOOST_TEST(reads[0].size == 3U);
    BOOST_TEST(!reads[0].ec);
    BOOST_TEST(reads[1].ec == asio::error::timed_out);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(concurrency_parking_place)

BOOST_AUTO_TEST_CASE(one_strand_of_a_pool_cancels_and_completes) {
    asio::thread_pool pool(2);
    int ended = 0;
    int aborted = 0;
    auto strand = asio::make_strand(pool);
    constexpr int rounds = 200;
    for (int i = 0; i < rounds; ++i) {
        asio::post(strand, [&, strand] {
            auto pair =
                std::make_shared<std::pair<memory_stream, memory_stream>>(memory_pair(strand));
            auto stop = std::make_shared<asio::cancellation_signal>();
            auto room = std::make_shared<std::array<char, 8>>();
            auto handler = [&, pair, stop, room](error_code ec, std::size_t) {
                ++ended;
                aborted += ec ? 1 : 0;
            };
            pair->first.async_read_some(
                asio::buffer(*room),
                asio::bind_cancellation_slot(stop->slot(),
                                             asio::bind_executor(strand, std::move(handler))));
            asio::post(strand, [stop] { stop->emit(cancel::total); });
            asio::post(strand, [pair] {
                pair->second.async_write_some(asio::buffer("1", 1), asio::detached);
            });
        });
    }
    pool.join();
    BOOST_TEST(ended == rounds);
    BOOST_TEST(aborted > 0);
}

BOOST_AUTO_TEST_SUITE_END()
