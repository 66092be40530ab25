// adit-tunnel told nothing but an alias: ~/.ssh/config says the rest (ssh_config(5), C52), against
// sshd; and what routes in a way that is not there is refused by name.
#include "support/test.hpp"

#include "integration/program.hpp"

#ifdef ADIT_TUNNEL

namespace adit::test {
namespace {

/// A home with a configuration, and adit-tunnel in it.
class home {
public:
    explicit home(const std::string& text) {
        std::filesystem::create_directory(folder_.file(".ssh"));
        write_file(folder_.file(".ssh/config"), text);
    }
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] std::vector<std::string> command(
        const std::vector<std::string>& arguments) const {
        std::vector<std::string> all{"env",
                                     "-u",
                                     "SSH_AUTH_SOCK",
                                     "HOME=" + folder_.path().string(),
                                     "SSH_ASKPASS_REQUIRE=never",
                                     "setsid",
                                     "-w",
                                     ADIT_TUNNEL,
                                     "--json"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }
    /// What it says when it refuses to begin.
    [[nodiscard]] std::string refusal(const std::string& alias) const {
        const auto outcome = run(command({alias}));
        BOOST_TEST(outcome.status == 255);
        return outcome.errors;
    }

private:
    temporary_directory folder_;
};

/// What the port's other end says first.
[[nodiscard]] std::string greeting(std::uint16_t port) {
    const std::string script =
        "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(port) + " && head -c 7 <&3";
    return run({"timeout", "30", "bash", "-c", script}).output;
}

[[nodiscard]] std::string config_for(const sshd& server, std::uint16_t local) {
    write_file(server.file("known"),
               "[127.0.0.1]:" + std::to_string(server.port()) + " " + server.host_key_line());
    const std::string port = std::to_string(server.port());
    return "Host b*x !bix\n HostName 127.0.0.1\n Port = " + port + "\n User \"" + current_user() +
           "\"\n IdentityFile ~/.ssh/%n.missing\n IdentityFile " + server.user_key() +
           "\n UserKnownHostsFile none\nHost *\n UserKnownHostsFile /nowhere\n"
           "Match host 127.0.0.1 user " +
           current_user() + "\n GlobalKnownHostsFile " + server.file("known") +
           "\n StrictHostKeyChecking yes\n ConnectTimeout 1m\n ServerAliveInterval 5\n"
           " Ciphers aes128-cbc,aes256-ctr\n MACs hmac-sha2-256\n KexAlgorithms "
           "+no-such-kex\n PreferredAuthentications gssapi-with-mic,publickey\n"
           " Compression yes\n SendEnv LANG LC_*\n LocalForward " +
           std::to_string(local) + " 127.0.0.1:" + port + "\n";
}

BOOST_AUTO_TEST_SUITE(ssh_config_alias)

BOOST_AUTO_TEST_CASE(c52_an_alias_alone_is_enough) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    const std::uint16_t local = free_port();
    const home at(config_for(server, local));
    const std::string log = at.file("log");
    {
        child tunnel(at.command({"box"}), {.log = log});
        BOOST_REQUIRE_MESSAGE(serves(tunnel, local), read_file(log));
        BOOST_TEST(greeting(local) == "SSH-2.0");
    }
    const std::string said = read_file(log);
    // Passed over, and told with its place.
    for (const char* name : {"aes128-cbc", "no-such-kex", "gssapi-with-mic", "compression yes"}) {
        BOOST_TEST(said.find(name) != std::string::npos, name << " in " << said);
    }
    BOOST_TEST(said.find(".ssh/config:1") != std::string::npos, said);
}

BOOST_AUTO_TEST_CASE(c52_what_routes_and_is_not_there_is_refused_by_name_and_place) {
    for (const char* line :
         {"BindInterface eth0", "ProxyUseFdpass yes", "KnownHostsCommand /bin/x"}) {
        const home at(std::string("Host other\n ") + line + "\nHost box\n " + line +
                      "\n LocalForward 8080 a:1\n");
        const std::string said = at.refusal("box");
        const std::string name = config::to_lower(std::string(line).substr(0, 9));
        BOOST_TEST(config::to_lower(said).find(name) != std::string::npos, said);
        BOOST_TEST(said.find(".ssh/config:4: ") != std::string::npos, said);
    }
}

BOOST_AUTO_TEST_CASE(c52_mistakes_name_file_and_line) {
    BOOST_TEST(home("\nPort 0\n").refusal("box").find(".ssh/config:2: ") != std::string::npos);
    const home open("User \"x\n");
    BOOST_TEST(open.refusal("box").find(".ssh/config:1: ") != std::string::npos);
    BOOST_TEST(home("Match exec \"touch /tmp/x\"\n Port 1\n").refusal("box").find("exec") !=
               std::string::npos);
    const home loop("Include config\n");
    BOOST_TEST(loop.refusal("box").find("Include") != std::string::npos);
    // Without a word about a forward there is nothing to do.
    BOOST_TEST(home("Host box\n User x\n").refusal("box").find("-L") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
