// RSA keys (RFC 4253 section 6.6: "ssh-rsa", e, n; their signatures are RFC 8332's): how the blob
// of a key is checked and becomes a key of Botan's. Used by key_types.hpp and private_key.hpp.
// Invariant: a number too large, or of no use, is refused by its size, before any arithmetic (A14).
#pragma once

#include <adit/bytes.hpp>
#include <adit/error.hpp>
#include <adit/wire/message.hpp>

#include <botan/bigint.h>
#include <botan/rsa.h>

#include <bit>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

namespace adit::keys {

inline constexpr std::string_view rsa_type = "ssh-rsa";
inline constexpr std::size_t smallest_modulus = 2048;  // bits, L21
inline constexpr std::size_t largest_modulus = 16384;
// OpenSSL's cap. Everybody's exponent is 65537; a long one makes verifying as slow as signing.
inline constexpr std::size_t longest_exponent = 64;

/// What follows the type's name in the blob of a key.
struct rsa_fields {
    wire::mpint e, n;
    static constexpr auto wire(auto& m) { return std::tie(m.e, m.n); }
};

[[nodiscard]] inline std::size_t bits_of(wire::mpint value) noexcept {
    const bytes_view bytes = value.magnitude;
    if (bytes.empty()) return 0;
    return (bytes.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(bytes[0]));
}

[[nodiscard]] inline bool is_odd(wire::mpint value) noexcept {
    return !value.magnitude.empty() && (value.magnitude.back() & 1U) != 0;
}

[[nodiscard]] inline errc check_rsa_numbers(const rsa_fields& key) noexcept {
    const std::size_t e = bits_of(key.e);
    const std::size_t n = bits_of(key.n);
    if (e < 2 || e > longest_exponent || !is_odd(key.e)) return errc::malformed_field;
    if (n < smallest_modulus || n > largest_modulus || !is_odd(key.n)) return errc::malformed_field;
    return errc::ok;
}

[[nodiscard]] inline errc check_rsa(bytes_view fields) {
    const auto decoded = wire::decode_fields<rsa_fields>(fields);
    if (!decoded) return static_cast<errc>(decoded.error().value());
    return check_rsa_numbers(*decoded);
}

[[nodiscard]] inline std::unique_ptr<Botan::Public_Key> load_rsa(bytes_view fields) {
    const auto decoded = wire::decode_fields<rsa_fields>(fields);
    const rsa_fields& key = decoded.value();
    return std::make_unique<Botan::RSA_PublicKey>(Botan::BigInt(key.n.magnitude),
                                                  Botan::BigInt(key.e.magnitude));
}

[[nodiscard]] inline std::vector<byte> rsa_blob(const rsa_fields& key) {
    std::vector<byte> blob(4 + rsa_type.size() + wire::size_of(key.e) + wire::size_of(key.n));
    wire::writer w(blob);
    w.put_string(as_bytes(rsa_type));
    wire::put_fields(w, key);
    blob.resize(w.size());
    return blob;
}

}  // namespace adit::keys
