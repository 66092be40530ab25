// Decrypting small secrets: what was encrypted comes back, and nothing else does.
#include "key_samples.hpp"
#include "support/test.hpp"

#include <adit/keys/secret_cipher.hpp>

using namespace adit;

BOOST_AUTO_TEST_SUITE(secret_cipher)

BOOST_AUTO_TEST_CASE(what_was_encrypted_comes_back) {
    const std::vector<byte> key(32, 1);
    const std::vector<byte> iv(16, 2);
    for (const std::string_view mode : {"CTR-BE(AES-256)", "AES-256/CBC/PKCS7", "AES-256/GCM"}) {
        crypto::secret_bytes bytes = test::secret_of("what nobody should see");
        const crypto::secret_bytes plain = bytes;
        BOOST_REQUIRE((keys::encrypt_secret(mode, {key, iv}, bytes) == errc::ok));
        BOOST_TEST((bytes != plain));
        BOOST_REQUIRE((keys::decrypt_secret(mode, {key, iv}, bytes) == errc::ok));
        BOOST_TEST((bytes == plain));
    }
}

BOOST_AUTO_TEST_CASE(what_could_not_be_decrypted_is_empty) {
    const std::vector<byte> key(16, 1);
    const std::vector<byte> iv(16, 2);
    crypto::secret_bytes tagged = test::secret_of("what nobody should see");
    BOOST_REQUIRE((keys::encrypt_secret("AES-128/GCM", {key, iv}, tagged) == errc::ok));
    tagged.back() ^= 1;
    BOOST_TEST((keys::decrypt_secret("AES-128/GCM", {key, iv}, tagged) == errc::wrong_passphrase));
    BOOST_TEST(tagged.empty());
    crypto::secret_bytes odd(17, 3);
    BOOST_TEST((keys::decrypt_secret("AES-128/CBC/NoPadding", {key, iv}, odd) != errc::ok));
    BOOST_TEST(odd.empty());
}

BOOST_AUTO_TEST_SUITE_END()
