// How long a server may take to log us in, not counting the time that a person takes to answer it
// or that a fresh code needs: a clock that stops while somebody is asked. Used by adit_tunnel.cpp
// and person.hpp. Invariant: the timer is touched between start() and stop() only, for questions
// may outlive it.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace adit_tunnel {

namespace asio = boost::asio;

class patience {
public:
    using clock = std::chrono::steady_clock;

    patience() = default;
    patience(const patience&) = delete;
    patience& operator=(const patience&) = delete;

    /// `over` is called, on the timer's executor, when it has run for so long.
    void start(asio::steady_timer& timer, clock::duration limit, std::function<void()> over);
    void stop();

    /// It stands still for as long as one of these lives.
    class pause {
    public:
        explicit pause(patience& whose) : whose_(whose) {
            if (whose_.pauses_++ == 0) whose_.halt();
        }
        pause(const pause&) = delete;
        pause& operator=(const pause&) = delete;
        ~pause() {
            if (--whose_.pauses_ == 0) whose_.go_on();
        }

    private:
        patience& whose_;
    };

private:
    void halt();
    void go_on();

    asio::steady_timer* timer_ = nullptr;
    clock::duration left_{};
    clock::time_point since_;
    std::function<void()> over_;
    unsigned pauses_ = 0;
};

// Details.

inline void patience::start(asio::steady_timer& timer, clock::duration limit,
                            std::function<void()> over) {
    timer_ = &timer;
    left_ = limit;
    over_ = std::move(over);
    if (pauses_ == 0) go_on();
}

inline void patience::stop() {
    if (timer_ != nullptr) timer_->cancel();
    timer_ = nullptr;
}

inline void patience::halt() {
    if (timer_ == nullptr) return;
    timer_->cancel();
    left_ = std::max(left_ - (clock::now() - since_), clock::duration::zero());
}

inline void patience::go_on() {
    if (timer_ == nullptr) return;
    since_ = clock::now();
    timer_->expires_after(left_);
    timer_->async_wait([this](const boost::system::error_code& ec) {
        // It may have expired in the moment in which it was halted.
        if (!ec && timer_ != nullptr && pauses_ == 0) over_();
    });
}

}  // namespace adit_tunnel
