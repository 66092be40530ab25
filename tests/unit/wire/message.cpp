// Tests of adit/wire/message.hpp: what is done to every message from its one list of fields.
#include "support/test.hpp"

#include <adit/wire/message.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::to_hex;
using adit::test::check_layout;
using adit::test::octets_of;
namespace wire = adit::wire;
using adit::wire::operator==;  // our own structs live outside its namespace

/// One field of every type. RFC 4251 section 5 has their order of bytes.
struct everything {
    static constexpr auto id = static_cast<wire::message_id>(192);  // RFC 4250: local use
    wire::u8 small{};
    wire::boolean flag{};
    wire::u32 number{};
    wire::u64 large{};
    wire::text words;
    wire::octets data;
    wire::secret_text secret;
    wire::cookie random{};
    wire::name_list names;
    wire::mpint integer;
    static constexpr auto wire(auto& m) {
        return std::tie(m.small, m.flag, m.number, m.large, m.words, m.data, m.secret, m.random,
                        m.names, m.integer);
    }
};

struct with_rest {
    static constexpr auto id = static_cast<wire::message_id>(193);
    wire::u8 small{};
    wire::rest others;
    static constexpr auto wire(auto& m) { return std::tie(m.small, m.others); }
};

struct without_fields {
    static constexpr auto id = static_cast<wire::message_id>(194);
    static constexpr auto wire(auto&) { return std::tie(); }
};

struct no_message {
    wire::u32 a{}, b{};
    static constexpr auto wire(auto& m) { return std::tie(m.a, m.b); }
};

static_assert(wire::message<everything>);
static_assert(wire::fields<no_message>);
static_assert(!wire::message<no_message>);
static_assert(!wire::fields<int>);

constexpr auto everything_notation =
    "c0 07 01 29b7f4aa 0102030405060708 00000004 'text' "
    "00000003 00ff00 00000002 'pw' "
    "000102030405060708090a0b0c0d0e0f 00000003 'a,b' "
    "00000002 0080";

BOOST_AUTO_TEST_SUITE(message)

BOOST_AUTO_TEST_CASE(fields_follow_each_other_in_the_order_of_their_list) {
    const auto data = octets_of("00ff00");
    const auto magnitude = octets_of("80");
    everything value;
    value.small = 7;
    value.flag = true;
    value.number = 699921578;
    value.large = 0x0102030405060708U;
    value.words = "text";
    value.data = data;
    value.secret = {"pw"};
    for (byte i = 0; i < 16; ++i) value.random[i] = i;
    value.names = {"a,b"};
    value.integer = {magnitude};
    check_layout(value, everything_notation);
}

BOOST_AUTO_TEST_CASE(a_rest_takes_what_follows) {
    const auto others = octets_of("0102");
    check_layout(with_rest{.small = 7, .others = {others}}, "c1 07 0102");
    check_layout(with_rest{.small = 7, .others = {}}, "c1 07");
}

BOOST_AUTO_TEST_CASE(a_message_may_have_no_fields) { check_layout(without_fields{}, "c2"); }

BOOST_AUTO_TEST_CASE(fields_that_are_no_message_have_no_number) {
    check_layout(no_message{.a = 1, .b = 2}, "00000001 00000002");
}

BOOST_AUTO_TEST_CASE(views_look_into_the_payload) {
    const auto payload = octets_of(everything_notation);
    const auto decoded = wire::decode<everything>(payload);
    BOOST_REQUIRE(decoded.has_value());
    const auto inside = [&payload](const void* place) {
        return std::less_equal<>{}(static_cast<const void*>(payload.data()), place) &&
               std::less<>{}(place, static_cast<const void*>(payload.data() + payload.size()));
    };
    BOOST_TEST(inside(decoded->words.data()));
    BOOST_TEST(inside(decoded->data.data()));
    BOOST_TEST(inside(decoded->secret.value.data()));
    BOOST_TEST(inside(decoded->names.names.data()));
    BOOST_TEST(inside(decoded->integer.magnitude.data()));
}

BOOST_AUTO_TEST_CASE(another_number_is_unexpected) {
    for (unsigned number = 0; number < 256; ++number) {
        const std::array<byte, 1> payload{static_cast<byte>(number)};
        const auto decoded = wire::decode<without_fields>(payload);
        BOOST_TEST(decoded.has_value() == (number == 194));
        if (number != 194) BOOST_CHECK(decoded.error() == errc::unexpected_message);
    }
}

BOOST_AUTO_TEST_CASE(an_empty_payload_is_no_message) {
    BOOST_CHECK(wire::decode<without_fields>({}).error() == errc::message_truncated);
    BOOST_TEST(!wire::peek_id({}).has_value());
}

BOOST_AUTO_TEST_CASE(peek_id_looks_at_the_first_byte_only) {
    const auto payload = octets_of("14 ff");
    BOOST_CHECK(wire::peek_id(payload) == wire::message_id::kexinit);
    const auto unknown = octets_of("ff");
    BOOST_CHECK(wire::peek_id(unknown) == static_cast<wire::message_id>(255));
}

BOOST_AUTO_TEST_CASE(c13_a_malformed_field_is_refused_with_its_own_error) {
    auto payload = octets_of(everything_notation);
    payload[payload.size() - 2] = 0xff;  // the integer's sign byte
    BOOST_CHECK(wire::decode<everything>(payload).error() == errc::malformed_field);
}

BOOST_AUTO_TEST_CASE(messages_are_equal_when_all_their_fields_are) {
    const auto payload = octets_of(everything_notation);
    const auto original = *wire::decode<everything>(payload);
    const auto copy = payload;
    BOOST_CHECK(original == *wire::decode<everything>(copy));
    // Each of these bytes belongs to another field and may change without harm to the form.
    for (const std::size_t place : {1U, 6U, 14U, 19U, 27U, 34U, 50U, 56U, 64U}) {
        auto other = payload;
        other[place] ^= 1U;
        const auto decoded = wire::decode<everything>(other);
        BOOST_REQUIRE_MESSAGE(decoded.has_value(), place);
        BOOST_CHECK_MESSAGE(!(*decoded == original), place);
    }
    auto flag_off = payload;
    flag_off[2] = 0;
    BOOST_CHECK(!(*wire::decode<everything>(flag_off) == original));
}

BOOST_AUTO_TEST_CASE(encode_appends) {
    std::array<byte, 8> memory{};
    wire::writer w(memory);
    wire::encode(w, without_fields{});
    wire::encode(w, with_rest{.small = 5, .others = {}});
    BOOST_CHECK(w.error() == errc::ok);
    BOOST_TEST(to_hex(w.written()) == "c2c105");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
