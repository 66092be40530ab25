// When a lost SSH connection is tried again (T01, T02): at once at first, then rarer and rarer, and
// not sooner than a server that has shut us out may want. Used by tunnel/keeper.hpp, which tells it
// the time and rolls the dice.
// Invariants: two attempts are never nearer to each other than the schedule or somebody who waits
// allows; nobody hurries an attempt that a penalty of the peer puts off.
#pragma once

#include <adit/bodies.hpp>
#include <adit/diagnostics.hpp>
#include <adit/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace adit::protocol {

struct retry_limits {
    std::chrono::milliseconds first{200};       ///< before the first attempt; then doubled
    std::chrono::milliseconds longest{30'000};  ///< between two attempts
    /// A connection that stood so long was a good one: the schedule begins anew.
    std::chrono::milliseconds stable{60'000};
    /// A local connection that comes starts an attempt if none has ended for so long.
    std::chrono::milliseconds hurried{1'000};
    /// The least wait where the peer seems to punish us (PerSourcePenalties, MaxStartups); doubled
    /// from one suspicion to the next, up to `longest_penalty`.
    std::chrono::milliseconds penalty{15'000};
    std::chrono::milliseconds longest_penalty{60'000};

    friend bool operator==(const retry_limits&, const retry_limits&) = default;
};

/// Whether the server did not want to talk at all: it closed before or instead of identifying
/// itself, or said so. sshd_config(5), MaxStartups and PerSourcePenalties.
[[nodiscard]] bool suspects_penalty(const diagnostics& story, error_code ec) noexcept;

/// Whether another attempt would do harm: is_final, or a server that threw us out for our logins.
[[nodiscard]] bool ends_attempts(const diagnostics& story, error_code ec) noexcept;

class retry_schedule {
public:
    using clock = std::chrono::steady_clock;
    using time_point = clock::time_point;

    explicit retry_schedule(const retry_limits& limits) : limits_(limits) {}

    /// An attempt succeeded.
    void connected(time_point now) noexcept { connected_ = now; }
    /// What stood was lost. `random` is any number, evenly spread.
    void lost(time_point now, std::uint32_t random) noexcept;
    /// An attempt failed.
    void failed(time_point now, bool penalty, std::uint32_t random) noexcept;
    /// Somebody wants a connection now.
    void hurry(time_point now) noexcept;
    /// The machine slept: what was waited for has passed in the meantime.
    void wake(time_point now) noexcept { due_ = std::min(due_, now); }

    /// When the next attempt begins.
    [[nodiscard]] time_point due() const noexcept { return due_; }
    /// Whether a penalty of the peer's is suspected.
    [[nodiscard]] bool penalised() const noexcept { return penalties_ != 0; }

private:
    using duration = clock::duration;
    [[nodiscard]] static duration doubled(duration first, unsigned times, duration most) noexcept;
    [[nodiscard]] static duration spread(duration middle, std::uint32_t random) noexcept;
    void wait(time_point now, std::uint32_t random) noexcept;

    retry_limits limits_;
    unsigned failures_ = 0;
    unsigned penalties_ = 0;
    time_point connected_;
    time_point last_end_;
    time_point due_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL bool suspects_penalty(const diagnostics& story, error_code ec) noexcept {
    const std::string_view words = story.peer_text;
    const auto says = [words](std::string_view part) {
        return words.find(part) != std::string_view::npos;
    };
    if (says("Not allowed at this time") || says("Exceeded MaxStartups")) return true;
    const bool early = story.stage == stage::identification && story.peer_version.empty();
    return early && (ec == errc::connection_lost || ec == errc::not_an_ssh_server ||
                     ec == errc::disconnected_by_peer);
}

ADIT_DECL bool ends_attempts(const diagnostics& story, error_code ec) noexcept {
    if (is_final(ec)) return true;
    if (story.stage != stage::authentication || ec != errc::disconnected_by_peer) return false;
    switch (story.peer_reason) {
        case disconnect_reason::host_not_allowed_to_connect:
        case disconnect_reason::auth_cancelled_by_user:
        case disconnect_reason::no_more_auth_methods_available:
        case disconnect_reason::illegal_user_name: return true;
        // sshd's reason for too many failures.
        case disconnect_reason::protocol_error:
            return story.peer_text.find("authentication failures") != std::string::npos;
        default: return false;
    }
}

ADIT_DECL retry_schedule::duration retry_schedule::doubled(duration first, unsigned times,
                                                           duration most) noexcept {
    while (times-- != 0 && first < most) first *= 2;
    return std::min(first, most);
}

// From a half to one and a half, so that a thousand clients of one server do not come at once.
ADIT_DECL retry_schedule::duration retry_schedule::spread(duration middle,
                                                          std::uint32_t random) noexcept {
    const double part = 0.5 + static_cast<double>(random) / 4294967296.0;
    return std::chrono::duration_cast<duration>(middle * part);
}

ADIT_DECL void retry_schedule::wait(time_point now, std::uint32_t random) noexcept {
    last_end_ = now;
    const duration middle = doubled(limits_.first, failures_, limits_.longest);
    due_ = now + std::min<duration>(spread(middle, random), limits_.longest);
    if (penalties_ == 0) return;
    const duration penalty = doubled(limits_.penalty, penalties_ - 1, limits_.longest_penalty);
    // Never earlier than that: spread to one side only.
    due_ = std::max(due_, now + spread(penalty, random / 2 + 0x80000000U));
}

ADIT_DECL void retry_schedule::lost(time_point now, std::uint32_t random) noexcept {
    if (now - connected_ >= limits_.stable) failures_ = 0;
    penalties_ = 0;
    wait(now, random);
    ++failures_;
}

ADIT_DECL void retry_schedule::failed(time_point now, bool penalty, std::uint32_t random) noexcept {
    penalties_ = penalty ? penalties_ + 1 : 0;
    wait(now, random);
    ++failures_;
}

ADIT_DECL void retry_schedule::hurry(time_point now) noexcept {
    if (penalised()) return;
    due_ = std::min(due_, std::max(now, last_end_ + limits_.hurried));
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
