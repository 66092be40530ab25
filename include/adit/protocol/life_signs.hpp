// Whether the peer still lives (L18, T03, T04, T07): whatever comes in is a sign of life; into
// silence a question is sent, and too many questions without an answer, or one behind a sleep of
// the machine, are the end. Used by connection/connection.hpp, which tells it the time at every
// tick. Invariant: nobody is given up who was not asked, and after a sleep everybody is asked at
// once.
#pragma once

#include <adit/bodies.hpp>
#include <adit/limits.hpp>
#include <adit/protocol/clock_watch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace adit::protocol {

class life_signs {
public:
    using clock = std::chrono::steady_clock;
    using time_point = clock::time_point;
    enum class verdict : std::uint8_t { alive, ask, dead };

    /// ServerAliveInterval and ServerAliveCountMax; an interval of zero asks nothing.
    life_signs(const limits& caps, time_point now) noexcept
        : interval_(caps.keepalive_interval),
          count_(caps.keepalive_count),
          last_received_(now),
          last_asked_(now) {}

    /// How often to look.
    [[nodiscard]] clock::duration tick_length() const noexcept;
    /// Whether so much time has gone by unnoticed that nobody knows who is still there (T07).
    [[nodiscard]] bool must_ask(const clock_watch::gap& gap) const noexcept;
    void begin(time_point now) noexcept { last_received_ = last_asked_ = now; }
    /// `received` is what has come in bytes since the beginning. `deaf`: we do not read, and cannot
    /// hear the answer. After `ask` the question is sent.
    [[nodiscard]] verdict look(time_point now, std::uint64_t received, bool deaf) noexcept;
    /// The machine slept, or this process was stopped.
    void woken(time_point now, std::uint64_t received) noexcept;

    /// Whether an answer is waited for, and hear() wants to know when something comes.
    [[nodiscard]] bool listening() const noexcept { return listening_; }
    void hear(time_point now, std::uint64_t received) noexcept;
    /// Whether a question has gone unanswered for nearly as long as it may.
    [[nodiscard]] bool nearly_lost() const noexcept {
        return unanswered_ != 0 && unanswered_ + 1 >= count_;
    }
    /// From the latest question to what came behind it; zero before the first one.
    [[nodiscard]] std::chrono::microseconds round_trip() const noexcept { return round_trip_; }

private:
    static constexpr std::chrono::seconds patience_of_the_woken{5};

    std::chrono::milliseconds interval_;
    unsigned count_;
    unsigned unanswered_ = 0;
    bool ask_now_ = false;
    bool listening_ = false;
    std::uint64_t seen_ = 0;
    std::uint64_t seen_when_asked_ = 0;
    time_point last_received_;
    time_point last_asked_;
    time_point woken_until_ = time_point::max();
    std::chrono::microseconds round_trip_{0};
};

// Details.

#if ADIT_BODIES

ADIT_DECL life_signs::clock::duration life_signs::tick_length() const noexcept {
    constexpr std::chrono::milliseconds longest{1000};
    constexpr std::chrono::milliseconds shortest{10};
    return interval_.count() == 0 ? longest : std::clamp(interval_ / 4, shortest, longest);
}

// A machine that is busy may hold a process up for a while, which is no sleep.
ADIT_DECL bool life_signs::must_ask(const clock_watch::gap& gap) const noexcept {
    constexpr clock::duration noticed = std::chrono::seconds(30);
    constexpr clock::duration busy = std::chrono::seconds(5);
    const clock::duration most = interval_.count() == 0 ? noticed : interval_;
    return gap.slept > most || gap.stopped > std::max(most, busy);
}

ADIT_DECL life_signs::verdict life_signs::look(time_point now, std::uint64_t received,
                                               bool deaf) noexcept {
    if (interval_.count() == 0) return verdict::alive;
    if (received != seen_ || deaf) {
        seen_ = received;
        last_received_ = now;
        unanswered_ = 0;
        woken_until_ = time_point::max();
    }
    if (now >= woken_until_) return verdict::dead;
    const bool silent = now - std::max(last_received_, last_asked_) >= interval_;
    if (!silent && !ask_now_) return verdict::alive;
    if (unanswered_ >= count_) return verdict::dead;
    ++unanswered_;
    ask_now_ = false;
    listening_ = true;
    seen_when_asked_ = received;
    last_asked_ = now;
    return verdict::ask;
}

ADIT_DECL void life_signs::woken(time_point now, std::uint64_t received) noexcept {
    if (interval_.count() == 0) return;
    seen_ = received;
    unanswered_ = 0;
    last_received_ = now;
    woken_until_ = now + patience_of_the_woken;
    ask_now_ = true;
}

// Behind a silence, what comes next is the answer.
ADIT_DECL void life_signs::hear(time_point now, std::uint64_t received) noexcept {
    if (received == seen_when_asked_) return;
    listening_ = false;
    round_trip_ = std::chrono::duration_cast<std::chrono::microseconds>(now - last_asked_);
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
