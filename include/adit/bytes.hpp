// Bytes: the three names by which every floor speaks of memory it does not own, and to_hex.
// Used everywhere. Invariant: nothing in here allocates but to_hex.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace adit {

using byte = std::uint8_t;
using bytes_view = std::span<const byte>;
using mutable_bytes = std::span<byte>;

/// The same memory, seen as bytes.
[[nodiscard]] inline bytes_view as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const byte*>(text.data()), text.size()};
}

/// The same memory, seen as text. No encoding is implied and nothing is checked.
[[nodiscard]] inline std::string_view as_text(bytes_view bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Two lower-case digits a byte, without separators.
[[nodiscard]] inline std::string to_hex(bytes_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const byte b : bytes) {
        text += digits[b >> 4U];
        text += digits[b & 15U];
    }
    return text;
}

}  // namespace adit
