// Encrypted PKCS#8 (RFC 5958 section 3) by PBES2 (RFC 8018 section 6.2): PBKDF2 or scrypt
// (RFC 7914), then AES or triple DES in CBC mode. Botan could do it, but keeps the passphrase in
// ordinary memory and lets the file say how long it takes (S01, L21). Used by key_parser.hpp.
// Invariant: the costs are compared with their caps before the passphrase is touched.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/der_reader.hpp>
#include <adit/keys/key_cost.hpp>
#include <adit/keys/pem_cipher.hpp>
#include <adit/keys/secret_cipher.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <string_view>

namespace adit::keys {

/// The decrypted PKCS#8 key. passphrase_needed, wrong_passphrase, unsupported_key_cipher,
/// key_too_costly(), key_corrupt.
[[nodiscard]] result<crypto::secret_bytes> decrypt_pkcs8(bytes_view der,
                                                         const crypto::secret_bytes* passphrase,
                                                         const key_cost_limits& limits);

// Details.

#if ADIT_BODIES

namespace pbes2 {

inline constexpr std::string_view scheme = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
inline constexpr std::string_view pbkdf2 = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
inline constexpr std::string_view scrypt = "\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";

struct hash_row {
    std::string_view oid;
    std::string_view name;
};
inline constexpr std::array hashes{
    hash_row{"\x2a\x86\x48\x86\xf7\x0d\x02\x07", "PBKDF2(SHA-1)"},
    hash_row{"\x2a\x86\x48\x86\xf7\x0d\x02\x08", "PBKDF2(SHA-224)"},
    hash_row{"\x2a\x86\x48\x86\xf7\x0d\x02\x09", "PBKDF2(SHA-256)"},
    hash_row{"\x2a\x86\x48\x86\xf7\x0d\x02\x0a", "PBKDF2(SHA-384)"},
    hash_row{"\x2a\x86\x48\x86\xf7\x0d\x02\x0b", "PBKDF2(SHA-512)"},
};

struct cipher_row {
    std::string_view oid;
    std::string_view mode;
    std::size_t key, iv;
};
inline constexpr std::array ciphers{
    cipher_row{"\x60\x86\x48\x01\x65\x03\x04\x01\x02", "AES-128/CBC/PKCS7", 16, 16},
    cipher_row{"\x60\x86\x48\x01\x65\x03\x04\x01\x16", "AES-192/CBC/PKCS7", 24, 16},
    cipher_row{"\x60\x86\x48\x01\x65\x03\x04\x01\x2a", "AES-256/CBC/PKCS7", 32, 16},
    cipher_row{"\x2a\x86\x48\x86\xf7\x0d\x03\x07", "TripleDES/CBC/PKCS7", 24, 8},
};

/// How the key comes from the passphrase.
struct derivation {
    std::unique_ptr<Botan::PasswordHash> hash;
    bytes_view salt;
    std::uint32_t key_size = 0;  ///< 0 where the file does not say
};

struct encrypted_key {
    der_reader kdf;
    std::string_view kdf_oid, cipher_oid;
    bytes_view iv, data;
};

[[nodiscard]] inline result<encrypted_key> read(bytes_view der) {
    der_reader outer(der);
    der_reader whole = outer.take_inner(der_tag::sequence);
    der_reader algorithm = whole.take_inner(der_tag::sequence);
    const std::string_view oid = as_text(algorithm.take(der_tag::object_identifier));
    const bytes_view data = whole.take(der_tag::octet_string);
    if (algorithm.failed() || !whole.finished() || !outer.finished()) return errc::key_corrupt;
    if (oid != scheme) return errc::unsupported_key_cipher;  // such as PBES1, by DES or RC2
    der_reader parameters = algorithm.take_inner(der_tag::sequence);
    der_reader kdf = parameters.take_inner(der_tag::sequence);
    der_reader cipher = parameters.take_inner(der_tag::sequence);
    const std::string_view kdf_oid = as_text(kdf.take(der_tag::object_identifier));
    const std::string_view cipher_oid = as_text(cipher.take(der_tag::object_identifier));
    if (kdf.failed() || cipher.failed() || !parameters.finished()) return errc::key_corrupt;
    const bool known = std::ranges::find(ciphers, cipher_oid, &cipher_row::oid) != ciphers.end();
    if (!known) return errc::unsupported_key_cipher;
    const bytes_view iv = cipher.take(der_tag::octet_string);
    if (!cipher.finished() || !algorithm.finished()) return errc::key_corrupt;
    return encrypted_key{kdf, kdf_oid, cipher_oid, iv, data};
}

[[nodiscard]] inline std::uint32_t take_key_size(der_reader& r) noexcept {
    return r.next_is(der_tag::integer) ? r.take_u32() : 0;
}

[[nodiscard]] inline result<derivation> read_pbkdf2(der_reader kdf, const key_cost_limits& limits) {
    der_reader r = kdf.take_inner(der_tag::sequence);
    derivation d;
    d.salt = r.take(der_tag::octet_string);
    const std::uint32_t iterations = r.take_u32();
    d.key_size = take_key_size(r);
    std::string_view oid = hashes[0].oid;
    if (r.next_is(der_tag::sequence)) {
        der_reader prf = r.take_inner(der_tag::sequence);
        oid = as_text(prf.take(der_tag::object_identifier));
        prf.skip_if(der_tag::null);
        if (!prf.finished()) return errc::key_corrupt;
    }
    if (!r.finished() || !kdf.finished() || iterations == 0) return errc::key_corrupt;
    const auto* const row = std::ranges::find(hashes, oid, &hash_row::oid);
    if (row == hashes.end()) return errc::unsupported_key_cipher;
    if (iterations > limits.pbkdf2_iterations) return key_too_costly();
    d.hash = Botan::PasswordHashFamily::create_or_throw(row->name)->from_params(iterations);
    return d;
}

[[nodiscard]] inline result<derivation> read_scrypt(der_reader kdf, const key_cost_limits& limits) {
    constexpr std::uint32_t largest_r = 256;  // Botan's bounds, so that the product cannot overflow
    constexpr std::uint32_t largest_p = 1024;
    der_reader r = kdf.take_inner(der_tag::sequence);
    derivation d;
    d.salt = r.take(der_tag::octet_string);
    const std::uint32_t cost = r.take_u32();
    const std::uint32_t block = r.take_u32();
    const std::uint32_t parallel = r.take_u32();
    d.key_size = take_key_size(r);
    const bool sound = cost > 1 && std::has_single_bit(cost) && block > 0 && parallel > 0;
    if (!r.finished() || !kdf.finished() || !sound) return errc::key_corrupt;
    if (block > largest_r || parallel > largest_p) return key_too_costly();
    const std::uint64_t bytes = std::uint64_t{128} * block * cost * parallel;
    if (bytes > limits.scrypt_bytes) return key_too_costly();
    d.hash =
        Botan::PasswordHashFamily::create_or_throw("Scrypt")->from_params(cost, block, parallel);
    return d;
}

[[nodiscard]] inline result<derivation> read_derivation(const encrypted_key& key,
                                                        const key_cost_limits& limits) {
    if (key.kdf_oid == pbkdf2) return read_pbkdf2(key.kdf, limits);
    if (key.kdf_oid == scrypt) return read_scrypt(key.kdf, limits);
    return errc::unsupported_key_cipher;
}

[[nodiscard]] inline result<crypto::secret_bytes> decrypt(const encrypted_key& key,
                                                          const crypto::secret_bytes* passphrase,
                                                          const key_cost_limits& limits) {
    const cipher_row& cipher = *std::ranges::find(ciphers, key.cipher_oid, &cipher_row::oid);
    const auto d = read_derivation(key, limits);
    if (!d) return d.error();
    const bool sound = key.iv.size() == cipher.iv && !key.data.empty() &&
                       key.data.size() % cipher.iv == 0 &&
                       (d->key_size == 0 || d->key_size == cipher.key);
    if (!sound) return errc::key_corrupt;
    if (passphrase == nullptr) return errc::passphrase_needed;
    if (passphrase->empty()) return errc::wrong_passphrase;
    crypto::secret_bytes derived(cipher.key);
    derive_from_passphrase(*d->hash, *passphrase, d->salt, derived);
    crypto::secret_bytes content(key.data.begin(), key.data.end());
    errc verdict = decrypt_secret(cipher.mode, {derived, key.iv}, content);
    if (verdict == errc::ok) verdict = check_decrypted(content);
    if (verdict != errc::ok) return verdict;
    return content;
}

}  // namespace pbes2

ADIT_DECL result<crypto::secret_bytes> decrypt_pkcs8(bytes_view der,
                                                     const crypto::secret_bytes* passphrase,
                                                     const key_cost_limits& limits) {
    return crypto::attempt(errc::key_corrupt, [&]() -> result<crypto::secret_bytes> {
        const auto key = pbes2::read(der);
        if (!key) return key.error();
        return pbes2::decrypt(*key, passphrase, limits);
    });
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
