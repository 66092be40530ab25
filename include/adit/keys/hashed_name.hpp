// Host names hashed as in OpenSSH's known_hosts: "|1|salt|hash", where hash is the HMAC-SHA1 of the
// name under a salt of 20 bytes, both in base64. Used by config/known_hosts, which may not name
// Botan. Invariant: the hash is compared in constant time (S04).
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/keys/base64.hpp>

#include <botan/mac.h>

#include <array>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace adit::keys {

inline constexpr std::size_t name_salt_size = 20;

[[nodiscard]] inline bool is_hashed_name(std::string_view text) noexcept {
    return text.starts_with('|');
}

/// "|1|salt|hash" of a name, which should be in lower case; empty should Botan lack HMAC-SHA1.
[[nodiscard]] std::string hash_name(std::string_view name, bytes_view salt);

/// Whether a hashed name is that of `name`; false too for anything malformed.
[[nodiscard]] bool matches_hashed_name(std::string_view hashed, std::string_view name);

// Details.

#if ADIT_BODIES

inline constexpr std::string_view hashed_name_prefix = "|1|";

[[nodiscard]] inline std::optional<crypto::secret_bytes> name_hash(std::string_view name,
                                                                   bytes_view salt) {
    try {
        const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-1)");
        mac->set_key(salt);
        mac->update(as_bytes(name));
        return mac->final();
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

ADIT_DECL std::string hash_name(std::string_view name, bytes_view salt) {
    const auto hash = name_hash(name, salt);
    if (!hash) return {};
    std::string text(hashed_name_prefix);
    return text.append(to_base64(salt)).append(1, '|').append(to_base64(*hash));
}

ADIT_DECL bool matches_hashed_name(std::string_view hashed, std::string_view name) {
    if (!hashed.starts_with(hashed_name_prefix)) return false;
    hashed.remove_prefix(hashed_name_prefix.size());
    const auto bar = hashed.find('|');
    if (bar == std::string_view::npos) return false;
    const auto salt = from_base64(hashed.substr(0, bar));
    const auto expected = from_base64(hashed.substr(bar + 1));
    if (!salt || salt->size() != name_salt_size || !expected) return false;
    const auto hash = name_hash(name, *salt);
    return hash && crypto::same_secret(*hash, *expected);
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
