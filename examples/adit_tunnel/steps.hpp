// The steps of a login as one line each, for -v, told from the messages that go by; -vv shows the
// messages themselves. Used by report.hpp. RFC 4253, RFC 4252.
// Invariant: only names and lists are repeated, escaped; no field that may hold a secret is read.
#pragma once

#include <adit/diagnostics.hpp>
#include <adit/transport/hooks.hpp>

#include <string>

namespace adit_tunnel {

/// Empty: the message is no step.
[[nodiscard]] std::string step_of(const adit::trace_event& event);

// Details.

namespace steps {

namespace wire = adit::wire;

inline std::string request(const adit::trace_event& event) {
    const auto m = wire::decode<wire::userauth_request>(event.payload);
    if (!m || !event.sent) return {};
    const bool query = wire::decode<wire::userauth_publickey_query>(event.payload).has_value();
    return "trying " + adit::escaped(m->method_name) + (query ? ": is this key wanted?" : "");
}

inline std::string refusal(const adit::trace_event& event) {
    const auto m = wire::decode<wire::userauth_failure>(event.payload);
    if (!m) return {};
    const std::string left = adit::escaped(m->authentications_that_can_continue.names);
    return (m->partial_success ? "accepted, but not enough; it takes also "
                               : "refused; accepted is ") +
           left;
}

// The number means one thing for each method; see wire/trace.hpp.
inline std::string number_60(const adit::trace_event& event) {
    if (wire::decode<wire::userauth_pk_ok>(event.payload)) return "the server wants that key";
    const auto m = wire::decode<wire::userauth_info_request>(event.payload);
    if (!m) return {};
    return "questions of the server: " + std::to_string(m->num_prompts);
}

}  // namespace steps

inline std::string step_of(const adit::trace_event& event) {
    using adit::wire::message_id;
    switch (adit::wire::peek_id(event.payload).value_or(message_id{})) {
        case message_id::kexinit: return event.sent ? "" : "connected; exchanging keys";
        case message_id::newkeys: return event.sent ? "" : "keys exchanged";
        case message_id::userauth_request: return steps::request(event);
        case message_id::userauth_failure: return steps::refusal(event);
        case message_id::userauth_pk_ok: return steps::number_60(event);
        case message_id::userauth_success: return "logged in";
        default: return {};
    }
}

}  // namespace adit_tunnel
