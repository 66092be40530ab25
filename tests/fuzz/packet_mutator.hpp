// A mutator for streams of plain packets (RFC 4253 section 6): it changes whole packets and
// payloads and then makes lengths and padding right again, so that mutations reach what lies behind
// the framing. Used by F02 and by all targets whose input is a stream of packets. Invariant: the
// result is never longer than the room for it; most results are well-formed.
#pragma once

#include <adit/bytes.hpp>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace adit::fuzz {

/// A fuzzer's own mutation of `size` bytes with room for `longest`: the new size.
using byte_mutation = std::size_t (*)(byte* data, std::size_t size, std::size_t longest);

class packet_mutator {
public:
    packet_mutator(unsigned seed, byte_mutation mutate) : random_(seed), mutate_(mutate) {}

    /// Mutates the packets in the first `size` bytes of `stream`; the new size.
    [[nodiscard]] std::size_t operator()(mutable_bytes stream, std::size_t size);

private:
    using payload = std::vector<byte>;

    [[nodiscard]] static std::vector<payload> parse(bytes_view stream);
    [[nodiscard]] std::size_t write(const std::vector<payload>& packets, mutable_bytes stream);
    [[nodiscard]] std::size_t write_one(const payload& content, mutable_bytes room);
    void change(std::vector<payload>& packets, std::size_t longest);
    void change_payload(payload& content, std::size_t longest);
    [[nodiscard]] std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

    std::minstd_rand random_;
    byte_mutation mutate_;
};

// Details.

inline std::size_t packet_mutator::operator()(mutable_bytes stream, std::size_t size) {
    // Now and then the raw bytes: wrong lengths and paddings are inputs too.
    if (below(8) == 0) return mutate_(stream.data(), size, stream.size());
    auto packets = parse(stream.first(size));
    change(packets, stream.size());
    return write(packets, stream);
}

// Lenient: a packet that goes beyond the end is cut there, a padding that cannot be is none.
inline std::vector<packet_mutator::payload> packet_mutator::parse(bytes_view stream) {
    std::vector<payload> packets;
    while (stream.size() > 5) {
        std::size_t length = 0;
        for (const byte b : stream.first(4)) length = (length << 8U) | b;
        length = std::clamp<std::size_t>(length, 1, stream.size() - 4);
        const std::size_t padding = stream[4] < length ? stream[4] : 0;
        const bytes_view content = stream.subspan(5, length - 1 - padding);
        packets.emplace_back(content.begin(), content.end());
        stream = stream.subspan(4 + length);
    }
    return packets;
}

inline void packet_mutator::change(std::vector<payload>& packets, std::size_t longest) {
    if (packets.empty()) packets.push_back({2});
    const std::size_t chosen = below(packets.size());
    const auto place = packets.begin() + static_cast<std::ptrdiff_t>(chosen);
    switch (below(8)) {
        case 0: packets.erase(place); break;
        case 1: {
            const payload twin = *place;
            packets.insert(place, twin);
            break;
        }
        case 2: std::swap(packets[chosen], packets[below(packets.size())]); break;
        case 3: packets.insert(place, payload{static_cast<byte>(below(256))}); break;
        default: change_payload(*place, longest);
    }
}

inline void packet_mutator::change_payload(payload& content, std::size_t longest) {
    const std::size_t size = content.size();
    content.resize(std::min(longest, size + 64));
    content.resize(mutate_(content.data(), std::min(size, content.size()), content.size()));
}

inline std::size_t packet_mutator::write(const std::vector<payload>& packets,
                                         mutable_bytes stream) {
    std::size_t size = 0;
    for (const payload& content : packets) {
        size += write_one(content, stream.subspan(size));
    }
    return size;
}

// The least padding, and now and then some blocks more; nothing when it does not fit.
inline std::size_t packet_mutator::write_one(const payload& content, mutable_bytes room) {
    constexpr std::size_t block = 8;
    std::size_t padding = block - (5 + content.size()) % block;
    if (padding < 4) padding += block;
    if (below(8) == 0) padding += block * below(30);
    const std::size_t length = 1 + content.size() + padding;
    if (room.size() < 4 + length) return 0;
    for (unsigned i = 0; i < 4; ++i) room[i] = static_cast<byte>(length >> (24 - 8 * i));
    room[4] = static_cast<byte>(padding);
    std::ranges::copy(content, room.begin() + 5);
    std::ranges::fill(room.subspan(5 + content.size(), padding), byte{0});
    return 4 + length;
}

}  // namespace adit::fuzz
