// adit/transport/kex_pool.hpp: where the public-key work of key exchanges is done, and how much of
// it may wait (L21). Jobs wait for each other by promises, so that no test judges a time.
#include "support/test.hpp"

#include <adit/transport/kex_pool.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <future>
#include <stdexcept>
#include <thread>

namespace asio = boost::asio;
using adit::errc;
using adit::kex_pool;
using adit::task;

namespace {

/// Jobs that wait until the gate opens.
struct gated {
    void start(bool is_first) {
        const auto part = [this, is_first]() -> task<> {
            const auto job = [open = open_] {
                open.wait();
                return 1;
            };
            auto running = pool.run(is_first, job);
            done += co_await std::move(running);
        };
        asio::co_spawn(io, part, [this](std::exception_ptr thrown) {
            if (!thrown) return;
            try {
                std::rethrow_exception(thrown);
            } catch (const boost::system::system_error& e) {
                if (e.code() == errc::too_busy) ++refused;
            }
        });
        io.restart();
        io.poll();
    }
    void finish() {
        gate.set_value();
        io.restart();
        io.run();
    }

    asio::io_context io;
    std::promise<void> gate;
    kex_pool pool;
    int done = 0, refused = 0;

private:
    std::shared_future<void> open_ = gate.get_future().share();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(concurrency_kex_pool)

BOOST_AUTO_TEST_CASE(l21_sixty_four_first_exchanges_wait_and_one_more_is_refused) {
    gated g;
    for (int i = 0; i < 64; ++i) g.start(true);
    BOOST_TEST(g.refused == 0);
    g.start(true);
    BOOST_TEST(g.refused == 1);
    g.finish();
    BOOST_TEST(g.done == 64);
}

BOOST_AUTO_TEST_CASE(l21_later_exchanges_always_have_a_place) {
    gated g;
    for (int i = 0; i < 64; ++i) g.start(true);
    for (int i = 0; i < 200; ++i) g.start(false);
    BOOST_TEST(g.refused == 0);
    g.finish();
    BOOST_TEST(g.done == 264);
}

BOOST_AUTO_TEST_CASE(l21_later_exchanges_do_not_stand_behind_first_ones) {
    gated g;
    for (int i = 0; i < 3; ++i) g.start(true);
    const auto here = std::this_thread::get_id();
    bool done = false;
    const auto part = [&]() -> task<> {
        const auto job = [] { return std::this_thread::get_id(); };
        auto running = g.pool.run(false, job);
        const auto there = co_await std::move(running);
        BOOST_TEST((there != here));
        done = true;
    };
    asio::co_spawn(g.io, part, [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
    g.io.restart();
    while (!done) g.io.run_one();
    BOOST_TEST(g.done == 0);
    g.finish();
}

BOOST_AUTO_TEST_CASE(what_a_job_throws_its_caller_gets) {
    asio::io_context io;
    kex_pool pool;
    const auto part = [&]() -> task<> {
        const auto job = []() -> int { throw adit::protocol_error(errc::signing_failed); };
        auto running = pool.run(true, job);
        static_cast<void>(co_await std::move(running));
    };
    adit::error_code got;
    asio::co_spawn(io, part, [&got](std::exception_ptr thrown) {
        try {
            std::rethrow_exception(thrown);
        } catch (const boost::system::system_error& e) {
            got = e.code();
        }
    });
    io.run();
    BOOST_TEST(got == errc::signing_failed);
}

BOOST_AUTO_TEST_SUITE_END()
