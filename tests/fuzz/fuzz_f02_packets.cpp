// F02: the packet decoder with each cipher and known keys (RFC 4253 section 6; C05, C06, C08). An
// input is two control bytes, two bytes for a place, and a stream of plain packets.
//   framed   the stream is sealed packet by packet, wrong lengths and paddings included, and what
//   the
//            decoder says must be what a reference of a few lines says
//   raw      the stream is taken for ciphertext: no packet may ever come out of it
//   changed  well-formed packets are sealed by our encoder and one bit is changed, or none: before
//            that bit everything comes out as it went in, after it nothing does
// In all of them bytes arrive in pieces of two sizes, and memory stays below its cap (L08).
#include "fuzz/check.hpp"
#include "fuzz/packet_mutator.hpp"
#include "support/fixed_random.hpp"

#include <adit/crypto/algorithms.hpp>
#include <adit/protocol/inbound.hpp>
#include <adit/protocol/outbound.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

// libFuzzer's; weak, because the replay programs have none and never mutate.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                                      std::size_t longest);

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::mutable_bytes;
using adit::fuzz::check;
using adit::protocol::inbound;
using adit::protocol::outbound;
namespace crypto = adit::crypto;

using octets = std::vector<byte>;

constexpr std::size_t control_size = 4;
constexpr std::size_t memory_cap = 192 * 1024;
constexpr byte newkeys = 21;
constexpr std::array<std::string_view, 4> cipher_names{
    "", "chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"};

struct control {
    std::string_view cipher;
    unsigned mode;
    byte change;        // of one byte: a bit, or nothing
    std::size_t piece;  // bytes that arrive at once
    std::size_t place;
};

[[nodiscard]] control read_control(bytes_view input) {
    const unsigned first = input[0];
    const bool changes = (first & 16U) != 0;
    return {.cipher = cipher_names[first & 3U],
            .mode = (first >> 2U) & 3U,
            .change = static_cast<byte>(changes ? 1U << (first >> 5U) : 0U),
            .piece = 1U + input[1],
            .place = (std::size_t{input[2]} << 8U) | input[3]};
}

/// Both ends of a connection that has just changed to the cipher.
struct ends {
    adit::slab_pool inbound_memory;
    adit::slab_pool outbound_memory;
    adit::test::fixed_random random{1};
    inbound in{inbound_memory, adit::limits{}};
    outbound out{outbound_memory, random};
};

[[nodiscard]] crypto::cipher_keys fixed_keys(const crypto::cipher_algorithm& cipher) {
    static const octets key(64, 0x4b);
    static const octets iv(16, 0xff);  // the counter in it runs over at once (C08)
    return {.key = bytes_view(key).first(cipher.key_size),
            .iv = bytes_view(iv).first(cipher.iv_size)};
}

[[nodiscard]] const crypto::cipher_algorithm& cipher_of(std::string_view name) {
    const auto* found = crypto::find_cipher(name);
    check(found != nullptr, "the cipher is in the table");
    return *found;
}

[[nodiscard]] std::unique_ptr<crypto::sealer> make_sealer(std::string_view cipher) {
    if (cipher.empty()) return std::make_unique<crypto::null_sealer>();
    return cipher_of(cipher).make_sealer(fixed_keys(cipher_of(cipher)));
}

struct outcome {
    std::vector<octets> payloads;
    errc error = errc::ok;
    friend bool operator==(const outcome&, const outcome&) = default;
};

void drain(inbound& in, outcome& o) {
    adit::protocol::packet packet;
    auto step = in.next(packet);
    for (; step == inbound::step::packet; step = in.next(packet)) {
        o.payloads.emplace_back(packet.payload.begin(), packet.payload.end());
    }
    if (step == inbound::step::failed) o.error = in.error();
}

[[nodiscard]] outcome receive(ends& e, bytes_view stream, std::size_t piece) {
    outcome o;
    while (!stream.empty() && o.error == errc::ok) {
        const mutable_bytes room = e.in.prepare();
        check(!room.empty(), "there is always room to read into");
        check(e.inbound_memory.bytes_in_use() <= memory_cap, "memory is capped");
        const std::size_t n = std::min({piece, room.size(), stream.size()});
        std::ranges::copy(stream.first(n), room.begin());
        e.in.commit(n);
        stream = stream.subspan(n);
        drain(e.in, o);
    }
    adit::protocol::packet packet;
    if (o.error != errc::ok) {
        check(e.in.next(packet) == inbound::step::failed, "an error stays");
        check(e.in.prepare().empty(), "after an error nothing is read");
        return o;
    }
    const bool pending = !e.in.unparsed().empty();
    e.in.rest();
    check(pending || e.inbound_memory.in_use() == 0, "an idle decoder holds no memory");
    return o;
}

[[nodiscard]] octets seal_message(outbound& out, bytes_view payload) {
    auto chunk = out.reserve(payload.size());
    check(static_cast<bool>(chunk), "there is memory");
    chunk.size = static_cast<std::uint32_t>(payload.size());
    std::ranges::copy(payload, chunk.payload().begin());
    const auto sealed = out.seal(chunk);
    check(sealed.has_value(), "a message can be sealed");
    return {sealed->begin(), sealed->end()};
}

/// Both ends go through NEWKEYS; the outbound one is left out where a sealer is used directly.
void change_keys(ends& e, std::string_view cipher) {
    if (cipher.empty()) return;
    e.out.prepare_keys(make_sealer(cipher));
    e.in.prepare_keys(cipher_of(cipher).make_opener(fixed_keys(cipher_of(cipher))));
    const octets packet = seal_message(e.out, std::array{newkeys});
    const outcome o = receive(e, packet, packet.size());
    check(o.payloads.size() == 1 && o.error == errc::ok, "NEWKEYS is a packet");
}

[[nodiscard]] outcome receive_fresh(std::string_view cipher, bytes_view stream, std::size_t piece) {
    ends e;
    change_keys(e, cipher);
    return receive(e, stream, piece);
}

struct framed {
    octets stream;
    outcome expected;
    bool ended = false;
};

[[nodiscard]] bool acceptable(std::uint32_t length, const crypto::packet_shape& shape) {
    const std::size_t counted = std::size_t{length} + (shape.length_in_padding ? 4 : 0);
    return length >= 6 && length <= adit::limits{}.packet_before_authentication &&
           counted % shape.block == 0 && counted >= shape.header;
}

/// What a decoder has to make of a body whose tag is right.
void expect_body(framed& f, bytes_view body) {
    const std::size_t padding = body[0];
    if (padding < 4 || padding > body.size() - 2) {
        f.expected.error = errc::invalid_padding;
        f.ended = true;
        return;
    }
    const bytes_view payload = body.subspan(1, body.size() - 1 - padding);
    if (payload[0] == newkeys) {  // nobody agreed on other keys
        f.expected.error = errc::unexpected_message;
        f.ended = true;
        return;
    }
    f.expected.payloads.emplace_back(payload.begin(), payload.end());
}

/// Seals what stands at the beginning of `plain`, and says how long that was.
[[nodiscard]] std::size_t add_packet(framed& f, bytes_view plain, crypto::sealer& sealer,
                                     std::uint32_t sequence) {
    const auto shape = sealer.shape();
    const std::uint32_t length = crypto::plain_length(plain);
    const bool good_length = acceptable(length, shape);
    const std::size_t body_size = good_length ? length : 16;
    const std::size_t there = std::min<std::size_t>(plain.size() - 4, body_size);
    octets packet(4 + body_size + shape.tag);
    std::ranges::copy(plain.first(4 + there), packet.begin());
    const octets body(packet.begin() + 4, packet.begin() + 4 + static_cast<long>(body_size));
    check(sealer.seal(packet, sequence) == errc::ok, "any body can be sealed");
    if (!good_length) {
        f.expected.error = errc::invalid_packet_length;
        f.ended = true;
    } else if (there < body_size) {
        packet.pop_back();  // the stream ends before the packet does
        f.ended = true;
    } else {
        expect_body(f, body);
    }
    f.stream.insert(f.stream.end(), packet.begin(), packet.end());
    return 4 + there;
}

void check_framed(const control& c, bytes_view plain) {
    const auto sealer = make_sealer(c.cipher);
    check(sealer != nullptr, "the sealer can be made");
    std::uint32_t sequence = c.cipher.empty() ? 0 : 1;  // after NEWKEYS
    framed f;
    while (!f.ended && plain.size() >= 4) {
        plain = plain.subspan(add_packet(f, plain, *sealer, sequence++));
    }
    check(receive_fresh(c.cipher, f.stream, c.piece) == f.expected, "pieces: as the reference");
    check(receive_fresh(c.cipher, f.stream, f.stream.size()) == f.expected,
          "the whole: as the reference");
}

void check_raw(const control& c, bytes_view stream) {
    if (c.cipher.empty()) return;
    const outcome pieces = receive_fresh(c.cipher, stream, c.piece);
    check(pieces.payloads.empty(), "no packet comes out of noise");
    check(pieces == receive_fresh(c.cipher, stream, stream.size()), "pieces make no difference");
}

[[nodiscard]] std::vector<octets> payloads_of(bytes_view plain) {
    std::vector<octets> payloads;
    while (plain.size() > 5) {
        const std::size_t size =
            std::min<std::size_t>(crypto::plain_length(plain), plain.size() - 4);
        const std::size_t padding = std::min<std::size_t>(plain[4], size == 0 ? 0 : size - 1);
        if (size >= 2 + padding) {
            const bytes_view payload = plain.subspan(5, size - 1 - padding);
            payloads.emplace_back(payload.begin(), payload.end());
            if (payloads.back()[0] == newkeys) payloads.back()[0] = 2;
        }
        plain = plain.subspan(4 + size);
    }
    return payloads;
}

void check_changed(const control& c, bytes_view plain) {
    ends e;
    change_keys(e, c.cipher);
    const auto payloads = payloads_of(plain);
    octets stream;
    std::vector<std::size_t> packet_ends;
    for (const octets& payload : payloads) {
        const octets packet = seal_message(e.out, payload);
        stream.insert(stream.end(), packet.begin(), packet.end());
        packet_ends.push_back(stream.size());
    }
    e.out.rest();
    check(e.outbound_memory.in_use() == 0, "an idle encoder holds no memory");
    std::size_t intact = payloads.size();
    if (c.change != 0 && !c.cipher.empty() && !stream.empty()) {
        const std::size_t place = c.place % stream.size();
        stream[place] ^= c.change;
        intact = static_cast<std::size_t>(std::ranges::upper_bound(packet_ends, place) -
                                          packet_ends.begin());
    }
    const outcome o = receive(e, stream, c.piece);
    check(o.payloads.size() == intact, "what is intact comes out, and nothing else");
    for (std::size_t i = 0; i < intact; ++i) {
        check(o.payloads[i] == payloads[i], "what comes out is what went in");
    }
    check(intact != payloads.size() || o.error == errc::ok, "an intact stream has no error");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < control_size) return 0;
    const bytes_view input(data, size);
    const control c = read_control(input);
    const bytes_view stream = input.subspan(control_size);
    switch (c.mode) {
        case 0: check_raw(c, stream); break;
        case 1: check_changed(c, stream); break;
        default: check_framed(c, stream);
    }
    return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t longest, unsigned seed) {
    if (size < control_size || longest <= control_size || seed % 16 == 0) {
        return LLVMFuzzerMutate(data, size, longest);
    }
    if (seed % 4 == 1) LLVMFuzzerMutate(data, control_size, control_size);
    adit::fuzz::packet_mutator mutate(seed, LLVMFuzzerMutate);
    const mutable_bytes room(data + control_size, longest - control_size);
    return control_size + mutate(room, size - control_size);
}
