// adit/accounts.hpp: keys and certificates, out of the table, out of files, by CAs for everybody.
// The grammar is tested in unit/config; here, that the right text is asked about the right user.
#include "accounts_scene.hpp"
#include "support/certificates.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"

#include <sys/stat.h>

using namespace adit;
using test::accounts_scene;

namespace {

struct keys_scene : accounts_scene {
    keys_scene() {
        table["alice"].authorized_keys = line(1) + line(2);
        table["bob"].authorized_keys = "permitopen=\"db:5432\",no-pty " + line(3);
        for (auto& [user, account] : table) account.home = home(user);
    }
    [[nodiscard]] static std::string line(byte number) {
        return test::sample_public_key(number).to_line() + '\n';
    }
    [[nodiscard]] std::string home(const std::string& user) const {
        const std::string path = folder.file(user);
        std::filesystem::create_directory(path);
        BOOST_REQUIRE(::chmod(path.c_str(), 0755) == 0);
        return path;
    }
    [[nodiscard]] authenticator::answer ask(const std::string& user, const keys::public_key& key,
                                            bool verified = true) {
        key_question question;
        question.who = {user, {"192.0.2.1", 1234}};
        question.key = &key;
        question.algorithm = key.type();
        question.verified = verified;
        return await(users().check_key(question));
    }
    [[nodiscard]] bool lets_in(const std::string& user, byte number, bool verified = true) {
        return ask(user, test::sample_public_key(number), verified).has_value();
    }
    [[nodiscard]] authenticator::answer ask_with_certificate(
        const std::string& user, const test::certificate_content& content) {
        const auto blob = test::sample_certificate_blob(content);
        return ask(user, keys::public_key::parse(blob).value());
    }

    const test::temporary_directory folder;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(accounts_with_keys, keys_scene)

BOOST_AUTO_TEST_CASE(each_user_has_keys_of_their_own) {
    for (const bool verified : {false, true}) {
        BOOST_TEST(lets_in("alice", 1, verified));
        BOOST_TEST(lets_in("alice", 2, verified));
        BOOST_TEST(!lets_in("alice", 3, verified));
        BOOST_TEST(lets_in("bob", 3, verified));
        BOOST_TEST(!lets_in("bob", 1, verified));
        for (byte number = 1; number <= 3; ++number) {
            BOOST_TEST(!lets_in("carol", number, verified));
            BOOST_TEST(!lets_in("nobody", number, verified));
            BOOST_TEST(!lets_in("", number, verified));
        }
    }
}

BOOST_AUTO_TEST_CASE(a15_a_stranger_is_looked_up_in_somebody_s_keys_and_refused) {
    table.erase("bob");
    table.erase("carol");
    BOOST_TEST(!lets_in("nobody", 1));
    table.clear();
    restart();
    BOOST_TEST(!lets_in("nobody", 1));
}

BOOST_AUTO_TEST_CASE(a27_what_the_line_and_the_account_allow) {
    const auto alice = ask("alice", test::sample_public_key(1));
    BOOST_REQUIRE(alice.has_value());
    BOOST_TEST(alice->allow_open("anywhere", 1, wall));
    BOOST_TEST(alice->allow_pty(wall));
    const auto bob = ask("bob", test::sample_public_key(3));
    BOOST_REQUIRE(bob.has_value());
    BOOST_TEST(bob->allow_open("db", 5432, wall));
    BOOST_TEST(!bob->allow_open("db", 5433, wall));
    BOOST_TEST(!bob->allow_pty(wall));

    config::key_grant web;
    web.port_forwarding = true;
    web.permit_open = std::vector<config::permitted_place>{{"web", 80}};
    table["alice"].allowed = permissions(web);
    table["bob"].allowed = permissions(web);
    restart();
    const auto narrowed = ask("alice", test::sample_public_key(1));
    BOOST_REQUIRE(narrowed.has_value());
    BOOST_TEST(narrowed->allow_open("web", 80, wall));
    BOOST_TEST(!narrowed->allow_open("db", 5432, wall));
    const auto neither = ask("bob", test::sample_public_key(3));
    BOOST_REQUIRE(neither.has_value());
    BOOST_TEST(!neither->allow_open("web", 80, wall));
    BOOST_TEST(!neither->allow_open("db", 5432, wall));
}

BOOST_AUTO_TEST_CASE(a27_an_account_that_allows_nothing_stays_so) {
    table["alice"].allowed = permissions();
    const auto alice = ask("alice", test::sample_public_key(1));
    BOOST_REQUIRE(alice.has_value());
    BOOST_TEST(!alice->allow_open("anywhere", 1, wall));
    BOOST_TEST(!alice->allow_pty(wall));
}

BOOST_AUTO_TEST_CASE(an_account_s_permissions_also_bound_passwords_and_codes) {
    table["alice"].allowed = permissions();
    const login_question who{"alice", {"192.0.2.1", 1234}};
    const auto given = test::secret_of("wonderland");
    const auto by_password = await(users().check_password(who, given));
    BOOST_REQUIRE(by_password.has_value());
    BOOST_TEST(!by_password->allow_pty(wall));
    test::scripted_dialogue dialogue("alice", {code()});
    const auto by_code = await(users().converse(dialogue));
    BOOST_REQUIRE(by_code.has_value());
    BOOST_TEST(!by_code->allow_pty(wall));
}

BOOST_AUTO_TEST_CASE(from_and_expiry_time_are_asked_about_the_peer_and_now) {
    table["alice"].authorized_keys = "from=\"192.0.2.0/24\",expiry-time=\"20050318015829Z\" " +
                                     line(1) + "from=\"198.51.100.0/24\" " + line(2);
    BOOST_TEST(lets_in("alice", 1));  // the clock says 2005-03-18 01:58:29
    BOOST_TEST(!lets_in("alice", 2));
    ++wall;
    BOOST_TEST(!lets_in("alice", 1));
}

BOOST_AUTO_TEST_CASE(c38_a_ca_for_everybody_vouches_for_its_principals_only) {
    test::certificate_content content;
    content.principals = {"alice"};
    content.valid_after = wall - 1;
    content.valid_before = wall + 1;
    BOOST_TEST(!ask_with_certificate("alice", content));
    options.trusted_user_ca_keys = "# of the company\n" + line(2);
    table["alice"].authorized_keys.clear();
    restart();
    BOOST_TEST(ask_with_certificate("alice", content).has_value());
    BOOST_TEST(!ask_with_certificate("bob", content));
    BOOST_TEST(!ask_with_certificate("nobody", content));
    content.principals = {"nobody"};
    BOOST_TEST(!ask_with_certificate("nobody", content));
    content.principals = {"alice"};
    ++wall;
    BOOST_TEST(!ask_with_certificate("alice", content));
    BOOST_TEST(faults.empty());
    // The CA's own key is nobody's.
    BOOST_TEST(!lets_in("alice", 2));
}

// CVE-2026-39829's relative: nobody follows the chain, so nobody's stack or time runs out.
BOOST_AUTO_TEST_CASE(a14_a_certificate_in_a_certificate_lets_nobody_in) {
    options.trusted_user_ca_keys = line(2);
    table["user"].authorized_keys = "cert-authority " + line(2);
    std::size_t looked_at = 0;
    options.revoked = [&looked_at](const keys::public_key&) {
        ++looked_at;
        return false;
    };
    wall = 1500;
    BOOST_TEST(ask_with_certificate("user", {}).has_value());
    const std::size_t of_a_good_one = std::exchange(looked_at, 0);
    const auto blob = test::nested_certificate_blob(1000);
    const auto key = keys::public_key::parse(blob).value();
    BOOST_TEST(!ask("user", key));
    BOOST_TEST(looked_at <= of_a_good_one);
}

BOOST_AUTO_TEST_CASE(c38_what_is_revoked_lets_nobody_in) {
    options.trusted_user_ca_keys = line(2);
    options.revoked = [](const keys::public_key& key) { return key == test::sample_public_key(1); };
    test::certificate_content content;  // it certifies key 1
    content.principals = {"alice"};
    content.valid_before = wall + 1;
    BOOST_TEST(!ask_with_certificate("alice", content));
    BOOST_TEST(!lets_in("alice", 1));
    BOOST_TEST(lets_in("alice", 2));
}

BOOST_AUTO_TEST_CASE(a_ca_that_cannot_be_read_is_a_fault_of_nobody) {
    options.trusted_user_ca_keys = line(2) + "nonsense\n";
    static_cast<void>(users());
    BOOST_REQUIRE(faults.size() == 1U);
    BOOST_TEST(faults[0].user.empty());
    BOOST_TEST(faults[0].line == 2U);
}

BOOST_AUTO_TEST_CASE(files_of_each_user_beside_the_table) {
    options.keys_files = {"%h/.keys", folder.file("of_%u")};
    test::write_file(home("alice") + "/.keys", line(4));
    test::write_file(folder.file("of_alice"), line(5));
    test::write_file(home("carol") + "/.keys", line(6));
    options.strict_modes = false;
    for (const int number : {1, 2, 4, 5}) {
        BOOST_TEST(lets_in("alice", static_cast<byte>(number)), number);
    }
    BOOST_TEST(!lets_in("alice", 6));
    BOOST_TEST(lets_in("carol", 6));
    BOOST_TEST(!lets_in("carol", 4));
    BOOST_TEST(!lets_in("nobody", 4));
    // No restart: a file is read at each login.
    test::write_file(home("carol") + "/.keys", line(7));
    BOOST_TEST(!lets_in("carol", 6));
    BOOST_TEST(lets_in("carol", 7));
}

BOOST_AUTO_TEST_CASE(everybody_else_by_files_that_serve_every_name) {
    options.everybody.emplace();
    options.everybody->authorized_keys = line(8);
    options.everybody->password_hash = hash_of("wonderland");
    options.everybody->totp = totp();
    options.keys_files = {folder.file("of_%u"), ".keys"};
    options.strict_modes = false;
    test::write_file(folder.file("of_dave"), line(5));
    BOOST_TEST(lets_in("dave", 5));
    BOOST_TEST(lets_in("erin", 8));
    BOOST_TEST(!lets_in("erin", 5));
    BOOST_TEST(!lets_in("../of_dave", 5));
    BOOST_TEST(lets_in("alice", 1));
    BOOST_TEST(!lets_in("alice", 8));  // who is in the table is nobody else
    BOOST_TEST(!password("dave", "wonderland"));
    BOOST_TEST(!converse("dave", {code()}));
}

BOOST_AUTO_TEST_CASE(s05_strict_modes_ignore_a_file_that_others_can_write) {
    std::vector<std::string> trouble;
    options.keys_files = {".keys", ".none"};
    options.keys_file_trouble = [&](const std::string& file, error_code ec) {
        BOOST_TEST((ec == boost::system::errc::permission_denied));
        trouble.push_back(file);
    };
    const std::string path = test::write_file(home("carol") + "/.keys", line(6));
    BOOST_TEST(lets_in("carol", 6));
    BOOST_TEST(trouble.empty());
    BOOST_REQUIRE(::chmod(path.c_str(), 0620) == 0);
    BOOST_TEST(!lets_in("carol", 6));
    BOOST_TEST(trouble == std::vector<std::string>{path}, boost::test_tools::per_element());
    BOOST_REQUIRE(::chmod(path.c_str(), 0600) == 0);
    BOOST_REQUIRE(::chmod(folder.file("carol").c_str(), 0777) == 0);
    BOOST_TEST(!lets_in("carol", 6));
    options.strict_modes = false;
    restart();
    BOOST_TEST(lets_in("carol", 6));
}

BOOST_AUTO_TEST_CASE(concurrency_files_are_read_by_the_pool) {
    options.keys_files = {".keys"};
    options.pool.threads = 1;
    test::write_file(home("carol") + "/.keys", line(6));
    BOOST_TEST(lets_in("carol", 6));
    BOOST_TEST(!lets_in("carol", 7));
    BOOST_TEST(!lets_in("nobody", 6));
}

BOOST_AUTO_TEST_SUITE_END()
