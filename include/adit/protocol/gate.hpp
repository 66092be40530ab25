// The one gate: which message may be received in which phase by which role. Default deny: what no
// line below names is refused (RFC 4252 section 6, RFC 4253 section 7.1, strict kex; C16, C24, C25,
// C27-C29). Used by transport/packet_stream for every packet, before anybody looks into it.
// Invariant: a pure function; a test sweeps all 256 messages x phases x roles.
#pragma once

#include <adit/wire/message_id.hpp>

#include <cstdint>

namespace adit::protocol {

enum class role : std::uint8_t { client, server };

enum class phase : std::uint8_t {
    first_kexinit,   ///< until the peer's first KEXINIT; whether kex is strict is not known yet
    kex_method,      ///< the method's messages, first exchange
    kex_newkeys,     ///< NEWKEYS, first exchange
    strict_method,   ///< as kex_method with strict kex: nothing else
    strict_newkeys,  ///< as kex_newkeys with strict kex: nothing else
    service,         ///< keys are there, the authentication service is not
    authentication,
    connection,
    rekey_method,  ///< the peer's KEXINIT was received again
    rekey_newkeys,
};

enum class verdict : std::uint8_t {
    refuse,         ///< disconnect
    accept,         ///< whoever waits for a message gets it
    transport,      ///< disconnect, ignore, debug, unimplemented, ping: handled in any wait
    unimplemented,  ///< a number that nobody assigned: answer with UNIMPLEMENTED
};

[[nodiscard]] constexpr verdict allowed(role receiver, phase now, std::uint8_t message) noexcept;

// Details: the table, one line for each group of messages.

namespace gate {

constexpr bool is(std::uint8_t message, wire::message_id id) noexcept {
    return message == static_cast<std::uint8_t>(id);
}

constexpr bool generic_transport(std::uint8_t m) noexcept { return m >= 1 && m <= 4; }

// C28: of the transport by nature, but of no use before the login and forbidden inside a kex.
constexpr bool ping(phase now, std::uint8_t m) noexcept {
    return now == phase::connection &&
           (is(m, wire::message_id::ping) || is(m, wire::message_id::pong));
}

constexpr bool assigned(std::uint8_t m) noexcept {
    return (m >= 1 && m <= 7) || (m >= 20 && m <= 49) || (m >= 50 && m <= 53) ||
           (m >= 60 && m <= 82) || (m >= 90 && m <= 100);
}

constexpr bool during_authentication(role receiver, std::uint8_t m) noexcept {
    using wire::message_id;
    if (receiver == role::server) {
        return is(m, message_id::userauth_request) || is(m, message_id::userauth_info_response);
    }
    return is(m, message_id::userauth_failure) || is(m, message_id::userauth_success) ||
           is(m, message_id::userauth_banner) || is(m, message_id::userauth_pk_ok) ||
           is(m, message_id::ext_info);
}

constexpr bool during_service(role receiver, std::uint8_t m) noexcept {
    using wire::message_id;
    if (is(m, message_id::ext_info)) return true;
    return receiver == role::server ? is(m, message_id::service_request)
                                    : is(m, message_id::service_accept);
}

constexpr bool during_connection(role receiver, std::uint8_t m) noexcept {
    if (m >= 80 && m <= 82) return true;
    if (m >= 90 && m <= 100) return true;
    return is(m, wire::message_id::kexinit) ||
           // A login that was pipelined after success is ignored silently (RFC 4252 section 5.1).
           (receiver == role::server && is(m, wire::message_id::userauth_request));
}

constexpr bool expected(role receiver, phase now, std::uint8_t m) noexcept {
    using wire::message_id;
    switch (now) {
        case phase::first_kexinit: return is(m, message_id::kexinit);
        case phase::kex_method:
        case phase::strict_method:
        case phase::rekey_method: return m >= 30 && m <= 49;
        case phase::kex_newkeys:
        case phase::strict_newkeys:
        case phase::rekey_newkeys: return is(m, message_id::newkeys);
        case phase::service: return during_service(receiver, m);
        case phase::authentication: return during_authentication(receiver, m);
        case phase::connection: return during_connection(receiver, m);
    }
    return false;
}

}  // namespace gate

constexpr verdict allowed(role receiver, phase now, std::uint8_t message) noexcept {
    if (gate::expected(receiver, now, message)) return verdict::accept;
    const bool strict = now == phase::strict_method || now == phase::strict_newkeys;
    if (gate::is(message, wire::message_id::disconnect)) return verdict::transport;
    if (!strict && gate::generic_transport(message)) return verdict::transport;
    if (gate::ping(now, message)) return verdict::transport;
    // L16: between the peer's KEXINIT and its NEWKEYS only 1-4 and its kex messages.
    const bool keyed =
        now == phase::service || now == phase::authentication || now == phase::connection;
    if (keyed && !gate::assigned(message) && message != 0 &&
        (message < 80 || now == phase::connection)) {
        return verdict::unimplemented;
    }
    return verdict::refuse;
}

}  // namespace adit::protocol
