// One question to an ssh_config on its way through all lines: what counts, in order, and what its
// tokens come to. Used by ssh_config.hpp.
// Invariants: a line is read whether it counts or not, so that a mistake shows for every host; a
// final pass changes nothing that the first one set; no text of the file decides how long it takes
// but by its length (A29). Over 300 lines: one class.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/config_keywords.hpp>
#include <adit/config/config_line.hpp>
#include <adit/config/config_match.hpp>
#include <adit/config/config_options.hpp>
#include <adit/config/config_source.hpp>
#include <adit/config/config_tokens.hpp>
#include <adit/config/host_settings.hpp>
#include <adit/config/safe_name.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

/// Who is asked about, and what a command line has said already: that comes first.
struct host_question {
    std::string alias{};
    std::optional<std::string> user{};
    std::optional<std::string> host_name{};
    std::optional<std::uint16_t> port{};
    std::optional<std::string> tag{};
    /// Keywords of the program's own, in lower case: they go into `applied` as they are.
    std::vector<std::string> own_keywords{};
};

/// The lines of a configuration, which outlive the walk.
struct config_lines {
    const std::vector<config_source>& sources;
    const std::vector<std::size_t>& roots;
};

// Details.

#if ADIT_BODIES

/// One question on its way through all lines: twice, where a final pass is asked for.
class config_walk {
public:
    enum class manner { strict, listing };

    config_walk(config_lines lines, const host_question& question, const config_facts& facts,
                manner how);

    [[nodiscard]] std::optional<config_fault> run();
    [[nodiscard]] std::optional<config_fault> finish();
    [[nodiscard]] host_settings& settings() noexcept { return settings_; }
    /// Of a directive that counted.
    [[nodiscard]] const std::optional<config_fault>& refusal() const noexcept { return refusal_; }

private:
    [[nodiscard]] std::optional<config_fault> pass();
    [[nodiscard]] std::optional<config_fault> walk(std::size_t source, bool& active, bool never);
    [[nodiscard]] complaint step(const config_source& source, const config_line& line, bool& active,
                                 bool never);
    [[nodiscard]] complaint match(const config_line& line, bool& active, bool never);
    [[nodiscard]] complaint option(const config_source& source, const config_line& line,
                                   bool active);
    void unused(const unused_row& row, const config_source& source, const config_line& line);
    void note(const config_source& source, const config_line& line);
    [[nodiscard]] expansion host_name() const;
    [[nodiscard]] token_values tokens() const;
    [[nodiscard]] complaint expand_all(const token_values& values);
    [[nodiscard]] complaint expand_forwards(const token_values& values);
    [[nodiscard]] complaint expand_jumps(const token_values& values);

    config_lines lines_;
    const host_question& question_;
    const config_facts& facts_;
    manner how_;
    host_settings settings_;
    std::set<std::string> seen_;  ///< of unused keywords, whose first value counts, too
    std::optional<config_fault> refusal_;
    bool final_pass_ = false, wants_final_pass_ = false;
};

inline config_walk::config_walk(config_lines lines, const host_question& question,
                                const config_facts& facts, manner how)
    : lines_(lines), question_(question), facts_(facts), how_(how) {
    settings_.alias = question.alias;
    settings_.user = question.user;
    settings_.host_name = question.host_name;
    settings_.port = question.port;
    settings_.tag = question.tag;
}

inline std::optional<config_fault> config_walk::run() {
    const bool safe =
        is_harmless_host(question_.alias) && (!question_.user || is_harmless_user(*question_.user));
    if (!safe) return config_fault{"the destination", 0, "no such host or user can be"};
    if (auto fault = pass()) return fault;
    const expansion host = host_name();
    if (!host.wrong.empty()) return config_fault{"HostName", 0, host.wrong};
    const auto& canonicalize = settings_.canonicalize_hostname;
    if (canonicalize.value_or("no") != "no") wants_final_pass_ = true;
    if (!wants_final_pass_) return std::nullopt;
    final_pass_ = true;
    settings_.host_name = host.text;
    // Too late for the final pass to decide about itself.
    settings_.canonicalize_hostname = canonicalize.value_or("no");
    settings_.canonicalize_max_dots = settings_.canonicalize_max_dots.value_or(1);
    settings_.canonicalize_fallback_local = settings_.canonicalize_fallback_local.value_or(true);
    return pass();
}

inline std::optional<config_fault> config_walk::pass() {
    for (const std::size_t root : lines_.roots) {
        bool active = true;
        if (auto fault = walk(root, active, false)) return fault;
    }
    return std::nullopt;
}

inline std::optional<config_fault> config_walk::walk(std::size_t number, bool& active, bool never) {
    const config_source& source = lines_.sources[number];
    for (const config_line& line : source.lines) {
        // What an included file says about Host ends with it.
        const bool outside = active;
        for (const std::size_t included : line.include) {
            if (auto fault = walk(included, active, never || !outside)) return fault;
            active = outside;
        }
        complaint wrong = step(source, line, active, never);
        if (!wrong.empty()) return config_fault{source.name, line.number, std::move(wrong)};
    }
    return std::nullopt;
}

inline complaint config_walk::step(const config_source& source, const config_line& line,
                                   bool& active, bool never) {
    if (line.keyword == "include") return {};
    if (line.keyword == "match") return match(line, active, never);
    if (line.keyword != "host") return option(source, line, active);
    // The final pass knows the host by the name that the first one gave it, as ssh has it.
    const std::string& name = final_pass_ ? *settings_.host_name : question_.alias;
    match_answer answer = match_host(name, line.words);
    settings_.steps += answer.steps;
    active = answer.matches && !never;
    return std::move(answer.wrong);
}

inline complaint config_walk::match(const config_line& line, bool& active, bool never) {
    const token_values values = tokens();
    const std::string tag = settings_.tag.value_or("");
    const bool may_run = !never && how_ == manner::strict;
    match_answer answer = match_conditions(line.rest, {values, tag, final_pass_, may_run}, facts_);
    wants_final_pass_ = wants_final_pass_ || answer.wants_final_pass;
    active = answer.matches && !never;
    return std::move(answer.wrong);
}

inline complaint config_walk::option(const config_source& source, const config_line& line,
                                     bool active) {
    if (const option_row* row = find_option(line.keyword)) {
        directive d{line, facts_, active, settings_};
        complaint wrong = row->read(d);
        if (d.counted) note(source, line);
        return wrong.empty() ? wrong : line.keyword + ": " + wrong;
    }
    if (const unused_row* row = find_unused(line.keyword)) {
        if (active) unused(*row, source, line);
        return {};
    }
    if (std::ranges::find(question_.own_keywords, line.keyword) != question_.own_keywords.end()) {
        if (active) note(source, line);
        return {};
    }
    const std::string ignored = settings_.ignore_unknown.value_or("");
    if (match_list(line.keyword, ignored) == list_match::yes) return {};
    return "there is no option " + in_quotes(line.keyword);
}

inline void config_walk::unused(const unused_row& row, const config_source& source,
                                const config_line& line) {
    if (!seen_.insert(std::string(row.name)).second) return;
    note(source, line);
    const std::string value = line.words.empty() ? "" : to_lower(line.words.front());
    const bool off = value == row.off || (row.off == "no" && value == "false");
    if (row.effect == unused_effect::none || off) return;
    const std::string shown = line.keyword + ' ' + escaped(line.rest);
    if (row.effect == unused_effect::warned) {
        settings_.warnings.push_back(
            config_fault{source.name, line.number, shown + " has no effect here"}.sentence());
    } else if (!refusal_) {
        refusal_ = {source.name, line.number, shown + " is not there"};
    }
}

inline void config_walk::note(const config_source& source, const config_line& line) {
    settings_.applied.push_back({line.keyword, line.words, source.name, line.number});
}

/// What can be an address only, and so has no letters to lower.
[[nodiscard]] inline bool looks_like_address(std::string_view host) noexcept {
    return host.find_first_of("%:") != std::string_view::npos ||
           host.find_first_not_of("0123456789.") == std::string_view::npos;
}

inline expansion config_walk::host_name() const {
    expansion host{question_.alias, {}};
    if (settings_.host_name && !final_pass_) {
        token_values values;
        values.host_name = question_.alias;
        host = expand_tokens(*settings_.host_name, values, "%h", nullptr);
    } else if (settings_.host_name) {
        host.text = *settings_.host_name;
    }
    if (!looks_like_address(host.text)) host.text = to_lower(host.text);
    return host;
}

inline token_values config_walk::tokens() const {
    token_values values;
    values.home = facts_.home;
    values.local_user = facts_.local_user;
    values.local_host = facts_.local_host;
    values.user_id = std::to_string(facts_.user_id);
    values.alias = question_.alias;
    values.host_name = host_name().text;
    values.host_key_alias = settings_.host_key_alias.value_or(question_.alias);
    values.port = std::to_string(settings_.port.value_or(22));
    values.user = settings_.user.value_or(facts_.local_user);
    // The one beside the host, as ssh has it.
    if (const auto& hops = settings_.proxy_jump; hops && !hops->empty()) {
        values.jump_host = hops->back().host;
    }
    return values;
}

inline std::optional<config_fault> config_walk::finish() {
    host_settings& s = settings_;
    if (s.host_key_alias) s.host_key_alias = to_lower(*s.host_key_alias);
    const expansion host = host_name();
    const token_values values = tokens();
    s.host_name = host.text;
    s.user = values.user;
    s.port = s.port.value_or(22);
    const std::string whose = "the settings for " + in_quotes(question_.alias);
    if (!is_harmless_host(host.text)) {
        return config_fault{whose, 0, "HostName: " + in_quotes(host.text) + " is no name"};
    }
    if (!is_harmless_user(*s.user)) {
        return config_fault{whose, 0, "User: " + in_quotes(*s.user) + " is no name"};
    }
    complaint wrong = expand_all(values);
    if (wrong.empty()) wrong = expand_forwards(values);
    if (wrong.empty()) wrong = expand_jumps(values);
    if (!wrong.empty()) return config_fault{whose, 0, std::move(wrong)};
    if (s.canonicalize_hostname.value_or("no") != "no" && s.canonical_domains) {
        s.warnings.push_back(whose + ": CanonicalDomains: names are not looked up here");
    }
    return std::nullopt;
}

inline complaint config_walk::expand_all(const token_values& values) {
    host_settings& s = settings_;
    complaint wrong;
    const auto path = [&](std::string& text) {
        expansion expanded = expand_path(text, values, facts_);
        if (wrong.empty() && !expanded.wrong.empty())
            wrong = in_quotes(text) + ": " + expanded.wrong;
        text = std::move(expanded.text);
    };
    const auto home_only = [&](std::string& text) {
        expansion expanded = expand_home(text, facts_);
        if (wrong.empty()) wrong = std::move(expanded.wrong);
        text = std::move(expanded.text);
    };
    const auto is_none = [](const std::string& text) { return to_lower(text) == "none"; };
    s.no_identity_files = std::erase_if(s.identity_files, is_none) != 0;
    std::erase_if(s.certificate_files, is_none);
    std::ranges::for_each(s.identity_files, path);
    std::ranges::for_each(s.certificate_files, path);
    if (auto& files = s.user_known_hosts_files) {
        std::erase_if(*files, is_none);
        std::ranges::for_each(*files, path);
    }
    if (auto& files = s.global_known_hosts_files) {
        std::erase_if(*files, is_none);
        std::ranges::for_each(*files, home_only);
    }
    if (s.revoked_host_keys && !is_none(*s.revoked_host_keys)) path(*s.revoked_host_keys);
    if (s.identity_agent) {
        std::string& agent = *s.identity_agent;
        // Names of the environment are the agent's to look at.
        const bool by_name = agent.starts_with('$') && !agent.starts_with("${");
        if (!is_none(agent) && agent != "SSH_AUTH_SOCK" && !by_name) path(agent);
    }
    return wrong;
}

inline complaint config_walk::expand_forwards(const token_values& values) {
    host_settings& s = settings_;
    if (s.clear_all_forwardings.value_or(false)) {
        s.local_forwards.clear();
        s.remote_forwards.clear();
        s.dynamic_forwards.clear();
    }
    complaint wrong;
    const auto path = [&](std::string& text) {
        expansion expanded = expand_tokens(text, values, all_tokens, nullptr);
        if (wrong.empty()) wrong = std::move(expanded.wrong);
        text = std::move(expanded.text);
    };
    for (auto* const forwards : {&s.local_forwards, &s.remote_forwards, &s.dynamic_forwards}) {
        for (forward_directive& forward : *forwards) {
            path(forward.listen.path);
            if (forward.to) path(forward.to->path);
        }
    }
    return wrong;
}

inline complaint config_walk::expand_jumps(const token_values& values) {
    if (!settings_.proxy_jump) return {};
    for (jump_host& hop : *settings_.proxy_jump) {
        const expansion host = expand_tokens(hop.host, values, jump_tokens, nullptr);
        const expansion user = expand_tokens(hop.user, values, jump_tokens, nullptr);
        if (!host.wrong.empty() || !user.wrong.empty()) {
            return "ProxyJump: " + (host.wrong.empty() ? user.wrong : host.wrong);
        }
        const bool safe =
            is_harmless_host(host.text) && (user.text.empty() || is_harmless_user(user.text));
        if (!safe) return "ProxyJump: no such host or user can be";
        hop.host = host.text;
        hop.user = user.text;
    }
    return {};
}

#endif  // ADIT_BODIES

}  // namespace adit::config
