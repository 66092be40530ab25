// adit/auth/identities.hpp: which keys are tried, in which order, and with which certificates.
#include "support/certificates.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/auth/identities.hpp>
#include <adit/auth/public_key.hpp>

using namespace adit;
using test::sample_key;
using test::sample_public_key;

namespace {

using signers = std::vector<std::shared_ptr<signer>>;

std::shared_ptr<signer> held(byte number, std::string where) {
    return std::make_shared<key_signer>(sample_key(number), std::move(where));
}

/// Who they are, such as "agent:1 file:2 ".
std::string names(const signers& all) {
    std::string text;
    for (const auto& one : all) {
        byte number = 1;
        while (number < 20 && !(sample_public_key(number) == one->public_part())) ++number;
        text += one->name() + ':' + (number == 20 ? "?" : std::to_string(number)) + ' ';
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(identities)

BOOST_AUTO_TEST_CASE(keys_of_the_agent_that_files_name_come_first_then_its_others_then_files) {
    const signers agent{held(1, "agent"), held(2, "agent"), held(3, "agent")};
    const std::vector<named_identity> named{{sample_public_key(4), held(4, "file")},
                                            {sample_public_key(3), held(3, "file")}};
    BOOST_TEST(names(ordered_identities(agent, named, false)) == "agent:3 agent:1 agent:2 file:4 ");
    BOOST_TEST(names(ordered_identities(agent, named, true)) == "agent:3 file:4 ");
    BOOST_TEST(names(ordered_identities({}, named, false)) == "file:4 file:3 ");
    BOOST_TEST(ordered_identities({}, {}, false).empty());
}

BOOST_AUTO_TEST_CASE(public_file_pins_a_key_of_the_agent) {
    const signers agent{held(1, "agent"), held(2, "agent"), held(3, "agent")};
    const std::vector<named_identity> pin{{sample_public_key(2), nullptr}};
    BOOST_TEST(names(ordered_identities(agent, pin, true)) == "agent:2 ");
    BOOST_TEST(names(ordered_identities({}, pin, true)).empty());
}

BOOST_AUTO_TEST_CASE(no_key_is_tried_twice) {
    const signers agent{held(1, "agent"), held(1, "again")};
    const std::vector<named_identity> named{{sample_public_key(1), held(1, "file")},
                                            {sample_public_key(5), held(5, "file")},
                                            {sample_public_key(5), held(5, "again")}};
    BOOST_TEST(names(ordered_identities(agent, named, false)) == "agent:1 file:5 ");
}

// CertificateFile, as ssh has it: before everything else.
BOOST_AUTO_TEST_CASE(c38_named_certificates_come_first) {
    const keys::certificate good = test::sample_certificate();  // of sample key 1
    test::certificate_content of_host;
    of_host.type = 2;
    const keys::certificate host = test::sample_certificate(of_host);
    const signers all = with_certificates({held(3, "file"), held(1, "file")}, {host, good, good});
    BOOST_TEST(names(all) == "file:? file:3 file:1 ");
    BOOST_TEST(wire::same_bytes(all[0]->public_part().blob(), good.blob()));
    // The agent has it already.
    const signers with = with_certificates({all[0], held(1, "file")}, {good});
    BOOST_TEST(with.size() == 2U);
}

// id-cert.pub, as ssh has it: behind its key, in the place of the file, whoever holds the key.
BOOST_AUTO_TEST_CASE(c38_certificate_beside_a_key_comes_behind_it) {
    const keys::certificate good = test::sample_certificate();  // of sample key 1
    const std::vector<named_identity> named{{sample_public_key(1), held(1, "file"), good},
                                            {sample_public_key(4), held(4, "file"), good}};
    BOOST_TEST(names(ordered_identities({}, named, false)) == "file:1 file:? file:4 ");
    const signers agent{held(2, "agent"), held(1, "agent")};
    BOOST_TEST(names(ordered_identities(agent, named, false)) == "agent:1 agent:2 agent:? file:4 ");
    BOOST_TEST(names(ordered_identities(agent, named, true)) == "agent:1 agent:? file:4 ");
    // An agent's own certificate is named by it, too.
    const auto shown = keys::public_key::parse(good.blob()).value();
    const signers with{held(2, "agent"), std::make_shared<certified_signer>(held(1, "own"), shown)};
    const std::vector<named_identity> pin{{sample_public_key(1), nullptr, good}};
    BOOST_TEST(names(ordered_identities(with, pin, true)) == "own:? ");
}

BOOST_AUTO_TEST_CASE(c33_algorithm_of_a_certificate) {
    const auto shown = keys::public_key::parse(test::sample_certificate().blob()).value();
    const std::string name = "ssh-ed25519-cert-v01@openssh.com";
    peer_extensions server;
    BOOST_TEST(auth::choose_algorithm(shown, "", server) == name);
    BOOST_TEST(auth::choose_algorithm(shown, "ssh-ed25519", server).empty());
    BOOST_TEST(auth::choose_algorithm(shown, "ssh-ed25519," + name, server) == name);
    server.server_sig_algs = "rsa-sha2-512,ssh-ed25519";  // as OpenSSH says it
    BOOST_TEST(auth::choose_algorithm(shown, "", server) == name);
    server.server_sig_algs = "rsa-sha2-512";
    BOOST_TEST(auth::choose_algorithm(shown, "", server).empty());
    // A certificate of an RSA key never signs with SHA-1, which is what its type's name would be.
    const auto rsa = test::sample_unknown_key("ssh-rsa-cert-v01@openssh.com", 1);
    server.server_sig_algs.reset();
    BOOST_TEST(auth::choose_algorithm(rsa, "", server) == "rsa-sha2-512-cert-v01@openssh.com");
    server.server_sig_algs = "rsa-sha2-256,ssh-rsa";
    BOOST_TEST(auth::choose_algorithm(rsa, "", server) == "rsa-sha2-256-cert-v01@openssh.com");
}

BOOST_AUTO_TEST_CASE(files_of_public_keys_and_certificates) {
    const test::temporary_directory folder;
    const std::string plain = folder.file("id.pub");
    BOOST_TEST((load_public_key(plain).error() == errc::key_file_missing));
    test::write_file(plain, sample_public_key(4).to_line("me") + "\r\nsecond line\n");
    BOOST_TEST((load_public_key(plain).value() == sample_public_key(4)));
    BOOST_TEST((load_certificate(plain).error() == errc::unsupported_key_type));
    test::write_file(plain, "nothing of the kind");
    BOOST_TEST((load_public_key(plain).error() == errc::not_a_key));
    const std::string path = certificate_path(folder.file("id"));
    BOOST_TEST(path == folder.file("id-cert.pub"));
    BOOST_TEST(certificate_path(plain) == path);
    const auto shown = keys::public_key::parse(test::sample_certificate().blob()).value();
    test::write_file(path, shown.to_line() + "\n");
    BOOST_TEST((load_certificate(path).value().key() == sample_public_key(1)));
}

BOOST_AUTO_TEST_SUITE_END()
