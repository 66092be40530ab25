// The options before a key in authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT; A27, A31): one
// table of flags and one of options with a value. Used by authorized_keys.hpp.
// Invariants: the line is read once, from left to right, so that no two readers can disagree about
// where its options end; an option that is not understood spoils its line. Words that cannot be
// asked for here are refused where OpenSSH would accept them: names of services as ports, a slash
// before a port.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/expiry_time.hpp>
#include <adit/config/key_options.hpp>
#include <adit/config/network.hpp>
#include <adit/config/pattern.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

/// Why a line of authorized_keys was refused.
enum class line_fault {
    none = 0,  ///< it was not
    too_long,
    too_many_lines,
    holds_nul,
    not_a_key,
    unsupported_key_type,
    unknown_option,
    repeated_option,
    value_not_quoted,
    quote_not_closed,
    malformed_from,
    malformed_place,
    malformed_expiry_time,
    malformed_environment,
    malformed_tunnel,
    principals_without_authority,
};

/// One sentence, without a full stop.
[[nodiscard]] const char* sentence(line_fault fault) noexcept;

/// Reads options up to the first blank outside quotes, and removes them from the line.
[[nodiscard]] line_fault take_key_options(std::string_view& line, key_options& options);

/// "host:port", "[v6]:port", `*` for any port.
[[nodiscard]] std::optional<permitted_place> parse_permitted_place(std::string_view text);

// Details.

#if ADIT_BODIES

ADIT_DECL const char* sentence(line_fault fault) noexcept {
    switch (fault) {
        case line_fault::none: return "the line is well-formed";
        case line_fault::too_long: return "the line is too long";
        case line_fault::too_many_lines: return "the file has too many lines";
        case line_fault::holds_nul: return "the line holds a NUL";
        case line_fault::not_a_key: return "there is no key after the options";
        case line_fault::unsupported_key_type: return "the key's type is not supported";
        case line_fault::unknown_option: return "an option is not known";
        case line_fault::repeated_option: return "an option is there twice";
        case line_fault::value_not_quoted: return "an option's value does not begin with a quote";
        case line_fault::quote_not_closed: return "a quote is not closed";
        case line_fault::malformed_from: return "from= is malformed";
        case line_fault::malformed_place:
            return "permitopen= or permitlisten= is not host:port, with a number or * as the port";
        case line_fault::malformed_expiry_time:
            return "expiry-time= is not YYYYMMDD or YYYYMMDDHHMM[SS], with or without Z";
        case line_fault::malformed_environment: return "environment= is not NAME=value";
        case line_fault::malformed_tunnel: return "tunnel= is neither a number nor any";
        case line_fault::principals_without_authority:
            return "principals= stands on a line without cert-authority";
    }
    return "unknown fault";
}

struct key_flag {
    std::string_view name;
    bool deniable;  ///< there is a "no-" form
    void (*set)(key_options&, bool);
};

struct key_value {
    std::string_view name;
    line_fault (*set)(key_options&, std::string value);
};

namespace key_setters {

inline void restrict_all(key_options& options, bool) {
    key_grant& grant = options.grant;
    grant.port_forwarding = grant.agent_forwarding = grant.x11_forwarding = false;
    grant.pty = grant.user_rc = false;
}

template <bool key_grant::* Flag>
void flag(key_options& options, bool value) {
    options.grant.*Flag = value;
}

inline void authority(key_options& options, bool value) { options.cert_authority = value; }

[[nodiscard]] inline line_fault command(key_options& options, std::string value) {
    if (options.grant.command) return line_fault::repeated_option;
    options.grant.command = std::move(value);
    return line_fault::none;
}

// A malformed list would let nobody in anyway; here its owner learns of it.
[[nodiscard]] inline line_fault from(key_options& options, std::string value) {
    if (options.from) return line_fault::repeated_option;
    if (match_address_list({}, value) == address_match::malformed) {
        return line_fault::malformed_from;
    }
    options.from = std::move(value);
    return line_fault::none;
}

[[nodiscard]] inline line_fault principals(key_options& options, std::string value) {
    if (options.principals) return line_fault::repeated_option;
    auto& names = options.principals.emplace();
    for (std::string_view left = value; !left.empty();) {
        const std::string_view name = left.substr(0, left.find(','));
        if (!name.empty()) names.emplace_back(name);
        left.remove_prefix(std::min(name.size() + 1, left.size()));
    }
    return line_fault::none;
}

// Of several, the earliest.
[[nodiscard]] inline line_fault expiry_time(key_options& options, std::string value) {
    const auto time = parse_expiry_time(value);
    if (!time) return line_fault::malformed_expiry_time;
    auto& expires = options.grant.expires;
    expires = std::min(expires.value_or(*time), *time);
    return line_fault::none;
}

// The first of a name counts.
[[nodiscard]] inline line_fault environment(key_options& options, std::string value) {
    const auto in_name = [](char c) {
        const char lower = to_lower(c);
        return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    const std::string name = value.substr(0, value.find('=') + 1);
    if (name.size() < 2 || !std::all_of(name.begin(), name.end() - 1, in_name)) {
        return line_fault::malformed_environment;
    }
    auto& all = options.grant.environment;
    const auto same = [&name](const std::string& other) { return other.starts_with(name); };
    if (std::ranges::none_of(all, same)) all.push_back(std::move(value));
    return line_fault::none;
}

[[nodiscard]] inline line_fault add_place(std::optional<std::vector<permitted_place>>& places,
                                          std::string_view text) {
    auto place = parse_permitted_place(text);
    if (!place) return line_fault::malformed_place;
    if (!places) places.emplace();
    places->push_back(std::move(*place));
    return line_fault::none;
}

[[nodiscard]] inline line_fault permit_open(key_options& options, std::string value) {
    return add_place(options.grant.permit_open, value);
}

[[nodiscard]] inline line_fault permit_listen(key_options& options, std::string value) {
    const bool port_only = value.find(':') == std::string::npos;
    return add_place(options.grant.permit_listen, port_only ? "*:" + value : value);
}

[[nodiscard]] inline line_fault tunnel(key_options& options, std::string value) {
    std::uint32_t number = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    const bool any = to_lower(value) == "any";
    constexpr std::uint32_t largest = 0x7ffffffd;  // as in OpenSSH
    if (!any && (error != std::errc() || stop != end || number > largest)) {
        return line_fault::malformed_tunnel;
    }
    options.grant.tunnel = any ? "any" : std::move(value);
    return line_fault::none;
}

}  // namespace key_setters

inline constexpr std::array key_flags{
    key_flag{"restrict", false, key_setters::restrict_all},
    key_flag{"cert-authority", false, key_setters::authority},
    key_flag{"port-forwarding", true, key_setters::flag<&key_grant::port_forwarding>},
    key_flag{"agent-forwarding", true, key_setters::flag<&key_grant::agent_forwarding>},
    key_flag{"x11-forwarding", true, key_setters::flag<&key_grant::x11_forwarding>},
    key_flag{"pty", true, key_setters::flag<&key_grant::pty>},
    key_flag{"user-rc", true, key_setters::flag<&key_grant::user_rc>},
    key_flag{"touch-required", true, key_setters::flag<&key_grant::touch_required>},
    key_flag{"verify-required", true, key_setters::flag<&key_grant::verify_required>},
};

inline constexpr std::array key_values{
    key_value{"command", key_setters::command},
    key_value{"environment", key_setters::environment},
    key_value{"expiry-time", key_setters::expiry_time},
    key_value{"from", key_setters::from},
    key_value{"permitlisten", key_setters::permit_listen},
    key_value{"permitopen", key_setters::permit_open},
    key_value{"principals", key_setters::principals},
    key_value{"tunnel", key_setters::tunnel},
};

// A27: numbers from 1 to 65535 only. Somebody else's 0xffffffff was once every port.
ADIT_DECL std::optional<permitted_place> parse_permitted_place(std::string_view text) {
    constexpr std::size_t longest_host = 1024;
    const bool bracketed = text.starts_with('[');
    const auto end = text.find(bracketed ? "]:" : ":");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view host = text.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
    const std::string_view port = text.substr(end + (bracketed ? 2 : 1));
    if (host.empty() || host.size() > longest_host) return std::nullopt;
    if (port == "*") return permitted_place{std::string(host), 0};
    std::uint16_t number = 0;
    const auto [read, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || read != port.data() + port.size() || number == 0)
        return std::nullopt;
    return permitted_place{std::string(host), number};
}

[[nodiscard]] inline bool set_flag(std::string_view lower_name, key_options& options) {
    for (const key_flag& flag : key_flags) {
        const bool denied =
            flag.deniable && lower_name.starts_with("no-") && lower_name.substr(3) == flag.name;
        if (!denied && lower_name != flag.name) continue;
        flag.set(options, !denied);
        return true;
    }
    return false;
}

/// The text between quotes at the beginning, in which \" is a quote and nothing else is special.
[[nodiscard]] inline line_fault take_quoted(std::string_view& line, std::string& value) {
    if (!line.starts_with('"')) return line_fault::value_not_quoted;
    line.remove_prefix(1);
    while (!line.empty() && line[0] != '"') {
        if (line.starts_with("\\\"")) line.remove_prefix(1);
        value += line[0];
        line.remove_prefix(1);
    }
    if (line.empty()) return line_fault::quote_not_closed;
    line.remove_prefix(1);
    return line_fault::none;
}

[[nodiscard]] inline line_fault take_value(std::string_view& line, std::string_view lower_name,
                                           key_options& options) {
    const auto* const row = std::ranges::find(key_values, lower_name, &key_value::name);
    if (row == key_values.end()) return line_fault::unknown_option;
    line.remove_prefix(1);
    std::string value;
    const line_fault fault = take_quoted(line, value);
    return fault == line_fault::none ? row->set(options, std::move(value)) : fault;
}

[[nodiscard]] inline line_fault take_option(std::string_view& line, key_options& options) {
    const std::string name = to_lower(line.substr(0, line.find_first_of("=, \t\"")));
    line.remove_prefix(name.size());
    if (line.starts_with('=')) return take_value(line, name, options);
    // OpenSSH forgives commas with nothing between them.
    return name.empty() || set_flag(name, options) ? line_fault::none : line_fault::unknown_option;
}

ADIT_DECL line_fault take_key_options(std::string_view& line, key_options& options) {
    const auto at_end = [&line] { return line.empty() || line[0] == ' ' || line[0] == '\t'; };
    while (!at_end()) {
        const line_fault fault = take_option(line, options);
        if (fault != line_fault::none) return fault;
        if (at_end()) break;
        if (line[0] != ',') return line_fault::unknown_option;
        line.remove_prefix(1);
    }
    const bool pointless = options.principals && !options.cert_authority;
    return pointless ? line_fault::principals_without_authority : line_fault::none;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
