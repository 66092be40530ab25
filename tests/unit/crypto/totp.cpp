// TOTP against the published vectors of RFC 6238 appendix B and RFC 4226 appendix D, and secrets as
// people have them.
#include "support/test.hpp"

#include <adit/crypto/totp.hpp>

#include <array>
#include <limits>
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

// The steps of 1111111109 s (code 081804) and of the vectors beside it are far from each other.
std::optional<std::uint64_t> step_of(std::string_view typed, std::uint64_t now,
                                     unsigned window = 1) {
    const auto secret = totp::from_base32(sha1_key, {});
    return secret.value().matching_step(adit::as_bytes(typed), now, window);
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

BOOST_AUTO_TEST_CASE(rfc_4226_appendix_d) {
    constexpr std::array<std::string_view, 10> codes{"755224", "287082", "359152", "969429",
                                                     "338314", "254676", "287922", "162583",
                                                     "399871", "520489"};
    const auto secret = totp::from_base32(sha1_key, {totp_hash::sha1, 6, 30});
    BOOST_REQUIRE(secret.has_value());
    for (std::size_t counter = 0; counter < codes.size(); ++counter) {
        BOOST_TEST(as_text(secret->code(counter).value()) == codes[counter]);
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

BOOST_AUTO_TEST_CASE(a17_a_code_fits_its_step_and_the_one_beside) {
    constexpr std::uint64_t step = 1111111109 / 30;
    BOOST_TEST((step_of("081804", step) == step));
    BOOST_TEST((step_of("081804", step + 1) == step));
    BOOST_TEST((step_of("081804", step - 1) == step));
    BOOST_TEST((step_of("081804", step + 2) == std::nullopt));
    BOOST_TEST((step_of("081804", step - 2) == std::nullopt));
    BOOST_TEST((step_of("081804", step + 2, 2) == step));
    BOOST_TEST((step_of("081804", step, 0) == step));
    BOOST_TEST((step_of("081804", step + 1, 0) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(a17_leading_zeros_count_and_spaces_do_not) {
    constexpr std::uint64_t step = 1111111109 / 30;
    BOOST_TEST((step_of("081 804", step) == step));
    BOOST_TEST((step_of("  0 8 1 8 0 4 ", step) == step));
    for (const std::string_view wrong :
         {"", " ", "81804", "0081804", "0818040", "8180400", "081805", "081804\n", "081\t804",
          "-81804", "+81804", "08180a", "0x1804", "081.804", "08180\xb4"}) {
        BOOST_TEST((step_of(wrong, step) == std::nullopt), wrong);
    }
    BOOST_TEST((step_of(std::string_view("081804\0", 7), step) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(a17_digits_of_other_scripts_are_wrong) {
    constexpr std::uint64_t step = 1111111109 / 30;
    // 081804 in Arabic-Indic, fullwidth and Devanagari digits.
    for (const std::string_view wrong :
         {"\xd9\xa0\xd9\xa8\xd9\xa1\xd9\xa8\xd9\xa0\xd9\xa4",
          "\xef\xbc\x90\xef\xbc\x98\xef\xbc\x91\xef\xbc\x98\xef\xbc\x90\xef\xbc\x94",
          "08180\xe0\xa5\xaa",
          "081\xc2\xa0"
          "804",
          "081804\xe2\x80\x8b"}) {
        BOOST_TEST((step_of(wrong, step) == std::nullopt));
    }
}

BOOST_AUTO_TEST_CASE(a_code_beside_the_first_and_the_last_step_there_is) {
    constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
    BOOST_TEST((step_of(code_at(sha1_key, {}, 0), 0) == 0U));
    BOOST_TEST((step_of(code_at(sha1_key, {}, 30), 0) == 1U));
    BOOST_TEST((step_of(code_at(sha1_key, {totp_hash::sha1, 6, 1}, last), last) == last));
}

BOOST_AUTO_TEST_CASE(a_million_byte_code_is_only_a_wrong_one) {
    BOOST_TEST((step_of(std::string(1U << 20U, '0'), 1) == std::nullopt));
}

BOOST_AUTO_TEST_SUITE_END()
