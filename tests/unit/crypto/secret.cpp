// secret.hpp: comparing secrets (S04). That it takes constant time is Botan's promise.
#include "support/test.hpp"

#include <adit/crypto/secret.hpp>

using adit::byte;
using adit::crypto::same_secret;

BOOST_AUTO_TEST_SUITE(secret)

BOOST_AUTO_TEST_CASE(s04_the_same_bytes_are_the_same_secret) {
    const std::vector<byte> a(40, 7);
    const std::vector<byte> b(40, 7);
    BOOST_TEST(same_secret(a, b));
    BOOST_TEST(same_secret({}, {}));
}

BOOST_AUTO_TEST_CASE(s04_a_difference_anywhere_counts) {
    const std::vector<byte> a(40, 7);
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            auto b = a;
            b[i] = static_cast<byte>(b[i] ^ (1U << bit));
            BOOST_TEST(!same_secret(a, b));
        }
    }
}

BOOST_AUTO_TEST_CASE(s04_another_size_is_another_secret) {
    const std::vector<byte> a(40, 7);
    BOOST_TEST(!same_secret(a, adit::bytes_view(a).first(39)));
    BOOST_TEST(!same_secret({}, a));
}

BOOST_AUTO_TEST_SUITE_END()
