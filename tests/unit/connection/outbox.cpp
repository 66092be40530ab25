// adit/connection/outbox.hpp: who may send next, and that a channel's own order never changes.
#include "support/fixed_random.hpp"
#include "support/test.hpp"

#include <adit/connection/outbox.hpp>

using adit::byte;
using adit::detail::outbox;
using adit::protocol::chunk;

namespace {

struct post_office {
    adit::slab_pool pool;
    adit::test::fixed_random random;
    adit::protocol::outbound out{pool, random};
    adit::limits caps;

    // A chunk of that size whose first byte is a mark.
    chunk letter(byte mark, std::uint32_t size) {
        chunk c = out.reserve(size);
        c.size = size;
        c.payload()[0] = mark;
        return c;
    }
};

std::string marks(outbox& box, std::size_t most_chunks, std::size_t most_bytes) {
    std::vector<chunk> batch(most_chunks);
    const std::size_t count = box.gather(batch, most_bytes);
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += static_cast<char>(batch[i].payload()[0]);
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outbox_order)

BOOST_AUTO_TEST_CASE(control_goes_first) {
    post_office p;
    outbox box(p.caps);
    box.push(0, p.letter('a', 10));
    box.push_control(p.letter('x', 10));
    box.push(0, p.letter('b', 10));
    box.push_control(p.letter('y', 10));
    BOOST_TEST(box.unsent() == 20U);
    BOOST_TEST(box.control_size() == 2U);
    BOOST_TEST(marks(box, 63, 1'000'000) == "xyab");
    BOOST_TEST(box.empty());
    BOOST_TEST(box.unsent() == 0U);
}

BOOST_AUTO_TEST_CASE(l13_channels_take_turns_of_a_quantum) {
    post_office p;
    p.caps.channel_quantum = 100;
    outbox box(p.caps);
    for (int i = 0; i < 4; ++i) box.push(7, p.letter('b', 60));
    box.push(3, p.letter('s', 1));
    BOOST_TEST(marks(box, 63, 1'000'000) == "bbsbb");
}

BOOST_AUTO_TEST_CASE(l13_small_packet_waits_for_one_turn_of_a_bulk_channel_only) {
    post_office p;
    p.caps.channel_quantum = 100;
    outbox box(p.caps);
    for (int i = 0; i < 100; ++i) box.push(0, p.letter('b', 100));
    // A batch was gathered; then somebody types a key.
    BOOST_TEST(marks(box, 5, 1'000'000) == "bbbbb");
    box.push(1, p.letter('k', 1));
    BOOST_TEST(marks(box, 5, 1'000'000).find('k') <= 1U);
}

BOOST_AUTO_TEST_CASE(batch_is_bounded_by_bytes_and_never_empty) {
    post_office p;
    outbox box(p.caps);
    box.push(0, p.letter('a', 1000));
    box.push(0, p.letter('b', 1000));
    box.push(0, p.letter('c', 1000));
    BOOST_TEST(marks(box, 63, 1) == "a");
    BOOST_TEST(marks(box, 63, 1500) == "bc");
    BOOST_TEST(marks(box, 63, 1) == "");
}

BOOST_AUTO_TEST_CASE(each_channel_keeps_its_order_whatever_the_batches) {
    post_office p;
    p.caps.channel_quantum = 64;
    outbox box(p.caps);
    std::array<std::string, 3> sent, came;
    for (std::uint32_t i = 0; i < 60; ++i) {
        const auto mark = static_cast<char>('A' + i);
        const std::uint32_t channel = (i * 7) % 3;
        sent[channel] += mark;
        box.push(channel, p.letter(static_cast<byte>(mark), 1 + i));
    }
    std::string all;
    for (std::size_t n = 1; !box.empty(); n = n % 5 + 1) all += marks(box, n, 40 * n);
    for (const char mark : all) came[(static_cast<std::uint32_t>(mark - 'A') * 7) % 3] += mark;
    BOOST_TEST((came == sent));
}

BOOST_AUTO_TEST_CASE(discard_drops_one_channels_letters) {
    post_office p;
    outbox box(p.caps);
    box.push(0, p.letter('a', 10));
    box.push(1, p.letter('b', 10));
    box.push(0, p.letter('c', 10));
    box.discard(0);
    box.discard(9);
    BOOST_TEST(box.unsent(0) == 0U);
    BOOST_TEST(box.unsent() == 10U);
    box.push(0, p.letter('d', 10));
    BOOST_TEST(marks(box, 63, 1'000'000) == "bd");
}

BOOST_AUTO_TEST_CASE(c43_retired_number_leaves_its_last_message_to_control) {
    post_office p;
    outbox box(p.caps);
    box.push(0, p.letter('a', 10));
    box.push(0, p.letter('z', 10));
    box.retire(0);
    box.retire(5);
    box.push(0, p.letter('n', 10));
    box.discard(0);
    box.push_control(p.letter('x', 10));
    BOOST_TEST(box.unsent() == 0U);
    BOOST_TEST(marks(box, 63, 1'000'000) == "zx");
}

BOOST_AUTO_TEST_CASE(clear_gives_all_memory_back) {
    post_office p;
    outbox box(p.caps);
    box.push(0, p.letter('a', 10));
    box.push_control(p.letter('x', 5000));
    box.clear();
    p.out.rest();
    BOOST_TEST(box.empty());
    BOOST_TEST(p.pool.in_use() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
