// How much public-key work the exchanges of one connection have cost lately, and when a peer may
// have the next one (L20): work beyond the limit within a sliding window delays it, never refuses
// it. Asked by the connection's reader, which tells it the time. RFC 4253 section 9.
// Invariant: what lies a whole window back counts no more, so every delay ends within one.
#pragma once

#include <adit/bodies.hpp>
#include <adit/limits.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace adit::protocol {

class rekey_budget {
public:
    using time_point = std::chrono::steady_clock::time_point;
    using duration = std::chrono::steady_clock::duration;

    rekey_budget(const limits& caps, time_point now) noexcept
        : most_(caps.rekey_work), slot_(caps.rekey_work_window / slots), origin_(now) {}

    void spend(time_point now, duration work) noexcept;
    /// When the peer's next exchange may begin: `now`, or later.
    [[nodiscard]] time_point ready(time_point now) noexcept;

private:
    static constexpr std::int64_t slots = 10;

    [[nodiscard]] bool is_off() const noexcept { return most_.count() == 0 || slot_.count() == 0; }
    [[nodiscard]] duration& slot(std::int64_t number) noexcept {
        return spent_[static_cast<std::size_t>(number % slots)];
    }
    void forget(time_point now) noexcept;

    duration most_, slot_;
    time_point origin_;
    std::int64_t newest_ = slots;  // the number of the latest slot, counted from a window before
    std::array<duration, static_cast<std::size_t>(slots)> spent_{};
};

// Details.

#if ADIT_BODIES

// The slots that have passed since begin anew.
ADIT_DECL void rekey_budget::forget(time_point now) noexcept {
    const std::int64_t current = slots + (now - origin_) / slot_;
    if (current - newest_ >= slots) {
        spent_.fill(duration(0));
        newest_ = current;
    }
    while (newest_ < current) slot(++newest_) = duration(0);
}

ADIT_DECL void rekey_budget::spend(time_point now, duration work) noexcept {
    if (is_off()) return;
    forget(now);
    slot(newest_) += work;
}

ADIT_DECL auto rekey_budget::ready(time_point now) noexcept -> time_point {
    if (is_off()) return now;
    forget(now);
    duration sum = std::accumulate(spent_.begin(), spent_.end(), duration(0));
    if (sum <= most_) return now;
    std::int64_t oldest = newest_ - slots;
    while (sum > most_) sum -= slot(++oldest);
    // The last of those that have to be forgotten first is so when the window has passed it.
    return origin_ + slot_ * oldest;
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
