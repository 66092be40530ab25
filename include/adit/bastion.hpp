// A bastion: listeners, and a server for each connection to them that forwards where its policy
// allows and nowhere else. What sshd does on a jump host, as an object. RFC 4254 section 7. Used by
// adit-bastion and by programs that embed one.
// Not thread-safe: all calls and events happen in the executor's strand.
// Invariants: default deny; a place among the connections that have not logged in is given back
// whatever becomes of them (A19); after close() nothing is called any more.
#pragma once

#include <adit/bastion/guest.hpp>
#include <adit/bastion/policy.hpp>
#include <adit/bodies.hpp>
#include <adit/detail/accept_loop.hpp>
#include <adit/detail/spawn.hpp>
#include <adit/protocol/admission.hpp>

#include <boost/asio/ip/v6_only.hpp>

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <utility>
#include <vector>

namespace adit {

struct bastion_options {
    explicit bastion_options(std::shared_ptr<const server_options> of_connections) {
        guests.server = std::move(of_connections);
        admission.penalties.enabled = false;
    }
    guest_options guests;
    std::vector<asio::ip::tcp::endpoint> listen{{asio::ip::address_v4::loopback(), 0}};
    /// MaxStartups, PerSourceMaxStartups; penalties for sources that misbehave are off.
    protocol::admission_limits admission;
    /// The threads of all key exchanges (A33, L21), where the server's options have none; threads
    /// 0: the executor does them, and nobody else gets a turn meanwhile.
    detail::work_pool_limits exchanges;
};

///     adit::bastion gate(ctx.get_executor(), options);
///     gate.listen();
///     co_await gate.async_drain(std::chrono::seconds(30), asio::deferred);
class bastion {
public:
    using executor_type = executor;

    bastion(executor ex, bastion_options options)
        : state_(std::make_shared<state>(std::move(ex), std::move(options))) {}
    bastion(bastion&&) noexcept = default;
    bastion& operator=(bastion&&) = delete;
    ~bastion() { close(); }

    [[nodiscard]] executor_type get_executor() const { return state_->ex; }

    /// Binds and listens, once. Throws what bind says, and then nothing is listened on;
    /// asio::error::already_started the second time.
    void listen();
    /// What connections from now on are told and allowed; those that are there keep theirs.
    void use(guest_options options);

    /// Takes no new connection, opens nothing more, and completes when the last one has ended or
    /// was ended after `limit`. void(error_code). Cancellation: partial; it still drains, without
    /// the limit, and another drain may wait for that.
    template <class Token>
    auto async_drain(std::chrono::milliseconds limit, Token&& token);
    /// Ends everything at once.
    void close();

    /// Where it listens, in the order of the options.
    [[nodiscard]] std::vector<asio::ip::tcp::endpoint> endpoints() const;
    [[nodiscard]] std::size_t connections() const noexcept { return state_->guests.size(); }
    /// That have not logged in.
    [[nodiscard]] std::size_t starting() const noexcept {
        return state_->admission.unauthenticated();
    }

private:
    struct state {
        state(executor e, bastion_options o)
            : ex(std::move(e)),
              options(std::make_shared<const guest_options>(std::move(o.guests))),
              listen(std::move(o.listen)),
              admission(o.admission),
              exchanges(o.exchanges.threads == 0 ? nullptr
                                                 : std::make_shared<kex_pool>(o.exchanges)),
              closed(std::make_shared<bool>(false)),
              changed(ex) {}

        executor ex;
        std::shared_ptr<const guest_options> options;
        std::vector<asio::ip::tcp::endpoint> listen;
        std::vector<asio::ip::tcp::acceptor> acceptors;
        protocol::admission admission;
        const std::shared_ptr<kex_pool> exchanges;
        std::list<std::shared_ptr<detail::guest>> guests;  // in the order of their coming
        crypto::system_random random;
        const std::shared_ptr<bool> closed;
        detail::signal changed;  // a guest has gone
        std::uint64_t last_number = 0;
        bool draining = false;
    };

    /// Takes a guest out of the list, whatever its end is.
    class leaving {
    public:
        using place = std::list<std::shared_ptr<detail::guest>>::iterator;
        leaving(std::shared_ptr<state> s, place where) : state_(std::move(s)), where_(where) {}
        leaving(const leaving&) = delete;
        leaving& operator=(const leaving&) = delete;
        ~leaving() {
            state_->guests.erase(where_);
            state_->changed.notify();
        }

    private:
        std::shared_ptr<state> state_;
        place where_;
    };

    static void take(const std::shared_ptr<state>& s, asio::ip::tcp::socket accepted,
                     const asio::ip::tcp::endpoint& from);
    static task<> serve(std::shared_ptr<state> s, std::shared_ptr<detail::guest> one,
                        protocol::admission::ticket slot);
    static task<> drain(std::shared_ptr<state> s, std::chrono::milliseconds limit);
    static void stop_listening(state& s);
    static void end_all(state& s, error_code why);

    std::shared_ptr<state> state_;
};

// Details.

template <class Token>
auto bastion::async_drain(std::chrono::milliseconds limit, Token&& token) {
    return detail::door(
        state_->ex, [s = state_, limit] { return drain(s, limit); }, std::forward<Token>(token),
        detail::partial_cancellation);
}

#if ADIT_BODIES

ADIT_DECL void bastion::listen() {
    if (!state_->acceptors.empty()) {
        throw boost::system::system_error(asio::error::already_started);
    }
    // Where it is at the end: the loops below refer to what lies in it.
    std::vector<asio::ip::tcp::acceptor> bound;
    for (const auto& where : state_->listen) {
        asio::ip::tcp::acceptor acceptor(state_->ex);
        acceptor.open(where.protocol());
        acceptor.set_option(asio::socket_base::reuse_address(true));
        if (where.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true));
        acceptor.bind(where);
        acceptor.listen();
        bound.push_back(std::move(acceptor));
    }
    state_->acceptors = std::move(bound);
    for (auto& acceptor : state_->acceptors) {
        std::function<void(asio::ip::tcp::socket, asio::ip::tcp::endpoint)> taker =
            [weak = std::weak_ptr(state_)](asio::ip::tcp::socket accepted,
                                           asio::ip::tcp::endpoint from) {
                if (const auto alive = weak.lock()) take(alive, std::move(accepted), from);
            };
        auto loop = [](std::shared_ptr<state>, asio::ip::tcp::acceptor& from, auto each) -> task<> {
            co_await detail::accept_loop<asio::ip::tcp>(from, std::move(each));
        };
        detail::spawn(state_->ex, loop(state_, acceptor, std::move(taker)));
    }
}

ADIT_DECL void bastion::use(guest_options options) {
    state_->options = std::make_shared<const guest_options>(std::move(options));
}

ADIT_DECL void bastion::take(const std::shared_ptr<state>& s, asio::ip::tcp::socket accepted,
                             const asio::ip::tcp::endpoint& from) {
    if (s->draining || *s->closed) return;  // accepted a moment before
    const auto& server_side = s->options->server;
    const peer_address source{from.address().to_string(), from.port()};
    std::array<byte, 4> dice{};
    s->random.fill(dice);
    auto verdict = s->admission.admit(source.address, std::chrono::steady_clock::now(),
                                      wire::reader(dice).take_u32());
    const std::uint64_t number = ++s->last_number;
    if (verdict.answer != protocol::admission_answer::admitted) {
        if (!server_side->audit) return;
        audit_event event;
        event.what = audit_event::kind::connection_refused;
        event.connection = number;
        event.source = source.to_string();
        event.text = protocol::message_of(verdict.answer);
        return server_side->audit(event);
    }
    error_code ignored;
    accepted.set_option(asio::socket_base::keep_alive(true), ignored);
    server peer(std::move(accepted), server_side, source, number);
    if (server_side->exchanges == nullptr) peer.exchange_on(s->exchanges);
    auto one = std::make_shared<detail::guest>(std::move(peer), s->options, s->closed);
    const auto place = s->guests.insert(s->guests.end(), one);
    try {
        detail::spawn(s->ex, serve(s, std::move(one), std::move(verdict.slot)));
    } catch (...) {
        s->guests.erase(place);  // or drain() would wait for it for ever
        throw;
    }
}

// What a connection that did not log in is held against its source for (L04).
[[nodiscard]] inline protocol::bad_ending ending_of(const server& peer, error_code ec) noexcept {
    using protocol::bad_ending;
    if (peer.login_refused()) return bad_ending::auth_failed;
    if (ec == errc::deadline_exceeded) return bad_ending::grace_exceeded;
    const bool of_ours = ec.category() == category() && ec != errc::connection_lost &&
                         ec != errc::disconnected_by_peer && ec != errc::connection_closed &&
                         ec != errc::shutting_down && ec != errc::out_of_memory &&
                         ec != errc::too_busy;
    // What no honest program sends; a client without an algorithm in common is honest.
    const bool broken = of_ours && reason_for(static_cast<errc>(ec.value())) !=
                                       disconnect_reason::key_exchange_failed;
    return broken ? bad_ending::crash : bad_ending::no_auth;
}

ADIT_DECL task<> bastion::serve(std::shared_ptr<state> s, std::shared_ptr<detail::guest> one,
                                protocol::admission::ticket slot) {
    const leaving at_the_end(s, std::ranges::find(s->guests, one));
    error_code ec;
    try {
        auto shaking = one->peer().async_handshake(asio::deferred);
        co_await std::move(shaking);
    } catch (const boost::system::system_error& e) {
        ec = e.code();
    }
    if (ec) {
        s->admission.ended(std::move(slot), ending_of(one->peer(), ec),
                           std::chrono::steady_clock::now());
    } else {
        s->admission.authenticated(std::move(slot));
    }
    if (!ec && s->draining) one->drain();
    if (!ec) co_await one->run();
}

ADIT_DECL void bastion::stop_listening(state& s) {
    for (auto& acceptor : s.acceptors) {
        error_code ignored;
        acceptor.close(ignored);
    }
}

ADIT_DECL void bastion::end_all(state& s, error_code why) {
    const auto all = s.guests;  // each takes itself out of the list, later
    for (const auto& one : all) one->close(why);
}

ADIT_DECL task<> bastion::drain(std::shared_ptr<state> s, std::chrono::milliseconds limit) {
    s->draining = true;
    stop_listening(*s);
    const auto all = s->guests;
    for (const auto& one : all) one->drain();
    asio::steady_timer timer(s->ex, limit);
    timer.async_wait([weak = std::weak_ptr(s)](error_code ec) {
        const auto alive = weak.lock();
        if (!ec && alive != nullptr) end_all(*alive, errc::shutting_down);
    });
    while (!s->guests.empty()) co_await s->changed.wait();
}

ADIT_DECL void bastion::close() {
    if (state_ == nullptr) return;
    stop_listening(*state_);
    end_all(*state_, errc::connection_closed);
    *state_->closed = true;
}

ADIT_DECL std::vector<asio::ip::tcp::endpoint> bastion::endpoints() const {
    std::vector<asio::ip::tcp::endpoint> all;
    for (const auto& acceptor : state_->acceptors) {
        error_code ignored;
        all.push_back(acceptor.local_endpoint(ignored));
    }
    return all;
}

#endif  // ADIT_BODIES

}  // namespace adit
