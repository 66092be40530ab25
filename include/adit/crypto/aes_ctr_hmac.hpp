// aes128/192/256-ctr (RFC 4344) with HMAC-SHA-2 (RFC 6668): as RFC 4253 section 6.4 has it, where
// the MAC covers the plain packet and the length is encrypted, and as -etm@openssh.com, where the
// MAC covers what is sent and the length is readable. Used by algorithms.hpp's tables.
// Invariants: the key stream goes on from packet to packet and never back (C09); the MAC covers the
// sequence number, and nothing of a packet is parsed before it but its length (C07).
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/hash.hpp>
#include <adit/crypto/packet_cipher.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/slab.hpp>

#include <botan/mac.h>
#include <botan/stream_cipher.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace adit::crypto {

/// Views, used only while a cipher is made.
struct ctr_hmac_keys {
    bytes_view key{};
    bytes_view iv{};
    bytes_view mac_key{};
    hash_id mac_hash = hash_id::sha256;
};

/// What all four below share: a key stream and a MAC.
class aes_ctr_hmac {
public:
    static constexpr std::size_t block = 16;
    static constexpr std::size_t iv_size = block;
    using tag_memory = std::array<byte, 64>;

    /// Throws what Botan throws; the makers of algorithms.hpp catch it.
    explicit aes_ctr_hmac(const ctr_hmac_keys& keys);

    [[nodiscard]] std::size_t tag_size() const noexcept { return tag_size_; }
    /// Encrypts or decrypts in place, with the next bytes of the key stream.
    void crypt(mutable_bytes bytes) { stream_->cipher1(bytes); }
    /// Gives a part of `memory`.
    [[nodiscard]] bytes_view authenticate(bytes_view bytes, std::uint32_t sequence,
                                          tag_memory& memory);

private:
    std::unique_ptr<Botan::StreamCipher> stream_;
    std::unique_ptr<Botan::MessageAuthenticationCode> mac_;
    std::size_t tag_size_;
};

// The MAC first, then the encryption of all but the MAC: only a decrypted block tells the length.

class aes_ctr_hmac_opener final : public opener {
public:
    explicit aes_ctr_hmac_opener(const ctr_hmac_keys& keys) : cipher_(keys) {}
    [[nodiscard]] packet_shape shape() const noexcept override;
    [[nodiscard]] std::uint32_t length(mutable_bytes header,
                                       std::uint32_t sequence) noexcept override;
    [[nodiscard]] errc open(mutable_bytes packet, std::uint32_t sequence) noexcept override;

private:
    aes_ctr_hmac cipher_;
};

class aes_ctr_hmac_sealer final : public sealer {
public:
    explicit aes_ctr_hmac_sealer(const ctr_hmac_keys& keys) : cipher_(keys) {}
    [[nodiscard]] packet_shape shape() const noexcept override;
    [[nodiscard]] errc seal(mutable_bytes packet, std::uint32_t sequence) noexcept override;

private:
    aes_ctr_hmac cipher_;
};

// The encryption of the body first, then the MAC of the length and of the encrypted body.

class aes_ctr_etm_opener final : public opener {
public:
    explicit aes_ctr_etm_opener(const ctr_hmac_keys& keys) : cipher_(keys) {}
    [[nodiscard]] packet_shape shape() const noexcept override;
    [[nodiscard]] std::uint32_t length(mutable_bytes header,
                                       std::uint32_t /*sequence*/) noexcept override {
        return plain_length(header);
    }
    [[nodiscard]] errc open(mutable_bytes packet, std::uint32_t sequence) noexcept override;

private:
    aes_ctr_hmac cipher_;
};

class aes_ctr_etm_sealer final : public sealer {
public:
    explicit aes_ctr_etm_sealer(const ctr_hmac_keys& keys) : cipher_(keys) {}
    [[nodiscard]] packet_shape shape() const noexcept override;
    [[nodiscard]] errc seal(mutable_bytes packet, std::uint32_t sequence) noexcept override;

private:
    aes_ctr_hmac cipher_;
};

// Details.

#if ADIT_BODIES

[[nodiscard]] inline const char* botan_ctr_name(std::size_t key_size) noexcept {
    switch (key_size) {
        case 16: return "CTR-BE(AES-128)";
        case 24: return "CTR-BE(AES-192)";
        default: return "CTR-BE(AES-256)";  // which refuses keys of all sizes but its own
    }
}

ADIT_DECL aes_ctr_hmac::aes_ctr_hmac(const ctr_hmac_keys& keys)
    : stream_(Botan::StreamCipher::create_or_throw(botan_ctr_name(keys.key.size()))),
      mac_(Botan::MessageAuthenticationCode::create_or_throw(std::string("HMAC(") +
                                                             botan_name(keys.mac_hash) + ")")),
      tag_size_(digest_size(keys.mac_hash)) {
    // Botan would fill a shorter one with zeros.
    if (keys.iv.size() != iv_size) throw boost::system::system_error(errc::encryption_failed);
    stream_->set_key(keys.key);
    stream_->set_iv(keys.iv);
    mac_->set_key(keys.mac_key);
}

ADIT_DECL bytes_view aes_ctr_hmac::authenticate(bytes_view bytes, std::uint32_t sequence,
                                                tag_memory& memory) {
    mac_->update_be(sequence);
    mac_->update(bytes);
    mac_->final(memory.data());  // verify_mac() would allocate
    return bytes_view(memory).first(tag_size_);
}

[[nodiscard]] inline packet_shape encrypt_and_mac_shape(const aes_ctr_hmac& cipher) noexcept {
    return {.block = aes_ctr_hmac::block,
            .tag = cipher.tag_size(),
            .header = aes_ctr_hmac::block,
            .length_in_padding = true};
}

[[nodiscard]] inline packet_shape encrypt_then_mac_shape(const aes_ctr_hmac& cipher) noexcept {
    return {.block = aes_ctr_hmac::block,
            .tag = cipher.tag_size(),
            .header = length_size,
            .length_in_padding = false};
}

ADIT_DECL packet_shape aes_ctr_hmac_opener::shape() const noexcept {
    return encrypt_and_mac_shape(cipher_);
}
inline packet_shape aes_ctr_hmac_sealer::shape() const noexcept {
    return encrypt_and_mac_shape(cipher_);
}
inline packet_shape aes_ctr_etm_opener::shape() const noexcept {
    return encrypt_then_mac_shape(cipher_);
}
inline packet_shape aes_ctr_etm_sealer::shape() const noexcept {
    return encrypt_then_mac_shape(cipher_);
}

ADIT_DECL std::uint32_t aes_ctr_hmac_opener::length(mutable_bytes header,
                                                    std::uint32_t /*sequence*/) noexcept {
    const errc failed = attempt(errc::mac_mismatch, [&] {
        cipher_.crypt(header.first(aes_ctr_hmac::block));
        return errc::ok;
    });
    return failed == errc::ok ? plain_length(header) : 0;  // no packet has length 0: it is refused
}

ADIT_DECL errc aes_ctr_hmac_opener::open(mutable_bytes packet, std::uint32_t sequence) noexcept {
    if (!fits(packet, shape())) return errc::invalid_packet_length;
    const mutable_bytes whole = packet.first(packet.size() - cipher_.tag_size());
    const errc result = attempt(errc::mac_mismatch, [&] {
        cipher_.crypt(whole.subspan(aes_ctr_hmac::block));  // length() has decrypted the rest
        aes_ctr_hmac::tag_memory memory;
        const bytes_view expected = cipher_.authenticate(whole, sequence, memory);
        return same_secret(expected, packet.last(expected.size())) ? errc::ok : errc::mac_mismatch;
    });
    if (result != errc::ok) wipe(body_of(packet, shape()));
    return result;
}

ADIT_DECL errc aes_ctr_hmac_sealer::seal(mutable_bytes packet, std::uint32_t sequence) noexcept {
    if (!fits(packet, shape())) return errc::encryption_failed;
    const mutable_bytes whole = packet.first(packet.size() - cipher_.tag_size());
    return attempt(errc::encryption_failed, [&] {
        aes_ctr_hmac::tag_memory memory;
        const bytes_view tag = cipher_.authenticate(whole, sequence, memory);
        std::ranges::copy(tag, packet.last(tag.size()).begin());
        cipher_.crypt(whole);
        return errc::ok;
    });
}

ADIT_DECL errc aes_ctr_etm_opener::open(mutable_bytes packet, std::uint32_t sequence) noexcept {
    if (!fits(packet, shape())) return errc::invalid_packet_length;
    const mutable_bytes body = body_of(packet, shape());
    const errc result = attempt(errc::mac_mismatch, [&] {
        aes_ctr_hmac::tag_memory memory;
        const bytes_view expected = cipher_.authenticate(
            packet.first(packet.size() - cipher_.tag_size()), sequence, memory);
        if (!same_secret(expected, packet.last(expected.size()))) return errc::mac_mismatch;
        cipher_.crypt(body);
        return errc::ok;
    });
    if (result != errc::ok) wipe(body);
    return result;
}

ADIT_DECL errc aes_ctr_etm_sealer::seal(mutable_bytes packet, std::uint32_t sequence) noexcept {
    if (!fits(packet, shape())) return errc::encryption_failed;
    return attempt(errc::encryption_failed, [&] {
        cipher_.crypt(body_of(packet, shape()));
        aes_ctr_hmac::tag_memory memory;
        const bytes_view tag = cipher_.authenticate(
            packet.first(packet.size() - cipher_.tag_size()), sequence, memory);
        std::ranges::copy(tag, packet.last(tag.size()).begin());
        return errc::ok;
    });
}

#endif  // ADIT_BODIES

}  // namespace adit::crypto
