// One known_hosts file, two programs: what we write ssh accepts, what ssh writes we accept, hashed
// too; and neither takes another key for it (S06, S07).
#include "support/test.hpp"

#include "integration/failure.hpp"

namespace adit::test {
namespace {

[[nodiscard]] std::string name_of(const sshd& server) {
    return "[127.0.0.1]:" + std::to_string(server.port());
}

// Only the given files, and no agent, whatever the machine's own settings are.
[[nodiscard]] run_result ssh(const sshd& server, const std::string& file,
                             std::vector<std::string> settings) {
    std::vector<std::string> command{
        "ssh", "-F", "none", "-T", "-i", server.user_key(), "-p", std::to_string(server.port())};
    settings.insert(settings.end(), {"UserKnownHostsFile=" + file, "GlobalKnownHostsFile=none",
                                     "BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none"});
    for (const std::string& setting : settings) {
        command.emplace_back("-o");
        command.push_back(setting);
    }
    command.push_back(current_user() + "@127.0.0.1");
    command.emplace_back("true");
    return run(command);
}

[[nodiscard]] error_code log_in(client_options login) {
    return failure_of_start(std::move(login)).error;
}

void written_by_us(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer);
    const std::string file = server.file("ours");
    client_options login = server.login();
    login.trust = trust_on_first_use(known_hosts_files({file}, {}));
    BOOST_TEST(!log_in(login));
    BOOST_TEST(!log_in(login));
    const auto found = run({"ssh-keygen", "-F", name_of(server), "-f", file});
    BOOST_TEST(found.status == 0, found.output << found.errors);
    const std::string content = read_file(file);
    BOOST_TEST(std::count(content.begin(), content.end(), '\n') == 1, content);
    const auto accepted = ssh(server, file, {"StrictHostKeyChecking=yes"});
    BOOST_TEST(accepted.status == 0, accepted.errors);
    // Somebody else's server, where ours was.
    const std::string other = read_file(make_key(server.file("other")) + ".pub");
    write_file(file, name_of(server) + " " + other);
    BOOST_TEST(log_in(login) == make_error_code(errc::host_key_changed));
    BOOST_TEST(read_file(file) == name_of(server) + " " + other);
}

void written_by_ssh(const sshd_peer& peer, const std::string& hashing) {
    if (missing(peer)) return;
    const sshd server(peer);
    const std::string file = server.file("theirs");
    client_options login = server.login();
    login.trust = trust_known_hosts(known_hosts_files({file}, {}));
    BOOST_TEST(log_in(login) == make_error_code(errc::host_key_unknown));
    const auto learnt = ssh(server, file, {"StrictHostKeyChecking=accept-new", hashing});
    BOOST_TEST(learnt.status == 0, learnt.errors);
    const bool hashed = read_file(file).starts_with("|1|");
    BOOST_TEST(hashed == (hashing == "HashKnownHosts=yes"));
    BOOST_TEST(!log_in(login));
}

BOOST_AUTO_TEST_SUITE(known_hosts_with_ssh)

BOOST_AUTO_TEST_CASE(s06_written_by_us_of_sshd_9_2) { written_by_us(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(s06_written_by_us_of_sshd_10_0) { written_by_us(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(c51_written_by_ssh) { written_by_ssh(sshd_9_2(), "HashKnownHosts=no"); }
BOOST_AUTO_TEST_CASE(c51_written_by_ssh_hashed) {
    written_by_ssh(sshd_9_2(), "HashKnownHosts=yes");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
