// Profiles in TOML: SeeKi's [ssh], and [profile.NAME]. A header of its own and the library's only
// one that needs toml++; who does not include it does not need that. adit-bastion's users are read
// through it, too.
// Invariants: a fault has a line and repeats no value; what toml++ kept of the texts is wiped when
// they have been copied (S01), but what it used on the way there is its own.
#pragma once

#include <adit/config/profile.hpp>
#include <adit/config/profile_fields.hpp>
#include <adit/slab.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace adit::config::profile_toml {

struct broken_assertion {};
constexpr void require(bool holds) {
    if (!holds) throw broken_assertion();
}

}  // namespace adit::config::profile_toml

// toml++ 3.3 asserts here and there what somebody's text can make untrue. That is to be said, and
// not to end the program. With NDEBUG it asserts nothing.
#ifndef TOML_ASSERT
#define TOML_ASSERT(expr) ::adit::config::profile_toml::require(static_cast<bool>(expr))
#endif
#include <toml++/toml.h>

namespace adit::config {

/// A document of any content. Use this instead of toml::parse: what toml++ 3.3 asserts is a fault
/// here. `file` is for messages.
[[nodiscard]] config_result<toml::table> parse_toml(bytes_view text, const std::string& file);

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
/// no name, brackets that do not match, and what is not ASCII where a value begins or ends; and a
/// name of so many parts that the tables in tables would not fit on a stack. Invariant: as far as a
/// text is TOML, a header here is what TOML calls one.
class assertion_search {
public:
    explicit assertion_search(std::string_view text) : rest_(text) {
        constexpr std::string_view mark = "\xef\xbb\xbf";  // of UTF-8
        if (rest_.starts_with(mark)) rest_.remove_prefix(mark.size());
    }

    /// The line of the first such thing; 0: there is none.
    [[nodiscard]] std::size_t run();

private:
    static constexpr std::size_t most_parts = 64;

    char take() {
        const char c = rest_.front();
        if (c == '\n') ++line_;
        rest_.remove_prefix(1);
        return c;
    }
    void skip_line() { rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size())); }
    [[nodiscard]] bool skip_text(char quote);
    [[nodiscard]] bool skip_line_of_names();
    [[nodiscard]] bool header_has_a_name() const;

    std::string_view rest_;
    std::size_t line_ = 1;
};

// Behind its first quotation mark. False: what is escaped is no letter of ASCII's.
inline bool assertion_search::skip_text(char quote) {
    const std::string three(3, quote);
    const bool long_one = rest_.starts_with(std::string_view(three).substr(1));
    if (long_one) rest_.remove_prefix(2);
    while (!rest_.empty()) {
        if (long_one && rest_.starts_with(three)) {
            // One or two more are the text's own last ones.
            const auto behind = std::min(rest_.find_first_not_of(quote), rest_.size());
            rest_.remove_prefix(std::min<std::size_t>(behind, 5));
            return true;
        }
        if (!long_one && rest_.front() == '\n') return true;
        const char c = take();
        if (!long_one && c == quote) return true;
        if (c != '\\' || quote != '"' || rest_.empty()) continue;
        if (static_cast<unsigned char>(take()) >= 0x80) return false;
    }
    return true;
}

// "[name]", or "name = value" up to its line's end, which may be several lines further down. False:
// a bracket is closed that was not the last to be opened, there is more than ASCII outside of
// texts, where TOML has nothing else, a text stands where none can, or a name has too many parts.
inline bool assertion_search::skip_line_of_names() {
    std::string closing;
    std::size_t parts = 0;
    const bool header = rest_.starts_with('[');
    bool value = false;
    char before = '=';  // what stands before a text's first quotation mark
    while (!rest_.empty() && (!closing.empty() || rest_.front() != '\n')) {
        const char c = take();
        const bool text = c == '"' || c == '\'';
        const std::string_view openers = value ? "=,[{" : "=,[{.";
        if (text && openers.find(before) == std::string_view::npos) return false;
        if (text && !skip_text(c)) return false;
        if (c == '#') skip_line();
        if (std::string_view(" \t\r\n#").find(c) == std::string_view::npos) before = c;
        if (static_cast<unsigned char>(c) >= 0x80) return false;
        if (c == '=' || c == ',') parts = 0;
        if (c == '=') value = true;
        if (c == '{') value = false;
        if (c == ',') value = !closing.empty() && closing.back() == ']';
        if (c == '[') value = !header;
        if (c == '.' && ++parts > most_parts) return false;
        if (c == '[') closing += ']';
        if (c == '{') closing += '}';
        if (c != ']' && c != '}') continue;
        if (closing.empty() || closing.back() != c) return false;
        closing.pop_back();
    }
    return true;
}

// Of a line that begins with a bracket.
inline bool assertion_search::header_has_a_name() const {
    std::string_view name = rest_.substr(1);
    const auto skip_blanks = [&name] {
        name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    };
    skip_blanks();
    if (name.starts_with('[')) name.remove_prefix(1);
    skip_blanks();
    if (name.empty()) return true;  // toml++ says so
    const char c = name.front();
    const char lower = to_lower(c);
    const bool letter = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
    return letter || std::string_view("_-\"']").find(c) != std::string_view::npos;
}

inline std::size_t assertion_search::run() {
    for (;;) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size()));
        if (rest_.empty()) return 0;
        if (rest_.front() == '\n') {
            take();
        } else if ((rest_.front() == '[' && !header_has_a_name()) || !skip_line_of_names()) {
            return line_;
        }
    }
}

/// toml++'s words, which quote a number or a date that does not fit; it may be somebody's password.
[[nodiscard]] inline std::string without_value(std::string_view description) {
    const auto value = description.find(": '");
    if (value == std::string_view::npos) return escaped(description);
    return escaped(description.substr(0, value)) + ": it does not fit";
}

}  // namespace profile_toml

inline config_result<toml::table> parse_toml(bytes_view text, const std::string& file) {
    const std::size_t line = profile_toml::assertion_search(as_text(text)).run();
    if (line != 0)
        return config_fault{file, line,
                            "no TOML: a table without a name, brackets that do not match, more "
                            "than ASCII outside of quotation marks, or a name of too many parts"};
    try {
        return toml::parse(as_text(text));
    } catch (const toml::parse_error& e) {
        return config_fault{file, e.source().begin.line,
                            "no TOML: " + profile_toml::without_value(e.description())};
    } catch (const profile_toml::broken_assertion&) {
        return config_fault{file, 0, "no TOML"};
    }
}

inline config_result<profile_node> parse_toml_profiles(bytes_view text, const std::string& file) {
    auto root = parse_toml(text, file);
    if (!root) return root.error();
    return profile_toml::take(*root);
}

inline config_result<profile> load_toml_profile(const std::string& path, std::string_view name) {
    const auto text = read_profile_text(path);
    if (!text) return text.error();
    auto root = parse_toml_profiles(text->content, path);
    if (!root) return root.error();
    return read_profile({path, std::move(*root), text->others_can_read}, name);
}

}  // namespace adit::config
