// Ends that come from where it hurts (T28): from inside an event, or while others go on with the
// SSH connection that a tunnel stands on (adit/tunnel/closing.hpp). On the virtual clock, with
// servers in memory.
#include "support/tunnel_scene.hpp"

#include <adit/tunnels.hpp>

using namespace adit;
using namespace adit::test;
using kind = tunnel_event::kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// Two tunnels on one connection.
struct shared_scene : tunnel_scene {
    explicit shared_scene(part servers = serve) {
        script = std::move(servers);
        create("a");
        create("b");
        BOOST_REQUIRE(all.connections() == 1U);
    }
    shared_scene(const shared_scene&) = delete;
    shared_scene& operator=(const shared_scene&) = delete;
    // Local clients end before they go.
    ~shared_scene() {
        all.close_all();
        settle();
    }
    void create(const char* name) {
        std::optional<error_code> told;
        all.async_create(name, options, "the same",
                         [&told](error_code ec, std::uint16_t) { told = ec; });
        BOOST_REQUIRE(within(seconds(9), [&] { return told.has_value(); }));
        BOOST_REQUIRE(!*told);
    }
    [[nodiscard]] local_client& dial_to(const char* name) {
        const asio::ip::tcp::endpoint at(asio::ip::address_v4::loopback(), all.local_port(name));
        return locals.emplace_back(ctx, at);
    }
    [[nodiscard]] std::size_t channels_of_b() const { return all.find("b")->info().channels; }

    std::deque<local_client> locals;
    tunnels all{ctx.get_executor()};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tunnel_closing)

BOOST_AUTO_TEST_CASE(t28_who_is_held_is_reset_at_once_though_others_share_the_connection) {
    shared_scene s;
    s.refusal = errc::connection_refused;
    s.peers.front()->reset();
    s.settle();
    const local_client& of_a = s.dial_to("a");
    const local_client& of_b = s.dial_to("b");
    BOOST_REQUIRE(s.within(seconds(1), [&] { return s.count(kind::held) == 2; }));
    BOOST_TEST(s.all.close("a"));
    s.settle();
    BOOST_TEST(of_a.was_reset());
    BOOST_TEST(!of_b.end());
}

BOOST_AUTO_TEST_CASE(t28_an_open_that_is_under_way_is_given_up_though_others_share_the_connection) {
    std::optional<std::uint32_t> asked;
    shared_scene s([&asked](tunnel_peer& peer) -> task<> {
        co_await peer.server->make_ready();
        const auto open = co_await peer.server->expect<wire::channel_open>();
        asked = open.sender_channel;
        for (;;) static_cast<void>(co_await peer.server->port().receive_packet());
    });
    const local_client& one = s.dial_to("a");
    BOOST_REQUIRE(s.within(seconds(1), [&] { return asked.has_value(); }));
    BOOST_TEST(s.all.close("a"));
    s.settle();
    BOOST_TEST(one.was_reset());
    s.peers.front()->server->reply(
        wire::channel_open_confirmation{*asked, 1000, 1 << 20, 1 << 15, {}});
    asio::co_spawn(s.ctx, s.peers.front()->server->flush(), asio::detached);
    s.clock.advance(seconds(1));
    BOOST_TEST(s.count(kind::opened) == 0U);
    BOOST_TEST(s.all.find("b")->counters().open == 0U);
}

// Each event in turn destroys the tunnel that tells it, and the handler with all that it holds.
BOOST_AUTO_TEST_CASE(t28_an_event_may_destroy_its_tunnel) {
    std::size_t n = 0;
    for (bool more = true; more; ++n) {
        tunnel_scene s;
        std::optional<tunnel> way;
        std::size_t told = 0;
        const auto mine = std::make_shared<int>(0);
        s.options.on_event = [&, mine](const tunnel_event& e) {
            if (told++ == n) way.reset();
            *mine += static_cast<int>(e.text.size());
        };
        way.emplace(s.ctx.get_executor(), s.options);
        s.options.on_event = nullptr;
        way->async_start([](error_code) {});
        s.settle();
        std::optional<local_client> one;
        if (way) one.emplace(s.ctx, way->endpoints().at(0));
        s.settle();
        for (auto& peer : s.peers) peer->reset();
        s.clock.advance(seconds(2));
        if (way) way->close();
        s.settle();
        more = told > n;
        if (more) BOOST_TEST(told == n + 1);
        if (more) BOOST_TEST(mine.use_count() == 1);
    }
    BOOST_TEST(n > 5U);
}

BOOST_AUTO_TEST_CASE(t28_a_tunnel_that_is_closed_when_a_channel_opens_relays_nothing) {
    shared_scene s;
    s.options.on_event = [&](const tunnel_event& e) {
        if (e.what == kind::opened) s.all.close("c");
    };
    s.create("c");
    BOOST_REQUIRE(s.all.connections() == 1U);
    local_client& one = s.dial_to("c");
    one.write("is anybody there?");
    s.clock.advance(seconds(1));
    BOOST_TEST(one.was_reset());
    BOOST_TEST(one.got().empty());
    BOOST_TEST(s.channels_of_b() == 0U);
}

BOOST_AUTO_TEST_CASE(t28_an_event_may_destroy_the_set_that_it_came_from) {
    for (const bool one_owner : {true, false}) {
        tunnel_scene s;
        auto all = std::make_unique<tunnels>(s.ctx.get_executor());
        std::size_t told = 0;
        s.options.on_event = [&](const tunnel_event& e) {
            if (e.state != tunnel_state::closed) return;
            ++told;
            all.reset();
        };
        for (const char* name : {"one", "two", "three"}) {
            all->async_create(name, s.options, "", [](error_code, std::uint16_t) {});
        }
        s.clock.advance(seconds(1));
        BOOST_REQUIRE(all->size() == 3U);
        tunnels& set = *all;
        one_owner ? static_cast<void>(set.close_owner("")) : set.close_all();
        BOOST_TEST((all == nullptr));
        BOOST_TEST(told == 1U);
        s.clock.advance(seconds(1));
    }
}

BOOST_AUTO_TEST_CASE(t28_a_set_that_goes_tells_nobody) {
    tunnel_scene s;
    {
        tunnels all(s.ctx.get_executor());
        all.async_create("one", s.options, "", [](error_code, std::uint16_t) {});
        s.clock.advance(seconds(1));
        s.events.clear();
    }
    s.clock.advance(seconds(1));
    BOOST_TEST(s.events.empty());
}

BOOST_AUTO_TEST_CASE(t28_a_start_ends_with_its_close_though_others_share_the_connection) {
    shared_scene s;
    s.refusal = errc::connection_refused;
    s.peers.front()->reset();
    s.settle();
    std::optional<error_code> told;
    s.all.async_create("c", s.options, "the same",
                       [&told](error_code ec, std::uint16_t) { told = ec; });
    s.clock.advance(seconds(3));
    BOOST_TEST(!told.has_value());
    BOOST_TEST(s.all.close("c"));
    s.settle();
    BOOST_REQUIRE(told.has_value());
    BOOST_TEST(*told == make_error_code(errc::connection_closed));
    BOOST_TEST(s.all.has("a"));
}

// A connector of somebody's own that throws.
BOOST_AUTO_TEST_CASE(t28_a_way_that_cannot_even_be_made_ends_the_start) {
    tunnel_scene s;
    s.options.reach = [](const executor&) -> std::shared_ptr<ssh_way> {
        throw protocol_error(errc::name_not_found);
    };
    BOOST_TEST(s.start() == make_error_code(errc::name_not_found));
    BOOST_TEST((s.way().state() == tunnel_state::closed));
}

BOOST_AUTO_TEST_SUITE_END()
