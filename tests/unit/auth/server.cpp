// adit/auth/server.hpp and the server's methods: logins at a server, message by message, by honest
// clients and by others.
#include "support/server_scene.hpp"

using namespace adit;
using namespace adit::test;
using wire::message_id;

BOOST_AUTO_TEST_SUITE(auth_server)

BOOST_AUTO_TEST_CASE(a_key_logs_in_and_is_who_it_is) {
    server_scene s;
    s.make_ready();
    BOOST_TEST(s.peer().who().user == "alice");
    BOOST_TEST(s.peer().who().key_fingerprint == keys::fingerprint(sample_public_key(7)));
    BOOST_REQUIRE(s.events.size() == 1U);
    BOOST_TEST((s.events[0].what == audit_event::kind::login));
    BOOST_TEST(s.events[0].source == "192.0.2.7:40312");
    s.finish();
}

BOOST_AUTO_TEST_CASE(c31_none_is_not_counted_and_says_what_there_is) {
    server_scene s;
    s.options->methods = {{"publickey", "password"}, {"keyboard-interactive"}};
    s.options->limits.authentication_failures = 1;
    const auto asks = [&]() -> task<> {
        co_await s.client().shake();
        co_await s.client().begin_login();
        s.client().say(s.client().method_request("none"));
        co_await s.client().flush();
        const auto failure = co_await s.client().expect<wire::userauth_failure>();
        BOOST_TEST(failure.authentications_that_can_continue.names ==
                   "publickey,keyboard-interactive");
        BOOST_TEST(!failure.partial_success);
        const message_id answer = co_await s.client().ask(s.client().key_request(7, 7));
        BOOST_TEST(answer == message_id::userauth_failure);  // partial success
        const message_id last = co_await s.client().ask(s.client().password_request("open sesame"));
        BOOST_TEST(last == message_id::userauth_success);
    };
    BOOST_TEST(!s.handshake_against(asks));
    BOOST_TEST(s.peer().who().methods.size() == 2U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a06_the_key_that_verified_is_the_one_that_counts) {
    server_scene s;
    const auto cheats = [&]() -> task<> {
        co_await s.client().shake();
        co_await s.client().begin_login();
        const message_id wanted = co_await s.client().ask(s.client().key_query(7));
        BOOST_TEST(wanted == message_id::userauth_pk_ok);
        const message_id unwanted = co_await s.client().ask(s.client().key_query(8));
        BOOST_TEST(unwanted == message_id::userauth_failure);
        // Names the good key, signs with the other one.
        const message_id forged = co_await s.client().ask(s.client().key_request(7, 8));
        BOOST_TEST(forged == message_id::userauth_failure);
        const message_id other = co_await s.client().ask(s.client().key_request(8, 8));
        BOOST_TEST(other == message_id::userauth_failure);
        s.client().port().stream().close(detail::close_mode::orderly);
    };
    BOOST_TEST(s.handshake_against(cheats) == errc::connection_lost);
    BOOST_TEST(!s.peer().is_open());
    for (const std::string& asked : s.judge->asked) BOOST_TEST(!asked.starts_with("verified"));
}

BOOST_AUTO_TEST_CASE(c30_another_user_in_the_middle_ends_it) {
    server_scene s;
    s.options->methods = {{"publickey", "password"}};
    const auto cheats = [&]() -> task<> {
        co_await s.client().shake();
        co_await s.client().begin_login();
        const message_id partial = co_await s.client().ask(s.client().key_request(7, 7));
        BOOST_TEST(partial == message_id::userauth_failure);
        s.client().options_.user = "root";
        s.client().say(s.client().password_request("open sesame"));
        const disconnect_reason why = co_await s.client().expect_end();
        BOOST_TEST(why == disconnect_reason::protocol_error);
    };
    BOOST_TEST(s.handshake_against(cheats) == errc::authentication_identity_changed);
    BOOST_TEST(s.judge->asked.size() == 2U);
}

BOOST_AUTO_TEST_CASE(l05_the_sixth_failure_is_the_last) {
    server_scene s;
    s.options->methods = {{"password"}};
    const auto guesses = [&]() -> task<> {
        co_await s.client().shake();
        co_await s.client().begin_login();
        for (int i = 0; i < 5; ++i) {
            const message_id answer = co_await s.client().ask(s.client().password_request("guess"));
            BOOST_TEST(answer == message_id::userauth_failure);
        }
        s.client().say(s.client().password_request("guess"));
        const disconnect_reason why = co_await s.client().expect_end();
        BOOST_TEST(why == disconnect_reason::no_more_auth_methods_available);
    };
    BOOST_TEST(s.handshake_against(guesses) == errc::too_many_authentication_failures);
    BOOST_TEST(s.judge->asked.size() == 6U);
}

BOOST_AUTO_TEST_CASE(c37_a_dialogue_that_is_walked_away_from_is_charged_and_the_request_heard) {
    server_scene s;
    s.options->methods = {{"keyboard-interactive"}};
    s.options->limits.authentication_failures = 3;
    const auto walks = [&]() -> task<> {
        co_await s.client().shake();
        co_await s.client().begin_login();
        for (int i = 0; i < 3; ++i) {
            const message_id question =
                co_await s.client().ask(s.client().method_request("keyboard-interactive"));
            BOOST_TEST(question == message_id::userauth_info_request);
        }
        s.client().say(s.client().method_request("keyboard-interactive"));
        const disconnect_reason why = co_await s.client().expect_end();
        BOOST_TEST(why == disconnect_reason::no_more_auth_methods_available);
    };
    BOOST_TEST(s.handshake_against(walks) == errc::too_many_authentication_failures);
}

BOOST_AUTO_TEST_CASE(a01_success_from_a_client_ends_it) {
    server_scene s;
    const auto cheats = [&]() -> task<> {
        co_await s.client().shake();
        co_await s.client().begin_login();
        s.client().say(payload_of(wire::userauth_success{}));
        s.client().say(payload_of(wire::channel_open{"session", 5, 1000, 1000, {}}));
        static_cast<void>(co_await s.client().expect_end());
    };
    BOOST_TEST(s.handshake_against(cheats) == errc::unexpected_message);
    BOOST_TEST(s.judge->asked.empty());
    BOOST_TEST(s.peer().channels() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
