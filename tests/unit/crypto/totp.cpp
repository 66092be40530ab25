// TOTP against the published vectors of RFC 6238 appendix B, and secrets as people have them.
#include "support/test.hpp"

#include <adit/crypto/totp.hpp>

#include <array>
#include <string>

namespace {

using adit::as_text;
using adit::crypto::totp;
using adit::crypto::totp_hash;
using adit::crypto::totp_settings;

// The appendix' ASCII keys, in base32 as a service would show them.
constexpr std::string_view sha1_key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
constexpr std::string_view sha256_key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA====";
constexpr std::string_view sha512_key =
    "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA=";

std::string code_at(std::string_view key, const totp_settings& settings, std::uint64_t seconds) {
    const auto secret = totp::from_base32(key, settings);
    BOOST_REQUIRE(secret.has_value());
    const auto code = secret->code(secret->step_at(seconds));
    BOOST_REQUIRE(code.has_value());
    return std::string(as_text(*code));
}

struct row {
    std::uint64_t seconds;
    const char *sha1, *sha256, *sha512;
};
constexpr std::array<row, 6> appendix_b{{
    {59, "94287082", "46119246", "90693936"},
    {1111111109, "07081804", "68084774", "25091201"},
    {1111111111, "14050471", "67062674", "99943326"},
    {1234567890, "89005924", "91819424", "93441116"},
    {2000000000, "69279037", "90698825", "38618901"},
    {20000000000, "65353130", "77737706", "47863826"},
}};

}  // namespace

BOOST_AUTO_TEST_SUITE(totp_codes)

BOOST_AUTO_TEST_CASE(rfc_6238_appendix_b) {
    for (const row& r : appendix_b) {
        BOOST_TEST(code_at(sha1_key, {totp_hash::sha1, 8, 30}, r.seconds) == r.sha1);
        BOOST_TEST(code_at(sha256_key, {totp_hash::sha256, 8, 30}, r.seconds) == r.sha256);
        BOOST_TEST(code_at(sha512_key, {totp_hash::sha512, 8, 30}, r.seconds) == r.sha512);
    }
}

BOOST_AUTO_TEST_CASE(fewer_digits_are_the_last_ones_and_keep_leading_zeros) {
    BOOST_TEST(code_at(sha1_key, {totp_hash::sha1, 7, 30}, 1111111109) == "7081804");
    BOOST_TEST(code_at(sha1_key, {totp_hash::sha1, 6, 30}, 1111111109) == "081804");
    BOOST_TEST(code_at(sha1_key, {totp_hash::sha1, 6, 30}, 20000000000) == "353130");
}

BOOST_AUTO_TEST_CASE(any_period) {
    const totp_settings slow{totp_hash::sha1, 8, 600};
    BOOST_TEST(code_at(sha1_key, slow, 600) == code_at(sha1_key, {totp_hash::sha1, 8, 30}, 30));
    BOOST_TEST(code_at(sha1_key, slow, 1199) == code_at(sha1_key, slow, 600));
    BOOST_TEST(code_at(sha1_key, slow, 1200) != code_at(sha1_key, slow, 600));
}

BOOST_AUTO_TEST_CASE(secrets_with_spaces_dashes_lower_case_and_no_padding) {
    const std::string expected = code_at(sha256_key, {totp_hash::sha256, 8, 30}, 59);
    for (const std::string_view written :
         {"gezd gnbv gy3t qojq gezd gnbv gy3t qojq gezd gnbv gy3t qojq geza",
          "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ-GEZA",
          "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA\n"}) {
        BOOST_TEST(code_at(written, {totp_hash::sha256, 8, 30}, 59) == expected);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_secret_is_refused_without_naming_a_character) {
    for (const std::string_view wrong : {"", "    ", "GEZD1NBV", "GEZD!NBV", "====", "0189"}) {
        const auto secret = totp::from_base32(wrong, {});
        BOOST_TEST(secret.has_error());
        BOOST_TEST((secret.error() == adit::errc::totp_secret_malformed));
    }
    BOOST_TEST(totp::from_base32(sha1_key, {totp_hash::sha1, 5, 30}).has_error());
    BOOST_TEST(totp::from_base32(sha1_key, {totp_hash::sha1, 9, 30}).has_error());
    BOOST_TEST(totp::from_base32(sha1_key, {totp_hash::sha1, 6, 0}).has_error());
}

BOOST_AUTO_TEST_SUITE_END()
