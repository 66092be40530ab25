// Local ports and Unix sockets that lead through an SSH server: an entrance for each, a channel for
// each connection to it, a relay with half-close between the two. What `ssh -N -L` and -D do, as an
// object. RFC 4254 section 7. Used by adit-tunnel and by programs whose database driver wants an
// address.
//
// Not thread-safe: all calls and events happen in the executor's strand.
// Invariants: the port is held from bind on; a local client sees a clean end only behind complete
// data, and a reset otherwise (security.md section 4).
// Over 300 lines: a quarter of it is documentation.
#pragma once

#include <adit/bodies.hpp>
#include <adit/client.hpp>
#include <adit/connection/relay.hpp>
#include <adit/detail/spawn.hpp>
#include <adit/route.hpp>
#include <adit/tunnel/entrance.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit {

struct tunnel_event {
    enum class kind : std::uint8_t {
        opened,   ///< a local connection has its channel
        closed,   ///< it ended; error says how, none after two ends of data
        refused,  ///< its channel was refused, the local connection was reset
        unbound,  ///< a forward has no port, see require_all_forwards; text is its address
    };
    kind what = kind::opened;
    std::uint64_t id = 0;     ///< of the local connection
    std::size_t forward = 0;  ///< index into tunnel_options::forwards
    std::string peer;         ///< the local client's address
    error_code error;
    std::string text;  ///< the server's words on a refusal, escaped
    std::uint64_t bytes_up = 0, bytes_down = 0;
};

struct tunnel_options {
    tunnel_options(client_options login, local_forward first)
        : client(std::move(login)), address(client.host) {
        forwards.push_back(std::move(first));
    }
    client_options client;
    std::string address;  ///< what to connect to; client.host is what known_hosts calls it
    std::vector<local_forward> forwards;
    // The way to the server, see route.hpp.
    stream_dialler upstream;
    connect_options connect;
    std::vector<hop> jumps;
    /// Whether one port that cannot be bound ends the start (ExitOnForwardFailure). Otherwise it is
    /// an event, and its endpoint is port 0; without any port the start still ends.
    bool require_all_forwards = true;
    /// Called in the executor's strand; must not throw.
    std::function<void(const tunnel_event&)> on_event;

    [[nodiscard]] route way() const;
};

class tunnel {
public:
    using executor_type = executor;

    tunnel(executor ex, tunnel_options options)
        : state_(std::make_shared<state>(std::move(ex), std::move(options))) {}
    tunnel(tunnel&&) noexcept = default;
    tunnel& operator=(tunnel&&) = delete;
    ~tunnel();

    [[nodiscard]] executor_type get_executor() const { return state_->ex; }

    /// Binds the ports, connects, logs in and begins to listen. void(error_code). Once.
    /// Cancellation: terminal. A start that fails or is cancelled closes the tunnel: no port is
    /// held. Errors: what chain::async_start says, or bind's own.
    template <class Token>
    auto async_start(Token&& token);

    /// Completes with what ended the tunnel, after async_start. void(error_code). One waiter.
    /// Cancellation: any.
    template <class Token>
    auto async_wait_closed(Token&& token);

    /// Ends everything: listeners, relays (local clients see a reset) and the connection.
    void close();

    /// Where the forwards listen, in their order; 0.0.0.0:0 for a Unix socket, and where nothing
    /// could be bound. Known after async_start.
    [[nodiscard]] std::vector<asio::ip::tcp::endpoint> endpoints() const;
    [[nodiscard]] session_info info() const {
        const bool known = state_->ssh && state_->ssh->size() != 0;
        return known ? state_->ssh->last().info() : session_info();
    }
    [[nodiscard]] const adit::diagnostics& diagnostics() const noexcept {
        return state_->ssh ? state_->ssh->diagnostics() : state_->early;
    }
    /// Bytes of all relays that have ended and that run.
    [[nodiscard]] std::uint64_t bytes_up() const noexcept { return state_->total(true); }
    [[nodiscard]] std::uint64_t bytes_down() const noexcept { return state_->total(false); }

private:
    struct state {
        state(executor e, tunnel_options o) : ex(std::move(e)), options(std::move(o)), ended(ex) {}
        [[nodiscard]] std::uint64_t total(bool up) const noexcept;

        executor ex;
        tunnel_options options;
        adit::diagnostics early;  // until there is a chain
        std::vector<entrance> ways;
        std::unique_ptr<chain> ssh;
        std::vector<std::shared_ptr<detail::relay>> relays;
        std::uint64_t ended_up = 0, ended_down = 0, last_id = 0;
        detail::signal ended;
        error_code cause;
        bool closed = false;
    };

    static task<> wait_closed(std::shared_ptr<state> s);
    static task<> start(std::shared_ptr<state> s);
    static task<> begin(std::shared_ptr<state> s);
    static void bind(state& s);
    static void listen(const std::shared_ptr<state>& s, std::size_t index);
    static task<> serve(std::shared_ptr<state> s, visitor who, tunnel_event event);
    static task<> run_relay(std::shared_ptr<state> s, std::shared_ptr<detail::relay> running,
                            tunnel_event& event);
    static void report(const state& s, const tunnel_event& event) {
        if (s.options.on_event) s.options.on_event(event);
    }
    static void stop(state& s, error_code cause);

    std::shared_ptr<state> state_;
};

// Details.

template <class Token>
auto tunnel::async_start(Token&& token) {
    return detail::door(state_->ex, [s = state_] { return start(s); }, std::forward<Token>(token));
}

template <class Token>
auto tunnel::async_wait_closed(Token&& token) {
    return detail::door(
        state_->ex, [s = state_] { return wait_closed(s); }, std::forward<Token>(token),
        detail::any_cancellation);
}

#if ADIT_BODIES

ADIT_DECL route tunnel_options::way() const {
    hop server(client);
    server.address = address;
    route all(std::move(server));
    all.upstream = upstream;
    all.connect = connect;
    all.jumps = jumps;
    return all;
}

ADIT_DECL task<> tunnel::start(std::shared_ptr<state> s) {
    try {
        co_await begin(s);
    } catch (const boost::system::system_error& e) {
        stop(*s, e.code());
        if (s->ssh) s->ssh->close();
        throw;
    }
}

ADIT_DECL task<> tunnel::begin(std::shared_ptr<state> s) {
    const client_options& login = s->options.client;
    s->early.hop = login.user + "@" + login.host + ":" + std::to_string(login.port);
    bind(*s);
    s->ssh = std::make_unique<chain>(s->ex, s->options.way());
    auto starting = s->ssh->async_start(asio::deferred);
    co_await std::move(starting);
    if (s->closed) throw protocol_error(s->cause);
    for (std::size_t i = 0; i < s->ways.size(); ++i) {
        if (s->ways[i].is_bound()) listen(s, i);
    }
    s->ssh->async_wait_closed([weak = std::weak_ptr(s)](error_code cause) {
        if (const auto alive = weak.lock()) stop(*alive, cause);
    });
}

ADIT_DECL task<> tunnel::wait_closed(std::shared_ptr<state> s) {
    if (!s->closed) co_await s->ended.wait();
    throw protocol_error(s->cause);
}

ADIT_DECL void tunnel::bind(state& s) {
    error_code last;
    bool any = false;
    for (std::size_t i = 0; i < s.options.forwards.size(); ++i) {
        entrance& way = s.ways.emplace_back(s.ex, s.options.forwards[i]);
        s.early.subject = way.to_string();
        try {
            way.bind();
            any = true;
        } catch (const boost::system::system_error& e) {
            if (s.options.require_all_forwards) throw;
            last = e.code();
            tunnel_event event;
            event.what = tunnel_event::kind::unbound;
            event.forward = i;
            event.error = last;
            event.text = s.early.subject;
            report(s, event);
        }
    }
    if (!any && last) throw protocol_error(last);
    s.early.subject.clear();
}

ADIT_DECL void tunnel::listen(const std::shared_ptr<state>& s, std::size_t index) {
    s->ways[index].listen([weak = std::weak_ptr(s), index](visitor who) {
        const auto alive = weak.lock();
        if (alive == nullptr || alive->closed) return who.turn_away(errc::connection_closed);
        tunnel_event event;
        event.id = ++alive->last_id;
        event.forward = index;
        event.peer = who.peer;
        detail::spawn(alive->ex, serve(alive, std::move(who), std::move(event)));
    });
}

ADIT_DECL task<> tunnel::serve(std::shared_ptr<state> s, visitor who, tunnel_event event) {
    channel far;
    try {
        far = co_await s->ssh->last().open(who.to, event.text);
        if (!who.welcome()) throw protocol_error(asio::error::connection_reset);
    } catch (const boost::system::system_error& e) {
        who.turn_away(e.code(), event.text);
        event.what = tunnel_event::kind::refused;
        event.error = e.code();
        report(*s, event);
        co_return;
    }
    report(*s, event);
    auto running = std::make_shared<detail::relay>(std::move(who.stream), far.release_core());
    co_await run_relay(s, std::move(running), event);
    report(*s, event);
}

ADIT_DECL task<> tunnel::run_relay(std::shared_ptr<state> s, std::shared_ptr<detail::relay> running,
                                   tunnel_event& event) {
    s->relays.push_back(running);
    const detail::relay_report outcome = co_await running->run();
    std::erase(s->relays, running);
    s->ended_up += outcome.to_channel;
    s->ended_down += outcome.to_stream;
    event.what = tunnel_event::kind::closed;
    event.error = outcome.error;
    event.bytes_up = outcome.to_channel;
    event.bytes_down = outcome.to_stream;
}

ADIT_DECL void tunnel::stop(state& s, error_code cause) {
    if (std::exchange(s.closed, true)) return;
    s.cause = cause;
    const auto running = s.relays;  // each takes itself out of the list
    for (const auto& one : running) one->abort(cause);
    s.ended.notify();
    for (entrance& way : s.ways) way.close();
}

// Relays may still end after this, and then nobody must be told.
ADIT_DECL tunnel::~tunnel() {
    close();
    if (state_ != nullptr) state_->options.on_event = nullptr;
}

ADIT_DECL void tunnel::close() {
    if (state_ == nullptr) return;
    stop(*state_, errc::connection_closed);
    if (state_->ssh) state_->ssh->close();
}

ADIT_DECL std::vector<asio::ip::tcp::endpoint> tunnel::endpoints() const {
    std::vector<asio::ip::tcp::endpoint> all;
    for (const entrance& way : state_->ways) all.push_back(way.endpoint());
    return all;
}

ADIT_DECL std::uint64_t tunnel::state::total(bool up) const noexcept {
    std::uint64_t sum = up ? ended_up : ended_down;
    for (const auto& running : relays) {
        sum += up ? running->report().to_channel : running->report().to_stream;
    }
    return sum;
}

#endif  // ADIT_BODIES

}  // namespace adit
