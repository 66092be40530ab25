// The give and take that all methods of authentication share, RFC 4252 section 5: who logs in, and
// what the server answers to a request. Used by each method's file and by client.hpp. Sees only the
// packet port. Invariant: success is believed only in answer to a request that was sent (C35).
#pragma once

#include <adit/bodies.hpp>
#include <adit/transport/packet_port.hpp>
#include <adit/wire/auth_messages.hpp>

#include <string>
#include <string_view>

namespace adit::auth {

inline constexpr std::string_view userauth_service = "ssh-userauth";
inline constexpr std::string_view connection_service = "ssh-connection";

/// Who logs in, and over which connection.
struct login {
    std::string user;
    std::string host;
    bytes_view session_id;
    bytes_view host_key, host_key_signature;  ///< for who binds signatures to sessions
};

struct verdict {
    bool success = false;
    bool partial = false;      ///< the factor was right and another one is needed
    std::string methods_left;  ///< comma-separated; what can continue
    bool withdrawn = false;    ///< no verdict: we gave up halfway, and nothing waits for an answer
};

/// The next message that is not a banner; banners go into the report, escaped.
[[nodiscard]] task<protocol::packet> receive_past_banners(packet_port& port);

/// Reads success or failure; anything else is unexpected here.
[[nodiscard]] verdict read_verdict(const protocol::packet& packet);

[[nodiscard]] task<verdict> receive_verdict(packet_port& port);

// Details.

#if ADIT_BODIES

ADIT_DECL task<protocol::packet> receive_past_banners(packet_port& port) {
    constexpr std::size_t longest_banner = 4096;
    for (;;) {
        const protocol::packet packet = co_await port.receive_packet();
        if (packet.id() != wire::message_id::userauth_banner) co_return packet;
        const auto banner = value_of(wire::decode<wire::userauth_banner>(packet.payload));
        std::string& shown = port.report().banner;
        if (shown.size() < longest_banner) shown += escaped(banner.message, longest_banner);
    }
}

ADIT_DECL verdict read_verdict(const protocol::packet& packet) {
    if (packet.id() == wire::message_id::userauth_success) {
        static_cast<void>(value_of(wire::decode<wire::userauth_success>(packet.payload)));
        return {true, false, {}, false};
    }
    const auto failure = value_of(wire::decode<wire::userauth_failure>(packet.payload));
    return {false, failure.partial_success,
            std::string(failure.authentications_that_can_continue.names), false};
}

ADIT_DECL task<verdict> receive_verdict(packet_port& port) {
    co_return read_verdict(co_await receive_past_banners(port));
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
