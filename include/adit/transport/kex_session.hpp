// What the two halves of key exchange share, RFC 4253 sections 7 and 8: our KEXINIT, what was
// agreed, the keys that follow from K and H. kex_client.hpp and kex_server.hpp differ in nothing
// else. Invariants: the session identifier is the first H for ever (C17); pseudo names are offered
// and honoured in the first exchange only (C24); secrets are wiped when the exchange ends.
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/algorithms.hpp>
#include <adit/crypto/cipher_order.hpp>
#include <adit/crypto/key_derivation.hpp>
#include <adit/keys/public_key.hpp>
#include <adit/keys/signature.hpp>
#include <adit/protocol/exchange_hash.hpp>
#include <adit/protocol/negotiation.hpp>
#include <adit/protocol/version.hpp>
#include <adit/transport/hooks.hpp>
#include <adit/transport/kex_pool.hpp>
#include <adit/transport/packet_port.hpp>
#include <adit/wire/kex_messages.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace adit {

/// Which algorithms we offer, in order of preference, as comma-separated names.
struct algorithm_preferences {
    std::string kex{crypto::default_kex_names()};
    std::string host_keys{keys::default_host_key_algorithm_names()};
    std::string ciphers = crypto::cipher_names_for_this_cpu();
    std::string macs{crypto::default_mac_names()};
    /// Refuses a peer without strict key exchange where that matters: with chacha20-poly1305 or a
    /// MAC over the encrypted packet, somebody in the middle could remove the first messages under
    /// the new keys unnoticed (Terrapin, CVE-2023-48795).
    bool require_strict_kex = false;

    friend bool operator==(const algorithm_preferences&, const algorithm_preferences&) = default;
};

/// The state of key exchange over the life of a connection. One side.
struct kex_session {
    kex_session(protocol::role r, algorithm_preferences p, crypto::random_source& random_bytes)
        : ours(r), preferences(std::move(p)), random(&random_bytes) {}

    protocol::role ours;
    algorithm_preferences preferences;
    crypto::random_source* random;
    std::shared_ptr<kex_pool> pool;               // null: its work is done where it is needed
    std::chrono::steady_clock::duration work{0};  // that all exchanges took so far

    std::string our_identification = protocol::our_identification();
    std::string their_identification;
    std::vector<byte> our_kexinit;  // payload; empty: none under way
    secret_bytes session_id;        // empty until the first exchange is done
    bool strict = false;
    protocol::negotiated agreed;               // of the latest exchange
    std::optional<keys::public_key> host_key;  // that was verified in the first exchange
    std::vector<byte> host_key_signature;      // over session_id, at a client
    std::uint64_t exchanges = 0;

    [[nodiscard]] bool first() const noexcept { return session_id.empty(); }
};

/// Sends our KEXINIT, unless one is under way already.
void send_kexinit(packet_port& port, kex_session& session);

/// What the two KEXINITs lead to. Sends ours if it was not sent, applies strict kex, enters the
/// method's phase, and drops a packet that was guessed wrong.
[[nodiscard]] task<const crypto::kex_algorithm*> agree(packet_port& port, kex_session& session,
                                                       protocol::packet their_kexinit,
                                                       std::vector<byte>& their_payload);

struct exchanged {
    bytes_view their_kexinit, k_s, q_c, q_s, k;
};

[[nodiscard]] secret_bytes hash_exchange(const kex_session& session, crypto::hash_id hash,
                                         const exchanged& values);

/// Derives the keys, sends NEWKEYS, waits for the peer's and enters `next`.
[[nodiscard]] task<> change_keys(packet_port& port, kex_session& session,
                                 const crypto::exchange_result& outcome, protocol::phase next);

// Details.

#if ADIT_BODIES

ADIT_DECL void send_kexinit(packet_port& port, kex_session& session) {
    if (!session.our_kexinit.empty()) return;
    const bool client = session.ours == protocol::role::client;
    const algorithm_preferences& offer = session.preferences;
    std::string kex = offer.kex;
    if (session.first()) {
        kex += ',';
        if (client) (kex += protocol::ext_info_client) += ',';
        kex += client ? protocol::strict_kex_client : protocol::strict_kex_server;
    }
    wire::kexinit message;
    session.random->fill(message.cookie);
    message.kex_algorithms = {kex};
    message.server_host_key_algorithms = {offer.host_keys};
    message.encryption_algorithms_client_to_server = {offer.ciphers};
    message.encryption_algorithms_server_to_client = {offer.ciphers};
    message.mac_algorithms_client_to_server = {offer.macs};
    message.mac_algorithms_server_to_client = {offer.macs};
    message.compression_algorithms_client_to_server = {"none"};
    message.compression_algorithms_server_to_client = {"none"};
    session.our_kexinit.resize(wire::encoded_size(message));
    wire::writer w(session.our_kexinit);
    wire::encode(w, message);
    port.send(message);
}

namespace kex {

// Which phase follows a KEXINIT; decided once strictness is known.
[[nodiscard]] inline protocol::phase method_phase(const kex_session& s) noexcept {
    if (!s.first()) return protocol::phase::rekey_method;
    return s.strict ? protocol::phase::strict_method : protocol::phase::kex_method;
}

[[nodiscard]] inline protocol::phase newkeys_phase(const kex_session& s) noexcept {
    if (!s.first()) return protocol::phase::rekey_newkeys;
    return s.strict ? protocol::phase::strict_newkeys : protocol::phase::kex_newkeys;
}

// A04: a prefix can be cut off where a packet's place is known to the cipher only by its number.
[[nodiscard]] inline bool prefix_can_be_cut(const protocol::negotiated& agreed) noexcept {
    const auto by_number = [](const std::string& cipher, const std::string& mac) {
        const crypto::mac_algorithm* row = mac.empty() ? nullptr : crypto::find_mac(mac);
        return cipher.starts_with("chacha20-") || (row != nullptr && row->encrypt_then_mac);
    };
    return by_number(agreed.cipher_to_server, agreed.mac_to_server) ||
           by_number(agreed.cipher_to_client, agreed.mac_to_client);
}

inline void apply_strictness(packet_port& port, kex_session& s, std::uint32_t sequence) {
    if (!s.first()) return;
    if (!s.agreed.peer_strict) {
        const bool refused = s.preferences.require_strict_kex && prefix_can_be_cut(s.agreed);
        if (refused) throw protocol_error(errc::strict_kex_missing);
        return;
    }
    // C24: something was slipped in before the peer's KEXINIT.
    if (sequence != 0) throw protocol_error(errc::strict_kex_violation);
    s.strict = true;
    port.set_strict();
}

inline void negotiate_or_throw(packet_port& port, kex_session& s, const wire::kexinit& theirs) {
    const wire::kexinit ours = value_of(wire::decode<wire::kexinit>(s.our_kexinit));
    const bool client = s.ours == protocol::role::client;
    const protocol::negotiation_input input{client ? ours : theirs, client ? theirs : ours, s.ours};
    protocol::no_common failure;
    s.agreed = {};
    if (protocol::negotiate(input, s.agreed, failure)) return;
    diagnostics& report = port.report();
    report.our_list = escaped(client ? failure.client_list : failure.server_list);
    report.their_list = escaped(client ? failure.server_list : failure.client_list);
    throw protocol_error(failure.error);
}

[[nodiscard]] inline secret_bytes derive(const crypto::exchange_result& from, char letter,
                                         std::size_t size) {
    return size == 0 ? secret_bytes{} : crypto::derive_key(from, letter, size);
}

struct direction {
    const std::string& cipher;
    const std::string& mac;
    char iv, key, mac_key;
};

// Makes the cipher of one direction; `make` picks opener or sealer.
template <class Made>
[[nodiscard]] Made make_cipher(
    const crypto::exchange_result& from, const direction& d,
    Made (*crypto::cipher_algorithm::*make)(const crypto::cipher_keys&) noexcept) {
    const crypto::cipher_algorithm* cipher = crypto::find_cipher(d.cipher);
    const crypto::mac_algorithm* mac = d.mac.empty() ? nullptr : crypto::find_mac(d.mac);
    if (cipher == nullptr || (!cipher->aead && mac == nullptr)) {
        throw protocol_error(errc::no_common_cipher);
    }
    const secret_bytes iv = derive(from, d.iv, cipher->iv_size);
    const secret_bytes key = derive(from, d.key, cipher->key_size);
    const secret_bytes mac_key = derive(from, d.mac_key, mac == nullptr ? 0 : mac->key_size);
    Made made = (cipher->*make)(crypto::cipher_keys{key, iv, mac_key, mac});
    if (made == nullptr) throw protocol_error(errc::out_of_memory);
    return made;
}

[[nodiscard]] inline cipher_pair make_ciphers(const kex_session& s,
                                              const crypto::exchange_result& from) {
    namespace letter = crypto::key_letter;
    const direction to_server{s.agreed.cipher_to_server, s.agreed.mac_to_server,
                              letter::iv_client_to_server, letter::key_client_to_server,
                              letter::mac_client_to_server};
    const direction to_client{s.agreed.cipher_to_client, s.agreed.mac_to_client,
                              letter::iv_server_to_client, letter::key_server_to_client,
                              letter::mac_server_to_client};
    const bool client = s.ours == protocol::role::client;
    cipher_pair pair;
    pair.opener =
        make_cipher(from, client ? to_client : to_server, &crypto::cipher_algorithm::make_opener);
    pair.sealer =
        make_cipher(from, client ? to_server : to_client, &crypto::cipher_algorithm::make_sealer);
    return pair;
}

}  // namespace kex

ADIT_DECL task<const crypto::kex_algorithm*> agree(packet_port& port, kex_session& session,
                                                   protocol::packet their_kexinit,
                                                   std::vector<byte>& their_payload) {
    port.report().stage = stage::negotiation;
    their_payload.assign(their_kexinit.payload.begin(), their_kexinit.payload.end());
    const wire::kexinit theirs = value_of(wire::decode<wire::kexinit>(their_payload));
    send_kexinit(port, session);
    kex::negotiate_or_throw(port, session, theirs);
    kex::apply_strictness(port, session, their_kexinit.sequence);
    const crypto::kex_algorithm* algorithm = crypto::find_kex(session.agreed.kex);
    if (algorithm == nullptr) throw protocol_error(errc::no_common_kex_algorithm);
    port.report().stage = stage::key_exchange;
    port.enter(kex::method_phase(session));
    // C15: exactly one packet, of the method that the peer had hoped for.
    if (session.agreed.peer_guessed_wrong) co_await port.receive_packet();
    co_return algorithm;
}

ADIT_DECL secret_bytes hash_exchange(const kex_session& s, crypto::hash_id hash,
                                     const exchanged& values) {
    const bool client = s.ours == protocol::role::client;
    const bytes_view ours = as_bytes(s.our_identification);
    const bytes_view theirs = as_bytes(s.their_identification);
    return protocol::exchange_hash(hash, {client ? ours : theirs, client ? theirs : ours,
                                          client ? bytes_view(s.our_kexinit) : values.their_kexinit,
                                          client ? values.their_kexinit : bytes_view(s.our_kexinit),
                                          values.k_s, values.q_c, values.q_s, values.k});
}

ADIT_DECL task<> change_keys(packet_port& port, kex_session& session,
                             const crypto::exchange_result& outcome, protocol::phase next) {
    port.prepare_keys(kex::make_ciphers(session, outcome));
    port.enter(kex::newkeys_phase(session));
    port.send(wire::newkeys{});
    // Counted before anybody can be told: once our NEWKEYS is queued, ordinary messages follow it.
    session.our_kexinit.clear();
    static_cast<void>(co_await port.receive<wire::newkeys>());
    if (session.first()) {
        session.session_id.assign(outcome.exchange_hash.begin(), outcome.exchange_hash.end());
    }
    ++session.exchanges;
    port.enter(next);
}

#endif  // ADIT_BODIES

}  // namespace adit
