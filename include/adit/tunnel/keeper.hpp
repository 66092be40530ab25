// An SSH connection that is kept: made, watched, and made again when it is lost, until somebody
// closes it or trying again would do harm. One or several tunnels stand on it. Used by tunnel.hpp
// and tunnels.hpp.
// Not thread-safe: everything runs in the executor's strand.
// Invariants: one attempt at a time, never sooner than the schedule says; every change of state is
// told once, with its cause; after close() nothing of it calls anybody.
// Over 300 lines: one life, told in one place.
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/random.hpp>
#include <adit/detail/boot_clock.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/detail/parking_lot.hpp>
#include <adit/detail/signal.hpp>
#include <adit/protocol/clock_watch.hpp>
#include <adit/protocol/retry_schedule.hpp>
#include <adit/tunnel/connector.hpp>
#include <adit/tunnel/state.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace adit::detail {

/// A change of state, for those who stand on the connection.
struct keeper_change {
    tunnel_state state = tunnel_state::starting;
    error_code cause;                   ///< why; none when connected
    std::string text;                   ///< the cause with hop and phase
    std::chrono::milliseconds next{0};  ///< until the next attempt, where it waits
};

class keeper_watcher {
public:
    keeper_watcher() = default;
    keeper_watcher(const keeper_watcher&) = delete;
    keeper_watcher& operator=(const keeper_watcher&) = delete;
    virtual ~keeper_watcher() = default;
    /// Whether somebody waits for a connection right now.
    [[nodiscard]] virtual bool wants() const noexcept = 0;
    /// Must not throw. May leave.
    virtual void on_change(const keeper_change& change) = 0;
};

struct keeper_options {
    connector reach;
    reconnect_options reconnect;
    std::shared_ptr<crypto::random_source> random;  ///< the dice; not null
    std::string name;                               ///< whom it is connected to, for stories
};

class keeper final : public std::enable_shared_from_this<keeper> {
public:
    using clock = protocol::retry_schedule::clock;

    keeper(executor ex, keeper_options options);
    keeper(const keeper&) = delete;
    keeper& operator=(const keeper&) = delete;
    ~keeper() { silence(); }

    /// Who is told of changes from now on.
    void join(std::weak_ptr<keeper_watcher> who) { watchers_.push_back(std::move(who)); }
    /// The last one closes it.
    void leave(const keeper_watcher* who);

    /// The first attempt, unless somebody has begun it; ready() waits for it.
    void begin();
    /// A connection is wanted now; the schedule says when that is.
    void want();
    /// Ends it, once. Everybody who waits is told this error.
    void close(error_code why);

    /// Completes when there is a connection, or with what ended the keeper. void(error_code).
    /// Cancellation: any.
    template <class Token>
    auto async_ready(Token&& token);

    [[nodiscard]] tunnel_state state() const noexcept { return state_; }
    /// The connection; null while there is none that works.
    [[nodiscard]] client* ssh() const noexcept;
    /// Why there is none, or why there was none the last time.
    [[nodiscard]] error_code cause() const noexcept { return cause_; }
    [[nodiscard]] const diagnostics& story() const noexcept {
        return way_ ? way_->story() : story_;
    }
    [[nodiscard]] session_info info() const { return ssh() != nullptr ? ssh()->info() : info_; }
    /// Connections that were made so far.
    [[nodiscard]] std::uint64_t made() const noexcept { return made_; }
    [[nodiscard]] std::size_t users() const noexcept { return watchers_.size(); }

private:
    static task<> live(std::shared_ptr<keeper> self);
    static task<error_code> attempt(std::shared_ptr<keeper> self);
    static task<error_code> stand(std::shared_ptr<keeper> self);
    static task<> pause(std::shared_ptr<keeper> self);

    [[nodiscard]] bool closed() const noexcept { return state_ == tunnel_state::closed; }
    [[nodiscard]] bool goes_on(error_code ec);
    [[nodiscard]] bool is_wanted() const;
    void tell(tunnel_state next, error_code cause);
    void drop_way();
    void silence();
    [[nodiscard]] std::uint32_t dice();

    executor ex_;
    keeper_options options_;
    protocol::retry_schedule schedule_;
    std::shared_ptr<ssh_way> way_;
    std::vector<std::weak_ptr<keeper_watcher>> watchers_;
    parking_lot ready_waiters_;
    signal wake_;
    asio::cancellation_signal stop_;
    tunnel_state state_ = tunnel_state::starting;
    error_code cause_;
    diagnostics story_;  // of the connection that is no more
    session_info info_;  // the same
    std::uint64_t made_ = 0;
    bool begun_ = false;
    bool stood_ = false;   // way_ has been a connection
    bool living_ = false;  // live() has not ended
};

// Details.

template <class Token>
auto keeper::async_ready(Token&& token) {
    const auto initiate = [self = shared_from_this()](auto&& handler) {
        using Handler = decltype(handler);
        const bool there = self->ssh() != nullptr;
        if (!there && !self->closed()) {
            self->ready_waiters_.park(self, std::forward<Handler>(handler));
            return;
        }
        parked_handler<void(error_code)> ready(std::forward<Handler>(handler), self->ex_);
        ready.post(there ? error_code() : self->cause_);
    };
    return asio::async_initiate<Token, void(error_code)>(initiate, token);
}

#if ADIT_BODIES

ADIT_DECL keeper::keeper(executor ex, keeper_options options)
    : ex_(std::move(ex)),
      options_(std::move(options)),
      schedule_(options_.reconnect.schedule),
      ready_waiters_(ex_),
      wake_(ex_) {
    story_.hop = options_.name;
}

ADIT_DECL client* keeper::ssh() const noexcept {
    if (state_ != tunnel_state::connected || way_ == nullptr) return nullptr;
    client* const there = way_->ssh();
    return there != nullptr && there->is_open() ? there : nullptr;
}

ADIT_DECL void keeper::leave(const keeper_watcher* who) {
    std::erase_if(watchers_, [who](const auto& one) {
        const auto alive = one.lock();
        return alive == nullptr || alive.get() == who;
    });
    if (watchers_.empty()) close(errc::connection_closed);
}

ADIT_DECL void keeper::begin() {
    if (closed() || std::exchange(begun_, true)) return;
    living_ = true;
    const auto self = shared_from_this();
    door(
        ex_, [self] { return live(self); },
        asio::bind_cancellation_slot(stop_.slot(), [self](error_code ec) {
            self->living_ = false;
            self->close(ec);  // unless it is: a connector of somebody's may have thrown
        }));
}

ADIT_DECL void keeper::want() {
    schedule_.hurry(clock::now());
    wake_.notify();
}

ADIT_DECL void keeper::close(error_code why) {
    if (closed()) return;
    const auto self = shared_from_this();
    tell(tunnel_state::closed, why);
    ready_waiters_.complete_all(why);
    silence();
}

ADIT_DECL void keeper::silence() {
    drop_way();
    if (living_) stop_.emit(asio::cancellation_type::terminal);
}

ADIT_DECL void keeper::drop_way() {
    const auto way = std::exchange(way_, nullptr);
    if (way == nullptr) return;
    story_ = way->story();
    client* const last = way->ssh();
    if (std::exchange(stood_, false) && last != nullptr) info_ = last->info();
    way->close();
}

ADIT_DECL std::uint32_t keeper::dice() {
    std::array<byte, 4> thrown{};
    options_.random->fill(thrown);
    std::uint32_t number = 0;
    for (const byte b : thrown) number = number << 8U | b;
    return number;
}

// Who is told may leave, and close.
ADIT_DECL void keeper::tell(tunnel_state next, error_code cause) {
    state_ = next;
    cause_ = cause;
    keeper_change change;
    change.state = next;
    change.cause = cause;
    if (cause) change.text = story().describe(cause);
    if (next == tunnel_state::waiting) {
        const auto left = std::max(schedule_.due() - clock::now(), clock::duration(0));
        change.next = std::chrono::duration_cast<std::chrono::milliseconds>(left);
    }
    const auto all = watchers_;
    for (const auto& one : all) {
        if (const auto alive = one.lock()) alive->on_change(change);
    }
}

// The whole life: an attempt, a connection for as long as it stands, a pause, and again.
ADIT_DECL task<> keeper::live(std::shared_ptr<keeper> self) {
    while (!self->closed()) {
        error_code ec = co_await attempt(self);
        if (self->closed()) co_return;
        const bool stood = !ec;
        if (stood) ec = co_await stand(self);
        if (self->closed()) co_return;
        self->drop_way();
        const auto now = clock::now();
        const bool penalty = !stood && protocol::suspects_penalty(self->story_, ec);
        stood ? self->schedule_.lost(now, self->dice())
              : self->schedule_.failed(now, penalty, self->dice());
        if (self->is_wanted()) self->schedule_.hurry(now);
        if (!self->goes_on(ec)) co_return self->close(ec);
        self->tell(tunnel_state::waiting, ec);
        if (!self->closed()) co_await pause(self);
        if (self->closed()) co_return;
        self->tell(tunnel_state::reconnecting, ec);
        if (self->closed()) co_return;
    }
}

// A start that fails says so at once; later nothing but harm ends the attempts.
ADIT_DECL bool keeper::goes_on(error_code ec) {
    return made_ != 0 && options_.reconnect.enabled && !protocol::ends_attempts(story_, ec);
}

ADIT_DECL bool keeper::is_wanted() const {
    return std::ranges::any_of(watchers_, [](const auto& one) {
        const auto alive = one.lock();
        return alive != nullptr && alive->wants();
    });
}

ADIT_DECL task<error_code> keeper::attempt(std::shared_ptr<keeper> self) {
    const std::shared_ptr<ssh_way> way = self->options_.reach(self->ex_);
    self->way_ = way;
    error_code ec;
    try {
        co_await way->start();
    } catch (const boost::system::system_error& e) {
        ec = e.code();
    } catch (const std::bad_alloc&) {
        ec = errc::out_of_memory;
    }
    co_return ec;
}

ADIT_DECL task<error_code> keeper::stand(std::shared_ptr<keeper> self) {
    const std::shared_ptr<ssh_way> way = self->way_;
    ++self->made_;
    self->stood_ = true;
    if (client* const last = way->ssh()) self->info_ = last->info();
    self->schedule_.connected(clock::now());
    self->tell(tunnel_state::connected, {});
    self->ready_waiters_.complete_all({});
    error_code ec = errc::connection_closed;
    if (self->closed()) co_return ec;
    try {
        co_await way->wait_closed();
    } catch (const boost::system::system_error& e) {
        ec = e.code();
    }
    co_return ec;
}

// In steps, so that a sleep of the machine is noticed: what was to be waited for has passed then.
ADIT_DECL task<> keeper::pause(std::shared_ptr<keeper> self) {
    constexpr clock::duration longest_step = std::chrono::seconds(1);
    constexpr clock::duration slept_long = std::chrono::seconds(5);
    protocol::clock_watch watch(clock::now(), boot_time());
    for (;;) {
        const auto now = clock::now();
        if (watch.look(now, boot_time(), longest_step).slept > slept_long) {
            self->schedule_.wake(now);
        }
        if (self->closed() || self->schedule_.due() <= now) co_return;
        const clock::duration step = std::min(self->schedule_.due() - now, longest_step);
        try {
            auto woken = self->wake_.async_wait(asio::deferred);
            auto waiting = with_deadline(std::move(woken), step);
            co_await std::move(waiting);
        } catch (const boost::system::system_error& e) {
            if (e.code() != asio::error::timed_out) throw;
        }
        static_cast<void>(self->wake_.take());
    }
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
