// -F, or ~/.ssh/config and /etc/ssh/ssh_config: the library's ssh_config says what counts for the
// host, and each directive is set like an option of the command line, which came before. What adit
// does not have is refused by name where it routes or decides whom to believe, and told otherwise.
// Invariant: a directive that counts is set, told or refused; none is passed over in silence
// unless it cannot matter to a tunnel (docs/ssh_config.md).
#include "settings.hpp"
#include "values.hpp"

#include <adit/config/ssh_config.hpp>
#include <adit/diagnostics.hpp>

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace adit_tunnel {
namespace {

namespace config = adit::config;

// Also those of the environment are ours to ask here, and nowhere in the library.
[[nodiscard]] std::optional<std::string> variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

[[nodiscard]] std::optional<std::string> home_of(const std::string& user) {
    const passwd* entry = ::getpwnam(user.c_str());
    return entry == nullptr ? std::nullopt : std::optional<std::string>(entry->pw_dir);
}

[[nodiscard]] config::config_facts facts() {
    config::config_facts all;
    if (const passwd* entry = ::getpwuid(::getuid()); entry != nullptr) {
        all.home = entry->pw_dir;
        all.local_user = entry->pw_name;
    }
    const auto home = variable("HOME");
    if (home && !home->empty()) all.home = *home;
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) == 0) all.local_host = name.data();
    all.user_id = ::getuid();
    all.environment = variable;
    all.home_of = home_of;
    return all;
}

[[nodiscard]] config::host_question question(const settings& s) {
    config::host_question asked{s.host};
    if (s.given.contains("user")) asked.user = s.user;
    if (s.given.contains("port")) asked.port = s.port;
    if (s.given.contains("hostname")) asked.host_name = s.host_name;
    asked.own_keywords = {"totpsecretfile", "totpalgorithm", "totpdigits",          "totpperiod",
                          "reconnect",      "upstream",      "upstreampasswordfile"};
    return asked;
}

[[nodiscard]] std::vector<config::config_root> roots(const std::vector<std::string>& files,
                                                     const config::config_facts& known) {
    if (files.empty()) return config::standard_config_roots(known.home);
    std::vector<config::config_root> all;
    for (const std::string& path : files) {
        if (path != "none") all.push_back({path});
    }
    return all;
}

// Without them a tunnel is as safe and leads to the same place; with -o they are refused.
constexpr std::array<std::string_view, 8> may_be_missing{
    "bindaddress",   "certificatefile", "connectionattempts", "hashknownhosts",
    "identityagent", "remoteforward",   "requiredrsasize",    "tcpkeepalive"};

// The library has seen to them, or they are nothing without what is refused.
constexpr std::array<std::string_view, 10> seen_to{"canonicaldomains",
                                                   "canonicalizefallbacklocal",
                                                   "canonicalizemaxdots",
                                                   "clearallforwardings",
                                                   "canonicalizepermittedcnames",
                                                   "hostname",
                                                   "ignoreunknown",
                                                   "proxycommand",
                                                   "proxyjump",
                                                   "tag"};

// Lists of which adit may have a part only: the others are no loss, for the server has a say too.
constexpr std::array<std::string_view, 7> lists{
    "casignaturealgorithms",   "ciphers",           "macs",
    "kexalgorithms",           "hostkeyalgorithms", "pubkeyacceptedalgorithms",
    "preferredauthentications"};

template <class Names>
[[nodiscard]] bool is_in(const Names& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

/// Whether the option takes the value; `why` otherwise.
[[nodiscard]] bool takes(const std::string& keyword, const std::string& value, std::string& why) {
    settings unused;
    try {
        set_option(unused, keyword, value);
        return true;
    } catch (const usage_error& e) {
        why = e.what();
        return false;
    }
}

/// A list without the names that adit does not have, which are told; empty: none is left.
[[nodiscard]] std::string known_part(settings& s, const config::applied_directive& directive) {
    std::string_view list = directive.words.front();
    const bool prefixed = list.find_first_of("+-^") == 0;
    const std::string prefix(list.substr(0, prefixed ? 1 : 0));
    std::string kept;
    for (const std::string& name : split(list.substr(prefix.size()), ',')) {
        std::string why;
        if (takes(directive.keyword, prefix + name, why)) {
            kept += (kept.empty() ? prefix : ",") + name;
            continue;
        }
        s.warnings.push_back(
            config::config_fault{directive.file, directive.line, why + "; the name is passed over"}
                .sentence());
    }
    return kept;
}

// A "+aes128-cbc" of which nothing is left leaves the list as it was; a plain list is refused.
void set_list(settings& s, const config::applied_directive& directive) {
    const std::string& whole = directive.words.front();
    std::string why;
    if (takes(directive.keyword, whole, why)) return set_option(s, directive.keyword, whole);
    const std::string kept = known_part(s, directive);
    if (!kept.empty()) return set_option(s, directive.keyword, kept);
    if (whole.find_first_of("+-^") != 0) throw usage_error(why);
}

void set_directive(settings& s, const config::applied_directive& directive,
                   const config::host_settings& all) {
    const std::string& keyword = directive.keyword;
    const std::string value = config::join_words(directive.words);
    if (is_in(seen_to, keyword) || config::find_unused(keyword) != nullptr) return;
    const bool cleared = all.clear_all_forwardings.value_or(false);
    if (cleared && keyword.ends_with("forward")) return;
    if (keyword == "pubkeyauthentication") {
        return set_option(s, keyword, all.pubkey_authentication == "no" ? "no" : "yes");
    }
    if (is_in(lists, keyword)) return set_list(s, directive);
    std::string why;
    if (is_in(may_be_missing, keyword) && !takes(keyword, value, why)) {
        s.warnings.push_back(config::config_fault{directive.file, directive.line, why}.sentence());
        return;
    }
    set_option(s, keyword, value);
}

/// Which of the two came first in the files, the library knows; the command line came before them.
void take_way(settings& s, const config::host_settings& all) {
    if (s.jumps || s.proxy_command) return;
    s.jumps = all.proxy_jump;
    s.proxy_command = all.proxy_command;
    if (s.proxy_command && config::to_lower(*s.proxy_command) == "none") s.proxy_command = "";
}

}  // namespace

void read_config_files(settings& s, const std::vector<std::string>& files) {
    const config::config_facts known = facts();
    const auto read =
        config::ssh_config::load(roots(files, known), known, config::system_config_files());
    if (!read) throw usage_error(read.error().sentence());
    const auto all = read->effective(question(s), known);
    if (!all) throw usage_error(all.error().sentence());
    s.warnings.insert(s.warnings.end(), all->warnings.begin(), all->warnings.end());
    for (const config::applied_directive& directive : all->applied) {
        try {
            set_directive(s, directive, *all);
        } catch (const usage_error& e) {
            throw usage_error(
                config::config_fault{directive.file, directive.line, e.what()}.sentence());
        }
    }
    s.host_name = *all->host_name;
    s.user = *all->user;
    s.config_files = files;
    take_way(s, *all);
}

std::string expanded_command(const settings& s, std::string_view command) {
    config::token_values values;
    values.alias = s.host;
    values.host_name = s.host_name;
    values.port = std::to_string(s.port);
    values.user = s.user;
    // CVE-2023-51385, CVE-2025-61984: whoever chose these did not choose a command.
    for (const auto& [token, value] :
         {std::pair("%h", &s.host_name), std::pair("%n", &s.host), std::pair("%r", &s.user)}) {
        const bool used = command.find(token) != std::string_view::npos;
        if (!used || config::is_shell_word(*value)) continue;
        throw usage_error("ProxyCommand: a shell would read more than a word into " +
                          std::string(token) + ", which is \"" + adit::escaped(*value) + "\"");
    }
    const config::expansion result = config::expand_tokens(command, values, "%hnpr", nullptr);
    if (!result.wrong.empty()) throw usage_error("ProxyCommand: " + result.wrong);
    return result.text;
}

std::string expanded(const settings& s, std::string_view path) {
    const config::config_facts known = facts();
    config::token_values values;
    values.home = known.home;
    values.local_user = known.local_user;
    values.local_host = known.local_host;
    values.user_id = std::to_string(known.user_id);
    values.alias = s.host;
    values.host_name = s.host_name;
    values.host_key_alias = s.host_key_alias.empty() ? s.host : s.host_key_alias;
    values.port = std::to_string(s.port);
    values.user = s.user;
    const config::expansion result = config::expand_path(path, values, known);
    if (!result.wrong.empty()) {
        throw usage_error("\"" + std::string(path) + "\": " + result.wrong);
    }
    return result.text;
}

}  // namespace adit_tunnel
