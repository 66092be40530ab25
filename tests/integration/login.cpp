// Logging in by key and by password, and what is said when a login fails, against both sshds. The
// password's account exists in a mount namespace of that sshd alone, so this needs root.
#include "support/test.hpp"

#include "integration/failure.hpp"

namespace adit::test {
namespace {

const temporary_account account{"adit-test-user", "correct horse battery staple"};

[[nodiscard]] credential secret(std::string_view text) {
    return password_credential(secret_bytes(text.begin(), text.end()));
}

[[nodiscard]] client_options by_password(const sshd& server, std::string_view text) {
    client_options login = server.login();
    login.user = account.name;
    login.credentials = {secret(text)};
    return login;
}

[[nodiscard]] client_options by_stranger(const sshd& server) {
    client_options login = server.login();
    auto key = config::load_private_key(make_key(server.file("stranger")));
    login.credentials = {key_credential(std::move(*key), "stranger")};
    return login;
}

task<> log_in_and_echo(client_options login) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    passage way(ex, std::move(login), far.port());
    co_await way.start();
    tcp::socket near = co_await way.dial();
    co_await check_echo(near, 1, mebibyte);
}

void passwords(const sshd_peer& peer) {
    if (missing(peer)) return;
    if (::geteuid() != 0) return skip("an account for one sshd only needs root");
    const sshd server(peer, {{"PasswordAuthentication yes"}, account});
    asio::io_context io(1);
    run_loop(io, log_in_and_echo(by_password(server, account.password)));

    const failure wrong = failure_of_start(by_password(server, "wrong"));
    expect(wrong, errc::authentication_failed,
           {account.name + "@127.0.0.1:", "authenticating", "tried password",
            "the server would accept publickey,password"});

    // The second credential is used when the first did not do.
    client_options both = by_password(server, account.password);
    both.credentials.insert(both.credentials.begin(), by_stranger(server).credentials.front());
    asio::io_context again(1);
    run_loop(again, log_in_and_echo(both));
}

void keys_of(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer);
    asio::io_context io(1);
    run_loop(io, log_in_and_echo(server.login()));

    const failure refused = failure_of_start(by_stranger(server));
    expect(refused, errc::authentication_failed,
           {current_user() + "@127.0.0.1:", "tried publickey(stranger)",
            "the server would accept publickey"});

    client_options none = server.login();
    none.credentials.clear();
    const failure nothing = failure_of_start(none);
    expect(nothing, errc::no_credentials,
           {"nothing to authenticate with", "the server would accept publickey"});
}

// The server ends it, with words of its own.
void too_many_keys(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer, {{"MaxAuthTries 2"}, std::nullopt});
    client_options login = by_stranger(server);
    login.credentials.push_back(login.credentials.front());
    login.credentials.push_back(login.credentials.front());
    const failure ended = failure_of_start(login);
    expect(ended, errc::disconnected_by_peer,
           {"the peer says: \"Too many authentication failures\"",
            "tried publickey(stranger) publickey(stranger)"});
}

BOOST_AUTO_TEST_SUITE(login)

BOOST_AUTO_TEST_CASE(password_with_sshd_9_2) { passwords(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(password_with_sshd_10_0) { passwords(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(key_with_sshd_9_2) { keys_of(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(key_with_sshd_10_0) { keys_of(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(too_many_keys_with_sshd_9_2) { too_many_keys(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(too_many_keys_with_sshd_10_0) { too_many_keys(sshd_10_0()); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
