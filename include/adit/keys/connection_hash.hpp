// The name of a connection that OpenSSH's %C stands for (ssh_config(5) TOKENS): SHA-1 in
// hexadecimal, a short name and no secret. Used by config/config_tokens.hpp, which may not name
// Botan. Invariant: never used where somebody gains by a collision.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>

#include <string>
#include <string_view>

#if ADIT_BODIES
#include <botan/hash.h>
#endif

namespace adit::keys {

/// Empty should Botan lack SHA-1.
[[nodiscard]] std::string connection_hash(std::string_view text);

// Details.

#if ADIT_BODIES

ADIT_DECL std::string connection_hash(std::string_view text) {
    const auto hash = Botan::HashFunction::create("SHA-1");
    if (!hash) return {};
    hash->update(as_bytes(text));
    return to_hex(hash->final());
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
