// What can go wrong, each thing once: errc (ours), disconnect_reason (RFC 4253 section 11.1) and
// open_failure (RFC 4254 section 5.1). Machines return errc; conversations throw protocol_error;
// the doors of the library turn both into an error_code and keep the story in diagnostics.hpp.
// Invariant: each value's name says who is to blame where that is known; errc::ok is zero.
// Over 250 lines for one reason: a value, a sentence and a reason for each thing are tables.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>

#include <cstdint>
#include <string>

namespace adit {

using error_code = boost::system::error_code;

/// A value, or why there is none. `errc` converts to its error.
template <class T>
using result = boost::system::result<T>;

enum class errc {
    ok = 0,

    // Reaching the server.
    name_not_found,
    connection_refused,
    network_unreachable,
    connect_timed_out,
    proxy_refused,
    proxy_authentication_failed,
    proxy_answer_malformed,
    deadline_exceeded,
    connection_lost,
    connection_closed,
    shutting_down,
    connection_unused,
    keepalive_lost,
    disconnected_by_peer,
    out_of_memory,

    // Identification, RFC 4253 section 4.2.
    not_an_ssh_server,
    unsupported_protocol_version,
    identification_too_long,
    malformed_identification,

    // Fields and messages, RFC 4251 section 5.
    message_truncated,
    trailing_bytes,
    malformed_field,
    field_too_long,
    message_too_large,
    unexpected_message,

    // Packets, RFC 4253 section 6.
    invalid_packet_length,
    invalid_padding,
    mac_mismatch,
    sequence_number_wrapped,
    encryption_failed,

    // Negotiation and key exchange, RFC 4253 sections 7 and 8.
    unknown_algorithm,
    no_common_kex_algorithm,
    no_common_host_key_algorithm,
    no_common_cipher,
    no_common_mac,
    no_common_compression,
    strict_kex_missing,
    strict_kex_violation,
    invalid_key_exchange_value,
    rekey_too_often,
    too_busy,

    // The server's identity.
    host_key_malformed,
    host_key_signature_invalid,
    host_key_unknown,
    host_key_changed,
    host_key_revoked,
    host_key_rejected,
    host_certificate_refused,

    // Login, RFC 4252.
    service_refused,
    authentication_failed,
    method_unavailable,
    another_factor_needed,
    no_credentials,
    password_change_required,
    prompt_cancelled,
    totp_secret_malformed,
    trivial_authentication,
    too_many_authentication_failures,
    authentication_identity_changed,

    // Key files.
    key_file_missing,
    key_file_unreadable,
    key_file_too_open,
    key_file_not_regular,
    key_file_too_large,
    not_a_key,
    passphrase_needed,
    wrong_passphrase,
    unsupported_key_type,
    unsupported_key_cipher,
    key_corrupt,
    signing_failed,

    // An agent, RFC 9987.
    agent_unavailable,
    agent_socket_unsafe,
    agent_answer_malformed,
    agent_refused,

    // Files about trust.
    known_hosts_unreadable,
    known_hosts_unwritable,
    revoked_keys_unreadable,
    unsafe_host_name,

    // Channels, RFC 4254 sections 5 and 6.
    open_administratively_prohibited,
    open_connect_failed,
    open_unknown_channel_type,
    open_resource_shortage,
    open_failed,
    too_many_channels,
    window_exceeded,
    window_overflow,
    channel_packet_too_large,
    unknown_channel,
    data_after_eof,
    channel_closed,
    channel_reset,
    channel_idle,
    request_refused,
    too_many_requests,
    too_many_pending_replies,
};

/// RFC 4253 section 11.1.
enum class disconnect_reason : std::uint32_t {
    none = 0,
    host_not_allowed_to_connect = 1,
    protocol_error = 2,
    key_exchange_failed = 3,
    reserved = 4,
    mac_error = 5,
    compression_error = 6,
    service_not_available = 7,
    protocol_version_not_supported = 8,
    host_key_not_verifiable = 9,
    connection_lost = 10,
    by_application = 11,
    too_many_connections = 12,
    auth_cancelled_by_user = 13,
    no_more_auth_methods_available = 14,
    illegal_user_name = 15,
};

/// RFC 4254 section 5.1: why a channel was not opened.
enum class open_failure : std::uint32_t {
    administratively_prohibited = 1,
    connect_failed = 2,
    unknown_channel_type = 3,
    resource_shortage = 4,
};

[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] inline error_code make_error_code(errc e) noexcept {
    return {static_cast<int>(e), category()};
}

/// Whether trying again with the same settings cannot help and may do harm: a login or a host key
/// that was refused (a retry locks accounts out, or talks to an attacker once more).
[[nodiscard]] bool is_final(error_code ec) noexcept;

/// The disconnect reason that tells the peer about this error of its own.
[[nodiscard]] disconnect_reason reason_for(errc e) noexcept;

/// One sentence for each errc, without a full stop.
[[nodiscard]] const char* sentence(errc e) noexcept;

/// What conversations throw; caught at the doors. `detail` is ours or already escaped.
class protocol_error : public boost::system::system_error {
public:
    explicit protocol_error(error_code ec) : system_error(ec) {}
    protocol_error(error_code ec, const std::string& detail) : system_error(ec, detail) {}
};

}  // namespace adit

template <>
struct boost::system::is_error_code_enum<adit::errc> : std::true_type {};

namespace adit {

inline const boost::system::error_category& category() noexcept {
    struct adit_category final : boost::system::error_category {
        [[nodiscard]] const char* name() const noexcept override { return "adit"; }
        [[nodiscard]] std::string message(int value) const override {
            return sentence(static_cast<errc>(value));
        }
    };
    static const adit_category instance;
    return instance;
}

inline bool is_final(error_code ec) noexcept {
    if (ec.category() != category()) return false;
    switch (static_cast<errc>(ec.value())) {
        case errc::unsupported_protocol_version:
        case errc::unknown_algorithm:
        case errc::no_common_kex_algorithm:
        case errc::no_common_host_key_algorithm:
        case errc::no_common_cipher:
        case errc::no_common_mac:
        case errc::no_common_compression:
        case errc::strict_kex_missing:
        case errc::host_key_malformed:
        case errc::host_key_signature_invalid:
        case errc::host_key_unknown:
        case errc::host_key_changed:
        case errc::host_key_revoked:
        case errc::host_key_rejected:
        case errc::host_certificate_refused:
        case errc::unsafe_host_name:
        case errc::proxy_authentication_failed:
        case errc::authentication_failed:
        case errc::method_unavailable:
        case errc::another_factor_needed:
        case errc::no_credentials:
        case errc::password_change_required:
        case errc::prompt_cancelled:
        case errc::totp_secret_malformed:
        case errc::trivial_authentication:
        case errc::too_many_authentication_failures:
        // Each attempt would ask a person again.
        case errc::passphrase_needed:
        case errc::wrong_passphrase:
        // A key that cannot sign was not let in; the next attempt counts as a failed login, too.
        case errc::signing_failed: return true;
        default: return false;
    }
}

inline disconnect_reason reason_for(errc e) noexcept {
    switch (e) {
        case errc::mac_mismatch:
        case errc::invalid_packet_length:
        case errc::invalid_padding:
            // One answer for all three: which check failed is nobody's business (C07).
            return disconnect_reason::mac_error;
        case errc::no_common_kex_algorithm:
        case errc::no_common_host_key_algorithm:
        case errc::no_common_cipher:
        case errc::no_common_mac:
        case errc::no_common_compression:
        case errc::invalid_key_exchange_value:
        case errc::strict_kex_missing:
        case errc::strict_kex_violation: return disconnect_reason::key_exchange_failed;
        case errc::host_key_malformed:
        case errc::host_key_signature_invalid:
        case errc::host_key_unknown:
        case errc::host_key_changed:
        case errc::host_key_revoked:
        case errc::host_key_rejected:
        case errc::host_certificate_refused: return disconnect_reason::host_key_not_verifiable;
        case errc::unsupported_protocol_version:
            return disconnect_reason::protocol_version_not_supported;
        case errc::service_refused: return disconnect_reason::service_not_available;
        case errc::authentication_failed:
        case errc::method_unavailable:
        case errc::another_factor_needed:
        case errc::no_credentials:
        case errc::password_change_required:
        case errc::too_many_authentication_failures:
            return disconnect_reason::no_more_auth_methods_available;
        case errc::trivial_authentication:
        case errc::prompt_cancelled: return disconnect_reason::auth_cancelled_by_user;
        case errc::too_busy: return disconnect_reason::too_many_connections;
        case errc::keepalive_lost:
        case errc::connection_lost: return disconnect_reason::connection_lost;
        case errc::ok:
        case errc::connection_closed:
        case errc::shutting_down:
        case errc::connection_unused:
        case errc::deadline_exceeded: return disconnect_reason::by_application;
        default: return disconnect_reason::protocol_error;
    }
}

// A table in the form of a switch, so that the compiler finds a value without a sentence.
inline const char* sentence(errc e) noexcept {
    switch (e) {
        case errc::ok: return "success";
        case errc::name_not_found: return "the host name was not found";
        case errc::connection_refused: return "the server refused the TCP connection";
        case errc::network_unreachable: return "the network or the host is unreachable";
        case errc::connect_timed_out: return "the TCP connection was not made in time";
        case errc::proxy_refused: return "the proxy refused the connection";
        case errc::proxy_authentication_failed: return "the proxy did not accept the login";
        case errc::proxy_answer_malformed: return "the proxy's answer is not understood";
        case errc::deadline_exceeded: return "the deadline passed";
        case errc::connection_lost: return "the connection was lost";
        case errc::connection_closed: return "the connection is closed";
        case errc::shutting_down: return "the server is shutting down";
        case errc::connection_unused: return "no channel was open for too long";
        case errc::keepalive_lost: return "the peer stopped answering keepalives";
        case errc::disconnected_by_peer: return "the peer disconnected";
        case errc::out_of_memory: return "out of memory";
        case errc::not_an_ssh_server: return "what answered is not an SSH server";
        case errc::unsupported_protocol_version: return "the peer does not speak SSH 2.0";
        case errc::identification_too_long: return "the peer's identification is too long";
        case errc::malformed_identification: return "the peer's identification is malformed";
        case errc::message_truncated: return "a message of the peer ends too early";
        case errc::trailing_bytes: return "a message of the peer has bytes after its last field";
        case errc::malformed_field: return "a message of the peer has a malformed field";
        case errc::field_too_long: return "a message of the peer has a field that is too long";
        case errc::message_too_large: return "a message does not fit into a packet";
        case errc::unexpected_message: return "the peer sent a message that is not allowed now";
        case errc::invalid_packet_length:
        case errc::invalid_padding:
        case errc::mac_mismatch: return "a packet of the peer is corrupt";
        case errc::sequence_number_wrapped:
            return "the sequence number wrapped during key exchange";
        case errc::encryption_failed: return "a packet could not be encrypted";
        case errc::unknown_algorithm: return "an algorithm was named that adit does not have";
        case errc::no_common_kex_algorithm: return "no key exchange method in common";
        case errc::no_common_host_key_algorithm: return "no host key algorithm in common";
        case errc::no_common_cipher: return "no cipher in common";
        case errc::no_common_mac: return "no MAC in common";
        case errc::no_common_compression: return "no compression method in common";
        case errc::strict_kex_missing: return "the peer does not know strict key exchange";
        case errc::strict_kex_violation: return "the peer broke strict key exchange";
        case errc::invalid_key_exchange_value: return "the peer sent an invalid key exchange value";
        case errc::rekey_too_often: return "the peer exchanges keys without need";
        case errc::too_busy: return "too many key exchanges wait for a thread";
        case errc::host_key_malformed: return "the host key is malformed";
        case errc::host_key_signature_invalid: return "the host key's signature is wrong";
        case errc::host_key_unknown: return "the host key is not known";
        case errc::host_key_changed: return "the host key has CHANGED";
        case errc::host_key_revoked: return "the host key is revoked";
        case errc::host_key_rejected: return "the host key was rejected";
        case errc::host_certificate_refused: return "the host's certificate is not good";
        case errc::service_refused: return "the server refused the authentication service";
        case errc::authentication_failed: return "authentication failed";
        case errc::method_unavailable: return "the server takes none of our ways to log in";
        case errc::another_factor_needed: return "the server wants another factor";
        case errc::no_credentials: return "there is nothing to authenticate with";
        case errc::password_change_required: return "the server demands a new password";
        case errc::prompt_cancelled: return "the prompt was cancelled";
        case errc::totp_secret_malformed: return "the TOTP secret or its settings are malformed";
        case errc::trivial_authentication: return "the server let us in without any proof";
        case errc::too_many_authentication_failures: return "too many authentication failures";
        case errc::authentication_identity_changed:
            return "the peer changed its user during authentication";
        case errc::key_file_missing: return "the key file does not exist";
        case errc::key_file_unreadable: return "the key file cannot be read";
        case errc::key_file_too_open: return "the key file can be read by others";
        case errc::key_file_not_regular: return "the key file is not a regular file";
        case errc::key_file_too_large: return "the key file is too large";
        case errc::not_a_key: return "the file holds no private key";
        case errc::passphrase_needed: return "the private key needs a passphrase";
        case errc::wrong_passphrase: return "the passphrase of the private key is wrong";
        case errc::unsupported_key_type: return "the key's type is not supported";
        case errc::unsupported_key_cipher: return "the key's encryption is not supported";
        case errc::key_corrupt: return "the private key is corrupt";
        case errc::signing_failed: return "the key could not sign";
        case errc::agent_unavailable: return "no SSH agent answers";
        case errc::agent_socket_unsafe: return "the SSH agent's socket is none or not ours";
        case errc::agent_answer_malformed: return "the SSH agent's answer is not understood";
        case errc::agent_refused: return "the SSH agent refused";
        case errc::known_hosts_unreadable: return "known_hosts cannot be read";
        case errc::known_hosts_unwritable: return "known_hosts cannot be written";
        case errc::revoked_keys_unreadable: return "the list of revoked keys cannot be read";
        case errc::unsafe_host_name: return "the host name cannot be written to known_hosts";
        case errc::open_administratively_prohibited:
            return "the server's policy forbids the channel";
        case errc::open_connect_failed: return "the server could not connect to the target";
        case errc::open_unknown_channel_type: return "the peer does not know the channel type";
        case errc::open_resource_shortage: return "the peer has no resources for the channel";
        case errc::open_failed: return "the peer refused the channel";
        case errc::too_many_channels: return "too many channels are open";
        case errc::window_exceeded: return "the peer sent more than its window";
        case errc::window_overflow: return "the peer granted a window beyond 2^32-1";
        case errc::channel_packet_too_large: return "the peer exceeded the maximum packet size";
        case errc::unknown_channel: return "the peer named a channel that does not exist";
        case errc::data_after_eof: return "the peer sent data after its end of data";
        case errc::channel_closed: return "the channel is closed";
        case errc::channel_reset: return "the channel was cut off before its end of data";
        case errc::channel_idle: return "nothing moved on the channel for too long";
        case errc::request_refused: return "the peer refused the request";
        case errc::too_many_requests: return "too many requests wait for a reply";
        case errc::too_many_pending_replies: return "the peer demands replies without reading them";
    }
    return "unknown error";
}

}  // namespace adit
