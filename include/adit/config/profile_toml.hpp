// Profiles in TOML: SeeKi's [ssh], and [profile.NAME]. A header of its own and the library's only
// one that needs toml++; who does not include it does not need that.
// Invariants: a fault has a line and repeats no value; what toml++ kept of the texts is wiped when
// they have been copied (S01), but what it used on the way there is its own.
#pragma once

#include <adit/config/profile.hpp>
#include <adit/config/profile_fields.hpp>
#include <adit/slab.hpp>

#include <toml++/toml.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace adit::config {

/// The document as a tree; `file` is for messages.
[[nodiscard]] config_result<profile_node> parse_toml_profiles(bytes_view text,
                                                              const std::string& file);

/// The profile of a file, by read_profile()'s rules.
[[nodiscard]] config_result<profile> load_toml_profile(const std::string& path,
                                                       std::string_view name = {});

// Details.

namespace profile_toml {

/// Copies the node and wipes its texts.
[[nodiscard]] inline profile_node take(toml::node& from) {
    profile_node node;
    node.line = from.source().begin.line;
    node.what = profile_node::kind::other;
    if (toml::value<std::string>* const text = from.as_string()) {
        node.what = profile_node::kind::text;
        std::string& content = text->get();
        node.text.assign(content.begin(), content.end());
        wipe({reinterpret_cast<byte*>(content.data()), content.size()});
    } else if (const toml::value<std::int64_t>* const number = from.as_integer()) {
        node.what = profile_node::kind::number;
        node.number = number->get();
    } else if (const toml::value<bool>* const truth = from.as_boolean()) {
        node.what = profile_node::kind::truth;
        node.truth = truth->get();
    } else if (toml::array* const list = from.as_array()) {
        node.what = profile_node::kind::list;
        for (toml::node& one : *list) node.items.push_back(take(one));
    } else if (toml::table* const table = from.as_table()) {
        node.what = profile_node::kind::table;
        for (auto&& [key, one] : *table) {
            node.items.push_back(take(one));
            node.items.back().name = key.str();
        }
    }
    return node;
}

/// Looks for what toml++ 3.3 asserts instead of refusing: a [header] whose name begins with what is
/// no name, and brackets that do not match. Invariant: as far as a text is TOML, a header here is
/// what TOML calls one.
class assertion_search {
public:
    explicit assertion_search(std::string_view text) : rest_(text) {
        constexpr std::string_view mark = "\xef\xbb\xbf";  // of UTF-8
        if (rest_.starts_with(mark)) rest_.remove_prefix(mark.size());
    }

    /// The line of the first such thing; 0: there is none.
    [[nodiscard]] std::size_t run();

private:
    static constexpr std::string_view blanks = " \t\r";

    char take() {
        const char c = rest_.front();
        if (c == '\n') ++line_;
        rest_.remove_prefix(1);
        return c;
    }
    void skip(std::string_view these) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(these), rest_.size()));
    }
    void skip_line() { rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size())); }
    void skip_text(char quote);
    [[nodiscard]] bool skip_pair();
    [[nodiscard]] bool header_has_a_name();

    std::string_view rest_;
    std::size_t line_ = 1;
};

// Behind its first quotation mark.
inline void assertion_search::skip_text(char quote) {
    const std::string three(3, quote);
    const bool long_one = rest_.starts_with(std::string_view(three).substr(1));
    if (long_one) rest_.remove_prefix(2);
    while (!rest_.empty()) {
        if (long_one && rest_.starts_with(three)) return rest_.remove_prefix(3);
        if (!long_one && rest_.front() == '\n') return;
        const char c = take();
        if (!long_one && c == quote) return;
        if (c == '\\' && quote == '"' && !rest_.empty()) take();
    }
}

// "name = value" up to its line's end, which may be several lines further down. False: a bracket is
// closed that was not the last to be opened.
inline bool assertion_search::skip_pair() {
    std::string closing;
    while (!rest_.empty() && (!closing.empty() || rest_.front() != '\n')) {
        const char c = take();
        if (c == '"' || c == '\'') skip_text(c);
        if (c == '#') skip_line();
        if (c == '[') closing += ']';
        if (c == '{') closing += '}';
        if (c != ']' && c != '}') continue;
        if (closing.empty() || closing.back() != c) return false;
        closing.pop_back();
    }
    return true;
}

inline bool assertion_search::header_has_a_name() {
    rest_.remove_prefix(1);
    skip(" \t");
    if (rest_.starts_with('[')) rest_.remove_prefix(1);
    skip(" \t");
    if (rest_.empty()) return true;  // toml++ says so
    const char c = rest_.front();
    const char lower = to_lower(c);
    const bool letter = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
    return letter || std::string_view("_-\"']").find(c) != std::string_view::npos;
}

inline std::size_t assertion_search::run() {
    for (;;) {
        skip(blanks);
        if (rest_.empty()) return 0;
        const char c = rest_.front();
        if (c == '\n') {
            take();
        } else if (c == '[') {
            if (!header_has_a_name()) return line_;
            skip_line();
        } else if (!skip_pair()) {
            return line_;
        }
    }
}

}  // namespace profile_toml

inline config_result<profile_node> parse_toml_profiles(bytes_view text, const std::string& file) {
    const std::size_t line = profile_toml::assertion_search(as_text(text)).run();
    if (line != 0)
        return config_fault{file, line,
                            "no TOML: a table without a name, or brackets that do not match"};
    try {
        toml::table root = toml::parse(as_text(text));
        return profile_toml::take(root);
    } catch (const toml::parse_error& e) {
        return config_fault{file, e.source().begin.line,
                            "no TOML: " + escaped(std::string(e.description()))};
    }
}

inline config_result<profile> load_toml_profile(const std::string& path, std::string_view name) {
    const auto text = read_profile_text(path);
    if (!text) return text.error();
    auto root = parse_toml_profiles(text->content, path);
    if (!root) return root.error();
    return read_profile({path, std::move(*root), text->others_can_read}, name);
}

}  // namespace adit::config
