// Tests of adit/protocol/life_signs.hpp and clock_watch.hpp: who is asked whether he lives, who is
// given up, and how a sleep of the machine is noticed. The clocks are the test's own.
#include "support/test.hpp"

#include <adit/protocol/clock_watch.hpp>
#include <adit/protocol/life_signs.hpp>

namespace {

using adit::limits;
using adit::protocol::clock_watch;
using life = adit::protocol::life_signs;
using verdict = life::verdict;
using time_point = life::time_point;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const time_point start{seconds(1000)};

BOOST_AUTO_TEST_SUITE(life_signs)

// Asks at 30, 60 and 90 s, and gives up at 120 s.
BOOST_AUTO_TEST_CASE(t04_three_questions_without_an_answer_are_the_end) {
    life l(limits{}, start);
    l.begin(start);
    int asked = 0;
    for (int s = 1; s < 120; ++s) {
        const verdict v = l.look(start + seconds(s), 7, false);
        BOOST_TEST((v == (s == 1 || s % 30 != 1 ? verdict::alive : verdict::ask)), "at " << s);
        asked += v == verdict::ask ? 1 : 0;
    }
    BOOST_TEST(asked == 3);
    BOOST_TEST((l.look(start + seconds(121), 7, false) == verdict::dead));
}

BOOST_AUTO_TEST_CASE(t04_whatever_comes_is_an_answer) {
    life l(limits{}, start);
    std::uint64_t received = 1;
    for (int s = 1; s < 1000; ++s) {
        const verdict v = l.look(start + seconds(s), received, false);
        BOOST_TEST((v != verdict::dead));
        if (s % 85 == 0) ++received;
    }
}

BOOST_AUTO_TEST_CASE(t04_whom_we_do_not_read_we_cannot_hear) {
    life l(limits{}, start);
    for (int s = 1; s < 1000; ++s) {
        BOOST_TEST((l.look(start + seconds(s), 1, true) == verdict::alive));
    }
}

BOOST_AUTO_TEST_CASE(t07_after_a_sleep_the_question_is_at_once_and_five_seconds_are_enough) {
    life l(limits{}, start);
    BOOST_TEST((l.look(start + seconds(1), 7, false) == verdict::alive));
    l.woken(start + seconds(2), 7);
    BOOST_TEST((l.look(start + seconds(2), 7, false) == verdict::ask));
    BOOST_TEST((l.look(start + seconds(3), 7, false) == verdict::alive));
    BOOST_TEST((l.look(start + milliseconds(6999), 7, false) == verdict::alive));
    BOOST_TEST((l.look(start + seconds(7), 7, false) == verdict::dead));
}

BOOST_AUTO_TEST_CASE(t07_who_answers_after_a_sleep_is_as_before) {
    life l(limits{}, start);
    l.woken(start, 7);
    BOOST_TEST((l.look(start, 7, false) == verdict::ask));
    BOOST_TEST(l.listening());
    l.hear(start + milliseconds(40), 8);
    BOOST_TEST(!l.listening());
    BOOST_TEST(l.round_trip().count() == 40'000);
    BOOST_TEST((l.look(start + seconds(1), 8, false) == verdict::alive));
    BOOST_TEST((l.look(start + seconds(6), 8, false) == verdict::alive));
    BOOST_TEST((l.look(start + seconds(31), 8, false) == verdict::ask));
}

BOOST_AUTO_TEST_CASE(l18_an_interval_of_zero_asks_nothing) {
    limits off;
    off.keepalive_interval = milliseconds(0);
    life l(off, start);
    l.woken(start, 0);
    BOOST_TEST((l.look(start + hours(100), 0, false) == verdict::alive));
}

BOOST_AUTO_TEST_CASE(t07_a_sleep_is_what_one_clock_saw_and_the_other_did_not) {
    clock_watch w(start, seconds(500));
    auto g = w.look(start + seconds(1), seconds(501), seconds(1));
    BOOST_TEST((g.slept == seconds(0)));
    BOOST_TEST((g.stopped == seconds(0)));
    g = w.look(start + seconds(2), seconds(502) + hours(8), seconds(1));
    BOOST_TEST((g.slept == hours(8)));
    BOOST_TEST((g.stopped == seconds(0)));
    // Told once.
    g = w.look(start + seconds(3), seconds(503) + hours(8), seconds(1));
    BOOST_TEST((g.slept == seconds(0)));
    // A process that was stopped: both clocks went on.
    g = w.look(start + seconds(64), seconds(564) + hours(8), seconds(1));
    BOOST_TEST((g.slept == seconds(0)));
    BOOST_TEST((g.stopped == seconds(60)));
}

BOOST_AUTO_TEST_CASE(t07_a_busy_machine_is_no_sleeping_one) {
    limits quick;
    quick.keepalive_interval = milliseconds(500);
    const life l(quick, start);
    BOOST_TEST(!l.must_ask({seconds(0), seconds(4)}));
    BOOST_TEST(l.must_ask({seconds(0), seconds(6)}));
    BOOST_TEST(l.must_ask({seconds(1), seconds(0)}));
    const life plain(limits{}, start);
    BOOST_TEST(!plain.must_ask({seconds(30), seconds(30)}));
    BOOST_TEST(plain.must_ask({seconds(31), seconds(0)}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
