// adit/protocol/login_throttle.hpp: how fast the secret of one user can be guessed (A17).
#include "support/test.hpp"

#include <adit/protocol/login_throttle.hpp>

using adit::protocol::login_throttle;
using adit::protocol::throttle_limits;
using namespace std::chrono_literals;

namespace {

struct fixture {
    void guess(unsigned count, std::string_view user = "alice") {
        for (unsigned i = 0; i < count; ++i) BOOST_TEST(throttle.charge(user, now));
    }

    login_throttle throttle{throttle_limits()};
    login_throttle::time_point now{1h};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(login_throttle_of_a_user, fixture)

BOOST_AUTO_TEST_CASE(a17_ten_guesses_and_not_eleven) {
    guess(10);
    BOOST_TEST(!throttle.charge("alice", now));
    BOOST_TEST(throttle.charge("bob", now));
    BOOST_TEST(!throttle.charge("alice", now + 30s - 1ms));
    BOOST_TEST(throttle.charge("alice", now + 30s));
}

BOOST_AUTO_TEST_CASE(a17_each_pause_is_twice_the_one_before_up_to_a_quarter_of_an_hour) {
    guess(10);
    for (const auto pause : {30s, 60s, 120s, 240s, 480s, 900s, 900s}) {
        BOOST_TEST(!throttle.charge("alice", now + pause - 1ms));
        now += pause;
        BOOST_TEST(throttle.charge("alice", now));
    }
}

BOOST_AUTO_TEST_CASE(a_refused_guess_makes_the_pause_no_longer) {
    guess(10);
    for (int i = 0; i < 100; ++i) BOOST_TEST(!throttle.charge("alice", now + 29s));
    BOOST_TEST(throttle.charge("alice", now + 30s));
}

BOOST_AUTO_TEST_CASE(a_right_answer_begins_anew) {
    guess(9);
    throttle.right("alice");
    BOOST_TEST(throttle.size() == 0U);
    guess(10);
    BOOST_TEST(!throttle.charge("alice", now));
}

BOOST_AUTO_TEST_CASE(after_ten_minutes_without_a_guess_all_is_forgotten) {
    guess(9);
    now += 10min - 1ms;
    guess(1);
    BOOST_TEST(!throttle.charge("alice", now));
    now += 30s + 10min;
    guess(10);
    BOOST_TEST(!throttle.charge("alice", now));
}

BOOST_AUTO_TEST_CASE(as_many_users_as_the_limit_and_then_the_oldest_goes) {
    throttle_limits few;
    few.users = 2;
    few.attempts = 1;
    throttle = login_throttle(few);
    guess(1, "alice");
    now += 1s;
    guess(1, "bob");
    BOOST_TEST(!throttle.charge("alice", now));
    now += 1s;
    guess(1, "carol");
    BOOST_TEST(throttle.size() == 2U);
    BOOST_TEST(!throttle.charge("bob", now));
    BOOST_TEST(throttle.charge("alice", now));
}

BOOST_AUTO_TEST_SUITE_END()
