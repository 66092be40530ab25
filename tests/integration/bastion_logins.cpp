// Other people's clients log in to adit-bastion: with every type of key that they have, with a
// password, with a one-time code, and with a key and a code after it (A15-A17).
#include "support/test.hpp"

#include "integration/bastion.hpp"

#ifdef ADIT_BASTION

namespace adit::test {
namespace {

const std::string password = "correct horse battery staple";

void each_key_type(const ssh_client& client) {
    if (missing(client)) return;
    const bastion_program server;
    const temporary_directory keys;
    for (const key_kind& kind : key_kinds()) {
        BOOST_TEST_CONTEXT(kind.name()) {
            const std::string key = make_key(keys.file(kind.name()), kind);
            write_file(server.file("authorized_keys"), read_file(key + ".pub"));
            const std::string told = "publickey " + sshd::fingerprint_of(key + ".pub");
            check_login(client, server, {.key = key_for(client, key)}, told);
        }
    }
}

void a_strange_key(const ssh_client& client) {
    if (missing(client)) return;
    const bastion_program server;
    const temporary_directory keys;
    const std::string key = make_key(keys.file("strange"));
    const auto outcome = ask_for_a_session(client, server, {.key = key_for(client, key)});
    BOOST_TEST(outcome.output.empty());
    BOOST_TEST((server.log().find(": login ") == std::string::npos), server.log());
    BOOST_TEST((server.log().find("login_refused publickey") != std::string::npos), server.log());
}

[[nodiscard]] std::string user_with_password() {
    const temporary_directory folder;
    return "[user.joe]\npassword = \"" + hash_of_password(folder, password) + "\"\n";
}

void a_password(const ssh_client& client) {
    if (missing(client)) return;
    const bastion_program server({.options = {"PasswordAuthentication=yes", "MaxAuthTries=3",
                                              "KbdInteractiveAuthentication=no"},
                                  .users = user_with_password()});
    check_login(client, server, {.answer = password}, "password");
    const std::size_t before = server.log().size();
    static_cast<void>(ask_for_a_session(client, server, {.answer = "another"}));
    const std::string log = server.log().substr(before);
    BOOST_TEST((log.find("login_refused password") != std::string::npos), log);
    BOOST_TEST((log.find(": login ") == std::string::npos), log);
}

void a_code(const ssh_client& client) {
    if (missing(client)) return;
    const bastion_program server(
        {.options = {"PubkeyAuthentication=no", "KbdInteractiveAuthentication=yes"},
         .users = "[user.joe]\ntotp = \"" + std::string(totp_secret) + "\"\n"});
    const std::string code = code_now();
    check_login(client, server, {.answer = code}, "keyboard-interactive");
    const std::size_t before = server.log().size();
    static_cast<void>(ask_for_a_session(client, server, {.answer = code}));
    const std::string log = server.log().substr(before);
    BOOST_TEST((log.find("login_refused keyboard-interactive") != std::string::npos), log);
    BOOST_TEST((log.find(": login ") == std::string::npos), log);
}

void a_key_and_a_code(const ssh_client& client) {
    if (missing(client)) return;
    const bastion_program server(
        {.options = {"AuthenticationMethods=publickey,keyboard-interactive"},
         .users = "[user.joe]\ntotp = \"" + std::string(totp_secret) + "\"\n"});
    const std::string key = key_for(client, server.key());
    const auto without = ask_for_a_session(client, server, {.key = key});
    BOOST_TEST(without.output.empty());
    const auto no_key = ask_for_a_session(client, server, {.answer = code_now()});
    BOOST_TEST(no_key.output.empty());
    BOOST_TEST((server.log().find(": login ") == std::string::npos), server.log());
    check_login(client, server, {.key = key, .answer = code_now()},
                "publickey,keyboard-interactive");
}

BOOST_AUTO_TEST_SUITE(bastion_logins)

BOOST_AUTO_TEST_CASE(each_key_type_of_ssh_9_2) { each_key_type(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(each_key_type_of_ssh_10_0) { each_key_type(ssh_10_0()); }
BOOST_AUTO_TEST_CASE(each_key_type_of_dbclient) { each_key_type(dbclient()); }
BOOST_AUTO_TEST_CASE(each_key_type_of_plink) { each_key_type(plink()); }

BOOST_AUTO_TEST_CASE(a_strange_key_of_ssh_9_2) { a_strange_key(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(a_strange_key_of_dbclient) { a_strange_key(dbclient()); }
BOOST_AUTO_TEST_CASE(a_strange_key_of_plink) { a_strange_key(plink()); }

BOOST_AUTO_TEST_CASE(a_password_of_ssh_9_2) { a_password(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(a_password_of_ssh_10_0) { a_password(ssh_10_0()); }
BOOST_AUTO_TEST_CASE(a_password_of_dbclient) { a_password(dbclient()); }
BOOST_AUTO_TEST_CASE(a_password_of_plink) { a_password(plink()); }

BOOST_AUTO_TEST_CASE(a17_a_code_is_used_once_by_ssh_9_2) { a_code(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(a17_a_code_is_used_once_by_ssh_10_0) { a_code(ssh_10_0()); }
BOOST_AUTO_TEST_CASE(a17_a_code_is_used_once_by_dbclient) { a_code(dbclient()); }
BOOST_AUTO_TEST_CASE(a17_a_code_is_used_once_by_plink) { a_code(plink()); }

BOOST_AUTO_TEST_CASE(a16_a_key_and_a_code_of_ssh_9_2) { a_key_and_a_code(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(a16_a_key_and_a_code_of_ssh_10_0) { a_key_and_a_code(ssh_10_0()); }
BOOST_AUTO_TEST_CASE(a16_a_key_and_a_code_of_dbclient) { a_key_and_a_code(dbclient()); }
BOOST_AUTO_TEST_CASE(a16_a_key_and_a_code_of_plink) { a_key_and_a_code(plink()); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
