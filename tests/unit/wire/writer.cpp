// Tests of adit/wire/writer.hpp: the append cursor and its cap.
#include "support/test.hpp"

#include <adit/wire/writer.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::as_bytes;
using adit::byte;
using adit::errc;
using adit::to_hex;
namespace wire = adit::wire;

/// A cursor over the first bytes of a field whose others must stay as they are.
struct fenced_output {
    std::array<byte, 64> memory{};
    std::size_t cap;
    explicit fenced_output(std::size_t n) : cap(n) { memory.fill(0xee); }
    [[nodiscard]] wire::writer cursor() { return wire::writer(std::span(memory).first(cap)); }
    [[nodiscard]] bool fence_intact() const {
        return std::ranges::all_of(std::span(memory).subspan(cap),
                                   [](byte b) { return b == 0xee; });
    }
};

BOOST_AUTO_TEST_SUITE(writer)

BOOST_AUTO_TEST_CASE(numbers_are_big_endian) {
    fenced_output output(13);
    wire::writer w = output.cursor();
    w.put_u8(7);
    w.put_u32(699921578);  // RFC 4251 section 5's example
    w.put_u64(0x0102030405060708U);
    BOOST_CHECK(w.error() == errc::ok);
    BOOST_TEST(w.size() == 13U);
    BOOST_TEST(to_hex(w.written()) == "0729b7f4aa0102030405060708");
    BOOST_TEST(output.fence_intact());
}

BOOST_AUTO_TEST_CASE(string_is_its_length_and_its_bytes) {
    fenced_output output(15);
    wire::writer w = output.cursor();
    w.put_string(as_bytes("testing"));
    w.put_string({});
    BOOST_CHECK(w.error() == errc::ok);
    BOOST_TEST(to_hex(w.written()) == "0000000774657374696e6700000000");
}

BOOST_AUTO_TEST_CASE(nothing_is_written_past_the_cap) {
    const std::vector<byte> five(5, 0x41);
    for (std::size_t cap = 0; cap < 5; ++cap) {
        fenced_output output(cap);
        wire::writer w = output.cursor();
        w.put(five);
        BOOST_CHECK(w.error() == errc::message_too_large);
        BOOST_TEST(w.size() == 0U);
        BOOST_TEST(output.fence_intact());
    }
}

BOOST_AUTO_TEST_CASE(every_kind_of_put_respects_the_cap) {
    for (std::size_t cap = 0; cap < 8; ++cap) {
        fenced_output output(cap);
        wire::writer number = output.cursor();
        number.put_u64(1);
        BOOST_CHECK(number.error() == errc::message_too_large);
        wire::writer string = output.cursor();
        string.put_string(as_bytes("four"));
        BOOST_CHECK(cap == 8 || string.error() == errc::message_too_large);
        wire::writer small = output.cursor();
        small.put_u32(1);
        BOOST_CHECK((small.error() == errc::ok) == (cap >= 4));
        wire::writer smallest = output.cursor();
        smallest.put_u8(1);
        BOOST_CHECK((smallest.error() == errc::ok) == (cap >= 1));
        BOOST_TEST(output.fence_intact());
    }
}

BOOST_AUTO_TEST_CASE(an_error_is_sticky) {
    fenced_output output(8);
    wire::writer w = output.cursor();
    w.put_u8(1);
    BOOST_TEST(w.room(8).empty());
    BOOST_CHECK(w.error() == errc::message_too_large);
    // Seven bytes would still be free for each of these.
    w.put_u8(2);
    w.put_u32(3);
    w.put_string(as_bytes("x"));
    w.put(as_bytes("y"));
    BOOST_TEST(w.room(1).empty());
    BOOST_TEST(w.size() == 1U);
    BOOST_TEST(to_hex(w.written()) == "01");
    BOOST_TEST(output.memory[1] == 0xeeU);
}

BOOST_AUTO_TEST_CASE(the_first_error_wins) {
    fenced_output output(1);
    wire::writer w = output.cursor();
    w.fail(errc::malformed_field);
    w.fail(errc::field_too_long);
    w.put_u32(1);
    BOOST_CHECK(w.error() == errc::malformed_field);
    BOOST_TEST(w.size() == 0U);
}

BOOST_AUTO_TEST_CASE(writing_nothing_needs_no_room) {
    wire::writer w(adit::mutable_bytes{});
    w.put({});
    BOOST_TEST(w.room(0).empty());
    BOOST_CHECK(w.error() == errc::ok);
    BOOST_TEST(w.written().empty());
}

BOOST_AUTO_TEST_CASE(room_is_the_callers_to_fill) {
    fenced_output output(3);
    wire::writer w = output.cursor();
    w.put_u8(1);
    const adit::mutable_bytes place = w.room(2);
    BOOST_REQUIRE(place.size() == 2U);
    place[0] = 0xaa;
    place[1] = 0xbb;
    BOOST_TEST(to_hex(w.written()) == "01aabb");
}

BOOST_AUTO_TEST_CASE(open_strings_nest_and_get_their_length_at_the_end) {
    fenced_output output(20);
    wire::writer w = output.cursor();
    const auto outer = w.begin_string();
    w.put_u8(1);
    const auto inner = w.begin_string();
    w.put(as_bytes("abc"));
    w.end_string(inner);
    w.end_string(outer);
    w.put_u8(9);
    BOOST_CHECK(w.error() == errc::ok);
    BOOST_TEST(to_hex(w.written()) ==
               "000000080100000003616263"
               "09");
}

BOOST_AUTO_TEST_CASE(an_open_string_that_does_not_fit_harms_nothing) {
    for (std::size_t cap = 0; cap < 7; ++cap) {
        fenced_output output(cap);
        wire::writer w = output.cursor();
        const auto mark = w.begin_string();
        w.put(as_bytes("abc"));
        w.end_string(mark);
        BOOST_CHECK(w.error() == errc::message_too_large);
        BOOST_TEST(output.fence_intact());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
