// Private keys: RFC 8032's vectors, and signatures that ssh-keygen accepts.
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/crypto/hash.hpp>
#include <adit/keys/openssh_format.hpp>
#include <adit/keys/private_key.hpp>

#include <botan/hex.h>

#include <type_traits>

using namespace adit;

static_assert(!std::is_copy_constructible_v<keys::private_key>);
static_assert(std::is_nothrow_move_constructible_v<keys::private_key>);

namespace {

struct counted_random final : crypto::random_source {
    void fill(mutable_bytes output) noexcept override {
        for (byte& b : output) b = next++;
    }
    Botan::RandomNumberGenerator& botan() noexcept override { return none; }
    byte next = 0;
    Botan::Null_RNG none;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(private_key)

BOOST_AUTO_TEST_CASE(vector_of_rfc_8032) {
    // RFC 8032 section 7.1, TEST 3.
    const auto key = keys::private_key::from_ed25519_seed(
        Botan::hex_decode("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"));
    BOOST_REQUIRE(key.has_value());
    BOOST_TEST(to_hex(key->public_part().blob().last(32)) ==
               "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
    const auto blob = key->sign("ssh-ed25519", Botan::hex_decode("af82"));
    BOOST_REQUIRE(blob.has_value());
    BOOST_TEST(
        to_hex(*blob) ==
        "0000000b7373682d6564323535313900000040"
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76"
        "0984dc6594a7c15e9716ed28dc027beceea1ec40a");
}

BOOST_AUTO_TEST_CASE(only_32_bytes_are_a_seed) {
    for (const std::size_t size : {0U, 31U, 33U, 64U}) {
        const std::vector<byte> seed(size, 1);
        BOOST_TEST((keys::private_key::from_ed25519_seed(seed).error() == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_CASE(generated_keys_come_from_the_source_and_keep_their_seed) {
    counted_random random;
    const auto first = keys::private_key::generate_ed25519(random).value();
    const auto second = keys::private_key::generate_ed25519(random).value();
    BOOST_TEST(!(first.public_part() == second.public_part()));
    BOOST_TEST(to_hex(first.ed25519_seed().value()) ==
               "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    const auto again = keys::private_key::from_ed25519_seed(first.ed25519_seed().value()).value();
    BOOST_TEST((again.public_part() == first.public_part()));
}

BOOST_AUTO_TEST_CASE(what_it_signs_its_public_part_verifies) {
    const auto key = test::sample_key(1);
    for (const std::size_t size : {0U, 1U, 100U, 100'000U}) {
        const std::vector<byte> message(size, 5);
        const auto blob = key.sign("ssh-ed25519", message);
        BOOST_REQUIRE(blob.has_value());
        BOOST_TEST((key.public_part().verify("ssh-ed25519", message, *blob) == errc::ok));
    }
}

BOOST_AUTO_TEST_CASE(c34_an_algorithm_of_another_key_is_refused) {
    const auto key = test::sample_key(1);
    for (const std::string_view name : {"", "ssh-rsa", "rsa-sha2-512", "ecdsa-sha2-nistp256"}) {
        BOOST_TEST((key.sign(name, {}).error() == errc::unsupported_key_type));
    }
}

BOOST_AUTO_TEST_CASE(a_key_that_was_moved_from_signs_nothing) {
    auto key = test::sample_key(1, "mine");
    const auto moved = std::move(key);
    BOOST_TEST(moved.comment() == "mine");
    BOOST_TEST(moved.sign("ssh-ed25519", {}).has_value());
    BOOST_TEST(key.sign("ssh-ed25519", {}).has_error());  // NOLINT(bugprone-use-after-move)
    BOOST_TEST(key.ed25519_seed().has_error());
    BOOST_TEST(keys::to_openssh_format(key).empty());
}

// PROTOCOL.sshsig: ssh-keygen -Y sign makes a signature over a blob that we can build ourselves.
BOOST_AUTO_TEST_CASE(ssh_keygen_makes_the_same_signature) {
    const test::temporary_directory folder;
    const auto key = test::sample_key(1);
    const std::string file =
        test::write_file(folder.file("key"), as_text(keys::to_openssh_format(key)));
    const std::string message = test::write_file(folder.file("message"), "a message\n");
    BOOST_REQUIRE(test::run({"ssh-keygen", "-Y", "sign", "-n", "test", "-O", "hashalg=sha256", "-f",
                             file, message})
                      .status == 0);
    std::string base64 = test::read_file(message + ".sig");
    base64.erase(0, base64.find('\n'));
    base64.erase(base64.find("-----END"));
    std::erase(base64, '\n');
    const auto armored = keys::from_base64(base64);
    BOOST_REQUIRE(armored.has_value());

    const auto hash = crypto::digest(crypto::hash_id::sha256, as_bytes("a message\n"));
    std::vector<byte> covered(6 + 4 + 4 + 4 + 4 + 6 + 4 + hash.size());
    wire::writer w(covered);
    w.put(as_bytes("SSHSIG"));
    w.put_string(as_bytes("test"));
    w.put_string({});
    w.put_string(as_bytes("sha256"));
    w.put_string(hash);
    BOOST_REQUIRE(w.size() == covered.size());
    const auto blob = key.sign("ssh-ed25519", covered).value();
    BOOST_TEST(to_hex(bytes_view(*armored).last(blob.size())) == to_hex(blob));
}

BOOST_AUTO_TEST_SUITE_END()
