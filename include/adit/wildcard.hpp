// `*` and `?`, and nothing else, as OpenSSH's patterns have them (ssh_config(5) PATTERNS). Used for
// names of hosts and users (config/pattern) and of algorithms (crypto/algorithm_lists). Invariant:
// matching takes at most (text + 1) * (pattern + 1) steps, whatever the pattern (A29, C52, F15).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace adit {

enum class letter_case : std::uint8_t { exact, ignored };

struct pattern_match {
    bool matched = false;
    std::size_t steps = 0;  ///< comparisons made, for the tests of the invariant
};

/// The pattern against the whole text.
[[nodiscard]] constexpr pattern_match match_pattern(
    std::string_view text, std::string_view pattern,
    letter_case letters = letter_case::exact) noexcept;

/// ASCII only and without the locale, which would make a file's meaning depend on the user's.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Details.

// Only the last star ever needs another try: what an earlier one could still take, it can take too.
constexpr pattern_match match_pattern(std::string_view text, std::string_view pattern,
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
    return {pattern.find_first_not_of('*', in_pattern) == none, steps};
}

}  // namespace adit
