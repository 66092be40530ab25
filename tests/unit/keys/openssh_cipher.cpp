// OpenSSH's encryption of key files: a published vector of bcrypt_pbkdf, and every cipher of
// `ssh-keygen -Z` over every number of rounds that people use.
#include "key_samples.hpp"
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/keys/openssh_cipher.hpp>

using namespace adit;
namespace format = keys::openssh_format;

namespace {

/// The content of a file that ssh-keygen made of our sample key number 1.
std::string encrypted_file(const std::string& cipher, const std::string& rounds) {
    const test::temporary_directory folder;
    const auto plain = keys::to_openssh_format(test::sample_key(1, "mine"));
    const std::string path = test::write_file(folder.file("key"), as_text(plain));
    const auto made = test::run(
        {"ssh-keygen", "-p", "-q", "-N", "secret", "-Z", cipher, "-a", rounds, "-f", path});
    BOOST_REQUIRE(made.status == 0);
    return test::read_file(path);
}

void check_file(const std::string& file) {
    const auto secret = test::secret_of("secret");
    const auto key = keys::parse_private_key(as_bytes(file), &secret);
    BOOST_REQUIRE(key.has_value());
    BOOST_TEST((key->public_part() == test::sample_public_key(1)));
    BOOST_TEST(key->comment() == "mine");
    BOOST_TEST((test::key_error(file) == errc::passphrase_needed));
    BOOST_TEST((test::key_error(file, "Secret") == errc::wrong_passphrase));
    BOOST_TEST((test::key_error(file, "") == errc::wrong_passphrase));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openssh_cipher)

BOOST_AUTO_TEST_CASE(every_cipher_of_ssh_keygen) {
    for (const format::section_cipher& cipher : format::section_ciphers) {
        BOOST_TEST_CONTEXT(cipher.name) {
            check_file(encrypted_file(std::string(cipher.name), "1"));
        }
    }
}

BOOST_AUTO_TEST_CASE(usual_numbers_of_rounds) {
    for (const std::string rounds : {"1", "16", "64"}) {
        BOOST_TEST_CONTEXT(rounds) { check_file(encrypted_file("aes256-ctr", rounds)); }
    }
}

// OpenBSD's regress/lib/libutil/bcrypt_pbkdf.
BOOST_AUTO_TEST_CASE(vectors_of_bcrypt_pbkdf) {
    struct row {
        std::uint32_t rounds;
        std::string_view passphrase, salt, derived;
    };
    const std::string_view nul("\0", 1);
    const std::vector<row> rows{
        {4, "password", "salt", "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9"},
        {4, "password", nul, "c12b566235eee04c212598970a579a67"},
        {4, nul, "salt", "6051be18c2f4f82cbf0efee5471b4bb9"},
        {8, "password", "salt",
         "e1367ec5151a33faac4cc1c144cd23fa15d5548493ecc99b9b5d9c0d3b27bec7"
         "6227ea66088b849b20ab7aa478010246e74bba51723fefa9f9474d6508845e8d"},
        {42, "password", "salt", "833cf0dcf56db65608e8f0dc0ce882bd"}};
    for (const row& r : rows) {
        const format::section_cipher cipher{"", "", r.derived.size() / 2, 0, 8, 0};
        const auto derived =
            format::derive(cipher, {as_bytes(r.salt), r.rounds}, test::secret_of(r.passphrase));
        BOOST_TEST(to_hex(derived.value()) == r.derived);
    }
}

BOOST_AUTO_TEST_CASE(l21_the_cap_is_the_callers) {
    const std::array<byte, 1> salt{1};
    keys::key_cost_limits tight;
    tight.bcrypt_rounds = 2;
    BOOST_TEST(!format::check_cost({salt, 2}, tight));
    BOOST_TEST((format::check_cost({salt, 3}, tight) == keys::key_too_costly()));
    BOOST_TEST((format::check_cost({salt, 0}, tight) == errc::key_corrupt));
    BOOST_TEST((format::check_cost({{}, 1}, tight) == errc::key_corrupt));
}

BOOST_AUTO_TEST_CASE(a_changed_tag_is_a_wrong_passphrase) {
    const auto& chacha = *format::find_section_cipher("chacha20-poly1305@openssh.com");
    const auto& gcm = *format::find_section_cipher("aes256-gcm@openssh.com");
    const std::vector<byte> derived(64, 1);
    for (const format::section_cipher* cipher : {&chacha, &gcm}) {
        crypto::secret_bytes section(32 + cipher->tag, 5);
        const bytes_view key = bytes_view(derived).first(cipher->key + cipher->iv);
        BOOST_TEST((format::open_section(*cipher, key, section) == errc::wrong_passphrase));
    }
    BOOST_TEST(format::find_section_cipher("none") == nullptr);
    BOOST_TEST(format::find_section_cipher("aes256-ct") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
