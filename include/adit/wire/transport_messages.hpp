// The transport's own messages, RFC 4253 section 11, 10, RFC 8308 and OpenSSH's ping. Used by
// transport/ and by the demultiplexer of connection/. Field names are the RFC's.
#pragma once

#include <adit/wire/message.hpp>

namespace adit::wire {

struct disconnect {  // RFC 4253 section 11.1
    static constexpr auto id = message_id::disconnect;
    u32 reason_code{};
    text description, language_tag;
    static constexpr text names = "reason_code description language_tag";
    static constexpr auto wire(auto& m) {
        return std::tie(m.reason_code, m.description, m.language_tag);
    }
};

struct ignore {  // RFC 4253 section 11.2
    static constexpr auto id = message_id::ignore;
    octets data;
    static constexpr text names = "data";
    static constexpr auto wire(auto& m) { return std::tie(m.data); }
};

struct debug {  // RFC 4253 section 11.3
    static constexpr auto id = message_id::debug;
    boolean always_display{};
    text message, language_tag;
    static constexpr text names = "always_display message language_tag";
    static constexpr auto wire(auto& m) {
        return std::tie(m.always_display, m.message, m.language_tag);
    }
};

struct unimplemented {  // RFC 4253 section 11.4
    static constexpr auto id = message_id::unimplemented;
    u32 packet_sequence_number{};
    static constexpr text names = "packet_sequence_number";
    static constexpr auto wire(auto& m) { return std::tie(m.packet_sequence_number); }
};

struct service_request {  // RFC 4253 section 10
    static constexpr auto id = message_id::service_request;
    text service_name;
    static constexpr text names = "service_name";
    static constexpr auto wire(auto& m) { return std::tie(m.service_name); }
};

struct service_accept {  // RFC 4253 section 10
    static constexpr auto id = message_id::service_accept;
    text service_name;
    static constexpr text names = "service_name";
    static constexpr auto wire(auto& m) { return std::tie(m.service_name); }
};

struct ext_info {  // RFC 8308 section 2.3; `extensions` holds nr_extensions pairs
    static constexpr auto id = message_id::ext_info;
    u32 nr_extensions{};
    rest extensions;
    static constexpr text names = "nr_extensions extensions";
    static constexpr auto wire(auto& m) { return std::tie(m.nr_extensions, m.extensions); }
};

struct extension {  // one pair of ext_info
    text extension_name;
    octets extension_value;
    static constexpr text names = "extension_name extension_value";
    static constexpr auto wire(auto& m) { return std::tie(m.extension_name, m.extension_value); }
};

struct ping {  // ping@openssh.com: OpenSSH's PROTOCOL, "transport: ping facility"
    static constexpr auto id = message_id::ping;
    octets data;
    static constexpr text names = "data";
    static constexpr auto wire(auto& m) { return std::tie(m.data); }
};

struct pong {  // the same data back
    static constexpr auto id = message_id::pong;
    octets data;
    static constexpr text names = "data";
    static constexpr auto wire(auto& m) { return std::tie(m.data); }
};

}  // namespace adit::wire
