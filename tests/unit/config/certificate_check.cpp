// Whether a certificate is to be believed: each reason of C38 to refuse, one at a time.
#include "support/certificates.hpp"
#include "support/sample_keys.hpp"
#include "support/test.hpp"
#include "unit/keys/key_samples.hpp"

#include <adit/config/certificate_check.hpp>

using namespace adit;
using config::certificate_question;
using config::certificate_verdict;
using test::certificate_content;

namespace {

/// To which the sample certificate is a good answer.
certificate_question good_question() {
    certificate_question question;
    question.names = {"user"};
    question.source = "192.0.2.1";
    question.now = 1500;
    question.trusted = [](const keys::public_key& ca) { return ca == test::sample_public_key(2); };
    return question;
}

certificate_verdict verdict(const certificate_content& content,
                            const certificate_question& question = good_question()) {
    return config::verify_certificate(test::sample_certificate(content), question);
}

certificate_verdict verdict_with(const std::string& option, const std::string& data) {
    certificate_content content;
    content.critical_options = {{option, data}};
    return verdict(content);
}

certificate_verdict verdict_for_host(const certificate_content& content, std::string_view host) {
    certificate_question question = good_question();
    question.use = keys::certificate_use::host;
    question.names = {host};
    return verdict(content, question);
}

certificate_content host_content() {
    certificate_content content;
    content.type = 2;
    content.principals = {"*.example.org", "db"};
    return content;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(certificate_check)

BOOST_AUTO_TEST_CASE(a_good_certificate_is_ok) {
    BOOST_TEST((verdict({}) == certificate_verdict::ok));
}

BOOST_AUTO_TEST_CASE(s07_no_verdict_is_zero_and_an_empty_question_is_refused) {
    BOOST_TEST(static_cast<int>(certificate_verdict::ok) == 1);
    BOOST_TEST((verdict({}, {}) != certificate_verdict::ok));
    certificate_question no_trust = good_question();
    no_trust.trusted = nullptr;
    BOOST_TEST((verdict({}, no_trust) == certificate_verdict::authority_not_trusted));
    certificate_question no_time = good_question();
    no_time.now = certificate_question().now;
    certificate_content forever;
    forever.valid_before = std::numeric_limits<std::uint64_t>::max();
    BOOST_TEST((verdict(forever, no_time) == certificate_verdict::expired));
    certificate_question nobody = good_question();
    nobody.names.clear();
    BOOST_TEST((verdict({}, nobody) == certificate_verdict::wrong_principal));
}

BOOST_AUTO_TEST_CASE(c38_the_first_second_counts_and_the_last_does_not) {
    certificate_question question = good_question();
    const auto at = [&question](std::uint64_t now) {
        question.now = now;
        return verdict({}, question);
    };
    BOOST_TEST((at(0) == certificate_verdict::not_yet_valid));
    BOOST_TEST((at(999) == certificate_verdict::not_yet_valid));
    BOOST_TEST((at(1000) == certificate_verdict::ok));
    BOOST_TEST((at(1999) == certificate_verdict::ok));
    BOOST_TEST((at(2000) == certificate_verdict::expired));
}

BOOST_AUTO_TEST_CASE(c38_a_user_s_certificate_is_no_host_s) {
    certificate_content host = host_content();
    host.principals = {"user"};
    BOOST_TEST((verdict(host) == certificate_verdict::wrong_use));
    BOOST_TEST((verdict_for_host({}, "user") == certificate_verdict::wrong_use));
}

BOOST_AUTO_TEST_CASE(c38_no_principals_match_nobody) {
    certificate_content content;
    content.principals.clear();
    BOOST_TEST((verdict(content) == certificate_verdict::no_principals));
    certificate_content host = host_content();
    host.principals.clear();
    BOOST_TEST((verdict_for_host(host, "db") == certificate_verdict::no_principals));
}

BOOST_AUTO_TEST_CASE(c38_users_are_compared_whole_and_exactly) {
    for (const char* other :
         {"use", "users", "USER", "user ", "*", "us?r", "root,user", "user,root", "", ",user"}) {
        certificate_content content;
        content.principals = {other};
        BOOST_TEST((verdict(content) == certificate_verdict::wrong_principal), other);
    }
    certificate_content second;
    second.principals = {"root", "user"};
    BOOST_TEST((verdict(second) == certificate_verdict::ok));
    certificate_question empty_name = good_question();
    empty_name.names = {""};
    certificate_content empty;
    empty.principals = {""};
    BOOST_TEST((verdict(empty, empty_name) == certificate_verdict::wrong_principal));
}

BOOST_AUTO_TEST_CASE(c38_hosts_may_be_patterns) {
    const certificate_content content = host_content();
    BOOST_TEST((verdict_for_host(content, "db") == certificate_verdict::ok));
    BOOST_TEST((verdict_for_host(content, "a.example.org") == certificate_verdict::ok));
    BOOST_TEST((verdict_for_host(content, "example.org") == certificate_verdict::wrong_principal));
    BOOST_TEST((verdict_for_host(content, "db2") == certificate_verdict::wrong_principal));
}

BOOST_AUTO_TEST_CASE(c38_an_unknown_critical_option_is_refused) {
    BOOST_TEST((verdict_with("new-option@example.com", "") ==
                certificate_verdict::unknown_critical_option));
    BOOST_TEST((verdict_with("", "") == certificate_verdict::unknown_critical_option));
    BOOST_TEST((verdict_with("Force-Command", test::wire_string("x")) ==
                certificate_verdict::unknown_critical_option));
    BOOST_TEST((verdict_with("permit-pty", "") == certificate_verdict::unknown_critical_option));
    certificate_content host = host_content();
    host.critical_options = {{"force-command", test::wire_string("x")}};
    BOOST_TEST((verdict_for_host(host, "db") == certificate_verdict::unknown_critical_option));
}

BOOST_AUTO_TEST_CASE(c38_known_options_are_read_to_their_end_and_once) {
    BOOST_TEST((verdict_with("verify-required", "") == certificate_verdict::ok));
    BOOST_TEST((verdict_with("force-command", test::wire_string("x")) == certificate_verdict::ok));
    BOOST_TEST((verdict_with("verify-required", "x") == certificate_verdict::malformed_option));
    for (const std::string& bad : {std::string(), std::string("x"), test::wire_string("x") + 'y',
                                   test::wire_string(std::string_view("a\0b", 3))}) {
        BOOST_TEST((verdict_with("force-command", bad) == certificate_verdict::malformed_option));
        BOOST_TEST((verdict_with("source-address", bad) == certificate_verdict::malformed_option));
    }
    for (const char* name : {"force-command", "source-address"}) {
        certificate_content twice;
        const std::string data = test::wire_string("192.0.2.1");
        twice.critical_options = {{name, data}, {name, data}};
        BOOST_TEST((verdict(twice) == certificate_verdict::malformed_option));
    }
}

BOOST_AUTO_TEST_CASE(c38_source_address_is_enforced_and_an_empty_one_rejects) {
    const auto from = [](const char* list) {
        return verdict_with("source-address", test::wire_string(list));
    };
    BOOST_TEST((from("192.0.2.0/24") == certificate_verdict::ok));
    BOOST_TEST((from("10.0.0.0/8,192.0.2.1") == certificate_verdict::ok));
    BOOST_TEST((from("10.0.0.0/8") == certificate_verdict::wrong_source_address));
    for (const char* list : {"", "*", "192.0.2.*", "192.0.2.1/24", "192.0.2.1,"}) {
        BOOST_TEST((from(list) == certificate_verdict::malformed_option), list);
    }
    certificate_question unknown = good_question();
    unknown.source = {};
    certificate_content content;
    content.critical_options = {{"source-address", test::wire_string("0.0.0.0/0,::/0")}};
    BOOST_TEST((verdict(content, unknown) == certificate_verdict::wrong_source_address));
}

BOOST_AUTO_TEST_CASE(c38_a_revoked_key_or_ca_beats_all_other_reasons) {
    for (const byte number : {byte{1}, byte{2}}) {
        certificate_question question = good_question();
        question.revoked = [number](const keys::public_key& key) {
            return key == test::sample_public_key(number);
        };
        BOOST_TEST((verdict({}, question) == certificate_verdict::revoked));
        question.now = 5000;
        question.trusted = nullptr;
        BOOST_TEST((verdict({}, question) == certificate_verdict::revoked));
    }
    certificate_question other = good_question();
    other.revoked = [](const keys::public_key& key) { return key == test::sample_public_key(3); };
    BOOST_TEST((verdict({}, other) == certificate_verdict::ok));
}

BOOST_AUTO_TEST_CASE(c38_only_the_trusted_ca_s_own_signature_counts) {
    const auto subject = test::sample_public_key(1);
    const auto signed_by = [&subject](byte named, byte signer) {
        const auto blob =
            test::certificate_blob({}, subject.blob(), test::sample_public_key(named).blob(),
                                   test::sample_key(signer), "ssh-ed25519");
        return config::verify_certificate(keys::certificate::parse(blob).value(), good_question());
    };
    BOOST_TEST((signed_by(2, 2) == certificate_verdict::ok));
    BOOST_TEST((signed_by(2, 3) == certificate_verdict::signature_invalid));
    BOOST_TEST((signed_by(3, 3) == certificate_verdict::authority_not_trusted));
    BOOST_TEST((signed_by(1, 1) == certificate_verdict::authority_not_trusted));
}

BOOST_AUTO_TEST_CASE(a14_a_certificate_is_no_ca_even_if_it_is_trusted) {
    const auto inner = test::sample_certificate_blob({});
    const auto blob = test::certificate_blob({}, test::sample_public_key(3).blob(), inner,
                                             test::sample_key(1), "ssh-ed25519");
    certificate_question question = good_question();
    question.trusted = [](const keys::public_key&) { return true; };
    BOOST_TEST((config::verify_certificate(keys::certificate::parse(blob).value(), question) ==
                certificate_verdict::authority_is_certificate));
}

BOOST_AUTO_TEST_CASE(c38_the_ca_s_algorithm_is_one_of_the_list) {
    const auto ca = test::sample_rsa_key();
    certificate_question question = good_question();
    question.trusted = [&ca](const keys::public_key& key) { return key == ca.public_part(); };
    const auto signed_with = [&](std::string_view algorithm, std::string_view allowed) {
        const auto blob = test::certificate_blob({}, test::sample_public_key(1).blob(),
                                                 ca.public_part().blob(), ca, algorithm);
        question.authority_algorithms = allowed;
        return config::verify_certificate(keys::certificate::parse(blob).value(), question);
    };
    BOOST_TEST((signed_with("rsa-sha2-256", "") == certificate_verdict::ok));
    BOOST_TEST(
        (signed_with("rsa-sha2-512", "ssh-ed25519,rsa-sha2-512") == certificate_verdict::ok));
    BOOST_TEST((signed_with("rsa-sha2-256", "ssh-ed25519,rsa-sha2-512") ==
                certificate_verdict::algorithm_not_allowed));
}

BOOST_AUTO_TEST_CASE(c38_an_algorithm_that_we_do_not_have_is_not_allowed) {
    auto blob = test::sample_certificate_blob({});
    const std::size_t name = as_text(blob).rfind("ssh-ed25519");
    std::ranges::copy(std::string_view("ssh-sha1-xx"), blob.begin() + static_cast<long>(name));
    const auto unknown = keys::certificate::parse(blob).value();
    BOOST_TEST((config::verify_certificate(unknown, good_question()) ==
                certificate_verdict::algorithm_not_allowed));
    blob[name - 1] = 200;  // the name's length
    const auto malformed = keys::certificate::parse(blob).value();
    BOOST_TEST(malformed.authority_algorithm().empty());
    BOOST_TEST((config::verify_certificate(malformed, good_question()) ==
                certificate_verdict::signature_invalid));
}

BOOST_AUTO_TEST_CASE(a_grant_is_what_the_extensions_permit_and_unknown_ones_are_ignored) {
    const auto none = config::grant_of(test::sample_certificate());
    BOOST_TEST(!none.port_forwarding);
    BOOST_TEST(!none.pty);
    BOOST_TEST(none.touch_required);
    BOOST_TEST((none.expires == 1999U));
    certificate_content content;
    content.extensions = {{"hello@example.com", "data"},
                          {"no-touch-required", ""},
                          {"permit-port-forwarding", ""},
                          {"permit-pty", ""}};
    content.critical_options = {{"force-command", test::wire_string("true")}};
    content.valid_before = std::numeric_limits<std::uint64_t>::max();
    BOOST_TEST((verdict(content) == certificate_verdict::ok));
    const auto grant = config::grant_of(test::sample_certificate(content));
    BOOST_TEST(grant.port_forwarding);
    BOOST_TEST(grant.pty);
    BOOST_TEST(!grant.agent_forwarding);
    BOOST_TEST(!grant.x11_forwarding);
    BOOST_TEST(!grant.user_rc);
    BOOST_TEST(!grant.touch_required);
    BOOST_TEST((grant.command == "true"));
    BOOST_TEST(!grant.expires.has_value());
}

BOOST_AUTO_TEST_CASE(a_malformed_extension_refuses_and_grants_nothing) {
    certificate_content content;
    content.extensions = {{"permit-port-forwarding", ""}, {"permit-pty", "x"}};
    BOOST_TEST((verdict(content) == certificate_verdict::malformed_option));
    BOOST_TEST(!config::grant_of(test::sample_certificate(content)).port_forwarding);
}

BOOST_AUTO_TEST_CASE(every_verdict_has_a_sentence_of_its_own) {
    std::vector<std::string> seen;
    for (int i = 1; i <= static_cast<int>(certificate_verdict::signature_invalid); ++i) {
        seen.emplace_back(config::sentence(static_cast<certificate_verdict>(i)));
        BOOST_TEST(std::count(seen.begin(), seen.end(), seen.back()) == 1);
        BOOST_TEST(seen.back() != "unknown verdict");
    }
}

BOOST_AUTO_TEST_SUITE_END()
