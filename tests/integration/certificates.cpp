// Certificates that ssh-keygen signs, at sshd: users' that we show, from a file and from an agent,
// and hosts' that we believe or refuse (C38).
#include "support/test.hpp"

#include "integration/failure.hpp"
#include "integration/key_files.hpp"
#include "integration/program.hpp"

#include <adit/auth/identities.hpp>

namespace adit::test {
namespace {

/// An authority and a key that it may sign.
class signing_folder {
public:
    explicit signing_folder(const key_kind& kind) {
        std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
        make_key(file("ca"), key_kind{"ed25519", ""});
        make_key(file("key"), kind);
    }
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] std::string line(std::string_view name) const {
        return read_file(file(std::string(name) + ".pub"));
    }
    void sign(const arguments& how, const std::string& ca = "ca") const {
        const arguments command{"ssh-keygen", "-q", "-s", file(ca), "-I", "an identity"};
        output_of(joined(joined(command, how), {file("key.pub")}));
    }

private:
    temporary_directory folder_;
};

// --- Users'.

[[nodiscard]] failure log_in(const sshd& server, const signing_folder& folder) {
    client_options login = server.login();
    auto key = config::load_private_key(folder.file("key"));
    const auto certificate = load_certificate(certificate_path(folder.file("key")));
    if (!key || !certificate) throw std::runtime_error("no key or no certificate");
    const auto plain = std::make_shared<key_signer>(std::move(*key), "plain");
    login.credentials.clear();
    for (auto& one : with_certificates({plain}, {*certificate})) {
        login.credentials.emplace_back(std::move(one));
    }
    return failure_of_start(std::move(login));
}

void users(const sshd_peer& peer, const key_kind& kind) {
    if (missing(peer)) return;
    const signing_folder folder(kind);
    const sshd server(peer, {{"TrustedUserCAKeys " + folder.file("ca.pub")}, {}});
    const std::string me = current_user();
    const auto accepted = [&](const arguments& how) {
        folder.sign(how);
        const failure outcome = log_in(server, folder);
        BOOST_TEST(!outcome.error, outcome.words);
    };
    const auto refused = [&](const arguments& how, const std::string& ca = "ca") {
        folder.sign(how, ca);
        const failure outcome = log_in(server, folder);
        BOOST_TEST(outcome.error == make_error_code(errc::authentication_failed), outcome.words);
    };
    accepted({"-n", "nobody," + me, "-V", "-1h:+1h"});
    accepted({"-n", me, "-O", "source-address=127.0.0.0/8"});
    refused({"-n", me, "-V", "-2h:-1h"});
    refused({"-n", me, "-O", "source-address=192.0.2.0/24"});
    refused({"-n", "nobody"});
    refused({"-n", me, "-O", "critical:unknown@example.org=1"});
    refused({});  // for nobody
    refused({"-n", me, "-h"});
    make_key(folder.file("another"));
    refused({"-n", me}, "another");
}

// A revoked key, and a revoked CA, by the server's list.
void revoked_users(const sshd_peer& peer) {
    if (missing(peer)) return;
    const signing_folder folder({"ed25519", ""});
    const std::string list = write_file(folder.file("revoked"), "");
    std::filesystem::permissions(list, std::filesystem::perms(0644));
    const sshd server(peer,
                      {{"TrustedUserCAKeys " + folder.file("ca.pub"), "RevokedKeys " + list}, {}});
    folder.sign({"-n", current_user()});
    BOOST_TEST(!log_in(server, folder).error);
    for (const char* name : {"ca", "key"}) {
        write_file(list, folder.line(name));
        std::filesystem::permissions(list, std::filesystem::perms(0644));
        const failure outcome = log_in(server, folder);
        BOOST_TEST(outcome.error == make_error_code(errc::authentication_failed), outcome.words);
    }
}

// --- Hosts'.

class certified_host {
public:
    certified_host(const sshd_peer& peer, const signing_folder& folder)
        : server_(peer, {{"HostKey " + folder.file("key"),
                          "HostCertificate " + certificate_path(folder.file("key"))},
                         {}}) {}

    /// With these known_hosts and nothing else; everybody who is new is believed.
    [[nodiscard]] failure meet(const std::string& known) const {
        known_hosts_files files{{write_file(server_.file("known_hosts"), known)}, {}};
        client_options login = server_.login();
        const auto offer =
            prefer_known_keys(login.algorithms.host_keys, files, "127.0.0.1", server_.port());
        login.algorithms.host_keys = offer.value();
        login.trust = trust_on_first_use(files);
        return failure_of_start(std::move(login));
    }
    [[nodiscard]] std::string known_hosts() const { return read_file(server_.file("known_hosts")); }

private:
    sshd server_;
};

void hosts(const sshd_peer& peer) {
    if (missing(peer)) return;
    const signing_folder folder({"ecdsa", "256"});
    const std::string authority = "@cert-authority 127.0.0.1,[127.0.0.1]:* " + folder.line("ca");
    folder.sign({"-h", "-n", "127.0.0.1", "-V", "-1h:+1h"});
    {
        const certified_host host(peer, folder);
        const failure met = host.meet(authority);
        BOOST_TEST(!met.error, met.words);
        BOOST_TEST(host.known_hosts() == authority);  // there was nothing to learn
        for (const char* revoked : {"ca", "key"}) {
            const failure outcome = host.meet(authority + "@revoked * " + folder.line(revoked));
            BOOST_TEST(outcome.error == make_error_code(errc::host_key_revoked), outcome.words);
        }
    }
    const std::vector<arguments> bad{{"-h", "-n", "127.0.0.1", "-V", "-2h:-1h"},
                                     {"-h", "-n", "127.0.0.1", "-V", "+1h:+2h"},
                                     {"-h", "-n", "127.0.0.2"},
                                     {"-h"}};
    for (const arguments& how : bad) {
        folder.sign(how);
        const certified_host host(peer, folder);
        const failure outcome = host.meet(authority);
        BOOST_TEST(outcome.error == make_error_code(errc::host_certificate_refused), outcome.words);
        BOOST_TEST(host.known_hosts() == authority);
    }
    make_key(folder.file("another"));
    folder.sign({"-h", "-n", "127.0.0.1"}, "another");
    const certified_host host(peer, folder);
    BOOST_TEST(!host.meet(authority).error);  // by its key, as a host that is new
    BOOST_TEST(host.known_hosts() != authority);
}

BOOST_AUTO_TEST_SUITE(certificates_with_ssh)

BOOST_AUTO_TEST_CASE(c38_users_at_sshd_9_2) { users(sshd_9_2(), {"ed25519", ""}); }
BOOST_AUTO_TEST_CASE(c38_users_at_sshd_10_0) { users(sshd_10_0(), {"ed25519", ""}); }
BOOST_AUTO_TEST_CASE(c38_revoked_users_at_sshd_9_2) { revoked_users(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(c38_revoked_users_at_sshd_10_0) { revoked_users(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(c38_users_rsa_at_sshd_9_2) { users(sshd_9_2(), {"rsa", "2048"}); }
BOOST_AUTO_TEST_CASE(c38_hosts_at_sshd_9_2) { hosts(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(c38_hosts_at_sshd_10_0) { hosts(sshd_10_0()); }

#ifdef ADIT_TUNNEL

// RevokedHostKeys and CASignatureAlgorithms; and a changed key, which no option and nobody's answer
// replaces: what a person can do is said (S07).
BOOST_AUTO_TEST_CASE(s07_options_about_hosts_of_adit_tunnel) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    const temporary_directory home;
    know_host(home, server.port(), server.host_key_line());
    const arguments common{
        "-p", std::to_string(server.port()), "-i", server.user_key(), "-L", "0:127.0.0.1:9"};
    const auto says = [&](const arguments& options, const std::string& words) {
        const arguments where{current_user() + "@127.0.0.1"};
        program tunnel(home, {}, joined(joined(common, options), where));
        const int status = tunnel.wait();
        BOOST_TEST(status == 255);
        BOOST_TEST((tunnel.output().find(words) != std::string::npos), tunnel.output());
        std::filesystem::remove(home.file("program.log"));
    };
    const std::string option = "RevokedHostKeys=";
    says({"-o", option + server.file("host.pub")}, "the host key is revoked");
    says({"-o", option + home.file("missing")}, "the list of revoked keys cannot be read");
    write_file(home.file("krl"), "SSHKRL\n");
    says({"-o", option + home.file("krl")}, "is a KRL");
    says({"-o", "CASignatureAlgorithms=ssh-dss"}, "there is no");
    make_key(home.file("old"));
    know_host(home, server.port(), read_file(home.file("old.pub")));
    const std::string name = "[127.0.0.1]:" + std::to_string(server.port());
    says({"-o", "StrictHostKeyChecking=no"},
         "ssh-keygen -R '" + name + "' -f '" + home.file("known_hosts") + "'");
    BOOST_TEST(read_file(home.file("known_hosts")).find(" ssh-ed25519 ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(options_of_adit_tunnel) {
    if (missing(sshd_9_2())) return;
    const signing_folder folder({"ed25519", ""});
    const sshd server(sshd_9_2(), {{"TrustedUserCAKeys " + folder.file("ca.pub")}, {}});
    folder.sign({"-n", current_user()});
    const std::string certificate = folder.file("elsewhere");
    std::filesystem::rename(folder.file("key-cert.pub"), certificate);
    const temporary_directory home;
    const arguments common{"-p", std::to_string(server.port()),
                           "-i", folder.file("key"),
                           "-L", "0:127.0.0.1:9",
                           "-o", "HostKeyAlias=cluster",
                           "-o", "HashKnownHosts=yes",
                           "-o", "StrictHostKeyChecking=accept-new"};
    const std::string where = current_user() + "@127.0.0.1";
    program without(home, {}, joined(common, {where}));
    BOOST_TEST(without.wait() == 255, without.output());
    program with(home, {}, joined(common, {"-o", "CertificateFile=" + certificate, where}));
    BOOST_TEST(with.says("\"event\":\"ready\""), with.output());
    BOOST_TEST(with.end() == 0);
    const std::string known = home.file("known_hosts");
    BOOST_TEST(read_file(known).starts_with("|1|"));
    BOOST_TEST(run({"ssh-keygen", "-F", "cluster", "-f", known}).status == 0);
}

#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
