// Certificates: those of ssh-keygen, by every kind of CA for every kind of key, and such as nobody
// should accept (C38, A14).
#include "support/certificates.hpp"
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"
#include "unit/keys/key_samples.hpp"

#include <adit/keys/certificate.hpp>

using namespace adit;
using test::certificate_content;

namespace {

errc parse_error(bytes_view blob) {
    const auto parsed = keys::certificate::parse(blob);
    return parsed ? errc::ok : static_cast<errc>(parsed.error().value());
}

errc parse_error(const certificate_content& content) {
    return parse_error(test::sample_certificate_blob(content));
}

std::vector<keys::private_key> one_of_each_type() {
    std::vector<keys::private_key> all;
    all.push_back(test::sample_key(1));
    for (const auto* curve : keys::nist_curves) all.push_back(test::sample_ecdsa_key(*curve, 3));
    all.push_back(test::sample_rsa_key());
    return all;
}

struct key_kind {
    const char* name;
    std::vector<std::string> arguments;
};

const std::array<key_kind, 5> key_kinds{{
    {"ed25519", {"-t", "ed25519"}},
    {"nistp256", {"-t", "ecdsa", "-b", "256"}},
    {"nistp384", {"-t", "ecdsa", "-b", "384"}},
    {"nistp521", {"-t", "ecdsa", "-b", "521"}},
    {"rsa", {"-t", "rsa", "-b", "2048"}},
}};

void keygen(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"ssh-keygen", "-q"});
    const auto result = test::run(arguments);
    BOOST_REQUIRE_MESSAGE(result.status == 0, result.errors);
}

void make_key(const test::temporary_directory& folder, const key_kind& kind) {
    std::vector<std::string> arguments = kind.arguments;
    arguments.insert(arguments.end(), {"-N", "", "-C", "", "-f", folder.file(kind.name)});
    keygen(std::move(arguments));
}

/// Certificates for all five keys, by one of them.
void sign_all(const test::temporary_directory& folder, const key_kind& ca) {
    std::vector<std::string> arguments{"-s", folder.file(ca.name), "-I", "the id", "-z", "42"};
    arguments.insert(arguments.end(), {"-n", "alice,bob", "-O", "force-command=true"});
    for (const key_kind& kind : key_kinds) {
        arguments.push_back(folder.file(std::string(kind.name) + ".pub"));
    }
    keygen(std::move(arguments));
}

void check_one_of_ssh_keygen(const test::temporary_directory& folder, const key_kind& ca,
                             const key_kind& subject) {
    const auto public_of = [&folder](const key_kind& kind) {
        const std::string file = folder.file(std::string(kind.name) + ".pub");
        return keys::public_key::parse_line(test::read_file(file)).value();
    };
    std::string line = test::read_file(folder.file(std::string(subject.name) + "-cert.pub"));
    line.resize(line.find('\n'));
    const auto certificate = keys::certificate::parse_line(line);
    BOOST_REQUIRE(certificate.has_value());
    BOOST_TEST((certificate->key() == public_of(subject)));
    BOOST_TEST((certificate->authority() == public_of(ca)));
    BOOST_TEST((certificate->use() == keys::certificate_use::user));
    BOOST_TEST(certificate->fields().serial == 42U);
    BOOST_TEST(certificate->fields().key_id == "the id");
    const std::vector<std::string_view> names{"alice", "bob"};
    BOOST_TEST(certificate->principals() == names, boost::test_tools::per_element());
    BOOST_TEST((certificate->verify_authority() == errc::ok));
    BOOST_TEST((certificate->type() == line.substr(0, line.find(' '))));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(certificate)

BOOST_AUTO_TEST_CASE(what_ssh_keygen_signs_verifies_for_every_ca_and_key) {
    const test::temporary_directory folder;
    for (const key_kind& kind : key_kinds) make_key(folder, kind);
    for (const key_kind& ca : key_kinds) {
        sign_all(folder, ca);
        for (const key_kind& subject : key_kinds) {
            BOOST_TEST_CONTEXT(ca.name << " for " << subject.name) {
                check_one_of_ssh_keygen(folder, ca, subject);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(ssh_keygen_accepts_what_the_tests_make) {
    const test::temporary_directory folder;
    const auto signers = one_of_each_type();
    for (const keys::private_key& subject : signers) {
        const auto blob = test::certificate_blob({}, subject.public_part().blob(),
                                                 test::sample_public_key(2).blob(),
                                                 test::sample_key(2), "ssh-ed25519");
        const auto parsed = keys::certificate::parse(blob).value();
        const std::string file = folder.file("made-cert.pub");
        test::write_file(file, std::string(parsed.type()) + ' ' + keys::to_base64(blob) + '\n');
        BOOST_TEST(test::run({"ssh-keygen", "-L", "-f", file}).status == 0);
    }
}

BOOST_AUTO_TEST_CASE(the_fields_are_those_that_were_signed) {
    certificate_content content;
    content.type = 2;
    content.principals = {"a,b", "", "c"};
    content.critical_options = {{"x", "1"}};
    content.extensions = {{"y", ""}, {"z", "2"}};
    content.reserved = "later";
    const auto read = test::sample_certificate(content);
    BOOST_TEST((read.use() == keys::certificate_use::host));
    const std::vector<std::string_view> names{"a,b", "", "c"};
    BOOST_TEST(read.principals() == names, boost::test_tools::per_element());
    BOOST_TEST(read.fields().valid_after == 1000U);
    BOOST_TEST(read.fields().valid_before == 2000U);
    BOOST_TEST(as_text(read.fields().reserved) == "later");
    std::string seen;
    const auto note = [&seen](const keys::certificate_option& option) {
        seen += std::string(option.name) + '=' + std::string(as_text(option.data)) + ' ';
    };
    BOOST_TEST((keys::visit_options(read.fields().critical_options, note) == errc::ok));
    BOOST_TEST((keys::visit_options(read.fields().extensions, note) == errc::ok));
    BOOST_TEST(seen == "x=1 y= z=2 ");
    BOOST_TEST(read.authority_algorithm() == "ssh-ed25519");
    const keys::certificate copy = read;
    BOOST_TEST(copy.fields().key_id == "an id");
}

BOOST_AUTO_TEST_CASE(c38_a_flipped_bit_anywhere_never_verifies) {
    auto blob = test::sample_certificate_blob({});
    BOOST_REQUIRE((keys::certificate::parse(blob)->verify_authority() == errc::ok));
    for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
        blob[bit / 8] ^= static_cast<byte>(1U << bit % 8);
        const auto parsed = keys::certificate::parse(blob);
        const bool verifies = parsed && parsed->verify_authority() == errc::ok;
        if (verifies) BOOST_ERROR("bit " << bit);
        blob[bit / 8] ^= static_cast<byte>(1U << bit % 8);
    }
}

BOOST_AUTO_TEST_CASE(a13_every_truncation_and_any_trailing_byte_is_refused) {
    auto blob = test::sample_certificate_blob({});
    for (std::size_t size = 0; size < blob.size(); ++size) {
        BOOST_TEST((parse_error(bytes_view(blob).first(size)) != errc::ok));
    }
    blob.push_back(0);
    BOOST_TEST((parse_error(blob) == errc::trailing_bytes));
}

BOOST_AUTO_TEST_CASE(c38_a_certificate_is_for_a_user_or_a_host) {
    for (const std::uint32_t type : {0U, 3U, 0x101U, 0xffffffffU}) {
        certificate_content content;
        content.type = type;
        BOOST_TEST((parse_error(content) == errc::malformed_field));
    }
}

BOOST_AUTO_TEST_CASE(c38_256_principals_are_the_most) {
    certificate_content content;
    content.principals.assign(256, "user");
    BOOST_TEST(test::sample_certificate(content).principals().size() == 256U);
    content.principals.emplace_back("user");
    BOOST_TEST((parse_error(content) == errc::field_too_long));
}

BOOST_AUTO_TEST_CASE(c38_a_nul_in_a_name_is_refused) {
    const std::string nul("user\0x", 6);
    certificate_content in_principal;
    in_principal.principals = {nul};
    certificate_content in_id;
    in_id.key_id = nul;
    certificate_content in_option;
    in_option.critical_options = {{nul, ""}};
    certificate_content in_extension;
    in_extension.extensions = {{nul, ""}};
    for (const auto& content : {in_principal, in_id, in_option, in_extension}) {
        BOOST_TEST((parse_error(content) == errc::malformed_field));
    }
}

BOOST_AUTO_TEST_CASE(a14_a_certificate_as_ca_is_not_looked_into) {
    const auto root = test::sample_public_key(2);
    std::vector<byte> authority(root.blob().begin(), root.blob().end());
    for (int depth = 0; depth < 100; ++depth) {
        authority = test::certificate_blob({}, test::sample_public_key(1).blob(), authority,
                                           test::sample_key(2), "ssh-ed25519");
    }
    const auto parsed = keys::certificate::parse(authority);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST(keys::is_certificate_name(parsed->authority().type()));
    BOOST_TEST((parsed->verify_authority() == errc::unsupported_key_type));
}

BOOST_AUTO_TEST_CASE(a14_a_key_of_a_bad_size_is_refused_inside_a_certificate_too) {
    const byte short_modulus[] = {0x80, 0, 1};
    const byte exponent[] = {1, 0, 1};
    const auto weak = keys::rsa_blob({{exponent}, {short_modulus}});
    BOOST_TEST((parse_error(test::certificate_blob({}, weak, test::sample_public_key(2).blob(),
                                                   test::sample_key(2), "ssh-ed25519")) ==
                errc::malformed_field));
    BOOST_TEST((parse_error(test::certificate_blob({}, test::sample_public_key(1).blob(), weak,
                                                   test::sample_key(2), "ssh-ed25519")) ==
                errc::malformed_field));
}

BOOST_AUTO_TEST_CASE(only_certificates_of_known_keys_are_read) {
    BOOST_TEST((parse_error(test::sample_public_key(1).blob()) == errc::unsupported_key_type));
    for (const std::string_view type : {"ssh-dss", "sk-ssh-ed25519", "ssh-future"}) {
        const auto subject = test::sample_unknown_key(type, 1);
        BOOST_TEST((parse_error(test::certificate_blob(
                        {}, subject.blob(), test::sample_public_key(2).blob(), test::sample_key(2),
                        "ssh-ed25519")) == errc::unsupported_key_type));
    }
    BOOST_TEST(!keys::certificate::parse_line(test::sample_public_key(1).to_line()));
    BOOST_TEST(!keys::certificate::parse_line(""));
}

BOOST_AUTO_TEST_CASE(c32_the_certified_key_signs_under_the_plain_name) {
    const std::string_view message = "session";
    for (const keys::private_key& key : one_of_each_type()) {
        const auto blob =
            test::certificate_blob({}, key.public_part().blob(), test::sample_public_key(2).blob(),
                                   test::sample_key(2), "ssh-ed25519");
        const auto certificate = keys::certificate::parse(blob).value();
        for (const auto plain : keys::signature_algorithms_for(key.public_part().type())) {
            const std::string name = std::string(plain) + std::string(keys::certificate_suffix);
            const auto signature = key.sign(plain, as_bytes(message)).value();
            BOOST_TEST((certificate.verify(name, as_bytes(message), signature) == errc::ok));
            BOOST_TEST((certificate.verify(plain, as_bytes(message), signature) ==
                        errc::unsupported_key_type));
            BOOST_TEST((certificate.verify(name, as_bytes("sessioN"), signature) ==
                        errc::host_key_signature_invalid));
        }
    }
}

BOOST_AUTO_TEST_CASE(c33_an_rsa_certificate_makes_no_sha_1_signature) {
    const auto key = test::sample_rsa_key();
    const auto blob =
        test::certificate_blob({}, key.public_part().blob(), test::sample_public_key(2).blob(),
                               test::sample_key(2), "ssh-ed25519");
    const auto certificate = keys::certificate::parse(blob).value();
    const auto signature = key.sign("rsa-sha2-256", as_bytes("x")).value();
    BOOST_TEST((certificate.verify("ssh-rsa-cert-v01@openssh.com", as_bytes("x"), signature) ==
                errc::unsupported_key_type));
    BOOST_TEST((certificate.verify("rsa-sha2-512-cert-v01@openssh.com", as_bytes("x"), signature) ==
                errc::host_key_signature_invalid));
}

BOOST_AUTO_TEST_CASE(a_plain_name_is_one_without_the_suffix) {
    BOOST_TEST(keys::plain_name("ssh-ed25519-cert-v01@openssh.com") == "ssh-ed25519");
    BOOST_TEST(keys::plain_name("rsa-sha2-512-cert-v01@openssh.com") == "rsa-sha2-512");
    for (const std::string_view name :
         {"", "ssh-ed25519", "-cert-v01@openssh.com", "ssh-ed25519-cert-v00@openssh.com"}) {
        BOOST_TEST(!keys::is_certificate_name(name));
    }
}

BOOST_AUTO_TEST_CASE(c32_a_public_key_that_is_a_certificate_verifies_nothing) {
    const auto read = keys::public_key::parse(test::sample_certificate_blob({})).value();
    BOOST_TEST(!read.supported());
    const auto signature = test::sample_key(1).sign("ssh-ed25519", as_bytes("x")).value();
    BOOST_TEST(
        (read.verify("ssh-ed25519", as_bytes("x"), signature) == errc::unsupported_key_type));
}

BOOST_AUTO_TEST_SUITE_END()
