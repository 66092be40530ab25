// The exchange hash H, RFC 4253 section 8 as RFC 5656 section 4, RFC 8731 and the ML-KEM hybrids
// have it: HASH(V_C || V_S || I_C || I_S || K_S || Q_C || Q_S || K). Pure; both halves of the key
// exchange call it. Invariant: K comes encoded, as mpint or string, by the method that made it.
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/hash.hpp>
#include <adit/crypto/secret.hpp>

#include <array>
#include <initializer_list>

namespace adit::protocol {

struct exchange_hash_input {
    bytes_view v_c, v_s;  // identification lines without CR LF, as sent
    bytes_view i_c, i_s;  // KEXINIT payloads, message number included
    bytes_view k_s;       // host key blob
    bytes_view q_c, q_s;  // public values
    bytes_view k;         // shared secret, already encoded
};

[[nodiscard]] inline crypto::secret_bytes exchange_hash(crypto::hash_id hash,
                                                        const exchange_hash_input& input) {
    crypto::hasher h(hash);
    for (const bytes_view part :
         {input.v_c, input.v_s, input.i_c, input.i_s, input.k_s, input.q_c, input.q_s}) {
        const auto size = static_cast<std::uint32_t>(part.size());
        const std::array<byte, 4> length{static_cast<byte>(size >> 24U),
                                         static_cast<byte>(size >> 16U),
                                         static_cast<byte>(size >> 8U), static_cast<byte>(size)};
        h.update(length);
        h.update(part);
    }
    h.update(input.k);
    return h.finish();
}

}  // namespace adit::protocol
