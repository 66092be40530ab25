// Tests of adit/slab.hpp: accounting, reuse, wiping and lifetime; threads are in tests/concurrency.
#include "support/test.hpp"

#include <adit/slab.hpp>

#include <algorithm>

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

BOOST_AUTO_TEST_CASE(trimming_frees_what_is_kept_and_nothing_that_is_held) {
    slab_pool pool;
    const slab_ref held = pool.take(5000);
    fill(held, 7);
    pool.take(5000) = {};
    pool.trim();
    BOOST_TEST(pool.in_use() == 1U);
    BOOST_TEST(holds_only(held, 7));
    const slab_ref another = pool.take(5000);
    BOOST_TEST(!another.shared());
    BOOST_TEST(pool.in_use() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
