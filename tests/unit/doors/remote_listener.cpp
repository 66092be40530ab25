// adit/remote_listener.hpp: what a client asks a server to listen for, and which of the channels
// that the server then opens it takes (A26, C39, L23). The server is a script.
#include "support/operations_client.hpp"

using namespace adit;
using namespace adit::test;

namespace {

using script = listening_script;

[[nodiscard]] forward_target at(std::string host, std::uint16_t port) {
    forward_target where;
    where.host = std::move(host);
    where.port = port;
    return where;
}
[[nodiscard]] forward_target at_socket(std::string path) {
    forward_target where = at(std::move(path), 0);
    where.is_socket = true;
    return where;
}

struct listening_scene : scene {
    listening_scene() { make_ready(); }

    /// Asked for, and answered so; what was asked.
    remote_listener listen(const forward_target& where, bool success, std::vector<byte> data) {
        remote_listener listener;
        const auto asks = [&]() -> task<> {
            auto listening = ssh().async_listen(where, asio::as_tuple(asio::deferred));
            auto outcome = co_await std::move(listening);
            refused = std::get<0>(outcome);
            listener = std::move(std::get<1>(outcome));
        };
        const auto answers = [&]() -> task<> {
            const auto m = co_await server().expect<wire::global_request>();
            request = std::string(m.request_name);
            fields.assign(m.request_data.bytes.begin(), m.request_data.bytes.end());
            BOOST_TEST(m.want_reply);
            success ? server().reply(wire::request_success{{data}})
                    : server().reply(wire::request_failure{});
            co_await server().flush();
        };
        play({asks, answers});
        return listener;
    }
    /// At port 4022 of "localhost".
    remote_listener listen() {
        return listen(any_port(), true, detail::encoded_fields(wire::tcpip_forward_reply{4022}));
    }
    /// The code of the refusal; zero: it is not refused, at least not yet.
    template <class Fields>
    std::uint32_t reason_of(std::string_view type, const Fields& what) {
        const auto data = detail::encoded_fields(what);
        say(*this, {payload_of(wire::channel_open{type, 77, 1000, 1000, {data}})});
        return first_reason();
    }
    std::uint32_t first_reason() {
        for (const auto& message : heard(*this)) {
            const auto m = wire::decode<wire::channel_open_failure>(message);
            if (m) return m->reason_code;
        }
        return 0;
    }
    remote_connection accept(remote_listener& from) {
        ending<remote_connection> next;
        from.async_accept(next.handler());
        step();
        BOOST_TEST(next.completions == 1);
        refused = next.ec;
        return std::move(next.value);
    }

    error_code refused;
    std::string request;
    std::vector<byte> fields;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(remote_listener_door)

BOOST_AUTO_TEST_CASE(port_that_the_server_chooses_is_told) {
    listening_scene s;
    {
        const remote_listener l = s.listen();
        BOOST_TEST(!s.refused);
        BOOST_TEST(s.request == "tcpip-forward");
        BOOST_TEST((s.fields == detail::encoded_fields(wire::tcpip_forward{"localhost", 0})));
        BOOST_TEST(l.is_open());
        BOOST_TEST(l.where().to_string() == "localhost:4022");
    }
    s.finish();
}

BOOST_AUTO_TEST_CASE(socket_is_asked_for_by_its_path) {
    listening_scene s;
    {
        remote_listener l = s.listen(at_socket("/run/way"), true, {});
        BOOST_TEST(s.request == "streamlocal-forward@openssh.com");
        BOOST_TEST((s.fields == detail::encoded_fields(wire::streamlocal_forward{"/run/way"})));
        const wire::forwarded_streamlocal right{"/run/way", ""};
        BOOST_TEST(s.reason_of("forwarded-streamlocal@openssh.com", right) == 0U);
        remote_connection one = s.accept(l);
        BOOST_TEST(!s.refused);
        BOOST_TEST(one.originator().empty());
    }
    s.finish();
}

BOOST_AUTO_TEST_CASE(refusal_is_told) {
    listening_scene s;
    const remote_listener l = s.listen(at("", 80), false, {});
    BOOST_TEST(s.refused == errc::request_refused);
    BOOST_TEST(!l.is_open());
    BOOST_TEST(s.ssh().diagnostics().subject == ":80");
    s.finish();
}

BOOST_AUTO_TEST_CASE(port_that_is_none_ends_the_connection) {
    for (const auto& data :
         {detail::encoded_fields(wire::tcpip_forward_reply{0}),
          detail::encoded_fields(wire::tcpip_forward_reply{65536}), std::vector<byte>{}}) {
        listening_scene s;
        const remote_listener l = s.listen(any_port(), true, data);
        BOOST_TEST(s.refused);
        BOOST_TEST(!s.ssh().is_open());
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(connection_becomes_a_channel) {
    listening_scene s;
    remote_listener l = s.listen();
    say(s, {script::connection(40)});
    remote_connection one = s.accept(l);
    BOOST_TEST(one.originator() == "192.0.2.9");
    BOOST_TEST(one.originator_port() == 5000);
    channel c = one.accept();
    BOOST_TEST(c.is_open());
    const auto reads = [&]() -> task<> {
        const end_of_reading got = co_await read_up_to(c, 5);
        BOOST_TEST(got.text == "hello");
    };
    const auto serves = [&]() -> task<> {
        const auto m = co_await s.server().expect<wire::channel_open_confirmation>();
        BOOST_TEST(m.recipient_channel == 40U);
        s.server().reply(wire::channel_data{m.sender_channel, as_bytes("hello")});
        co_await s.server().flush();
    };
    s.play({reads, serves});
    c = {};
    l = {};
    s.finish();
}

BOOST_AUTO_TEST_CASE(a26_what_was_not_asked_for_is_refused) {
    listening_scene s;
    remote_listener l = s.listen();
    const std::uint32_t prohibited = 1;
    constexpr std::string_view type = "forwarded-tcpip";
    using f = wire::forwarded_tcpip;
    BOOST_TEST(s.reason_of(type, f{"localhost", 4023, "x", 1}) == prohibited);
    BOOST_TEST(s.reason_of(type, f{"127.0.0.1", 4022, "x", 1}) == prohibited);
    BOOST_TEST(s.reason_of(type, f{"", 4022, "x", 1}) == prohibited);
    BOOST_TEST(s.reason_of(type, f{"localhost", 0, "x", 1}) == prohibited);
    BOOST_TEST(s.reason_of(type, f{"localhost", 4022 + 65536, "x", 1}) == prohibited);
    BOOST_TEST(s.reason_of(type, wire::streamlocal_forward{"x"}) == prohibited);
    BOOST_TEST(s.reason_of("forwarded-streamlocal@openssh.com",
                           wire::forwarded_streamlocal{"localhost", ""}) == prohibited);
    BOOST_TEST(s.reason_of("x11", wire::streamlocal_forward{"x"}) == prohibited);
    // And the right one is not.
    BOOST_TEST(s.reason_of(type, f{"localhost", 4022, "x", 1}) == 0U);
    l = {};
    s.finish();
}

BOOST_AUTO_TEST_CASE(a26_nothing_is_taken_before_the_grant) {
    listening_scene s;
    ending<remote_listener> asked;
    s.ssh().async_listen(at("localhost", 4022), asked.handler());
    s.step();
    const wire::forwarded_tcpip early{"localhost", 4022, "x", 1};
    const auto data = detail::encoded_fields(early);
    say(s, {payload_of(wire::channel_open{"forwarded-tcpip", 77, 1000, 1000, {data}})});
    const auto answers = [&]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::global_request>());
        const auto m = co_await s.server().expect<wire::channel_open_failure>();
        BOOST_TEST(m.reason_code == 1U);
    };
    s.play({answers});
    s.finish();
    BOOST_TEST(asked.completions == 1);
    BOOST_TEST(asked.ec == errc::connection_closed);
}

BOOST_AUTO_TEST_CASE(l23_waiting_connections_are_bounded) {
    scene plain;
    listening_scene s;
    remote_listener l = s.listen();
    payloads many(plain.options.limits.pending_accepts, script::connection());
    say(s, many);
    BOOST_TEST(s.first_reason() == 0U);
    say(s, {script::connection()});
    BOOST_TEST(s.first_reason() == 4U);
    // There is room again when one is taken.
    const remote_connection one = s.accept(l);
    say(s, {script::connection()});
    BOOST_TEST(s.first_reason() == 0U);
    l = {};
    s.finish();
}

BOOST_AUTO_TEST_CASE(what_is_dropped_is_refused) {
    listening_scene s;
    remote_listener l = s.listen();
    say(s, {script::connection()});
    { const remote_connection one = s.accept(l); }
    BOOST_TEST(s.first_reason() == 1U);
    say(s, {script::connection()});
    remote_connection two = s.accept(l);
    two.refuse(open_failure::connect_failed, "nobody is there");
    BOOST_TEST(s.first_reason() == 2U);
    BOOST_TEST(!two.accept().is_open());
    l = {};
    s.finish();
}

BOOST_AUTO_TEST_CASE(cancel_asks_the_server_and_refuses_who_waits) {
    listening_scene s;
    remote_listener l = s.listen();
    say(s, {script::connection()});
    l.cancel();
    BOOST_TEST(!l.is_open());
    s.step();
    bool asked = false, refused = false;
    for (const auto& message : heard(s)) {
        const auto request = wire::decode<wire::global_request>(message);
        if (request && request->request_name == "cancel-tcpip-forward") {
            const auto where = detail::encoded_fields(wire::tcpip_forward{"localhost", 4022});
            asked = std::ranges::equal(request->request_data.bytes, where) && !request->want_reply;
        }
        refused = refused || wire::decode<wire::channel_open_failure>(message).has_value();
    }
    BOOST_TEST(asked);
    BOOST_TEST(refused);
    static_cast<void>(s.accept(l));
    BOOST_TEST(s.refused == asio::error::operation_aborted);
    BOOST_TEST(s.reason_of("forwarded-tcpip", wire::forwarded_tcpip{"localhost", 4022, "x", 1}) ==
               1U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(end_of_the_connection_is_told) {
    listening_scene s;
    remote_listener l = s.listen();
    ending<remote_connection> next;
    l.async_accept(next.handler());
    s.step();
    BOOST_TEST(next.completions == 0);
    s.finish();
    BOOST_TEST(next.completions == 1);
    BOOST_TEST(next.ec == errc::connection_closed);
    BOOST_TEST(!l.is_open());
}

// C39: replies are told apart by their order.
BOOST_AUTO_TEST_CASE(c39_replies_come_in_order) {
    listening_scene s;
    ending<remote_listener> first, second;
    s.ssh().async_listen(any_port(), first.handler());
    s.ssh().async_listen(at("localhost", 22), second.handler());
    s.step();
    const auto reply = detail::encoded_fields(wire::tcpip_forward_reply{4022});
    say(s, {payload_of(wire::request_success{{reply}}), payload_of(wire::request_failure{})});
    BOOST_TEST(!first.ec);
    BOOST_TEST(first.value.where().port == 4022);
    BOOST_TEST(second.ec == errc::request_refused);
    first.value = {};
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
