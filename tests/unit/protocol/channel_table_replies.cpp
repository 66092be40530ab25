// Tests of adit/protocol/channel_table.hpp, rule by rule: requests and their replies, numbers that
// are used again, limits, malformed messages (RFC 4254 sections 4 and 5.4; C13, C39, C43, C47, A22,
// A23).
#include "support/test.hpp"

#include <adit/protocol/channel_table.hpp>

#include "unit/protocol/channel_table_scene.hpp"

namespace {

using adit::as_bytes;
using adit::byte;
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
using adit::test::received;
using adit::test::scene;
using adit::test::table;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(channel_table_replies)

BOOST_AUTO_TEST_CASE(c43_a_number_is_used_again_only_after_both_closes) {
    for (const bool we_first : {true, false}) {
        table t{limits{}};
        const std::uint32_t channel = t.open().value();
        BOOST_TEST((feed(t, confirmation(channel)).error() == errc::ok));
        if (we_first) t.state(channel).sent_close();
        if (!we_first) BOOST_TEST((feed(t, wire::channel_close{channel}).error() == errc::ok));
        BOOST_TEST(!t.release_if_done(channel));
        BOOST_TEST(t.open().value() != channel);
        if (we_first) BOOST_TEST((feed(t, wire::channel_close{channel}).error() == errc::ok));
        if (!we_first) t.state(channel).sent_close();
        BOOST_TEST(t.open().value() != channel);
        BOOST_TEST(t.release_if_done(channel));
        BOOST_TEST(!t.contains(channel));
        BOOST_TEST(t.open().value() == channel);
        // Nothing of the channel before it is left.
        BOOST_TEST(t.state(channel).is_opening());
        BOOST_TEST(t.sendable(channel) == 0U);
        BOOST_TEST(t.incoming(channel).held() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(c47_requests_are_shown_as_they_came) {
    scene s;
    const std::vector<byte> rest{9, 8};
    for (const bool want_reply : {true, false}) {
        const auto e = feed(s.t, wire::channel_request{s.open, "exit-status", want_reply, {rest}});
        BOOST_TEST((e.what() == kind::request));
        BOOST_TEST(e->channel == s.open);
        BOOST_TEST(e->name == "exit-status");
        BOOST_TEST(e->want_reply == want_reply);
        BOOST_TEST(std::ranges::equal(e->data, rest));
        const auto g = feed(s.t, wire::global_request{"keepalive@x", want_reply, {rest}});
        BOOST_TEST((g.what() == kind::global_request));
        BOOST_TEST(g->name == "keepalive@x");
        BOOST_TEST(g->want_reply == want_reply);
        BOOST_TEST(std::ranges::equal(g->data, rest));
    }
}

BOOST_AUTO_TEST_CASE(c47_replies_come_in_the_order_of_requests_channel_by_channel) {
    table t{limits{}};
    const std::uint32_t first = t.open().value();
    const std::uint32_t second = t.open().value();
    BOOST_TEST((feed(t, confirmation(first)).error() == errc::ok));
    BOOST_TEST((feed(t, confirmation(second)).error() == errc::ok));
    t.expect_reply(first, 11);
    t.expect_reply(second, 21);
    t.expect_reply(first, 12);
    const auto check = [&](const received& e, std::uint32_t channel, std::uint64_t ticket,
                           bool success) {
        BOOST_TEST((e.what() == kind::reply));
        BOOST_TEST(e->channel == channel);
        BOOST_TEST(e->ticket == ticket);
        BOOST_TEST(e->success == success);
    };
    check(feed(t, wire::channel_failure{first}), first, 11, false);
    check(feed(t, wire::channel_success{first}), first, 12, true);
    check(feed(t, wire::channel_success{second}), second, 21, true);
    BOOST_TEST((feed(t, wire::channel_success{first}).what() == kind::nothing));
}

BOOST_AUTO_TEST_CASE(c39_global_replies_come_in_the_order_of_requests) {
    table t{limits{}};
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) t.expect_global_reply(ticket);
    BOOST_TEST(t.global_replies_expected() == 3U);
    const std::vector<byte> port{0, 0, 31, 144};
    const auto one = feed(t, wire::request_success{{port}});
    BOOST_TEST((one.what() == kind::global_reply));
    BOOST_TEST((one->ticket == 1 && one->success && std::ranges::equal(one->data, port)));
    const auto two = feed(t, wire::request_failure{});
    BOOST_TEST((two->ticket == 2 && !two->success && two->data.empty()));
    const auto three = feed(t, wire::request_success{});
    BOOST_TEST((three->ticket == 3 && three->success));
    BOOST_TEST(t.global_replies_expected() == 0U);
}

BOOST_AUTO_TEST_CASE(c39_c47_a22_unsolicited_replies_are_dropped_and_take_no_place) {
    scene s;
    std::size_t dropped = 0;
    const std::array<std::vector<byte>, 4> floods{
        payload_of(wire::channel_success{s.open}), payload_of(wire::channel_failure{s.open}),
        payload_of(wire::request_success{}), payload_of(wire::request_failure{})};
    constexpr std::size_t rounds = 100'000;
    for (std::size_t i = 0; i < rounds; ++i) {
        for (const auto& payload : floods) {
            const auto e = s.t.receive(payload);
            if (e && e->what == kind::nothing) ++dropped;
        }
    }
    BOOST_TEST(dropped == rounds * floods.size());
    // The next real request gets its own answer.
    s.t.expect_reply(s.open, 5);
    s.t.expect_global_reply(6);
    BOOST_TEST(feed(s.t, wire::channel_failure{s.open})->ticket == 5U);
    BOOST_TEST(feed(s.t, wire::request_success{})->ticket == 6U);
}

BOOST_AUTO_TEST_CASE(a22_a_reply_on_a_channel_that_is_gone_is_an_error) {
    scene s;
    BOOST_TEST((feed(s.t, wire::channel_success{s.gone}).error() == errc::unknown_channel));
    BOOST_TEST((feed(s.t, wire::channel_failure{nobodys_number}).error() == errc::unknown_channel));
}

BOOST_AUTO_TEST_CASE(l11_the_number_of_channels_is_limited) {
    limits caps;
    caps.channels = 5;
    table t{caps};
    for (std::uint32_t i = 0; i < 4; ++i) BOOST_TEST(t.open().value() == i);
    const std::uint32_t last = t.accept({"session", peers_number, 1, 1, {}}).value();
    BOOST_TEST((t.open().error() == errc::too_many_channels));
    BOOST_TEST((t.accept({"session", peers_number, 1, 1, {}}).error() == errc::too_many_channels));
    close_both(t, last);
    BOOST_TEST(t.open().value() == last);
}

BOOST_AUTO_TEST_CASE(l12_channels_are_limited_by_the_memory_of_their_windows_too) {
    limits caps;
    caps.first_window = caps.smallest_window;
    caps.connection_memory = std::size_t{3} * caps.smallest_window;
    table t{caps};
    for (int i = 0; i < 3; ++i) BOOST_TEST(t.open().has_value());
    BOOST_TEST((t.open().error() == errc::too_many_channels));
    BOOST_TEST(t.size() == 3U);
}

BOOST_AUTO_TEST_CASE(t19_a_thousand_channels_at_once) {
    table t{limits{}};
    for (std::uint32_t i = 0; i < 1000; ++i) {
        BOOST_REQUIRE(t.open().value() == i);
        wire::channel_open_confirmation m = confirmation(i);
        m.sender_channel = peers_number - i;
        BOOST_REQUIRE((feed(t, m).what() == kind::opened));
    }
    for (std::uint32_t i = 0; i < 1000; ++i) BOOST_TEST(t.peer_number(i) == peers_number - i);
    BOOST_TEST(t.budget().used() <= limits{}.connection_memory);
}

BOOST_AUTO_TEST_CASE(a23_numbers_stay_small_over_opens_that_come_and_go) {
    table t{limits{}};
    std::uint32_t largest = 0;
    for (int i = 0; i < 100'000; ++i) {
        const std::uint32_t channel = t.open().value();
        largest = std::max(largest, channel);
        if (i % 2 == 0) {
            const auto refusal = payload_of(wire::channel_open_failure{channel, 2, "", ""});
            BOOST_REQUIRE(t.receive(refusal).has_value());
        } else {
            BOOST_REQUIRE(t.receive(payload_of(confirmation(channel))).has_value());
            t.state(channel).sent_close();
            BOOST_REQUIRE(t.receive(payload_of(wire::channel_close{channel})).has_value());
        }
        BOOST_REQUIRE(t.release_if_done(channel));
    }
    BOOST_TEST(largest == 0U);
    BOOST_TEST(t.size() == 0U);
    BOOST_TEST(t.budget().used() == 0U);
}

BOOST_AUTO_TEST_CASE(c13_cut_and_lengthened_messages_are_errors) {
    const auto sample = [](std::uint32_t c) {
        return std::vector{payload_of(data(c, as_bytes("abc"))),
                           payload_of(wire::channel_extended_data{c, 1, as_bytes("abc")}),
                           payload_of(wire::channel_window_adjust{c, 5}),
                           payload_of(wire::channel_eof{c}),
                           payload_of(wire::channel_close{c}),
                           payload_of(wire::channel_success{c}),
                           payload_of(wire::channel_failure{c}),
                           payload_of(wire::channel_open_failure{c, 1, "no", "en"})};
    };
    for (const auto& payload : sample(1)) {
        for (std::size_t size = 1; size < payload.size(); ++size) {
            scene s;
            std::vector<byte> cut(payload.begin(),
                                  payload.begin() + static_cast<std::ptrdiff_t>(size));
            BOOST_TEST((feed_bytes(s.t, cut).error() == errc::message_truncated));
        }
        scene s;
        std::vector<byte> longer = payload;
        longer.push_back(0);
        BOOST_TEST((feed_bytes(s.t, longer).error() == errc::trailing_bytes));
    }
}

BOOST_AUTO_TEST_CASE(messages_of_other_protocols_are_errors) {
    scene s;
    for (unsigned number = 0; number < 256; ++number) {
        const bool ours = (number >= 80 && number <= 82) || (number >= 90 && number <= 100);
        if (ours) continue;
        BOOST_TEST((feed_bytes(s.t, {static_cast<byte>(number), 0, 0, 0, 0}).error() ==
                    errc::unexpected_message));
    }
    BOOST_TEST((feed_bytes(s.t, {}).error() == errc::unexpected_message));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
