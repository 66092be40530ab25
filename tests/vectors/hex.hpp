// Reads the hexadecimal constants of this folder's vectors. Test code: a wrong digit throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace adit::test {

/// Pairs of digits; blanks between them are skipped.
[[nodiscard]] inline std::vector<std::uint8_t> from_hex(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::vector<std::uint8_t> bytes;
    bytes.reserve(text.size() / 2);
    bool half = false;
    for (const char c : text) {
        if (c == ' ') continue;
        const std::size_t value = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
        if (value == std::string_view::npos) throw std::invalid_argument("not a hexadecimal digit");
        if (half) {
            bytes.back() = static_cast<std::uint8_t>(std::size_t{bytes.back()} << 4U | value);
        } else {
            bytes.push_back(static_cast<std::uint8_t>(value));
        }
        half = !half;
    }
    if (half) throw std::invalid_argument("half a byte");
    return bytes;
}

}  // namespace adit::test
