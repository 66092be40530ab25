// How the bytes of a signature are written in SSH and how Botan wants them: Ed25519 alike, ECDSA as
// two mpints (RFC 5656 section 3.1.2), RSA as long as its modulus (RFC 8332 section 3). Used by
// public_key.hpp and private_key.hpp.
// Invariant: what is handed to Botan has exactly the size that the algorithm and the key demand.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/keys/signature.hpp>
#include <adit/wire/message.hpp>

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

namespace adit::keys {

struct ecdsa_signature {
    wire::mpint r, s;
    static constexpr auto wire(auto& m) { return std::tie(m.r, m.s); }
};

/// Botan's form of a signature that came; nothing where it cannot be one of this algorithm by a key
/// of `key_bits`.
[[nodiscard]] std::optional<std::vector<byte>> to_botan_form(const signature_algorithm& algorithm,
                                                             std::size_t key_bits,
                                                             bytes_view bytes);

/// SSH's form of a signature that Botan made; nothing where its size is not the algorithm's.
[[nodiscard]] std::optional<std::vector<byte>> from_botan_form(const signature_algorithm& algorithm,
                                                               std::size_t key_bits,
                                                               bytes_view bytes);

// Details.

[[nodiscard]] inline std::size_t botan_size(const signature_algorithm& algorithm,
                                            std::size_t key_bits) noexcept {
    return algorithm.form == signature_form::modulus_sized ? (key_bits + 7) / 8 : algorithm.size;
}

/// Writes a number right-aligned into its place; false where it is zero or too long.
[[nodiscard]] inline bool place_number(bytes_view magnitude, mutable_bytes place) noexcept {
    if (magnitude.empty() || magnitude.size() > place.size()) return false;
    std::ranges::fill(place, byte{0});
    std::ranges::copy(magnitude, place.last(magnitude.size()).begin());
    return true;
}

#if ADIT_BODIES

ADIT_DECL std::optional<std::vector<byte>> to_botan_form(const signature_algorithm& algorithm,
                                                         std::size_t key_bits, bytes_view bytes) {
    std::vector<byte> placed(botan_size(algorithm, key_bits));
    const mutable_bytes room(placed);
    bool fits = false;
    switch (algorithm.form) {
        case signature_form::fixed_size:
            fits = bytes.size() == placed.size() && place_number(bytes, room);
            break;
        case signature_form::modulus_sized:
            // C33: some drop leading zeros, and Botan 3.13 demands the modulus's length.
            fits = place_number(bytes, room);
            break;
        case signature_form::two_integers: {
            const auto numbers = wire::decode_fields<ecdsa_signature>(bytes);
            const std::size_t half = placed.size() / 2;
            fits = numbers && place_number(numbers->r.magnitude, room.first(half)) &&
                   place_number(numbers->s.magnitude, room.last(half));
            break;
        }
    }
    if (!fits) return std::nullopt;
    return placed;
}

ADIT_DECL std::optional<std::vector<byte>> from_botan_form(const signature_algorithm& algorithm,
                                                           std::size_t key_bits, bytes_view bytes) {
    if (bytes.size() != botan_size(algorithm, key_bits)) return std::nullopt;
    if (algorithm.form != signature_form::two_integers) {
        return std::vector<byte>(bytes.begin(), bytes.end());
    }
    const std::size_t half = bytes.size() / 2;
    const ecdsa_signature numbers{wire::to_mpint(bytes.first(half)),
                                  wire::to_mpint(bytes.last(half))};
    std::vector<byte> written(wire::size_of(numbers.r) + wire::size_of(numbers.s));
    wire::writer w(written);
    wire::put_fields(w, numbers);
    written.resize(w.size());
    return written;
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
