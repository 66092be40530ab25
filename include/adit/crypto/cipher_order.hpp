// Which cipher this machine runs fastest, and so which it offers first by default. Used for the
// preferences of transport/kex_session.
// Invariant: the order depends on the machine, the set of ciphers never.
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/algorithms.hpp>

#include <botan/block_cipher.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace adit::crypto {

/// All ciphers of the table: AES-GCM first where the processor has instructions for AES, else
/// ChaCha20-Poly1305 first, which is several times as fast there.
[[nodiscard]] std::string cipher_names_for_this_cpu();

// Details.

/// Whether Botan computes AES by instructions made for it. Its public interface tells so only by
/// the name of what it chose: these are its ways to do without.
[[nodiscard]] inline bool aes_is_software(std::string_view provider) noexcept {
    constexpr std::array<std::string_view, 9> software{
        "base", "vperm", "ssse3", "simd_4x32", "neon", "altivec", "lsx", "simd128", ""};
    return std::ranges::find(software, provider) != software.end();
}

[[nodiscard]] inline std::string cipher_names(bool aes_in_software) {
    std::string first, others;
    for (const auto& cipher : ciphers) {
        const bool favoured = aes_in_software && cipher.name.starts_with("chacha20-");
        std::string& names = favoured ? first : others;
        if (!names.empty()) names += ',';
        names += cipher.name;
    }
    return first.empty() ? others : first + ',' + others;
}

#if ADIT_BODIES

ADIT_DECL std::string cipher_names_for_this_cpu() {
    const auto aes = Botan::BlockCipher::create("AES-256");
    return cipher_names(aes == nullptr || aes_is_software(aes->provider()));
}

#endif  // ADIT_BODIES

}  // namespace adit::crypto
