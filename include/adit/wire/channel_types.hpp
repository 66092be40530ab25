// What a channel_open carries for each channel type: RFC 4254 section 7.2 and OpenSSH's PROTOCOL
// section 2.4. Used by forward.hpp and by servers' policies. Host names are bytes that only the
// side that connects interprets.
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

}  // namespace adit::wire
