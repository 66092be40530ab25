// adit/detail/work_pool.hpp. Jobs wait for each other by promises, so that no test judges a time.
#include "support/test.hpp"

#include <adit/detail/work_pool.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <future>
#include <stdexcept>
#include <thread>

namespace asio = boost::asio;
using adit::task;
using adit::detail::work_pool;
using adit::detail::work_pool_limits;

namespace {

template <class Part>
void play(asio::io_context& io, const Part& part) {
    std::exception_ptr failure = std::make_exception_ptr(std::logic_error("it did not end"));
    asio::co_spawn(io, part(), [&](std::exception_ptr e) { failure = e; });
    io.restart();
    io.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(concurrency_work_pool)

BOOST_AUTO_TEST_CASE(a_job_runs_elsewhere_and_its_caller_goes_on_here) {
    asio::io_context io;
    work_pool pool{work_pool_limits()};
    const auto here = std::this_thread::get_id();
    play(io, [&]() -> task<> {
        const auto there = co_await pool.run([] { return std::this_thread::get_id(); });
        BOOST_TEST((there != here));
        BOOST_TEST((std::this_thread::get_id() == here));
    });
}

BOOST_AUTO_TEST_CASE(no_threads_means_at_once) {
    asio::io_context io;
    work_pool pool({0, 0});
    const auto here = std::this_thread::get_id();
    play(io, [&]() -> task<> {
        const auto there = co_await pool.run([] { return std::this_thread::get_id(); });
        BOOST_TEST((there == here));
    });
}

BOOST_AUTO_TEST_CASE(what_a_job_throws_its_caller_gets) {
    for (const std::size_t threads : {0U, 1U}) {
        asio::io_context io;
        work_pool pool({threads, 4});
        const auto part = [&]() -> task<> {
            const auto job = []() -> int { throw std::range_error("x"); };
            static_cast<void>(co_await pool.run(job));
        };
        BOOST_CHECK_THROW(play(io, part), std::range_error);
        BOOST_CHECK_THROW(play(io, part), std::range_error);
    }
}

BOOST_AUTO_TEST_CASE(l21_the_queue_is_bounded_and_has_room_again) {
    asio::io_context io;
    work_pool pool({1, 3});
    std::promise<void> gate;
    std::shared_future<void> open = gate.get_future().share();
    int done = 0, refused = 0;
    const auto part = [&]() -> task<> {
        const auto job = [open] {
            open.wait();
            return 1;
        };
        try {
            done += co_await pool.run(job);
        } catch (const boost::system::system_error& e) {
            BOOST_TEST((e.code() == boost::system::errc::no_buffer_space));
            ++refused;
        }
        if (refused == 2) gate.set_value();
    };
    for (int i = 0; i < 5; ++i) asio::co_spawn(io, part(), asio::detached);
    io.run();
    BOOST_TEST(done == 3);
    BOOST_TEST(refused == 2);
    refused = 0;
    play(io, part);
    BOOST_TEST(done == 4);
}

// What the system says when it has no thread left; here Asio says it of so many.
BOOST_AUTO_TEST_CASE(a35_l21_threads_that_cannot_start_are_the_callers_trouble_and_take_no_place) {
    asio::io_context io;
    work_pool pool({std::size_t{1} << 31U, 1});
    for (int i = 0; i < 3; ++i) {
        bool told = false;
        play(io, [&]() -> task<> {
            const auto job = [] { return 1; };
            try {
                static_cast<void>(co_await pool.run(job));
            } catch (const std::out_of_range&) {
                told = true;
            }
        });
        BOOST_TEST(told);
    }
}

BOOST_AUTO_TEST_CASE(several_threads_and_a_strand) {
    asio::io_context io;
    auto strand = asio::make_strand(io);
    work_pool pool({4, 1000});
    int sum = 0;  // guarded by the strand
    const auto part = [&](int i) -> task<> {
        const auto job = [i] { return i; };
        sum += co_await pool.run(job);
        BOOST_TEST(strand.running_in_this_thread());
    };
    for (int i = 0; i < 100; ++i) asio::co_spawn(strand, part(i), asio::detached);
    std::thread other([&] { io.run(); });
    io.run();
    other.join();
    BOOST_TEST(sum == 4950);
}

BOOST_AUTO_TEST_CASE(the_pool_or_the_context_may_go_first) {
    for (const bool pool_first : {true, false}) {
        auto io = std::make_unique<asio::io_context>();
        auto pool = std::make_unique<work_pool>(work_pool_limits());
        std::promise<void> started;
        auto held = std::make_shared<int>(0);
        const auto part = [&]() -> task<> {
            const auto ours = held;
            const auto job = [&] {
                started.set_value();
                return 1;
            };
            static_cast<void>(co_await pool->run(job));
        };
        asio::co_spawn(*io, part(), asio::detached);
        io->poll_one();
        started.get_future().wait();
        if (pool_first) pool.reset();
        io.reset();
        pool.reset();
        BOOST_TEST(held.use_count() == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
