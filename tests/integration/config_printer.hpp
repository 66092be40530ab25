// host_settings in the words of `ssh -G`, and the comparison with what it printed. Used by
// ssh_config_differential.cpp.
// Invariant: a keyword of host_settings that is not set must be printed by ssh as for an empty
// file.
#pragma once

#include <adit/config/ssh_config.hpp>
#include <adit/crypto/algorithm_lists.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace adit::test {

/// keyword, in lower case: what follows it, once for each line.
using config_lines_by_keyword = std::map<std::string, std::vector<std::string>>;

[[nodiscard]] config_lines_by_keyword lines_of(const std::string& output);

/// Lines joined by commas.
[[nodiscard]] std::string list_of(const std::string& output);

/// A keyword that nobody set has no lines. `raw` is what ssh -G does not expand.
[[nodiscard]] config_lines_by_keyword print_config(const config::host_settings& expanded,
                                                   const config::host_settings& raw);

/// The first difference; empty: there is none. `known` are the algorithms, by their kind.
[[nodiscard]] std::string compare_config(const config_lines_by_keyword& theirs,
                                         const config_lines_by_keyword& defaults,
                                         const config_lines_by_keyword& ours,
                                         const std::map<std::string, std::string>& known);

// Details.

inline config_lines_by_keyword lines_of(const std::string& output) {
    config_lines_by_keyword lines;
    std::istringstream stream(output);
    for (std::string line; std::getline(stream, line);) {
        const auto blank = std::min(line.find(' '), line.size());
        lines[config::to_lower(line.substr(0, blank))].push_back(
            line.substr(std::min(blank + 1, line.size())));
    }
    return lines;
}

inline std::string list_of(const std::string& output) {
    std::string list;
    std::istringstream stream(output);
    for (std::string line; std::getline(stream, line);) list += (list.empty() ? "" : ",") + line;
    return list;
}

class config_printer {
public:
    void text(const char* keyword, const std::optional<std::string>& value) {
        if (value) add(keyword, *value);
    }
    void flag(const char* keyword, const std::optional<bool>& value) {
        if (value) add(keyword, *value ? "yes" : "no");
    }
    template <class Number>
    void number(const char* keyword, const std::optional<Number>& value) {
        if (value) add(keyword, std::to_string(*value));
    }
    void seconds(const char* keyword, const std::optional<std::chrono::seconds>& value) {
        if (value) add(keyword, std::to_string(value->count()));
    }
    /// What ssh calls true and false where there are more than two words.
    void choice(const char* keyword, const std::optional<std::string>& value) {
        if (value) add(keyword, *value == "yes" ? "true" : *value == "no" ? "false" : *value);
    }
    void names(const char* keyword, const std::optional<std::vector<std::string>>& value) {
        if (!value) return;
        std::string all;
        for (const std::string& one : *value) all += (all.empty() ? "" : " ") + one;
        add(keyword, all.empty() ? "none" : all);
    }
    void add(const char* keyword, const std::string& value) { lines_[keyword].push_back(value); }
    [[nodiscard]] config_lines_by_keyword take() { return std::move(lines_); }

private:
    config_lines_by_keyword lines_;
};

namespace config_printing {

inline std::string end(const config::forward_end& place) {
    if (!place.path.empty()) return place.path;
    const std::string port = std::to_string(place.port);
    return place.host ? '[' + *place.host + "]:" + port : port;
}

inline void forwards(config_printer& to, const char* keyword,
                     const std::vector<config::forward_directive>& all) {
    const bool socks_shown = std::string_view(keyword) == "remoteforward";
    for (const config::forward_directive& one : all) {
        std::string text = end(one.listen);
        if (one.to) text += ' ' + end(*one.to);
        if (!one.to && socks_shown) text += " [socks]:0";
        to.add(keyword, text);
    }
}

inline void jumps(config_printer& to, const config::host_settings& s) {
    if (!s.proxy_jump || s.proxy_jump->empty()) return;
    std::string text;
    for (const config::jump_host& hop : *s.proxy_jump) {
        if (!text.empty()) text += ',';
        if (!hop.user.empty()) text += hop.user + '@';
        const bool address = hop.host.find(':') != std::string::npos;
        text += address ? '[' + hop.host + ']' : hop.host;
        if (hop.port != 0) text += ':' + std::to_string(hop.port);
    }
    to.add("proxyjump", text);
}

inline void connection(config_printer& to, const config::host_settings& s) {
    to.add("host", s.alias);
    to.text("hostname", s.host_name);
    to.text("user", s.user);
    to.number("port", s.port);
    to.text("addressfamily", s.address_family);
    to.text("bindaddress", s.bind_address);
    to.seconds("connecttimeout", s.connect_timeout);
    to.number("connectionattempts", s.connection_attempts);
    to.flag("tcpkeepalive", s.tcp_keep_alive);
    jumps(to, s);
    if (s.proxy_command && *s.proxy_command != "none") to.text("proxycommand", s.proxy_command);
    to.seconds("serveraliveinterval", s.server_alive_interval);
    to.number("serveralivecountmax", s.server_alive_count_max);
    forwards(to, "localforward", s.local_forwards);
    forwards(to, "remoteforward", s.remote_forwards);
    // ssh -G shows a forward to a Unix socket under both names.
    for (config::forward_directive one : s.local_forwards) {
        if (!one.to || one.to->path.empty()) continue;
        one.to.reset();
        forwards(to, "dynamicforward", {one});
    }
    forwards(to, "dynamicforward", s.dynamic_forwards);
    to.flag("exitonforwardfailure", s.exit_on_forward_failure);
    to.flag("clearallforwardings", s.clear_all_forwardings);
    to.flag("gatewayports", s.gateway_ports);
    to.choice("canonicalizehostname", s.canonicalize_hostname);
    to.number("canonicalizemaxdots", s.canonicalize_max_dots);
    to.names("canonicaldomains", s.canonical_domains);
    to.text("ignoreunknown", s.ignore_unknown);
    if (s.log_level) {
        std::string level = *s.log_level;
        for (char& c : level) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
        to.add("loglevel", level == "QUIET" ? "SILENT" : level);
    }
}

inline void trust(config_printer& to, const config::host_settings& s,
                  const config::host_settings& raw) {
    to.choice("stricthostkeychecking", s.strict_host_key_checking);
    to.names("userknownhostsfile", s.user_known_hosts_files);
    to.names("globalknownhostsfile", s.global_known_hosts_files);
    to.text("hostkeyalias", s.host_key_alias);
    to.flag("hashknownhosts", s.hash_known_hosts);
    if (raw.revoked_host_keys != "none") to.text("revokedhostkeys", raw.revoked_host_keys);
    to.text("kexalgorithms", s.kex_algorithms);
    to.text("ciphers", s.ciphers);
    to.text("macs", s.macs);
    to.text("hostkeyalgorithms", s.host_key_algorithms);
    to.text("pubkeyacceptedalgorithms", s.pubkey_accepted_algorithms);
    to.text("casignaturealgorithms", s.ca_signature_algorithms);
    to.number("requiredrsasize", s.required_rsa_size);
    if (s.rekey_bytes || s.rekey_interval) {
        const auto interval = s.rekey_interval.value_or(std::chrono::seconds(0));
        to.add("rekeylimit",
               std::to_string(s.rekey_bytes.value_or(0)) + ' ' + std::to_string(interval.count()));
    }
}

inline void login(config_printer& to, const config::host_settings& s,
                  const config::host_settings& raw) {
    for (const std::string& file : raw.identity_files) to.add("identityfile", file);
    for (const std::string& file : raw.certificate_files) to.add("certificatefile", file);
    to.flag("identitiesonly", s.identities_only);
    to.text("identityagent", s.identity_agent);
    to.text("preferredauthentications", s.preferred_authentications);
    to.flag("passwordauthentication", s.password_authentication);
    to.flag("kbdinteractiveauthentication", s.kbd_interactive_authentication);
    to.flag("batchmode", s.batch_mode);
    to.choice("pubkeyauthentication", s.pubkey_authentication);
    to.number("numberofpasswordprompts", s.number_of_password_prompts);
}

}  // namespace config_printing

inline config_lines_by_keyword print_config(const config::host_settings& expanded,
                                            const config::host_settings& raw) {
    config_printer to;
    config_printing::connection(to, expanded);
    config_printing::trust(to, expanded, raw);
    config_printing::login(to, expanded, raw);
    return to.take();
}

namespace config_printing {

inline const std::vector<std::string> keywords{"host",
                                               "hostname",
                                               "user",
                                               "port",
                                               "addressfamily",
                                               "bindaddress",
                                               "connecttimeout",
                                               "connectionattempts",
                                               "tcpkeepalive",
                                               "proxyjump",
                                               "proxycommand",
                                               "serveraliveinterval",
                                               "serveralivecountmax",
                                               "localforward",
                                               "remoteforward",
                                               "dynamicforward",
                                               "exitonforwardfailure",
                                               "clearallforwardings",
                                               "gatewayports",
                                               "canonicalizehostname",
                                               "canonicalizemaxdots",
                                               "canonicaldomains",
                                               "ignoreunknown",
                                               "loglevel",
                                               "stricthostkeychecking",
                                               "userknownhostsfile",
                                               "globalknownhostsfile",
                                               "hostkeyalias",
                                               "hashknownhosts",
                                               "revokedhostkeys",
                                               "kexalgorithms",
                                               "ciphers",
                                               "macs",
                                               "hostkeyalgorithms",
                                               "pubkeyacceptedalgorithms",
                                               "casignaturealgorithms",
                                               "requiredrsasize",
                                               "rekeylimit",
                                               "identityfile",
                                               "certificatefile",
                                               "identitiesonly",
                                               "identityagent",
                                               "preferredauthentications",
                                               "passwordauthentication",
                                               "kbdinteractiveauthentication",
                                               "batchmode",
                                               "pubkeyauthentication",
                                               "numberofpasswordprompts"};

/// What ssh -Q calls the algorithms of a keyword.
inline const std::map<std::string, std::string> kinds{
    {"ciphers", "cipher"}, {"macs", "mac"}, {"kexalgorithms", "kex"}};

inline std::vector<std::string> at(const config_lines_by_keyword& lines,
                                   const std::string& keyword) {
    const auto found = lines.find(keyword);
    return found == lines.end() ? std::vector<std::string>() : found->second;
}

inline std::string shown(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& one : lines) text += " <" + one + ">";
    return text;
}

}  // namespace config_printing

inline std::string compare_config(const config_lines_by_keyword& theirs,
                                  const config_lines_by_keyword& defaults,
                                  const config_lines_by_keyword& ours,
                                  const std::map<std::string, std::string>& known) {
    using config_printing::at;
    for (const std::string& keyword : config_printing::keywords) {
        std::vector<std::string> expected = at(ours, keyword);
        if (expected.empty()) expected = at(defaults, keyword);
        // Debian's ssh sends keepalives where nobody answers questions.
        const bool batch = at(ours, "batchmode") == std::vector<std::string>{"yes"};
        if (keyword == "serveraliveinterval" && batch && at(ours, keyword).empty()) continue;
        if (const auto kind = config_printing::kinds.find(keyword);
            kind != config_printing::kinds.end() && ours.contains(keyword)) {
            std::string rejected;
            const std::string usual = at(defaults, keyword).front();
            const auto list =
                crypto::apply_list(expected.front(), {usual, known.at(kind->second)}, rejected);
            expected = {list ? *list : "?"};
        }
        std::vector<std::string> found = at(theirs, keyword);
        if (keyword == "dynamicforward") {
            std::ranges::sort(found);
            std::ranges::sort(expected);
        }
        if (found == expected) continue;
        return keyword + ": ssh has" + config_printing::shown(found) + ", adit has" +
               config_printing::shown(expected);
    }
    return {};
}

}  // namespace adit::test
