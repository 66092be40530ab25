// The door to private keys: every type in every format, made by ssh-keygen, openssl and puttygen,
// compared with `ssh-keygen -y`; and damaged files.
#include "key_samples.hpp"
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/crypto/hash.hpp>
#include <adit/keys/key_parser.hpp>

#include <cstdio>
#include <cstdlib>

using namespace adit;

namespace {

using arguments = std::vector<std::string>;

struct kind {
    const char* type;
    const char* bits;
};
constexpr std::array<kind, 7> kinds{{{"ed25519", "256"},
                                     {"ecdsa", "256"},
                                     {"ecdsa", "384"},
                                     {"ecdsa", "521"},
                                     {"rsa", "2048"},
                                     {"rsa", "3072"},
                                     {"rsa", "4096"}}};

/// The public part by another program. OpenSSH before 9.6 cannot read Ed25519 in PKCS#8; openssl
/// shows its point at the end.
std::string line_of(const std::string& path, const std::string& passphrase) {
    const auto shown = test::run({"ssh-keygen", "-y", "-P", passphrase, "-f", path});
    if (shown.status == 0) return shown.output;
    const auto der = test::run({"openssl", "pkey", "-passin", "pass:" + passphrase, "-in", path,
                                "-pubout", "-outform", "DER"});
    BOOST_TEST_INFO(shown.errors << der.errors);
    BOOST_REQUIRE(der.status == 0);
    BOOST_REQUIRE(der.output.size() == 44U);
    const bytes_view point = as_bytes(der.output).last(32);
    return keys::public_key::parse(keys::ed25519_blob(point))->to_line() + '\n';
}

// PROTOCOL.sshsig: what `ssh-keygen -Y verify` expects to have been signed.
std::vector<byte> sshsig_content(std::string_view message) {
    const auto hash = crypto::digest(crypto::hash_id::sha512, as_bytes(message));
    std::vector<byte> covered(6 + 4 + 4 + 4 + 4 + 6 + 4 + hash.size());
    wire::writer w(covered);
    w.put(as_bytes("SSHSIG"));
    w.put_string(as_bytes("test"));
    w.put_string({});
    w.put_string(as_bytes("sha512"));
    w.put_string(hash);
    return covered;
}

std::string sshsig_file(const keys::private_key& key, std::string_view algorithm,
                        std::string_view message) {
    const auto signature = key.sign(algorithm, sshsig_content(message)).value();
    std::vector<byte> blob(6 + 4 + 4 + key.public_part().blob().size() + 8 + 4 + 10 + 4 +
                           signature.size());
    wire::writer w(blob);
    w.put(as_bytes("SSHSIG"));
    w.put_u32(1);
    w.put_string(key.public_part().blob());
    w.put_string(as_bytes("test"));
    w.put_string({});
    w.put_string(as_bytes("sha512"));
    w.put_string(signature);
    BOOST_REQUIRE(w.error() == errc::ok);
    return std::string(as_text(keys::encode_pem("SSH SIGNATURE", w.written(), 70)));
}

/// ssh-keygen takes the message from its standard input.
bool ssh_keygen_verifies(const keys::private_key& key, std::string_view algorithm) {
    const test::temporary_directory folder;
    const std::string allowed =
        test::write_file(folder.file("allowed"), "me " + key.public_part().to_line() + '\n');
    const std::string file =
        test::write_file(folder.file("sig"), sshsig_file(key, algorithm, "message"));
    const std::string command =
        "printf message | ssh-keygen -Y verify -n test -I me -f " + allowed + " -s " + file;
    return test::run({"sh", "-c", command}).status == 0;
}

void check_signatures(const keys::private_key& key) {
    const auto names = keys::signature_algorithms_for(key.public_part().type());
    BOOST_REQUIRE(!names.empty());
    for (const std::string_view name : names) {
        BOOST_TEST_CONTEXT(name) { BOOST_TEST(ssh_keygen_verifies(key, name)); }
    }
}

/// Loads and agrees with ssh-keygen; where it is encrypted, by this passphrase only.
void check_file(const std::string& path, const std::string& passphrase) {
    const std::string file = test::read_file(path);
    const auto secret = test::secret_of(passphrase);
    const auto key = keys::parse_private_key(as_bytes(file), &secret);
    if (!key) BOOST_TEST_MESSAGE(key.error().message());
    BOOST_REQUIRE(key.has_value());
    BOOST_TEST(key->public_part().to_line(key->comment()) + '\n' == line_of(path, passphrase));
    if (passphrase.empty()) {
        BOOST_TEST(!test::key_error(file));
    } else {
        BOOST_TEST((test::key_error(file) == errc::passphrase_needed));
        BOOST_TEST((test::key_error(file, "wrong") == errc::wrong_passphrase));
    }
}

void check_formats(const std::string& path) {
    for (const std::string format : {"RFC4716", "PEM", "PKCS8"}) {
        for (const std::string passphrase : {"", "a passphrase"}) {
            BOOST_TEST_CONTEXT(format << " '" << passphrase << "'") {
                const auto changed = test::run({"ssh-keygen", "-p", "-q", "-a", "1", "-m", format,
                                                "-P", "", "-N", passphrase, "-f", path});
                BOOST_REQUIRE(changed.status == 0);
                check_file(path, passphrase);
                const auto back =
                    test::run({"ssh-keygen", "-p", "-q", "-P", passphrase, "-N", "", "-f", path});
                BOOST_REQUIRE(back.status == 0);
            }
        }
    }
}

bool is_ci() { return std::getenv("CI") != nullptr; }

/// Whether a program is there; a missing one is no reason to fail but in CI.
bool found(const std::string& program) {
    if (test::run({"sh", "-c", "command -v " + program}).status == 0) return true;
    std::printf("adit-test-skipped: no %s\n", program.c_str());
    BOOST_TEST(!is_ci());
    return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_parser)

BOOST_AUTO_TEST_CASE(every_type_of_ssh_keygen_in_every_format) {
    const test::temporary_directory folder;
    for (const kind& k : kinds) {
        BOOST_TEST_CONTEXT(k.type << ' ' << k.bits) {
            const std::string path = folder.file(std::string(k.type) + k.bits);
            BOOST_REQUIRE(test::run({"ssh-keygen", "-q", "-t", k.type, "-b", k.bits, "-N", "", "-C",
                                     "a comment", "-f", path})
                              .status == 0);
            check_formats(path);
            const std::string file = test::read_file(path);
            check_signatures(keys::parse_private_key(as_bytes(file)).value());
        }
    }
}

BOOST_AUTO_TEST_CASE(keys_of_openssl) {
    const test::temporary_directory folder;
    const std::string path = folder.file("key");
    const std::vector<arguments> commands{
        {"genpkey", "-algorithm", "ed25519", "-out", path},
        {"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path},
        {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", path},
        {"ecparam", "-genkey", "-name", "prime256v1", "-out", path},
        {"ecparam", "-genkey", "-noout", "-name", "secp521r1", "-out", path},
        {"ecparam", "-genkey", "-noout", "-conv_form", "compressed", "-name", "secp384r1", "-out",
         path},
    };
    for (arguments command : commands) {
        BOOST_TEST_CONTEXT(command[2] << ' ' << command[4]) {
            command.insert(command.begin(), "openssl");
            BOOST_REQUIRE(test::run(command).status == 0);
            test::write_file(path, test::read_file(path));
            check_file(path, "");
        }
    }
    const std::string traditional = folder.file("traditional");
    BOOST_REQUIRE(test::run({"openssl", "genrsa", "-traditional", "-aes256", "-passout",
                             "pass:a passphrase", "-out", traditional, "2048"})
                      .status == 0);
    test::write_file(traditional, test::read_file(traditional));
    check_file(traditional, "a passphrase");
}

BOOST_AUTO_TEST_CASE(keys_of_puttygen) {
    if (!found("puttygen")) return;
    const test::temporary_directory folder;
    for (const kind& k : {kinds[0], kinds[2], kinds[4]}) {
        for (const std::string format : {"private-openssh", "private-openssh-new"}) {
            for (const std::string passphrase : {"", "a passphrase"}) {
                BOOST_TEST_CONTEXT(k.type << ' ' << k.bits << ' ' << format << ' ' << passphrase) {
                    const std::string path = folder.file("key");
                    const std::string phrase_file =
                        test::write_file(folder.file("phrase"), passphrase);
                    arguments command{"puttygen", "-q", "-t", k.type};
                    if (k.type != std::string("ed25519"))
                        command.insert(command.end(), {"-b", k.bits});
                    command.insert(command.end(),
                                   {"-O", format, "-o", path, "--new-passphrase", phrase_file});
                    BOOST_REQUIRE(test::run(command).status == 0);
                    check_file(path, passphrase);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(kinds_that_cannot_be_read_are_named_as_such) {
    const test::temporary_directory folder;
    const std::string path = folder.file("key");
    const std::vector<arguments> commands{
        {"genpkey", "-algorithm", "ed448", "-out", path},
        {"ecparam", "-genkey", "-name", "secp256k1", "-out", path},
        {"ecparam", "-genkey", "-name", "prime256v1", "-param_enc", "explicit", "-out", path},
        {"genrsa", "-out", path, "1024"},
        {"genrsa", "-traditional", "-out", path, "1024"},
    };
    for (arguments command : commands) {
        command.insert(command.begin(), "openssl");
        BOOST_REQUIRE(test::run(command).status == 0);
        BOOST_TEST((test::key_error(test::read_file(path)) == errc::unsupported_key_type));
    }
    BOOST_REQUIRE(test::run({"rm", path}).status == 0);
    const arguments short_rsa{"ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", path};
    BOOST_REQUIRE(test::run(short_rsa).status == 0);
    BOOST_TEST((test::key_error(test::read_file(path)) == errc::unsupported_key_type));
    for (const std::string_view file :
         {"PuTTY-User-Key-File-3: ssh-ed25519\n",
          "-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n",
          "-----BEGIN ANY PRIVATE KEY-----\nAAAA\n-----END ANY PRIVATE KEY-----\n"}) {
        BOOST_TEST((test::key_error(file) == errc::unsupported_key_type));
    }
}

// A signature is what a key is for: where a damaged file still gives one, the key must be whole.
BOOST_AUTO_TEST_CASE(c53_damage_at_any_byte_never_gives_a_key_that_does_not_fit) {
    const test::temporary_directory folder;
    const std::string path = folder.file("key");
    keys::key_cost_limits limits;
    limits.bcrypt_rounds = 2;
    limits.pbkdf2_iterations = 4096;
    const auto secret = test::secret_of("secret");
    for (const std::string format : {"RFC4716", "PEM", "PKCS8"}) {
        for (const std::string passphrase : {"", "secret"}) {
            test::write_file(
                path, as_text(keys::to_openssh_format(test::sample_ecdsa_key(keys::nistp256, 7))));
            BOOST_REQUIRE(test::run({"ssh-keygen", "-p", "-q", "-a", "1", "-m", format, "-P", "",
                                     "-N", passphrase, "-f", path})
                              .status == 0);
            const std::string file = test::read_file(path);
            for (std::size_t at = 0; at < file.size(); ++at) {
                for (const char flip : {'\1', '\x80'}) {
                    std::string changed = file;
                    changed[at] = static_cast<char>(changed[at] ^ flip);
                    const auto key = keys::parse_private_key(as_bytes(changed), &secret, limits);
                    if (!key) continue;
                    const auto blob = key->sign("ecdsa-sha2-nistp256", as_bytes("text"));
                    BOOST_REQUIRE(blob.has_value());
                    BOOST_TEST((key->public_part().verify("ecdsa-sha2-nistp256", as_bytes("text"),
                                                          *blob) == errc::ok));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
