// The files that an ssh_config consists of, Includes followed (ssh_config(5), Include): read once,
// so that everything behind it is a function of what was read. Used by ssh_config.hpp.
// Invariants: an Include that leads back to itself ends at depth 16, and no configuration has more
// than most_files files or most_lines lines (C52, A29); what system_config_files() opens is opened
// as S05 says, and an included file that others can write is refused, as ssh refuses it.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/config_line.hpp>
#include <adit/config/config_tokens.hpp>
#include <adit/config/file.hpp>
#include <adit/config/safe_file.hpp>
#include <adit/error.hpp>

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

/// How files are found and read. Both functions may be unset: then there are none.
struct config_files {
    /// What a pattern of glob(7) finds, in order.
    std::function<std::vector<std::string>(const std::string& pattern)> find{};
    /// The content; `checked`: nobody but root and us may be able to write it.
    std::function<result<std::string>(const std::string& path, bool checked)> read{};
};

/// Those of the system.
[[nodiscard]] config_files system_config_files();

/// A file that a configuration begins with.
struct config_root {
    std::string path;
    bool of_user = true;  ///< else of the system: Include is relative to /etc/ssh and knows no ~
    bool needed = true;   ///< else it may be missing
    bool checked = false;
};

/// What ssh reads without -F: ~/.ssh/config, then /etc/ssh/ssh_config.
[[nodiscard]] std::vector<config_root> standard_config_roots(const std::string& home);

struct config_source {
    std::string name;
    bool of_user = true;
    std::vector<config_line> lines;
};

class config_sources {
public:
    static constexpr std::size_t largest_file = std::size_t{1024} * 1024;
    static constexpr std::size_t most_files = 1024;
    static constexpr std::size_t most_lines = 100'000;
    static constexpr std::size_t deepest_include = 16;

    config_sources(const config_files& files, const config_facts& facts)
        : files_(files), facts_(facts) {}

    [[nodiscard]] std::optional<config_fault> add_file(const config_root& root);
    [[nodiscard]] std::optional<config_fault> add_text(std::string_view text,
                                                       const std::string& name, bool of_user);

    [[nodiscard]] std::vector<config_source> take() { return std::move(sources_); }
    [[nodiscard]] std::vector<std::size_t> take_roots() { return std::move(roots_); }

private:
    using outcome = config_result<std::size_t>;  ///< the source's number

    [[nodiscard]] outcome parse(std::string_view text, const std::string& name, bool of_user,
                                std::size_t depth);
    [[nodiscard]] std::optional<config_fault> include(std::size_t source, std::size_t line,
                                                      std::size_t depth);
    [[nodiscard]] expansion pattern_of(const std::string& word, bool of_user) const;

    const config_files& files_;
    const config_facts& facts_;
    std::vector<config_source> sources_;
    std::vector<std::size_t> roots_;
    std::size_t lines_ = 0;
};

// Details.

#if ADIT_BODIES

[[nodiscard]] inline std::vector<std::string> find_config_files(const std::string& pattern) {
    std::vector<std::string> found;
    glob_t names{};
    if (::glob(pattern.c_str(), 0, nullptr, &names) == 0) {
        found.assign(names.gl_pathv, names.gl_pathv + names.gl_pathc);
    }
    ::globfree(&names);
    return found;
}

[[nodiscard]] inline result<std::string> read_config_text(const std::string& path, bool checked) {
    const auto file = open_file(path, O_RDONLY);
    if (!file) return file.error();
    struct stat status{};
    if (::fstat(file->get(), &status) != 0) return last_system_error();
    if (is_null_device(status)) return std::string();
    if (checked && !is_written_by(status, ::geteuid(), ::geteuid())) {
        return make_error_code(boost::system::errc::permission_denied);
    }
    const auto content = read_all(file->get(), config_sources::largest_file);
    if (!content) return content.error();
    return std::string(as_text(*content));
}

ADIT_DECL config_files system_config_files() { return {find_config_files, read_config_text}; }

ADIT_DECL std::vector<config_root> standard_config_roots(const std::string& home) {
    return {{home + "/.ssh/config", true, false, true},
            {"/etc/ssh/ssh_config", false, false, false}};
}

[[nodiscard]] inline bool is_missing(error_code ec) noexcept {
    return ec == boost::system::errc::no_such_file_or_directory ||
           ec == boost::system::errc::not_a_directory;
}

[[nodiscard]] inline std::string why_unreadable(error_code ec) {
    if (ec == errc::key_file_not_regular) return "it is not a regular file";
    if (ec == errc::key_file_too_large) return "it is too large";
    const bool ours = ec == boost::system::errc::permission_denied;
    return ours ? "others may write it, or we may not read it" : ec.message();
}

ADIT_DECL std::optional<config_fault> config_sources::add_file(const config_root& root) {
    if (!files_.read) return std::nullopt;
    const auto text = files_.read(root.path, root.checked);
    if (!text && is_missing(text.error()) && !root.needed) return std::nullopt;
    if (!text) return config_fault{root.path, 0, why_unreadable(text.error())};
    return add_text(*text, root.path, root.of_user);
}

ADIT_DECL std::optional<config_fault> config_sources::add_text(std::string_view text,
                                                               const std::string& name,
                                                               bool of_user) {
    const outcome added = parse(text, name, of_user, 0);
    if (!added) return added.error();
    roots_.push_back(*added);
    return std::nullopt;
}

ADIT_DECL config_sources::outcome config_sources::parse(std::string_view text,
                                                        const std::string& name, bool of_user,
                                                        std::size_t depth) {
    if (depth > deepest_include) return config_fault{name, 0, "Include leads deeper than 16 files"};
    if (sources_.size() >= most_files) return config_fault{name, 0, "there are too many files"};
    auto lines = split_lines(text);
    if (!lines) return config_fault{name, lines.error().line, lines.error().what};
    lines_ += lines->size();
    if (lines_ > most_lines) return config_fault{name, 0, "there are too many lines"};
    const std::size_t number = sources_.size();
    sources_.push_back({name, of_user, std::move(*lines)});
    for (std::size_t i = 0; i < sources_[number].lines.size(); ++i) {
        if (sources_[number].lines[i].keyword != "include") continue;
        if (auto fault = include(number, i, depth)) return *fault;
    }
    return number;
}

// Relative to ~/.ssh or /etc/ssh, wherever the file itself lies, as ssh has it.
ADIT_DECL expansion config_sources::pattern_of(const std::string& word, bool of_user) const {
    if (word.empty()) return {{}, "a value is empty"};
    if (word.front() == '/') return {word, {}};
    if (!of_user) {
        if (word.front() == '~') return {{}, "~ is nobody's in a file of the system"};
        return {"/etc/ssh/" + word, {}};
    }
    return expand_home(word.front() == '~' ? word : "~/.ssh/" + word, facts_);
}

ADIT_DECL std::optional<config_fault> config_sources::include(std::size_t source, std::size_t line,
                                                              std::size_t depth) {
    const std::string file = sources_[source].name;
    const bool of_user = sources_[source].of_user;
    const std::size_t number = sources_[source].lines[line].number;
    const std::vector<std::string> words = sources_[source].lines[line].words;
    for (const std::string& word : words) {
        const expansion pattern = pattern_of(word, of_user);
        if (!pattern.wrong.empty()) return config_fault{file, number, pattern.wrong};
        if (!files_.find || !files_.read) continue;
        for (const std::string& path : files_.find(pattern.text)) {
            const auto text = files_.read(path, true);
            if (!text && is_missing(text.error())) continue;
            if (!text) return config_fault{path, 0, why_unreadable(text.error())};
            const outcome added = parse(*text, path, of_user, depth + 1);
            if (!added) return added.error();
            sources_[source].lines[line].include.push_back(*added);
        }
    }
    return std::nullopt;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
