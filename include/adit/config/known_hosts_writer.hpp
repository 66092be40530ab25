// Appending a host's key to known_hosts (S06, A30). Used by the accept-new policy.
// Invariants: a line appears whole or not at all, also next to other processes that append; no
// other line changes its meaning; nothing is written that could be read as more than one name and
// one key.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/file.hpp>
#include <adit/config/known_hosts.hpp>
#include <adit/crypto/random.hpp>
#include <adit/error.hpp>
#include <adit/keys/hashed_name.hpp>
#include <adit/keys/public_key.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <cstdint>
#include <string>
#include <string_view>

namespace adit::config {

/// Appends "host key" and creates the file, and the folder it lies in, if missing. Writes nothing
/// and succeeds where the key is known already, and for the paths `none` and /dev/null. Otherwise:
/// unsafe_host_name, host_key_changed or host_key_revoked where the file says so by now (somebody
/// else was quicker), known_hosts_unreadable, known_hosts_unwritable. Waits at most a second while
/// another process holds the lock, which is for as long as one read and one write take.
[[nodiscard]] error_code add_known_host(const std::string& path, std::string_view host,
                                        std::uint16_t port, const keys::public_key& key);

/// The same with the name hashed, under a salt from `random`.
[[nodiscard]] error_code add_hashed_known_host(const std::string& path, std::string_view host,
                                               std::uint16_t port, const keys::public_key& key,
                                               crypto::random_source& random);

/// Whether a host name can stand in known_hosts and mean just itself there.
[[nodiscard]] bool is_recordable_host_name(std::string_view host) noexcept;

// Details.

#if ADIT_BODIES

namespace known_hosts_writer {

struct new_line {
    std::string_view host;
    std::uint16_t port;
    const keys::public_key& key;
    std::string names;
};

[[nodiscard]] inline error_code unwritable(error_code ec) noexcept {
    return is_exhaustion(ec) ? ec : make_error_code(errc::known_hosts_unwritable);
}

[[nodiscard]] error_code append(const std::string& path, const new_line& line);
[[nodiscard]] error_code append_locked(const std::string& path, int descriptor,
                                       const new_line& line);
[[nodiscard]] errc lock(int descriptor) noexcept;
/// Opens the file and waits for its lock; the one that stands at the path once the lock is ours,
/// for somebody may have put another in its place meanwhile.
[[nodiscard]] result<file_descriptor> open_locked(const std::string& path, int flags);
void make_folder_of(const std::string& path);

}  // namespace known_hosts_writer

ADIT_DECL error_code add_known_host(const std::string& path, std::string_view host,
                                    std::uint16_t port, const keys::public_key& key) {
    if (!is_recordable_host_name(host)) return errc::unsafe_host_name;
    return known_hosts_writer::append(path, {host, port, key, known_host_name(host, port)});
}

ADIT_DECL error_code add_hashed_known_host(const std::string& path, std::string_view host,
                                           std::uint16_t port, const keys::public_key& key,
                                           crypto::random_source& random) {
    if (!is_recordable_host_name(host)) return errc::unsafe_host_name;
    std::array<byte, keys::name_salt_size> salt{};
    random.fill(salt);
    const std::string names = keys::hash_name(known_host_name(host, port), salt);
    if (names.empty()) return errc::known_hosts_unwritable;
    return known_hosts_writer::append(path, {host, port, key, names});
}

// Blanks and control bytes end a field or a line, commas, wildcards and `!` make patterns, `|`, `#`
// and `@` begin something else, brackets enclose a name with its port. What is not ASCII is no host
// name: a resolver wants its ASCII form.
ADIT_DECL bool is_recordable_host_name(std::string_view host) noexcept {
    constexpr std::size_t longest = 255;
    constexpr std::string_view refused = ",*?!|#@[]\"'\\";
    const auto odd = [refused](char c) {
        return c <= ' ' || c > '~' || refused.find(c) != std::string_view::npos;
    };
    return !host.empty() && host.size() <= longest && std::ranges::none_of(host, odd);
}

namespace known_hosts_writer {

inline error_code append(const std::string& path, const new_line& line) {
    if (is_no_file(path)) return errc::ok;
    make_folder_of(path);
    const auto file = open_locked(path, O_RDWR | O_APPEND | O_CREAT);
    if (!file) return file.error();
    struct stat status{};
    if (::fstat(file->get(), &status) != 0) return errc::known_hosts_unwritable;
    if (is_null_device(status)) return errc::ok;
    return append_locked(path, file->get(), line);  // the lock ends with the descriptor
}

inline result<file_descriptor> open_locked(const std::string& path, int flags) {
    constexpr int most_tries = 10;
    for (int i = 0; i < most_tries; ++i) {
        auto file = open_file(path, flags);
        if (!file) return unwritable(file.error());
        struct stat opened{}, standing{};
        if (::fstat(file->get(), &opened) != 0) return errc::known_hosts_unwritable;
        if (is_null_device(opened)) return file;
        if (lock(file->get()) != errc::ok) return errc::known_hosts_unwritable;
        const bool there = ::stat(path.c_str(), &standing) == 0;
        if (there && standing.st_dev == opened.st_dev && standing.st_ino == opened.st_ino) {
            return file;
        }
    }
    return errc::known_hosts_unwritable;
}

// One write: O_APPEND puts it behind what others have appended, lock or no lock. Should only a part
// of it fit on the disk, the rest of a line without its end is skipped by every reader.
inline error_code append_locked(const std::string& path, int descriptor, const new_line& line) {
    const auto content = read_all(descriptor, known_hosts::largest_file);
    if (!content) {
        return is_exhaustion(content.error()) ? content.error()
                                              : make_error_code(errc::known_hosts_unreadable);
    }
    const auto verdict =
        known_hosts::parse(as_text(*content), path).check(line.host, line.port, line.key);
    switch (verdict.status) {
        case host_key_status::match: return errc::ok;
        case host_key_status::mismatch: return errc::host_key_changed;
        case host_key_status::revoked: return errc::host_key_revoked;
        case host_key_status::unknown: break;
    }
    std::string text;
    if (!content->empty() && content->back() != '\n') text += '\n';
    text.append(line.names).append(1, ' ').append(line.key.to_line()).append(1, '\n');

    ssize_t written = 0;
    do {
        written = ::write(descriptor, text.data(), text.size());
    } while (written < 0 && errno == EINTR);
    if (written < 0) return unwritable(last_system_error());
    return static_cast<std::size_t>(written) == text.size() ? errc::ok
                                                            : errc::known_hosts_unwritable;
}

// Others hold it for one read and one write. Who holds it longer is not waited for: this may be an
// event loop's thread.
inline errc lock(int descriptor) noexcept {
    constexpr timespec pause{0, 5'000'000};
    constexpr int most_tries = 200;  // a second in all
    for (int i = 0; i < most_tries; ++i) {
        if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return errc::ok;
        if (errno == EWOULDBLOCK)
            ::nanosleep(&pause, nullptr);
        else if (errno != EINTR)
            break;
    }
    return errc::known_hosts_unwritable;
}

// Only the last folder, as ssh makes ~/.ssh; if it cannot be made, opening the file says why.
inline void make_folder_of(const std::string& path) {
    constexpr mode_t only_us = 0700;
    const auto slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) return;
    const std::string folder(path, 0, slash);
    static_cast<void>(::mkdir(folder.c_str(), only_us));
}

}  // namespace known_hosts_writer

#endif  // ADIT_BODIES

}  // namespace adit::config
