// The server's half of key exchange: answer the client's value and sign H with the host key. RFC
// 5656 section 4, RFC 8731 and the ML-KEM hybrids. Used by servers' handshakes and by connection/
// in that role. Its other half is kex_client.hpp.
// Invariant: signs with a key of the negotiated algorithm only, and only H.
#pragma once

#include <adit/transport/kex_session.hpp>

#include <memory>
#include <vector>

namespace adit {

/// The keys that a server can prove to have.
using host_key_signers = std::vector<std::shared_ptr<signer>>;

[[nodiscard]] task<> kex_server(packet_port& port, kex_session& session,
                                const host_key_signers& host_keys, protocol::packet their_kexinit,
                                protocol::phase next);

// Details.

namespace kex {

[[nodiscard]] inline signer& signer_for(const host_key_signers& host_keys,
                                        std::string_view algorithm) {
    const keys::signature_algorithm* row = keys::find_signature_algorithm(algorithm);
    for (const auto& candidate : host_keys) {
        if (row != nullptr && candidate->public_part().type() == row->key_type) return *candidate;
    }
    throw protocol_error(errc::no_common_host_key_algorithm);
}

}  // namespace kex

inline task<> kex_server(packet_port& port, kex_session& session, const host_key_signers& host_keys,
                         protocol::packet their_kexinit, protocol::phase next) {
    std::vector<byte> i_c;
    const crypto::kex_algorithm* algorithm = co_await agree(port, session, their_kexinit, i_c);
    const auto init = co_await port.receive<wire::kex_ecdh_init>();
    const auto agreement = algorithm->make_server(*session.random);
    if (agreement == nullptr) throw protocol_error(errc::out_of_memory);
    const crypto::server_share share = value_of(agreement->respond(init.q_c));

    signer& host_key = kex::signer_for(host_keys, session.agreed.host_key);
    const bytes_view k_s = host_key.public_part().blob();
    const exchanged values{i_c, k_s, init.q_c, share.public_value, share.shared_secret};
    const secret_bytes h = hash_exchange(session, algorithm->hash, values);
    const std::vector<byte> signature = co_await host_key.sign(session.agreed.host_key, h);
    port.send(wire::kex_ecdh_reply{k_s, share.public_value, signature});

    const bytes_view id = session.first() ? bytes_view(h) : bytes_view(session.session_id);
    const crypto::exchange_result outcome{algorithm->hash, share.shared_secret, h, id};
    co_await change_keys(port, session, outcome, next);
}

}  // namespace adit
