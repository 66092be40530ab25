// The oldest encryption of PEM files (RFC 1421's headers, OpenSSL's key derivation): "DEK-Info:
// AES-128-CBC,<iv>", the key from one round of MD5. Only read, never written: `ssh-keygen -m PEM`
// still makes it. Used by key_parser.hpp.
// Invariant: a right passphrase gives DER that fills the block; anything else is wrong_passphrase.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/der_reader.hpp>
#include <adit/keys/pem.hpp>
#include <adit/keys/secret_cipher.hpp>

#include <botan/hash.h>
#include <botan/hex.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace adit::keys {

[[nodiscard]] inline bool is_encrypted(const pem_block& block) {
    return find_pem_header(block, "DEK-Info").has_value();
}

/// In place. passphrase_needed, wrong_passphrase, unsupported_key_cipher, key_corrupt.
[[nodiscard]] errc decrypt_pem(const pem_block& block, const crypto::secret_bytes* passphrase,
                               crypto::secret_bytes& content);

// Details.

/// No MAC tells a wrong passphrase: what comes out has to be one SEQUENCE and nothing else.
[[nodiscard]] inline errc check_decrypted(bytes_view der) noexcept {
    der_reader r(der);
    r.skip(der_tag::sequence);
    return r.finished() ? errc::ok : errc::wrong_passphrase;
}

struct pem_cipher {
    std::string_view name;
    std::string_view mode;
    std::size_t key, iv;
};

// OpenSSL's EVP_BytesToKey, with a salt that is the beginning of the iv.
[[nodiscard]] inline crypto::secret_bytes derive_by_md5(const crypto::secret_bytes& passphrase,
                                                        bytes_view iv, std::size_t size) {
    constexpr std::size_t salt_size = 8;
    const auto md5 = Botan::HashFunction::create_or_throw("MD5");
    crypto::secret_bytes key;
    crypto::secret_bytes last;
    while (key.size() < size) {
        md5->update(last);
        md5->update(passphrase);
        md5->update(iv.first(salt_size));
        last = md5->final();
        key.insert(key.end(), last.begin(), last.end());
    }
    key.resize(size);
    return key;
}

#if ADIT_BODIES

inline constexpr std::array pem_ciphers{
    pem_cipher{"AES-128-CBC", "AES-128/CBC/PKCS7", 16, 16},
    pem_cipher{"AES-192-CBC", "AES-192/CBC/PKCS7", 24, 16},
    pem_cipher{"AES-256-CBC", "AES-256/CBC/PKCS7", 32, 16},
    pem_cipher{"DES-EDE3-CBC", "TripleDES/CBC/PKCS7", 24, 8},
};

ADIT_DECL errc decrypt_pem(const pem_block& block, const crypto::secret_bytes* passphrase,
                           crypto::secret_bytes& content) {
    const std::string_view info = find_pem_header(block, "DEK-Info").value_or("");
    const std::string_view name = info.substr(0, info.find(','));
    const auto* const cipher = std::ranges::find(pem_ciphers, name, &pem_cipher::name);
    if (cipher == pem_ciphers.end()) return errc::unsupported_key_cipher;
    if (content.size() % cipher->iv != 0) return errc::key_corrupt;
    const std::string_view digits = info.substr(std::min(name.size() + 1, info.size()));
    return crypto::attempt(errc::key_corrupt, [&] {
        const auto iv = Botan::hex_decode(digits, false);
        if (iv.size() != cipher->iv) return errc::key_corrupt;
        if (passphrase == nullptr) return errc::passphrase_needed;
        if (passphrase->empty()) return errc::wrong_passphrase;
        const auto key = derive_by_md5(*passphrase, iv, cipher->key);
        const errc verdict = decrypt_secret(cipher->mode, {key, iv}, content);
        return verdict == errc::ok ? check_decrypted(content) : verdict;
    });
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
