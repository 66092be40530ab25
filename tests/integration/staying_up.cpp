// A tunnel through a real sshd that is killed, stopped or gone for a while, in real time:
// keepalives of 1 s x 3 (T01, T03, T04, T27). Every other moment is on the virtual clock, in
// tests/unit/tunnel.
#include "support/test.hpp"

#include "integration/through.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

namespace adit::test {
namespace {

using state = tunnel_state;
using kind = tunnel_event::kind;

/// A tunnel that makes its connection again, and what it told.
class stayer {
public:
    stayer(const executor& ex, const sshd& server, std::uint16_t far)
        : tunnel_(ex, options(server, far)) {}

    [[nodiscard]] tunnel& get() noexcept { return tunnel_; }
    [[nodiscard]] task<> start() { co_await tunnel_.async_start(asio::deferred); }
    [[nodiscard]] task<tcp::socket> dial() { return test::dial(port()); }
    [[nodiscard]] std::uint16_t port() const { return tunnel_.endpoints().at(0).port(); }
    [[nodiscard]] task<> reconnected(std::uint64_t times) {
        const auto again = [this, times] { return tunnel_.counters().reconnects >= times; };
        co_await wait_until(again, "the connection is not made again");
    }
    [[nodiscard]] std::size_t count(kind what) const {
        const auto is = [what](const tunnel_event& e) { return e.what == what; };
        return static_cast<std::size_t>(std::ranges::count_if(*events_, is));
    }
    /// While it is set, nothing listens where the tunnel connects to.
    bool down = false;

private:
    [[nodiscard]] tunnel_options options(const sshd& server, std::uint16_t far) {
        client_options login = server.login();
        login.limits.keepalive_interval = std::chrono::seconds(1);
        tunnel_options o(login, local_forward(target("127.0.0.1", far)));
        o.on_event = [events = events_](const tunnel_event& e) { events->push_back(e); };
        o.reach = [this, login](executor ex) {
            client_options now = login;
            if (down) now.port = free_port();
            hop there(std::move(now));
            there.address = "127.0.0.1";
            return connect_through(route(std::move(there)))(std::move(ex));
        };
        return o;
    }

    std::shared_ptr<std::vector<tunnel_event>> events_ =
        std::make_shared<std::vector<tunnel_event>>();
    tunnel tunnel_;
};

void signal_all(const std::vector<pid_t>& processes, int signal) {
    BOOST_REQUIRE(!processes.empty());
    for (const pid_t process : processes) {
        const bool sent = ::kill(process, signal) == 0 || errno == ESRCH;
        BOOST_TEST(sent);
    }
}

constexpr std::uint64_t some = 1 << 20U;

// What is busy is reset, the port stays, and what comes next gets through.
task<> lose(sshd& server, int signal, errc cause, bool busy) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    stayer way(ex, server, far.port());
    co_await way.start();
    const std::uint16_t port = way.port();
    tcp::socket near = co_await way.dial();
    co_await far.has_open(1);
    group side(ex);
    const auto send = [&near]() -> task<> {
        static_cast<void>(co_await send_payload(near, 1, until_the_end));
    };
    if (busy) side.spawn(send());
    if (busy) {
        const received before = co_await receive_payload(near, 1, some);
        BOOST_TEST(before.bytes == some);
    }
    const std::vector<pid_t> old = server.serving();
    signal_all(old, signal);
    std::vector<byte> rest(payload_piece);
    error_code end;
    while (!end) {
        const auto more = co_await near.async_read_some(asio::buffer(rest), as_result);
        end = std::get<0>(more);
    }
    // Who writes may have been told instead, and then the reader sees what is left.
    const bool told = end == asio::error::connection_reset || (busy && end == asio::error::eof);
    BOOST_TEST(told, end.message());
    near.close();
    co_await side.join();
    co_await way.reconnected(1);
    BOOST_TEST(way.get().last_failure().error == make_error_code(cause));
    BOOST_TEST(way.port() == port);
    tcp::socket again = co_await way.dial();
    co_await check_echo(again, 7, some);
    if (signal == SIGSTOP) signal_all(old, SIGKILL);
}

// The rest of the outage is as long as the test likes.
task<> come_meanwhile(sshd& server) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    stayer way(ex, server, far.port());
    co_await way.start();
    way.down = true;
    signal_all(server.serving(), SIGKILL);
    const auto waits = [&way] { return way.get().state() == state::waiting; };
    co_await wait_until(waits, "the loss is not noticed");
    std::vector<tcp::socket> all;
    const tcp::endpoint port(asio::ip::address_v4::loopback(), way.port());
    for (int i = 0; i < 500; ++i) {
        tcp::socket one(ex);
        // The reset may be faster than we are; who is served shows below.
        static_cast<void>(co_await one.async_connect(port, as_result));
        all.push_back(std::move(one));
    }
    const auto taken = [&way] { return way.count(kind::held) + way.count(kind::refused) >= 500; };
    co_await wait_until(taken, "a local connection is not seen");
    BOOST_TEST(way.count(kind::held) == 64U);
    way.down = false;
    co_await way.reconnected(1);
    std::size_t served = 0, reset = 0;
    for (tcp::socket& one : all) {
        const byte sent{42};
        byte got{0};
        static_cast<void>(co_await asio::async_write(one, asio::buffer(&sent, 1), as_result));
        const auto read = co_await asio::async_read(one, asio::buffer(&got, 1), as_result);
        if (!std::get<0>(read) && got == sent) ++served;
        if (std::get<0>(read)) ++reset;  // where the write was told, the read sees an end
    }
    BOOST_TEST(served == 64U);
    BOOST_TEST(served + reset == 500U);
}

using body = task<> (*)(sshd&);

void with(const sshd_peer& peer, body test) {
    if (missing(peer)) return;
    sshd server(peer);
    asio::io_context io(1);
    run_loop(io, test(server));
}

task<> killed_busy(sshd& s) { return lose(s, SIGKILL, errc::connection_lost, true); }
task<> killed_idle(sshd& s) { return lose(s, SIGKILL, errc::connection_lost, false); }
task<> stopped_busy(sshd& s) { return lose(s, SIGSTOP, errc::keepalive_lost, true); }
task<> stopped_idle(sshd& s) { return lose(s, SIGSTOP, errc::keepalive_lost, false); }

BOOST_AUTO_TEST_SUITE(staying_up)

BOOST_AUTO_TEST_CASE(t01_killed_in_transfer_and_again_there) { with(sshd_9_2(), killed_busy); }
BOOST_AUTO_TEST_CASE(t01_killed_while_idle_and_again_there) { with(sshd_10_0(), killed_idle); }
BOOST_AUTO_TEST_CASE(t03_stopped_in_transfer_and_again_there) { with(sshd_9_2(), stopped_busy); }
BOOST_AUTO_TEST_CASE(t04_stopped_while_idle_and_again_there) { with(sshd_10_0(), stopped_idle); }
BOOST_AUTO_TEST_CASE(t27_five_hundred_come_meanwhile) { with(sshd_9_2(), come_meanwhile); }

#ifdef ADIT_TUNNEL

// A server that shows another key, where no file of hosts could tell.
BOOST_AUTO_TEST_CASE(t26_another_host_key_where_no_file_knows_any) {
    if (missing(sshd_9_2())) return;
    const temporary_directory folder;
    const sshd server(sshd_9_2());
    const std::string log = folder.file("log");
    child adit_tunnel({ADIT_TUNNEL, "--json", "-F", "none", "-i", server.user_key(), "-p",
                       std::to_string(server.port()), "-o", "UserKnownHostsFile=none", "-o",
                       "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=accept-new", "-L",
                       "0:127.0.0.1:1", current_user() + "@127.0.0.1"},
                      {.log = log});
    const auto says = [&](std::string_view text) {
        for (int i = 0; i < 3000 && read_file(log).find(text) == std::string::npos; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return read_file(log).find(text) != std::string::npos;
    };
    BOOST_REQUIRE(says("\"event\":\"ready\""));
    signal_all(server.serving(), SIGKILL);
    BOOST_TEST(says("\"reconnects\":1"), read_file(log));
    // sshd reads it again for each connection.
    std::filesystem::copy_file(make_key(server.file("other")), server.file("host"),
                               std::filesystem::copy_options::overwrite_existing);
    signal_all(server.serving(), SIGKILL);
    const bool refused = says("HAS CHANGED since the first connection");
    BOOST_TEST(refused, read_file(log));
    BOOST_TEST((!refused || adit_tunnel.wait() == 255));
}

#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
