// Tests of adit/wire/reader.hpp: the one bounded reader that every parser stands on.
#include "support/test.hpp"

#include <adit/wire/reader.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::byte;
using adit::errc;
using adit::to_hex;
using adit::test::exact_copy;
using adit::test::octets_of;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(reader)

BOOST_AUTO_TEST_CASE(numbers_are_big_endian) {
    // 29 b7 f4 aa is RFC 4251 section 5's own example of a uint32.
    const auto input = octets_of("07 29b7f4aa 0102030405060708");
    wire::reader r(input);
    BOOST_TEST(r.take_u8() == 7);
    BOOST_TEST(r.take_u32() == 699921578U);
    BOOST_TEST(r.take_u64() == 0x0102030405060708U);
    BOOST_CHECK(r.finish() == errc::ok);
}

BOOST_AUTO_TEST_CASE(largest_numbers) {
    const auto input = octets_of("ff ffffffff ffffffffffffffff");
    wire::reader r(input);
    BOOST_TEST(r.take_u8() == 0xffU);
    BOOST_TEST(r.take_u32() == 0xffffffffU);
    BOOST_TEST(r.take_u64() == 0xffffffffffffffffU);
    BOOST_CHECK(r.finish() == errc::ok);
}

BOOST_AUTO_TEST_CASE(string_is_its_length_and_its_bytes) {
    const auto input = octets_of("00000007 'testing' 00000000 'x'");
    wire::reader r(input);
    const auto taken = r.take_string();
    BOOST_TEST(adit::as_text(taken) == "testing");
    BOOST_CHECK(taken.data() == input.data() + 4);  // a view, no copy
    BOOST_TEST(r.take_string().empty());
    BOOST_TEST(!r.failed());
    BOOST_TEST(to_hex(r.remaining()) == "78");
}

BOOST_AUTO_TEST_CASE(string_longer_than_what_remains_is_truncated) {
    for (const auto* notation : {"00000004 'abc'", "00000001", "7fffffff 'abc'", "80000000 'abc'",
                                 "ffffffff 'abc'", "fffffffc 'abc'", "000000"}) {
        const exact_copy input(octets_of(notation));
        wire::reader r(input.view());
        BOOST_TEST(r.take_string().empty(), notation);
        BOOST_CHECK_MESSAGE(r.error() == errc::message_truncated, notation);
    }
}

BOOST_AUTO_TEST_CASE(truncated_numbers_yield_zero_and_an_error) {
    const exact_copy input(octets_of("ffffff"));
    wire::reader u32_of_three(input.view());
    BOOST_TEST(u32_of_three.take_u32() == 0U);
    BOOST_CHECK(u32_of_three.error() == errc::message_truncated);
    wire::reader u64_of_three(input.view());
    BOOST_TEST(u64_of_three.take_u64() == 0U);
    BOOST_CHECK(u64_of_three.error() == errc::message_truncated);
    wire::reader u8_of_none(adit::bytes_view{});
    BOOST_TEST(u8_of_none.take_u8() == 0);
    BOOST_CHECK(u8_of_none.error() == errc::message_truncated);
}

BOOST_AUTO_TEST_CASE(an_error_is_sticky) {
    const auto input = octets_of("0102030405060708090a");
    wire::reader r(input);
    BOOST_TEST(r.take(11).empty());
    BOOST_TEST(r.failed());
    // Ten bytes would still be there for each of these.
    BOOST_TEST(r.take(1).empty());
    BOOST_TEST(r.take_u8() == 0);
    BOOST_TEST(r.take_u32() == 0U);
    BOOST_TEST(r.take_u64() == 0U);
    BOOST_TEST(r.take_string().empty());
    BOOST_TEST(r.take_rest().empty());
    BOOST_TEST(r.take(0).empty());
    BOOST_TEST(r.remaining().empty());
    BOOST_CHECK(r.finish() == errc::message_truncated);
}

BOOST_AUTO_TEST_CASE(the_first_error_wins) {
    const auto input = octets_of("01");
    wire::reader r(input);
    r.fail(errc::malformed_field);
    r.fail(errc::field_too_long);
    BOOST_TEST(r.take(2).empty());
    BOOST_CHECK(r.error() == errc::malformed_field);
    BOOST_CHECK(r.finish() == errc::malformed_field);
}

BOOST_AUTO_TEST_CASE(taking_nothing_or_everything_is_no_error) {
    const auto input = octets_of("0102");
    wire::reader r(input);
    BOOST_TEST(r.take(0).empty());
    BOOST_TEST(to_hex(r.take_rest()) == "0102");
    BOOST_TEST(r.take_rest().empty());
    BOOST_TEST(r.take(0).empty());
    BOOST_CHECK(r.finish() == errc::ok);
}

BOOST_AUTO_TEST_CASE(c13_bytes_after_the_last_field_are_an_error) {
    const auto input = octets_of("0102");
    wire::reader r(input);
    BOOST_TEST(r.take_u8() == 1);
    BOOST_CHECK(r.finish() == errc::trailing_bytes);
    BOOST_TEST(!r.failed());  // only the verdict: what is left can still be read
    BOOST_TEST(r.take_u8() == 2);
    BOOST_CHECK(r.finish() == errc::ok);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
