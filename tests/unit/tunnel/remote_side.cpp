// The remote forwards of a tunnel (adit/tunnel/remote_side.hpp, remote_entrance.hpp): asked for at
// the start and on each new connection, also while the server does not want to (T06); what a
// connection to one leads to. The server is a script, the time the test's, the target a real
// socket.
#include "support/tunnel_scene.hpp"

#include <adit/connection/session_channel.hpp>

using namespace adit;
using namespace adit::test;
using kind = tunnel_event::kind;
using std::chrono::milliseconds;
using std::chrono::seconds;
using tcp = asio::ip::tcp;

namespace {

/// A server that listens for the client where the test wants it to.
struct remote_scene : tunnel_scene {
    remote_scene() {
        forward_target at;
        at.host = "localhost";
        options.forwards.clear();
        options.remote_forwards.emplace_back(at, target("127.0.0.1", port_of_target()));
        script = [this](tunnel_peer& peer) { return listen(peer); };
    }
    [[nodiscard]] std::uint16_t port_of_target() const { return acceptor.local_endpoint().port(); }

    task<> listen(tunnel_peer& peer) {
        co_await peer.server->make_ready();
        for (;;) {
            const protocol::packet p = co_await peer.server->port().receive_packet();
            answer(peer, p);
            co_await peer.server->flush();
        }
    }
    void answer(tunnel_peer& peer, const protocol::packet& p) {
        if (p.id() == wire::message_id::channel_open_failure) {
            reason = value_of(wire::decode<wire::channel_open_failure>(p.payload)).reason_code;
        } else if (p.id() == wire::message_id::channel_open_confirmation) {
            const auto m = value_of(wire::decode<wire::channel_open_confirmation>(p.payload));
            peer.server->reply(wire::channel_data{m.sender_channel, as_bytes("hello")});
            peer.server->reply(wire::channel_eof{m.sender_channel});
            channel = m.sender_channel;
        } else if (p.id() == wire::message_id::channel_data) {
            got += as_text(value_of(wire::decode<wire::channel_data>(p.payload)).data);
        } else if (p.id() == wire::message_id::channel_eof) {
            eof = true;
        } else if (p.id() == wire::message_id::channel_close) {
            peer.server->reply(wire::channel_close{channel});
        }
        if (p.id() != wire::message_id::global_request) return;
        const auto m = value_of(wire::decode<wire::global_request>(p.payload));
        if (m.request_name != "tcpip-forward") return;
        const auto fields =
            value_of(wire::decode_fields<wire::tcpip_forward>(m.request_data.bytes));
        asked.push_back(fields.port_to_bind);
        if (refusals != 0) {
            --refusals;
            return peer.server->reply(wire::request_failure{});
        }
        const auto port = detail::encoded_fields(wire::tcpip_forward_reply{4022});
        fields.port_to_bind == 0 ? peer.server->reply(wire::request_success{{port}})
                                 : peer.server->reply(wire::request_success{});
    }
    void connect_to(std::uint16_t port) {
        const auto fields =
            detail::encoded_fields(wire::forwarded_tcpip{"localhost", port, "192.0.2.9", 5000});
        peers.back()->server->reply(
            wire::channel_open{"forwarded-tcpip", 77, 100'000, 10'000, {fields}});
        asio::co_spawn(ctx, peers.back()->server->flush(), asio::detached);
    }

    tcp::acceptor acceptor{ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::vector<std::uint32_t> asked;  ///< the ports of the requests
    unsigned refusals = 0;
    std::uint32_t reason = 0, channel = 0;
    std::string got;
    bool eof = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tunnel_remote_side)

BOOST_AUTO_TEST_CASE(connection_leads_to_its_target_and_half_closes) {
    remote_scene s;
    BOOST_REQUIRE(!s.start());
    BOOST_TEST(s.last(kind::bound).remote);
    BOOST_TEST(s.last(kind::bound).text == "localhost:4022");
    s.connect_to(4022);
    tcp::socket served(s.ctx);
    std::string heard;
    s.acceptor.async_accept(served, [&](error_code) {
        asio::async_read(served, asio::dynamic_buffer(heard), [&](error_code, std::size_t) {
            asio::write(served, asio::buffer("answer", 6));
            served.shutdown(tcp::socket::shutdown_send);
        });
    });
    BOOST_TEST(s.within(seconds(5), [&] { return s.eof; }));
    BOOST_TEST(heard == "hello");
    BOOST_TEST(s.got == "answer");
    BOOST_TEST(s.within(seconds(1), [&] { return s.count(kind::closed) == 1; }));
    const tunnel_event& closed = s.last(kind::closed);
    BOOST_TEST(!closed.error);
    BOOST_TEST(closed.remote);
    BOOST_TEST(closed.peer == "192.0.2.9:5000");
    BOOST_TEST(closed.bytes_up == 6U);
    BOOST_TEST(closed.bytes_down == 5U);
    BOOST_TEST(s.way().counters().connections == 1U);
}

BOOST_AUTO_TEST_CASE(target_that_nobody_serves_is_refused_at_the_server) {
    remote_scene s;
    BOOST_REQUIRE(!s.start());
    s.acceptor.close();
    s.connect_to(4022);
    BOOST_TEST(s.within(seconds(5), [&] { return s.reason != 0; }));
    BOOST_TEST(s.reason == 2U);
    BOOST_TEST(s.count(kind::refused) == 1U);
    BOOST_TEST(s.way().counters().refused == 1U);
}

BOOST_AUTO_TEST_CASE(refusal_at_the_start_ends_it_where_all_are_required) {
    remote_scene s;
    s.refusals = 1;
    BOOST_TEST(s.start() == errc::request_refused);
    BOOST_TEST((s.way().state() == tunnel_state::closed));
}

BOOST_AUTO_TEST_CASE(refusal_at_the_start_is_an_event_otherwise) {
    remote_scene s;
    s.options.require_all_forwards = false;
    s.refusals = 1;
    BOOST_TEST(!s.start());
    BOOST_TEST(s.count(kind::unbound) == 1U);
    BOOST_TEST(s.last(kind::unbound).remote);
    BOOST_TEST(s.last(kind::unbound).error == errc::request_refused);
}

// The port that was chosen stays; a dead session holds it for a while.
BOOST_AUTO_TEST_CASE(t06_listener_is_asked_for_again_until_it_is_granted) {
    remote_scene s;
    BOOST_REQUIRE(!s.start());
    s.refusals = 3;
    s.peers.front()->reset();
    BOOST_TEST(s.within(seconds(20), [&] { return s.asked.size() == 5; }));
    BOOST_TEST(s.within(seconds(1), [&] { return s.count(kind::bound) == 2; }));
    BOOST_TEST(s.asked == (std::vector<std::uint32_t>{0, 4022, 4022, 4022, 4022}),
               boost::test_tools::per_element());
    std::vector<milliseconds> delays;
    for (const tunnel_event& e : s.events) {
        if (e.what == kind::unbound) delays.push_back(e.next);
    }
    const std::vector<milliseconds> doubling{milliseconds(200), milliseconds(400),
                                             milliseconds(800)};
    BOOST_TEST((delays == doubling));
    s.connect_to(4022);
    BOOST_TEST(s.within(seconds(5), [&] { return s.got.empty() && s.count(kind::opened) == 1; }));
}

BOOST_AUTO_TEST_CASE(t06_nothing_is_asked_on_a_connection_that_is_gone) {
    remote_scene s;
    BOOST_REQUIRE(!s.start());
    s.refusals = 1000;
    s.peers.front()->reset();
    BOOST_TEST(s.within(seconds(20), [&] { return s.asked.size() == 4; }));
    s.way().close();
    const std::size_t before = s.asked.size();
    s.clock.advance(std::chrono::minutes(2));
    BOOST_TEST(s.asked.size() == before);
}

BOOST_AUTO_TEST_SUITE_END()
