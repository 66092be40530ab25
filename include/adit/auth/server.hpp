// The server's side of authentication, RFC 4252: the service, then request after request until one
// list of methods is complete or the client has tried often enough. Used by server.hpp's handshake.
// Sees only the packet port. Invariants: ends in success with an identity, or in protocol_error;
// user and service never change (C30); FAILURE names what is still missing and never "none" (C31);
// a refusal looks and lasts the same for users that exist and that do not (A15, L06).
#pragma once

#include <adit/auth/server_keyboard_interactive.hpp>
#include <adit/auth/server_password.hpp>
#include <adit/auth/server_public_key.hpp>
#include <adit/bodies.hpp>
#include <adit/crypto/hash.hpp>
#include <adit/protocol/server_policy.hpp>
#include <adit/wire/transport_messages.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit::auth {

struct server_settings {
    const server_options& options;
    bytes_view session_id;
    peer_address source;
    /// One attempt was refused, or the login is complete; error, source and number are not set.
    std::function<void(audit_event)> tell;
};

/// Everything that `settings` refers to outlives the task.
[[nodiscard]] task<identity> authenticate_client(packet_port& port,
                                                 const server_settings& settings);

// Details.

#if ADIT_BODIES

namespace server_auth {

struct conversation {
    conversation(packet_port& p, const server_settings& s)
        : settings(s),
          login{p, s.options, s.session_id, {}},
          progress(s.options.methods),
          budget(s.options.limits) {
        who.source = s.source;
        login.who.source = s.source;
    }

    const server_settings& settings;
    server_login login;
    protocol::authentication_progress progress;
    protocol::authentication_budget budget;
    identity who;
    bool named = false;                    // the first request has said who it is
    std::vector<std::string> used_keys;    // fingerprints of those that were factors
    std::optional<protocol::packet> next;  // that came in the middle of a dialogue
};

inline task<> accept_service(packet_port& port) {
    const auto request = co_await port.receive<wire::service_request>();
    // C29: this service, once, and no other before it.
    if (request.service_name != userauth_service) throw protocol_error(errc::service_refused);
    port.send(wire::service_accept{userauth_service});
    port.enter(protocol::phase::authentication);
}

inline task<protocol::packet> next_request(conversation& c) {
    if (const auto waiting = std::exchange(c.next, std::nullopt)) co_return *waiting;
    co_return co_await c.login.port.receive_packet();
}

// C30: whatever was passed was passed for this user; nobody else inherits it.
inline std::string method_of(conversation& c, const protocol::packet& packet) {
    const auto request = value_of(wire::decode<wire::userauth_request>(packet.payload));
    constexpr std::size_t longest_name = 64;
    const bool too_long = request.user_name.size() > c.settings.options.limits.user_name ||
                          request.method_name.size() > longest_name;
    if (too_long) throw protocol_error(errc::field_too_long);
    if (request.service_name != connection_service) {
        throw protocol_error(errc::service_refused);
    }
    if (!std::exchange(c.named, true)) {
        c.login.who.user = std::string(request.user_name);
        c.who.user = c.login.who.user;
    } else if (c.login.who.user != request.user_name) {
        throw protocol_error(errc::authentication_identity_changed);
    }
    return std::string(request.method_name);
}

inline task<outcome> try_method(conversation& c, std::string method, protocol::packet packet) {
    if (!c.progress.awaits(method)) {
        outcome result;
        result.why = "the method is not accepted now";
        co_return result;
    }
    if (method == "publickey") co_return co_await check_public_key(c.login, packet);
    if (method == "password") co_return co_await check_password(c.login, packet);
    if (method == "keyboard-interactive") {
        // Its fields change nothing (A16), but they have to be there, and nothing behind them.
        static_cast<void>(
            value_of(wire::decode<wire::userauth_keyboard_interactive_request>(packet.payload)));
        co_return co_await check_keyboard_interactive(c.login, c.next);
    }
    co_return outcome();
}

inline void tell(const conversation& c, audit_event::kind what, const std::string& method,
                 const outcome& result) {
    if (!c.settings.tell) return;
    audit_event event;
    event.what = what;
    event.user = escaped(c.login.who.user, 255);
    event.method = escaped(method, 64);
    event.key_fingerprint = result.key_fingerprint;
    event.text = result.why;
    c.settings.tell(std::move(event));
}

// L06: from 5 ms on, in steps that double, and a little that only this server can foresee for a
// user: how long a refusal took says nothing about why.
inline std::chrono::microseconds delay_for(const conversation& c,
                                           std::chrono::microseconds elapsed) {
    const std::chrono::microseconds least = c.settings.options.limits.failure_delay;
    if (least.count() == 0) return least;
    secret_bytes seed = c.settings.options.delay_seed;
    seed.insert(seed.end(), c.login.who.user.begin(), c.login.who.user.end());
    const secret_bytes digest = crypto::digest(crypto::hash_id::sha256, seed);
    const unsigned spread = (digest[0] * 256U + digest[1]) % 4200U;
    return protocol::delay_of_refusal(least + std::chrono::microseconds(spread), elapsed);
}

inline task<> wait_to_refuse(conversation& c) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - c.login.heard);
    if (const auto left = delay_for(c, elapsed); left.count() != 0) {
        asio::steady_timer timer(co_await asio::this_coro::executor, left);
        auto waiting = timer.async_wait(asio::deferred);
        co_await std::move(waiting);
    }
}

inline void spend(errc verdict) {
    if (verdict != errc::ok) throw protocol_error(verdict);
}

// True when the login is complete.
inline bool pass(conversation& c, const std::string& method, outcome result) {
    const bool complete = c.progress.pass(method);
    const bool is_first = c.progress.passed().size() == 1;
    if (is_first) {
        c.who.allowed = result.allowed;
    } else {
        c.who.allowed.narrow(result.allowed);
    }
    if (!result.key_fingerprint.empty()) c.who.key_fingerprint = result.key_fingerprint;
    if (complete) {
        c.who.methods = c.progress.passed();
        outcome last;
        last.key_fingerprint = c.who.key_fingerprint;
        std::string all;
        for (const std::string& one : c.who.methods) all += (all.empty() ? "" : ",") + one;
        tell(c, audit_event::kind::login, all, last);
        return true;
    }
    const std::string names = c.progress.can_continue();
    c.login.port.send(wire::userauth_failure{{names}, true});
    return false;
}

// As in OpenSSH: where two keys are asked for, one key is not two factors.
inline void refuse_repeated_key(conversation& c, outcome& result) {
    if (result.what != outcome::kind::passed || result.key_fingerprint.empty()) return;
    if (std::ranges::find(c.used_keys, result.key_fingerprint) == c.used_keys.end()) {
        c.used_keys.push_back(result.key_fingerprint);
        return;
    }
    result.what = outcome::kind::refused;
    result.why = "the key was a factor already";
}

inline task<bool> one_request(conversation& c) {
    const protocol::packet packet = co_await next_request(c);
    // C37: an answer that nobody asked for.
    if (packet.id() != wire::message_id::userauth_request) {
        throw protocol_error(errc::unexpected_message);
    }
    c.login.heard = std::chrono::steady_clock::now();
    const bool is_first = !c.named;
    const std::string method = method_of(c, packet);
    spend(c.budget.request());
    outcome result = co_await try_method(c, method, packet);
    refuse_repeated_key(c, result);
    using kind = outcome::kind;
    if (result.what == kind::answered) co_return false;
    if (result.what == kind::passed) co_return pass(c, method, std::move(result));
    // C31: to ask what there is, is no attempt.
    const bool only_asks = is_first && method == "none";
    if (!only_asks) tell(c, audit_event::kind::login_refused, method, result);
    const bool is_query = result.what == kind::query_refused;
    co_await wait_to_refuse(c);
    if (!only_asks) spend(is_query ? c.budget.refused_query() : c.budget.failure());
    // A dialogue that the client walked away from has no answer of its own.
    const std::string names = c.progress.can_continue();
    if (!c.next) c.login.port.send(wire::userauth_failure{{names}, false});
    co_return false;
}

}  // namespace server_auth

ADIT_DECL task<identity> authenticate_client(packet_port& port, const server_settings& settings) {
    port.report().stage = stage::authentication;
    co_await server_auth::accept_service(port);
    const std::string& banner = settings.options.banner;
    if (!banner.empty()) port.send(wire::userauth_banner{banner, ""});
    server_auth::conversation c(port, settings);
    bool complete = false;
    while (!complete) complete = co_await server_auth::one_request(c);
    co_return std::move(c.who);
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
