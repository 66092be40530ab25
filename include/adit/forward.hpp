// Forwarding as both roles see it: where a channel or a listener is to lead, as the peer said it,
// and the opening of a channel with its deadline. RFC 4254 section 7, OpenSSH's PROTOCOL section
// 2.4. Used by client.hpp, server.hpp and bastion.hpp.
// Invariants: a host or a path is bytes of the peer's and may be anything (A27); a port is one, or
// the request is refused (C48).
#pragma once

#include <adit/bodies.hpp>
#include <adit/channel.hpp>
#include <adit/connection/connection.hpp>
#include <adit/connection/open_op.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/wire/channel_types.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace adit {

/// Where a channel leads, or where a listener is. Texts are the peer's, not escaped.
struct forward_target {
    bool is_socket = false;  ///< a Unix socket; `host` is its path
    std::string host;
    std::uint16_t port = 0;
    std::string originator;  ///< whom the peer says that it serves; nobody can check it
    std::uint16_t originator_port = 0;

    /// Escaped, for people.
    [[nodiscard]] std::string to_string() const;
};

namespace detail {

/// Throws protocol_error where the fields are malformed.
[[nodiscard]] forward_target parse_target(std::string_view name, bytes_view data);

/// Asks the peer for a channel and waits for its answer. `words` become the peer's when it refuses,
/// escaped. Everything referred to outlives the task.
template <class Fields>
[[nodiscard]] task<channel> open_channel(connection& link, Fields fields, std::string& words);

}  // namespace detail

// Details.

namespace detail {

[[nodiscard]] inline std::uint16_t port_of(wire::u32 value) {
    if (value > 0xffff) throw protocol_error(errc::malformed_field);
    return static_cast<std::uint16_t>(value);
}

inline forward_target parse_target(std::string_view name, bytes_view data) {
    forward_target to;
    if (name == wire::direct_tcpip::channel_type) {
        const auto m = value_of(wire::decode_fields<wire::direct_tcpip>(data));
        to.host = std::string(m.host_to_connect);
        to.port = port_of(m.port_to_connect);
        to.originator = std::string(m.originator_ip_address);
        // Some clients say what they like here; it decides nothing.
        to.originator_port = static_cast<std::uint16_t>(m.originator_port);
    } else if (name == wire::direct_streamlocal::channel_type) {
        const auto m = value_of(wire::decode_fields<wire::direct_streamlocal>(data));
        to.is_socket = true;
        to.host = std::string(m.socket_path);
    } else if (name.find("streamlocal") != std::string_view::npos) {
        const auto m = value_of(wire::decode_fields<wire::streamlocal_forward>(data));
        to.is_socket = true;
        to.host = std::string(m.socket_path);
    } else if (name.find("tcpip") != std::string_view::npos) {
        const auto m = value_of(wire::decode_fields<wire::tcpip_forward>(data));
        to.host = std::string(m.address_to_bind);
        to.port = port_of(m.port_to_bind);
    }
    return to;
}

template <class Fields>
task<channel> open_channel(connection& link, Fields fields, std::string& words) {
    if (link.finished()) throw protocol_error(link.error());
    auto opened = link.channels().open(Fields::channel_type, fields);
    if (!opened) throw protocol_error(opened.error());
    const std::shared_ptr<channel_core> core = *opened;
    // From here on the handle closes the channel, whatever happens.
    channel handle(core);
    auto waiting = asio::async_initiate<const asio::deferred_t&, void(error_code)>(
        initiate_park(core, &channel_core::opening), asio::deferred);
    const auto limit = link.stream().caps().open_timeout;
    try {
        if (limit.count() == 0) {
            co_await std::move(waiting);
        } else {
            co_await with_deadline(std::move(waiting), limit);
        }
    } catch (const boost::system::system_error& e) {
        words = core->peer_words;
        if (e.code() == asio::error::timed_out) throw protocol_error(errc::deadline_exceeded);
        throw;
    }
    co_return handle;
}

}  // namespace detail

#if ADIT_BODIES

ADIT_DECL std::string forward_target::to_string() const {
    constexpr std::size_t longest = 255;
    std::string name = escaped(host, longest);
    if (is_socket) return name;
    const bool v6 = name.find(':') != std::string::npos;
    return (v6 ? "[" + name + "]" : name) + ":" + std::to_string(port);
}

#endif  // ADIT_BODIES

}  // namespace adit
