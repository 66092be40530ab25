// A tunnel that stays up (adit/tunnel.hpp, tunnel/keeper.hpp): what happens to local connections
// and to the port when the SSH connection is lost, when it is made again, and when it is not.
// Everything on the virtual clock; against real sshd in tests/integration/staying_up.cpp.
#include "support/tunnel_scene.hpp"

#include <boost/asio/detached.hpp>
#include <adit/auth/totp_source.hpp>

#include <set>

using namespace adit;
using namespace adit::test;
using kind = tunnel_event::kind;
using state = tunnel_state;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::vector<state> list(std::initializer_list<state> all) { return all; }

// What the server's ends do wrong, and what its local clients see.
void check_recovery(tunnel_scene& s, const std::function<void()>& fault, errc cause) {
    BOOST_REQUIRE(!s.start());
    const auto port = s.port();
    std::vector<local_client*> busy;
    for (int i = 0; i < 3; ++i) {
        busy.push_back(&s.dial());
        busy.back()->write("hello");
    }
    BOOST_REQUIRE(s.within(seconds(1), [&] { return busy.back()->got() == "hello"; }));
    fault();
    const auto all_reset = [&] {
        return std::ranges::all_of(busy, [](auto* one) { return one->was_reset(); });
    };
    BOOST_TEST(s.within(seconds(1), all_reset));
    BOOST_TEST((s.way().state() == state::waiting));
    const tunnel_event& lost = s.last(kind::state);
    BOOST_TEST(lost.error == make_error_code(cause));
    BOOST_TEST(lost.text.find("alice@server.test:22") != std::string::npos, lost.text);
    BOOST_TEST((lost.next >= milliseconds(100) && lost.next <= milliseconds(300)));
    BOOST_TEST(s.within(seconds(1), [&] { return s.way().state() == state::connected; }));
    BOOST_TEST((s.port() == port));
    BOOST_TEST(s.works());
    BOOST_TEST(s.states() ==
                   list({state::connected, state::waiting, state::reconnecting, state::connected}),
               boost::test_tools::per_element());
    BOOST_TEST(s.way().counters().reconnects == 1U);
    BOOST_TEST(s.way().last_failure().error == make_error_code(cause));
    BOOST_TEST(s.way().last_failure(0).error);
}

class one_signature final : public signer {
public:
    int asked = 0;

    [[nodiscard]] const keys::public_key& public_part() const noexcept override {
        return key_.public_part();
    }
    [[nodiscard]] std::string name() const override { return "once"; }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               bytes_view message) override {
        if (++asked > 1) co_return std::vector<byte>();
        co_return key_.sign(algorithm, message).value();
    }

private:
    keys::private_key key_ = sample_key(7);
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tunnel_reconnect)

BOOST_AUTO_TEST_CASE(t01_a_lost_connection_resets_its_clients_and_is_made_again) {
    tunnel_scene s;
    check_recovery(s, [&] { s.peers.front()->reset(); }, errc::connection_lost);
}

BOOST_AUTO_TEST_CASE(t02_so_is_one_that_ends_orderly) {
    tunnel_scene s;
    check_recovery(s, [&] { s.peers.front()->down->end_writing(); }, errc::connection_lost);
}

BOOST_AUTO_TEST_CASE(t02_the_reason_of_a_disconnect_is_in_the_event) {
    tunnel_scene s;
    const auto bye = [&] {
        test_server& server = *s.peers.front()->server;
        server.reply(wire::disconnect{11, "maintenance", ""});
        asio::co_spawn(s.ctx, server.flush(), asio::detached);
    };
    check_recovery(s, bye, errc::disconnected_by_peer);
    s.way().close();
    BOOST_TEST(s.way().info().peer_version == "SSH-2.0-test");
    BOOST_TEST(s.way().last_failure().text.find("maintenance") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(t01_attempts_become_rarer_and_the_port_stays) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    const auto port = s.port();
    s.refusal = errc::connection_refused;
    s.peers.front()->reset();
    s.clock.advance(std::chrono::minutes(10));
    // 0.2 s doubling to 30 s: about 26 in ten minutes, with dice.
    BOOST_TEST(s.attempts.size() > 18U);
    BOOST_TEST(s.attempts.size() < 48U);
    for (std::size_t i = 2; i < s.attempts.size(); ++i) {
        const auto pause = s.attempts[i] - s.attempts[i - 1];
        BOOST_TEST((pause >= milliseconds(100)));
        BOOST_TEST((pause <= seconds(30) + milliseconds(200)));
    }
    BOOST_TEST((s.port() == port));
    BOOST_TEST(s.way().last_failure().error == make_error_code(errc::connection_refused));
    s.refusal = {};
    BOOST_TEST(s.within(seconds(31), [&] { return s.way().state() == state::connected; }));
    BOOST_TEST(s.works());
}

BOOST_AUTO_TEST_CASE(t01_a_local_connection_hurries_an_attempt) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.refusal = errc::connection_refused;
    s.peers.front()->reset();
    s.clock.advance(std::chrono::minutes(5));
    // Behind the end of an attempt, wherever the schedule is.
    const std::size_t before = s.attempts.size();
    BOOST_REQUIRE(s.within(seconds(31), [&] { return s.attempts.size() > before; }));
    s.refusal = {};
    local_client& one = s.dial();
    one.write("now");
    BOOST_TEST(s.within(milliseconds(1100), [&] { return one.got() == "now"; }));
    BOOST_TEST(s.count(kind::held) == 1U);
}

BOOST_AUTO_TEST_CASE(t01_nobody_hurries_where_a_penalty_is_suspected) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.script = [](tunnel_peer& peer) -> task<> {
        peer.down->end_writing();
        co_return;
    };
    s.peers.front()->reset();
    BOOST_REQUIRE(s.within(seconds(1), [&] { return s.attempts.size() == 2; }));
    s.settle();
    BOOST_TEST((s.last(kind::state).next >= seconds(15)));
    const local_client& one = s.dial();
    s.clock.advance(milliseconds(14'500));
    BOOST_TEST(s.attempts.size() == 2U);
    BOOST_TEST(one.was_reset());
    s.script = tunnel_scene::serve;
    BOOST_TEST(s.within(seconds(9), [&] { return s.way().state() == state::connected; }));
}

BOOST_AUTO_TEST_CASE(t02_a_login_that_fails_ends_the_attempts) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.script = [](tunnel_peer& peer) -> task<> {
        co_await peer.server->shake();
        co_await peer.server->accept_service();
        static_cast<void>(co_await peer.server->expect<wire::userauth_request>());
        peer.server->reply(wire::userauth_failure{{"publickey"}, false});
        co_await peer.server->flush();
        co_await peer.server->expect_end();
    };
    s.peers.front()->reset();
    s.clock.advance(std::chrono::minutes(10));
    BOOST_TEST(s.attempts.size() == 2U);
    BOOST_TEST((s.way().state() == state::closed));
    BOOST_TEST(s.way().last_failure().error == make_error_code(errc::authentication_failed));
    BOOST_TEST(s.way().endpoints().at(0).port() == 0);
}

BOOST_AUTO_TEST_CASE(t26_another_host_key_ends_the_attempts) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.script = [](tunnel_peer& peer) -> task<> {
        peer.server->use_host_key(9);
        co_await peer.server->make_ready();
    };
    s.peers.front()->reset();
    s.clock.advance(std::chrono::minutes(10));
    BOOST_TEST(s.attempts.size() == 2U);
    BOOST_TEST((s.way().state() == state::closed));
    BOOST_TEST(s.last(kind::state).error == make_error_code(errc::host_key_changed));
    std::optional<error_code> told;
    s.way().async_wait_closed([&](error_code ec) { told = ec; });
    s.settle();
    BOOST_TEST((told == make_error_code(errc::host_key_changed)));
}

BOOST_AUTO_TEST_CASE(t29_a_first_start_that_fails_is_not_tried_again) {
    tunnel_scene s;
    s.refusal = errc::connection_refused;
    BOOST_TEST(s.start() == make_error_code(errc::connection_refused));
    s.clock.advance(std::chrono::minutes(1));
    BOOST_TEST(s.attempts.size() == 1U);
    BOOST_TEST((s.way().state() == state::closed));
    BOOST_TEST(s.way().endpoints().at(0).port() == 0);
}

BOOST_AUTO_TEST_CASE(t02_without_reconnection_a_loss_is_the_end) {
    tunnel_scene s;
    s.options.reconnect.enabled = false;
    BOOST_REQUIRE(!s.start());
    s.peers.front()->reset();
    s.clock.advance(std::chrono::minutes(1));
    BOOST_TEST(s.attempts.size() == 1U);
    BOOST_TEST(s.states() == list({state::connected, state::closed}),
               boost::test_tools::per_element());
    BOOST_TEST(s.last(kind::state).error == make_error_code(errc::connection_lost));
}

BOOST_AUTO_TEST_CASE(t27_who_comes_meanwhile_is_held_and_none_is_lost_silently) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.refusal = errc::connection_refused;
    s.peers.front()->reset();
    s.settle();
    std::vector<local_client*> all;
    for (int i = 0; i < 100; ++i) {
        all.push_back(&s.dial());
        all.back()->write("me");
        s.settle();
    }
    const auto resets = [&] {
        return std::ranges::count_if(all, [](auto* one) { return one->was_reset(); });
    };
    BOOST_TEST(s.count(kind::held) == 64U);
    BOOST_TEST(s.way().counters().held == 64U);
    BOOST_TEST(resets() == 36);
    BOOST_TEST(s.count(kind::refused) == 36U);
    s.refusal = {};
    const auto served = [&] {
        return std::ranges::count_if(all, [](auto* one) { return one->got() == "me"; }) == 64;
    };
    BOOST_TEST(s.within(seconds(5), served));
    BOOST_TEST(s.way().counters().connections == 64U);
    BOOST_TEST(s.way().counters().held == 0U);
}

BOOST_AUTO_TEST_CASE(t27_who_is_held_too_long_is_reset_and_told_why) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.refusal = errc::connection_refused;
    s.peers.front()->reset();
    s.settle();
    const local_client& one = s.dial();
    s.clock.advance(milliseconds(4900));
    BOOST_TEST(!one.end());
    BOOST_TEST(s.within(milliseconds(200), [&] { return one.was_reset(); }));
    const tunnel_event& event = s.last(kind::refused);
    BOOST_TEST(event.error == make_error_code(errc::connection_refused));
    BOOST_TEST(s.way().last_failure(0).error == event.error);
}

// However rare attempts have become, and more than once if need be.
BOOST_AUTO_TEST_CASE(t27_who_is_held_makes_attempts_come_every_second) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.refusal = errc::connection_refused;
    s.peers.front()->reset();
    s.clock.advance(std::chrono::minutes(5));
    const std::size_t before = s.attempts.size();
    local_client& one = s.dial();
    one.write("at last");
    s.clock.advance(milliseconds(3500));
    BOOST_TEST(s.attempts.size() - before >= 3U);
    BOOST_TEST(s.attempts.size() - before <= 5U);
    s.refusal = {};
    BOOST_TEST(s.within(milliseconds(1200), [&] { return one.got() == "at last"; }));
}

// The server took the open and died before it answered: nothing of the client's was sent yet.
BOOST_AUTO_TEST_CASE(t01_an_open_that_was_lost_with_the_connection_is_asked_again) {
    tunnel_scene s;
    s.script = [](tunnel_peer& peer) -> task<> {
        co_await peer.server->make_ready();
        static_cast<void>(co_await peer.server->expect<wire::channel_open>());
        peer.reset();
    };
    BOOST_REQUIRE(!s.start());
    s.script = tunnel_scene::serve;
    local_client& one = s.dial();
    one.write("patience");
    BOOST_TEST(s.within(seconds(2), [&] { return one.got() == "patience"; }));
    BOOST_TEST(s.count(kind::refused) == 0U);
}

BOOST_AUTO_TEST_CASE(t06_a_partition_that_heals_late_leaves_one_connection) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    const local_client& one = s.dial();
    s.settle();
    tunnel_peer& old = *s.peers.front();
    old.up->hold();
    old.down->hold();
    s.refusal = errc::connect_timed_out;
    // 30 s x 3 and the answer that does not come.
    BOOST_TEST(s.within(seconds(125), [&] { return s.way().state() != state::connected; }));
    BOOST_TEST(s.last(kind::state).error == make_error_code(errc::keepalive_lost));
    BOOST_TEST(one.was_reset());
    s.clock.advance(std::chrono::minutes(2));
    s.refusal = {};
    old.up->heal();
    old.down->heal();
    BOOST_TEST(s.within(seconds(31), [&] { return s.way().state() == state::connected; }));
    s.clock.advance(std::chrono::minutes(10));
    BOOST_TEST((s.way().state() == state::connected));
    BOOST_TEST(s.peers.size() == 2U);
    BOOST_TEST(std::ranges::count(s.states(), state::connected) == 2);
}

// The dice are the fixed ones; steps of the code are the wall's, which stands still here.
BOOST_AUTO_TEST_CASE(t25_a_code_is_never_sent_twice) {
    tunnel_scene s;
    std::uint64_t wall = 1'000'000'005;
    std::vector<seconds> pauses;
    used_steps used;
    totp_source::clock time;
    time.now = [&] { return wall; };
    time.pause = [&](seconds length) -> task<> {
        pauses.push_back(length);
        wall += static_cast<std::uint64_t>(length.count());
        co_return;
    };
    auto secret = crypto::totp::from_base32("JBSWY3DPEHPK3PXP", {});
    BOOST_REQUIRE(secret.has_value());
    auto codes = std::make_shared<totp_source>(std::move(*secret), time, used);
    std::vector<std::string> sent;
    s.login.codes = codes;
    s.login.credentials = {
        prompt_responder([&, codes](const prompt_question& q) -> task<std::vector<secret_bytes>> {
            std::vector<secret_bytes> answers;
            answers.push_back(co_await codes->code(q));
            sent.emplace_back(answers.back().begin(), answers.back().end());
            co_return answers;
        })};
    s.script = [](tunnel_peer& peer) -> task<> {
        test_server& server = *peer.server;
        co_await server.shake();
        co_await server.accept_service();
        static_cast<void>(co_await server.expect<wire::userauth_request>());
        server.reply(wire::userauth_failure{{"keyboard-interactive"}, false});
        co_await server.flush();
        static_cast<void>(co_await server.expect<wire::userauth_request>());
        std::vector<byte> prompt(64);
        wire::writer w(prompt);
        wire::put_fields(w, wire::userauth_prompt{"Verification code: ", false});
        prompt.resize(w.size());
        server.reply(wire::userauth_info_request{"", "", "", 1, {prompt}});
        co_await server.flush();
        static_cast<void>(co_await server.expect<wire::userauth_info_response>());
        server.reply(wire::userauth_success{});
        co_await server.flush();
        co_await server.echo();
    };
    BOOST_REQUIRE(!s.start());
    for (int i = 0; i < 3; ++i) {
        s.peers.back()->reset();
        BOOST_REQUIRE(s.within(seconds(2), [&] { return s.way().state() != state::connected; }));
        BOOST_REQUIRE(s.within(seconds(9), [&] { return s.way().state() == state::connected; }));
    }
    BOOST_TEST(sent.size() == 4U);
    BOOST_TEST(std::set<std::string>(sent.begin(), sent.end()).size() == 4U);
    BOOST_TEST(pauses.size() >= 3U);
}

BOOST_AUTO_TEST_CASE(t25_who_gives_up_at_a_prompt_is_asked_no_more) {
    tunnel_scene s;
    int asked = 0;
    s.login.credentials = {password_source([&](const password_question&) -> task<secret_bytes> {
        const std::size_t size = ++asked == 1 ? 1 : 0;
        co_return secret_bytes(size, 'x');
    })};
    BOOST_REQUIRE(!s.start());
    s.peers.back()->reset();
    s.clock.advance(std::chrono::minutes(10));
    BOOST_TEST(asked == 2);
    BOOST_TEST(s.attempts.size() == 2U);
    BOOST_TEST((s.way().state() == state::closed));
    BOOST_TEST(is_final(s.last(kind::state).error), s.last(kind::state).error.message());
}

// An agent that has died, or has lost the key: another attempt would be another failed login.
BOOST_AUTO_TEST_CASE(t25_a_key_that_signs_no_more_is_final) {
    tunnel_scene s;
    const auto key = std::make_shared<one_signature>();
    s.login.credentials = {std::shared_ptr<signer>(key)};
    BOOST_REQUIRE(!s.start());
    s.peers.back()->reset();
    s.clock.advance(std::chrono::minutes(10));
    BOOST_TEST(key->asked == 2);
    BOOST_TEST(s.attempts.size() == 2U);
    BOOST_TEST((s.way().state() == state::closed));
    BOOST_TEST(is_final(s.last(kind::state).error), s.last(kind::state).error.message());
}

BOOST_AUTO_TEST_CASE(t22_without_a_descriptor_to_dial_with_it_tries_again) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.refusal = make_error_code(boost::system::errc::too_many_files_open);
    s.peers.back()->reset();
    s.clock.advance(std::chrono::minutes(1));
    BOOST_TEST((s.way().state() == state::waiting));
    BOOST_TEST(s.attempts.size() < 20U);
    s.refusal = {};
    BOOST_TEST(s.within(seconds(31), [&] { return s.works(); }));
}

BOOST_AUTO_TEST_CASE(t29_a_listener_that_breaks_is_made_again_at_its_port) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    const auto port = s.port();
    BOOST_REQUIRE(s.break_listener());
    BOOST_TEST(s.within(seconds(1), [&] { return s.count(kind::unbound) == 1; }));
    BOOST_TEST(s.within(seconds(1), [&] { return s.count(kind::bound) == 1; }));
    BOOST_TEST((s.port() == port));
    BOOST_TEST(s.works());
    BOOST_TEST(s.way().last_failure(0).error);
}

BOOST_AUTO_TEST_CASE(counters_count_and_a_keepalive_measures) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    BOOST_TEST(s.works());
    tunnel_counters c = s.way().counters();
    BOOST_TEST(c.connections == 1U);
    BOOST_TEST(c.open == 0U);
    BOOST_TEST(c.bytes_up == 14U);
    BOOST_TEST(c.bytes_down == 14U);
    BOOST_TEST(c.round_trip.count() == 0);
    tunnel_peer& peer = *s.peers.front();
    peer.down->hold();
    s.clock.advance(seconds(31));
    s.clock.advance(milliseconds(250), milliseconds(10));
    peer.down->heal();
    s.settle();
    s.clock.advance(seconds(1));
    c = s.way().counters();
    BOOST_TEST((c.round_trip.count() > 0));
}

BOOST_AUTO_TEST_SUITE_END()
