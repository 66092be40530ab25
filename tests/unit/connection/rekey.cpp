// Exchanging keys again, by adit/connection/connection.hpp and the halves of transport/: begun by
// either side, by both, under every kind of traffic. RFC 4253 section 9. C16 is checked by the
// server of every test here (support/raw_port.hpp). Long: each way in which an exchange can begin
// or fail is a case.
#include "support/scene.hpp"

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

namespace {

// The client writes `size` bytes while it reads their echo.
void echo_both_ways(scene& s, channel& c, std::size_t size) {
    const std::string text = adit::test::pattern(size);
    const auto writes = [&]() -> task<> {
        co_await adit::test::write_all(c, text);
        c.shutdown_send();
    };
    const auto reads = [&]() -> task<> {
        const auto got = co_await adit::test::read_to_end(c);
        BOOST_TEST((got.text == text));
        BOOST_TEST(got.why == asio::error::eof);
        c.close();
        s.ssh().close();
    };
    const auto echoes = [&]() -> task<> { co_await s.server().echo(); };
    s.play({writes, reads, echoes});
}

// A channel, opened against the echo that is to run afterwards.
channel open_for_echo(scene& s) {
    channel c;
    const auto opens = [&]() -> task<> { c = co_await adit::test::open_on(s.ssh()); };
    const auto answers = [&]() -> task<> { co_await s.server().echo_open_channel(); };
    s.play({opens, answers});
    return c;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rekey)

BOOST_AUTO_TEST_CASE(c18_every_few_kilobytes_under_traffic_both_ways) {
    scene s;
    s.wire.record = false;
    s.options.limits.rekey_bytes = 4096;
    s.make_ready();
    channel c = open_for_echo(s);
    echo_both_ways(s, c, 400'000);
    BOOST_TEST(s.ssh().info().rekeys >= 5U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c18_by_packets) {
    scene s;
    s.options.limits.rekey_packets = 10;
    s.make_ready();
    channel c = open_for_echo(s);
    echo_both_ways(s, c, 500'000);
    BOOST_TEST(s.ssh().info().rekeys >= 1U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c18_by_the_smallest_limits_there_are) {
    for (const bool by_bytes : {true, false}) {
        scene s;
        if (by_bytes)
            s.options.limits.rekey_bytes = 1;
        else
            s.options.limits.rekey_packets = 1;
        s.make_ready();
        channel c = open_for_echo(s);
        echo_both_ways(s, c, 100'000);
        BOOST_TEST(s.ssh().info().rekeys >= 2U);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c17_idle_connection_rekeys_by_the_clock) {
    scene s;
    s.options.limits.rekey_interval = std::chrono::seconds(1);
    s.options.limits.keepalive_interval = std::chrono::milliseconds(40);  // the clock's step is 10
    s.make_ready();
    const auto answers = [&]() -> task<> {
        const auto twice = [&] { return s.ssh().info().rekeys >= 2; };
        co_await s.server().echo_until(twice);
    };
    s.play({answers});
    BOOST_TEST(s.ssh().is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(c17_silent_connection_may_rekey_by_the_clock_too) {
    scene s;
    s.options.limits.rekey_interval = std::chrono::seconds(1);
    s.options.limits.keepalive_interval = std::chrono::milliseconds(0);
    s.make_ready();
    const auto answers = [&]() -> task<> {
        const auto twice = [&] { return s.ssh().info().rekeys >= 2; };
        co_await s.server().echo_until(twice);
    };
    s.play({answers});
    BOOST_TEST(s.ssh().is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(c17_begun_by_the_server_again_and_again) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    const adit::secret_bytes first_id = s.link().kex().session_id;
    for (int i = 0; i < 5; ++i) {
        const auto server_part = [&]() -> task<> {
            s.server().reply(wire::channel_data{0, adit::as_bytes("ab")});
            co_await s.server().rekey();
            s.server().reply(wire::channel_data{0, adit::as_bytes("cd")});
            co_await s.server().flush();
        };
        const auto client_part = [&]() -> task<> {
            const auto got = co_await adit::test::read_up_to(c, 4);
            BOOST_TEST(got.text == "abcd");
        };
        s.play({client_part, server_part});
    }
    BOOST_TEST(s.ssh().info().rekeys == 5U);
    BOOST_TEST((s.link().kex().session_id == first_id));
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c17_begun_by_both_at_once) {
    scene s;
    s.options.limits.rekey_packets = 8;
    s.make_ready();
    channel c = s.open({});
    // Our KEXINIT is on its way when the client finds that its own is due.
    const auto client_part = [&]() -> task<> {
        for (int i = 0; i < 8; ++i) co_await adit::test::write_all(c, "x");
    };
    s.play({client_part});
    s.server().send_kexinit();
    s.step();
    const auto server_part = [&]() -> task<> {
        co_await s.server().flush();
        for (;;) {
            const adit::protocol::packet p = co_await s.server().port().receive_packet();
            if (p.id() != message_id::kexinit) continue;
            co_await s.server().exchange(p);
            break;
        }
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
    BOOST_TEST(s.ssh().info().rekeys == 1U);
    BOOST_TEST(s.ssh().is_open());
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c17_with_both_windows_full) {
    scene s;
    s.options.limits.first_window = 64 * 1024;
    s.make_ready();
    adit::test::channel_terms terms;
    terms.window = 50'000;
    channel c = s.open(terms);
    const std::string text = adit::test::pattern(200'000);
    std::optional<error_code> written;
    asio::async_write(c, asio::buffer(text), [&](error_code ec, std::size_t) { written = ec; });
    const std::string down = adit::test::pattern(64 * 1024, 2);
    const auto fills = [&]() -> task<> {
        for (std::size_t at = 0; at < down.size(); at += 32 * 1024) {
            const auto part = std::string_view(down).substr(at, 32 * 1024);
            s.server().reply(wire::channel_data{0, adit::as_bytes(part)});
        }
        co_await s.server().flush();
        std::size_t got = 0;
        while (got < terms.window) {
            const auto m = co_await s.server().expect<wire::channel_data>();
            got += m.data.size();
        }
        co_await s.server().rekey();
    };
    s.play({fills});
    s.step();
    BOOST_TEST(!written.has_value());
    BOOST_TEST(s.ssh().info().rekeys == 1U);
    // And afterwards both go on.
    const auto reads = [&]() -> task<> {
        const auto got = co_await adit::test::read_up_to(c, down.size());
        BOOST_TEST((got.text == down));
    };
    const auto drains = [&]() -> task<> {
        const auto adjust = co_await s.server().expect<wire::channel_window_adjust>();
        BOOST_TEST(adjust.recipient_channel == 1000U);
        s.server().reply(wire::channel_window_adjust{0, 1'000'000});
        std::size_t got = terms.window;
        while (got < text.size()) {
            const adit::protocol::packet p = co_await s.server().port().receive_packet();
            if (p.id() != message_id::channel_data) continue;
            const auto m = adit::value_of(wire::decode<wire::channel_data>(p.payload));
            BOOST_TEST(
                (adit::as_text(m.data) == std::string_view(text).substr(got, m.data.size())));
            got += m.data.size();
        }
    };
    s.play({reads, drains});
    s.step();
    BOOST_TEST((written == error_code()));
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c19_data_eof_and_close_keep_their_order_across_an_exchange) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    s.server().send_kexinit();
    const auto begins = [&]() -> task<> { co_await s.server().flush(); };
    s.play({begins});
    s.step();  // the client has answered with its KEXINIT, and is silent
    const std::size_t before = s.server().port().seen().size();
    const auto writes = [&]() -> task<> { co_await adit::test::write_all(c, "last words"); };
    s.play({writes});
    c.shutdown_send();
    c.close();
    s.step();
    const auto server_part = [&]() -> task<> {
        const adit::protocol::packet kexinit = co_await s.server().port().receive_packet();
        BOOST_TEST((kexinit.id() == message_id::kexinit));
        co_await s.server().exchange(kexinit);
        const auto data = co_await s.server().expect<wire::channel_data>();
        BOOST_TEST(adit::as_text(data.data) == "last words");
        const auto eof = co_await s.server().expect<wire::channel_eof>();
        BOOST_TEST(eof.recipient_channel == 1000U);
        const auto close = co_await s.server().expect<wire::channel_close>();
        BOOST_TEST(close.recipient_channel == 1000U);
        s.server().reply(wire::channel_close{0});
        co_await s.server().flush();
    };
    s.play({server_part});
    const auto& seen = s.server().port().seen();
    const std::vector<byte> after(seen.begin() + static_cast<std::ptrdiff_t>(before), seen.end());
    const std::vector<byte> expected{20, 30, 21, 94, 96, 97};
    BOOST_TEST(after == expected, boost::test_tools::per_element());
    s.finish();
}

// Between our KEXINIT and the server's the server may still send; its answers wait.
BOOST_AUTO_TEST_CASE(c16_answers_to_what_comes_during_an_exchange_wait) {
    scene s;
    s.options.limits.rekey_packets = 6;
    s.make_ready();
    channel c = s.open({});
    const auto client_part = [&]() -> task<> {
        for (int i = 0; i < 6; ++i) co_await adit::test::write_all(c, "x");
    };
    s.play({client_part});
    s.step();
    const auto server_part = [&]() -> task<> {
        adit::protocol::packet p = co_await s.server().port().receive_packet();
        while (p.id() != message_id::kexinit) p = co_await s.server().port().receive_packet();
        const std::vector<byte> kexinit(p.payload.begin(), p.payload.end());
        s.server().port().send_now(payload_of(wire::global_request{"x", true, {}}));
        s.server().port().send_now(payload_of(wire::channel_data{0, adit::as_bytes("late")}));
        s.server().port().send_now({{200}});
        co_await s.server().flush();
        std::vector<byte> copy(kexinit);
        p.payload = copy;
        // The answer to the unknown message may come now (C27), that to the request may not.
        s.server().send_kexinit();
        const auto unimplemented = co_await s.server().expect<wire::unimplemented>();
        BOOST_TEST(unimplemented.packet_sequence_number > 0U);
        co_await s.server().exchange(p);
        adit::protocol::packet next = co_await s.server().port().receive_packet();
        while (next.id() == message_id::channel_data) {
            next = co_await s.server().port().receive_packet();
        }
        BOOST_TEST((next.id() == message_id::request_failure));
    };
    const auto reads = [&]() -> task<> {
        const auto got = co_await adit::test::read_up_to(c, 4);
        BOOST_TEST(got.text == "late");
    };
    s.play({server_part, reads});
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(a11_other_host_key_in_a_later_exchange_is_fatal) {
    scene s;
    s.options.trust = [](const adit::host_key_question&) -> task<adit::host_key_answer> {
        co_return adit::host_key_answer::trusted;
    };
    s.make_ready();
    channel c = s.open({});
    error_code closed;
    s.ssh().async_wait_closed([&](error_code ec) { closed = ec; });
    s.server().use_host_key(2);
    const auto server_part = [&]() -> task<> {
        s.server().send_kexinit();
        const adit::protocol::packet kexinit = co_await s.server().port().receive_packet();
        try {
            co_await s.server().exchange(kexinit);
        } catch (const adit::protocol_error&) {
            co_return;  // DISCONNECT where NEWKEYS had to come
        }
    };
    s.play({server_part});
    s.step();
    BOOST_TEST(closed == errc::host_key_changed);
    BOOST_TEST(s.server().port().seen(message_id::newkeys) == 1U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l20_exchange_without_need_is_fatal) {
    scene s;
    s.make_ready();
    error_code closed;
    s.ssh().async_wait_closed([&](error_code ec) { closed = ec; });
    const auto server_part = [&]() -> task<> {
        s.server().reply(wire::ignore{});
        co_await s.server().rekey();
        // Nothing moved since.
        s.server().send_kexinit();
        static_cast<void>(co_await s.server().expect_disconnect());
    };
    s.play({server_part});
    s.step();
    BOOST_TEST(closed == errc::rekey_too_often);
    s.finish();
}

BOOST_AUTO_TEST_CASE(newkeys_in_the_segment_of_the_reply_and_data_right_behind_it) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    const auto server_part = [&]() -> task<> {
        s.server().send_kexinit();
        const adit::protocol::packet kexinit = co_await s.server().port().receive_packet();
        // Held until our NEWKEYS, which leaves with the reply; all in one segment.
        s.server().reply(wire::channel_data{0, adit::as_bytes("under new keys")});
        const std::size_t flights = s.down().flights().size();
        co_await s.server().exchange(kexinit);
        BOOST_TEST(s.down().flights().size() == flights + 1);
    };
    const auto reads = [&]() -> task<> {
        const auto got = co_await adit::test::read_up_to(c, 14);
        BOOST_TEST(got.text == "under new keys");
    };
    s.play({server_part, reads});
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c24_generic_messages_are_harmless_in_later_exchanges) {
    for (const message_id place :
         {message_id::kexinit, message_id::kex_ecdh_reply, message_id::newkeys}) {
        scene s;
        s.make_ready();
        channel c = s.open({});
        s.server().port().inject_before(place, payload_of(wire::ignore{adit::as_bytes("x")}));
        s.server().port().inject_before(place, payload_of(wire::debug{false, "x", ""}));
        const auto server_part = [&]() -> task<> { co_await s.server().rekey(); };
        s.play({server_part});
        s.step();
        BOOST_TEST(s.ssh().info().rekeys == 1U);
        // Strict to the end of its life.
        BOOST_TEST(s.link().stream().in().sequence() == 0U);
        c.close();
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c16_channel_data_in_the_peers_exchange_is_fatal) {
    for (const message_id place : {message_id::kex_ecdh_reply, message_id::newkeys}) {
        scene s;
        s.make_ready();
        channel c = s.open({});
        error_code closed;
        s.ssh().async_wait_closed([&](error_code ec) { closed = ec; });
        s.server().port().inject_before(place,
                                        payload_of(wire::channel_data{0, adit::as_bytes("no")}));
        const auto server_part = [&]() -> task<> {
            try {
                co_await s.server().rekey();
            } catch (const adit::protocol_error&) {
                co_return;
            }
        };
        s.play({server_part});
        s.step();
        BOOST_TEST(closed == errc::unexpected_message);
        c.close();
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(a10_exchange_that_is_never_answered_ends_the_connection) {
    scene s;
    s.options.limits.rekey_timeout = std::chrono::milliseconds(50);
    s.options.limits.keepalive_interval = std::chrono::milliseconds(40'000);
    s.options.limits.rekey_packets = 6;
    s.make_ready();
    channel c = s.open({});
    error_code closed;
    const auto client_part = [&]() -> task<> {
        for (int i = 0; i < 6; ++i) co_await adit::test::write_all(c, "x");
        auto waiting = s.ssh().async_wait_closed(asio::as_tuple(asio::deferred));
        closed = std::get<0>(co_await std::move(waiting));
    };
    s.play({client_part});
    BOOST_TEST(closed == errc::deadline_exceeded);
    s.finish();
}

// A10: what a server can make us hold in an exchange that it does not answer is bounded.
BOOST_AUTO_TEST_CASE(a10_flood_of_requests_during_an_exchange_is_bounded) {
    scene s;
    s.options.limits.rekey_packets = 6;
    s.make_ready();
    channel c = s.open({});
    const auto client_part = [&]() -> task<> {
        for (int i = 0; i < 6; ++i) co_await adit::test::write_all(c, "x");
    };
    s.play({client_part});
    error_code closed;
    s.ssh().async_wait_closed([&](error_code ec) { closed = ec; });
    const auto floods = [&]() -> task<> {
        const auto request = payload_of(wire::global_request{"x", true, {}});
        for (int i = 0; i < 20'000 && !closed; ++i) {
            s.server().port().send_now(request);
            if (i % 100 == 0) {
                try {
                    co_await s.server().flush();
                } catch (const boost::system::system_error&) {
                    co_return;
                }
            }
        }
    };
    s.play({floods});
    s.step();
    BOOST_TEST(closed == errc::too_many_pending_replies);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
