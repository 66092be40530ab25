// From the names in a settings file to the fields of a profile: one table for every language. A
// name is written as SeeKi and SignalPilot write it, auth_method, or as Zequel does, authMethod.
// Used by profile_json.hpp, profile_toml.hpp and their tests.
// Invariants: a name that is not in the table is a fault; null and the empty text mean "not given",
// as the tools store them; no message repeats a value.
// Over 300 lines: a function and a row for each field.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/config_endpoints.hpp>
#include <adit/config/profile.hpp>
#include <adit/config/safe_name.hpp>
#include <adit/config/url.hpp>
#include <adit/diagnostics.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

// Details.

#if ADIT_BODIES

namespace profile_fields {

/// What is wrong with a value; empty: nothing.
using fault = std::string;

[[nodiscard]] inline bool is_given(const profile_node& node) noexcept {
    const bool empty = node.what == profile_node::kind::text && node.text.empty();
    return node.what != profile_node::kind::nothing && !empty;
}

[[nodiscard]] inline fault take_text(const profile_node& node, std::string& into) {
    if (node.what != profile_node::kind::text) return "wants a text";
    const std::string_view text = node.as_text();
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    if (std::ranges::any_of(text, is_control)) return "has a control character in it";
    into = text;
    return {};
}

/// One text, or a list of them.
[[nodiscard]] inline fault take_texts(const profile_node& node, std::vector<std::string>& into) {
    if (node.what != profile_node::kind::list) return take_text(node, into.emplace_back());
    for (const profile_node& one : node.items) {
        fault wrong = take_text(one, into.emplace_back());
        if (!wrong.empty()) return wrong;
    }
    return {};
}

[[nodiscard]] inline fault take_secret(const profile_node& node, profile::secret& into) {
    if (node.what != profile_node::kind::text) return "wants a text";
    into = node.text;
    return {};
}

template <class Number>
[[nodiscard]] fault take_number(const profile_node& node, Number& into, std::int64_t least) {
    constexpr std::int64_t most = std::numeric_limits<Number>::max();
    const bool fits =
        node.what == profile_node::kind::number && node.number >= least && node.number <= most;
    if (!fits)
        return "wants a number from " + std::to_string(least) + " to " + std::to_string(most);
    into = static_cast<Number>(node.number);
    return {};
}

/// A number of seconds, or a time as ssh writes it.
[[nodiscard]] inline fault take_time(const profile_node& node,
                                     std::optional<std::chrono::seconds>& into) {
    std::int32_t count = 0;
    if (node.what == profile_node::kind::text) {
        into = read_time(node.as_text());
    } else if (take_number(node, count, 0).empty()) {
        into = std::chrono::seconds(count);
    }
    return into ? fault() : "wants a time: 30, or \"1m30s\"";
}

[[nodiscard]] inline fault take_truth(const profile_node& node, bool& into) {
    if (node.what != profile_node::kind::truth) return "wants true or false";
    into = node.truth;
    return {};
}

/// "privateKey" as private_key, "accept-new" as accept_new.
[[nodiscard]] inline std::string in_snake_case(std::string_view name) {
    std::string snake;
    for (const char c : name) {
        const char lower = to_lower(c);
        if (lower != c) snake += '_';
        snake += lower == '-' ? '_' : lower;
    }
    return snake;
}

[[nodiscard]] inline fault host(const profile_node& node, profile& p) {
    fault wrong = take_text(node, p.host);
    if (wrong.empty() && !is_harmless_host(p.host)) wrong = "no such host can be";
    return wrong;
}

[[nodiscard]] inline fault proxy_host(const profile_node& node, profile& p) {
    fault wrong = take_text(node, p.proxy_host);
    if (wrong.empty() && !is_harmless_host(p.proxy_host)) wrong = "no such host can be";
    return wrong;
}

[[nodiscard]] inline fault user(const profile_node& node, profile& p) {
    fault wrong = take_text(node, p.user);
    if (wrong.empty() && !is_harmless_user(p.user)) wrong = "no such user can be";
    return wrong;
}

struct auth_word {
    std::string_view word;
    profile_auth means;
};

inline constexpr std::array auth_words{
    auth_word{"password", profile_auth::password},
    auth_word{"key", profile_auth::key},
    auth_word{"private_key", profile_auth::key},
    auth_word{"publickey", profile_auth::key},
    auth_word{"agent", profile_auth::agent},
    auth_word{"keyboard_interactive", profile_auth::keyboard_interactive},
    auth_word{"none", profile_auth::none},
};

[[nodiscard]] inline fault auth(const profile_node& node, profile& p) {
    std::vector<std::string> words;
    fault wrong = take_texts(node, words);
    for (const std::string& word : words) {
        const std::string snake = in_snake_case(word);
        const auto row = std::ranges::find(auth_words, std::string_view(snake), &auth_word::word);
        if (row == auth_words.end()) {
            return "is none of password, key, agent, keyboard-interactive and none";
        }
        p.auth.push_back(row->means);
    }
    return wrong;
}

[[nodiscard]] inline fault key_path(const profile_node& node, profile& p) {
    return take_texts(node, p.key_paths);
}

[[nodiscard]] inline fault passphrase(const profile_node& node, profile& p) {
    return take_secret(node, p.passphrase);
}

[[nodiscard]] inline fault totp_algorithm(const profile_node& node, profile& p) {
    using crypto::totp_hash;
    const std::string word = to_lower(node.as_text());
    if (word == "sha1") {
        p.totp.hash = totp_hash::sha1;
    } else if (word == "sha256") {
        p.totp.hash = totp_hash::sha256;
    } else if (word == "sha512") {
        p.totp.hash = totp_hash::sha512;
    } else {
        return "is none of SHA1, SHA256 and SHA512";
    }
    return {};
}

[[nodiscard]] inline fault totp_digits(const profile_node& node, profile& p) {
    fault wrong = take_number(node, p.totp.digits, 6);
    if (wrong.empty() && p.totp.digits <= 8) return {};
    return "wants 6, 7 or 8";
}

[[nodiscard]] inline fault strictness(const profile_node& node, profile& p) {
    const std::string word = in_snake_case(node.as_text());
    if (word == "ask") {
        p.strict_host_key_checking = profile_strictness::ask;
    } else if (word == "yes") {
        p.strict_host_key_checking = profile_strictness::yes;
    } else if (word == "accept_new") {
        p.strict_host_key_checking = profile_strictness::accept_new;
    } else {
        return "is none of ask, yes and accept-new";
    }
    return {};
}

[[nodiscard]] fault jumps(const profile_node& node, profile& p);

enum class only { profiles, hops_too };

struct row {
    std::string_view name;
    fault (*set)(const profile_node& node, profile& p);
    only where = only::hops_too;
    bool secret = false;
};

// Rows with one function are names of one thing.
inline constexpr std::array rows{
    row{"enabled", [](const profile_node& n, profile& p) { return take_truth(n, p.enabled); },
        only::profiles},
    row{"host", host},
    row{"port", [](const profile_node& n, profile& p) { return take_number(n, p.port, 1); }},
    row{"username", user},
    row{"user", user},
    row{"auth_method", auth},
    row{"auth_methods", auth},
    row{"key_path", key_path},
    row{"key_paths", key_path},
    row{"private_key",
        [](const profile_node& n, profile& p) { return take_secret(n, p.private_key); },
        only::hops_too, true},
    row{"private_key_passphrase", passphrase, only::hops_too, true},
    row{"passphrase", passphrase, only::hops_too, true},
    row{"password", [](const profile_node& n, profile& p) { return take_secret(n, p.password); },
        only::hops_too, true},
    row{"totp_secret",
        [](const profile_node& n, profile& p) { return take_secret(n, p.totp_secret); },
        only::hops_too, true},
    row{"totp_algorithm", totp_algorithm},
    row{"totp_digits", totp_digits},
    row{"totp_period",
        [](const profile_node& n, profile& p) { return take_number(n, p.totp.period, 1); }},
    row{"agent_socket",
        [](const profile_node& n, profile& p) { return take_text(n, p.agent_socket); }},
    row{"identities_only", [](const profile_node& n,
                              profile& p) { return take_truth(n, p.identities_only.emplace()); }},
    row{"local_host", [](const profile_node& n, profile& p) { return take_text(n, p.local_host); },
        only::profiles},
    row{"local_port",
        [](const profile_node& n, profile& p) { return take_number(n, p.local_port.emplace(), 0); },
        only::profiles},
    row{"remote_host",
        [](const profile_node& n, profile& p) { return take_text(n, p.remote_host); },
        only::profiles},
    row{"remote_port",
        [](const profile_node& n, profile& p) { return take_number(n, p.remote_port, 1); },
        only::profiles},
    row{"remote_socket",
        [](const profile_node& n, profile& p) { return take_text(n, p.remote_socket); },
        only::profiles},
    row{"jumps", jumps, only::profiles},
    row{"proxy_host", proxy_host, only::profiles},
    row{"proxy_port",
        [](const profile_node& n, profile& p) { return take_number(n, p.proxy_port, 1); },
        only::profiles},
    row{"strict_host_key_checking", strictness},
    row{"known_hosts",
        [](const profile_node& n, profile& p) { return take_texts(n, p.known_hosts); }},
    row{"host_key_alias",
        [](const profile_node& n, profile& p) { return take_text(n, p.host_key_alias); }},
    row{"keepalive_interval",
        [](const profile_node& n, profile& p) { return take_time(n, p.keepalive_interval); }},
    row{"keepalive_count",
        [](const profile_node& n, profile& p) {
            return take_number(n, p.keepalive_count.emplace(), 1);
        }},
    row{"connect_timeout",
        [](const profile_node& n, profile& p) { return take_time(n, p.connect_timeout); }},
};

/// Reads one table, and those of its hops; remembers the first thing that is wrong.
class reader {
public:
    reader(const profile_document& document, only where) : document_(document), where_(where) {}

    [[nodiscard]] profile read(const profile_node& table);
    [[nodiscard]] std::optional<config_fault>& problem() noexcept { return problem_; }
    void fail(const profile_node& at, const std::string& what) {
        if (!problem_) problem_ = config_fault{document_.file, at.line, what};
    }

private:
    void set(const profile_node& node, profile& p);
    void check(const profile_node& table, const profile& p);
    void read_jumps(const profile_node& node, profile& p);

    const profile_document& document_;
    only where_;
    std::optional<config_fault> problem_;
    std::vector<decltype(row::set)> seen_;
};

// A hop in one text is "user@host:port"; the tables among them are read by reader::read_jumps().
inline fault jumps(const profile_node& node, profile& p) {
    std::vector<std::string> texts;
    fault wrong = take_texts(node, texts);
    for (const std::string& text : texts) {
        const auto hops = wrong.empty() ? parse_jump_hosts(text) : std::nullopt;
        if (!hops) return "wants \"user@host:port\", or a table for each";
        for (const jump_host& hop : *hops) {
            profile& one = p.jumps.emplace_back();
            one.host = hop.host;
            one.user = hop.user;
            one.port = hop.port;
        }
    }
    return {};
}

inline void reader::read_jumps(const profile_node& node, profile& p) {
    for (const profile_node& one : node.items) {
        if (one.what != profile_node::kind::table) {
            const fault wrong = jumps(one, p);
            if (!wrong.empty()) fail(one, "jumps: " + wrong);
            continue;
        }
        reader hop(document_, only::hops_too);
        p.jumps.push_back(hop.read(one));
        if (hop.problem()) {
            hop.problem()->what.insert(0, "jumps: ");
            if (!problem_) problem_ = std::move(hop.problem());
        }
    }
}

inline void reader::set(const profile_node& node, profile& p) {
    const std::string key = escaped(node.name, 64);
    // A name is written in one of the two ways; the other letters are as they are.
    const bool mixed =
        node.name.find_first_of("_-") != std::string::npos && node.name != to_lower(node.name);
    const std::string snake = mixed ? std::string() : in_snake_case(node.name);
    const auto found = std::ranges::find(rows, std::string_view(snake), &row::name);
    const bool elsewhere =
        found != rows.end() && found->where == only::profiles && where_ == only::hops_too;
    if (found == rows.end() || elsewhere || node.name.find('-') != std::string::npos) {
        return fail(node, "there is no \"" + key + "\"" + (elsewhere ? " of a hop" : ""));
    }
    if (std::ranges::find(seen_, found->set) != seen_.end()) {
        return fail(node, key + ": is given twice");
    }
    seen_.push_back(found->set);
    if (!is_given(node)) return;
    if (found->secret && document_.others_can_read) {
        return fail(node, key + ": " + sentence(errc::key_file_too_open) +
                              ", so it can hold no secret; chmod 600 it");
    }
    if (found->set == jumps && node.what == profile_node::kind::list) return read_jumps(node, p);
    const fault wrong = found->set(node, p);
    if (!wrong.empty()) fail(node, key + ": " + wrong);
}

inline void reader::check(const profile_node& table, const profile& p) {
    if (p.host.empty()) return fail(table, "host: is missing");
    if (!p.remote_socket.empty() && (!p.remote_host.empty() || p.remote_port != 0)) {
        return fail(table, "remote_socket: stands beside remote_host or remote_port");
    }
    if (!p.remote_host.empty() && p.remote_port == 0) fail(table, "remote_port: is missing");
    if (p.remote_host.empty() && p.remote_port != 0) fail(table, "remote_host: is missing");
    if (p.proxy_host.empty() && p.proxy_port != 0) fail(table, "proxy_host: is missing");
}

inline profile reader::read(const profile_node& table) {
    profile p;
    for (const profile_node& one : table.items) set(one, p);
    check(table, p);
    return p;
}

/// A profile's table, and the table beside whose other members it stands.
struct section {
    const profile_node* table = nullptr;
    const profile_node* around = nullptr;
    std::string name;
};

inline void add_sections(const profile_node& table, std::vector<section>& all) {
    const profile_node* const name = table.find("name");
    const std::string label(name == nullptr ? std::string_view() : name->as_text());
    for (const std::string_view member : {"ssh", "ssh_tunnel"}) {
        const profile_node* const one = table.find(member);
        if (one != nullptr) all.push_back({one, &table, label});
    }
    const profile_node* const profiles = table.find("profile");
    if (profiles == nullptr) return;
    for (const profile_node& one : profiles->items) all.push_back({&one, nullptr, one.name});
}

[[nodiscard]] inline std::vector<section> sections_of(const profile_node& root) {
    std::vector<section> all;
    if (root.what == profile_node::kind::list) {
        for (const profile_node& one : root.items) add_sections(one, all);
    }
    add_sections(root, all);
    if (all.empty() && root.find("host") != nullptr) all.push_back({&root, nullptr, {}});
    return all;
}

// Beside [ssh] stands where the tool wants to go: host and port, or the URL of [database].
inline void take_target(const profile_node& around, profile& p) {
    const profile_node* const host = around.find("host");
    const profile_node* const port = around.find("port");
    std::string name;
    std::uint16_t number = 0;
    if (host != nullptr && port != nullptr) {
        const bool good = take_text(*host, name).empty() && take_number(*port, number, 1).empty();
        if (good) p.remote_host = name;
        if (good) p.remote_port = number;
        return;
    }
    const profile_node* const database = around.find("database");
    const profile_node* const url = database == nullptr ? nullptr : database->find("url");
    if (url == nullptr) return;
    std::string_view rest = url->as_text();
    const auto scheme = rest.find("://");
    if (scheme == std::string_view::npos) return;
    rest.remove_prefix(scheme + 3);
    rest = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(rest.rfind('@') + 1);
    url_reader places(rest);
    places.host_and_port(rest, name, number);
    if (places.failed() || number == 0) return;
    p.remote_host = name;
    p.remote_port = number;
}

[[nodiscard]] inline std::string names_of(const std::vector<section>& all) {
    std::string names;
    for (const section& one : all) {
        if (!one.name.empty()) names += (names.empty() ? "" : ", ") + escaped(one.name, 64);
    }
    return names.empty() ? "none has a name" : "there is " + names;
}

}  // namespace profile_fields

ADIT_DECL config_result<profile> read_profile(const profile_document& document,
                                              std::string_view name) {
    namespace fields = profile_fields;
    std::vector<fields::section> all = fields::sections_of(document.root);
    if (all.empty()) return config_fault{document.file, 0, "there is no profile in it"};
    const std::string names = fields::names_of(all);
    if (!name.empty()) std::erase_if(all, [name](const auto& one) { return one.name != name; });
    if (all.empty()) {
        const std::string wanted = escaped(name, 64);
        return config_fault{document.file, 0, "there is no profile \"" + wanted + "\": " + names};
    }
    const fields::section& chosen = all.front();
    if (all.size() > 1) {
        return config_fault{document.file, all[1].table->line,
                            "there is more than one profile; " + names};
    }
    fields::reader reader(document, fields::only::profiles);
    if (chosen.table->what != profile_node::kind::table) {
        reader.fail(*chosen.table, "a profile is a table");
    }
    profile result = reader.read(*chosen.table);
    if (reader.problem()) return std::move(*reader.problem());
    result.name = chosen.name;
    const bool no_target = result.remote_host.empty() && result.remote_socket.empty();
    if (no_target && chosen.around != nullptr) fields::take_target(*chosen.around, result);
    return result;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
