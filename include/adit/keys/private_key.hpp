// A private key that can sign: Ed25519 (RFC 8709 section 6), ECDSA (RFC 5656 section 3.1.2) or RSA
// (RFC 8332 section 3). Used by publickey authentication, by host keys of a server and by the
// readers and writers of key files.
// Invariant: the secret lies in memory of Botan's that is wiped, the object is moved and never
// copied, and the public part belongs to the secret.
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/random.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/ecdsa.hpp>
#include <adit/keys/public_key.hpp>
#include <adit/keys/rsa.hpp>
#include <adit/keys/signature.hpp>

#include <botan/pk_keys.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::keys {

/// The numbers of an RSA key, as its file formats have them.
struct rsa_numbers {
    wire::mpint n, e, d, p, q;
};

/// The secret ones, for a writer of key files; `inverse` is that of q modulo p.
struct rsa_secrets {
    crypto::secret_bytes d, inverse, p, q;
};

class private_key {
public:
    static constexpr std::size_t ed25519_seed_size = 32;

    [[nodiscard]] static result<private_key> generate_ed25519(crypto::random_source& random);
    [[nodiscard]] static result<private_key> generate_ecdsa(const nist_curve& curve,
                                                            crypto::random_source& random);
    /// unsupported_key_type where a modulus of so many bits is not allowed. Takes a second or more.
    [[nodiscard]] static result<private_key> generate_rsa(std::size_t bits,
                                                          crypto::random_source& random);

    /// key_corrupt where the seed is not 32 bytes long.
    [[nodiscard]] static result<private_key> from_ed25519_seed(bytes_view seed,
                                                               std::string comment = {});

    /// key_corrupt where the number is not between 1 and the order of the curve.
    [[nodiscard]] static result<private_key> from_ecdsa_scalar(const nist_curve& curve,
                                                               bytes_view scalar);

    /// key_corrupt where the numbers do not belong together; unsupported_key_type where the modulus
    /// or the exponent has a size that is not allowed.
    [[nodiscard]] static result<private_key> from_rsa(const rsa_numbers& numbers);

    [[nodiscard]] const public_key& public_part() const noexcept { return public_; }
    [[nodiscard]] const std::string& comment() const noexcept { return comment_; }
    void set_comment(std::string comment) { comment_ = std::move(comment); }

    /// A signature blob, always the same for the same message. unsupported_key_type where this key
    /// cannot make that kind of signature; of those it can, signature_algorithms_for() knows.
    [[nodiscard]] result<std::vector<byte>> sign(std::string_view algorithm,
                                                 bytes_view message) const;

    /// The 32 secret bytes of an Ed25519 key, for a writer of key files.
    [[nodiscard]] result<crypto::secret_bytes> ed25519_seed() const;
    /// The secret number of an ECDSA key, as long as the curve's order.
    [[nodiscard]] result<crypto::secret_bytes> ecdsa_scalar() const;
    [[nodiscard]] result<rsa_secrets> rsa_secret_numbers() const;

private:
    private_key(std::unique_ptr<Botan::Private_Key> secret, public_key public_part,
                std::string comment)
        : secret_(std::move(secret)),
          public_(std::move(public_part)),
          comment_(std::move(comment)) {}

    [[nodiscard]] static result<private_key> assemble(std::unique_ptr<Botan::Private_Key> secret,
                                                      bytes_view blob, std::string comment);
    [[nodiscard]] result<std::vector<byte>> signed_blob(const signature_algorithm& algorithm,
                                                        bytes_view message) const;

    std::unique_ptr<Botan::Private_Key> secret_;
    public_key public_;
    std::string comment_;
};

/// The blob of the public key at this point.
[[nodiscard]] std::vector<byte> ed25519_blob(bytes_view point);

}  // namespace adit::keys

#include <adit/keys/private_key_impl.hpp>
