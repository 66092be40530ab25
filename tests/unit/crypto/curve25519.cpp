// curve25519.hpp: RFC 7748's values, secrets of every form (C11), points of low order (A12).
#include "support/test.hpp"

#include "support/fixed_random.hpp"
#include "vectors/crypto_exchange.hpp"
#include "vectors/hex.hpp"

#include <adit/crypto/curve25519.hpp>

using adit::byte;
using adit::errc;
using adit::to_hex;
using adit::crypto::curve25519_client;
using adit::crypto::curve25519_server;
using adit::test::fixed_random;
using adit::test::from_hex;
namespace vectors = adit::test::exchange;

namespace {

// Every point of order 1, 2, 4 or 8, of the curve and of its twist, in each of its encodings below
// 2^255; the list of cr.yp.to/ecdh.html without those that are low only where bit 255 counts.
constexpr std::array<std::string_view, 7> low_order_points{
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

struct form {
    std::string_view private_key, secret, encoded_head;
    std::size_t zeros;
};

// C11: what stands before the secret's first byte that is not zero.
constexpr std::array<form, 5> forms{{
    {vectors::plain_private, vectors::plain_secret, "00000020", 0},
    {vectors::high_bit_private, vectors::high_bit_secret, "0000002100", 0},
    {vectors::one_zero_private, vectors::one_zero_secret, "0000001f", 1},
    {vectors::zero_then_high_bit_private, vectors::zero_then_high_bit_secret, "0000002000", 1},
    {vectors::two_zeros_private, vectors::two_zeros_secret, "0000001e", 2},
}};

}  // namespace

BOOST_AUTO_TEST_SUITE(curve25519)

BOOST_AUTO_TEST_CASE(agrees_with_rfc_7748_in_both_roles) {
    const std::string encoded = "00000020" + std::string(vectors::shared);
    fixed_random alices(from_hex(vectors::alice_private));
    curve25519_client client(alices);
    BOOST_TEST(to_hex(client.public_value()) == vectors::alice_public);
    BOOST_TEST(to_hex(client.shared_secret(from_hex(vectors::bob_public)).value()) == encoded);

    fixed_random bobs(from_hex(vectors::bob_private));
    const auto share = curve25519_server(bobs).respond(from_hex(vectors::alice_public));
    BOOST_TEST(to_hex(share.value().public_value) == vectors::bob_public);
    BOOST_TEST(to_hex(share.value().shared_secret) == encoded);
}

BOOST_AUTO_TEST_CASE(c11_leading_zeros_and_a_high_bit_make_a_minimal_mpint) {
    for (const auto& form : forms) {
        fixed_random random(from_hex(form.private_key));
        curve25519_client client(random);
        const auto encoded = client.shared_secret(from_hex(vectors::bob_public));
        const std::string expected(form.secret.substr(2 * form.zeros));
        BOOST_TEST(to_hex(encoded.value()) == std::string(form.encoded_head) + expected);
    }
}

BOOST_AUTO_TEST_CASE(a12_low_order_points_are_refused_in_both_roles) {
    adit::crypto::system_random random;
    curve25519_client client(random);
    curve25519_server server(random);
    for (const auto hex : low_order_points) {
        for (const byte high_bit : {byte{0}, byte{0x80}}) {
            auto point = from_hex(hex);
            point[31] = static_cast<byte>(point[31] | high_bit);  // RFC 7748: masked
            BOOST_TEST((client.shared_secret(point).error() == errc::invalid_key_exchange_value));
            BOOST_TEST((server.respond(point).error() == errc::invalid_key_exchange_value));
        }
    }
}

BOOST_AUTO_TEST_CASE(c22_any_length_but_32_is_refused) {
    adit::crypto::system_random random;
    curve25519_client client(random);
    const auto good = from_hex(vectors::bob_public);
    BOOST_TEST(client.shared_secret(good).has_value());
    auto longer = good;
    longer.push_back(0);
    BOOST_TEST((client.shared_secret(longer).error() == errc::invalid_key_exchange_value));
    BOOST_TEST((client.shared_secret(adit::bytes_view(good).first(31)).error() ==
                errc::invalid_key_exchange_value));
}

BOOST_AUTO_TEST_SUITE_END()
