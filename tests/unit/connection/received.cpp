// adit/connection/received.hpp: what waits in a channel, in order, lent from its slabs, and when a
// slab is left for a copy (a slow consumer may not hold its neighbours' memory).
#include "support/test.hpp"

#include <adit/connection/received.hpp>

namespace asio = boost::asio;
using adit::byte;
using adit::bytes_view;
using adit::mutable_bytes;
using adit::slab_pool;
using adit::slab_ref;
using adit::detail::received;

namespace {

// A slab with bytes that count upwards from `first`.
slab_ref filled(slab_pool& pool, byte first) {
    slab_ref slab = pool.take(2048);
    byte next = first;
    for (byte& b : slab.memory()) b = next++;
    return slab;
}

bytes_view part(const slab_ref& slab, std::size_t from, std::size_t size) {
    return bytes_view(slab.memory()).subspan(from, size);
}

std::vector<byte> all_of(received& data) {
    std::vector<byte> out(data.size());
    BOOST_TEST(data.take(out) == out.size());
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(received_data)

BOOST_AUTO_TEST_CASE(bytes_come_out_in_order_and_slabs_are_let_go) {
    slab_pool pool;
    received data;
    {
        const slab_ref a = filled(pool, 0);
        const slab_ref b = filled(pool, 100);
        data.push(a, part(a, 0, 3));
        data.push(b, part(b, 0, 0));
        data.push(b, part(b, 1, 2));
    }
    BOOST_TEST(data.size() == 5U);
    BOOST_TEST(data.segment_count() == 2U);
    BOOST_TEST(pool.in_use() == 2U);
    std::array<byte, 4> room{};
    BOOST_TEST(data.take(room) == 4U);
    BOOST_TEST((room == std::array<byte, 4>{0, 1, 2, 101}));
    BOOST_TEST(pool.in_use() == 1U);
    BOOST_TEST(data.take(room) == 1U);
    BOOST_TEST(room[0] == 102);
    BOOST_TEST(data.empty());
    BOOST_TEST(pool.in_use() == 0U);
    BOOST_TEST(data.take(room) == 0U);
}

BOOST_AUTO_TEST_CASE(lent_memory_outlives_its_consumption) {
    slab_pool pool;
    received data;
    {
        const slab_ref a = filled(pool, 7);
        data.push(a, part(a, 0, 10));
    }
    std::array<asio::const_buffer, 4> buffers;
    std::array<slab_ref, 4> keep;
    BOOST_TEST(data.lend(buffers, keep) == 1U);
    data.consume(10);
    BOOST_TEST(data.empty());
    BOOST_TEST(pool.in_use() == 1U);
    BOOST_TEST(static_cast<const byte*>(buffers[0].data())[9] == 16);
    keep = {};
    BOOST_TEST(pool.in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(consume_splits_a_segment_and_never_takes_too_much) {
    slab_pool pool;
    received data;
    const slab_ref a = filled(pool, 0);
    data.push(a, part(a, 0, 10));
    data.push(a, part(a, 20, 10));
    data.consume(4);
    BOOST_TEST(data.size() == 16U);
    data.consume(8);
    BOOST_TEST(data.size() == 8U);
    std::array<asio::const_buffer, 1> first;
    BOOST_TEST(data.buffers(first) == 1U);
    BOOST_TEST(static_cast<const byte*>(first[0].data())[0] == 22);
    data.consume(1000);
    BOOST_TEST(data.empty());
}

BOOST_AUTO_TEST_CASE(many_small_segments_stay_in_order) {
    slab_pool pool;
    received data;
    const slab_ref a = filled(pool, 0);
    for (std::size_t i = 0; i < 1000; ++i) data.push(a, part(a, i, 1));
    for (std::size_t i = 0; i < 700; ++i) {
        std::array<byte, 1> one{};
        BOOST_TEST(data.take(one) == 1U);
        BOOST_TEST(one[0] == static_cast<byte>(i));
    }
    for (std::size_t i = 1000; i < 1100; ++i) data.push(a, part(a, i, 1));
    const auto rest = all_of(data);
    BOOST_TEST(rest.size() == 400U);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        BOOST_TEST(rest[i] == static_cast<byte>(700 + i));
    }
}

BOOST_AUTO_TEST_CASE(settle_leaves_a_slab_that_is_mostly_others) {
    slab_pool pool;
    received data;
    slab_ref a = filled(pool, 0);
    data.push(a, part(a, 0, 10));
    data.push(a, part(a, 100, 10));
    BOOST_TEST(data.settle(pool, a, 1000));
    const auto copied = data.segment_count();
    BOOST_TEST(copied == 1U);
    const std::size_t before = pool.in_use();
    a = {};
    BOOST_TEST(pool.in_use() == before - 1);
    const auto bytes = all_of(data);
    BOOST_TEST(bytes.size() == 20U);
    BOOST_TEST(bytes[0] == 0);
    BOOST_TEST(bytes[10] == 100);
    BOOST_TEST(pool.in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(settle_keeps_a_slab_that_is_mostly_its_own) {
    slab_pool pool;
    received data;
    const slab_ref a = filled(pool, 0);
    data.push(a, part(a, 0, 500));
    BOOST_TEST(data.settle(pool, a, 1000));
    BOOST_TEST(pool.in_use() == 1U);
}

BOOST_AUTO_TEST_CASE(settle_moves_only_what_lies_in_this_slab) {
    slab_pool pool;
    received data;
    const slab_ref a = filled(pool, 0);
    const slab_ref b = filled(pool, 50);
    data.push(a, part(a, 0, 900));
    data.push(b, part(b, 0, 2));
    BOOST_TEST(data.settle(pool, b, 1000));
    BOOST_TEST(data.segment_count() == 2U);
    const auto bytes = all_of(data);
    BOOST_TEST(bytes[899] == static_cast<byte>(899));
    BOOST_TEST(bytes[900] == 50);
    BOOST_TEST(bytes[901] == 51);
}

BOOST_AUTO_TEST_CASE(settle_after_partial_consumption_counts_what_is_left) {
    slab_pool pool;
    received data;
    slab_ref a = filled(pool, 0);
    data.push(a, part(a, 0, 900));
    data.consume(890);
    BOOST_TEST(data.settle(pool, a, 1000));
    a = {};
    BOOST_TEST(pool.in_use() == 1U);
    const auto bytes = all_of(data);
    BOOST_TEST(bytes.size() == 10U);
    BOOST_TEST(bytes[0] == static_cast<byte>(890));
}

BOOST_AUTO_TEST_SUITE_END()
