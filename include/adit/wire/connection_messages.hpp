// Messages of the connection protocol, RFC 4254. What depends on a channel's or a request's type
// is a `rest` here and a struct of channel_types.hpp. Used by protocol/channel_table and
// connection/.
#pragma once

#include <adit/wire/message.hpp>

namespace adit::wire {

struct global_request {  // RFC 4254 section 4
    static constexpr auto id = message_id::global_request;
    text request_name;
    boolean want_reply{};
    rest request_data;
    static constexpr text names = "request_name want_reply request_data";
    static constexpr auto wire(auto& m) {
        return std::tie(m.request_name, m.want_reply, m.request_data);
    }
};

struct request_success {  // RFC 4254 section 4
    static constexpr auto id = message_id::request_success;
    rest response_data;
    static constexpr text names = "response_data";
    static constexpr auto wire(auto& m) { return std::tie(m.response_data); }
};

struct request_failure {  // RFC 4254 section 4
    static constexpr auto id = message_id::request_failure;
    static constexpr text names = "";
    static constexpr auto wire(auto&) { return std::tie(); }
};

struct channel_open {  // RFC 4254 section 5.1
    static constexpr auto id = message_id::channel_open;
    text channel_type;
    u32 sender_channel{}, initial_window_size{}, maximum_packet_size{};
    rest channel_data;
    static constexpr text names =
        "channel_type sender_channel initial_window_size maximum_packet_size "
        "channel_data";
    static constexpr auto wire(auto& m) {
        return std::tie(m.channel_type, m.sender_channel, m.initial_window_size,
                        m.maximum_packet_size, m.channel_data);
    }
};

struct channel_open_confirmation {  // RFC 4254 section 5.1
    static constexpr auto id = message_id::channel_open_confirmation;
    u32 recipient_channel{}, sender_channel{}, initial_window_size{}, maximum_packet_size{};
    rest channel_data;
    static constexpr text names =
        "recipient_channel sender_channel initial_window_size maximum_packet_size "
        "channel_data";
    static constexpr auto wire(auto& m) {
        return std::tie(m.recipient_channel, m.sender_channel, m.initial_window_size,
                        m.maximum_packet_size, m.channel_data);
    }
};

struct channel_open_failure {  // RFC 4254 section 5.1
    static constexpr auto id = message_id::channel_open_failure;
    u32 recipient_channel{}, reason_code{};
    text description, language_tag;
    static constexpr text names = "recipient_channel reason_code description language_tag";
    static constexpr auto wire(auto& m) {
        return std::tie(m.recipient_channel, m.reason_code, m.description, m.language_tag);
    }
};

struct channel_window_adjust {  // RFC 4254 section 5.2
    static constexpr auto id = message_id::channel_window_adjust;
    u32 recipient_channel{}, bytes_to_add{};
    static constexpr text names = "recipient_channel bytes_to_add";
    static constexpr auto wire(auto& m) { return std::tie(m.recipient_channel, m.bytes_to_add); }
};

struct channel_data {  // RFC 4254 section 5.2
    static constexpr auto id = message_id::channel_data;
    u32 recipient_channel{};
    octets data;
    static constexpr text names = "recipient_channel data";
    static constexpr auto wire(auto& m) { return std::tie(m.recipient_channel, m.data); }
};

struct channel_extended_data {  // RFC 4254 section 5.2
    static constexpr auto id = message_id::channel_extended_data;
    u32 recipient_channel{}, data_type_code{};
    octets data;
    static constexpr text names = "recipient_channel data_type_code data";
    static constexpr auto wire(auto& m) {
        return std::tie(m.recipient_channel, m.data_type_code, m.data);
    }
};

struct channel_eof {  // RFC 4254 section 5.3
    static constexpr auto id = message_id::channel_eof;
    u32 recipient_channel{};
    static constexpr text names = "recipient_channel";
    static constexpr auto wire(auto& m) { return std::tie(m.recipient_channel); }
};

struct channel_close {  // RFC 4254 section 5.3
    static constexpr auto id = message_id::channel_close;
    u32 recipient_channel{};
    static constexpr text names = "recipient_channel";
    static constexpr auto wire(auto& m) { return std::tie(m.recipient_channel); }
};

struct channel_request {  // RFC 4254 section 5.4
    static constexpr auto id = message_id::channel_request;
    u32 recipient_channel{};
    text request_type;
    boolean want_reply{};
    rest request_data;
    static constexpr text names = "recipient_channel request_type want_reply request_data";
    static constexpr auto wire(auto& m) {
        return std::tie(m.recipient_channel, m.request_type, m.want_reply, m.request_data);
    }
};

struct channel_success {  // RFC 4254 section 5.4
    static constexpr auto id = message_id::channel_success;
    u32 recipient_channel{};
    static constexpr text names = "recipient_channel";
    static constexpr auto wire(auto& m) { return std::tie(m.recipient_channel); }
};

struct channel_failure {  // RFC 4254 section 5.4
    static constexpr auto id = message_id::channel_failure;
    u32 recipient_channel{};
    static constexpr text names = "recipient_channel";
    static constexpr auto wire(auto& m) { return std::tie(m.recipient_channel); }
};

}  // namespace adit::wire
