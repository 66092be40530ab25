// The values of ssh's and sshd's options: numbers, times, sizes, lists and addresses, read
// strictly. Used by adit_tunnel/ and adit_bastion/. Each function throws usage_error; the caller
// puts the option's name before it. Invariant: nothing is rounded, cut or guessed: what is not
// understood wholly is refused.
#pragma once

#include "usage_error.hpp"

#include <adit/config/config_line.hpp>
#include <adit/config/pattern.hpp>
#include <adit/crypto/algorithm_lists.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace programs {

using adit::config::to_lower;

[[nodiscard]] inline usage_error not_understood(std::string_view value) {
    return usage_error("\"" + std::string(value) + "\" is not understood");
}

template <class Number>
[[nodiscard]] Number to_number(std::string_view text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || stop != end || error != std::errc()) throw not_understood(text);
    return value;
}

[[nodiscard]] inline std::uint16_t to_port(std::string_view text) {
    const auto port = to_number<std::uint16_t>(text);
    if (port == 0) throw usage_error("there is no port 0");
    return port;
}

[[nodiscard]] inline bool to_bool(std::string_view text) {
    const std::string word = to_lower(text);
    if (word == "yes" || word == "true") return true;
    if (word == "no" || word == "false") return false;
    throw usage_error("\"" + std::string(text) + "\" is neither yes nor no");
}

/// Seconds, or ssh's time format: 90, 1h30m, 2d, 1w.
[[nodiscard]] inline std::chrono::seconds to_seconds(std::string_view text) {
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    std::int64_t total = 0;
    std::string_view rest = text;
    if (rest.empty()) throw not_understood(text);
    while (!rest.empty()) {
        const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
        const auto count = to_number<std::int32_t>(rest.substr(0, digits));
        rest.remove_prefix(digits);
        std::int64_t unit = 1;
        if (!rest.empty()) {
            constexpr std::string_view letters = "smhdw";
            constexpr std::array<std::int64_t, 5> sizes{1, 60, 3600, 86400, 604800};
            const auto which = letters.find(adit::config::to_lower(rest.front()));
            if (which == std::string_view::npos) throw not_understood(text);
            unit = sizes[which];
            rest.remove_prefix(1);
        }
        total += count * unit;
        if (total > most) throw not_understood(text);
    }
    return std::chrono::seconds(total);
}

/// Bytes with K, M or G.
[[nodiscard]] inline std::uint64_t to_size(std::string_view text) {
    constexpr std::string_view letters = "kmg";
    const std::string_view whole = text;
    unsigned shift = 0;
    if (!text.empty()) {
        const auto which = letters.find(adit::config::to_lower(text.back()));
        if (which != std::string_view::npos) {
            shift = 10U * (static_cast<unsigned>(which) + 1U);
            text.remove_suffix(1);
        }
    }
    const auto count = to_number<std::uint64_t>(text);
    if (count > (std::uint64_t{1} << 62U) >> shift) throw not_understood(whole);
    return count << shift;
}

/// Words between blanks, with ssh's quotes and escapes.
[[nodiscard]] inline std::vector<std::string> to_words(std::string_view text) {
    auto words = adit::config::split_words(text);
    if (!words) throw usage_error("a quotation mark is missing");
    return std::move(*words);
}

[[nodiscard]] inline std::string to_word(std::string_view text) {
    const auto words = to_words(text);
    if (words.size() != 1) throw not_understood(text);
    return words.front();
}

[[nodiscard]] inline std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(at);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

/// A list of algorithms as ssh writes it: a,b or +a or -pattern or ^a.
[[nodiscard]] inline std::string to_algorithms(std::string_view value,
                                               const adit::crypto::algorithm_choice& choice) {
    std::string rejected;
    auto list = adit::crypto::apply_list(value, choice, rejected);
    if (list) return std::move(*list);
    throw usage_error("there is no \"" + rejected + "\"; there is " + std::string(choice.known));
}

/// "a:b:[::1]:d" at its colons; the brackets go.
[[nodiscard]] inline std::vector<std::string> split_addresses(std::string_view text) {
    std::vector<std::string> fields(1);
    bool inside = false;
    bool closed = false;
    for (const char c : text) {
        if (c == '[' && fields.back().empty() && !inside) {
            inside = true;
        } else if (c == ']' && inside) {
            inside = false;
            closed = true;
        } else if (c == ':' && !inside) {
            fields.emplace_back();
            closed = false;
        } else {
            if (closed) throw not_understood(text);
            fields.back() += c;
        }
    }
    if (inside) throw not_understood(text);
    return fields;
}

}  // namespace programs
