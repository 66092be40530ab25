// The method "publickey" at a server, RFC 4252 section 7: a question whether a key is wanted, or a
// request with a proof. Used by auth/server.hpp, once for each request. Invariants: nothing is
// remembered between requests (A06); the algorithm of the request, the type in the blob and the
// signature's own name must belong together and be on the list (C32); the decision that counts is
// made after the signature was verified, about the key that verified.
#pragma once

#include <adit/auth/server_attempt.hpp>
#include <adit/bodies.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/fingerprint.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit::auth {

/// `packet` is a userauth_request with the method "publickey".
[[nodiscard]] task<outcome> check_public_key(server_login& login, protocol::packet packet);

/// server-sig-algs, and what a request may name, with or without a certificate.
[[nodiscard]] std::string accepted_signature_algorithms(const server_options& options);

// Details.

#if ADIT_BODIES

namespace server_key {

/// A request or a query, copied: an authenticator may take its time.
struct offer {
    std::string algorithm;
    std::optional<keys::public_key> key;           ///< none: not one that we can read
    std::optional<keys::certificate> certificate;  ///< that `key` is the blob of
    bool is_query = false;
    std::vector<byte> signature;
};

[[nodiscard]] inline offer read(const protocol::packet& packet) {
    const auto request = value_of(wire::decode<wire::userauth_request>(packet.payload));
    offer result;
    bytes_view blob;
    const bytes_view fields = request.method_fields.bytes;
    result.is_query = !fields.empty() && fields[0] == 0;
    if (result.is_query) {
        const auto m = value_of(wire::decode<wire::userauth_publickey_query>(packet.payload));
        result.algorithm = std::string(m.algorithm_name);
        blob = m.public_key;
    } else {
        const auto m = value_of(wire::decode<wire::userauth_publickey_request>(packet.payload));
        result.algorithm = std::string(m.algorithm_name);
        result.signature.assign(m.signature.begin(), m.signature.end());
        blob = m.public_key;
    }
    auto key = keys::public_key::parse(blob);
    if (key) result.key = std::move(*key);
    if (!result.key || !keys::is_certificate_name(result.key->type())) return result;
    auto certificate = keys::certificate::parse(blob);
    if (certificate) result.certificate = std::move(*certificate);
    return result;
}

/// The key that has to sign: of a certificate, the one in it.
[[nodiscard]] inline const keys::public_key& subject_of(const offer& o) {
    return o.certificate ? o.certificate->key() : *o.key;
}

[[nodiscard]] inline std::string_view refusal_of(const server_login& login, const offer& o) {
    if (!o.key || !subject_of(o).supported()) return "the key cannot be read";
    const std::string accepted = accepted_signature_algorithms(login.options);
    const wire::name_list list{accepted};
    const std::string_view plain = keys::uncertified_name(o.algorithm);
    if (!list.contains(plain) && !list.contains(o.algorithm)) {
        return "the algorithm is not accepted";
    }
    const keys::signature_algorithm* row = keys::find_signature_algorithm(plain);
    const bool names_certificate = plain != o.algorithm;
    const bool fits = row != nullptr && row->key_type == subject_of(o).type() &&
                      names_certificate == o.certificate.has_value();
    return fits ? "" : "key and algorithm do not match";
}

[[nodiscard]] inline bool verifies(const server_login& login, const offer& o) {
    wire::userauth_publickey_signed_data covered;
    covered.session_identifier = login.session_id;
    covered.user_name = login.who.user;
    covered.service_name = connection_service;
    covered.algorithm_name = o.algorithm;
    covered.public_key = o.key->blob();
    std::vector<byte> message(wire::fields_size(covered));
    wire::writer w(message);
    wire::put_fields(w, covered);
    if (w.error() != errc::ok) return false;
    const errc verdict = o.certificate ? o.certificate->verify(o.algorithm, message, o.signature)
                                       : o.key->verify(o.algorithm, message, o.signature);
    return verdict == errc::ok;
}

}  // namespace server_key

ADIT_DECL std::string accepted_signature_algorithms(const server_options& options) {
    return options.public_key_algorithms.empty() ? keys::default_host_key_algorithm_names()
                                                 : options.public_key_algorithms;
}

ADIT_DECL task<outcome> check_public_key(server_login& login, protocol::packet packet) {
    const server_key::offer o = server_key::read(packet);
    outcome result;
    if (o.is_query) result.what = outcome::kind::query_refused;
    if (o.key) result.key_fingerprint = keys::fingerprint(server_key::subject_of(o));
    result.why = server_key::refusal_of(login, o);
    if (!result.why.empty()) co_return result;

    key_question question{login.who, &*o.key, o.algorithm, false};
    const auto ask = [&] { return login.options.authentication->check_key(question); };
    result.why = "the key is not authorized";
    const authenticator::answer wanted = co_await asked(ask, result);
    if (!wanted) co_return result;
    if (o.is_query) {
        login.port.send(wire::userauth_pk_ok{o.algorithm, o.key->blob()});
        result.what = outcome::kind::answered;
        co_return result;
    }
    if (!server_key::verifies(login, o)) {
        result.why = "the signature is wrong";
        co_return result;
    }
    if (login.port.stopped()) throw protocol_error(errc::connection_closed);
    question.verified = true;
    authenticator::answer granted = co_await asked(ask, result);
    co_return passed_with(std::move(result), std::move(granted));
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
