// Ways to a server through others: sshd 9.2 and 10.0 and adit-bastion as hops, each killed while
// data flows (T24), every kind of login on a hop, proxies of each kind, and commands; by the
// library and by adit-tunnel.
#include "support/print.hpp"
#include "support/test.hpp"

#include "integration/bastion.hpp"
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
