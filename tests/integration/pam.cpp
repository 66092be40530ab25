// Logging in with one-time codes at sshds that ask PAM (pam_oath) for them: alone, behind a key,
// and with codes of another secret; by the library and by adit-tunnel. RFC 4256, RFC 6238.
#include "support/test.hpp"

#include "integration/failure.hpp"
#include "integration/pam.hpp"
#include "integration/program.hpp"

namespace adit::test {
namespace {

task<> log_in_and_echo(client_options login) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    passage way(ex, std::move(login), far.port());
    co_await way.start();
    tcp::socket near = co_await way.dial();
    co_await check_echo(near, 1, mebibyte);
}

void works(client_options login) {
    asio::io_context io(1);
    run_loop(io, log_in_and_echo(std::move(login)));
}

[[nodiscard]] credential key_of(const sshd& server) { return server.login().credentials.front(); }

void code_alone(const sshd_peer& peer) {
    if (no_pam(peer)) return;
    const pam_sshd server(peer, "keyboard-interactive");
    client_options login = server.login();
    login.credentials = {codes_of(server.secret())};
    works(login);
}

void wrong_code(const sshd_peer& peer) {
    if (no_pam(peer)) return;
    const pam_sshd server(peer, "keyboard-interactive");
    client_options login = server.login();
    login.credentials = {codes_of(shared_secret())};
    login.password_attempts = 1;  // each other one would wait for the next step
    expect(failure_of_start(login), errc::authentication_failed,
           {server.account().name + "@127.0.0.1:", "authenticating", "tried keyboard-interactive",
            "the server would accept keyboard-interactive"});
}

// In whichever order they stand; either of them alone is not enough.
void code_behind_key(const sshd_peer& peer) {
    if (no_pam(peer)) return;
    const pam_sshd server(peer, "publickey,keyboard-interactive");
    const credential key = key_of(server.server());
    client_options login = server.login();
    login.credentials = {key};
    expect(failure_of_start(login), errc::another_factor_needed,
           {"tried publickey(id)", "the server would accept keyboard-interactive"});

    login.credentials = {codes_of(server.secret())};
    expect(failure_of_start(login), errc::method_unavailable,
           {"tried keyboard-interactive", "the server would accept publickey"});

    login.credentials = {codes_of(server.secret()), key};
    works(login);
}

#ifdef ADIT_TUNNEL

[[nodiscard]] std::vector<std::string> arguments(const pam_sshd& server,
                                                 const std::vector<std::string>& more) {
    know_host(server.folder(), server.server().port(), server.server().host_key_line());
    const std::string secret = server.secret().base32();
    // As services show it: in groups and small.
    std::string shown;
    for (std::size_t i = 0; i < secret.size(); i += 4) {
        shown += config::to_lower(secret.substr(i, 4)) + " ";
    }
    write_file(server.folder().file("totp"), shown + "\n");
    std::vector<std::string> all{"-vvv", "-L", "0:127.0.0.1:9", "-p",
                                 std::to_string(server.server().port())};
    all.insert(all.end(), more.begin(), more.end());
    all.push_back(server.account().name + "@127.0.0.1");
    return all;
}

// Not even at -vvv, where every message is told.
void tells_no_secret(const pam_sshd& server, const program& adit_tunnel) {
    const std::string said = config::to_lower(adit_tunnel.output());
    const std::string secret = config::to_lower(server.secret().base32());
    BOOST_TEST((said.find("userauth_info_response") != std::string::npos), said);
    BOOST_TEST((said.find(secret.substr(0, 8)) == std::string::npos), said);
    const std::string groups = secret.substr(0, 4) + " " + secret.substr(4, 4);
    BOOST_TEST((said.find(groups) == std::string::npos), said);
    BOOST_TEST((said.find("canary") == std::string::npos), said);
}

void program_with_code(const sshd_peer& peer) {
    if (no_pam(peer)) return;
    const pam_sshd server(peer, "keyboard-interactive");
    const std::string file = server.folder().file("totp");
    program adit_tunnel(server.folder(), {},
                        arguments(server, {"-o", "TOTPSecretFile=" + file, "-o", "BatchMode=yes"}));
    BOOST_TEST(adit_tunnel.says("\"event\":\"ready\""), adit_tunnel.output());
    BOOST_TEST(adit_tunnel.end() == 0);
    tells_no_secret(server, adit_tunnel);
}

void program_with_key_and_code(const sshd_peer& peer) {
    if (no_pam(peer)) return;
    const pam_sshd server(peer, "publickey,keyboard-interactive");
    const std::string key = server.folder().file("id");
    std::filesystem::copy_file(server.server().user_key(), key);
    const std::string passphrase = "canary of a passphrase";
    const auto encrypted =
        run({"ssh-keygen", "-q", "-p", "-a", "1", "-P", "", "-N", passphrase, "-f", key});
    BOOST_REQUIRE_MESSAGE(encrypted.status == 0, encrypted.errors);
    const std::string askpass =
        make_askpass(server.folder(), {"*passphrase*) echo '" + passphrase + "' ;;"});
    const std::string file = server.folder().file("totp");
    program adit_tunnel(
        server.folder(), {.askpass = askpass},
        arguments(server, {"-i", key, "-o", "TOTPSecretFile=" + file, "-o", "TOTPDigits=6"}));
    BOOST_TEST(adit_tunnel.says("\"event\":\"ready\""), adit_tunnel.output());
    BOOST_TEST(adit_tunnel.end() == 0);
    tells_no_secret(server, adit_tunnel);
    const std::string asked = read_file(server.folder().file("asked"));
    BOOST_TEST(asked == "Enter passphrase for key '" + key + "': \n");
}

#endif

BOOST_AUTO_TEST_SUITE(pam)

BOOST_AUTO_TEST_CASE(c37_code_alone_with_sshd_9_2) { code_alone(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(c37_code_alone_with_sshd_10_0) { code_alone(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(code_behind_key_with_sshd_9_2) { code_behind_key(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(code_behind_key_with_sshd_10_0) { code_behind_key(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(wrong_code_with_sshd_9_2) { wrong_code(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(wrong_code_with_sshd_10_0) { wrong_code(sshd_10_0()); }
#ifdef ADIT_TUNNEL
BOOST_AUTO_TEST_CASE(s03_program_with_code) { program_with_code(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(s03_program_with_key_and_code) { program_with_key_and_code(sshd_10_0()); }
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
