// Tests of adit/protocol/channel_state.hpp: the law of one channel's life, first by its rules, then
// as a sweep over every order of events and actions (RFC 4254 section 5.3; C42, C43, C46, A24).
#include "support/test.hpp"

#include <adit/protocol/channel_state.hpp>

namespace {

using adit::errc;
using state = adit::protocol::channel_state;

BOOST_AUTO_TEST_SUITE(channel_state)

BOOST_AUTO_TEST_CASE(c42_an_answer_to_an_open_comes_once) {
    for (const bool accepted : {true, false}) {
        state s = state::requested();
        BOOST_TEST(s.is_opening());
        BOOST_TEST(!s.is_open());
        BOOST_TEST(((accepted ? s.confirmed() : s.refused()) == errc::ok));
        BOOST_TEST(!s.is_opening());
        BOOST_TEST(s.is_open() == accepted);
        BOOST_TEST(s.done() == !accepted);
        BOOST_TEST((s.confirmed() == errc::unexpected_message));
        BOOST_TEST((s.refused() == errc::unexpected_message));
        BOOST_TEST(s.is_open() == accepted);
    }
}

BOOST_AUTO_TEST_CASE(c42_a_channel_that_the_peer_opened_needs_no_answer_of_the_peer) {
    state s = state::accepted();
    BOOST_TEST(s.is_open());
    BOOST_TEST((s.confirmed() == errc::unexpected_message));
    BOOST_TEST((s.refused() == errc::unexpected_message));
    BOOST_TEST(s.is_open());
}

BOOST_AUTO_TEST_CASE(a24_nothing_comes_and_nothing_goes_while_opening) {
    const state s = state::requested();
    BOOST_TEST((s.received_data() == errc::unknown_channel));
    BOOST_TEST((s.received_other() == errc::unknown_channel));
    BOOST_TEST(!s.may_send_data());
    BOOST_TEST(!s.may_send_other());
    BOOST_TEST(!s.done());
}

BOOST_AUTO_TEST_CASE(c46_eof_ends_one_direction_only) {
    state theirs = state::accepted();
    theirs.received_eof();
    BOOST_TEST((theirs.received_data() == errc::data_after_eof));
    BOOST_TEST((theirs.received_other() == errc::ok));
    BOOST_TEST(theirs.may_send_data());
    state ours = state::accepted();
    ours.sent_eof();
    BOOST_TEST(!ours.may_send_data());
    BOOST_TEST(ours.may_send_other());
    BOOST_TEST((ours.received_data() == errc::ok));
}

BOOST_AUTO_TEST_CASE(c43_nothing_is_sent_after_our_close) {
    state s = state::accepted();
    s.sent_close();
    BOOST_TEST(!s.may_send_data());
    BOOST_TEST(!s.may_send_other());
    BOOST_TEST(!s.done());
    // What is under way meanwhile is lawful.
    BOOST_TEST((s.received_data() == errc::ok));
    BOOST_TEST((s.received_other() == errc::ok));
    s.received_close();
    BOOST_TEST(s.done());
}

BOOST_AUTO_TEST_CASE(c46_after_the_peers_close_only_ours_is_sent) {
    state s = state::accepted();
    s.received_close();
    BOOST_TEST(!s.may_send_data());
    BOOST_TEST(s.may_send_other());
    BOOST_TEST(!s.done());
    BOOST_TEST((s.received_data() == errc::unknown_channel));
    BOOST_TEST((s.received_other() == errc::unknown_channel));
    s.sent_close();
    BOOST_TEST(s.done());
}

// Every order of the steps that can follow a confirmation, each at most once: 65 lives.
BOOST_AUTO_TEST_CASE(c43_c46_every_order_of_events_and_actions) {
    enum step : unsigned { confirm = 1, eof_out = 2, eof_in = 4, close_out = 8, close_in = 16 };
    unsigned lives = 0;
    const auto check = [&lives](const state& s, unsigned seen) {
        ++lives;
        const bool open = (seen & confirm) != 0;
        const bool ended_in = (seen & close_in) != 0;
        const bool ended_out = (seen & close_out) != 0;
        BOOST_TEST(s.done() == (ended_in && ended_out));
        BOOST_TEST(s.may_send_other() == (open && !ended_out));
        BOOST_TEST(s.may_send_data() == (open && !ended_out && !ended_in && (seen & eof_out) == 0));
        BOOST_TEST((s.received_other() == errc::ok) == (open && !ended_in));
        BOOST_TEST((s.received_data() == errc::ok) == (open && !ended_in && (seen & eof_in) == 0));
        BOOST_TEST(s.eof_sent() == ((seen & eof_out) != 0));
        BOOST_TEST(s.eof_received() == ((seen & eof_in) != 0));
        BOOST_TEST(s.close_sent() == ended_out);
        BOOST_TEST(s.close_received() == ended_in);
    };
    const auto walk = [&check](const auto& self, const state& before, unsigned seen) -> void {
        check(before, seen);
        for (const step next : {confirm, eof_out, eof_in, close_out, close_in}) {
            if ((seen & next) != 0 || ((seen & confirm) == 0 && next != confirm)) continue;
            state s = before;
            if (next == confirm) BOOST_TEST((s.confirmed() == errc::ok));
            if (next == eof_out) s.sent_eof();
            if (next == eof_in) s.received_eof();
            if (next == close_out) s.sent_close();
            if (next == close_in) s.received_close();
            self(self, s, seen | next);
        }
    };
    walk(walk, state::requested(), 0);
    walk(walk, state::accepted(), confirm);
    BOOST_TEST(lives == 1U + 65 + 65);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
