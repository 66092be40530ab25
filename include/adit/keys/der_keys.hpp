// Private keys as other programs keep them, decrypted: PKCS#1 for RSA (RFC 8017 appendix A.1.2),
// SEC1 for ECDSA (RFC 5915), PKCS#8 for both and for Ed25519 (RFC 5208, RFC 8410). Used by
// key_parser.hpp. Invariant: what is read ends where its DER ends, and a public part that the file
// repeats is the secret's.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/error.hpp>
#include <adit/keys/der_reader.hpp>
#include <adit/keys/private_key.hpp>

#include <algorithm>
#include <string_view>

namespace adit::keys {

/// Each of them: key_corrupt, or unsupported_key_type.
[[nodiscard]] result<private_key> parse_pkcs1(bytes_view der);
/// `curve` is null where the key has to name it.
[[nodiscard]] result<private_key> parse_sec1(bytes_view der, const nist_curve* curve);
[[nodiscard]] result<private_key> parse_pkcs8(bytes_view der);

// Details.

namespace object_id {
inline constexpr std::string_view rsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
inline constexpr std::string_view elliptic_curve = "\x2a\x86\x48\xce\x3d\x02\x01";
inline constexpr std::string_view ed25519 = "\x2b\x65\x70";
}  // namespace object_id

#if ADIT_BODIES

ADIT_DECL result<private_key> parse_pkcs1(bytes_view der) {
    der_reader outer(der);
    der_reader r = outer.take_inner(der_tag::sequence);
    const std::uint32_t version = r.take_u32();
    if (!r.failed() && version == 1) return errc::unsupported_key_type;  // more than two primes
    rsa_numbers key;
    key.n = r.take_number();
    key.e = r.take_number();
    key.d = r.take_number();
    key.p = r.take_number();
    key.q = r.take_number();
    for (int made_anew = 0; made_anew < 3; ++made_anew) r.skip(der_tag::integer);
    if (version != 0 || !r.finished() || !outer.finished()) return errc::key_corrupt;
    return private_key::from_rsa(key);
}

[[nodiscard]] inline const nist_curve* curve_of(bytes_view oid) noexcept {
    const auto named = [oid](const nist_curve* curve) { return curve->oid == as_text(oid); };
    const auto* const found = std::ranges::find_if(nist_curves, named);
    return found == nist_curves.end() ? nullptr : *found;
}

// A compressed point is compared by its x alone.
[[nodiscard]] inline bool shows_point(bytes_view bit_string, const private_key& key,
                                      const nist_curve& curve) noexcept {
    const bytes_view point = key.public_part().blob().last(1 + 2 * curve.size);
    if (bit_string.size() < 2 + curve.size || bit_string[0] != 0) return false;
    const bytes_view given = bit_string.subspan(1);
    if (given.size() == point.size()) return wire::same_bytes(given, point);
    return given.size() == 1 + curve.size &&
           wire::same_bytes(given.subspan(1), point.subspan(1, curve.size));
}

ADIT_DECL result<private_key> parse_sec1(bytes_view der, const nist_curve* curve) {
    der_reader outer(der);
    der_reader r = outer.take_inner(der_tag::sequence);
    const std::uint32_t version = r.take_u32();
    const bytes_view scalar = r.take(der_tag::octet_string);
    if (r.next_is(der_tag::explicit_0)) {
        der_reader parameters = r.take_inner(der_tag::explicit_0);
        // Parameters in full, instead of a name, have been used to forge keys (CVE-2020-0601).
        if (parameters.next_is(der_tag::sequence)) return errc::unsupported_key_type;
        const nist_curve* const named = curve_of(parameters.take(der_tag::object_identifier));
        if (!parameters.finished()) return errc::key_corrupt;
        if (curve != nullptr && named != curve) return errc::key_corrupt;
        curve = named;
    }
    bytes_view shown;
    if (r.next_is(der_tag::explicit_1)) {
        der_reader inner = r.take_inner(der_tag::explicit_1);
        shown = inner.take(der_tag::bit_string);
        if (!inner.finished() || shown.empty()) return errc::key_corrupt;
    }
    if (version != 1 || !r.finished() || !outer.finished()) return errc::key_corrupt;
    if (curve == nullptr) return errc::unsupported_key_type;
    auto key = private_key::from_ecdsa_scalar(*curve, scalar);
    if (key && !shown.empty() && !shows_point(shown, *key, *curve)) return errc::key_corrupt;
    return key;
}

[[nodiscard]] inline result<private_key> parse_ed25519(bytes_view der) {
    der_reader r(der);
    const bytes_view seed = r.take(der_tag::octet_string);
    if (!r.finished()) return errc::key_corrupt;
    return private_key::from_ed25519_seed(seed);
}

[[nodiscard]] inline result<private_key> parse_curve_key(der_reader& parameters, bytes_view der) {
    if (parameters.next_is(der_tag::sequence)) return errc::unsupported_key_type;
    const nist_curve* const curve = curve_of(parameters.take(der_tag::object_identifier));
    if (!parameters.finished()) return errc::key_corrupt;
    if (curve == nullptr) return errc::unsupported_key_type;
    return parse_sec1(der, curve);
}

// RFC 5958 adds a public part at the end, for which the version is 1.
ADIT_DECL result<private_key> parse_pkcs8(bytes_view der) {
    der_reader outer(der);
    der_reader r = outer.take_inner(der_tag::sequence);
    const std::uint32_t version = r.take_u32();
    der_reader algorithm = r.take_inner(der_tag::sequence);
    const std::string_view oid = as_text(algorithm.take(der_tag::object_identifier));
    const bytes_view key = r.take(der_tag::octet_string);
    r.skip_if(der_tag::explicit_0);
    if (version == 1) r.skip_if(der_tag::implicit_1);
    const bool whole = version <= 1 && !algorithm.failed() && r.finished() && outer.finished();
    if (!whole) return errc::key_corrupt;
    if (oid == object_id::rsa) return parse_pkcs1(key);
    if (oid == object_id::elliptic_curve) return parse_curve_key(algorithm, key);
    if (oid == object_id::ed25519) return parse_ed25519(key);
    return errc::unsupported_key_type;
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
