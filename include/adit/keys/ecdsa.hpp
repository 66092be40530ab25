// ECDSA keys over NIST's three curves (RFC 5656 section 3.1): the table of curves, and how the blob
// of a key is checked and becomes a key of Botan's. Used by key_types.hpp, private_key.hpp and the
// formats of private keys. Invariant: the curve in a blob is the one that its type names, and its
// point is uncompressed, of exact length and on that curve.
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/error.hpp>
#include <adit/wire/message.hpp>

#include <botan/build.h>
#include <botan/ec_apoint.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

// C34: a nonce that is repeated or biased gives the key away (CVE-2024-31497).
#if !defined(BOTAN_HAS_RFC6979_GENERATOR)
#error "adit needs Botan's module rfc6979: without it ECDSA nonces are random"
#endif

namespace adit::keys {

struct nist_curve {
    std::string_view type;   ///< of keys, and of their signatures
    std::string_view name;   ///< inside the blob
    std::string_view group;  ///< Botan's name
    std::string_view oid;    ///< in the formats of others, as DER; may hold a zero
    std::size_t size;        ///< bytes of a coordinate, and of the order
};

inline constexpr nist_curve nistp256{"ecdsa-sha2-nistp256", "nistp256", "secp256r1",
                                     "\x2a\x86\x48\xce\x3d\x03\x01\x07", 32};
inline constexpr nist_curve nistp384{
    "ecdsa-sha2-nistp384", "nistp384", "secp384r1", {"\x2b\x81\x04\x00\x22", 5}, 48};
inline constexpr nist_curve nistp521{
    "ecdsa-sha2-nistp521", "nistp521", "secp521r1", {"\x2b\x81\x04\x00\x23", 5}, 66};
inline constexpr std::array<const nist_curve*, 3> nist_curves{&nistp256, &nistp384, &nistp521};

/// The curve of a key type, or null.
[[nodiscard]] inline const nist_curve* find_curve(std::string_view type) noexcept {
    const auto has = [type](const nist_curve* curve) { return curve->type == type; };
    const auto* const found = std::ranges::find_if(nist_curves, has);
    return found == nist_curves.end() ? nullptr : *found;
}

/// What follows the type's name in the blob of a key.
struct ecdsa_fields {
    wire::text curve;
    wire::octets point;
    static constexpr auto wire(auto& m) { return std::tie(m.curve, m.point); }
};

[[nodiscard]] inline std::vector<byte> ecdsa_blob(const nist_curve& curve, bytes_view point) {
    std::vector<byte> blob(12 + curve.type.size() + curve.name.size() + point.size());
    wire::writer w(blob);
    w.put_string(as_bytes(curve.type));
    wire::put_fields(w, ecdsa_fields{curve.name, point});
    return blob;
}

/// The point, or nothing where it is compressed, of another length or not on the curve. Throws as
/// Botan does.
[[nodiscard]] inline std::optional<Botan::EC_AffinePoint> decode_point(const nist_curve& curve,
                                                                       bytes_view point) {
    constexpr byte uncompressed = 0x04;
    if (point.size() != 1 + 2 * curve.size || point[0] != uncompressed) return std::nullopt;
    return Botan::EC_AffinePoint::deserialize(Botan::EC_Group::from_name(curve.group), point);
}

template <const nist_curve& Curve>
[[nodiscard]] errc check_ecdsa(bytes_view fields) {
    const auto decoded = wire::decode_fields<ecdsa_fields>(fields);
    if (!decoded) return static_cast<errc>(decoded.error().value());
    if (decoded->curve != Curve.name) return errc::malformed_field;
    return crypto::attempt(errc::malformed_field, [&] {
        const auto point = decode_point(Curve, decoded->point);
        return point && !point->is_identity() ? errc::ok : errc::malformed_field;
    });
}

template <const nist_curve& Curve>
[[nodiscard]] std::unique_ptr<Botan::Public_Key> load_ecdsa(bytes_view fields) {
    const auto decoded = wire::decode_fields<ecdsa_fields>(fields);
    return std::make_unique<Botan::ECDSA_PublicKey>(
        Botan::EC_Group::from_name(Curve.group),
        decode_point(Curve, decoded.value().point).value());
}

}  // namespace adit::keys
