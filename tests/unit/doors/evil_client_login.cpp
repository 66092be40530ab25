// A server against clients that are evil in the login (attack table, server role: A01, A07, A09,
// A16; C30, C36, C37, L05, L07): tries end at their caps, and dialogues that do not fit are
// failures. The first such cases are in auth/server.cpp; signatures are in evil_client_keys.cpp,
// and authenticators that fail in evil_client_answers.cpp.
#include "unit/doors/evil_client.hpp"

#include <functional>

using namespace adit;
using namespace adit::test;
using wire::message_id;

namespace {

using octets = std::vector<byte>;

/// Asks so often, each answered with a failure; the request behind them ends the connection.
error_code end_behind(attack& a, std::size_t answered, const std::function<octets()>& request) {
    return a.meets_login([&]() -> task<> {
        for (std::size_t i = 0; i < answered; ++i) {
            const message_id answer = co_await a.c().ask(request());
            BOOST_TEST(answer == message_id::userauth_failure);
        }
        a.c().say(request());
    });
}

/// What the server says to this answer in a dialogue of one prompt.
message_id answer_to_response(attack& a, const octets& response) {
    message_id answer{};
    const auto plays = [&]() -> task<> {
        co_await a.c().shake();
        co_await a.c().begin_login();
        const message_id asked = co_await a.c().ask(a.c().method_request("keyboard-interactive"));
        BOOST_TEST(asked == message_id::userauth_info_request);
        answer = co_await a.c().ask(response);
        a.c().port().stream().close(detail::close_mode::orderly);
    };
    static_cast<void>(a.s.handshake_against(plays));
    return answer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_client_login)

BOOST_AUTO_TEST_CASE(a01_what_only_a_server_says_logs_nobody_in) {
    for (const unsigned number : {51U, 52U, 53U, 60U, 62U, 6U, 5U, 20U, 21U, 30U, 31U}) {
        attack a;
        const error_code ec = a.meets_login([&]() -> task<> {
            octets payload(40, 0);
            payload[0] = static_cast<byte>(number);
            a.c().say(payload);
            a.c().say(session_open(5));
            co_return;
        });
        BOOST_TEST(ec == errc::unexpected_message, "message " << number << ": " << ec);
        BOOST_TEST(a.judge->wanted + a.judge->passwords == 0U);
    }
}

// CVE-2026-39828: what was passed as one user is nobody else's, by whatever method.
BOOST_AUTO_TEST_CASE(a07_c30_a_factor_of_one_user_is_worth_nothing_to_another) {
    for (const std::string second : {"publickey", "keyboard-interactive", "none", "password"}) {
        attack a;
        a.s.options->methods = {{"password", "publickey"}, {"password", "keyboard-interactive"}};
        const error_code ec = a.meets_login([&]() -> task<> {
            const message_id partial = co_await a.c().ask(a.c().password_request("x"));
            BOOST_TEST(partial == message_id::userauth_failure);
            a.c().options_.user = "root";
            a.c().say(a.c().method_request(second));
        });
        BOOST_TEST(ec == errc::authentication_identity_changed);
        BOOST_TEST(a.told == disconnect_reason::protocol_error);
    }
}

BOOST_AUTO_TEST_CASE(a07_c30_a_name_that_only_looks_the_same_is_another_one) {
    const std::vector<std::string> names{"Alice", "alice ", "alic", "", std::string("alice\0", 6)};
    for (const std::string& name : names) {
        attack a;
        const error_code ec = a.meets_login([&]() -> task<> {
            static_cast<void>(co_await a.c().ask(a.c().method_request("none")));
            a.c().options_.user = name;
            a.c().say(a.c().key_request(7, 7));
        });
        BOOST_TEST(ec == errc::authentication_identity_changed);
        BOOST_TEST(a.judge->verified == 0U);
    }
}

BOOST_AUTO_TEST_CASE(c30_another_service_than_the_connection_ends_it) {
    for (const std::string_view service :
         {"", "ssh-userauth", "ssh-connection ", "SSH-CONNECTION"}) {
        attack a;
        const error_code ec = a.meets_login([&]() -> task<> {
            a.c().say(payload_of(wire::userauth_request{"alice", service, "none", {}}));
            co_return;
        });
        BOOST_TEST(ec == errc::service_refused);
        BOOST_TEST(a.told == disconnect_reason::service_not_available);
    }
}

// 10^5 of whatever costs the client nothing: the cap of all requests ends it, or an earlier one.
BOOST_AUTO_TEST_CASE(a07_probes_and_abandoned_dialogues_end_at_their_caps) {
    const std::vector<std::string> kinds{"wanted", "unwanted", "dialogue", "mixture"};
    for (const std::string& kind : kinds) {
        attack a;
        a.s.options->methods = {{"publickey"}, {"keyboard-interactive"}};
        if (kind == "unwanted") a.s.options->authentication = a.s.judge;
        std::size_t heard = 0;
        const error_code ec = a.meets_login([&]() -> task<> {
            const octets query = a.c().key_query(8);
            const octets dialogue = a.c().method_request("keyboard-interactive");
            try {
                for (std::size_t i = 0; i < 100'000; ++i) {
                    const bool asks = kind == "dialogue" || (kind == "mixture" && i % 40 == 39);
                    const octets& request = asks ? dialogue : query;
                    const message_id answer = co_await a.c().ask(request);
                    if (answer == message_id::disconnect) break;
                    ++heard;
                }
            } catch (const boost::system::system_error&) {
                // The server has gone.
            }
        });
        BOOST_TEST(ec == errc::too_many_authentication_failures, kind << ": " << ec);
        const std::size_t cap = kind == "unwanted" ? 32 : kind == "dialogue" ? 6 : 128;
        BOOST_TEST(heard <= cap, kind << ": " << heard);
        BOOST_TEST(heard + 3 > cap, kind << ": " << heard);
    }
}

BOOST_AUTO_TEST_CASE(l05_requests_and_refused_queries_at_the_cap_and_one_past_it) {
    {
        attack a;
        const error_code ec = a.meets_login([&]() -> task<> {
            for (int i = 0; i < 128; ++i) {
                const message_id answer = co_await a.c().ask(a.c().key_query(8));
                BOOST_TEST(answer == message_id::userauth_pk_ok);
            }
            a.c().say(a.c().key_query(8));
        });
        BOOST_TEST(ec == errc::too_many_authentication_failures);
        BOOST_TEST(a.judge->wanted == 128U);
    }
    attack a;
    a.s.options->authentication = a.s.judge;
    BOOST_TEST(end_behind(a, 32, [&] { return a.c().key_query(8); }) ==
               errc::too_many_authentication_failures);
    BOOST_TEST(a.told == disconnect_reason::no_more_auth_methods_available);
}

// A login at the last try is a login.
BOOST_AUTO_TEST_CASE(l05_the_last_try_of_each_kind_still_counts) {
    server_scene s;
    const auto logs_in = [&]() -> task<> {
        co_await s.client().shake();
        co_await s.client().begin_login();
        for (int i = 0; i < 32; ++i) {
            static_cast<void>(co_await s.client().ask(s.client().key_query(8)));
        }
        for (int i = 0; i < 5; ++i) {
            static_cast<void>(co_await s.client().ask(s.client().key_request(8, 8)));
        }
        for (int i = 0; i < 90; ++i) {
            static_cast<void>(co_await s.client().ask(s.client().key_query(7)));
        }
        const message_id answer = co_await s.client().ask(s.client().key_request(7, 7));
        BOOST_TEST(answer == message_id::userauth_success);
    };
    BOOST_TEST(!s.handshake_against(logs_in));
    s.finish();
}

BOOST_AUTO_TEST_CASE(l05_methods_that_are_not_offered_and_none_again_are_counted) {
    for (const std::string method : {"password", "hostbased", "x", "none"}) {
        attack a;
        const std::size_t free_one = method == "none" ? 1 : 0;
        const error_code ec =
            end_behind(a, 5 + free_one, [&] { return a.c().method_request(method); });
        BOOST_TEST(ec == errc::too_many_authentication_failures, method);
    }
}

BOOST_AUTO_TEST_CASE(l07_names_at_the_cap_and_one_past_it) {
    struct row {
        std::size_t user, method;
        bool fits;
    };
    for (const row& r : std::vector<row>{
             {255, 4, true}, {256, 4, false}, {5, 64, true}, {5, 65, false}, {40'000, 4, false}}) {
        attack a;
        const std::string user(r.user, 'u');
        const std::string method(r.method, 'm');
        message_id answer{};
        const error_code ec = a.meets_login([&]() -> task<> {
            a.c().say(payload_of(wire::userauth_request{user, "ssh-connection", method, {}}));
            if (!r.fits) co_return;
            co_await a.c().flush();
            static_cast<void>(co_await a.c().expect<wire::userauth_failure>());
            answer = message_id::userauth_failure;
            a.c().port().stream().close(detail::close_mode::orderly);
        });
        BOOST_TEST((ec == errc::field_too_long) == !r.fits);
        BOOST_TEST((answer == message_id::userauth_failure) == r.fits);
    }
}

BOOST_AUTO_TEST_CASE(l07_a_packet_before_the_login_at_the_cap_and_one_past_it) {
    for (const bool fits : {true, false}) {
        attack a;
        const error_code ec = a.meets_login([&]() -> task<> {
            // A block of 16, so that the next size is a block larger.
            const std::size_t size = 64 * 1024 - 64 + (fits ? 0 : 128);
            a.c().say(payload_of(wire::ignore{octets(size, 'x')}));
            const octets goodbye = payload_of(wire::disconnect{11, "", ""});
            a.c().say(goodbye);
            co_return;
        });
        if (fits) {
            BOOST_TEST(ec == errc::disconnected_by_peer);
        } else {
            BOOST_TEST(ec == errc::invalid_packet_length);
        }
    }
}

// CVE-2016-6515.
BOOST_AUTO_TEST_CASE(a16_l07_a_password_at_the_cap_is_looked_at_and_a_longer_one_is_not) {
    for (const std::size_t size : {std::size_t{1024}, std::size_t{1025}, std::size_t{60'000}}) {
        attack a;
        a.s.options->methods = {{"password"}};
        message_id answer{};
        const auto plays = [&]() -> task<> {
            co_await a.c().shake();
            co_await a.c().begin_login();
            answer = co_await a.c().ask(a.c().password_request(std::string(size, 'p')));
            a.c().port().stream().close(detail::close_mode::orderly);
        };
        static_cast<void>(a.s.handshake_against(plays));
        const bool fits = size <= 1024;
        BOOST_TEST((answer == message_id::userauth_success) == fits);
        BOOST_TEST(a.judge->passwords == (fits ? 1U : 0U));
        BOOST_TEST(a.judge->last_size == (fits ? 1024U : 0U));
    }
    attack a;
    a.s.options->methods = {{"password"}};
    const error_code ec = a.meets_login([&]() -> task<> {
        a.c().say(a.c().password_request(std::string(std::size_t{1} << 20U, 'p')));
        co_return;
    });
    BOOST_TEST(ec == errc::invalid_packet_length);
    BOOST_TEST(a.judge->passwords == 0U);
}

// CVE-2015-5600: a list of devices multiplies nothing.
BOOST_AUTO_TEST_CASE(a16_submethods_change_nothing_and_tries_stay_capped) {
    attack a;
    a.s.options->methods = {{"keyboard-interactive"}};
    a.s.options->authentication = a.s.judge;
    std::string devices;
    for (int i = 0; i < 10'000; ++i) devices += "pam,";
    wire::userauth_keyboard_interactive_request m;
    m.user_name = "alice";
    m.service_name = "ssh-connection";
    m.submethods = devices;
    const octets request = payload_of(m);
    const octets guess = info_response(1, {"guess"});
    std::size_t prompts = 0;
    const error_code ec = a.meets_login([&]() -> task<> {
        for (;;) {
            const message_id asked = co_await a.c().ask(request);
            if (asked != message_id::userauth_info_request) co_return;
            ++prompts;
            const message_id answer = co_await a.c().ask(guess);
            if (answer != message_id::userauth_failure) co_return;
        }
    });
    BOOST_TEST(ec == errc::too_many_authentication_failures);
    BOOST_TEST(prompts == 6U);
}

// CVE-2024-45337: to be wanted is not to have proved anything.
BOOST_AUTO_TEST_CASE(c32_a_wanted_key_is_echoed_and_changes_nothing) {
    attack a;
    a.s.options->methods = {{"publickey", "password"}};
    const error_code ec = a.meets_login([&]() -> task<> {
        a.c().say(a.c().key_query(7));
        co_await a.c().flush();
        const auto m = co_await a.c().expect<wire::userauth_pk_ok>();
        BOOST_TEST(m.algorithm_name == "ssh-ed25519");
        const keys::public_key key = sample_public_key(7);
        BOOST_TEST(std::ranges::equal(m.public_key, key.blob()));
        a.c().say(a.c().password_request("x"));
        co_await a.c().flush();
        const auto answer = co_await a.c().expect<wire::userauth_failure>();
        BOOST_TEST(!answer.partial_success);
        BOOST_TEST(answer.authentications_that_can_continue.names == "publickey");
        a.c().port().stream().close(detail::close_mode::orderly);
    });
    BOOST_TEST(ec == errc::connection_lost);
    BOOST_TEST(a.judge->verified + a.judge->passwords == 0U);
}

BOOST_AUTO_TEST_CASE(c31_two_keys_are_two_keys) {
    attack a;
    a.s.options->methods = {{"publickey", "publickey"}};
    const auto logs_in = [&]() -> task<> {
        co_await a.c().shake();
        co_await a.c().begin_login();
        for (const bool first : {true, false}) {
            a.c().say(a.c().key_request(7, 7));
            co_await a.c().flush();
            const auto m = co_await a.c().expect<wire::userauth_failure>();
            BOOST_TEST(m.partial_success == first);
        }
        const message_id other = co_await a.c().ask(a.c().key_request(8, 8));
        BOOST_TEST(other == message_id::userauth_success);
    };
    BOOST_TEST(!a.s.handshake_against(logs_in));
    a.s.finish();
}

BOOST_AUTO_TEST_CASE(c36_a_change_of_the_password_is_refused_and_not_looked_at) {
    attack a;
    a.s.options->methods = {{"password"}};
    message_id answer{};
    const octets new_one{0, 0, 0, 3, 'n', 'e', 'w'};
    const auto plays = [&]() -> task<> {
        co_await a.c().shake();
        co_await a.c().begin_login();
        octets request = a.c().password_request("old");
        const auto password = std::ranges::search(request, as_bytes("password"));
        *password.end() = 1;
        request.insert(request.end(), new_one.begin(), new_one.end());
        answer = co_await a.c().ask(request);
        a.c().port().stream().close(detail::close_mode::orderly);
    };
    static_cast<void>(a.s.handshake_against(plays));
    BOOST_TEST(answer == message_id::userauth_failure);
    BOOST_TEST(a.judge->passwords == 0U);
}

BOOST_AUTO_TEST_CASE(c37_answers_that_do_not_fit_the_prompts_are_a_failure) {
    octets trailing = info_response(1, {"123456"});
    trailing.push_back(0);
    octets cut = info_response(1, {"123456"});
    cut.pop_back();
    const std::vector<octets> responses{info_response(2, {"123456", "123456"}),
                                        info_response(0, {}),
                                        info_response(1, {}),
                                        info_response(0xffffffff, {"123456"}),
                                        info_response(1, {"123456", "x"}),
                                        info_response(2, {"123456"}),
                                        info_response(1, {std::string(1025, 'x')}),
                                        trailing,
                                        cut,
                                        {61}};
    for (const octets& response : responses) {
        attack a;
        a.s.options->methods = {{"keyboard-interactive"}};
        const message_id answer = answer_to_response(a, response);
        BOOST_TEST(answer == message_id::userauth_failure, to_hex(response));
        BOOST_TEST(a.judge->dialogues == 0U);
    }
    attack a;
    a.s.options->methods = {{"keyboard-interactive"}};
    const message_id right = answer_to_response(a, info_response(1, {"123456"}));
    BOOST_TEST(right == message_id::userauth_success);
}

BOOST_AUTO_TEST_CASE(c37_a_dialogue_without_prompts_wants_an_answer_without_answers) {
    for (const std::uint32_t count : {0U, 1U}) {
        attack a;
        a.judge->prompts = 0;
        a.s.options->methods = {{"keyboard-interactive"}};
        const message_id answer = answer_to_response(a, info_response(count, {}));
        BOOST_TEST((answer == message_id::userauth_success) == (count == 0));
    }
}

// An authenticator that asks too much is at fault, and nobody gets in by that.
BOOST_AUTO_TEST_CASE(l07_thirty_two_prompts_are_the_most) {
    for (const std::size_t prompts : {std::size_t{32}, std::size_t{33}}) {
        attack a;
        a.judge->prompts = prompts;
        a.s.options->methods = {{"keyboard-interactive"}};
        message_id answer{};
        const auto plays = [&]() -> task<> {
            co_await a.c().shake();
            co_await a.c().begin_login();
            answer = co_await a.c().ask(a.c().method_request("keyboard-interactive"));
            a.c().port().stream().close(detail::close_mode::orderly);
        };
        static_cast<void>(a.s.handshake_against(plays));
        BOOST_TEST((answer == message_id::userauth_info_request) == (prompts == 32));
        BOOST_TEST((answer == message_id::userauth_failure) == (prompts == 33));
    }
}

BOOST_AUTO_TEST_CASE(c37_an_answer_that_nobody_asked_for_ends_it) {
    const octets unasked = info_response(1, {"123456"});
    {
        attack a;
        a.s.options->methods = {{"keyboard-interactive"}};
        const error_code ec = a.meets_login([&]() -> task<> {
            a.c().say(unasked);
            co_return;
        });
        BOOST_TEST(ec == errc::unexpected_message);
    }
    attack b;
    const octets too_few = info_response(0, {});
    const octets right = info_response(1, {"123456"});
    b.s.options->methods = {{"keyboard-interactive"}};
    const error_code ec = b.meets_login([&]() -> task<> {
        static_cast<void>(co_await b.c().ask(b.c().method_request("keyboard-interactive")));
        static_cast<void>(co_await b.c().ask(too_few));
        b.c().say(right);
    });
    BOOST_TEST(ec == errc::unexpected_message);
    BOOST_TEST(b.judge->dialogues == 0U);
}

// C13: a request that cannot be read to its end is no request.
BOOST_AUTO_TEST_CASE(c13_requests_that_do_not_end_where_they_should_end_the_connection) {
    attack model;
    const octets query = model.c().key_query(7);
    const octets password = model.c().password_request("open sesame");
    const octets dialogue = model.c().method_request("keyboard-interactive");
    for (const octets& request : {query, password, dialogue}) {
        for (const bool longer : {true, false}) {
            attack a;
            a.s.options->methods = {{"publickey"}, {"password"}, {"keyboard-interactive"}};
            const error_code ec = a.meets_login([&]() -> task<> {
                octets bad = request;
                if (longer) {
                    bad.push_back(0);
                } else {
                    bad.pop_back();
                }
                a.c().say(bad);
                co_return;
            });
            BOOST_TEST((ec == errc::trailing_bytes || ec == errc::message_truncated), ec);
            BOOST_TEST(a.judge->wanted + a.judge->passwords == 0U);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
