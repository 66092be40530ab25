// A private key that can sign (RFC 8709 section 6 for Ed25519). Used by publickey authentication,
// by host keys of a server and by the writers of key files.
// Invariant: the secret lies in memory of Botan's that is wiped, the object is moved and never
// copied, and the public part belongs to the secret.
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/random.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/public_key.hpp>
#include <adit/keys/signature.hpp>

#include <botan/asn1_obj.h>
#include <botan/ed25519.h>
#include <botan/pubkey.h>
#include <botan/rng.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit::keys {

class private_key {
public:
    static constexpr std::size_t ed25519_seed_size = 32;

    [[nodiscard]] static result<private_key> generate_ed25519(crypto::random_source& random);

    /// key_corrupt where the seed is not 32 bytes long.
    [[nodiscard]] static result<private_key> from_ed25519_seed(bytes_view seed,
                                                               std::string comment = {});

    [[nodiscard]] const public_key& public_part() const noexcept { return public_; }
    [[nodiscard]] const std::string& comment() const noexcept { return comment_; }

    /// A signature blob. unsupported_key_type where this key cannot make that kind of signature.
    [[nodiscard]] result<std::vector<byte>> sign(std::string_view algorithm,
                                                 bytes_view message) const;

    /// The 32 secret bytes of an Ed25519 key, for a writer of key files.
    [[nodiscard]] result<crypto::secret_bytes> ed25519_seed() const;

private:
    private_key(std::unique_ptr<Botan::Private_Key> secret, public_key public_part,
                std::string comment)
        : secret_(std::move(secret)),
          public_(std::move(public_part)),
          comment_(std::move(comment)) {}

    std::unique_ptr<Botan::Private_Key> secret_;
    public_key public_;
    std::string comment_;
};

// Details.

inline result<private_key> private_key::generate_ed25519(crypto::random_source& random) {
    crypto::secret_bytes seed(ed25519_seed_size);
    random.fill(seed);
    return from_ed25519_seed(seed);
}

[[nodiscard]] inline std::vector<byte> ed25519_blob(bytes_view point) {
    const std::string_view name = "ssh-ed25519";
    std::vector<byte> blob(8 + name.size() + point.size());
    wire::writer w(blob);
    w.put_string(as_bytes(name));
    w.put_string(point);
    return blob;
}

// Through the key's PKCS#8 form, an OCTET STRING: Botan renamed and deprecated the plainer
// constructors between 3.7 and 3.13, and this one means the same in all of them.
inline result<private_key> private_key::from_ed25519_seed(bytes_view seed, std::string comment) {
    if (seed.size() != ed25519_seed_size) return errc::key_corrupt;
    return crypto::attempt(errc::key_corrupt, [&]() -> result<private_key> {
        crypto::secret_bytes octet_string{0x04, ed25519_seed_size};
        octet_string.insert(octet_string.end(), seed.begin(), seed.end());
        auto secret =
            std::make_unique<Botan::Ed25519_PrivateKey>(Botan::AlgorithmIdentifier(), octet_string);
        auto public_part = public_key::parse(ed25519_blob(secret->raw_public_key_bits()));
        if (!public_part) return public_part.error();
        return private_key(std::move(secret), std::move(*public_part), std::move(comment));
    });
}

// No random numbers: Ed25519 is deterministic. Null_RNG throws should an operation ask it for one.
inline result<std::vector<byte>> private_key::sign(std::string_view algorithm,
                                                   bytes_view message) const {
    const signature_algorithm* const row = find_signature_algorithm(algorithm);
    if (row == nullptr || row->key_type != public_.type()) return errc::unsupported_key_type;
    if (!secret_) return errc::signing_failed;
    return crypto::attempt(errc::signing_failed, [&]() -> result<std::vector<byte>> {
        Botan::Null_RNG none;
        Botan::PK_Signer signer(*secret_, none, row->scheme);
        const std::vector<byte> bytes = signer.sign_message(message, none);
        if (bytes.size() != row->size) return errc::signing_failed;
        return to_blob({algorithm, bytes});
    });
}

inline result<crypto::secret_bytes> private_key::ed25519_seed() const {
    if (!secret_ || public_.type() != "ssh-ed25519") return errc::unsupported_key_type;
    return crypto::attempt(errc::key_corrupt, [&]() -> result<crypto::secret_bytes> {
        crypto::secret_bytes octet_string = secret_->private_key_bits();
        if (octet_string.size() != 2 + ed25519_seed_size) return errc::key_corrupt;
        octet_string.erase(octet_string.begin(), octet_string.begin() + 2);
        return octet_string;
    });
}

}  // namespace adit::keys
