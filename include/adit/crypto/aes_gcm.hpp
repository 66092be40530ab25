// aes128-gcm@openssh.com and aes256-gcm@openssh.com (RFC 5647, named as OpenSSH names them): the
// length stays readable and is the associated data; the nonce counts packets by itself.
// Invariant: each packet takes a nonce of its own, whatever becomes of it (C08).
#pragma once

#include <adit/crypto/attempt.hpp>
#include <adit/crypto/packet_cipher.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/slab.hpp>

#include <botan/aead.h>

#include <algorithm>
#include <array>
#include <memory>

namespace adit::crypto {

/// What both directions share.
class aes_gcm {
public:
    static constexpr std::size_t iv_size = 12;
    static constexpr packet_shape shape{
        .block = 16, .tag = 16, .header = length_size, .length_in_padding = false};

    /// Throws what Botan throws; the makers of algorithms.hpp catch it.
    aes_gcm(Botan::Cipher_Dir direction, bytes_view key, bytes_view iv);

    /// Starts the next packet.
    void start(bytes_view length);
    /// Encrypts or decrypts in place; decrypts before anything is authenticated.
    void crypt(mutable_bytes body);
    /// Writes the tag when sealing; throws at a wrong one when opening.
    void finish_sealing(mutable_bytes tag);
    void finish_opening(bytes_view tag);
    /// Forgets a packet that was begun and not finished.
    void abandon() noexcept;

private:
    void next_nonce() noexcept;

    std::unique_ptr<Botan::AEAD_Mode> mode_;
    std::array<byte, iv_size> nonce_{};
    secret_bytes tag_;  // kept, so that finish() does not allocate
};

class aes_gcm_opener final : public opener {
public:
    aes_gcm_opener(bytes_view key, bytes_view iv) : mode_(Botan::Cipher_Dir::Decryption, key, iv) {}
    [[nodiscard]] packet_shape shape() const noexcept override { return aes_gcm::shape; }
    [[nodiscard]] std::uint32_t length(mutable_bytes header,
                                       std::uint32_t /*sequence*/) noexcept override {
        return plain_length(header);
    }
    [[nodiscard]] errc open(mutable_bytes packet, std::uint32_t sequence) noexcept override;

private:
    aes_gcm mode_;
};

class aes_gcm_sealer final : public sealer {
public:
    aes_gcm_sealer(bytes_view key, bytes_view iv) : mode_(Botan::Cipher_Dir::Encryption, key, iv) {}
    [[nodiscard]] packet_shape shape() const noexcept override { return aes_gcm::shape; }
    [[nodiscard]] errc seal(mutable_bytes packet, std::uint32_t sequence) noexcept override;

private:
    aes_gcm mode_;
};

inline aes_gcm::aes_gcm(Botan::Cipher_Dir direction, bytes_view key, bytes_view iv)
    : mode_(Botan::AEAD_Mode::create_or_throw(key.size() == 16 ? "AES-128/GCM" : "AES-256/GCM",
                                              direction)) {
    if (iv.size() != iv_size) throw boost::system::system_error(errc::encryption_failed);
    std::ranges::copy(iv, nonce_.begin());
    mode_->set_key(key);
    tag_.reserve(2 * shape.tag);
}

inline void aes_gcm::start(bytes_view length) {
    mode_->set_associated_data(length);
    mode_->start(nonce_);
    next_nonce();
}

inline void aes_gcm::crypt(mutable_bytes body) { mode_->process(body); }

inline void aes_gcm::finish_sealing(mutable_bytes tag) {
    tag_.clear();
    mode_->finish(tag_);
    std::ranges::copy(tag_, tag.begin());
}

inline void aes_gcm::finish_opening(bytes_view tag) {
    tag_.assign(tag.begin(), tag.end());
    mode_->finish(tag_);
}

inline void aes_gcm::abandon() noexcept {
    try {
        mode_->reset();
    } catch (...) {  // the next start() fails then, and so does its packet
    }
}

// The last 8 of the 12 bytes are the counter; it starts anywhere and runs over without a carry into
// the first 4. Strict key exchange resets sequence numbers, never this.
inline void aes_gcm::next_nonce() noexcept {
    for (std::size_t i = iv_size; i-- > iv_size - 8;) {
        if (++nonce_[i] != 0) return;
    }
}

inline errc aes_gcm_opener::open(mutable_bytes packet, std::uint32_t /*sequence*/) noexcept {
    if (!fits(packet, shape())) return errc::invalid_packet_length;
    const mutable_bytes body = body_of(packet, shape());
    const errc result = attempt(errc::mac_mismatch, [&] {
        mode_.start(packet.first(length_size));
        mode_.crypt(body);
        mode_.finish_opening(packet.last(shape().tag));
        return errc::ok;
    });
    if (result == errc::ok) return result;
    wipe(body);
    mode_.abandon();
    return result;
}

inline errc aes_gcm_sealer::seal(mutable_bytes packet, std::uint32_t /*sequence*/) noexcept {
    if (!fits(packet, shape())) return errc::encryption_failed;
    const errc result = attempt(errc::encryption_failed, [&] {
        mode_.start(packet.first(length_size));
        mode_.crypt(body_of(packet, shape()));
        mode_.finish_sealing(packet.last(shape().tag));
        return errc::ok;
    });
    if (result != errc::ok) mode_.abandon();
    return result;
}

}  // namespace adit::crypto
