// Tests of adit/protocol/window.hpp: the edges of 32 bits, and the conservation of bytes over
// random operations against a model in plain counters (RFC 4254 section 5.2; C43 to C45, A21).
#include "support/test.hpp"

#include <adit/protocol/window.hpp>

#include <random>

namespace {

using adit::errc;
using adit::protocol::receive_window;
using adit::protocol::send_window;

constexpr std::uint32_t most = 0xffffffff;

BOOST_AUTO_TEST_SUITE(window)

BOOST_AUTO_TEST_CASE(c41_an_initial_window_of_zero_is_lawful) {
    send_window w(0);
    BOOST_TEST(w.available() == 0U);
    BOOST_TEST((w.grant(5) == errc::ok));
    BOOST_TEST(w.available() == 5U);
}

BOOST_AUTO_TEST_CASE(c43_a21_a_sum_beyond_32_bits_is_an_error) {
    for (const std::uint32_t first : {0U, 1U, 0x80000000U, most - 1, most}) {
        send_window w(first);
        BOOST_TEST((w.grant(most - first) == errc::ok));
        BOOST_TEST(w.available() == most);
        for (const std::uint32_t beyond : {1U, 2U, 0x80000000U, most}) {
            BOOST_TEST((w.grant(beyond) == errc::window_overflow));
            BOOST_TEST(w.available() == most);
        }
    }
}

BOOST_AUTO_TEST_CASE(c43_an_adjust_of_zero_is_lawful) {
    send_window w(7);
    BOOST_TEST((w.grant(0) == errc::ok));
    BOOST_TEST(w.available() == 7U);
    send_window full(most);
    BOOST_TEST((full.grant(0) == errc::ok));
}

BOOST_AUTO_TEST_CASE(c44_sizes_of_2_to_the_32_are_not_cut_off) {
    send_window w(1000);
    w.spend(std::uint64_t{1} << 32U);
    BOOST_TEST(w.available() == 0U);
    receive_window r(1000);
    BOOST_TEST((r.receive((std::uint64_t{1} << 32U) + 5) == errc::window_exceeded));
}

BOOST_AUTO_TEST_CASE(c45_one_byte_beyond_the_window_is_an_error) {
    receive_window w(1000);
    BOOST_TEST((w.receive(1000) == errc::ok));
    BOOST_TEST((w.receive(0) == errc::ok));
    BOOST_TEST((w.receive(1) == errc::window_exceeded));
    receive_window fresh(1000);
    BOOST_TEST((fresh.receive(1001) == errc::window_exceeded));
    BOOST_TEST((fresh.receive(1000) == errc::ok));
}

BOOST_AUTO_TEST_CASE(c45_nothing_is_granted_for_what_nobody_took) {
    receive_window w(1000);
    BOOST_TEST((w.receive(1000) == errc::ok));
    BOOST_TEST(w.due() == 0U);
    w.consume(499);
    BOOST_TEST(w.due() == 0U);
    w.consume(1);
    BOOST_TEST(w.due() == 500U);
}

BOOST_AUTO_TEST_CASE(credit_goes_back_in_few_large_steps) {
    receive_window w(1000);
    unsigned grants = 0;
    for (int i = 0; i < 100'000; ++i) {
        BOOST_REQUIRE((w.receive(1) == errc::ok));
        w.consume(1);
        if (const std::uint32_t n = w.due(); n != 0) {
            w.granted(n);
            ++grants;
        }
    }
    BOOST_TEST(grants == 200U);  // half a window each
}

BOOST_AUTO_TEST_CASE(a_window_of_one_byte_does_not_stall) {
    for (const std::uint32_t size : {1U, 2U, 3U}) {
        receive_window w(size);
        for (int i = 0; i < 50; ++i) {
            const std::uint64_t open = w.open();
            BOOST_REQUIRE(open > 0U);
            BOOST_TEST((w.receive(open) == errc::ok));
            w.consume(open);
            w.granted(w.due());
        }
    }
}

BOOST_AUTO_TEST_CASE(l10_a_window_grows_and_never_shrinks) {
    receive_window w(1000);
    BOOST_TEST(!w.used_up());
    BOOST_TEST((w.receive(1000) == errc::ok));
    w.consume(1000);
    w.granted(w.due());
    BOOST_TEST(w.used_up());
    w.set_target(2000);
    BOOST_TEST(!w.used_up());
    BOOST_TEST(w.due() == 1000U);
    w.granted(1000);
    BOOST_TEST(w.open() == 2000U);
    w.set_target(500);
    BOOST_TEST(w.target() == 2000U);
}

// What the peer was granted is what it sent and what it may still send.
BOOST_AUTO_TEST_CASE(c45_bytes_are_conserved_over_random_operations) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::mt19937 random(seed);
        std::uint64_t target = random() % 5000 + 1;
        receive_window w(static_cast<std::uint32_t>(target));
        std::uint64_t granted = target;
        std::uint64_t sent = 0;
        std::uint64_t taken = 0;
        for (int i = 0; i < 2000; ++i) {
            const std::uint64_t n = random() % (target + 2);
            switch (random() % 8) {
                case 0:
                case 1:
                case 2:
                    BOOST_TEST((w.receive(n) == errc::ok) == (sent + n <= granted));
                    if (sent + n <= granted) sent += n;
                    break;
                case 3:
                case 4:
                case 5: {
                    const std::uint64_t part = std::min(n, sent - taken);
                    w.consume(part);
                    taken += part;
                    break;
                }
                case 6: {
                    const std::uint32_t due = w.due();
                    w.granted(due);
                    granted += due;
                    // Half of the window is open for an empty buffer, so nobody waits for ever.
                    if (sent == taken) BOOST_TEST(2 * w.open() >= target);
                    break;
                }
                default:
                    if (random() % 50 == 0 && target < 1'000'000) {
                        target *= 2;
                        w.set_target(static_cast<std::uint32_t>(target));
                    }
            }
            BOOST_TEST(w.open() == granted - sent);
            BOOST_TEST(w.held() == sent - taken);
            BOOST_TEST(w.open() + w.held() <= target);
        }
    }
}

BOOST_AUTO_TEST_CASE(c44_what_is_sent_never_exceeds_what_was_granted) {
    std::mt19937 random(7);
    for (int run = 0; run < 50; ++run) {
        const auto first = static_cast<std::uint32_t>(random());
        send_window w(first);
        std::uint64_t granted = first;
        std::uint64_t sent = 0;
        for (int i = 0; i < 1000; ++i) {
            if (random() % 2 == 0) {
                const auto n = static_cast<std::uint32_t>(random() >> random() % 32);
                const bool fits = granted - sent + n <= most;
                BOOST_TEST((w.grant(n) == errc::ok) == fits);
                if (fits) granted += n;
            } else {
                const std::uint64_t n = w.available() >> random() % 32;
                w.spend(n);
                sent += n;
            }
            BOOST_TEST(w.available() == granted - sent);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
