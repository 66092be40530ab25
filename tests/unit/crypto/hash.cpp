// hash.hpp: published digests, and that pieces make the same as the whole.
#include "support/test.hpp"

#include <adit/crypto/hash.hpp>

using adit::as_bytes;
using adit::to_hex;
using adit::crypto::digest;
using adit::crypto::digest_size;
using adit::crypto::hash_id;
using adit::crypto::hasher;

BOOST_AUTO_TEST_SUITE(hash)

// FIPS 180-4, the examples published with it: the message "abc".
BOOST_AUTO_TEST_CASE(published_digests_of_abc) {
    BOOST_TEST(to_hex(digest(hash_id::sha256, as_bytes("abc"))) ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(to_hex(digest(hash_id::sha384, as_bytes("abc"))) ==
               "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
               "8086072ba1e7cc2358baeca134c825a7");
    BOOST_TEST(to_hex(digest(hash_id::sha512, as_bytes("abc"))) ==
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
               "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

BOOST_AUTO_TEST_CASE(pieces_and_reuse_change_nothing) {
    for (const auto id : {hash_id::sha256, hash_id::sha384, hash_id::sha512}) {
        hasher h(id);
        h.update(as_bytes("a"));
        h.update({});
        h.update(as_bytes("bc"));
        const auto first = h.finish();
        BOOST_TEST(first.size() == digest_size(id));
        BOOST_TEST((first == digest(id, as_bytes("abc"))));
        h.update(as_bytes("abc"));
        BOOST_TEST((first == h.finish()));
    }
}

BOOST_AUTO_TEST_SUITE_END()
