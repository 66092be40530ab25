// The encryption of OpenSSH's private key files: the ciphers that `ssh-keygen -Z` offers, under a
// key that bcrypt_pbkdf makes of the passphrase (OpenSSH's PROTOCOL.key). Used by
// openssh_format.hpp. Invariant: a passphrase is hashed only for a file that can be read with it.
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/chacha20_poly1305.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/key_cost.hpp>
#include <adit/keys/secret_cipher.hpp>
#include <adit/wire/message.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

namespace adit::keys::openssh_format {

/// A way in which the secret section of a file is encrypted.
struct section_cipher {
    std::string_view name;
    std::string_view mode;  ///< Botan's name; none for OpenSSH's own construction
    std::size_t key, iv;
    std::size_t block;  ///< the section's length is a multiple of it
    std::size_t tag;    ///< behind the section
};

inline constexpr std::array section_ciphers{
    section_cipher{"aes256-ctr", "CTR-BE(AES-256)", 32, 16, 16, 0},
    section_cipher{"aes192-ctr", "CTR-BE(AES-192)", 24, 16, 16, 0},
    section_cipher{"aes128-ctr", "CTR-BE(AES-128)", 16, 16, 16, 0},
    section_cipher{"aes256-cbc", "AES-256/CBC/NoPadding", 32, 16, 16, 0},
    section_cipher{"aes192-cbc", "AES-192/CBC/NoPadding", 24, 16, 16, 0},
    section_cipher{"aes128-cbc", "AES-128/CBC/NoPadding", 16, 16, 16, 0},
    section_cipher{"3des-cbc", "TripleDES/CBC/NoPadding", 24, 8, 8, 0},
    section_cipher{"aes256-gcm@openssh.com", "AES-256/GCM", 32, 12, 16, 16},
    section_cipher{"aes128-gcm@openssh.com", "AES-128/GCM", 16, 12, 16, 16},
    section_cipher{"chacha20-poly1305@openssh.com", "", 64, 0, 8, 16},
};

struct bcrypt_options {
    wire::octets salt;
    wire::u32 rounds{};
    static constexpr auto wire(auto& m) { return std::tie(m.salt, m.rounds); }
};

[[nodiscard]] inline const section_cipher* find_section_cipher(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(section_ciphers, name, &section_cipher::name);
    return found == section_ciphers.end() ? nullptr : found;
}

/// Whether the file asks for hashing that is sound and allowed.
[[nodiscard]] inline error_code check_cost(const bcrypt_options& options,
                                           const key_cost_limits& limits) noexcept {
    if (options.rounds == 0 || options.salt.empty()) return errc::key_corrupt;
    return options.rounds <= limits.bcrypt_rounds ? error_code() : key_too_costly();
}

/// Key and iv, one behind the other.
[[nodiscard]] inline result<crypto::secret_bytes> derive(const section_cipher& cipher,
                                                         const bcrypt_options& options,
                                                         const crypto::secret_bytes& passphrase) {
    return crypto::attempt(errc::key_corrupt, [&]() -> result<crypto::secret_bytes> {
        const auto family = Botan::PasswordHashFamily::create_or_throw("Bcrypt-PBKDF");
        crypto::secret_bytes derived(cipher.key + cipher.iv);
        derive_from_passphrase(*family->from_params(options.rounds), passphrase, options.salt,
                               derived);
        return derived;
    });
}

// As a packet whose sequence number is 0 and which has no length in front.
[[nodiscard]] inline errc open_chacha(bytes_view key, crypto::secret_bytes& bytes) {
    return crypto::attempt(errc::wrong_passphrase, [&] {
        crypto::chacha20_poly1305 cipher(key);
        const std::size_t size = bytes.size() - crypto::chacha20_poly1305::shape.tag;
        cipher.start(0);
        const auto expected = cipher.authenticate(bytes_view(bytes).first(size));
        if (!crypto::same_secret(expected, bytes_view(bytes).subspan(size))) {
            return errc::wrong_passphrase;
        }
        bytes.resize(size);
        cipher.crypt_body(bytes);
        return errc::ok;
    });
}

/// In place, the tag behind the section; `derived` is what derive() gave.
[[nodiscard]] inline errc open_section(const section_cipher& cipher, bytes_view derived,
                                       crypto::secret_bytes& bytes) {
    if (cipher.mode.empty()) return open_chacha(derived, bytes);
    const cipher_secret with{derived.first(cipher.key), derived.subspan(cipher.key)};
    return decrypt_secret(cipher.mode, with, bytes);
}

}  // namespace adit::keys::openssh_format
