// The client's half of key exchange, RFC 5656 section 4, RFC 8731 and the ML-KEM hybrids: send our
// value, check whose answer it is, change keys. Used by client.hpp's handshake and by connection/
// for every later exchange. Its other half is kex_server.hpp.
// Invariants: the signature is checked before anybody is asked to trust the key; a later exchange
// must show the same key (A11); nothing is derived before both hold.
#pragma once

#include <adit/bodies.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/fingerprint.hpp>
#include <adit/transport/kex_session.hpp>
#include <adit/transport/kex_work.hpp>

namespace adit {

/// Whose key is expected, and who decides.
struct host_identity {
    std::string host;
    std::uint16_t port = 22;
    host_key_check check;
};

[[nodiscard]] task<> kex_client(packet_port& port, kex_session& session,
                                const host_identity& identity, protocol::packet their_kexinit,
                                protocol::phase next);

// Details.

#if ADIT_BODIES

namespace kex {

/// What a server showed: a key, alone or in a certificate.
struct shown_host_key {
    keys::public_key shown;  // as it came: what a later exchange must show again
    std::optional<keys::certificate> certificate;

    [[nodiscard]] const keys::public_key& key() const noexcept {
        return certificate ? certificate->key() : shown;
    }
};

// A certificate is read only where one was agreed on, so that a key in one cannot pass for plain.
[[nodiscard]] inline shown_host_key read_host_key(std::string_view algorithm, bytes_view blob) {
    auto shown = keys::public_key::parse(blob);
    if (!shown) throw protocol_error(errc::host_key_malformed);
    shown_host_key read{std::move(*shown), std::nullopt};
    if (!keys::is_certificate_name(algorithm)) return read;
    auto certificate = keys::certificate::parse(blob);
    if (!certificate) throw protocol_error(errc::host_key_malformed);
    read.certificate = std::move(*certificate);
    return read;
}

[[nodiscard]] inline shown_host_key verified_host_key(const kex_session& s,
                                                      const wire::kex_ecdh_reply& reply,
                                                      bytes_view h) {
    const std::string& algorithm = s.agreed.host_key;
    shown_host_key read = read_host_key(algorithm, reply.k_s);
    const errc verdict = read.certificate ? read.certificate->verify(algorithm, h, reply.signature)
                                          : read.shown.verify(algorithm, h, reply.signature);
    if (verdict != errc::ok) throw protocol_error(errc::host_key_signature_invalid);
    return read;
}

struct checked_reply {
    secret_bytes k, h;
    shown_host_key host_key;
};

[[nodiscard]] inline errc refusal(host_key_answer answer) noexcept {
    switch (answer) {
        case host_key_answer::trusted: return errc::ok;
        case host_key_answer::unknown: return errc::host_key_unknown;
        case host_key_answer::changed: return errc::host_key_changed;
        case host_key_answer::revoked: return errc::host_key_revoked;
        case host_key_answer::bad_certificate: return errc::host_certificate_refused;
        case host_key_answer::rejected: break;
    }
    return errc::host_key_rejected;  // also for a value that is none
}

inline task<> trust_host_key(packet_port& port, kex_session& s, const host_identity& identity,
                             shown_host_key host) {
    diagnostics& report = port.report();
    report.stage = stage::host_key;
    report.host_key_fingerprint = keys::fingerprint(host.key());
    if (!s.first()) {
        const bool same = s.host_key && *s.host_key == host.shown;
        if (!same) throw protocol_error(errc::host_key_changed);
        co_return;
    }
    const keys::certificate* const certificate = host.certificate ? &*host.certificate : nullptr;
    const host_key_question question{identity.host,   identity.port,
                                     &host.key(),     report.host_key_fingerprint,
                                     &report.subject, certificate};
    if (!identity.check) throw protocol_error(errc::host_key_unknown);
    const auto ask = [&identity, &question] { return identity.check(question); };
    const host_key_answer answer = co_await guarded(ask, errc::host_key_rejected);
    if (const errc e = refusal(answer); e != errc::ok) throw protocol_error(e);
    report.warning = std::exchange(report.subject, {});
    s.host_key = std::move(host.shown);
}

}  // namespace kex

ADIT_DECL task<> kex_client(packet_port& port, kex_session& session, const host_identity& identity,
                            protocol::packet their_kexinit, protocol::phase next) {
    std::vector<byte> i_s;
    const crypto::kex_algorithm* algorithm = co_await agree(port, session, their_kexinit, i_s);
    kex::job_random random(session);
    const auto make_value = [&] { return algorithm->make_client(random.source()); };
    auto making = kex::work(session, make_value);
    const auto agreement = co_await std::move(making);
    if (agreement == nullptr) throw protocol_error(errc::out_of_memory);
    port.send(wire::kex_ecdh_init{agreement->public_value()});

    const auto reply = co_await port.receive<wire::kex_ecdh_reply>();
    const auto check = [&] {
        secret_bytes k = value_of(agreement->shared_secret(reply.q_s));
        const exchanged values{i_s, reply.k_s, agreement->public_value(), reply.q_s, k};
        secret_bytes h = hash_exchange(session, algorithm->hash, values);
        kex::shown_host_key host_key = kex::verified_host_key(session, reply, h);
        return kex::checked_reply{std::move(k), std::move(h), std::move(host_key)};
    };
    auto checking = kex::work(session, check);
    kex::checked_reply checked = co_await std::move(checking);
    if (session.first()) {
        session.host_key_signature.assign(reply.signature.begin(), reply.signature.end());
    }
    co_await kex::trust_host_key(port, session, identity, std::move(checked.host_key));

    const secret_bytes& h = checked.h;
    const bytes_view id = session.first() ? bytes_view(h) : bytes_view(session.session_id);
    const crypto::exchange_result outcome{algorithm->hash, checked.k, h, id};
    co_await change_keys(port, session, outcome, next);
}

#endif  // ADIT_BODIES

}  // namespace adit
