// The keywords of ssh_config(5) in one table, OpenSSH 9.2 to 10.x: what each one's value is and
// where it goes, or, for those that adit has no use for, whether that matters. Used by
// ssh_config.hpp.
// Invariant: a keyword that decides where a connection goes or whom it believes, and that is not
// in host_settings, is refused by name unless its value says "off".
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/config_endpoints.hpp>
#include <adit/config/config_line.hpp>
#include <adit/config/config_tokens.hpp>
#include <adit/config/config_values.hpp>
#include <adit/config/host_settings.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

/// A line on its way into the settings.
struct directive {
    const config_line& line;
    const config_facts& facts;
    bool active = true;  ///< else it is only looked at
    host_settings& into;
    bool counted = false;  ///< out: whether the settings changed
};

struct option_row {
    std::string_view name;
    complaint (*read)(directive& d);
};

/// How a keyword is treated that is not in host_settings.
enum class unused_effect { none, warned, refused };

struct unused_row {
    std::string_view name;
    unused_effect effect = unused_effect::none;
    std::string_view off{};  ///< the value that changes nothing
};

/// The table's row, by a keyword in lower case, older names included; null: not in host_settings.
[[nodiscard]] const option_row* find_option(std::string_view keyword) noexcept;
[[nodiscard]] const unused_row* find_unused(std::string_view keyword) noexcept;

// Details.

#if ADIT_BODIES

[[nodiscard]] inline complaint not_understood(std::string_view value) {
    return in_quotes(value) + " is not understood";
}

[[nodiscard]] inline complaint one_word(const directive& d) {
    const auto& words = d.line.words;
    if (words.empty() || words.front().empty()) return "a value is missing";
    if (words.size() > 1) return in_quotes(words[1]) + " is too much";
    return {};
}

template <class Value>
void set_first(directive& d, std::optional<Value>& place, Value value) {
    if (!d.active || place) return;
    place = std::move(value);
    d.counted = true;
}

template <auto Member>
complaint read_text(directive& d) {
    if (complaint wrong = one_word(d); !wrong.empty()) return wrong;
    set_first(d, d.into.*Member, d.line.words.front());
    return {};
}

template <auto Member>
complaint read_flag(directive& d) {
    if (complaint wrong = one_word(d); !wrong.empty()) return wrong;
    const auto value = read_yes_or_no(d.line.words.front());
    if (!value) return not_understood(d.line.words.front());
    set_first(d, d.into.*Member, *value);
    return {};
}

template <auto Member>
complaint read_count(directive& d) {
    if (complaint wrong = one_word(d); !wrong.empty()) return wrong;
    const auto value = read_number(d.line.words.front(), std::numeric_limits<int>::max());
    if (!value) return not_understood(d.line.words.front());
    set_first(d, d.into.*Member, static_cast<unsigned>(*value));
    return {};
}

// "none" is how nothing is set, so that a later line may still do it; so says OpenSSH's code.
template <auto Member>
complaint read_seconds(directive& d) {
    if (complaint wrong = one_word(d); !wrong.empty()) return wrong;
    if (d.line.words.front() == "none") return {};
    const auto value = read_time(d.line.words.front());
    if (!value) return not_understood(d.line.words.front());
    set_first(d, d.into.*Member, *value);
    return {};
}

/// Words of which "none" stands alone, and then is kept: an empty list would not be first.
template <auto Member>
complaint read_names(directive& d) {
    constexpr std::size_t most = 32;
    const auto& words = d.line.words;
    for (const std::string& word : words) {
        if (word.empty()) return "a value is empty";
        if (words.size() > 1 && to_lower(word) == "none") return "\"none\" stands alone";
    }
    if (words.size() > most) return "there are too many";
    if (!words.empty()) set_first(d, d.into.*Member, words);
    return {};
}

/// Each of them counts, once.
template <auto Member>
complaint read_more(directive& d) {
    constexpr std::size_t most = 100;
    if (complaint wrong = one_word(d); !wrong.empty()) return wrong;
    auto& place = d.into.*Member;
    if (!d.active || std::ranges::find(place, d.line.words.front()) != place.end()) return {};
    if (place.size() >= most) return "there are too many";
    place.push_back(d.line.words.front());
    d.counted = true;
    return {};
}

/// A word and what it means, which is the word itself where they are the same.
using choices = std::span<const std::pair<std::string_view, std::string_view>>;

[[nodiscard]] inline complaint read_choice(directive& d, std::optional<std::string>& place,
                                           choices all) {
    if (complaint wrong = one_word(d); !wrong.empty()) return wrong;
    const std::string word = to_lower(d.line.words.front());
    for (const auto& [name, meaning] : all) {
        if (name != word) continue;
        set_first(d, place, std::string(meaning));
        return {};
    }
    return not_understood(d.line.words.front());
}

inline constexpr std::array<std::pair<std::string_view, std::string_view>, 7> strict_words{
    {{"yes", "yes"},
     {"true", "yes"},
     {"no", "no"},
     {"false", "no"},
     {"off", "no"},
     {"ask", "ask"},
     {"accept-new", "accept-new"}}};
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 3> family_words{
    {{"any", "any"}, {"inet", "inet"}, {"inet6", "inet6"}}};
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 6> pubkey_words{
    {{"yes", "yes"},
     {"true", "yes"},
     {"no", "no"},
     {"false", "no"},
     {"unbound", "unbound"},
     {"host-bound", "host-bound"}}};
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 5> canonicalize_words{
    {{"yes", "yes"}, {"true", "yes"}, {"no", "no"}, {"false", "no"}, {"always", "always"}}};
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 9> level_words{
    {{"quiet", "quiet"},
     {"fatal", "fatal"},
     {"error", "error"},
     {"info", "info"},
     {"verbose", "verbose"},
     {"debug", "debug"},
     {"debug1", "debug"},
     {"debug2", "debug2"},
     {"debug3", "debug3"}}};

template <auto Member, auto& Words>
complaint read_one_of(directive& d) {
    return read_choice(d, d.into.*Member, Words);
}

[[nodiscard]] inline complaint read_port_directive(directive& d) {
    if (complaint wrong = one_word(d); !wrong.empty()) return wrong;
    const auto value = read_port(d.line.words.front());
    if (!value) return not_understood(d.line.words.front());
    set_first(d, d.into.port, *value);
    return {};
}

// Two values, each of which is the first's that has it: so says OpenSSH's code.
[[nodiscard]] inline complaint read_rekey_limit(directive& d) {
    constexpr std::uint64_t smallest = 16;
    const auto& words = d.line.words;
    if (words.empty() || words.size() > 2) return "one or two values are needed";
    std::uint64_t bytes = 0;
    if (words[0] != "default") {
        const auto size = read_size(words[0]);
        if (!size) return not_understood(words[0]);
        if (*size != 0 && *size < smallest) return "that is too small";
        bytes = *size;
    }
    set_first(d, d.into.rekey_bytes, bytes);
    if (words.size() == 1 || words[1] == "none") return {};
    const auto interval = read_time(words[1]);
    if (!interval) return not_understood(words[1]);
    set_first(d, d.into.rekey_interval, *interval);
    return {};
}

// Variables first, as ssh does it, so that one may hold a path.
[[nodiscard]] inline complaint read_forward(directive& d, forward_kind kind,
                                            std::vector<forward_directive>& place) {
    const auto& words = d.line.words;
    const bool one = kind == forward_kind::dynamic || words.size() == 1;
    if (words.empty() || words.size() > (kind == forward_kind::dynamic ? 1U : 2U)) {
        return "that many values are not understood";
    }
    if (one && kind == forward_kind::local) return "the target is missing";
    if (one && kind == forward_kind::remote) kind = forward_kind::remote_dynamic;
    const auto text = expand_variables(one ? words[0] : words[0] + ':' + words[1], d.facts);
    if (!text.wrong.empty()) return text.wrong;
    auto forward = parse_forward(text.text, kind);
    if (!forward) return not_understood(text.text);
    if (!d.active || std::ranges::find(place, *forward) != place.end()) return {};
    place.push_back(std::move(*forward));
    d.counted = true;
    return {};
}

/// What stands behind the keyword, as it is: quotes and `#` are the shell's.
[[nodiscard]] inline complaint read_proxy_command(directive& d) {
    const std::string_view text = d.line.rest;
    const auto begin = std::min(text.find_first_not_of(" \t="), text.size());
    if (d.into.proxy_jump) return {};  // whichever comes first
    set_first(d, d.into.proxy_command, std::string(text.substr(begin)));
    return {};
}

[[nodiscard]] inline complaint read_proxy_jump(directive& d) {
    std::string_view text = d.line.rest;
    text.remove_prefix(std::min(text.find_first_not_of(" \t="), text.size()));
    text = text.substr(0, text.find('#'));
    text = text.substr(0, text.find_last_not_of(" \t") + 1);
    auto hops = parse_jump_hosts(text);
    if (!hops) return not_understood(text);
    if (d.into.proxy_command) return {};
    set_first(d, d.into.proxy_jump, std::move(*hops));
    return {};
}

[[nodiscard]] inline complaint read_identity_agent(directive& d) {
    if (complaint wrong = one_word(d); !wrong.empty()) return wrong;
    const expansion variables = expand_variables(d.line.words.front(), d.facts);
    if (!variables.wrong.empty()) return variables.wrong;
    set_first(d, d.into.identity_agent, d.line.words.front());
    return {};
}

#endif  // ADIT_BODIES

}  // namespace adit::config
