// adit/connection/connection.hpp: requests of the server, keepalive, floods, and how a connection
// ends. RFC 4254 section 4. Later key exchanges are in rekey.cpp.
#include "support/scene.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::byte;
using adit::channel;
using adit::disconnect_reason;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::payload_of;
using adit::test::scene;
using wire::message_id;

BOOST_AUTO_TEST_SUITE(connection_life)

BOOST_AUTO_TEST_CASE(c39_requests_of_the_server_are_refused_in_order_and_only_if_asked) {
    scene s;
    s.make_ready();
    const auto server_part = [&]() -> task<> {
        s.server().reply(wire::global_request{"hostkeys-00@openssh.com", false, {}});
        s.server().reply(wire::global_request{"keepalive@openssh.com", true, {}});
        s.server().reply(wire::global_request{"tcpip-forward", true, {}});
        static_cast<void>(co_await s.server().expect<wire::request_failure>());
        static_cast<void>(co_await s.server().expect<wire::request_failure>());
        s.server().reply(wire::ignore{});
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
    BOOST_TEST(s.server().port().seen(message_id::request_failure) == 2U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c39_refused_keepalive_is_a_sign_of_life) {
    for (const bool refuses : {true, false}) {
        scene s;
        s.options.limits.keepalive_interval = std::chrono::milliseconds(40);
        s.options.limits.keepalive_count = 1;
        s.make_ready();
        const auto server_part = [&]() -> task<> {
            for (int i = 0; i < 5; ++i) {
                const auto probe = co_await s.server().expect<wire::global_request>();
                BOOST_TEST(probe.request_name == "keepalive@openssh.com");
                BOOST_TEST(probe.want_reply);
                if (refuses)
                    s.server().reply(wire::request_failure{});
                else
                    s.server().reply(wire::request_success{});
            }
            co_await s.server().flush();
        };
        s.play({server_part});
        BOOST_TEST(s.ssh().is_open());
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(l18_keepalive_that_nobody_answers_ends_the_connection) {
    scene s;
    s.options.limits.keepalive_interval = std::chrono::milliseconds(40);
    s.options.limits.keepalive_count = 3;
    s.make_ready();
    channel c = s.open({});
    error_code closed;
    const auto client_part = [&]() -> task<> {
        auto waiting = s.ssh().async_wait_closed(asio::as_tuple(asio::deferred));
        closed = std::get<0>(co_await std::move(waiting));
        const auto got = co_await adit::test::read_to_end(c);
        BOOST_TEST(got.why == errc::keepalive_lost);
    };
    const auto counts = [&]() -> task<> { co_await s.server().expect_end(); };
    s.play({client_part, counts});
    BOOST_TEST(closed == errc::keepalive_lost);
    BOOST_TEST(s.server().port().seen(message_id::global_request) == 3U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l18_no_keepalive_before_the_login) {
    scene s;
    s.options.limits.keepalive_interval = std::chrono::milliseconds(10);
    s.options.limits.keepalive_count = 1;
    const auto client_part = [&]() -> task<> {
        const error_code ec = co_await adit::test::handshake_of(s.ssh());
        BOOST_TEST(!ec);
    };
    const auto server_part = [&]() -> task<> {
        co_await s.server().shake();
        asio::steady_timer timer(s.ctx, std::chrono::milliseconds(100));
        auto waits = timer.async_wait(asio::deferred);
        co_await std::move(waits);
        co_await s.server().log_in();
    };
    s.play({client_part, server_part});
    BOOST_TEST(s.server().port().seen(message_id::global_request) == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a22_replies_that_nobody_asked_for_block_nothing) {
    scene s;
    s.wire.record = false;
    s.make_ready();
    channel c = s.open({});
    const auto server_part = [&]() -> task<> {
        const auto success = payload_of(wire::request_success{});
        const auto failure = payload_of(wire::request_failure{});
        const auto channel_success = payload_of(wire::channel_success{0});
        for (int i = 0; i < 100'000; ++i) {
            s.server().port().send_now(i % 3 == 0   ? success
                                       : i % 3 == 1 ? failure
                                                    : channel_success);
            if (i % 500 == 0) co_await s.server().flush();
        }
        s.server().reply(wire::global_request{"x", true, {}});
        static_cast<void>(co_await s.server().expect<wire::request_failure>());
    };
    s.play({server_part});
    BOOST_TEST(s.ssh().is_open());
    c.close();
    s.finish();
}

// L14: who does not read our answers is not read either, whatever it is that we answer.
void flood_until_the_reader_stops(const std::vector<byte>& request, message_id answer) {
    scene s;
    s.wire.capacity = 8 * 1024;
    s.wire.record = false;
    s.make_ready();
    std::size_t sent = 0;
    bool stuck = false;
    // Never reads, until the client has stopped reading.
    const auto floods = [&]() -> task<> {
        while (!stuck) {
            s.server().port().send_now(request);
            ++sent;
            co_await s.server().flush();
        }
    };
    std::exception_ptr thrown;
    asio::co_spawn(s.ctx, floods, [&](std::exception_ptr e) { thrown = e; });
    s.step();
    BOOST_TEST(s.down().write_parked());
    BOOST_TEST(s.link().channels().queued().control_size() + s.link().stream().queue().size() <
               2 * s.options.limits.pending_replies + 8 * 1024 / 16);
    BOOST_TEST(sent < 5000U);
    // Once it reads again, all is answered.
    stuck = true;
    const auto reads = [&]() -> task<> {
        for (std::size_t i = 0; i < sent; ++i) {
            const adit::protocol::packet p = co_await s.server().port().receive_packet();
            BOOST_TEST((p.id() == answer));
        }
    };
    s.play({reads});
    BOOST_TEST(!thrown);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l14_flood_of_requests_stops_the_reader_not_the_memory) {
    flood_until_the_reader_stops(payload_of(wire::global_request{"x", true, {}}),
                                 message_id::request_failure);
}

BOOST_AUTO_TEST_CASE(l14_flood_of_opens_stops_the_reader_not_the_memory) {
    flood_until_the_reader_stops(payload_of(wire::channel_open{"session", 1, 1, 1, {}}),
                                 message_id::channel_open_failure);
}

BOOST_AUTO_TEST_CASE(l14_flood_of_unknown_messages_stops_the_reader_not_the_memory) {
    flood_until_the_reader_stops({200}, message_id::unimplemented);
}

BOOST_AUTO_TEST_CASE(c28_l14_flood_of_pings_stops_the_reader_not_the_memory) {
    flood_until_the_reader_stops(payload_of(wire::ping{adit::as_bytes("PING!")}), message_id::pong);
}

// The number of the answers does not bound what they hold.
BOOST_AUTO_TEST_CASE(c28_l14_large_pings_stop_the_reader_before_the_memory_grows) {
    const std::string large = adit::test::pattern(200 * 1024);
    scene s;
    s.wire.capacity = 8 * 1024;
    s.wire.record = false;
    s.make_ready();
    bool stuck = false;
    std::size_t sent = 0;
    const auto floods = [&]() -> task<> {
        while (!stuck) {
            s.server().port().send_now(payload_of(wire::ping{adit::as_bytes(large)}));
            ++sent;
            co_await s.server().flush();
        }
    };
    asio::co_spawn(s.ctx, floods, asio::detached);
    s.step();
    BOOST_TEST(s.down().write_parked());
    BOOST_TEST(sent < 20U);
    BOOST_TEST(s.link().stream().pool().bytes_in_use() < 8U << 20U);
    stuck = true;
    const auto reads = [&]() -> task<> {
        for (std::size_t i = 0; i < sent; ++i) {
            const auto answer = co_await s.server().expect<wire::pong>();
            BOOST_TEST((adit::as_text(answer.data) == large));
        }
    };
    s.play({reads});
    s.finish();
}

// C28: a PING that comes between our KEXINIT and the server's is lawful, a PONG there is not; one
// behind the server's KEXINIT is not lawful either.
BOOST_AUTO_TEST_CASE(c28_no_pong_during_an_exchange) {
    for (const bool behind_its_kexinit : {false, true}) {
        scene s;
        s.options.limits.rekey_packets = 6;
        s.make_ready();
        channel c = s.open({});
        error_code closed;
        s.ssh().async_wait_closed([&](error_code ec) { closed = ec; });
        const auto client_part = [&]() -> task<> {
            for (int i = 0; i < 6; ++i) co_await adit::test::write_all(c, "x");
        };
        s.play({client_part});
        const auto server_part = [&]() -> task<> {
            auto& port = s.server().port();
            adit::protocol::packet p = co_await port.receive_packet();
            while (p.id() != message_id::kexinit) p = co_await port.receive_packet();
            std::vector<byte> kexinit(p.payload.begin(), p.payload.end());
            p.payload = kexinit;
            const auto ping = payload_of(wire::ping{adit::as_bytes("PING!")});
            if (!behind_its_kexinit) port.send_now(ping);
            s.server().send_kexinit();
            if (behind_its_kexinit) {
                port.send_now(ping);
                co_await s.server().expect_end();
                co_return;
            }
            co_await s.server().exchange(p);
            port.send_now(payload_of(wire::ping{adit::as_bytes("again")}));
            p = co_await port.receive_packet();
            while (p.id() == message_id::channel_data) p = co_await port.receive_packet();
            BOOST_TEST((p.id() == message_id::pong));
        };
        s.play({server_part});
        BOOST_TEST(s.server().port().seen(message_id::pong) == (behind_its_kexinit ? 0U : 1U));
        BOOST_TEST((closed == errc::unexpected_message) == behind_its_kexinit);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(l17_peer_that_takes_nothing_is_left) {
    scene s;
    s.wire.capacity = 16 * 1024;
    s.options.limits.stalled_write_timeout = std::chrono::milliseconds(100);
    s.options.limits.keepalive_interval = std::chrono::milliseconds(40);
    s.options.limits.keepalive_count = 1000;
    s.make_ready();
    channel c = s.open({});
    error_code closed;
    const std::string text = adit::test::pattern(100'000);
    std::optional<error_code> written;
    asio::async_write(c, asio::buffer(text), [&](error_code ec, std::size_t) { written = ec; });
    const auto client_part = [&]() -> task<> {
        auto waiting = s.ssh().async_wait_closed(asio::as_tuple(asio::deferred));
        closed = std::get<0>(co_await std::move(waiting));
    };
    s.play({client_part});
    BOOST_TEST(closed == errc::connection_lost);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
