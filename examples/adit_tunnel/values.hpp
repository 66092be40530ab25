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

/// "[bind:]port:host:port" and ssh's other forms of -L. Port 0 is a free one.
[[nodiscard]] inline forward_spec to_forward(std::string_view text) {
    // The form of -R, which is the same and lets a port be 0.
    const auto read = adit::config::parse_forward(text, adit::config::forward_kind::remote);
    if (!read || !read->to) throw not_understood(text);
    if (!read->listen.path.empty()) {
        throw usage_error("\"" + std::string(text) + "\": to listen on a path is not there yet");
    }
    forward_spec spec;
    if (read->listen.host) spec.bind_address = to_bind_address(*read->listen.host);
    spec.bind_port = read->listen.port;
    spec.to_path = read->to->path;
    if (spec.to_path.empty()) {
        spec.host = read->to->host.value_or("");
        spec.port = read->to->port;
        if (spec.host.empty()) throw not_understood(text);
    }
    return spec;
}

}  // namespace adit_tunnel
