// The laws that every cipher of the table obeys, whatever it is made of.
#include "support/test.hpp"

#include "allocations.hpp"
#include "suites.hpp"

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::mutable_bytes;
using adit::crypto::opener;
using adit::crypto::sealer;
using adit::test::make;
using adit::test::suites;

namespace {

/// Length bytes, a body that differs at every place, and room for the tag.
std::vector<byte> plain_packet(std::size_t body, const sealer& for_cipher) {
    std::vector<byte> packet(4 + body + for_cipher.shape().tag);
    for (std::size_t i = 0; i < body; ++i) packet[4 + i] = static_cast<byte>(i * 31 + i / 251 + 1);
    for (std::size_t i = 0; i < 4; ++i) packet[i] = static_cast<byte>(body >> (24 - 8 * i));
    return packet;
}

bytes_view body_of(const std::vector<byte>& packet, const opener& o) {
    return bytes_view(packet).subspan(4, packet.size() - 4 - o.shape().tag);
}

bool all_zero(bytes_view bytes) {
    return std::ranges::all_of(bytes, [](byte b) { return b == 0; });
}

/// What inbound does; a packet that is too short for its header goes to open() alone.
errc receive(opener& o, std::vector<byte>& packet, std::uint32_t sequence) {
    const std::size_t header = o.shape().header;
    if (packet.size() >= header) {
        static_cast<void>(o.length(mutable_bytes(packet).first(header), sequence));
    }
    return o.open(packet, sequence);
}

std::size_t smallest_packet(const opener& o) {
    return std::max<std::size_t>(o.shape().header, 5) + o.shape().tag;
}

bool starts_the_same(bytes_view a, bytes_view b) { return std::ranges::equal(a, b); }

}  // namespace

BOOST_AUTO_TEST_SUITE(packet_cipher)

BOOST_AUTO_TEST_CASE(c09_round_trips_at_every_size_in_one_stream) {
    for (const auto& suite : suites()) {
        const auto pair = make(suite);
        std::vector<std::size_t> sizes{32768 + 16, 35008, 262144};
        for (std::size_t n = 16; n <= 2200; n += 4) sizes.push_back(n);
        std::uint32_t sequence = 0xFFFFFF00;  // wraps on the way (C08)
        for (const auto size : sizes) {
            const auto plain = plain_packet(size, *pair.sealer);
            auto packet = plain;
            BOOST_REQUIRE((pair.sealer->seal(packet, sequence) == errc::ok));
            BOOST_TEST(
                !starts_the_same(body_of(packet, *pair.opener), body_of(plain, *pair.opener)));
            const auto header = mutable_bytes(packet).first(pair.opener->shape().header);
            BOOST_TEST(pair.opener->length(header, sequence) == size);
            BOOST_REQUIRE((pair.opener->open(packet, sequence) == errc::ok));
            BOOST_TEST(
                starts_the_same(body_of(packet, *pair.opener), body_of(plain, *pair.opener)));
            ++sequence;
        }
    }
}

BOOST_AUTO_TEST_CASE(both_directions_have_one_shape) {
    for (const auto& suite : suites()) {
        const auto pair = make(suite);
        BOOST_TEST((pair.sealer->shape() == pair.opener->shape()));
        BOOST_TEST(pair.sealer->shape().block >= 8U);
        BOOST_TEST(pair.sealer->shape().header >= 4U);
    }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_refused_and_the_body_wiped) {
    for (const auto& suite : suites()) {
        auto sealed = plain_packet(48, *make(suite).sealer);
        BOOST_REQUIRE((make(suite).sealer->seal(sealed, 3) == errc::ok));
        for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
            const auto pair = make(suite);
            auto packet = sealed;
            packet[bit / 8] = static_cast<byte>(packet[bit / 8] ^ (1U << bit % 8));
            BOOST_TEST((receive(*pair.opener, packet, 3) == errc::mac_mismatch));
            BOOST_TEST(all_zero(body_of(packet, *pair.opener)));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_truncated_packet_is_refused_and_wiped) {
    for (const auto& suite : suites()) {
        auto sealed = plain_packet(48, *make(suite).sealer);
        BOOST_REQUIRE((make(suite).sealer->seal(sealed, 3) == errc::ok));
        const std::size_t smallest = smallest_packet(*make(suite).opener);
        for (std::size_t size = 0; size < sealed.size(); ++size) {
            const auto pair = make(suite);
            std::vector<byte> packet(sealed.begin(),
                                     sealed.begin() + static_cast<std::ptrdiff_t>(size));
            const errc expected =
                size < smallest ? errc::invalid_packet_length : errc::mac_mismatch;
            BOOST_TEST((receive(*pair.opener, packet, 3) == expected));
            if (size >= smallest) BOOST_TEST(all_zero(body_of(packet, *pair.opener)));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_packet_without_room_is_not_sealed) {
    for (const auto& suite : suites()) {
        const auto pair = make(suite);
        std::vector<byte> packet(smallest_packet(*pair.opener) - 1);
        BOOST_TEST((pair.sealer->seal(packet, 0) == errc::encryption_failed));
        BOOST_TEST((pair.sealer->seal({}, 0) == errc::encryption_failed));
    }
}

BOOST_AUTO_TEST_CASE(a_repeated_or_skipped_packet_is_refused) {
    for (const auto& suite : suites()) {
        auto pair = make(suite);
        auto first = plain_packet(48, *pair.sealer);
        auto second = first;
        BOOST_REQUIRE((pair.sealer->seal(first, 0) == errc::ok));
        BOOST_REQUIRE((pair.sealer->seal(second, 1) == errc::ok));
        BOOST_TEST((first != second));
        auto again = first;
        BOOST_TEST((receive(*pair.opener, first, 0) == errc::ok));
        BOOST_TEST((receive(*pair.opener, again, 1) == errc::mac_mismatch));
        BOOST_TEST((receive(*make(suite).opener, second, 0) == errc::mac_mismatch));
    }
}

BOOST_AUTO_TEST_CASE(seal_and_open_do_not_allocate,
                     *boost::unit_test::precondition(adit::test::allocations_are_counted)) {
    for (const auto& suite : suites()) {
        const auto pair = make(suite);
        std::size_t counted = 0;
        for (std::uint32_t i = 0; i < 40; ++i) {
            auto packet = plain_packet(i % 2 == 0 ? 32768 : 16 * (i + 1), *pair.sealer);
            const auto before = adit::test::allocations();
            const bool sealed = pair.sealer->seal(packet, i) == errc::ok;
            const bool opened = receive(*pair.opener, packet, i) == errc::ok;
            // The MAC makes room for its powers at the first long packet and keeps it.
            if (i > 0) counted += adit::test::allocations() - before;
            BOOST_REQUIRE((sealed && opened));
        }
        BOOST_TEST(counted == 0U, suite);
    }
}

BOOST_AUTO_TEST_SUITE_END()
