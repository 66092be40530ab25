// mlkem768x25519-sha256 (draft-ietf-sshm-mlkem-hybrid-kex): ML-KEM-768 (FIPS 203) beside X25519,
// each value the KEM's part followed by the curve's. The secret is a string, not an mpint:
// SHA-256(KEM secret || X25519 secret) (C23).
// Invariant: exact lengths; a ciphertext that was tampered with gives another secret, not an error.
#pragma once

#include <adit/crypto/attempt.hpp>
#include <adit/crypto/curve25519.hpp>
#include <adit/crypto/hash.hpp>
#include <adit/crypto/key_agreement.hpp>
#include <adit/crypto/random.hpp>

#include <botan/ml_kem.h>
#include <botan/pubkey.h>

#include <array>
#include <vector>

namespace adit::crypto {

class mlkem768_x25519_client final : public client_key_agreement {
public:
    explicit mlkem768_x25519_client(random_source& random);
    [[nodiscard]] bytes_view public_value() const noexcept override { return public_value_; }
    [[nodiscard]] result<secret_bytes> shared_secret(bytes_view theirs) noexcept override;

private:
    random_source& random_;
    Botan::ML_KEM_PrivateKey kem_key_;
    x25519 curve_key_;
    std::vector<byte> public_value_;
};

class mlkem768_x25519_server final : public server_key_agreement {
public:
    explicit mlkem768_x25519_server(random_source& random) noexcept : random_(random) {}
    [[nodiscard]] result<server_share> respond(bytes_view theirs) noexcept override;

private:
    random_source& random_;
};

struct mlkem768 {
    static constexpr std::size_t encapsulation_key_size = 1184;
    static constexpr std::size_t ciphertext_size = 1088;
    static constexpr std::size_t secret_size = 32;
};

[[nodiscard]] inline secret_bytes hybrid_secret(bytes_view kem_secret, bytes_view curve_secret) {
    hasher hash(hash_id::sha256);
    hash.update(kem_secret);
    hash.update(curve_secret);
    return encode_as_string(hash.finish());
}

inline mlkem768_x25519_client::mlkem768_x25519_client(random_source& random)
    : random_(random),
      kem_key_(random.botan(), Botan::ML_KEM_Mode::ML_KEM_768),
      curve_key_(random),
      public_value_(kem_key_.public_key_bits()) {
    const auto& curve_value = curve_key_.public_value();
    public_value_.insert(public_value_.end(), curve_value.begin(), curve_value.end());
}

inline result<secret_bytes> mlkem768_x25519_client::shared_secret(bytes_view theirs) noexcept {
    if (theirs.size() != mlkem768::ciphertext_size + x25519::size) {
        return errc::invalid_key_exchange_value;
    }
    return attempt(errc::invalid_key_exchange_value, [&]() -> result<secret_bytes> {
        const auto curve_secret = curve_key_.agree(theirs.last(x25519::size));
        if (!curve_secret) return curve_secret.error();
        Botan::PK_KEM_Decryptor decryptor(kem_key_, random_.botan(), "Raw");
        const auto kem_secret =
            decryptor.decrypt(theirs.first(mlkem768::ciphertext_size), mlkem768::secret_size);
        return hybrid_secret(kem_secret, *curve_secret);
    });
}

inline result<server_share> mlkem768_x25519_server::respond(bytes_view theirs) noexcept {
    if (theirs.size() != mlkem768::encapsulation_key_size + x25519::size) {
        return errc::invalid_key_exchange_value;
    }
    return attempt(errc::invalid_key_exchange_value, [&]() -> result<server_share> {
        const x25519 curve_key(random_);
        const auto curve_secret = curve_key.agree(theirs.last(x25519::size));
        if (!curve_secret) return curve_secret.error();
        const Botan::ML_KEM_PublicKey kem_key(theirs.first(mlkem768::encapsulation_key_size),
                                              Botan::ML_KEM_Mode::ML_KEM_768);
        // FIPS 203 section 7.2, the modulus check; the constructor of newer Botans made it already.
        if (!kem_key.check_key(random_.botan(), true)) return errc::invalid_key_exchange_value;
        Botan::PK_KEM_Encryptor encryptor(kem_key, "Raw");
        const auto kem = encryptor.encrypt(random_.botan(), mlkem768::secret_size);
        server_share share{kem.encapsulated_shared_key(),
                           hybrid_secret(kem.shared_key(), *curve_secret)};
        const auto& curve_value = curve_key.public_value();
        share.public_value.insert(share.public_value.end(), curve_value.begin(), curve_value.end());
        return share;
    });
}

}  // namespace adit::crypto
