// A way into a tunnel from the server's side, ssh's -R: a listener there that is asked for on each
// new connection, and the local connection that each channel of it leads to. Used by tunnel.hpp.
// RFC 4254 section 7.
//
// Not thread-safe: all that happens belongs into the executor's strand.
// Invariants: on one connection at a time; a listener that the server refuses because a dead
// session of ours still holds its port is asked for again, ever later (T06); behind close() nobody
// is handed over.
#pragma once

#include <adit/bodies.hpp>
#include <adit/client.hpp>
#include <adit/connect.hpp>
#include <adit/detail/any_stream.hpp>
#include <adit/detail/erase.hpp>
#include <adit/detail/spawn.hpp>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace adit {

/// A listener at the server and what its connections lead to here.
struct remote_forward {
    remote_forward(forward_target listener, target where)
        : at(std::move(listener)), to(std::move(where)) {}
    forward_target at;  ///< see client::async_listen; port 0: the server chooses, once
    target to;          ///< a host and port, or a Unix socket, as this machine sees them
    std::chrono::milliseconds connect_timeout{10'000};  ///< to `to`; zero: none
    std::chrono::milliseconds first_retry{200};         ///< doubling up to longest_retry
    std::chrono::milliseconds longest_retry{30'000};
};

class remote_entrance {
public:
    /// Each may be empty, and must not throw.
    struct events {
        std::function<void(remote_connection)> take;
        std::function<void(const forward_target&)> listening;
        std::function<void(error_code, std::chrono::milliseconds)> retrying;  ///< in so long
    };

    remote_entrance(executor ex, remote_forward where, events told)
        : state_(std::make_shared<state>(std::move(ex), std::move(where), std::move(told))) {}
    remote_entrance(remote_entrance&&) noexcept = default;
    remote_entrance& operator=(remote_entrance&&) = delete;
    ~remote_entrance() { close(); }

    /// Asks on a connection that is logged in, and then takes what comes until that ends. Throws
    /// what client::async_listen says.
    [[nodiscard]] task<> ask(std::shared_ptr<detail::connection> link) {
        return ask_once(state_, std::move(link));
    }
    /// The same on the connection behind a lost one: again and again while it is refused. A port
    /// that the server chose is asked for by its number.
    void ask_until_granted(std::shared_ptr<detail::connection> link);
    /// The server is asked to listen no more. At any moment.
    void close() noexcept;

    [[nodiscard]] const remote_forward& where() const noexcept { return state_->where; }
    [[nodiscard]] bool is_listening() const noexcept { return state_->listener.is_open(); }

private:
    struct state {
        state(executor e, remote_forward w, events t)
            : ex(std::move(e)), where(std::move(w)), told(std::move(t)), pause(ex) {}
        executor ex;
        remote_forward where;
        events told;
        remote_listener listener;
        asio::steady_timer pause;
        bool closed = false;
    };

    static task<> ask_once(std::shared_ptr<state> s, std::shared_ptr<detail::connection> link);
    static task<> ask_on(std::shared_ptr<state> s, std::shared_ptr<detail::connection> link);
    static task<> take_all(std::shared_ptr<state> s);
    [[nodiscard]] static task<error_code> try_once(std::shared_ptr<state> s,
                                                   std::shared_ptr<detail::connection> link);

    std::shared_ptr<state> state_;  // null: moved from
};

namespace detail {

/// A stream to `to` as this machine reaches it. Throws system_error.
[[nodiscard]] task<std::unique_ptr<any_stream>> connect_near(executor ex, target to,
                                                             std::chrono::milliseconds timeout);

}  // namespace detail

// Details.

#if ADIT_BODIES

ADIT_DECL task<> remote_entrance::ask_once(std::shared_ptr<state> s,
                                           std::shared_ptr<detail::connection> link) {
    remote_listener granted = co_await detail::listen_at(std::move(link), s->where.at);
    if (s->closed) co_return;
    s->where.at.port = granted.where().port;
    s->listener = std::move(granted);
    const auto tell = s->told.listening;  // which may close us
    if (tell) tell(s->where.at);
    detail::spawn(s->ex, take_all(s));
}

ADIT_DECL task<error_code> remote_entrance::try_once(std::shared_ptr<state> s,
                                                     std::shared_ptr<detail::connection> link) {
    try {
        co_await ask_once(std::move(s), std::move(link));
        co_return error_code();
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
}

ADIT_DECL task<> remote_entrance::ask_on(std::shared_ptr<state> s,
                                         std::shared_ptr<detail::connection> link) {
    auto delay = s->where.first_retry;
    for (;;) {
        const error_code refused = co_await try_once(s, link);
        if (!refused || s->closed || link->finished()) co_return;
        const auto tell = s->told.retrying;
        if (tell) tell(refused, delay);
        s->pause.expires_after(delay);
        delay = std::min(delay * 2, s->where.longest_retry);
        auto waiting = s->pause.async_wait(asio::deferred);
        co_await std::move(waiting);
        if (s->closed || link->finished()) co_return;
    }
}

ADIT_DECL void remote_entrance::ask_until_granted(std::shared_ptr<detail::connection> link) {
    state_->pause.cancel();
    detail::spawn(state_->ex, ask_on(state_, std::move(link)));
}

ADIT_DECL task<> remote_entrance::take_all(std::shared_ptr<state> s) {
    for (;;) {
        auto accepting = s->listener.async_accept(asio::deferred);
        remote_connection one = co_await std::move(accepting);
        const auto take = s->told.take;
        if (!s->closed && take) take(std::move(one));
    }
}

ADIT_DECL void remote_entrance::close() noexcept {
    if (state_ == nullptr || std::exchange(state_->closed, true)) return;
    state_->pause.cancel();
    state_->told = {};
    state_->listener.cancel();
}

// Whatever ends this process or a relay before its good end shows as a reset.
ADIT_DECL task<std::unique_ptr<detail::any_stream>> detail::connect_near(
    executor ex, target to, std::chrono::milliseconds timeout) {
    if (to.is_socket) {
        asio::local::stream_protocol::socket socket(ex);
        const asio::local::stream_protocol::endpoint at(to.host);
        auto connecting = socket.async_connect(at, asio::deferred);
        co_await std::move(connecting);
        co_return erase(std::move(socket));
    }
    auto dialling = async_connect(ex, to.host, to.port, timeout, asio::deferred);
    connected_socket dialled = co_await std::move(dialling);
    error_code ignored;
    dialled.socket->set_option(asio::socket_base::linger(true, 0), ignored);
    co_return erase(std::move(*dialled.socket));
}

#endif  // ADIT_BODIES

}  // namespace adit
