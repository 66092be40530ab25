// The grammar of OpenSSH's lists of algorithms (ssh_config(5), Ciphers): names that replace the
// default, or, after one first character, `+` appended to it, `-` removed from it, `^` moved to its
// head. Names may be patterns with `*` and `?`. Used where options become preferences.
// Invariant: what comes out holds known names only, each once, and at least one.
#pragma once

#include <adit/bodies.hpp>
#include <adit/error.hpp>
#include <adit/wildcard.hpp>

#include <boost/system/errc.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::crypto {

/// What a wish is applied to, as comma-separated names.
struct algorithm_choice {
    std::string_view defaults;
    std::string_view known;  ///< all there are: a pattern stands for those of them that match
};

/// The list that `wanted` asks for; an empty one asks for the default. Otherwise unknown_algorithm,
/// and in `rejected` the name that nobody knows (all of `wanted` when it leaves nothing). Removing
/// what is not there is no error, as in OpenSSH: `-*cbc*` means what it says.
[[nodiscard]] result<std::string> apply_list(std::string_view wanted,
                                             const algorithm_choice& choice, std::string& rejected);

// Details.

namespace lists {

using names = std::vector<std::string_view>;

[[nodiscard]] inline names split(std::string_view list) {
    names found;
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (comma != 0) found.push_back(list.substr(0, comma));
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return found;
}

inline void append(names& to, std::string_view name) {
    if (std::ranges::find(to, name) == to.end()) to.push_back(name);
}

/// The known names that the patterns stand for, in the patterns' order; none, and the pattern in
/// `rejected`, when one stands for nothing.
[[nodiscard]] inline names expand(const names& patterns, const names& known,
                                  std::string& rejected) {
    names found;
    for (const auto pattern : patterns) {
        bool any = false;
        for (const auto name : known) {
            if (!match_pattern(name, pattern).matched) continue;
            append(found, name);
            any = true;
        }
        if (any) continue;
        rejected = pattern;
        return {};
    }
    return found;
}

/// As in OpenSSH a pattern with `!` keeps what it matches, whatever the others say.
[[nodiscard]] inline bool is_listed(std::string_view name, const names& patterns) noexcept {
    bool listed = false;
    for (const auto pattern : patterns) {
        const bool negated = pattern.starts_with('!');
        if (!match_pattern(name, pattern.substr(negated ? 1 : 0)).matched) continue;
        if (negated) return false;
        listed = true;
    }
    return listed;
}

[[nodiscard]] inline names without(const names& from, const names& patterns) {
    names left;
    for (const auto name : from) {
        if (!is_listed(name, patterns)) append(left, name);
    }
    return left;
}

[[nodiscard]] inline std::string join(const names& list) {
    std::string text;
    for (const auto name : list) {
        if (!text.empty()) text += ',';
        text += name;
    }
    return text;
}

}  // namespace lists

#if ADIT_BODIES

ADIT_DECL result<std::string> apply_list(std::string_view wanted, const algorithm_choice& choice,
                                         std::string& rejected) {
    if (wanted.empty()) return std::string(choice.defaults);
    const char sign = wanted[0];
    const bool has_sign = sign == '+' || sign == '-' || sign == '^';
    const lists::names patterns = lists::split(wanted.substr(has_sign ? 1 : 0));
    const lists::names defaults = lists::split(choice.defaults);
    lists::names chosen;
    rejected.clear();
    if (sign == '-') {
        chosen = lists::without(defaults, patterns);
    } else {
        chosen = lists::expand(patterns, lists::split(choice.known), rejected);
    }
    if (chosen.empty()) {
        if (rejected.empty()) rejected = wanted;
        return errc::unknown_algorithm;
    }
    if (sign == '^') {
        for (const auto name : defaults) lists::append(chosen, name);
    } else if (sign == '+') {
        lists::names all = defaults;
        for (const auto name : chosen) lists::append(all, name);
        chosen = std::move(all);
    }
    return lists::join(chosen);
}

#endif  // ADIT_BODIES

}  // namespace adit::crypto
