// What a server decides by itself in a login, RFC 4252 sections 5 and 5.1: which methods may
// continue, when all factors are there (AuthenticationMethods), and when a client has tried often
// enough (L05), and how long a refusal takes (L06). Pure: no Asio, no clock. Used by
// auth/server.hpp. Invariants: a method counts only when its turn has come in one of the lists;
// success needs one whole list; what is counted never goes back.
#pragma once

#include <adit/bodies.hpp>
#include <adit/error.hpp>
#include <adit/limits.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::protocol {

/// How far a login has come.
class authentication_progress {
public:
    using method_list = std::vector<std::string>;

    explicit authentication_progress(std::vector<method_list> required)
        : required_(std::move(required)) {}

    /// Whether the method's turn has come.
    [[nodiscard]] bool awaits(std::string_view method) const;
    /// The factor was right; it must have been awaited. Whether that was the last one.
    [[nodiscard]] bool pass(std::string_view method);
    /// Comma-separated, for USERAUTH_FAILURE; never "none" (C31).
    [[nodiscard]] std::string can_continue() const;
    [[nodiscard]] const method_list& passed() const noexcept { return passed_; }

private:
    /// Whether what has been passed is how this list begins.
    [[nodiscard]] bool agrees(const method_list& list) const {
        return passed_.size() < list.size() &&
               std::equal(passed_.begin(), passed_.end(), list.begin());
    }

    std::vector<method_list> required_;
    method_list passed_;
};

/// How often a client has tried. Each verb says errc::ok, or that it was once too often.
class authentication_budget {
public:
    explicit authentication_budget(const limits& caps) noexcept : caps_(&caps) {}

    [[nodiscard]] errc request() noexcept {
        return more(requests_, caps_->authentication_requests);
    }
    /// As OpenSSH counts: with the last failure that is allowed the connection ends, and so it
    /// does with the first where none is.
    [[nodiscard]] errc failure() noexcept {
        return more(failures_, std::max(caps_->authentication_failures, 1U) - 1);
    }
    /// A question about a key that is not wanted.
    [[nodiscard]] errc refused_query() noexcept { return more(queries_, caps_->key_queries); }

private:
    [[nodiscard]] static errc more(unsigned& count, unsigned most) noexcept {
        return ++count > most ? errc::too_many_authentication_failures : errc::ok;
    }

    const limits* caps_;
    unsigned requests_ = 0;
    unsigned failures_ = 0;
    unsigned queries_ = 0;
};

/// How much longer a refusal waits that took `elapsed` to find: up to `least`, or the first double
/// of it that has not passed, as OpenSSH's; beyond 5 s nothing is left to hide. `least` 0: none.
[[nodiscard]] constexpr std::chrono::microseconds delay_of_refusal(
    std::chrono::microseconds least, std::chrono::microseconds elapsed) noexcept {
    constexpr std::chrono::microseconds most{5'000'000};
    if (least.count() <= 0 || elapsed > most) return std::chrono::microseconds(0);
    while (least < elapsed) least *= 2;
    return least - elapsed;
}

// Details.

#if ADIT_BODIES

ADIT_DECL bool authentication_progress::awaits(std::string_view method) const {
    return std::ranges::any_of(required_, [&](const method_list& list) {
        return agrees(list) && list[passed_.size()] == method;
    });
}

ADIT_DECL bool authentication_progress::pass(std::string_view method) {
    passed_.emplace_back(method);
    return std::ranges::any_of(required_,
                               [this](const method_list& list) { return list == passed_; });
}

ADIT_DECL std::string authentication_progress::can_continue() const {
    std::string names;
    method_list seen;
    for (const method_list& list : required_) {
        if (!agrees(list)) continue;
        const std::string& next = list[passed_.size()];
        if (std::ranges::find(seen, next) != seen.end()) continue;
        seen.push_back(next);
        if (!names.empty()) names += ',';
        names += next;
    }
    return names;
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
