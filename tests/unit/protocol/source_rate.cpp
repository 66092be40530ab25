// adit/protocol/source_rate.hpp, and admission.hpp where it asks it: how often one source may begin
// a connection (A33).
#include "support/test.hpp"

#include <adit/protocol/admission.hpp>

using namespace adit::protocol;
using namespace std::chrono_literals;

namespace {

struct fixture {
    [[nodiscard]] bool take(std::string_view address = "192.0.2.1") {
        return rate.take(block_of(address, {}), now);
    }
    void take_many(unsigned count) {
        for (unsigned i = 0; i < count; ++i) BOOST_TEST(take());
    }

    source_rate rate{{10, 3}};
    source_rate::time_point now{1h};
};

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(admission_answer)

BOOST_FIXTURE_TEST_SUITE(rate_of_a_source, fixture)

BOOST_AUTO_TEST_CASE(a33_ten_at_once_and_not_eleven) {
    take_many(10);
    BOOST_TEST(!take());
    BOOST_TEST(take("192.0.2.2"));
    now += 100ms - 1ns;
    BOOST_TEST(!take());
    now += 1ns;
    BOOST_TEST(take());
    BOOST_TEST(!take());
}

BOOST_AUTO_TEST_CASE(a33_ten_in_a_second_for_ever) {
    for (int i = 0; i < 1000; ++i) {
        BOOST_TEST(take());
        now += 100ms;
    }
    now += 1h;
    take_many(10);
    BOOST_TEST(!take());
}

// As many as ssh-audit tries in one and a half seconds, and what it calls too many.
BOOST_AUTO_TEST_CASE(a33_of_a_flood_fewer_than_20_in_a_second_get_in) {
    unsigned in = 0;
    for (int i = 0; i < 1500; ++i) {
        if (take()) ++in;
        now += 1ms;
    }
    BOOST_TEST(in <= 25U);
    BOOST_TEST(in >= 15U);
}

BOOST_AUTO_TEST_CASE(a33_who_is_not_remembered_gets_in) {
    for (const std::string address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
        BOOST_TEST(take(address));
    }
    for (int i = 0; i < 20; ++i) BOOST_TEST(take("192.0.2.4"));
    BOOST_TEST(rate.size() == 3U);
    now += 100ms;
    BOOST_TEST(take("192.0.2.4"));
    BOOST_TEST(rate.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a33_off_by_default) {
    rate = source_rate({});
    take_many(1000);
    BOOST_TEST(rate.size() == 0U);
}

BOOST_AUTO_TEST_CASE(a33_admission_counts_whom_it_lets_in) {
    admission_limits limits;
    limits.rate.per_second = 2;
    limits.per_source = 1;
    admission door(limits);
    constexpr std::uint32_t never = 99;
    const auto answer = [&] { return door.admit("192.0.2.1", now, never).answer; };
    {
        const auto holds = door.admit("192.0.2.1", now, never);
        BOOST_TEST(holds.answer == admission_answer::admitted);
        for (int i = 0; i < 9; ++i) BOOST_TEST(answer() == admission_answer::too_many_of_one);
    }
    BOOST_TEST(answer() == admission_answer::admitted);
    BOOST_TEST(answer() == admission_answer::too_often);
    BOOST_TEST(door.unauthenticated() == 0U);
    BOOST_TEST(!message_of(admission_answer::too_often).empty());
    now += 500ms;
    BOOST_TEST(answer() == admission_answer::admitted);
}

BOOST_AUTO_TEST_SUITE_END()
