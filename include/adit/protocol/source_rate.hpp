// How often one source may begin a connection (A33): each costs us a key exchange, and the source
// almost nothing (D(HE)at, CVE-2002-20001). Used by admission.hpp, which tells the time.
// Invariants: a source that keeps to its rate is never refused; no more sources are remembered than
// the limits say, and who is not remembered is let in, so strangers in any number shut nobody out.
#pragma once

#include <adit/bodies.hpp>
#include <adit/protocol/source_block.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>

namespace adit::protocol {

struct source_rate_limits {
    unsigned per_second = 0;  ///< in the long run, and so many at once; 0: any number
    std::size_t sources = 65536;
};

class source_rate {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit source_rate(const source_rate_limits& limits) : limits_(limits) {}

    /// Whether the source may begin another one; if so, it has.
    [[nodiscard]] bool take(const source_block& source, time_point now);
    [[nodiscard]] std::size_t size() const noexcept { return paid_until_.size(); }

private:
    source_rate_limits limits_;
    // What a source has begun is as if it were spread evenly, up to here.
    std::map<source_block, time_point> paid_until_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL bool source_rate::take(const source_block& source, time_point now) {
    constexpr std::chrono::steady_clock::duration second = std::chrono::seconds(1);
    if (limits_.per_second == 0) return true;
    const auto each = second / limits_.per_second;
    const auto known = paid_until_.find(source);
    if (known != paid_until_.end()) {
        const time_point until = std::max(known->second, now) + each;
        if (until - now > each * limits_.per_second) return false;
        known->second = until;
        return true;
    }
    if (paid_until_.size() >= limits_.sources) {
        std::erase_if(paid_until_, [now](const auto& entry) { return entry.second <= now; });
    }
    if (paid_until_.size() < limits_.sources) paid_until_.emplace(source, now + each);
    return true;
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
