// cipher_order.hpp: the same ciphers in either order, and which machines have which.
#include "support/test.hpp"

#include <adit/crypto/algorithm_lists.hpp>
#include <adit/crypto/cipher_order.hpp>

#include <algorithm>

namespace crypto = adit::crypto;

namespace {

crypto::lists::names sorted_names(std::string_view list) {
    auto names = crypto::lists::split(list);
    std::ranges::sort(names);
    return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cipher_order)

BOOST_AUTO_TEST_CASE(p04_with_aes_instructions_the_tables_order) {
    BOOST_TEST(crypto::cipher_names(false) == crypto::default_cipher_names());
}

BOOST_AUTO_TEST_CASE(p04_without_them_chacha_first) {
    BOOST_TEST(crypto::cipher_names(true) ==
               "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
               "aes256-ctr,aes192-ctr,aes128-ctr");
}

BOOST_AUTO_TEST_CASE(botans_names_for_its_ways) {
    for (const auto name : {"aesni", "avx2_aes", "avx512_aes", "vaes", "cpu", "armv8aes", "armv8",
                            "power8", "power_crypto"}) {
        BOOST_TEST(!crypto::aes_is_software(name), name);
    }
    for (const auto name : {"base", "vperm", "ssse3", "neon", "altivec"}) {
        BOOST_TEST(crypto::aes_is_software(name), name);
    }
}

BOOST_AUTO_TEST_CASE(this_machine_offers_every_cipher_once) {
    const auto names = crypto::cipher_names_for_this_cpu();
    BOOST_TEST((sorted_names(names) == sorted_names(crypto::default_cipher_names())));
}

BOOST_AUTO_TEST_SUITE_END()
