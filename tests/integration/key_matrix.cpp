// Private keys that ssh-keygen, openssl and puttygen made, in every type and format that they have:
// each is read, is the key that its maker says it is, opens only by its passphrase, and logs in to
// both sshds (C53).
#include "support/test.hpp"

#include "integration/key_files.hpp"
#include "integration/logged_in.hpp"

namespace adit::test {
namespace {

const std::string words = key_folder::passphrase;

[[nodiscard]] arguments ssh_keygen_change(const std::string& new_passphrase,
                                          const arguments& more) {
    arguments command{"ssh-keygen", "-q", "-p", "-P", "", "-N", new_passphrase};
    command = joined(std::move(command), more);
    command.emplace_back("-f");
    return command;
}

// One round of bcrypt, where the rounds are not what is tried: sixteen cost a tenth of a second.
void each_cipher_of_ssh_keygen(key_folder& keys, const std::string& name,
                               const std::string& plain) {
    for (const char* cipher : {"aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc", "aes192-cbc",
                               "aes256-cbc", "3des-cbc", "aes128-gcm@openssh.com",
                               "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
        keys.change(name + " -Z " + cipher, plain,
                    ssh_keygen_change(words, {"-Z", cipher, "-a", "1"}), true);
    }
}

void each_format_of_ssh_keygen(key_folder& keys) {
    for (const key_kind& kind : key_kinds()) {
        const std::string name = "ssh-keygen " + kind.name();
        const std::string plain = make_key(keys.file(kind.name()), kind);
        keys.change(name, plain, {"chmod", "600"}, false);
        each_cipher_of_ssh_keygen(keys, name, plain);
        for (const char* format : {"PEM", "PKCS8"}) {
            keys.change(name + " -m " + format, plain, ssh_keygen_change("", {"-m", format}),
                        false);
            keys.change(name + " -m " + format + " with a passphrase", plain,
                        ssh_keygen_change(words, {"-m", format, "-a", "1"}), true);
        }
    }
    for (const char* rounds : {"16", "64"}) {
        keys.change(std::string("ssh-keygen -a ") + rounds, keys.file("ed25519"),
                    ssh_keygen_change(words, {"-a", rounds}), true);
    }
    for (const char* bits : {"3072", "4096"}) {
        const key_kind kind{"rsa", bits};
        keys.change("ssh-keygen " + kind.name(), make_key(keys.file(kind.name()), kind),
                    {"chmod", "600"}, false);
    }
}

struct openssl_kind {
    std::string name;
    arguments genpkey;
    std::string old_format;  ///< the command that writes it; empty: there is none
};

[[nodiscard]] std::vector<openssl_kind> openssl_kinds() {
    std::vector<openssl_kind> all{{"ed25519", {"-algorithm", "ed25519"}, ""},
                                  {"rsa", {"-algorithm", "RSA", "-pkeyopt", "bits:2048"}, "rsa"}};
    for (const char* curve : {"P-256", "P-384", "P-521"}) {
        const std::string option = std::string("ec_paramgen_curve:") + curve;
        all.push_back({curve, {"-algorithm", "EC", "-pkeyopt", option}, "ec"});
    }
    return all;
}

// PKCS#8 plain and by both of its derivations; PKCS#1 and SEC1 plain and with DEK-Info.
void each_format_of_openssl(key_folder& keys) {
    const std::string pass = "pass:" + words;
    for (const openssl_kind& kind : openssl_kinds()) {
        const std::string plain = keys.file(kind.name);
        output_of(joined({"openssl", "genpkey", "-out", plain}, kind.genpkey));
        const arguments copy{"openssl", "pkey", "-in", plain, "-out"};
        keys.make("openssl genpkey " + kind.name, copy, false);
        for (const arguments& derivation :
             {arguments{"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"}, arguments{"-scrypt"}}) {
            arguments lock{"openssl", "pkcs8", "-topk8", "-in", plain, "-passout", pass};
            lock = joined(std::move(lock), derivation);
            lock.emplace_back("-out");
            keys.make("openssl pkcs8 " + derivation.front() + " " + kind.name, lock, true);
        }
        if (kind.old_format.empty()) continue;
        arguments rewrite{"openssl", kind.old_format, "-in", plain};
        if (kind.old_format == "rsa") rewrite.emplace_back("-traditional");
        keys.make("openssl " + kind.old_format + " " + kind.name, joined(rewrite, {"-out"}), false);
        keys.make("openssl " + kind.old_format + " -aes256 " + kind.name,
                  joined(rewrite, {"-aes256", "-passout", pass, "-out"}), true);
    }
}

void each_format_of_puttygen(key_folder& keys) {
    const std::string none = write_file(keys.file("none"), "");
    for (const key_kind& kind : key_kinds()) {
        for (const char* format : {"private-openssh", "private-openssh-new"}) {
            for (const bool locked : {false, true}) {
                const arguments create{"puttygen",
                                       "-q",
                                       "-O",
                                       format,
                                       "--random-device",
                                       "/dev/urandom",
                                       "--new-passphrase",
                                       locked ? keys.file("passphrase") : none};
                const arguments with = joined(kind.arguments(), {"-o"});
                keys.make("puttygen -O " + std::string(format) + " " + kind.name() +
                              (locked ? " with a passphrase" : ""),
                          joined(create, with), locked);
            }
        }
    }
}

/// "type base64" by ssh-keygen; by openssl where an ssh-keygen before 9.6 knows no such file.
[[nodiscard]] std::string public_line(const key_file& key) {
    const std::string pass = key.locked ? words : "";
    const auto listed = run({"ssh-keygen", "-y", "-P", pass, "-f", key.path});
    if (listed.status == 0) return listed.output;
    const std::string der = output_of({"openssl", "pkey", "-in", key.path, "-passin",
                                       "pass:" + pass, "-pubout", "-outform", "DER"});
    constexpr std::size_t ed25519_der = 44;
    BOOST_REQUIRE_MESSAGE(der.size() == ed25519_der, listed.errors);
    const auto blob = keys::ed25519_blob(as_bytes(der).last(keys::ed25519_public_size));
    return keys::public_key::parse(blob).value().to_line();
}

[[nodiscard]] result<keys::private_key> load(const key_file& key) {
    if (!key.locked) return config::load_private_key(key.path);
    return config::load_private_key(key.path, secret(words));
}

void check_locked(const key_file& key) {
    const auto without = config::load_private_key(key.path);
    BOOST_TEST((without.has_error() && without.error() == errc::passphrase_needed));
    const auto wrong = config::load_private_key(key.path, secret("another pass phrase"));
    BOOST_TEST((wrong.has_error() && wrong.error() == errc::wrong_passphrase));
}

/// A key that was read, and is to log in.
struct checked_key {
    std::string name;
    std::shared_ptr<signer> key;
};

[[nodiscard]] checked_key check_file(const key_file& key) {
    const std::string line = public_line(key);
    auto loaded = load(key);
    BOOST_REQUIRE_MESSAGE(loaded.has_value(), key.name << ": " << loaded.error().message());
    const auto expected = keys::public_key::parse_line(line.substr(0, line.find('\n')));
    BOOST_REQUIRE(expected.has_value());
    BOOST_TEST((loaded->public_part() == *expected));
    const std::string told = sshd::fingerprint_of(write_file(key.path + ".line", line));
    BOOST_TEST(keys::fingerprint(loaded->public_part()) == told);
    if (key.locked) check_locked(key);
    return {key.name, std::make_shared<key_signer>(std::move(*loaded), key.name)};
}

task<> check_login(const sshd& server, checked_key use) {
    client_options login = server.login();
    login.credentials = {use.key};
    const client ssh = co_await log_in(std::move(login));
    BOOST_TEST(ssh.is_open());
}

void check_logins(const std::vector<checked_key>& checked, const std::string& authorized,
                  const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer, {{"AuthorizedKeysFile " + authorized}, std::nullopt});
    for (const checked_key& use : checked) {
        BOOST_TEST_CONTEXT(use.name) {
            asio::io_context io(1);
            run_loop(io, check_login(server, use));
        }
    }
}

void check(const key_folder& keys) {
    std::vector<checked_key> checked;
    std::string lines;
    for (const key_file& key : keys.all()) {
        BOOST_TEST_CONTEXT(key.name) { checked.push_back(check_file(key)); }
        lines += checked.back().key->public_part().to_line() + "\n";
    }
    const std::string authorized = write_file(keys.file("authorized_keys"), lines);
    check_logins(checked, authorized, sshd_9_2());
    check_logins(checked, authorized, sshd_10_0());
}

BOOST_AUTO_TEST_SUITE(key_matrix)

BOOST_AUTO_TEST_CASE(c53_keys_made_by_ssh_keygen) {
    key_folder keys;
    each_format_of_ssh_keygen(keys);
    check(keys);
}

BOOST_AUTO_TEST_CASE(c53_keys_made_by_openssl) {
    key_folder keys;
    each_format_of_openssl(keys);
    check(keys);
}

BOOST_AUTO_TEST_CASE(c53_keys_made_by_puttygen) {
    if (find_program("puttygen").empty()) return skip("puttygen is not installed");
    key_folder keys;
    each_format_of_puttygen(keys);
    check(keys);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
