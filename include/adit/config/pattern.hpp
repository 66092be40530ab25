// OpenSSH's lists of patterns (ssh_config(5) PATTERNS): commas and `!` around wildcard.hpp. Used
// for the names in known_hosts, for addresses and, later, for Host and Match in ssh_config.
// Invariant: a list costs what its patterns cost, and the first negation that matches ends it.
#pragma once

#include <adit/bodies.hpp>
#include <adit/wildcard.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace adit::config {

/// What a list says: a negated pattern that matches wins over all others.
enum class list_match { no, yes, negated };

using adit::to_lower;
[[nodiscard]] std::string to_lower(std::string_view text);

/// A list such as `*.example.org,!old.example.org`. Host names ignore case, user names do not.
[[nodiscard]] list_match match_list(std::string_view text, std::string_view list,
                                    letter_case letters = letter_case::ignored) noexcept;

// Details.

#if ADIT_BODIES

ADIT_DECL std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) { return to_lower(c); });
    return lower;
}

ADIT_DECL list_match match_list(std::string_view text, std::string_view list,
                                letter_case letters) noexcept {
    constexpr std::size_t longest_pattern = 1023;  // as in OpenSSH: a longer one spoils its list
    list_match verdict = list_match::no;
    for (bool more = !list.empty(); more;) {
        const auto comma = list.find(',');
        std::string_view pattern = list.substr(0, comma);
        more = comma != std::string_view::npos && comma + 1 < list.size();
        if (more) list.remove_prefix(comma + 1);

        const bool negated = pattern.starts_with('!');
        if (negated) pattern.remove_prefix(1);
        if (pattern.size() >= longest_pattern) return list_match::no;
        if (!match_pattern(text, pattern, letters).matched) continue;
        if (negated) return list_match::negated;
        verdict = list_match::yes;
    }
    return verdict;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
