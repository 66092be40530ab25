// Messages of negotiation and key exchange: RFC 4253 section 7, RFC 5656 section 4 (whose two
// messages RFC 8731 and the ML-KEM hybrids share). Used by transport/kex_client and kex_server.
#pragma once

#include <adit/wire/message.hpp>

namespace adit::wire {

struct kexinit {  // RFC 4253 section 7.1
    static constexpr auto id = message_id::kexinit;
    wire::cookie cookie{};
    name_list kex_algorithms, server_host_key_algorithms;
    name_list encryption_algorithms_client_to_server, encryption_algorithms_server_to_client;
    name_list mac_algorithms_client_to_server, mac_algorithms_server_to_client;
    name_list compression_algorithms_client_to_server, compression_algorithms_server_to_client;
    name_list languages_client_to_server, languages_server_to_client;
    boolean first_kex_packet_follows{};
    u32 reserved{};
    static constexpr text names =
        "cookie kex_algorithms server_host_key_algorithms "
        "encryption_algorithms_client_to_server encryption_algorithms_server_to_client "
        "mac_algorithms_client_to_server mac_algorithms_server_to_client "
        "compression_algorithms_client_to_server compression_algorithms_server_to_client "
        "languages_client_to_server languages_server_to_client first_kex_packet_follows "
        "reserved";
    static constexpr auto wire(auto& m) {
        return std::tie(m.cookie, m.kex_algorithms, m.server_host_key_algorithms,
                        m.encryption_algorithms_client_to_server,
                        m.encryption_algorithms_server_to_client, m.mac_algorithms_client_to_server,
                        m.mac_algorithms_server_to_client,
                        m.compression_algorithms_client_to_server,
                        m.compression_algorithms_server_to_client, m.languages_client_to_server,
                        m.languages_server_to_client, m.first_kex_packet_follows, m.reserved);
    }
};

struct newkeys {  // RFC 4253 section 7.3
    static constexpr auto id = message_id::newkeys;
    static constexpr text names = "";
    static constexpr auto wire(auto&) { return std::tie(); }
};

struct kex_ecdh_init {  // RFC 5656 section 4; the hybrids put C_INIT here
    static constexpr auto id = message_id::kex_ecdh_init;
    octets q_c;
    static constexpr text names = "q_c";
    static constexpr auto wire(auto& m) { return std::tie(m.q_c); }
};

struct kex_ecdh_reply {  // RFC 5656 section 4; the hybrids put S_REPLY here
    static constexpr auto id = message_id::kex_ecdh_reply;
    octets k_s, q_s, signature;
    static constexpr text names = "k_s q_s signature";
    static constexpr auto wire(auto& m) { return std::tie(m.k_s, m.q_s, m.signature); }
};

}  // namespace adit::wire
