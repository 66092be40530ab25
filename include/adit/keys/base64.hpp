// Base64 of RFC 4648 section 4, for what is public: key blobs, fingerprints, hashed host names; and
// to_secret_base64 for a proxy's password. Used by the key and known_hosts formats. Private keys
// are decoded in openssh_format.hpp, in secret memory. Invariant: only the one canonical text of
// some bytes is accepted.
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>

#include <botan/base64.h>

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace adit::keys {

[[nodiscard]] inline std::string to_base64(bytes_view bytes) {
    return Botan::base64_encode(bytes.data(), bytes.size());
}

/// The same in memory that is wiped.
[[nodiscard]] inline crypto::secret_bytes to_secret_base64(bytes_view bytes) {
    Botan::secure_vector<char> text(Botan::base64_encode_max_output(bytes.size()));
    std::size_t consumed = 0;
    const std::size_t size =
        Botan::base64_encode(text.data(), bytes.data(), bytes.size(), consumed, true);
    return {text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size)};
}

/// The bytes, or nothing where the text is not exactly what to_base64() makes of them.
[[nodiscard]] std::optional<std::vector<byte>> from_base64(std::string_view text);

inline std::optional<std::vector<byte>> from_base64(std::string_view text) {
    try {
        std::vector<byte> bytes(Botan::base64_decode_max_output(text.size()));
        bytes.resize(Botan::base64_decode(bytes, text, false));
        if (to_base64(bytes) != text) return std::nullopt;
        return bytes;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

}  // namespace adit::keys
