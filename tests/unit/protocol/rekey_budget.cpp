// adit/protocol/rekey_budget.hpp: what the exchanges of a peer may cost (L20).
#include "support/test.hpp"

#include <adit/protocol/rekey_budget.hpp>

using adit::protocol::rekey_budget;
using namespace std::chrono_literals;

namespace {

struct fixture {
    /// How long the next exchange waits.
    [[nodiscard]] rekey_budget::duration wait() { return budget.ready(now) - now; }

    adit::limits caps;
    rekey_budget::time_point now{1h};
    rekey_budget budget{caps, now};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rekey_budget_of_a_peer, fixture)

BOOST_AUTO_TEST_CASE(l20_half_of_ten_seconds_is_allowed_and_no_more) {
    BOOST_TEST((wait() == 0s));
    budget.spend(now, 5s);
    BOOST_TEST((wait() == 0s));
    budget.spend(now, 1ns);
    BOOST_TEST((wait() == 10s));
}

BOOST_AUTO_TEST_CASE(l20_a_delay_ends_when_enough_work_lies_a_window_back) {
    budget.spend(now, 1s);
    now += 3s;
    budget.spend(now, 4s);
    now += 1s;
    budget.spend(now, 500ms);
    // Without the first second there is room again.
    BOOST_TEST((wait() == 6s));
    now += 6s - 1ns;
    BOOST_TEST((wait() == 1ns));
    now += 1ns;
    BOOST_TEST((wait() == 0s));
    budget.spend(now, 600ms);
    BOOST_TEST((wait() == 3s));
}

BOOST_AUTO_TEST_CASE(l20_nobody_waits_longer_than_a_window) {
    for (int i = 0; i < 100; ++i) {
        budget.spend(now, 20s);
        BOOST_TEST((wait() > 0s));
        BOOST_TEST((wait() <= 10s));
        now += 700ms;
    }
    now += 24h;
    BOOST_TEST((wait() == 0s));
}

BOOST_AUTO_TEST_CASE(l20_work_at_half_the_rate_is_never_delayed) {
    for (int i = 0; i < 1000; ++i) {
        BOOST_TEST((wait() == 0s));
        budget.spend(now, 45ms);
        now += 100ms;
    }
}

BOOST_AUTO_TEST_CASE(l20_it_can_be_switched_off) {
    for (const bool by_work : {true, false}) {
        adit::limits off;
        if (by_work) off.rekey_work = {};
        if (!by_work) off.rekey_work_window = {};
        budget = rekey_budget(off, now);
        budget.spend(now, 1h);
        BOOST_TEST((wait() == 0s));
    }
}

BOOST_AUTO_TEST_SUITE_END()
