// Tests of adit/protocol/rekey_clock.hpp: bytes, packets and time, in either direction; and that
// one packet always gets through between two exchanges (C18, L20). The time is the test's own.
#include "support/test.hpp"

#include <adit/protocol/rekey_clock.hpp>

namespace {

using adit::limits;
using rekeying = adit::protocol::rekey_clock;
using traffic = rekeying::traffic;
using time_point = rekeying::time_point;
using std::chrono::seconds;

constexpr traffic nothing{};
constexpr std::uint64_t unlimited = ~std::uint64_t{0};
const time_point start{seconds(1000)};

limits caps(std::uint64_t bytes, std::uint64_t packets, int interval) {
    limits l;
    l.rekey_bytes = bytes;
    l.rekey_packets = packets;
    l.rekey_interval = seconds(interval);
    return l;
}

BOOST_AUTO_TEST_SUITE(rekey_clock)

BOOST_AUTO_TEST_CASE(c18_the_defaults_are_one_gibibyte_one_hour_and_2_to_the_31_packets) {
    const rekeying clock(limits{}, start);
    constexpr std::uint64_t gibibyte = 1073741824;
    BOOST_TEST(!clock.due({.packets = 40'000, .bytes = gibibyte - 1}, nothing));
    BOOST_TEST(clock.due({.packets = 40'000, .bytes = gibibyte}, nothing));
    BOOST_TEST(!clock.due({.packets = 2147483647, .bytes = 9}, nothing));
    BOOST_TEST(clock.due({.packets = 2147483648, .bytes = 9}, nothing));
    BOOST_TEST(!clock.due(start + seconds(3599)));
    BOOST_TEST(clock.due(start + seconds(3600)));
}

BOOST_AUTO_TEST_CASE(c18_either_direction_counts_and_they_are_not_added) {
    const rekeying clock(caps(1000, 100, 0), start);
    for (const auto& [much, little] : {std::pair{traffic{.packets = 2, .bytes = 1000}, nothing},
                                       {traffic{.packets = 100, .bytes = 5}, nothing}}) {
        BOOST_TEST(clock.due(much, little));
        BOOST_TEST(clock.due(little, much));
    }
    const traffic below{.packets = 99, .bytes = 999};
    BOOST_TEST(!clock.due(below, below));
}

BOOST_AUTO_TEST_CASE(l20_one_packet_gets_through_however_small_the_limit) {
    const rekeying clock(caps(1, 1, 0), start);
    BOOST_TEST(!clock.due(nothing, nothing));
    const traffic one{.packets = 1, .bytes = 35000};
    BOOST_TEST(!clock.due(one, one));
    const traffic two{.packets = 2, .bytes = 35016};
    BOOST_TEST(clock.due(two, nothing));
    BOOST_TEST(clock.due(nothing, two));
}

BOOST_AUTO_TEST_CASE(zero_switches_a_limit_off) {
    constexpr traffic most{.packets = ~std::uint64_t{0}, .bytes = ~std::uint64_t{1}};
    const rekeying never(caps(0, 0, 0), start);
    BOOST_TEST(!never.due(most, most));
    BOOST_TEST(!never.due(start + seconds(1'000'000)));
    BOOST_TEST((never.deadline() == time_point::max()));
    BOOST_TEST(rekeying(caps(0, 5, 0), start).due(most, nothing));
    BOOST_TEST(rekeying(caps(5, 0, 0), start).due(most, nothing));
}

BOOST_AUTO_TEST_CASE(c18_what_the_ciphers_bear_counts_whatever_the_limits_say) {
    for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{5000}, unlimited}) {
        rekeying clock(caps(limit, 0, 0), start);
        clock.keys_changed(start, 1000);
        BOOST_TEST(!clock.due({.packets = 9, .bytes = 999}, {.packets = 9, .bytes = 999}));
        BOOST_TEST(clock.due({.packets = 9, .bytes = 1000}, nothing));
        BOOST_TEST(clock.due(nothing, {.packets = 9, .bytes = 1000}));
        clock.keys_changed(start, 100);
        BOOST_TEST(!clock.due({.packets = 1, .bytes = 35000}, nothing));
        BOOST_TEST(clock.due({.packets = 2, .bytes = 100}, nothing));
    }
    // And the limits count whatever the ciphers bear.
    rekeying clock(caps(100, 0, 0), start);
    clock.keys_changed(start, 1000);
    BOOST_TEST(clock.due({.packets = 2, .bytes = 100}, nothing));
}

BOOST_AUTO_TEST_CASE(t07_time_counts_from_the_last_change_and_fires_once) {
    rekeying clock(caps(0, 0, 60), start);
    BOOST_TEST((clock.deadline() == start + seconds(60)));
    BOOST_TEST(!clock.due(start + seconds(59)));
    const time_point late = start + seconds(8 * 3600);  // a suspended laptop
    BOOST_TEST(clock.due(late));
    clock.keys_changed(late, unlimited);
    BOOST_TEST(!clock.due(late));
    BOOST_TEST(!clock.due(late + seconds(59)));
    BOOST_TEST(clock.due(late + seconds(60)));
    BOOST_TEST((clock.deadline() == late + seconds(60)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
