// A real ssh-agent: seven keys against a server that has patience for three, a key that may only be
// used for one host, certificates, and files where there is no agent (C50, S09).
#include "support/test.hpp"

#include "integration/failure.hpp"
#include "integration/key_files.hpp"
#include "integration/program.hpp"

#include <adit/agent.hpp>
#include <adit/auth/identities.hpp>

#include <sstream>

namespace adit::test {
namespace {

class ssh_agent {
public:
    ssh_agent() : program_({"ssh-agent", "-D", "-a", path()}, {}) {
        for (int i = 0; i < 1000 && status() != 1; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        if (status() != 1) throw std::runtime_error("ssh-agent does not start");
    }

    [[nodiscard]] std::string path() const { return folder_.file("agent"); }
    [[nodiscard]] agent handle() const { return agent(path()); }
    void add(const arguments& what) const {
        output_of(joined({"env", "SSH_AUTH_SOCK=" + path(), "ssh-add", "-q"}, what));
    }
    void stop() { program_.stop(); }

private:
    /// Of ssh-add -l: 1, an agent without keys; 2, no agent.
    [[nodiscard]] int status() const {
        return run({"env", "SSH_AUTH_SOCK=" + path(), "ssh-add", "-l"}).status;
    }

    temporary_directory folder_;
    child program_;
};

using signers = std::vector<std::shared_ptr<signer>>;

[[nodiscard]] signers signers_of(agent holder) {
    signers all;
    asio::io_context io(1);
    const auto body = [&]() -> task<> {
        error_code why;
        auto asking = agent_signers(holder, why);
        all = co_await std::move(asking);
        if (why) throw std::runtime_error(why.message());
    };
    run_loop(io, body());
    return all;
}

[[nodiscard]] client_options with(client_options login, const signers& identities) {
    login.credentials.clear();
    for (const auto& one : identities) login.credentials.emplace_back(one);
    return login;
}

/// Six of nobody's, then the user's.
void fill(const ssh_agent& holder, const sshd& server) {
    for (int i = 0; i < 6; ++i) {
        holder.add({make_key(server.file("stranger" + std::to_string(i)))});
    }
    holder.add({server.user_key()});
}

void seven_keys(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer, {{"MaxAuthTries 3"}, {}});
    const ssh_agent holder;
    fill(holder, server);
    const signers all = signers_of(holder.handle());
    BOOST_TEST(all.size() == 7U);
    const failure burnt = failure_of_start(with(server.login(), all));
    BOOST_TEST(burnt.error, burnt.words);
    const auto pin = load_public_key(server.user_key() + ".pub");
    BOOST_REQUIRE(pin.has_value());
    const signers pinned = ordered_identities(all, {{*pin, nullptr}}, true);
    BOOST_TEST(pinned.size() == 1U);
    const failure fine = failure_of_start(with(server.login(), pinned));
    BOOST_TEST(!fine.error, fine.words);
    const signers first = ordered_identities(all, {{*pin, nullptr}}, false);
    BOOST_TEST(!failure_of_start(with(server.login(), first)).error);
}

// ssh-agent signs with such a key only on a connection that session-bind has bound to that host.
void constrained(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer), another(peer);
    const ssh_agent holder;
    const std::string name = "[127.0.0.1]:" + std::to_string(server.port());
    const std::string known =
        write_file(server.file("known_hosts"), name + " " + server.host_key_line());
    holder.add({"-H", known, "-h", name, server.user_key()});
    const signers all = signers_of(holder.handle());
    BOOST_REQUIRE(all.size() == 1U);
    const failure here = failure_of_start(with(server.login(), all));
    BOOST_TEST(!here.error, here.words);
    std::filesystem::copy_file(server.user_key() + ".pub", another.file("authorized_keys"),
                               std::filesystem::copy_options::overwrite_existing);
    const failure there = failure_of_start(with(another.login(), all));
    BOOST_TEST(there.error == make_error_code(errc::authentication_failed), there.words);
}

void each_type(const sshd_peer& peer) {
    if (missing(peer)) return;
    for (const key_kind& kind : key_kinds()) {
        BOOST_TEST_CONTEXT(kind.name()) {
            const sshd server(peer);
            const ssh_agent holder;
            const std::string key = make_key(server.file(kind.name()), kind);
            write_file(server.file("authorized_keys"), read_file(key + ".pub"));
            std::filesystem::permissions(server.file("authorized_keys"),
                                         std::filesystem::perms(0644));
            holder.add({key});
            const failure outcome =
                failure_of_start(with(server.login(), signers_of(holder.handle())));
            BOOST_TEST(!outcome.error, outcome.words);
        }
    }
}

BOOST_AUTO_TEST_SUITE(agents_with_ssh)

BOOST_AUTO_TEST_CASE(c50_seven_keys_and_a_pin_at_sshd_9_2) { seven_keys(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(c50_seven_keys_and_a_pin_at_sshd_10_0) { seven_keys(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(c50_key_for_one_host_only) { constrained(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(c50_each_type_of_key) { each_type(sshd_9_2()); }

BOOST_AUTO_TEST_CASE(a28_agent_that_has_died_leaves_the_files) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    ssh_agent holder;
    holder.add({server.user_key()});
    client_options login = with(server.login(), signers_of(holder.handle()));
    holder.stop();
    login.credentials.push_back(server.login().credentials.front());
    const failure outcome = failure_of_start(login);
    BOOST_TEST(!outcome.error, outcome.words);
}

#ifdef ADIT_TUNNEL

BOOST_AUTO_TEST_CASE(c50_pins_of_adit_tunnel) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2(), {{"MaxAuthTries 3"}, {}});
    const ssh_agent holder;
    fill(holder, server);
    // The private half is with the agent alone.
    for (const char* const named : {"id.pub", "id"}) {
        const temporary_directory folder;
        know_host(folder, server.port(), server.host_key_line());
        write_file(folder.file("id.pub"), read_file(server.file("id.pub")));
        program adit_tunnel(folder, {},
                            {"-p", std::to_string(server.port()), "-i", folder.file(named), "-o",
                             "IdentitiesOnly=yes", "-o", "IdentityAgent=" + holder.path(), "-L",
                             "0:127.0.0.1:9", current_user() + "@127.0.0.1"});
        BOOST_TEST(adit_tunnel.says("\"event\":\"ready\""), adit_tunnel.output());
        BOOST_TEST(adit_tunnel.end() == 0);
    }
}

// As people write it for the agents of password managers.
BOOST_AUTO_TEST_CASE(c50_an_agent_whose_path_has_a_tilde_or_a_variable_in_it) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    const ssh_agent holder;
    holder.add({server.user_key()});
    const temporary_directory folder;
    know_host(folder, server.port(), server.host_key_line());
    std::filesystem::create_symlink(holder.path(), folder.file("agent"));
    for (const char* const path : {"~/agent", "${HOME}/agent", "%d/agent"}) {
        std::filesystem::remove(folder.file("program.log"));
        program adit_tunnel(folder, {},
                            {"-p", std::to_string(server.port()), "-o", "IdentityFile=none", "-o",
                             std::string("IdentityAgent=") + path, "-L", "0:127.0.0.1:9",
                             current_user() + "@127.0.0.1"});
        BOOST_TEST(adit_tunnel.says("\"event\":\"ready\""), path << ": " << adit_tunnel.output());
        BOOST_TEST(adit_tunnel.end() == 0);
    }
}

/// For each line with these words in it: whether it is about a certificate, and whether about the
/// agent's stranger.
[[nodiscard]] std::string offers(const std::string& text, std::string_view words) {
    std::istringstream lines(text);
    std::string all;
    for (std::string line; std::getline(lines, line);) {
        if (line.find(words) == std::string::npos) continue;
        const bool certificate =
            line.find("-cert-v01") != std::string::npos || line.find("-CERT ") != std::string::npos;
        const bool stranger = line.find("stranger") != std::string::npos;
        all += certificate ? "certificate " : stranger ? "stranger " : "key ";
    }
    return all;
}

/// What ssh and adit-tunnel offer, told the same.
void compare_offers(const sshd& server, const arguments& options, const std::string& agent,
                    const std::string& expected) {
    const temporary_directory folder;
    know_host(folder, server.port(), server.host_key_line());
    const arguments where{"-p", std::to_string(server.port()), "-o", "IdentityAgent=" + agent};
    const std::string user = current_user() + "@127.0.0.1";
    const auto theirs = run(joined(joined({"ssh", "-v", "-F", "none", "-o", "BatchMode=yes", "-o",
                                           "UserKnownHostsFile=" + folder.file("known_hosts")},
                                          joined(where, options)),
                                   {user, "true"}));
    BOOST_TEST(offers(theirs.errors, "Offering public key") == expected, theirs.errors);
    program ours(folder, {},
                 joined(joined({"-v", "-L", "0:127.0.0.1:9"}, joined(where, options)), {user}));
    BOOST_TEST(ours.wait() == 255);
    BOOST_TEST(offers(ours.output(), "identity ") == expected, ours.output());
}

// The certificate beside a key comes behind it, one by CertificateFile before everything.
BOOST_AUTO_TEST_CASE(c38_keys_and_certificates_are_offered_in_the_order_of_ssh) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    write_file(server.file("authorized_keys"), "");
    make_key(server.file("ca"));
    output_of({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "stranger", "-f",
               server.file("stranger")});
    output_of({"ssh-keygen", "-q", "-s", server.file("ca"), "-I", "x", "-n", "nobody",
               server.file("id.pub")});
    const std::string beside = server.file("id-cert.pub");
    const ssh_agent holder;
    const arguments key{"-i", server.user_key()};
    compare_offers(server, key, "none", "key certificate ");
    holder.add({server.file("stranger")});
    compare_offers(server, key, holder.path(), "stranger key certificate ");
    const std::string away = server.file("certificate");
    std::filesystem::rename(beside, away);
    const arguments both = joined(key, {"-o", "CertificateFile=" + away});
    compare_offers(server, both, holder.path(), "certificate stranger key ");
    holder.add({server.user_key()});  // without the certificate, which is elsewhere
    compare_offers(server, both, holder.path(), "certificate key stranger ");
    std::filesystem::rename(away, beside);
    compare_offers(server, key, holder.path(), "key stranger certificate ");
    const arguments only = joined(key, {"-o", "IdentitiesOnly=yes"});
    compare_offers(server, only, holder.path(), "key certificate ");
}

// TablePro's reasons that are about an agent, in the words of whoever looked for it.
BOOST_AUTO_TEST_CASE(why_an_agent_did_not_help_is_said) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    const temporary_directory folder;
    know_host(folder, server.port(), server.host_key_line());
    const auto told = [&](const arguments& options) {
        std::filesystem::remove(folder.file("program.log"));
        program tunnel(
            folder, {},
            joined(joined({"-p", std::to_string(server.port()), "-L", "0:127.0.0.1:9"}, options),
                   {current_user() + "@127.0.0.1"}));
        BOOST_TEST(tunnel.wait() == 255);
        return tunnel.output();
    };
    const ssh_agent holder;
    const std::string agent = "IdentityAgent=" + holder.path();
    const std::string words = "publickey(agent " + holder.path() + ")[it has no keys]";
    const std::string empty = told({"-o", agent});
    BOOST_TEST((empty.find(words) != std::string::npos), empty);
    holder.add({server.user_key()});
    const std::string strict = told({"-o", agent, "-o", "IdentitiesOnly=yes"});
    BOOST_TEST((strict.find("no file names one of its keys") != std::string::npos), strict);
    const std::string none = told({"-o", "IdentityAgent=" + folder.file("nobody")});
    BOOST_TEST((none.find("no SSH agent answers") != std::string::npos), none);
}

#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
