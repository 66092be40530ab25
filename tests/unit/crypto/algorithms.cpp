// algorithms.hpp: the tables' order, their names and their makers (P04, C14, C18).
#include "support/test.hpp"

#include <adit/crypto/algorithms.hpp>

using adit::byte;
namespace crypto = adit::crypto;

BOOST_AUTO_TEST_SUITE(algorithms)

BOOST_AUTO_TEST_CASE(p04_the_default_order) {
    BOOST_TEST(crypto::default_kex_names() ==
               "mlkem768x25519-sha256,curve25519-sha256,curve25519-sha256@libssh.org");
    BOOST_TEST(crypto::default_cipher_names() ==
               "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com");
    BOOST_TEST(crypto::default_mac_names() == "");
    static_assert(crypto::default_kex_names().size() > 0);  // made at compile time
}

BOOST_AUTO_TEST_CASE(finds_each_name_and_nothing_else) {
    for (const auto& kex : crypto::kex_algorithms) BOOST_TEST(crypto::find_kex(kex.name) == &kex);
    for (const auto& cipher : crypto::ciphers) {
        BOOST_TEST(crypto::find_cipher(cipher.name) == &cipher);
    }
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

BOOST_AUTO_TEST_CASE(keys_of_a_wrong_size_make_no_cipher) {
    const std::vector<byte> bytes(80);
    const auto first = [&](std::size_t n) { return adit::bytes_view(bytes).first(n); };
    for (const auto& cipher : crypto::ciphers) {
        for (std::size_t size = 0; size <= 80; ++size) {
            const crypto::cipher_keys keys{.key = first(size), .iv = first(cipher.iv_size)};
            BOOST_TEST((cipher.make_opener(keys) != nullptr) == (size == cipher.key_size));
            BOOST_TEST((cipher.make_sealer(keys) != nullptr) == (size == cipher.key_size));
        }
        if (cipher.iv_size == 0) continue;
        const crypto::cipher_keys keys{.key = first(cipher.key_size),
                                       .iv = first(cipher.iv_size - 1)};
        BOOST_TEST((cipher.make_opener(keys) == nullptr));
        BOOST_TEST((cipher.make_sealer(keys) == nullptr));
    }
}

BOOST_AUTO_TEST_CASE(c18_ciphers_with_small_blocks_change_keys_after_a_gibibyte) {
    for (const auto& cipher : crypto::ciphers) {
        const std::vector<byte> key(cipher.key_size);
        const std::vector<byte> iv(cipher.iv_size);
        const crypto::cipher_keys keys{.key = key, .iv = iv};
        const bool small = cipher.make_sealer(keys)->shape().block < 16;
        const std::uint64_t expected = small ? 1ULL << 30U : 1ULL << 36U;
        BOOST_TEST(cipher.rekey_bytes == expected);
    }
}

BOOST_AUTO_TEST_SUITE_END()
