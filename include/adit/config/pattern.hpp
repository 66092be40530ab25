// OpenSSH's patterns (ssh_config(5) PATTERNS): `*`, `?`, lists with commas and `!`. Used for the
// names in known_hosts and, later, for Host and Match in ssh_config. Invariant: matching takes at
// most (text + 1) * (pattern + 1) steps, whatever the pattern (A29, C52).
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace adit::config {

enum class letter_case { exact, ignored };

/// What a list says: a negated pattern that matches wins over all others.
enum class list_match { no, yes, negated };

struct pattern_match {
    bool matched = false;
    std::size_t steps = 0;  ///< comparisons made, for the tests of the invariant
};

[[nodiscard]] char to_lower(char c) noexcept;
[[nodiscard]] std::string to_lower(std::string_view text);

/// One pattern without `!` and commas against the whole text.
[[nodiscard]] pattern_match match_pattern(std::string_view text, std::string_view pattern,
                                          letter_case letters = letter_case::exact) noexcept;

/// A list such as `*.example.org,!old.example.org`. Host names ignore case, user names do not.
[[nodiscard]] list_match match_list(std::string_view text, std::string_view list,
                                    letter_case letters = letter_case::ignored) noexcept;

// Details.

// ASCII only and without the locale, which would make a file's meaning depend on the user's.
inline char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) { return to_lower(c); });
    return lower;
}

// Only the last star ever needs another try: what an earlier one could still take, it can take too.
inline pattern_match match_pattern(std::string_view text, std::string_view pattern,
                                   letter_case letters) noexcept {
    const auto same = [letters](char a, char b) {
        return a == b || (letters == letter_case::ignored && to_lower(a) == to_lower(b));
    };
    constexpr std::size_t none = std::string_view::npos;
    std::size_t at = 0, in_pattern = 0, star = none, taken = 0, steps = 0;
    while (at < text.size()) {
        ++steps;
        if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
            star = in_pattern++;
            taken = at;
        } else if (in_pattern < pattern.size() &&
                   (pattern[in_pattern] == '?' || same(pattern[in_pattern], text[at]))) {
            ++in_pattern;
            ++at;
        } else if (star != none) {
            in_pattern = star + 1;
            at = ++taken;
        } else {
            return {false, steps};
        }
    }
    const auto left = pattern.find_first_not_of('*', std::min(in_pattern, pattern.size()));
    return {left == none, steps};
}

inline list_match match_list(std::string_view text, std::string_view list,
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

}  // namespace adit::config
