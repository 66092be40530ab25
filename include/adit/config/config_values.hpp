// The values of ssh_config(5): yes and no, numbers, times, sizes, ports, as OpenSSH reads them
// (TIME FORMATS of sshd_config(5)). Used by config_options.hpp and by whoever reads -o.
// Invariant: nothing is rounded, cut or guessed: what is not understood wholly is no value.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/pattern.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace adit::config {

[[nodiscard]] std::optional<bool> read_yes_or_no(std::string_view text);

/// Decimal digits only, up to `most`.
[[nodiscard]] std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t most);

/// 1 to 65535; names of services are not looked up.
[[nodiscard]] std::optional<std::uint16_t> read_port(std::string_view text);

/// Seconds, or 90, 1h30m, 2d, 1w.
[[nodiscard]] std::optional<std::chrono::seconds> read_time(std::string_view text);

/// Bytes, with K, M, G, T or P.
[[nodiscard]] std::optional<std::uint64_t> read_size(std::string_view text);

// Details.

#if ADIT_BODIES

ADIT_DECL std::optional<bool> read_yes_or_no(std::string_view text) {
    const std::string word = to_lower(text);
    if (word == "yes" || word == "true") return true;
    if (word == "no" || word == "false") return false;
    return std::nullopt;
}

ADIT_DECL std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t most) {
    std::uint64_t value = 0;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (text.empty() || stop != end || error != std::errc() || value > most) return std::nullopt;
    return value;
}

ADIT_DECL std::optional<std::uint16_t> read_port(std::string_view text) {
    const auto value = read_number(text, std::numeric_limits<std::uint16_t>::max());
    if (!value || *value == 0) return std::nullopt;
    return static_cast<std::uint16_t>(*value);
}

ADIT_DECL std::optional<std::chrono::seconds> read_time(std::string_view text) {
    constexpr std::uint64_t most = std::numeric_limits<std::int32_t>::max();
    constexpr std::string_view letters = "smhdw";
    constexpr std::array<std::uint64_t, 5> sizes{1, 60, 3600, 86400, 604800};
    if (text.empty()) return std::nullopt;
    std::uint64_t total = 0;
    while (!text.empty()) {
        const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
        const auto count = read_number(text.substr(0, digits), most);
        if (!count) return std::nullopt;
        text.remove_prefix(digits);
        std::uint64_t unit = 1;
        if (!text.empty()) {
            const auto which = letters.find(to_lower(text.front()));
            if (which == std::string_view::npos) return std::nullopt;
            unit = sizes[which];
            text.remove_prefix(1);
        }
        total += *count * unit;
        if (total > most) return std::nullopt;
    }
    return std::chrono::seconds(total);
}

ADIT_DECL std::optional<std::uint64_t> read_size(std::string_view text) {
    constexpr std::string_view letters = "kmgtp";
    unsigned shift = 0;
    if (!text.empty()) {
        const auto which = letters.find(to_lower(text.back()));
        if (which != std::string_view::npos) {
            shift = 10U * (static_cast<unsigned>(which) + 1U);
            text.remove_suffix(1);
        }
    }
    const auto count = read_number(text, (std::uint64_t{1} << 62U) >> shift);
    if (!count) return std::nullopt;
    return *count << shift;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
