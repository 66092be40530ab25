// Who has misbehaved lately and is refused for a while (L04): sshd_config(5), PerSourcePenalties,
// with its numbers. Used by admission.hpp, which is told the time.
// Invariants: a penalty ends by itself; no more sources are remembered than the limits say, and the
// one whose penalty ends first is forgotten first, so strangers in any number shut nobody out.
#pragma once

#include <adit/bodies.hpp>
#include <adit/protocol/source_block.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace adit::protocol {

/// How a connection ended that was not logged in.
enum class bad_ending : std::uint8_t {
    crash,           ///< the conversation failed in a way that only an attack explains
    auth_failed,     ///< a wrong password, code or signature
    invalid_user,    ///< nobody of that name
    no_auth,         ///< left without having tried
    grace_exceeded,  ///< was still not logged in when its time was over
    refused,         ///< by policy
};

struct penalty_limits {
    bool enabled = true;
    std::chrono::seconds crash{90}, auth_failed{5}, invalid_user{5}, no_auth{1}, grace_exceeded{10},
        refused{10};
    /// Penalties add up, and count from here on.
    std::chrono::seconds least{15};
    std::chrono::seconds most{600};
    /// Of each address family.
    std::size_t sources = 65536;

    [[nodiscard]] std::chrono::seconds of(bad_ending how) const noexcept;
};

class source_penalties {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit source_penalties(const penalty_limits& limits) : limits_(limits) {}

    void add(const source_block& source, bad_ending how, time_point now);
    [[nodiscard]] bool is_penalised(const source_block& source, time_point now) const;
    [[nodiscard]] std::size_t size(source_family family) const noexcept;

private:
    struct penalty {
        time_point ends;
        bool counts = false;
    };
    struct family_list {
        std::map<source_block, penalty> sources;
        std::set<std::pair<time_point, source_block>> by_end;

        void drop_first();
    };
    static constexpr std::size_t families = 3;

    penalty_limits limits_;
    std::array<family_list, families> lists_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL std::chrono::seconds penalty_limits::of(bad_ending how) const noexcept {
    switch (how) {
        case bad_ending::crash: return crash;
        case bad_ending::auth_failed: return auth_failed;
        case bad_ending::invalid_user: return invalid_user;
        case bad_ending::no_auth: return no_auth;
        case bad_ending::grace_exceeded: return grace_exceeded;
        case bad_ending::refused: return refused;
    }
    return {};
}

ADIT_DECL void source_penalties::family_list::drop_first() {
    const auto first = by_end.begin();
    sources.erase(first->second);
    by_end.erase(first);
}

ADIT_DECL void source_penalties::add(const source_block& source, bad_ending how, time_point now) {
    const std::chrono::seconds more = limits_.of(how);
    if (!limits_.enabled || more.count() == 0 || limits_.sources == 0) return;
    family_list& list = lists_[static_cast<std::size_t>(source.family)];
    while (!list.by_end.empty() && list.by_end.begin()->first <= now) list.drop_first();

    penalty next;
    const auto known = list.sources.find(source);
    if (known != list.sources.end()) {
        next = known->second;
        list.by_end.erase({next.ends, source});
        list.sources.erase(known);
    } else {
        next.ends = now;
        if (list.sources.size() >= limits_.sources) list.drop_first();
    }
    next.ends = std::min(next.ends + more, now + limits_.most);
    next.counts = next.counts || next.ends - now >= limits_.least;
    list.by_end.insert({next.ends, source});
    list.sources.emplace(source, next);
}

ADIT_DECL bool source_penalties::is_penalised(const source_block& source, time_point now) const {
    const family_list& list = lists_[static_cast<std::size_t>(source.family)];
    const auto known = list.sources.find(source);
    return known != list.sources.end() && known->second.counts && now < known->second.ends;
}

ADIT_DECL std::size_t source_penalties::size(source_family family) const noexcept {
    return lists_[static_cast<std::size_t>(family)].sources.size();
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
