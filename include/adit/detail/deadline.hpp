// An operation with a time limit: deferred operation || timer, for conversations and loops.
// Used for every handshake phase, keepalive and open that has a limit. The operation must be a
// real asynchronous one that can be cancelled; door() makes one of a coroutine.
// Invariant: neither the operation nor the timer outlives the await; a result that came in
// the same moment as the limit is delivered, never lost.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/signal.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace adit::detail {

template <class Signature>
struct deadline_value;
template <>
struct deadline_value<void(error_code)> {
    using type = void;
};
template <class T>
struct deadline_value<void(error_code, T)> {
    using type = std::decay_t<T>;
};
template <class Operation>
using deadline_value_t =
    typename deadline_value<typename asio::completion_signature_of<Operation>::type>::type;

/// Starts `operation` (what an async_* function returns for asio::deferred, with the signature
/// void(error_code[, T])) and returns its value. Throws its error, or asio::error::timed_out when
/// it had none to show before `limit`, a void(error_code) operation of the same kind, completed
/// without an error. Cancellation: whatever reaches the caller is passed on.
template <class Operation, class Limit>
task<deadline_value_t<Operation>> unless_first(Operation operation, Limit limit) {
    auto group = asio::experimental::make_parallel_group(std::move(operation), std::move(limit));
    auto first = group.async_wait(asio::experimental::wait_for_one(), asio::deferred);
    // (order of completion, the operation's error, its value if any, the limit's error)
    auto outcome = co_await std::move(first);

    constexpr std::size_t limit_error = std::tuple_size_v<decltype(outcome)> - 1;
    const bool expired = std::get<0>(outcome)[0] == 1 && !std::get<limit_error>(outcome);
    const error_code ec = std::get<1>(outcome);
    if (ec && expired) {
        throw boost::system::system_error(asio::error::timed_out);
    }
    if (ec) {
        throw boost::system::system_error(ec);
    }
    if constexpr (limit_error == 3) {
        co_return std::move(std::get<2>(outcome));
    }
}

/// The same, with a time from now on.
template <class Operation>
task<deadline_value_t<Operation>> with_deadline(Operation operation,
                                                asio::steady_timer::duration limit) {
    asio::steady_timer timer(co_await asio::this_coro::executor, limit);
    auto waiting = timer.async_wait(asio::deferred);
    auto both = unless_first(std::move(operation), std::move(waiting));
    if constexpr (std::is_void_v<deadline_value_t<Operation>>) {
        co_await std::move(both);
    } else {
        co_return co_await std::move(both);
    }
}

/// What a patience and its questions share.
struct patience_state : std::enable_shared_from_this<patience_state> {
    explicit patience_state(const executor& ex) : timer(ex), expired(ex) {}
    void pause();
    void resume();
    void run();

    asio::steady_timer timer;
    signal expired;
    asio::steady_timer::duration left{0};  // zero: no deadline
    unsigned questions = 0;
};

/// A deadline whose clock stands still while somebody outside is asked. One strand.
class patience {
public:
    explicit patience(const executor& ex) : state_(std::make_shared<patience_state>(ex)) {}

    /// The clock begins to run; zero: there is no deadline.
    void start(asio::steady_timer::duration limit);
    void stop();
    /// Whether somebody is being asked.
    [[nodiscard]] bool stands_still() const noexcept { return state_->questions != 0; }

    /// Stands for a question; there may be several at once.
    class question {
    public:
        explicit question(patience& clock) : state_(clock.state_) { state_->pause(); }
        question(const question&) = delete;
        question& operator=(const question&) = delete;
        ~question() { state_->resume(); }

    private:
        std::shared_ptr<patience_state> state_;
    };

    /// As with_deadline, by this clock.
    template <class Operation>
    task<deadline_value_t<Operation>> run(Operation operation) {
        auto expired = state_->expired.async_wait(asio::deferred);
        return unless_first(std::move(operation), std::move(expired));
    }

private:
    std::shared_ptr<patience_state> state_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL void patience_state::run() {
    if (left.count() <= 0 || questions != 0) return;
    timer.expires_after(left);
    timer.async_wait([weak = weak_from_this()](error_code ec) {
        const auto alive = weak.lock();
        if (!ec && alive != nullptr) alive->expired.notify();
    });
}

ADIT_DECL void patience_state::pause() {
    if (questions++ != 0 || left.count() <= 0) return;
    // What is left is at least a moment: a clock that is asked too late expires when it runs again.
    constexpr asio::steady_timer::duration moment = std::chrono::milliseconds(1);
    left = std::max(moment, timer.expiry() - std::chrono::steady_clock::now());
    timer.cancel();
}

ADIT_DECL void patience_state::resume() {
    if (--questions == 0) run();
}

ADIT_DECL void patience::start(asio::steady_timer::duration limit) {
    state_->left = limit;
    state_->run();
}

ADIT_DECL void patience::stop() {
    state_->left = asio::steady_timer::duration(0);
    state_->timer.cancel();
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
