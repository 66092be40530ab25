// The time of day as a number, for what is dated from outside: TOTP steps, certificates, expiry
// times. Used by auth/totp_source.hpp, accounts.hpp and bastion/. Invariant: nothing that waits
// asks this clock; it may jump (T08).
#pragma once

#include <chrono>
#include <cstdint>

namespace adit::detail {

/// Seconds since 1970.
[[nodiscard]] inline std::uint64_t unix_seconds() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

}  // namespace adit::detail
