// Replacing a key in known_hosts: what changes and what does not, and that the file is whole at
// every moment (S06, S07).
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/known_hosts_replacer.hpp>

#include <sys/stat.h>
#include <sys/wait.h>

using namespace adit;
using config::host_key_status;

namespace {

std::string key_text(byte number) { return test::sample_public_key(number).to_line(); }

/// Key 1 goes, key 2 comes.
error_code replace(const std::string& path, std::string_view host, std::uint16_t port = 22) {
    const std::string known = keys::fingerprint(test::sample_public_key(1));
    const keys::public_key fresh = test::sample_public_key(2);
    return config::replace_known_host(path, {host, port, known, fresh});
}

host_key_status verdict(const std::string& path, std::string_view host, byte number,
                        std::uint16_t port = 22) {
    const auto hosts = config::known_hosts::load(path).value();
    return hosts.check(host, port, test::sample_public_key(number)).status;
}

struct folder {
    test::temporary_directory place;
    std::string path = place.file("known_hosts");

    void write(const std::string& text) const { test::write_file(path, text); }
    std::string content() const { return test::read_file(path); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(known_hosts_replacer)

BOOST_AUTO_TEST_CASE(s07_line_of_one_host_gets_the_new_key_where_it_stood) {
    const folder f;
    f.write("# mine\nother " + key_text(1) + "\nDB.test " + key_text(1) + " a comment\nlast " +
            key_text(3));
    BOOST_TEST(!replace(f.path, "db.test"));
    BOOST_TEST(f.content() == "# mine\nother " + key_text(1) + "\ndb.test " + key_text(2) +
                                  "\nlast " + key_text(3) + "\n");
    BOOST_TEST(test::read_file(f.path + ".old").ends_with("last " + key_text(3)));
}

BOOST_AUTO_TEST_CASE(s07_other_hosts_of_the_line_keep_their_key) {
    const folder f;
    f.write("db.test,192.0.2.1,[db.test]:2222 " + key_text(1) + "\n");
    BOOST_TEST(!replace(f.path, "db.test"));
    BOOST_TEST(f.content() ==
               "192.0.2.1,[db.test]:2222 " + key_text(1) + "\ndb.test " + key_text(2) + "\n");
    BOOST_TEST(!replace(f.path, "db.test", 2222));
    BOOST_TEST((verdict(f.path, "db.test", 2, 2222) == host_key_status::match));
    BOOST_TEST((verdict(f.path, "192.0.2.1", 1) == host_key_status::match));
}

BOOST_AUTO_TEST_CASE(s07_every_line_with_the_key_changes_and_no_other_key) {
    const folder f;
    f.write("db.test " + key_text(1) + "\ndb.test " + key_text(3) + "\ndb.test " + key_text(1) +
            "\n");
    BOOST_TEST(!replace(f.path, "db.test"));
    BOOST_TEST(f.content() == "db.test " + key_text(2) + "\ndb.test " + key_text(3) + "\n");
}

BOOST_AUTO_TEST_CASE(s07_hashed_line_stays_hashed) {
    const folder f;
    const std::vector<byte> salt(keys::name_salt_size, 7);
    const std::string hashed = keys::hash_name("db.test", salt);
    f.write(hashed + " " + key_text(1) + "\n");
    BOOST_TEST(!replace(f.path, "db.test"));
    BOOST_TEST(f.content() == hashed + " " + key_text(2) + "\n");
}

BOOST_AUTO_TEST_CASE(s07_pattern_is_nobodys_to_change) {
    for (const std::string names : {"*.test", "db.test,*.example", "db.*,!evil.test"}) {
        const folder f;
        const std::string before = names + " " + key_text(1) + "\n";
        f.write(before);
        BOOST_TEST((replace(f.path, "db.test") == errc::known_hosts_unwritable));
        BOOST_TEST(f.content() == before);
    }
}

BOOST_AUTO_TEST_CASE(s06_file_that_says_something_else_by_now_is_left_alone) {
    const folder f;
    f.write("db.test " + key_text(3) + "\n");
    BOOST_TEST((replace(f.path, "db.test") == errc::host_key_changed));
    f.write("db.test " + key_text(1) + "\n@revoked * " + key_text(2) + "\n");
    BOOST_TEST((replace(f.path, "db.test") == errc::host_key_revoked));
    BOOST_TEST(f.content() == "db.test " + key_text(1) + "\n@revoked * " + key_text(2) + "\n");
}

BOOST_AUTO_TEST_CASE(c51_markers_are_not_touched) {
    const folder f;
    const std::string authority = "@cert-authority db.test " + key_text(1) + "\n";
    f.write(authority + "db.test " + key_text(1) + "\n");
    BOOST_TEST(!replace(f.path, "db.test"));
    BOOST_TEST(f.content() == authority + "db.test " + key_text(2) + "\n");
}

BOOST_AUTO_TEST_CASE(a30_no_name_that_means_more_than_itself) {
    const folder f;
    f.write("db.test " + key_text(1) + "\n");
    BOOST_TEST((replace(f.path, "db.test\n@cert-authority *") == errc::unsafe_host_name));
    BOOST_TEST((replace("none", "db.test") == errc::known_hosts_unwritable));
    BOOST_TEST((replace("/dev/null", "db.test") == errc::known_hosts_unwritable));
}

BOOST_AUTO_TEST_CASE(s06_mode_and_link_stay) {
    const folder f;
    const std::string link = f.place.file("link");
    f.write("db.test " + key_text(1) + "\n");
    std::filesystem::permissions(f.path, std::filesystem::perms(0640));
    std::filesystem::create_symlink(f.path, link);
    BOOST_TEST(!replace(link, "db.test"));
    BOOST_TEST(std::filesystem::is_symlink(link));
    struct stat status{};
    BOOST_REQUIRE(::stat(f.path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0640U);
    BOOST_TEST((verdict(link, "db.test", 2) == host_key_status::match));
    // Nothing is left of the making.
    const auto files = std::filesystem::directory_iterator(f.place.path());
    BOOST_TEST(std::distance(begin(files), end(files)) == 3);
}

BOOST_AUTO_TEST_CASE(s06_nothing_is_lost_that_others_append_meanwhile) {
    const folder f;
    constexpr byte many = 40;
    f.write("db.test " + key_text(1) + "\n");
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        for (byte n = 0; n < many; ++n) {
            const std::string host = "host" + std::to_string(n);
            if (config::add_known_host(f.path, host, 22, test::sample_public_key(3))) ::_exit(1);
        }
        ::_exit(0);
    }
    // Fewer than an append looks for the file that stands there.
    for (byte n = 0; n < 8; ++n) {
        const byte from = n % 2 == 0 ? 1 : 2;
        const std::string known = keys::fingerprint(test::sample_public_key(from));
        const keys::public_key fresh = test::sample_public_key(3 - from);
        const error_code ec = config::replace_known_host(f.path, {"db.test", 22, known, fresh});
        BOOST_TEST(!ec, ec.message());
    }
    int status = -1;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    for (byte n = 0; n < many; ++n) {
        BOOST_TEST((verdict(f.path, "host" + std::to_string(n), 3) == host_key_status::match));
    }
}

BOOST_AUTO_TEST_CASE(s07_ssh_keygen_finds_what_was_written) {
    const folder f;
    f.write("db.test,192.0.2.1 " + key_text(1) + "\n");
    BOOST_TEST(!replace(f.path, "db.test"));
    const auto found = test::run({"ssh-keygen", "-F", "db.test", "-f", f.path});
    BOOST_TEST(found.status == 0);
    BOOST_TEST(found.output.find(key_text(2)) != std::string::npos);
    BOOST_TEST(found.output.find(key_text(1)) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
