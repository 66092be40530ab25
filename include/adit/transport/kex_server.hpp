// The server's half of key exchange: answer the client's value and sign H with the host key. RFC
// 5656 section 4, RFC 8731 and the ML-KEM hybrids. Used by servers' handshakes and by connection/
// in that role. Its other half is kex_client.hpp.
// Invariant: signs with a key of the negotiated algorithm only, and only H.
#pragma once

#include <adit/bodies.hpp>
#include <adit/transport/kex_session.hpp>
#include <adit/transport/kex_work.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit {

/// The keys that a server can prove to have. One that shows a certificate (certified_signer) stands
/// beside the same key without it.
using host_key_signers = std::vector<std::shared_ptr<signer>>;

[[nodiscard]] task<> kex_server(packet_port& port, kex_session& session,
                                const host_key_signers& host_keys, protocol::packet their_kexinit,
                                protocol::phase next);

// Details.

namespace kex {

/// Who signs with this algorithm; null when nobody does.
[[nodiscard]] inline signer* find_signer(const host_key_signers& host_keys,
                                         std::string_view algorithm) {
    const std::string_view plain = keys::uncertified_name(algorithm);
    const keys::signature_algorithm* row = keys::find_signature_algorithm(plain);
    if (row == nullptr) return nullptr;
    std::string type(row->key_type);
    if (plain != algorithm) type += keys::certificate_suffix;
    const auto has_type = [&](const auto& s) { return s->public_part().type() == type; };
    const auto found = std::ranges::find_if(host_keys, has_type);
    return found == host_keys.end() ? nullptr : found->get();
}

[[nodiscard]] inline signer& signer_for(const host_key_signers& host_keys,
                                        std::string_view algorithm) {
    signer* found = find_signer(host_keys, algorithm);
    if (found == nullptr) throw protocol_error(errc::no_common_host_key_algorithm);
    return *found;
}

}  // namespace kex

#if ADIT_BODIES

namespace kex {

struct server_proof {
    crypto::server_share share;
    secret_bytes h;
    std::vector<byte> signature;  // empty: somebody else has the key
};

}  // namespace kex

ADIT_DECL task<> kex_server(packet_port& port, kex_session& session,
                            const host_key_signers& host_keys, protocol::packet their_kexinit,
                            protocol::phase next) {
    std::vector<byte> i_c;
    const crypto::kex_algorithm* algorithm = co_await agree(port, session, their_kexinit, i_c);
    const auto init = co_await port.receive<wire::kex_ecdh_init>();
    signer& host_key = kex::signer_for(host_keys, session.agreed.host_key);
    const keys::private_key* const key = host_key.private_part();
    const bytes_view k_s = host_key.public_part().blob();
    kex::job_random random(session);
    // All that costs time, in one go: who has waited for a thread once does not wait again.
    const auto prove = [&] {
        const auto agreement = algorithm->make_server(random.source());
        if (agreement == nullptr) throw protocol_error(errc::out_of_memory);
        kex::server_proof made;
        made.share = value_of(agreement->respond(init.q_c));
        const exchanged values{i_c, k_s, init.q_c, made.share.public_value,
                               made.share.shared_secret};
        made.h = hash_exchange(session, algorithm->hash, values);
        const std::string_view name = keys::uncertified_name(session.agreed.host_key);
        if (key != nullptr) made.signature = value_of(key->sign(name, made.h));
        return made;
    };
    auto proving = kex::work(session, prove);
    kex::server_proof made = co_await std::move(proving);
    if (key == nullptr) {
        if (port.stopped()) throw protocol_error(errc::connection_closed);
        const auto sign = [&] { return host_key.sign(session.agreed.host_key, made.h); };
        made.signature = co_await guarded(sign, errc::signing_failed);
    }
    if (made.signature.empty()) throw protocol_error(errc::signing_failed);
    port.send(wire::kex_ecdh_reply{k_s, made.share.public_value, made.signature});

    const bytes_view id = session.first() ? bytes_view(made.h) : bytes_view(session.session_id);
    const crypto::exchange_result outcome{algorithm->hash, made.share.shared_secret, made.h, id};
    co_await change_keys(port, session, outcome, next);
}

#endif  // ADIT_BODIES

}  // namespace adit
