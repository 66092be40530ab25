// A listening Unix socket's file: made with its final permissions, and removed at the end if it is
// still the one that was made. StreamLocalBindMask and StreamLocalBindUnlink of ssh_config(5). Used
// by entrance.hpp. Invariants: the process's umask, which all threads share, is not touched; what
// is no socket is never removed.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/system_error.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace adit::detail {

class socket_file {
public:
    using protocol = asio::local::stream_protocol;

    socket_file() = default;
    socket_file(socket_file&& other) noexcept
        : path_(std::exchange(other.path_, {})), device_(other.device_), number_(other.number_) {}
    socket_file& operator=(socket_file&& other) noexcept;
    ~socket_file() { remove(); }

    /// Opens and binds. Throws system_error: address_in_use where something is at the path that
    /// may not be removed.
    [[nodiscard]] static socket_file bind(protocol::acceptor& acceptor, const std::string& path,
                                          unsigned mask, bool replace);
    /// Removes the file if it is still that of bind().
    void remove() noexcept;

private:
    std::string path_;  // empty: nothing to remove
    dev_t device_ = 0;
    ino_t number_ = 0;
};

// Details.

#if ADIT_BODIES

ADIT_DECL socket_file& socket_file::operator=(socket_file&& other) noexcept {
    if (this == &other) return *this;
    remove();
    path_ = std::exchange(other.path_, {});
    device_ = other.device_;
    number_ = other.number_;
    return *this;
}

namespace socket_files {

[[noreturn]] inline void fail() {
    throw boost::system::system_error(errno, boost::system::system_category());
}

inline void remove_socket(const std::string& path) {
    struct stat there{};
    if (::lstat(path.c_str(), &there) != 0) {
        if (errno == ENOENT) return;
        fail();
    }
    if (!S_ISSOCK(there.st_mode)) throw boost::system::system_error(asio::error::address_in_use);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail();
}

}  // namespace socket_files

// The mode of the unbound socket becomes the file's, less the umask: so there is no moment at which
// more is allowed than in the end. What the umask took too much is given afterwards.
ADIT_DECL socket_file socket_file::bind(protocol::acceptor& acceptor, const std::string& path,
                                        unsigned mask, bool replace) {
    constexpr std::size_t longest_path = 107;  // of sun_path
    if (path.empty() || path.size() > longest_path) {
        throw boost::system::system_error(asio::error::name_too_long);
    }
    if (replace) socket_files::remove_socket(path);
    const mode_t mode = 0777U & ~static_cast<mode_t>(mask);
    acceptor.open();
    // Systems that cannot do it say so; there the mode comes with chmod alone.
    static_cast<void>(::fchmod(acceptor.native_handle(), mode));
    acceptor.bind(protocol::endpoint(path));
    socket_file made;
    made.path_ = path;
    struct stat there{};
    if (::lstat(path.c_str(), &there) != 0) socket_files::fail();
    made.device_ = there.st_dev;
    made.number_ = there.st_ino;
    if ((there.st_mode & 0777U) != mode && ::chmod(path.c_str(), mode) != 0) socket_files::fail();
    return made;
}

ADIT_DECL void socket_file::remove() noexcept {
    if (path_.empty()) return;
    struct stat there{};
    const bool ours = ::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ &&
                      there.st_ino == number_ && S_ISSOCK(there.st_mode);
    if (ours) ::unlink(path_.c_str());
    path_.clear();
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
