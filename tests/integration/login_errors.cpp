// What is said when a login fails for what we have ourselves: the passphrase of a key, its type,
// its encryption, a factor too few; and for a host key that is revoked. Each against both sshds,
// with its errc and its sentence: hop, stage and cause.
#include "support/test.hpp"

#include "integration/failure.hpp"
#include "integration/key_files.hpp"

#include <initializer_list>

namespace adit::test {
namespace {

/// A key whose file is opened when it has to sign, as by somebody who is asked for the passphrase.
class late_key final : public signer {
public:
    late_key(keys::public_key shown, const key_file& file, bool ask_server)
        : public_(std::move(shown)), file_(file), ask_server_(ask_server) {}

    [[nodiscard]] const keys::public_key& public_part() const noexcept override { return public_; }
    [[nodiscard]] std::string name() const override { return file_.name; }
    [[nodiscard]] bool asks_somebody() const noexcept override { return ask_server_; }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               bytes_view message) override {
        const auto key = config::load_private_key(file_.path, secret("not its passphrase"));
        if (!key) throw protocol_error(key.error());
        auto blob = key->sign(algorithm, message);
        if (!blob) throw protocol_error(blob.error());
        co_return std::move(*blob);
    }

private:
    keys::public_key public_;
    key_file file_;
    bool ask_server_;
};

/// A key file that cannot be used, and why not.
struct useless_key {
    key_file file;
    std::string public_line;
    errc error;
    std::string_view sentence;
    bool ask_server = true;
};

[[nodiscard]] std::string start_of(const client_options& login) {
    return login.user + "@127.0.0.1:" + std::to_string(login.port) + ": ";
}

void expect_refusal(const sshd& server, const useless_key& key) {
    client_options login = server.login();
    auto shown = keys::public_key::parse_line(key.public_line);
    BOOST_REQUIRE(shown.has_value());
    login.credentials = {std::make_shared<late_key>(std::move(*shown), key.file, key.ask_server)};
    const std::string sentence = start_of(login) + "authenticating: " + std::string(key.sentence);
    const std::string tried = key.ask_server ? "tried publickey(" + key.file.name + ")" : "";
    expect(failure_of_start(login), key.error, {sentence, tried});
}

void refuse_each(const sshd_peer& peer, const key_folder& keys,
                 const std::vector<useless_key>& useless) {
    if (missing(peer)) return;
    std::string authorized;
    for (const useless_key& key : useless) authorized += key.public_line + "\n";
    write_file(keys.file("authorized_keys"), authorized);
    const sshd server(peer, {{"AuthorizedKeysFile " + keys.file("authorized_keys")}, std::nullopt});
    for (const useless_key& key : useless) {
        BOOST_TEST_CONTEXT(key.file.name) { expect_refusal(server, key); }
    }
}

[[nodiscard]] std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

[[nodiscard]] arguments encrypted_by(const arguments& program, const std::string& plain) {
    const std::string pass = std::string("pass:") + key_folder::passphrase;
    return joined(program, {"-in", plain, "-passout", pass, "-out"});
}

void lock(key_folder& keys, const std::string& plain) {
    keys.make("PKCS8", encrypted_by({"openssl", "pkcs8", "-topk8"}, plain), true);
    keys.make("DEK-Info", encrypted_by({"openssl", "ec", "-aes128"}, plain), true);
    arguments change{"ssh-keygen", "-q", "-p", "-a", "1", "-N", key_folder::passphrase, "-f"};
    keys.change("OpenSSH", plain, change, true);
}

void lock_oddly(key_folder& keys, const std::string& plain) {
    const arguments pkcs8{"openssl", "pkcs8", "-topk8"};
    keys.make("PBES1", encrypted_by(joined(pkcs8, {"-v1", "PBE-SHA1-3DES"}), plain), true);
    keys.make("PBES2", encrypted_by(joined(pkcs8, {"-v2", "camellia-128-cbc"}), plain), true);
    keys.make("Camellia", encrypted_by({"openssl", "ec", "-camellia128"}, plain), true);
}

[[nodiscard]] std::string make_plain(key_folder& keys) {
    output_of({"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-out", keys.file("plain")});
    return keys.file("plain");
}

[[nodiscard]] std::vector<useless_key> all_as(const key_folder& keys, const std::string& plain,
                                              errc error) {
    const std::string line = first_line(output_of({"ssh-keygen", "-y", "-f", plain}));
    std::vector<useless_key> useless;
    for (const key_file& file : keys.all()) useless.push_back({file, line, error, sentence(error)});
    return useless;
}

using words = std::initializer_list<std::string_view>;

[[nodiscard]] std::vector<byte> strings(words all) {
    std::vector<byte> buffer(1024);
    wire::writer w(buffer);
    for (const std::string_view one : all) w.put_string(as_bytes(one));
    buffer.resize(w.size());
    return buffer;
}

constexpr std::string_view token_type = "sk-ssh-ed25519@openssh.com";
const std::string token_point(32, '\x5a');

// PROTOCOL.key and PROTOCOL.u2f: what ssh-keygen writes for a token, which nobody has plugged in.
void write_token_key(const std::string& path) {
    const std::vector<byte> shown = strings({token_type, token_point, "ssh:"});
    std::string section(8, '\7');
    section += as_text(shown);
    section += '\1';  // a touch is asked for
    section += as_text(strings({"handle", "", "token"}));
    for (char pad = 1; section.size() % 8 != 0; ++pad) section += pad;
    std::string content(keys::openssh_format::magic);
    content += as_text(strings({"none", "none", ""}));
    content += std::string("\0\0\0\1", 4);
    content += as_text(strings({as_text(shown), section}));
    const auto armoured = keys::encode_pem(keys::openssh_format::label, as_bytes(content), 70);
    write_file(path, as_text(armoured));
}

[[nodiscard]] std::vector<useless_key> keys_of_other_types(key_folder& keys) {
    constexpr errc error = errc::unsupported_key_type;
    const key_file token{"token", keys.file("token"), false};
    write_token_key(token.path);
    const std::string line = first_line(output_of({"ssh-keygen", "-y", "-f", token.path}));
    BOOST_TEST(line.starts_with(token_type), line);
    output_of({"openssl", "dsaparam", "-genkey", "-noout", "-out", keys.file("dsa"), "1024"});
    keys.make("DSA", {"openssl", "dsa", "-in", keys.file("dsa"), "-out"}, false);
    // No sshd wants to hear of DSA, so that one is signed with unasked.
    const auto dsa = keys::public_key::parse(strings({"ssh-dss", "p", "q", "g", "y"}));
    return {{token, line, error, sentence(error)},
            {keys.all().back(), dsa.value().to_line(), error, sentence(error), false}};
}

// Two factors are wanted, and only one of them is there.
void one_factor_of_two(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(
        peer,
        {{"PasswordAuthentication yes", "AuthenticationMethods publickey,password"}, std::nullopt});
    const client_options login = server.login();
    expect(failure_of_start(login), errc::another_factor_needed,
           {start_of(login) + "authenticating: the server wants another factor",
            "tried publickey(id)", "the server would accept password"});
    // The second one is there and wrong.
    client_options both = login;
    both.credentials.push_back(password_credential(secret("wrong")));
    expect(failure_of_start(both), errc::authentication_failed,
           {start_of(login) + "authenticating: authentication failed",
            "tried publickey(id) password", "the server would accept password"});
}

void revoked_host_key(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer);
    client_options login = server.login();
    const std::string file = server.file("known_hosts");
    write_file(file, "@revoked * " + server.host_key_line());
    login.trust = trust_known_hosts(known_hosts_files({file}, {}));
    expect(failure_of_start(login), errc::host_key_revoked,
           {start_of(login) + "checking the host key: the host key is revoked",
            server.fingerprint(), file + ":1"});
}

void each_sshd(const key_folder& keys, const std::vector<useless_key>& useless) {
    refuse_each(sshd_9_2(), keys, useless);
    refuse_each(sshd_10_0(), keys, useless);
}

BOOST_AUTO_TEST_SUITE(login_errors)

BOOST_AUTO_TEST_CASE(c53_wrong_passphrase) {
    key_folder keys;
    const std::string plain = make_plain(keys);
    lock(keys, plain);
    each_sshd(keys, all_as(keys, plain, errc::wrong_passphrase));
}

BOOST_AUTO_TEST_CASE(c53_unsupported_key_cipher) {
    key_folder keys;
    const std::string plain = make_plain(keys);
    lock_oddly(keys, plain);
    each_sshd(keys, all_as(keys, plain, errc::unsupported_key_cipher));
}

BOOST_AUTO_TEST_CASE(c53_unsupported_key_type) {
    key_folder keys;
    const auto useless = keys_of_other_types(keys);
    each_sshd(keys, useless);
}

BOOST_AUTO_TEST_CASE(c31_one_factor_of_two_with_sshd_9_2) { one_factor_of_two(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(c31_one_factor_of_two_with_sshd_10_0) { one_factor_of_two(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(s07_revoked_host_key_of_sshd_9_2) { revoked_host_key(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(s07_revoked_host_key_of_sshd_10_0) { revoked_host_key(sshd_10_0()); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
