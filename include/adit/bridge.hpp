// A channel for drivers that own their socket (libpq, Boost.Redis, hiredis, libcurl): a connected
// descriptor that is handed out, or a port of 127.0.0.1 that takes one connection, and that of this
// process only. The driver's bytes go through detail::relay, as a tunnel's do.
// Not thread-safe: all calls and completions belong into the channel's strand; the driver may work
// in any thread.
// Invariants: no other process gets to the channel; the driver sees an end of data only behind
// every byte, and a reset otherwise (security.md section 4). That is why the connected pair is
// TCP's: of a local (AF_UNIX) pair Linux shows a reset only when bytes were left unread.
#pragma once

#include <adit/bodies.hpp>
#include <adit/channel.hpp>
#include <adit/connection/relay.hpp>
#include <adit/detail/accept_loop.hpp>
#include <adit/detail/erase.hpp>
#include <adit/detail/own_connection.hpp>
#include <adit/detail/signal.hpp>
#include <adit/detail/spawn.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <utility>

namespace adit {

class bridge {
public:
    using executor_type = executor;

    /// A connected pair: one end leads to `far`, the other is release_descriptor()'s. Throws
    /// system_error: asio::error::not_connected for a closed channel, or what the system says.
    [[nodiscard]] static bridge connected(channel far);
    /// A port, see endpoint(), for the first connection that this process makes to it. Others are
    /// closed, and the wait goes on. The driver must not connect from within the strand, unless
    /// it does so without blocking. Throws as connected().
    [[nodiscard]] static bridge listening(channel far);

    bridge(bridge&&) noexcept = default;
    bridge& operator=(bridge&&) = delete;
    ~bridge() { close(); }

    [[nodiscard]] executor_type get_executor() const { return state_->ex; }

    /// The driver's end of connected(), blocking and with TCP_NODELAY, once; the caller closes it.
    /// -1 otherwise.
    [[nodiscard]] int release_descriptor() noexcept { return std::exchange(state_->driver, -1); }
    /// Where listening() listens; port 0 when it does no more, also because the channel ended
    /// before anybody came.
    [[nodiscard]] asio::ip::tcp::endpoint endpoint() const;

    /// Completes when the bridge has ended: without an error after two ends of data, otherwise with
    /// what cut it off. void(error_code). One waiter. Cancellation: any.
    template <class Token>
    auto async_wait_closed(Token&& token);

    /// Ends it; unless it had ended, the driver sees a reset.
    void close();

private:
    struct state {
        explicit state(channel c)
            : ex(c.get_executor()), far(std::move(c)), acceptor(ex), ended(ex) {}
        state(const state&) = delete;
        state& operator=(const state&) = delete;
        ~state() {
            if (driver != -1) ::close(driver);
        }

        executor ex;
        channel far;  // until somebody is connected to it
        asio::ip::tcp::acceptor acceptor;
        asio::cancellation_signal stop_watching;  // `far`, once somebody has come
        std::shared_ptr<detail::relay> running;
        detail::signal ended;
        int driver = -1;
        error_code cause;
        bool over = false;
    };

    /// Listens already, on a port of its own.
    explicit bridge(channel far);
    static task<> accept_own(std::shared_ptr<state> s);
    /// A channel that is over before anybody came ends the bridge.
    static void watch_channel(const std::shared_ptr<state>& s);
    static void join(const std::shared_ptr<state>& s, asio::ip::tcp::socket near);
    static task<> run(std::shared_ptr<state> s);
    static task<> wait_closed(std::shared_ptr<state> s);
    static void stop_listening(state& s) {
        error_code ignored;
        s.acceptor.close(ignored);
    }
    static void end(state& s, error_code cause);

    std::shared_ptr<state> state_;
};

// Details.

template <class Token>
auto bridge::async_wait_closed(Token&& token) {
    return detail::door(
        state_->ex, [s = state_] { return wait_closed(s); }, std::forward<Token>(token),
        detail::any_cancellation);
}

#if ADIT_BODIES

namespace detail {

// In a program that this process starts an end would be open to others, and its reset not be seen.
inline void keep_from_children(int descriptor) noexcept {
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

}  // namespace detail

ADIT_DECL bridge::bridge(channel far) {
    if (!far.is_open()) throw boost::system::system_error(asio::error::not_connected);
    state_ = std::make_shared<state>(std::move(far));
    const asio::ip::tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);
    state_->acceptor.open(any_port.protocol());
    detail::keep_from_children(state_->acceptor.native_handle());
    state_->acceptor.bind(any_port);
    state_->acceptor.listen();
}

// Nothing here waits for anybody but this process: the kernel completes a connection over loopback
// by itself. Somebody else may have been faster with one of his own.
ADIT_DECL bridge bridge::connected(channel far) {
    bridge made(std::move(far));
    state& s = *made.state_;
    asio::ip::tcp::socket driver(s.ex);
    driver.open(asio::ip::tcp::v4());
    detail::keep_from_children(driver.native_handle());
    driver.connect(s.acceptor.local_endpoint());
    driver.set_option(asio::ip::tcp::no_delay(true));
    for (;;) {
        asio::ip::tcp::socket near(s.ex);
        asio::ip::tcp::endpoint from;
        s.acceptor.accept(near, from);
        if (from != driver.local_endpoint()) continue;
        stop_listening(s);
        s.driver = driver.release();
        join(made.state_, std::move(near));
        return made;
    }
}

ADIT_DECL bridge bridge::listening(channel far) {
    bridge made(std::move(far));
    watch_channel(made.state_);
    detail::spawn(made.state_->ex, accept_own(made.state_));
    return made;
}

ADIT_DECL void bridge::watch_channel(const std::shared_ptr<state>& s) {
    auto over = [s](error_code why) {
        if (s->running != nullptr) return;
        stop_listening(*s);
        end(*s, why ? why : error_code(errc::channel_closed));
    };
    const detail::initiate_wait_closed watch(s->far.core());
    watch(asio::bind_cancellation_slot(s->stop_watching.slot(), std::move(over)));
}

ADIT_DECL asio::ip::tcp::endpoint bridge::endpoint() const {
    error_code ignored;
    return state_->acceptor.local_endpoint(ignored);
}

ADIT_DECL task<> bridge::accept_own(std::shared_ptr<state> s) {
    std::function<void(asio::ip::tcp::socket, asio::ip::tcp::endpoint)> take =
        [s](asio::ip::tcp::socket near, const asio::ip::tcp::endpoint&) {
            if (!s->acceptor.is_open() || !detail::is_own_connection(near)) return;
            stop_listening(*s);
            join(s, std::move(near));
        };
    co_await detail::accept_loop<asio::ip::tcp>(s->acceptor, std::move(take));
}

ADIT_DECL void bridge::join(const std::shared_ptr<state>& s, asio::ip::tcp::socket near) {
    // From now on the relay watches the channel.
    s->stop_watching.emit(asio::cancellation_type::terminal);
    detail::keep_from_children(near.native_handle());
    // Whatever ends this process or this relay before its good end shows as a reset.
    error_code ignored;
    near.set_option(asio::socket_base::linger(true, 0), ignored);
    s->running =
        std::make_shared<detail::relay>(detail::erase(std::move(near)), s->far.release_core());
    detail::spawn(s->ex, run(s));
}

ADIT_DECL task<> bridge::run(std::shared_ptr<state> s) {
    const detail::relay_report outcome = co_await s->running->run();
    end(*s, outcome.error);
}

ADIT_DECL task<> bridge::wait_closed(std::shared_ptr<state> s) {
    if (!s->over) co_await s->ended.wait();
    if (s->cause) throw boost::system::system_error(s->cause);
}

ADIT_DECL void bridge::end(state& s, error_code cause) {
    if (std::exchange(s.over, true)) return;
    s.cause = cause;
    s.ended.notify();
}

ADIT_DECL void bridge::close() {
    if (state_ == nullptr) return;
    stop_listening(*state_);
    end(*state_, errc::connection_closed);
    state_->far.abort();
    if (state_->running) state_->running->abort(errc::connection_closed);
}

#endif  // ADIT_BODIES

}  // namespace adit
