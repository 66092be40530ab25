// A private key that can sign: Ed25519 (RFC 8709 section 6), ECDSA (RFC 5656 section 3.1.2) or RSA
// (RFC 8332 section 3). Used by publickey authentication, by host keys of a server and by the
// readers and writers of key files.
// Invariant: the secret lies in memory of Botan's that is wiped, the object is moved and never
// copied, and the public part belongs to the secret: an RSA key whose numbers do not fit together
// would sign its factors away (C34).
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/random.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/ecdsa.hpp>
#include <adit/keys/public_key.hpp>
#include <adit/keys/rsa.hpp>
#include <adit/keys/signature.hpp>
#include <adit/keys/signature_form.hpp>

#include <botan/asn1_obj.h>
#include <botan/ec_scalar.h>
#include <botan/ed25519.h>
#include <botan/pubkey.h>
#include <botan/rng.h>
#include <botan/system_rng.h>

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

// Details.

/// The blob of the public key at this point.
[[nodiscard]] std::vector<byte> ed25519_blob(bytes_view point);

inline std::vector<byte> ed25519_blob(bytes_view point) {
    const std::string_view name = "ssh-ed25519";
    std::vector<byte> blob(8 + name.size() + point.size());
    wire::writer w(blob);
    w.put_string(as_bytes(name));
    w.put_string(point);
    return blob;
}

#if ADIT_BODIES

ADIT_DECL result<private_key> private_key::assemble(std::unique_ptr<Botan::Private_Key> secret,
                                                    bytes_view blob, std::string comment) {
    auto public_part = public_key::parse(blob);
    if (!public_part) return errc::key_corrupt;
    return private_key(std::move(secret), std::move(*public_part), std::move(comment));
}

ADIT_DECL result<private_key> private_key::generate_ed25519(crypto::random_source& random) {
    crypto::secret_bytes seed(ed25519_seed_size);
    random.fill(seed);
    return from_ed25519_seed(seed);
}

ADIT_DECL result<private_key> private_key::generate_ecdsa(const nist_curve& curve,
                                                          crypto::random_source& random) {
    return crypto::attempt(errc::key_corrupt, [&]() -> result<private_key> {
        auto secret = std::make_unique<Botan::ECDSA_PrivateKey>(
            random.botan(), Botan::EC_Group::from_name(curve.group));
        const auto blob = ecdsa_blob(curve, secret->raw_public_key_bits());
        return assemble(std::move(secret), blob, {});
    });
}

ADIT_DECL result<private_key> private_key::generate_rsa(std::size_t bits,
                                                        crypto::random_source& random) {
    if (bits < smallest_modulus || bits > largest_modulus) return errc::unsupported_key_type;
    return crypto::attempt(errc::key_corrupt, [&]() -> result<private_key> {
        auto secret = std::make_unique<Botan::RSA_PrivateKey>(random.botan(), bits);
        const auto e = secret->get_e().serialize();
        const auto n = secret->get_n().serialize();
        const auto blob = rsa_blob({wire::to_mpint(e), wire::to_mpint(n)});
        return assemble(std::move(secret), blob, {});
    });
}

// Through the key's PKCS#8 form, an OCTET STRING: Botan renamed and deprecated the plainer
// constructors between 3.7 and 3.13, and this one means the same in all of them.
ADIT_DECL result<private_key> private_key::from_ed25519_seed(bytes_view seed, std::string comment) {
    if (seed.size() != ed25519_seed_size) return errc::key_corrupt;
    return crypto::attempt(errc::key_corrupt, [&]() -> result<private_key> {
        crypto::secret_bytes octet_string{0x04, ed25519_seed_size};
        octet_string.insert(octet_string.end(), seed.begin(), seed.end());
        auto secret =
            std::make_unique<Botan::Ed25519_PrivateKey>(Botan::AlgorithmIdentifier(), octet_string);
        const auto blob = ed25519_blob(secret->raw_public_key_bits());
        return assemble(std::move(secret), blob, std::move(comment));
    });
}

ADIT_DECL result<private_key> private_key::from_ecdsa_scalar(const nist_curve& curve,
                                                             bytes_view scalar) {
    crypto::secret_bytes padded(curve.size);
    if (!place_number(wire::to_mpint(scalar).magnitude, padded)) return errc::key_corrupt;
    return crypto::attempt(errc::key_corrupt, [&]() -> result<private_key> {
        const auto group = Botan::EC_Group::from_name(curve.group);
        const auto number = Botan::EC_Scalar::deserialize(group, padded);
        if (!number || number->is_zero()) return errc::key_corrupt;
        auto secret = std::make_unique<Botan::ECDSA_PrivateKey>(group, *number);
        const auto blob = ecdsa_blob(curve, secret->raw_public_key_bits());
        return assemble(std::move(secret), blob, {});
    });
}

// The numbers are tried rather than recomputed: signing is in constant time, and it is what they
// are for.
ADIT_DECL result<private_key> private_key::from_rsa(const rsa_numbers& numbers) {
    const rsa_fields shown{numbers.e, numbers.n};
    if (check_rsa_numbers(shown) != errc::ok) return errc::unsupported_key_type;
    if (!is_odd(numbers.p) || !is_odd(numbers.q) || !is_odd(numbers.d)) return errc::key_corrupt;
    return crypto::attempt(errc::key_corrupt, [&]() -> result<private_key> {
        const Botan::BigInt n(numbers.n.magnitude);
        const Botan::BigInt d(numbers.d.magnitude);
        const Botan::BigInt p(numbers.p.magnitude);
        const Botan::BigInt q(numbers.q.magnitude);
        if (p * q != n || d >= n || p <= 1 || q <= 1 || p == q) return errc::key_corrupt;
        auto secret =
            std::make_unique<Botan::RSA_PrivateKey>(p, q, Botan::BigInt(numbers.e.magnitude), d, n);
        auto key = assemble(std::move(secret), rsa_blob(shown), {});
        if (key && !key->sign("rsa-sha2-256", {})) return errc::key_corrupt;
        return key;
    });
}

ADIT_DECL result<std::vector<byte>> private_key::sign(std::string_view algorithm,
                                                      bytes_view message) const {
    const signature_algorithm* const row = find_signature_algorithm(algorithm);
    if (row == nullptr || row->key_type != public_.type()) return errc::unsupported_key_type;
    if (!secret_) return errc::signing_failed;
    auto blob = crypto::attempt(errc::signing_failed, [&] { return signed_blob(*row, message); });
    // C34: one faulty RSA signature is enough to find the factors (Ryan and others, 2023).
    const bool check = row->form == signature_form::modulus_sized;
    if (blob && check && public_.verify(algorithm, message, *blob) != errc::ok) {
        return errc::signing_failed;
    }
    return blob;
}

// The random numbers blind ECDSA's and RSA's arithmetic and never reach a signature: ECDSA's nonces
// are RFC 6979's. Ed25519 needs none, and Null_RNG throws should it ask.
ADIT_DECL result<std::vector<byte>> private_key::signed_blob(const signature_algorithm& algorithm,
                                                             bytes_view message) const {
    Botan::Null_RNG none;
    const bool blinded = algorithm.form != signature_form::fixed_size;
    Botan::RandomNumberGenerator& random = blinded ? Botan::system_rng() : none;
    Botan::PK_Signer signer(*secret_, random, algorithm.scheme);
    const std::vector<byte> made = signer.sign_message(message, random);
    const auto bytes = from_botan_form(algorithm, secret_->key_length(), made);
    if (!bytes) return errc::signing_failed;
    return to_blob({algorithm.name, *bytes});
}

ADIT_DECL result<crypto::secret_bytes> private_key::ed25519_seed() const {
    if (!secret_ || public_.type() != "ssh-ed25519") return errc::unsupported_key_type;
    return crypto::attempt(errc::key_corrupt, [&]() -> result<crypto::secret_bytes> {
        crypto::secret_bytes octet_string = secret_->private_key_bits();
        if (octet_string.size() != 2 + ed25519_seed_size) return errc::key_corrupt;
        octet_string.erase(octet_string.begin(), octet_string.begin() + 2);
        return octet_string;
    });
}

ADIT_DECL result<crypto::secret_bytes> private_key::ecdsa_scalar() const {
    const auto* const key = dynamic_cast<const Botan::ECDSA_PrivateKey*>(secret_.get());
    const nist_curve* const curve = find_curve(public_.type());
    if (key == nullptr || curve == nullptr) return errc::unsupported_key_type;
    return crypto::attempt(errc::key_corrupt, [&]() -> result<crypto::secret_bytes> {
        return key->private_value().serialize<crypto::secret_bytes>(curve->size);
    });
}

ADIT_DECL result<rsa_secrets> private_key::rsa_secret_numbers() const {
    const auto* const key = dynamic_cast<const Botan::RSA_PrivateKey*>(secret_.get());
    if (key == nullptr) return errc::unsupported_key_type;
    return crypto::attempt(errc::key_corrupt, [&]() -> result<rsa_secrets> {
        return rsa_secrets{key->get_d().serialize<crypto::secret_bytes>(),
                           key->get_c().serialize<crypto::secret_bytes>(),
                           key->get_p().serialize<crypto::secret_bytes>(),
                           key->get_q().serialize<crypto::secret_bytes>()};
    });
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
