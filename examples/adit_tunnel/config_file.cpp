// A configuration file for -F: ssh_config(5) as far as lines and Host go. Include and Match are
// refused by name, as is every option that option_table.cpp refuses, but only where a Host line
// makes it count. Invariant: a line counts if the patterns of the Host line above it match, and the
// first value of an option wins, after the command line's.
#include "settings.hpp"
#include "values.hpp"

#include <adit/bytes.hpp>
#include <adit/config/file.hpp>

namespace adit_tunnel {
namespace {

// Patterns of Host are separated by blanks; a negated one that matches decides.
bool host_matches(const std::string& host, const std::vector<std::string>& patterns) {
    std::string list;
    for (const std::string& pattern : patterns) list += (list.empty() ? "" : ",") + pattern;
    return adit::config::match_list(host, list) == adit::config::list_match::yes;
}

[[nodiscard]] std::string_view first_word(std::string_view line) {
    return line.substr(0, line.find_first_of(" \t="));
}

void read_line(settings& s, std::string_view line, bool& counts) {
    constexpr std::string_view blank = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
    line = line.substr(0, line.find_last_not_of(blank) + 1);
    if (line.empty() || line.starts_with('#')) return;
    const std::string name = to_lower(first_word(line));
    if (name == "host") {
        line.remove_prefix(std::min(line.find_first_not_of(" \t=", name.size()), line.size()));
        counts = host_matches(s.host, to_words(line));
        return;
    }
    // Whether a Match block counts is not known, so nothing behind it can be.
    if (name == "match" || name == "include" || counts) set_option_line(s, line);
}

}  // namespace

void read_config_file(settings& s, const std::string& path) {
    if (path == "none") return;
    const auto content = adit::config::read_file(path, {});
    if (!content) throw usage_error(path + ": " + content.error().message());
    std::string_view text = adit::as_text(*content);
    bool counts = true;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        try {
            read_line(s, line, counts);
        } catch (const usage_error& e) {
            throw usage_error(path + ":" + std::to_string(number) + ": " + e.what());
        }
    }
}

}  // namespace adit_tunnel
