// What a channel_open or a global request carries for each type: RFC 4254 section 7, and OpenSSH's
// PROTOCOL section 2.4; the requests of sessions are in channel_requests.hpp. Used by forward.hpp
// and by servers' policies. Host names are bytes that only the side that connects interprets.
#pragma once

#include <adit/wire/message.hpp>

namespace adit::wire {

struct direct_tcpip {  // RFC 4254 section 7.2
    static constexpr text channel_type = "direct-tcpip";
    text host_to_connect;
    u32 port_to_connect{};
    text originator_ip_address;
    u32 originator_port{};
    static constexpr text names =
        "host_to_connect port_to_connect originator_ip_address originator_port";
    static constexpr auto wire(auto& m) {
        return std::tie(m.host_to_connect, m.port_to_connect, m.originator_ip_address,
                        m.originator_port);
    }
};

struct direct_streamlocal {  // OpenSSH's PROTOCOL section 2.4
    static constexpr text channel_type = "direct-streamlocal@openssh.com";
    text socket_path, reserved;
    u32 reserved_number{};
    static constexpr text names = "socket_path reserved reserved_number";
    static constexpr auto wire(auto& m) {
        return std::tie(m.socket_path, m.reserved, m.reserved_number);
    }
};

struct forwarded_tcpip {  // RFC 4254 section 7.2
    static constexpr text channel_type = "forwarded-tcpip";
    text address_connected;
    u32 port_connected{};
    text originator_ip_address;
    u32 originator_port{};
    static constexpr text names =
        "address_connected port_connected originator_ip_address originator_port";
    static constexpr auto wire(auto& m) {
        return std::tie(m.address_connected, m.port_connected, m.originator_ip_address,
                        m.originator_port);
    }
};

struct forwarded_streamlocal {  // OpenSSH's PROTOCOL section 2.4
    static constexpr text channel_type = "forwarded-streamlocal@openssh.com";
    text socket_path, reserved;
    static constexpr text names = "socket_path reserved";
    static constexpr auto wire(auto& m) { return std::tie(m.socket_path, m.reserved); }
};

struct tcpip_forward {  // RFC 4254 section 7.1, and its cancellation
    text address_to_bind;
    u32 port_to_bind{};
    static constexpr text names = "address_to_bind port_to_bind";
    static constexpr auto wire(auto& m) { return std::tie(m.address_to_bind, m.port_to_bind); }
};

struct tcpip_forward_reply {  // RFC 4254 section 7.1, when the request named port 0
    u32 port_bound{};
    static constexpr text names = "port_bound";
    static constexpr auto wire(auto& m) { return std::tie(m.port_bound); }
};

struct streamlocal_forward {  // OpenSSH's PROTOCOL section 2.4, and its cancellation
    text socket_path;
    static constexpr text names = "socket_path";
    static constexpr auto wire(auto& m) { return std::tie(m.socket_path); }
};

}  // namespace adit::wire
