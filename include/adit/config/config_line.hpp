// ssh_config(5) as text: lines into keyword and arguments, with the quotes, escapes, comments and
// `=` of OpenSSH's own reading, which has two ways of splitting; both are here. Used by
// config_source.hpp, config_match.hpp and ssh_config.hpp, and by whoever reads -o.
// Invariant: a text that holds a NUL, or a quote that is never closed, is a fault, not a guess.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/pattern.hpp>
#include <adit/diagnostics.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <boost/throw_exception.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

/// What is wrong with a configuration, and where. Line 0: the file as a whole.
struct config_fault {
    std::string file;
    std::size_t line = 0;
    std::string what;  ///< escaped

    /// "file:line: what".
    [[nodiscard]] std::string sentence() const;
};

/// What value() of a result throws where there is none; Boost.System finds it by its argument.
[[noreturn]] void throw_exception_from_error(const config_fault& fault,
                                             const boost::source_location& where);

template <class T>
using config_result = boost::system::result<T, config_fault>;

/// Why something cannot be read; empty: it can.
using complaint = std::string;

struct config_line {
    std::size_t number = 0;
    std::string keyword;                 ///< in lower case
    std::string rest;                    ///< what follows, without the blanks around it
    std::vector<std::string> words;      ///< the same, split
    std::vector<std::size_t> include{};  ///< the sources that an Include stands for
};

/// Words between blanks, with both kinds of quotes and the backslash, up to a comment; none: a
/// quotation mark is missing. What ssh does with everything but keywords and Match.
[[nodiscard]] std::optional<std::vector<std::string>> split_words(std::string_view text);

/// The words so that split_words() takes them apart again.
[[nodiscard]] std::string join_words(const std::vector<std::string>& words);

/// How ssh takes keywords and the parts of Match: by blanks or one `=`, with double quotes only.
class delimited_text {
public:
    explicit delimited_text(std::string_view text) : rest_(text) {}

    /// None at the end, and where a quotation mark is missing.
    [[nodiscard]] std::optional<std::string> next();
    [[nodiscard]] std::string_view rest() const noexcept { return rest_.value_or(""); }
    void drop() noexcept { rest_.reset(); }

private:
    std::optional<std::string_view> rest_;
};

/// The lines that say something. The fault's file is empty: the caller's to fill in.
[[nodiscard]] config_result<std::vector<config_line>> split_lines(std::string_view text);

/// "\"value\"", for messages.
[[nodiscard]] inline std::string in_quotes(std::string_view value) {
    return '"' + escaped(value) + '"';
}

// Details.

inline constexpr std::string_view config_blanks = " \t\r\n";

[[nodiscard]] inline std::string_view skip_config_blanks(std::string_view text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(config_blanks), text.size()));
    return text;
}

#if ADIT_BODIES

ADIT_DECL std::string config_fault::sentence() const {
    const std::string place = line == 0 ? std::string() : ':' + std::to_string(line);
    return escaped(file) + place + ": " + what;
}

ADIT_DECL void throw_exception_from_error(const config_fault& fault,
                                          const boost::source_location& where) {
    boost::throw_exception(std::runtime_error(fault.sentence()), where);
}

/// One word from the front of `text`; false: its quotation mark is missing.
[[nodiscard]] inline bool take_config_word(std::string_view& text, std::string& word) {
    char quote = '\0';
    for (; !text.empty(); text.remove_prefix(1)) {
        const char c = text.front();
        if (c == '\\' && text.size() > 1) {
            const char next = text[1];
            const bool escape = next == '\'' || next == '"' || next == '\\';
            if (escape || (quote == '\0' && next == ' ')) text.remove_prefix(1);
            word += text.front();
        } else if (quote == '\0' && (c == ' ' || c == '\t')) {
            return true;
        } else if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
        } else if (quote != '\0' && c == quote) {
            quote = '\0';
        } else {
            word += c;
        }
    }
    return quote == '\0';
}

ADIT_DECL std::optional<std::vector<std::string>> split_words(std::string_view text) {
    std::vector<std::string> words;
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        if (text.empty() || text.front() == '#') return words;
        words.emplace_back();
        if (!take_config_word(text, words.back())) return std::nullopt;
    }
}

ADIT_DECL std::string join_words(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        if (!text.empty()) text += ' ';
        const bool plain = !word.empty() && word.find_first_of(" \t\"'\\#") == std::string::npos;
        if (plain) {
            text += word;
            continue;
        }
        text += '"';
        for (const char c : word) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }
    return text;
}

ADIT_DECL std::optional<std::string> delimited_text::next() {
    if (!rest_) return std::nullopt;
    std::string_view text = *rest_;
    const auto end = text.find_first_of(" \t\r\n\"=");
    std::string word(text.substr(0, end));
    if (end == std::string_view::npos) {
        rest_.reset();
        return word;
    }
    const char delimiter = text[end];
    text.remove_prefix(end + 1);
    if (delimiter == '"') {
        const auto close = text.find('"');
        if (close == std::string_view::npos) {
            rest_.reset();
            return std::nullopt;
        }
        word += text.substr(0, close);
        rest_ = skip_config_blanks(text.substr(close + 1));
        return word;
    }
    text = skip_config_blanks(text);
    if (delimiter != '=' && text.starts_with('=')) text = skip_config_blanks(text.substr(1));
    rest_ = text;
    return word;
}

/// One line that is not empty; a keyword that is empty: it says nothing.
[[nodiscard]] inline config_result<config_line> split_line(std::string_view text,
                                                           std::size_t number) {
    delimited_text words(text);
    auto keyword = words.next();
    if (keyword && keyword->empty()) keyword = words.next();
    if (!keyword) return config_fault{{}, number, "a quotation mark is missing"};
    config_line line{number, to_lower(*keyword), {}, {}};
    if (keyword->empty() || keyword->starts_with('#')) return config_line{number, {}, {}, {}};
    line.rest = skip_config_blanks(words.rest());
    if (line.rest.empty()) {
        return config_fault{{}, number, in_quotes(*keyword) + " has no value"};
    }
    auto split = split_words(line.rest);
    if (!split) return config_fault{{}, number, "a quotation mark is missing"};
    line.words = std::move(*split);
    return line;
}

ADIT_DECL config_result<std::vector<config_line>> split_lines(std::string_view text) {
    constexpr std::size_t longest_line = std::size_t{64} * 1024;
    std::vector<config_line> lines;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view one = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(one.size() + 1, text.size()));
        if (one.size() > longest_line) return config_fault{{}, number, "the line is too long"};
        if (one.find('\0') != std::string_view::npos) {
            return config_fault{{}, number, "the line holds a NUL"};
        }
        one = one.substr(0, one.find_last_not_of(" \t\r\f") + 1);
        if (skip_config_blanks(one).empty()) continue;
        auto line = split_line(one, number);
        if (!line) return line.error();
        if (!line->keyword.empty()) lines.push_back(std::move(*line));
    }
    return lines;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
