// ECDSA: RFC 6979's vectors through our signatures, points that are none, and A13's malleability.
#include "key_samples.hpp"
#include "support/test.hpp"

#include <adit/keys/ecdsa.hpp>
#include <adit/keys/signature_form.hpp>

#include <botan/hex.h>

#include <set>

using namespace adit;

namespace {

struct vector_of_rfc_6979 {
    const keys::nist_curve* curve;
    const char* scalar;
    const char* message;
    const char* r;
    const char* s;
};

// RFC 6979 appendices A.2.5 (SHA-256), A.2.6 (SHA-384) and A.2.7 (SHA-512).
constexpr const char* scalar_256 =
    "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
constexpr const char* scalar_384 =
    "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2ED"
    "F5";
constexpr const char* scalar_521 =
    "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16F"
    "CC1466F6D8FBEC67DB89EC0C08B0E996B83538";

constexpr std::array<vector_of_rfc_6979, 6> rfc_6979{{
    {&keys::nistp256, scalar_256, "sample",
     "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
     "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"},
    {&keys::nistp256, scalar_256, "test",
     "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
     "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"},
    {&keys::nistp384, scalar_384, "sample",
     "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FAB"
     "E46",
     "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628"
     "AC8"},
    {&keys::nistp384, scalar_384, "test",
     "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF02"
     "3DB",
     "DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA"
     "5A5"},
    {&keys::nistp521, scalar_521, "sample",
     "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152"
     "B534931D7D4E8455CC91F9B15BF05EC36E377FA",
     "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF"
     "0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A"},
    {&keys::nistp521, scalar_521, "test",
     "013E99020ABF5CEE7525D16B69B229652AB6BDF2AFFCAEF38773B4B7D08725F10CDB93482FDCC54EDCEE91ECA4166"
     "B2A7C6265EF0CE2BD7051B7CEF945BABD47EE6D",
     "01FBD0013C674AA79CB39849527916CE301C66EA7CE8B80682786AD60F98F7E78A19CA69EFF5C57400E3B3A0AD66C"
     "E0978214D13BAF4E9AC60752F7B155E2DE4DCE3"},
}};

/// The orders of the three groups (FIPS 186-4 appendix D.1.2).
constexpr std::array<const char*, 3> orders{
    "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC529"
    "73",
    "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148"
    "F7"
    "09A5D03BB5C9B8899C47AEBB6FB71E91386409"};

std::vector<byte> blob_of(std::string_view algorithm, bytes_view r, bytes_view s) {
    std::vector<byte> bytes(10 + r.size() + s.size());
    wire::writer w(bytes);
    wire::put_fields(w, keys::ecdsa_signature{wire::to_mpint(r), wire::to_mpint(s)});
    bytes.resize(w.size());
    return keys::to_blob({algorithm, bytes});
}

struct signed_text {
    keys::private_key key;
    std::string_view algorithm;
    std::vector<byte> r, s;

    explicit signed_text(const keys::nist_curve& curve)
        : key(test::sample_ecdsa_key(curve, 7)), algorithm(curve.type) {
        const auto blob = key.sign(algorithm, as_bytes("text")).value();
        const auto numbers =
            wire::decode_fields<keys::ecdsa_signature>(keys::parse_signature(blob).value().bytes);
        r.assign(numbers->r.magnitude.begin(), numbers->r.magnitude.end());
        s.assign(numbers->s.magnitude.begin(), numbers->s.magnitude.end());
    }
    errc verify(bytes_view blob) const {
        return key.public_part().verify(algorithm, as_bytes("text"), blob);
    }
    errc verify(bytes_view given_r, bytes_view given_s) const {
        return verify(blob_of(algorithm, given_r, given_s));
    }
};

/// A point of 32, 48 or 66 bytes a coordinate.
std::vector<byte> point_of(const keys::private_key& key, const keys::nist_curve& curve) {
    const bytes_view point = key.public_part().blob().last(1 + 2 * curve.size);
    return {point.begin(), point.end()};
}

errc parse(const keys::nist_curve& curve, bytes_view point) {
    const auto key = keys::public_key::parse(keys::ecdsa_blob(curve, point));
    return key ? errc::ok : static_cast<errc>(key.error().value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ecdsa)

BOOST_AUTO_TEST_CASE(a34_signatures_are_those_of_rfc_6979) {
    for (const vector_of_rfc_6979& v : rfc_6979) {
        const auto key =
            keys::private_key::from_ecdsa_scalar(*v.curve, Botan::hex_decode(v.scalar)).value();
        const auto blob = key.sign(v.curve->type, as_bytes(v.message)).value();
        BOOST_TEST(to_hex(blob) ==
                   to_hex(blob_of(v.curve->type, Botan::hex_decode(v.r), Botan::hex_decode(v.s))));
        BOOST_TEST(
            (key.public_part().verify(v.curve->type, as_bytes(v.message), blob) == errc::ok));
    }
}

BOOST_AUTO_TEST_CASE(a34_no_nonce_serves_two_messages) {
    for (const keys::nist_curve* curve : keys::nist_curves) {
        const auto key = test::sample_ecdsa_key(*curve, 7);
        std::set<std::string> first_numbers;
        for (int i = 0; i < 300; ++i) {
            const std::string message = std::to_string(i);
            const auto blob = key.sign(curve->type, as_bytes(message)).value();
            const auto bytes = keys::parse_signature(blob).value().bytes;
            const auto numbers = wire::decode_fields<keys::ecdsa_signature>(bytes).value();
            BOOST_TEST(first_numbers.insert(to_hex(numbers.r.magnitude)).second);
            BOOST_TEST((blob == key.sign(curve->type, as_bytes(message)).value()));
            BOOST_TEST(
                (key.public_part().verify(curve->type, as_bytes(message), blob) == errc::ok));
        }
    }
}

BOOST_AUTO_TEST_CASE(a13_r_and_s_lie_between_zero_and_the_order) {
    for (std::size_t i = 0; i < keys::nist_curves.size(); ++i) {
        const signed_text t(*keys::nist_curves[i]);
        BOOST_REQUIRE((t.verify(t.r, t.s) == errc::ok));
        const std::vector<byte> order = Botan::hex_decode(orders[i]);
        const std::vector<byte> huge(order.size() + 1, 0xff);
        for (const bytes_view bad : {bytes_view(), bytes_view(order), bytes_view(huge)}) {
            BOOST_TEST((t.verify(bad, t.s) == errc::host_key_signature_invalid));
            BOOST_TEST((t.verify(t.r, bad) == errc::host_key_signature_invalid));
        }
        BOOST_TEST((t.verify(t.s, t.r) == errc::host_key_signature_invalid));
    }
}

// s and s + n mean the same to a verifier that does not look.
BOOST_AUTO_TEST_CASE(a13_s_is_not_accepted_beyond_the_order) {
    for (std::size_t i = 0; i < keys::nist_curves.size(); ++i) {
        const signed_text t(*keys::nist_curves[i]);
        const Botan::BigInt sum = Botan::BigInt(t.s) + Botan::BigInt(Botan::hex_decode(orders[i]));
        BOOST_TEST((t.verify(t.r, sum.serialize()) == errc::host_key_signature_invalid));
    }
}

BOOST_AUTO_TEST_CASE(a13_a_signature_ends_behind_s) {
    for (const keys::nist_curve* curve : keys::nist_curves) {
        const signed_text t(*curve);
        const auto blob = t.key.sign(t.algorithm, as_bytes("text")).value();
        const auto bytes = keys::parse_signature(blob).value().bytes;
        std::vector<byte> longer(bytes.begin(), bytes.end());
        longer.push_back(0);
        BOOST_TEST(
            (t.verify(keys::to_blob({t.algorithm, longer})) == errc::host_key_signature_invalid));
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            BOOST_TEST((t.verify(keys::to_blob({t.algorithm, bytes.first(size)})) ==
                        errc::host_key_signature_invalid));
        }
    }
}

BOOST_AUTO_TEST_CASE(c32_one_curve_is_not_another) {
    for (const keys::nist_curve* curve : keys::nist_curves) {
        const signed_text t(*curve);
        for (const keys::nist_curve* other : keys::nist_curves) {
            if (other == curve) continue;
            const auto blob = t.key.sign(t.algorithm, as_bytes("text")).value();
            BOOST_TEST((t.key.public_part().verify(other->type, as_bytes("text"), blob) ==
                        errc::host_key_signature_invalid));
            BOOST_TEST((t.key.sign(other->type, {}).error() == errc::unsupported_key_type));
            BOOST_TEST(
                (t.verify(blob_of(other->type, t.r, t.s)) == errc::host_key_signature_invalid));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_point_is_uncompressed_whole_and_on_its_curve) {
    for (const keys::nist_curve* curve : keys::nist_curves) {
        const auto point = point_of(test::sample_ecdsa_key(*curve, 7), *curve);
        BOOST_TEST((parse(*curve, point) == errc::ok));
        std::vector<byte> off = point;
        off.back() ^= 1;
        BOOST_TEST((parse(*curve, off) == errc::malformed_field));
        std::vector<byte> beyond = point;
        std::fill_n(beyond.begin() + 1, curve->size, byte{0xff});
        BOOST_TEST((parse(*curve, beyond) == errc::malformed_field));
        std::vector<byte> compressed(point.begin(),
                                     point.begin() + 1 + static_cast<long>(curve->size));
        compressed[0] = static_cast<byte>(2 + (point.back() & 1U));
        BOOST_TEST((parse(*curve, compressed) == errc::malformed_field));
        for (const byte first : std::array<byte, 6>{0, 2, 3, 5, 6, 7}) {
            std::vector<byte> other = point;
            other[0] = first;
            BOOST_TEST((parse(*curve, other) == errc::malformed_field));
        }
        const std::vector<byte> nowhere(point.size(), 0);
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, point.size() - 1}) {
            BOOST_TEST((parse(*curve, bytes_view(point).first(size)) == errc::malformed_field));
            BOOST_TEST((parse(*curve, bytes_view(nowhere).first(size)) == errc::malformed_field));
        }
        std::vector<byte> longer = point;
        longer.push_back(0);
        BOOST_TEST((parse(*curve, longer) == errc::malformed_field));
    }
}

BOOST_AUTO_TEST_CASE(c32_the_curve_in_the_blob_is_that_of_the_type) {
    const auto point = point_of(test::sample_ecdsa_key(keys::nistp256, 7), keys::nistp256);
    for (const std::string_view name : {"nistp384", "nistp25", "nistp2566", "", "NISTP256"}) {
        keys::nist_curve liar = keys::nistp256;
        liar.name = name;
        BOOST_TEST((parse(liar, point) == errc::malformed_field));
    }
    keys::nist_curve other = keys::nistp256;
    other.type = keys::nistp384.type;
    BOOST_TEST((parse(other, point) == errc::malformed_field));
}

BOOST_AUTO_TEST_CASE(a_curve_is_found_by_its_whole_type) {
    for (const keys::nist_curve* curve : keys::nist_curves) {
        BOOST_TEST(keys::find_curve(curve->type) == curve);
    }
    for (const std::string_view name : {"", "ssh-rsa", "ecdsa-sha2-", "ecdsa-sha2-nistp224"}) {
        BOOST_TEST(keys::find_curve(name) == nullptr);
    }
}

BOOST_AUTO_TEST_SUITE_END()
