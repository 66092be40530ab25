// adit/tunnels.hpp: tunnels by name, what they share and what they never do. On the virtual clock,
// with servers in memory.
#include "support/tunnel_scene.hpp"

#include <adit/tunnels.hpp>

#include <unistd.h>

#include <fstream>

using namespace adit;
using namespace adit::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct outcome {
    int told = 0;
    error_code ec;
    std::uint16_t port = 0;

    auto handler() {
        return [this](error_code e, std::uint16_t p) {
            ++told;
            ec = e;
            port = p;
        };
    }
};

outcome create(tunnel_scene& s, tunnels& all, const tunnel_name& name, std::string identity = {}) {
    outcome o;
    all.async_create(name, s.options, std::move(identity), o.handler());
    BOOST_REQUIRE(s.within(seconds(60), [&] { return o.told != 0; }));
    return o;
}

std::size_t resident_kibibytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tunnels_by_name)

BOOST_AUTO_TEST_CASE(create_is_idempotent_and_so_is_close) {
    tunnel_scene s;
    tunnels all(s.ctx.get_executor());
    BOOST_TEST(!all.has("db"));
    BOOST_TEST(all.local_port("db") == 0);
    BOOST_TEST(!all.close("db"));
    const outcome first = create(s, all, "db");
    BOOST_TEST(!first.ec);
    BOOST_TEST(first.port != 0);
    BOOST_TEST(all.has("db"));
    BOOST_TEST(all.local_port("db") == first.port);
    const outcome second = create(s, all, "db");
    BOOST_TEST(second.port == first.port);
    BOOST_TEST(s.attempts.size() == 1U);
    BOOST_TEST(all.size() == 1U);
    BOOST_TEST(all.close("db"));
    BOOST_TEST(!all.close("db"));
    BOOST_TEST(!all.has("db"));
    BOOST_TEST(all.connections() == 0U);
}

BOOST_AUTO_TEST_CASE(two_who_create_the_same_at_once_get_the_same) {
    tunnel_scene s;
    tunnels all(s.ctx.get_executor());
    outcome one, two;
    all.async_create("db", s.options, "", one.handler());
    all.async_create("db", s.options, "", two.handler());
    BOOST_REQUIRE(s.within(seconds(9), [&] { return one.told + two.told == 2; }));
    BOOST_TEST(!one.ec);
    BOOST_TEST(one.port == two.port);
    BOOST_TEST(s.attempts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_create_that_fails_leaves_nothing) {
    tunnel_scene s;
    tunnels all(s.ctx.get_executor());
    s.refusal = errc::connection_refused;
    outcome one, two;
    all.async_create("db", s.options, "", one.handler());
    all.async_create("db", s.options, "", two.handler());
    BOOST_REQUIRE(s.within(seconds(9), [&] { return one.told + two.told == 2; }));
    BOOST_TEST(one.ec == make_error_code(errc::connection_refused));
    BOOST_TEST(two.ec == make_error_code(errc::connection_refused));
    BOOST_TEST(all.size() == 0U);
    s.refusal = {};
    BOOST_TEST(!create(s, all, "db").ec);
}

BOOST_AUTO_TEST_CASE(the_same_connection_is_shared_where_the_caller_says_so) {
    tunnel_scene s;
    tunnels all(s.ctx.get_executor());
    const outcome a = create(s, all, {"a", "tenant"}, "alice's key");
    const outcome b = create(s, all, {"b", "tenant"}, "alice's key");
    BOOST_TEST(a.port != b.port);
    BOOST_TEST(all.connections() == 1U);
    BOOST_TEST(s.attempts.size() == 1U);
    // Another identity, none, and another owner.
    BOOST_TEST(!create(s, all, {"c", "tenant"}, "bob's key").ec);
    BOOST_TEST(!create(s, all, {"d", "tenant"}).ec);
    BOOST_TEST(!create(s, all, {"a", "other"}, "alice's key").ec);
    BOOST_TEST(all.connections() == 4U);
    BOOST_TEST(s.attempts.size() == 4U);
    // The connection is lost once for both, and made again once.
    s.peers.front()->reset();
    s.clock.advance(seconds(1));
    BOOST_TEST(s.attempts.size() == 5U);
    BOOST_TEST(all.find({"a", "tenant"})->counters().reconnects == 1U);
    BOOST_TEST(all.find({"b", "tenant"})->counters().reconnects == 1U);
    // It lives for as long as one of them does.
    BOOST_TEST(all.close({"a", "tenant"}));
    BOOST_TEST(all.connections() == 4U);
    BOOST_TEST(all.close({"b", "tenant"}));
    BOOST_TEST(all.connections() == 3U);
    BOOST_TEST(all.close_owner("tenant") == 2U);
    BOOST_TEST(all.has({"a", "other"}));
    all.close_all();
    BOOST_TEST(all.size() == 0U);
}

// Each field of the options that has a value, changed alone.
BOOST_AUTO_TEST_CASE(every_field_that_differs_parts_two_connections) {
    const tunnel_scene s;
    const tunnel_options plain = s.options;
    BOOST_TEST(same_connection(plain, plain));
    const auto parts = [&](const std::function<void(tunnel_options&)>& change) {
        tunnel_options other = plain;
        change(other);
        return !same_connection(plain, other) && !same_connection(other, plain);
    };
    using o = tunnel_options&;
    BOOST_TEST(parts([](o t) { t.client.user = "bob"; }));
    BOOST_TEST(parts([](o t) { t.client.host = "other"; }));
    BOOST_TEST(parts([](o t) { t.client.port = 2222; }));
    BOOST_TEST(parts([](o t) { t.client.trust = nullptr; }));
    BOOST_TEST(parts([](o t) { t.client.credentials.clear(); }));
    BOOST_TEST(parts([](o t) { t.client.credentials = {key_credential(sample_key(7))}; }));
    BOOST_TEST(parts([](o t) { t.client.credentials = {password_credential({})}; }));
    BOOST_TEST(parts([](o t) { t.client.password_attempts = 1; }));
    BOOST_TEST(parts([](o t) { t.client.disable_trivial_auth = true; }));
    BOOST_TEST(parts([](o t) { t.client.algorithms.ciphers = "aes128-ctr"; }));
    BOOST_TEST(parts([](o t) { t.client.algorithms.require_strict_kex = true; }));
    BOOST_TEST(parts([](o t) { t.client.public_key_algorithms = "ssh-ed25519"; }));
    BOOST_TEST(parts([](o t) { t.client.limits.keepalive_count = 9; }));
    BOOST_TEST(parts([](o t) { t.client.limits.channel_timeout.session = seconds(1); }));
    BOOST_TEST(parts([](o t) { t.client.reset_on_bare_close = true; }));
    BOOST_TEST(parts([](o t) { t.client.trace = [](const trace_event&) {}; }));
    BOOST_TEST(parts([](o t) { t.client.random = std::make_shared<fixed_random>(byte{9}); }));
    BOOST_TEST(parts([](o t) { t.address = "10.0.0.1"; }));
    BOOST_TEST(parts([](o t) { t.reach = nullptr; }));
    BOOST_TEST(parts([](o t) { t.reconnect.hold_time = seconds(1); }));
    BOOST_TEST(parts([](o t) { t.reconnect.schedule.first = seconds(1); }));
    BOOST_TEST(parts([](o t) { t.tcp.bind_address = "127.0.0.2"; }));
    BOOST_TEST(parts([](o t) { t.jumps.emplace_back(t.client); }));
    tunnel_options through = plain;
    through.jumps.emplace_back(plain.client);
    BOOST_TEST(same_connection(through, through));
    for (const auto change :
         {+[](hop& h) { h.client.user = "bob"; }, +[](hop& h) { h.client.trust = nullptr; },
          +[](hop& h) { h.address = "10.0.0.1"; }}) {
        tunnel_options other = through;
        change(other.jumps.front());
        BOOST_TEST(!same_connection(through, other));
    }
    // Where it leads and who listens do not matter.
    BOOST_TEST(!parts([](o t) { t.forwards.front().to.port = 1; }));
    BOOST_TEST(!parts([](o t) { t.on_event = nullptr; }));
}

BOOST_AUTO_TEST_CASE(t28_destroyed_in_the_middle_of_creating) {
    for (int handlers = 0; handlers < 30; ++handlers) {
        tunnel_scene s;
        outcome o;
        {
            tunnels all(s.ctx.get_executor());
            all.async_create("db", s.options, "", o.handler());
            s.ctx.restart();
            for (int i = 0; i < handlers; ++i) s.ctx.poll_one();
        }
        s.clock.advance(seconds(1));
        BOOST_TEST(o.told == 1);
        const std::size_t attempts = s.attempts.size();
        s.clock.advance(seconds(60), seconds(1));
        BOOST_TEST(s.attempts.size() == attempts);
    }
}

BOOST_AUTO_TEST_CASE(two_hundred_tunnels_of_a_hundred_owners_share_nothing) {
    tunnel_scene s;
    tunnels all(s.ctx.get_executor());
    const std::size_t before = resident_kibibytes();
    for (int owner = 0; owner < 100; ++owner) {
        const std::string tag = "owner " + std::to_string(owner);
        BOOST_REQUIRE(!create(s, all, {"one", tag}, tag + ", key one").ec);
        BOOST_REQUIRE(!create(s, all, {"two", tag}, tag + ", key two").ec);
    }
    const std::size_t after = resident_kibibytes();
    BOOST_TEST(all.size() == 200U);
    BOOST_TEST(all.connections() == 200U);
    BOOST_TEST(s.attempts.size() == 200U);
    BOOST_TEST_MESSAGE("200 tunnels and their servers: " << after - before << " KiB");
    // One that is lost does not touch the others.
    s.peers.front()->reset();
    s.settle();
    std::size_t connected = 0;
    for (int owner = 0; owner < 100; ++owner) {
        for (const char* name : {"one", "two"}) {
            const tunnel* way = all.find({name, "owner " + std::to_string(owner)});
            connected += way->state() == tunnel_state::connected ? 1U : 0U;
        }
    }
    BOOST_TEST(connected == 199U);
}

BOOST_AUTO_TEST_SUITE_END()
