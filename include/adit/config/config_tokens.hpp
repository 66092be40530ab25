// What ssh_config(5) lets stand for something else: the TOKENS such as %h, ${VARIABLES} and `~`.
// Used by ssh_config.hpp, and by whoever has a value of -o in hand.
// Invariants: a token that a keyword does not have, a variable that is not set and a '%' at the
// end are complaints; what was put in is never expanded again; nothing here reaches a shell (C52).
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/config_line.hpp>
#include <adit/keys/connection_hash.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace adit::config {

/// What a configuration needs to know of the machine and the person, so that reading it stays a
/// function of what it is given.
struct config_facts {
    std::string home;
    std::string local_user;
    std::string local_host;
    std::uint64_t user_id = 0;
    /// A variable of the environment; unset function: there is none.
    std::function<std::optional<std::string>(const std::string& name)> environment{};
    /// Of another user, for ~user; unset function: nobody's is known.
    std::function<std::optional<std::string>(const std::string& user)> home_of{};
    /// Match exec: whether the command, for a shell, succeeds. Unset: such a line is a fault.
    std::function<bool(const std::string& command)> run{};
};

/// What the tokens stand for, for one connection.
struct token_values {
    std::string home, local_user, local_host, user_id;
    std::string alias, host_name, host_key_alias, port, user, jump_host;

    /// None: there is no such token.
    [[nodiscard]] std::optional<std::string> of(char token) const;
};

/// The sets of tokens that keywords have.
inline constexpr std::string_view all_tokens = "%CdhijkLlnpru";
inline constexpr std::string_view host_name_tokens = "%h";
inline constexpr std::string_view jump_tokens = "%hnpr";

/// A text with its tokens expanded, or what is wrong with it.
struct expansion {
    std::string text;
    complaint wrong;
};

/// Of the tokens in `allowed` those that occur; ${VARIABLES} too unless `facts` is null.
[[nodiscard]] expansion expand_tokens(std::string_view text, const token_values& values,
                                      std::string_view allowed, const config_facts* facts);

/// ${VARIABLES} alone.
[[nodiscard]] expansion expand_variables(std::string_view text, const config_facts& facts);

/// `~`, `~/path` and `~user/path`; anything else stays as it is.
[[nodiscard]] expansion expand_home(std::string_view path, const config_facts& facts);

/// A path as most keywords have them: first `~`, then all tokens and variables.
[[nodiscard]] expansion expand_path(std::string_view path, const token_values& values,
                                    const config_facts& facts);

// Details.

#if ADIT_BODIES

ADIT_DECL std::optional<std::string> token_values::of(char token) const {
    switch (token) {
        case '%': return "%";
        case 'C': return keys::connection_hash(local_host + host_name + port + user + jump_host);
        case 'd': return home;
        case 'h': return host_name;
        case 'i': return user_id;
        case 'j': return jump_host;
        case 'k': return host_key_alias;
        case 'L': return local_host.substr(0, local_host.find('.'));
        case 'l': return local_host;
        case 'n': return alias;
        case 'p': return port;
        case 'r': return user;
        case 'u': return local_user;
        default: return std::nullopt;
    }
}

/// The variable whose "${" `text` begins with, which goes.
[[nodiscard]] inline complaint take_variable(std::string_view& text, const config_facts& facts,
                                             std::string& into) {
    const auto end = text.find('}');
    if (end == std::string_view::npos) return "a '}' is missing";
    const std::string name(text.substr(2, end - 2));
    text.remove_prefix(end + 1);
    const auto value = facts.environment ? facts.environment(name) : std::nullopt;
    if (name.empty() || !value) return "there is no variable " + in_quotes(name);
    into += *value;
    return {};
}

[[nodiscard]] inline expansion expand(std::string_view text, const token_values* values,
                                      std::string_view allowed, const config_facts* facts) {
    std::string into;
    while (!text.empty()) {
        if (facts != nullptr && text.starts_with("${")) {
            complaint wrong = take_variable(text, *facts, into);
            if (!wrong.empty()) return {{}, std::move(wrong)};
            continue;
        }
        if (values == nullptr || text.front() != '%') {
            into += text.front();
            text.remove_prefix(1);
            continue;
        }
        const std::string_view token = text.substr(0, 2);
        const bool known = token.size() == 2 && allowed.find(token[1]) != std::string_view::npos;
        const auto value = known ? values->of(token[1]) : std::nullopt;
        if (!value) return {{}, "there is no token " + in_quotes(token)};
        into += *value;
        text.remove_prefix(2);
    }
    return {std::move(into), {}};
}

ADIT_DECL expansion expand_tokens(std::string_view text, const token_values& values,
                                  std::string_view allowed, const config_facts* facts) {
    return expand(text, &values, allowed, facts);
}

ADIT_DECL expansion expand_variables(std::string_view text, const config_facts& facts) {
    return expand(text, nullptr, {}, &facts);
}

ADIT_DECL expansion expand_home(std::string_view path, const config_facts& facts) {
    if (!path.starts_with('~')) return {std::string(path), {}};
    const auto slash = path.find('/');
    const std::string user(path.substr(1, std::min(slash, path.size()) - 1));
    std::optional<std::string> home = facts.home;
    if (!user.empty()) home = facts.home_of ? facts.home_of(user) : std::nullopt;
    if (!home || home->empty()) return {{}, "nobody knows the home that is " + in_quotes(path)};
    path.remove_prefix(std::min(path.find_first_not_of('/', slash), path.size()));
    if (slash == std::string_view::npos) path = {};
    if (!home->ends_with('/')) *home += '/';
    return {home->append(path), {}};
}

ADIT_DECL expansion expand_path(std::string_view path, const token_values& values,
                                const config_facts& facts) {
    expansion at_home = expand_home(path, facts);
    if (!at_home.wrong.empty()) return at_home;
    return expand(at_home.text, &values, all_tokens, &facts);
}

#endif  // ADIT_BODIES

}  // namespace adit::config
