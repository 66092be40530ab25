// adit/bridge.hpp: a channel as a descriptor and as a port of this process, with real sockets on
// loopback. Drivers that use them are in tests/integration/examples.cpp. Over 300 lines: other
// processes, drivers and servers are at both its ends.
#include "support/talk.hpp"

#include <adit/bridge.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::bridge;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::scene;
using asio::ip::tcp;

namespace {

tcp::socket driver_of(scene& s, bridge& b) {
    return tcp::socket(s.ctx, tcp::v4(), b.release_descriptor());
}

task<tcp::socket> dial(scene& s, tcp::endpoint to) {
    tcp::socket driver(s.ctx);
    auto connecting = driver.async_connect(to, asio::deferred);
    co_await std::move(connecting);
    co_return driver;
}

// Sends `text` and its end; what comes back, and how that ends.
task<adit::test::end_of_reading> converse(tcp::socket& driver, const std::string& text) {
    auto writing = asio::async_write(driver, asio::buffer(text), asio::deferred);
    static_cast<void>(co_await std::move(writing));
    driver.shutdown(tcp::socket::shutdown_send);
    adit::test::end_of_reading got;
    auto reading =
        asio::async_read(driver, asio::dynamic_buffer(got.text), asio::as_tuple(asio::deferred));
    const auto outcome = co_await std::move(reading);
    got.why = std::get<0>(outcome);
    co_return got;
}

// Echoes until the channel has ended.
task<> echo_one_channel(scene& s) {
    const auto closed = [&s] {
        return s.server().port().seen(wire::message_id::channel_close) > 0;
    };
    co_await s.server().echo_until(closed);
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Of those that a program which is started from here would get.
std::size_t inherited_sockets() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int descriptor = std::stoi(entry.path().filename().string());
        struct stat what{};
        const bool socket = ::fstat(descriptor, &what) == 0 && S_ISSOCK(what.st_mode);
        if (socket && (::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) == 0) ++count;
    }
    return count;
}

// A process that connects and says what became of it: 'c' for closed.
class stranger {
public:
    explicit stranger(tcp::endpoint to) {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(::pipe(ends.data()) == 0);
        sockaddr_in address{};
        std::memcpy(&address, to.data(), sizeof address);
        process_ = ::fork();
        if (process_ == 0) be(address, ends[1]);
        ::close(ends[1]);
        verdict_ = ends[0];
    }
    stranger(const stranger&) = delete;
    stranger& operator=(const stranger&) = delete;
    ~stranger() { ::waitpid(process_, nullptr, 0); }

    [[nodiscard]] task<char> verdict() const {
        asio::posix::stream_descriptor pipe(co_await asio::this_coro::executor, verdict_);
        std::array<char, 1> said{};
        auto reading = asio::async_read(pipe, asio::buffer(said), asio::deferred);
        static_cast<void>(co_await std::move(reading));
        co_return said[0];
    }

private:
    [[noreturn]] static void be(const sockaddr_in& address, int verdict) {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        char said = 'e';
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
            char room = 0;
            said = ::read(socket, &room, 1) <= 0 ? 'c' : 'd';
        }
        static_cast<void>(::write(verdict, &said, 1) == 1);
        ::_exit(0);
    }

    pid_t process_ = -1;
    int verdict_ = -1;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(bridge_door)

BOOST_AUTO_TEST_CASE(descriptor_carries_a_conversation_to_both_its_ends) {
    scene s;
    s.make_ready();
    const std::string text = adit::test::pattern(300'000);
    error_code ended = asio::error::would_block;
    const auto client_part = [&]() -> task<> {
        channel far = co_await adit::test::open_on(s.ssh());
        bridge b = bridge::connected(std::move(far));
        tcp::socket driver = driver_of(s, b);
        BOOST_TEST(b.release_descriptor() == -1);
        const auto got = co_await converse(driver, text);
        BOOST_TEST((got.text == text));
        BOOST_TEST(got.why == asio::error::eof);
        auto waiting = b.async_wait_closed(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(waiting);
        ended = std::get<0>(outcome);
    };
    s.play({client_part, [&] { return echo_one_channel(s); }});
    BOOST_TEST(!ended);
    s.finish();
}

BOOST_AUTO_TEST_CASE(t01_driver_sees_a_reset_when_the_connection_is_lost) {
    for (const bool by_port : {false, true}) {
        scene s;
        s.make_ready();
        channel far = s.open({});
        bridge b = by_port ? bridge::listening(std::move(far)) : bridge::connected(std::move(far));
        error_code seen, ended;
        const auto client_part = [&]() -> task<> {
            tcp::socket driver(s.ctx);
            if (by_port) {
                driver = co_await dial(s, b.endpoint());
            } else {
                driver = driver_of(s, b);
            }
            std::array<char, 64> room{};
            auto reading = asio::async_read(driver, asio::buffer(room.data(), 10), asio::deferred);
            static_cast<void>(co_await std::move(reading));
            s.server().port().stream().close(adit::detail::close_mode::abortive);
            auto more =
                asio::async_read(driver, asio::buffer(room), asio::as_tuple(asio::deferred));
            const auto outcome = co_await std::move(more);
            seen = std::get<0>(outcome);
            auto waiting = b.async_wait_closed(asio::as_tuple(asio::deferred));
            const auto end = co_await std::move(waiting);
            ended = std::get<0>(end);
        };
        const auto server_part = [&]() -> task<> {
            s.server().reply(wire::channel_data{0, adit::as_bytes("0123456789")});
            co_await s.server().flush();
        };
        s.play({client_part, server_part});
        BOOST_TEST(seen == asio::error::connection_reset);
        BOOST_TEST(ended == errc::connection_lost);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(port_is_closed_to_other_processes_and_waits_on) {
    scene s;
    s.make_ready();
    channel far = s.open({});
    bridge b = bridge::listening(std::move(far));
    const tcp::endpoint port = b.endpoint();
    BOOST_TEST(port.address().is_loopback());
    const stranger somebody(port);
    char verdict = 0;
    tcp::socket driver(s.ctx);
    const auto client_part = [&]() -> task<> {
        verdict = co_await somebody.verdict();
        BOOST_TEST(b.endpoint() == port);
        driver = co_await dial(s, port);
        auto writing = asio::async_write(driver, asio::buffer("mine", 4), asio::deferred);
        static_cast<void>(co_await std::move(writing));
    };
    const auto server_part = [&]() -> task<> {
        const auto data = co_await s.server().expect<wire::channel_data>();
        BOOST_TEST(adit::as_text(data.data) == "mine");
    };
    s.play({client_part, server_part});
    BOOST_TEST(verdict == 'c');
    b.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(port_takes_one_connection_also_by_an_ipv6_socket) {
    scene s;
    s.make_ready();
    channel far = s.open({});
    bridge b = bridge::listening(std::move(far));
    const tcp::endpoint port = b.endpoint();
    const tcp::endpoint mapped(
        asio::ip::make_address_v6(asio::ip::v4_mapped, port.address().to_v4()), port.port());
    error_code second;
    const auto client_part = [&]() -> task<> {
        const tcp::socket driver = co_await dial(s, mapped);
        while (b.endpoint().port() != 0) {
            auto turn = asio::post(s.ctx, asio::deferred);
            co_await std::move(turn);
        }
        try {
            static_cast<void>(co_await dial(s, port));
        } catch (const boost::system::system_error& e) {
            second = e.code();
        }
    };
    s.play({client_part});
    BOOST_TEST(second == asio::error::connection_refused);
    b.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(bridge_that_is_closed_resets_its_driver_and_says_so) {
    scene s;
    s.make_ready();
    channel far = s.open({});
    bridge b = bridge::connected(std::move(far));
    tcp::socket driver = driver_of(s, b);
    error_code seen, ended;
    std::array<char, 4> room{};
    driver.async_read_some(asio::buffer(room), [&](error_code ec, std::size_t) { seen = ec; });
    b.async_wait_closed([&](error_code ec) { ended = ec; });
    s.step();
    b.close();
    const auto server_part = [&]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::channel_close>());
    };
    s.play({server_part});
    s.ctx.restart();
    while (!seen) s.ctx.run_one();
    BOOST_TEST(seen == asio::error::connection_reset);
    BOOST_TEST(ended == errc::connection_closed);
    s.finish();
}

BOOST_AUTO_TEST_CASE(port_that_nobody_used_is_closed_with_its_channel) {
    scene s;
    s.make_ready();
    channel far = s.open({});
    {
        const bridge b = bridge::listening(std::move(far));
        s.step();
    }
    const auto server_part = [&]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::channel_close>());
    };
    s.play({server_part});
    s.finish();
}

// Nobody would ever hear of it otherwise, and the port would stay.
BOOST_AUTO_TEST_CASE(port_that_nobody_used_ends_when_its_channel_does) {
    for (const bool by_peer : {true, false}) {
        scene s;
        s.make_ready();
        channel far = s.open({});
        bridge b = bridge::listening(std::move(far));
        error_code ended = asio::error::would_block;
        b.async_wait_closed([&](error_code ec) { ended = ec; });
        s.step();
        BOOST_TEST(ended == asio::error::would_block);
        if (by_peer) {
            adit::test::say(s, {adit::test::payload_of(wire::channel_close{0})});
        } else {
            s.ssh().close();
        }
        s.step();
        BOOST_TEST(ended == (by_peer ? errc::channel_closed : errc::connection_closed));
        BOOST_TEST(b.endpoint().port() == 0);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(programs_that_are_started_get_no_end_of_it) {
    const std::size_t before = inherited_sockets();
    for (const bool by_port : {false, true}) {
        scene s;
        s.make_ready();
        channel far = s.open({});
        bridge b = by_port ? bridge::listening(std::move(far)) : bridge::connected(std::move(far));
        BOOST_TEST(inherited_sockets() == before);
        if (by_port) {
            const auto client_part = [&]() -> task<> {
                const tcp::socket driver = co_await dial(s, b.endpoint());
                while (b.endpoint().port() != 0) {
                    auto turn = asio::post(s.ctx, asio::deferred);
                    co_await std::move(turn);
                }
                BOOST_TEST(inherited_sockets() == before + 1);  // the driver's own
            };
            s.play({client_part});
        }
        b.close();
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(closed_channel_makes_no_bridge_and_no_descriptor_is_left) {
    const std::size_t before = open_descriptors();
    const auto not_connected = [](const boost::system::system_error& e) {
        return e.code() == asio::error::not_connected;
    };
    {
        scene s;
        s.make_ready();
        channel another = s.open({});
        channel far;
        BOOST_CHECK_EXCEPTION(static_cast<void>(bridge::connected(std::move(far))),
                              boost::system::system_error, not_connected);
        { const bridge unused = bridge::connected(std::move(another)); }
        s.finish();
    }
    BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_SUITE_END()
