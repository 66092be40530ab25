// Loading a private key from a path: each failure by its own errc.
#include "support/fixed_random.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/key_file.hpp>

#include <sys/stat.h>

using namespace adit;

namespace {

error_code error_of(const std::string& path) {
    const auto key = config::load_private_key(path);
    return key ? error_code() : key.error();
}

std::string key_text() {
    return std::string(as_text(keys::to_openssh_format(test::sample_key(1, "mine"))));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_file)

BOOST_AUTO_TEST_CASE(a_good_file_loads) {
    const test::temporary_directory folder;
    const auto key = config::load_private_key(test::write_file(folder.file("key"), key_text()));
    BOOST_REQUIRE(key.has_value());
    BOOST_TEST((key->public_part() == test::sample_public_key(1)));
    BOOST_TEST(key->comment() == "mine");
}

BOOST_AUTO_TEST_CASE(s05_each_failure_has_its_own_error) {
    const test::temporary_directory folder;
    const auto file = [&folder](std::string_view content) {
        return test::write_file(folder.file("key"), content);
    };
    BOOST_TEST((error_of(folder.file("absent")) == errc::key_file_missing));
    BOOST_TEST((error_of(file("x") + "/below") == errc::key_file_missing));
    BOOST_TEST((error_of(std::string(5000, 'x')) == errc::key_file_unreadable));
    BOOST_TEST((error_of(folder.path().string()) == errc::key_file_not_regular));
    BOOST_TEST((error_of("/dev/zero") == errc::key_file_not_regular));
    BOOST_TEST((error_of("/dev/null") == errc::not_a_key));
    BOOST_TEST((error_of(file("no key")) == errc::not_a_key));
    BOOST_TEST((error_of(file(key_text().substr(0, 100))) == errc::key_corrupt));
    BOOST_TEST((error_of(file("-----BEGIN RSA PRIVATE KEY-----\n")) == errc::key_corrupt));
    BOOST_TEST((error_of(file("PuTTY-User-Key-File-3: x\n")) == errc::unsupported_key_type));
}

BOOST_AUTO_TEST_CASE(a_passphrase_opens_what_is_encrypted_and_does_not_disturb_what_is_not) {
    const test::temporary_directory folder;
    const auto key = test::sample_key(1, "mine");
    test::fixed_random random(1);
    const crypto::secret_bytes right{'r', 'i', 'g', 'h', 't'};
    const crypto::secret_bytes wrong{'w', 'r', 'o', 'n', 'g'};
    const std::string path =
        test::write_file(folder.file("key"), as_text(keys::to_openssh_format(key, right, random)));
    BOOST_TEST((error_of(path) == errc::passphrase_needed));
    BOOST_TEST((config::load_private_key(path, wrong).error() == errc::wrong_passphrase));
    const auto opened = config::load_private_key(path, right);
    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST((opened->public_part() == key.public_part()));
    test::write_file(path, key_text());
    BOOST_TEST(config::load_private_key(path, wrong).has_value());
    BOOST_TEST(
        (config::load_private_key(folder.file("absent"), right).error() == errc::key_file_missing));
}

BOOST_AUTO_TEST_CASE(l22_the_cap_is_one_mebibyte) {
    const test::temporary_directory folder;
    std::string content = key_text();
    content.resize(config::largest_key_file, '\n');
    const std::string path = test::write_file(folder.file("key"), content);
    BOOST_TEST(!error_of(path));
    test::write_file(path, content + '\n');
    BOOST_TEST((error_of(path) == errc::key_file_too_large));
}

BOOST_AUTO_TEST_CASE(s05_a_key_that_others_can_read_is_refused_before_it_is_parsed) {
    const test::temporary_directory folder;
    for (const std::string& content : {key_text(), std::string("no key")}) {
        const std::string path = test::write_file(folder.file("key"), content);
        BOOST_REQUIRE(::chmod(path.c_str(), 0644) == 0);
        BOOST_TEST((error_of(path) == errc::key_file_too_open));
    }
}

BOOST_AUTO_TEST_CASE(permission_denied_is_unreadable) {
    const error_code denied = make_error_code(boost::system::errc::permission_denied);
    BOOST_TEST((config::key_file_error(denied) == errc::key_file_unreadable));
    const error_code exhausted = make_error_code(boost::system::errc::too_many_files_open);
    BOOST_TEST((config::key_file_error(exhausted) == exhausted));
}

BOOST_AUTO_TEST_SUITE_END()
