// Stored passwords: Argon2id (RFC 9106) and bcrypt, in the strings that other programs write, too.
// Made and checked by Botan. Used by accounts.hpp, and by whoever fills its table.
// Invariant: a stored string says by itself how much work a check is, so one that asks for absurd
// work, or is no such string, is refused before any (L21).
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/random.hpp>
#include <adit/crypto/secret.hpp>

#include <botan/argon2fmt.h>
#include <botan/bcrypt.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace adit::crypto {

/// What a check costs. The default takes some tens of milliseconds.
struct password_cost {
    std::size_t memory_kib = 19 * 1024;
    std::size_t passes = 2;
    std::size_t lanes = 1;
};

/// The most that a stored string may ask for.
struct password_cost_limits {
    static constexpr password_cost argon2{256 * 1024, 16, 16};
    static constexpr std::size_t bcrypt = 15;
};

/// A new "$argon2id$…" with a salt of its own. out_of_range: no such cost is allowed.
[[nodiscard]] result<std::string> hash_password(bytes_view password, random_source& random,
                                                const password_cost& cost = {});

/// Whether this is a string that check_password() would work on: "$argon2id$…" or "$2a$…", "$2b$…",
/// "$2y$…", of a bearable cost.
[[nodiscard]] bool password_hash_is_sound(std::string_view stored) noexcept;

/// Whether the password is the one that was stored. Of a longer one bcrypt sees 72 bytes.
[[nodiscard]] bool check_password(std::string_view stored, bytes_view password) noexcept;

/// A sound string of that cost that stands for nobody's password: to do the work of a check where
/// there is nothing to check.
[[nodiscard]] std::string stand_in_password_hash(const password_cost& cost = {});

// Details.

#if ADIT_BODIES

namespace password_hashes {

[[nodiscard]] constexpr bool is_bearable(const password_cost& cost) noexcept {
    constexpr password_cost most = password_cost_limits::argon2;
    return cost.lanes >= 1 && cost.lanes <= most.lanes && cost.passes >= 1 &&
           cost.passes <= most.passes && cost.memory_kib >= 8 * cost.lanes &&
           cost.memory_kib <= most.memory_kib;
}

/// Reads a string from its beginning to its end, or fails.
class scanner {
public:
    explicit scanner(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] bool skip(std::string_view expected) noexcept {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }
    /// Decimal digits as a number is written, without a leading zero.
    [[nodiscard]] std::size_t number() noexcept {
        constexpr std::size_t longest = 9;
        const std::size_t size = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        if (size == 0 || size > longest || rest_.front() == '0') return 0;
        std::size_t value = 0;
        for (const char c : rest_.substr(0, size)) {
            value = value * 10 + static_cast<std::size_t>(c - '0');
        }
        rest_.remove_prefix(size);
        return value;
    }
    /// The number of characters up to the next '$' or the end, all of base64's; 0 if not.
    [[nodiscard]] std::size_t base64() noexcept {
        const std::string_view field = rest_.substr(0, rest_.find('$'));
        const auto fits = [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                   c == '+' || c == '/';
        };
        if (!std::ranges::all_of(field, fits)) return 0;
        rest_.remove_prefix(field.size());
        return field.size();
    }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

// $argon2id$v=19$m=19456,t=2,p=1$salt$hash, the last two in base64 without padding.
[[nodiscard]] inline bool is_sound_argon2id(std::string_view stored) noexcept {
    // Of 8 to 64 bytes the salt, of 16 to 64 the hash.
    constexpr std::size_t shortest_salt = 11, shortest_hash = 22, longest = 86;
    scanner s(stored);
    password_cost cost;
    if (!s.skip("$argon2id$v=19$m=")) return false;
    cost.memory_kib = s.number();
    if (!s.skip(",t=")) return false;
    cost.passes = s.number();
    if (!s.skip(",p=")) return false;
    cost.lanes = s.number();
    if (!s.skip("$") || !is_bearable(cost)) return false;
    const std::size_t salt = s.base64();
    if (!s.skip("$")) return false;
    const std::size_t hash = s.base64();
    return s.rest().empty() && salt >= shortest_salt && salt <= longest && hash >= shortest_hash &&
           hash <= longest && salt % 4 != 1 && hash % 4 != 1;
}

// $2b$12$ and 53 characters of bcrypt's own base64.
[[nodiscard]] inline bool is_sound_bcrypt(std::string_view stored) noexcept {
    constexpr std::size_t whole = 60, before_cost = 4, before_salt = 7;
    constexpr std::size_t least_cost = 4;
    if (stored.size() != whole || stored[before_salt - 1] != '$') return false;
    const std::string_view variant = stored.substr(0, before_cost);
    if (variant != "$2a$" && variant != "$2b$" && variant != "$2y$") return false;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const std::string_view digits = stored.substr(before_cost, 2);
    if (!std::ranges::all_of(digits, is_digit)) return false;
    const auto value = [](char c) { return static_cast<std::size_t>(c - '0'); };
    const std::size_t cost = value(digits[0]) * 10 + value(digits[1]);
    if (cost < least_cost || cost > password_cost_limits::bcrypt) return false;
    return std::ranges::all_of(stored.substr(before_salt), [&](char c) {
        return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
               c == '/';
    });
}

}  // namespace password_hashes

ADIT_DECL result<std::string> hash_password(bytes_view password, random_source& random,
                                            const password_cost& cost) {
    if (!password_hashes::is_bearable(cost)) {
        return make_error_code(boost::system::errc::result_out_of_range);
    }
    return attempt(errc::out_of_memory, [&]() -> result<std::string> {
        const char* const text = as_text(password).data();
        return Botan::argon2_generate_pwhash(text, password.size(), random.botan(), cost.lanes,
                                             cost.memory_kib, cost.passes);
    });
}

ADIT_DECL bool password_hash_is_sound(std::string_view stored) noexcept {
    return password_hashes::is_sound_argon2id(stored) || password_hashes::is_sound_bcrypt(stored);
}

ADIT_DECL bool check_password(std::string_view stored, bytes_view password) noexcept {
    if (!password_hash_is_sound(stored)) return false;
    try {
        const std::string_view text = as_text(password);
        if (stored.starts_with("$2")) return Botan::check_bcrypt(text, stored);
        return Botan::argon2_check_pwhash(text.data(), text.size(), stored);
    } catch (...) {  // no memory, for one; a doubt is no match
        return false;
    }
}

ADIT_DECL std::string stand_in_password_hash(const password_cost& cost) {
    constexpr std::size_t salt = 22, hash = 43;
    return "$argon2id$v=19$m=" + std::to_string(cost.memory_kib) +
           ",t=" + std::to_string(cost.passes) + ",p=" + std::to_string(cost.lanes) + "$" +
           std::string(salt, 'A') + "$" + std::string(hash, 'A');
}

#endif  // ADIT_BODIES

}  // namespace adit::crypto
