// Names of hosts and users that may come from anywhere, a link in a web page even, and end up in
// commands and command lines of others (C52, A29; CVE-2023-51385, CVE-2023-6004, CVE-2025-61984).
// Used by url.hpp, ssh_config.hpp and config_endpoints.hpp.
// Invariant: a safe name is no option, and no shell reads more into it than a word.
#pragma once

#include <adit/bodies.hpp>

#include <cstddef>
#include <string_view>

namespace adit::config {

/// What OpenSSH demands of a host on its command line.
[[nodiscard]] bool is_harmless_host(std::string_view name) noexcept;

/// The same for users, in whose names blanks, `$` and backslashes do occur.
[[nodiscard]] bool is_harmless_user(std::string_view name) noexcept;

/// Whether a shell takes the text for one word, whatever stands around it.
[[nodiscard]] bool is_shell_word(std::string_view text) noexcept;

// Details.

#if ADIT_BODIES

[[nodiscard]] inline bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

ADIT_DECL bool is_shell_word(std::string_view text) noexcept {
    for (const char c : text) {
        if (is_control(c)) return false;
        if (std::string_view(" '`\"$\\;&<>|(){}*?[]!#~").find(c) != std::string_view::npos) {
            return false;
        }
    }
    return true;
}

ADIT_DECL bool is_harmless_host(std::string_view name) noexcept {
    constexpr std::size_t longest = 1025;  // NI_MAXHOST
    if (name.empty() || name.size() > longest || name.starts_with('-')) return false;
    for (const char c : name) {
        if (is_control(c)) return false;
        if (std::string_view(" '`\"$\\;&<>|(){}").find(c) != std::string_view::npos) return false;
    }
    return true;
}

ADIT_DECL bool is_harmless_user(std::string_view name) noexcept {
    if (name.empty() || name.starts_with('-') || name.ends_with('\\')) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (is_control(name[i])) return false;
        if (std::string_view("'`\";&<>|(){}").find(name[i]) != std::string_view::npos) return false;
        if (name.substr(i).starts_with(" -")) return false;
    }
    return true;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
