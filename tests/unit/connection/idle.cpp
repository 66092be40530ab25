// What is not used (L19), by adit/connection/channel_set.hpp and connection.hpp: a channel on which
// nothing moves is closed at its type's limit, a connection without channels at its own.
#include "support/talk.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using namespace std::chrono_literals;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::all_there_is;
using adit::test::data_message;
using adit::test::heard;
using adit::test::numbers;
using adit::test::say;
using adit::test::scene;

BOOST_AUTO_TEST_SUITE(idle)

BOOST_AUTO_TEST_CASE(l19_every_type_of_channel_has_its_limit_and_none_by_default) {
    adit::channel_timeouts t;
    for (const std::string_view type :
         {"session", "direct-tcpip", "direct-streamlocal@openssh.com", "forwarded-tcpip",
          "forwarded-streamlocal@openssh.com", "x11", ""}) {
        BOOST_TEST((t.of(type) == 0ms));
    }
    t = {1ms, 2ms, 3ms, 4ms, 5ms};
    BOOST_TEST((t.of("session") == 1ms));
    BOOST_TEST((t.of("direct-tcpip") == 2ms));
    BOOST_TEST((t.of("direct-streamlocal@openssh.com") == 3ms));
    BOOST_TEST((t.of("forwarded-tcpip") == 4ms));
    BOOST_TEST((t.of("forwarded-streamlocal@openssh.com") == 5ms));
    BOOST_TEST((t.of("x11") == 0ms));
}

// The clock is the test's.
BOOST_AUTO_TEST_CASE(l19_a_channel_is_closed_when_nothing_has_moved_for_its_limit) {
    scene s;
    s.options.limits.channel_timeout.direct_tcpip = 5min;
    s.make_ready();
    channel c = s.open({});
    auto& channels = s.link().channels();
    auto now = std::chrono::steady_clock::now();
    channels.close_idle(now);
    channels.close_idle(now + 5min - 1ns);
    BOOST_TEST(c.is_open());
    now += 5min - 1ns;
    say(s, {data_message(0, "moves")});
    channels.close_idle(now);
    channels.close_idle(now + 5min - 1ns);
    BOOST_TEST(c.is_open());
    now += 5min - 1ns;
    BOOST_TEST(c.try_write(asio::buffer("moves", 5)).size == 5U);
    channels.close_idle(now);
    channels.close_idle(now + 5min - 1ns);
    BOOST_TEST(c.is_open());
    BOOST_TEST((numbers(heard(s)) == std::vector<int>{94}));
    channels.close_idle(now + 5min);
    error_code why;
    BOOST_TEST(all_there_is(c, why) == "moves");
    BOOST_TEST(why == errc::channel_idle);
    BOOST_TEST(c.try_write(asio::buffer("late", 4)).ec == errc::channel_idle);
    BOOST_TEST((numbers(heard(s)) == std::vector<int>{97}));
    BOOST_TEST(s.ssh().is_open());
    c.close();
    say(s, {adit::test::payload_of(wire::channel_close{0})});
    BOOST_TEST(channels.size() == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l19_other_types_and_unlimited_channels_rest_for_ever) {
    scene s;
    s.options.limits.channel_timeout.session = 1min;
    s.make_ready();
    channel c = s.open({});
    const auto now = std::chrono::steady_clock::now();
    s.link().channels().close_idle(now);
    s.link().channels().close_idle(now + 1000h);
    BOOST_TEST(c.is_open());
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(l19_an_open_without_an_answer_has_another_deadline) {
    scene s;
    s.options.limits.channel_timeout.direct_tcpip = 1min;
    s.make_ready();
    std::optional<error_code> opened;
    adit::target to("db.internal", 5432);
    s.ssh().async_open(to, [&](error_code ec, const channel&) { opened = ec; });
    s.step();
    const auto now = std::chrono::steady_clock::now();
    s.link().channels().close_idle(now);
    s.link().channels().close_idle(now + 1h);
    s.step();
    BOOST_TEST(!opened.has_value());
    s.finish();
}

BOOST_AUTO_TEST_CASE(l19_a_connection_without_channels_ends) {
    scene s;
    s.options.limits.unused_connection_timeout = 30ms;
    s.options.limits.keepalive_interval = 40ms;
    s.options.limits.keepalive_count = 1000;
    s.make_ready();
    error_code closed;
    const auto waits = [&]() -> task<> {
        auto waiting = s.ssh().async_wait_closed(asio::as_tuple(asio::deferred));
        closed = std::get<0>(co_await std::move(waiting));
    };
    s.play({waits});
    BOOST_TEST(closed == errc::connection_unused);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l19_a_connection_with_a_channel_that_rests_does_not) {
    scene s;
    s.options.limits.unused_connection_timeout = 30ms;
    s.options.limits.keepalive_interval = 40ms;
    s.options.limits.keepalive_count = 1000;
    s.make_ready();
    channel c = s.open({});
    asio::steady_timer later(s.ctx, 150ms);
    const auto waits = [&]() -> task<> {
        auto waiting = later.async_wait(asio::deferred);
        co_await std::move(waiting);
    };
    s.play({waits});
    BOOST_TEST(s.ssh().is_open());
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
