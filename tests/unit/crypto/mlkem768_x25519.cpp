// mlkem768_x25519.hpp: NIST's ACVP vectors, OpenSSL's encapsulation, what is refused (C23, A12).
#include "support/test.hpp"

#include "support/fixed_random.hpp"
#include "vectors/crypto_exchange.hpp"
#include "vectors/crypto_mlkem768.hpp"
#include "vectors/hex.hpp"

#include <adit/crypto/mlkem768_x25519.hpp>

#include <botan/hash.h>

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::to_hex;
using adit::crypto::mlkem768_x25519_client;
using adit::crypto::mlkem768_x25519_server;
using adit::test::fixed_random;
using adit::test::from_hex;
namespace curve = adit::test::exchange;
namespace kem = adit::test::mlkem768;

namespace {

std::vector<byte> joined(std::string_view a, std::string_view b) {
    return from_hex(std::string(a) + std::string(b));
}

std::string short_shake256(bytes_view bytes) {
    const auto shake = Botan::HashFunction::create_or_throw("SHAKE-256(128)");
    shake->update(bytes);
    return to_hex(shake->final());
}

/// The client whose two keys the vectors know.
struct known_client {
    fixed_random random{joined(kem::seed, curve::alice_private)};
    mlkem768_x25519_client client{random};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mlkem768_x25519)

BOOST_AUTO_TEST_CASE(c23_the_clients_value_is_the_acvp_key_and_then_the_curves) {
    known_client known;
    const auto value = known.client.public_value();
    BOOST_REQUIRE(value.size() == 1184U + 32U);
    BOOST_TEST(to_hex(value) ==
               std::string(kem::encapsulation_key) + std::string(curve::alice_public));
    BOOST_TEST(short_shake256(value.first(1184)) == kem::encapsulation_key_digest);
}

BOOST_AUTO_TEST_CASE(c23_the_secret_is_a_string_of_openssls_making) {
    known_client known;
    const auto secret = known.client.shared_secret(joined(kem::ciphertext, curve::bob_public));
    BOOST_TEST(to_hex(secret.value()) == kem::hybrid_secret);
}

BOOST_AUTO_TEST_CASE(c23_the_servers_value_is_the_acvp_ciphertext_and_then_the_curves) {
    fixed_random random(joined(curve::bob_private, kem::acvp_message));
    mlkem768_x25519_server server(random);
    const auto share = server.respond(joined(kem::acvp_key, curve::alice_public)).value();
    BOOST_REQUIRE(share.public_value.size() == 1088U + 32U);
    BOOST_TEST(short_shake256(bytes_view(share.public_value).first(1088)) ==
               kem::acvp_ciphertext_digest);
    BOOST_TEST(to_hex(bytes_view(share.public_value).last(32)) == curve::bob_public);

    const auto both = joined(kem::acvp_secret, curve::shared);
    const auto expected = adit::crypto::digest(adit::crypto::hash_id::sha256, both);
    BOOST_TEST(to_hex(share.shared_secret) == "00000020" + to_hex(expected));
}

BOOST_AUTO_TEST_CASE(c23_a_tampered_ciphertext_gives_another_secret_and_no_error) {
    known_client known;
    const auto good = joined(kem::ciphertext, curve::bob_public);
    for (const std::size_t place : {std::size_t{0}, std::size_t{500}, std::size_t{1087}}) {
        auto bad = good;
        bad[place] = static_cast<byte>(bad[place] ^ 1U);
        const auto secret = known.client.shared_secret(bad);
        BOOST_REQUIRE(secret.has_value());
        BOOST_TEST(secret->size() == 36U);
        BOOST_TEST(to_hex(*secret) != kem::hybrid_secret);
    }
}

BOOST_AUTO_TEST_CASE(c23_a_key_with_a_coefficient_of_q_is_refused) {
    adit::crypto::system_random random;
    mlkem768_x25519_server server(random);
    BOOST_TEST(server.respond(joined(kem::encapsulation_key, curve::alice_public)).has_value());
    const auto share = server.respond(joined(kem::key_with_coefficient_q, curve::alice_public));
    BOOST_TEST((share.error() == errc::invalid_key_exchange_value));
}

BOOST_AUTO_TEST_CASE(a12_a_low_order_curve_half_is_refused_in_both_roles) {
    const std::string zero(64, '0');
    known_client known;
    BOOST_TEST((known.client.shared_secret(joined(kem::ciphertext, zero)).error() ==
                errc::invalid_key_exchange_value));
    mlkem768_x25519_server server(known.random);
    BOOST_TEST((server.respond(joined(kem::encapsulation_key, zero)).error() ==
                errc::invalid_key_exchange_value));
}

BOOST_AUTO_TEST_SUITE_END()
