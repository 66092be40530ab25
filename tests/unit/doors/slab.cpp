// Tests of adit/slab.hpp: accounting, reuse, wiping, lifetime and, for TSan, threads.
#include "support/test.hpp"

#include <adit/slab.hpp>

#include <algorithm>
#include <thread>

namespace {

using adit::byte;
using adit::slab_pool;
using adit::slab_ref;

void fill(const slab_ref& slab, byte value) { std::ranges::fill(slab.memory(), value); }

[[nodiscard]] bool holds_only(const slab_ref& slab, byte value) {
    return std::ranges::all_of(slab.memory(), [value](byte b) { return b == value; });
}

BOOST_AUTO_TEST_SUITE(slab)

BOOST_AUTO_TEST_CASE(t31_every_slab_is_counted_once_until_its_last_reference_goes) {
    slab_pool pool;
    BOOST_TEST(pool.in_use() == 0U);
    slab_ref first = pool.take(1);
    slab_ref second = pool.take(5000);
    BOOST_TEST(pool.in_use() == 2U);
    BOOST_TEST(pool.bytes_in_use() == first.size() + second.size());
    slab_ref copy = first;
    BOOST_TEST(pool.in_use() == 2U);
    first = {};
    BOOST_TEST(pool.in_use() == 2U);
    copy = {};
    BOOST_TEST(pool.in_use() == 1U);
    BOOST_TEST(pool.bytes_in_use() == second.size());
    second = {};
    BOOST_TEST(pool.in_use() == 0U);
    BOOST_TEST(pool.bytes_in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(a_slab_has_at_least_the_size_asked_for) {
    slab_pool pool;
    for (const std::size_t size : {0UL, 1UL, 2047UL, 2048UL, 2049UL, 4096UL, 65'537UL, 262'144UL,
                                   1'048'576UL, 1'048'577UL, 3'000'000UL}) {
        const slab_ref slab = pool.take(size);
        BOOST_REQUIRE(slab);
        BOOST_TEST(slab.size() >= size);
        BOOST_TEST(slab.size() < 2 * std::max(size, slab_pool::smallest));
        BOOST_TEST(slab.memory().size() == slab.size());
        fill(slab, 0xaa);  // ASan: all of it is ours
    }
}

BOOST_AUTO_TEST_CASE(an_empty_reference_is_harmless) {
    const slab_ref nothing;
    BOOST_TEST(!nothing);
    BOOST_TEST(nothing.size() == 0U);
    BOOST_TEST(nothing.memory().empty());
    BOOST_TEST(!nothing.shared());
    nothing.mark_secret();
    const slab_ref copy = nothing;
    BOOST_TEST(copy.same_slab(nothing));
}

BOOST_AUTO_TEST_CASE(references_share_move_and_assign) {
    slab_pool pool;
    slab_ref a = pool.take(1);
    BOOST_TEST(!a.shared());
    slab_ref b = a;
    BOOST_TEST(a.shared());
    BOOST_TEST(b.same_slab(a));
    const slab_ref c = std::move(b);
    BOOST_TEST(c.same_slab(a));
    BOOST_TEST(a.shared());
    slab_ref other = pool.take(1);
    BOOST_TEST(!other.same_slab(a));
    other = a;
    BOOST_TEST(pool.in_use() == 1U);
    const slab_ref& alias = other;
    other = alias;  // to itself
    BOOST_TEST(other.same_slab(a));
    BOOST_TEST(pool.in_use() == 1U);
}

BOOST_AUTO_TEST_CASE(a_returned_slab_is_used_again) {
    slab_pool pool;
    slab_ref slab = pool.take(slab_pool::smallest);
    const byte* const place = slab.memory().data();
    slab = {};
    slab = pool.take(slab_pool::smallest);
    BOOST_TEST(slab.memory().data() == place);
    const slab_ref another_size = pool.take(2 * slab_pool::smallest);
    BOOST_TEST(another_size.memory().data() != place);
}

BOOST_AUTO_TEST_CASE(a_secret_slab_is_wiped_before_it_is_used_again) {
    slab_pool pool;
    slab_ref slab = pool.take(slab_pool::smallest);
    const byte* const place = slab.memory().data();
    fill(slab, 0x5a);
    slab.mark_secret();
    slab_ref lease = slab;
    slab = {};
    BOOST_TEST(holds_only(lease, 0x5a));  // not before the last reference
    lease = {};
    slab = pool.take(slab_pool::smallest);
    BOOST_REQUIRE(slab.memory().data() == place);
    BOOST_TEST(holds_only(slab, 0));
}

BOOST_AUTO_TEST_CASE(secrecy_ends_with_the_slabs_return) {
    slab_pool pool;
    slab_ref slab = pool.take(slab_pool::smallest);
    slab.mark_secret();
    slab = {};
    slab = pool.take(slab_pool::smallest);
    fill(slab, 0x77);
    const byte* const place = slab.memory().data();
    slab = {};
    slab = pool.take(slab_pool::smallest);
    // Nobody wipes what is no secret: data would pass through the cache twice.
    BOOST_REQUIRE(slab.memory().data() == place);
    BOOST_TEST(holds_only(slab, 0x77));
}

BOOST_AUTO_TEST_CASE(more_slabs_than_the_pool_keeps_come_and_go) {
    slab_pool pool;
    constexpr std::size_t size = std::size_t{1} << 20U;
    std::vector<slab_ref> slabs;
    for (int i = 0; i < 16; ++i) slabs.push_back(pool.take(size));
    BOOST_TEST(pool.bytes_in_use() >= 16 * size);
    slabs.clear();
    BOOST_TEST(pool.in_use() == 0U);
    BOOST_TEST(pool.bytes_in_use() == 0U);
    for (int i = 0; i < 16; ++i) {
        slabs.push_back(pool.take(size));
        BOOST_REQUIRE(slabs.back());
        fill(slabs.back(), 1);
    }
}

BOOST_AUTO_TEST_CASE(t31_a_slab_may_outlive_its_pool) {
    slab_ref kept;
    slab_ref secret;
    {
        slab_pool pool;
        kept = pool.take(100);
        secret = pool.take(100);
        slab_ref returned = pool.take(4000);
    }
    secret.mark_secret();
    fill(kept, 0x33);
    fill(secret, 0x44);
    BOOST_TEST(holds_only(kept, 0x33));
    const slab_ref copy = kept;
    kept = {};
    secret = {};
    BOOST_TEST(holds_only(copy, 0x33));
}

BOOST_AUTO_TEST_CASE(wipe_zeroes_and_takes_nothing) {
    std::array<byte, 8> memory;
    memory.fill(0xff);
    adit::wipe(std::span(memory).first(6));
    BOOST_TEST(std::ranges::count(memory, byte{0}) == 6);
    BOOST_TEST(memory[6] == 0xffU);
    adit::wipe({});
}

BOOST_AUTO_TEST_SUITE_END()

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
