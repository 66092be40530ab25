// Ways to a server through others: sshd 9.2 and 10.0 and adit-bastion as hops, each killed while
// data flows (T24), every kind of login on a hop, proxies of each kind, and commands; by the
// library and by adit-tunnel.
#include "support/print.hpp"
#include "support/test.hpp"

#include "integration/bastion.hpp"
#include "integration/database_servers.hpp"
#include "integration/program.hpp"
#include "integration/proxy_program.hpp"

#include <adit/route.hpp>
#include <adit/upstream.hpp>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace adit::test {
namespace {

[[nodiscard]] hop hop_of(client_options login) { return hop(std::move(login)); }

/// A chain, and an echo behind it.
struct far_away {
    explicit far_away(route way, const executor& ex) : far(ex, echo), ssh(ex, std::move(way)) {}

    [[nodiscard]] task<> start() {
        auto starting = ssh.async_start(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(starting);
        const error_code ec = std::get<0>(outcome);
        if (ec) throw std::runtime_error(ssh.diagnostics().describe(ec));
    }
    [[nodiscard]] task<channel> open() {
        target to("127.0.0.1", far.port());
        auto opening = ssh.last().async_open(std::move(to), asio::deferred);
        co_return co_await std::move(opening);
    }
    [[nodiscard]] task<error_code> closed() {
        auto waiting = ssh.async_wait_closed(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(waiting);
        co_return std::get<0>(outcome);
    }

    local_server far;
    chain ssh;
};

/// Writes until the channel ends, and reads what comes back.
task<> keep_busy(channel& c) {
    std::vector<char> room(32 * 1024, 'x');
    for (;;) {
        auto writing = asio::async_write(c, asio::buffer(room), asio::deferred);
        const std::size_t n = co_await std::move(writing);
        auto reading = asio::async_read(c, asio::buffer(room.data(), n), asio::deferred);
        static_cast<void>(co_await std::move(reading));
    }
}

task<error_code> end_of(task<> busy) {
    try {
        co_await std::move(busy);
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
    co_return error_code();
}

void two_hops(const sshd_peer& first, const sshd_peer& last, std::optional<int> killed) {
    if (missing(first) || missing(last)) return;
    const sshd one(first);
    const sshd two(last);
    asio::io_context io(1);
    const auto body = [&]() -> task<> {
        route way(hop_of(two.login()));
        way.jumps.push_back(hop_of(one.login()));
        far_away behind(std::move(way), co_await asio::this_coro::executor);
        co_await behind.start();
        channel c = co_await behind.open();
        if (!killed) {
            co_await check_echo(c, 1, 8 * mebibyte);
            behind.ssh.close();
            co_return;
        }
        const sshd& victim = *killed == 0 ? one : two;
        group beside(co_await asio::this_coro::executor);
        error_code told;
        const auto works = [&]() -> task<> { told = co_await end_of(keep_busy(c)); };
        beside.spawn(works());
        co_await sleep_for(std::chrono::milliseconds(20));
        for (const pid_t process : victim.serving()) ::kill(process, SIGKILL);
        const error_code ec = co_await behind.closed();
        BOOST_TEST(ec == errc::connection_lost);
        BOOST_TEST(behind.ssh.failed_hop() == static_cast<std::size_t>(*killed));
        co_await beside.join();
        BOOST_TEST(told == errc::connection_lost);
    };
    run_loop(io, body());
}

BOOST_AUTO_TEST_SUITE(routes)

BOOST_AUTO_TEST_CASE(t24_two_hops_of_sshd_9_2_and_10_0) {
    two_hops(sshd_9_2(), sshd_10_0(), {});
    two_hops(sshd_10_0(), sshd_9_2(), {});
}
BOOST_AUTO_TEST_CASE(t24_first_hop_is_killed) { two_hops(sshd_9_2(), sshd_10_0(), 0); }
BOOST_AUTO_TEST_CASE(t24_second_hop_is_killed) { two_hops(sshd_10_0(), sshd_9_2(), 1); }

BOOST_AUTO_TEST_CASE(t24_both_rekey_all_the_time) {
    if (missing(sshd_9_2())) return;
    sshd_config often;
    often.lines = {"RekeyLimit 64K"};
    const sshd one(sshd_9_2(), often);
    const sshd two(sshd_9_2(), often);
    asio::io_context io(1);
    const auto body = [&]() -> task<> {
        client_options inner = two.login();
        inner.limits.rekey_bytes = 100'000;
        route way(hop_of(std::move(inner)));
        client_options outer = one.login();
        outer.limits.rekey_bytes = 100'000;
        way.jumps.push_back(hop_of(std::move(outer)));
        far_away behind(std::move(way), co_await asio::this_coro::executor);
        co_await behind.start();
        channel c = co_await behind.open();
        co_await check_echo(c, 1, 4 * mebibyte);
        BOOST_TEST(behind.ssh.at(0).info().rekeys > 20U);
        BOOST_TEST(behind.ssh.at(1).info().rekeys > 20U);
        behind.ssh.close();
    };
    run_loop(io, body());
}

#ifdef ADIT_BASTION

BOOST_AUTO_TEST_CASE(t24_adit_bastion_in_the_middle_is_killed) {
    if (missing(sshd_9_2())) return;
    const sshd one(sshd_9_2());
    bastion_program two;
    const sshd three(sshd_9_2());
    client_options middle("joe", "127.0.0.1", trust_fingerprints({two.fingerprint()}));
    middle.port = two.port();
    auto key = config::load_private_key(two.key());
    BOOST_REQUIRE(key.has_value());
    middle.credentials.push_back(key_credential(std::move(*key), "id"));
    asio::io_context io(1);
    const auto body = [&]() -> task<> {
        route way(hop_of(three.login()));
        way.jumps.push_back(hop_of(one.login()));
        way.jumps.push_back(hop_of(middle));
        far_away behind(std::move(way), co_await asio::this_coro::executor);
        co_await behind.start();
        channel c = co_await behind.open();
        group beside(co_await asio::this_coro::executor);
        error_code told;
        const auto works = [&]() -> task<> { told = co_await end_of(keep_busy(c)); };
        beside.spawn(works());
        co_await sleep_for(std::chrono::milliseconds(20));
        two.signal(SIGKILL);
        const error_code ec = co_await behind.closed();
        BOOST_TEST(ec == errc::connection_lost);
        BOOST_TEST(behind.ssh.failed_hop() == 1U);
        BOOST_TEST(behind.ssh.diagnostics().hop.starts_with("joe@"));
        co_await beside.join();
        BOOST_TEST(told == errc::connection_lost);
    };
    run_loop(io, body());
}

#endif

[[nodiscard]] proxy_server server_of(const proxy_program& proxy, const std::string& user,
                                     const std::string& word) {
    proxy_server all("127.0.0.1", proxy.port());
    if (!user.empty()) all.user = user;
    all.password = [word]() -> task<secret_bytes> {
        co_return secret_bytes(word.begin(), word.end());
    };
    return all;
}

error_code through(const sshd& server, stream_dialler upstream) {
    error_code result;
    asio::io_context io(1);
    const auto body = [&]() -> task<> {
        route way(hop_of(server.login()));
        way.last.address = "localhost";
        way.upstream = std::move(upstream);
        far_away behind(std::move(way), co_await asio::this_coro::executor);
        auto starting = behind.ssh.async_start(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(starting);
        result = std::get<0>(outcome);
        if (result) co_return;
        channel c = co_await behind.open();
        co_await check_echo(c, 1, mebibyte);
        behind.ssh.close();
    };
    run_loop(io, body());
    return result;
}

BOOST_AUTO_TEST_CASE(an_http_proxy_with_and_without_a_login) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    const proxy_program plain({"http"});
    BOOST_TEST(!through(server, through_http(server_of(plain, "", ""))));
    const proxy_program strict({"http", "joe:a word"});
    BOOST_TEST(!through(server, through_http(server_of(strict, "joe", "a word"))));
    BOOST_TEST(through(server, through_http(server_of(strict, "joe", "another"))) ==
               errc::proxy_authentication_failed);
    BOOST_TEST(through(server, through_http(server_of(strict, "", ""))) ==
               errc::proxy_authentication_failed);
    BOOST_TEST(through(server, through_socks5(server_of(plain, "", ""))) != error_code());
}

BOOST_AUTO_TEST_CASE(a_socks5_proxy_with_and_without_a_login) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    const proxy_program plain({"socks5"});
    BOOST_TEST(!through(server, through_socks5(server_of(plain, "", ""))));
    const proxy_program strict({"socks5", "joe:a word"});
    BOOST_TEST(!through(server, through_socks5(server_of(strict, "joe", "a word"))));
    BOOST_TEST(through(server, through_socks5(server_of(strict, "joe", "another"))) ==
               errc::proxy_authentication_failed);
    BOOST_TEST(through(server, through_socks5(server_of(strict, "", ""))) ==
               errc::proxy_authentication_failed);
}

/// ssh's options for a server of ours and nothing of the account.
[[nodiscard]] arguments ssh_to(const sshd& server) {
    write_file(server.file("known"),
               "[127.0.0.1]:" + std::to_string(server.port()) + " " + server.host_key_line());
    return {"ssh",
            "-F",
            "none",
            "-i",
            server.user_key(),
            "-p",
            std::to_string(server.port()),
            "-o",
            "BatchMode=yes",
            "-o",
            "GlobalKnownHostsFile=none",
            "-o",
            "UserKnownHostsFile=" + server.file("known")};
}

BOOST_AUTO_TEST_CASE(openssh_as_a_socks5_proxy) {
    if (missing(sshd_9_2())) return;
    const sshd gate(sshd_9_2());
    const sshd server(sshd_9_2());
    const std::uint16_t port = free_port();
    child socks(
        joined(ssh_to(gate), {"-N", "-D", "127.0.0.1:" + std::to_string(port), "127.0.0.1"}),
        {.log = gate.file("ssh.log")});
    BOOST_REQUIRE(serves(socks, port));
    BOOST_TEST(!through(server, through_socks5(proxy_server("127.0.0.1", port))));
}

BOOST_AUTO_TEST_CASE(ssh_w_as_a_command) {
    if (missing(sshd_9_2())) return;
    const sshd gate(sshd_9_2());
    const sshd server(sshd_9_2());
    const arguments command =
        joined(ssh_to(gate), {"-W", "127.0.0.1:" + std::to_string(server.port()), "127.0.0.1"});
    BOOST_TEST(!through(server, through_command(command)));
}

#ifdef ADIT_EXAMPLES

BOOST_AUTO_TEST_CASE(example_jump_chain) {
    if (missing(sshd_9_2())) return;
    const temporary_directory home;
    const sshd one(sshd_9_2());
    const sshd two(sshd_9_2());
    write_file(two.file("authorized_keys"), read_file(one.file("id.pub")));
    std::filesystem::create_directory(home.file(".ssh"));
    std::string known;
    arguments command{"env", "HOME=" + home.path().string(), ADIT_EXAMPLES "/jump-chain",
                      one.user_key(), "echo here; exit 7"};
    for (const sshd* server : {&one, &two}) {
        const std::string port = std::to_string(server->port());
        known += "[127.0.0.1]:" + port + " " + server->host_key_line();
        command.push_back(current_user() + "@127.0.0.1:" + port);
    }
    write_file(home.file(".ssh/known_hosts"), known);
    const run_result outcome = run(command);
    BOOST_TEST(outcome.status == 7, outcome.errors);
    BOOST_TEST(outcome.output == "here\n");
    BOOST_TEST((one.log().find("direct-tcpip") != std::string::npos ||
                two.log().find("Accepted publickey") != std::string::npos));
}

#endif

#if defined(ADIT_TUNNEL) && defined(ADIT_BASTION)

[[nodiscard]] std::uint16_t port_in(const std::string& ready) {
    const std::string begin = "\"bind\":\"127.0.0.1\",\"port\":";
    const auto at = ready.find(begin);
    if (at == std::string::npos) throw std::runtime_error("no port in: " + ready);
    return static_cast<std::uint16_t>(std::stoul(ready.substr(at + begin.size())));
}

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
    const std::uint16_t port = port_in(adit_tunnel.output());
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
    const std::string port = std::to_string(port_in(adit_tunnel.output()));
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

#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
