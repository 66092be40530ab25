// Message numbers, RFC 4250 section 4.1, with the two ranges whose meaning depends on context:
// 30-49 belongs to the negotiated key exchange method, 60-79 to the authentication method under
// way. Used by every message struct, by the gate and by the trace.
#pragma once

#include <cstdint>

namespace adit::wire {

enum class message_id : std::uint8_t {
    // Transport, generic.
    disconnect = 1,
    ignore = 2,
    unimplemented = 3,
    debug = 4,
    service_request = 5,
    service_accept = 6,
    ext_info = 7,

    // Transport, negotiation and keys.
    kexinit = 20,
    newkeys = 21,

    // 30-49 by method: RFC 4253 section 8, RFC 5656, RFC 8731 and the ML-KEM hybrids.
    kex_ecdh_init = 30,
    kex_ecdh_reply = 31,

    // Authentication, generic.
    userauth_request = 50,
    userauth_failure = 51,
    userauth_success = 52,
    userauth_banner = 53,

    // 60-79 by method: RFC 4252 sections 7 and 8, RFC 4256.
    userauth_pk_ok = 60,
    userauth_passwd_changereq = 60,
    userauth_info_request = 60,
    userauth_info_response = 61,

    // Connection.
    global_request = 80,
    request_success = 81,
    request_failure = 82,
    channel_open = 90,
    channel_open_confirmation = 91,
    channel_open_failure = 92,
    channel_window_adjust = 93,
    channel_data = 94,
    channel_extended_data = 95,
    channel_eof = 96,
    channel_close = 97,
    channel_request = 98,
    channel_success = 99,
    channel_failure = 100,

    // ping@openssh.com: of the transport, by its number in the range for local use.
    ping = 192,
    pong = 193,
};

}  // namespace adit::wire
