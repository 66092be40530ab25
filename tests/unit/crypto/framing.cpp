// Every cipher with every MAC under protocol/inbound and protocol/outbound, which know nothing of
// them but packet_cipher.hpp: lengths and paddings at their edges (C05, C06), errors (C07, A36),
// changes of keys (C09), and any cutting of the stream.
#include "support/test.hpp"

#include "support/fixed_random.hpp"
#include "suites.hpp"

#include <adit/protocol/inbound.hpp>
#include <adit/protocol/outbound.hpp>

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::mutable_bytes;
using adit::protocol::inbound;
using adit::test::make;
using adit::test::suite;
using adit::test::suites;
using octets = std::vector<byte>;

namespace {

octets sample_payload(std::size_t size) {
    octets payload(size);
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<byte>(i * 31 + i / 251);
    payload[0] = static_cast<byte>(adit::wire::message_id::channel_data);
    return payload;
}

/// One direction of a connection, both of its ends, under the keys of a suite.
struct one_way {
    explicit one_way(const suite& s) { change_keys(s, 1); }

    void change_keys(const suite& s, byte generation) {
        auto pair = make(s, generation);
        out.prepare_keys(std::move(pair.sealer));
        in.prepare_keys(std::move(pair.opener));
        const octets newkeys{static_cast<byte>(adit::wire::message_id::newkeys)};
        feed(seal(newkeys));
        BOOST_REQUIRE(payloads.size() == 1U);
        payloads.clear();
    }

    octets seal(bytes_view payload, std::uint32_t pad_to = 0) {
        auto chunk = out.reserve(payload.size());
        BOOST_REQUIRE(static_cast<bool>(chunk));
        std::ranges::copy(payload, chunk.room().begin());
        chunk.size = static_cast<std::uint32_t>(payload.size());
        chunk.pad_to = pad_to;
        const auto sealed = out.seal(chunk);
        BOOST_REQUIRE(sealed.has_value());
        return {sealed->begin(), sealed->end()};
    }

    /// Reads on until an error, in pieces.
    errc feed(bytes_view stream, std::size_t piece = 1 << 20U) {
        while (!stream.empty() && in.error() == errc::ok) {
            const mutable_bytes room = in.prepare();
            const std::size_t n = std::min({piece, room.size(), stream.size()});
            std::ranges::copy(stream.first(n), room.begin());
            in.commit(n);
            stream = stream.subspan(n);
            adit::protocol::packet packet;
            while (in.next(packet) == inbound::step::packet) {
                payloads.emplace_back(packet.payload.begin(), packet.payload.end());
            }
        }
        return in.error();
    }

    adit::slab_pool pool;
    adit::test::fixed_random random{1};
    adit::protocol::outbound out{pool, random};
    inbound in{pool, adit::limits{}};
    std::vector<octets> payloads;
};

/// A packet with those fields over a body of `body` bytes, sealed as the next of one_way.
octets by_hand(const suite& s, std::size_t length, byte padding, std::size_t body) {
    const auto sealer = make(s).sealer;
    octets packet(4 + body + sealer->shape().tag, byte{94});
    for (unsigned i = 0; i < 4; ++i) packet[i] = static_cast<byte>(length >> (24 - 8 * i));
    packet[4] = padding;
    BOOST_REQUIRE((sealer->seal(packet, 1) == errc::ok));
    return packet;
}

/// Whether a packet of that length fills whole blocks.
bool is_whole(const suite& s, std::size_t length) {
    const auto shape = make(s).opener->shape();
    return (length + (shape.length_in_padding ? 4 : 0)) % shape.block == 0;
}

/// The largest length of whole blocks that is not above `most`.
std::size_t whole_below(const suite& s, std::size_t most) {
    while (!is_whole(s, most)) --most;
    return most;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(framing)

BOOST_AUTO_TEST_CASE(every_size_goes_through) {
    for (const auto& s : suites()) {
        one_way l(s);
        std::vector<std::size_t> sizes{32768 - 1, 32768, 32768 + 9, 34000};
        for (std::size_t n = 1; n <= 300; ++n) sizes.push_back(n);
        for (const std::size_t size : sizes) {
            const auto payload = sample_payload(size);
            BOOST_REQUIRE((l.feed(l.seal(payload)) == errc::ok));
            BOOST_TEST((l.payloads == std::vector<octets>{payload}), s << " " << size);
            l.payloads.clear();
        }
    }
}

BOOST_AUTO_TEST_CASE(c36_padding_that_hides_a_secrets_size_has_room) {
    for (const auto& s : suites()) {
        one_way l(s);
        for (std::size_t size = 1; size <= 300; ++size) {
            const auto payload = sample_payload(size);
            BOOST_REQUIRE((l.feed(l.seal(payload, 128)) == errc::ok));
            BOOST_TEST((l.payloads == std::vector<octets>{payload}), s << " " << size);
            l.payloads.clear();
        }
    }
}

BOOST_AUTO_TEST_CASE(c05_lengths_out_of_bounds_are_refused_before_memory_grows) {
    const std::size_t max = adit::limits{}.packet_before_authentication;
    for (const auto& s : suites()) {
        const std::size_t too_long = whole_below(s, max + 16);
        BOOST_REQUIRE(too_long > max);
        for (const std::size_t length :
             {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4},
              std::size_t{5}, too_long, max + 1, std::size_t{0x7FFFFFFF}, std::size_t{0x80000000},
              std::size_t{0xFFFFFFF0}, std::size_t{0xFFFFFFFC}, std::size_t{0xFFFFFFFF}}) {
            one_way l(s);
            const auto packet = by_hand(s, length, 4, 44);
            const std::size_t header = make(s).opener->shape().header;
            const std::size_t memory = l.pool.bytes_in_use();
            BOOST_TEST((l.feed(bytes_view(packet).first(header)) != errc::ok), s << " " << length);
            BOOST_TEST(l.pool.bytes_in_use() == memory);
            BOOST_TEST(l.payloads.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(c05_the_longest_packet_before_the_login_is_read) {
    for (const auto& s : suites()) {
        const std::size_t length = whole_below(s, adit::limits{}.packet_before_authentication);
        one_way l(s);
        BOOST_TEST((l.feed(by_hand(s, length, 4, length)) == errc::ok), s);
        BOOST_TEST(l.payloads.size() == 1U);
        BOOST_TEST(l.payloads.at(0).size() == length - 5);
    }
}

BOOST_AUTO_TEST_CASE(c06_a_length_of_part_of_a_block_is_refused) {
    for (const auto& s : suites()) {
        for (std::size_t length = 28; length < 64; ++length) {
            one_way l(s);
            const auto result = l.feed(by_hand(s, length, 4, length));
            BOOST_TEST((result == errc::ok) == is_whole(s, length), s << " " << length);
            BOOST_TEST(l.payloads.size() == (is_whole(s, length) ? 1U : 0U));
        }
    }
}

BOOST_AUTO_TEST_CASE(c06_padding_leaves_a_payload_and_has_four_bytes) {
    for (const auto& s : suites()) {
        const std::size_t length = whole_below(s, 64);
        for (std::size_t padding = 0; padding < 256; ++padding) {
            one_way l(s);
            const auto result = l.feed(by_hand(s, length, static_cast<byte>(padding), length));
            const bool good = padding >= 4 && padding + 2 <= length;
            BOOST_TEST((result == errc::ok) == good, s << " " << padding);
            BOOST_REQUIRE(l.payloads.size() == (good ? 1U : 0U));
            if (good) BOOST_TEST(l.payloads[0].size() == length - 1 - padding);
        }
    }
}

// Without -etm the length is used before the MAC: an error must come at once, or after a wait whose
// end the caps set, and no byte of a changed packet is ever given out.
BOOST_AUTO_TEST_CASE(a36_c07_a_flipped_bit_gives_an_error_or_a_bounded_wait) {
    const std::size_t longest = adit::limits{}.packet_before_authentication + 4 + 64;
    for (const auto& s : suites()) {
        one_way sample(s);
        const auto sealed = sample.seal(sample_payload(40));
        for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
            one_way l(s);
            auto changed = sealed;
            changed[bit / 8] = static_cast<byte>(changed[bit / 8] ^ (1U << bit % 8));
            const bool waits = l.feed(changed) == errc::ok;
            BOOST_TEST(l.payloads.empty());
            if (!waits) continue;
            BOOST_TEST(bit < 32U, s << " " << bit);  // only a length makes it wait
            BOOST_TEST((l.feed(octets(longest)) == errc::mac_mismatch));
            BOOST_TEST(l.payloads.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(c09_any_cutting_gives_the_same_packets) {
    for (const auto& s : suites()) {
        one_way whole(s);
        octets stream;
        for (const std::size_t size : {1U, 200U, 15U, 16U, 17U, 1000U}) {
            const auto packet = whole.seal(sample_payload(size));
            stream.insert(stream.end(), packet.begin(), packet.end());
        }
        BOOST_REQUIRE((whole.feed(stream) == errc::ok));
        BOOST_REQUIRE(whole.payloads.size() == 6U);
        for (const std::size_t piece : {1U, 2U, 3U, 5U, 15U, 16U, 17U, 31U, 100U}) {
            one_way l(s);
            BOOST_TEST((l.feed(stream, piece) == errc::ok));
            BOOST_TEST((l.payloads == whole.payloads), s << " " << piece);
        }
    }
}

BOOST_AUTO_TEST_CASE(c09_keys_change_from_each_suite_to_each_other) {
    for (const auto& from : suites()) {
        for (const auto& to : suites()) {
            one_way l(from);
            const auto payload = sample_payload(100);
            BOOST_REQUIRE((l.feed(l.seal(payload)) == errc::ok));
            l.payloads.clear();
            l.change_keys(to, 2);
            BOOST_REQUIRE((l.feed(l.seal(payload)) == errc::ok));
            BOOST_TEST((l.payloads == std::vector<octets>{payload}), from << " to " << to);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
