// adit/slab.hpp between threads.
#include "support/test.hpp"

#include <adit/slab.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

using adit::byte;
using adit::slab_pool;
using adit::slab_ref;

void fill(const slab_ref& slab, byte value) { std::ranges::fill(slab.memory(), value); }

BOOST_AUTO_TEST_SUITE(concurrency_slab)

constexpr int threads = 4;
constexpr int rounds = 2000;

BOOST_AUTO_TEST_CASE(threads_take_and_return) {
    slab_pool pool;
    std::atomic<int> foreign_writes{0};
    std::vector<std::thread> workers;
    for (int id = 1; id <= threads; ++id) {
        workers.emplace_back([&pool, &foreign_writes, id] {
            const byte mine = static_cast<byte>(id);
            for (int i = 0; i < rounds; ++i) {
                const slab_ref slab = pool.take(i % 3 == 0 ? 5000 : 100);
                if (i % 5 == 0) slab.mark_secret();
                std::ranges::fill(slab.memory().first(64), mine);
                const slab_ref copy = slab;
                if (std::ranges::count(copy.memory().first(64), mine) != 64) ++foreign_writes;
            }
        });
    }
    for (std::thread& worker : workers) worker.join();
    BOOST_TEST(foreign_writes.load() == 0);
    BOOST_TEST(pool.in_use() == 0U);
    BOOST_TEST(pool.bytes_in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(the_last_reference_may_go_in_any_thread) {
    slab_pool pool;
    for (int i = 0; i < rounds / 10; ++i) {
        slab_ref shared = pool.take(100);
        fill(shared, 9);
        shared.mark_secret();
        std::atomic<int> misread{0};
        std::vector<std::thread> workers;
        for (int id = 0; id < threads; ++id) {
            workers.emplace_back([lease = shared, &misread] {
                if (lease.memory()[0] != 9) ++misread;
            });
        }
        shared = {};
        for (std::thread& worker : workers) worker.join();
        BOOST_REQUIRE(misread.load() == 0);
        workers.clear();
        BOOST_REQUIRE(pool.in_use() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(slabs_outlive_their_pool_in_other_threads) {
    for (int i = 0; i < rounds / 20; ++i) {
        auto pool = std::make_unique<slab_pool>();
        std::vector<std::thread> workers;
        std::atomic<int> misread{0};
        for (int id = 0; id < threads; ++id) {
            slab_ref lease = pool->take(100);
            fill(lease, 7);
            workers.emplace_back([lease = std::move(lease), &misread]() mutable {
                if (lease.memory()[99] != 7) ++misread;
                lease = {};
            });
        }
        pool.reset();
        for (std::thread& worker : workers) worker.join();
        BOOST_REQUIRE(misread.load() == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
