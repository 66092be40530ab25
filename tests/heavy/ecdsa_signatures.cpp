// A34: ten thousand ECDSA signatures over the three curves, each with the nonce of RFC 6979 section
// 3.2 as it is written there. PuTTY's nonces for P-521 had nine bits that were always zero
// (CVE-2024-31497), which no single vector shows; the RFC's own are in unit/keys/ecdsa.cpp. In
// release builds only.
#include "support/test.hpp"
#include "unit/keys/key_samples.hpp"

#include <adit/crypto/hash.hpp>
#include <adit/keys/ecdsa.hpp>
#include <adit/keys/signature_form.hpp>

#include <botan/bigint.h>
#include <botan/ec_group.h>
#include <botan/mac.h>

using namespace adit;
using Botan::BigInt;

namespace {

constexpr unsigned signatures_of_a_curve = 3334;
using octet_string = std::vector<byte>;

/// What RFC 6979 calls q, qlen and HMAC_K, of one curve.
struct deterministic {
    const BigInt& q;
    std::string mac;

    [[nodiscard]] octet_string hmac(const octet_string& key,
                                    const std::vector<octet_string>& parts) const {
        const auto made = Botan::MessageAuthenticationCode::create_or_throw(mac);
        made->set_key(key);
        for (const octet_string& part : parts) made->update(part);
        return made->final_stdvec();
    }
    [[nodiscard]] BigInt bits2int(bytes_view bytes) const {
        const std::size_t bits = bytes.size() * 8;
        const BigInt number(bytes);
        return bits > q.bits() ? number >> (bits - q.bits()) : number;
    }
    [[nodiscard]] octet_string int2octets(const BigInt& number) const {
        return number.serialize(q.bytes());
    }
    [[nodiscard]] BigInt nonce(const BigInt& x, bytes_view h1) const;
};

BigInt deterministic::nonce(const BigInt& x, bytes_view h1) const {
    const octet_string key = int2octets(x);
    const octet_string hash = int2octets(bits2int(h1) % q);
    octet_string v(h1.size(), 1);
    octet_string k(h1.size(), 0);
    for (const byte round : {byte{0}, byte{1}}) {
        k = hmac(k, {v, {round}, key, hash});
        v = hmac(k, {v});
    }
    for (;;) {
        octet_string t;
        while (t.size() * 8 < q.bits()) {
            v = hmac(k, {v});
            t.insert(t.end(), v.begin(), v.end());
        }
        BigInt candidate = bits2int(t);
        if (candidate >= 1 && candidate < q) return candidate;
        k = hmac(k, {v, {0}});
        v = hmac(k, {v});
    }
}

struct sizes {
    unsigned short_numbers = 0;
    std::size_t longest_nonce = 0;
};

// s = (h + r * x) / k mod q, so a nonce is known by its signature.
void sign_many(const keys::nist_curve& curve, const char* group, crypto::hash_id hash,
               const char* mac) {
    const BigInt q = Botan::EC_Group::from_name(group).get_order();
    const deterministic rfc_6979{q, mac};
    octet_string scalar(curve.size, 0x5a);
    scalar[0] = 0;
    const BigInt x(scalar);
    const auto key = keys::private_key::from_ecdsa_scalar(curve, scalar).value();
    sizes seen;
    for (unsigned i = 0; i < signatures_of_a_curve; ++i) {
        const std::string message = "message " + std::to_string(i);
        const auto blob = key.sign(curve.type, as_bytes(message)).value();
        BOOST_REQUIRE((key.public_part().verify(curve.type, as_bytes(message), blob) == errc::ok));
        const auto bytes = keys::parse_signature(blob).value().bytes;
        const auto both = wire::decode_fields<keys::ecdsa_signature>(bytes).value();
        const auto h1 = crypto::digest(hash, as_bytes(message));
        const BigInt k = rfc_6979.nonce(x, h1);
        const BigInt r(both.r.magnitude);
        const BigInt s(both.s.magnitude);
        BOOST_REQUIRE(((k * s) % q == (rfc_6979.bits2int(h1) + r * x) % q));
        seen.longest_nonce = std::max(seen.longest_nonce, k.bits());
        if (r.bytes() < q.bytes() || s.bytes() < q.bytes()) ++seen.short_numbers;
    }
    BOOST_TEST(seen.longest_nonce == q.bits());
    // C11: numbers that are short, and have to be padded to verify, were among them.
    BOOST_TEST(seen.short_numbers > 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ecdsa_signatures)

BOOST_AUTO_TEST_CASE(a34_thousands_of_nistp256_have_the_nonces_of_rfc_6979) {
    sign_many(keys::nistp256, "secp256r1", crypto::hash_id::sha256, "HMAC(SHA-256)");
}
BOOST_AUTO_TEST_CASE(a34_thousands_of_nistp384_have_the_nonces_of_rfc_6979) {
    sign_many(keys::nistp384, "secp384r1", crypto::hash_id::sha384, "HMAC(SHA-384)");
}
BOOST_AUTO_TEST_CASE(a34_thousands_of_nistp521_have_the_nonces_of_rfc_6979) {
    sign_many(keys::nistp521, "secp521r1", crypto::hash_id::sha512, "HMAC(SHA-512)");
}

BOOST_AUTO_TEST_SUITE_END()
