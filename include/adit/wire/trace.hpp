// A message as a line of text, by the same field list that encodes it, for -v and for trace hooks.
// Used by transport/packet_stream when somebody listens.
// Invariants: what is not meant to be read (octets, rest) is told by its size only, so no payload,
// no key and no answer is ever shown; secrets are typed and say "redacted"; texts are escaped (S03,
// C04).
#pragma once

#include <adit/bodies.hpp>
#include <adit/diagnostics.hpp>
#include <adit/wire/auth_messages.hpp>
#include <adit/wire/connection_messages.hpp>
#include <adit/wire/kex_messages.hpp>
#include <adit/wire/transport_messages.hpp>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace adit::wire {

/// "channel_open channel_type="direct-tcpip" sender_channel=0 …"; "message 200 (17 bytes)" for what
/// nobody knows, "… malformed (17 bytes)" for what does not decode.
[[nodiscard]] std::string trace(bytes_view payload);

// Details.

#if ADIT_BODIES

namespace tracing {

inline std::string show(u8 value) { return std::to_string(value); }
inline std::string show(boolean value) { return value ? "true" : "false"; }
inline std::string show(u32 value) { return std::to_string(value); }
inline std::string show(u64 value) { return std::to_string(value); }
inline std::string show(text value) { return '"' + escaped(value, 200) + '"'; }
inline std::string show(octets value) { return std::to_string(value.size()) + " bytes"; }
inline std::string show(const cookie&) { return "16 bytes"; }
inline std::string show(const secret_text&) { return "redacted"; }
inline std::string show(const name_list& value) { return '[' + escaped(value.names) + ']'; }
inline std::string show(const rest& value) { return std::to_string(value.bytes.size()) + " bytes"; }

// As many names as fields, or the trace would lie.
template <fields T>
inline constexpr bool all_named = [] {
    constexpr std::size_t count = std::tuple_size_v<decltype(T::wire(std::declval<T&>()))>;
    const auto spaces = static_cast<std::size_t>(std::ranges::count(T::names, ' '));
    return count == (T::names.empty() ? 0 : spaces + 1);
}();

template <fields T>
std::string show_fields(const T& value) {
    static_assert(all_named<T>);
    std::string line;
    text names = T::names;
    const auto add = [&line, &names](const auto& field) {
        const text name = names.substr(0, names.find(' '));
        names.remove_prefix(std::min(names.size(), name.size() + 1));
        line += ' ';
        (line += name) += '=';
        line += show(field);
    };
    std::apply([&add](const auto&... field) { (add(field), ...); }, T::wire(value));
    return line;
}

template <message M>
std::string show_as(text name, bytes_view payload) {
    const auto m = decode<M>(payload);
    if (m) return std::string(name) + show_fields(*m);
    return std::string(name) + " malformed (" + std::to_string(payload.size()) + " bytes)";
}

// By method, so that what is secret is typed so.
inline std::string show_userauth_request(bytes_view payload) {
    constexpr text name = "userauth_request";
    const auto m = decode<userauth_request>(payload);
    if (m && m->method_name == "password") {
        return show_as<userauth_password_request>(name, payload);
    }
    if (m && m->method_name == "publickey" && decode<userauth_publickey_query>(payload)) {
        return show_as<userauth_publickey_query>(name, payload);
    }
    if (m && m->method_name == "publickey") {
        return show_as<userauth_publickey_request>(name, payload);
    }
    return show_as<userauth_request>(name, payload);
}

// Their size alone would tell the length of a password.
inline std::string show_userauth_info_response(bytes_view payload) {
    const auto m = decode<userauth_info_response>(payload);
    if (!m) return show_as<userauth_info_response>("userauth_info_response", payload);
    return "userauth_info_response num_responses=" + show(m->num_responses) + " responses=redacted";
}

// The number belongs to whichever method is under way; their shapes differ.
inline std::string show_userauth_60(bytes_view payload) {
    if (decode<userauth_pk_ok>(payload)) return show_as<userauth_pk_ok>("userauth_pk_ok", payload);
    if (decode<userauth_info_request>(payload)) {
        return show_as<userauth_info_request>("userauth_info_request", payload);
    }
    return show_as<userauth_passwd_changereq>("userauth_passwd_changereq", payload);
}

}  // namespace tracing

// One line for each message; a table in the form of a switch.
ADIT_DECL std::string trace(bytes_view payload) {
    using tracing::show_as;
    switch (peek_id(payload).value_or(message_id{})) {
        case message_id::disconnect: return show_as<wire::disconnect>("disconnect", payload);
        case message_id::ignore: return show_as<wire::ignore>("ignore", payload);
        case message_id::unimplemented:
            return show_as<wire::unimplemented>("unimplemented", payload);
        case message_id::debug: return show_as<wire::debug>("debug", payload);
        case message_id::service_request:
            return show_as<wire::service_request>("service_request", payload);
        case message_id::service_accept:
            return show_as<wire::service_accept>("service_accept", payload);
        case message_id::ext_info: return show_as<wire::ext_info>("ext_info", payload);
        case message_id::kexinit: return show_as<wire::kexinit>("kexinit", payload);
        case message_id::newkeys: return show_as<wire::newkeys>("newkeys", payload);
        case message_id::kex_ecdh_init:
            return show_as<wire::kex_ecdh_init>("kex_ecdh_init", payload);
        case message_id::kex_ecdh_reply:
            return show_as<wire::kex_ecdh_reply>("kex_ecdh_reply", payload);
        case message_id::userauth_request: return tracing::show_userauth_request(payload);
        case message_id::userauth_failure:
            return show_as<wire::userauth_failure>("userauth_failure", payload);
        case message_id::userauth_success:
            return show_as<wire::userauth_success>("userauth_success", payload);
        case message_id::userauth_banner:
            return show_as<wire::userauth_banner>("userauth_banner", payload);
        case message_id::userauth_pk_ok: return tracing::show_userauth_60(payload);
        case message_id::userauth_info_response:
            return tracing::show_userauth_info_response(payload);
        case message_id::global_request:
            return show_as<wire::global_request>("global_request", payload);
        case message_id::request_success:
            return show_as<wire::request_success>("request_success", payload);
        case message_id::request_failure:
            return show_as<wire::request_failure>("request_failure", payload);
        case message_id::channel_open: return show_as<wire::channel_open>("channel_open", payload);
        case message_id::channel_open_confirmation:
            return show_as<wire::channel_open_confirmation>("channel_open_confirmation", payload);
        case message_id::channel_open_failure:
            return show_as<wire::channel_open_failure>("channel_open_failure", payload);
        case message_id::channel_window_adjust:
            return show_as<wire::channel_window_adjust>("channel_window_adjust", payload);
        case message_id::channel_data: return show_as<wire::channel_data>("channel_data", payload);
        case message_id::channel_extended_data:
            return show_as<wire::channel_extended_data>("channel_extended_data", payload);
        case message_id::channel_eof: return show_as<wire::channel_eof>("channel_eof", payload);
        case message_id::channel_close:
            return show_as<wire::channel_close>("channel_close", payload);
        case message_id::channel_request:
            return show_as<wire::channel_request>("channel_request", payload);
        case message_id::channel_success:
            return show_as<wire::channel_success>("channel_success", payload);
        case message_id::channel_failure:
            return show_as<wire::channel_failure>("channel_failure", payload);
        case message_id::ping: return show_as<wire::ping>("ping", payload);
        case message_id::pong: return show_as<wire::pong>("pong", payload);
    }
    const std::string number = payload.empty() ? "none" : std::to_string(payload[0]);
    return "message " + number + " (" + std::to_string(payload.size()) + " bytes)";
}

#endif  // ADIT_BODIES

}  // namespace adit::wire
