// Public keys: RFC 8032's vectors, what ssh-keygen writes, and A13's malleable signatures.
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/keys/public_key.hpp>

#include <botan/hex.h>

using namespace adit;

namespace {

struct vector_of_rfc_8032 {
    const char* point;
    const char* message;
    const char* signature;
};

// RFC 8032 section 7.1: TEST 1, TEST 2, TEST 3, TEST SHA(abc).
constexpr std::array<vector_of_rfc_8032, 4> rfc_8032{{
    {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe24655141438e7a100b"},
    {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6594a7c15e9716ed28dc027beceea1ec40a"},
    {"ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0303dca179c138ac17ad9bef1177331a704"},
}};

constexpr std::string_view ed25519 = "ssh-ed25519";

// The group's order L of RFC 8032 section 5.1, little-endian.
constexpr std::array<byte, 32> group_order{
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

struct signed_message {
    keys::public_key key =
        keys::public_key::parse(keys::ed25519_blob(Botan::hex_decode(rfc_8032[1].point))).value();
    std::vector<byte> message = Botan::hex_decode(rfc_8032[1].message);
    std::vector<byte> bytes = Botan::hex_decode(rfc_8032[1].signature);

    errc verify(std::string_view agreed, std::string_view named) const {
        return key.verify(agreed, message, keys::to_blob({named, bytes}));
    }
    errc verify() const { return verify(ed25519, ed25519); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(public_key)

BOOST_AUTO_TEST_CASE(vectors_of_rfc_8032_verify_and_no_flipped_bit_does) {
    for (const vector_of_rfc_8032& v : rfc_8032) {
        const auto key = keys::public_key::parse(keys::ed25519_blob(Botan::hex_decode(v.point)));
        BOOST_REQUIRE(key.has_value());
        const auto message = Botan::hex_decode(v.message);
        auto bytes = Botan::hex_decode(v.signature);
        BOOST_TEST((key->verify(ed25519, message, keys::to_blob({ed25519, bytes})) == errc::ok));
        for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
            bytes[bit / 8] ^= static_cast<byte>(1U << bit % 8);
            BOOST_TEST((key->verify(ed25519, message, keys::to_blob({ed25519, bytes})) ==
                        errc::host_key_signature_invalid));
            bytes[bit / 8] ^= static_cast<byte>(1U << bit % 8);
        }
    }
}

BOOST_AUTO_TEST_CASE(a13_a_signature_of_another_message_or_key_is_refused) {
    signed_message s;
    s.message.push_back(0);
    BOOST_TEST((s.verify() == errc::host_key_signature_invalid));
    signed_message other;
    other.key = test::sample_public_key(1);
    BOOST_TEST((other.verify() == errc::host_key_signature_invalid));
}

BOOST_AUTO_TEST_CASE(a13_signatures_of_63_and_65_bytes_are_refused) {
    for (const std::size_t size : {0U, 1U, 32U, 63U, 65U, 128U}) {
        signed_message s;
        s.bytes.resize(size);
        BOOST_TEST((s.verify() == errc::host_key_signature_invalid));
    }
}

BOOST_AUTO_TEST_CASE(a13_zero_r_and_zero_s_are_refused) {
    signed_message zero_r;
    std::fill_n(zero_r.bytes.begin(), 32, byte{0});
    BOOST_TEST((zero_r.verify() == errc::host_key_signature_invalid));
    signed_message zero_s;
    std::fill_n(zero_s.bytes.begin() + 32, 32, byte{0});
    BOOST_TEST((zero_s.verify() == errc::host_key_signature_invalid));
}

BOOST_AUTO_TEST_CASE(a13_s_beyond_the_group_order_is_refused) {
    signed_message s;
    BOOST_REQUIRE((s.verify() == errc::ok));
    unsigned carry = 0;
    for (std::size_t i = 0; i < group_order.size(); ++i) {
        carry += unsigned{s.bytes[32 + i]} + group_order[i];
        s.bytes[32 + i] = static_cast<byte>(carry);
        carry >>= 8U;
    }
    BOOST_TEST((s.verify() == errc::host_key_signature_invalid));
}

BOOST_AUTO_TEST_CASE(a13_the_three_names_must_belong_together) {
    const signed_message s;
    BOOST_TEST((s.verify(ed25519, "ssh-ed2551") == errc::host_key_signature_invalid));
    BOOST_TEST((s.verify(ed25519, "") == errc::host_key_signature_invalid));
    BOOST_TEST((s.verify(ed25519, "ssh-rsa") == errc::host_key_signature_invalid));
    BOOST_TEST((s.verify("ssh-rsa", "ssh-rsa") == errc::unsupported_key_type));
    BOOST_TEST((s.verify("", "") == errc::unsupported_key_type));
}

BOOST_AUTO_TEST_CASE(a13_trailing_and_missing_bytes_in_the_blob_are_refused) {
    const signed_message s;
    auto blob = keys::to_blob({ed25519, s.bytes});
    for (std::size_t size = 0; size < blob.size(); ++size) {
        BOOST_TEST((s.key.verify(ed25519, s.message, bytes_view(blob).first(size)) ==
                    errc::host_key_signature_invalid));
    }
    blob.push_back(0);
    BOOST_TEST((s.key.verify(ed25519, s.message, blob) == errc::host_key_signature_invalid));
}

BOOST_AUTO_TEST_CASE(c13_a_blob_is_read_to_its_very_end) {
    const auto key = test::sample_public_key(1);
    std::vector<byte> blob(key.blob().begin(), key.blob().end());
    for (std::size_t size = 0; size < blob.size(); ++size) {
        BOOST_TEST(keys::public_key::parse(bytes_view(blob).first(size)).has_error());
    }
    blob.push_back(0);
    BOOST_TEST((keys::public_key::parse(blob).error() == errc::trailing_bytes));
}

BOOST_AUTO_TEST_CASE(a_type_must_be_able_to_stand_in_a_line) {
    for (const std::string_view type : {"", "a b", "a\n", "a,b", "a\t", "\x7f", "\xc3\xa4"}) {
        std::vector<byte> blob(4 + type.size());
        wire::writer w(blob);
        w.put_string(as_bytes(type));
        BOOST_TEST((keys::public_key::parse(blob).error() == errc::malformed_field));
    }
    const std::string long_type(65, 'a');
    std::vector<byte> blob(4 + long_type.size());
    wire::writer w(blob);
    w.put_string(as_bytes(long_type));
    BOOST_TEST((keys::public_key::parse(blob).error() == errc::malformed_field));
}

BOOST_AUTO_TEST_CASE(an_unknown_type_can_be_compared_but_trusts_nothing) {
    const auto key = test::sample_unknown_key("ssh-future", 1);
    BOOST_TEST(key.type() == "ssh-future");
    BOOST_TEST(!key.supported());
    BOOST_TEST((key == test::sample_unknown_key("ssh-future", 1)));
    BOOST_TEST(!(key == test::sample_unknown_key("ssh-future", 2)));
    BOOST_TEST(!(key == test::sample_unknown_key("ssh-futurf", 1)));
    const signed_message s;
    BOOST_TEST((key.verify("ssh-future", s.message, keys::to_blob({"ssh-future", s.bytes})) ==
                errc::unsupported_key_type));
    BOOST_TEST((key.verify(ed25519, s.message, keys::to_blob({ed25519, s.bytes})) ==
                errc::unsupported_key_type));
}

BOOST_AUTO_TEST_CASE(keys_own_their_bytes) {
    auto first = test::sample_public_key(1);
    const auto copy = first;
    first = test::sample_public_key(2);
    BOOST_TEST(copy.type() == ed25519);
    BOOST_TEST((copy == test::sample_public_key(1)));
    BOOST_TEST(!(copy == first));
}

BOOST_AUTO_TEST_CASE(lines_of_every_type_that_ssh_keygen_makes) {
    const test::temporary_directory folder;
    for (const std::string type : {"ed25519", "ecdsa", "rsa"}) {
        const std::string file = folder.file(type);
        BOOST_REQUIRE(
            test::run({"ssh-keygen", "-q", "-t", type, "-N", "", "-C", "a comment", "-f", file})
                .status == 0);
        std::string line = test::read_file(file + ".pub");
        line.pop_back();
        const auto key = keys::public_key::parse_line(line);
        BOOST_REQUIRE(key.has_value());
        BOOST_TEST(key->to_line("a comment") == line);
        BOOST_TEST(key->supported());
        BOOST_TEST((keys::public_key::parse_line(" \t" + key->to_line()).value() == *key));
    }
}

BOOST_AUTO_TEST_CASE(a_line_must_be_whole_and_declare_the_type_of_its_blob) {
    const std::string line = test::sample_public_key(1).to_line();
    const std::string base64 = line.substr(line.find(' ') + 1);
    for (const std::string& bad :
         {std::string(), std::string("ssh-ed25519"), std::string("ssh-ed25519 "), base64,
          "ssh-rsa " + base64, "SSH-ED25519 " + base64, line.substr(0, line.size() - 1), line + "A",
          "ssh-ed25519\v" + base64, "ssh-ed25519\xc2\xa0" + base64, "command=\"a\" " + line}) {
        BOOST_TEST_INFO(bad);
        BOOST_TEST((keys::public_key::parse_line(bad).error() == errc::not_a_key));
    }
}

BOOST_AUTO_TEST_SUITE_END()
