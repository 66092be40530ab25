// Hashed host names against ssh-keygen -H.
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/keys/hashed_name.hpp>

using namespace adit;

BOOST_AUTO_TEST_SUITE(hashed_name)

BOOST_AUTO_TEST_CASE(what_ssh_keygen_hashed_is_recognised_and_made_again) {
    const test::temporary_directory folder;
    const std::string name = "[db.example.org]:2222";
    const std::string file = test::write_file(
        folder.file("known_hosts"), name + ' ' + test::sample_public_key(1).to_line() + '\n');
    BOOST_REQUIRE(test::run({"ssh-keygen", "-H", "-f", file}).status == 0);
    const std::string content = test::read_file(file);
    const std::string hashed = content.substr(0, content.find(' '));
    BOOST_TEST(keys::is_hashed_name(hashed));
    BOOST_TEST(keys::matches_hashed_name(hashed, name));
    BOOST_TEST(!keys::matches_hashed_name(hashed, "[db.example.org]:2223"));

    const auto salt = keys::from_base64(hashed.substr(3, 28));
    BOOST_REQUIRE(salt.has_value());
    BOOST_TEST(keys::hash_name(name, *salt) == hashed);
}

BOOST_AUTO_TEST_CASE(anything_malformed_matches_nothing) {
    const std::vector<byte> salt(keys::name_salt_size, 9);
    const std::string good = keys::hash_name("host", salt);
    BOOST_REQUIRE(keys::matches_hashed_name(good, "host"));
    const std::string short_salt = keys::hash_name("host", bytes_view(salt).first(19));
    for (const std::string& bad :
         {std::string(), std::string("|"), std::string("|1|"), std::string("|1||"),
          "|2" + good.substr(2), good.substr(0, good.size() - 1), good + "A", good + "|",
          good.substr(0, good.rfind('|')), good.substr(0, good.rfind('|') + 1), good.substr(1),
          short_salt}) {
        BOOST_TEST_INFO(bad);
        BOOST_TEST(!keys::matches_hashed_name(bad, "host"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
