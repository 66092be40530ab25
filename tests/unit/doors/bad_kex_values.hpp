// Public values of key exchange that are no good, for each method: points of small order, points
// beside the curve, integers outside of 2 ... p - 2, and what has the wrong length (A12). Used by
// the tests of both roles, evil_kex.cpp and evil_client_keys.cpp. RFC 8731, RFC 5656, RFC 8268.
// Invariant: an honest peer never sends any of these.
#pragma once

#include "vectors/hex.hpp"

#include <adit/bytes.hpp>

#include <string_view>
#include <vector>

namespace adit::test {

[[nodiscard]] inline std::vector<byte> x25519_value(byte first, byte middle, byte last) {
    std::vector<byte> value(32, middle);
    value.front() = first;
    value.back() = last;
    return value;
}

[[nodiscard]] inline std::vector<byte> after_ciphertext(std::vector<byte> curve_value) {
    std::vector<byte> value(1088, 7);
    value.insert(value.end(), curve_value.begin(), curve_value.end());
    return value;
}

[[nodiscard]] inline std::vector<byte> changed(std::string_view hex, std::size_t place,
                                               byte difference) {
    std::vector<byte> value = from_hex(hex);
    value[place] = static_cast<byte>(value[place] ^ difference);
    return value;
}

[[nodiscard]] inline std::vector<byte> compressed(std::string_view hex) {
    const std::vector<byte> value = from_hex(hex);
    std::vector<byte> half(value.begin(),
                           value.begin() + 1 + static_cast<std::ptrdiff_t>(value.size() / 2));
    half[0] = static_cast<byte>(2 + (value.back() & 1U));
    return half;
}

// 0, 1, p - 1, p, p + 1 and the two of order 8, and what does not have 32 bytes.
[[nodiscard]] inline std::vector<std::vector<byte>> bad_x25519_values() {
    std::vector<std::vector<byte>> values{
        {},
        std::vector<byte>(31, 9),
        std::vector<byte>(33, 9),
        x25519_value(0, 0, 0),
        x25519_value(1, 0, 0),
        x25519_value(0xec, 0xff, 0x7f),
        x25519_value(0xed, 0xff, 0x7f),
        x25519_value(0xee, 0xff, 0x7f),
        from_hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
        from_hex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")};
    return values;
}

[[nodiscard]] inline std::vector<std::vector<byte>> bad_points(std::string_view good) {
    const std::size_t size = good.size() / 2;
    std::vector<byte> at_zero(size, 0);
    at_zero[0] = 4;
    std::vector<byte> longer = from_hex(good);
    longer.push_back(0);
    std::vector<byte> shorter = from_hex(good);
    shorter.pop_back();
    return {{},
            {0},
            {4},
            std::vector<byte>(size, 0),
            at_zero,
            compressed(good),
            longer,
            shorter,
            changed(good, size - 1, 1),
            changed(good, 0, 2)};
}

[[nodiscard]] inline std::vector<std::vector<byte>> bad_integers(std::string_view prime) {
    std::vector<byte> p = from_hex(prime);
    p.insert(p.begin(), 0);
    std::vector<byte> before = p;
    --before.back();
    std::vector<byte> negative(from_hex(prime));
    std::vector<byte> longer(p);
    longer.insert(longer.begin() + 1, 1);
    return {{}, {0}, {1}, {0, 1}, {0, 2}, {0x80}, {0xff}, p, before, negative, longer};
}

}  // namespace adit::test
