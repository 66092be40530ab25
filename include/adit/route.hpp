// The way to a server through others (ProxyJump): an SSH connection inside a channel of another, as
// often as it takes. Values say where it leads, a chain walks it and owns what it made. Used by
// tunnel.hpp and programs (docs/routes.md). RFC 4254 section 7.2. Not thread-safe: one strand.
// Invariants: no process, thread or port of this machine for a hop; a name is looked up by the hop
// before it; what ended a chain is told of the hop that it happened to, not of those behind it.
// Over 300 lines: a third of it is documentation.
#pragma once

#include <adit/auth/outside.hpp>
#include <adit/bodies.hpp>
#include <adit/client.hpp>
#include <adit/connect.hpp>
#include <adit/connection/carried_stream.hpp>
#include <adit/detail/spawn.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit {

/// One server on the way. Each has its own user, trust, credentials and limits.
struct hop {
    explicit hop(client_options login) : client(std::move(login)), address(client.host) {}
    client_options client;
    /// What the hop before it connects to; client.host is what known_hosts calls it.
    std::string address;
};

struct route_event {
    enum class kind : std::uint8_t {
        connecting,  ///< a stream to the hop is asked for
        connected,   ///< it is there, the handshake begins
        ready,       ///< logged in
    };
    kind what = kind::connecting;
    std::size_t hop = 0;  ///< 0: the first server
};

struct route {
    explicit route(hop server) : last(std::move(server)) {}

    /// How the first server is reached; empty: TCP, as `connect` says. The time for it is the first
    /// hop's limits::connect_timeout.
    stream_dialler upstream;
    connect_options connect;
    std::vector<hop> jumps;  ///< in the order of the way
    hop last;
    /// For all of it, without the time that questions to somebody take; zero: none but each hop's
    /// own limits, which always hold.
    std::chrono::milliseconds timeout{0};
    /// Called in the executor's strand; must not throw.
    std::function<void(const route_event&)> on_event;

    /// The hops in order, the last server behind the jumps.
    [[nodiscard]] std::size_t size() const noexcept { return jumps.size() + 1; }
    [[nodiscard]] const hop& at(std::size_t index) const {
        return index < jumps.size() ? jumps[index] : last;
    }
};

///     adit::route way(adit::hop(inner_options));
///     way.jumps.emplace_back(bastion_options);
///     adit::chain ssh(executor, way);
///     co_await ssh.async_start(asio::deferred);
///     adit::channel db = co_await ssh.last().async_open({"db.internal", 5432}, asio::deferred);
class chain {
public:
    using executor_type = executor;

    chain(executor ex, route way)
        : state_(std::make_shared<state>(std::move(ex), std::move(way))) {}
    chain(chain&&) noexcept = default;
    chain& operator=(chain&&) = delete;
    ~chain();

    [[nodiscard]] executor_type get_executor() const { return state_->ex; }

    /// Connects to the first server and logs in, opens a channel from there to the next one and
    /// logs in inside it, and so on. void(error_code). Once. Cancellation: terminal. A start that
    /// fails or is cancelled closes everything. Errors: of async_connect, client::async_handshake
    /// and client::async_open; errc::deadline_exceeded after route::timeout; failed_hop() and
    /// diagnostics() have the story.
    template <class Token>
    auto async_start(Token&& token);

    /// Completes with what ended the chain, after async_start. void(error_code). One waiter.
    /// Cancellation: any.
    template <class Token>
    auto async_wait_closed(Token&& token);

    /// Ends everything, the innermost connection first; each is given a second for its farewell.
    void close();

    /// The connection to the last server; only after async_start has succeeded.
    [[nodiscard]] client& last() const { return *state_->clients.back(); }
    /// How many connections there are; at(0) is the outermost.
    [[nodiscard]] std::size_t size() const noexcept { return state_->clients.size(); }
    [[nodiscard]] client& at(std::size_t index) const { return *state_->clients.at(index); }
    [[nodiscard]] bool is_open() const noexcept { return state_->ready && !state_->closed; }

    /// Which hop it happened to: 0 is the first server. Read it after a failure.
    [[nodiscard]] std::size_t failed_hop() const noexcept { return state_->failed; }
    /// The story of that hop; without a failure, of the one that is reached last.
    [[nodiscard]] const adit::diagnostics& diagnostics() const noexcept;

private:
    struct state {
        state(executor e, route r)
            : ex(std::move(e)),
              way(std::move(r)),
              clock(std::make_shared<detail::patience>(ex)),
              closing(ex),
              ended(ex) {}
        executor ex;
        route way;
        std::shared_ptr<detail::patience> clock;  // of route::timeout
        adit::diagnostics early;                  // until there is a client, and after the end
        std::vector<std::unique_ptr<client>> clients;
        std::vector<std::shared_ptr<detail::signal>> gone;  // the stream of each, but the first
        detail::signal closing, ended;
        std::size_t failed = 0;
        error_code cause;
        bool ready = false, closed = false;
    };

    // Of two clocks.
    struct standstill {
        standstill(detail::patience& one, detail::patience& other) : first(one), second(other) {}
        detail::patience::question first, second;
    };

    static task<> start(std::shared_ptr<state> s);
    static task<> walk(std::shared_ptr<state> s);
    static task<> enter(std::shared_ptr<state> s, std::size_t index);
    static task<std::unique_ptr<detail::any_stream>> reach_first(std::shared_ptr<state> s);
    static task<std::unique_ptr<detail::any_stream>> dial_first(std::shared_ptr<state> s);
    static task<std::unique_ptr<detail::any_stream>> reach_next(std::shared_ptr<state> s,
                                                                std::size_t index);
    static task<> wait_closed(std::shared_ptr<state> s);
    static task<> tear_down(std::shared_ptr<state> s);
    static void report(const state& s, route_event::kind what, std::size_t index);
    [[nodiscard]] static bool ends_by_itself(const state& s, std::size_t index);
    static void blame(state& s, std::size_t index, error_code ec);
    static void stop(const std::shared_ptr<state>& s, error_code cause);

    std::shared_ptr<state> state_;
};

// Details.

template <class Token>
auto chain::async_start(Token&& token) {
    return detail::door(state_->ex, [s = state_] { return start(s); }, std::forward<Token>(token));
}

template <class Token>
auto chain::async_wait_closed(Token&& token) {
    return detail::door(
        state_->ex, [s = state_] { return wait_closed(s); }, std::forward<Token>(token),
        detail::any_cancellation);
}

#if ADIT_BODIES

ADIT_DECL task<> chain::start(std::shared_ptr<state> s) {
    try {
        s->clock->start(s->way.timeout);
        auto walking = detail::door(s->ex, [s] { return walk(s); }, asio::deferred);
        auto in_time = s->clock->run(std::move(walking));
        co_await std::move(in_time);
    } catch (const boost::system::system_error& e) {
        const bool late = e.code() == asio::error::timed_out;
        const error_code ec = late ? error_code(errc::deadline_exceeded) : e.code();
        s->clock->stop();
        if (!s->closed) blame(*s, s->failed, ec);
        stop(s, s->cause);
        throw protocol_error(s->cause);
    }
    s->clock->stop();
}

ADIT_DECL task<> chain::walk(std::shared_ptr<state> s) {
    const std::size_t hops = s->way.size();
    for (std::size_t i = 0; i < hops; ++i) {
        co_await enter(s, i);
        if (s->closed) throw protocol_error(s->cause);
    }
    s->ready = true;
}

ADIT_DECL task<> chain::enter(std::shared_ptr<state> s, std::size_t index) {
    const client_options& login = s->way.at(index).client;
    if (login.codes) {
        // Waiting for a fresh code is nobody's fault.
        const detail::patience::question waiting(*s->clock);
        auto preparing =
            detail::door(s->ex, [codes = login.codes] { return codes->prepare(); }, asio::deferred);
        auto closing = s->closing.async_wait(asio::deferred);
        auto either = detail::unless_first(std::move(preparing), std::move(closing));
        co_await std::move(either);
    }
    if (s->closed) throw protocol_error(s->cause);
    report(*s, route_event::kind::connecting, index);
    if (s->closed) throw protocol_error(s->cause);
    auto reaching = index == 0 ? reach_first(s) : reach_next(s, index);
    std::unique_ptr<detail::any_stream> stream = co_await std::move(reaching);
    if (s->closed) throw protocol_error(s->cause);
    report(*s, route_event::kind::connected, index);
    if (s->closed) throw protocol_error(s->cause);
    s->failed = index;
    s->clients.push_back(
        std::make_unique<client>(std::move(stream), auth::outside_of(s->clock, login)));
    auto shaking = s->clients[index]->async_handshake(asio::deferred);
    co_await std::move(shaking);
    if (s->closed) throw protocol_error(s->cause);
    report(*s, route_event::kind::ready, index);
    if (s->closed) throw protocol_error(s->cause);
    s->clients[index]->async_wait_closed([weak = std::weak_ptr(s), index](error_code ec) {
        const auto alive = weak.lock();
        if (alive == nullptr || alive->closed || !alive->ready) return;
        blame(*alive, index, ec);
        stop(alive, alive->cause);
    });
}

ADIT_DECL task<std::unique_ptr<detail::any_stream>> chain::reach_first(std::shared_ptr<state> s) {
    const client_options& login = s->way.at(0).client;
    s->early.hop = login.user + "@" + login.host + ":" + std::to_string(login.port);
    s->early.stage = stage::connecting;
    // close() is heard here, too.
    auto dialling = detail::door(s->ex, [s] { return dial_first(s); }, asio::deferred);
    auto closing = s->closing.async_wait(asio::deferred);
    auto either = detail::unless_first(std::move(dialling), std::move(closing));
    co_return co_await std::move(either);
}

ADIT_DECL task<std::unique_ptr<detail::any_stream>> chain::dial_first(std::shared_ptr<state> s) {
    const hop& first = s->way.at(0);
    const auto limit = first.client.limits.connect_timeout;
    dial_question question{s->ex, first.address, first.client.port, s->way.connect, &s->early, {}};
    question.options.timeout = limit;
    if (!s->way.upstream) {
        auto dialling =
            async_connect(s->ex, question.host, question.port, question.options, asio::deferred);
        connected_socket made = co_await std::move(dialling);
        co_return detail::erase(std::move(*made.socket));
    }
    const auto clock = std::make_shared<detail::patience>(s->ex);
    question.asking = [clock, outer = s->clock]() -> std::shared_ptr<void> {
        return std::make_shared<standstill>(*clock, *outer);
    };
    auto body = [s, question] { return s->way.upstream(question); };
    auto dialling = detail::door(s->ex, std::move(body), asio::deferred);
    clock->start(limit);
    auto in_time = clock->run(std::move(dialling));
    try {
        co_return co_await std::move(in_time);
    } catch (const boost::system::system_error& e) {
        throw protocol_error(detail::connect_error(e.code()));
    }
}

ADIT_DECL task<std::unique_ptr<detail::any_stream>> chain::reach_next(std::shared_ptr<state> s,
                                                                      std::size_t index) {
    const hop& next = s->way.at(index);
    target to(next.address, next.client.port);
    auto opening = s->clients[index - 1]->async_open(std::move(to), asio::deferred);
    channel carrier = co_await std::move(opening);
    auto gone = std::make_shared<detail::signal>(s->ex);
    s->gone.push_back(gone);
    co_return std::make_unique<detail::carried_stream>(std::move(carrier), std::move(gone));
}

ADIT_DECL task<> chain::wait_closed(std::shared_ptr<state> s) {
    if (!s->closed) co_await s->ended.wait();
    throw protocol_error(s->cause);
}

// Inner connections end when an outer one does, and some notice first that nobody answers.
ADIT_DECL void chain::blame(state& s, std::size_t index, error_code ec) {
    s.failed = index;
    s.cause = ec;
    for (std::size_t i = 0; i < std::min(index, s.clients.size()); ++i) {
        const detail::connection& link = *s.clients[i]->state_->link;
        const bool silent = ec == errc::keepalive_lost && link.life().nearly_lost();
        if (!link.finished() && !silent) continue;
        s.failed = i;
        if (link.finished()) s.cause = link.error();
        return;
    }
}

ADIT_DECL void chain::stop(const std::shared_ptr<state>& s, error_code cause) {
    if (std::exchange(s->closed, true)) return;
    s->cause = cause;
    s->closing.notify();
    s->ended.notify();
    if (s->clients.empty()) return;
    // The story as it is now: what closes a connection clears some of it.
    if (s->failed < s->clients.size()) s->early = s->clients[s->failed]->diagnostics();
    if (!ends_by_itself(*s, s->clients.size() - 1)) s->clients.back()->close();
    if (s->clients.size() > 1) detail::spawn(s->ex, tear_down(s));
}

// A farewell travels through the connections around it.
ADIT_DECL task<> chain::tear_down(std::shared_ptr<state> s) {
    constexpr std::chrono::seconds patience(1);
    for (std::size_t i = s->clients.size() - 1; i != 0; --i) {
        if (!ends_by_itself(*s, i)) s->clients[i]->close();
        try {
            auto gone = s->gone[i - 1]->async_wait(asio::deferred);
            auto leaving = detail::with_deadline(std::move(gone), patience);
            co_await std::move(leaving);
        } catch (const boost::system::system_error&) {
            // It has had its time.
        }
        s->clients[i]->close();
    }
    s->clients[0]->close();
}

// Inside a connection that was lost, so that whoever uses it learns why.
ADIT_DECL bool chain::ends_by_itself(const state& s, std::size_t index) {
    return index > s.failed && s.clients[s.failed]->state_->link->finished();
}

ADIT_DECL void chain::report(const state& s, route_event::kind what, std::size_t index) {
    // A copy: it may end the chain that holds it.
    const auto told = s.way.on_event;
    if (told && !s.closed) told({what, index});
}

ADIT_DECL const adit::diagnostics& chain::diagnostics() const noexcept {
    const bool told = state_->closed || state_->clients.empty();
    return told ? state_->early : state_->clients.back()->diagnostics();
}

// Connections may still end after this, and then nobody must be told.
ADIT_DECL void chain::close() {
    if (state_ == nullptr) return;
    stop(state_, errc::connection_closed);
    for (const auto& one : state_->clients) one->state_->link->stream().listen({});
}

ADIT_DECL chain::~chain() {
    close();
    if (state_ == nullptr) return;
    state_->way.on_event = nullptr;
    for (const auto& one : state_->clients) one->silence();
}

#endif  // ADIT_BODIES

}  // namespace adit
