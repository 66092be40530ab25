// adit/config/revoked_keys.hpp: lists of keys that nobody may use, and the lists that revoke
// everything because they cannot be read.
#include "support/certificates.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/revoked_keys.hpp>

using namespace adit;
using config::revoked_keys;
using test::sample_public_key;

namespace {

std::string line_of(byte number) { return sample_public_key(number).to_line("a comment") + "\n"; }

std::string fault_of(std::string_view text) {
    const auto list = revoked_keys::parse(text, "list");
    BOOST_REQUIRE_MESSAGE(list.has_error(), text);
    return list.error().sentence();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(revoked_keys_file)

BOOST_AUTO_TEST_CASE(c51_keys_stand_one_on_a_line) {
    const auto list =
        revoked_keys::parse("# theirs\n\n \t" + line_of(1) + "\r\n" + line_of(3), "list").value();
    BOOST_TEST(list.line_of(sample_public_key(1)) == 3U);
    BOOST_TEST(list.line_of(sample_public_key(3)) == 5U);
    BOOST_TEST(list.line_of(sample_public_key(2)) == 0U);
    BOOST_TEST(revoked_keys::parse("", "list").value().line_of(sample_public_key(1)) == 0U);
    // A type that adit cannot use can be revoked all the same.
    const auto token = test::sample_unknown_key("sk-ssh-ed25519@openssh.com", 1);
    BOOST_TEST(revoked_keys::parse(token.to_line(), "list").value().line_of(token) == 1U);
}

BOOST_AUTO_TEST_CASE(c38_certificates_are_revoked_with_their_key_their_ca_or_themselves) {
    const keys::certificate shown = test::sample_certificate();  // of key 1, by key 2
    const auto whole = keys::public_key::parse(shown.blob()).value();
    for (const std::string& line : {line_of(1), line_of(2), whole.to_line() + "\n"}) {
        const auto list = revoked_keys::parse(line_of(5) + line, "list").value();
        BOOST_TEST(list.line_of(shown) == 2U);
    }
    BOOST_TEST(revoked_keys::parse(line_of(3), "list").value().line_of(shown) == 0U);
}

// Who lists a certificate has its key in mind, which would be as good in the next one.
BOOST_AUTO_TEST_CASE(c38_a_certificate_in_the_list_revokes_the_key_in_it) {
    const keys::certificate listed = test::sample_certificate();  // of key 1, by key 2
    const auto whole = keys::public_key::parse(listed.blob()).value();
    const auto list = revoked_keys::parse(whole.to_line() + "\n", "list").value();
    BOOST_TEST(list.line_of(sample_public_key(1)) == 1U);
    BOOST_TEST(list.line_of(sample_public_key(2)) == 0U);
    test::certificate_content renewed;
    renewed.serial = 8;
    const auto next = keys::certificate::parse(test::sample_certificate_blob(renewed)).value();
    BOOST_TEST(list.line_of(next) == 1U);
}

BOOST_AUTO_TEST_CASE(c51_what_cannot_be_read_wholly_is_no_list) {
    BOOST_TEST(fault_of(line_of(1) + "ssh-ed25519 AAAA\n") == "list:2: is no public key");
    BOOST_TEST(fault_of("db.test " + line_of(1)) == "list:1: is no public key");
    BOOST_TEST(fault_of(std::string("SSHKRL\n\0\0\0\0\1", 12)).starts_with("list: is a KRL"));
    const test::temporary_directory folder;
    BOOST_TEST(revoked_keys::load(folder.file("none")).has_error());
    BOOST_TEST(revoked_keys::load(folder.path().string()).has_error());
    const std::string path = test::write_file(folder.file("list"), line_of(1));
    BOOST_TEST(revoked_keys::load(path).value().line_of(sample_public_key(1)) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
