// What the passphrase of a key file may cost: the file says how often it is hashed, and a file of
// somebody else's may say anything (L21). Used by all formats of encrypted keys.
// Invariant: a cost is compared with its cap before the first hash.
#pragma once

#include <adit/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace adit::keys {

struct key_cost_limits {
    std::uint32_t bcrypt_rounds = 1024;            ///< ssh-keygen writes 16 or 24
    std::uint32_t pbkdf2_iterations = 10'000'000;  ///< OpenSSL writes 2048, others up to a million
    std::uint64_t scrypt_bytes = std::uint64_t{256} * 1024 * 1024;  ///< 128·N·r·p, OpenSSL's 16 MiB
};

/// A file that exceeds a cap. An error of its own kind: no passphrase helps, and the key is fine.
[[nodiscard]] inline error_code key_too_costly() noexcept {
    struct cost_category final : boost::system::error_category {
        [[nodiscard]] const char* name() const noexcept override { return "adit.keys"; }
        [[nodiscard]] std::string message(int) const override {
            return "the key's passphrase is hashed more often than adit allows (ssh-keygen -p -a "
                   "24 "
                   "lowers it)";
        }
    };
    static const cost_category instance;
    return {1, instance};
}

}  // namespace adit::keys
