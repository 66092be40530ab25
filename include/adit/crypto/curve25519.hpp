// curve25519-sha256 and curve25519-sha256@libssh.org (RFC 8731): X25519, the 32 bytes of its output
// read as a big-endian integer. The raw agreement is also half of mlkem768_x25519.hpp.
// Invariant: the peer's value has exactly 32 bytes and the secret is not all zero (C22, A12).
#pragma once

#include <adit/crypto/attempt.hpp>
#include <adit/crypto/key_agreement.hpp>
#include <adit/crypto/random.hpp>

#include <botan/pubkey.h>
#include <botan/x25519.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace adit::crypto {

/// One ephemeral key, used for one agreement. Throws what Botan throws.
class x25519 {
public:
    static constexpr std::size_t size = 32;

    explicit x25519(random_source& random)
        : random_(random), key_(random.botan()), public_value_(key_.public_value()) {}

    [[nodiscard]] const std::vector<byte>& public_value() const noexcept { return public_value_; }
    [[nodiscard]] result<secret_bytes> agree(bytes_view theirs) const;

private:
    random_source& random_;
    Botan::X25519_PrivateKey key_;
    std::vector<byte> public_value_;
};

class curve25519_client final : public client_key_agreement {
public:
    explicit curve25519_client(random_source& random) : key_(random) {}
    [[nodiscard]] bytes_view public_value() const noexcept override { return key_.public_value(); }
    [[nodiscard]] result<secret_bytes> shared_secret(bytes_view theirs) noexcept override;

private:
    x25519 key_;
};

class curve25519_server final : public server_key_agreement {
public:
    explicit curve25519_server(random_source& random) noexcept : random_(random) {}
    [[nodiscard]] result<server_share> respond(bytes_view theirs) noexcept override;

private:
    random_source& random_;
};

inline result<secret_bytes> x25519::agree(bytes_view theirs) const {
    if (theirs.size() != size) return errc::invalid_key_exchange_value;
    // This form refuses the all-zero secret by throwing; X25519_PrivateKey::agree() does not.
    const Botan::PK_Key_Agreement agreement(key_, random_.botan(), "Raw");
    return agreement.derive_key(size, theirs).bits_of();
}

inline result<secret_bytes> curve25519_client::shared_secret(bytes_view theirs) noexcept {
    return attempt(errc::invalid_key_exchange_value, [&]() -> result<secret_bytes> {
        const auto secret = key_.agree(theirs);
        if (!secret) return secret.error();
        return encode_as_mpint(*secret);
    });
}

inline result<server_share> curve25519_server::respond(bytes_view theirs) noexcept {
    return attempt(errc::invalid_key_exchange_value, [&]() -> result<server_share> {
        const x25519 key(random_);
        const auto secret = key.agree(theirs);
        if (!secret) return secret.error();
        return server_share{key.public_value(), encode_as_mpint(*secret)};
    });
}

}  // namespace adit::crypto
