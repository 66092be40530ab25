// adit/detail/park_service.hpp: what is parked goes with its context, whoever owns it.
#include "support/memory_stream.hpp"
#include "support/test.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>

namespace asio = boost::asio;
using adit::error_code;
using adit::test::memory_pair;
using adit::test::memory_stream;

namespace {

// One place and no more.
struct lone_place {
    explicit lone_place(const adit::executor& ex) : place(ex) {}
    adit::detail::parking_place<void(error_code, int)> place;
};

adit::task<> read_for_ever(memory_stream mine, std::shared_ptr<memory_stream> other) {
    std::array<char, 4> room{};
    auto read = mine.async_read_some(asio::buffer(room), asio::deferred);
    co_await std::move(read);
    BOOST_ERROR("resumed though nothing was written");
    static_cast<void>(other);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(park_service)

BOOST_AUTO_TEST_CASE(a_handler_that_owns_its_stream_goes_with_the_context) {
    std::weak_ptr<memory_stream> watch;
    {
        asio::io_context io;
        auto [a, b] = memory_pair(io.get_executor());
        auto mine = std::make_shared<memory_stream>(std::move(a));
        auto other = std::make_shared<memory_stream>(std::move(b));
        watch = mine;
        std::array<char, 8> room{};
        memory_stream& stream = *mine;
        stream.async_read_some(asio::buffer(room),
                               [mine = std::move(mine), other](error_code, std::size_t) {
                                   BOOST_ERROR("invoked by shutdown");
                               });
        other.reset();
        BOOST_TEST(!watch.expired());
    }
    BOOST_TEST(watch.expired());
}

BOOST_AUTO_TEST_CASE(the_signal_may_be_gone_before_the_context) {
    memory_stream survivor;
    std::array<char, 8> room{};
    {
        asio::io_context io;
        {
            asio::cancellation_signal stop;
            auto [a, b] = memory_pair(io.get_executor());
            a.async_read_some(asio::buffer(room), asio::bind_cancellation_slot(
                                                      stop.slot(), [](error_code, std::size_t) {
                                                          BOOST_ERROR("invoked by shutdown");
                                                      }));
            survivor = std::move(a);
            auto other = std::make_shared<memory_stream>(std::move(b));
            survivor.async_write_some(asio::buffer("z", 1), [other](error_code, std::size_t) {
                BOOST_ERROR("invoked by shutdown");
            });
        }
    }
    BOOST_TEST(!survivor.incoming()->read_parked());
}

BOOST_AUTO_TEST_CASE(a_coroutine_that_owns_what_it_waits_for_goes_with_the_context) {
    std::weak_ptr<memory_stream> watch;
    for (const bool on_strand : {false, true}) {
        {
            asio::io_context io;
            auto [a, b] = memory_pair(io.get_executor());
            auto other = std::make_shared<memory_stream>(std::move(b));
            watch = other;
            adit::executor where = io.get_executor();
            if (on_strand) {
                where = asio::make_strand(io);
            }
            auto body = read_for_ever(std::move(a), std::move(other));
            asio::co_spawn(where, std::move(body), asio::detached);
            io.poll();
            BOOST_TEST(!watch.expired());
        }
        BOOST_TEST(watch.expired());
    }
}

BOOST_AUTO_TEST_CASE(what_is_parked_while_the_context_shuts_down_is_dropped) {
    auto parks_when_destroyed = [](std::shared_ptr<lone_place> owner, adit::executor ex) {
        return std::shared_ptr<void>(nullptr, [owner, ex](void*) {
            owner->place.park(
                owner, [owner](error_code, int) { BOOST_ERROR("invoked by shutdown"); }, ex,
                adit::detail::any_cancellation);
            BOOST_TEST(!owner->place);
        });
    };
    std::weak_ptr<lone_place> watch;
    {
        asio::io_context io;
        auto first = std::make_shared<lone_place>(io.get_executor());
        auto second = std::make_shared<lone_place>(io.get_executor());
        watch = second;
        auto trigger = parks_when_destroyed(std::move(second), io.get_executor());
        lone_place& owner = *first;
        owner.place.park(
            std::shared_ptr<lone_place>(first),
            [first = std::move(first), trigger = std::move(trigger)](error_code, int) {
                BOOST_ERROR("invoked by shutdown");
            },
            io.get_executor(), adit::detail::any_cancellation);
    }
    BOOST_TEST(watch.expired());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(concurrency_park_service)

BOOST_AUTO_TEST_CASE(many_strands_of_a_pool_park_at_the_same_time) {
    asio::thread_pool pool(3);
    std::atomic<int> read{0};
    constexpr int strands = 8;
    constexpr int rounds = 50;
    auto echo = [](memory_stream a, memory_stream b, std::atomic<int>& count) -> adit::task<> {
        std::array<char, 1> room{};
        for (int i = 0; i < rounds; ++i) {
            auto reading = a.async_read_some(asio::buffer(room), asio::deferred);
            auto writing = b.async_write_some(asio::buffer("x", 1), asio::deferred);
            auto both =
                asio::experimental::make_parallel_group(std::move(reading), std::move(writing))
                    .async_wait(asio::experimental::wait_for_all(), asio::deferred);
            const auto done = co_await std::move(both);
            count += static_cast<int>(std::get<2>(done));
        }
    };
    for (int i = 0; i < strands; ++i) {
        auto strand = asio::make_strand(pool);
        auto [a, b] = memory_pair(strand);
        asio::co_spawn(strand, echo(std::move(a), std::move(b), read), asio::detached);
    }
    pool.join();
    BOOST_TEST(read == strands * rounds);
}

BOOST_AUTO_TEST_SUITE_END()
