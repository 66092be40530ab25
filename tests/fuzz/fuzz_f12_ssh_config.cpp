// F12: ssh_config (ssh_config(5); C52, A29). The first line of an input is the host that is asked
// for; the rest is a configuration in three parts, cut at lines of "---": the main file and two
// that Include finds as /a and /b, wherever it looks.
// What was set first stays set, whatever text is appended; Includes end, in files and in depth;
// the matcher's steps stay below its bound; no name that comes out is an option or a command, none
// of the values reaches a shell; and the same question has the same answer.
#include "fuzz/check.hpp"

#include <adit/config/ssh_config.hpp>
#include <adit/config/url.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace {

using adit::fuzz::check;
namespace config = adit::config;

constexpr std::size_t most_text = std::size_t{16} * 1024;

[[nodiscard]] config::config_facts facts() {
    config::config_facts all;
    all.home = "/home/me";
    all.local_user = "me";
    all.local_host = "laptop.lan";
    all.user_id = 1000;
    all.environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "HOME") return "/home/me";
        return std::nullopt;
    };
    all.home_of = [](const std::string&) -> std::optional<std::string> { return "/home/other"; };
    all.run = [](const std::string& command) {
        check(command.find('\0') == std::string::npos, "a command is text");
        return command.size() % 2 == 0;
    };
    return all;
}

struct parts {
    std::string main, a, b;
    std::size_t found = 0;  ///< how often Include looked
};

[[nodiscard]] config::config_files files_of(parts& p) {
    config::config_files files;
    files.find = [&p](const std::string& pattern) {
        ++p.found;
        std::vector<std::string> all;
        if (pattern.ends_with('a') || pattern.ends_with('*')) all.emplace_back("/a");
        if (pattern.ends_with('b') || pattern.ends_with('*')) all.emplace_back("/b");
        return all;
    };
    files.read = [&p](const std::string& path, bool checked) -> adit::result<std::string> {
        check(checked, "what is included is checked");
        return path == "/a" ? p.a : p.b;
    };
    return files;
}

[[nodiscard]] std::string_view take_until(std::string_view& text, std::string_view mark) {
    const auto at = text.find(mark);
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + mark.size());
    return part;
}

/// What cannot change any more once it is there.
void check_kept(const config::host_settings& before, const config::host_settings& after) {
    const auto kept = [](const auto& a, const auto& b) {
        check(!a || a == b, "the first value wins");
    };
    kept(before.host_name, after.host_name);
    kept(before.user, after.user);
    kept(before.port, after.port);
    kept(before.proxy_jump, after.proxy_jump);
    kept(before.proxy_command, after.proxy_command);
    kept(before.identity_agent, after.identity_agent);
    kept(before.strict_host_key_checking, after.strict_host_key_checking);
    kept(before.user_known_hosts_files, after.user_known_hosts_files);
    kept(before.host_key_alias, after.host_key_alias);
    kept(before.ciphers, after.ciphers);
    kept(before.server_alive_interval, after.server_alive_interval);
    kept(before.rekey_bytes, after.rekey_bytes);
    kept(before.rekey_interval, after.rekey_interval);
    check(
        after.identity_files.size() >= before.identity_files.size() &&
            std::ranges::equal(before.identity_files,
                               std::span(after.identity_files).first(before.identity_files.size())),
        "lists grow at their end");
    check(after.applied.size() >= before.applied.size(), "what counted counts");
}

void check_names(const config::host_settings& s) {
    check(config::is_harmless_host(*s.host_name), "a host is a safe name");
    check(config::is_harmless_user(*s.user), "a user is a safe name");
    check(*s.port != 0, "a port is there");
    for (const config::jump_host& hop : s.proxy_jump.value_or(std::vector<config::jump_host>())) {
        check(config::is_harmless_host(hop.host), "so is a jump host");
        check(hop.user.empty() || config::is_harmless_user(hop.user), "and its user");
    }
}

void check_steps(const config::host_settings& s, const std::string& alias, std::size_t text) {
    // Every included text is met up to most_files times, in two passes.
    const std::size_t name = std::max(alias.size(), s.host_name.value_or("").size()) + 1;
    check(s.steps <= 2 * config::config_sources::most_files * (text + 1) * name,
          "the matcher's steps are bounded");
}

void check_appended(parts& p, const config::host_question& question,
                    const config::host_settings& before) {
    constexpr std::string_view more =
        "\nHost *\nHostName other\nUser other\nPort 1\nProxyJump other\nIdentityFile /other\n"
        "IdentityAgent /other\nStrictHostKeyChecking no\nUserKnownHostsFile /other\n"
        "HostKeyAlias other\nCiphers other\nServerAliveInterval 1\nRekeyLimit 1G 1h\n";
    parts longer{p.main + std::string(more), p.a, p.b};
    const auto config = config::ssh_config::parse(longer.main, "main", facts(), files_of(longer));
    check(config.has_value(), "appended lines are no fault");
    const auto after = config->values(question, facts());
    check(after.has_value(), "nor in what they say");
    check_kept(before, *after);
}

void check_config(parts p, const std::string& alias) {
    const auto config = config::ssh_config::parse(p.main, "main", facts(), files_of(p));
    check(p.found <= p.main.size() + config::config_sources::most_files * (p.a.size() + p.b.size()),
          "Includes end");
    if (!config) {
        check(!config.error().sentence().empty(), "a fault says what");
        return;
    }
    const config::host_question question{alias};
    const auto values = config->values(question, facts());
    const auto effective = config->effective(question, facts());
    const auto again = config->effective(question, facts());
    check(effective.has_value() == again.has_value(), "the same question has the same answer");
    if (effective) {
        check(values.has_value(), "what can be expanded could be read");
        check(effective->host_name == again->host_name && effective->user == again->user,
              "and the same names");
        check_names(*effective);
    }
    if (values) {
        check_steps(*values, alias, p.main.size() + p.a.size() + p.b.size());
        // A final pass, which sets this, would come behind the appended text; and the number of
        // identities has a limit.
        const bool comparable =
            !values->canonicalize_hostname && values->identity_files.size() < 100;
        if (comparable) check_appended(p, question, *values);
    }
    if (const auto hosts = config->hosts(facts())) {
        for (const config::host_entry& host : *hosts) {
            check(config::is_harmless_host(host.alias), "aliases are safe names");
            if (!host.problem.empty()) continue;
            check(config::is_harmless_host(host.host_name), "and what they stand for");
        }
    }
}

void check_words(std::string_view text) {
    const auto words = config::split_words(text);
    if (!words) return;
    check(config::split_words(config::join_words(*words)) == words, "words join and split");
}

void check_urls(std::string_view text) {
    if (const auto url = config::parse_ssh_url(text)) {
        check(config::is_harmless_host(url->host), "a URL's host is a safe name");
        check(url->user.empty() || config::is_harmless_user(url->user), "and its user");
    } else {
        check(url.error().position <= text.size(), "a fault is in the text");
    }
    if (const auto url = config::parse_database_url(text)) {
        check(config::is_harmless_host(url->ssh.host) && config::is_harmless_host(url->host),
              "both hosts are safe names");
    } else {
        check(url.error().position <= text.size(), "a fault is in the text");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > most_text) return 0;
    std::string_view text = adit::as_text(adit::bytes_view(data, size));
    const std::string alias(take_until(text, "\n"));
    check_urls(alias);
    check_words(text.substr(0, text.find('\n')));
    parts p;
    p.main = take_until(text, "\n---\n");
    p.a = take_until(text, "\n---\n");
    p.b = text;
    check_config(std::move(p), alias);
    return 0;
}
