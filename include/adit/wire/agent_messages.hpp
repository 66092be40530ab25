// Messages between a client and an SSH agent, RFC 9987 section 5, and OpenSSH's session-bind
// extension (PROTOCOL.agent section 1). An agent's message is a frame: its length, a number of the
// agent's own, its fields. Used by agent.hpp, by fake agents of tests and by fuzz target F14.
// Invariant: a frame is read as a message only if it ends where its last field ends.
#pragma once

#include <adit/wire/message.hpp>

#include <cstddef>
#include <string_view>
#include <tuple>
#include <vector>

namespace adit::wire {

enum class agent_message_id : byte {
    failure = 5,
    success = 6,
    request_identities = 11,
    identities_answer = 12,
    sign_request = 13,
    sign_response = 14,
    extension = 27,
    extension_failure = 28,
    extension_response = 29,
};

/// Fields that begin with an agent's number.
template <class T>
concept agent_message = fields<T> && requires {
    { T::id } -> std::convertible_to<agent_message_id>;
};

struct agent_request_identities {
    static constexpr auto id = agent_message_id::request_identities;
    static constexpr auto wire(auto&) { return std::tie(); }
};

struct agent_identities_answer {
    static constexpr auto id = agent_message_id::identities_answer;
    u32 nkeys{};
    rest keys;  ///< as many agent_identity
    static constexpr auto wire(auto& m) { return std::tie(m.nkeys, m.keys); }
};

struct agent_identity {
    octets key_blob;
    text comment;
    static constexpr auto wire(auto& m) { return std::tie(m.key_blob, m.comment); }
};

/// Flags of a sign request: with which hash an RSA key signs; without one it is SHA-1.
inline constexpr u32 agent_rsa_sha2_256 = 2;
inline constexpr u32 agent_rsa_sha2_512 = 4;

struct agent_sign_request {
    static constexpr auto id = agent_message_id::sign_request;
    octets key_blob, data;
    u32 flags{};
    static constexpr auto wire(auto& m) { return std::tie(m.key_blob, m.data, m.flags); }
};

struct agent_sign_response {
    static constexpr auto id = agent_message_id::sign_response;
    octets signature;
    static constexpr auto wire(auto& m) { return std::tie(m.signature); }
};

/// Tells an agent for which session the signatures are that are asked for on this connection.
struct agent_session_bind {
    static constexpr auto id = agent_message_id::extension;
    text extension_type = "session-bind@openssh.com";
    octets host_key, session_identifier, signature;
    boolean is_forwarding{};
    static constexpr auto wire(auto& m) {
        return std::tie(m.extension_type, m.host_key, m.session_identifier, m.signature,
                        m.is_forwarding);
    }
};

/// What a frame may hold, its length not counted; OpenSSH's limit.
inline constexpr std::size_t largest_agent_message = std::size_t{256} * 1024;

/// The whole frame; empty where the message is too large for one.
template <agent_message M>
[[nodiscard]] std::vector<byte> agent_frame(const M& message);

/// Reads what is in a frame, behind its length. The views look into it.
template <agent_message M>
[[nodiscard]] result<M> decode_agent(bytes_view message) noexcept;

// Details.

template <agent_message M>
std::vector<byte> agent_frame(const M& message) {
    const std::size_t size = 1 + fields_size(message);
    if (size > largest_agent_message) return {};
    std::vector<byte> frame(4 + size);
    writer w(frame);
    w.put_u32(static_cast<u32>(size));
    w.put_u8(static_cast<byte>(M::id));
    put_fields(w, message);
    return frame;
}

template <agent_message M>
result<M> decode_agent(bytes_view message) noexcept {
    if (message.empty()) return errc::message_truncated;
    if (message[0] != static_cast<byte>(M::id)) return errc::unexpected_message;
    return decode_fields<M>(message.subspan(1));
}

}  // namespace adit::wire
