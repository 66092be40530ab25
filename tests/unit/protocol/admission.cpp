// adit/protocol/admission.hpp: L02 to L04, each at its limit and one past it, and A19.
#include "support/test.hpp"

#include <adit/protocol/admission.hpp>

using namespace adit::protocol;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t always = 0, never = 99;  // the random number that drops early if any does

struct fixture {
    admission_answer answer_to(std::string_view address, std::uint32_t random = never) {
        admission::verdict v = door.admit(address, now, random);
        BOOST_TEST(static_cast<bool>(v.slot) == (v.answer == admission_answer::admitted));
        if (v.slot) inside.push_back(std::move(v.slot));
        return v.answer;
    }
    /// From as many different addresses.
    void fill(unsigned count) {
        for (unsigned i = 0; i < count; ++i) {
            const std::string address =
                "10.0." + std::to_string(i / 250) + '.' + std::to_string(i % 250);
            BOOST_REQUIRE((answer_to(address) == admission_answer::admitted));
        }
    }
    void end(std::string_view address, bad_ending how) {
        admission::verdict v = door.admit(address, now, never);
        BOOST_REQUIRE((v.answer == admission_answer::admitted));
        door.ended(std::move(v.slot), how, now);
    }

    admission_limits limits;
    admission door{limits};
    std::vector<admission::ticket> inside;
    admission::time_point now{1h};
};

struct fixture_with : fixture {
    explicit fixture_with(const admission_limits& l) { door = admission(l); }
};

}  // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(admission_answer)

BOOST_FIXTURE_TEST_SUITE(admission_of_strangers, fixture)

BOOST_AUTO_TEST_CASE(l02_below_the_first_number_nobody_is_dropped) {
    fill(9);
    BOOST_TEST(answer_to("192.0.2.1", always) == admission_answer::admitted);
    BOOST_TEST(answer_to("192.0.2.2", always) == admission_answer::dropped_early);
}

BOOST_AUTO_TEST_CASE(l02_the_chance_rises_from_30_percent_to_all) {
    fill(10);
    BOOST_TEST(answer_to("192.0.2.1", 29) == admission_answer::dropped_early);
    BOOST_TEST(answer_to("192.0.2.1", 129) == admission_answer::dropped_early);
    BOOST_TEST(answer_to("192.0.2.1", 30) == admission_answer::admitted);
    fill(44);  // 55 in all: 30 + 70 * 45 / 90
    BOOST_TEST(answer_to("192.0.2.1", 64) == admission_answer::dropped_early);
    BOOST_TEST(answer_to("192.0.2.1", 65) == admission_answer::admitted);
}

BOOST_AUTO_TEST_CASE(l02_at_the_last_number_everybody_is_refused) {
    fill(99);
    BOOST_TEST(answer_to("192.0.2.1", 98) == admission_answer::dropped_early);
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::admitted);
    BOOST_TEST(door.unauthenticated() == 100U);
    BOOST_TEST(answer_to("192.0.2.2") == admission_answer::too_many);
    inside.pop_back();
    BOOST_TEST(answer_to("192.0.2.2") == admission_answer::admitted);
}

BOOST_AUTO_TEST_CASE(l02_equal_numbers_mean_a_plain_limit) {
    admission_limits plain;
    plain.startups = plain.full = 3;
    fixture_with f(plain);
    f.fill(2);
    BOOST_TEST(f.answer_to("192.0.2.1", always) == admission_answer::admitted);
    BOOST_TEST(f.answer_to("192.0.2.2") == admission_answer::too_many);
}

BOOST_AUTO_TEST_CASE(l03_ten_of_one_address_and_not_eleven) {
    for (int i = 0; i < 10; ++i) BOOST_TEST(answer_to("192.0.2.1") == admission_answer::admitted);
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::too_many_of_one);
    BOOST_TEST(answer_to("::ffff:192.0.2.1") == admission_answer::too_many_of_one);
    BOOST_TEST(answer_to("192.0.2.2") == admission_answer::admitted);
    inside.erase(inside.begin());
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::admitted);
}

BOOST_AUTO_TEST_CASE(l03_a_subscriber_of_ipv6_has_a_64) {
    for (int i = 0; i < 10; ++i) {
        const std::string address = "2001:db8:1:2::" + std::to_string(i + 1);
        BOOST_TEST(answer_to(address) == admission_answer::admitted);
    }
    BOOST_TEST(answer_to("2001:db8:1:2:ffff::1") == admission_answer::too_many_of_one);
    BOOST_TEST(answer_to("2001:db8:1:3::1") == admission_answer::admitted);
}

BOOST_AUTO_TEST_CASE(l03_other_masks) {
    admission_limits wide;
    wide.per_source = 1;
    wide.masks = {24, 127};
    fixture_with f(wide);
    BOOST_TEST(f.answer_to("192.0.2.1") == admission_answer::admitted);
    BOOST_TEST(f.answer_to("192.0.2.255") == admission_answer::too_many_of_one);
    BOOST_TEST(f.answer_to("192.0.3.1") == admission_answer::admitted);
    BOOST_TEST(f.answer_to("2001:db8::2") == admission_answer::admitted);
    BOOST_TEST(f.answer_to("2001:db8::3") == admission_answer::too_many_of_one);
    BOOST_TEST(f.answer_to("2001:db8::4") == admission_answer::admitted);
}

BOOST_AUTO_TEST_CASE(l03_what_has_no_address_is_one_source) {
    admission_limits one;
    one.per_source = 1;
    fixture_with f(one);
    BOOST_TEST(f.answer_to("") == admission_answer::admitted);
    BOOST_TEST(f.answer_to("/run/socket") == admission_answer::too_many_of_one);
    BOOST_TEST(f.answer_to("0.0.0.0") == admission_answer::admitted);
    BOOST_TEST(f.answer_to("fe80::1%eth0") == admission_answer::admitted);
    BOOST_TEST(f.answer_to("fe80::1%eth1") == admission_answer::too_many_of_one);
}

BOOST_AUTO_TEST_CASE(a19_however_a_connection_ends_its_slot_comes_back) {
    for (int i = 0; i < 1000; ++i) {
        admission::verdict v = door.admit("192.0.2.1", now, always);
        BOOST_REQUIRE((v.answer == admission_answer::admitted));
        admission::ticket moved = std::move(v.slot);
        admission::ticket other;
        switch (i % 4) {
            case 0: break;  // it just dies
            case 1: door.authenticated(std::move(moved)); break;
            case 2: other = std::move(moved); break;
            default: door.ended(std::move(moved), bad_ending::refused, now - 1h); break;
        }
    }
    BOOST_TEST(door.unauthenticated() == 0U);
}

BOOST_AUTO_TEST_CASE(a_ticket_outlives_its_door) {
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::admitted);
    door = admission(limits);
    BOOST_TEST(door.unauthenticated() == 0U);
    inside.clear();
    BOOST_TEST(door.unauthenticated() == 0U);
}

BOOST_AUTO_TEST_CASE(who_is_logged_in_does_not_count) {
    for (int i = 0; i < 200; ++i) {
        admission::verdict v = door.admit("192.0.2.1", now, always);
        BOOST_REQUIRE((v.answer == admission_answer::admitted));
        door.authenticated(std::move(v.slot));
    }
    BOOST_TEST(door.unauthenticated() == 0U);
}

BOOST_AUTO_TEST_CASE(l04_penalties_add_up_and_count_from_15_seconds_on) {
    end("192.0.2.1", bad_ending::auth_failed);
    end("192.0.2.1", bad_ending::auth_failed);
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::admitted);
    end("192.0.2.1", bad_ending::invalid_user);
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::penalised);
    BOOST_TEST(answer_to("192.0.2.2") == admission_answer::admitted);
    now += 15s - 1ms;
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::penalised);
    now += 1ms;
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::admitted);
}

BOOST_AUTO_TEST_CASE(l04_each_ending_has_its_number) {
    const penalty_limits p;
    BOOST_TEST((p.of(bad_ending::crash) == 90s));
    BOOST_TEST((p.of(bad_ending::auth_failed) == 5s));
    BOOST_TEST((p.of(bad_ending::invalid_user) == 5s));
    BOOST_TEST((p.of(bad_ending::no_auth) == 1s));
    BOOST_TEST((p.of(bad_ending::grace_exceeded) == 10s));
    BOOST_TEST((p.of(bad_ending::refused) == 10s));
    end("192.0.2.1", bad_ending::crash);
    now += 90s - 1ms;
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::penalised);
    now += 1ms;
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::admitted);
}

BOOST_AUTO_TEST_CASE(l04_nobody_waits_longer_than_600_seconds) {
    for (int i = 0; i < 9; ++i) {  // ten crashes of connections that were there at once
        BOOST_REQUIRE((answer_to("192.0.2.1") == admission_answer::admitted));
    }
    for (admission::ticket& t : inside) door.ended(std::move(t), bad_ending::crash, now);
    now += 600s - 1ms;
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::penalised);
    now += 1ms;
    BOOST_TEST(answer_to("192.0.2.1") == admission_answer::admitted);
}

BOOST_AUTO_TEST_CASE(l04_penalties_can_be_switched_off) {
    admission_limits mild;
    mild.penalties.enabled = false;
    fixture_with f(mild);
    f.end("192.0.2.1", bad_ending::crash);
    BOOST_TEST(f.answer_to("192.0.2.1") == admission_answer::admitted);
}

BOOST_AUTO_TEST_CASE(l04_of_too_many_sources_the_first_to_end_is_forgotten) {
    penalty_limits few;
    few.sources = 3;
    source_penalties list(few);
    const auto at = [](const char* address) { return block_of(address, {}); };
    list.add(at("192.0.2.1"), bad_ending::crash, now);
    list.add(at("192.0.2.2"), bad_ending::crash, now + 1s);
    list.add(at("192.0.2.3"), bad_ending::crash, now + 2s);
    BOOST_TEST(list.is_penalised(at("192.0.2.1"), now + 3s));
    list.add(at("192.0.2.4"), bad_ending::crash, now + 3s);
    BOOST_TEST(!list.is_penalised(at("192.0.2.1"), now + 3s));
    BOOST_TEST(list.is_penalised(at("192.0.2.2"), now + 3s));
    BOOST_TEST(list.is_penalised(at("192.0.2.4"), now + 3s));
    BOOST_TEST(list.size(source_family::ipv4) == 3U);
    // The other family has room of its own.
    list.add(at("2001:db8::1"), bad_ending::crash, now + 3s);
    BOOST_TEST(list.size(source_family::ipv4) == 3U);
    BOOST_TEST(list.size(source_family::ipv6) == 1U);
}

BOOST_AUTO_TEST_CASE(l04_what_is_over_is_forgotten) {
    source_penalties list{penalty_limits()};
    list.add(block_of("192.0.2.1", {}), bad_ending::crash, now);
    list.add(block_of("192.0.2.2", {}), bad_ending::crash, now + 90s);
    BOOST_TEST(list.size(source_family::ipv4) == 1U);
    BOOST_TEST(!list.is_penalised(block_of("192.0.2.1", {}), now + 90s));
}

BOOST_AUTO_TEST_SUITE_END()
