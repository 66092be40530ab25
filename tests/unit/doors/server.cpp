// adit/server.hpp and adit/session.hpp with honest clients: what is asked for is accepted, granted
// or refused, in order; sessions; both ways to end. A client of ours against a server of ours is in
// server_and_client.cpp; evil clients are in evil_client*.cpp.
#include "unit/doors/evil_client.hpp"

#include <adit/session.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

using namespace adit;
using namespace adit::test;
using wire::message_id;

namespace {

using octets = std::vector<byte>;

octets forward_request(std::string_view name, std::string_view host, std::uint32_t port,
                       bool want_reply = true) {
    const wire::tcpip_forward fields{host, port};
    octets data(wire::fields_size(fields));
    wire::writer w(data);
    wire::put_fields(w, fields);
    return payload_of(wire::global_request{name, want_reply, {data}});
}

/// The server does something with what is asked for next.
server_scene::part answers(server_scene& s, std::function<void(incoming)> how) {
    return [&s, how]() -> task<> {
        incoming asked = co_await next_incoming(s.peer());
        how(std::move(asked));
    };
}

/// The client sends this and reads the number of the answer.
server_scene::part asks(server_scene& s, octets payload, message_id expected) {
    return [&s, payload, expected]() -> task<> {
        s.client().say(payload);
        co_await s.client().flush();
        const protocol::packet packet = co_await s.client().port().receive_packet();
        BOOST_TEST(packet.id() == expected);
    };
}

struct outcome {
    error_code ec = errc::ok;
    bool done = false;
    std::optional<incoming> asked;
};

void start_accept(server_scene& s, asio::cancellation_signal& signal, outcome& result) {
    s.peer().async_accept(
        asio::bind_cancellation_slot(signal.slot(), [&result](error_code ec, incoming asked) {
            result.ec = ec;
            result.done = true;
            if (!ec) result.asked = std::move(asked);
        }));
}

octets session_request_of(std::uint32_t number, std::string_view type, bool want_reply) {
    return payload_of(wire::channel_request{number, type, want_reply, {}});
}

task<session_request> next_request(server_session& session) {
    auto receiving = session.async_receive_request(asio::deferred);
    co_return co_await std::move(receiving);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(server_door)

BOOST_AUTO_TEST_CASE(what_is_asked_for_is_accepted_with_its_target) {
    server_scene s;
    s.make_ready();
    channel stream;
    const auto accepts = [&]() -> task<> {
        incoming asked = co_await next_incoming(s.peer());
        BOOST_TEST((asked.what() == incoming::kind::direct_tcpip));
        BOOST_TEST(asked.is_channel());
        BOOST_TEST(asked.target().to_string() == "db.internal:5432");
        BOOST_TEST(asked.target().originator == "192.0.2.9");
        BOOST_TEST(asked.target().originator_port == 4000U);
        stream = asked.accept();
        // It has been answered; whatever else is said changes nothing.
        asked.refuse();
        BOOST_TEST(!asked.accept().is_open());
    };
    const auto opens = [&]() -> task<> {
        s.client().say(direct_tcpip_open(40));
        co_await s.client().flush();
        const auto m = co_await s.client().expect<wire::channel_open_confirmation>();
        BOOST_TEST(m.recipient_channel == 40U);
        BOOST_TEST(m.sender_channel == 0U);
        const octets hello{'h', 'i'};
        s.client().send(wire::channel_data{m.sender_channel, hello});
        co_await s.client().flush();
    };
    s.play({accepts, opens});
    s.step();
    std::array<char, 8> room{};
    BOOST_TEST(stream.try_read(asio::buffer(room)).size == 2U);
    BOOST_TEST(s.peer().channels() == 1U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_refusal_has_a_code_and_words) {
    server_scene s;
    s.make_ready();
    const auto refuses =
        answers(s, [](incoming asked) { asked.refuse(open_failure::connect_failed, "no route"); });
    const auto opens = [&]() -> task<> {
        s.client().say(direct_tcpip_open(40));
        co_await s.client().flush();
        const auto m = co_await s.client().expect<wire::channel_open_failure>();
        BOOST_TEST(m.recipient_channel == 40U);
        BOOST_TEST(m.reason_code == 2U);
        BOOST_TEST(m.description == "no route");
    };
    s.play({refuses, opens});
    BOOST_TEST(s.peer().channels() == 0U);
    s.finish();
}

// Default deny, also of whoever forgets an answer, throws, or answers in the wrong way.
BOOST_AUTO_TEST_CASE(a27_what_is_not_answered_is_refused) {
    server_scene s;
    s.make_ready();
    const auto drops = [](incoming) {};
    const auto replaces = [](incoming asked) { asked = incoming(); };
    const auto grants = [](incoming asked) { asked.grant(80); };
    const auto accepts = [](incoming asked) { BOOST_TEST(!asked.accept().is_open()); };
    const octets listen = forward_request("tcpip-forward", "", 8080);
    s.play({answers(s, drops), asks(s, direct_tcpip_open(1), message_id::channel_open_failure)});
    s.play({answers(s, replaces), asks(s, session_open(2), message_id::channel_open_failure)});
    s.play({answers(s, grants), asks(s, session_open(3), message_id::channel_open_failure)});
    s.play({answers(s, drops), asks(s, listen, message_id::request_failure)});
    s.play({answers(s, accepts), asks(s, listen, message_id::request_failure)});
    s.finish();
}

BOOST_AUTO_TEST_CASE(what_outlives_its_connection_can_be_answered_in_vain) {
    server_scene s;
    s.make_ready();
    std::vector<incoming> kept;
    const auto keeps = [&](incoming asked) { kept.push_back(std::move(asked)); };
    const auto says = [&](octets payload) -> server_scene::part {
        return [&s, payload]() -> task<> {
            s.client().say(payload);
            co_await s.client().flush();
        };
    };
    s.play({answers(s, keeps), says(direct_tcpip_open(1))});
    s.play({answers(s, keeps), says(forward_request("tcpip-forward", "", 0))});
    s.play({answers(s, keeps), says(session_open(1))});
    s.peer().close();
    BOOST_TEST(!kept[0].accept().is_open());
    kept[1].grant(8080);
    kept.clear();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c40_a_listener_is_told_its_port_if_it_asked_for_one) {
    server_scene s;
    s.make_ready();
    const auto grants = answers(s, [](incoming asked) {
        BOOST_TEST((asked.what() == incoming::kind::tcpip_forward));
        BOOST_TEST(!asked.is_channel());
        asked.grant(50022);
    });
    const auto listens = [&](std::uint32_t port, octets expected) -> server_scene::part {
        return [&s, port, expected]() -> task<> {
            s.client().say(forward_request("tcpip-forward", "localhost", port));
            co_await s.client().flush();
            const auto m = co_await s.client().expect<wire::request_success>();
            const octets data(m.response_data.bytes.begin(), m.response_data.bytes.end());
            BOOST_TEST(data == expected, boost::test_tools::per_element());
        };
    };
    s.play({grants, listens(0, {0, 0, 0xc3, 0x66})});
    s.play({grants, listens(50022, {})});
    s.finish();
}

BOOST_AUTO_TEST_CASE(c39_replies_come_in_the_order_of_the_requests) {
    server_scene s;
    s.make_ready();
    std::vector<incoming> kept;
    const auto keeps = [&]() -> task<> {
        for (int i = 0; i < 3; ++i) kept.push_back(co_await next_incoming(s.peer()));
        kept[2].grant();
        kept[1].refuse();
        kept[0].grant(1234);
    };
    const auto listens = [&]() -> task<> {
        test_client& c = s.client();
        c.say(forward_request("tcpip-forward", "", 0));
        c.say(forward_request("tcpip-forward", "", 22));
        c.say(payload_of(wire::global_request{"unknown", true, {}}));
        c.say(payload_of(wire::global_request{"unknown", false, {}}));
        c.say(forward_request("cancel-tcpip-forward", "", 22));
        co_await c.flush();
        const auto first = co_await c.expect<wire::request_success>();
        BOOST_TEST(first.response_data.bytes.size() == 4U);
        static_cast<void>(co_await c.expect<wire::request_failure>());
        static_cast<void>(co_await c.expect<wire::request_failure>());
        const auto last = co_await c.expect<wire::request_success>();
        BOOST_TEST(last.response_data.bytes.empty());
    };
    s.play({keeps, listens});
    s.finish();
}

BOOST_AUTO_TEST_CASE(c39_a_listener_that_wants_no_reply_gets_none) {
    server_scene s;
    s.make_ready();
    const auto grants = answers(s, [](incoming asked) { asked.grant(8080); });
    const auto listens = [&]() -> task<> {
        s.client().say(forward_request("tcpip-forward", "", 0, false));
        s.client().say(payload_of(wire::ping{}));
        co_await s.client().flush();
        static_cast<void>(co_await s.client().expect<wire::pong>());
    };
    s.play({grants, listens});
    s.step();
    BOOST_TEST(s.client().port().seen(message_id::request_success) == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(accepting_is_cancelled_and_nothing_is_lost) {
    for (const auto type : {asio::cancellation_type::total, asio::cancellation_type::partial,
                            asio::cancellation_type::terminal}) {
        server_scene s;
        s.make_ready();
        asio::cancellation_signal signal;
        outcome first;
        start_accept(s, signal, first);
        s.step();
        BOOST_TEST(!first.done);
        signal.emit(type);
        s.step();
        BOOST_TEST(first.done);
        BOOST_TEST(first.ec == asio::error::operation_aborted);
        BOOST_TEST(s.peer().is_open());
        const auto accepts =
            answers(s, [](incoming asked) { BOOST_TEST(asked.accept().is_open()); });
        s.play({accepts, asks(s, session_open(1), message_id::channel_open_confirmation)});
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(accepting_needs_a_login_and_ends_with_the_connection) {
    {
        server_scene s;
        asio::cancellation_signal signal;
        outcome early;
        start_accept(s, signal, early);
        s.step();
        BOOST_TEST(early.ec == errc::connection_closed);
        s.finish();
    }
    server_scene s;
    s.make_ready();
    asio::cancellation_signal signal;
    outcome waits;
    outcome late;
    start_accept(s, signal, waits);
    s.step();
    s.peer().close(errc::shutting_down);
    s.step();
    BOOST_TEST(waits.ec == errc::shutting_down);
    start_accept(s, signal, late);
    s.step();
    BOOST_TEST(late.ec == errc::shutting_down);
    BOOST_TEST(!s.peer().is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(c47_requests_of_a_session_are_answered_in_order) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, session_open(40));
    server_session session(std::move(taken.ours));
    const std::uint32_t n = taken.server_number;
    const auto serves = [&]() -> task<> {
        const session_request terminal = co_await next_request(session);
        BOOST_TEST(terminal.type == "pty-req");
        session.answer(true);
        session.answer(false);
        const session_request variable = co_await next_request(session);
        BOOST_TEST(variable.type == "env");
        BOOST_TEST(!variable.want_reply);
        session.answer(true);
        // Not answered: refused when the next one is asked for.
        const session_request unknown = co_await next_request(session);
        BOOST_TEST(unknown.type == "x");
        const session_request shell = co_await next_request(session);
        BOOST_TEST(shell.type == "shell");
        session.answer(true);
        session.send_exit_status(3);
        session.stream().shutdown_send();
        session.stream().close();
    };
    const auto runs = [&]() -> task<> {
        test_client& c = s.client();
        c.say(session_request_of(n, "pty-req", true));
        c.say(session_request_of(n, "env", false));
        c.say(session_request_of(n, "x", true));
        c.say(session_request_of(n, "shell", true));
        co_await c.flush();
        const auto first = co_await c.expect<wire::channel_success>();
        BOOST_TEST(first.recipient_channel == 40U);
        static_cast<void>(co_await c.expect<wire::channel_failure>());
        static_cast<void>(co_await c.expect<wire::channel_success>());
        const auto status = co_await c.expect<wire::channel_request>();
        BOOST_TEST(status.request_type == "exit-status");
        BOOST_TEST(!status.want_reply);
        const octets data(status.request_data.bytes.begin(), status.request_data.bytes.end());
        BOOST_TEST(data == (octets{0, 0, 0, 3}), boost::test_tools::per_element());
        static_cast<void>(co_await c.expect<wire::channel_eof>());
        static_cast<void>(co_await c.expect<wire::channel_close>());
    };
    s.play({serves, runs});
    s.finish();
}

BOOST_AUTO_TEST_CASE(c47_behind_our_close_nothing_is_answered) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, session_open(40));
    server_session session(std::move(taken.ours));
    const auto serves = [&]() -> task<> {
        static_cast<void>(co_await next_request(session));
        session.stream().close();
        session.answer(true);
        session.send_exit_status(0);
    };
    const auto runs = [&]() -> task<> {
        s.client().say(session_request_of(taken.server_number, "shell", true));
        s.client().say(session_request_of(taken.server_number, "shell", true));
        co_await s.client().flush();
        static_cast<void>(co_await s.client().expect<wire::channel_close>());
        s.client().say(session_request_of(taken.server_number, "shell", true));
        s.client().say(payload_of(wire::ping{}));
        co_await s.client().flush();
        static_cast<void>(co_await s.client().expect<wire::pong>());
    };
    s.play({serves, runs});
    BOOST_TEST(s.peer().is_open());
    s.finish();
}

// C47: a channel that is no session has no requests.
BOOST_AUTO_TEST_CASE(c47_a_request_on_another_channel_is_refused) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, direct_tcpip_open(40));
    s.play({asks(s, session_request_of(taken.server_number, "shell", true),
                 message_id::channel_failure)});
    s.finish();
}

BOOST_AUTO_TEST_CASE(waiting_for_a_request_ends_with_the_channel) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, session_open(40));
    server_session session(std::move(taken.ours));
    error_code ec;
    const auto serves = [&]() -> task<> {
        auto receiving = session.async_receive_request(asio::as_tuple(asio::deferred));
        const auto result = co_await std::move(receiving);
        ec = std::get<0>(result);
    };
    const auto closes = [&]() -> task<> {
        s.client().send(wire::channel_close{taken.server_number});
        co_await s.client().flush();
    };
    s.play({serves, closes});
    BOOST_TEST(ec == errc::channel_closed);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a37_a_session_accepted_when_its_connection_has_gone_is_closed) {
    server_scene s;
    s.make_ready();
    std::vector<incoming> kept;
    const auto keeps = answers(s, [&](incoming asked) { kept.push_back(std::move(asked)); });
    const auto opens = [&]() -> task<> {
        s.client().say(session_open(1));
        co_await s.client().flush();
    };
    s.play({keeps, opens});
    s.peer().close();
    server_session session(kept.front().accept());
    error_code read, written;
    const auto tries = [&]() -> task<> {
        auto receiving = session.async_receive_request(asio::as_tuple(asio::deferred));
        read = std::get<0>(co_await std::move(receiving));
        auto writing =
            session.errors().async_write_some(asio::buffer("x", 1), asio::as_tuple(asio::deferred));
        written = std::get<0>(co_await std::move(writing));
    };
    s.play({tries});
    session.answer(true);
    session.send_exit_status(0);
    session.send_exit_signal("TERM");
    BOOST_TEST(read == asio::error::not_connected);
    BOOST_TEST(written == asio::error::not_connected);
    kept.clear();
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_connection_to_a_clients_listener_carries_both_ways) {
    server_scene s;
    s.make_ready();
    channel stream;
    const auto opens = [&]() -> task<> {
        forward_target listener;
        listener.host = "localhost";
        listener.port = 8080;
        listener.originator = "198.51.100.4";
        listener.originator_port = 55000;
        auto opening = s.peer().async_open_forwarded(std::move(listener), asio::deferred);
        stream = co_await std::move(opening);
    };
    const auto accepts = [&]() -> task<> {
        const auto m = co_await s.client().expect<wire::channel_open>();
        BOOST_TEST(m.channel_type == "forwarded-tcpip");
        const auto fields =
            value_of(wire::decode_fields<wire::forwarded_tcpip>(m.channel_data.bytes));
        BOOST_TEST(fields.address_connected == "localhost");
        BOOST_TEST(fields.port_connected == 8080U);
        BOOST_TEST(fields.originator_ip_address == "198.51.100.4");
        BOOST_TEST(fields.originator_port == 55000U);
        s.client().send(wire::channel_open_confirmation{m.sender_channel, 70, 1000, 1000, {}});
        co_await s.client().flush();
    };
    s.play({opens, accepts});
    BOOST_TEST(stream.is_open());
    BOOST_TEST(stream.try_write(asio::buffer("x", 1)).size == 1U);
    const auto reads = [&]() -> task<> {
        const auto m = co_await s.client().expect<wire::channel_data>();
        BOOST_TEST(m.recipient_channel == 70U);
    };
    s.play({reads});
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_connection_to_a_listener_is_refused_or_comes_too_early) {
    server_scene s;
    const auto opens = [&](error_code& ec) -> server_scene::part {
        return [&s, &ec]() -> task<> {
            forward_target listener;
            listener.is_socket = true;
            listener.host = "/run/app.sock";
            auto opening =
                s.peer().async_open_forwarded(std::move(listener), asio::as_tuple(asio::deferred));
            const auto result = co_await std::move(opening);
            ec = std::get<0>(result);
        };
    };
    error_code early;
    s.play({opens(early)});
    BOOST_TEST(early == errc::connection_closed);
    s.make_ready();
    error_code refused;
    const auto refuses = [&]() -> task<> {
        const auto m = co_await s.client().expect<wire::channel_open>();
        BOOST_TEST(m.channel_type == "forwarded-streamlocal@openssh.com");
        s.client().send(wire::channel_open_failure{m.sender_channel, 2, "gone", ""});
        co_await s.client().flush();
    };
    s.play({opens(refused), refuses});
    BOOST_TEST(refused == errc::open_connect_failed);
    BOOST_TEST(s.peer().channels() == 0U);
    s.finish();
}

// A sink gets the end of each connection once, with who it was.
BOOST_AUTO_TEST_CASE(the_audit_has_a_login_and_an_end) {
    server_scene s;
    s.make_ready();
    s.peer().close(errc::shutting_down);
    s.peer().close();
    s.finish();
    BOOST_REQUIRE(s.events.size() == 2U);
    const audit_event& end = s.events[1];
    BOOST_TEST((end.what == audit_event::kind::connection_ended));
    BOOST_TEST(end.error == errc::shutting_down);
    BOOST_TEST(end.user == "alice");
    BOOST_TEST(end.connection == 1U);
    BOOST_TEST(end.bytes_to_target > 500U);
}

BOOST_AUTO_TEST_SUITE_END()
