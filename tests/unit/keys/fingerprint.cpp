// Fingerprints against ssh-keygen -l, and pinned ones as people paste them.
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

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
