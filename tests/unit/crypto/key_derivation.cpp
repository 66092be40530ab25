// key_derivation.hpp: every hash, for keys shorter than a digest, as long and longer (C17).
#include "support/test.hpp"

#include "vectors/crypto_exchange.hpp"
#include "vectors/hex.hpp"

#include <adit/crypto/key_derivation.hpp>

using adit::to_hex;
using adit::crypto::derive_key;
using adit::crypto::exchange_result;
using adit::crypto::hash_id;
using adit::test::from_hex;
namespace vectors = adit::test::exchange;

namespace {

struct expectation {
    hash_id hash;
    std::string_view exchange_hash, a, d, f;
};

constexpr std::array expectations{
    expectation{hash_id::sha256, vectors::kdf_sha256_hash, vectors::kdf_sha256_a,
                vectors::kdf_sha256_d, vectors::kdf_sha256_f},
    expectation{hash_id::sha384, vectors::kdf_sha384_hash, vectors::kdf_sha384_a,
                vectors::kdf_sha384_d, vectors::kdf_sha384_f},
    expectation{hash_id::sha512, vectors::kdf_sha512_hash, vectors::kdf_sha512_a,
                vectors::kdf_sha512_d, vectors::kdf_sha512_f},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(key_derivation)

// 12 bytes, exactly one digest, and 160 bytes (up to five digests); a session id whose size is not
// the hash's is what a rekey with another method gives (C17).
BOOST_AUTO_TEST_CASE(c17_agrees_with_openssl_for_each_hash_and_size) {
    const auto secret = from_hex(vectors::kdf_secret);
    const auto session_id = from_hex(vectors::kdf_session_id);
    for (const auto& e : expectations) {
        const auto exchange_hash = from_hex(e.exchange_hash);
        const exchange_result from{e.hash, secret, exchange_hash, session_id};
        BOOST_TEST(to_hex(derive_key(from, 'A', 12)) == e.a);
        BOOST_TEST(to_hex(derive_key(from, 'D', exchange_hash.size())) == e.d);
        BOOST_TEST(to_hex(derive_key(from, 'F', 160)) == e.f);
    }
}

BOOST_AUTO_TEST_CASE(a_longer_key_starts_with_the_shorter_one) {
    const auto secret = from_hex(vectors::kdf_secret);
    const exchange_result from{hash_id::sha256, secret, secret, secret};
    const auto longest = to_hex(derive_key(from, 'C', 130));
    for (std::size_t size = 0; size <= 130; ++size) {
        BOOST_TEST(to_hex(derive_key(from, 'C', size)) == longest.substr(0, 2 * size));
    }
}

BOOST_AUTO_TEST_SUITE_END()
