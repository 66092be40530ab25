// Local ports that lead through an SSH server: a listener for each, a channel for each connection
// to it, a relay with half-close between the two. What `ssh -N -L` does, as an object that stays
// up: a connection that is lost is made again while the ports stay. RFC 4254 section 7. Used by
// adit-tunnel and by programs whose database driver wants an address. docs/tunnels.md tells more.
//
// Not thread-safe: all calls and events happen in the executor's strand.
// Invariants: the port is held from bind on; a local client sees a clean end only behind complete
// data, and a reset otherwise (security.md section 4); none that was accepted is lost silently.
// Over 300 lines: a quarter of it is documentation; the rest is what all kinds of ways share.
#pragma once

#include <adit/bodies.hpp>
#include <adit/client.hpp>
#include <adit/connection/relay.hpp>
#include <adit/detail/spawn.hpp>
#include <adit/tunnel/closing.hpp>
#include <adit/tunnel/connector.hpp>
#include <adit/tunnel/entrance.hpp>
#include <adit/tunnel/keeper.hpp>
#include <adit/tunnel/options.hpp>
#include <adit/tunnel/relay_tally.hpp>
#include <adit/tunnel/remote_side.hpp>
#include <adit/tunnel/state.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit {

class tunnel {
public:
    using executor_type = executor;

    tunnel(executor ex, tunnel_options options);
    tunnel(tunnel&&) noexcept = default;
    tunnel& operator=(tunnel&&) = delete;
    ~tunnel();

    [[nodiscard]] executor_type get_executor() const { return state_->ex; }

    /// Binds the ports, connects, logs in and begins to listen. void(error_code). Once.
    /// Cancellation: terminal. A start that fails or is cancelled closes the tunnel: no port is
    /// held, and nothing is tried again. Errors: what async_connect and client::async_handshake
    /// say, or bind's own.
    template <class Token>
    auto async_start(Token&& token);

    /// Completes with what ended the tunnel for good, after async_start. void(error_code). One
    /// waiter. Cancellation: any.
    template <class Token>
    auto async_wait_closed(Token&& token);

    /// Relays one stream to `to`, which the server connects to: what ssh -W does with its standard
    /// input and output. void(error_code), when both directions have ended. After async_start.
    /// Cancellation: terminal, cuts both sides off. Errors: as client::async_open, channel_reset, …
    template <class Stream, class Token>
    auto async_carry(Stream&& stream, target to, Token&& token);

    /// Ends everything: listeners, relays (local clients see a reset), attempts, the connection.
    void close();
    /// The connection is wanted now, say because the network is back: as a local client wants it.
    void hurry() { state_->link->want(); }

    [[nodiscard]] tunnel_state state() const noexcept;
    /// Where the forwards listen, in their order; 0.0.0.0:0 for a Unix socket, and where nothing
    /// could be bound. Known after async_start.
    [[nodiscard]] std::vector<asio::ip::tcp::endpoint> endpoints() const;
    /// The same for people, one of them: an address and port, or a path; empty: nowhere.
    [[nodiscard]] std::string listens_at(std::size_t forward) const {
        const bool bound = forward < state_->ways.size() && state_->ways[forward].is_bound();
        return bound ? state_->ways[forward].to_string() : std::string();
    }
    /// Of the connection that stands, or of the last one that did.
    [[nodiscard]] session_info info() const { return state_->link->info(); }
    [[nodiscard]] const adit::diagnostics& diagnostics() const noexcept;
    [[nodiscard]] tunnel_counters counters() const;
    /// Why the connection was lost or could not be made, the latest time.
    [[nodiscard]] const tunnel_failure& last_failure() const noexcept { return state_->failure; }
    /// Why a local connection of this forward was reset, or its port lost, the latest time.
    [[nodiscard]] const tunnel_failure& last_failure(std::size_t forward) const {
        return state_->failures.at(forward);
    }
    /// Bytes of all relays that have ended and that run.
    [[nodiscard]] std::uint64_t bytes_up() const noexcept {
        return state_->relays.moved().to_channel;
    }
    [[nodiscard]] std::uint64_t bytes_down() const noexcept {
        return state_->relays.moved().to_stream;
    }

private:
    friend class tunnels;
    struct core final : detail::keeper_watcher, detail::remote_host {
        core(executor e, tunnel_options o, std::shared_ptr<detail::keeper> l)
            : ex(std::move(e)),
              options(std::move(o)),
              link(std::move(l)),
              failures(options.forwards.size()),
              ended(ex),
              closing(ex) {}
        void on_change(const detail::keeper_change& change) override;
        [[nodiscard]] bool wants() const noexcept override { return counted.held != 0; }
        [[nodiscard]] bool is_closed() const noexcept override { return closed; }
        [[nodiscard]] std::uint64_t next_id() noexcept override { return ++last_id; }
        void tell(const tunnel_event& event) override { count_and_report(*this, event); }
        [[nodiscard]] task<> run(std::shared_ptr<detail::relay> one, tunnel_event& e) override {
            return relays.run(std::move(one), e);
        }

        executor ex;
        tunnel_options options;
        std::shared_ptr<detail::keeper> link;
        adit::diagnostics early;  // until the first attempt
        std::vector<entrance> ways;
        detail::remote_side remote;
        bool remote_asked = false;  // at the start; after that on each new connection
        detail::relay_tally relays;
        tunnel_counters counted;
        tunnel_failure failure;
        std::vector<tunnel_failure> failures;
        std::uint64_t last_id = 0;
        std::uint64_t first_connection = 0;
        detail::signal ended;
        detail::closing closing;
        error_code cause;
        bool dialled = false;
        bool closed = false;
    };

    tunnel(executor ex, tunnel_options options, std::shared_ptr<detail::keeper> link);
    void silence() noexcept { state_->options.on_event = nullptr; }
    [[nodiscard]] static std::shared_ptr<detail::keeper> make_keeper(const executor& ex,
                                                                     tunnel_options& options);

    static task<> wait_closed(std::shared_ptr<core> s);
    static task<> start(std::shared_ptr<core> s);
    static task<> begin(std::shared_ptr<core> s);
    static void bind(core& s);
    static void listen(const std::shared_ptr<core>& s, std::size_t index);
    static task<> bind_again(std::shared_ptr<core> s, std::size_t index);
    static task<> serve(std::shared_ptr<core> s, visitor who, tunnel_event event);
    static task<> carry(std::shared_ptr<core> s, std::shared_ptr<visitor> who);
    static task<> serve_one(std::shared_ptr<core> s, visitor who, tunnel_event& event);
    static void count_and_report(core& s, const tunnel_event& event);
    static task<channel> open(std::shared_ptr<core> s, target to, tunnel_event& event);
    static task<> hold(std::shared_ptr<core> s, std::chrono::steady_clock::time_point until,
                       tunnel_event& event);
    static void report(core& s, const tunnel_event& event);
    static void ask_remotely(core& s, client& ssh);
    static void stop(core& s, error_code cause);

    std::shared_ptr<core> state_;
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

template <class Stream, class Token>
auto tunnel::async_carry(Stream&& stream, target to, Token&& token) {
    auto who = std::make_shared<visitor>(std::move(to));
    who->stream = detail::erase(std::forward<Stream>(stream));
    return detail::door(
        state_->ex, [s = state_, who = std::move(who)] { return carry(s, who); },
        std::forward<Token>(token));
}

#if ADIT_BODIES

ADIT_DECL tunnel::tunnel(executor ex, tunnel_options options)
    : tunnel(ex, std::move(options), nullptr) {}

ADIT_DECL tunnel::tunnel(executor ex, tunnel_options options,
                         std::shared_ptr<detail::keeper> link) {
    if (link == nullptr) link = make_keeper(ex, options);
    state_ = std::make_shared<core>(std::move(ex), std::move(options), std::move(link));
    state_->link->join(state_);
}

ADIT_DECL std::shared_ptr<detail::keeper> tunnel::make_keeper(const executor& ex,
                                                              tunnel_options& options) {
    client_options& login = options.client;
    if (login.random == nullptr) login.random = std::make_shared<crypto::system_random>();
    detail::keeper_options o;
    o.reach = options.connection();
    o.reconnect = options.reconnect;
    o.random = login.random;
    o.name = hop_name(login);
    return std::make_shared<detail::keeper>(ex, std::move(o));
}

ADIT_DECL task<> tunnel::start(std::shared_ptr<core> s) {
    try {
        auto beginning = detail::door(s->ex, [s] { return begin(s); }, asio::deferred);
        co_await s->closing.unless(std::move(beginning));
    } catch (const boost::system::system_error& e) {
        stop(*s, e.code());
        throw protocol_error(s->cause);
    }
}

ADIT_DECL task<> tunnel::begin(std::shared_ptr<core> s) {
    s->early.hop = hop_name(s->options.client);
    if (s->closed) throw protocol_error(s->cause);
    bind(*s);
    if (s->closed) throw protocol_error(s->cause);
    s->dialled = true;
    s->link->begin();
    auto ready = s->link->async_ready(asio::deferred);
    co_await std::move(ready);
    if (s->closed) throw protocol_error(s->cause);
    // A connection that others share may be an old one.
    if (s->first_connection == 0) s->first_connection = s->link->made();
    for (std::size_t i = 0; i < s->ways.size(); ++i) {
        if (s->ways[i].is_bound()) listen(s, i);
    }
    client* const ssh = s->link->ssh();
    if (ssh == nullptr) throw protocol_error(errc::connection_lost);
    s->remote.set_up(s->ex, s->options.remote_forwards, s);
    co_await s->remote.ask(ssh->state_->link, s->options.require_all_forwards);
    s->remote_asked = true;
}

ADIT_DECL task<> tunnel::wait_closed(std::shared_ptr<core> s) {
    if (!s->closed) co_await s->ended.wait();
    throw protocol_error(s->cause);
}

ADIT_DECL void tunnel::bind(core& s) {
    error_code last;
    bool any = false;
    for (std::size_t i = 0; i < s.options.forwards.size() && !s.closed; ++i) {
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

ADIT_DECL void tunnel::listen(const std::shared_ptr<core>& s, std::size_t index) {
    const std::weak_ptr<core> weak = s;
    s->ways[index].listen(
        [weak, index](visitor who) {
            const auto alive = weak.lock();
            if (alive == nullptr || alive->closed) return who.turn_away(errc::connection_closed);
            tunnel_event event;
            event.id = ++alive->last_id;
            event.forward = index;
            event.peer = who.peer;
            detail::spawn(alive->ex, serve(alive, std::move(who), std::move(event)));
        },
        [weak, index] {
            const auto alive = weak.lock();
            if (alive != nullptr && !alive->closed) {
                detail::spawn(alive->ex, bind_again(alive, index));
            }
        });
}

// T29: a listener that broke is made again, at the same address.
ADIT_DECL task<> tunnel::bind_again(std::shared_ptr<core> s, std::size_t index) {
    constexpr std::chrono::milliseconds first_pause{200};
    constexpr std::chrono::milliseconds longest_pause{30'000};
    entrance& way = s->ways[index];
    tunnel_event event;
    event.what = tunnel_event::kind::unbound;
    event.forward = index;
    event.error = make_error_code(boost::system::errc::bad_file_descriptor);
    event.text = way.to_string();
    asio::steady_timer timer(s->ex);
    for (auto pause = first_pause; !s->closed; pause = std::min(pause * 2, longest_pause)) {
        report(*s, event);
        timer.expires_after(pause);
        auto waiting = timer.async_wait(asio::deferred);
        co_await std::move(waiting);
        if (s->closed) co_return;
        try {
            way.bind();
            listen(s, index);
            event.what = tunnel_event::kind::bound;
            event.error = {};
            co_return report(*s, event);
        } catch (const boost::system::system_error& e) {
            event.error = e.code();
        }
    }
}

ADIT_DECL task<> tunnel::serve(std::shared_ptr<core> s, visitor who, tunnel_event event) {
    co_await serve_one(std::move(s), std::move(who), event);
}

ADIT_DECL task<> tunnel::serve_one(std::shared_ptr<core> s, visitor who, tunnel_event& event) {
    channel far;
    try {
        far = co_await open(s, who.to, event);
        if (!who.welcome()) throw protocol_error(asio::error::connection_reset);
    } catch (const boost::system::system_error& e) {
        who.turn_away(e.code(), event.text);
        event.what = tunnel_event::kind::refused;
        event.error = e.code();
        co_return count_and_report(*s, event);
    }
    count_and_report(*s, event);
    auto running = std::make_shared<detail::relay>(std::move(who.stream), far.release_core());
    co_await s->relays.run(std::move(running), event);
    report(*s, event);
}

ADIT_DECL task<> tunnel::carry(std::shared_ptr<core> s, std::shared_ptr<visitor> who) {
    tunnel_event event;
    event.id = ++s->last_id;
    event.forward = s->options.forwards.size();
    const std::string where = who->to.to_string();
    co_await serve_one(s, std::move(*who), event);
    if (!event.error) co_return;
    client* const ssh = s->link->ssh();
    if (ssh != nullptr) client::report_refusal(*ssh->state_, where, event.text);
    throw protocol_error(event.error);
}

// Nothing of the local client's was read yet: what a lost connection left unanswered is asked
// again.
ADIT_DECL task<channel> tunnel::open(std::shared_ptr<core> s, target to, tunnel_event& event) {
    const auto until = std::chrono::steady_clock::now() + s->options.reconnect.hold_time;
    for (;;) {
        if (s->closed) throw protocol_error(s->cause);
        if (s->link->ssh() == nullptr) co_await hold(s, until, event);
        client* const ssh = s->link->ssh();
        if (ssh == nullptr) continue;
        const std::uint64_t made = s->link->made();
        try {
            auto body = [c = ssh->state_, &to, &event] { return client::open(c, to, event.text); };
            auto opening = detail::door(s->ex, std::move(body), asio::deferred);
            co_return co_await s->closing.unless(std::move(opening));
        } catch (const boost::system::system_error&) {
            const bool stands = s->link->ssh() != nullptr && s->link->made() == made;
            if (stands || !s->options.reconnect.enabled) throw;
        }
    }
}

ADIT_DECL task<> tunnel::hold(std::shared_ptr<core> s, std::chrono::steady_clock::time_point until,
                              tunnel_event& event) {
    const auto left = until - std::chrono::steady_clock::now();
    const reconnect_options& o = s->options.reconnect;
    s->link->want();
    error_code ec = s->link->cause() ? s->link->cause() : error_code(errc::connection_lost);
    if (s->counted.held >= o.held_connections) {
        event.text = std::to_string(o.held_connections) + " local connections wait already";
        throw protocol_error(ec);
    }
    tunnel_event waits = event;
    waits.what = tunnel_event::kind::held;
    waits.error = ec;
    report(*s, waits);
    ++s->counted.held;
    try {
        co_await s->closing.unless_ready(s->link, left);
        ec = {};
    } catch (const boost::system::system_error& e) {
        const bool late = e.code() == asio::error::timed_out;
        if (late) event.text = "waited " + std::to_string(o.hold_time.count()) + " ms";
        const bool says_why = late && s->link->cause();
        ec = says_why ? s->link->cause() : e.code();
    }
    --s->counted.held;
    if (ec) throw protocol_error(ec);
}

ADIT_DECL void tunnel::count_and_report(core& s, const tunnel_event& event) {
    if (event.what == tunnel_event::kind::opened) ++s.counted.connections;
    if (event.what == tunnel_event::kind::refused) ++s.counted.refused;
    report(s, event);
}

ADIT_DECL void tunnel::report(core& s, const tunnel_event& event) {
    using kind = tunnel_event::kind;
    const bool of_a_forward = event.what != kind::state && event.what != kind::held &&
                              !event.remote && event.forward < s.failures.size();
    if (event.error && of_a_forward) {
        std::string text = event.error.message();
        if (!event.text.empty()) text += " (" + event.text + ")";
        s.failures[event.forward] = {event.error, std::move(text)};
    }
    const auto tell = s.options.on_event;  // which may destroy the tunnel, and itself with it
    if (tell) tell(event);
}

ADIT_DECL void tunnel::core::on_change(const detail::keeper_change& change) {
    if (change.state == tunnel_state::closed) return stop(*this, change.cause);
    if (closed) return;
    if (change.cause) failure = {change.cause, change.text};
    tunnel_event event;
    event.what = tunnel_event::kind::state;
    event.state = change.state;
    event.error = change.cause;
    event.text = change.text;
    event.next = change.next;
    if (first_connection == 0 && change.state == tunnel_state::connected) {
        first_connection = link->made();
    }
    report(*this, event);
    client* const ssh = link->ssh();
    if (remote_asked && !closed && ssh != nullptr) ask_remotely(*this, *ssh);
}

ADIT_DECL void tunnel::ask_remotely(core& s, client& ssh) { s.remote.ask_again(ssh.state_->link); }

ADIT_DECL void tunnel::stop(core& s, error_code cause) {
    if (std::exchange(s.closed, true)) return;
    s.cause = cause;
    if (s.link->cause() && cause != errc::connection_closed) {
        s.failure = {cause, s.link->story().describe(cause)};
    }
    s.relays.abort(cause);
    s.ended.notify();
    s.closing.end(cause);
    for (entrance& way : s.ways) way.close();
    s.remote.close();
    s.link->leave(&s);
    tunnel_event event;
    event.what = tunnel_event::kind::state;
    event.state = tunnel_state::closed;
    event.error = cause;
    event.text = s.failure.text;
    report(s, event);
}

// Relays may still end after this, and then nobody must be told.
ADIT_DECL tunnel::~tunnel() {
    if (state_ == nullptr) return;
    silence();
    close();
}

ADIT_DECL void tunnel::close() {
    const auto s = state_;
    if (s != nullptr) stop(*s, errc::connection_closed);
}

ADIT_DECL tunnel_state tunnel::state() const noexcept {
    return state_->closed ? tunnel_state::closed : state_->link->state();
}

ADIT_DECL const adit::diagnostics& tunnel::diagnostics() const noexcept {
    return state_->dialled ? state_->link->story() : state_->early;
}

ADIT_DECL std::vector<asio::ip::tcp::endpoint> tunnel::endpoints() const {
    std::vector<asio::ip::tcp::endpoint> all;
    for (const entrance& way : state_->ways) all.push_back(way.endpoint());
    return all;
}

ADIT_DECL tunnel_counters tunnel::counters() const {
    const core& s = *state_;
    const detail::relay_report moved = s.relays.moved();
    tunnel_counters c = s.counted;
    c.bytes_up = moved.to_channel;
    c.bytes_down = moved.to_stream;
    c.window_stalls = moved.stalls;
    c.open = s.relays.size();
    if (s.first_connection != 0) c.reconnects = s.link->made() - s.first_connection;
    c.round_trip = s.link->info().round_trip;
    return c;
}

#endif  // ADIT_BODIES

}  // namespace adit
