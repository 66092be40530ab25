// Tests of adit/protocol/channel_table.hpp, rule by rule: opens, windows, data and ends (RFC 4254
// section 5; C41 to C46, A21, A24). Replies and limits are channel_table_replies.cpp's.
// Over 300 lines: one test for each rule of one header.
#include "support/test.hpp"

#include <adit/protocol/channel_table.hpp>

#include "unit/protocol/channel_table_scene.hpp"

namespace {

using adit::as_bytes;
using adit::as_text;
using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::limits;
using adit::test::close_both;
using adit::test::confirmation;
using adit::test::data;
using adit::test::feed;
using adit::test::feed_bytes;
using adit::test::kind;
using adit::test::nobodys_number;
using adit::test::payload_of;
using adit::test::peers_number;
using adit::test::scene;
using adit::test::table;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(channel_table)

BOOST_AUTO_TEST_CASE(c42_a_confirmation_opens_and_brings_the_peers_number) {
    table t{limits{}};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST(channel != peers_number);
    const auto e = feed(t, confirmation(channel, 5000, 1000));
    BOOST_TEST((e.what() == kind::opened));
    BOOST_TEST(e->channel == channel);
    BOOST_TEST(t.peer_number(channel) == peers_number);
    BOOST_TEST(t.sendable(channel) == 5000U);
    BOOST_TEST(t.largest_data(channel) == 1000U);
    BOOST_TEST(t.state(channel).is_open());
}

BOOST_AUTO_TEST_CASE(c42_a24_an_answer_to_no_open_is_an_error) {
    for (int which = 0; which < 3; ++which) {
        scene s;
        const std::uint32_t channel =
            std::array{s.gone, s.open, nobodys_number}[static_cast<std::size_t>(which)];
        const errc expected = channel == s.open ? errc::unexpected_message : errc::unknown_channel;
        BOOST_TEST((feed(s.t, confirmation(channel)).error() == expected));
        BOOST_TEST((feed(s.t, wire::channel_open_failure{channel, 1, "", ""}).error() == expected));
    }
}

BOOST_AUTO_TEST_CASE(c42_the_peers_own_number_is_not_ours) {
    scene s;
    for (const auto& payload :
         {payload_of(confirmation(peers_number)), payload_of(data(peers_number, {})),
          payload_of(wire::channel_eof{peers_number}),
          payload_of(wire::channel_close{peers_number}),
          payload_of(wire::channel_request{peers_number, "x", true, {}})}) {
        BOOST_TEST((feed_bytes(s.t, payload).error() == errc::unknown_channel));
    }
}

BOOST_AUTO_TEST_CASE(c04_t12_a_refused_open_says_why_and_frees_its_number) {
    table t{limits{}};
    const std::uint32_t channel = t.open().value();
    const auto e = feed(t, wire::channel_open_failure{channel, 4, "no more\x1b[m", "en"});
    BOOST_TEST((e.what() == kind::open_failed));
    BOOST_TEST(e->channel == channel);
    BOOST_TEST(e->code == 4U);
    BOOST_TEST((as_text(e->data) == "no more\x1b[m"));
    BOOST_TEST(t.release_if_done(channel));
    BOOST_TEST(t.size() == 0U);
    BOOST_TEST(t.budget().used() == 0U);
}

BOOST_AUTO_TEST_CASE(c41_a_peers_open_is_shown_and_takes_nothing_until_it_is_accepted) {
    table t{limits{}};
    const std::vector<byte> rest{1, 2, 3};
    const auto e = feed(t, wire::channel_open{"forwarded-tcpip", peers_number, 7, 9, {rest}});
    BOOST_TEST((e.what() == kind::peer_open));
    BOOST_TEST(e->open.channel_type == "forwarded-tcpip");
    BOOST_TEST(e->open.sender_channel == peers_number);
    BOOST_TEST(std::ranges::equal(e->open.channel_data.bytes, rest));
    BOOST_TEST(t.size() == 0U);
    BOOST_TEST(t.budget().used() == 0U);
    const std::uint32_t channel = t.accept(e->open).value();
    BOOST_TEST(channel == 0U);
    BOOST_TEST(t.peer_number(channel) == peers_number);
    BOOST_TEST(t.sendable(channel) == 7U);
    BOOST_TEST(t.largest_data(channel) == 9U);
    BOOST_TEST(t.state(channel).is_open());
}

BOOST_AUTO_TEST_CASE(c41_a_largest_packet_of_zero_is_refused) {
    table t{limits{}};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST((feed(t, confirmation(channel, 9, 0)).error() == errc::malformed_field));
    const auto e = feed(t, wire::channel_open{"session", peers_number, 9, 0, {}});
    BOOST_TEST((t.accept(e->open).error() == errc::malformed_field));
    BOOST_TEST(t.size() == 1U);
}

BOOST_AUTO_TEST_CASE(c41_c44_a_huge_packet_is_lawful_and_clamped_to_our_cap) {
    const limits caps;
    table t{caps};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST((feed(t, confirmation(channel, 0xffffffff, 0xffffffff)).error() == errc::ok));
    BOOST_TEST(t.largest_data(channel) == caps.channel_packet);
    BOOST_TEST(t.sendable(channel) == 0xffffffffU);
}

BOOST_AUTO_TEST_CASE(c41_a_window_of_zero_is_lawful_and_nothing_is_sendable) {
    table t{limits{}};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST((feed(t, confirmation(channel, 0)).error() == errc::ok));
    BOOST_TEST(t.sendable(channel) == 0U);
    const auto e = feed(t, wire::channel_window_adjust{channel, 10});
    BOOST_TEST((e.what() == kind::window));
    BOOST_TEST(e->channel == channel);
    BOOST_TEST(t.sendable(channel) == 10U);
}

BOOST_AUTO_TEST_CASE(c44_what_was_sent_is_spent) {
    table t{limits{}};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST((feed(t, confirmation(channel, 100)).error() == errc::ok));
    t.spend(channel, 70);
    BOOST_TEST(t.sendable(channel) == 30U);
}

BOOST_AUTO_TEST_CASE(c43_a21_an_adjust_beyond_32_bits_is_an_error) {
    table t{limits{}};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST((feed(t, confirmation(channel, 0xffffffff)).error() == errc::ok));
    BOOST_TEST((feed(t, wire::channel_window_adjust{channel, 0}).error() == errc::ok));
    BOOST_TEST((feed(t, wire::channel_window_adjust{channel, 1}).error() == errc::window_overflow));
}

BOOST_AUTO_TEST_CASE(c43_late_adjusts_are_ignored_whatever_they_say) {
    scene s;
    for (const std::uint32_t channel : {s.gone, s.opening, nobodys_number, peers_number}) {
        BOOST_TEST(
            (feed(s.t, wire::channel_window_adjust{channel, 0xffffffff}).what() == kind::nothing));
    }
    for (const auto end :
         {&adit::protocol::channel_state::sent_eof, &adit::protocol::channel_state::sent_close,
          &adit::protocol::channel_state::received_close}) {
        scene fresh;
        (fresh.t.state(fresh.open).*end)();
        BOOST_TEST((feed(fresh.t, wire::channel_window_adjust{fresh.open, 0xffffffff}).what() ==
                    kind::nothing));
    }
}

BOOST_AUTO_TEST_CASE(data_goes_to_its_channel_and_no_other) {
    table t{limits{}};
    const std::uint32_t first = t.open().value();
    const std::uint32_t second = t.open().value();
    BOOST_TEST((feed(t, confirmation(first)).error() == errc::ok));
    BOOST_TEST((feed(t, confirmation(second)).error() == errc::ok));
    const auto e = feed(t, data(second, as_bytes("hello")));
    BOOST_TEST((e.what() == kind::data));
    BOOST_TEST(e->channel == second);
    BOOST_TEST((as_text(e->data) == "hello"));
    BOOST_TEST(t.incoming(second).held() == 5U);
    BOOST_TEST(t.incoming(first).held() == 0U);
    const auto x = feed(t, wire::channel_extended_data{first, 1, as_bytes("oops")});
    BOOST_TEST((x.what() == kind::extended_data));
    BOOST_TEST(x->code == 1U);
    BOOST_TEST(t.incoming(first).held() == 4U);
}

BOOST_AUTO_TEST_CASE(c43_a24_data_for_no_open_channel_is_an_error) {
    for (int which = 0; which < 3; ++which) {
        scene s;
        const std::uint32_t channel =
            std::array{s.gone, s.opening, nobodys_number}[static_cast<std::size_t>(which)];
        BOOST_TEST((feed(s.t, data(channel, as_bytes("x"))).error() == errc::unknown_channel));
        BOOST_TEST((feed(s.t, data(channel, {})).error() == errc::unknown_channel));
        BOOST_TEST((feed(s.t, wire::channel_extended_data{channel, 1, {}}).error() ==
                    errc::unknown_channel));
        BOOST_TEST((feed(s.t, wire::channel_eof{channel}).error() == errc::unknown_channel));
        BOOST_TEST((feed(s.t, wire::channel_close{channel}).error() == errc::unknown_channel));
        BOOST_TEST((feed(s.t, wire::channel_request{channel, "x", false, {}}).error() ==
                    errc::unknown_channel));
    }
}

BOOST_AUTO_TEST_CASE(c45_data_beyond_the_window_is_an_error) {
    limits caps;
    caps.first_window = 1000;
    table t{caps};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST((feed(t, confirmation(channel)).error() == errc::ok));
    const std::vector<byte> bytes(1001);
    const auto all = bytes_view(bytes);
    BOOST_TEST((feed(t, data(channel, all.first(600))).error() == errc::ok));
    const wire::channel_extended_data more{channel, 1, all.first(400)};
    BOOST_TEST((feed(t, more).error() == errc::ok));
    BOOST_TEST((feed(t, data(channel, {})).error() == errc::ok));
    BOOST_TEST((feed(t, data(channel, all.first(1))).error() == errc::window_exceeded));
}

BOOST_AUTO_TEST_CASE(c45_data_beyond_our_largest_packet_is_an_error) {
    const limits caps;
    table t{caps};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST((feed(t, confirmation(channel)).error() == errc::ok));
    const std::vector<byte> bytes(caps.channel_packet + 1);
    const auto most = bytes_view(bytes).first(caps.channel_packet);
    BOOST_TEST((feed(t, data(channel, most)).error() == errc::ok));
    BOOST_TEST((feed(t, data(channel, bytes)).error() == errc::channel_packet_too_large));
    BOOST_TEST((feed(t, wire::channel_extended_data{channel, 7, bytes}).error() ==
                errc::channel_packet_too_large));
}

BOOST_AUTO_TEST_CASE(c45_credit_goes_back_when_bytes_were_taken_and_not_before) {
    limits caps;
    caps.first_window = 1000;
    caps.largest_window = 1000;
    table t{caps};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST((feed(t, confirmation(channel)).error() == errc::ok));
    const std::vector<byte> bytes(1000);
    BOOST_TEST((feed(t, data(channel, bytes)).error() == errc::ok));
    BOOST_TEST(t.consume(channel, 0) == 0U);
    BOOST_TEST(t.consume(channel, 499) == 0U);
    BOOST_TEST(t.consume(channel, 1) == 500U);
    BOOST_TEST(t.consume(channel, 500) == 500U);
    BOOST_TEST(t.incoming(channel).open() == 1000U);
    BOOST_TEST(t.consume(nobodys_number, 5) == 0U);
}

BOOST_AUTO_TEST_CASE(c43_no_credit_after_our_close_or_the_peers_end) {
    for (const auto end :
         {&adit::protocol::channel_state::sent_close, &adit::protocol::channel_state::received_eof,
          &adit::protocol::channel_state::received_close}) {
        scene s;
        const std::vector<byte> bytes(limits{}.channel_packet);
        while (s.t.incoming(s.open).open() >= bytes.size()) {
            BOOST_REQUIRE((feed(s.t, data(s.open, bytes)).error() == errc::ok));
        }
        (s.t.state(s.open).*end)();
        BOOST_TEST(s.t.consume(s.open, s.t.incoming(s.open).held()) == 0U);
    }
}

BOOST_AUTO_TEST_CASE(l10_a_busy_channel_gets_a_larger_window_out_of_the_budget) {
    const limits caps;
    table t{caps};
    const std::uint32_t channel = t.open().value();
    BOOST_TEST((feed(t, confirmation(channel)).error() == errc::ok));
    const std::vector<byte> bytes(caps.channel_packet);
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST((feed(t, data(channel, bytes)).error() == errc::ok));
        static_cast<void>(t.consume(channel, bytes.size()));
        BOOST_TEST(t.budget().used() == t.incoming(channel).target());
    }
    BOOST_TEST(t.incoming(channel).target() > caps.first_window);
    close_both(t, channel);
    BOOST_TEST(t.budget().used() == 0U);
}

BOOST_AUTO_TEST_CASE(c46_data_after_eof_is_an_error_and_a_second_eof_is_not) {
    scene s;
    const auto e = feed(s.t, wire::channel_eof{s.open});
    BOOST_TEST((e.what() == kind::eof));
    BOOST_TEST(e->channel == s.open);
    BOOST_TEST((feed(s.t, wire::channel_eof{s.open}).what() == kind::nothing));
    BOOST_TEST((feed(s.t, wire::channel_request{s.open, "exit-status", false, {}}).what() ==
                kind::request));
    BOOST_TEST((feed(s.t, data(s.open, as_bytes("x"))).error() == errc::data_after_eof));
    BOOST_TEST((feed(s.t, data(s.open, {})).error() == errc::data_after_eof));
}

BOOST_AUTO_TEST_CASE(c46_a_close_without_eof_is_lawful_and_nothing_may_follow_it) {
    scene s;
    const auto e = feed(s.t, wire::channel_close{s.open});
    BOOST_TEST((e.what() == kind::close));
    BOOST_TEST(e->channel == s.open);
    BOOST_TEST(!s.t.release_if_done(s.open));
    BOOST_TEST((feed(s.t, wire::channel_close{s.open}).error() == errc::unknown_channel));
    BOOST_TEST((feed(s.t, data(s.open, {})).error() == errc::unknown_channel));
    BOOST_TEST((feed(s.t, wire::channel_eof{s.open}).error() == errc::unknown_channel));
    s.t.state(s.open).sent_close();
    BOOST_TEST(s.t.release_if_done(s.open));
    BOOST_TEST(!s.t.release_if_done(s.open));
}

BOOST_AUTO_TEST_CASE(c43_data_that_crossed_our_close_is_lawful) {
    scene s;
    s.t.state(s.open).sent_close();
    BOOST_TEST((feed(s.t, data(s.open, as_bytes("late"))).what() == kind::data));
    BOOST_TEST(s.t.consume(s.open, 4) == 0U);
    BOOST_TEST(!s.t.release_if_done(s.open));
    BOOST_TEST((feed(s.t, wire::channel_eof{s.open}).what() == kind::eof));
    BOOST_TEST((feed(s.t, wire::channel_close{s.open}).what() == kind::close));
    BOOST_TEST(s.t.release_if_done(s.open));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
