// Targets that the server cannot or may not reach: the local connection is reset at once, each
// cause has its own error, and other connections do not notice (T11, T12).
#include "support/test.hpp"

#include "integration/through.hpp"

namespace adit::test {
namespace {

struct refusal {
    target to;
    errc error;
    std::string words;  ///< of the server; empty: any
};

task<> refused(const sshd& server, refusal r) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    tunnel_options options(server.login(), local_forward(r.to));
    options.forwards.emplace_back(target("127.0.0.1", far.port()));
    std::vector<tunnel_event> events;
    options.on_event = [&events](const tunnel_event& e) { events.push_back(e); };
    tunnel way(ex, std::move(options));
    co_await way.async_start(asio::deferred);
    tcp::socket good = co_await dial(way.endpoints().at(1).port());
    tcp::socket bad = co_await dial(way.endpoints().at(0).port());
    const received got = co_await receive_payload(bad, 1, 1);
    BOOST_TEST(got.end == asio::error::connection_reset);
    co_await check_echo(good, 1, mebibyte);
    const auto is_refusal = [](const tunnel_event& e) {
        return e.what == tunnel_event::kind::refused;
    };
    BOOST_TEST(std::count_if(events.begin(), events.end(), is_refusal) == 1);
    const auto event = std::find_if(events.begin(), events.end(), is_refusal);
    BOOST_REQUIRE((event != events.end()));
    BOOST_TEST_MESSAGE(event->error.message() << ": " << event->text);
    BOOST_TEST(event->error == make_error_code(r.error));
    BOOST_TEST(event->forward == 0U);
    BOOST_TEST(event->text.find(r.words) != std::string::npos, event->text);
}

// The same by the client's door, with the story in its diagnostics.
task<> refused_at_the_door(const sshd& server, refusal r) {
    const executor ex = co_await asio::this_coro::executor;
    auto dialled = co_await async_connect(ex, "127.0.0.1", server.port(), std::chrono::seconds(10),
                                          asio::deferred);
    client ssh(std::move(*dialled.socket), server.login());
    co_await ssh.async_handshake(asio::deferred);
    const auto outcome = co_await ssh.async_open(r.to, as_result);
    BOOST_TEST(std::get<0>(outcome) == make_error_code(r.error));
    const std::string words = ssh.diagnostics().describe(std::get<0>(outcome));
    BOOST_TEST_MESSAGE(words);
    BOOST_TEST(words.find(r.to.host + ":" + std::to_string(r.to.port)) != std::string::npos, words);
    BOOST_TEST(words.find(r.words) != std::string::npos, words);
    const auto idle = [&ssh] { return ssh.info().channels == 0; };
    co_await wait_until(idle, "a channel is left");
    BOOST_TEST(ssh.is_open());
}

void check(const sshd& server, const refusal& r) {
    asio::io_context io(1);
    run_loop(io, refused(server, r));
    asio::io_context again(1);
    run_loop(again, refused_at_the_door(server, r));
}

void nobody_listens(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer);
    asio::io_context io(1);
    const dead_port dead(io.get_executor());
    check(server,
          {target("127.0.0.1", dead.port()), errc::open_connect_failed, "Connection refused"});
}

void unknown_name(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer);
    check(server, {target("no-such-host.invalid", 5432), errc::open_connect_failed, ""});
}

void forbidden(const sshd_peer& peer, std::string line) {
    if (missing(peer)) return;
    const sshd server(peer, {{std::move(line)}, std::nullopt});
    asio::io_context io(1);
    const dead_port dead(io.get_executor());
    run_loop(io,
             refused_at_the_door(server, {target("127.0.0.1", dead.port()),
                                          errc::open_administratively_prohibited, "open failed"}));
}

BOOST_AUTO_TEST_SUITE(refused_opens)

BOOST_AUTO_TEST_CASE(t11_nobody_listens_behind_sshd_9_2) { nobody_listens(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(t11_nobody_listens_behind_sshd_10_0) { nobody_listens(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(t11_unknown_name_behind_sshd_9_2) { unknown_name(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(t12_permit_open_of_sshd_9_2) { forbidden(sshd_9_2(), "PermitOpen none"); }
BOOST_AUTO_TEST_CASE(t12_permit_open_of_sshd_10_0) { forbidden(sshd_10_0(), "PermitOpen none"); }
BOOST_AUTO_TEST_CASE(t12_no_forwarding_by_sshd_9_2) {
    forbidden(sshd_9_2(), "AllowTcpForwarding no");
}
BOOST_AUTO_TEST_CASE(t12_no_forwarding_by_sshd_10_0) {
    forbidden(sshd_10_0(), "AllowTcpForwarding no");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
