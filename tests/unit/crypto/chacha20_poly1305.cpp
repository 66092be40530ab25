// chacha20_poly1305.hpp: packets put together from OpenSSL's primitives, around the wrap of the
// sequence number (C08). What it has in common with all ciphers is in packet_cipher.cpp.
#include "support/test.hpp"

#include "vectors/crypto_packets.hpp"
#include "vectors/hex.hpp"

#include <adit/crypto/chacha20_poly1305.hpp>

using adit::byte;
using adit::errc;
using adit::mutable_bytes;
using adit::to_hex;
using adit::crypto::chacha20_poly1305_opener;
using adit::crypto::chacha20_poly1305_sealer;
using adit::test::from_hex;
namespace vectors = adit::test::packets;

namespace {

std::vector<byte> plain(std::string_view body_hex) {
    const auto body = from_hex(body_hex);
    std::vector<byte> packet(4 + body.size() + 16);
    packet[2] = static_cast<byte>(body.size() >> 8U);
    packet[3] = static_cast<byte>(body.size());
    std::ranges::copy(body, packet.begin() + 4);
    return packet;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chacha20_poly1305)

BOOST_AUTO_TEST_CASE(c08_seals_as_openssl_does_before_and_after_the_wrap) {
    chacha20_poly1305_sealer sealer(from_hex(vectors::key));
    const auto sealed = [&](std::uint32_t sequence) {
        auto packet = plain(vectors::body);
        BOOST_TEST((sealer.seal(packet, sequence) == errc::ok));
        return to_hex(packet);
    };
    BOOST_TEST(sealed(7) == vectors::chacha_7);
    BOOST_TEST(sealed(0xFFFFFFFF) == vectors::chacha_4294967295);
    BOOST_TEST(sealed(0) == vectors::chacha_0);
}

BOOST_AUTO_TEST_CASE(c08_opens_what_openssl_sealed) {
    chacha20_poly1305_opener opener(from_hex(vectors::key));
    const auto body = from_hex(vectors::body);
    const std::array<std::pair<std::uint32_t, std::string_view>, 3> packets{
        {{0xFFFFFFFF, vectors::chacha_4294967295}, {0, vectors::chacha_0}, {7, vectors::chacha_7}}};
    for (const auto& [sequence, hex] : packets) {
        auto packet = from_hex(hex);
        BOOST_TEST(opener.length(mutable_bytes(packet).first(4), sequence) == body.size());
        BOOST_TEST(to_hex(packet) == hex);  // the MAC still needs the encrypted length
        BOOST_TEST((opener.open(packet, sequence) == errc::ok));
        BOOST_TEST(to_hex(packet).substr(8, 2 * body.size()) == vectors::body);
    }
}

BOOST_AUTO_TEST_CASE(a_long_packet_is_as_openssls) {
    chacha20_poly1305_sealer sealer(from_hex(vectors::key));
    auto packet = plain(vectors::long_body);
    BOOST_TEST((sealer.seal(packet, 7) == errc::ok));
    BOOST_TEST(to_hex(packet) == vectors::chacha_long_7);
}

BOOST_AUTO_TEST_CASE(length_does_not_disturb_a_packet_under_way) {
    chacha20_poly1305_opener opener(from_hex(vectors::key));
    auto packet = from_hex(vectors::chacha_7);
    auto next = from_hex(vectors::chacha_0);
    static_cast<void>(opener.length(mutable_bytes(packet).first(4), 7));
    static_cast<void>(opener.length(mutable_bytes(next).first(4), 0));
    BOOST_TEST((opener.open(packet, 7) == errc::ok));
}

BOOST_AUTO_TEST_CASE(another_sequence_number_is_refused) {
    chacha20_poly1305_opener opener(from_hex(vectors::key));
    auto packet = from_hex(vectors::chacha_7);
    BOOST_TEST((opener.open(packet, 8) == errc::mac_mismatch));
}

BOOST_AUTO_TEST_SUITE_END()
