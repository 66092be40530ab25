// The two directives of ssh_config(5) that are lists of places: LocalForward and its kin, and
// ProxyJump. Used by config_options.hpp.
// Invariant: hosts and users of ProxyJump are safe names, each host taken apart before any token
// in it is expanded (C52).
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/config_values.hpp>
#include <adit/config/host_settings.hpp>
#include <adit/config/safe_name.hpp>
#include <adit/config/url.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

/// remote_dynamic is RemoteForward without a target: SOCKS on the server's side.
enum class forward_kind { local, remote, dynamic, remote_dynamic };

/// "[bind:]port:host:port" and what else ssh -L, -R and -D take; none: it is not understood.
[[nodiscard]] std::optional<forward_directive> parse_forward(std::string_view text,
                                                             forward_kind kind);

/// "[user@]host[:port],ssh://..." or "none", which is an empty list.
[[nodiscard]] std::optional<std::vector<jump_host>> parse_jump_hosts(std::string_view text);

// Details.

#if ADIT_BODIES

struct forward_field {
    std::string text;
    bool is_path = false;
};

/// The next field of a forward and the colon behind it; none: it is malformed.
[[nodiscard]] inline std::optional<forward_field> take_forward_field(std::string_view& text) {
    forward_field field;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        field.text = text.substr(1, end - 1);
        field.is_path = field.text.find('/') != std::string::npos;
        text.remove_prefix(end + 1);
        if (!text.empty() && text.front() != ':') return std::nullopt;
        text.remove_prefix(text.empty() ? 0 : 1);
        return field;
    }
    for (; !text.empty(); text.remove_prefix(1)) {
        if (text.front() == ':') {
            text.remove_prefix(1);
            return field;
        }
        const bool escaped = text.front() == '\\';
        if (escaped) text.remove_prefix(1);
        if (text.empty()) return std::nullopt;
        if (!escaped && text.front() == '/') field.is_path = true;
        field.text += text.front();
    }
    return field;
}

[[nodiscard]] inline std::optional<std::vector<forward_field>> split_forward(
    std::string_view text) {
    std::vector<forward_field> fields;
    while (!text.empty() && fields.size() < 4) {
        auto field = take_forward_field(text);
        if (!field) return std::nullopt;
        fields.push_back(std::move(*field));
    }
    if (!text.empty() || fields.empty()) return std::nullopt;
    return fields;
}

[[nodiscard]] inline std::optional<forward_end> forward_end_of(const forward_field* host,
                                                               const forward_field& port) {
    constexpr std::size_t longest_host = 1024, longest_path = 107;  // NI_MAXHOST, sun_path
    forward_end end;
    if (host == nullptr && port.is_path) {
        end.path = port.text;
        return end.path.size() <= longest_path ? std::optional(end) : std::nullopt;
    }
    const auto number = read_number(port.text, 65535);
    if (!number || port.is_path) return std::nullopt;
    end.port = static_cast<std::uint16_t>(*number);
    if (host != nullptr) end.host = host->text;
    if (host != nullptr && host->text.size() > longest_host) return std::nullopt;
    return end;
}

ADIT_DECL std::optional<forward_directive> parse_forward(std::string_view text, forward_kind kind) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    const auto fields = split_forward(text);
    if (!fields) return std::nullopt;
    const std::size_t count = fields->size();
    const forward_field* const f = fields->data();
    // How many of the fields the target has: a path is one, a host and a port are two.
    const bool dynamic = kind == forward_kind::dynamic || kind == forward_kind::remote_dynamic;
    const std::size_t of_target = dynamic ? 0 : f[count - 1].is_path ? 1 : 2;
    if (count <= of_target || count - of_target > 2) return std::nullopt;
    const bool has_host = count - of_target == 2;
    const auto listen = forward_end_of(has_host ? f : nullptr, f[has_host ? 1 : 0]);
    if (!listen) return std::nullopt;
    const bool any_port = listen->path.empty() && listen->port == 0;
    const bool remote = kind == forward_kind::remote || kind == forward_kind::remote_dynamic;
    if (any_port && !remote) return std::nullopt;  // only a server tells which port it chose
    forward_directive forward{*listen, std::nullopt};
    if (of_target == 0) return forward;
    const auto to = forward_end_of(of_target == 2 ? f + count - 2 : nullptr, f[count - 1]);
    if (!to || (to->path.empty() && to->port == 0)) return std::nullopt;
    forward.to = *to;
    return forward;
}

[[nodiscard]] inline std::optional<jump_host> parse_jump_host(std::string_view text) {
    if (text.starts_with("ssh://")) {
        const auto url = parse_ssh_url(text);
        if (!url) return std::nullopt;
        return jump_host{url->user, url->host, url->port};
    }
    jump_host hop;
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        hop.user = text.substr(0, at);
        if (!is_harmless_user(hop.user)) return std::nullopt;
        text.remove_prefix(at + 1);
    }
    const bool bracketed = text.starts_with('[');
    const auto end = bracketed ? text.find(']') : text.find(':');
    if (bracketed && end == std::string_view::npos) return std::nullopt;
    hop.host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
    text.remove_prefix(std::min(bracketed ? end + 1 : end, text.size()));
    if (!is_harmless_host(hop.host)) return std::nullopt;
    if (!text.empty() && text.front() != ':') return std::nullopt;
    if (text.size() <= 1) return hop;
    const auto port = read_port(text.substr(1));
    if (!port) return std::nullopt;
    hop.port = *port;
    return hop;
}

ADIT_DECL std::optional<std::vector<jump_host>> parse_jump_hosts(std::string_view text) {
    std::vector<jump_host> hops;
    if (to_lower(text) == "none") return hops;
    for (;;) {
        const auto comma = text.find(',');
        auto hop = parse_jump_host(text.substr(0, comma));
        if (!hop) return std::nullopt;
        hops.push_back(std::move(*hop));
        if (comma == std::string_view::npos) return hops;
        text.remove_prefix(comma + 1);
    }
}

#endif  // ADIT_BODIES

}  // namespace adit::config
