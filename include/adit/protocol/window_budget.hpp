// The memory that all windows of a connection may promise together (L10-L12). A promise is made out
// of the budget before it is made to the peer, so an obedient peer can never make us exceed it.
// Used by channel_table. Invariant: used() is the sum of the targets of all live channels.
//
// While much is free a channel starts with a large window; the second half of the budget is kept
// for channels to come, which start small. Growth comes out of the first half only.
#pragma once

#include <adit/limits.hpp>

#include <algorithm>
#include <cstdint>

namespace adit::protocol {

class window_budget {
public:
    explicit window_budget(const limits& caps) noexcept
        : total_(caps.connection_memory),
          first_(caps.first_window),
          smallest_(std::min(caps.smallest_window, caps.first_window)),
          largest_(caps.largest_window) {}

    /// The first window of a new channel; zero when none can be afforded.
    [[nodiscard]] std::uint32_t take_first() noexcept {
        std::uint32_t window = smallest_;
        if (used_ + first_ <= total_ / 4) {
            window = first_;
        } else if (used_ + first_ / 4 <= total_ / 2) {
            window = std::max(smallest_, first_ / 4);
        }
        if (used_ + window > total_) return 0;
        used_ += window;
        return window;
    }

    /// A larger target instead of `target`; the same when none can be afforded.
    [[nodiscard]] std::uint32_t grow(std::uint32_t target) noexcept {
        const std::uint64_t wanted = std::min<std::uint64_t>(std::uint64_t{target} * 2, largest_);
        if (wanted <= target) return target;
        const std::uint64_t free = total_ / 2 > used_ ? total_ / 2 - used_ : 0;
        if (wanted - target > free / 2) return target;  // no channel takes all that is left
        used_ += wanted - target;
        return static_cast<std::uint32_t>(wanted);
    }

    void give_back(std::uint32_t target) noexcept {
        used_ -= std::min<std::uint64_t>(target, used_);
    }
    [[nodiscard]] std::uint64_t used() const noexcept { return used_; }

private:
    std::uint64_t total_;
    std::uint32_t first_;
    std::uint32_t smallest_;
    std::uint32_t largest_;
    std::uint64_t used_ = 0;
};

}  // namespace adit::protocol
