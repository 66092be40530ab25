// What the tests of inbound and outbound share: both ends of one direction of a connection, keys
// for every cipher of the table, packets that are sealed by hand, and a loop that feeds bytes in
// pieces. "none" stands for the state before the first NEWKEYS.
#pragma once

#include <adit/crypto/algorithms.hpp>
#include <adit/crypto/null_cipher.hpp>
#include <adit/protocol/inbound.hpp>
#include <adit/protocol/outbound.hpp>

#include "support/fixed_random.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace adit::test {

using octets = std::vector<byte>;

inline constexpr std::array<std::string_view, 3> all_ciphers{
    "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"};
inline constexpr std::array<std::string_view, 4> all_framings{"none", all_ciphers[0],
                                                              all_ciphers[1], all_ciphers[2]};

/// Keys of a given generation; the counter in the IV runs over at once (C08).
struct sample_keys {
    explicit sample_keys(byte generation) : key(64, generation), iv(16, 0xff) {}
    [[nodiscard]] crypto::cipher_keys of(const crypto::cipher_algorithm& cipher) const {
        return {.key = bytes_view(key).first(cipher.key_size),
                .iv = bytes_view(iv).first(cipher.iv_size)};
    }
    octets key, iv;
};

[[nodiscard]] inline std::unique_ptr<crypto::sealer> make_sealer(std::string_view framing,
                                                                 byte generation = 1) {
    if (framing == "none") return std::make_unique<crypto::null_sealer>();
    const auto& cipher = *crypto::find_cipher(framing);
    return cipher.make_sealer(sample_keys(generation).of(cipher));
}

[[nodiscard]] inline std::unique_ptr<crypto::opener> make_opener(std::string_view framing,
                                                                 byte generation = 1) {
    if (framing == "none") return std::make_unique<crypto::null_opener>();
    const auto& cipher = *crypto::find_cipher(framing);
    return cipher.make_opener(sample_keys(generation).of(cipher));
}

/// A payload of that size: a CHANNEL_DATA's number, then bytes that differ from place to place.
[[nodiscard]] inline octets sample_payload(std::size_t size, std::size_t variant = 0) {
    octets payload(size);
    for (std::size_t i = 0; i < size; ++i) {
        payload[i] = static_cast<byte>(i * 31 + i / 251 + variant * 7);
    }
    if (size != 0) payload[0] = static_cast<byte>(wire::message_id::channel_data);
    return payload;
}

/// A packet with any length and padding fields over a body of `body` bytes, sealed.
struct handmade_packet {
    std::uint32_t length = 0;
    byte padding = 4;
    std::size_t body = 32;
};

[[nodiscard]] inline octets seal_by_hand(crypto::sealer& sealer, const handmade_packet& packet,
                                         std::uint32_t sequence) {
    octets whole(4 + packet.body + sealer.shape().tag);
    for (unsigned i = 0; i < 4; ++i) whole[i] = static_cast<byte>(packet.length >> (24 - 8 * i));
    std::fill(whole.begin() + 5, whole.begin() + 4 + static_cast<std::ptrdiff_t>(packet.body),
              byte{94});
    whole[4] = packet.padding;
    BOOST_REQUIRE((sealer.seal(whole, sequence) == errc::ok));
    return whole;
}

[[nodiscard]] inline octets seal(protocol::outbound& out, bytes_view payload,
                                 std::uint32_t pad_to = 0) {
    protocol::chunk c = out.reserve(payload.size());
    BOOST_REQUIRE(static_cast<bool>(c));
    std::ranges::copy(payload, c.room().begin());
    c.size = static_cast<std::uint32_t>(payload.size());
    c.pad_to = pad_to;
    const auto sealed = out.seal(c);
    BOOST_REQUIRE(sealed.has_value());
    return {sealed->begin(), sealed->end()};
}

/// What came out of an inbound.
struct arrived {
    std::vector<octets> payloads;
    std::vector<std::uint32_t> sequences;
    errc error = errc::ok;
    friend bool operator==(const arrived&, const arrived&) = default;
};

inline void drain(protocol::inbound& in, arrived& to) {
    protocol::packet packet;
    auto step = in.next(packet);
    for (; step == protocol::inbound::step::packet; step = in.next(packet)) {
        to.payloads.emplace_back(packet.payload.begin(), packet.payload.end());
        to.sequences.push_back(packet.sequence);
    }
    if (step == protocol::inbound::step::failed) to.error = in.error();
}

/// Puts bytes in as far as there is room; how many.
inline std::size_t put_in(protocol::inbound& in, bytes_view bytes) {
    const mutable_bytes room = in.prepare();
    const std::size_t n = std::min(room.size(), bytes.size());
    std::ranges::copy(bytes.first(n), room.begin());
    in.commit(n);
    return n;
}

inline void feed(protocol::inbound& in, bytes_view stream, std::size_t piece, arrived& to) {
    while (!stream.empty() && to.error == errc::ok) {
        const std::size_t n = put_in(in, stream.first(std::min(piece, stream.size())));
        BOOST_REQUIRE(n != 0U);
        stream = stream.subspan(n);
        drain(in, to);
    }
}

/// One direction of a connection, both of its ends.
struct link {
    explicit link(std::string_view framing = "none") {
        if (framing != "none") change_keys(framing, 1);
    }

    /// NEWKEYS goes through under the old keys.
    void change_keys(std::string_view framing, byte generation) {
        out.prepare_keys(make_sealer(framing, generation));
        in.prepare_keys(make_opener(framing, generation));
        const octets newkeys{static_cast<byte>(wire::message_id::newkeys)};
        const arrived result = pass(seal(out, newkeys));
        BOOST_REQUIRE((result.error == errc::ok));
        BOOST_REQUIRE(result.payloads.size() == 1U);
    }
    arrived pass(bytes_view stream, std::size_t piece = 1U << 20U) {
        arrived result;
        feed(in, stream, piece, result);
        return result;
    }

    slab_pool in_pool, out_pool;
    fixed_random random{1};
    protocol::outbound out{out_pool, random};
    protocol::inbound in{in_pool, limits{}};
};

[[nodiscard]] inline octets joined(std::initializer_list<octets> parts) {
    octets all;
    for (const octets& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

// A sequence number near its end is not to be reached by sending: a named way to the private
// member, which the language allows to an explicit instantiation.
template <class Tag, typename Tag::type Member>
struct reveal {
    friend typename Tag::type member_of(Tag) { return Member; }
};
struct inbound_sequence {
    using type = std::uint32_t protocol::inbound::*;
    friend type member_of(inbound_sequence);
};
struct outbound_sequence {
    using type = std::uint32_t protocol::outbound::*;
    friend type member_of(outbound_sequence);
};
template struct reveal<inbound_sequence, &protocol::inbound::sequence_>;
template struct reveal<outbound_sequence, &protocol::outbound::sequence_>;

inline void set_sequence(link& l, std::uint32_t sequence) {
    l.in.*member_of(inbound_sequence{}) = sequence;
    l.out.*member_of(outbound_sequence{}) = sequence;
}

}  // namespace adit::test
