// ecdh-sha2-nistp256, -nistp384 and -nistp521 (RFC 5656 section 4): the secret is the x coordinate,
// read as a big-endian integer. Used by algorithms.hpp's table.
// Invariant: the peer's point is uncompressed, has exactly its curve's length, is on the curve and
// is not infinity (C22, A12).
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/key_agreement.hpp>
#include <adit/crypto/random.hpp>

#include <botan/ec_group.h>
#include <botan/ecdh.h>
#include <botan/pubkey.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace adit::crypto {

enum class nist_curve { p256, p384, p521 };

/// Bytes of one coordinate; a point is 04 and two of them.
[[nodiscard]] constexpr std::size_t coordinate_size(nist_curve curve) noexcept {
    switch (curve) {
        case nist_curve::p256: return 32;
        case nist_curve::p384: return 48;
        case nist_curve::p521: return 66;
    }
    return 0;
}

/// One ephemeral key, used for one agreement. Throws what Botan throws.
class ecdh_key {
public:
    ecdh_key(random_source& random, nist_curve curve);

    [[nodiscard]] const std::vector<byte>& public_value() const noexcept { return public_value_; }
    /// The secret as mpint.
    [[nodiscard]] result<secret_bytes> agree(bytes_view theirs) const;

private:
    random_source& random_;
    nist_curve curve_;
    Botan::ECDH_PrivateKey key_;
    std::vector<byte> public_value_;
};

template <nist_curve Curve>
class ecdh_client final : public client_key_agreement {
public:
    explicit ecdh_client(random_source& random) : key_(random, Curve) {}
    [[nodiscard]] bytes_view public_value() const noexcept override { return key_.public_value(); }
    [[nodiscard]] result<secret_bytes> shared_secret(bytes_view theirs) noexcept override {
        return attempt(errc::invalid_key_exchange_value, [&] { return key_.agree(theirs); });
    }

private:
    ecdh_key key_;
};

template <nist_curve Curve>
class ecdh_server final : public server_key_agreement {
public:
    explicit ecdh_server(random_source& random) noexcept : random_(random) {}
    [[nodiscard]] result<server_share> respond(bytes_view theirs) noexcept override;

private:
    random_source& random_;
};

// Details.

[[nodiscard]] constexpr const char* botan_name(nist_curve curve) noexcept {
    switch (curve) {
        case nist_curve::p256: return "secp256r1";
        case nist_curve::p384: return "secp384r1";
        case nist_curve::p521: return "secp521r1";
    }
    return "";
}

template <nist_curve Curve>
result<server_share> ecdh_server<Curve>::respond(bytes_view theirs) noexcept {
    return attempt(errc::invalid_key_exchange_value, [&]() -> result<server_share> {
        const ecdh_key key(random_, Curve);
        auto secret = key.agree(theirs);
        if (!secret) return secret.error();
        return server_share{key.public_value(), std::move(*secret)};
    });
}

#if ADIT_BODIES

ADIT_DECL ecdh_key::ecdh_key(random_source& random, nist_curve curve)
    : random_(random),
      curve_(curve),
      key_(random.botan(), Botan::EC_Group::from_name(botan_name(curve))),
      public_value_(key_.public_value()) {}

ADIT_DECL result<secret_bytes> ecdh_key::agree(bytes_view theirs) const {
    // Botan would take compressed and hybrid points too.
    constexpr byte uncompressed = 4;
    const std::size_t coordinate = coordinate_size(curve_);
    if (theirs.size() != 1 + 2 * coordinate || theirs[0] != uncompressed) {
        return errc::invalid_key_exchange_value;
    }
    const Botan::PK_Key_Agreement agreement(key_, random_.botan(), "Raw");
    return encode_as_mpint(agreement.derive_key(coordinate, theirs).bits_of());
}

#endif  // ADIT_BODIES

}  // namespace adit::crypto
