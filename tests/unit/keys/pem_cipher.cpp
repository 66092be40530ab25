// The oldest encryption of PEM files, as openssl and ssh-keygen still write it.
#include "key_samples.hpp"
#include "support/run.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/keys/pem_cipher.hpp>

using namespace adit;

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

/// An EC key, which is shorter than an RSA key.
std::string encrypted_key(const std::string& cipher) {
    const test::temporary_directory folder;
    const std::string plain = folder.file("plain");
    const std::string path = folder.file("key");
    BOOST_REQUIRE(
        test::run({"openssl", "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", plain})
            .status == 0);
    BOOST_REQUIRE(
        test::run({"openssl", "ec", cipher, "-passout", "pass:secret", "-in", plain, "-out", path})
            .status == 0);
    BOOST_REQUIRE(!test::key_error(test::read_file(plain)));
    return test::read_file(path);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pem_cipher)

BOOST_AUTO_TEST_CASE(every_cipher_of_the_table_as_openssl_writes_it) {
    for (const std::string cipher : {"-aes128", "-aes192", "-aes256", "-des3"}) {
        BOOST_TEST_CONTEXT(cipher) {
            const std::string file = encrypted_key(cipher);
            BOOST_TEST(file.find("DEK-Info: ") != std::string::npos);
            BOOST_TEST(!test::key_error(file, "secret"));
            BOOST_TEST((test::key_error(file) == errc::passphrase_needed));
            BOOST_TEST((test::key_error(file, "Secret") == errc::wrong_passphrase));
            BOOST_TEST((test::key_error(file, "") == errc::wrong_passphrase));
        }
    }
}

BOOST_AUTO_TEST_CASE(no_wrong_passphrase_opens_a_key) {
    const std::string file = encrypted_key("-aes128");
    for (int i = 0; i < 1000; ++i) {
        BOOST_TEST((test::key_error(file, std::to_string(i)) == errc::wrong_passphrase));
    }
}

BOOST_AUTO_TEST_CASE(other_ciphers_and_broken_headers_have_their_errors) {
    const std::string file = encrypted_key("-aes128");
    BOOST_TEST((test::key_error(replaced(file, "AES-128-CBC", "CAMELLIA-128-CBC"), "secret") ==
                errc::unsupported_key_cipher));
    BOOST_TEST((test::key_error(replaced(file, "AES-128-CBC,", "DES-CBC,"), "secret") ==
                errc::unsupported_key_cipher));
    for (const char* info :
         {"AES-128-CBC,00", "AES-128-CBC,xx", "AES-128-CBC,\n", "AES-128-CBC, "}) {
        BOOST_TEST(
            (test::key_error(replaced(file, "AES-128-CBC,", info), "secret") == errc::key_corrupt));
    }
}

// `printf 'secret\0\1\2\3\4\5\6\7' | openssl md5`, and so on for the second half.
BOOST_AUTO_TEST_CASE(the_key_is_a_chain_of_md5) {
    const std::array<byte, 16> iv{0, 1, 2, 3, 4, 5, 6, 7};
    const auto key = keys::derive_by_md5(test::secret_of("secret"), iv, 24);
    BOOST_TEST(to_hex(key) == "035fb8145b73cf111570dc936112be9c375a5d3d8b915bc2");
}

BOOST_AUTO_TEST_SUITE_END()
