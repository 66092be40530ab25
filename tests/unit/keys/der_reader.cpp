// The cursor over DER: what is accepted, and every way in which a length or a number can lie.
#include "support/test.hpp"

#include <adit/keys/der_reader.hpp>

#include <botan/hex.h>

using namespace adit;
using keys::der_tag;

namespace {

std::string taken(const char* hex, der_tag tag) {
    const auto input = Botan::hex_decode(hex);
    keys::der_reader r(input);
    const std::string content = to_hex(r.take(tag));
    return r.failed() ? "failed" : content;
}

std::string number(const char* hex) {
    const auto input = Botan::hex_decode(hex);
    keys::der_reader r(input);
    const std::string content = to_hex(r.take_number().magnitude);
    return r.failed() ? "failed" : content;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(der_reader)

BOOST_AUTO_TEST_CASE(elements_are_read_in_their_order) {
    const auto input = Botan::hex_decode("3007020105040201020500");
    keys::der_reader outer(input);
    keys::der_reader r = outer.take_inner(der_tag::sequence);
    BOOST_TEST(r.take_u32() == 5U);
    BOOST_TEST(!r.next_is(der_tag::null));
    BOOST_TEST(to_hex(r.take(der_tag::octet_string)) == "0102");
    BOOST_TEST(r.finished());
    BOOST_TEST(outer.next_is(der_tag::null));
    outer.skip_if(der_tag::integer);
    outer.skip_if(der_tag::null);
    BOOST_TEST(outer.finished());
}

BOOST_AUTO_TEST_CASE(lengths_have_their_shortest_form_and_fit) {
    BOOST_TEST(taken("0400", der_tag::octet_string).empty());
    BOOST_TEST(taken("0401ff", der_tag::octet_string) == "ff");
    const std::string long_one(2 * 128, 'a');
    BOOST_TEST(taken(("048180" + long_one).c_str(), der_tag::octet_string) == long_one);
    for (const char* bad : {"", "04", "0401", "040200", "0480", "048100", "04817f", "04820080",
                            "0484", "0485000000000001", "04ff", "0482", "048201", "0483ffffff"}) {
        BOOST_TEST_INFO(bad);
        BOOST_TEST(taken(bad, der_tag::octet_string) == "failed");
    }
    BOOST_TEST(taken("0401ff", der_tag::integer) == "failed");
}

BOOST_AUTO_TEST_CASE(numbers_are_minimal_and_not_negative) {
    BOOST_TEST(number("020100").empty());
    BOOST_TEST(number("02017f") == "7f");
    BOOST_TEST(number("02020080") == "80");
    for (const char* bad : {"0200", "020180", "0202007f", "02020000", "0203000080"}) {
        BOOST_TEST_INFO(bad);
        BOOST_TEST(number(bad) == "failed");
    }
    const auto largest = Botan::hex_decode("020500ffffffff");
    BOOST_TEST(keys::der_reader(largest).take_u32() == 0xffffffffU);
    const auto larger = Botan::hex_decode("02050100000000");
    keys::der_reader r(larger);
    BOOST_TEST(r.take_u32() == 0U);
    BOOST_TEST(r.failed());
}

BOOST_AUTO_TEST_CASE(an_error_stays_and_is_inherited) {
    const auto input = Botan::hex_decode("0500020101");
    keys::der_reader r(input);
    keys::der_reader inner = r.take_inner(der_tag::sequence);
    BOOST_TEST(inner.failed());
    BOOST_TEST(!inner.finished());
    r.skip(der_tag::null);
    BOOST_TEST(r.failed());
    BOOST_TEST(!r.finished());
}

BOOST_AUTO_TEST_SUITE_END()
