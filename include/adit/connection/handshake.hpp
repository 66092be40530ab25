// A conversation that makes a connection usable, under one deadline, and its failure in good order:
// the peer is told as far as it listens, the connection ends, and the caller gets one error. Used
// by the doors of both roles. RFC 4253 section 11.1.
// Invariant: after a failure nothing of the connection is left that could still talk.
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/connection.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <utility>

namespace adit::detail {

struct handshake {
    std::function<task<>()> before;  ///< whose time does not count; may be empty
    std::function<task<>()> talk;
    std::chrono::milliseconds limit{0};  ///< zero: none
    /// Whose questions do not count in the limit; may be empty.
    std::shared_ptr<patience> clock;
};

/// Returns when the talk is over and the connection stands; throws protocol_error when it fails or
/// takes too long, and has closed the connection then.
[[nodiscard]] task<> shake(std::shared_ptr<connection> link, handshake hands);

/// connection::start for behind it, also where memory ends in the middle of it (A35).
void begin_loops(connection& link, connection::kex_half half);

/// A deadline for each stage of a conversation: when one passes, the stream is closed under it.
class stage_deadline {
public:
    explicit stage_deadline(std::shared_ptr<connection> link)
        : state_(std::make_shared<state>(std::move(link))) {}
    stage_deadline(const stage_deadline&) = delete;
    stage_deadline& operator=(const stage_deadline&) = delete;
    ~stage_deadline() { state_->timer.cancel(); }

    /// The stage that begins now may take so long; zero: as long as it likes.
    void arm(std::chrono::milliseconds limit);
    [[nodiscard]] bool passed() const noexcept { return state_->passed; }

private:
    struct state {
        explicit state(std::shared_ptr<connection> l)
            : link(std::move(l)), timer(link->get_executor()) {}
        std::shared_ptr<connection> link;
        asio::steady_timer timer;
        bool passed = false;
    };
    std::shared_ptr<state> state_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL void stage_deadline::arm(std::chrono::milliseconds limit) {
    state_->timer.cancel();
    if (limit.count() == 0) return;
    state_->timer.expires_after(limit);
    state_->timer.async_wait([weak = std::weak_ptr(state_)](error_code ec) {
        const auto alive = weak.lock();
        if (ec || alive == nullptr) return;
        alive->passed = true;
        alive->link->stream().stream().close(close_mode::abortive);
    });
}

[[nodiscard]] inline error_code handshake_error(error_code ec) noexcept {
    if (ec == asio::error::timed_out) return errc::deadline_exceeded;
    const bool lost = ec == asio::error::eof || ec == asio::error::connection_reset ||
                      ec == asio::error::broken_pipe;
    return lost ? error_code(errc::connection_lost) : ec;
}

ADIT_DECL task<> shake(std::shared_ptr<connection> link, handshake hands) {
    error_code failure;
    try {
        if (hands.before) co_await hands.before();
        if (hands.clock == nullptr) hands.clock = std::make_shared<patience>(link->get_executor());
        auto talk = door(link->get_executor(), std::move(hands.talk), asio::deferred);
        hands.clock->start(hands.limit);
        auto talking = hands.clock->run(std::move(talk));
        co_await std::move(talking);
    } catch (const boost::system::system_error& e) {
        failure = handshake_error(e.code());
    } catch (const std::bad_alloc&) {
        failure = errc::out_of_memory;
    }
    if (hands.clock != nullptr) hands.clock->stop();
    // Who closed it has said why.
    const bool closed = !failure || failure == errc::connection_closed;
    if (closed && link->finished()) throw protocol_error(link->error());
    if (!failure) co_return;
    // After a cancellation every co_await would throw; the farewell must not.
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await link->refuse(failure);
    link->finish(failure);
    throw protocol_error(failure);
}

ADIT_DECL void begin_loops(connection& link, connection::kex_half half) {
    try {
        link.start(std::move(half));
    } catch (const std::bad_alloc&) {
        // Some loops run, and perhaps not the one that closes.
        link.finish(errc::out_of_memory);
        link.stream().stream().close(close_mode::abortive);
        throw;
    }
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
