// Decrypting and encrypting small secrets, such as private keys in files, with any cipher mode of
// Botan's. Used by openssh_cipher.hpp, pem_cipher.hpp and pbes2.hpp.
// Invariant: everything lies in secret memory, and what could not be decrypted is empty.
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>

#include <botan/cipher_mode.h>
#include <botan/pwdhash.h>

#include <memory>
#include <string_view>

namespace adit::keys {

/// A key and the initialisation vector behind it, as they come from a passphrase.
struct cipher_secret {
    bytes_view key, iv;
};

/// In place. wrong_passphrase where the mode finds that the bytes are not what was encrypted: by
/// its tag or its padding.
[[nodiscard]] inline errc decrypt_secret(std::string_view mode, const cipher_secret& with,
                                         crypto::secret_bytes& bytes) {
    const errc verdict = crypto::attempt(errc::wrong_passphrase, [&] {
        const auto cipher =
            Botan::Cipher_Mode::create_or_throw(mode, Botan::Cipher_Dir::Decryption);
        cipher->set_key(with.key);
        cipher->start(with.iv);
        cipher->finish(bytes);
        return errc::ok;
    });
    if (verdict != errc::ok) bytes.clear();
    return verdict;
}

[[nodiscard]] inline errc encrypt_secret(std::string_view mode, const cipher_secret& with,
                                         crypto::secret_bytes& bytes) {
    return crypto::attempt(errc::encryption_failed, [&] {
        const auto cipher =
            Botan::Cipher_Mode::create_or_throw(mode, Botan::Cipher_Dir::Encryption);
        cipher->set_key(with.key);
        cipher->start(with.iv);
        cipher->finish(bytes);
        return errc::ok;
    });
}

/// Throws as Botan does.
inline void derive_from_passphrase(const Botan::PasswordHash& hash,
                                   const crypto::secret_bytes& passphrase, bytes_view salt,
                                   crypto::secret_bytes& derived) {
    const std::string_view text = as_text(passphrase);
    hash.derive_key(derived.data(), derived.size(), text.data(), text.size(), salt.data(),
                    salt.size());
}

}  // namespace adit::keys
