// The method "publickey", RFC 4252 section 7. A key that is the only one offered is signed with at
// once; with several, each is asked about first, so that nobody signs (or is asked to touch a
// token) for a key that the server does not want. Used by client.hpp, once for each key.
// Invariants: what is signed begins with the session identifier; the algorithm is one that the key
// can make, the caller accepts and the server listed (RFC 8308, RFC 8332; C33); PK_OK must name the
// key that was offered (C35).
#pragma once

#include <adit/auth/method.hpp>
#include <adit/bodies.hpp>
#include <adit/keys/signature.hpp>
#include <adit/transport/hooks.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace adit::auth {

struct public_key_settings {
    std::shared_ptr<signer> key;
    bool ask_first = false;
    std::string accepted;  ///< PubkeyAcceptedAlgorithms, comma-separated; empty: all that there are
};

class public_key final : public method {
public:
    explicit public_key(public_key_settings settings) : settings_(std::move(settings)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "publickey"; }
    [[nodiscard]] std::string label() const override {
        const std::string which = settings_.key->name();
        return which.empty() ? "publickey" : "publickey(" + which + ")";
    }
    [[nodiscard]] bool proved() const noexcept override { return signed_; }
    [[nodiscard]] task<bool> begin(packet_port& port, const login& who) override;
    [[nodiscard]] task<verdict> finish(packet_port& port, const login& who) override;

private:
    [[nodiscard]] const keys::public_key& key() const { return settings_.key->public_part(); }
    /// False when the signer had no signature to give, and nothing was sent.
    [[nodiscard]] task<bool> send_signed(packet_port& port, const login& who);
    void check_pk_ok(const protocol::packet& packet) const;
    /// Why there is no signature: behind the attempt, or beside it where nothing was sent.
    void note(packet_port& port, error_code why) const;

    public_key_settings settings_;
    std::string algorithm_;
    bool signed_ = false;  // a query alone proves nothing
    bool passed_over_ = false;
};

/// The first algorithm of the key's that everybody accepts; empty when there is none. For a
/// certificate it is the name with which OpenSSH calls it, and the server may have listed it by
/// either. A type that this library does not know (a token's) is its own algorithm.
[[nodiscard]] std::string choose_algorithm(const keys::public_key& key, const std::string& accepted,
                                           const peer_extensions& server);

// Details.

#if ADIT_BODIES

ADIT_DECL std::string choose_algorithm(const keys::public_key& key, const std::string& accepted,
                                       const peer_extensions& server) {
    const std::string_view type = keys::uncertified_name(key.type());
    const bool certified = type != key.type();
    bool known_type = false;
    for (const keys::signature_algorithm& row : keys::signature_algorithms) {
        if (row.key_type != type) continue;
        known_type = true;
        std::string name(row.name);
        if (certified) name += keys::certificate_suffix;
        const bool ours = accepted.empty() || wire::name_list{accepted}.contains(name);
        const auto lists = [&server](std::string_view listed) {
            return wire::name_list{*server.server_sig_algs}.contains(listed);
        };
        const bool theirs = !server.server_sig_algs || lists(row.name) || lists(name);
        if (ours && theirs) return name;
    }
    return known_type ? std::string() : std::string(key.type());
}

ADIT_DECL task<bool> public_key::begin(packet_port& port, const login& who) {
    algorithm_ = choose_algorithm(key(), settings_.accepted, port.extensions());
    if (algorithm_.empty()) {
        // Whoever wonders why the key did not help is told; once, for a method may begin again.
        const std::string note = label() + "[no algorithm in common]";
        if (!passed_over_) port.report().methods_tried.push_back(note);
        passed_over_ = true;
        co_return false;
    }
    if (!settings_.ask_first) {
        co_return co_await send_signed(port, who);
    }
    wire::userauth_publickey_query query;
    query.user_name = who.user;
    query.service_name = connection_service;
    query.algorithm_name = algorithm_;
    query.public_key = key().blob();
    port.send(query);
    co_return true;
}

ADIT_DECL task<verdict> public_key::finish(packet_port& port, const login& who) {
    if (!settings_.ask_first) co_return co_await receive_verdict(port);
    const protocol::packet packet = co_await receive_past_banners(port);
    if (packet.id() != wire::message_id::userauth_pk_ok) co_return read_verdict(packet);
    check_pk_ok(packet);
    const bool sent = co_await send_signed(port, who);
    if (!sent) {
        verdict none_yet;
        none_yet.withdrawn = true;
        co_return none_yet;
    }
    co_return co_await receive_verdict(port);
}

ADIT_DECL void public_key::note(packet_port& port, error_code why) const {
    if (!why) return;
    std::vector<std::string>& tried = port.report().methods_tried;
    if (!settings_.ask_first) tried.push_back(label());
    tried.back() += "[" + why.message() + "]";
}

ADIT_DECL void public_key::check_pk_ok(const protocol::packet& packet) const {
    const auto ok = value_of(wire::decode<wire::userauth_pk_ok>(packet.payload));
    if (ok.algorithm_name != algorithm_ || !wire::same_bytes(ok.public_key, key().blob())) {
        throw protocol_error(errc::unexpected_message);
    }
}

ADIT_DECL task<bool> public_key::send_signed(packet_port& port, const login& who) {
    wire::userauth_publickey_signed_data covered;
    covered.session_identifier = who.session_id;
    covered.user_name = who.user;
    covered.service_name = connection_service;
    covered.algorithm_name = algorithm_;
    covered.public_key = key().blob();
    std::vector<byte> message(wire::fields_size(covered));
    wire::writer w(message);
    wire::put_fields(w, covered);
    if (w.error() != errc::ok) throw protocol_error(w.error());

    const session_proof session{who.host_key, who.session_id, who.host_key_signature};
    const auto ask = [this, &session, &message] {
        return settings_.key->sign_for(session, algorithm_, message);
    };
    const std::vector<byte> signature = co_await guarded(ask, errc::signing_failed);
    if (signature.empty()) {
        note(port, settings_.key->why_not());
        co_return false;
    }
    wire::userauth_publickey_request request;
    request.user_name = who.user;
    request.service_name = connection_service;
    request.algorithm_name = algorithm_;
    request.public_key = key().blob();
    request.signature = signature;
    port.send(request);
    signed_ = true;
    co_return true;
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
