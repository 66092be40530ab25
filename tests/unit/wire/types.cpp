// Tests of adit/wire/types.hpp: RFC 4251 section 5 with its own examples, C11 and C12.
#include "support/test.hpp"

#include <adit/wire/types.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::to_hex;
using adit::test::octets_of;
namespace wire = adit::wire;

template <class T>
struct reading {
    std::vector<byte> input;  // what the value looks into
    errc verdict = errc::ok;
    T value{};
};

template <class T>
[[nodiscard]] reading<T> read(std::vector<byte> input) {
    reading<T> outcome;
    outcome.input = std::move(input);
    wire::reader r(outcome.input);
    get(r, outcome.value);
    outcome.verdict = r.finish();
    return outcome;
}

template <class T>
[[nodiscard]] std::string written(const T& value) {
    std::array<byte, 4096> memory{};
    wire::writer w(memory);
    put(w, value);
    BOOST_CHECK(w.error() == errc::ok);
    return to_hex(w.written());
}

[[nodiscard]] std::vector<byte> string_of(bytes_view content) {
    std::vector<byte> bytes(content.size() + 4);
    wire::writer w(bytes);
    w.put_string(content);
    return bytes;
}

[[nodiscard]] std::vector<byte> string_of(std::string_view content) {
    return string_of(adit::as_bytes(content));
}

/// A magnitude of this many bytes, each 0x41: positive as it is.
[[nodiscard]] std::vector<byte> long_integer(std::size_t bytes) {
    return string_of(std::string(bytes, '\x41'));
}

[[nodiscard]] std::vector<std::string> names_of(std::string_view list) {
    std::vector<std::string> names;
    const bool stopped = wire::name_list{list}.any_of([&names](std::string_view name) {
        names.emplace_back(name);
        return false;
    });
    BOOST_TEST(!stopped);
    return names;
}

BOOST_AUTO_TEST_SUITE(types)

BOOST_AUTO_TEST_CASE(c13_a_boolean_is_true_when_it_is_not_zero) {
    for (unsigned value = 0; value < 256; ++value) {
        const auto outcome = read<wire::boolean>({static_cast<byte>(value)});
        BOOST_CHECK(outcome.verdict == errc::ok);
        BOOST_TEST(outcome.value == (value != 0));
    }
    BOOST_TEST(written(wire::boolean{true}) == "01");
    BOOST_TEST(written(wire::boolean{false}) == "00");
}

BOOST_AUTO_TEST_CASE(numbers) {
    BOOST_TEST(written(wire::u8{0x7f}) == "7f");
    BOOST_TEST(written(wire::u32{699921578}) == "29b7f4aa");
    BOOST_TEST(written(wire::u64{0x0102030405060708U}) == "0102030405060708");
    BOOST_TEST(read<wire::u8>(octets_of("7f")).value == 0x7f);
    BOOST_TEST(read<wire::u32>(octets_of("29b7f4aa")).value == 699921578U);
    BOOST_TEST(read<wire::u64>(octets_of("0102030405060708")).value == 0x0102030405060708U);
}

BOOST_AUTO_TEST_CASE(strings_hold_any_byte) {
    const auto input = octets_of("00000005 'a' 00 0a ff 'b'");
    const auto text = read<wire::text>(input);
    BOOST_CHECK(text.verdict == errc::ok);
    BOOST_TEST(text.value.size() == 5U);
    BOOST_TEST(written(text.value) == to_hex(input));
    const auto octets = read<wire::octets>(input);
    BOOST_TEST(written(octets.value) == to_hex(input));
    BOOST_TEST(written(wire::text{"testing"}) == "0000000774657374696e67");
    const auto secret = read<wire::secret_text>(octets_of("00000002 'pw'"));
    BOOST_TEST(secret.value.value == "pw");
    BOOST_TEST(written(secret.value) == "000000027077");
}

BOOST_AUTO_TEST_CASE(a_cookie_is_sixteen_bytes_without_a_length) {
    const auto input = octets_of("000102030405060708090a0b0c0d0e0f");
    const auto outcome = read<wire::cookie>(input);
    BOOST_CHECK(outcome.verdict == errc::ok);
    BOOST_TEST(written(outcome.value) == to_hex(input));
    BOOST_CHECK(read<wire::cookie>(octets_of("000102030405060708090a0b0c0d0e")).verdict ==
                errc::message_truncated);
}

BOOST_AUTO_TEST_CASE(rest_is_everything_and_may_be_nothing) {
    BOOST_TEST(to_hex(read<wire::rest>(octets_of("00ff")).value.bytes) == "00ff");
    BOOST_CHECK(read<wire::rest>({}).verdict == errc::ok);
    BOOST_TEST(written(wire::rest{octets_of("00ff")}) == "00ff");
}

BOOST_AUTO_TEST_CASE(c11_examples_of_rfc4251) {
    BOOST_TEST(written(wire::mpint{}) == "00000000");
    BOOST_TEST(written(wire::mpint{octets_of("09a378f9b2e332a7")}) == "0000000809a378f9b2e332a7");
    BOOST_TEST(written(wire::mpint{octets_of("80")}) == "000000020080");
    for (const auto* magnitude : {"", "09a378f9b2e332a7", "80"}) {
        const auto bytes = octets_of(magnitude);
        const auto input = written(wire::mpint{bytes});
        const auto outcome = read<wire::mpint>(octets_of(input));
        BOOST_CHECK(outcome.verdict == errc::ok);
        BOOST_TEST(to_hex(outcome.value.magnitude) == magnitude);
    }
}

BOOST_AUTO_TEST_CASE(c11_negative_is_refused) {
    // The first two are RFC 4251's -1234 and -deadbeef.
    for (const auto* notation :
         {"00000002 edcc", "00000005 ff21524111", "00000001 80", "00000001 ff", "00000002 8000"}) {
        const auto outcome = read<wire::mpint>(octets_of(notation));
        BOOST_CHECK_MESSAGE(outcome.verdict == errc::malformed_field, notation);
        BOOST_TEST(outcome.value.magnitude.empty());
    }
}

BOOST_AUTO_TEST_CASE(c11_zero_and_leading_zeros_have_one_form) {
    for (const auto* notation :
         {"00000001 00", "00000002 0000", "00000002 0001", "00000002 007f", "00000003 000080"}) {
        const auto outcome = read<wire::mpint>(octets_of(notation));
        BOOST_CHECK_MESSAGE(outcome.verdict == errc::malformed_field, notation);
        BOOST_TEST(outcome.value.magnitude.empty());
    }
    BOOST_CHECK(read<wire::mpint>(octets_of("00000001 01")).verdict == errc::ok);
    BOOST_CHECK(read<wire::mpint>(octets_of("00000001 7f")).verdict == errc::ok);
    BOOST_CHECK(read<wire::mpint>(octets_of("00000002 00ff")).verdict == errc::ok);
}

BOOST_AUTO_TEST_CASE(c11_padded_secrets_are_written_in_the_one_form) {
    BOOST_TEST(written(wire::to_mpint(octets_of("00000000"))) == "00000000");
    BOOST_TEST(written(wire::to_mpint(octets_of("00007f01"))) == "000000027f01");
    BOOST_TEST(written(wire::to_mpint(octets_of("0000ff01"))) == "0000000300ff01");
    // put() forgives a magnitude that nobody trimmed.
    BOOST_TEST(written(wire::mpint{octets_of("0000ff01")}) == "0000000300ff01");
    BOOST_TEST(written(wire::mpint{octets_of("00")}) == "00000000");
}

BOOST_AUTO_TEST_CASE(c11_at_most_16384_bits) {
    BOOST_CHECK(read<wire::mpint>(long_integer(2048)).verdict == errc::ok);
    BOOST_CHECK(read<wire::mpint>(long_integer(2049)).verdict == errc::field_too_long);
    // 16384 bits with the highest one set need a sign byte, which does not count.
    std::vector<byte> with_sign(2049, 0xff);
    with_sign[0] = 0;
    BOOST_CHECK(read<wire::mpint>(string_of(bytes_view(with_sign))).verdict == errc::ok);
    with_sign.push_back(0xff);
    BOOST_CHECK(read<wire::mpint>(string_of(bytes_view(with_sign))).verdict ==
                errc::field_too_long);
}

BOOST_AUTO_TEST_CASE(c12_examples_of_rfc4251) {
    BOOST_TEST(written(wire::name_list{}) == "00000000");
    BOOST_TEST(written(wire::name_list{"zlib"}) == "000000047a6c6962");
    BOOST_TEST(written(wire::name_list{"zlib,none"}) == "000000097a6c69622c6e6f6e65");
    const auto outcome = read<wire::name_list>(octets_of("00000009 7a6c69622c6e6f6e65"));
    BOOST_CHECK(outcome.verdict == errc::ok);
    BOOST_TEST(outcome.value.names == "zlib,none");
    BOOST_TEST(outcome.value.first() == "zlib");
    BOOST_TEST(outcome.value.contains("none"));
}

BOOST_AUTO_TEST_CASE(c12_empty_name_list_is_legal) {
    const auto outcome = read<wire::name_list>(octets_of("00000000"));
    BOOST_CHECK(outcome.verdict == errc::ok);
    BOOST_TEST(outcome.value.names.empty());
    BOOST_TEST(outcome.value.first().empty());
    BOOST_TEST(!outcome.value.contains(""));
    BOOST_TEST(names_of("").empty());
}

BOOST_AUTO_TEST_CASE(c12_stray_commas_are_forgiven_and_never_match) {
    const std::vector<std::string> both{"a", "b"};
    for (const std::string_view list : {"a,b", ",a,b", "a,b,", "a,,b", ",,a,,,b,,"}) {
        const auto outcome = read<wire::name_list>(string_of(list));
        BOOST_CHECK_MESSAGE(outcome.verdict == errc::ok, list);
        BOOST_TEST(outcome.value.names == list);  // as received: it enters the exchange hash
        BOOST_TEST(names_of(list) == both, boost::test_tools::per_element());
        BOOST_TEST(!outcome.value.contains(""));
        BOOST_TEST(outcome.value.first() == "a");
        BOOST_TEST(outcome.value.contains("b"));
    }
    BOOST_TEST(names_of(",").empty());
}

BOOST_AUTO_TEST_CASE(c12_a_name_matches_as_a_whole) {
    const wire::name_list list{"aes128-gcm@openssh.com,none"};
    BOOST_TEST(list.contains("none"));
    for (const auto* name :
         {"non", "one", "aes128-gcm", "NONE", "none,", "m,none", "aes128-gcm@openssh.com,none"}) {
        BOOST_TEST(!list.contains(name), name);
    }
}

BOOST_AUTO_TEST_CASE(c12_names_of_at_most_64_characters) {
    const std::string longest(64, 'x');
    BOOST_CHECK(read<wire::name_list>(string_of(longest)).verdict == errc::ok);
    BOOST_CHECK(read<wire::name_list>(string_of(longest + "," + longest)).verdict == errc::ok);
    for (const auto& list : {longest + "x", "a," + longest + "x", longest + "x,a"}) {
        BOOST_CHECK(read<wire::name_list>(string_of(list)).verdict == errc::malformed_field);
    }
}

BOOST_AUTO_TEST_CASE(c12_only_printable_us_ascii) {
    for (unsigned value = 0; value < 256; ++value) {
        const std::string list{'a', static_cast<char>(value), 'b'};
        const bool legal = value > 0x20 && value < 0x7f;
        const auto verdict = read<wire::name_list>(string_of(list)).verdict;
        BOOST_CHECK_MESSAGE((verdict == errc::ok) == legal, value);
        BOOST_CHECK(legal || verdict == errc::malformed_field);
    }
}

BOOST_AUTO_TEST_CASE(a09_a_list_of_nothing_but_commas_has_no_name) {
    const std::string commas(250 * 1024, ',');
    const auto outcome = read<wire::name_list>(string_of(commas));
    BOOST_CHECK(outcome.verdict == errc::ok);
    BOOST_CHECK(outcome.value.names.data() ==
                reinterpret_cast<const char*>(outcome.input.data()) + 4);  // nothing was copied
    BOOST_TEST(names_of(commas).empty());
    BOOST_TEST(!outcome.value.contains(","));
}

BOOST_AUTO_TEST_CASE(a_visitor_can_stop) {
    unsigned visited = 0;
    const bool stopped = wire::name_list{"a,b,c"}.any_of([&visited](std::string_view name) {
        ++visited;
        return name == "b";
    });
    BOOST_TEST(stopped);
    BOOST_TEST(visited == 2U);
}

BOOST_AUTO_TEST_CASE(an_error_is_sticky) {
    const auto input = octets_of("00000001 80 00000004 'zlib' 00000001 01");
    wire::reader r(input);
    wire::mpint negative;
    wire::name_list names;
    wire::mpint one;
    wire::boolean flag = true;
    get(r, negative);
    get(r, names);
    get(r, one);
    get(r, flag);
    BOOST_TEST(names.names.empty());
    BOOST_TEST(one.magnitude.empty());
    BOOST_TEST(!flag);
    BOOST_CHECK(r.finish() == errc::malformed_field);
}

BOOST_AUTO_TEST_CASE(values_are_equal_when_their_bytes_are) {
    const auto a = octets_of("0102");
    const auto b = octets_of("0102");
    const auto c = octets_of("010203");
    BOOST_TEST(wire::same_bytes(a, b));
    BOOST_TEST(!wire::same_bytes(a, c));
    BOOST_CHECK(wire::rest{a} == wire::rest{b});
    BOOST_CHECK(!(wire::rest{a} == wire::rest{c}));
    BOOST_CHECK(wire::mpint{a} == wire::mpint{b});
    BOOST_CHECK(!(wire::mpint{a} == wire::mpint{c}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
