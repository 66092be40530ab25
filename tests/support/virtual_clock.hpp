// A steady_clock that stands still and moves when a test says so, so that minutes of keepalives and
// deadlines pass in milliseconds and always in the same order. Used by the tests of what waits
// (T03-T05, T13, T20). virtual_clock.cpp takes the place of std::chrono::steady_clock::now() in
// every test binary; without an object of this class the clock goes on by itself. Invariants: one
// at a time; it never goes back; whatever is ready has happened when advance() returns.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>

namespace adit::test {

class virtual_clock {
public:
    using clock = std::chrono::steady_clock;

    explicit virtual_clock(boost::asio::io_context& ctx);
    virtual_clock(const virtual_clock&) = delete;
    virtual_clock& operator=(const virtual_clock&) = delete;
    ~virtual_clock();

    /// What has passed since the construction.
    [[nodiscard]] clock::duration passed() const { return clock::now() - began_; }

    /// Moves by `step` at a time; what becomes due happens then.
    void advance(clock::duration time, clock::duration step = std::chrono::milliseconds(100)) {
        const auto never = [] { return false; };
        static_cast<void>(advance_until(never, time, step));
    }
    /// The same until it holds; false when it does not within `most`.
    template <class Condition>
    [[nodiscard]] bool advance_until(const Condition& holds, clock::duration most,
                                     clock::duration step = std::chrono::milliseconds(100));

private:
    static void move(clock::duration by) noexcept;
    void settle();

    boost::asio::io_context& ctx_;
    clock::time_point began_;
};

template <class Condition>
bool virtual_clock::advance_until(const Condition& holds, clock::duration most,
                                  clock::duration step) {
    settle();
    for (auto left = most; !holds(); left -= step) {
        if (left <= clock::duration::zero()) return false;
        move(std::min(left, step));
        settle();
    }
    return true;
}

}  // namespace adit::test
