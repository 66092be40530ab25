// Many connections through one SSH connection, servers that speak first, half-closes, aborts: what
// a database driver, a proxy and a user's Ctrl-C do to a tunnel (T14-T17, T19).
#include "support/test.hpp"

#include "integration/through.hpp"

#include <sys/resource.h>

namespace adit::test {
namespace {

// Children inherit it.
[[nodiscard]] bool raise_descriptor_limit(rlim_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    if (limit.rlim_cur >= wanted) return true;
    limit.rlim_cur = wanted;
    limit.rlim_max = std::max(limit.rlim_max, wanted);
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// The id says how much: from nothing to 37 KiB, so that sizes are mixed.
[[nodiscard]] std::uint64_t size_of_connection(std::uint64_t id) { return (id * 7919) % 37'000; }

task<> thousand(const sshd& server) {
    constexpr std::uint64_t count = 1000;
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    passage way(ex, server.login(), far.port());
    co_await way.start();
    std::vector<tcp::socket> all;
    for (std::uint64_t id = 0; id < count; ++id) {
        tcp::socket near = co_await way.dial();
        all.push_back(std::move(near));
    }
    co_await far.has_open(count);
    BOOST_TEST(way.get().info().channels == count);
    group connections(ex);
    for (std::uint64_t id = 0; id < count; ++id) {
        connections.spawn(check_echo(all[id], id, size_of_connection(id)));
    }
    co_await connections.join();
    co_await way.idle();
    BOOST_TEST(way.count(tunnel_event::kind::opened) == count);
    BOOST_TEST(way.count(tunnel_event::kind::closed) == count);
}

using body = task<> (*)(const sshd&);

void thousand_connections(const sshd_peer& peer, body test) {
    if (missing(peer)) return;
    if (!raise_descriptor_limit(8192)) return skip("RLIMIT_NOFILE cannot be raised to 8192");
    const sshd server(peer);
    asio::io_context io(1);
    run_loop(io, test(server));
}

// Ten of them send without end to clients that do not read; the others do not notice.
task<> thousand_and_ten_stalled(const sshd& server) {
    constexpr std::uint64_t count = 990, stalled = 10;
    const executor ex = co_await asio::this_coro::executor;
    std::size_t greeted = 0;
    local_server far(ex, [&greeted](tcp::socket socket) -> task<> {
        if (greeted++ >= stalled) co_return co_await echo(std::move(socket));
        static_cast<void>(co_await send_payload(socket, 5, until_the_end));
    });
    passage way(ex, server.login(), far.port());
    co_await way.start();
    std::vector<tcp::socket> nobody_reads;
    for (std::uint64_t i = 0; i < stalled; ++i) {
        tcp::socket near = co_await way.dial();
        nobody_reads.push_back(std::move(near));
        co_await far.has_open(i + 1);
    }
    // Until nothing moves any more.
    for (std::uint64_t before = 1; before != way.get().bytes_down();) {
        before = way.get().bytes_down();
        co_await sleep_for(std::chrono::milliseconds(100));
    }
    const std::uint64_t taken = way.get().bytes_down();
    std::vector<tcp::socket> all;
    for (std::uint64_t id = 0; id < count; ++id) {
        tcp::socket near = co_await way.dial();
        all.push_back(std::move(near));
    }
    group connections(ex);
    std::uint64_t expected = 0;
    for (std::uint64_t id = 0; id < count; ++id) {
        expected += size_of_connection(id);
        connections.spawn(check_echo(all[id], id, size_of_connection(id)));
    }
    co_await connections.join();
    BOOST_TEST(way.get().bytes_down() == taken + expected);
    // Nor did the ten: what they get is what was sent.
    for (tcp::socket& near : nobody_reads) {
        const received got = co_await receive_payload(near, 5, 8 * mebibyte);
        BOOST_TEST((got.exact && got.bytes == 8 * mebibyte));
        reset(near);
    }
    co_await way.idle();
}

// Like MySQL: the client says nothing before the server's greeting.
task<> greeting_first(const sshd& server) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, [](tcp::socket socket) -> task<> {
        static_cast<void>(co_await send_payload(socket, 5, 100));
        co_await echo(std::move(socket));
    });
    passage way(ex, server.login(), far.port());
    co_await way.start();
    tcp::socket near = co_await way.dial();
    const received greeting = co_await receive_payload(near, 5, 100);
    BOOST_TEST((greeting.exact && greeting.bytes == 100));
    co_await check_echo(near, 6, 5000);
}

// With ADIT_TEST_LARGE set, a gibibyte instead.
[[nodiscard]] bool large() { return std::getenv("ADIT_TEST_LARGE") != nullptr; }
[[nodiscard]] std::uint64_t much() { return (large() ? 1024 : 64) * mebibyte; }

// The request ends, then the response begins.
task<> local_half_close(const sshd& server) {
    const executor ex = co_await asio::this_coro::executor;
    bool request_ended = false;
    local_server far(ex, [&request_ended](tcp::socket socket) -> task<> {
        const received request = co_await receive_payload(socket, 1, until_the_end);
        request_ended = request.exact && request.bytes == 1000 && request.end == asio::error::eof;
        static_cast<void>(co_await send_payload(socket, 2, much()));
    });
    passage way(ex, server.login(), far.port());
    co_await way.start();
    tcp::socket near = co_await way.dial();
    static_cast<void>(co_await send_payload(near, 1, 1000));
    near.shutdown(tcp::socket::shutdown_send);
    const received response = co_await receive_payload(near, 2, until_the_end);
    BOOST_TEST(request_ended);
    BOOST_TEST((response.exact && response.bytes == much()));
    BOOST_TEST(response.end == asio::error::eof);
    co_await way.idle();
}

// The far end has said everything; the upload goes on.
task<> remote_half_close(const sshd& server) {
    const executor ex = co_await asio::this_coro::executor;
    received upload;
    local_server far(ex, [&upload](tcp::socket socket) -> task<> {
        static_cast<void>(co_await send_payload(socket, 2, 1000));
        socket.shutdown(tcp::socket::shutdown_send);
        upload = co_await receive_payload(socket, 1, until_the_end);
    });
    passage way(ex, server.login(), far.port());
    co_await way.start();
    tcp::socket near = co_await way.dial();
    const received greeting = co_await receive_payload(near, 2, until_the_end);
    BOOST_TEST((greeting.exact && greeting.bytes == 1000 && greeting.end == asio::error::eof));
    const error_code ec = co_await send_payload(near, 1, much());
    BOOST_TEST(!ec, ec.message());
    near.shutdown(tcp::socket::shutdown_send);
    co_await far.has_open(0);
    BOOST_TEST((upload.exact && upload.bytes == much()));
    BOOST_TEST(upload.end == asio::error::eof);
    co_await way.idle();
}

enum class moment : std::uint8_t { at_once, in_transfer, after_half_close };

task<> abort_at(passage& way, moment when) {
    tcp::socket near = co_await way.dial();
    if (when == moment::in_transfer) {
        static_cast<void>(co_await receive_payload(near, 2, mebibyte));
    } else if (when == moment::after_half_close) {
        near.shutdown(tcp::socket::shutdown_send);
        static_cast<void>(co_await receive_payload(near, 2, mebibyte));
    }
    reset(near);
}

// The far end sends without end, and must be cut off.
task<> abort_locally(const sshd& server, moment when) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, [](tcp::socket socket) -> task<> {
        static_cast<void>(co_await send_payload(socket, 2, until_the_end));
    });
    passage way(ex, server.login(), far.port());
    co_await way.start();
    group clients(ex);
    constexpr std::size_t count = 20;
    for (std::size_t i = 0; i < count; ++i) clients.spawn(abort_at(way, when));
    co_await clients.join();
    const auto noticed = [&way] {
        return way.count(tunnel_event::kind::closed) + way.count(tunnel_event::kind::refused) ==
               count;
    };
    co_await wait_until(noticed, "a local end was not noticed");
    co_await way.idle();
    co_await far.has_open(0);
    for (const tunnel_event& e : way.events()) {
        if (e.what == tunnel_event::kind::closed) BOOST_TEST(static_cast<bool>(e.error));
    }
}

void with(const sshd_peer& peer, body test) {
    if (missing(peer)) return;
    const sshd server(peer);
    asio::io_context io(1);
    run_loop(io, test(server), std::chrono::seconds(large() ? 580 : 120));
}

void with_abort(const sshd_peer& peer, moment when) {
    if (missing(peer)) return;
    const sshd server(peer);
    asio::io_context io(1);
    run_loop(io, abort_locally(server, when));
}

BOOST_AUTO_TEST_SUITE(connections)

BOOST_AUTO_TEST_CASE(t19_thousand_with_sshd_9_2) { thousand_connections(sshd_9_2(), thousand); }
BOOST_AUTO_TEST_CASE(t19_thousand_with_sshd_10_0) { thousand_connections(sshd_10_0(), thousand); }
BOOST_AUTO_TEST_CASE(t19_ten_of_a_thousand_stalled_with_sshd_9_2) {
    thousand_connections(sshd_9_2(), thousand_and_ten_stalled);
}
BOOST_AUTO_TEST_CASE(server_first_with_sshd_9_2) { with(sshd_9_2(), greeting_first); }
BOOST_AUTO_TEST_CASE(server_first_with_sshd_10_0) { with(sshd_10_0(), greeting_first); }
BOOST_AUTO_TEST_CASE(t15_local_half_close_with_sshd_9_2) { with(sshd_9_2(), local_half_close); }
BOOST_AUTO_TEST_CASE(t15_local_half_close_with_sshd_10_0) { with(sshd_10_0(), local_half_close); }
BOOST_AUTO_TEST_CASE(t16_remote_half_close_with_sshd_9_2) { with(sshd_9_2(), remote_half_close); }
BOOST_AUTO_TEST_CASE(t16_remote_half_close_with_sshd_10_0) { with(sshd_10_0(), remote_half_close); }
BOOST_AUTO_TEST_CASE(t14_abort_at_once) { with_abort(sshd_9_2(), moment::at_once); }
BOOST_AUTO_TEST_CASE(t14_abort_in_transfer_with_sshd_9_2) {
    with_abort(sshd_9_2(), moment::in_transfer);
}
BOOST_AUTO_TEST_CASE(t14_abort_in_transfer_with_sshd_10_0) {
    with_abort(sshd_10_0(), moment::in_transfer);
}
BOOST_AUTO_TEST_CASE(t14_abort_after_half_close) {
    with_abort(sshd_9_2(), moment::after_half_close);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
