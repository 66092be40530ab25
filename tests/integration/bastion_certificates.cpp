// Certificates that ssh-keygen signs: users' at adit-bastion's TrustedUserCAKeys, and its own that
// ssh believes (C38, C39).
#include "support/test.hpp"

#include "integration/bastion.hpp"

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

BOOST_AUTO_TEST_SUITE(bastion_certificates)

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
