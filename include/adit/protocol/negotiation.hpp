// Which algorithms two KEXINITs agree on, RFC 4253 section 7.1: for each kind the client's first
// that the server has too. Pure: lists in, names out, or the list that did not meet (C14, C15).
// Used by both halves of transport/'s key exchange.
// Invariant: a pseudo name (ext-info-*, kex-strict-*) is never an algorithm.
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/algorithms.hpp>
#include <adit/error.hpp>
#include <adit/protocol/gate.hpp>
#include <adit/wire/kex_messages.hpp>

#include <string>
#include <string_view>

namespace adit::protocol {

inline constexpr std::string_view strict_kex_client = "kex-strict-c-v00@openssh.com";
inline constexpr std::string_view strict_kex_server = "kex-strict-s-v00@openssh.com";
inline constexpr std::string_view ext_info_client = "ext-info-c";
inline constexpr std::string_view ext_info_server = "ext-info-s";

/// Names that outlive the messages they were chosen from.
struct negotiated {
    std::string kex, host_key;
    std::string cipher_to_server, cipher_to_client;
    std::string mac_to_server, mac_to_client;  // empty with an AEAD cipher
    bool peer_strict = false;                  // meaningful in the first exchange only
    bool peer_wants_ext_info = false;
    bool peer_guessed_wrong = false;  // its next packet is to be dropped (C15)
};

/// What no name was common to, for the report.
struct no_common {
    errc error = errc::ok;
    std::string client_list, server_list;
};

struct negotiation_input {
    const wire::kexinit& client;
    const wire::kexinit& server;
    role ours;
};

/// True and `chosen` filled, or false and `failure`.
[[nodiscard]] bool negotiate(const negotiation_input& input, negotiated& chosen,
                             no_common& failure);

// Details.

#if ADIT_BODIES

[[nodiscard]] inline bool is_pseudo_algorithm(std::string_view name) noexcept {
    return name == strict_kex_client || name == strict_kex_server || name == ext_info_client ||
           name == ext_info_server;
}

/// The client's first name that the server has too; empty when there is none.
[[nodiscard]] inline std::string_view first_common(const wire::name_list& client,
                                                   const wire::name_list& server) noexcept {
    std::string_view found;
    client.any_of([&](std::string_view name) {
        if (is_pseudo_algorithm(name) || !server.contains(name)) return false;
        found = name;
        return true;
    });
    return found;
}

namespace negotiation {

struct choice {
    errc error;
    const wire::name_list& client;
    const wire::name_list& server;
    std::string& chosen;
    bool needed = true;
};

// An AEAD cipher brings its own MAC, so that the MAC lists need not meet (C14).
[[nodiscard]] inline bool is_aead(std::string_view cipher) noexcept {
    const auto* known = crypto::find_cipher(cipher);
    return known != nullptr && known->aead;
}

[[nodiscard]] inline bool choose(const choice& c, no_common& failure) {
    if (!c.needed) return true;
    c.chosen = first_common(c.client, c.server);
    if (!c.chosen.empty()) return true;
    failure = {c.error, std::string(c.client.names), std::string(c.server.names)};
    return false;
}

}  // namespace negotiation

ADIT_DECL bool negotiate(const negotiation_input& input, negotiated& chosen, no_common& failure) {
    using negotiation::choose;
    using negotiation::is_aead;
    const auto& c = input.client;
    const auto& s = input.server;
    std::string none_to_server;
    std::string none_to_client;
    const bool named =
        choose({errc::no_common_kex_algorithm, c.kex_algorithms, s.kex_algorithms, chosen.kex},
               failure) &&
        choose({errc::no_common_host_key_algorithm, c.server_host_key_algorithms,
                s.server_host_key_algorithms, chosen.host_key},
               failure) &&
        choose({errc::no_common_cipher, c.encryption_algorithms_client_to_server,
                s.encryption_algorithms_client_to_server, chosen.cipher_to_server},
               failure) &&
        choose({errc::no_common_cipher, c.encryption_algorithms_server_to_client,
                s.encryption_algorithms_server_to_client, chosen.cipher_to_client},
               failure) &&
        choose({errc::no_common_mac, c.mac_algorithms_client_to_server,
                s.mac_algorithms_client_to_server, chosen.mac_to_server,
                !is_aead(chosen.cipher_to_server)},
               failure) &&
        choose({errc::no_common_mac, c.mac_algorithms_server_to_client,
                s.mac_algorithms_server_to_client, chosen.mac_to_client,
                !is_aead(chosen.cipher_to_client)},
               failure) &&
        choose({errc::no_common_compression, c.compression_algorithms_client_to_server,
                s.compression_algorithms_client_to_server, none_to_server},
               failure) &&
        choose({errc::no_common_compression, c.compression_algorithms_server_to_client,
                s.compression_algorithms_server_to_client, none_to_client},
               failure);
    if (!named) return false;
    const bool client = input.ours == role::client;
    const auto& theirs = client ? s : c;
    const auto& ours = client ? c : s;
    chosen.peer_strict =
        theirs.kex_algorithms.contains(client ? strict_kex_server : strict_kex_client);
    chosen.peer_wants_ext_info =
        theirs.kex_algorithms.contains(client ? ext_info_server : ext_info_client);
    // RFC 4253 section 7: a guess is right only if both first names agree, whatever was chosen.
    chosen.peer_guessed_wrong =
        theirs.first_kex_packet_follows &&
        (theirs.kex_algorithms.first() != ours.kex_algorithms.first() ||
         theirs.server_host_key_algorithms.first() != ours.server_host_key_algorithms.first());
    return true;
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
