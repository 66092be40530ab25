// Base64 against the vectors of RFC 4648 section 10, and what must be refused.
#include "support/test.hpp"

#include <adit/keys/base64.hpp>

using namespace adit;

BOOST_AUTO_TEST_SUITE(base64)

BOOST_AUTO_TEST_CASE(vectors_of_rfc_4648) {
    const std::array<std::pair<std::string_view, std::string_view>, 7> vectors{{
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    }};
    for (const auto& [plain, encoded] : vectors) {
        BOOST_TEST(keys::to_base64(as_bytes(plain)) == encoded);
        const auto decoded = keys::from_base64(encoded);
        BOOST_REQUIRE(decoded.has_value());
        BOOST_TEST(as_text(*decoded) == plain);
    }
}

BOOST_AUTO_TEST_CASE(only_the_canonical_text_is_accepted) {
    for (const std::string_view text :
         {"Zg", "Zg=", "Zh==", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9v\r", "Z", "=", "====", "Zm9-",
          "Zm9_", "Z\xc3\xa4=="}) {
        BOOST_TEST_INFO(text);
        BOOST_TEST(!keys::from_base64(text).has_value());
    }
    BOOST_TEST(!keys::from_base64(std::string_view("Zm\09v", 5)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
