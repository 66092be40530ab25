// The values of ssh's options: the two programs' own (../programs/values.hpp), and forwards, which
// only ssh has. Used by option_table.cpp. Each function throws usage_error; the caller puts the
// option's name before it.
// Invariant: nothing is rounded, cut or guessed: what is not understood wholly is refused.
#pragma once

#include "../programs/values.hpp"
#include "settings.hpp"

#include <adit/config/config_endpoints.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace adit_tunnel {

using programs::not_understood;
using programs::split;
using programs::split_addresses;
using programs::to_algorithms;
using programs::to_bool;
using programs::to_lower;
using programs::to_number;
using programs::to_port;
using programs::to_seconds;
using programs::to_size;
using programs::to_word;
using programs::to_words;

// ssh's localhost and its default are 127.0.0.1 and ::1; ours are 127.0.0.1 alone (--help says so).
[[nodiscard]] inline std::string to_bind_address(const std::string& text) {
    if (text == "localhost") return "127.0.0.1";
    if (text.empty() || text == "*") return "0.0.0.0";
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const bool v4 = ::inet_pton(AF_INET, text.c_str(), address.data()) == 1;
    if (v4 || ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return text;
    throw usage_error("\"" + text + "\" is no address to listen on");
}

inline void set_target(forward_spec& spec, const adit::config::forward_end& to,
                       std::string_view text) {
    spec.to_path = to.path;
    if (!to.path.empty()) return;
    spec.host = to.host.value_or("");
    spec.port = to.port;
    if (spec.host.empty()) throw not_understood(text);
}

/// "[bind:]port:host:port" and ssh's other forms of -L; with `dynamic`, -D's. Port 0 is a free one.
[[nodiscard]] inline forward_spec to_forward(std::string_view text, bool dynamic = false) {
    using adit::config::forward_kind;
    // The forms of -R, which are the same and let a port be 0.
    const auto kind = dynamic ? forward_kind::remote_dynamic : forward_kind::remote;
    const auto read = adit::config::parse_forward(text, kind);
    if (!read) throw not_understood(text);
    forward_spec spec;
    spec.bind_path = read->listen.path;
    spec.bind_port = read->listen.port;
    if (read->listen.host) spec.bind_address = to_bind_address(*read->listen.host);
    spec.dynamic = dynamic;
    if (!dynamic) set_target(spec, *read->to, text);
    return spec;
}

/// The forms of -R. What to listen on is the server's to understand.
[[nodiscard]] inline forward_spec to_remote_forward(std::string_view text) {
    using adit::config::forward_kind;
    const auto read = adit::config::parse_forward(text, forward_kind::remote);
    if (!read) {
        const auto socks = adit::config::parse_forward(text, forward_kind::remote_dynamic);
        if (!socks) throw not_understood(text);
        throw usage_error("\"" + std::string(text) + "\": SOCKS at the server is not there yet");
    }
    forward_spec spec;
    spec.bind_path = read->listen.path;
    spec.bind_port = read->listen.port;
    // RFC 4254 section 7.1: "" is every address.
    spec.bind_address = read->listen.host.value_or("localhost");
    if (spec.bind_address == "*") spec.bind_address = "";
    set_target(spec, *read->to, text);
    return spec;
}

/// -W's "host:port", or a path.
[[nodiscard]] inline forward_spec to_stdio_forward(std::string_view text) {
    const auto read = adit::config::parse_forward(text, adit::config::forward_kind::dynamic);
    if (!read) throw not_understood(text);
    forward_spec spec;
    set_target(spec, read->listen, text);
    return spec;
}

/// An octal number, as StreamLocalBindMask has it.
[[nodiscard]] inline unsigned to_mask(std::string_view text) {
    unsigned mask = 0;
    const auto end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, mask, 8);
    if (read.ec != std::errc() || read.ptr != end || mask > 0777) throw not_understood(text);
    return mask;
}

}  // namespace adit_tunnel
