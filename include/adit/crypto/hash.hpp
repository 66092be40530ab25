// The hashes of SSH's key exchanges: SHA-256, SHA-384 and SHA-512. Used by the exchange hash
// (RFC 4253 section 8), the key derivation (section 7.2) and fingerprints.
// Invariant: finish() gives digest_size() bytes and leaves the hasher empty, ready for the next.
#pragma once

#include <adit/crypto/secret.hpp>

#include <botan/hash.h>

#include <cstddef>
#include <memory>

namespace adit::crypto {

enum class hash_id { sha256, sha384, sha512 };

[[nodiscard]] constexpr std::size_t digest_size(hash_id id) noexcept {
    switch (id) {
        case hash_id::sha256: return 32;
        case hash_id::sha384: return 48;
        case hash_id::sha512: return 64;
    }
    return 0;
}

/// Throws nothing but std::bad_alloc, as the containers do.
class hasher {
public:
    explicit hasher(hash_id id);
    void update(bytes_view bytes) { hash_->update(bytes); }
    [[nodiscard]] secret_bytes finish() { return hash_->final(); }

private:
    std::unique_ptr<Botan::HashFunction> hash_;
};

[[nodiscard]] inline secret_bytes digest(hash_id id, bytes_view bytes) {
    hasher hash(id);
    hash.update(bytes);
    return hash.finish();
}

[[nodiscard]] constexpr const char* botan_name(hash_id id) noexcept {
    switch (id) {
        case hash_id::sha256: return "SHA-256";
        case hash_id::sha384: return "SHA-384";
        case hash_id::sha512: return "SHA-512";
    }
    return "";
}

inline hasher::hasher(hash_id id) : hash_(Botan::HashFunction::create_or_throw(botan_name(id))) {}

}  // namespace adit::crypto
