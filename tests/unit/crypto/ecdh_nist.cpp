// ecdh_nist.hpp: NIST's values, secrets of every form (C11), points that are none (C22, A12).
#include "support/test.hpp"

#include "support/fixed_random.hpp"
#include "vectors/crypto_ecdh.hpp"
#include "vectors/hex.hpp"

#include <adit/crypto/ecdh_nist.hpp>

#include <functional>

using adit::byte;
using adit::errc;
using adit::to_hex;
using adit::crypto::ecdh_client;
using adit::crypto::ecdh_server;
using adit::crypto::nist_curve;
using adit::test::fixed_random;
using adit::test::from_hex;
namespace vectors = adit::test::ecdh;

namespace {

struct form {
    std::string_view private_key, mpint, head;
};

struct curve_case {
    nist_curve curve;
    std::string_view private_key, public_value, peer, secret, compressed, prime;
    std::vector<form> forms;
};

// The primes are RFC 5656's curves' (SEC 2), to make coordinates that are too large.
const std::array curves{
    curve_case{nist_curve::p256,
               vectors::p256_private,
               vectors::p256_public,
               vectors::p256_peer,
               vectors::p256_secret,
               vectors::p256_compressed,
               "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
               {{vectors::p256_plain_private, vectors::p256_plain_mpint, "00000020"},
                {vectors::p256_high_bit_private, vectors::p256_high_bit_mpint, "0000002100"},
                {vectors::p256_one_zero_private, vectors::p256_one_zero_mpint, "0000001f"},
                {vectors::p256_zero_then_high_bit_private, vectors::p256_zero_then_high_bit_mpint,
                 "0000002000"}}},
    curve_case{nist_curve::p384,
               vectors::p384_private,
               vectors::p384_public,
               vectors::p384_peer,
               vectors::p384_secret,
               vectors::p384_compressed,
               "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000"
               "000000ffffffff",
               {{vectors::p384_plain_private, vectors::p384_plain_mpint, "00000030"},
                {vectors::p384_high_bit_private, vectors::p384_high_bit_mpint, "0000003100"},
                {vectors::p384_one_zero_private, vectors::p384_one_zero_mpint, "0000002f"},
                {vectors::p384_zero_then_high_bit_private, vectors::p384_zero_then_high_bit_mpint,
                 "0000003000"}}},
    curve_case{
        nist_curve::p521,
        vectors::p521_private,
        vectors::p521_public,
        vectors::p521_peer,
        vectors::p521_secret,
        vectors::p521_compressed,
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffffffffffffffffffffffffffff",
        {{vectors::p521_plain_private, vectors::p521_plain_mpint, "00000042"},
         {vectors::p521_one_zero_private, vectors::p521_one_zero_mpint, "00000041"},
         {vectors::p521_zero_then_high_bit_private, vectors::p521_zero_then_high_bit_mpint,
          "0000004200"}}},
};

std::unique_ptr<adit::crypto::client_key_agreement> client_of(nist_curve curve,
                                                              adit::crypto::random_source& random) {
    switch (curve) {
        case nist_curve::p256: return std::make_unique<ecdh_client<nist_curve::p256>>(random);
        case nist_curve::p384: return std::make_unique<ecdh_client<nist_curve::p384>>(random);
        case nist_curve::p521: return std::make_unique<ecdh_client<nist_curve::p521>>(random);
    }
    return nullptr;
}

std::unique_ptr<adit::crypto::server_key_agreement> server_of(nist_curve curve,
                                                              adit::crypto::random_source& random) {
    switch (curve) {
        case nist_curve::p256: return std::make_unique<ecdh_server<nist_curve::p256>>(random);
        case nist_curve::p384: return std::make_unique<ecdh_server<nist_curve::p384>>(random);
        case nist_curve::p521: return std::make_unique<ecdh_server<nist_curve::p521>>(random);
    }
    return nullptr;
}

void refused_by_both(const curve_case& c, const std::vector<byte>& value, const char* why) {
    adit::crypto::system_random random;
    const auto client = client_of(c.curve, random);
    const auto server = server_of(c.curve, random);
    BOOST_TEST((client->shared_secret(value).error() == errc::invalid_key_exchange_value), why);
    BOOST_TEST((server->respond(value).error() == errc::invalid_key_exchange_value), why);
}

std::vector<byte> changed(std::string_view point,
                          const std::function<void(std::vector<byte>&)>& change) {
    auto bytes = from_hex(point);
    change(bytes);
    return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ecdh_nist)

BOOST_AUTO_TEST_CASE(agrees_with_nist_in_both_roles) {
    for (const auto& c : curves) {
        const auto secret = from_hex(c.secret);
        const std::string expected = to_hex(adit::crypto::encode_as_mpint(secret));
        fixed_random random(from_hex(c.private_key));
        const auto client = client_of(c.curve, random);
        BOOST_TEST(to_hex(client->public_value()) == c.public_value);
        BOOST_TEST(to_hex(client->shared_secret(from_hex(c.peer)).value()) == expected);

        fixed_random same(from_hex(c.private_key));
        const auto share = server_of(c.curve, same)->respond(from_hex(c.peer));
        BOOST_TEST(to_hex(share.value().public_value) == c.public_value);
        BOOST_TEST(to_hex(share.value().shared_secret) == expected);
    }
}

BOOST_AUTO_TEST_CASE(c11_leading_zeros_and_a_high_bit_make_a_minimal_mpint) {
    for (const auto& c : curves) {
        for (const auto& form : c.forms) {
            BOOST_REQUIRE(form.mpint.starts_with(form.head));
            fixed_random random(from_hex(form.private_key));
            const auto secret = client_of(c.curve, random)->shared_secret(from_hex(c.peer));
            BOOST_TEST(to_hex(secret.value()) == form.mpint);
            fixed_random same(from_hex(form.private_key));
            const auto share = server_of(c.curve, same)->respond(from_hex(c.peer));
            BOOST_TEST(to_hex(share.value().shared_secret) == form.mpint);
        }
    }
}

BOOST_AUTO_TEST_CASE(c22_public_values_are_uncompressed_points) {
    adit::crypto::system_random random;
    for (const auto& c : curves) {
        const auto client = client_of(c.curve, random);
        BOOST_TEST(client->public_value().size() == 1 + 2 * adit::crypto::coordinate_size(c.curve));
        BOOST_TEST(client->public_value()[0] == 4);
    }
}

BOOST_AUTO_TEST_CASE(a12_compressed_and_hybrid_points_are_refused) {
    for (const auto& c : curves) {
        refused_by_both(c, from_hex(c.compressed), "compressed");
        for (unsigned first = 0; first < 256; ++first) {
            if (first == 4) continue;
            refused_by_both(c, changed(c.peer, [&](auto& p) { p[0] = static_cast<byte>(first); }),
                            "first byte");
        }
    }
}

BOOST_AUTO_TEST_CASE(a12_infinity_is_refused_in_each_encoding) {
    for (const auto& c : curves) {
        refused_by_both(c, {0}, "infinity as one byte");
        refused_by_both(c, {4}, "04 alone");
        refused_by_both(c, changed(c.peer, [](auto& p) { std::fill(p.begin() + 1, p.end(), 0); }),
                        "both coordinates zero");
        refused_by_both(c, changed(c.peer, [](auto& p) { std::ranges::fill(p, 0); }), "all zero");
    }
}

BOOST_AUTO_TEST_CASE(a12_points_off_the_curve_are_refused) {
    for (const auto& c : curves) {
        const std::size_t coordinate = adit::crypto::coordinate_size(c.curve);
        refused_by_both(c, changed(c.peer, [](auto& p) { p.back() ^= 1U; }), "y changed");
        refused_by_both(c, changed(c.peer, [&](auto& p) { p[coordinate] ^= 1U; }), "x changed");
        refused_by_both(c,
                        changed(c.peer,
                                [&](auto& p) {
                                    const auto middle =
                                        p.begin() + 1 + static_cast<std::ptrdiff_t>(coordinate);
                                    std::swap_ranges(p.begin() + 1, middle, middle);
                                }),
                        "x and y swapped");
    }
}

BOOST_AUTO_TEST_CASE(a12_coordinates_must_be_smaller_than_the_prime) {
    for (const auto& c : curves) {
        const auto prime = from_hex(c.prime);
        BOOST_REQUIRE(prime.size() == adit::crypto::coordinate_size(c.curve));
        refused_by_both(
            c, changed(c.peer, [&](auto& p) { std::ranges::copy(prime, p.begin() + 1); }), "x = p");
        refused_by_both(c,
                        changed(c.peer,
                                [&](auto& p) {
                                    std::ranges::copy(
                                        prime, p.end() - static_cast<std::ptrdiff_t>(prime.size()));
                                }),
                        "y = p");
        refused_by_both(c,
                        changed(c.peer, [](auto& p) { std::fill(p.begin() + 1, p.end(), 0xFF); }),
                        "both as large as they can be");
    }
}

BOOST_AUTO_TEST_CASE(a12_a_point_of_another_curve_is_refused) {
    for (const auto& c : curves) {
        for (const auto& other : curves) {
            if (c.curve != other.curve) refused_by_both(c, from_hex(other.peer), "another curve");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
