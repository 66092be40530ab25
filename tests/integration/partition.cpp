// sshd behind a network that fails (fault_proxy.hpp), in real time and with keepalives of 1 s x 3:
// black holes amid traffic and while idle, partitions that heal, delay and dribble, and a cut at
// many places (T02-T05). The same for minutes, on the virtual clock: unit/connection/partition.cpp.
#include "support/test.hpp"

#include "integration/fault_proxy.hpp"
#include "integration/through.hpp"

namespace adit::test {
namespace {

using namespace std::chrono_literals;

enum class hole : std::uint8_t { both_ways, up, down };

void open_hole(fault_proxy& net, hole where) {
    net.up().holds = where != hole::down;
    net.down().holds = where != hole::up;
}

// A tunnel to a far end of loopback, by an sshd, by a proxy.
class far_away {
public:
    far_away(const executor& ex, const sshd& server, local_server::behaviour behave)
        : net(ex, server.port()),
          far(ex, std::move(behave)),
          way(ex, login_over(net, server), far.port()) {}

    fault_proxy net;
    local_server far;
    passage way;

private:
    [[nodiscard]] static client_options login_over(const fault_proxy& net, const sshd& server) {
        client_options login = server.login();
        login.port = net.port();
        login.limits.keepalive_interval = 1s;
        login.limits.keepalive_count = 3;
        return login;
    }
};

struct talk {
    received got;
    error_code sent;
};

// Everything there is to say, both ways.
task<> talk_without_end(tcp::socket socket, std::uint64_t out, std::uint64_t in, talk& t) {
    group side(socket.get_executor());
    const auto send = [&socket, &t, out]() -> task<> {
        t.sent = co_await send_payload(socket, out, until_the_end);
    };
    side.spawn(send());
    t.got = co_await receive_payload(socket, in, until_the_end);
    error_code ignored;
    socket.close(ignored);
    co_await side.join();
}

// Noticed, and not before the questions have had their time; nobody gets a clean end.
task<> lost_amid_traffic(const sshd& server, hole where) {
    const executor ex = co_await asio::this_coro::executor;
    talk at_far, at_near;
    far_away f(ex, server, [&at_far](tcp::socket socket) -> task<> {
        co_await talk_without_end(std::move(socket), payload_down, payload_up, at_far);
    });
    co_await f.way.start();
    tcp::socket near = co_await f.way.dial();
    group clients(ex);
    clients.spawn(talk_without_end(std::move(near), payload_up, payload_down, at_near));
    const auto moves = [&f] {
        return f.way.get().bytes_down() > mebibyte && f.way.get().bytes_up() > mebibyte;
    };
    co_await wait_until(moves, "nothing moves");
    open_hole(f.net, where);
    const error_code ended = co_await f.way.closed();
    BOOST_TEST(ended == make_error_code(errc::keepalive_lost));
    co_await clients.join();
    BOOST_TEST(at_near.got.exact);
    // A socket tells of a reset once: to whoever asks first.
    const bool told = at_near.got.end == asio::error::connection_reset ||
                      at_near.sent == asio::error::connection_reset;
    BOOST_TEST(told, at_near.got.end.message() << ", " << at_near.sent.message());
    f.net.cut_all(cut::by_reset);
    co_await f.far.has_open(0);
    BOOST_TEST(at_far.got.exact);
}

task<> lost_while_idle(const sshd& server, hole where) {
    const executor ex = co_await asio::this_coro::executor;
    far_away f(ex, server, echo);
    co_await f.way.start();
    tcp::socket near = co_await f.way.dial();
    co_await f.far.has_open(1);
    const auto begin = std::chrono::steady_clock::now();
    open_hole(f.net, where);
    const error_code ended = co_await f.way.closed();
    BOOST_TEST(ended == make_error_code(errc::keepalive_lost));
    // Never sooner than the questions took.
    BOOST_TEST((std::chrono::steady_clock::now() - begin >= 2s));
    const received got = co_await receive_payload(near, payload_down, until_the_end);
    BOOST_TEST(got.end == asio::error::connection_reset);
}

// Shorter than the budget: nothing is lost and nothing is noticed.
task<> healed(const sshd& server, hole where) {
    constexpr std::uint64_t bytes = 32 * mebibyte;
    const executor ex = co_await asio::this_coro::executor;
    far_away f(ex, server, [](tcp::socket socket) -> task<> {
        co_await both_ways(socket, payload_down, payload_up, bytes);
    });
    co_await f.way.start();
    tcp::socket near = co_await f.way.dial();
    group all(ex);
    all.spawn(both_ways(near, payload_up, payload_down, bytes));
    const auto moves = [&f] { return f.way.get().bytes_down() > mebibyte; };
    co_await wait_until(moves, "nothing moves");
    open_hole(f.net, where);
    co_await sleep_for(2s);
    f.net.hold(false);
    co_await all.join();
    BOOST_TEST(f.way.story() == "it works");
    co_await f.way.idle();
    BOOST_TEST(f.way.get().bytes_up() == bytes);
    BOOST_TEST(f.way.get().bytes_down() == bytes);
}

// Each byte of the handshake by itself, every piece late.
task<> dribbled(const sshd& server) {
    const executor ex = co_await asio::this_coro::executor;
    far_away f(ex, server, echo);
    f.net.up().piece = f.net.down().piece = 1;
    co_await f.way.start();
    BOOST_TEST(f.net.up().passed > 1000U);
    f.net.up().piece = f.net.down().piece = 7000;
    f.net.up().delay = 1ms;
    f.net.down().delay = 2ms;
    tcp::socket near = co_await f.way.dial();
    co_await check_echo(near, 3, mebibyte);
    BOOST_TEST(f.way.story() == "it works");
}

// The handshake is cut behind so many bytes: the start says that the connection is lost.
task<> cut_early(const sshd& server, bool upwards, std::uint64_t bytes, cut how, bool& whole) {
    const executor ex = co_await asio::this_coro::executor;
    fault_proxy net(ex, server.port());
    (upwards ? net.up() : net.down()).cut_after = bytes;
    (upwards ? net.up() : net.down()).how = how;
    client_options login = server.login();
    login.port = net.port();
    tunnel_options options(std::move(login), local_forward(target("127.0.0.1", 9)));
    options.address = "127.0.0.1";
    tunnel way(ex, std::move(options));
    const auto outcome = co_await way.async_start(as_result);
    const error_code ec = std::get<0>(outcome);
    whole = !ec;
    const bool expected = !ec || ec == errc::connection_lost || ec == errc::disconnected_by_peer;
    BOOST_TEST(expected, ec.message());
    way.close();
}

void cut_at_many_places(const sshd& server, bool upwards, cut how) {
    bool whole = false;
    std::uint64_t bytes = 0;
    for (std::uint64_t step = 1; !whole; bytes += step++ * 7) {
        BOOST_TEST_CONTEXT("cut behind " << bytes << " bytes") {
            asio::io_context io(1);
            run_loop(io, cut_early(server, upwards, bytes, how, whole));
        }
        BOOST_REQUIRE(bytes < 100'000);
    }
    BOOST_TEST(bytes > 1000U);
}

// Amid traffic: every local client gets an exact beginning and a reset.
task<> cut_late(const sshd& server, cut how) {
    const executor ex = co_await asio::this_coro::executor;
    far_away f(ex, server, [](tcp::socket socket) -> task<> {
        static_cast<void>(co_await send_payload(socket, payload_down, until_the_end));
    });
    co_await f.way.start();
    tcp::socket near = co_await f.way.dial();
    f.net.down().cut_after = 5 * mebibyte + 4321;
    f.net.down().how = how;
    const received got = co_await receive_payload(near, payload_down, until_the_end);
    BOOST_TEST(got.exact);
    BOOST_TEST(got.bytes > 4 * mebibyte);
    BOOST_TEST(got.end == asio::error::connection_reset);
    const error_code ended = co_await f.way.closed();
    BOOST_TEST(ended == make_error_code(errc::connection_lost));
}

template <class Test>
void with(const sshd_peer& peer, Test test) {
    if (missing(peer)) return;
    const sshd server(peer);
    asio::io_context io(1);
    run_loop(io, test(server));
}

void busy_hole(const sshd_peer& peer, hole where) {
    const auto test = [where](const sshd& s) { return lost_amid_traffic(s, where); };
    with(peer, test);
}
void idle_hole(const sshd_peer& peer, hole where) {
    const auto test = [where](const sshd& s) { return lost_while_idle(s, where); };
    with(peer, test);
}
void heals(const sshd_peer& peer, hole where) {
    const auto test = [where](const sshd& s) { return healed(s, where); };
    with(peer, test);
}
void is_cut_late(const sshd_peer& peer, cut how) {
    const auto test = [how](const sshd& s) { return cut_late(s, how); };
    with(peer, test);
}
void is_cut_early(const sshd_peer& peer, bool upwards) {
    if (missing(peer)) return;
    const sshd server(peer);
    for (const cut how : {cut::by_reset, cut::by_end}) cut_at_many_places(server, upwards, how);
}

BOOST_AUTO_TEST_SUITE(network)

BOOST_AUTO_TEST_CASE(t02_cut_amid_traffic_by_a_reset) { is_cut_late(sshd_9_2(), cut::by_reset); }
BOOST_AUTO_TEST_CASE(t02_cut_amid_traffic_by_an_end) { is_cut_late(sshd_10_0(), cut::by_end); }
BOOST_AUTO_TEST_CASE(t02_cut_anywhere_in_the_handshake_upwards) { is_cut_early(sshd_9_2(), true); }
BOOST_AUTO_TEST_CASE(t02_cut_anywhere_in_the_handshake_downwards) {
    is_cut_early(sshd_9_2(), false);
}
BOOST_AUTO_TEST_CASE(t03_black_hole_both_ways_with_sshd_9_2) {
    busy_hole(sshd_9_2(), hole::both_ways);
}
BOOST_AUTO_TEST_CASE(t03_black_hole_both_ways_with_sshd_10_0) {
    busy_hole(sshd_10_0(), hole::both_ways);
}
BOOST_AUTO_TEST_CASE(t03_black_hole_downwards) { busy_hole(sshd_9_2(), hole::down); }
BOOST_AUTO_TEST_CASE(t04_black_hole_both_ways_while_idle) {
    idle_hole(sshd_9_2(), hole::both_ways);
}
BOOST_AUTO_TEST_CASE(t04_black_hole_upwards_while_idle) { idle_hole(sshd_10_0(), hole::up); }
BOOST_AUTO_TEST_CASE(t04_black_hole_downwards_while_idle) { idle_hole(sshd_9_2(), hole::down); }
BOOST_AUTO_TEST_CASE(t05_partition_that_heals_with_sshd_9_2) { heals(sshd_9_2(), hole::both_ways); }
BOOST_AUTO_TEST_CASE(t05_partition_that_heals_with_sshd_10_0) {
    heals(sshd_10_0(), hole::both_ways);
}
BOOST_AUTO_TEST_CASE(t05_partition_upwards_that_heals) { heals(sshd_9_2(), hole::up); }
BOOST_AUTO_TEST_CASE(t05_partition_downwards_that_heals) { heals(sshd_9_2(), hole::down); }
BOOST_AUTO_TEST_CASE(c03_dribbled_and_late) { with(sshd_9_2(), dribbled); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
