// The values of ssh's options: the two programs' own (../programs/values.hpp), and forwards, which
// only ssh has. Used by option_table.cpp. Each function throws usage_error; the caller puts the
// option's name before it.
// Invariant: nothing is rounded, cut or guessed: what is not understood wholly is refused.
#pragma once

#include "../programs/values.hpp"
#include "settings.hpp"

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

/// "[bind:]port:host:port".
[[nodiscard]] inline forward_spec to_forward(std::string_view text) {
    const std::vector<std::string> fields = split_addresses(text);
    const auto is_path = [](const std::string& field) { return field.find('/') != field.npos; };
    if (std::ranges::any_of(fields, is_path)) {
        throw usage_error("\"" + std::string(text) + "\": Unix sockets are not there yet");
    }
    if (fields.size() != 3 && fields.size() != 4) throw not_understood(text);
    forward_spec spec;
    const std::size_t first = fields.size() - 3;
    if (first == 1) spec.bind_address = to_bind_address(fields[0]);
    spec.bind_port = to_number<std::uint16_t>(fields[first]);
    spec.host = fields[first + 1];
    if (spec.host.empty()) throw not_understood(text);
    spec.port = to_port(fields[first + 2]);
    return spec;
}

}  // namespace adit_tunnel
