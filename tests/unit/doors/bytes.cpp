// Tests of adit/bytes.hpp.
#include "support/test.hpp"

#include <adit/bytes.hpp>

namespace {

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(text_and_bytes_are_the_same_memory) {
    const std::string text{"a\0\xff", 3};
    const adit::bytes_view bytes = adit::as_bytes(text);
    BOOST_REQUIRE(bytes.size() == 3U);
    BOOST_TEST(bytes[1] == 0);
    BOOST_TEST(bytes[2] == 0xffU);
    const std::string_view back = adit::as_text(bytes);
    BOOST_TEST(back == text);
    BOOST_CHECK(back.data() == text.data());
    BOOST_TEST(adit::as_bytes("").empty());
    BOOST_TEST(adit::as_text({}).empty());
}

BOOST_AUTO_TEST_CASE(hex_has_two_lower_case_digits_a_byte) {
    const std::array<adit::byte, 4> bytes{0x00, 0x0f, 0xa5, 0xff};
    BOOST_TEST(adit::to_hex(bytes) == "000fa5ff");
    BOOST_TEST(adit::to_hex({}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
