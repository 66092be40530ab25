// adit/probe.hpp: what a probe says about each step, with servers in memory and the test's time.
#include "support/tunnel_scene.hpp"

#include <adit/probe.hpp>

using namespace adit;
using namespace adit::test;
using step = probe_step::kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

probe_options options_of(tunnel_scene& s) {
    probe_options o(s.login);
    o.reach = s.connect();
    o.to.emplace("db.internal", 5432);
    return o;
}

probe_report probe(tunnel_scene& s, probe_options options) {
    std::optional<probe_report> got;
    const auto told = [&got](error_code ec, probe_report report) {
        BOOST_TEST(!ec, ec.message());
        got = std::move(report);
    };
    async_probe(s.ctx.get_executor(), std::move(options), told);
    BOOST_REQUIRE(s.within(seconds(120), [&] { return got.has_value(); }));
    return std::move(*got);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(probing)

BOOST_AUTO_TEST_CASE(everything_works) {
    tunnel_scene s;
    probe_options o = options_of(s);
    o.check = [](channel& stream) -> task<std::string> {
        co_await write_all(stream, "version?");
        const end_of_reading got = co_await read_up_to(stream, 8);
        co_return "it says " + got.text;
    };
    const probe_report r = probe(s, std::move(o));
    BOOST_TEST(!r.error());
    BOOST_TEST(r.ssh_works());
    BOOST_REQUIRE(r.steps.size() == 3U);
    BOOST_TEST((r.steps[0].what == step::ssh));
    BOOST_TEST(r.steps[0].name == "alice@server.test:22");
    BOOST_TEST((r.steps[1].what == step::target));
    BOOST_TEST(r.steps[1].name == "db.internal:5432");
    BOOST_TEST((r.steps[2].what == step::check));
    BOOST_TEST(r.steps[2].text == "it says version?");
    BOOST_TEST(r.ssh.peer_version == "SSH-2.0-test");
    s.settle();
    BOOST_TEST(s.peers.front()->server->port().seen(wire::message_id::disconnect) == 1U);
}

BOOST_AUTO_TEST_CASE(ssh_alone) {
    tunnel_scene s;
    probe_options o = options_of(s);
    o.to.reset();
    const probe_report r = probe(s, std::move(o));
    BOOST_TEST(r.steps.size() == 1U);
    BOOST_TEST(r.ssh_works());
    BOOST_TEST(!r.error());
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_be_reached) {
    tunnel_scene s;
    s.refusal = errc::connection_refused;
    const probe_report r = probe(s, options_of(s));
    BOOST_TEST(r.error() == make_error_code(errc::connection_refused));
    BOOST_TEST(!r.ssh_works());
    BOOST_REQUIRE(r.steps.size() == 1U);
    BOOST_TEST(r.steps[0].text.find("alice@server.test:22") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_host_key_that_is_another) {
    tunnel_scene s;
    s.script = [](tunnel_peer& peer) -> task<> {
        peer.server->use_host_key(9);
        co_await peer.server->make_ready();
    };
    const probe_report r = probe(s, options_of(s));
    BOOST_TEST(r.error() == make_error_code(errc::host_key_changed));
    BOOST_TEST(r.steps.back().text.find("host key") != std::string::npos, r.steps.back().text);
}

BOOST_AUTO_TEST_CASE(a_target_that_is_refused) {
    tunnel_scene s;
    s.script = [](tunnel_peer& peer) -> task<> {
        co_await peer.server->make_ready();
        const auto open = co_await peer.server->expect<wire::channel_open>();
        peer.server->reply(
            wire::channel_open_failure{open.sender_channel, 2, "Connection refused", ""});
        co_await peer.server->flush();
        co_await peer.server->expect_end();
    };
    const probe_report r = probe(s, options_of(s));
    BOOST_TEST(r.error() == make_error_code(errc::open_connect_failed));
    BOOST_TEST(r.ssh_works());
    BOOST_REQUIRE(r.steps.size() == 2U);
    BOOST_TEST(!r.steps[0].error);
    const std::string& text = r.steps[1].text;
    BOOST_TEST(text.find("Connection refused") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(an_open_that_is_not_answered_has_its_deadline) {
    tunnel_scene s;
    s.script = [](tunnel_peer& peer) -> task<> {
        co_await peer.server->make_ready();
        co_await peer.server->expect_end();
    };
    probe_options o = options_of(s);
    o.target_timeout = seconds(3);
    const probe_report r = probe(s, std::move(o));
    BOOST_TEST(r.error() == make_error_code(errc::deadline_exceeded));
    BOOST_TEST((r.steps.back().took >= seconds(3)));
    BOOST_TEST((r.steps.back().took < seconds(4)));
}

BOOST_AUTO_TEST_CASE(a_login_that_hangs_has_its_deadline) {
    tunnel_scene s;
    s.script = [](tunnel_peer& peer) -> task<> { co_await peer.server->greet(); };
    probe_options o = options_of(s);
    o.ssh_timeout = seconds(2);
    const probe_report r = probe(s, std::move(o));
    BOOST_TEST(r.error() == make_error_code(errc::deadline_exceeded));
    BOOST_TEST((r.steps.back().took < seconds(4)));
}

BOOST_AUTO_TEST_CASE(a_check_that_hangs_has_its_deadline) {
    tunnel_scene s;
    probe_options o = options_of(s);
    o.check_timeout = seconds(2);
    o.check = [](channel& stream) -> task<std::string> {
        std::array<char, 8> room{};
        auto reading = stream.async_read_some(asio::buffer(room), asio::deferred);
        static_cast<void>(co_await std::move(reading));
        co_return "it says something";
    };
    const probe_report r = probe(s, std::move(o));
    BOOST_REQUIRE(r.steps.size() == 3U);
    BOOST_TEST(!r.steps[1].error);
    BOOST_TEST(r.error() == make_error_code(errc::deadline_exceeded));
}

BOOST_AUTO_TEST_CASE(t28_cancelled_it_leaves_nothing) {
    tunnel_scene s;
    asio::cancellation_signal stop;
    std::optional<error_code> told;
    const auto handler = [&told](error_code ec, const probe_report&) { told = ec; };
    async_probe(s.ctx.get_executor(), options_of(s),
                asio::bind_cancellation_slot(stop.slot(), handler));
    s.ctx.restart();
    for (int i = 0; i < 10; ++i) s.ctx.poll_one();
    stop.emit(asio::cancellation_type::terminal);
    s.clock.advance(milliseconds(1200));
    BOOST_TEST((told == make_error_code(asio::error::operation_aborted)));
}

BOOST_AUTO_TEST_SUITE_END()
