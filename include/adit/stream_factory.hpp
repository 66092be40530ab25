// Streams on demand, each a channel of one shared connection to one target: what a pool of database
// connections asks for when it wants another. RFC 4254 section 7.2. For programs.
// Not thread-safe: all calls, completions and cancellations belong into the connection's strand.
// Invariant: the connection lives for as long as a factory or an opening of one does; its channels
// do not keep it.
#pragma once

#include <adit/bodies.hpp>
#include <adit/client.hpp>

#include <memory>
#include <utility>

namespace adit {

/// A value: copies open channels of the same connection to the same target.
class stream_factory {
public:
    using executor_type = executor;
    using stream_type = channel;

    /// `ssh` has logged in by the time of the first async_open.
    stream_factory(std::shared_ptr<client> ssh, target to)
        : ssh_(std::move(ssh)), to_(std::move(to)) {}

    [[nodiscard]] executor_type get_executor() const { return ssh_->get_executor(); }
    [[nodiscard]] const target& where() const noexcept { return to_; }
    /// False when a new connection is needed before another stream can be had.
    [[nodiscard]] bool is_open() const noexcept { return ssh_->is_open(); }

    /// A new stream, connected to the target. void(error_code, channel). Cancellation and errors
    /// as client::async_open, which has a deadline of its own.
    template <class Token>
    auto async_open(Token&& token) const {
        return detail::door(
            get_executor(), [ssh = ssh_, to = to_] { return open(ssh, to); },
            std::forward<Token>(token), detail::any_cancellation);
    }

private:
    static task<channel> open(std::shared_ptr<client> ssh, target to);

    std::shared_ptr<client> ssh_;
    target to_;
};

// Details.

#if ADIT_BODIES

// A coroutine of its own keeps the connection until the channel is open, or is not.
ADIT_DECL task<channel> stream_factory::open(std::shared_ptr<client> ssh, target to) {
    auto opening = ssh->async_open(std::move(to), asio::deferred);
    co_return co_await std::move(opening);
}

#endif  // ADIT_BODIES

}  // namespace adit
