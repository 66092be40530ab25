// aes_gcm.hpp: packets that OpenSSL's AES-GCM sealed, and the counter (C08). What it has in common
// with all ciphers is in packet_cipher.cpp.
#include "support/test.hpp"

#include "vectors/crypto_packets.hpp"
#include "vectors/hex.hpp"

#include <adit/crypto/aes_gcm.hpp>

using adit::byte;
using adit::errc;
using adit::mutable_bytes;
using adit::to_hex;
using adit::crypto::aes_gcm_opener;
using adit::crypto::aes_gcm_sealer;
using adit::test::from_hex;
namespace vectors = adit::test::packets;

namespace {

std::vector<byte> key(std::size_t size) {
    auto bytes = from_hex(vectors::key);
    bytes.resize(size);
    return bytes;
}

std::vector<byte> plain(std::string_view body_hex) {
    const auto body = from_hex(body_hex);
    std::vector<byte> packet(4 + body.size() + 16);
    packet[2] = static_cast<byte>(body.size() >> 8U);
    packet[3] = static_cast<byte>(body.size());
    std::ranges::copy(body, packet.begin() + 4);
    return packet;
}

std::string seal(aes_gcm_sealer& sealer, std::string_view body, std::uint32_t sequence) {
    auto packet = plain(body);
    BOOST_TEST((sealer.seal(packet, sequence) == errc::ok));
    return to_hex(packet);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(aes_gcm)

// The second packet comes after a strict key exchange set the sequence number back.
BOOST_AUTO_TEST_CASE(c08_the_counter_ignores_the_sequence_number) {
    aes_gcm_sealer wide(key(32), from_hex(vectors::iv));
    BOOST_TEST(seal(wide, vectors::body, 5) == vectors::gcm256_first);
    BOOST_TEST(seal(wide, vectors::body, 0) == vectors::gcm256_second);
    aes_gcm_sealer narrow(key(16), from_hex(vectors::iv));
    BOOST_TEST(seal(narrow, vectors::body, 0) == vectors::gcm128_first);
    BOOST_TEST(seal(narrow, vectors::body, 0) == vectors::gcm128_second);
}

BOOST_AUTO_TEST_CASE(c08_the_counter_runs_over_without_a_carry_into_the_fixed_part) {
    aes_gcm_sealer wide(key(32), from_hex(vectors::wrapping_iv));
    BOOST_TEST(seal(wide, vectors::body, 0) == vectors::gcm256_wrapping);
    BOOST_TEST(seal(wide, vectors::body, 1) == vectors::gcm256_wrapped);
    aes_gcm_sealer narrow(key(16), from_hex(vectors::wrapping_iv));
    BOOST_TEST(seal(narrow, vectors::body, 0) == vectors::gcm128_wrapping);
    BOOST_TEST(seal(narrow, vectors::body, 1) == vectors::gcm128_wrapped);
}

BOOST_AUTO_TEST_CASE(c08_opens_what_openssl_sealed) {
    aes_gcm_opener opener(key(32), from_hex(vectors::iv));
    for (const auto hex : {vectors::gcm256_first, vectors::gcm256_second}) {
        auto packet = from_hex(hex);
        BOOST_TEST(opener.length(mutable_bytes(packet).first(4), 0) == vectors::body.size() / 2);
        BOOST_TEST((opener.open(packet, 0) == errc::ok));
        BOOST_TEST(to_hex(packet).substr(8, vectors::body.size()) == vectors::body);
    }
}

BOOST_AUTO_TEST_CASE(a_long_packet_is_as_openssls) {
    aes_gcm_sealer sealer(key(32), from_hex(vectors::iv));
    BOOST_TEST(seal(sealer, vectors::long_body, 0) == vectors::gcm256_long);
}

BOOST_AUTO_TEST_CASE(c08_a_refused_packet_uses_its_nonce_up) {
    aes_gcm_opener opener(key(32), from_hex(vectors::iv));
    auto bad = from_hex(vectors::gcm256_first);
    bad.back() ^= 1U;
    BOOST_TEST((opener.open(bad, 0) == errc::mac_mismatch));
    auto second = from_hex(vectors::gcm256_second);
    BOOST_TEST((opener.open(second, 1) == errc::ok));
}

BOOST_AUTO_TEST_SUITE_END()
