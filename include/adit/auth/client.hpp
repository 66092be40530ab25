// The client's side of authentication, RFC 4252: credentials in the order of the options, each if
// the server still lists its method. The service and the first request leave together after
// NEWKEYS. Used by client.hpp's handshake. Invariant: ends in success, or in protocol_error with
// what was tried and what the server would still accept in the report.
#pragma once

#include <adit/auth/keyboard_interactive.hpp>
#include <adit/auth/method.hpp>
#include <adit/auth/none.hpp>
#include <adit/auth/password.hpp>
#include <adit/auth/public_key.hpp>
#include <adit/bodies.hpp>
#include <adit/options.hpp>
#include <adit/wire/transport_messages.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <variant>

namespace adit::auth {

[[nodiscard]] task<> authenticate(packet_port& port, const client_options& options,
                                  const login& who);

// Details.

using methods = std::deque<std::unique_ptr<method>>;

[[nodiscard]] inline bool listed(const std::string& methods_left, std::string_view name) {
    return wire::name_list{methods_left}.contains(name);
}

// Where to look for the next attempt. A factor that was accepted is done with; those before it,
// which may have been refused only because they were not in turn, get another chance.
inline std::size_t after(methods& all, std::size_t current, const verdict& answer) {
    if (!answer.partial) return all[current]->again() ? current : current + 1;
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(current));
    for (const auto& left : all) left->renew();
    return 0;
}

#if ADIT_BODIES

[[nodiscard]] inline methods methods_for(const client_options& options) {
    methods all;
    const auto is_key = [](const credential& c) { return c.index() == 0; };
    const bool several = std::ranges::count_if(options.credentials, is_key) > 1;
    for (const credential& c : options.credentials) {
        if (const auto* key = std::get_if<std::shared_ptr<signer>>(&c)) {
            all.push_back(std::make_unique<public_key>(public_key_settings{
                *key, several || (*key)->asks_somebody(), options.public_key_algorithms}));
        } else if (const auto* source = std::get_if<password_source>(&c)) {
            all.push_back(std::make_unique<password>(*source, options.password_attempts));
        } else {
            all.push_back(std::make_unique<keyboard_interactive>(std::get<prompt_responder>(c),
                                                                 options.password_attempts));
        }
    }
    if (all.empty()) all.push_back(std::make_unique<none>());
    return all;
}

// Positions are indices: g++ 12 loses the parameters of a coroutine that takes a deque's iterator
// by value beside references.

// The first request goes out before the service is accepted: one round trip less.
inline task<std::size_t> begin_first(packet_port& port, methods& all, const login& who) {
    port.report().stage = stage::authentication;
    port.send(wire::service_request{userauth_service});
    std::size_t current = 0;
    bool sent = false;
    while (current < all.size() && !sent) {
        sent = co_await all[current]->begin(port, who);
        if (!sent) ++current;
    }
    if (!sent) throw protocol_error(errc::no_credentials);
    const auto accepted = co_await port.receive<wire::service_accept>();
    if (accepted.service_name != userauth_service) throw protocol_error(errc::service_refused);
    port.enter(protocol::phase::authentication);
    co_return current;
}

// The next method that the server still wants and that sends something; size() when there is none.
inline task<std::size_t> begin_next(packet_port& port, methods& all, std::size_t current,
                                    const login& who,
                                    const std::optional<std::string>& methods_left) {
    for (; current < all.size(); ++current) {
        if (methods_left && !listed(*methods_left, all[current]->name())) continue;
        const bool sent = co_await all[current]->begin(port, who);
        if (sent) break;
    }
    co_return current;
}

/// Whether the server takes any of what we have.
[[nodiscard]] inline bool welcomes(const verdict& answer, const methods& all) {
    return answer.success || answer.partial || std::ranges::any_of(all, [&answer](const auto& m) {
               return listed(answer.methods_left, m->name());
           });
}

ADIT_DECL task<> authenticate(packet_port& port, const client_options& options, const login& who) {
    methods all = methods_for(options);
    diagnostics& report = port.report();
    report.methods_tried = options.passed_over;
    std::optional<std::string> left;  // what the server would accept, once it has said so
    bool proved = false;
    bool partial = false;  // the latest answer was a yes that is not enough
    bool welcome = false;
    std::size_t current = co_await begin_first(port, all, who);
    while (current < all.size()) {
        report.methods_tried.push_back(all[current]->label());
        const verdict answer = co_await all[current]->finish(port, who);
        if (answer.success || answer.partial) proved = proved || all[current]->proved();
        // C35: whoever lets everybody in may be about to ask for the passphrase of a key.
        if (answer.success && !proved && options.disable_trivial_auth) {
            throw protocol_error(errc::trivial_authentication);
        }
        if (answer.success) co_return;
        if (!answer.withdrawn) {
            left = answer.methods_left;
            welcome = welcome || welcomes(answer, all);
            partial = answer.partial;
        }
        report.methods_left = escaped(left.value_or(""));
        const std::size_t from = after(all, current, answer);
        current = co_await begin_next(port, all, from, who, left);
    }
    if (options.credentials.empty()) throw protocol_error(errc::no_credentials);
    if (partial) throw protocol_error(errc::another_factor_needed);
    // A server that never listed any method of ours is told apart from one that did not believe us.
    const bool refused = welcome || !left;
    throw protocol_error(refused ? errc::authentication_failed : errc::method_unavailable);
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
