// The keys that follow from a key exchange, RFC 4253 section 7.2. Used at NEWKEYS by transport/.
// Invariant: the session id is the first exchange hash for ever, while the hash may change with
// each exchange, and its size with it (C17).
#pragma once

#include <adit/crypto/hash.hpp>
#include <adit/crypto/secret.hpp>

#include <cstddef>

namespace adit::crypto {

/// What a key exchange left; views, so that nothing secret is copied.
struct exchange_result {
    hash_id hash = hash_id::sha256;
    bytes_view encoded_secret;  ///< K with its length in front, as key_agreement.hpp gives it
    bytes_view exchange_hash;   ///< H
    bytes_view session_id;      ///< the first H of the connection
};

/// What each of the six keys is for.
namespace key_letter {
inline constexpr char iv_client_to_server = 'A';
inline constexpr char iv_server_to_client = 'B';
inline constexpr char key_client_to_server = 'C';
inline constexpr char key_server_to_client = 'D';
inline constexpr char mac_client_to_server = 'E';
inline constexpr char mac_server_to_client = 'F';
}  // namespace key_letter

/// K1 || K2 || …, cut to `size`, with K1 = HASH(K || H || letter || session id) and
/// Kn = HASH(K || H || K1 || … || Kn-1).
[[nodiscard]] inline secret_bytes derive_key(const exchange_result& from, char letter,
                                             std::size_t size) {
    const byte letter_byte = static_cast<byte>(letter);
    hasher hash(from.hash);
    secret_bytes key;
    while (key.size() < size) {
        hash.update(from.encoded_secret);
        hash.update(from.exchange_hash);
        if (key.empty()) {
            hash.update({&letter_byte, 1});
            hash.update(from.session_id);
        } else {
            hash.update(key);
        }
        const secret_bytes more = hash.finish();
        key.insert(key.end(), more.begin(), more.end());
    }
    key.resize(size);
    return key;
}

}  // namespace adit::crypto
