// What protocol/inbound and protocol/outbound know of a cipher: two traits, one per direction, both
// working in place (RFC 4253 section 6, RFC 5647, the -etm MACs, chacha20-poly1305@openssh.com).
// A packet here is: 4 length bytes, body (padding length, payload, padding), room for the tag.
// Invariant: no call allocates or throws, and no body is left readable when open() says no.
#pragma once

#include <adit/bytes.hpp>
#include <adit/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace adit::crypto {

/// The bytes of packet_length itself.
inline constexpr std::size_t length_size = 4;

struct packet_shape {
    std::size_t block = 8;          ///< the modulus of the padding
    std::size_t tag = 0;            ///< bytes after the body
    std::size_t header = 4;         ///< bytes that length() needs: 16 for CTR without EtM
    bool length_in_padding = true;  ///< whether the length bytes count in the modulus (C06)
    friend bool operator==(const packet_shape&, const packet_shape&) = default;
};

class opener {
public:
    opener() = default;
    opener(const opener&) = delete;
    opener& operator=(const opener&) = delete;
    virtual ~opener() = default;

    [[nodiscard]] virtual packet_shape shape() const noexcept = 0;

    /// The packet_length field, not yet authenticated: the caller checks it against its caps before
    /// it waits or allocates (C05). Called exactly once for each packet, with shape().header bytes,
    /// which it may decrypt in place.
    [[nodiscard]] virtual std::uint32_t length(mutable_bytes header,
                                               std::uint32_t sequence) noexcept = 0;

    /// Checks the tag and decrypts. After ok the body is plain, in place; the length bytes and the
    /// tag mean nothing any more. After a failure the body is wiped and the connection must end.
    [[nodiscard]] virtual errc open(mutable_bytes packet, std::uint32_t sequence) noexcept = 0;
};

class sealer {
public:
    sealer() = default;
    sealer(const sealer&) = delete;
    sealer& operator=(const sealer&) = delete;
    virtual ~sealer() = default;

    [[nodiscard]] virtual packet_shape shape() const noexcept = 0;

    /// Encrypts a packet whose length bytes and body are filled in, and writes its tag. After a
    /// failure nothing of the packet may be sent.
    [[nodiscard]] virtual errc seal(mutable_bytes packet, std::uint32_t sequence) noexcept = 0;
};

/// The body of a packet of this shape: what is between the length bytes and the tag.
[[nodiscard]] inline mutable_bytes body_of(mutable_bytes packet,
                                           const packet_shape& shape) noexcept {
    return packet.subspan(length_size, packet.size() - length_size - shape.tag);
}

/// Whether a packet has its header, its tag and any body; the framing checks the rest.
[[nodiscard]] inline bool fits(bytes_view packet, const packet_shape& shape) noexcept {
    return packet.size() >= std::max(shape.header, length_size + 1) + shape.tag;
}

[[nodiscard]] inline std::uint32_t plain_length(bytes_view header) noexcept {
    std::uint32_t value = 0;
    for (const byte b : header.first(length_size)) value = value << 8U | b;
    return value;
}

}  // namespace adit::crypto
