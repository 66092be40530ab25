// adit/transport/packet_stream.hpp: identification, the transport's own messages, extensions,
// corrupt packets, and what a peer hears of it. Through a client in the handshake or behind it.
#include "support/scene.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::byte;
using adit::disconnect_reason;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::payload_of;
using adit::test::scene;
using wire::message_id;

namespace {

// The handshake's error when the server says only this.
error_code error_after(std::string_view words, scene& s) {
    return s.failing_handshake([&]() -> task<> {
        static_cast<void>(co_await s.server().port().receive_line());
        s.server().port().send_now_in_clear(words);
        co_await s.server().flush();
        s.server().port().stream().close(adit::detail::close_mode::orderly);
    });
}

std::vector<byte> extensions(std::uint32_t count, std::string_view name, std::string_view value) {
    std::vector<byte> pair(8 + name.size() + value.size());
    wire::writer w(pair);
    w.put_string(adit::as_bytes(name));
    w.put_string(adit::as_bytes(value));
    return payload_of(wire::ext_info{count, {pair}});
}

// The connection's end when the server, after the login, sends these messages.
error_code end_after(scene& s, std::vector<std::vector<byte>> messages) {
    s.make_ready();
    const auto closed = std::make_shared<error_code>();
    s.ssh().async_wait_closed([closed](error_code ec) { *closed = ec; });
    const auto server_part = [&]() -> task<> {
        for (const auto& m : messages) s.server().port().send_now(m);
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
    return *closed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(packet_stream)

BOOST_AUTO_TEST_CASE(c02_who_is_no_ssh_server_is_named) {
    const std::vector<std::pair<std::string_view, errc>> peers{
        {"HTTP/1.1 400 Bad Request\r\n\r\n", errc::not_an_ssh_server},
        {"SSH-1.5-old\r\n", errc::unsupported_protocol_version},
        {"", errc::connection_lost}};
    for (const auto& [words, expected] : peers) {
        scene s;
        BOOST_TEST(error_after(words, s) == expected);
        BOOST_TEST((s.ssh().diagnostics().stage == adit::stage::identification));
        s.finish();
    }
    scene s;
    BOOST_TEST(error_after(std::string(70'000, 'x'), s) == errc::not_an_ssh_server);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c02_lines_before_the_identification_are_skipped) {
    scene s;
    s.server_side.identification = "SSH-2.0-test";
    s.server().port().send_now_in_clear("Welcome\r\nto\nthis host\r\n");
    s.make_ready();
    BOOST_TEST(s.ssh().info().peer_version == "SSH-2.0-test");
    s.finish();
}

BOOST_AUTO_TEST_CASE(c04_identification_is_shown_escaped) {
    scene s;
    s.server_side.identification = "SSH-2.0-te\x1b[31mst";
    s.make_ready();
    BOOST_TEST(s.ssh().info().peer_version == "SSH-2.0-te\\x1b[31mst");
    s.finish();
}

BOOST_AUTO_TEST_CASE(c04_peers_last_words_are_kept_escaped) {
    scene s;
    const auto last = payload_of(wire::disconnect{12, "too\x1b]0;many\x07", ""});
    BOOST_TEST(end_after(s, {last}) == errc::disconnected_by_peer);
    const auto& report = s.ssh().diagnostics();
    BOOST_TEST(report.peer_reason == disconnect_reason::too_many_connections);
    BOOST_TEST(report.peer_text == "too\\x1b]0;many\\x07");
    s.finish();
}

// Both answers are there before anything was asked.
BOOST_AUTO_TEST_CASE(c35_a_request_has_left_before_its_answer_is_looked_at) {
    asio::io_context ctx(1);
    auto [ours, theirs] = adit::test::memory_pair(ctx.get_executor());
    const auto up = ours.outgoing();
    adit::test::fixed_random random(byte{1});
    adit::packet_stream stream({adit::detail::erase(std::move(ours)), adit::protocol::role::client,
                                adit::limits(), random});
    adit::test::raw_port server(adit::detail::erase(std::move(theirs)),
                                adit::protocol::role::server, false, random);
    bool answered = false;
    const auto talk = [&]() -> task<> {
        server.send_now(payload_of(wire::service_accept{"ssh-userauth"}));
        server.send_now(payload_of(wire::userauth_success{}));
        co_await server.flush();
        stream.enter(adit::protocol::phase::service);
        static_cast<void>(co_await stream.receive<wire::service_accept>());
        stream.enter(adit::protocol::phase::authentication);
        stream.send(wire::userauth_request{"alice", "ssh-connection", "none", {}});
        static_cast<void>(co_await stream.receive<wire::userauth_success>());
        answered = true;
    };
    asio::co_spawn(ctx, talk, [](std::exception_ptr thrown) { BOOST_TEST(!thrown); });
    ctx.poll();
    BOOST_TEST(answered);
    BOOST_TEST(up->bytes_written() > 0U);
}

// C27: nothing is written any more, no DISCONNECT either.
BOOST_AUTO_TEST_CASE(c27_after_a_disconnect_nothing_is_sent) {
    scene s;
    s.make_ready();
    const std::size_t before = s.up().bytes_written();
    const auto server_part = [&]() -> task<> {
        s.server().port().send_now(payload_of(wire::global_request{"x", true, {}}));
        s.server().port().send_now(payload_of(wire::disconnect{2, "bye", ""}));
        s.server().port().send_now(payload_of(wire::global_request{"x", true, {}}));
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
    BOOST_TEST(!s.ssh().is_open());
    BOOST_TEST(s.up().bytes_written() == before);
    s.finish();
}

BOOST_AUTO_TEST_CASE(disconnect_in_the_handshake_is_told_as_one) {
    for (const message_id place :
         {message_id::kexinit, message_id::kex_ecdh_reply, message_id::newkeys,
          message_id::service_accept, message_id::userauth_success}) {
        scene s;
        s.server().port().inject_before(place, payload_of(wire::disconnect{3, "go away", ""}));
        const error_code ec = s.failing_handshake([&]() -> task<> {
            try {
                co_await s.server().make_ready();
            } catch (const boost::system::system_error&) {
                co_return;
            }
        });
        BOOST_TEST(ec == errc::disconnected_by_peer);
        BOOST_TEST(s.ssh().diagnostics().peer_text == "go away");
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c27_unknown_messages_are_answered_in_order_with_their_sequence) {
    for (const bool strict : {true, false}) {
        scene s;
        s.server_side.strict = strict;
        s.make_ready();
        const auto server_part = [&]() -> task<> {
            const std::uint32_t first = s.server().port().out().sequence();
            BOOST_TEST(first == (strict ? 2U : 5U));
            const std::vector<byte> unknown{200, 1, 2, 3};
            s.server().port().send_now(unknown);
            s.server().port().send_now(payload_of(wire::ignore{adit::as_bytes("x")}));
            s.server().port().send_now(unknown);
            for (const std::uint32_t expected : {first, first + 2}) {
                const auto answer = co_await s.server().expect<wire::unimplemented>();
                BOOST_TEST(answer.packet_sequence_number == expected);
            }
        };
        s.play({server_part});
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c27_generic_messages_are_harmless_and_never_answered) {
    scene s;
    const auto none =
        end_after(s, {payload_of(wire::ignore{}), payload_of(wire::debug{true, "\x1b[2J", ""}),
                      payload_of(wire::unimplemented{7})});
    BOOST_TEST(!none);
    BOOST_TEST(s.ssh().is_open());
    BOOST_TEST(s.server().port().seen(message_id::unimplemented) == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c28_a_ping_is_answered_with_its_data_in_order) {
    scene s;
    s.make_ready();
    const auto server_part = [&]() -> task<> {
        for (const std::string_view data : {"PING!", "", "other"}) {
            s.server().port().send_now(payload_of(wire::ping{adit::as_bytes(data)}));
        }
        for (const std::string_view data : {"PING!", "", "other"}) {
            const auto answer = co_await s.server().expect<wire::pong>();
            BOOST_TEST(adit::as_text(answer.data) == data);
        }
    };
    s.play({server_part});
    s.finish();
}

BOOST_AUTO_TEST_CASE(c28_a_pong_that_nobody_asked_for_is_harmless) {
    scene s;
    BOOST_TEST(!end_after(s, {payload_of(wire::pong{adit::as_bytes("x")})}));
    BOOST_TEST(s.server().port().seen(message_id::unimplemented) == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c28_no_pong_before_the_login) {
    for (const message_id place :
         {message_id::kexinit, message_id::kex_ecdh_reply, message_id::newkeys,
          message_id::service_accept, message_id::userauth_success}) {
        scene s;
        auto& port = s.server().port();
        port.inject_before(place, payload_of(wire::ping{adit::as_bytes("PING!")}));
        const error_code ec = s.failing_handshake([&]() -> task<> {
            try {
                co_await s.server().make_ready();
                co_await s.server().expect_end();
            } catch (const boost::system::system_error&) {
                co_return;
            }
        });
        BOOST_TEST((ec == errc::unexpected_message || ec == errc::strict_kex_violation));
        BOOST_TEST(port.seen(message_id::pong) == 0U);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c29_messages_of_other_phases_are_fatal_when_connected) {
    const std::vector<std::vector<byte>> messages{
        payload_of(wire::service_accept{"ssh-userauth"}),
        payload_of(wire::service_request{"ssh-userauth"}),
        payload_of(wire::userauth_success{}),
        payload_of(wire::userauth_failure{{"password"}, false}),
        payload_of(wire::newkeys{}),
        payload_of(wire::kex_ecdh_reply{}),
        {0},
        extensions(1, "server-sig-algs", "x")};
    for (const auto& message : messages) {
        BOOST_TEST_CONTEXT("message " << int(message[0])) {
            scene s;
            BOOST_TEST(end_after(s, {message}) == errc::unexpected_message);
            const auto server_part = [&]() -> task<> {
                const auto why = co_await s.server().expect_disconnect();
                BOOST_TEST(why == disconnect_reason::protocol_error);
            };
            s.play({server_part});
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(malformed_messages_are_fatal) {
    const std::vector<std::vector<byte>> messages{
        {2, 0, 0, 0, 9, 'x'},    // IGNORE that ends too early
        {192, 0, 0, 0, 2, 'x'},  // PING that ends too early
        {193, 0, 0, 0, 0, 'x'},  // PONG with something behind
        {94, 0, 0, 0, 0},        // DATA without data
        {80},                    // GLOBAL_REQUEST without a name
        {3, 0, 0, 0, 0, 0}};     // UNIMPLEMENTED with something behind
    for (const auto& message : messages) {
        scene s;
        const error_code ec = end_after(s, {message});
        BOOST_TEST((ec == errc::message_truncated || ec == errc::trailing_bytes));
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c07_corrupt_packet_ends_the_connection_with_one_reason) {
    scene s;
    s.make_ready();
    error_code closed;
    s.ssh().async_wait_closed([&](error_code ec) { closed = ec; });
    const auto server_part = [&]() -> task<> {
        const std::string noise = adit::test::pattern(256);
        asio::const_buffer left(noise.data(), noise.size());
        const adit::detail::const_buffers all(&left, 1);
        static_cast<void>(co_await s.server().port().stream().write_some(all));
        const auto why = co_await s.server().expect_disconnect();
        BOOST_TEST(why == disconnect_reason::mac_error);
    };
    s.play({server_part});
    s.step();
    BOOST_TEST((closed == errc::mac_mismatch || closed == errc::invalid_packet_length));
    s.finish();
}

// C26: a client takes EXT_INFO behind NEWKEYS and once more before SUCCESS.
BOOST_AUTO_TEST_CASE(c26_extensions_at_their_two_places_are_kept) {
    scene s;
    auto& port = s.server().port();
    port.inject_before(message_id::service_accept, extensions(1, "server-sig-algs", "ssh-ed25519"));
    port.inject_before(message_id::userauth_success, extensions(1, "other@test", "a"));
    s.make_ready();
    BOOST_REQUIRE(s.link().stream().extensions().server_sig_algs.has_value());
    BOOST_TEST(*s.link().stream().extensions().server_sig_algs == "ssh-ed25519");
    BOOST_TEST(s.link().stream().extensions().messages == 2U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c26_third_extension_message_is_fatal) {
    scene s;
    const auto message = extensions(1, "server-sig-algs", "x");
    for (int i = 0; i < 3; ++i) {
        s.server().port().inject_before(message_id::userauth_success, message);
    }
    const error_code ec = s.failing_handshake([&]() -> task<> {
        co_await s.server().make_ready();
        const auto why = co_await s.server().expect_disconnect();
        BOOST_TEST(why == disconnect_reason::protocol_error);
    });
    BOOST_TEST(ec == errc::unexpected_message);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l07_packets_are_small_before_the_login_and_large_behind_it) {
    const std::vector<byte> blob(100 * 1024, 'x');
    const auto large = payload_of(wire::ignore{blob});
    {
        scene s;
        s.server().port().inject_before(message_id::userauth_success, large);
        const error_code ec = s.failing_handshake([&]() -> task<> {
            try {
                co_await s.server().make_ready();
            } catch (const boost::system::system_error&) {
                // The client does not take the rest of it.
                co_return;
            }
        });
        BOOST_TEST(ec == errc::invalid_packet_length);
        s.finish();
    }
    scene s;
    BOOST_TEST(!end_after(s, {large}));
    const auto client_is_alive = [&]() -> task<> {
        s.server().reply(wire::global_request{"x", true, {}});
        static_cast<void>(co_await s.server().expect<wire::request_failure>());
    };
    s.play({client_is_alive});
    s.finish();
}

BOOST_AUTO_TEST_CASE(lost_stream_is_a_lost_connection) {
    scene s;
    s.make_ready();
    error_code closed;
    s.ssh().async_wait_closed([&](error_code ec) { closed = ec; });
    s.server().port().stream().close(adit::detail::close_mode::abortive);
    s.step();
    BOOST_TEST(closed == errc::connection_lost);
    s.finish();
}

// An exchange that waits for a thread, say, when the connection ends.
BOOST_AUTO_TEST_CASE(c27_behind_our_disconnect_nothing_is_queued) {
    scene s;
    s.make_ready();
    s.ssh().close();
    adit::packet_stream& stream = s.link().stream();
    BOOST_TEST(stream.queue().size() == 1U);
    stream.send(wire::ignore{});
    BOOST_TEST(stream.queue().size() == 1U);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
