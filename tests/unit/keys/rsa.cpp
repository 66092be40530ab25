// RSA: numbers that are refused by their size (A14), signatures with a leading zero (C33), and what
// a private key may consist of.
#include "key_samples.hpp"
#include "support/fixed_random.hpp"
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/keys/rsa.hpp>

using namespace adit;

namespace {

/// An odd number of so many bits.
std::vector<byte> number_of(std::size_t bits) {
    std::vector<byte> bytes((bits + 7) / 8, 0);
    if (bytes.empty()) return bytes;
    bytes[0] = static_cast<byte>(1U << (bits - 1) % 8);
    bytes.back() |= 1;
    return bytes;
}

errc parse(bytes_view e, bytes_view n) {
    const auto key =
        keys::public_key::parse(keys::rsa_blob({wire::to_mpint(e), wire::to_mpint(n)}));
    return key ? errc::ok : static_cast<errc>(key.error().value());
}

const std::vector<byte> usual_e{1, 0, 1};

/// What can be changed in a private key.
struct numbers {
    std::vector<byte> n, e, d, p, q;

    numbers() {
        const auto key = test::sample_rsa_key();
        const auto secret = key.rsa_secret_numbers().value();
        wire::reader r(key.public_part().blob());
        BOOST_REQUIRE(!r.take_string().empty());
        keys::rsa_fields shown;
        wire::get_fields(r, shown);
        n.assign(shown.n.magnitude.begin(), shown.n.magnitude.end());
        e.assign(shown.e.magnitude.begin(), shown.e.magnitude.end());
        d.assign(secret.d.begin(), secret.d.end());
        p.assign(secret.p.begin(), secret.p.end());
        q.assign(secret.q.begin(), secret.q.end());
    }
    error_code error() const {
        const auto key =
            keys::private_key::from_rsa({wire::to_mpint(n), wire::to_mpint(e), wire::to_mpint(d),
                                         wire::to_mpint(p), wire::to_mpint(q)});
        return key ? error_code() : key.error();
    }
};

void plus_two(std::vector<byte>& number) {
    const Botan::BigInt sum = Botan::BigInt(number) + 2;
    number = sum.serialize();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rsa)

BOOST_AUTO_TEST_CASE(l21_a_modulus_has_2048_to_16384_bits) {
    for (const std::size_t bits : {2048U, 2049U, 3072U, 16384U}) {
        BOOST_TEST((parse(usual_e, number_of(bits)) == errc::ok));
    }
    for (const std::size_t bits : {0U, 1U, 512U, 1024U, 2047U}) {
        BOOST_TEST((parse(usual_e, number_of(bits)) == errc::malformed_field));
    }
}

BOOST_AUTO_TEST_CASE(a14_huge_keys_are_refused) {
    for (const std::size_t bits : {16385U, 16392U, 65536U, 1024U * 1024U}) {
        BOOST_TEST((parse(usual_e, number_of(bits)) != errc::ok));
        BOOST_TEST((parse(number_of(bits), number_of(bits)) != errc::ok));
    }
}

BOOST_AUTO_TEST_CASE(a14_an_exponent_is_odd_and_more_than_one_and_short) {
    const auto n = number_of(2048);
    for (const std::vector<byte>& good : {std::vector<byte>{3}, {17}, usual_e, number_of(64)}) {
        BOOST_TEST((parse(good, n) == errc::ok));
    }
    for (const std::vector<byte>& bad :
         {std::vector<byte>{}, {1}, {2}, {4}, {1, 0, 0}, number_of(65), number_of(2048)}) {
        BOOST_TEST((parse(bad, n) == errc::malformed_field));
    }
    auto even = n;
    even.back() &= 0xfe;
    BOOST_TEST((parse(usual_e, even) == errc::malformed_field));
}

BOOST_AUTO_TEST_CASE(c33_a_signature_that_lost_its_leading_zero_is_padded) {
    const auto key = test::sample_rsa_key();
    // Found by trying: the signatures of these two messages begin with a zero byte.
    for (const auto& [algorithm, message] :
         {std::pair{"rsa-sha2-256", "183"}, std::pair{"rsa-sha2-512", "231"}}) {
        const auto blob = key.sign(algorithm, as_bytes(message)).value();
        const bytes_view bytes = keys::parse_signature(blob).value().bytes;
        BOOST_REQUIRE(bytes.size() == 256U);
        BOOST_REQUIRE(bytes[0] == 0);
        const auto verify = [&](bytes_view given) {
            return key.public_part().verify(algorithm, as_bytes(message),
                                            keys::to_blob({algorithm, given}));
        };
        BOOST_TEST((verify(bytes) == errc::ok));
        BOOST_TEST((verify(bytes.subspan(1)) == errc::ok));
        BOOST_TEST((verify(bytes.subspan(2)) == errc::host_key_signature_invalid));
        std::vector<byte> longer(bytes.begin(), bytes.end());
        longer.insert(longer.begin(), 0);
        BOOST_TEST((verify(longer) == errc::host_key_signature_invalid));
    }
}

BOOST_AUTO_TEST_CASE(a13_short_and_long_and_empty_signatures_are_refused) {
    const auto key = test::sample_rsa_key();
    const auto blob = key.sign("rsa-sha2-512", as_bytes("text")).value();
    const bytes_view bytes = keys::parse_signature(blob).value().bytes;
    const auto verify = [&](bytes_view given) {
        return key.public_part().verify("rsa-sha2-512", as_bytes("text"),
                                        keys::to_blob({"rsa-sha2-512", given}));
    };
    BOOST_REQUIRE((verify(bytes) == errc::ok));
    for (const std::size_t size : {0U, 1U, 128U, 255U}) {
        BOOST_TEST((verify(bytes.first(size)) == errc::host_key_signature_invalid));
    }
    const std::vector<byte> ones(256, 0xff);  // more than the modulus
    BOOST_TEST((verify(ones) == errc::host_key_signature_invalid));
    const std::vector<byte> zeros(256, 0);
    BOOST_TEST((verify(zeros) == errc::host_key_signature_invalid));
}

BOOST_AUTO_TEST_CASE(c33_sha_1_is_neither_made_nor_accepted) {
    const auto key = test::sample_rsa_key();
    BOOST_TEST((key.sign("ssh-rsa", as_bytes("text")).error() == errc::unsupported_key_type));
    const auto blob = key.sign("rsa-sha2-256", as_bytes("text")).value();
    const bytes_view bytes = keys::parse_signature(blob).value().bytes;
    const auto verify = [&](std::string_view agreed, std::string_view named) {
        return key.public_part().verify(agreed, as_bytes("text"), keys::to_blob({named, bytes}));
    };
    BOOST_TEST((verify("rsa-sha2-256", "rsa-sha2-256") == errc::ok));
    BOOST_TEST((verify("ssh-rsa", "ssh-rsa") == errc::unsupported_key_type));
    BOOST_TEST((verify("rsa-sha2-256", "ssh-rsa") == errc::host_key_signature_invalid));
    BOOST_TEST((verify("rsa-sha2-512", "rsa-sha2-256") == errc::host_key_signature_invalid));
    BOOST_TEST((verify("rsa-sha2-512", "rsa-sha2-512") == errc::host_key_signature_invalid));
}

BOOST_AUTO_TEST_CASE(a_private_key_needs_numbers_that_belong_together) {
    BOOST_REQUIRE(!numbers().error());
    using change = void (*)(numbers&);
    const std::vector<change> changes{
        [](numbers& k) { plus_two(k.d); },
        [](numbers& k) { plus_two(k.p); },
        [](numbers& k) { plus_two(k.q); },
        [](numbers& k) { plus_two(k.n); },
        [](numbers& k) { k.e = {3}; },
        [](numbers& k) { k.q = k.p; },
        [](numbers& k) { k.p = {1}, k.q = k.n; },
        [](numbers& k) { k.p = k.n, k.q = {1}; },
        [](numbers& k) { k.p.clear(); },
        [](numbers& k) { k.d.clear(); },
        [](numbers& k) { k.d = {1}; },
        [](numbers& k) { k.d = k.n; },
        [](numbers& k) { k.d.back() ^= 1; },
        [](numbers& k) { k.d.insert(k.d.begin(), 1), k.d.insert(k.d.begin(), 1); },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        BOOST_TEST_INFO("change " << i);
        numbers k;
        changes[i](k);
        BOOST_TEST((k.error() == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_CASE(l21_a_private_key_that_is_too_small_is_not_supported) {
    numbers k;
    k.n.resize(128);
    k.n.back() |= 1;
    BOOST_TEST((k.error() == errc::unsupported_key_type));
    crypto::system_random random;
    BOOST_TEST(
        (keys::private_key::generate_rsa(1024, random).error() == errc::unsupported_key_type));
    BOOST_TEST(
        (keys::private_key::generate_rsa(16392, random).error() == errc::unsupported_key_type));
}

BOOST_AUTO_TEST_CASE(openssl_accepts_what_we_sign) {
    const test::temporary_directory folder;
    const auto key = test::sample_rsa_key();
    const std::string pub =
        test::write_file(folder.file("key.pub"), key.public_part().to_line() + '\n');
    const auto pem = test::run({"ssh-keygen", "-e", "-m", "PKCS8", "-f", pub});
    BOOST_REQUIRE(pem.status == 0);
    const std::string pem_file = test::write_file(folder.file("pem"), pem.output);
    const std::string message = test::write_file(folder.file("message"), "text");
    for (const auto& [algorithm, hash] :
         {std::pair{"rsa-sha2-256", "-sha256"}, std::pair{"rsa-sha2-512", "-sha512"}}) {
        const auto blob = key.sign(algorithm, as_bytes("text")).value();
        const std::string file = test::write_file(
            folder.file("signature"), as_text(keys::parse_signature(blob).value().bytes));
        BOOST_TEST(
            test::run({"openssl", "dgst", hash, "-verify", pem_file, "-signature", file, message})
                .status == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
