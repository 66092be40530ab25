// -f: the program goes on in a process of its own, and whoever started it gets its prompt back.
// Used by adit_tunnel.cpp, once the login is done and every port is there.
// Invariant: called from the only thread; sockets and timers go on in the child as they were.
#pragma once

#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace adit_tunnel {

/// Returns in the child; the parent ends with success. Standard input and output go, and standard
/// error unless it is to be kept. Throws system_error.
inline void go_to_background(boost::asio::io_context& io, bool keep_errors) {
    using context = boost::asio::io_context;
    std::fflush(nullptr);
    io.notify_fork(context::fork_prepare);
    const pid_t child = ::fork();
    if (child < 0) {
        const int why = errno;
        io.notify_fork(context::fork_parent);
        throw std::system_error(why, std::generic_category(), "fork");
    }
    if (child > 0) ::_exit(0);
    io.notify_fork(context::fork_child);
    ::setsid();
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return;
    ::dup2(null, 0);
    ::dup2(null, 1);
    if (!keep_errors) ::dup2(null, 2);
    ::close(null);
}

}  // namespace adit_tunnel
