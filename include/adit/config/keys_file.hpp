// Where a user's authorized_keys lies: sshd_config(5), AuthorizedKeysFile, with its %u, %h and %%.
// Used by accounts.hpp.
// Invariant: a user's name is one name in a path, or there is no path.
#pragma once

#include <adit/bodies.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace adit::config {

/// The path for this user; relative ones begin at the home. None: the pattern has another '%', or
/// needs a home that is not there, or a name that leads somewhere else.
[[nodiscard]] std::optional<std::string> expand_keys_file(std::string_view pattern,
                                                          std::string_view user,
                                                          std::string_view home);

// Details.

#if ADIT_BODIES

ADIT_DECL std::optional<std::string> expand_keys_file(std::string_view pattern,
                                                      std::string_view user,
                                                      std::string_view home) {
    constexpr std::string_view leads_away("/\0", 2);
    const bool is_a_name = !user.empty() && user != "." && user != ".." &&
                           user.find_first_of(leads_away) == std::string_view::npos;
    std::string path;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            path += pattern[i];
            continue;
        }
        const char token = ++i < pattern.size() ? pattern[i] : '\0';
        const bool known =
            token == '%' || (token == 'u' && is_a_name) || (token == 'h' && !home.empty());
        if (!known) return std::nullopt;
        path += token == '%' ? std::string_view("%") : token == 'u' ? user : home;
    }
    if (path.empty()) return std::nullopt;
    if (path.front() == '/') return path;
    if (home.empty()) return std::nullopt;
    return std::string(home) + '/' + path;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
