// A level-triggered wake-up for one waiter: how operations tell a connection's loop that there
// is something to do. Used by the reader and the writer loop. Not thread-safe: one strand.
// Invariant: a notification is never lost; however many come before the waiter looks, it is
// woken once, and what was notified before close() is still delivered.
#pragma once

#include <adit/detail/parking_place.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>

#include <memory>
#include <utility>

namespace adit::detail {

class signal {
public:
    explicit signal(const executor& ex) : state_(std::make_shared<state>(ex)) {}
    signal(const signal&) = delete;
    signal& operator=(const signal&) = delete;
    ~signal() { close(); }

    /// Raises the level and wakes the waiter, if there is one.
    void notify();
    /// Wakes the waiter for the last time. There is no way back.
    void close();

    [[nodiscard]] bool closed() const noexcept { return state_->closed; }
    /// Lowers the level; true when it was raised.
    [[nodiscard]] bool take() noexcept { return std::exchange(state_->raised, false); }

    /// Returns when the level is raised, at once and without suspending if it is already, and
    /// lowers it. Throws operation_aborted when closed or cancelled. Cancellation: total.
    [[nodiscard]] task<> wait() { return wait_for(state_); }

    /// The same as an operation, void(error_code), for use beside others; it does not lower the
    /// level. already_started when somebody waits already. Cancellation: total.
    template <class Token>
    auto async_wait(Token&& token) {
        return asio::async_initiate<Token, void(error_code)>(initiate_wait(state_), token);
    }

private:
    struct state {
        explicit state(const executor& e) : ex(e), waiter(e) {}
        [[nodiscard]] error_code verdict() const noexcept;

        executor ex;
        parking_place<void(error_code)> waiter;
        bool raised = false;
        bool closed = false;
    };

    class initiate_wait {
    public:
        using executor_type = executor;
        explicit initiate_wait(std::shared_ptr<state> s) : state_(std::move(s)) {}
        [[nodiscard]] executor_type get_executor() const noexcept { return state_->ex; }
        template <class Handler>
        void operator()(Handler&& handler) const;

    private:
        std::shared_ptr<state> state_;
    };

    static task<> wait_for(std::shared_ptr<state> level);

    std::shared_ptr<state> state_;
};

inline void signal::notify() {
    state_->raised = true;
    if (state_->waiter) {
        state_->waiter.complete({});
    }
}

inline void signal::close() {
    state_->closed = true;
    if (state_->waiter) {
        state_->waiter.complete(state_->verdict());
    }
}

inline task<> signal::wait_for(std::shared_ptr<state> level) {
    // A loop, for somebody may have used take() between the wake-up and this.
    while (!std::exchange(level->raised, false)) {
        initiate_wait start(level);
        auto woken = asio::async_initiate<const asio::deferred_t&, void(error_code)>(
            std::move(start), asio::deferred);
        co_await std::move(woken);
    }
}

inline error_code signal::state::verdict() const noexcept {
    return raised ? error_code() : error_code(asio::error::operation_aborted);
}

template <class Handler>
void signal::initiate_wait::operator()(Handler&& handler) const {
    if (!state_->raised && !state_->closed && !state_->waiter) {
        state_->waiter.park(state_, std::forward<Handler>(handler), state_->ex, any_cancellation);
        return;
    }
    parked_handler<void(error_code)> ready(std::forward<Handler>(handler), state_->ex);
    ready.post(state_->waiter ? error_code(asio::error::already_started) : state_->verdict());
}

}  // namespace adit::detail
