// Tests of adit/protocol/inbound.hpp: when keys and sequence numbers change, and whose memory it is
// that packets lie in (C08, C09, C18, C20, C24, T31, S01).
#include "support/test.hpp"

#include <adit/protocol/inbound.hpp>

#include "unit/protocol/packets.hpp"

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::slab_ref;
using adit::protocol::packet;
using adit::test::all_ciphers;
using adit::test::all_framings;
using adit::test::arrived;
using adit::test::joined;
using adit::test::link;
using adit::test::octets;
using adit::test::sample_payload;
using step = adit::protocol::inbound::step;

BOOST_AUTO_TEST_SUITE(inbound_keys)

BOOST_AUTO_TEST_CASE(c08_the_sequence_number_wraps_under_keys) {
    for (const auto framing : all_ciphers) {
        link l(framing);
        adit::test::set_sequence(l, 0xfffffffe);
        arrived result;
        for (std::size_t i = 0; i < 4; ++i) {
            const octets sealed = adit::test::seal(l.out, sample_payload(30, i));
            adit::test::feed(l.in, sealed, sealed.size(), result);
        }
        BOOST_TEST((result.error == errc::ok));
        const std::vector<std::uint32_t> expected{0xfffffffe, 0xffffffff, 0, 1};
        BOOST_TEST(result.sequences == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(c08_the_sequence_number_never_wraps_without_keys) {
    link l;
    adit::test::set_sequence(l, 0xfffffffe);
    const octets message = adit::test::seal(l.out, sample_payload(30));
    BOOST_TEST((l.pass(message).error == errc::ok));
    const auto result = l.pass(message);
    BOOST_TEST((result.error == errc::sequence_number_wrapped));
    BOOST_TEST(result.payloads.empty());
}

BOOST_AUTO_TEST_CASE(c09_keys_change_exactly_behind_newkeys) {
    for (const auto framing : all_ciphers) {
        link l;
        l.in.prepare_keys(adit::test::make_opener(framing));
        // Prepared is not used: the old keys stay until NEWKEYS.
        const octets before = adit::test::seal(l.out, sample_payload(9));
        BOOST_TEST((l.pass(before).payloads == std::vector<octets>{sample_payload(9)}));
        // Old and new in one read.
        l.out.prepare_keys(adit::test::make_sealer(framing));
        const octets newkeys = adit::test::seal(l.out, octets{21});
        const octets after = adit::test::seal(l.out, sample_payload(10));
        const auto result = l.pass(joined({newkeys, after}));
        BOOST_TEST((result.payloads == std::vector<octets>{{21}, sample_payload(10)}));
        // A packet under the old keys is none any more.
        const auto late = l.pass(before);
        BOOST_TEST((late.error != errc::ok || late.payloads.empty()));
        BOOST_TEST(late.payloads.empty());
    }
}

BOOST_AUTO_TEST_CASE(c20_newkeys_that_nobody_prepared_for_is_refused_and_all_behind_it) {
    for (const auto framing : all_framings) {
        link l(framing);
        const octets newkeys = adit::test::seal(l.out, octets{21});
        const octets behind = adit::test::seal(l.out, sample_payload(30));
        const auto result = l.pass(joined({newkeys, behind}));
        BOOST_TEST((result.error == errc::unexpected_message));
        BOOST_TEST(result.payloads.empty());
        packet p;
        BOOST_TEST((l.in.next(p) == step::failed));
        BOOST_TEST((l.in.error() == errc::unexpected_message));
    }
}

BOOST_AUTO_TEST_CASE(c24_strict_kex_starts_the_sequence_anew_at_every_newkeys) {
    for (const auto framing : all_ciphers) {
        link l;
        l.in.set_strict(true);
        l.out.set_strict(true);
        for (byte generation = 1; generation < 5; ++generation) {
            l.change_keys(framing, generation);
            BOOST_TEST(l.in.sequence() == 0U);
            BOOST_TEST(l.out.sequence() == 0U);
            for (std::uint32_t i = 0; i < 3; ++i) {
                const auto result = l.pass(adit::test::seal(l.out, sample_payload(40, i)));
                BOOST_TEST((result.error == errc::ok));
                BOOST_TEST((result.sequences == std::vector<std::uint32_t>{i}));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(c24_without_strict_kex_the_sequence_goes_on) {
    link l;
    for (byte generation = 1; generation < 4; ++generation) {
        l.change_keys("chacha20-poly1305@openssh.com", generation);
        BOOST_TEST(l.in.sequence() == generation);
    }
    // NEWKEYS itself is still counted under the old keys.
}

BOOST_AUTO_TEST_CASE(c09_each_cipher_can_follow_each) {
    for (const auto from : all_ciphers) {
        for (const auto to : all_ciphers) {
            link l(from);
            BOOST_TEST((l.pass(adit::test::seal(l.out, sample_payload(50))).payloads.size() == 1U));
            l.change_keys(to, 2);
            const auto result = l.pass(adit::test::seal(l.out, sample_payload(51)));
            BOOST_TEST((result.payloads == std::vector<octets>{sample_payload(51)}));
        }
    }
}

BOOST_AUTO_TEST_CASE(c18_counters_start_anew_with_the_keys) {
    link l;
    BOOST_TEST((l.pass(adit::test::seal(l.out, sample_payload(50))).error == errc::ok));
    BOOST_TEST(l.in.packets_since_keys() == 1U);
    BOOST_TEST(l.in.bytes_since_keys() == l.out.bytes_since_keys());
    l.change_keys("aes128-gcm@openssh.com", 1);
    BOOST_TEST(l.in.packets_since_keys() == 0U);
    BOOST_TEST(l.in.bytes_since_keys() == 0U);
    const octets sealed = adit::test::seal(l.out, sample_payload(1000));
    BOOST_TEST((l.pass(sealed).error == errc::ok));
    BOOST_TEST(l.in.packets_since_keys() == 1U);
    BOOST_TEST(l.in.bytes_since_keys() == sealed.size());
}

BOOST_AUTO_TEST_CASE(t31_what_is_lent_survives_all_that_is_read_later) {
    struct lease {
        slab_ref memory;
        bytes_view view;
        octets expected;
    };
    for (const auto framing : all_framings) {
        link l(framing);
        std::vector<lease> kept;
        octets stream;
        for (std::size_t i = 0; i < 60; ++i) {
            stream = joined({stream, adit::test::seal(l.out, sample_payload(i * 97 + 1, i))});
        }
        std::size_t count = 0;
        for (bytes_view left = stream; !left.empty();) {
            left = left.subspan(adit::test::put_in(
                l.in, left.first(std::min<std::size_t>(left.size(), 3000 + count))));
            packet p;
            while (l.in.next(p) == step::packet) {
                kept.push_back({l.in.memory(), p.payload, sample_payload(count * 97 + 1, count)});
                ++count;
            }
        }
        BOOST_TEST((l.in.error() == errc::ok));
        BOOST_TEST(kept.size() == 60U);
        BOOST_TEST(l.in_pool.in_use() > 1U);
        for (const lease& one : kept) BOOST_TEST(std::ranges::equal(one.view, one.expected));
        l.in.rest();
        BOOST_TEST(l.in_pool.in_use() > 0U);
        for (const lease& one : kept) BOOST_TEST(std::ranges::equal(one.view, one.expected));
        kept.clear();
        BOOST_TEST(l.in_pool.in_use() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(t31_what_is_not_lent_costs_one_slab) {
    link l("aes256-gcm@openssh.com");
    for (std::size_t i = 0; i < 300; ++i) {
        BOOST_TEST((l.pass(adit::test::seal(l.out, sample_payload(2000)), 700).error == errc::ok));
        BOOST_TEST(l.in_pool.in_use() <= 1U);
    }
    BOOST_TEST(l.in_pool.bytes_in_use() < 70U * 1024);
}

BOOST_AUTO_TEST_CASE(rest_leaves_nothing_behind_unless_something_is_pending) {
    for (const auto framing : all_framings) {
        link l(framing);
        const octets sealed = adit::test::seal(l.out, sample_payload(100));
        l.in.rest();
        BOOST_TEST(l.in_pool.in_use() == 0U);
        for (std::size_t place = 1; place < sealed.size(); ++place) {
            link half(framing);
            half.in.rest();
            const auto none = half.pass(bytes_view(sealed).first(place));
            BOOST_TEST((none == arrived{}));
            half.in.rest();
            BOOST_TEST(half.in_pool.in_use() == 1U);
            const auto result = half.pass(bytes_view(sealed).subspan(place));
            BOOST_TEST((result.payloads == std::vector<octets>{sample_payload(100)}));
            half.in.rest();
            BOOST_TEST(half.in_pool.in_use() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(memory_used_is_what_was_read_into_the_slab) {
    link l;
    const octets one = adit::test::seal(l.out, sample_payload(100));
    BOOST_TEST((l.pass(one).error == errc::ok));
    BOOST_TEST(l.in.memory_used() == one.size());
    const slab_ref kept = l.in.memory();
    BOOST_TEST((l.pass(one).error == errc::ok));
    BOOST_TEST(l.in.memory_used() == 2 * one.size());
    BOOST_TEST(kept.same_slab(l.in.memory()));
}

BOOST_AUTO_TEST_CASE(a35_without_memory_there_is_an_error_and_no_room) {
    link l;
    l.in.set_largest_packet(64 * 1024, 2 * adit::slab_pool::largest);
    BOOST_TEST(l.in.prepare().empty());
    BOOST_TEST((l.in.error() == errc::out_of_memory));
    packet p;
    BOOST_TEST((l.in.next(p) == step::failed));
}

BOOST_AUTO_TEST_CASE(s01_slabs_are_wiped_until_told_otherwise) {
    const auto contains = [](const slab_ref& slab, bytes_view needle) {
        const auto memory = slab.memory();
        return !std::ranges::search(memory, needle).empty();
    };
    for (const bool secret : {true, false}) {
        link l;
        l.in.set_secret(secret);
        const octets payload = sample_payload(500);
        BOOST_TEST((l.pass(adit::test::seal(l.out, payload)).error == errc::ok));
        const std::size_t size = l.in.memory().size();
        l.in.rest();
        BOOST_TEST(contains(l.in_pool.take(size - 1), payload) == !secret);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
