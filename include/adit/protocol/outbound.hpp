// Messages become packets, RFC 4253 section 6: a chunk is reserved with room around its payload,
// stays plain in its queue, and is sealed in place when the writer gathers it, so that sequence
// numbers follow the order of writing and a rekey re-encrypts nothing. The cipher changes behind
// our NEWKEYS and nowhere else. Used by transport/packet_stream and connection/outbox.
// Invariants: a chunk is sealed once; when no chunk is alive, no memory is held.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/null_cipher.hpp>
#include <adit/crypto/packet_cipher.hpp>
#include <adit/crypto/random.hpp>
#include <adit/error.hpp>
#include <adit/slab.hpp>
#include <adit/wire/message_id.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace adit::protocol {

/// Bytes before a payload: packet_length and padding_length.
inline constexpr std::size_t packet_front = 5;
/// The sizes that a chunk with a secret is padded to.
inline constexpr std::uint32_t secret_packet_step = 128;
/// Bytes after a payload that any packet may need: padding to that step and a MAC of 64.
inline constexpr std::size_t packet_back = 4 + (secret_packet_step - 1) + 64;
/// Bytes of channel_data before its data: number, recipient_channel, length.
inline constexpr std::size_t channel_data_front = 9;

/// One packet to be: its payload in the middle of memory that has room for the rest.
struct chunk {
    slab_ref memory;
    std::uint32_t offset = 0;    // of the payload in the slab
    std::uint32_t capacity = 0;  // what the payload may become
    std::uint32_t size = 0;      // what it is
    std::uint32_t pad_to = 0;    // hides the size: padded to a multiple of this (C36)

    [[nodiscard]] mutable_bytes payload() const noexcept {
        return memory.memory().subspan(offset, size);
    }
    [[nodiscard]] mutable_bytes room() const noexcept {
        return memory.memory().subspan(offset, capacity);
    }
    explicit operator bool() const noexcept { return static_cast<bool>(memory); }
};

/// Room for a packet with that payload.
[[nodiscard]] constexpr std::size_t place_size(std::size_t payload) noexcept {
    return (packet_front + payload + packet_back + 15) / 16 * 16;
}

class outbound {
public:
    outbound(slab_pool& pool, crypto::random_source& random)
        : pool_(&pool),
          random_(&random),
          sealer_(std::make_unique<crypto::null_sealer>()),
          shape_(sealer_->shape()) {}

    /// A chunk for one message of at most `payload` bytes, beside its neighbours in a shared slab;
    /// empty without memory.
    [[nodiscard]] chunk reserve(std::size_t payload) noexcept;

    /// Makes a packet of the chunk, in place; the bytes to be written.
    [[nodiscard]] result<bytes_view> seal(const chunk& c) noexcept;

    /// Used from the packet after our next NEWKEYS on.
    void prepare_keys(std::unique_ptr<crypto::sealer> sealer) noexcept {
        pending_ = std::move(sealer);
    }
    /// Whether new keys wait for our NEWKEYS to be sealed.
    [[nodiscard]] bool keys_pending() const noexcept { return pending_ != nullptr; }
    void set_strict(bool strict) noexcept { strict_ = strict; }
    /// Lets go of the slab that small chunks come from. Chunks keep theirs.
    void rest() noexcept {
        arena_ = {};
        arena_used_ = 0;
    }
    /// From now on slabs are wiped when they are given back: they carry secrets.
    void set_secret(bool secret) noexcept { secret_ = secret; }

    [[nodiscard]] std::uint64_t packets_since_keys() const noexcept { return packets_; }
    [[nodiscard]] std::uint64_t bytes_since_keys() const noexcept { return bytes_; }
    [[nodiscard]] std::uint32_t sequence() const noexcept { return sequence_; }

private:
    [[nodiscard]] std::size_t padding_for(const chunk& c) const noexcept;
    void switch_keys() noexcept;

    slab_pool* pool_;
    crypto::random_source* random_;
    slab_ref arena_;
    std::size_t arena_used_ = 0;
    std::unique_ptr<crypto::sealer> sealer_;
    std::unique_ptr<crypto::sealer> pending_;
    crypto::packet_shape shape_;
    std::uint32_t sequence_ = 0;
    bool strict_ = false;
    bool secret_ = true;
    bool keyed_ = false;
    std::uint64_t packets_ = 0;
    std::uint64_t bytes_ = 0;
};

// Details.

#if ADIT_BODIES

ADIT_DECL chunk outbound::reserve(std::size_t payload) noexcept {
    const std::size_t place = place_size(payload);
    if (!arena_ || arena_.size() - arena_used_ < place) {
        constexpr std::size_t arena_size = 4096;
        arena_ = pool_->take(place > arena_size ? place : arena_size);
        arena_used_ = 0;
        if (!arena_) return {};
        if (secret_) arena_.mark_secret();
    }
    chunk c{arena_, static_cast<std::uint32_t>(arena_used_ + packet_front),
            static_cast<std::uint32_t>(payload)};
    arena_used_ += place;
    return c;
}

// RFC 4253 section 6: at least four bytes, and the whole a multiple of the block.
ADIT_DECL std::size_t outbound::padding_for(const chunk& c) const noexcept {
    const std::size_t head = shape_.length_in_padding ? packet_front : packet_front - 4;
    const std::size_t step = c.pad_to == 0 ? shape_.block : c.pad_to;
    const std::size_t padding = step - (head + c.size) % step;
    return padding < 4 ? padding + step : padding;
}

ADIT_DECL result<bytes_view> outbound::seal(const chunk& c) noexcept {
    const std::size_t padding = padding_for(c);
    const std::size_t length = 1 + c.size + padding;
    const std::size_t size = 4 + length + shape_.tag;
    if (size > place_size(c.capacity)) return errc::message_too_large;  // a neighbour begins there
    const mutable_bytes whole = c.memory.memory().subspan(c.offset - packet_front, size);
    for (unsigned i = 0; i < 4; ++i) whole[i] = static_cast<byte>(length >> (24 - 8 * i));
    whole[4] = static_cast<byte>(padding);
    random_->fill(whole.subspan(packet_front + c.size, padding));
    const bool newkeys =
        c.size != 0 && whole[packet_front] == static_cast<byte>(wire::message_id::newkeys);
    if (const errc e = sealer_->seal(whole, sequence_); e != errc::ok) return e;
    ++sequence_;
    if (sequence_ == 0 && !keyed_) return errc::sequence_number_wrapped;
    ++packets_;
    bytes_ += whole.size();
    if (newkeys && pending_) switch_keys();
    return bytes_view(whole);
}

ADIT_DECL void outbound::switch_keys() noexcept {
    sealer_ = std::move(pending_);
    shape_ = sealer_->shape();
    if (strict_) sequence_ = 0;
    keyed_ = true;
    packets_ = 0;
    bytes_ = 0;
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
