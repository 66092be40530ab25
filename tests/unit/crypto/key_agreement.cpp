// Encodings of the secret, and what every key exchange method of the table does.
#include "support/test.hpp"

#include "vectors/hex.hpp"

#include <adit/crypto/algorithms.hpp>

#include <set>

using adit::byte;
using adit::to_hex;
using adit::crypto::encode_as_mpint;
using adit::crypto::encode_as_string;
using adit::crypto::kex_algorithms;
using adit::test::from_hex;

namespace {

// Their values are integers of any length; dh_group.cpp has their rows.
bool is_dh(const adit::crypto::kex_algorithm& kex) { return kex.name.starts_with("diffie-"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(key_agreement)

BOOST_AUTO_TEST_CASE(c11_a_secret_as_mpint_is_minimal_and_never_negative) {
    const auto encoded = [](std::string_view hex) {
        return to_hex(encode_as_mpint(from_hex(hex)));
    };
    BOOST_TEST(encoded("0102") == "000000020102");
    BOOST_TEST(encoded("7fff") == "000000027fff");
    BOOST_TEST(encoded("80ff") == "000000030080ff");
    BOOST_TEST(encoded("0080ff") == "000000030080ff");
    BOOST_TEST(encoded("000000017f") == "00000002017f");
    BOOST_TEST(encoded("0000") == "00000000");
    BOOST_TEST(encoded("") == "00000000");
}

BOOST_AUTO_TEST_CASE(c23_a_secret_as_string_keeps_every_byte) {
    const auto encoded = [](std::string_view hex) {
        return to_hex(encode_as_string(from_hex(hex)));
    };
    BOOST_TEST(encoded("0080ff") == "000000030080ff");
    BOOST_TEST(encoded("80ff") == "0000000280ff");
    BOOST_TEST(encoded("") == "00000000");
}

BOOST_AUTO_TEST_CASE(c11_two_hundred_exchanges_of_each_method_agree_and_twenty_of_each_group) {
    adit::crypto::system_random random;
    for (const auto& kex : kex_algorithms) {
        std::set<std::string> secrets;
        const std::size_t exchanges = is_dh(kex) ? 20 : 200;
        for (std::size_t i = 0; i < exchanges; ++i) {
            const auto client = kex.make_client(random);
            const auto server = kex.make_server(random);
            const auto share = server->respond(client->public_value());
            BOOST_REQUIRE(share.has_value());
            const auto secret = client->shared_secret(share->public_value);
            BOOST_REQUIRE(secret.has_value());
            BOOST_REQUIRE((*secret == share->shared_secret));
            secrets.insert(to_hex(*secret));
        }
        BOOST_TEST(secrets.size() == exchanges);
    }
}

BOOST_AUTO_TEST_CASE(one_server_gives_each_client_a_key_of_its_own) {
    adit::crypto::system_random random;
    for (const auto& kex : kex_algorithms) {
        const auto client = kex.make_client(random);
        const auto server = kex.make_server(random);
        const auto a = server->respond(client->public_value());
        const auto b = server->respond(client->public_value());
        BOOST_TEST((a->public_value != b->public_value));
        BOOST_TEST((a->shared_secret != b->shared_secret));
    }
}

BOOST_AUTO_TEST_CASE(a12_every_other_length_is_refused_in_both_roles) {
    adit::crypto::system_random random;
    for (const auto& kex : kex_algorithms) {
        if (is_dh(kex)) continue;
        const auto client = kex.make_client(random);
        const auto server = kex.make_server(random);
        const auto good_client = client->public_value();
        const auto good_server = server->respond(good_client)->public_value;
        for (std::size_t size = 0; size <= 1300; ++size) {
            const std::vector<byte> value(size, 9);
            if (size != good_client.size()) {
                BOOST_TEST(
                    (server->respond(value).error() == adit::errc::invalid_key_exchange_value));
            }
            if (size != good_server.size()) {
                BOOST_TEST((client->shared_secret(value).error() ==
                            adit::errc::invalid_key_exchange_value));
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
