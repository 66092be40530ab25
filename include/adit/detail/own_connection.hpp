// Whether the other end of a connection over loopback is a socket of this very process: who may use
// a port that was opened for this process alone. Used by bridge.hpp. Linux: looks at the sockets in
// /proc/self/fd, for a port is open to every account of the machine.
// Invariant: what cannot be shown to be ours is not ours.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>

#include <charconv>
#include <filesystem>
#include <string>
#include <system_error>

namespace adit::detail {

/// Of a connection that was accepted.
[[nodiscard]] bool is_own_connection(const asio::ip::tcp::socket& accepted);

// Details.

#if ADIT_BODIES

using name_of_socket = int (*)(int, sockaddr*, socklen_t*);

// A driver may reach an IPv4 port with an IPv6 socket.
[[nodiscard]] inline asio::ip::tcp::endpoint without_mapping(const asio::ip::tcp::endpoint& e) {
    const asio::ip::address address = e.address();
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return e;
    return {asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()), e.port()};
}

[[nodiscard]] inline bool is_named(int descriptor, name_of_socket ask,
                                   const asio::ip::tcp::endpoint& name) {
    asio::ip::tcp::endpoint found;
    auto size = static_cast<socklen_t>(found.capacity());
    if (ask(descriptor, found.data(), &size) != 0 || size > found.capacity()) return false;
    const int family = found.data()->sa_family;
    return (family == AF_INET || family == AF_INET6) && without_mapping(found) == name;
}

[[nodiscard]] inline bool is_tcp(int descriptor) {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

ADIT_DECL bool is_own_connection(const asio::ip::tcp::socket& accepted) {
    error_code failed;
    const auto here = without_mapping(accepted.local_endpoint(failed));
    if (failed) return false;
    const auto there = without_mapping(accepted.remote_endpoint(failed));
    if (failed) return false;
    std::error_code ec;
    std::filesystem::directory_iterator entry("/proc/self/fd", ec);
    const std::filesystem::directory_iterator end;
    for (; !ec && entry != end; entry.increment(ec)) {
        const std::string name = entry->path().filename().string();
        int descriptor = -1;
        std::from_chars(name.data(), name.data() + name.size(), descriptor);
        if (is_tcp(descriptor) && is_named(descriptor, &::getsockname, there) &&
            is_named(descriptor, &::getpeername, here)) {
            return true;
        }
    }
    return false;
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
