// A36: every bit of four KiB of packets, flipped under every cipher with every MAC, as OpenSSH's
// integrity.sh does it: the packets before it come out, none of the others does, and the wait for
// more is bounded. In release builds only; a packet's worth of it is in unit/crypto/framing.cpp.
#include "support/fixed_random.hpp"
#include "support/test.hpp"
#include "unit/crypto/suites.hpp"

#include <adit/protocol/inbound.hpp>
#include <adit/protocol/outbound.hpp>

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::protocol::inbound;
using adit::test::suite;
using octets = std::vector<byte>;

namespace {

const std::vector<std::size_t> payload_sizes{1, 30, 700, 16, 1500, 9, 1800};

octets sample_payload(std::size_t size) {
    octets payload(size, static_cast<byte>(size));
    payload[0] = static_cast<byte>(adit::wire::message_id::channel_data);
    return payload;
}

/// NEWKEYS in the clear and what follows under keys, and where each packet of it ends.
struct recording {
    octets clear, stream;
    std::vector<std::size_t> ends;

    explicit recording(const suite& s) {
        adit::slab_pool pool;
        adit::test::fixed_random random(1);
        adit::protocol::outbound out(pool, random);
        out.prepare_keys(adit::test::make(s).sealer);
        add(out, {static_cast<byte>(adit::wire::message_id::newkeys)}, clear);
        for (const std::size_t size : payload_sizes) {
            add(out, sample_payload(size), stream);
            ends.push_back(stream.size());
        }
    }
    static void add(adit::protocol::outbound& out, const octets& payload, octets& to) {
        auto chunk = out.reserve(payload.size());
        std::ranges::copy(payload, chunk.room().begin());
        chunk.size = static_cast<std::uint32_t>(payload.size());
        const bytes_view sealed = out.seal(chunk).value();
        to.insert(to.end(), sealed.begin(), sealed.end());
    }
};

/// Takes everything up to the first error; the sizes of what came out.
std::vector<std::size_t> feed(inbound& in, bytes_view stream) {
    std::vector<std::size_t> sizes;
    while (!stream.empty() && in.error() == errc::ok) {
        const adit::mutable_bytes room = in.prepare();
        const std::size_t n = std::min(room.size(), stream.size());
        std::ranges::copy(stream.first(n), room.begin());
        in.commit(n);
        stream = stream.subspan(n);
        adit::protocol::packet packet;
        while (in.next(packet) == inbound::step::packet) sizes.push_back(packet.payload.size());
    }
    return sizes;
}

void flip_every_bit(const suite& s) {
    const recording honest(s);
    BOOST_REQUIRE(honest.stream.size() >= 4096U);
    const octets silence(adit::limits{}.packet_before_authentication + 4 + 64);
    adit::slab_pool pool;
    octets changed = honest.stream;
    for (std::size_t bit = 0; bit < changed.size() * 8; ++bit) {
        changed[bit / 8] ^= static_cast<byte>(1U << bit % 8);
        inbound in(pool, adit::limits{});
        in.prepare_keys(adit::test::make(s).opener);
        BOOST_REQUIRE(feed(in, honest.clear).size() == 1U);
        auto sizes = feed(in, changed);
        // Only a length makes it wait, for no more than the longest packet.
        if (in.error() == errc::ok) {
            const auto more = feed(in, silence);
            sizes.insert(sizes.end(), more.begin(), more.end());
        }
        const auto whole = std::ranges::upper_bound(honest.ends, bit / 8) - honest.ends.begin();
        const std::vector<std::size_t> expected(payload_sizes.begin(),
                                                payload_sizes.begin() + whole);
        BOOST_REQUIRE(
            (in.error() == errc::mac_mismatch || in.error() == errc::invalid_packet_length));
        BOOST_REQUIRE_MESSAGE(sizes == expected, s << ", bit " << bit);
        changed[bit / 8] ^= static_cast<byte>(1U << bit % 8);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bit_flips)

BOOST_AUTO_TEST_CASE(a36_every_bit_of_four_kib_under_every_cipher_and_mac) {
    for (const suite& s : adit::test::suites()) flip_every_bit(s);
}

BOOST_AUTO_TEST_SUITE_END()
