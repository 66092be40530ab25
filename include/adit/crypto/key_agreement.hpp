// A key agreement seen from transport/kex_client and kex_server: a public value goes out, one comes
// in, a secret is left. No packets, no exchange hash. RFC 4253 section 8, RFC 5656, RFC 8731.
// Invariant: a value that the method's specification refuses gives no secret (C21-C23, A12).
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/wire/types.hpp>

#include <vector>

namespace adit::crypto {

// Public values are what stands inside the string of the method's message. DH has an mpint there,
// which is a string too: its public value is given and taken in that minimal form.
//
// Shared secrets come encoded, with their length in front, as they enter the exchange hash and the
// key derivation: an mpint for most methods, a string for the hybrids (C23).

class client_key_agreement {
public:
    client_key_agreement() = default;
    client_key_agreement(const client_key_agreement&) = delete;
    client_key_agreement& operator=(const client_key_agreement&) = delete;
    virtual ~client_key_agreement() = default;

    [[nodiscard]] virtual bytes_view public_value() const noexcept = 0;
    [[nodiscard]] virtual result<secret_bytes> shared_secret(bytes_view theirs) noexcept = 0;
};

struct server_share {
    std::vector<byte> public_value;
    secret_bytes shared_secret;
};

class server_key_agreement {
public:
    server_key_agreement() = default;
    server_key_agreement(const server_key_agreement&) = delete;
    server_key_agreement& operator=(const server_key_agreement&) = delete;
    virtual ~server_key_agreement() = default;

    [[nodiscard]] virtual result<server_share> respond(bytes_view theirs) noexcept = 0;
};

/// A big-endian secret, of fixed size or padded, as an mpint: minimal, never negative (C11).
[[nodiscard]] inline secret_bytes encode_as_mpint(bytes_view big_endian) {
    const wire::mpint value = wire::to_mpint(big_endian);
    secret_bytes encoded(4 + 1 + value.magnitude.size());
    wire::writer w(encoded);
    wire::put(w, value);
    encoded.resize(w.size());
    return encoded;
}

[[nodiscard]] inline secret_bytes encode_as_string(bytes_view secret) {
    secret_bytes encoded(4 + secret.size());
    wire::writer w(encoded);
    w.put_string(secret);
    return encoded;
}

}  // namespace adit::crypto
