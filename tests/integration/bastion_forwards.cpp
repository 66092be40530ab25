// What ssh and its like forward through adit-bastion: much data both ways at once by -L, and each
// of ssh's own ways: -D, -R, -J, -W and Unix sockets; and what the bastion does not permit.
#include "support/test.hpp"

#include "integration/bastion.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>

#include <array>

#ifdef ADIT_BASTION

namespace adit::test {
namespace {

constexpr std::uint64_t much = 64 * mebibyte;

[[nodiscard]] std::string loopback_port(std::uint16_t port) {
    return "127.0.0.1:" + std::to_string(port);
}

task<> exchange(const ssh_client& client, const bastion_program& server) {
    const executor ex = co_await asio::this_coro::executor;
    const local_server far(ex, [](tcp::socket socket) -> task<> {
        co_await both_ways(socket, payload_down, payload_up, much);
    });
    const std::uint16_t port = free_port();
    const std::string forward = std::to_string(port) + ":" + loopback_port(far.port());
    const arguments more{"-L", forward};
    running_client tunnel(client, server, {}, more);
    tcp::socket near = co_await dial_soon(tunnel.process(), port);
    co_await both_ways(near, payload_up, payload_down, much);
    co_await far.has_open(0);
}

void bulk(const ssh_client& client) {
    if (missing(client)) return;
    bastion_program server;
    asio::io_context io(1);
    run_loop(io, exchange(client, server));
    const std::string each_way = std::to_string(much);
    BOOST_TEST(server.says(each_way + " bytes there, " + each_way + " back"), server.log());
}

// RFC 1928, with a name that the server looks up.
task<> ask_socks(tcp::socket& proxy, std::string name, std::uint16_t port) {
    std::string request("\x05\x01\x00\x05\x01\x00\x03", 7);
    request += static_cast<char>(name.size());
    request += name;
    request += static_cast<char>(port >> 8U);
    request += static_cast<char>(port & 0xffU);
    co_await asio::async_write(proxy, asio::buffer(request), asio::deferred);
    std::array<char, 12> answer{};
    co_await asio::async_read(proxy, asio::buffer(answer), asio::deferred);
    BOOST_TEST(answer[1] == 0);
    BOOST_TEST(answer[3] == 0);
}

task<> through_socks(const ssh_client& client, const bastion_program& server) {
    const executor ex = co_await asio::this_coro::executor;
    const local_server far(ex, echo);
    const std::uint16_t port = free_port();
    const arguments more{"-D", std::to_string(port)};
    running_client tunnel(client, server, {}, more);
    tcp::socket near = co_await dial_soon(tunnel.process(), port);
    co_await ask_socks(near, "localhost", far.port());
    co_await check_echo(near, 1, mebibyte);
}

// The bastion listens; 0 is a port that it chooses.
task<> back_from(const ssh_client& client, const bastion_program& server, std::uint16_t asked) {
    const executor ex = co_await asio::this_coro::executor;
    const local_server far(ex, echo);
    const arguments more{"-R", std::to_string(asked) + ":" + loopback_port(far.port())};
    running_client tunnel(client, server, {}, more);
    std::uint16_t port = asked;
    if (asked == 0) {
        const std::string begin = "Allocated port ";
        const std::string said = co_await told(tunnel.process(), tunnel.log(), " for remote");
        port = static_cast<std::uint16_t>(std::stoul(said.substr(said.find(begin) + begin.size())));
    }
    tcp::socket near = co_await dial_soon(tunnel.process(), port);
    co_await check_echo(near, 1, mebibyte);
}

using unix_protocol = asio::local::stream_protocol;

task<> echo_once(unix_protocol::acceptor& acceptor) {
    unix_protocol::socket peer(acceptor.get_executor());
    co_await acceptor.async_accept(peer, asio::deferred);
    std::vector<byte> piece(payload_piece);
    for (;;) {
        const auto got = co_await peer.async_read_some(asio::buffer(piece), as_result);
        if (std::get<0>(got)) break;
        const auto part = asio::buffer(piece.data(), std::get<1>(got));
        co_await asio::async_write(peer, part, asio::deferred);
    }
    peer.shutdown(unix_protocol::socket::shutdown_send);
}

task<> to_a_unix_socket(const ssh_client& client, const bastion_program& server) {
    const executor ex = co_await asio::this_coro::executor;
    const std::string path = server.file("far.socket");
    unix_protocol::acceptor acceptor(ex, unix_protocol::endpoint(path));
    group side(ex);
    side.spawn(echo_once(acceptor));
    const std::uint16_t port = free_port();
    const arguments more{"-L", std::to_string(port) + ":" + path};
    running_client tunnel(client, server, {}, more);
    tcp::socket near = co_await dial_soon(tunnel.process(), port);
    co_await check_echo(near, 1, mebibyte);
    co_await side.join();
}

// Its standard input and output are the connection.
task<> by_its_own_streams(const ssh_client& client, const bastion_program& server) {
    const executor ex = co_await asio::this_coro::executor;
    const local_server far(ex, echo);
    std::string sent(mebibyte, '\0');
    fill_payload({reinterpret_cast<byte*>(sent.data()), sent.size()}, 1, 0);
    const std::string in = write_file(server.file("in"), sent);
    const std::string out = server.file("out");
    login_wish wish{.key = server.key()};
    wish.more = {"-W", loopback_port(far.port())};
    const arguments shell{"sh", "-c", "exec \"$0\" \"$@\" <" + in + " >" + out};
    const arguments command = joined(shell, command_of(client, server, wish));
    child ssh(command, {.log = server.file("client.log")});
    const auto ended = [&ssh] { return !ssh.running(); };
    co_await wait_until(ended, "ssh -W does not end", std::chrono::seconds(60));
    BOOST_TEST(ssh.wait() == 0);
    BOOST_TEST((read_file(out) == sent));
}

// Two bastions: the first leads to the second, which is reached as if it were near.
void over_a_jump(const ssh_client& client) {
    if (missing(client)) return;
    const bastion_program first;
    const bastion_program second;
    write_file(second.file("authorized_keys"), read_file(first.file("id.pub")));
    const std::string known =
        read_file(first.file("known_hosts")) + read_file(second.file("known_hosts"));
    const std::string config =
        write_file(first.file("config"), "IdentityFile " + first.key() +
                                             "\nIdentitiesOnly yes\nBatchMode yes"
                                             "\nGlobalKnownHostsFile none\nUserKnownHostsFile " +
                                             write_file(first.file("known"), known) +
                                             "\nStrictHostKeyChecking yes\n");
    const auto outcome = run({"timeout", "60", "env", "SSH_AUTH_SOCK=", client.path, "-F", config,
                              "-J", "jo@" + loopback_port(first.port()), "-p",
                              std::to_string(second.port()), "joe@127.0.0.1", "true"});
    BOOST_TEST(outcome.status == 1, outcome.errors);
    BOOST_TEST(outcome.output == "forwards only; use -L or -J\r\n");
    const std::string opened = " jo: forward_opened " + loopback_port(second.port());
    BOOST_TEST((first.log().find(opened) != std::string::npos), first.log());
    BOOST_TEST((second.log().find(" joe: login publickey") != std::string::npos), second.log());
}

using story = task<>(const ssh_client&, const bastion_program&);

void tell(const ssh_client& client, story* how, const bastion_config& config = {}) {
    if (missing(client)) return;
    const bastion_program server(config);
    asio::io_context io(1);
    run_loop(io, how(client, server));
}

task<> back_from_a_free_port(const ssh_client& client, const bastion_program& server) {
    co_await back_from(client, server, 0);
}

task<> back_from_this_port(const ssh_client& client, const bastion_program& server) {
    co_await back_from(client, server, free_port());
}

// A channel that is refused ends ssh -W, with the reason.
void refused(const std::vector<std::string>& options, const std::string& target,
             const std::string& why) {
    const ssh_client client = ssh_9_2();
    if (missing(client)) return;
    const bastion_program server({.options = options, .forwards = false});
    login_wish wish{.key = server.key()};
    wish.more = {"-W", target};
    const auto outcome = run(joined({"timeout", "60"}, command_of(client, server, wish)));
    BOOST_TEST(outcome.status == 255);
    BOOST_TEST((outcome.errors.find(why) != std::string::npos), outcome.errors);
    const std::string told = "joe: forward_refused " + target;
    BOOST_TEST((server.log().find(told) != std::string::npos), server.log());
}

BOOST_AUTO_TEST_SUITE(bastion_forwards)

BOOST_AUTO_TEST_CASE(much_both_ways_by_ssh_9_2) { bulk(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(much_both_ways_by_ssh_10_0) { bulk(ssh_10_0()); }
BOOST_AUTO_TEST_CASE(much_both_ways_by_dbclient) { bulk(dbclient()); }
BOOST_AUTO_TEST_CASE(much_both_ways_by_plink) { bulk(plink()); }

BOOST_AUTO_TEST_CASE(socks_of_ssh_9_2) { tell(ssh_9_2(), through_socks); }
BOOST_AUTO_TEST_CASE(socks_of_ssh_10_0) { tell(ssh_10_0(), through_socks); }
BOOST_AUTO_TEST_CASE(socks_of_plink) { tell(plink(), through_socks); }

BOOST_AUTO_TEST_CASE(a_free_remote_port_of_ssh_9_2) { tell(ssh_9_2(), back_from_a_free_port); }
BOOST_AUTO_TEST_CASE(a_free_remote_port_of_ssh_10_0) { tell(ssh_10_0(), back_from_a_free_port); }
BOOST_AUTO_TEST_CASE(a_fixed_remote_port_of_ssh_9_2) { tell(ssh_9_2(), back_from_this_port); }
BOOST_AUTO_TEST_CASE(a_fixed_remote_port_of_ssh_10_0) { tell(ssh_10_0(), back_from_this_port); }
BOOST_AUTO_TEST_CASE(a_fixed_remote_port_of_dbclient) { tell(dbclient(), back_from_this_port); }
BOOST_AUTO_TEST_CASE(a_fixed_remote_port_of_plink) { tell(plink(), back_from_this_port); }

BOOST_AUTO_TEST_CASE(a_jump_of_ssh_9_2) { over_a_jump(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(a_jump_of_ssh_10_0) { over_a_jump(ssh_10_0()); }

BOOST_AUTO_TEST_CASE(own_streams_of_ssh_9_2) { tell(ssh_9_2(), by_its_own_streams); }
BOOST_AUTO_TEST_CASE(own_streams_of_ssh_10_0) { tell(ssh_10_0(), by_its_own_streams); }

BOOST_AUTO_TEST_CASE(a_unix_socket_for_ssh_9_2) {
    tell(ssh_9_2(), to_a_unix_socket, {.options = {"AllowStreamLocalForwarding=yes"}});
}
BOOST_AUTO_TEST_CASE(a_unix_socket_for_ssh_10_0) {
    tell(ssh_10_0(), to_a_unix_socket, {.options = {"AllowStreamLocalForwarding=yes"}});
}

BOOST_AUTO_TEST_CASE(nothing_is_forwarded_unless_told) {
    refused({}, "127.0.0.1:9", "administratively prohibited");
}
BOOST_AUTO_TEST_CASE(permit_open_alone_opens_its_places) {
    tell(ssh_9_2(), by_its_own_streams, {.options = {"PermitOpen=127.0.0.1:*"}, .forwards = false});
    refused({"PermitOpen=127.0.0.1:10"}, "127.0.0.1:9", "administratively prohibited");
}
// As in sshd; only where nothing is said of AllowTcpForwarding, PermitOpen opens its places.
BOOST_AUTO_TEST_CASE(permit_open_does_not_overrule_a_no) {
    refused({"AllowTcpForwarding=no", "PermitOpen=127.0.0.1:9"}, "127.0.0.1:9",
            "administratively prohibited");
    refused({"AllowTcpForwarding=remote", "PermitOpen=127.0.0.1:9"}, "127.0.0.1:9",
            "administratively prohibited");
}
BOOST_AUTO_TEST_CASE(another_place_than_permitted_is_refused) {
    refused({"AllowTcpForwarding=yes", "PermitOpen=127.0.0.1:10 db.internal:5432"}, "127.0.0.1:9",
            "administratively prohibited");
}
BOOST_AUTO_TEST_CASE(c49_a_name_may_not_lead_to_a_denied_address) {
    refused({"AllowTcpForwarding=yes", "DenyOpenAddresses=127.0.0.0/8,::1"}, "localhost:9",
            "administratively prohibited");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
