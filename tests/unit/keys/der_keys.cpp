// PKCS#1, SEC1 and PKCS#8: RFC 8410's key, keys of openssl, and files that contradict themselves.
#include "key_samples.hpp"
#include "support/run.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/keys/der_keys.hpp>
#include <adit/keys/pem.hpp>

#include <botan/hex.h>

using namespace adit;

namespace {

error_code error_of(const result<keys::private_key>& key) {
    return key ? error_code() : key.error();
}

std::string element(byte tag, std::string_view content) {
    std::string made(1, static_cast<char>(tag));
    if (content.size() >= 256) made += static_cast<char>(0x82);
    if (content.size() >= 256) made += static_cast<char>(content.size() >> 8U);
    if (content.size() >= 128 && content.size() < 256) made += static_cast<char>(0x81);
    made += static_cast<char>(content.size() & 255U);
    return made.append(content);
}

/// A SEC1 key over P-256, to be put together wrongly.
struct sec1_parts {
    std::string version{1}, scalar = std::string(32, 7), oid{keys::nistp256.oid}, point, behind;
    bool has_curve = true, has_point = true;

    sec1_parts() {
        const auto key = test::sample_ecdsa_key(keys::nistp256, 7);
        point = '\0' + std::string(as_text(key.public_part().blob().last(65)));
    }
    std::string der() const {
        std::string inner = element(2, version) + element(4, scalar);
        if (has_curve) inner += element(0xa0, element(6, oid));
        if (has_point) inner += element(0xa1, element(3, point));
        return element(0x30, inner + behind);
    }
    error_code error(const keys::nist_curve* curve = nullptr) const {
        return error_of(keys::parse_sec1(as_bytes(der()), curve));
    }
};

std::string pkcs8_of(std::string_view oid, std::string_view parameters, std::string_view key,
                     std::string_view version = std::string_view("\0", 1)) {
    return element(0x30, element(2, version) +
                             element(0x30, element(6, oid) + std::string(parameters)) +
                             element(4, key));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(der_keys)

// RFC 8410 section 10.3: both keys, one without and one with attributes and the public part.
BOOST_AUTO_TEST_CASE(keys_of_rfc_8410) {
    for (const std::string_view body :
         {"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC",
          "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhCoB8wHQYKKoZIhvcNAQkJFDEP"
          "DA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="}) {
        const auto key = keys::parse_pkcs8(keys::from_base64(body).value());
        BOOST_REQUIRE(key.has_value());
        BOOST_TEST(to_hex(key->public_part().blob().last(32)) ==
                   "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
    }
}

BOOST_AUTO_TEST_CASE(a_curve_may_be_named_inside_or_outside) {
    sec1_parts parts;
    BOOST_TEST(!parts.error());
    BOOST_TEST(!parts.error(&keys::nistp256));
    BOOST_TEST((parts.error(&keys::nistp384) == errc::key_corrupt));
    parts.has_curve = false;
    BOOST_TEST((parts.error() == errc::unsupported_key_type));
    BOOST_TEST(!parts.error(&keys::nistp256));
    parts.has_point = false;
    BOOST_TEST(!parts.error(&keys::nistp256));
}

BOOST_AUTO_TEST_CASE(short_scalars_of_old_programs_are_padded) {
    sec1_parts parts;
    parts.has_point = false;
    parts.scalar = std::string(31, 7);
    BOOST_TEST(!parts.error());
    parts.scalar = std::string(1, '\0') + std::string(32, 7);
    BOOST_TEST(!parts.error());
}

BOOST_AUTO_TEST_CASE(c53_contradictions_in_sec1_are_corrupt) {
    using change = void (*)(sec1_parts&);
    const std::vector<change> changes{
        [](sec1_parts& p) { p.version = "\2"; },
        [](sec1_parts& p) { p.version.clear(); },
        [](sec1_parts& p) { p.scalar.clear(); },
        [](sec1_parts& p) { p.scalar[0] = 8; },
        [](sec1_parts& p) { p.scalar = std::string(32, '\0'), p.has_point = false; },
        [](sec1_parts& p) { p.scalar = std::string(32, '\xff'), p.has_point = false; },
        [](sec1_parts& p) { p.scalar += '\1', p.has_point = false; },
        [](sec1_parts& p) { p.point.back() ^= 1; },
        [](sec1_parts& p) { p.point[0] = 1; },
        [](sec1_parts& p) { p.point.pop_back(); },
        [](sec1_parts& p) { p.point.clear(); },
        [](sec1_parts& p) { p.point = std::string(1, '\0'); },
        [](sec1_parts& p) { p.behind = std::string("\5\0", 2); },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        BOOST_TEST_INFO("change " << i);
        sec1_parts parts;
        changes[i](parts);
        BOOST_TEST((parts.error() == errc::key_corrupt));
    }
    BOOST_TEST((error_of(keys::parse_sec1(as_bytes(sec1_parts().der() + '\0'), nullptr)) ==
                errc::key_corrupt));
}

BOOST_AUTO_TEST_CASE(other_curves_and_algorithms_are_not_supported) {
    sec1_parts parts;
    parts.oid = "\x2b\x81\x04\x01\x0a";
    BOOST_TEST((parts.error() == errc::unsupported_key_type));
    const std::string explicit_parameters = element(0x30, element(2, "\1"));
    BOOST_TEST((error_of(keys::parse_pkcs8(as_bytes(
                    pkcs8_of(keys::object_id::elliptic_curve, explicit_parameters, "")))) ==
                errc::unsupported_key_type));
    BOOST_TEST((error_of(keys::parse_pkcs8(as_bytes(pkcs8_of("\x2b\x65\x71", "", "x")))) ==
                errc::unsupported_key_type));
    const std::string several_primes = element(0x30, element(2, "\1"));
    BOOST_TEST(
        (error_of(keys::parse_pkcs1(as_bytes(several_primes))) == errc::unsupported_key_type));
}

BOOST_AUTO_TEST_CASE(c34_an_ed25519_key_has_exactly_32_bytes) {
    for (const std::size_t size : {0U, 31U, 33U, 64U}) {
        const std::string key = element(4, std::string(size, 'k'));
        BOOST_TEST((error_of(keys::parse_pkcs8(as_bytes(
                        pkcs8_of(keys::object_id::ed25519, "", key)))) == errc::key_corrupt));
    }
    const std::string good = element(4, std::string(32, 'k'));
    BOOST_TEST(
        !error_of(keys::parse_pkcs8(as_bytes(pkcs8_of(keys::object_id::ed25519, "", good)))));
    BOOST_TEST((error_of(keys::parse_pkcs8(as_bytes(
                    pkcs8_of(keys::object_id::ed25519, "", good + '\0')))) == errc::key_corrupt));
    BOOST_TEST((error_of(keys::parse_pkcs8(as_bytes(
                    pkcs8_of(keys::object_id::ed25519, "", good, "\2")))) == errc::key_corrupt));
}

BOOST_AUTO_TEST_CASE(c53_every_truncation_of_every_format_is_corrupt) {
    const test::temporary_directory folder;
    const std::string path = test::write_file(folder.file("key"), test::sample_rsa_file);
    BOOST_REQUIRE(test::run({"ssh-keygen", "-p", "-q", "-N", "", "-m", "PEM", "-f", path}).status ==
                  0);
    const std::string pem = test::read_file(path);
    const auto pkcs1 =
        keys::decode_pem(keys::find_pem_block(pem, "RSA PRIVATE KEY").value()).value();
    BOOST_REQUIRE(!error_of(keys::parse_pkcs1(pkcs1)));
    const std::string sec1 = sec1_parts().der();
    const std::string pkcs8 =
        pkcs8_of(keys::object_id::ed25519, "", element(4, std::string(32, 'k')));
    for (std::size_t size = 0; size < pkcs1.size(); ++size) {
        BOOST_TEST(
            (error_of(keys::parse_pkcs1(bytes_view(pkcs1).first(size))) == errc::key_corrupt));
    }
    for (std::size_t size = 0; size < sec1.size(); ++size) {
        BOOST_TEST(
            (error_of(keys::parse_sec1(as_bytes(sec1).first(size), nullptr)) == errc::key_corrupt));
    }
    for (std::size_t size = 0; size < pkcs8.size(); ++size) {
        BOOST_TEST((error_of(keys::parse_pkcs8(as_bytes(pkcs8).first(size))) == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_SUITE_END()
