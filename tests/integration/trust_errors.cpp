// Whom to believe, and what to speak: host keys that are unknown, changed or revoked, with the file
// and the line; lists that have nothing in common, with both; key files that do not do.
#include "support/test.hpp"

#include "integration/failure.hpp"

namespace adit::test {
namespace {

[[nodiscard]] client_options login_by_file(const sshd& server, const std::string& known_hosts) {
    client_options login = server.login();
    login.trust = trust_known_hosts(known_hosts_files({known_hosts}, {}));
    return login;
}

[[nodiscard]] std::string name_of(const sshd& server) {
    return "[127.0.0.1]:" + std::to_string(server.port());
}

void host_keys(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer);
    const std::string file = server.file("known_hosts");
    const std::string key = server.host_key_line();
    const std::string other = read_file(make_key(server.file("other")) + ".pub");
    const std::string stranger = "[127.0.0.1]:1 " + other;

    write_file(file, stranger);
    expect(failure_of_start(login_by_file(server, file)), errc::host_key_unknown,
           {"checking the host key", "not known", "ssh-ed25519", server.fingerprint()});
    write_file(file, stranger + name_of(server) + " " + other);
    expect(failure_of_start(login_by_file(server, file)), errc::host_key_changed,
           {"has CHANGED", file + ":2", server.fingerprint(),
            sshd::fingerprint_of(server.file("other.pub"))});
    write_file(file, stranger + name_of(server) + " " + key + "@revoked * " + key);
    expect(failure_of_start(login_by_file(server, file)), errc::host_key_revoked,
           {"is revoked", file + ":3"});
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    expect(failure_of_start(login_by_file(server, file)), errc::known_hosts_unreadable,
           {"known_hosts cannot be read"});

    client_options pinned = server.login();
    pinned.trust = trust_fingerprints({sshd::fingerprint_of(server.file("other.pub"))});
    expect(failure_of_start(pinned), errc::host_key_changed, {server.fingerprint()});
}

struct lists {
    std::string their_line;
    errc error;
    std::string_view sentence;
    std::string_view ours, theirs;
};

void no_common(const sshd_peer& peer, algorithm_preferences preferences, const lists& l) {
    if (missing(peer)) return;
    const sshd server(peer, {{l.their_line}, std::nullopt});
    client_options login = server.login();
    login.algorithms = std::move(preferences);
    expect(failure_of_start(login), l.error,
           {"negotiating algorithms", l.sentence, l.ours, l.theirs});
}

void no_common_lists(const sshd_peer& peer) {
    algorithm_preferences kex;
    kex.kex = "curve25519-sha256";
    no_common(peer, kex,
              {"KexAlgorithms ecdh-sha2-nistp384", errc::no_common_kex_algorithm,
               "no key exchange method in common", "we offer [curve25519-sha256",
               "the peer offers [ecdh-sha2-nistp384"});
    algorithm_preferences cipher;
    cipher.ciphers = "aes128-gcm@openssh.com";
    no_common(peer, cipher,
              {"Ciphers aes256-ctr,aes192-ctr", errc::no_common_cipher, "no cipher in common",
               "we offer [aes128-gcm@openssh.com]", "the peer offers [aes256-ctr,aes192-ctr]"});
    algorithm_preferences mac;
    mac.ciphers = "aes128-ctr";
    mac.macs = "hmac-sha2-256";
    no_common(peer, mac,
              {"MACs hmac-sha2-512", errc::no_common_mac, "no MAC in common",
               "we offer [hmac-sha2-256]", "the peer offers [hmac-sha2-512]"});
    algorithm_preferences host_key;
    host_key.host_keys = "rsa-sha2-512";
    no_common(
        peer, host_key,
        {"LogLevel INFO", errc::no_common_host_key_algorithm, "no host key algorithm in common",
         "we offer [rsa-sha2-512]", "the peer offers [ssh-ed25519]"});
}

void expect_key_error(const std::string& path, errc error) {
    const auto key = config::load_private_key(path);
    BOOST_TEST(key.has_error());
    if (key.has_error()) BOOST_TEST(key.error() == make_error_code(error));
}

BOOST_AUTO_TEST_SUITE(trust_errors)

BOOST_AUTO_TEST_CASE(s07_host_keys_of_sshd_9_2) { host_keys(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(s07_host_keys_of_sshd_10_0) { host_keys(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(no_common_algorithm_with_sshd_9_2) { no_common_lists(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(no_common_algorithm_with_sshd_10_0) { no_common_lists(sshd_10_0()); }

BOOST_AUTO_TEST_CASE(s05_key_files) {
    const temporary_directory folder;
    const std::string good = make_key(folder.file("good"));
    BOOST_TEST(config::load_private_key(good).has_value());
    expect_key_error(folder.file("none"), errc::key_file_missing);
    expect_key_error(folder.path().string(), errc::key_file_not_regular);
    expect_key_error(good + ".pub", errc::key_file_too_open);
    std::filesystem::permissions(good + ".pub", std::filesystem::perms(0600));
    expect_key_error(good + ".pub", errc::not_a_key);
    expect_key_error(write_file(folder.file("noise"), "nothing of interest\n"), errc::not_a_key);
    const auto locked =
        run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", folder.file("locked")});
    BOOST_REQUIRE(locked.status == 0);
    expect_key_error(folder.file("locked"), errc::passphrase_needed);
    std::filesystem::permissions(good, std::filesystem::perms(0644));
    expect_key_error(good, errc::key_file_too_open);
    if (::geteuid() == 0) return;  // root reads everything
    std::filesystem::permissions(good, std::filesystem::perms::none);
    expect_key_error(good, errc::key_file_unreadable);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
