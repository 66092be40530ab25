// Tests of adit/protocol/window_budget.hpp: the sum of all windows stays within the memory of the
// connection, whatever is taken, grown and given back, and there is room for many (L10 to L12).
#include "support/test.hpp"

#include <adit/protocol/window_budget.hpp>

#include <algorithm>
#include <random>

namespace {

using adit::limits;
using memory_budget = adit::protocol::window_budget;

limits small_memory(std::size_t memory) {
    limits caps;
    caps.connection_memory = memory;
    return caps;
}

BOOST_AUTO_TEST_SUITE(window_budget)

BOOST_AUTO_TEST_CASE(l10_the_first_channel_starts_with_the_first_window) {
    memory_budget budget(limits{});
    BOOST_TEST(budget.take_first() == 256U * 1024);
    BOOST_TEST(budget.used() == 256U * 1024);
}

BOOST_AUTO_TEST_CASE(t19_a_thousand_channels_fit_into_the_defaults) {
    const limits caps;
    memory_budget budget(caps);
    std::uint64_t sum = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::uint32_t window = budget.take_first();
        BOOST_TEST(window >= caps.smallest_window);
        sum += window;
        BOOST_TEST(budget.used() == sum);
    }
    BOOST_TEST(sum <= caps.connection_memory);
}

BOOST_AUTO_TEST_CASE(t19_a_thousand_more_fit_beside_windows_that_grew_as_far_as_they_could) {
    const limits caps;
    memory_budget budget(caps);
    for (int i = 0; i < 4; ++i) {
        std::uint32_t window = budget.take_first();
        for (int n = 0; n < 20; ++n) {
            const std::uint32_t grown = budget.grow(window);
            // The second half is for channels to come.
            if (grown != window) BOOST_TEST(budget.used() <= caps.connection_memory / 2);
            window = grown;
        }
    }
    for (int i = 0; i < 1000; ++i) BOOST_TEST(budget.take_first() >= caps.smallest_window);
    BOOST_TEST(budget.used() <= caps.connection_memory);
}

BOOST_AUTO_TEST_CASE(l10_a_channel_is_refused_when_the_smallest_window_is_not_free) {
    limits caps = small_memory(10 * 32 * 1024 + 5);
    caps.first_window = caps.smallest_window;
    memory_budget budget(caps);
    for (int i = 0; i < 10; ++i) BOOST_TEST(budget.take_first() == 32U * 1024);
    BOOST_TEST(budget.take_first() == 0U);
    BOOST_TEST(budget.used() == 10U * 32 * 1024);
    budget.give_back(32 * 1024);
    BOOST_TEST(budget.take_first() == 32U * 1024);
    BOOST_TEST(budget.take_first() == 0U);
}

BOOST_AUTO_TEST_CASE(l10_a_window_doubles_up_to_the_largest) {
    limits caps;
    caps.largest_window = 1000 * 1024;
    memory_budget budget(caps);
    const std::uint32_t first = budget.take_first();
    BOOST_TEST(budget.grow(first) == 2 * first);
    BOOST_TEST(budget.used() == 2 * first);
    BOOST_TEST(budget.grow(2 * first) == caps.largest_window);
    BOOST_TEST(budget.grow(caps.largest_window) == caps.largest_window);
    BOOST_TEST(budget.used() == caps.largest_window);
}

BOOST_AUTO_TEST_CASE(l10_one_channel_never_takes_all_that_windows_may_grow_by) {
    limits caps;
    caps.largest_window = 0x7fffffff;
    memory_budget budget(caps);
    std::uint32_t window = budget.take_first();
    for (int n = 0; n < 40; ++n) window = budget.grow(window);
    BOOST_TEST(window > 2 * caps.first_window);
    const std::uint32_t other = budget.take_first();
    BOOST_TEST(budget.grow(other) > other);
}

BOOST_AUTO_TEST_CASE(a_window_of_two_gibibytes_does_not_overflow_when_doubled) {
    limits caps;
    caps.first_window = 0x80000000;
    caps.largest_window = 0xffffffff;
    caps.connection_memory = std::size_t{1} << 36U;
    memory_budget budget(caps);
    BOOST_TEST(budget.grow(budget.take_first()) == 0xffffffffU);
    BOOST_TEST(budget.used() == 0xffffffffU);
}

BOOST_AUTO_TEST_CASE(l12_the_sum_never_exceeds_the_budget) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        std::mt19937 random(seed);
        limits caps = small_memory(random() % (std::size_t{1} << (16 + seed % 12)));
        const auto below = [&random](std::uint32_t end) {
            return static_cast<std::uint32_t>(random() % end);
        };
        caps.first_window = below(1U << (10 + seed % 12));
        caps.smallest_window = below(1U << (8 + seed % 10));
        memory_budget budget(caps);
        std::vector<std::uint32_t> windows;
        std::uint64_t sum = 0;
        for (int i = 0; i < 1000; ++i) {
            const std::size_t chosen = windows.empty() ? 0 : random() % windows.size();
            if (windows.empty() || random() % 3 == 0) {
                const std::uint32_t window = budget.take_first();
                if (window != 0) windows.push_back(window);
                sum += window;
            } else if (random() % 2 == 0) {
                const std::uint32_t grown = budget.grow(windows[chosen]);
                BOOST_TEST(grown >= windows[chosen]);
                sum += grown - windows[chosen];
                windows[chosen] = grown;
            } else {
                budget.give_back(windows[chosen]);
                sum -= windows[chosen];
                windows.erase(windows.begin() + static_cast<std::ptrdiff_t>(chosen));
            }
            BOOST_TEST(budget.used() == sum);
            BOOST_TEST(sum <= caps.connection_memory);
        }
        for (const std::uint32_t window : windows) budget.give_back(window);
        BOOST_TEST(budget.used() == 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
