// Certificates that ssh-keygen signs: users' at adit-bastion's TrustedUserCAKeys, and its own that
// ssh believes (C38, C39); by other people's clients and by ours, at which the bad ones of both
// kinds are tried.
#include "support/test.hpp"

#include "integration/bastion.hpp"
#include "integration/failure.hpp"

#include <adit/auth/identities.hpp>

#ifdef ADIT_BASTION

namespace adit::test {
namespace {

/// An authority, a user's key that it signs, and a bastion that trusts it and knows no key.
class certified {
public:
    certified() {
        make_key(file("ca"));
        make_key(file("user"));
        server_ = std::make_unique<bastion_program>(
            bastion_config{.options = {"TrustedUserCAKeys=" + file("ca.pub"),
                                       "AuthorizedKeysFile=" + file("authorized_keys")}});
    }
    /// Beside it one that has these options, too.
    [[nodiscard]] std::unique_ptr<bastion_program> another(const std::string& option) const {
        return std::make_unique<bastion_program>(
            bastion_config{.options = {option, "TrustedUserCAKeys=" + file("ca.pub"),
                                       "AuthorizedKeysFile=" + file("authorized_keys")}});
    }

    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] const bastion_program& server() const { return *server_; }
    /// ssh finds it by its name, user-cert.pub.
    void sign(const arguments& how, const std::string& ca = "ca") const {
        arguments command{"ssh-keygen", "-q", "-s", file(ca), "-I", "an identity"};
        output_of(joined(joined(std::move(command), how), {file("user.pub")}));
    }
    [[nodiscard]] login_wish wish(const ssh_client& client) const {
        if (client.kind == ssh_client::family::openssh) return {.key = file("user")};
        login_wish with{.key = key_for(client, file("user"))};
        with.more = {"-cert", file("user-cert.pub")};
        return with;
    }
    void accepts(const ssh_client& client) const {
        check_login(client, *server_, wish(client), "publickey");
    }
    void refuses(const ssh_client& client) const {
        const std::size_t before = server_->log().size();
        const run_result outcome = ask_for_a_session(client, *server_, wish(client));
        const std::string log = server_->log().substr(before);
        BOOST_TEST(outcome.output.empty());
        BOOST_TEST((log.find(": login ") == std::string::npos), log);
        BOOST_TEST((log.find("login_refused publickey") != std::string::npos), log);
    }

private:
    temporary_directory folder_;
    std::unique_ptr<bastion_program> server_;
};

void certificates(const ssh_client& client) {
    if (missing(client)) return;
    const certified all;
    all.sign({"-n", "joe,jim", "-V", "-1h:+1h"});
    all.accepts(client);
    all.sign({"-n", "joe", "-V", "-2h:-1h"});
    all.refuses(client);
    all.sign({"-n", "joe", "-V", "+1h:+2h"});
    all.refuses(client);
    all.sign({"-n", "jim", "-V", "-1h:+1h"});
    all.refuses(client);
    all.sign({"-V", "-1h:+1h"});
    all.refuses(client);
    all.sign({"-n", "joe", "-O", "source-address=192.0.2.0/24"});
    all.refuses(client);
    all.sign({"-n", "joe", "-O", "source-address=127.0.0.0/8"});
    all.accepts(client);
    all.sign({"-n", "joe", "-h"});
    all.refuses(client);
    make_key(all.file("another"));
    all.sign({"-n", "joe"}, "another");
    all.refuses(client);
}

/// Our own client, with the certificate and the key in it.
[[nodiscard]] failure by_us(const certified& all, const bastion_program& server) {
    client_options login("joe", "127.0.0.1", trust_fingerprints({server.fingerprint()}));
    login.port = server.port();
    auto key = config::load_private_key(all.file("user"));
    const auto certificate = load_certificate(all.file("user-cert.pub"));
    if (!key || !certificate) throw std::runtime_error("no key or no certificate");
    const auto plain = std::make_shared<key_signer>(std::move(*key), "plain");
    for (auto& one : with_certificates({plain}, {*certificate})) {
        login.credentials.emplace_back(std::move(one));
    }
    return failure_of_start(std::move(login));
}

/// A bastion that shows a certificate, to our client that believes the CA and nobody else.
class certified_bastion {
public:
    certified_bastion() {
        make_key(file("ca"));
        make_key(file("host"));
        make_key(file("other"));
    }
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] std::string line(const std::string& key) const {
        return read_file(file(key + ".pub"));
    }
    void sign(const arguments& how, const std::string& ca = "ca") const {
        const arguments command{"ssh-keygen", "-q", "-s", file(ca), "-I", "host"};
        output_of(joined(joined(command, how), {file("host.pub")}));
    }
    [[nodiscard]] failure meet(const std::function<void(known_hosts_policy&)>& change = {}) const {
        const bastion_program server(
            {.options = {"HostKey=" + file("host"), "HostCertificate=" + file("host-cert.pub")}});
        known_hosts_policy policy;
        policy.files.user = {write_file(file("known"), "@cert-authority * " + line("ca"))};
        if (change) change(policy);
        client_options login("joe", "127.0.0.1", {});
        login.port = server.port();
        login.algorithms.host_keys =
            prefer_known_keys(login.algorithms.host_keys, policy.files, "127.0.0.1", server.port())
                .value();
        login.trust = trust_by(std::move(policy));
        auto key = config::load_private_key(server.key());
        login.credentials.push_back(key_credential(std::move(key.value()), "id"));
        return failure_of_start(std::move(login));
    }

private:
    temporary_directory folder_;
};

BOOST_AUTO_TEST_SUITE(bastion_certificates)

BOOST_AUTO_TEST_CASE(c38_certificates_of_users_by_adit) {
    const certified all;
    const auto accepted = [&all](const arguments& how) {
        all.sign(how);
        const failure seen = by_us(all, all.server());
        BOOST_TEST(!seen.error, seen.words);
    };
    const auto refused = [&all](const arguments& how, const std::string& ca = "ca") {
        all.sign(how, ca);
        const failure seen = by_us(all, all.server());
        BOOST_TEST(seen.error == make_error_code(errc::authentication_failed), seen.words);
    };
    accepted({"-n", "joe,jim", "-V", "-1h:+1h"});
    accepted({"-n", "joe", "-O", "source-address=127.0.0.0/8"});
    refused({"-n", "joe", "-V", "-2h:-1h"});
    refused({"-n", "joe", "-V", "+1h:+2h"});
    refused({"-n", "jim"});
    refused({});
    refused({"-n", "joe", "-O", "critical:unknown@example.org=1"});
    refused({"-n", "joe", "-O", "source-address=192.0.2.0/24"});
    refused({"-n", "joe", "-h"});
    make_key(all.file("another"));
    refused({"-n", "joe"}, "another");
}

BOOST_AUTO_TEST_CASE(c38_revoked_users) {
    const certified all;
    all.sign({"-n", "joe"});
    BOOST_TEST(!by_us(all, all.server()).error);
    for (const char* name : {"ca.pub", "user.pub"}) {
        const auto server = all.another("RevokedKeys=" + all.file(name));
        const failure seen = by_us(all, *server);
        BOOST_TEST(seen.error == make_error_code(errc::authentication_failed), name);
    }
    write_file(all.file("krl"), "SSHKRL\n");
    BOOST_CHECK_THROW(all.another("RevokedKeys=" + all.file("krl")), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(c38_certificates_of_hosts_by_adit) {
    const certified_bastion host;
    host.sign({"-h", "-n", "127.0.0.1", "-V", "-1h:+1h"});
    const failure good = host.meet();
    BOOST_TEST(!good.error, good.words);
    const auto with = [&host](errc expected, const std::function<void(known_hosts_policy&)>& set) {
        const failure seen = host.meet(set);
        BOOST_TEST(seen.error == make_error_code(expected), seen.words);
    };
    for (const char* revoked : {"ca.pub", "host.pub"}) {
        with(errc::host_key_revoked,
             [&](known_hosts_policy& p) { p.revoked_host_keys = host.file(revoked); });
    }
    with(errc::revoked_keys_unreadable,
         [&](known_hosts_policy& p) { p.revoked_host_keys = host.file("none"); });
    with(errc::host_certificate_refused,
         [](known_hosts_policy& p) { p.ca_signature_algorithms = "rsa-sha2-512"; });
    const std::vector<arguments> bad{{"-h", "-n", "127.0.0.1", "-V", "-2h:-1h"},
                                     {"-h", "-n", "127.0.0.1", "-V", "+1h:+2h"},
                                     {"-h", "-n", "127.0.0.2"},
                                     {"-h"}};
    for (const arguments& how : bad) {
        host.sign(how);
        with(errc::host_certificate_refused, {});
    }
    host.sign({"-h", "-n", "127.0.0.1"}, "other");
    with(errc::host_key_unknown, {});
}

BOOST_AUTO_TEST_CASE(c38_certificates_of_users_by_ssh_9_2) { certificates(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(c38_certificates_of_users_by_ssh_10_0) { certificates(ssh_10_0()); }

BOOST_AUTO_TEST_CASE(c38_a_certificate_may_take_forwarding_away) {
    const certified all;
    all.sign({"-n", "joe", "-O", "no-port-forwarding"});
    all.accepts(ssh_9_2());
    login_wish wish = all.wish(ssh_9_2());
    wish.more = {"-W", "127.0.0.1:9"};
    const auto outcome = run(joined({"timeout", "60"}, command_of(ssh_9_2(), all.server(), wish)));
    BOOST_TEST(outcome.status == 255);
    BOOST_TEST((outcome.errors.find("administratively prohibited") != std::string::npos),
               outcome.errors);
}

BOOST_AUTO_TEST_CASE(c38_each_type_of_authority) {
    for (const key_kind& kind : key_kinds()) {
        BOOST_TEST_CONTEXT(kind.name()) {
            const certified all;
            std::filesystem::remove(all.file("ca"));
            make_key(all.file("ca2"), kind);
            const bastion_program server(
                {.options = {"TrustedUserCAKeys=" + all.file("ca2.pub"),
                             "AuthorizedKeysFile=" + all.file("authorized_keys")}});
            all.sign({"-n", "joe"}, "ca2");
            check_login(ssh_9_2(), server, all.wish(ssh_9_2()), "publickey");
        }
    }
}

BOOST_AUTO_TEST_CASE(c39_its_own_certificate_is_believed) {
    const temporary_directory folder;
    make_key(folder.file("ca"));
    make_key(folder.file("host"));
    output_of({"ssh-keygen", "-q", "-s", folder.file("ca"), "-I", "host", "-h", "-n", "127.0.0.1",
               folder.file("host.pub")});
    const bastion_program server({.options = {"HostKey=" + folder.file("host"),
                                              "HostCertificate=" + folder.file("host-cert.pub")}});
    const std::string known = write_file(folder.file("known_hosts"),
                                         "@cert-authority * " + read_file(folder.file("ca.pub")));
    login_wish wish{.key = server.key()};
    wish.more = {"-o", "UserKnownHostsFile=" + known, "-o",
                 "HostKeyAlgorithms=ssh-ed25519-cert-v01@openssh.com"};
    for (const ssh_client& client : {ssh_9_2(), ssh_10_0()}) {
        if (missing(client)) continue;
        check_login(client, server, wish, "publickey");
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
