// Two clocks compared, so that a machine that slept is noticed (T07): the steady one stands still
// while a laptop is closed, the one of the boot goes on. Also a process that was stopped is, by a
// gap between two looks. Used by connection/connection.hpp and tunnel/keeper.hpp, which look at
// every tick and tell it both times. Invariant: each gap is told once.
#pragma once

#include <chrono>
#include <utility>

namespace adit::protocol {

class clock_watch {
public:
    using clock = std::chrono::steady_clock;
    using duration = clock::duration;
    using time_point = clock::time_point;

    /// What passed between two looks and should not have.
    struct gap {
        duration slept{0};    ///< the machine did; the steady clock has not moved
        duration stopped{0};  ///< this process did, beyond what was expected
    };

    /// `boot` is the time since the machine was started, sleep included.
    clock_watch(time_point steady, duration boot) noexcept : steady_(steady), boot_(boot) {}

    [[nodiscard]] gap look(time_point steady, duration boot, duration expected) noexcept {
        const duration passed = steady - std::exchange(steady_, steady);
        const duration passed_by_boot = boot - std::exchange(boot_, boot);
        gap g;
        // The two are not read in the same instant.
        constexpr duration noise = std::chrono::milliseconds(100);
        if (passed_by_boot - passed > noise) g.slept = passed_by_boot - passed;
        if (passed - expected > noise) g.stopped = passed - expected;
        return g;
    }

private:
    time_point steady_;
    duration boot_;
};

}  // namespace adit::protocol
