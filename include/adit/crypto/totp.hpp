// One-time codes by time, RFC 6238 over RFC 4226: secret and step in, digits out. The clock is the
// caller's. Used by auth/totp_source.hpp, and by accounts.hpp, which checks codes.
// Invariants: the secret lives in secret memory; no error names a character of it (Botan's would).
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/hash.hpp>
#include <adit/crypto/secret.hpp>

#include <botan/base32.h>
#include <botan/otp.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace adit::crypto {

enum class totp_hash : std::uint8_t { sha1, sha256, sha512 };

struct totp_settings {
    totp_hash hash = totp_hash::sha1;
    unsigned digits = 6;   ///< 6, 7 or 8
    unsigned period = 30;  ///< seconds
};

class totp {
public:
    /// The secret as services show it: base32 with spaces, dashes, lower case, padding or none.
    [[nodiscard]] static result<totp> from_base32(std::string_view secret,
                                                  const totp_settings& settings) noexcept;

    [[nodiscard]] std::uint64_t step_at(std::uint64_t unix_seconds) const noexcept {
        return unix_seconds / settings_.period;
    }
    [[nodiscard]] const totp_settings& settings() const noexcept { return settings_; }
    /// The code of a step, leading zeros included.
    [[nodiscard]] result<secret_bytes> code(std::uint64_t step) const noexcept;
    /// The step near `now`, at most `window` away, of which this is the code; none: it is a wrong
    /// code. Spaces do not count; anything else but ASCII digits is wrong. The time tells nothing
    /// about the secret (S04). Whether a step was used before is the caller's to know (A17).
    [[nodiscard]] std::optional<std::uint64_t> matching_step(bytes_view typed, std::uint64_t now,
                                                             unsigned window = 1) const noexcept;
    /// Tells secrets apart without being one.
    [[nodiscard]] secret_bytes fingerprint() const { return digest(hash_id::sha256, key_); }

private:
    totp(secret_bytes key, const totp_settings& settings)
        : key_(std::move(key)), settings_(settings) {}

    secret_bytes key_;
    totp_settings settings_;
};

// Details.

[[nodiscard]] constexpr const char* botan_name(totp_hash hash) noexcept {
    switch (hash) {
        case totp_hash::sha1: return "SHA-1";
        case totp_hash::sha256: return "SHA-256";
        case totp_hash::sha512: return "SHA-512";
    }
    return "";
}

#if ADIT_BODIES

// What base32 is when nobody has made it readable: upper case, padded to eights.
[[nodiscard]] inline secret_bytes normalised_base32(std::string_view text) {
    secret_bytes normal;
    normal.reserve(text.size() + 8);
    for (const char c : text) {
        if (c == ' ' || c == '\t' || c == '-' || c == '=' || c == '\r' || c == '\n') continue;
        const bool lower = c >= 'a' && c <= 'z';
        normal.push_back(static_cast<byte>(lower ? c - 'a' + 'A' : c));
    }
    while (normal.size() % 8 != 0) normal.push_back('=');
    return normal;
}

ADIT_DECL result<totp> totp::from_base32(std::string_view secret,
                                         const totp_settings& settings) noexcept {
    const bool sound = settings.digits >= 6 && settings.digits <= 8 && settings.period != 0;
    if (!sound) return errc::totp_secret_malformed;
    return attempt(errc::totp_secret_malformed, [&]() -> result<totp> {
        const secret_bytes normal = normalised_base32(secret);
        secret_bytes key = Botan::base32_decode(as_text(normal));
        if (key.empty()) return errc::totp_secret_malformed;
        return totp(std::move(key), settings);
    });
}

ADIT_DECL result<secret_bytes> totp::code(std::uint64_t step) const noexcept {
    return attempt(errc::totp_secret_malformed, [&]() -> result<secret_bytes> {
        Botan::HOTP generator(key_.data(), key_.size(), botan_name(settings_.hash),
                              settings_.digits);
        std::uint32_t value = generator.generate_hotp(step);
        secret_bytes digits(settings_.digits, '0');
        for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, value /= 10) {
            *digit = static_cast<byte>('0' + value % 10);
        }
        return digits;
    });
}

// Every step is computed and compared, whichever fits. Where a code fits two steps the later one
// counts: the earlier is then used as well.
ADIT_DECL std::optional<std::uint64_t> totp::matching_step(bytes_view typed, std::uint64_t now,
                                                           unsigned window) const noexcept {
    const auto matching = [&]() -> result<std::uint64_t> {
        secret_bytes digits;
        digits.reserve(settings_.digits);
        for (const byte b : typed) {
            if (b == ' ') continue;
            const bool fits = b >= '0' && b <= '9' && digits.size() < settings_.digits;
            if (!fits) return errc::totp_secret_malformed;
            digits.push_back(b);
        }
        const std::uint64_t first = now - std::min<std::uint64_t>(now, window);
        const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - now;
        const std::uint64_t steps = now - first + std::min<std::uint64_t>(room, window);
        std::uint64_t found = 0, any = 0;
        for (std::uint64_t i = 0; i <= steps; ++i) {
            const auto right = code(first + i);
            if (!right) return right.error();
            const std::uint64_t same = same_secret(digits, *right) ? 1 : 0;
            found = found * (1 - same) + (first + i) * same;
            any |= same;
        }
        if (any == 0) return errc::totp_secret_malformed;
        return found;
    };
    const auto step = attempt(errc::totp_secret_malformed, matching);
    return step ? std::optional<std::uint64_t>(*step) : std::nullopt;
}

#endif  // ADIT_BODIES

}  // namespace adit::crypto
