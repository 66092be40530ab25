// Tests of adit/protocol/inbound.hpp: what comes out of bytes, with every cipher and with none, in
// pieces of any size, and what never comes out (C05, C06, C07, A04, A08, A36). Keys and memory are
// inbound_keys.cpp's.
#include "support/test.hpp"

#include <adit/protocol/inbound.hpp>

#include "unit/protocol/packets.hpp"

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::protocol::packet;
using adit::test::all_ciphers;
using adit::test::all_framings;
using adit::test::arrived;
using adit::test::handmade_packet;
using adit::test::joined;
using adit::test::link;
using adit::test::octets;
using adit::test::sample_payload;
using adit::test::seal_by_hand;
using step = adit::protocol::inbound::step;

constexpr std::size_t memory_before_login = std::size_t{192} * 1024;  // L08

/// The largest and the smallest lawful packet_length where `cap` is the limit.
std::uint32_t largest_length(std::string_view framing, std::uint32_t cap) {
    return framing == "none" ? cap - 4 : cap;
}
std::uint32_t smallest_length(std::string_view framing) {
    if (framing == "none") return 12;
    return framing == "chacha20-poly1305@openssh.com" ? 8 : 16;
}

/// Whether inbound takes this packet_length, shown the four bytes only.
bool takes_length(link& l, std::string_view framing, byte generation, std::uint32_t length) {
    const auto sealer = adit::test::make_sealer(framing, generation);
    const octets whole = seal_by_hand(*sealer, {.length = length}, l.in.sequence());
    arrived result;
    BOOST_REQUIRE(adit::test::put_in(l.in, bytes_view(whole).first(4)) == 4U);
    const std::size_t with_header = l.in_pool.bytes_in_use();
    adit::test::drain(l.in, result);
    BOOST_TEST(result.payloads.empty());
    BOOST_TEST(l.in_pool.bytes_in_use() == with_header);  // nothing grows before the check
    if (result.error == errc::ok) return true;
    BOOST_TEST((result.error == errc::invalid_packet_length));
    BOOST_TEST(l.in.prepare().empty());
    BOOST_TEST(l.in_pool.bytes_in_use() == with_header);
    return false;
}

/// The outcome for one packet that the peer made by hand under the first keys.
arrived show(std::string_view framing, const handmade_packet& made) {
    link l(framing);
    const auto sealer = adit::test::make_sealer(framing);
    return l.pass(seal_by_hand(*sealer, made, l.in.sequence()));
}

/// Some packets of different sizes in one stream, with what they carry.
struct traffic {
    explicit traffic(link& l) {
        for (const std::size_t size : {1UL, 5UL, 16UL, 3UL, 100UL, 27UL}) {
            payloads.push_back(sample_payload(size, payloads.size()));
            starts.push_back(stream.size());
            stream = joined({stream, adit::test::seal(l.out, payloads.back())});
        }
    }
    /// The packet that a byte of the stream belongs to.
    [[nodiscard]] std::size_t packet_at(std::size_t place) const {
        const auto next = std::ranges::upper_bound(starts, place);
        return static_cast<std::size_t>(next - starts.begin()) - 1;
    }
    std::vector<octets> payloads;
    std::vector<std::size_t> starts;
    octets stream;
};

BOOST_AUTO_TEST_SUITE(inbound)

BOOST_AUTO_TEST_CASE(c05_a08_lengths_are_checked_before_memory_grows) {
    constexpr std::uint32_t cap = 64 * 1024;
    for (const auto framing : all_framings) {
        const std::uint32_t most = largest_length(framing, cap);
        for (const std::uint32_t bad :
             {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, smallest_length(framing) - 1,
              smallest_length(framing) + 1, most + 1, most + 8, most + 16, 0x7fffffffU, 0x7ffffffcU,
              0x80000000U, 0xfffffff0U, 0xfffffffcU, 0xffffffffU}) {
            BOOST_TEST_CONTEXT(framing << ", length " << bad) {
                link first(framing);
                BOOST_TEST(!takes_length(first, framing, 1, bad));
                BOOST_TEST(first.in_pool.bytes_in_use() <= memory_before_login);
                link again(framing);
                if (framing != "none") again.change_keys(framing, 2);
                BOOST_TEST(!takes_length(again, framing, framing == "none" ? 1 : 2, bad));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(c05_the_largest_and_the_smallest_lawful_length_are_taken) {
    for (const auto framing : all_framings) {
        link small(framing);
        BOOST_TEST(takes_length(small, framing, 1, smallest_length(framing)));
        const std::uint32_t most = largest_length(framing, 64 * 1024);
        link large(framing);
        BOOST_TEST(takes_length(large, framing, 1, most));
        // The room for the rest of it is there, and within the memory of a stranger.
        BOOST_TEST(!large.in.prepare().empty());
        BOOST_TEST(large.in_pool.bytes_in_use() <= memory_before_login);
    }
}

BOOST_AUTO_TEST_CASE(c05_l09_the_cap_rises_after_the_login_and_no_further) {
    for (const auto framing : all_framings) {
        const std::uint32_t most = largest_length(framing, 256 * 1024);
        link l(framing);
        l.in.set_largest_packet(256 * 1024, 512 * 1024);
        BOOST_TEST(takes_length(l, framing, 1, most));
        link beyond(framing);
        beyond.in.set_largest_packet(256 * 1024, 60 * 1024);
        BOOST_TEST(!takes_length(beyond, framing, 1, most + 16));
    }
}

BOOST_AUTO_TEST_CASE(c06_padding_is_at_least_four_bytes) {
    for (const auto framing : all_framings) {
        const std::uint32_t length = framing == "none" ? 28 : 32;
        for (byte padding = 0; padding < 4; ++padding) {
            const auto result =
                show(framing, {.length = length, .padding = padding, .body = length});
            BOOST_TEST((result.error == errc::invalid_padding));
            BOOST_TEST(result.payloads.empty());
        }
        const auto result = show(framing, {.length = length, .padding = 4, .body = length});
        BOOST_TEST((result.error == errc::ok));
        BOOST_REQUIRE(result.payloads.size() == 1U);
        BOOST_TEST(result.payloads[0].size() == length - 5);
    }
}

BOOST_AUTO_TEST_CASE(c06_padding_leaves_at_least_one_byte_of_payload) {
    for (const auto framing : all_framings) {
        const std::uint32_t length = framing == "none" ? 28 : 32;
        const auto most = static_cast<byte>(length - 2);
        const auto result = show(framing, {.length = length, .padding = most, .body = length});
        BOOST_TEST((result.error == errc::ok));
        BOOST_TEST((result.payloads == std::vector<octets>{{94}}));
        for (unsigned padding = length - 1U; padding <= 255; ++padding) {
            const auto refused = show(
                framing, {.length = length, .padding = static_cast<byte>(padding), .body = length});
            BOOST_TEST((refused.error == errc::invalid_padding));
            BOOST_TEST(refused.payloads.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(c06_padding_of_255_bytes_is_lawful) {
    for (const auto framing : all_framings) {
        const std::uint32_t length = framing == "none" ? 268 : 272;
        const auto result = show(framing, {.length = length, .padding = 255, .body = length});
        BOOST_TEST((result.error == errc::ok));
        BOOST_REQUIRE(result.payloads.size() == 1U);
        BOOST_TEST(result.payloads[0].size() == length - 256);
    }
}

BOOST_AUTO_TEST_CASE(c06_the_length_bytes_count_in_the_modulus_only_without_a_cipher) {
    for (const auto framing : all_framings) {
        const std::size_t block = framing.starts_with("aes") ? 16 : 8;
        for (std::uint32_t length = 24; length <= 64; ++length) {
            const std::size_t padded = framing == "none" ? length + 4 : length;
            link l(framing);
            BOOST_TEST(takes_length(l, framing, 1, length) == (padded % block == 0));
        }
    }
}

BOOST_AUTO_TEST_CASE(c07_length_padding_and_mac_tell_the_peer_the_same) {
    for (const errc e : {errc::invalid_packet_length, errc::invalid_padding, errc::mac_mismatch}) {
        BOOST_TEST((adit::reason_for(e) == adit::disconnect_reason::mac_error));
        BOOST_TEST(std::string_view(adit::sentence(e)) == adit::sentence(errc::mac_mismatch));
    }
}

BOOST_AUTO_TEST_CASE(an_error_stays_and_nothing_is_read_any_more) {
    for (const auto framing : all_ciphers) {
        link l(framing);
        octets bad = adit::test::seal(l.out, sample_payload(40));
        bad.back() ^= 1;
        const octets good = adit::test::seal(l.out, sample_payload(40));
        const auto result = l.pass(joined({bad, good}));
        BOOST_TEST((result.error == errc::mac_mismatch));
        BOOST_TEST(result.payloads.empty());
        packet p;
        BOOST_TEST((l.in.next(p) == step::failed));
        BOOST_TEST((l.in.error() == errc::mac_mismatch));
        BOOST_TEST(l.in.prepare().empty());
    }
}

BOOST_AUTO_TEST_CASE(c03_f02_every_split_gives_the_same_packets) {
    for (const auto framing : all_framings) {
        link whole(framing);
        const traffic sent(whole);
        const arrived expected = whole.pass(sent.stream);
        BOOST_TEST((expected.payloads == sent.payloads));
        BOOST_TEST(expected.sequences.back() + 1 == whole.in.sequence());
        for (std::size_t place = 1; place < sent.stream.size(); ++place) {
            link l(framing);
            arrived result;
            const auto all = bytes_view(sent.stream);
            adit::test::feed(l.in, all.first(place), all.size(), result);
            adit::test::feed(l.in, all.subspan(place), all.size(), result);
            BOOST_TEST((result == expected), framing << " split at " << place);
        }
        for (std::size_t piece = 1; piece < 70; ++piece) {
            link l(framing);
            BOOST_TEST((l.pass(sent.stream, piece) == expected), framing << " in " << piece);
        }
    }
}

BOOST_AUTO_TEST_CASE(c02_what_precedes_the_packets_can_be_taken_out_first) {
    link l;
    const octets line{'S', 'S', 'H', '\n'};
    const octets message = adit::test::seal(l.out, sample_payload(20));
    const octets stream = joined({line, message});
    BOOST_REQUIRE(adit::test::put_in(l.in, stream) == stream.size());
    BOOST_TEST(l.in.unparsed().size() == stream.size());
    l.in.consume(line.size());
    arrived result;
    adit::test::drain(l.in, result);
    BOOST_TEST((result.payloads == std::vector<octets>{sample_payload(20)}));
}

BOOST_AUTO_TEST_CASE(a36_no_flipped_bit_ever_gives_a_packet) {
    for (const auto framing : all_ciphers) {
        link sender(framing);
        const traffic sent(sender);
        for (std::size_t bit = 0; bit < sent.stream.size() * 8; ++bit) {
            octets stream = sent.stream;
            stream[bit / 8] = static_cast<byte>(stream[bit / 8] ^ (1U << bit % 8));
            const std::size_t hit = sent.packet_at(bit / 8);
            const bool in_length = bit / 8 - sent.starts[hit] < 4;
            link l(framing);
            const auto result = l.pass(stream);
            // All before it, nothing of it, nothing behind it.
            const auto first = sent.payloads.begin();
            const std::vector<octets> before(first, first + static_cast<std::ptrdiff_t>(hit));
            const bool refused =
                result.error == errc::mac_mismatch ||
                (in_length && (result.error == errc::invalid_packet_length ||
                               result.error == errc::ok));  // waits, within the cap
            BOOST_TEST((result.payloads == before && refused), framing << " bit " << bit);
            BOOST_TEST(l.in_pool.bytes_in_use() <= memory_before_login);
        }
    }
}

BOOST_AUTO_TEST_CASE(a04_a_dropped_doubled_or_swapped_packet_is_refused) {
    for (const auto framing : all_ciphers) {
        link sender(framing);
        const octets a = adit::test::seal(sender.out, sample_payload(40, 1));
        const octets b = adit::test::seal(sender.out, sample_payload(40, 2));
        for (const auto& [stream, lawful] :
             {std::pair{b, 0U}, {joined({a, a}), 1U}, {joined({b, a}), 0U}}) {
            link l(framing);
            const auto result = l.pass(stream);
            BOOST_TEST((result.error != errc::ok || l.in.unparsed().size() != 0));
            BOOST_TEST(result.payloads.size() == lawful);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
