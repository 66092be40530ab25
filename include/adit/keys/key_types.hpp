// The table of key types: how the blob of each is checked and becomes a key of Botan's (RFC 8709
// section 4 for Ed25519; ECDSA and RSA have files of their own). Used by public_key.hpp only; a new
// type is a new row.
// Invariant: `load` is called with fields that `check` has accepted, and with nothing else.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/error.hpp>
#include <adit/keys/ecdsa.hpp>
#include <adit/keys/rsa.hpp>
#include <adit/wire/message.hpp>

#include <botan/ed25519.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <tuple>

namespace adit::keys {

inline constexpr std::size_t ed25519_public_size = 32;

/// What follows the type's name in the blob of a key.
struct ed25519_fields {
    wire::octets point;
    static constexpr auto wire(auto& m) { return std::tie(m.point); }
};

struct key_type {
    std::string_view name;
    std::size_t strings;  ///< of which `fields` consists; in a certificate more follows them
    errc (*check)(bytes_view fields);
    std::unique_ptr<Botan::Public_Key> (*load)(bytes_view fields);  ///< throws as Botan does
};

[[nodiscard]] errc check_ed25519(bytes_view fields);
[[nodiscard]] std::unique_ptr<Botan::Public_Key> load_ed25519(bytes_view fields);

inline constexpr std::array key_types{
    key_type{"ssh-ed25519", 1, check_ed25519, load_ed25519},
    key_type{nistp256.type, 2, check_ecdsa<nistp256>, load_ecdsa<nistp256>},
    key_type{nistp384.type, 2, check_ecdsa<nistp384>, load_ecdsa<nistp384>},
    key_type{nistp521.type, 2, check_ecdsa<nistp521>, load_ecdsa<nistp521>},
    key_type{rsa_type, 2, check_rsa, load_rsa},
};

/// The row of a type, or null.
[[nodiscard]] inline const key_type* find_key_type(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(key_types, name, &key_type::name);
    return found == key_types.end() ? nullptr : found;
}

// Details.

#if ADIT_BODIES

// C34: exactly 32 bytes; a shorter key has crashed other people's programs.
ADIT_DECL errc check_ed25519(bytes_view fields) {
    const auto decoded = wire::decode_fields<ed25519_fields>(fields);
    if (!decoded) return static_cast<errc>(decoded.error().value());
    return decoded->point.size() == ed25519_public_size ? errc::ok : errc::malformed_field;
}

ADIT_DECL std::unique_ptr<Botan::Public_Key> load_ed25519(bytes_view fields) {
    const auto decoded = wire::decode_fields<ed25519_fields>(fields);
    return std::make_unique<Botan::Ed25519_PublicKey>(decoded.value().point);
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
