// aes_ctr_hmac.hpp: NIST's counter mode, packets of another implementation in both orders of MAC
// and encryption, and what is said of errors (C05-C09). packet_cipher.cpp has the laws of all
// ciphers.
#include "support/test.hpp"

#include "suites.hpp"
#include "vectors/crypto_ctr.hpp"
#include "vectors/hex.hpp"

#include <adit/crypto/hash.hpp>

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::mutable_bytes;
using adit::to_hex;
using adit::crypto::find_cipher;
using adit::crypto::find_mac;
using adit::test::from_hex;
namespace vectors = adit::test::ctr;

namespace {

struct expectation {
    std::string_view cipher, mac, first, second_digest;
};

constexpr std::array expectations{
    expectation{"aes128-ctr", "hmac-sha2-256-etm@openssh.com", vectors::ctr128_sha256_etm_first,
                vectors::ctr128_sha256_etm_second_digest},
    expectation{"aes128-ctr", "hmac-sha2-512-etm@openssh.com", vectors::ctr128_sha512_etm_first,
                vectors::ctr128_sha512_etm_second_digest},
    expectation{"aes128-ctr", "hmac-sha2-256", vectors::ctr128_sha256_mac_first,
                vectors::ctr128_sha256_mac_second_digest},
    expectation{"aes128-ctr", "hmac-sha2-512", vectors::ctr128_sha512_mac_first,
                vectors::ctr128_sha512_mac_second_digest},
    expectation{"aes192-ctr", "hmac-sha2-256-etm@openssh.com", vectors::ctr192_sha256_etm_first,
                vectors::ctr192_sha256_etm_second_digest},
    expectation{"aes192-ctr", "hmac-sha2-512-etm@openssh.com", vectors::ctr192_sha512_etm_first,
                vectors::ctr192_sha512_etm_second_digest},
    expectation{"aes192-ctr", "hmac-sha2-256", vectors::ctr192_sha256_mac_first,
                vectors::ctr192_sha256_mac_second_digest},
    expectation{"aes192-ctr", "hmac-sha2-512", vectors::ctr192_sha512_mac_first,
                vectors::ctr192_sha512_mac_second_digest},
    expectation{"aes256-ctr", "hmac-sha2-256-etm@openssh.com", vectors::ctr256_sha256_etm_first,
                vectors::ctr256_sha256_etm_second_digest},
    expectation{"aes256-ctr", "hmac-sha2-512-etm@openssh.com", vectors::ctr256_sha512_etm_first,
                vectors::ctr256_sha512_etm_second_digest},
    expectation{"aes256-ctr", "hmac-sha2-256", vectors::ctr256_sha256_mac_first,
                vectors::ctr256_sha256_mac_second_digest},
    expectation{"aes256-ctr", "hmac-sha2-512", vectors::ctr256_sha512_mac_first,
                vectors::ctr256_sha512_mac_second_digest},
};

adit::test::cipher_pair make(const expectation& e) {
    const auto& cipher = *find_cipher(e.cipher);
    const auto& mac = *find_mac(e.mac);
    const auto key = from_hex(vectors::key);
    const auto mac_key = from_hex(vectors::mac_key);
    const auto iv = from_hex(vectors::wrapping_iv);
    const adit::crypto::cipher_keys keys{.key = bytes_view(key).first(cipher.key_size),
                                         .iv = iv,
                                         .mac_key = bytes_view(mac_key).first(mac.key_size),
                                         .mac = &mac};
    return {cipher.make_sealer(keys), cipher.make_opener(keys)};
}

std::vector<byte> plain_packet(bytes_view body, std::size_t tag) {
    std::vector<byte> packet(4 + body.size() + tag);
    for (std::size_t i = 0; i < 4; ++i) packet[i] = static_cast<byte>(body.size() >> (24 - 8 * i));
    std::ranges::copy(body, packet.begin() + 4);
    return packet;
}

bool then_mac(const expectation& e) { return find_mac(e.mac)->encrypt_then_mac; }

std::vector<byte> first_body(const expectation& e) {
    return from_hex(then_mac(e) ? vectors::etm_first_body : vectors::mac_first_body);
}

std::vector<byte> second_body(const expectation& e) {
    return from_hex(then_mac(e) ? vectors::etm_second_body : vectors::mac_second_body);
}

constexpr std::uint32_t last_sequence = 0xFFFFFFFF;

}  // namespace

BOOST_AUTO_TEST_SUITE(aes_ctr_hmac)

BOOST_AUTO_TEST_CASE(counter_mode_is_nists) {
    constexpr std::array cases{std::pair{vectors::key_128, vectors::encrypted_128},
                               std::pair{vectors::key_192, vectors::encrypted_192},
                               std::pair{vectors::key_256, vectors::encrypted_256}};
    for (const auto& [key, encrypted] : cases) {
        const auto key_bytes = from_hex(key);
        const auto iv = from_hex(vectors::iv);
        const std::vector<byte> mac_key(32);
        adit::crypto::aes_ctr_hmac cipher({key_bytes, iv, mac_key, {}});
        auto bytes = from_hex(vectors::plain);
        cipher.crypt(mutable_bytes(bytes).first(5));  // the stream goes on wherever it is cut
        cipher.crypt(mutable_bytes(bytes).subspan(5));
        BOOST_TEST(to_hex(bytes) == encrypted);
    }
}

BOOST_AUTO_TEST_CASE(c08_seals_as_another_implementation_does_over_both_wraps) {
    for (const auto& e : expectations) {
        const auto sealer = make(e).sealer;
        auto first = plain_packet(first_body(e), sealer->shape().tag);
        BOOST_TEST((sealer->seal(first, last_sequence) == errc::ok));
        BOOST_TEST(to_hex(first) == e.first);
        auto second = plain_packet(second_body(e), sealer->shape().tag);
        BOOST_TEST((sealer->seal(second, 0) == errc::ok));
        const auto hash = adit::crypto::digest(adit::crypto::hash_id::sha256, second);
        BOOST_TEST(to_hex(hash) == e.second_digest);
    }
}

BOOST_AUTO_TEST_CASE(opens_what_another_implementation_sealed) {
    for (const auto& e : expectations) {
        const auto opener = make(e).opener;
        const auto body = first_body(e);
        auto packet = from_hex(e.first);
        const auto header = mutable_bytes(packet).first(opener->shape().header);
        BOOST_TEST(opener->length(header, last_sequence) == body.size());
        BOOST_TEST((opener->open(packet, last_sequence) == errc::ok));
        BOOST_TEST(to_hex(bytes_view(packet).subspan(4, body.size())) == to_hex(body));
    }
}

BOOST_AUTO_TEST_CASE(c08_the_sequence_number_enters_the_mac) {
    for (const auto& e : expectations) {
        const auto opener = make(e).opener;
        auto packet = from_hex(e.first);
        const auto header = mutable_bytes(packet).first(opener->shape().header);
        static_cast<void>(opener->length(header, 7));
        BOOST_TEST((opener->open(packet, 7) == errc::mac_mismatch));
    }
}

BOOST_AUTO_TEST_CASE(c06_only_etm_leaves_the_length_readable_and_out_of_the_modulus) {
    for (const auto& e : expectations) {
        const auto shape = make(e).opener->shape();
        const adit::crypto::packet_shape expected{.block = 16,
                                                  .tag = find_mac(e.mac)->tag_size,
                                                  .header = then_mac(e) ? 4U : 16U,
                                                  .length_in_padding = !then_mac(e)};
        BOOST_TEST((shape == expected));
        const auto sealed = from_hex(e.first);
        const bool readable = adit::crypto::plain_length(sealed) == first_body(e).size();
        BOOST_TEST(readable == then_mac(e));
    }
}

// C07: with -etm nothing is decrypted before the MAC says so; without, what was decrypted is wiped.
BOOST_AUTO_TEST_CASE(c07_a_wrong_tag_leaves_no_plain_byte) {
    for (const auto& e : expectations) {
        const auto opener = make(e).opener;
        auto packet = from_hex(e.first);
        packet.back() = static_cast<byte>(packet.back() ^ 1U);
        const auto header = mutable_bytes(packet).first(opener->shape().header);
        static_cast<void>(opener->length(header, last_sequence));
        BOOST_TEST((opener->open(packet, last_sequence) == errc::mac_mismatch));
        const auto body = bytes_view(packet).subspan(4, first_body(e).size());
        BOOST_TEST(std::ranges::all_of(body, [](byte b) { return b == 0; }));
    }
}

BOOST_AUTO_TEST_SUITE_END()
