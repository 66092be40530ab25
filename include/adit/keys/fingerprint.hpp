// Fingerprints as OpenSSH prints them: "SHA256:" and the hash of the blob in base64 without
// padding. Used in messages to people, and for pinning a host key. MD5 fingerprints are refused by
// design. Invariant: fingerprint(key) is equal, byte for byte, to what `ssh-keygen -l` prints,
// which of a certificate is the fingerprint of the key that it is for.
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/hash.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/base64.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/public_key.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace adit::keys {

[[nodiscard]] std::string fingerprint(const public_key& key);

/// What a person typed or pasted, in the form in which fingerprint() prints it: blanks around it
/// and padding at its end are dropped. invalid_argument where it is no SHA-256 fingerprint.
[[nodiscard]] result<std::string> parse_fingerprint(std::string_view text);

/// Whether `pinned` is this key's fingerprint; false too where it is no fingerprint at all.
[[nodiscard]] bool matches_fingerprint(const public_key& key, std::string_view pinned);

// Details.

#if ADIT_BODIES

inline constexpr std::string_view fingerprint_prefix = "SHA256:";

ADIT_DECL std::string fingerprint(const public_key& key) {
    const auto hash = crypto::digest(crypto::hash_id::sha256, uncertified_blob(key.blob()));
    std::string text = to_base64(hash);
    while (text.ends_with('=')) text.pop_back();
    return std::string(fingerprint_prefix) + text;
}

ADIT_DECL result<std::string> parse_fingerprint(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    constexpr std::size_t hash_size = 32;
    const error_code malformed = make_error_code(boost::system::errc::invalid_argument);

    text.remove_prefix(std::min(text.find_first_not_of(blank), text.size()));
    text = text.substr(0, text.find_last_not_of(blank) + 1);
    if (!text.starts_with(fingerprint_prefix)) return malformed;
    std::string hash(text.substr(fingerprint_prefix.size()));
    if (hash.ends_with('=')) hash.pop_back();
    const auto bytes = from_base64(hash + '=');
    if (!bytes || bytes->size() != hash_size) return malformed;
    return std::string(fingerprint_prefix) + hash;
}

ADIT_DECL bool matches_fingerprint(const public_key& key, std::string_view pinned) {
    const auto expected = parse_fingerprint(pinned);
    return expected && crypto::same_secret(as_bytes(*expected), as_bytes(fingerprint(key)));
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
