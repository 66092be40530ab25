// A server against clients that have logged in and are evil then (attack table, server role: A10,
// A21-A24, A27, A32; C41-C46, L11, L12, L14): windows, numbers, replies and exchanges of keys that
// nobody asked for end the connection or change nothing, and memory stays where it was. Packets
// that are broken are in evil_client_packets.cpp.
#include "unit/doors/evil_client.hpp"

using namespace adit;
using namespace adit::test;
using wire::message_id;

namespace {

using octets = std::vector<byte>;

/// How the connection ends; no error while it goes on.
error_code error_after(server_scene& s, const std::vector<octets>& payloads) {
    const auto evil = [&]() -> task<> {
        for (const octets& payload : payloads) s.client().say(payload);
        co_await s.client().flush();
    };
    s.play({evil});
    s.step();
    return s.link().error();
}

std::size_t held(server_scene& s) { return s.link().stream().pool().bytes_in_use(); }

/// Opens a channel and has it refused with this code.
void is_refused(server_scene& s, const octets& open, open_failure why) {
    const auto asks = [&]() -> task<> {
        s.client().say(open);
        co_await s.client().flush();
        const auto m = co_await s.client().expect<wire::channel_open_failure>();
        BOOST_TEST((static_cast<open_failure>(m.reason_code) == why));
    };
    s.play({asks});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_client_channels)

BOOST_AUTO_TEST_CASE(a21_a_window_beyond_32_bits_ends_it) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, direct_tcpip_open(40));
    const std::uint32_t n = taken.server_number;
    BOOST_TEST(!error_after(s, {payload_of(wire::channel_window_adjust{n, 0}),
                                payload_of(wire::channel_window_adjust{n, 1000})}));
    const error_code ec = error_after(s, {payload_of(wire::channel_window_adjust{n, 0xffffffffU})});
    BOOST_TEST(ec == errc::window_overflow);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a21_c41_a_channel_that_takes_no_byte_is_refused) {
    server_scene s;
    s.make_ready();
    const octets open = payload_of(wire::channel_open{"session", 9, 1000, 0, {}});
    is_refused(s, open, open_failure::administratively_prohibited);
    // One that takes everything, and has no window yet, is fine.
    const octets other = payload_of(wire::channel_open{"session", 0xffffffffU, 0, 0xffffffffU, {}});
    auto taken = take_channel(s, other);
    BOOST_TEST(taken.ours.is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(a21_c45_more_than_was_granted_ends_it) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, direct_tcpip_open(40));
    const octets most(32 * 1024, 'x');
    const octets data = payload_of(wire::channel_data{taken.server_number, most});
    for (int i = 0; i < 8; ++i) BOOST_TEST(!error_after(s, {data}));
    const octets one_more = payload_of(wire::channel_data{taken.server_number, octets(1, 'x')});
    BOOST_TEST(error_after(s, {one_more}) == errc::window_exceeded);
    taken.ours = channel();
    s.finish();
}

BOOST_AUTO_TEST_CASE(a21_c45_more_than_a_packet_ends_it) {
    for (const bool extended : {false, true}) {
        server_scene s;
        s.make_ready();
        auto taken = take_channel(s, direct_tcpip_open(40));
        const octets more(32 * 1024 + 1, 'x');
        const octets data = payload_of(wire::channel_data{taken.server_number, more});
        const octets other = payload_of(wire::channel_extended_data{taken.server_number, 1, more});
        const error_code ec = error_after(s, {extended ? other : data});
        BOOST_TEST(ec == errc::channel_packet_too_large);
        s.finish();
    }
}

// CVE-2026-39830.
BOOST_AUTO_TEST_CASE(a22_replies_that_nobody_asked_for_block_nothing) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, session_open(40));
    const std::vector<octets> replies{payload_of(wire::channel_success{taken.server_number}),
                                      payload_of(wire::channel_failure{taken.server_number}),
                                      payload_of(wire::request_success{}),
                                      payload_of(wire::request_failure{})};
    const std::size_t before = held(s);
    for (int i = 0; i < 40; ++i) {
        std::vector<octets> many;
        for (int j = 0; j < 250; ++j) many.insert(many.end(), replies.begin(), replies.end());
        BOOST_TEST(!error_after(s, many));
    }
    BOOST_TEST(held(s) <= before);
    still_answers(s);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a23_refused_opens_leave_nothing_behind) {
    server_scene s;
    s.make_ready();
    const octets unknown = payload_of(wire::channel_open{"x", 9, 1000, 1000, {}});
    const octets agent = payload_of(wire::channel_open{"auth-agent@openssh.com", 9, 1, 1, {}});
    std::size_t after_first = 0;
    const auto churns = [&]() -> task<> {
        for (int i = 0; i < 100; ++i) {
            for (int j = 0; j < 100; ++j) s.client().say(j % 2 == 0 ? unknown : agent);
            co_await s.client().flush();
            for (int j = 0; j < 100; ++j) {
                const auto m = co_await s.client().expect<wire::channel_open_failure>();
                BOOST_REQUIRE(m.recipient_channel == 9U);
                BOOST_REQUIRE(m.reason_code == (j % 2 == 0 ? 3U : 1U));
            }
            if (i == 0) after_first = held(s);
        }
    };
    s.play({churns});
    s.step();
    BOOST_TEST(held(s) <= after_first);
    BOOST_TEST(s.peer().channels() == 0U);
    still_answers(s);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a23_numbers_are_used_again_behind_both_closes_only) {
    server_scene s;
    s.make_ready();
    std::size_t before = 0;
    for (std::uint32_t i = 0; i < 100; ++i) {
        auto first = take_channel(s, session_open(70 + i));
        BOOST_TEST(first.server_number == 0U);
        BOOST_TEST(!error_after(s, {payload_of(wire::channel_close{0})}));
        // We have answered already; a second one would be for somebody else's channel.
        BOOST_TEST(s.peer().channels() == 0U);
        if (i == 0) before = held(s);
        const auto reads = [&]() -> task<> {
            const auto m = co_await s.client().expect<wire::channel_close>();
            BOOST_TEST(m.recipient_channel == 70 + i);
        };
        s.play({reads});
    }
    BOOST_TEST(held(s) <= before);
    auto first = take_channel(s, session_open(1));
    first.ours.close();
    const auto reads = [&]() -> task<> {
        static_cast<void>(co_await s.client().expect<wire::channel_close>());
    };
    s.play({reads});
    // Our CLOSE alone does not free it.
    auto second = take_channel(s, session_open(2));
    BOOST_TEST(second.server_number == 1U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a24_c43_numbers_that_are_nobodys_end_it_but_for_a_window) {
    const std::vector<std::uint32_t> nobodys{1, 2, 1000, 0x7fffffffU, 0xffffffffU};
    for (const std::uint32_t n : nobodys) {
        const std::vector<octets> fatal{payload_of(wire::channel_data{n, octets(1, 'x')}),
                                        payload_of(wire::channel_extended_data{n, 1, {}}),
                                        payload_of(wire::channel_eof{n}),
                                        payload_of(wire::channel_close{n}),
                                        payload_of(wire::channel_request{n, "shell", true, {}}),
                                        payload_of(wire::channel_success{n}),
                                        payload_of(wire::channel_open_confirmation{n, 1, 1, 1, {}}),
                                        payload_of(wire::channel_open_failure{n, 1, "", ""})};
        for (const octets& payload : fatal) {
            server_scene s;
            s.make_ready();
            auto taken = take_channel(s, direct_tcpip_open(40));
            BOOST_REQUIRE(taken.server_number == 0U);
            const octets adjust = payload_of(wire::channel_window_adjust{n, 0xffffffffU});
            BOOST_TEST(!error_after(s, {adjust, adjust}));
            const error_code ec = error_after(s, {payload});
            BOOST_TEST(ec == errc::unknown_channel, int(payload[0]) << " for " << n << ": " << ec);
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(a24_c42_answers_for_a_channel_that_is_open_end_it) {
    for (const bool refuses : {true, false}) {
        server_scene s;
        s.make_ready();
        auto taken = take_channel(s, direct_tcpip_open(40));
        const octets failure = payload_of(wire::channel_open_failure{0, 1, "", ""});
        const octets confirmation =
            payload_of(wire::channel_open_confirmation{0, 41, 1000, 1000, {}});
        BOOST_TEST(error_after(s, {refuses ? failure : confirmation}));
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(a24_c46_what_comes_behind_an_end_ends_it_or_nothing) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, direct_tcpip_open(40));
    const octets eof = payload_of(wire::channel_eof{taken.server_number});
    BOOST_TEST(!error_after(s, {eof, eof}));
    const octets data = payload_of(wire::channel_data{taken.server_number, octets(1, 'x')});
    BOOST_TEST(error_after(s, {data}) == errc::data_after_eof);
    s.finish();
}

// The numbers of the two sides differ, so that a wrong one shows.
BOOST_AUTO_TEST_CASE(a24_data_reaches_its_own_channel_only) {
    server_scene s;
    s.make_ready();
    auto first = take_channel(s, direct_tcpip_open(1));
    auto second = take_channel(s, direct_tcpip_open(0));
    BOOST_REQUIRE(first.server_number == 0U);
    BOOST_REQUIRE(second.server_number == 1U);
    const octets hello{'h', 'e', 'l', 'l', 'o'};
    BOOST_TEST(!error_after(s, {payload_of(wire::channel_data{1, hello})}));
    std::array<char, 16> room{};
    BOOST_TEST(first.ours.try_read(asio::buffer(room)).size == 0U);
    BOOST_TEST(second.ours.try_read(asio::buffer(room)).size == 5U);
    BOOST_TEST(first.ours.try_write(asio::buffer("1", 1)).size == 1U);
    const auto reads = [&]() -> task<> {
        const auto m = co_await s.client().expect<wire::channel_data>();
        BOOST_TEST(m.recipient_channel == 1U);
    };
    s.play({reads});
    s.finish();
}

BOOST_AUTO_TEST_CASE(a27_c48_targets_that_are_malformed_end_it_and_are_handed_to_nobody) {
    const octets good = direct_tcpip_open(9);
    octets longer = good;
    longer.push_back(0);
    octets cut = good;
    cut.pop_back();
    const auto forward = [](std::string_view name, std::uint32_t port) {
        const wire::tcpip_forward fields{"", port};
        octets data(wire::fields_size(fields));
        wire::writer w(data);
        wire::put_fields(w, fields);
        return payload_of(wire::global_request{name, true, {data}});
    };
    const std::vector<octets> requests{
        longer,
        cut,
        direct_tcpip_open(9, "db", 65536),
        direct_tcpip_open(9, "db", 0xffffffffU),
        payload_of(wire::channel_open{"direct-tcpip", 9, 1000, 1000, {}}),
        payload_of(wire::channel_open{"direct-streamlocal@openssh.com", 9, 1000, 1000, {}}),
        forward("tcpip-forward", 65536),
        forward("cancel-tcpip-forward", 0xffffffffU),
        payload_of(wire::global_request{"tcpip-forward", true, {}}),
        payload_of(wire::global_request{"streamlocal-forward@openssh.com", true, {}})};
    for (const octets& request : requests) {
        server_scene s;
        s.make_ready();
        error_code ec;
        const auto accepts = [&]() -> task<> {
            auto accepting = s.peer().async_accept(asio::as_tuple(asio::deferred));
            const auto outcome = co_await std::move(accepting);
            ec = std::get<0>(outcome);
        };
        const auto asks = [&]() -> task<> {
            s.client().say(request);
            const disconnect_reason why = co_await s.client().expect_end();
            BOOST_TEST(why == disconnect_reason::protocol_error);
        };
        s.play({accepts, asks});
        BOOST_TEST((ec == errc::malformed_field || ec == errc::message_truncated ||
                    ec == errc::trailing_bytes));
        BOOST_TEST((s.events.back().what == audit_event::kind::connection_ended));
        BOOST_TEST(s.client().port().seen(message_id::channel_open_confirmation) == 0U);
        BOOST_TEST(s.client().port().seen(message_id::request_success) == 0U);
        s.finish();
    }
}

// Whoever decides sees every byte, and whoever reads a log sees one line.
BOOST_AUTO_TEST_CASE(a27_strange_hosts_are_told_whole_and_shown_escaped) {
    const std::vector<std::string> hosts{std::string("good.example\0evil", 17),
                                         "a\nb",
                                         "\x1b[2J",
                                         "",
                                         "a b",
                                         std::string(2000, 'h'),
                                         "\xe2\x80\xae"};
    server_scene s;
    s.make_ready();
    for (const std::string& host : hosts) {
        const auto accepts = [&]() -> task<> {
            incoming asked = co_await next_incoming(s.peer());
            BOOST_TEST(asked.target().host == host);
            const std::string shown = asked.target().to_string();
            BOOST_TEST(shown.size() < 1100U);
            for (const char c : shown) BOOST_TEST((static_cast<byte>(c) >= 0x20 && c != 0x7f));
        };
        const auto asks = [&]() -> task<> {
            s.client().say(direct_tcpip_open(9, host, 0));
            co_await s.client().flush();
            const auto m = co_await s.client().expect<wire::channel_open_failure>();
            BOOST_TEST(m.reason_code == 1U);
        };
        s.play({accepts, asks});
    }
    s.finish();
}

// The exchange is ours; the client never answers, and goes on asking.
BOOST_AUTO_TEST_CASE(a10_questions_without_end_while_keys_are_exchanged_end_it) {
    const std::vector<octets> questions{payload_of(wire::global_request{"x", true, {}}),
                                        payload_of(wire::channel_open{"x", 9, 1000, 1000, {}}),
                                        payload_of(wire::channel_request{0, "x", true, {}})};
    for (const octets& question : questions) {
        server_scene s;
        s.options->limits.rekey_packets = 40;
        s.make_ready();
        auto taken = take_channel(s, direct_tcpip_open(40));
        bool refused = false;
        const auto floods = [&]() -> task<> {
            try {
                for (int i = 0; i < 20'000 && !s.link().finished(); ++i) {
                    s.client().say(question);
                    if (i % 50 == 0) co_await s.client().flush();
                }
                static_cast<void>(co_await s.client().expect_end());
            } catch (const boost::system::system_error&) {
                refused = true;
            }
        };
        s.play({floods});
        BOOST_TEST(s.link().error() == errc::too_many_pending_replies);
        BOOST_TEST(held(s) <= 8U << 20U);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(a10_c28_pings_while_keys_are_exchanged_are_not_answered_and_not_kept) {
    server_scene s;
    s.options->limits.rekey_packets = 40;
    s.make_ready();
    const octets ping = payload_of(wire::ping{octets(1000, 'x')});
    const auto pings = [&]() -> task<> {
        for (int i = 0; i < 2000; ++i) {
            s.client().say(ping);
            if (i % 50 == 0) co_await s.client().flush();
        }
        co_await s.client().flush();
    };
    s.play({pings});
    s.step();
    BOOST_TEST(s.link().stream().replies_waiting() <= 1U);
    BOOST_TEST(held(s) <= 2U << 20U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a32_l20_one_exchange_behind_the_other_ends_it) {
    server_scene s;
    s.make_ready();
    const auto floods = [&]() -> task<> {
        co_await s.client().rekey();
        s.client().send_kexinit();
        co_await s.client().flush();
        static_cast<void>(co_await s.client().expect_end());
    };
    s.play({floods});
    BOOST_TEST(s.link().error() == errc::rekey_too_often);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a32_l16_whatever_else_comes_inside_an_exchange_ends_it) {
    const std::vector<octets> intruders{payload_of(wire::kexinit{}),
                                        payload_of(wire::global_request{"x", true, {}}),
                                        payload_of(wire::channel_data{0, octets(1, 'x')}),
                                        payload_of(wire::ext_info{0, {}}),
                                        payload_of(wire::ping{}),
                                        payload_of(wire::userauth_success{})};
    for (const octets& intruder : intruders) {
        for (const message_id place : {message_id::kex_ecdh_init, message_id::newkeys}) {
            server_scene s;
            s.make_ready();
            s.client().port().inject_before(place, intruder);
            const auto floods = [&]() -> task<> {
                try {
                    co_await s.client().rekey();
                    static_cast<void>(co_await s.client().expect_end());
                } catch (const boost::system::system_error&) {
                    // The server has gone.
                }
            };
            s.play({floods});
            BOOST_TEST(s.link().error() == errc::unexpected_message,
                       int(intruder[0]) << ": " << s.link().error());
            s.finish();
        }
    }
}

// C24: only the first exchange is that strict.
BOOST_AUTO_TEST_CASE(c24_a_rekey_may_be_interrupted_by_what_means_nothing) {
    server_scene s;
    s.make_ready();
    for (const message_id place : {message_id::kex_ecdh_init, message_id::newkeys}) {
        s.client().port().inject_before(place, payload_of(wire::ignore{}));
        s.client().port().inject_before(place, payload_of(wire::debug{}));
    }
    const auto rekeys = [&]() -> task<> { co_await s.client().rekey(); };
    s.play({rekeys});
    still_answers(s);
    BOOST_TEST(s.link().rekeys() == 1U);
    s.finish();
}

// CVE-2025-8277: one packet of a wrong guess is dropped each time, and nothing is kept of it.
BOOST_AUTO_TEST_CASE(a32_c15_wrong_guesses_again_and_again_keep_nothing) {
    server_scene s;
    s.make_ready();
    std::size_t after_first = 0;
    for (int i = 0; i < 40; ++i) {
        const auto rekeys = [&]() -> task<> { co_await rekey_with_wrong_guess(s); };
        s.play({rekeys});
        still_answers(s);
        s.step();
        if (i == 0) after_first = held(s);
    }
    BOOST_TEST(held(s) <= after_first);
    BOOST_TEST(s.link().rekeys() == 40U);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
