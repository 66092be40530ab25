// The door to private keys: the content of a file, or of memory, in any format that OpenSSH and
// OpenSSL write (C53). Used by config/key_file and for keys held in memory.
// Invariant: the format is found by the label of the armour alone, and a passphrase is used only if
// the key is encrypted.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/der_keys.hpp>
#include <adit/keys/key_cost.hpp>
#include <adit/keys/openssh_format.hpp>
#include <adit/keys/pbes2.hpp>
#include <adit/keys/pem.hpp>
#include <adit/keys/pem_cipher.hpp>
#include <adit/keys/private_key.hpp>

#include <string_view>

namespace adit::keys {

/// Reads the content of a key file. not_a_key: nothing of a private key in it;
/// unsupported_key_type: another kind of key or of file; passphrase_needed: it is null;
/// wrong_passphrase; unsupported_key_cipher; key_too_costly(); key_corrupt. Where there is neither
/// tag nor check number, damage looks like a wrong passphrase.
[[nodiscard]] result<private_key> parse_private_key(bytes_view file_content,
                                                    const crypto::secret_bytes* passphrase,
                                                    const key_cost_limits& limits);
[[nodiscard]] result<private_key> parse_private_key(bytes_view file_content,
                                                    const crypto::secret_bytes* passphrase);
/// Without a passphrase.
[[nodiscard]] result<private_key> parse_private_key(bytes_view file_content);

// Details.

#if ADIT_BODIES

[[nodiscard]] inline result<private_key> parse_pem(const pem_block& block,
                                                   const crypto::secret_bytes* passphrase,
                                                   const key_cost_limits& limits) {
    const bool rsa = block.label == "RSA PRIVATE KEY";
    const bool ec = block.label == "EC PRIVATE KEY";
    const bool openssh = block.label == openssh_format::label;
    const bool pkcs8 = block.label == "PRIVATE KEY";
    const bool encrypted_pkcs8 = block.label == "ENCRYPTED PRIVATE KEY";
    if (!rsa && !ec && !openssh && !pkcs8 && !encrypted_pkcs8) return errc::unsupported_key_type;
    auto content = decode_pem(block);
    if (!content) return content.error();
    if (openssh) return openssh_format::parse(*content, passphrase, limits);
    if (pkcs8) return parse_pkcs8(*content);
    if (encrypted_pkcs8) {
        const auto der = decrypt_pkcs8(*content, passphrase, limits);
        return der ? parse_pkcs8(*der) : der.error();
    }
    if (is_encrypted(block)) {
        const errc decrypted = decrypt_pem(block, passphrase, *content);
        if (decrypted != errc::ok) return decrypted;
    }
    return rsa ? parse_pkcs1(*content) : parse_sec1(*content, nullptr);
}

ADIT_DECL result<private_key> parse_private_key(bytes_view file_content,
                                                const crypto::secret_bytes* passphrase,
                                                const key_cost_limits& limits) {
    std::string_view text = as_text(file_content);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    // PuTTY's own format holds a key too, of a kind that cannot be read yet.
    if (text.starts_with("PuTTY-User-Key-File-")) return errc::unsupported_key_type;
    const auto block = find_pem_block(text, "PRIVATE KEY");
    if (!block) return block.error();
    return parse_pem(*block, passphrase, limits);
}

ADIT_DECL result<private_key> parse_private_key(bytes_view file_content,
                                                const crypto::secret_bytes* passphrase) {
    return parse_private_key(file_content, passphrase, key_cost_limits{});
}

ADIT_DECL result<private_key> parse_private_key(bytes_view file_content) {
    return parse_private_key(file_content, nullptr, key_cost_limits{});
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
