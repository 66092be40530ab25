// The time since the machine was started, sleep included, which no clock of the standard tells.
// Used beside steady_clock to notice that a machine slept (protocol/clock_watch.hpp).
// Invariant: where the system has no such clock, it is the steady one: then nobody ever slept.
#pragma once

#include <chrono>
#include <ctime>

namespace adit::detail {

[[nodiscard]] inline std::chrono::steady_clock::duration boot_time() noexcept {
#if defined(CLOCK_BOOTTIME)
    timespec t{};
    if (::clock_gettime(CLOCK_BOOTTIME, &t) == 0) {
        return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
    }
#endif
    return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace adit::detail
