// Tests of adit/protocol/outbound.hpp: the form of packets, their order, the switch of keys, and
// that inbound reads all of them. Without a cipher packets can be read here by eye.
#include "support/test.hpp"

#include <adit/protocol/outbound.hpp>

#include "unit/protocol/packets.hpp"

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::mutable_bytes;
using adit::protocol::chunk;
using adit::protocol::secret_packet_step;
using adit::test::all_ciphers;
using adit::test::all_framings;
using adit::test::arrived;
using adit::test::link;
using adit::test::octets;
using adit::test::sample_payload;

struct fields {
    std::size_t length, padding, payload;
};

/// The fields of a packet that no cipher hides; RFC 4253 section 6.
fields read_plain(const octets& packet) {
    const std::size_t length = adit::crypto::plain_length(packet);
    const std::size_t padding = packet[4];
    return {length, padding, length - 1 - padding};
}

/// A cipher that shows what it was asked to seal, with the shape of another one.
class showing_sealer final : public adit::crypto::sealer {
public:
    explicit showing_sealer(adit::crypto::packet_shape shape) : shape_(shape) {}
    [[nodiscard]] adit::crypto::packet_shape shape() const noexcept override { return shape_; }
    [[nodiscard]] errc seal(mutable_bytes /*packet*/, std::uint32_t /*seq*/) noexcept override {
        return errc::ok;
    }

private:
    adit::crypto::packet_shape shape_;
};

class failing_sealer final : public adit::crypto::sealer {
public:
    [[nodiscard]] adit::crypto::packet_shape shape() const noexcept override { return {}; }
    [[nodiscard]] errc seal(mutable_bytes /*packet*/, std::uint32_t /*seq*/) noexcept override {
        return errc::encryption_failed;
    }
};

chunk filled(adit::protocol::outbound& out, bytes_view payload) {
    chunk c = out.reserve(payload.size());
    BOOST_REQUIRE(static_cast<bool>(c));
    std::ranges::copy(payload, c.room().begin());
    c.size = static_cast<std::uint32_t>(payload.size());
    return c;
}

std::vector<std::size_t> interesting_sizes() {
    std::vector<std::size_t> sizes;
    for (std::size_t n = 1; n <= 300; ++n) sizes.push_back(n);
    for (std::size_t n = 32768 - 20; n <= 32768 + 40; ++n) sizes.push_back(n);
    return sizes;
}

/// Uses a sealer from the next packet on.
void switch_to(link& l, std::unique_ptr<adit::crypto::sealer> sealer) {
    l.out.prepare_keys(std::move(sealer));
    static_cast<void>(adit::test::seal(l.out, octets{21}));
}

BOOST_AUTO_TEST_SUITE(outbound)

BOOST_AUTO_TEST_CASE(c06_padding_is_the_least_that_is_lawful) {
    for (const auto framing : all_framings) {
        const auto shape = adit::test::make_sealer(framing)->shape();
        link l;
        switch_to(l, std::make_unique<showing_sealer>(shape));
        for (const std::size_t size : interesting_sizes()) {
            const octets packet = adit::test::seal(l.out, sample_payload(size));
            const fields f = read_plain(packet);
            BOOST_TEST(f.payload == size);
            BOOST_TEST(f.padding >= 4U);
            BOOST_TEST(f.padding < 4 + shape.block);
            BOOST_TEST((f.length + (framing == "none" ? 4 : 0)) % shape.block == 0U);
            BOOST_TEST(packet.size() == 4 + f.length + shape.tag);
            const auto payload = bytes_view(packet).subspan(5, size);
            BOOST_TEST(std::ranges::equal(payload, sample_payload(size)));
        }
    }
}

BOOST_AUTO_TEST_CASE(c06_padding_is_random) {
    link l;
    const octets payload = sample_payload(23);
    const octets first = adit::test::seal(l.out, payload);
    const octets second = adit::test::seal(l.out, payload);
    BOOST_TEST(first.size() == second.size());
    BOOST_TEST((first != second));
    BOOST_TEST(std::ranges::equal(bytes_view(first).first(28), bytes_view(second).first(28)));
    // It is the padding of the given source and nothing else.
    adit::slab_pool pool;
    adit::test::fixed_random random(octets{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    adit::protocol::outbound out(pool, random);
    const octets third = adit::test::seal(out, payload);
    const octets expected{1, 2, 3, 4};
    BOOST_TEST(std::ranges::equal(bytes_view(third).subspan(28), expected));
}

BOOST_AUTO_TEST_CASE(c36_a_secret_message_shows_steps_of_its_size_only) {
    for (const auto framing : all_framings) {
        const auto shape = adit::test::make_sealer(framing)->shape();
        link l;
        switch_to(l, std::make_unique<showing_sealer>(shape));
        for (std::size_t size = 1; size <= 600; ++size) {
            const octets packet = adit::test::seal(l.out, sample_payload(size), secret_packet_step);
            const fields f = read_plain(packet);
            BOOST_TEST(f.payload == size);
            BOOST_TEST(f.padding >= 4U);
            BOOST_TEST((f.length + (framing == "none" ? 4 : 0)) % secret_packet_step == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(c36_a_secret_message_is_read_by_the_peer) {
    for (const auto framing : all_framings) {
        link l(framing);
        for (std::size_t size = 1; size <= 300; ++size) {
            const octets payload = sample_payload(size);
            const auto result = l.pass(adit::test::seal(l.out, payload, secret_packet_step));
            BOOST_TEST((result.payloads == std::vector<octets>{payload}));
        }
    }
}

// Neighbours in a slab: what one is padded with must not reach into the other.
BOOST_AUTO_TEST_CASE(a_sealed_packet_never_reaches_into_its_neighbour) {
    for (const std::uint32_t pad_to : {0U, secret_packet_step}) {
        for (const auto framing : all_framings) {
            for (std::size_t size = 1; size <= 300; ++size) {
                link l(framing);
                chunk first = filled(l.out, sample_payload(size, 1));
                const chunk second = filled(l.out, sample_payload(size, 2));
                first.pad_to = pad_to;
                const auto sealed = l.out.seal(first);
                BOOST_REQUIRE(sealed.has_value());
                BOOST_TEST(sealed->data() + sealed->size() <=
                           second.payload().data() - adit::protocol::packet_front);
                BOOST_TEST(std::ranges::equal(second.payload(), sample_payload(size, 2)));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_into_its_place_is_refused) {
    link l;
    chunk first = filled(l.out, sample_payload(10, 1));
    const chunk second = filled(l.out, sample_payload(10, 2));
    first.pad_to = 8192;
    BOOST_TEST((l.out.seal(first).error() == errc::message_too_large));
    BOOST_TEST(std::ranges::equal(second.payload(), sample_payload(10, 2)));
    BOOST_TEST(l.out.sequence() == 0U);
}

BOOST_AUTO_TEST_CASE(f02_inbound_reads_every_size) {
    for (const auto framing : all_framings) {
        link l(framing);
        for (const std::size_t size : interesting_sizes()) {
            const octets payload = sample_payload(size, size);
            const auto result = l.pass(adit::test::seal(l.out, payload));
            BOOST_TEST((result.payloads == std::vector<octets>{payload}), framing << " " << size);
        }
    }
}

BOOST_AUTO_TEST_CASE(c05_a_packet_of_35000_bytes_is_read_before_the_login) {
    for (const auto framing : all_framings) {
        link l(framing);
        const octets payload = sample_payload(34900);
        BOOST_TEST((l.pass(adit::test::seal(l.out, payload), 1000).payloads ==
                    std::vector<octets>{payload}));
    }
}

BOOST_AUTO_TEST_CASE(sequence_numbers_follow_the_order_of_sealing) {
    for (const auto framing : all_ciphers) {
        link l(framing);
        std::vector<chunk> chunks;
        for (std::size_t i = 0; i < 5; ++i) chunks.push_back(filled(l.out, sample_payload(20, i)));
        const std::array<std::size_t, 5> order{3, 0, 4, 1, 2};
        arrived result;
        for (const std::size_t i : order) {
            const auto sealed = l.out.seal(chunks[i]);
            BOOST_REQUIRE(sealed.has_value());
            adit::test::feed(l.in, *sealed, sealed->size(), result);
        }
        BOOST_TEST((result.error == errc::ok));
        for (std::size_t i = 0; i < 5; ++i) {
            BOOST_TEST((result.payloads[i] == sample_payload(20, order[i])));
            BOOST_TEST(result.sequences[i] == 1 + i);
        }
    }
}

// A rekey re-encrypts nothing: what was reserved before it may be sealed after it.
BOOST_AUTO_TEST_CASE(c19_a_chunk_of_before_the_rekey_is_sealed_after_it) {
    for (const auto framing : all_ciphers) {
        link l(framing);
        const chunk waiting = filled(l.out, sample_payload(3000));
        l.change_keys(framing, 2);
        const auto sealed = l.out.seal(waiting);
        BOOST_REQUIRE(sealed.has_value());
        BOOST_TEST((l.pass(*sealed).payloads == std::vector<octets>{sample_payload(3000)}));
    }
}

BOOST_AUTO_TEST_CASE(c09_keys_change_exactly_behind_newkeys) {
    for (const auto framing : all_ciphers) {
        link l;
        BOOST_TEST(!l.out.keys_pending());
        l.out.prepare_keys(adit::test::make_sealer(framing));
        BOOST_TEST(l.out.keys_pending());
        const octets before = adit::test::seal(l.out, sample_payload(30));
        BOOST_TEST(read_plain(before).payload == 30U);
        const octets newkeys = adit::test::seal(l.out, octets{21});
        BOOST_TEST(read_plain(newkeys).payload == 1U);
        BOOST_TEST(!l.out.keys_pending());
        const octets after = adit::test::seal(l.out, sample_payload(30));
        const auto plain = sample_payload(30);
        BOOST_TEST(std::ranges::search(after, plain).empty());
    }
}

// Only a message that is NEWKEYS is NEWKEYS: its number is the first byte of the payload.
BOOST_AUTO_TEST_CASE(c09_no_other_message_changes_keys) {
    for (unsigned number = 0; number < 256; ++number) {
        link l;
        l.out.prepare_keys(adit::test::make_sealer("aes128-gcm@openssh.com"));
        octets payload(30, 21);
        payload[0] = static_cast<byte>(number);
        static_cast<void>(adit::test::seal(l.out, payload));
        BOOST_TEST(l.out.keys_pending() == (number != 21));
    }
}

BOOST_AUTO_TEST_CASE(newkeys_without_prepared_keys_changes_nothing) {
    link l("aes256-gcm@openssh.com");
    static_cast<void>(adit::test::seal(l.out, octets{21}));
    BOOST_TEST(l.out.sequence() == 2U);
    BOOST_TEST(l.out.packets_since_keys() == 1U);
}

BOOST_AUTO_TEST_CASE(c08_the_sequence_number_never_wraps_without_keys) {
    link l;
    adit::test::set_sequence(l, 0xfffffffe);
    BOOST_TEST(l.out.seal(filled(l.out, sample_payload(9))).has_value());
    const auto refused = l.out.seal(filled(l.out, sample_payload(9)));
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error() == errc::sequence_number_wrapped));
}

BOOST_AUTO_TEST_CASE(c18_counters_start_anew_with_the_keys) {
    link l;
    const octets first = adit::test::seal(l.out, sample_payload(100));
    BOOST_TEST(l.out.packets_since_keys() == 1U);
    BOOST_TEST(l.out.bytes_since_keys() == first.size());
    switch_to(l, adit::test::make_sealer("aes128-gcm@openssh.com"));
    BOOST_TEST(l.out.packets_since_keys() == 0U);
    BOOST_TEST(l.out.bytes_since_keys() == 0U);
    static_cast<void>(adit::test::seal(l.out, sample_payload(100)));
    BOOST_TEST(l.out.packets_since_keys() == 1U);
}

BOOST_AUTO_TEST_CASE(a35_a_cipher_that_fails_is_an_error_and_no_packet) {
    link l;
    switch_to(l, std::make_unique<failing_sealer>());
    const auto refused = l.out.seal(filled(l.out, sample_payload(9)));
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error() == errc::encryption_failed));
    BOOST_TEST(l.out.packets_since_keys() == 0U);
}

BOOST_AUTO_TEST_CASE(a35_without_memory_the_chunk_is_empty) {
    link l;
    BOOST_TEST(!l.out.reserve(adit::slab_pool::largest + 1));
    BOOST_TEST(l.out_pool.in_use() == 0U);
    BOOST_TEST(static_cast<bool>(l.out.reserve(10)));
}

BOOST_AUTO_TEST_CASE(t31_no_memory_is_held_when_no_chunk_is_alive) {
    link l;
    std::vector<chunk> alive;
    for (std::size_t i = 0; i < 200; ++i)
        alive.push_back(filled(l.out, sample_payload(i * 13 + 1)));
    BOOST_TEST(l.out_pool.in_use() > 1U);
    l.out.rest();
    for (std::size_t i = 0; i < 200; ++i) {
        BOOST_TEST(std::ranges::equal(alive[i].payload(), sample_payload(i * 13 + 1)));
    }
    alive.clear();
    BOOST_TEST(l.out_pool.in_use() == 0U);
}

BOOST_AUTO_TEST_CASE(small_chunks_share_a_slab) {
    link l;
    const chunk first = l.out.reserve(9);
    for (int i = 0; i < 10; ++i) BOOST_TEST(l.out.reserve(9).memory.same_slab(first.memory));
    BOOST_TEST(l.out_pool.in_use() == 1U);
}

BOOST_AUTO_TEST_CASE(s01_slabs_are_wiped_until_told_otherwise) {
    for (const bool secret : {true, false}) {
        link l;
        l.out.set_secret(secret);
        const octets payload = sample_payload(500);
        static_cast<void>(filled(l.out, payload));
        l.out.rest();
        const adit::slab_ref again = l.out_pool.take(4096);
        const auto memory = again.memory();
        BOOST_TEST(std::ranges::search(memory, payload).empty() == secret);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
