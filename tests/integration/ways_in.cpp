// Every way into adit-tunnel, and what it leads to, at real sshd and at adit-bastion: Unix sockets
// at both ends, SOCKS with curl, listeners at the server, -W as a ProxyCommand, and -f.
#include "support/test.hpp"

#include "integration/bastion.hpp"
#include "integration/database_servers.hpp"
#include "integration/program.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#if defined(ADIT_BASTION) && defined(ADIT_TUNNEL)

namespace adit::test {
namespace {

using unix_protocol = asio::local::stream_protocol;

/// Who listens for logins: an sshd, or adit-bastion.
struct door {
    std::uint16_t port;
    std::string user, key, host_key_line;
};

[[nodiscard]] door door_of(const sshd& server) {
    return {server.port(), current_user(), server.user_key(), server.host_key_line()};
}
[[nodiscard]] door door_of(const bastion_program& server) {
    return {server.port(), "joe", server.key(), server.host_key_line()};
}

[[nodiscard]] arguments to(const door& server, const arguments& more) {
    const arguments login{"-p", std::to_string(server.port), "-i", server.key};
    return joined(joined(login, more), {server.user + "@127.0.0.1"});
}

/// adit-tunnel once it is ready, with a folder of its own.
class ready_tunnel {
public:
    ready_tunnel(const door& server, const arguments& more) {
        know_host(folder_, server.port, server.host_key_line);
        process_ = std::make_unique<program>(folder_, audience{}, to(server, more));
        const bool ready = process_->says("\"event\":\"ready\"");
        BOOST_REQUIRE_MESSAGE(ready, process_->output());
    }
    /// The number behind the n-th `text` of its output.
    [[nodiscard]] std::uint16_t number_behind(const std::string& text, int n = 1) const {
        const std::string all = process_->output();
        std::size_t at = 0;
        for (; n != 0; --n) {
            at = all.find(text, at);
            if (at == std::string::npos) throw std::runtime_error("no " + text + " in " + all);
            at += text.size();
        }
        return static_cast<std::uint16_t>(std::stoul(all.substr(at)));
    }
    [[nodiscard]] program& get() { return *process_; }

private:
    temporary_directory folder_;
    std::unique_ptr<program> process_;
};

const std::string port_here = "\"bind\":\"127.0.0.1\",\"port\":";
const std::string port_there = "\"at\":\"localhost:";

/// A Unix socket that echoes what any number of clients send.
task<> echo_at(unix_protocol::acceptor& acceptor, std::size_t clients) {
    for (; clients != 0; --clients) {
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
}

task<> check_port(std::uint16_t port) {
    tcp::socket near = co_await dial(port);
    co_await check_echo(near, 1, mebibyte);
}

inline void end_of_data(unix_protocol::socket& socket) {
    socket.shutdown(unix_protocol::socket::shutdown_send);
}

task<> check_path(const std::string& path) {
    const executor ex = co_await asio::this_coro::executor;
    unix_protocol::socket near(ex);
    co_await near.async_connect(unix_protocol::endpoint(path), asio::deferred);
    group side(ex);
    const auto send = [&near]() -> task<> {
        static_cast<void>(co_await send_payload(near, 1, mebibyte));
        end_of_data(near);
    };
    side.spawn(send());
    const received back = co_await receive_payload(near, 1, until_the_end);
    BOOST_TEST(back.exact);
    BOOST_TEST(back.bytes == mebibyte);
    co_await side.join();
}

// Each way here, to each kind of place there.
task<> from_here(door server) {
    const executor ex = co_await asio::this_coro::executor;
    const temporary_directory folder;
    const local_server far(ex, echo);
    const std::string place = folder.file("far");
    unix_protocol::acceptor acceptor(ex, unix_protocol::endpoint(place));
    group side(ex);
    side.spawn(echo_at(acceptor, 2));
    const std::string port = "127.0.0.1:" + std::to_string(far.port());
    ready_tunnel way(server, {"-L", "0:" + place, "-L", folder.file("a") + ":" + port, "-L",
                              folder.file("b") + ":" + place});
    co_await check_port(way.number_behind(port_here));
    co_await check_path(folder.file("a"));
    co_await check_path(folder.file("b"));
    co_await side.join();
    BOOST_TEST(way.get().end() == 0);
    BOOST_TEST(!std::filesystem::exists(folder.file("a")));
}

task<> from_there(door server, bool sockets) {
    const executor ex = co_await asio::this_coro::executor;
    const temporary_directory folder;
    const local_server near(ex, echo);
    const std::string place = folder.file("near");
    unix_protocol::acceptor acceptor(ex, unix_protocol::endpoint(place));
    group side(ex);
    const std::string port = "127.0.0.1:" + std::to_string(near.port());
    const std::string named = std::to_string(free_port());
    arguments forwards{"-R", "0:" + port, "-R", named + ":" + port, "-R", "0:" + place};
    if (sockets) forwards = joined(forwards, {"-R", folder.file("there") + ":" + place});
    side.spawn(echo_at(acceptor, sockets ? 2 : 1));
    ready_tunnel way(server, forwards);
    BOOST_TEST(way.number_behind(port_there, 2) == std::stoul(named));
    for (const int n : {1, 2, 3}) co_await check_port(way.number_behind(port_there, n));
    if (sockets) co_await check_path(folder.file("there"));
    co_await side.join();
    BOOST_TEST(way.get().end() == 0);
}

template <class Scenario>
void at_sshd(const sshd_peer& peer, Scenario scenario) {
    if (missing(peer)) return;
    const sshd server(peer);
    asio::io_context io(1);
    run_loop(io, scenario(door_of(server)));
}
template <class Scenario>
void at_bastion(Scenario scenario) {
    const bastion_program server({.options = {"AllowStreamLocalForwarding=yes"}});
    asio::io_context io(1);
    run_loop(io, scenario(door_of(server)));
}
const auto ports_and_sockets = [](door server) { return from_there(std::move(server), true); };
const auto ports = [](door server) { return from_there(std::move(server), false); };

[[nodiscard]] run_result curl(const arguments& more, const std::string& url) {
    return run(joined(joined({"curl", "-s", "-S", "--max-time", "30"}, more), {url}));
}

void check_socks(const sshd_peer& peer) {
    if (missing(peer)) return;
    if (find_program("curl").empty()) return skip("curl is not installed");
    const sshd server(peer);
    const temporary_directory folder;
    write_file(folder.file("page"), "through SOCKS");
    const std::uint16_t web = free_port();
    child pages({"/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "-d",
                 folder.path().string(), std::to_string(web)},
                {.log = folder.file("log")});
    BOOST_REQUIRE(serves(pages, web));
    ready_tunnel way(door_of(server), {"-D", "0"});
    const std::string proxy = "127.0.0.1:" + std::to_string(way.number_behind(port_here));
    const std::string url = "http://localhost:" + std::to_string(web) + "/page";
    for (const char* flag : {"--socks5-hostname", "--socks5", "--socks4a", "--socks4"}) {
        BOOST_TEST_CONTEXT(flag) {
            const auto got = curl({flag, proxy}, url);
            BOOST_TEST(got.output == "through SOCKS", got.errors);
        }
    }
    // 97 is CURLE_PROXY; the number behind it is the answer of RFC 1928.
    const auto refused = curl({"--socks5-hostname", proxy}, "http://localhost:1/");
    BOOST_TEST(refused.status == 97);
    BOOST_TEST(refused.errors.find("(5)") != std::string::npos, refused.errors);
    const auto unknown = curl({"--socks5-hostname", proxy}, "http://no.such.name.invalid:1/");
    BOOST_TEST(unknown.errors.find("(4)") != std::string::npos, unknown.errors);
}

// psql looks for a file of this name.
void check_psql() {
    if (postgres_tools().empty()) return skip("PostgreSQL is not installed");
    if (missing(sshd_9_2())) return;
    const postgres database(postgres_tools());
    const sshd server(sshd_9_2());
    const temporary_directory folder;
    const std::string there = database.file(".s.PGSQL." + std::to_string(database.port()));
    const ready_tunnel way(door_of(server), {"-L", folder.file(".s.PGSQL.5432") + ":" + there});
    const auto asked = run({database.tool("psql"), "-h", folder.path().string(), "-p", "5432", "-U",
                            "adit", "-At", "-c", "select 6 * 7", "postgres"});
    BOOST_TEST(asked.output == "42\n", asked.errors);
}

/// adit-tunnel as words of a shell's.
[[nodiscard]] std::string words_of(const door& server, const temporary_directory& folder,
                                   const std::string& flags) {
    return ADIT_TUNNEL
           " -F none -o IdentityAgent=none -o GlobalKnownHostsFile=none "
           "-o UserKnownHostsFile=" +
           folder.file("known_hosts") + " -i " + server.key + " -p " + std::to_string(server.port) +
           " " + flags + " " + server.user + "@127.0.0.1";
}

void check_proxy_command(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd first(peer);
    const sshd second(peer);
    const temporary_directory folder;
    know_host(folder, first.port(), first.host_key_line());
    const std::string hosts =
        write_file(folder.file("second"),
                   "[127.0.0.1]:" + std::to_string(second.port()) + " " + second.host_key_line());
    const auto got = run({"ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
                          "-o", "UserKnownHostsFile=" + hosts, "-i", second.user_key(), "-p",
                          std::to_string(second.port()), "-o",
                          "ProxyCommand=" + words_of(door_of(first), folder, "-W %h:%p"),
                          current_user() + "@127.0.0.1", "echo through; exit 7"});
    BOOST_TEST(got.output == "through\n");
    BOOST_TEST(got.status == 7, got.errors);
}

[[nodiscard]] run_result shell(const std::string& line) { return run({"/bin/sh", "-c", line}); }

// Both ends of data pass, and nothing else is said.
task<> check_own_streams(door server) {
    const executor ex = co_await asio::this_coro::executor;
    const temporary_directory folder;
    know_host(folder, server.port, server.host_key_line);
    const local_server far(ex, echo);
    std::string sent(mebibyte, '\0');
    fill_payload({reinterpret_cast<byte*>(sent.data()), sent.size()}, 1, 0);
    const std::string in = write_file(folder.file("in"), sent);
    const std::string out = folder.file("out");
    const std::string to_far = "-W 127.0.0.1:" + std::to_string(far.port());
    for (const std::string& from : {" <" + in, std::string()}) {
        const std::string pipe = from.empty() ? "cat " + in + " | " : "";
        const std::string line = pipe + words_of(server, folder, to_far) + from + " >" + out;
        child carries({"/bin/sh", "-c", line}, {.log = folder.file("log")});
        const auto ended = [&carries] { return !carries.running(); };
        co_await wait_until(ended, "adit-tunnel -W does not end", std::chrono::seconds(60));
        BOOST_TEST(carries.wait() == 0, read_file(folder.file("log")));
        BOOST_TEST((read_file(out) == sent));
        BOOST_TEST(read_file(folder.file("log")).empty(), read_file(folder.file("log")));
    }
}

void refused_own_streams_are_255() {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    const temporary_directory folder;
    know_host(folder, server.port(), server.host_key_line());
    const auto got = shell(words_of(door_of(server), folder, "-W 127.0.0.1:1"));
    BOOST_TEST(got.status == 255);
    BOOST_TEST(got.output.empty());
    BOOST_TEST(got.errors.find("Connection refused") != std::string::npos, got.errors);
}

// The command returns when all is ready; what it left behind ends with the connection.
void goes_to_the_background() {
    if (missing(sshd_9_2())) return;
    const temporary_directory folder;
    const std::uint16_t port = free_port();
    {
        sshd server(sshd_9_2());
        know_host(folder, server.port(), server.host_key_line());
        const std::string flags = "-q -f -o Reconnect=no -L " + std::to_string(port) +
                                  ":127.0.0.1:" + std::to_string(server.port());
        const auto started = shell(words_of(door_of(server), folder, flags));
        BOOST_REQUIRE(started.status == 0);
        BOOST_TEST(started.errors.empty(), started.errors);
        const auto asked =
            run({"ssh-keyscan", "-T", "20", "-p", std::to_string(port), "127.0.0.1"});
        BOOST_TEST(asked.output.find("ssh-ed25519") != std::string::npos, asked.errors);
        server.stop();
    }
    asio::io_context io(1);
    const auto gone = [port]() -> task<> {
        const auto closed = [port] { return !accepts_connections(port); };
        co_await wait_until(closed, "adit-tunnel -f does not end", std::chrono::seconds(30));
    };
    run_loop(io, gone());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ways_in)

BOOST_AUTO_TEST_CASE(sockets_and_ports_here_at_sshd_9_2) { at_sshd(sshd_9_2(), from_here); }
BOOST_AUTO_TEST_CASE(sockets_and_ports_here_at_sshd_10_0) { at_sshd(sshd_10_0(), from_here); }
BOOST_AUTO_TEST_CASE(sockets_and_ports_here_at_adit_bastion) { at_bastion(from_here); }

BOOST_AUTO_TEST_CASE(listeners_at_sshd_9_2) { at_sshd(sshd_9_2(), ports_and_sockets); }
BOOST_AUTO_TEST_CASE(listeners_at_sshd_10_0) { at_sshd(sshd_10_0(), ports_and_sockets); }
BOOST_AUTO_TEST_CASE(listeners_at_adit_bastion) { at_bastion(ports); }

BOOST_AUTO_TEST_CASE(socks_for_curl_at_sshd_9_2) { check_socks(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(socks_for_curl_at_sshd_10_0) { check_socks(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(a_socket_for_psql) { check_psql(); }

BOOST_AUTO_TEST_CASE(proxy_command_of_ssh_9_2) { check_proxy_command(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(own_streams_at_sshd_9_2) { at_sshd(sshd_9_2(), check_own_streams); }
BOOST_AUTO_TEST_CASE(own_streams_at_sshd_10_0) { at_sshd(sshd_10_0(), check_own_streams); }
BOOST_AUTO_TEST_CASE(own_streams_that_are_refused) { refused_own_streams_are_255(); }

BOOST_AUTO_TEST_CASE(background) { goes_to_the_background(); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace adit::test

#endif
