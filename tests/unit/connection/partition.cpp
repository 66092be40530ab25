// The peer is there and cannot be heard, or is slow, for minutes (T03-T05, T13, T20): on the
// virtual clock, with the default limits. The black hole is of support/memory_pipe.hpp; real
// sockets are in tests/integration/partition.cpp.
#include "support/scene.hpp"
#include "support/virtual_clock.hpp"

#include <adit/connection/relay.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using namespace std::chrono_literals;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::scene;
using adit::test::virtual_clock;
using wire::message_id;

namespace {

// A server that answers what it is asked, takes what comes and sends what it has as far as it may.
class far_side {
public:
    explicit far_side(scene& s) : scene_(s) {}

    std::string to_send;
    std::string got;
    bool answers = true;  // keepalives
    bool grants = true;   // what it took
    std::uint32_t first_window = 256 * 1024;
    std::size_t keepalives = 0;
    std::size_t sent = 0;
    std::uint64_t window = 0;  // the client's

    void start() {
        const auto runs = [this]() -> task<> { co_await run(); };
        asio::co_spawn(scene_.ctx, runs, asio::detached);
    }
    // While nothing comes in.
    void say(std::string text) {
        to_send += text;
        pump();
        const auto flushes = [this]() -> task<> { co_await scene_.server().flush(); };
        asio::co_spawn(scene_.ctx, flushes, asio::detached);
    }

private:
    [[nodiscard]] task<> run();
    void on(const adit::protocol::packet& packet);
    void pump();

    scene& scene_;
};

task<> far_side::run() {
    try {
        for (;;) {
            const adit::protocol::packet packet = co_await scene_.server().port().receive_packet();
            on(packet);
            pump();
            co_await scene_.server().flush();
        }
    } catch (const boost::system::system_error&) {
        co_return;  // the client has gone
    }
}

void far_side::on(const adit::protocol::packet& packet) {
    auto& server = scene_.server();
    if (packet.id() == message_id::channel_open) {
        const auto m = adit::value_of(wire::decode<wire::channel_open>(packet.payload));
        window = m.initial_window_size;
        server.reply(
            wire::channel_open_confirmation{m.sender_channel, 1000, first_window, 32 * 1024, {}});
    } else if (packet.id() == message_id::channel_window_adjust) {
        const auto m = adit::value_of(wire::decode<wire::channel_window_adjust>(packet.payload));
        window += m.bytes_to_add;
    } else if (packet.id() == message_id::channel_data) {
        const auto m = adit::value_of(wire::decode<wire::channel_data>(packet.payload));
        got += adit::as_text(m.data);
        const auto size = static_cast<wire::u32>(m.data.size());
        if (grants) server.reply(wire::channel_window_adjust{0, size});
    } else if (packet.id() == message_id::global_request) {
        ++keepalives;
        if (answers) server.reply(wire::request_failure{});
    }
}

void far_side::pump() {
    while (window != 0 && sent < to_send.size()) {
        const std::size_t n = std::min<std::size_t>({window, to_send.size() - sent, 32 * 1024});
        const auto piece = std::string_view(to_send).substr(sent, n);
        scene_.server().reply(wire::channel_data{0, adit::as_bytes(piece)});
        sent += n;
        window -= n;
    }
}

// A client with one channel to a far side, on the virtual clock.
struct distance {
    scene s;
    far_side far{s};
    channel c;
    std::optional<error_code> closed;
    std::optional<virtual_clock> clock;

    void connect() {
        s.wire.record = false;
        s.make_ready();
        s.ssh().async_wait_closed([this](error_code ec) { closed = ec; });
        far.start();
        const auto opens = [this]() -> task<> { c = co_await adit::test::open_on(s.ssh()); };
        s.play({opens});
        clock.emplace(s.ctx);
    }
    void cut() {
        s.up().hold();
        s.down().hold();
    }
    void heal() {
        s.up().heal();
        s.down().heal();
    }
    [[nodiscard]] bool lives() const { return !closed.has_value(); }
    // How long it takes until the client gives up.
    [[nodiscard]] std::chrono::milliseconds until_closed() {
        const auto begin = clock->passed();
        BOOST_REQUIRE(clock->advance_until([this] { return closed.has_value(); }, 20min));
        return std::chrono::duration_cast<std::chrono::milliseconds>(clock->passed() - begin);
    }
    void finish() {
        clock.reset();
        c.close();
        s.finish();
    }
};

// 30 s x 3 and the time that the third question has; the connection's own clock goes by the second.
constexpr auto longest_silence = 30s * 4 + 2s;
constexpr std::size_t much = 40 << 20;

struct transfer {
    std::string text = adit::test::pattern(much);
    adit::test::end_of_reading read;
    std::optional<error_code> written;

    void begin(distance& d) {
        d.far.to_send = text;
        const auto reads = [this, &d]() -> task<> {
            read = co_await adit::test::read_up_to(d.c, much);
        };
        asio::co_spawn(d.s.ctx, reads, asio::detached);
        asio::async_write(d.c, asio::buffer(text),
                          [this](error_code ec, std::size_t) { written = ec; });
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(partition)

BOOST_AUTO_TEST_CASE(t03_a_black_hole_amid_traffic_is_noticed) {
    for (const bool both_ways : {true, false}) {
        distance d;
        d.connect();
        transfer t;
        t.begin(d);
        for (int i = 0; i < 300; ++i) d.s.ctx.poll_one();
        BOOST_REQUIRE((d.far.got.size() > 100'000 && d.lives() && !t.written));
        d.s.down().hold();
        if (both_ways) d.s.up().hold();
        BOOST_TEST((d.until_closed() <= longest_silence));
        BOOST_TEST(*d.closed == errc::keepalive_lost);
        d.clock->advance(0s);
        BOOST_TEST((t.written == make_error_code(errc::keepalive_lost)));
        BOOST_TEST(t.read.why == errc::keepalive_lost);
        BOOST_TEST(t.text.starts_with(t.read.text));
        BOOST_TEST(t.text.starts_with(d.far.got));
        d.finish();
    }
}

// The server is heard and does not hear: nothing leaves any more (L17).
BOOST_AUTO_TEST_CASE(t03_l17_a_black_hole_towards_a_server_that_goes_on_talking) {
    distance d;
    d.far.answers = false;
    d.connect();
    const std::string text = adit::test::pattern(1 << 20);
    d.s.up().hold();
    std::optional<error_code> written;
    asio::async_write(d.c, asio::buffer(text), [&](error_code ec, std::size_t) { written = ec; });
    while (d.lives() && d.clock->passed() < 10min) {
        d.far.say("still here");
        d.clock->advance(5s);
    }
    BOOST_REQUIRE(d.closed.has_value());
    BOOST_TEST(*d.closed == errc::connection_lost);
    BOOST_TEST((d.clock->passed() <= 120s + 10s));
    BOOST_TEST((written == make_error_code(errc::connection_lost)));
    d.finish();
}

BOOST_AUTO_TEST_CASE(t04_a_black_hole_while_idle_is_noticed) {
    for (const bool both_ways : {true, false}) {
        distance d;
        d.connect();
        d.s.down().hold();
        if (both_ways) d.s.up().hold();
        BOOST_TEST((d.until_closed() <= longest_silence));
        BOOST_TEST(*d.closed == errc::keepalive_lost);
        d.finish();
    }
}

BOOST_AUTO_TEST_CASE(t04_an_idle_server_that_refuses_keepalives_is_alive) {
    distance d;
    d.connect();
    d.clock->advance(1h, 1s);
    BOOST_TEST(d.lives());
    BOOST_TEST(d.far.keepalives >= 100U);
    BOOST_TEST(d.far.keepalives <= 120U);
    d.finish();
}

// Its answers are late by more than two intervals, each time.
BOOST_AUTO_TEST_CASE(t04_a_slow_server_is_alive) {
    distance d;
    d.connect();
    for (int i = 0; i < 10; ++i) {
        d.cut();
        d.clock->advance(85s);
        BOOST_TEST(d.lives());
        d.heal();
        d.clock->advance(1s);
    }
    BOOST_TEST(d.lives());
    d.finish();
}

BOOST_AUTO_TEST_CASE(t04_a_server_that_only_sends_data_is_alive) {
    distance d;
    d.far.answers = false;
    d.connect();
    for (int i = 0; i < 20; ++i) {
        d.far.say("data");
        d.clock->advance(29s);
    }
    BOOST_TEST(d.lives());
    BOOST_TEST(d.far.keepalives == 0U);
    d.finish();
}

BOOST_AUTO_TEST_CASE(t05_a_partition_shorter_than_the_budget_costs_nothing_but_time) {
    for (const auto length : {20s, 85s}) {
        distance d;
        d.connect();
        transfer t;
        t.begin(d);
        for (int i = 0; i < 300; ++i) d.s.ctx.poll_one();
        BOOST_REQUIRE((d.far.got.size() > 100'000 && !t.written));
        d.cut();
        d.clock->advance(length);
        const std::size_t before = d.far.got.size();
        BOOST_TEST(before < much);
        d.heal();
        const auto all = [&] { return t.written && t.read.text.size() == much; };
        BOOST_TEST(d.clock->advance_until(all, 5s));
        BOOST_TEST(d.lives());
        BOOST_TEST((d.far.got == t.text));
        BOOST_TEST((t.read.text == t.text));
        d.finish();
    }
}

// 15 s by default. What the peer says later is answered with one CLOSE, or it refused.
BOOST_AUTO_TEST_CASE(t13_an_open_that_takes_too_long_ends_and_is_closed_when_it_comes) {
    for (const bool confirms : {true, false}) {
        scene s;
        s.make_ready();
        channel other = s.open({});
        virtual_clock clock(s.ctx);
        std::optional<error_code> opened;
        adit::target to("slow", 1);
        s.ssh().async_open(std::move(to), [&](error_code ec, const channel&) { opened = ec; });
        clock.advance(14s);
        BOOST_TEST(!opened.has_value());
        BOOST_TEST(other.try_write(asio::buffer("moves", 5)).size == 5U);
        clock.advance(2s);
        BOOST_REQUIRE(opened.has_value());
        BOOST_TEST(*opened == errc::deadline_exceeded);
        BOOST_TEST(s.ssh().info().channels == 2U);
        const auto late = [&]() -> task<> {
            const auto open = co_await s.server().expect<wire::channel_open>();
            const auto number = open.sender_channel;
            static_cast<void>(co_await s.server().expect<wire::channel_data>());
            if (confirms) {
                s.server().reply(wire::channel_open_confirmation{number, 2000, 100, 100, {}});
                const auto close = co_await s.server().expect<wire::channel_close>();
                BOOST_TEST(close.recipient_channel == 2000U);
                s.server().reply(wire::channel_close{number});
            } else {
                s.server().reply(wire::channel_open_failure{number, 2, "at last", ""});
            }
            co_await s.server().flush();
        };
        s.play({late});
        s.step();
        BOOST_TEST(s.ssh().info().channels == 1U);
        BOOST_TEST(s.server().port().seen(message_id::channel_close) == (confirms ? 1U : 0U));
        BOOST_TEST(s.ssh().is_open());
        other.close();
        s.finish();
    }
}

namespace {

// A relay between the channel and a program in memory.
struct relayed : distance {
    std::optional<adit::test::memory_stream> app;
    std::shared_ptr<adit::detail::relay> between;

    void join() {
        connect();
        auto [ours, theirs] = adit::test::memory_pair(s.ctx.get_executor());
        app.emplace(std::move(theirs));
        between = std::make_shared<adit::detail::relay>(adit::detail::erase(std::move(ours)),
                                                        c.release_core());
        const auto runs = [this]() -> task<> { static_cast<void>(co_await between->run()); };
        asio::co_spawn(s.ctx, runs, asio::detached);
        s.step();
    }
    [[nodiscard]] std::size_t memory() { return s.link().stream().pool().bytes_in_use(); }
    // For ten minutes: what is held, which must never change.
    [[nodiscard]] std::size_t held_for_ten_minutes() {
        clock->advance(1min);
        const std::size_t held = memory();
        for (int i = 0; i < 10; ++i) {
            clock->advance(1min);
            BOOST_TEST(memory() == held);
        }
        BOOST_TEST(lives());
        return held;
    }
    void end() {
        between->abort(errc::connection_closed);
        s.step();
        app.reset();
        between.reset();
        finish();
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(t20_a_consumer_that_rests_for_ten_minutes_stops_the_source) {
    relayed r;
    const std::string text = adit::test::pattern(4 << 20);
    r.far.to_send = text;
    r.join();
    const std::size_t held = r.held_for_ten_minutes();
    const std::size_t paused_at = r.far.sent;
    BOOST_TEST(r.far.window == 0U);
    BOOST_TEST(paused_at < text.size());
    // Twice the window at most, and what is in the program's own queue is not ours.
    BOOST_TEST(held <= 2U * r.s.options.limits.first_window + 128U * 1024U);
    std::string got;
    const auto reads = [&]() -> task<> {
        std::array<char, 4096> room;
        while (got.size() < text.size()) {
            auto reading = r.app->async_read_some(asio::buffer(room), asio::deferred);
            const std::size_t n = co_await std::move(reading);
            got.append(room.data(), n);
        }
    };
    r.s.play({reads});
    BOOST_TEST((got == text));
    r.end();
}

BOOST_AUTO_TEST_CASE(t20_a_peer_without_a_window_for_ten_minutes_stops_the_program) {
    relayed r;
    r.far.grants = false;
    r.far.first_window = 100'000;
    r.join();
    const std::string text = adit::test::pattern(4 << 20);
    std::optional<error_code> written;
    asio::async_write(*r.app, asio::buffer(text),
                      [&](error_code ec, std::size_t) { written = ec; });
    const std::size_t held = r.held_for_ten_minutes();
    BOOST_TEST(!written.has_value());
    BOOST_TEST(r.far.got.size() == 100'000U);
    BOOST_TEST(held <= 128U * 1024U);
    r.far.grants = true;
    const auto grants = [&]() -> task<> {
        r.s.server().reply(wire::channel_window_adjust{0, 100'000});
        co_await r.s.server().flush();
    };
    r.s.play({grants});
    r.clock->advance(1s);
    BOOST_TEST((written == error_code()));
    BOOST_TEST((r.far.got == text));
    r.end();
}

BOOST_AUTO_TEST_SUITE_END()
