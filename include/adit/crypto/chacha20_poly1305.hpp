// chacha20-poly1305@openssh.com (OpenSSH's PROTOCOL.chacha20poly1305): two ChaCha20 with the
// sequence number as an 8-byte nonce, one for the length and one for the body, and a Poly1305 over
// both in their encrypted form. It is not RFC 8439's construction.
// Invariant: open() decrypts nothing before the tag of the whole packet has been checked.
#pragma once

#include <adit/crypto/attempt.hpp>
#include <adit/crypto/packet_cipher.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/slab.hpp>

#include <botan/mac.h>
#include <botan/stream_cipher.h>

#include <algorithm>
#include <array>
#include <memory>

namespace adit::crypto {

/// What both directions share.
class chacha20_poly1305 {
public:
    static constexpr std::size_t key_size = 64;
    static constexpr packet_shape shape{
        .block = 8, .tag = 16, .header = length_size, .length_in_padding = false};
    using tag = std::array<byte, shape.tag>;

    /// Throws what Botan throws; the makers of algorithms.hpp catch it.
    explicit chacha20_poly1305(bytes_view key);

    /// Encrypts or decrypts the length bytes.
    void crypt_length(mutable_bytes length, std::uint32_t sequence);
    /// Keys the body's cipher and the MAC for one packet: block 0 of the body's key stream is for
    /// the MAC, the body starts with block 1.
    void start(std::uint32_t sequence);
    void crypt_body(mutable_bytes body) { body_cipher_->cipher1(body); }
    [[nodiscard]] tag authenticate(bytes_view length_and_body);

private:
    std::unique_ptr<Botan::StreamCipher> body_cipher_;    // K_2, the first half of the key
    std::unique_ptr<Botan::StreamCipher> length_cipher_;  // K_1, the second half
    std::unique_ptr<Botan::MessageAuthenticationCode> mac_;
};

class chacha20_poly1305_opener final : public opener {
public:
    explicit chacha20_poly1305_opener(bytes_view key) : cipher_(key) {}
    [[nodiscard]] packet_shape shape() const noexcept override { return chacha20_poly1305::shape; }
    [[nodiscard]] std::uint32_t length(mutable_bytes header,
                                       std::uint32_t sequence) noexcept override;
    [[nodiscard]] errc open(mutable_bytes packet, std::uint32_t sequence) noexcept override;

private:
    chacha20_poly1305 cipher_;
};

class chacha20_poly1305_sealer final : public sealer {
public:
    explicit chacha20_poly1305_sealer(bytes_view key) : cipher_(key) {}
    [[nodiscard]] packet_shape shape() const noexcept override { return chacha20_poly1305::shape; }
    [[nodiscard]] errc seal(mutable_bytes packet, std::uint32_t sequence) noexcept override;

private:
    chacha20_poly1305 cipher_;
};

// C08: the nonce is the sequence number as 64 bits, big-endian; it wraps with it.
[[nodiscard]] inline std::array<byte, 8> chacha_nonce(std::uint32_t sequence) noexcept {
    return {0,
            0,
            0,
            0,
            static_cast<byte>(sequence >> 24U),
            static_cast<byte>(sequence >> 16U),
            static_cast<byte>(sequence >> 8U),
            static_cast<byte>(sequence)};
}

inline chacha20_poly1305::chacha20_poly1305(bytes_view key)
    : body_cipher_(Botan::StreamCipher::create_or_throw("ChaCha(20)")),
      length_cipher_(Botan::StreamCipher::create_or_throw("ChaCha(20)")),
      mac_(Botan::MessageAuthenticationCode::create_or_throw("Poly1305")) {
    if (key.size() != key_size) throw boost::system::system_error(errc::encryption_failed);
    body_cipher_->set_key(key.first(key_size / 2));
    length_cipher_->set_key(key.last(key_size / 2));
}

inline void chacha20_poly1305::crypt_length(mutable_bytes length, std::uint32_t sequence) {
    length_cipher_->set_iv(chacha_nonce(sequence));
    length_cipher_->cipher1(length);
}

inline void chacha20_poly1305::start(std::uint32_t sequence) {
    body_cipher_->set_iv(chacha_nonce(sequence));
    std::array<byte, 64> block_zero{};
    body_cipher_->cipher1(block_zero);
    mac_->set_key(bytes_view(block_zero).first(32));
    mac_->start();
    wipe(block_zero);
}

inline chacha20_poly1305::tag chacha20_poly1305::authenticate(bytes_view length_and_body) {
    tag computed;
    mac_->update(length_and_body);
    mac_->final(computed.data());  // verify_mac() would allocate
    return computed;
}

inline std::uint32_t chacha20_poly1305_opener::length(mutable_bytes header,
                                                      std::uint32_t sequence) noexcept {
    // The MAC covers the encrypted length: decrypt a copy.
    std::array<byte, length_size> plain{};
    std::ranges::copy(header.first(length_size), plain.begin());
    const errc failed = attempt(errc::mac_mismatch, [&] {
        cipher_.crypt_length(plain, sequence);
        return errc::ok;
    });
    return failed == errc::ok ? plain_length(plain) : 0;  // no packet has length 0: it is refused
}

inline errc chacha20_poly1305_opener::open(mutable_bytes packet, std::uint32_t sequence) noexcept {
    if (!fits(packet, shape())) return errc::invalid_packet_length;
    const mutable_bytes body = body_of(packet, shape());
    const errc result = attempt(errc::mac_mismatch, [&] {
        cipher_.start(sequence);
        const auto expected = cipher_.authenticate(packet.first(packet.size() - shape().tag));
        if (!same_secret(expected, packet.last(expected.size()))) return errc::mac_mismatch;
        cipher_.crypt_body(body);
        return errc::ok;
    });
    if (result != errc::ok) wipe(body);
    return result;
}

inline errc chacha20_poly1305_sealer::seal(mutable_bytes packet, std::uint32_t sequence) noexcept {
    if (!fits(packet, shape())) return errc::encryption_failed;
    return attempt(errc::encryption_failed, [&] {
        cipher_.crypt_length(packet.first(length_size), sequence);
        cipher_.start(sequence);
        cipher_.crypt_body(body_of(packet, shape()));
        const auto tag = cipher_.authenticate(packet.first(packet.size() - shape().tag));
        std::ranges::copy(tag, packet.last(tag.size()).begin());
        return errc::ok;
    });
}

}  // namespace adit::crypto
