// Every key exchange method and every cipher against both sshds, with data each way.
#include "support/test.hpp"

#include "integration/through.hpp"

namespace adit::test {
namespace {

struct choice {
    std::string kex;
    std::string cipher;
    std::string mac;  ///< empty: the cipher needs none
};

task<> exchange_with(const sshd& server, choice use) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    client_options login = server.login();
    login.algorithms.kex = use.kex;
    login.algorithms.ciphers = use.cipher;
    if (!use.mac.empty()) login.algorithms.macs = use.mac;
    passage way(ex, login, far.port());
    co_await way.start();
    const session_info info = way.get().info();
    BOOST_TEST(info.kex == use.kex);
    BOOST_TEST(info.cipher_to_server == use.cipher);
    BOOST_TEST(info.cipher_to_client == use.cipher);
    BOOST_TEST(info.mac_to_server == use.mac);
    BOOST_TEST(info.mac_to_client == use.mac);
    BOOST_TEST(info.host_key_algorithm == "ssh-ed25519");
    BOOST_TEST(info.host_key_fingerprint == server.fingerprint());
    BOOST_TEST(info.strict_kex);
    tcp::socket near = co_await way.dial();
    co_await check_echo(near, 1, mebibyte);
    co_await way.idle();
    BOOST_TEST(way.get().bytes_up() == mebibyte);
    BOOST_TEST(way.get().bytes_down() == mebibyte);
}

const std::string first_kex = "curve25519-sha256";
const std::string first_cipher = "aes256-gcm@openssh.com";

// Each once: the others of a choice are the same for all. A new sshd does not offer all by itself.
[[nodiscard]] std::vector<choice> all_choices() {
    std::vector<choice> all;
    for (const char* kex :
         {"curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256",
          "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256",
          "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512"}) {
        all.push_back({kex, first_cipher, {}});
    }
    for (const char* cipher : {"aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
        all.push_back({first_kex, cipher, {}});
    }
    for (const char* cipher : {"aes128-ctr", "aes192-ctr", "aes256-ctr"}) {
        all.push_back({first_kex, cipher, "hmac-sha2-256-etm@openssh.com"});
    }
    for (const char* mac : {"hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"}) {
        all.push_back({first_kex, "aes256-ctr", mac});
    }
    return all;
}

void each_algorithm(const sshd_peer& peer, std::vector<choice> choices) {
    if (missing(peer)) return;
    const sshd server(peer, {{"KexAlgorithms +diffie-hellman-group14-sha256,"
                              "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512"},
                             std::nullopt});
    for (const choice& use : choices) {
        BOOST_TEST_CONTEXT(use.kex << " " << use.cipher << " " << use.mac) {
            asio::io_context io(1);
            run_loop(io, exchange_with(server, use));
        }
    }
}

// What both agree on when nobody chose.
task<> check_defaults(const sshd& server, std::string kex) {
    passage way(co_await asio::this_coro::executor, server.login(), 9);
    co_await way.start();
    BOOST_TEST(way.get().info().kex == kex);
    BOOST_TEST(way.get().info().peer_version.starts_with("SSH-2.0-OpenSSH_"));
}

BOOST_AUTO_TEST_SUITE(algorithms)

// It is older than ML-KEM.
BOOST_AUTO_TEST_CASE(each_with_sshd_9_2) { each_algorithm(sshd_9_2(), all_choices()); }

BOOST_AUTO_TEST_CASE(each_with_sshd_10_0) {
    std::vector<choice> choices = all_choices();
    choices.push_back({"mlkem768x25519-sha256", first_cipher, {}});
    each_algorithm(sshd_10_0(), std::move(choices));
}

BOOST_AUTO_TEST_CASE(defaults_with_sshd_9_2) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    asio::io_context io(1);
    run_loop(io, check_defaults(server, first_kex));
}

BOOST_AUTO_TEST_CASE(defaults_with_sshd_10_0) {
    if (missing(sshd_10_0())) return;
    const sshd server(sshd_10_0());
    asio::io_context io(1);
    run_loop(io, check_defaults(server, "mlkem768x25519-sha256"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
