// How often a secret of one user may be guessed, over all connections (A17): after some wrong
// answers further ones are refused unseen, for a time that doubles. RFC 4226 section 7.3. Used by
// accounts.hpp, which tells the time.
// Invariant: a guess is counted before it is looked at, so guesses side by side are as many as
// guesses in a row. Not thread-safe.
#pragma once

#include <adit/bodies.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace adit::protocol {

struct throttle_limits {
    unsigned attempts = 10;  ///< wrong ones, before the first pause
    std::chrono::seconds first_pause{30};
    std::chrono::seconds longest_pause{900};
    /// After so long without a guess, nor a pause, all is forgotten.
    std::chrono::seconds memory{600};
    std::size_t users = 65536;  ///< that are remembered; who guessed longest ago is forgotten first
};

class login_throttle {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit login_throttle(const throttle_limits& limits) : limits_(limits) {}

    /// Whether a guess of this user's secret may be looked at. It counts as a wrong one until
    /// right() is told.
    [[nodiscard]] bool charge(std::string_view user, time_point now);
    void right(std::string_view user);

    [[nodiscard]] std::size_t size() const noexcept { return users_.size(); }

private:
    struct record {
        unsigned wrong = 0;
        time_point last, blocked_until;
    };

    void make_room();
    [[nodiscard]] std::chrono::seconds pause_after(unsigned wrong) const noexcept;

    throttle_limits limits_;
    std::map<std::string, record, std::less<>> users_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL bool login_throttle::charge(std::string_view user, time_point now) {
    auto known = users_.find(user);
    if (known == users_.end()) {
        make_room();
        known = users_.emplace(user, record{0, now, now}).first;
    }
    record& r = known->second;
    if (now < r.blocked_until) return false;
    if (now - std::max(r.last, r.blocked_until) >= limits_.memory) r.wrong = 0;
    r.last = now;
    ++r.wrong;
    r.blocked_until = now + pause_after(r.wrong);
    return true;
}

ADIT_DECL void login_throttle::right(std::string_view user) {
    const auto known = users_.find(user);
    if (known != users_.end()) users_.erase(known);
}

ADIT_DECL std::chrono::seconds login_throttle::pause_after(unsigned wrong) const noexcept {
    if (wrong < limits_.attempts) return std::chrono::seconds(0);
    std::chrono::seconds pause = limits_.first_pause;
    for (unsigned i = limits_.attempts; i < wrong && pause < limits_.longest_pause; ++i) pause *= 2;
    return std::min(pause, limits_.longest_pause);
}

// Happens only with more users than are remembered, so it may look at all of them.
ADIT_DECL void login_throttle::make_room() {
    if (users_.empty() || users_.size() < limits_.users) return;
    const auto earlier = [](const auto& a, const auto& b) { return a.second.last < b.second.last; };
    users_.erase(std::ranges::min_element(users_, earlier));
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
