// Reading a file that decides about logins, such as authorized_keys: what sshd's StrictModes asks
// of it (S05), that nobody else can write it, nor any folder on the way to it. Used by
// accounts.hpp.
// Invariant: the file is judged by its descriptor, its folders by the path without symbolic links.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/file.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace adit::config {

/// The content of a file that belongs, like all folders above it, to root, to us or to the owner of
/// `home`, and that nobody else can write. Above `home` nothing is looked at; an empty one means
/// all the way up. permission_denied: somebody else could have written it. Else as read_file().
[[nodiscard]] result<crypto::secret_bytes> read_safe_file(const std::string& path,
                                                          const std::string& home,
                                                          std::size_t largest);

/// Whether only root and these two can write what `status` describes.
[[nodiscard]] bool is_written_by(const struct stat& status, uid_t one, uid_t other) noexcept;

// Details.

namespace safe_files {

/// Without symbolic links; empty if there is no such thing.
[[nodiscard]] inline std::string real_path(const std::string& path) {
    std::array<char, PATH_MAX> room{};
    return ::realpath(path.c_str(), room.data()) == nullptr ? std::string() : room.data();
}

[[nodiscard]] inline std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}

// `path` is a real one, so it begins with a slash.
[[nodiscard]] inline bool folders_are_safe(std::string path, const std::string& home, uid_t owner) {
    while (path != "/" && path != home) {
        path = folder_of(path);
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) return false;
        if (!is_written_by(status, ::geteuid(), owner)) return false;
    }
    return true;
}

}  // namespace safe_files

#if ADIT_BODIES

ADIT_DECL bool is_written_by(const struct stat& status, uid_t one, uid_t other) noexcept {
    constexpr mode_t written_by_others = 022;
    const uid_t owner = status.st_uid;
    return (owner == 0 || owner == one || owner == other) &&
           (status.st_mode & written_by_others) == 0;
}

ADIT_DECL result<crypto::secret_bytes> read_safe_file(const std::string& path,
                                                      const std::string& home,
                                                      std::size_t largest) {
    const auto file = open_file(path, O_RDONLY);
    if (!file) return file.error();
    struct stat status{};
    if (::fstat(file->get(), &status) != 0) return last_system_error();
    if (is_null_device(status)) return crypto::secret_bytes();
    struct stat of_home{};
    const std::string top = home.empty() ? home : safe_files::real_path(home);
    const bool has_owner = !top.empty() && ::stat(top.c_str(), &of_home) == 0;
    const uid_t owner = has_owner ? of_home.st_uid : ::geteuid();
    const std::string real = safe_files::real_path(path);
    const bool safe = is_written_by(status, ::geteuid(), owner) && !real.empty() &&
                      safe_files::folders_are_safe(real, top, owner);
    if (!safe) return make_error_code(boost::system::errc::permission_denied);
    return read_all(file->get(), largest);
}

#endif  // ADIT_BODIES

}  // namespace adit::config
