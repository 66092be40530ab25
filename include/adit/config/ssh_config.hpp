// ssh_config(5): what people have in ~/.ssh/config, as values for one host. The door to the
// config_*.hpp beside it. Used by programs, which map host_settings to their options.
// Invariants: the first value wins; asking changes nothing and opens nothing, load() is all the
// I/O; what routes or decides about trust is in the settings or refused by name; no value reaches
// a shell unless the caller gave a function for it (C52, A29).
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/config_line.hpp>
#include <adit/config/config_source.hpp>
#include <adit/config/config_tokens.hpp>
#include <adit/config/config_walk.hpp>
#include <adit/config/host_settings.hpp>
#include <adit/config/safe_name.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

/// What a host picker shows of an alias.
struct host_entry {
    std::string alias;
    std::string host_name;
    std::string user;
    std::uint16_t port = 22;
    std::vector<std::string> identity_files;
    std::vector<jump_host> proxy_jump;
    std::string problem;  ///< why effective() refuses; empty: it does not
};

class ssh_config {
public:
    /// The files in the order in which they are asked; those of the system by default.
    [[nodiscard]] static config_result<ssh_config> load(const std::vector<config_root>& roots,
                                                        const config_facts& facts,
                                                        const config_files& files);
    /// A text as if it were a file of the user's; Includes are found by `files`.
    [[nodiscard]] static config_result<ssh_config> parse(std::string_view text,
                                                         const std::string& name,
                                                         const config_facts& facts,
                                                         const config_files& files);

    /// The settings for a host, with tokens, variables and `~` expanded. A fault: something cannot
    /// be read or is unsafe, or a directive that counted is one that adit must not pass over.
    [[nodiscard]] config_result<host_settings> effective(const host_question& question,
                                                         const config_facts& facts) const;
    /// The same before anything is expanded or refused.
    [[nodiscard]] config_result<host_settings> values(const host_question& question,
                                                      const config_facts& facts) const;

    /// The names in Host lines that are no patterns, each once, Includes followed.
    [[nodiscard]] std::vector<std::string> aliases() const;
    /// Each of them with its settings, and with the problem where effective() would refuse. Match
    /// exec does not match here.
    [[nodiscard]] config_result<std::vector<host_entry>> hosts(const config_facts& facts) const;

private:
    static constexpr std::size_t most_lines_walked = 20'000'000;  ///< by hosts()

    void collect(std::size_t source, std::vector<std::string>& into,
                 std::set<std::string>& seen) const;

    std::vector<config_source> sources_;
    std::vector<std::size_t> roots_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL config_result<ssh_config> ssh_config::load(const std::vector<config_root>& roots,
                                                     const config_facts& facts,
                                                     const config_files& files) {
    config_sources sources(files, facts);
    for (const config_root& root : roots) {
        if (auto fault = sources.add_file(root)) return *fault;
    }
    ssh_config config;
    config.sources_ = sources.take();
    config.roots_ = sources.take_roots();
    return config;
}

ADIT_DECL config_result<ssh_config> ssh_config::parse(std::string_view text,
                                                      const std::string& name,
                                                      const config_facts& facts,
                                                      const config_files& files) {
    config_sources sources(files, facts);
    if (auto fault = sources.add_text(text, name, true)) return *fault;
    ssh_config config;
    config.sources_ = sources.take();
    config.roots_ = sources.take_roots();
    return config;
}

ADIT_DECL config_result<host_settings> ssh_config::values(const host_question& question,
                                                          const config_facts& facts) const {
    config_walk walk({sources_, roots_}, question, facts, config_walk::manner::strict);
    if (auto fault = walk.run()) return *fault;
    return std::move(walk.settings());
}

ADIT_DECL config_result<host_settings> ssh_config::effective(const host_question& question,
                                                             const config_facts& facts) const {
    config_walk walk({sources_, roots_}, question, facts, config_walk::manner::strict);
    if (auto fault = walk.run()) return *fault;
    if (walk.refusal()) return *walk.refusal();
    if (auto fault = walk.finish()) return *fault;
    return std::move(walk.settings());
}

ADIT_DECL void ssh_config::collect(std::size_t source, std::vector<std::string>& into,
                                   std::set<std::string>& seen) const {
    for (const config_line& line : sources_[source].lines) {
        for (const std::size_t included : line.include) collect(included, into, seen);
        if (line.keyword != "host") continue;
        for (const std::string& word : line.words) {
            const bool pattern = word.starts_with('!') || word.find_first_of("*?") != word.npos;
            if (pattern || !is_harmless_host(word) || !seen.insert(word).second) continue;
            into.push_back(word);
        }
    }
}

ADIT_DECL std::vector<std::string> ssh_config::aliases() const {
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (const std::size_t root : roots_) collect(root, names, seen);
    return names;
}

ADIT_DECL config_result<std::vector<host_entry>> ssh_config::hosts(
    const config_facts& facts) const {
    const std::vector<std::string> names = aliases();
    std::size_t lines = 1;
    for (const config_source& source : sources_) lines += source.lines.size();
    if (names.size() > most_lines_walked / lines) {
        return config_fault{"the configuration", 0, "there are too many hosts to list"};
    }
    std::vector<host_entry> entries;
    for (const std::string& alias : names) {
        const host_question question{alias};
        config_walk walk({sources_, roots_}, question, facts, config_walk::manner::listing);
        if (auto fault = walk.run()) return *fault;
        auto problem = walk.refusal();
        if (auto fault = walk.finish(); fault && !problem) problem = fault;
        host_settings& s = walk.settings();
        entries.push_back({alias, s.host_name.value_or(alias), s.user.value_or(""),
                           s.port.value_or(22), std::move(s.identity_files),
                           s.proxy_jump.value_or(std::vector<jump_host>()),
                           problem ? problem->sentence() : std::string()});
    }
    return entries;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
