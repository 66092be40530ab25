// A local way in and where it leads, as ssh's -L and -D say it. Used by tunnel.hpp and
// entrance.hpp. Invariant: what is not set is what `ssh -N` would do, but that a port is on
// 127.0.0.1 alone.
#pragma once

#include <adit/client.hpp>
#include <adit/protocol/socks_server.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace adit {

/// One local port or socket and where it leads.
struct local_forward {
    explicit local_forward(target where) : to(std::move(where)) {}
    /// Each client says by SOCKS where it wants to go (DynamicForward).
    [[nodiscard]] static local_forward by_socks() {
        local_forward forward(target("", 0));
        forward.dynamic = true;
        return forward;
    }

    std::string bind_address = "127.0.0.1";
    std::uint16_t bind_port = 0;        ///< 0: a free one; see tunnel::endpoints()
    std::string bind_path;              ///< a Unix socket instead, where it is not empty
    unsigned bind_mask = 0177;          ///< StreamLocalBindMask: permissions that nobody gets
    bool replace_socket = false;        ///< StreamLocalBindUnlink: a socket that is there goes
    target to;                          ///< means nothing where `dynamic` is set
    bool dynamic = false;               ///< SOCKS 4, 4a and 5
    protocol::socks_login socks_login;  ///< what a SOCKS client has to know; empty: nothing
    std::chrono::milliseconds socks_timeout{10'000};  ///< for the request; zero: none
};

}  // namespace adit
