// The last accepted TOTP step of every user, in one file (A17, RFC 6238 section 5.2; S06): a line
// is a user's name, escaped, and a number. Used by step_store.hpp.
// Invariants: a step is on the disk before it counts as accepted; the file is replaced as a whole,
// so that it is always an old one or a new one; of processes side by side one accepts a step;
// what cannot be read refuses, and never begins anew.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/file.hpp>
#include <adit/config/safe_file.hpp>
#include <adit/error.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace adit::config {

enum class step_verdict : int {
    accepted = 1,
    used = 2,  ///< it, or a later one, was accepted before
};

/// Accepts the step if it is later than any that this user had accepted before: so at most once.
/// Makes the file if it is missing, for us alone, and beside it the file that is locked. Errors of
/// ours are permission_denied (others can write the file or its folder), bad_message (the line of
/// this user is broken, or it cannot be told whose line is) and timed_out (the lock is held).
[[nodiscard]] result<step_verdict> advance_step(const std::string& path, std::string_view user,
                                                std::uint64_t step);

/// What would keep every step from being accepted there: for a program that is about to start.
/// Changes nothing, but makes the file that is locked.
[[nodiscard]] error_code check_step_file(const std::string& path);

// Details.

#if ADIT_BODIES

namespace step_file {

inline constexpr std::size_t largest = std::size_t{16} * 1024 * 1024;

[[nodiscard]] inline bool is_plain(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '@' || c == '+';
}

/// Any user's name as one word; '%' and two digits stand for what is not plain, '%' alone for
/// nothing at all.
[[nodiscard]] inline std::string word_for(std::string_view user) {
    std::string word(user.empty() ? "%" : "");
    for (const char c : user) {
        if (is_plain(c))
            word += c;
        else
            word += '%' + to_hex(as_bytes(std::string_view(&c, 1)));
    }
    return word;
}

/// What stands behind the name in a sound line: one blank and a number as it is written.
[[nodiscard]] inline std::optional<std::uint64_t> step_in(std::string_view rest) noexcept {
    if (!rest.starts_with(' ')) return std::nullopt;
    rest.remove_prefix(1);
    std::uint64_t step = 0;
    const char* const begin = rest.data();
    const char* const end = begin + rest.size();
    const auto [stop, error] = std::from_chars(begin, end, step);
    const bool leading_zero = rest.size() > 1 && rest.front() == '0';
    if (error != std::errc() || stop != end || leading_zero) return std::nullopt;
    return step;
}

[[nodiscard]] inline error_code broken() {
    return make_error_code(boost::system::errc::bad_message);
}

/// The file with the step accepted; none: it is no later than the last one.
[[nodiscard]] inline result<std::optional<std::string>> with_step(std::string_view text,
                                                                  std::string_view user,
                                                                  std::uint64_t step) {
    if (!text.empty() && text.back() != '\n') return broken();  // somebody has cut it
    const std::string word = word_for(user);
    std::string after;
    bool known = false, later = true;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() + 1);
        const auto in_word = [](char c) { return is_plain(c) || c == '%'; };
        const auto name_end = std::ranges::find_if_not(line, in_word);
        const auto size = static_cast<std::size_t>(name_end - line.begin());
        const bool is_remark = line.empty() || line.front() == '#';
        if (size == 0 && !is_remark) return broken();
        if (is_remark || line.substr(0, size) != word) {
            after.append(line).append(1, '\n');
            continue;
        }
        const auto last = step_in(line.substr(size));
        if (!last || known) return broken();
        known = true;
        later = step > *last;
    }
    if (!later) return std::optional<std::string>();
    after.append(word).append(1, ' ').append(std::to_string(step)).append(1, '\n');
    return std::optional<std::string>(std::move(after));
}

// Others hold it for as long as one file takes to be replaced.
[[nodiscard]] inline error_code lock(int descriptor) noexcept {
    constexpr timespec pause{0, 5'000'000};
    constexpr int most_tries = 400;  // two seconds in all
    for (int i = 0; i < most_tries; ++i) {
        if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return {};
        if (errno == EWOULDBLOCK)
            ::nanosleep(&pause, nullptr);
        else if (errno != EINTR)
            return last_system_error();
    }
    return make_error_code(boost::system::errc::timed_out);
}

/// A folder in which others cannot put a file of theirs in the place of ours.
[[nodiscard]] inline error_code check_folder(const std::string& folder) noexcept {
    struct stat status{};
    if (::stat(folder.c_str(), &status) != 0) return last_system_error();
    const bool sticky = (status.st_mode & S_ISVTX) != 0;
    if (sticky || is_written_by(status, ::geteuid(), ::geteuid())) return {};
    return make_error_code(boost::system::errc::permission_denied);
}

[[nodiscard]] inline result<std::string> read(const std::string& path) {
    const auto file = open_file(path, O_RDONLY);
    if (!file && file.error() == boost::system::errc::no_such_file_or_directory) {
        return std::string();
    }
    if (!file) return file.error();
    struct stat status{};
    if (::fstat(file->get(), &status) != 0) return last_system_error();
    if (!S_ISREG(status.st_mode)) return errc::key_file_not_regular;
    if (!is_written_by(status, ::geteuid(), ::geteuid())) {
        return make_error_code(boost::system::errc::permission_denied);
    }
    const auto content = read_all(file->get(), largest);
    if (!content) return content.error();
    return std::string(as_text(*content));
}

[[nodiscard]] inline error_code write_all(int descriptor, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return last_system_error();
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::fsync(descriptor) == 0 ? error_code() : last_system_error();
}

// Under the lock, so the name of the new file can be a fixed one.
[[nodiscard]] inline error_code replace(const std::string& path, const std::string& folder,
                                        std::string_view text) {
    const std::string fresh = path + ".new";
    static_cast<void>(::unlink(fresh.c_str()));  // of somebody who was killed here
    const auto file = open_file(fresh, O_WRONLY | O_CREAT | O_EXCL);
    if (!file) return file.error();
    if (const error_code ec = write_all(file->get(), text)) return ec;
    if (::rename(fresh.c_str(), path.c_str()) != 0) return last_system_error();
    const file_descriptor place(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (place.get() < 0 || ::fsync(place.get()) != 0) return last_system_error();
    return {};
}

/// The file as it is, while its lock is held.
struct held {
    std::string place, folder, text;
    file_descriptor lock{-1};
};

[[nodiscard]] inline result<held> hold(const std::string& path) {
    held now;
    // A link is followed, so that it stays one and all its names mean one lock.
    now.place = safe_files::real_path(path);
    if (now.place.empty()) now.place = path;
    const bool bare = now.place.find('/') == std::string::npos;
    now.folder = bare ? "." : safe_files::folder_of(now.place);
    if (const error_code ec = check_folder(now.folder)) return ec;
    auto locked = open_file(now.place + ".lock", O_RDWR | O_CREAT);
    if (!locked) return locked.error();
    now.lock = std::move(*locked);
    if (const error_code ec = lock(now.lock.get())) return ec;
    auto text = read(now.place);
    if (!text) return text.error();
    now.text = std::move(*text);
    return now;
}

}  // namespace step_file

ADIT_DECL result<step_verdict> advance_step(const std::string& path, std::string_view user,
                                            std::uint64_t step) {
    const auto now = step_file::hold(path);
    if (!now) return now.error();
    const auto after = step_file::with_step(now->text, user, step);
    if (!after) return after.error();
    if (!*after) return step_verdict::used;
    if (const error_code ec = step_file::replace(now->place, now->folder, **after)) return ec;
    return step_verdict::accepted;
}

ADIT_DECL error_code check_step_file(const std::string& path) {
    const auto now = step_file::hold(path);
    if (!now) return now.error();
    if (::faccessat(AT_FDCWD, now->folder.c_str(), W_OK, AT_EACCESS) != 0) {
        return last_system_error();
    }
    // Whose line is broken does not matter; that the file is no such file does.
    const auto after = step_file::with_step(now->text, {}, 0);
    return after ? error_code() : after.error();
}

#endif  // ADIT_BODIES

}  // namespace adit::config
