// diffie-hellman-group14-sha256, -group16-sha512 and -group18-sha512 (RFC 8268; RFC 4253 section
// 8): the groups of RFC 3526 with their generator 2. Used by algorithms.hpp's table. e and f are
// mpints, in the messages KEXDH_INIT and KEXDH_REPLY and in H. An mpint is encoded as a string that
// holds its bytes, sign byte included, and the messages' numbers and fields are those of RFC 5656:
// what is given and taken here is such a string's content, and nothing above differs. Invariant:
// the peer's value is a minimal mpint and 1 < value < p - 1 (C11, C21, A12).
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/key_agreement.hpp>
#include <adit/crypto/random.hpp>

#include <botan/bigint.h>
#include <botan/dh.h>
#include <botan/dl_group.h>
#include <botan/pubkey.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace adit::crypto {

enum class dh_group { group14, group16, group18 };

/// One ephemeral key, used for one agreement. Throws what Botan throws.
class dh_key {
public:
    dh_key(random_source& random, dh_group group);

    /// The content of an mpint.
    [[nodiscard]] const std::vector<byte>& public_value() const noexcept { return public_value_; }
    /// The secret as mpint.
    [[nodiscard]] result<secret_bytes> agree(bytes_view theirs) const;

private:
    random_source& random_;
    Botan::DH_PrivateKey key_;
    std::vector<byte> public_value_;
};

template <dh_group Group>
class dh_client final : public client_key_agreement {
public:
    explicit dh_client(random_source& random) : key_(random, Group) {}
    [[nodiscard]] bytes_view public_value() const noexcept override { return key_.public_value(); }
    [[nodiscard]] result<secret_bytes> shared_secret(bytes_view theirs) noexcept override {
        return attempt(errc::invalid_key_exchange_value, [&] { return key_.agree(theirs); });
    }

private:
    dh_key key_;
};

template <dh_group Group>
class dh_server final : public server_key_agreement {
public:
    explicit dh_server(random_source& random) noexcept : random_(random) {}
    [[nodiscard]] result<server_share> respond(bytes_view theirs) noexcept override;

private:
    random_source& random_;
};

// Details.

[[nodiscard]] constexpr const char* botan_name(dh_group group) noexcept {
    switch (group) {
        case dh_group::group14: return "modp/ietf/2048";
        case dh_group::group16: return "modp/ietf/4096";
        case dh_group::group18: return "modp/ietf/8192";
    }
    return "";
}

template <dh_group Group>
result<server_share> dh_server<Group>::respond(bytes_view theirs) noexcept {
    return attempt(errc::invalid_key_exchange_value, [&]() -> result<server_share> {
        const dh_key key(random_, Group);
        auto secret = key.agree(theirs);
        if (!secret) return secret.error();
        return server_share{key.public_value(), std::move(*secret)};
    });
}

#if ADIT_BODIES

/// RFC 3526 section 8: twice the strength of the group, by the higher of its two estimates.
[[nodiscard]] constexpr std::size_t exponent_size(dh_group group) noexcept {
    switch (group) {
        case dh_group::group14: return 320 / 8;
        case dh_group::group16: return 480 / 8;
        case dh_group::group18: return 624 / 8;  // 620 bits, in whole bytes
    }
    return 0;
}

[[nodiscard]] inline Botan::BigInt random_exponent(random_source& random, dh_group group) {
    secret_bytes bytes(exponent_size(group));
    random.fill(bytes);
    return Botan::BigInt(bytes);
}

/// The magnitude of an mpint that is minimal and positive; empty for every other (C11).
[[nodiscard]] inline bytes_view positive_magnitude(bytes_view mpint_content) noexcept {
    constexpr byte sign = 0x80;
    if (mpint_content.empty() || (mpint_content[0] & sign) != 0) return {};
    if (mpint_content[0] != 0) return mpint_content;
    if (mpint_content.size() == 1 || (mpint_content[1] & sign) == 0) return {};
    return mpint_content.subspan(1);
}

[[nodiscard]] inline std::vector<byte> mpint_content(bytes_view big_endian) {
    const secret_bytes encoded = encode_as_mpint(big_endian);
    constexpr std::ptrdiff_t length_bytes = 4;
    return {encoded.begin() + length_bytes, encoded.end()};
}

ADIT_DECL dh_key::dh_key(random_source& random, dh_group group)
    : random_(random),
      key_(Botan::DL_Group::from_name(botan_name(group)), random_exponent(random, group)),
      public_value_(mpint_content(key_.public_value())) {}

ADIT_DECL result<secret_bytes> dh_key::agree(bytes_view theirs) const {
    const Botan::BigInt& p = key_.group().get_p();
    const bytes_view magnitude = positive_magnitude(theirs);
    if (magnitude.size() > p.bytes()) return errc::invalid_key_exchange_value;
    const Botan::BigInt value(magnitude);
    if (value <= 1 || value >= p - 1) return errc::invalid_key_exchange_value;
    const Botan::PK_Key_Agreement agreement(key_, random_.botan(), "Raw");
    return encode_as_mpint(agreement.derive_key(p.bytes(), magnitude).bits_of());
}

#endif  // ADIT_BODIES

}  // namespace adit::crypto
