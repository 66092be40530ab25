// Encrypted PKCS#8, as openssl and ssh-keygen write it, with every derivation and cipher we know,
// and with costs that nobody should pay (L21).
#include "key_samples.hpp"
#include "support/run.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/keys/pbes2.hpp>

using namespace adit;

namespace {

using arguments = std::vector<std::string>;

/// The file that `openssl pkcs8` makes of one Ed25519 key.
std::string encrypted_key(const arguments& options) {
    const test::temporary_directory folder;
    const std::string plain = folder.file("plain");
    const std::string path = folder.file("key");
    BOOST_REQUIRE(
        test::run({"openssl", "genpkey", "-algorithm", "ed25519", "-out", plain}).status == 0);
    arguments command{"openssl", "pkcs8", "-topk8", "-passout", "pass:secret",
                      "-in",     plain,   "-out",   path};
    command.insert(command.end(), options.begin(), options.end());
    const auto made = test::run(command);
    BOOST_TEST_INFO(made.errors);
    BOOST_REQUIRE(made.status == 0);
    return test::read_file(path);
}

error_code error_with(std::string_view file, const keys::key_cost_limits& limits) {
    const auto secret = test::secret_of("secret");
    const auto key = keys::parse_private_key(as_bytes(file), &secret, limits);
    return key ? error_code() : key.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pbes2)

BOOST_AUTO_TEST_CASE(what_openssl_writes_is_read) {
    const std::vector<arguments> all{
        {},
        {"-v2", "aes-128-cbc"},
        {"-v2", "aes-192-cbc"},
        {"-v2", "aes-256-cbc"},
        {"-v2", "des3"},
        {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"},
        {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA224"},
        {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384"},
        {"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", "-iter", "5000"},
        {"-scrypt"},
        {"-scrypt", "-v2", "aes-128-cbc", "-scrypt_N", "1024", "-scrypt_r", "4", "-scrypt_p", "2"},
    };
    for (const arguments& options : all) {
        const std::string file = encrypted_key(options);
        BOOST_TEST(!test::key_error(file, "secret"));
        BOOST_TEST((test::key_error(file) == errc::passphrase_needed));
        BOOST_TEST((test::key_error(file, "Secret") == errc::wrong_passphrase));
        BOOST_TEST((test::key_error(file, "") == errc::wrong_passphrase));
    }
}

BOOST_AUTO_TEST_CASE(older_schemes_are_named_as_unsupported) {
    BOOST_TEST(
        (test::key_error(encrypted_key({"-v1", "PBE-SHA1-3DES"})) == errc::unsupported_key_cipher));
    BOOST_TEST((test::key_error(encrypted_key({"-v2", "camellia-128-cbc"})) ==
                errc::unsupported_key_cipher));
}

BOOST_AUTO_TEST_CASE(l21_costs_are_capped_by_the_caller) {
    keys::key_cost_limits limits;
    limits.pbkdf2_iterations = 5000;
    limits.scrypt_bytes = 128 * 8 * 1024;
    BOOST_TEST(!error_with(encrypted_key({"-iter", "5000"}), limits));
    BOOST_TEST((error_with(encrypted_key({"-iter", "5001"}), limits) == keys::key_too_costly()));
    const arguments scrypt{"-scrypt", "-scrypt_r", "8", "-scrypt_p", "1", "-scrypt_N"};
    arguments cheap = scrypt;
    cheap.emplace_back("1024");
    BOOST_TEST(!error_with(encrypted_key(cheap), limits));
    arguments costly = scrypt;
    costly.emplace_back("2048");
    BOOST_TEST((error_with(encrypted_key(costly), limits) == keys::key_too_costly()));
    arguments parallel = cheap;
    parallel[4] = "2";
    BOOST_TEST((error_with(encrypted_key(parallel), limits) == keys::key_too_costly()));
}

BOOST_AUTO_TEST_CASE(c53_every_truncation_and_changed_byte_gives_no_key) {
    const std::string file = encrypted_key({"-iter", "1"});
    const auto block = keys::find_pem_block(file, "PRIVATE KEY").value();
    const auto der = keys::decode_pem(block).value();
    const auto secret = test::secret_of("secret");
    keys::key_cost_limits limits;
    limits.pbkdf2_iterations = 2;
    BOOST_REQUIRE(keys::decrypt_pkcs8(der, &secret, limits).has_value());
    for (std::size_t size = 0; size < der.size(); ++size) {
        BOOST_TEST((keys::decrypt_pkcs8(bytes_view(der).first(size), &secret, limits).error() ==
                    errc::key_corrupt));
    }
    for (std::size_t at = 0; at < der.size(); ++at) {
        auto changed = der;
        changed[at] ^= 1;
        const auto content = keys::decrypt_pkcs8(changed, &secret, limits);
        if (!content) continue;
        // A change in the last blocks may hit nothing but the key itself: it is another key then.
        BOOST_TEST((*content != keys::decrypt_pkcs8(der, &secret, limits).value()));
    }
}

BOOST_AUTO_TEST_SUITE_END()
