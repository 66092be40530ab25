// What can go wrong before a login is possible: each thing has its own error and a sentence that
// tells a person what to look at.
#include "support/test.hpp"

#include "integration/failure.hpp"

#include <sched.h>

#include <thread>

namespace adit::test {
namespace {

// Whoever it is, it is not believed: these tests never get that far.
[[nodiscard]] client_options login_at(std::uint16_t port) {
    client_options options("somebody", "127.0.0.1", trust_fingerprints({}));
    options.port = port;
    return options;
}

// One that runs in the same loop as the failure.
[[nodiscard]] failure failure_at(local_server::behaviour behave, client_options login) {
    asio::io_context io(1);
    local_server peer(io.get_executor(), std::move(behave));
    login.port = peer.port();
    failure result;
    run_loop(io, fail_to_start(std::move(login), "127.0.0.1", result));
    return result;
}

task<> say(tcp::socket& peer, std::string_view text) {
    co_await asio::async_write(peer, asio::buffer(text), asio::deferred);
}

// Until the other side has closed.
task<> listen_to(tcp::socket& peer) {
    std::array<byte, 1024> heard{};
    for (;;) {
        const auto got = co_await peer.async_read_some(asio::buffer(heard), as_result);
        if (std::get<0>(got)) co_return;
    }
}

task<> talk_http(tcp::socket peer) {
    co_await say(peer,
                 "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<h1>Bad\x1b[2J</h1>\r\n");
    peer.shutdown(tcp::socket::shutdown_send);
    co_await listen_to(peer);
}

// With bytes of ours unread, so that its end is a reset.
task<> talk_http_rudely(tcp::socket peer) {
    co_await say(peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
    co_await peer.async_wait(tcp::socket::wait_read, asio::deferred);
}

task<> say_nothing(tcp::socket peer) { co_await listen_to(peer); }

task<> stop_after_version(tcp::socket peer) {
    co_await say(peer, "SSH-2.0-Sleepy_1.0\r\n");
    co_await listen_to(peer);
}

task<> close_at_once(tcp::socket peer) {
    peer.close();
    co_return;
}

task<> old_protocol(tcp::socket peer) {
    co_await say(peer, "SSH-1.5-Old_1.0\r\n");
    co_await listen_to(peer);
}

// DISCONNECT (1), reason 11, with words that want to paint the screen; language empty.
task<> disconnect_in_the_clear(tcp::socket peer) {
    co_await say(peer, "SSH-2.0-Rude_1.0\r\n");
    const std::string words = "go \x1b[31maway";
    std::string payload{'\x01', '\0', '\0', '\0', '\x0b', '\0', '\0', '\0'};
    payload += static_cast<char>(words.size());
    payload += words + std::string(4, '\0');
    const std::size_t padding = 4 + (8 - (5 + payload.size() + 4) % 8) % 8;
    std::string packet{'\0', '\0', '\0', static_cast<char>(1 + payload.size() + padding),
                       static_cast<char>(padding)};
    packet += payload + std::string(padding, '\0');
    co_await say(peer, packet);
    co_await listen_to(peer);
}

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(name_not_found) {
    expect(failure_of_start(login_at(22), "no-such-host.invalid"), errc::name_not_found,
           {"somebody@127.0.0.1:22", "the host name was not found"});
}

BOOST_AUTO_TEST_CASE(connection_refused) {
    asio::io_context io(1);
    const dead_port dead(io.get_executor());
    expect(failure_of_start(login_at(dead.port())), errc::connection_refused,
           {"somebody@127.0.0.1:" + std::to_string(dead.port()), "connecting",
            "refused the TCP connection"});
}

// A listener that accepts nobody and whose queue is full answers no SYN.
BOOST_AUTO_TEST_CASE(connect_timed_out) {
    asio::io_context io(1);
    tcp::acceptor full(io);
    full.open(tcp::v4());
    full.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    full.listen(0);
    std::vector<tcp::socket> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.emplace_back(io).async_connect(full.local_endpoint(), [](error_code) {});
    }
    client_options login = login_at(full.local_endpoint().port());
    login.limits.connect_timeout = std::chrono::milliseconds(300);
    expect(failure_of_start(login), errc::connect_timed_out,
           {"connecting", "was not made in time"});
}

// In a network namespace of this one thread there is nothing but a loopback that is down.
BOOST_AUTO_TEST_CASE(network_unreachable) {
    if (::geteuid() != 0) return skip("a network namespace needs root");
    failure seen;
    bool alone = false;
    std::thread apart([&] {
        alone = ::unshare(CLONE_NEWNET) == 0;
        if (alone) seen = failure_of_start(login_at(22), "192.0.2.1");
    });
    apart.join();
    if (!alone) return skip("network namespaces are not allowed here");
    expect(seen, errc::network_unreachable, {"connecting", "unreachable"});
}

BOOST_AUTO_TEST_CASE(not_an_ssh_server) {
    const failure seen = failure_at(talk_http, login_at(0));
    expect(seen, errc::not_an_ssh_server, {"exchanging identifications", "not an SSH server"});
    BOOST_TEST(seen.words.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(not_an_ssh_server_that_resets) {
    expect(failure_at(talk_http_rudely, login_at(0)), errc::not_an_ssh_server,
           {"exchanging identifications", "not an SSH server", "HTTP/1.1 400"});
}

BOOST_AUTO_TEST_CASE(unsupported_protocol_version) {
    expect(failure_at(old_protocol, login_at(0)), errc::unsupported_protocol_version,
           {"exchanging identifications", "does not speak SSH 2.0"});
}

BOOST_AUTO_TEST_CASE(closed_before_it_said_anything) {
    expect(failure_at(close_at_once, login_at(0)), errc::connection_lost,
           {"exchanging identifications", "the connection was lost"});
}

BOOST_AUTO_TEST_CASE(deadline_with_a_silent_server) {
    client_options login = login_at(0);
    login.limits.handshake_timeout = std::chrono::milliseconds(1500);
    expect(failure_at(say_nothing, login), errc::deadline_exceeded,
           {"exchanging identifications", "the deadline passed"});
}

BOOST_AUTO_TEST_CASE(deadline_after_the_version) {
    client_options login = login_at(0);
    login.limits.handshake_timeout = std::chrono::milliseconds(1500);
    expect(failure_at(stop_after_version, login), errc::deadline_exceeded,
           {"negotiating algorithms", "the deadline passed"});
}

BOOST_AUTO_TEST_CASE(c04_disconnected_with_words) {
    expect(failure_at(disconnect_in_the_clear, login_at(0)), errc::disconnected_by_peer,
           {"negotiating algorithms", "the peer says: \"go \\x1b[31maway\""});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
