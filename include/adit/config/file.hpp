// Opening and reading the files that a user names (S05, L22): keys, known_hosts, configurations.
// What is opened is judged by fstat of the descriptor, never by the path, so nothing can be swapped
// in between. Used by key_file.hpp, known_hosts.hpp and its writer.
// Invariant: no call blocks on a FIFO, a device or a terminal, and no more than `largest` bytes are
// kept. /dev/null, under any name, reads as empty.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

namespace adit::config {

enum class file_privacy {
    any,
    private_to_us,  ///< a file of ours must be closed to everybody else, as ssh demands of keys
};

struct file_rules {
    std::size_t largest = std::size_t{1024} * 1024;
    file_privacy privacy = file_privacy::any;
};

/// The content of a file. The error is the system's (no_such_file_or_directory, permission_denied,
/// too_many_files_open and so on), or one of ours: key_file_not_regular, key_file_too_open,
/// key_file_too_large.
[[nodiscard]] result<crypto::secret_bytes> read_file(const std::string& path,
                                                     const file_rules& rules);

/// Owns a descriptor.
class file_descriptor {
public:
    explicit file_descriptor(int number) noexcept : number_(number) {}
    file_descriptor(file_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    file_descriptor& operator=(file_descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~file_descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int get() const noexcept { return number_; }

private:
    int number_;
};

/// Opens a regular file or /dev/null with `flags`, to which the safe ones are added.
[[nodiscard]] result<file_descriptor> open_file(const std::string& path, int flags);

/// From the file's present position to its end.
[[nodiscard]] result<crypto::secret_bytes> read_all(int descriptor, std::size_t largest);

[[nodiscard]] bool is_null_device(const struct stat& file) noexcept;

/// Whether the machine has run out of something: not the fault of the file that was to be opened.
[[nodiscard]] bool is_exhaustion(error_code ec) noexcept;

// Details.

[[nodiscard]] inline error_code last_system_error() noexcept {
    return {errno, boost::system::system_category()};
}

#if ADIT_BODIES

ADIT_DECL bool is_exhaustion(error_code ec) noexcept {
    return ec == boost::system::errc::too_many_files_open ||
           ec == boost::system::errc::too_many_files_open_in_system ||
           ec == boost::system::errc::not_enough_memory;
}

ADIT_DECL bool is_null_device(const struct stat& file) noexcept {
    struct stat null_device{};
    return S_ISCHR(file.st_mode) && ::stat("/dev/null", &null_device) == 0 &&
           S_ISCHR(null_device.st_mode) && file.st_rdev == null_device.st_rdev;
}

ADIT_DECL result<file_descriptor> open_file(const std::string& path, int flags) {
    constexpr int safe_flags = O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
    constexpr mode_t only_us = 0600;
    if (path.find('\0') != std::string::npos) {
        return make_error_code(boost::system::errc::no_such_file_or_directory);
    }
    file_descriptor file(::open(path.c_str(), flags | safe_flags, only_us));
    if (file.get() < 0) {
        // A socket cannot be opened at all, nor a directory or a FIFO without a reader for writing.
        const bool odd_kind = errno == ENXIO || errno == ENODEV || errno == EISDIR;
        return odd_kind ? make_error_code(errc::key_file_not_regular) : last_system_error();
    }
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return last_system_error();
    if (!S_ISREG(status.st_mode) && !is_null_device(status)) return errc::key_file_not_regular;
    return file;
}

ADIT_DECL result<crypto::secret_bytes> read_all(int descriptor, std::size_t largest) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return last_system_error();
    const auto expected = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
    if (expected > largest) return errc::key_file_too_large;

    // One byte of room more than expected finds the end; a file that grows meanwhile gets more.
    crypto::secret_bytes content(std::min(expected, largest) + 1);
    std::size_t filled = 0;
    for (;;) {
        if (filled > largest) return errc::key_file_too_large;
        if (filled == content.size()) content.resize(std::min(filled * 2, largest + 1));
        const ssize_t count = ::read(descriptor, content.data() + filled, content.size() - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return last_system_error();
        if (count == 0) break;
        filled += static_cast<std::size_t>(count);
    }
    content.resize(filled);
    return content;
}

ADIT_DECL result<crypto::secret_bytes> read_file(const std::string& path, const file_rules& rules) {
    auto file = open_file(path, O_RDONLY);
    if (!file) return file.error();
    struct stat status{};
    if (::fstat(file->get(), &status) != 0) return last_system_error();
    if (is_null_device(status)) return crypto::secret_bytes{};
    // What ssh's sshkey_perm_ok does: a file of another owner, such as a mounted secret of root's
    // with mode 0440, is that owner's business.
    constexpr mode_t others = 077;
    const bool too_open = status.st_uid == ::getuid() && (status.st_mode & others) != 0;
    if (rules.privacy == file_privacy::private_to_us && too_open) return errc::key_file_too_open;
    return read_all(file->get(), rules.largest);
}

#endif  // ADIT_BODIES

}  // namespace adit::config
