// The error for a key whose passphrase would cost too much.
#include "support/test.hpp"

#include <adit/keys/key_cost.hpp>

using namespace adit;

BOOST_AUTO_TEST_SUITE(key_cost)

BOOST_AUTO_TEST_CASE(too_costly_is_an_error_of_its_own_with_its_own_text) {
    const error_code error = keys::key_too_costly();
    BOOST_TEST(error.failed());
    BOOST_TEST((error == keys::key_too_costly()));
    BOOST_TEST(!is_final(error));
    for (int value = 1; value < 200; ++value) {
        const error_code other = make_error_code(static_cast<errc>(value));
        BOOST_TEST((error != other));
        BOOST_TEST(error.message() != other.message());
    }
}

BOOST_AUTO_TEST_CASE(l21_what_programs_write_is_far_below_the_caps) {
    const keys::key_cost_limits limits;
    BOOST_TEST(limits.bcrypt_rounds == 1024U);
    BOOST_TEST(limits.pbkdf2_iterations >= 1'000'000U);
    BOOST_TEST(limits.scrypt_bytes >= 128U * 8 * 16384);
}

BOOST_AUTO_TEST_SUITE_END()
