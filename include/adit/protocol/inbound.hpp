// Bytes of the peer become packets, RFC 4253 section 6: read into slabs, opened in place, lent.
// prepare() and commit() take bytes in, next() gives packets out; the cipher changes at the peer's
// NEWKEYS and nowhere else. Used by transport/packet_stream, fed by tests and fuzzers directly.
// Invariants: no length is used before it is checked (C05); after the first error nothing is read
// any more; what is lent stays where it is until its slab_ref is gone; when nothing is pending,
// rest() leaves no memory behind.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/null_cipher.hpp>
#include <adit/crypto/packet_cipher.hpp>
#include <adit/error.hpp>
#include <adit/limits.hpp>
#include <adit/slab.hpp>
#include <adit/wire/message_id.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace adit::protocol {

struct packet {
    mutable_bytes payload;
    std::uint32_t sequence = 0;

    [[nodiscard]] wire::message_id id() const noexcept {
        return static_cast<wire::message_id>(payload[0]);
    }
};

class inbound {
public:
    enum class step : std::uint8_t { packet, need_more, failed };

    inbound(slab_pool& pool, const limits& caps);

    // Bytes in.

    /// Room to read into, never empty but after an error or without memory.
    [[nodiscard]] mutable_bytes prepare();
    void commit(std::size_t n) noexcept { end_ += n; }
    /// What was read and is no packet yet: the identification lines are taken from here.
    [[nodiscard]] bytes_view unparsed() const noexcept {
        return bytes_view(slab_.memory()).subspan(begin_, end_ - begin_);
    }
    void consume(std::size_t n) noexcept { begin_ += n; }

    // Packets out.

    /// The next packet, valid until prepare() unless memory() is kept.
    [[nodiscard]] step next(packet& out) noexcept;
    [[nodiscard]] errc error() const noexcept { return error_; }
    /// The slab of the packets that next() gave since the last prepare().
    [[nodiscard]] const slab_ref& memory() const noexcept { return slab_; }
    /// Bytes of the slab that packets were read into; a lease that keeps the slab keeps these.
    [[nodiscard]] std::size_t memory_used() const noexcept { return end_; }
    /// Gives the slab back if nothing in it is unparsed. Leases keep theirs.
    void rest() noexcept;

    // Keys.

    /// Used from the packet after the peer's next NEWKEYS on.
    void prepare_keys(std::unique_ptr<crypto::opener> opener) noexcept {
        pending_ = std::move(opener);
    }
    /// Strict kex: the sequence number starts anew at every NEWKEYS (C24).
    void set_strict(bool strict) noexcept { strict_ = strict; }
    /// After authentication packets may be larger and reads are.
    void set_largest_packet(std::uint32_t largest, std::size_t read_size) noexcept {
        largest_packet_ = largest;
        read_size_ = read_size;
    }

    /// From now on slabs are wiped when they are given back: they carry secrets.
    void set_secret(bool secret) noexcept { secret_ = secret; }

    // Counters, since the last change of keys.

    [[nodiscard]] std::uint64_t packets_since_keys() const noexcept { return packets_; }
    [[nodiscard]] std::uint64_t bytes_since_keys() const noexcept { return bytes_; }
    [[nodiscard]] std::uint32_t sequence() const noexcept { return sequence_; }

private:
    // C07: where the length is encrypted without a MAC of its own, a wrong length, wrong padding
    // and a wrong MAC are one error.
    [[nodiscard]] step fail(errc e) noexcept {
        const bool framing = e == errc::invalid_packet_length || e == errc::invalid_padding;
        const bool one_for_all = shape_.length_in_padding && shape_.tag != 0;
        error_ = framing && one_for_all ? errc::mac_mismatch : e;
        return step::failed;
    }
    [[nodiscard]] errc check_length() const noexcept;
    [[nodiscard]] step open(packet& out) noexcept;
    void switch_keys() noexcept;
    [[nodiscard]] bool move_to(std::size_t size) noexcept;

    slab_pool* pool_;
    slab_ref slab_;
    std::size_t begin_ = 0;   // first byte that is no finished packet
    std::size_t end_ = 0;     // one past the last byte that was read
    std::size_t wanted_ = 0;  // bytes of the packet under way, tag included; 0: not known yet
    std::uint32_t length_ = 0;
    std::uint32_t largest_packet_;
    std::size_t read_size_ = 60 * 1024;

    std::unique_ptr<crypto::opener> opener_;
    std::unique_ptr<crypto::opener> pending_;
    crypto::packet_shape shape_;
    std::uint32_t sequence_ = 0;
    bool strict_ = false;
    bool keyed_ = false;
    bool secret_ = true;
    std::uint64_t packets_ = 0;
    std::uint64_t bytes_ = 0;
    errc error_ = errc::ok;
};

// Details.

#if ADIT_BODIES

ADIT_DECL inbound::inbound(slab_pool& pool, const limits& caps)
    : pool_(&pool),
      largest_packet_(caps.packet_before_authentication),
      opener_(std::make_unique<crypto::null_opener>()),
      shape_(opener_->shape()) {}

ADIT_DECL bool inbound::move_to(std::size_t size) noexcept {
    const std::size_t pending = end_ - begin_;
    const bool in_place = slab_ && !slab_.shared() && slab_.size() >= size;
    if (in_place) {
        if (pending != 0) std::memmove(slab_.memory().data(), &slab_.memory()[begin_], pending);
    } else {
        slab_ref larger = pool_->take(size);
        if (!larger) return false;
        if (secret_) larger.mark_secret();
        if (pending != 0) {
            std::memcpy(larger.memory().data(), &slab_.memory()[begin_], pending);
        }
        slab_ = std::move(larger);
    }
    begin_ = 0;
    end_ = pending;
    return true;
}

// A read never ends in the middle of a packet at the end of the slab if that can be helped: the
// last read into a slab asks for the rest of the packet under way only, so that nothing has to be
// copied into the next slab.
ADIT_DECL mutable_bytes inbound::prepare() {
    if (error_ != errc::ok) return {};
    const std::size_t pending = end_ - begin_;
    const std::size_t missing = wanted_ > pending ? wanted_ - pending : shape_.header;
    if (slab_ && pending == 0 && !slab_.shared()) begin_ = end_ = 0;
    const bool fits = slab_ && slab_.size() - end_ >= missing;
    if (!fits && !move_to(std::max(read_size_, pending + missing))) {
        error_ = errc::out_of_memory;
        return {};
    }
    const mutable_bytes room = slab_.memory().subspan(end_);
    constexpr std::size_t reserve = 36 * 1024;
    if (room.size() < missing + reserve) return wanted_ != 0 ? room.first(missing) : room;
    return room.first(room.size() - (room.size() > 2 * reserve ? reserve : 0));
}

ADIT_DECL void inbound::rest() noexcept {
    if (begin_ != end_) return;
    begin_ = end_ = 0;
    slab_ = {};
}

ADIT_DECL inbound::step inbound::next(packet& out) noexcept {
    if (error_ != errc::ok) return step::failed;
    const std::size_t pending = end_ - begin_;
    if (wanted_ == 0) {
        if (pending < shape_.header) return step::need_more;
        length_ = opener_->length(slab_.memory().subspan(begin_, shape_.header), sequence_);
        if (const errc e = check_length(); e != errc::ok) return fail(e);
        wanted_ = std::size_t{4} + length_ + shape_.tag;
    }
    return pending < wanted_ ? step::need_more : open(out);
}

// C05, C06, in one place for every cipher.
ADIT_DECL errc inbound::check_length() const noexcept {
    constexpr std::uint32_t smallest = 1 + 1 + 4;  // padding_length, payload, padding
    if (length_ < smallest || length_ > largest_packet_) return errc::invalid_packet_length;
    const std::size_t padded = length_ + (shape_.length_in_padding ? std::size_t{4} : 0);
    if (padded % shape_.block != 0 || padded < shape_.header) return errc::invalid_packet_length;
    return errc::ok;
}

ADIT_DECL inbound::step inbound::open(packet& out) noexcept {
    const mutable_bytes whole = slab_.memory().subspan(begin_, wanted_);
    if (opener_->open(whole, sequence_) != errc::ok) return fail(errc::mac_mismatch);
    const std::uint32_t padding = whole[4];
    if (padding < 4 || padding > length_ - 2) return fail(errc::invalid_padding);
    out.payload = whole.subspan(5, length_ - 1 - padding);
    out.sequence = sequence_++;
    begin_ += wanted_;
    wanted_ = 0;
    ++packets_;
    bytes_ += whole.size();
    // C08: the number may wrap later, never before there are keys.
    if (sequence_ == 0 && !keyed_) return fail(errc::sequence_number_wrapped);
    if (out.id() == wire::message_id::newkeys) {
        if (!pending_) return fail(errc::unexpected_message);
        switch_keys();
    }
    return step::packet;
}

ADIT_DECL void inbound::switch_keys() noexcept {
    opener_ = std::move(pending_);
    shape_ = opener_->shape();
    if (strict_) sequence_ = 0;
    keyed_ = true;
    packets_ = 0;
    bytes_ = 0;
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
