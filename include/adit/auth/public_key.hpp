// The method "publickey", RFC 4252 section 7, with the signature at once: no query, no extra round
// trip. Used by client.hpp, once for each key. The signature comes from a signer, which may be a
// file's key, an agent or a token. Invariant: what is signed begins with the session identifier.
#pragma once

#include <adit/auth/method.hpp>
#include <adit/keys/signature.hpp>
#include <adit/transport/hooks.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace adit::auth {

class public_key final : public method {
public:
    explicit public_key(std::shared_ptr<signer> key) : key_(std::move(key)) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "publickey"; }
    [[nodiscard]] std::string label() const override {
        const std::string which = key_->name();
        return which.empty() ? "publickey" : "publickey(" + which + ")";
    }
    [[nodiscard]] task<bool> begin(packet_port& port, const login& who) override;
    [[nodiscard]] task<verdict> finish(packet_port& port, const login&) override {
        co_return co_await receive_verdict(port);
    }

private:
    std::shared_ptr<signer> key_;
};

// Details.

inline task<bool> public_key::begin(packet_port& port, const login& who) {
    const keys::public_key& key = key_->public_part();
    // For the types that there are, the algorithm is called like the key (RFC 8709).
    const std::string_view algorithm = key.type();
    wire::userauth_publickey_signed_data covered;
    covered.session_identifier = who.session_id;
    covered.user_name = who.user;
    covered.service_name = connection_service;
    covered.algorithm_name = algorithm;
    covered.public_key = key.blob();
    std::vector<byte> message(
        std::apply([](const auto&... field) { return (wire::size_of(field) + ...); },
                   wire::userauth_publickey_signed_data::wire(covered)));
    wire::writer w(message);
    wire::put_fields(w, covered);
    if (w.error() != errc::ok) throw protocol_error(w.error());

    const std::vector<byte> signature = co_await key_->sign(algorithm, message);
    wire::userauth_publickey_request request;
    request.user_name = who.user;
    request.service_name = connection_service;
    request.algorithm_name = algorithm;
    request.public_key = key.blob();
    request.signature = signature;
    port.send(request);
    co_return true;
}

}  // namespace adit::auth
