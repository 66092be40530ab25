// Fingerprints against ssh-keygen -l, and pinned ones as people paste them.
#include "support/certificates.hpp"
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "unit/keys/key_samples.hpp"

#include <adit/keys/fingerprint.hpp>

using namespace adit;

BOOST_AUTO_TEST_SUITE(fingerprint)

BOOST_AUTO_TEST_CASE(equal_to_what_ssh_keygen_prints) {
    const test::temporary_directory folder;
    for (byte number = 0; number < 8; ++number) {
        const auto key = test::sample_public_key(number);
        const std::string file = test::write_file(folder.file("key.pub"), key.to_line() + "\n");
        const auto printed = test::run({"ssh-keygen", "-l", "-f", file});
        BOOST_REQUIRE(printed.status == 0);
        const std::string expected = "256 " + keys::fingerprint(key) + " ";
        BOOST_TEST(printed.output.substr(0, expected.size()) == expected);
    }
}

// The key's, so that it can be compared with what people know.
BOOST_AUTO_TEST_CASE(c38_a_certificate_has_that_of_its_key) {
    const test::temporary_directory folder;
    // Types that adit does not have; their blobs, with the names that certificates' names begin
    // with.
    const auto in_hardware = [](std::string_view type, const std::vector<std::string>& fields) {
        std::string blob = test::wire_string(type);
        for (const std::string& field : fields) blob += test::wire_string(field);
        return std::vector<byte>(blob.begin(), blob.end());
    };
    const std::string point(32, 'p');
    const auto ecdsa = test::sample_ecdsa_key(keys::nistp256, 3).public_part();
    wire::reader r(ecdsa.blob());
    static_cast<void>(r.take_string());
    const std::string curve(as_text(r.take_string())), place(as_text(r.take_string()));
    const auto plain = test::sample_public_key(1);
    const std::vector<std::vector<byte>> subjects{
        {plain.blob().begin(), plain.blob().end()},
        {ecdsa.blob().begin(), ecdsa.blob().end()},
        in_hardware("sk-ssh-ed25519", {point, "ssh:"}),
        in_hardware("sk-ecdsa-sha2-nistp256", {curve, place, "ssh:"})};
    const auto ca = test::sample_key(2);
    for (const auto& subject : subjects) {
        const auto blob =
            test::certificate_blob({}, subject, ca.public_part().blob(), ca, "ssh-ed25519");
        const auto certificate = keys::public_key::parse(blob);
        BOOST_REQUIRE(certificate.has_value());
        const std::string line = certificate->to_line() + "\n";
        const auto printed =
            test::run({"ssh-keygen", "-l", "-f", test::write_file(folder.file("cert.pub"), line)});
        BOOST_REQUIRE_MESSAGE(printed.status == 0, certificate->type() << printed.errors);
        const std::string expected = "256 " + keys::fingerprint(*certificate) + " ";
        BOOST_TEST(printed.output.substr(0, expected.size()) == expected, certificate->type());
    }
    const auto whole = keys::public_key::parse(
        test::certificate_blob({}, subjects[0], ca.public_part().blob(), ca, "ssh-ed25519"));
    BOOST_TEST(keys::fingerprint(whole.value()) == keys::fingerprint(plain));
}

// What only looks like one is hashed as it is.
BOOST_AUTO_TEST_CASE(c38_a_certificate_that_ends_early_has_its_own) {
    const std::string cut = test::wire_string("sk-ssh-ed25519-cert-v01@openssh.com") + "nonce";
    const auto read = keys::public_key::parse(as_bytes(cut));
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(keys::uncertified_blob(read->blob()).size() == cut.size());
    BOOST_TEST(keys::parse_fingerprint(keys::fingerprint(*read)).has_value());
}

BOOST_AUTO_TEST_CASE(a_pinned_fingerprint_may_have_blanks_and_padding) {
    const auto key = test::sample_public_key(1);
    const std::string text = keys::fingerprint(key);
    for (const std::string& pinned : {text, text + "=", "  " + text + " \r\n"}) {
        BOOST_TEST(keys::parse_fingerprint(pinned).value() == text);
        BOOST_TEST(keys::matches_fingerprint(key, pinned));
        BOOST_TEST(!keys::matches_fingerprint(test::sample_public_key(2), pinned));
    }
}

BOOST_AUTO_TEST_CASE(anything_else_matches_nothing) {
    const auto key = test::sample_public_key(1);
    const std::string text = keys::fingerprint(key);
    for (const std::string& pinned :
         {std::string(), std::string(" "), std::string("SHA256:"), text.substr(7),
          text + "==", text.substr(0, text.size() - 1), text + "A", "sha256:" + text.substr(7),
          std::string("MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48"),
          "SHA256: " + text.substr(7)}) {
        BOOST_TEST_INFO(pinned);
        BOOST_TEST(
            (keys::parse_fingerprint(pinned).error() == boost::system::errc::invalid_argument));
        BOOST_TEST(!keys::matches_fingerprint(key, pinned));
    }
}

BOOST_AUTO_TEST_SUITE_END()
