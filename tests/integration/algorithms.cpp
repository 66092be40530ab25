// Every key exchange method, every cipher with every MAC, every type of host key and of user key
// against both sshds, with data each way through a channel; and what is agreed on when nobody
// chose.
#include "support/test.hpp"

#include "integration/key_files.hpp"
#include "integration/logged_in.hpp"

namespace adit::test {
namespace {

struct choice {
    std::string kex = "curve25519-sha256";
    std::string cipher = "aes256-gcm@openssh.com";
    std::string mac = {};  ///< empty: the cipher needs none
    std::string host_key = "ssh-ed25519";
    std::string user_key = "ssh-ed25519";  ///< the algorithm that it signs with
};

/// Which key makes signatures of this algorithm.
[[nodiscard]] key_kind kind_for(const std::string& algorithm) {
    if (algorithm == "ssh-ed25519") return {"ed25519", ""};
    if (algorithm.starts_with("rsa-")) return {"rsa", "2048"};
    return {"ecdsa", algorithm.substr(algorithm.size() - 3)};
}

/// An sshd with a host key and a user's key of each type.
class versatile_sshd {
public:
    explicit versatile_sshd(const sshd_peer& peer) : server_(peer, config()) {}

    [[nodiscard]] client_options login(const choice& use) const;
    [[nodiscard]] std::string host_fingerprint(const std::string& algorithm) const;

private:
    [[nodiscard]] sshd_config config() const;
    [[nodiscard]] std::string host_key(const key_kind& kind) const {
        return keys_.file("host_" + kind.name());
    }
    [[nodiscard]] std::string user_key(const key_kind& kind) const {
        return keys_.file("user_" + kind.name());
    }

    key_folder keys_;
    sshd server_;
};

// A new sshd does not offer every method by itself. Its Ed25519 host key is the rig's.
sshd_config versatile_sshd::config() const {
    sshd_config made{{"KexAlgorithms +diffie-hellman-group14-sha256,"
                      "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512",
                      "AuthorizedKeysFile " + keys_.file("authorized_keys")},
                     std::nullopt};
    std::string authorized;
    for (const key_kind& kind : key_kinds()) {
        authorized += read_file(make_key(user_key(kind), kind) + ".pub");
        if (kind.type == "ed25519") continue;
        made.lines.push_back("HostKey " + make_key(host_key(kind), kind));
    }
    write_file(keys_.file("authorized_keys"), authorized);
    return made;
}

std::string versatile_sshd::host_fingerprint(const std::string& algorithm) const {
    const key_kind kind = kind_for(algorithm);
    if (kind.type == "ed25519") return server_.fingerprint();
    return sshd::fingerprint_of(host_key(kind) + ".pub");
}

client_options versatile_sshd::login(const choice& use) const {
    client_options login = server_.login();
    login.trust = trust_fingerprints({host_fingerprint(use.host_key)});
    login.algorithms.kex = use.kex;
    login.algorithms.ciphers = use.cipher;
    if (!use.mac.empty()) login.algorithms.macs = use.mac;
    login.algorithms.host_keys = use.host_key;
    login.public_key_algorithms = use.user_key;
    auto key = config::load_private_key(user_key(kind_for(use.user_key)));
    if (!key) throw std::runtime_error("the user's key: " + key.error().message());
    login.credentials = {key_credential(std::move(*key), "id")};
    return login;
}

task<> exchange_with(const versatile_sshd& server, choice use) {
    std::string sent;
    client_options login = server.login(use);
    login.trace = [&sent](const trace_event& e) {
        const std::string text = e.sent ? e.text() : "";
        if (text.starts_with("userauth")) sent += text + "\n";
    };
    const session_info info = co_await log_in_and_echo(std::move(login));
    BOOST_TEST(info.kex == use.kex);
    BOOST_TEST(info.cipher_to_server == use.cipher);
    BOOST_TEST(info.cipher_to_client == use.cipher);
    BOOST_TEST(info.mac_to_server == use.mac);
    BOOST_TEST(info.mac_to_client == use.mac);
    BOOST_TEST(info.host_key_algorithm == use.host_key);
    BOOST_TEST(info.host_key_fingerprint == server.host_fingerprint(use.host_key));
    BOOST_TEST(info.strict_kex);
    const std::string signed_with = "algorithm_name=\"" + use.user_key + '"';
    BOOST_TEST((sent.find(signed_with) != std::string::npos), sent);
}

// Each once: the others of a choice are the same for all.
[[nodiscard]] std::vector<choice> all_choices() {
    std::vector<choice> all;
    for (const char* kex :
         {"curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256",
          "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256",
          "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512"}) {
        all.push_back({.kex = kex});
    }
    for (const char* cipher : {"aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
        all.push_back({.cipher = cipher});
    }
    for (const char* cipher : {"aes128-ctr", "aes192-ctr", "aes256-ctr"}) {
        for (const char* mac : {"hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com",
                                "hmac-sha2-256", "hmac-sha2-512"}) {
            all.push_back({.cipher = cipher, .mac = mac});
        }
    }
    for (const char* algorithm : {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                  "ecdsa-sha2-nistp521", "rsa-sha2-256", "rsa-sha2-512"}) {
        all.push_back({.host_key = algorithm});
        all.push_back({.user_key = algorithm});
    }
    return all;
}

void each_algorithm(const sshd_peer& peer, std::vector<choice> choices) {
    if (missing(peer)) return;
    const versatile_sshd server(peer);
    for (const choice& use : choices) {
        BOOST_TEST_CONTEXT(use.kex << " " << use.cipher << " " << use.mac << ", host key "
                                   << use.host_key << ", user's " << use.user_key) {
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
    choices.push_back({.kex = "mlkem768x25519-sha256"});
    each_algorithm(sshd_10_0(), std::move(choices));
}

BOOST_AUTO_TEST_CASE(defaults_with_sshd_9_2) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    asio::io_context io(1);
    run_loop(io, check_defaults(server, "curve25519-sha256"));
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
