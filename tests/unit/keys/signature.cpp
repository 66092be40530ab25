// Signature blobs and the table of algorithms.
#include "support/test.hpp"

#include <adit/keys/key_types.hpp>
#include <adit/keys/signature.hpp>

using namespace adit;

BOOST_AUTO_TEST_SUITE(signature)

BOOST_AUTO_TEST_CASE(a_blob_is_two_strings) {
    const std::array<byte, 3> bytes{1, 2, 3};
    const auto blob = keys::to_blob({"ab", bytes});
    BOOST_TEST(to_hex(blob) == "00000002616200000003010203");
    const auto parsed = keys::parse_signature(blob);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->algorithm == "ab");
    BOOST_TEST(to_hex(parsed->bytes) == "010203");
}

BOOST_AUTO_TEST_CASE(a13_every_truncation_and_any_trailing_byte_is_refused) {
    const std::array<byte, 3> bytes{1, 2, 3};
    auto blob = keys::to_blob({"ab", bytes});
    for (std::size_t size = 0; size < blob.size(); ++size) {
        const auto parsed = keys::parse_signature(bytes_view(blob).first(size));
        BOOST_TEST((parsed.error() == errc::message_truncated));
    }
    blob.push_back(0);
    BOOST_TEST((keys::parse_signature(blob).error() == errc::trailing_bytes));
}

BOOST_AUTO_TEST_CASE(every_algorithm_belongs_to_a_key_type_and_is_found) {
    for (const keys::signature_algorithm& row : keys::signature_algorithms) {
        BOOST_TEST(keys::find_signature_algorithm(row.name) == &row);
        BOOST_TEST(keys::find_key_type(row.key_type) != nullptr);
    }
    for (const std::string_view name : {"", "ssh-rsa", "ssh-dss", "none", "ssh-ed25519,"}) {
        BOOST_TEST(keys::find_signature_algorithm(name) == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(the_default_names_are_the_table_in_its_order) {
    BOOST_TEST(keys::default_host_key_algorithm_names() ==
               "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
               "rsa-sha2-512,rsa-sha2-256");
}

BOOST_AUTO_TEST_CASE(c33_an_rsa_key_has_two_algorithms_and_neither_is_sha_1) {
    const std::vector<std::string_view> rsa{"rsa-sha2-512", "rsa-sha2-256"};
    BOOST_TEST(keys::signature_algorithms_for("ssh-rsa") == rsa, boost::test_tools::per_element());
    for (const keys::key_type& row : keys::key_types) {
        const auto names = keys::signature_algorithms_for(row.name);
        BOOST_TEST(names.size() == (row.name == "ssh-rsa" ? 2U : 1U));
    }
    BOOST_TEST(keys::signature_algorithms_for("rsa-sha2-512").empty());
    BOOST_TEST(keys::signature_algorithms_for("ssh-dss").empty());
}

BOOST_AUTO_TEST_SUITE_END()
