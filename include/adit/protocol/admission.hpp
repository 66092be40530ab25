// Who gets in before the login: how many connections may be not logged in at once, in all and from
// one source, and how often that may begin (L02-L04, A33). sshd_config(5): MaxStartups,
// PerSourceMaxStartups, PerSourcePenalties. Used by server.hpp's accept loop, which brings address,
// time and a random number. Invariant: a slot is held by a ticket and given back when the ticket
// goes, however a connection dies (A19). Thread-safe: tickets end on their connections' strands.
#pragma once

#include <adit/bodies.hpp>
#include <adit/protocol/source_block.hpp>
#include <adit/protocol/source_penalties.hpp>
#include <adit/protocol/source_rate.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

namespace adit::protocol {

struct admission_limits {
    /// MaxStartups: from `startups` on a connection is refused with this chance in percent, which
    /// rises until all are at `full`. `full` 0: nobody gets in.
    unsigned startups = 10;
    unsigned chance = 30;
    unsigned full = 100;

    unsigned per_source = 10;  ///< PerSourceMaxStartups
    source_rate_limits rate;   ///< of connections that begin; off
    source_masks masks;        ///< PerSourceNetBlockSize
    penalty_limits penalties;  ///< PerSourcePenalties
};

enum class admission_answer : std::uint8_t {
    admitted = 1,
    too_many,         ///< MaxStartups is reached
    dropped_early,    ///< by chance, because it is near
    too_many_of_one,  ///< PerSourceMaxStartups
    too_often,        ///< connections of one source begin faster than they may
    penalised,
};

[[nodiscard]] std::string_view message_of(admission_answer answer) noexcept;

class admission {
    struct state;

public:
    using time_point = std::chrono::steady_clock::time_point;

    /// The slot of one connection that is not logged in. Giving it up is destroying it; it may
    /// outlive the admission.
    class ticket {
    public:
        ticket() = default;
        ticket(ticket&& other) noexcept = default;
        ticket& operator=(ticket&& other) noexcept {
            std::swap(state_, other.state_);
            std::swap(source_, other.source_);
            return *this;
        }
        ~ticket() {
            if (state_ != nullptr) state_->leave(source_);
        }
        [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

    private:
        friend class admission;
        ticket(std::shared_ptr<state> s, const source_block& source)
            : state_(std::move(s)), source_(source) {}

        std::shared_ptr<state> state_;
        source_block source_;
    };

    struct verdict {
        admission_answer answer;
        ticket slot;  ///< there if admitted
    };

    explicit admission(const admission_limits& limits) : state_(std::make_shared<state>(limits)) {}

    /// `random` is any number that the peer cannot foresee.
    [[nodiscard]] verdict admit(std::string_view address, time_point now, std::uint32_t random);
    /// The connection is logged in and does not count any more.
    void authenticated(ticket slot) noexcept { const ticket gone = std::move(slot); }
    /// The connection is gone, and this is how. A ticket that just dies is not held against anyone.
    void ended(ticket slot, bad_ending how, time_point now);

    /// How many hold a ticket.
    [[nodiscard]] std::size_t unauthenticated() const;

private:
    struct state {
        explicit state(const admission_limits& l)
            : limits(l), penalties(l.penalties), rate(l.rate) {}
        void leave(const source_block& source) noexcept;
        [[nodiscard]] admission_answer decide(const source_block& source, time_point now,
                                              std::uint32_t random) const;
        [[nodiscard]] unsigned chance_of_refusal() const noexcept;

        const admission_limits limits;
        mutable std::mutex mutex;
        std::size_t all = 0;
        std::map<source_block, std::size_t> by_source;
        source_penalties penalties;
        source_rate rate;
    };

    std::shared_ptr<state> state_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL std::string_view message_of(admission_answer answer) noexcept {
    switch (answer) {
        case admission_answer::admitted: return "admitted";
        case admission_answer::too_many: return "too many connections are not logged in";
        case admission_answer::dropped_early: return "many connections are not logged in";
        case admission_answer::too_many_of_one:
            return "too many connections of this source are not logged in";
        case admission_answer::too_often: return "connections of this source begin too often";
        case admission_answer::penalised: return "this source is penalised";
    }
    return "";
}

ADIT_DECL auto admission::admit(std::string_view address, time_point now, std::uint32_t random)
    -> verdict {
    state& s = *state_;
    const source_block source = block_of(address, s.limits.masks);
    const std::scoped_lock lock(s.mutex);
    admission_answer answer = s.decide(source, now, random);
    // Only who would get in is counted.
    const bool in = answer == admission_answer::admitted;
    if (in && !s.rate.take(source, now)) answer = admission_answer::too_often;
    if (answer != admission_answer::admitted) return {answer, {}};
    ++s.by_source[source];
    ++s.all;
    return {answer, ticket(state_, source)};
}

ADIT_DECL void admission::ended(ticket slot, bad_ending how, time_point now) {
    const ticket gone = std::move(slot);
    if (!gone) return;
    const std::scoped_lock lock(state_->mutex);
    state_->penalties.add(gone.source_, how, now);
}

ADIT_DECL std::size_t admission::unauthenticated() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->all;
}

ADIT_DECL void admission::state::leave(const source_block& source) noexcept {
    const std::scoped_lock lock(mutex);
    const auto known = by_source.find(source);
    if (--known->second == 0) by_source.erase(known);
    --all;
}

ADIT_DECL admission_answer admission::state::decide(const source_block& source, time_point now,
                                                    std::uint32_t random) const {
    constexpr std::uint32_t percent = 100;
    if (penalties.is_penalised(source, now)) return admission_answer::penalised;
    if (all >= limits.full) return admission_answer::too_many;
    const auto known = by_source.find(source);
    const std::size_t of_one = known == by_source.end() ? 0 : known->second;
    if (of_one >= limits.per_source) return admission_answer::too_many_of_one;
    return random % percent < chance_of_refusal() ? admission_answer::dropped_early
                                                  : admission_answer::admitted;
}

// As sshd's: from `chance` at `startups` in a straight line to all at `full`.
ADIT_DECL unsigned admission::state::chance_of_refusal() const noexcept {
    constexpr unsigned percent = 100;
    if (all < limits.startups || limits.full <= limits.startups) return 0;
    const unsigned least = std::min(limits.chance, percent);
    const auto beyond = static_cast<unsigned>(all) - limits.startups;
    return least + (percent - least) * beyond / (limits.full - limits.startups);
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
