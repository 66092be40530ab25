// The SSH connection dies in the middle: its sshd process killed or stopped. Every local client
// gets a reset, promptly and never a clean end, and what it got until then is an exact beginning
// (T01, T03, T04, "nothing lost" of security.md).
#include "support/test.hpp"

#include "integration/through.hpp"

namespace adit::test {
namespace {

struct busy_client {
    received got;
    error_code sent;
    bool sends = false;
    bool done = false;
};

// Receives without end; every second one sends without end, too.
task<> be_busy(tcp::socket near, std::uint64_t id, busy_client& me) {
    group side(near.get_executor());
    me.sends = id % 2 == 0;
    const auto send = [&near, &me, id]() -> task<> {
        me.sent = co_await send_payload(near, id, until_the_end);
    };
    if (me.sends) side.spawn(send());
    me.got = co_await receive_payload(near, id + 1000, until_the_end);
    co_await side.join();
    me.done = true;
}

// The id travels as the first byte, so that the far end sends the same stream.
task<> busy_far_end(tcp::socket socket, std::vector<received>& uploads) {
    byte id = 0;
    co_await socket.async_read_some(asio::buffer(&id, 1), asio::deferred);
    group side(socket.get_executor());
    const auto send = [&socket, id]() -> task<> {
        static_cast<void>(co_await send_payload(socket, id + 1000U, until_the_end));
    };
    side.spawn(send());
    uploads.at(id) = co_await receive_payload(socket, id, until_the_end);
    co_await side.join();
}

task<tcp::socket> introduce(passage& way, byte id) {
    tcp::socket near = co_await way.dial();
    co_await asio::async_write(near, asio::buffer(&id, 1), asio::deferred);
    co_return near;
}

constexpr std::size_t busy_count = 10;
// Three of them is what a living sshd may take to answer, on a machine that has much to do.
constexpr std::chrono::milliseconds short_interval{500};

// A socket tells of a reset once: to whoever asks first, the reader or the writer.
void check_cut_off(const std::vector<busy_client>& clients, const std::vector<received>& uploads) {
    for (const busy_client& c : clients) {
        BOOST_TEST(c.got.exact);
        const bool reader = c.got.end == asio::error::connection_reset;
        const bool writer = c.sends && c.sent == asio::error::connection_reset;
        BOOST_TEST((reader || writer), c.got.end.message() << ", " << c.sent.message());
    }
    for (const received& r : uploads) BOOST_TEST(r.exact);
}

void signal_all(const std::vector<pid_t>& processes, int signal) {
    BOOST_REQUIRE(!processes.empty());
    for (const pid_t process : processes) BOOST_TEST(::kill(process, signal) == 0);
}

struct fault {
    int signal;
    errc expected;
};

task<> cut_in_transfer(sshd& server, fault what) {
    const executor ex = co_await asio::this_coro::executor;
    std::vector<received> uploads(busy_count);
    local_server far(ex, [&uploads](tcp::socket socket) -> task<> {
        co_await busy_far_end(std::move(socket), uploads);
    });
    client_options login = server.login();
    if (what.signal == SIGSTOP) login.limits.keepalive_interval = short_interval;
    passage way(ex, std::move(login), far.port());
    co_await way.start();
    const std::uint16_t port = way.port();
    std::vector<busy_client> clients(busy_count);
    group all(ex);
    for (std::size_t i = 0; i < busy_count; ++i) {
        tcp::socket near = co_await introduce(way, static_cast<byte>(i));
        all.spawn(be_busy(std::move(near), i, clients[i]));
    }
    const auto busy = [&way] {
        return way.get().bytes_down() > 4 * mebibyte && way.get().bytes_up() > 4 * mebibyte;
    };
    co_await wait_until(busy, "nothing moves");
    signal_all(server.serving(), what.signal);
    const error_code ended = co_await way.closed();
    BOOST_TEST(ended == make_error_code(what.expected));
    const auto all_told = [&clients] {
        return std::all_of(clients.begin(), clients.end(), [](const auto& c) { return c.done; });
    };
    co_await wait_until(all_told, "a local client was not told", std::chrono::seconds(10));
    co_await all.join();
    check_cut_off(clients, uploads);
    tcp::socket late(ex);
    const tcp::endpoint gone(asio::ip::address_v4::loopback(), port);
    const auto refused = co_await late.async_connect(gone, as_result);
    BOOST_TEST(std::get<0>(refused) == asio::error::connection_refused);
}

void cut(const sshd_peer& peer, fault what) {
    if (missing(peer)) return;
    sshd server(peer);
    asio::io_context io(1);
    run_loop(io, cut_in_transfer(server, what));
}

// T01 for a connection over which nothing moves: also who only waits must be told.
task<> cut_idle(sshd& server) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    passage way(ex, server.login(), far.port());
    co_await way.start();
    tcp::socket near = co_await way.dial();
    co_await far.has_open(1);
    signal_all(server.serving(), SIGKILL);
    const received got = co_await receive_payload(near, 1, 1);
    BOOST_TEST(got.end == asio::error::connection_reset);
    const error_code ended = co_await way.closed();
    BOOST_TEST(ended == make_error_code(errc::connection_lost));
}

// T04: idle, and the peer answers nothing.
task<> stop_idle(sshd& server) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    client_options login = server.login();
    login.limits.keepalive_interval = short_interval;
    passage way(ex, std::move(login), far.port());
    co_await way.start();
    tcp::socket near = co_await way.dial();
    co_await far.has_open(1);
    // A peer that answers is alive, however little there is to say.
    co_await sleep_for(5 * short_interval);
    BOOST_TEST(way.count(tunnel_event::kind::closed) == 0U);
    signal_all(server.serving(), SIGSTOP);
    const error_code ended = co_await way.closed();
    BOOST_TEST(ended == make_error_code(errc::keepalive_lost));
    const std::string words = way.get().diagnostics().describe(ended);
    BOOST_TEST(words.find("stopped answering keepalives") != std::string::npos, words);
    const received got = co_await receive_payload(near, 1, 1);
    BOOST_TEST(got.end == asio::error::connection_reset);
}

// The tunnel's own end is no clean end for its clients either.
task<> close_in_transfer(sshd& server) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, [](tcp::socket socket) -> task<> {
        static_cast<void>(co_await send_payload(socket, 2, until_the_end));
    });
    passage way(ex, server.login(), far.port());
    co_await way.start();
    tcp::socket near = co_await way.dial();
    const received before = co_await receive_payload(near, 2, mebibyte);
    BOOST_TEST((before.exact && before.bytes == mebibyte));
    way.get().close();
    std::vector<byte> rest(payload_piece);
    error_code end;
    while (!end) {
        const auto more = co_await near.async_read_some(asio::buffer(rest), as_result);
        end = std::get<0>(more);
    }
    BOOST_TEST(end == asio::error::connection_reset);
}

using body = task<> (*)(sshd&);

void with(const sshd_peer& peer, body test) {
    if (missing(peer)) return;
    sshd server(peer);
    asio::io_context io(1);
    run_loop(io, test(server));
}

constexpr fault killed{SIGKILL, errc::connection_lost};
constexpr fault stopped{SIGSTOP, errc::keepalive_lost};

BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(t01_killed_in_transfer_sshd_9_2) { cut(sshd_9_2(), killed); }
BOOST_AUTO_TEST_CASE(t01_killed_in_transfer_sshd_10_0) { cut(sshd_10_0(), killed); }
BOOST_AUTO_TEST_CASE(t01_killed_while_idle) { with(sshd_9_2(), cut_idle); }
BOOST_AUTO_TEST_CASE(t03_stopped_in_transfer_sshd_9_2) { cut(sshd_9_2(), stopped); }
BOOST_AUTO_TEST_CASE(t03_stopped_in_transfer_sshd_10_0) { cut(sshd_10_0(), stopped); }
BOOST_AUTO_TEST_CASE(t04_stopped_while_idle_sshd_9_2) { with(sshd_9_2(), stop_idle); }
BOOST_AUTO_TEST_CASE(t04_stopped_while_idle_sshd_10_0) { with(sshd_10_0(), stop_idle); }
BOOST_AUTO_TEST_CASE(t28_closed_in_transfer) { with(sshd_9_2(), close_in_transfer); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
