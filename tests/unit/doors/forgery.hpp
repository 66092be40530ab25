// Parts of forged signatures and of keys that nobody should have: a signature's bytes, two numbers
// of ECDSA as a signature has them, a number of so many bits. Used by the tests of both roles,
// evil_host_key.cpp and evil_client_keys.cpp (A13, A14). RFC 5656, RFC 8332.
#pragma once

#include <adit/keys/ecdsa.hpp>
#include <adit/keys/signature.hpp>

#include <vector>

namespace adit::test {

/// What is in a signature's blob behind its name.
[[nodiscard]] inline std::vector<byte> bytes_of(const std::vector<byte>& blob) {
    const bytes_view bytes = keys::parse_signature(blob).value().bytes;
    return {bytes.begin(), bytes.end()};
}

[[nodiscard]] inline std::vector<byte> both_numbers(bytes_view r, bytes_view s) {
    std::vector<byte> bytes(10 + r.size() + s.size());
    wire::writer w(bytes);
    wire::put_fields(w, keys::ecdsa_signature{wire::to_mpint(r), wire::to_mpint(s)});
    bytes.resize(w.size());
    return bytes;
}

[[nodiscard]] inline std::vector<byte> number_of(std::size_t bits, byte last = 1) {
    std::vector<byte> bytes((bits + 7) / 8, 0);
    bytes[0] = static_cast<byte>(1U << (bits - 1) % 8);
    bytes.back() = static_cast<byte>((bytes.back() & 0xfeU) | last);
    return bytes;
}

}  // namespace adit::test
