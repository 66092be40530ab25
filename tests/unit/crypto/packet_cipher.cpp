// The laws that every cipher of the table obeys, whatever it is made of.
#include "support/test.hpp"

#include "allocations.hpp"

#include <adit/crypto/algorithms.hpp>

#include <numeric>

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::mutable_bytes;
using adit::crypto::cipher_algorithm;
using adit::crypto::ciphers;
using adit::crypto::opener;
using adit::crypto::sealer;

namespace {

struct cipher_pair {
    std::unique_ptr<adit::crypto::sealer> sealer;
    std::unique_ptr<adit::crypto::opener> opener;
};

cipher_pair make(const cipher_algorithm& cipher) {
    std::vector<byte> key(cipher.key_size);
    std::iota(key.begin(), key.end(), byte{1});
    const std::vector<byte> iv(cipher.iv_size, 0xFF);
    const adit::crypto::cipher_keys keys{.key = key, .iv = iv};
    return {cipher.make_sealer(keys), cipher.make_opener(keys)};
}

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

bool starts_the_same(bytes_view a, bytes_view b) { return std::ranges::equal(a, b); }

}  // namespace

BOOST_AUTO_TEST_SUITE(packet_cipher)

BOOST_AUTO_TEST_CASE(c09_round_trips_at_every_size_in_one_stream) {
    for (const auto& cipher : ciphers) {
        const auto pair = make(cipher);
        std::vector<std::size_t> sizes{32768 + 16, 35008, 262144};
        for (std::size_t n = 8; n <= 2200; n += 8) sizes.push_back(n);
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
    for (const auto& cipher : ciphers) {
        const auto pair = make(cipher);
        BOOST_TEST((pair.sealer->shape() == pair.opener->shape()));
        BOOST_TEST(pair.sealer->shape().block >= 8U);
        BOOST_TEST(pair.sealer->shape().header >= 4U);
    }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_refused_and_the_body_wiped) {
    for (const auto& cipher : ciphers) {
        auto sealed = plain_packet(48, *make(cipher).sealer);
        BOOST_REQUIRE((make(cipher).sealer->seal(sealed, 3) == errc::ok));
        for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
            const auto pair = make(cipher);
            auto packet = sealed;
            packet[bit / 8] = static_cast<byte>(packet[bit / 8] ^ (1U << bit % 8));
            auto header = std::vector<byte>(packet.begin(), packet.begin() + 4);
            static_cast<void>(pair.opener->length(header, 3));
            BOOST_TEST((pair.opener->open(packet, 3) == errc::mac_mismatch));
            BOOST_TEST(all_zero(body_of(packet, *pair.opener)));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_truncated_packet_is_refused_and_wiped) {
    for (const auto& cipher : ciphers) {
        auto sealed = plain_packet(48, *make(cipher).sealer);
        BOOST_REQUIRE((make(cipher).sealer->seal(sealed, 3) == errc::ok));
        const std::size_t smallest = 4 + make(cipher).opener->shape().tag + 1;
        for (std::size_t size = 0; size < sealed.size(); ++size) {
            const auto pair = make(cipher);
            std::vector<byte> packet(sealed.begin(),
                                     sealed.begin() + static_cast<std::ptrdiff_t>(size));
            const errc expected =
                size < smallest ? errc::invalid_packet_length : errc::mac_mismatch;
            BOOST_TEST((pair.opener->open(packet, 3) == expected));
            if (size >= smallest) BOOST_TEST(all_zero(body_of(packet, *pair.opener)));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_packet_without_room_is_not_sealed) {
    for (const auto& cipher : ciphers) {
        const auto pair = make(cipher);
        std::vector<byte> packet(4 + pair.sealer->shape().tag);
        BOOST_TEST((pair.sealer->seal(packet, 0) == errc::encryption_failed));
        BOOST_TEST((pair.sealer->seal({}, 0) == errc::encryption_failed));
    }
}

BOOST_AUTO_TEST_CASE(a_repeated_or_skipped_packet_is_refused) {
    for (const auto& cipher : ciphers) {
        auto pair = make(cipher);
        auto first = plain_packet(48, *pair.sealer);
        auto second = first;
        BOOST_REQUIRE((pair.sealer->seal(first, 0) == errc::ok));
        BOOST_REQUIRE((pair.sealer->seal(second, 1) == errc::ok));
        BOOST_TEST((first != second));
        auto again = first;
        BOOST_TEST((pair.opener->open(first, 0) == errc::ok));
        BOOST_TEST((pair.opener->open(again, 1) == errc::mac_mismatch));
        BOOST_TEST((make(cipher).opener->open(second, 0) == errc::mac_mismatch));
    }
}

BOOST_AUTO_TEST_CASE(seal_and_open_do_not_allocate,
                     *boost::unit_test::precondition(adit::test::allocations_are_counted)) {
    for (const auto& cipher : ciphers) {
        const auto pair = make(cipher);
        std::size_t counted = 0;
        for (std::uint32_t i = 0; i < 40; ++i) {
            auto packet = plain_packet(i % 2 == 0 ? 32768 : 16 * (i + 1), *pair.sealer);
            const auto before = adit::test::allocations();
            const bool sealed = pair.sealer->seal(packet, i) == errc::ok;
            const bool sized = pair.opener->length(mutable_bytes(packet).first(4), i) > 0;
            const bool opened = pair.opener->open(packet, i) == errc::ok;
            // The MAC makes room for its powers at the first long packet and keeps it.
            if (i > 0) counted += adit::test::allocations() - before;
            BOOST_REQUIRE((sealed && sized && opened));
        }
        BOOST_TEST(counted == 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
