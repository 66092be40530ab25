// A server against clients that are evil before the login (attack table, server role: A02, A03,
// A04, A05, A08, A09, A32, C02, C24-C29): what they send is refused, nobody is asked for anything,
// and no channel opens. Values of key exchange and signatures are in evil_client_keys.cpp.
#include "unit/doors/evil_client.hpp"

using namespace adit;
using namespace adit::test;
using wire::message_id;

namespace {

using octets = std::vector<byte>;

/// A message of this number, long enough for every field of a fixed size.
octets message_of(unsigned number) {
    octets payload(40, 0);
    payload[0] = static_cast<byte>(number);
    return payload;
}

void nobody_was_asked(const attack& a) {
    BOOST_TEST(a.judge->wanted + a.judge->verified + a.judge->passwords + a.judge->dialogues == 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_client)

// CVE-2025-32433, CVE-2024-2873, CVE-2018-7750.
BOOST_AUTO_TEST_CASE(a02_no_message_of_the_connection_is_taken_before_keys) {
    for (unsigned number = 80; number <= 100; ++number) {
        for (const message_id place : {message_id::kexinit, message_id::kex_ecdh_init,
                                       message_id::newkeys, message_id::service_request}) {
            for (const bool strict : {true, false}) {
                attack a;
                a.s.client_options.strict = strict;
                a.c().port().inject_before(place, message_of(number));
                const error_code ec = a.meets(a.honest_but_for_what_was_injected());
                BOOST_TEST(refused_by_the_gate(ec), "message " << number << " before "
                                                               << static_cast<int>(place) << ": "
                                                               << ec);
                nobody_was_asked(a);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a02_no_message_of_the_connection_is_taken_before_the_login_is_complete) {
    for (unsigned number = 80; number <= 100; ++number) {
        for (const std::string_view before : {"nothing", "none", "dialogue", "factor"}) {
            attack a;
            a.s.options->methods = {{"password", "publickey"}, {"keyboard-interactive"}};
            const error_code ec = a.meets_login([&]() -> task<> {
                if (before == "none") {
                    static_cast<void>(co_await a.c().ask(a.c().method_request("none")));
                } else if (before == "dialogue") {
                    a.c().say(a.c().method_request("keyboard-interactive"));
                    co_await a.c().flush();
                    static_cast<void>(co_await a.c().expect<wire::userauth_info_request>());
                } else if (before == "factor") {
                    a.c().say(a.c().password_request("x"));
                    co_await a.c().flush();
                    const auto m = co_await a.c().expect<wire::userauth_failure>();
                    BOOST_TEST(m.partial_success);
                }
                a.c().say(message_of(number));
                a.c().say(session_open(5));
            });
            BOOST_TEST(ec == errc::unexpected_message,
                       "message " << number << " behind " << before << ": " << ec);
            BOOST_TEST(a.told == disconnect_reason::protocol_error);
        }
    }
}

// CVE-2018-10933: what only a server may say, and what belongs into a later phase.
BOOST_AUTO_TEST_CASE(a03_no_message_of_a_later_phase_is_taken_before_newkeys) {
    attack model;
    const std::vector<octets> messages{payload_of(wire::service_request{"ssh-userauth"}),
                                       payload_of(wire::service_accept{"ssh-userauth"}),
                                       payload_of(wire::userauth_success{}),
                                       model.c().password_request("open sesame"),
                                       model.c().method_request("none"),
                                       info_response(0, {}),
                                       payload_of(wire::ext_info{0, {}}),
                                       message_of(60),
                                       message_of(192)};
    for (const octets& message : messages) {
        for (const message_id place :
             {message_id::kexinit, message_id::kex_ecdh_init, message_id::newkeys}) {
            for (const bool strict : {true, false}) {
                attack a;
                a.s.client_options.strict = strict;
                a.c().port().inject_before(place, message);
                const error_code ec = a.meets(a.honest_but_for_what_was_injected());
                BOOST_TEST(refused_by_the_gate(ec), "message " << int(message[0]) << " before "
                                                               << static_cast<int>(place) << ": "
                                                               << ec);
                nobody_was_asked(a);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a03_a_skipped_message_of_the_exchange_is_missed) {
    for (const message_id skipped :
         {message_id::kexinit, message_id::kex_ecdh_init, message_id::newkeys}) {
        for (const bool strict : {true, false}) {
            attack a;
            a.s.client_options.strict = strict;
            a.c().port().skip(skipped);
            const error_code ec = a.meets([&]() -> task<> {
                co_await a.c().greet();
                if (skipped == message_id::kexinit) {
                    a.c().say(payload_of(wire::kex_ecdh_init{octets(32, 9)}));
                    co_return;
                }
                a.c().say(payload_of(wire::service_request{"ssh-userauth"}));
                a.c().say(a.c().password_request("x"));
            });
            BOOST_TEST(refused_by_the_gate(ec));
            nobody_was_asked(a);
        }
    }
}

// A client that goes on in clear where it should have changed keys.
BOOST_AUTO_TEST_CASE(a03_nothing_is_taken_in_clear_behind_the_exchange) {
    attack a;
    a.c().port().inject_before(message_id::newkeys, message_of(21));
    const error_code ec = a.meets(a.honest_but_for_what_was_injected());
    BOOST_TEST(ec == errc::trailing_bytes);
    nobody_was_asked(a);
}

BOOST_AUTO_TEST_CASE(a03_a_request_without_the_service_is_refused) {
    attack a;
    const error_code ec = a.meets([&]() -> task<> {
        co_await a.c().shake();
        a.c().say(a.c().password_request("x"));
    });
    BOOST_TEST(ec == errc::unexpected_message);
    nobody_was_asked(a);
}

// Terrapin, CVE-2023-48795: an IGNORE before NEWKEYS, so that a message behind it can be cut off.
BOOST_AUTO_TEST_CASE(a04_what_is_slipped_in_before_newkeys_is_found_under_every_cipher) {
    for (const std::string cipher :
         {"chacha20-poly1305@openssh.com", "aes256-ctr", "aes256-gcm@openssh.com"}) {
        attack a;
        for (algorithm_preferences* p :
             {&a.s.options->algorithms, &a.s.client_options.algorithms}) {
            p->ciphers = cipher;
            p->macs = "hmac-sha2-256-etm@openssh.com";
        }
        a.c().port().inject_before(message_id::newkeys, payload_of(wire::ignore{as_bytes("x")}));
        const error_code ec = a.meets(a.honest_but_for_what_was_injected());
        BOOST_TEST(ec == errc::strict_kex_violation);
    }
}

BOOST_AUTO_TEST_CASE(a04_a_client_that_is_not_strict_can_be_refused_where_it_matters) {
    struct row {
        const char *cipher, *mac;
        bool matters;
    };
    const std::vector<row> rows{{"chacha20-poly1305@openssh.com", "hmac-sha2-256", true},
                                {"aes256-ctr", "hmac-sha2-256-etm@openssh.com", true},
                                {"aes256-ctr", "hmac-sha2-256", false},
                                {"aes256-gcm@openssh.com", "hmac-sha2-256-etm@openssh.com", false}};
    for (const row& r : rows) {
        for (const bool strict : {true, false}) {
            BOOST_TEST_CONTEXT(r.cipher << " " << r.mac << " strict " << strict) {
                attack a;
                for (algorithm_preferences* p :
                     {&a.s.options->algorithms, &a.s.client_options.algorithms}) {
                    p->ciphers = r.cipher;
                    p->macs = r.mac;
                }
                a.s.options->algorithms.require_strict_kex = true;
                a.s.client_options.strict = strict;
                if (strict || !r.matters) {
                    a.s.make_ready();
                    a.s.finish();
                } else {
                    const auto greets = [&]() -> task<> { co_await a.c().greet(); };
                    BOOST_TEST(a.meets(greets) == errc::strict_kex_missing);
                    BOOST_TEST(a.told == disconnect_reason::key_exchange_failed);
                }
            }
        }
    }
}

// CVE-2023-46445 and -46446: extensions, and a login as somebody else, from in between.
BOOST_AUTO_TEST_CASE(a05_nothing_is_taken_from_whom_nobody_has_authenticated) {
    wire::userauth_request request;
    request.user_name = "mallory";
    request.service_name = "ssh-connection";
    request.method_name = "none";
    for (const octets& message : {payload_of(wire::ext_info{0, {}}), payload_of(request)}) {
        for (const message_id place : {message_id::kex_ecdh_init, message_id::newkeys}) {
            for (const bool strict : {true, false}) {
                attack a;
                a.s.client_options.strict = strict;
                a.c().port().inject_before(place, message);
                BOOST_TEST(refused_by_the_gate(a.meets(a.honest_but_for_what_was_injected())));
                for (const audit_event& e : a.s.events) BOOST_TEST(e.user.empty());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a08_the_first_length_is_checked_before_memory_is) {
    for (const std::uint32_t length :
         {0U, 1U, 2U, 3U, 4U, 64U * 1024 + 1, 256U * 1024 + 1, 0x7fffffffU, 0xffffffffU}) {
        attack a;
        std::string bytes(40, '\0');
        for (int i = 0; i < 4; ++i) {
            bytes[static_cast<std::size_t>(i)] = static_cast<char>(length >> (24 - 8 * i));
        }
        std::size_t held = 0;
        const error_code ec = a.meets([&]() -> task<> {
            a.c().port().send_line("SSH-2.0-evil");
            a.c().port().send_now_in_clear(bytes);
            co_await a.c().flush();
            held = a.s.link().stream().pool().bytes_in_use();
        });
        BOOST_TEST(ec == errc::invalid_packet_length, length << ": " << ec);
        BOOST_TEST(held <= 192U * 1024);
    }
}

BOOST_AUTO_TEST_CASE(a09_lists_of_nothing_but_commas_agree_on_nothing) {
    attack a;
    const std::string commas(60'000, ',');
    const error_code ec = a.meets([&]() -> task<> {
        wire::kexinit m;
        m.kex_algorithms = {commas};
        a.c().port().send_line("SSH-2.0-evil");
        a.c().say(payload_of(m));
        static_cast<void>(co_await a.c().port().receive_line());
    });
    BOOST_TEST(ec == errc::no_common_kex_algorithm);
    BOOST_TEST(a.told == disconnect_reason::key_exchange_failed);
}

BOOST_AUTO_TEST_CASE(a09_a_count_of_extensions_is_compared_with_what_is_there) {
    for (const std::uint32_t count : {1U, 1025U, 0xffffffffU}) {
        attack a;
        a.c().port().inject_before(message_id::service_request,
                                   payload_of(wire::ext_info{count, {}}));
        const error_code ec = a.meets(a.honest_but_for_what_was_injected());
        BOOST_TEST((ec == errc::field_too_long || ec == errc::message_truncated));
    }
}

// No name that only marks something can be agreed upon.
BOOST_AUTO_TEST_CASE(c14_pseudo_names_are_no_algorithms) {
    for (const std::string names : {"kex-strict-s-v00@openssh.com",
                                    "kex-strict-c-v00@openssh.com,ext-info-c", "ext-info-s"}) {
        attack a;
        a.s.client_options.algorithms.kex = names;
        const auto greets = [&]() -> task<> { co_await a.c().greet(); };
        BOOST_TEST(a.meets(greets) == errc::no_common_kex_algorithm);
    }
}

BOOST_AUTO_TEST_CASE(c14_a_host_key_that_we_do_not_hold_is_not_offered) {
    attack a;
    a.s.client_options.algorithms.host_keys = "rsa-sha2-512,ecdsa-sha2-nistp256";
    const auto greets = [&]() -> task<> { co_await a.c().greet(); };
    BOOST_TEST(a.meets(greets) == errc::no_common_host_key_algorithm);
}

BOOST_AUTO_TEST_CASE(c02_a_client_begins_with_its_identification_and_nothing_else) {
    struct row {
        std::string words;
        errc why;
    };
    const std::vector<row> rows{
        {"hello\r\nSSH-2.0-late\r\n", errc::not_an_ssh_server},
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", errc::not_an_ssh_server},
        {"\r\nSSH-2.0-late\r\n", errc::not_an_ssh_server},
        {"SSH-1.99-old\r\n", errc::unsupported_protocol_version},
        {"SSH-1.5-old\r\n", errc::unsupported_protocol_version},
        {"SSH-2.0-" + std::string(250, 'x') + "\r\n", errc::identification_too_long},
        {std::string("SSH-2.0-n\0l\r\n", 13), errc::malformed_identification}};
    for (const row& r : rows) {
        attack a;
        const error_code ec = a.meets([&]() -> task<> {
            a.c().port().send_now_in_clear(r.words);
            co_await a.c().flush();
            static_cast<void>(co_await a.c().port().receive_line());
        });
        BOOST_TEST(ec == r.why, escaped(r.words) << ": " << ec);
    }
}

BOOST_AUTO_TEST_CASE(c24_anything_extra_of_a_strict_client_is_fatal) {
    const std::vector<octets> messages{payload_of(wire::ignore{}),
                                       payload_of(wire::debug{}),
                                       payload_of(wire::unimplemented{0}),
                                       payload_of(wire::ext_info{0, {}}),
                                       message_of(9),
                                       message_of(200)};
    for (const octets& message : messages) {
        for (const message_id place :
             {message_id::kexinit, message_id::kex_ecdh_init, message_id::newkeys}) {
            attack a;
            a.c().port().inject_before(place, message);
            const error_code ec = a.meets(a.honest_but_for_what_was_injected());
            BOOST_TEST(refused_by_the_gate(ec));
        }
    }
}

BOOST_AUTO_TEST_CASE(c26_our_extensions_come_directly_behind_our_newkeys_and_only_if_asked_for) {
    for (const bool asks : {true, false}) {
        server_scene s;
        s.client_options.ext_info = asks;
        s.options->banner = "hello";
        s.make_ready();
        const std::vector<byte>& seen = s.client().port().seen();
        const auto keys = std::ranges::find(seen, static_cast<byte>(message_id::newkeys));
        BOOST_REQUIRE((seen.end() - keys > 1));
        const bool behind = keys[1] == static_cast<byte>(message_id::ext_info);
        BOOST_TEST(behind == asks);
        BOOST_TEST(s.client().port().seen(message_id::ext_info) == (asks ? 1U : 0U));
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c26_a_second_message_of_extensions_or_a_late_one_ends_it) {
    const octets one = payload_of(wire::ext_info{0, {}});
    {
        attack a;
        a.c().port().inject_before(message_id::service_request, one);
        a.c().port().inject_before(message_id::service_request, one);
        BOOST_TEST(a.meets(a.honest_but_for_what_was_injected()) == errc::unexpected_message);
    }
    attack a;
    const error_code ec = a.meets_login([&]() -> task<> {
        a.c().say(one);
        co_return;
    });
    BOOST_TEST(ec == errc::unexpected_message);
}

// The first packet under the new keys has the number 0.
BOOST_AUTO_TEST_CASE(c27_an_unknown_message_is_answered_with_its_number) {
    server_scene s;
    const auto asks = [&]() -> task<> {
        co_await s.client().shake();
        co_await s.client().begin_login();
        s.client().say(message_of(9));
        s.client().say(message_of(55));
        s.client().say(payload_of(wire::unimplemented{7}));
        s.client().say(payload_of(wire::ignore{as_bytes("x")}));
        s.client().say(payload_of(wire::debug{}));
        s.client().say(s.client().key_request(7, 7));
        co_await s.client().flush();
        const auto first = co_await s.client().expect<wire::unimplemented>();
        BOOST_TEST(first.packet_sequence_number == 1U);
        const auto second = co_await s.client().expect<wire::unimplemented>();
        BOOST_TEST(second.packet_sequence_number == 2U);
        static_cast<void>(co_await s.client().expect<wire::userauth_success>());
    };
    BOOST_TEST(!s.handshake_against(asks));
    s.finish();
}

BOOST_AUTO_TEST_CASE(c27_behind_a_disconnect_nothing_is_read) {
    attack a;
    const error_code ec = a.meets_login([&]() -> task<> {
        a.c().say(payload_of(wire::disconnect{11, "bye", ""}));
        a.c().say(a.c().password_request("x"));
        co_return;
    });
    BOOST_TEST(ec == errc::disconnected_by_peer);
    nobody_was_asked(a);
}

// CVE-2025-26466. Its number is one of those that end a login (RFC 4252 section 6).
BOOST_AUTO_TEST_CASE(c28_no_pong_before_the_login_and_one_behind_it) {
    const octets ping = payload_of(wire::ping{as_bytes("echo")});
    {
        attack a;
        const error_code ec = a.meets_login([&]() -> task<> {
            a.c().say(ping);
            co_return;
        });
        BOOST_TEST(ec == errc::unexpected_message);
        BOOST_TEST(a.c().port().seen(message_id::pong) == 0U);
    }
    server_scene s;
    s.make_ready();
    const auto pings = [&]() -> task<> {
        s.client().say(ping);
        co_await s.client().flush();
        const auto m = co_await s.client().expect<wire::pong>();
        BOOST_TEST(as_text(m.data) == "echo");
    };
    s.play({pings});
    s.finish();
}

BOOST_AUTO_TEST_CASE(c29_the_service_once_and_no_other) {
    struct row {
        std::string_view service;
        bool twice;
        errc why;
        disconnect_reason told;
    };
    using reason = disconnect_reason;
    const std::vector<row> rows{
        {"ssh-connection", false, errc::service_refused, reason::service_not_available},
        {"", false, errc::service_refused, reason::service_not_available},
        {"ssh-userauth", true, errc::unexpected_message, reason::protocol_error}};
    for (const row& r : rows) {
        attack a;
        const error_code ec = a.meets([&]() -> task<> {
            co_await a.c().shake();
            a.c().say(payload_of(wire::service_request{r.service}));
            if (r.twice) a.c().say(payload_of(wire::service_request{r.service}));
        });
        BOOST_TEST(ec == r.why);
        BOOST_TEST(a.told == r.told);
    }
}

BOOST_AUTO_TEST_CASE(a32_a_second_kexinit_inside_an_exchange_ends_it) {
    for (const bool strict : {true, false}) {
        for (const message_id place : {message_id::kex_ecdh_init, message_id::newkeys}) {
            attack a;
            a.s.client_options.strict = strict;
            a.c().port().inject_before(place, payload_of(wire::kexinit{}));
            BOOST_TEST(refused_by_the_gate(a.meets(a.honest_but_for_what_was_injected())));
        }
    }
}

// C18: a client is not taken through one exchange after the other before it has logged in.
BOOST_AUTO_TEST_CASE(a32_no_exchange_before_the_login) {
    attack a;
    const error_code ec = a.meets_login([&]() -> task<> {
        a.c().say(payload_of(wire::kexinit{}));
        co_return;
    });
    BOOST_TEST(ec == errc::unexpected_message);
}

BOOST_AUTO_TEST_SUITE_END()
