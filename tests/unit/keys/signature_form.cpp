// The forms of signatures, to Botan and back.
#include "support/test.hpp"

#include <adit/keys/signature_form.hpp>

using namespace adit;

namespace {

const keys::signature_algorithm& row(std::string_view name) {
    return *keys::find_signature_algorithm(name);
}

std::vector<byte> filled(std::size_t size, byte value) { return std::vector<byte>(size, value); }

}  // namespace

BOOST_AUTO_TEST_SUITE(signature_form)

BOOST_AUTO_TEST_CASE(what_goes_there_comes_back) {
    for (const keys::signature_algorithm& algorithm : keys::signature_algorithms) {
        const std::size_t size = keys::botan_size(algorithm, 2048);
        for (const byte value : std::array<byte, 4>{1, 0x7f, 0x80, 0xff}) {
            const auto made = filled(size, value);
            const auto written = keys::from_botan_form(algorithm, 2048, made);
            BOOST_REQUIRE(written.has_value());
            const auto back = keys::to_botan_form(algorithm, 2048, *written);
            BOOST_REQUIRE(back.has_value());
            BOOST_TEST((*back == made));
        }
        BOOST_TEST(!keys::from_botan_form(algorithm, 2048, filled(size + 1, 1)).has_value());
        BOOST_TEST(!keys::from_botan_form(algorithm, 2048, filled(size - 1, 1)).has_value());
    }
}

BOOST_AUTO_TEST_CASE(small_numbers_of_ecdsa_are_short_there_and_padded_here) {
    auto made = filled(64, 0);
    made[31] = 0x80;
    made[63] = 0x7f;
    const auto& ecdsa = row("ecdsa-sha2-nistp256");
    const auto written = keys::from_botan_form(ecdsa, 256, made).value();
    BOOST_TEST(to_hex(written) == "000000020080000000017f");
    BOOST_TEST((keys::to_botan_form(ecdsa, 256, written).value() == made));
}

BOOST_AUTO_TEST_CASE(a13_numbers_of_ecdsa_that_are_zero_long_or_not_minimal) {
    const auto& ecdsa = row("ecdsa-sha2-nistp256");
    const auto accepted = [&ecdsa](bytes_view bytes) {
        return keys::to_botan_form(ecdsa, 256, bytes).has_value();
    };
    BOOST_TEST(accepted(std::array<byte, 10>{0, 0, 0, 1, 5, 0, 0, 0, 1, 5}));
    BOOST_TEST(!accepted(std::array<byte, 9>{0, 0, 0, 0, 0, 0, 0, 1, 5}));
    BOOST_TEST(!accepted(std::array<byte, 9>{0, 0, 0, 1, 5, 0, 0, 0, 0}));
    BOOST_TEST(!accepted(std::array<byte, 11>{0, 0, 0, 2, 0, 5, 0, 0, 0, 1, 5}));
    BOOST_TEST(!accepted(std::array<byte, 10>{0, 0, 0, 1, 0x85, 0, 0, 0, 1, 5}));
    BOOST_TEST(!accepted(std::array<byte, 11>{0, 0, 0, 1, 5, 0, 0, 0, 1, 5, 0}));
    std::vector<byte> longer{0, 0, 0, 33};
    longer.insert(longer.end(), 33, 1);
    longer.insert(longer.end(), {0, 0, 0, 1, 5});
    BOOST_TEST(!accepted(longer));
    BOOST_TEST(!accepted({}));
}

BOOST_AUTO_TEST_CASE(rsa_is_padded_to_the_modulus_and_never_cut) {
    const auto& rsa = row("rsa-sha2-512");
    BOOST_TEST(keys::botan_size(rsa, 2049) == 257U);
    const auto padded = keys::to_botan_form(rsa, 2049, filled(255, 9)).value();
    BOOST_TEST(to_hex(padded) == "0000" + to_hex(filled(255, 9)));
    BOOST_TEST(!keys::to_botan_form(rsa, 2049, filled(258, 0)).has_value());
    BOOST_TEST(!keys::to_botan_form(rsa, 2049, {}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
