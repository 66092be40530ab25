// algorithms.hpp: the tables' order, their names and their makers (P04, C14, C18).
#include "support/test.hpp"

#include "suites.hpp"

#include <adit/crypto/algorithms.hpp>

using adit::byte;
namespace crypto = adit::crypto;

BOOST_AUTO_TEST_SUITE(algorithms)

BOOST_AUTO_TEST_CASE(p04_the_default_order) {
    BOOST_TEST(crypto::default_kex_names() ==
               "mlkem768x25519-sha256,curve25519-sha256,curve25519-sha256@libssh.org,"
               "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
               "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"
               "diffie-hellman-group14-sha256");
    BOOST_TEST(crypto::default_cipher_names() ==
               "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,"
               "aes256-ctr,aes192-ctr,aes128-ctr");
    BOOST_TEST(crypto::default_mac_names() ==
               "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
               "hmac-sha2-256,hmac-sha2-512");
    static_assert(crypto::default_kex_names().size() > 0);  // made at compile time
}

BOOST_AUTO_TEST_CASE(finds_each_name_and_nothing_else) {
    for (const auto& kex : crypto::kex_algorithms) BOOST_TEST(crypto::find_kex(kex.name) == &kex);
    for (const auto& cipher : crypto::ciphers) {
        BOOST_TEST(crypto::find_cipher(cipher.name) == &cipher);
    }
    for (const auto& mac : crypto::macs) BOOST_TEST(crypto::find_mac(mac.name) == &mac);
    for (const auto name : {"", "none", "curve25519-sha25", "curve25519-sha256 ", ","}) {
        BOOST_TEST((crypto::find_kex(name) == nullptr));
        BOOST_TEST((crypto::find_cipher(name) == nullptr));
        BOOST_TEST((crypto::find_mac(name) == nullptr));
    }
}

BOOST_AUTO_TEST_CASE(c14_pseudo_names_can_never_be_chosen) {
    for (const auto name : {"ext-info-c", "ext-info-s", "kex-strict-c-v00@openssh.com",
                            "kex-strict-s-v00@openssh.com"}) {
        BOOST_TEST((crypto::find_kex(name) == nullptr));
    }
}

BOOST_AUTO_TEST_CASE(c17_each_method_has_the_hash_of_its_name) {
    for (const auto& kex : crypto::kex_algorithms) {
        // RFC 5656 section 6.2.1 chooses by the curve's size.
        const bool sha384 = kex.name == "ecdh-sha2-nistp384";
        const bool sha512 = kex.name == "ecdh-sha2-nistp521" || kex.name.ends_with("-sha512");
        BOOST_TEST((kex.hash == crypto::hash_id::sha384) == sha384);
        BOOST_TEST((kex.hash == crypto::hash_id::sha512) == sha512);
    }
}

BOOST_AUTO_TEST_CASE(keys_of_a_wrong_size_make_no_cipher) {
    const std::vector<byte> bytes(80);
    const auto first = [&](std::size_t n) { return adit::bytes_view(bytes).first(n); };
    for (const auto& suite : adit::test::suites()) {
        const auto& cipher = *suite.cipher;
        const std::size_t mac_size = suite.mac == nullptr ? 0 : suite.mac->key_size;
        const auto makes = [&](std::size_t key, std::size_t iv, std::size_t mac) {
            const crypto::cipher_keys keys{first(key), first(iv), first(mac), suite.mac};
            const bool opens = cipher.make_opener(keys) != nullptr;
            BOOST_TEST((cipher.make_sealer(keys) != nullptr) == opens);
            return opens;
        };
        for (std::size_t size = 0; size <= 80; ++size) {
            BOOST_TEST(makes(size, cipher.iv_size, mac_size) == (size == cipher.key_size), suite);
            if (cipher.iv_size != 0) {
                BOOST_TEST(makes(cipher.key_size, size, mac_size) == (size == cipher.iv_size));
            }
            if (!cipher.aead) {
                BOOST_TEST(makes(cipher.key_size, cipher.iv_size, size) == (size == mac_size));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(without_a_mac_only_an_aead_can_be_made) {
    for (const auto& cipher : crypto::ciphers) {
        const std::vector<byte> key(cipher.key_size);
        const std::vector<byte> iv(cipher.iv_size);
        const crypto::cipher_keys keys{.key = key, .iv = iv};
        BOOST_TEST((cipher.make_opener(keys) != nullptr) == cipher.aead);
        BOOST_TEST((cipher.make_sealer(keys) != nullptr) == cipher.aead);
    }
}

BOOST_AUTO_TEST_CASE(c18_ciphers_with_small_blocks_change_keys_after_a_gibibyte) {
    for (const auto& suite : adit::test::suites()) {
        const bool small = adit::test::make(suite).sealer->shape().block < 16;
        const std::uint64_t expected = small ? 1ULL << 30U : 1ULL << 36U;
        BOOST_TEST(suite.cipher->rekey_bytes == expected);
    }
}

BOOST_AUTO_TEST_SUITE_END()
