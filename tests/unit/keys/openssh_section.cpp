// The decrypted section of OpenSSH's key files: each type, and each byte of it changed.
#include "key_samples.hpp"
#include "support/sample_keys.hpp"
#include "support/test.hpp"

#include <adit/keys/openssh_section.hpp>

using namespace adit;
namespace format = keys::openssh_format;

namespace {

std::vector<keys::private_key> every_type() {
    std::vector<keys::private_key> made;
    made.push_back(test::sample_key(1));
    for (const auto* curve : keys::nist_curves) made.push_back(test::sample_ecdsa_key(*curve, 7));
    made.push_back(test::sample_rsa_key());
    return made;
}

error_code error_of(bytes_view section, bool encrypted, const keys::private_key& key) {
    const auto parsed = format::parse_section(section, encrypted, key.public_part());
    return parsed ? error_code() : parsed.error();
}

/// Where the secret begins: behind the check numbers and the type.
std::size_t head_size(const keys::private_key& key) { return 12 + key.public_part().type().size(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(openssh_section)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_whatever_the_padding) {
    for (keys::private_key& key : every_type()) {
        for (std::size_t size = 0; size < 17; ++size) {
            key.set_comment(std::string(size, 'c'));
            const auto section = format::section_of(key, 7, 16);
            BOOST_TEST(section.size() % 16 == 0U);
            const auto again = format::parse_section(section, false, key.public_part());
            BOOST_REQUIRE(again.has_value());
            BOOST_TEST(again->comment() == key.comment());
            BOOST_TEST((again->public_part() == key.public_part()));
        }
    }
}

BOOST_AUTO_TEST_CASE(c53_different_check_numbers_are_a_wrong_passphrase_only_if_there_is_one) {
    const auto key = test::sample_key(1);
    auto section = format::section_of(key, 7, 8);
    section[0] ^= 1;
    BOOST_TEST((error_of(section, true, key) == errc::wrong_passphrase));
    BOOST_TEST((error_of(section, false, key) == errc::key_corrupt));
}

BOOST_AUTO_TEST_CASE(c53_no_byte_of_a_section_can_be_changed_but_the_comments) {
    for (keys::private_key& key : every_type()) {
        const bool rsa = key.public_part().type() == "ssh-rsa";
        const auto section = format::section_of(key, 7, 16);
        // RSA signs at each try; a few places of each number are enough.
        const std::size_t step = rsa ? 37 : 1;
        for (std::size_t at = 0; at < section.size(); at += step) {
            auto changed = section;
            changed[at] ^= 1;
            const error_code error = error_of(changed, false, key);
            // The inverse in an RSA key is not used.
            const std::size_t inverse = head_size(key) + 4 + 257 + 4 + 3 + 4 + 256;
            if (rsa && at > inverse && at < inverse + 136) continue;
            BOOST_TEST_INFO(key.public_part().type() << " at " << at);
            BOOST_TEST((error == errc::key_corrupt));
        }
    }
}

BOOST_AUTO_TEST_CASE(c53_every_truncation_and_a_longer_end_are_corrupt) {
    for (keys::private_key& key : every_type()) {
        key.set_comment("comment");
        const auto section = format::section_of(key, 7, 8);
        const std::size_t whole = section.size() - 7;  // what is missing may be padding
        const std::size_t step = key.public_part().type() == "ssh-rsa" ? 19 : 1;
        for (std::size_t size = 0; size < whole; size += step) {
            const bytes_view cut = bytes_view(section).first(size);
            if (size > section.size() - 15) continue;
            BOOST_TEST((error_of(cut, false, key) == errc::key_corrupt));
        }
        auto longer = section;
        longer.push_back(0);
        BOOST_TEST((error_of(longer, false, key) == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_CASE(c53_the_secret_must_be_that_of_the_public_key) {
    const auto mine = test::sample_key(1);
    BOOST_TEST((error_of(format::section_of(mine, 7, 8), false, test::sample_key(2)) ==
                errc::key_corrupt));
    for (const auto* curve : keys::nist_curves) {
        const auto one = test::sample_ecdsa_key(*curve, 7);
        const auto two = test::sample_ecdsa_key(*curve, 8);
        BOOST_TEST((error_of(format::section_of(one, 7, 8), false, two) == errc::key_corrupt));
        BOOST_TEST((error_of(format::section_of(one, 7, 8), false, mine) == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_CASE(a_key_that_was_moved_from_has_no_section) {
    auto key = test::sample_rsa_key();
    const auto moved = std::move(key);
    BOOST_TEST(format::section_of(key, 7, 8).empty());  // NOLINT(bugprone-use-after-move)
    BOOST_TEST(!format::section_of(moved, 7, 8).empty());
}

BOOST_AUTO_TEST_SUITE_END()
