// Ways to a server through others by adit-tunnel: three hops with a login of each kind, proxies,
// commands, and what it refuses; the library's own are in routes.cpp.
#include "support/print.hpp"
#include "support/test.hpp"

#include "integration/bastion.hpp"
#include "integration/database_servers.hpp"
#include "integration/program.hpp"
#include "integration/proxy_program.hpp"

#if defined(ADIT_TUNNEL) && defined(ADIT_BASTION)

namespace adit::test {
namespace {

BOOST_AUTO_TEST_SUITE(routes_program)

/// So many bytes each way through adit-tunnel with these arguments and `target` for -L.
void use(const temporary_directory& folder, const audience& who, arguments more) {
    asio::io_context io(1);
    const local_server far(io.get_executor(), [](tcp::socket socket) -> task<> {
        co_await both_ways(socket, payload_down, payload_up, mebibyte);
    });
    more.insert(more.begin(), {"-L", "0:127.0.0.1:" + std::to_string(far.port())});
    std::filesystem::remove(folder.file("program.log"));
    program adit_tunnel(folder, who, more);
    const bool ready = adit_tunnel.says("\"event\":\"ready\"");
    BOOST_REQUIRE_MESSAGE(ready, adit_tunnel.output());
    const std::uint16_t port = local_port(adit_tunnel.output());
    const auto send = [port, &far]() -> task<> {
        tcp::socket near = co_await dial(port);
        co_await both_ways(near, payload_up, payload_down, mebibyte);
        co_await far.has_open(0);
    };
    run_loop(io, send());
    BOOST_TEST(adit_tunnel.end() == 0);
}

[[nodiscard]] std::string block(const std::string& name, std::uint16_t port,
                                const std::string& more) {
    return "Host " + name + "\n HostName 127.0.0.1\n Port " + std::to_string(port) +
           "\n GlobalKnownHostsFile none\n" + more;
}

/// A key, a password and a code, and a key of an agent; each hop from its own Host block.
struct three_hops {
    three_hops()
        : one(sshd_9_2()),
          two(bastion_of(folder)),
          three(sshd_9_2()),
          agent({"ssh-agent", "-D", "-a", folder.file("agent")}, {}) {
        for (int i = 0; i < 1000 && !std::filesystem::exists(folder.file("agent")); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        const auto added = run(
            {"env", "SSH_AUTH_SOCK=" + folder.file("agent"), "ssh-add", "-q", three.user_key()});
        BOOST_REQUIRE(added.status == 0);
        know_host(folder, three.port(), three.host_key_line());
        write_config();
    }

    [[nodiscard]] static bastion_config settings(const std::string& hash) {
        return {.options = {"AuthenticationMethods=password,keyboard-interactive",
                            "PasswordAuthentication=yes", "KbdInteractiveAuthentication=yes"},
                .users = "[user.joe]\npassword = \"" + hash + "\"\ntotp = \"" +
                         std::string(totp_secret) + "\"\n"};
    }
    [[nodiscard]] static bastion_config bastion_of(const temporary_directory& folder) {
        return settings(hash_of_password(folder, "a word"));
    }
    [[nodiscard]] std::string knows(const std::string& name, std::uint16_t port,
                                    const std::string& key) const {
        const std::string line = "[127.0.0.1]:" + std::to_string(port) + " " + key;
        return " UserKnownHostsFile " + write_file(folder.file("known_" + name), line) + "\n";
    }
    void write_config() const {
        const std::string secret = write_file(folder.file("totp"), totp_secret);
        std::filesystem::permissions(secret, std::filesystem::perms(0600));
        const std::string me = " User " + current_user() + "\n";
        const std::string first = " IdentityFile " + one.user_key() + "\n" + me;
        const std::string second = " User joe\n PubkeyAuthentication no\n TOTPSecretFile " + secret;
        const std::string third = " IdentityAgent " + folder.file("agent") + "\n" + me;
        write_file(folder.file("config"),
                   block("one", one.port(), first + knows("one", one.port(), one.host_key_line())) +
                       block("two", two.port(),
                             second + "\n" + knows("two", two.port(), two.host_key_line())) +
                       block("three", three.port(), third + " ProxyJump one,two\n"));
    }
    [[nodiscard]] audience answers() const {
        return {.askpass = make_askpass(folder, {"*joe@127.0.0.1*assword*) echo 'a word' ;;"})};
    }
    [[nodiscard]] arguments command() const {
        return {"-F", folder.file("config"), "-o", "IdentityFile=none", "three"};
    }

    temporary_directory folder;
    sshd one;
    bastion_program two;
    sshd three;
    child agent;
};

BOOST_AUTO_TEST_CASE(three_hops_of_adit_tunnel) {
    if (missing(sshd_9_2())) return;
    const three_hops at;
    use(at.folder, at.answers(), at.command());
    const std::string log = at.two.log();
    BOOST_TEST((log.find("joe: login password,keyboard-interactive") != std::string::npos), log);
}

// The second bastion dies between two runs of pgbench: the port stays, the event names that hop,
// and the way is made again with another code.
BOOST_AUTO_TEST_CASE(t24_pgbench_through_three_hops_and_the_middle_one_is_killed) {
    if (missing(sshd_9_2())) return;
    if (postgres_tools().empty()) return skip("PostgreSQL is not installed");
    const postgres database(postgres_tools());
    three_hops at;
    program adit_tunnel(
        at.folder, at.answers(),
        joined({"-L", "0:127.0.0.1:" + std::to_string(database.port())}, at.command()));
    const bool ready = adit_tunnel.says("\"event\":\"ready\"");
    BOOST_REQUIRE_MESSAGE(ready, adit_tunnel.output());
    const std::string port = std::to_string(local_port(adit_tunnel.output()));
    const auto bench = [&] {
        const auto measured = database.use({"pgbench", "-c", "4", "-T", "2"}, port);
        BOOST_TEST(measured.output.find("number of failed transactions: 0 ") != std::string::npos,
                   measured.output << measured.errors);
    };
    database.use({"pgbench", "-i", "-s", "1", "-q"}, port);
    bench();
    const std::uint16_t where = at.two.port();
    at.two.signal(SIGKILL);
    static_cast<void>(at.two.wait());
    const bool lost = adit_tunnel.says("\"event\":\"reconnecting\"");
    BOOST_REQUIRE_MESSAGE(lost, adit_tunnel.output());
    const std::string said = adit_tunnel.output();
    const std::string event = said.substr(said.find("\"event\":\"reconnecting\""));
    const std::string name = "joe@127.0.0.1:" + std::to_string(where);
    BOOST_TEST((event.substr(0, event.find('\n')).find(name) != std::string::npos), event);
    arguments again = bastion_program::command(at.two.folder(), three_hops::bastion_of(at.folder));
    *std::next(std::find(again.begin(), again.end(), "-p")) = std::to_string(where);
    child revived(again, {.log = at.two.file("log2")});
    const bool back = adit_tunnel.says("\"event\":\"connected\"");  // behind the next code
    BOOST_REQUIRE_MESSAGE(back, adit_tunnel.output());
    bench();
    BOOST_TEST(adit_tunnel.end() == 0);
}

BOOST_AUTO_TEST_CASE(proxies_of_adit_tunnel) {
    if (missing(sshd_9_2())) return;
    const temporary_directory folder;
    const sshd server(sshd_9_2());
    know_host(folder, server.port(), server.host_key_line());
    const arguments login{"-i", server.user_key(), "-p", std::to_string(server.port())};
    const std::string me = current_user() + "@127.0.0.1";
    const std::string word = write_file(folder.file("word"), "a word\n");
    for (const std::string kind : {"http", "socks5"}) {
        const proxy_program proxy({kind, "joe:a word"});
        const std::string url = kind + "://joe@127.0.0.1:" + std::to_string(proxy.port());
        const arguments upstream = joined(login, {"-o", "Upstream=" + url});
        use(folder, {}, joined(upstream, {"-o", "UpstreamPasswordFile=" + word, me}));
        const std::string asked = make_askpass(folder, {"*proxy\\ joe@*) echo 'a word' ;;"});
        use(folder, {.askpass = asked}, joined(upstream, {me}));
    }
}

// Past the proxy nothing can be reached, so it is not only for a server without jumps before it.
BOOST_AUTO_TEST_CASE(a_proxy_of_adit_tunnel_is_before_the_first_jump) {
    if (missing(sshd_9_2())) return;
    const temporary_directory folder;
    const sshd one(sshd_9_2());
    const sshd two(sshd_9_2());
    know_host(folder, two.port(), two.host_key_line());
    const std::string known =
        write_file(folder.file("known_one"),
                   "[127.0.0.1]:" + std::to_string(one.port()) + " " + one.host_key_line());
    const std::string config =
        write_file(folder.file("config"),
                   block("one", one.port(),
                         " User " + current_user() + "\n IdentityFile " + one.user_key() +
                             "\n UserKnownHostsFile " + known + "\n Compression yes\n"));
    const auto through = [&](std::uint16_t port) {
        return arguments{"-F",
                         config,
                         "-J",
                         "one",
                         "-i",
                         two.user_key(),
                         "-p",
                         std::to_string(two.port()),
                         "-o",
                         "Upstream=http://127.0.0.1:" + std::to_string(port),
                         current_user() + "@127.0.0.1"};
    };
    const proxy_program proxy({"http"});
    use(folder, {}, through(proxy.port()));
    // What the jump's block has and adit has not is told, too.
    const std::string said = read_file(folder.file("program.log"));
    BOOST_TEST((said.find("compression yes") != std::string::npos), said);
    program refused(folder, {}, joined({"-L", "0:127.0.0.1:9"}, through(free_port())));
    BOOST_TEST(refused.wait() == 255);
}

BOOST_AUTO_TEST_CASE(a_command_of_adit_tunnel) {
    if (missing(sshd_9_2())) return;
    const temporary_directory folder;
    const sshd gate(sshd_9_2());
    const sshd server(sshd_9_2());
    know_host(folder, server.port(), server.host_key_line());
    std::string command;
    for (const std::string& one : joined(ssh_to(gate), {"-W", "%h:%p", "127.0.0.1"})) {
        command += (command.empty() ? "" : " ") + one;
    }
    use(folder, {},
        {"-i", server.user_key(), "-p", std::to_string(server.port()), "-o",
         "ProxyCommand=" + command, current_user() + "@127.0.0.1"});
}

// What leads elsewhere is refused, before anything is connected.
BOOST_AUTO_TEST_CASE(a29_ways_that_adit_tunnel_refuses) {
    const temporary_directory folder;
    const std::string circle = write_file(folder.file("config"),
                                          "Host a\n ProxyJump b\nHost b\n"
                                          " ProxyJump a\n");
    const std::vector<std::pair<arguments, std::string>> rows{
        {{"-F", circle, "a"}, "circle"},
        {{"-o", "ProxyUseFdpass=yes", "h"}, "ProxyUseFdpass"},
        {{"-J", "-oProxyCommand=x", "h"}, "ProxyJump"},
        {{"-J", "a;b", "h"}, "ProxyJump"},
        {{"-o", "ProxyCommand=nc %h %p", "a;b"}, "no such host"},
        {{"-o", "ProxyCommand=nc %x", "h"}, "%x"},
        {{"-o", "ProxyCommand=nc %r", "-l", "a$b", "h"}, "%r"},
        {{"-o", "Upstream=http://joe:word@p", "h"}, "UpstreamPasswordFile"},
        {{"-o", "Upstream=ftp://p", "h"}, "Upstream"},
        {{"-o", "Upstream=http://p", "-o", "ProxyCommand=x", "h"}, "one way only"},
        {{"-b", "eth0", "h"}, "BindAddress"},
    };
    for (const auto& [more, told] : rows) {
        const auto outcome = run(joined(
            {ADIT_TUNNEL, "-F", "none", "-L", "0:127.0.0.1:1", "-o", "BatchMode=yes"}, more));
        BOOST_TEST(outcome.status == 255);
        BOOST_TEST((outcome.errors.find(told) != std::string::npos), outcome.errors);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
