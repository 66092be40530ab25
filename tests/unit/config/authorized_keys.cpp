// authorized_keys: which lines are entries (A31, L22), and what a key or a certificate is granted.
#include "support/certificates.hpp"
#include "support/sample_keys.hpp"
#include "support/test.hpp"
#include "unit/keys/key_samples.hpp"

#include <adit/config/authorized_keys.hpp>

using namespace adit;
using config::authorized_keys;
using config::certificate_verdict;
using config::key_refusal;
using config::line_fault;
using test::certificate_content;

namespace {

std::string key_text(byte number) { return test::sample_public_key(number).to_line(); }

authorized_keys parse(std::string_view text) { return config::parse_authorized_keys(text); }

/// The only line is refused for this reason.
line_fault fault_of(const std::string& line) {
    const authorized_keys file = parse(line);
    BOOST_TEST(file.entries.empty(), line);
    return file.refused.size() == 1 ? file.refused[0].why : line_fault::none;
}

config::key_question good_question() {
    config::key_question question;
    question.user = "user";
    question.source = "192.0.2.1";
    question.now = 1500;
    return question;
}

/// The verdict on sample key 1.
config::key_verdict verdict(std::string_view text,
                            const config::key_question& question = good_question()) {
    return config::find_key(parse(text), test::sample_public_key(1), question);
}

/// The verdict on a certificate of sample key 1 by sample key 2.
config::key_verdict verdict_on(const certificate_content& content, std::string_view text,
                               const config::key_question& question = good_question()) {
    return config::find_key(parse(text), test::sample_certificate(content), question);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(authorized_keys_file)

BOOST_AUTO_TEST_CASE(entries_have_line_comment_and_options) {
    const auto file =
        parse("# comment\n\n \t \n" + key_text(1) + " me@here and there\n" + "\t restrict,pty\t " +
              key_text(2) + "\r\n  # indented\n" + key_text(3));
    BOOST_REQUIRE(file.entries.size() == 3U);
    BOOST_TEST(file.refused.empty());
    BOOST_TEST(file.entries[0].line == 4U);
    BOOST_TEST(file.entries[0].comment == "me@here and there");
    BOOST_TEST((file.entries[0].key == test::sample_public_key(1)));
    BOOST_TEST(file.entries[0].options.grant.port_forwarding);
    BOOST_TEST(file.entries[1].line == 5U);
    BOOST_TEST(!file.entries[1].options.grant.port_forwarding);
    BOOST_TEST(file.entries[1].options.grant.pty);
    BOOST_TEST(file.entries[1].comment.empty());
    BOOST_TEST(file.entries[2].line == 7U);
    BOOST_TEST(parse("").entries.empty());
}

BOOST_AUTO_TEST_CASE(every_type_of_key_that_we_have_is_an_entry) {
    std::string text = key_text(1) + '\n';
    for (const auto* curve : keys::nist_curves) {
        text += test::sample_ecdsa_key(*curve, 3).public_part().to_line() + '\n';
    }
    text += test::sample_rsa_key().public_part().to_line();
    BOOST_TEST(parse(text).entries.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_line_that_is_not_understood_stops_no_other) {
    const auto file =
        parse("nonsense\n" + key_text(1) + "\nunknown " + key_text(2) + '\n' + key_text(3) + "\n");
    BOOST_REQUIRE(file.entries.size() == 2U);
    BOOST_TEST((file.entries[1].key == test::sample_public_key(3)));
    BOOST_REQUIRE(file.refused.size() == 2U);
    BOOST_TEST(file.refused[0].line == 1U);
    BOOST_TEST((file.refused[0].why == line_fault::unknown_option));
    BOOST_TEST(file.refused[1].line == 3U);
    BOOST_TEST((file.refused[1].why == line_fault::unknown_option));
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_refused_and_says_so) {
    const std::string key = key_text(1);
    BOOST_TEST((fault_of("restrict") == line_fault::not_a_key));
    BOOST_TEST((fault_of("restrict # " + key) == line_fault::not_a_key));
    BOOST_TEST((fault_of("restrict restrict " + key) == line_fault::not_a_key));
    BOOST_TEST((fault_of("restrict, pty " + key) == line_fault::not_a_key));
    BOOST_TEST((fault_of("ssh-ed25519") == line_fault::not_a_key));
    BOOST_TEST((fault_of("ssh-ed25519 AAAA") == line_fault::not_a_key));
    BOOST_TEST((fault_of("ssh-ed25519 " + key) == line_fault::not_a_key));
    BOOST_TEST((fault_of(key.substr(0, key.size() - 4)) == line_fault::not_a_key));
    BOOST_TEST((fault_of("ssh-rsa" + key.substr(key.find(' '))) == line_fault::not_a_key));
    BOOST_TEST((fault_of(test::sample_unknown_key("ssh-dss", 1).to_line()) ==
                line_fault::unsupported_key_type));
    BOOST_TEST((fault_of("restrict " + test::sample_unknown_key("ssh-dss", 1).to_line()) ==
                line_fault::unsupported_key_type));
}

BOOST_AUTO_TEST_CASE(c38_a_certificate_is_no_entry) {
    const auto blob = test::sample_certificate_blob({});
    const std::string line = "ssh-ed25519-cert-v01@openssh.com " + keys::to_base64(blob);
    BOOST_TEST((fault_of(line) == line_fault::unsupported_key_type));
    BOOST_TEST((fault_of("cert-authority " + line) == line_fault::unsupported_key_type));
}

BOOST_AUTO_TEST_CASE(a31_a_long_line_is_refused_whole) {
    const std::string key = key_text(1);
    const std::size_t most = authorized_keys::longest_line;
    const auto padded = [&key](std::size_t size) { return key + ' ' + std::string(size, 'x'); };
    BOOST_TEST(parse(padded(most - key.size() - 1)).entries.size() == 1U);
    BOOST_TEST((fault_of(padded(most - key.size())) == line_fault::too_long));
    // A reader with a smaller buffer would begin anew at a key without restrictions.
    for (std::size_t blanks = most - 200; blanks < most + 200; blanks += 7) {
        const std::string line = "command=\"" + std::string(blanks, ' ') + "\" " + key;
        const auto read = parse(line);
        BOOST_TEST(read.entries.size() == (line.size() > most ? 0U : 1U));
        for (const auto& entry : read.entries) {
            BOOST_TEST(entry.options.grant.command.has_value());
        }
    }
    const auto next = parse(std::string(65536, 'x') + ' ' + key + '\n' + key_text(2));
    BOOST_REQUIRE(next.entries.size() == 1U);
    BOOST_TEST(next.entries[0].line == 2U);
}

BOOST_AUTO_TEST_CASE(a31_an_open_quote_spoils_its_line_and_no_other) {
    const auto file = parse("command=\"x " + key_text(1) + "\n" + key_text(2) + " \"\n");
    BOOST_REQUIRE(file.entries.size() == 1U);
    BOOST_TEST((file.entries[0].key == test::sample_public_key(2)));
    BOOST_REQUIRE(file.refused.size() == 1U);
    BOOST_TEST((file.refused[0].why == line_fault::quote_not_closed));
}

BOOST_AUTO_TEST_CASE(a31_cr_bom_and_nul) {
    const std::string key = key_text(1);
    BOOST_TEST(parse(key + "\r\n\r\n" + key_text(2) + "\r\n").entries.size() == 2U);
    BOOST_TEST(parse(key + "\r\n\r\n").refused.empty());
    BOOST_TEST((fault_of("restrict\r" + key) == line_fault::unknown_option));
    BOOST_TEST((fault_of("\xef\xbb\xbf" + key) == line_fault::unknown_option));
    BOOST_TEST((fault_of("\xef\xbb\xbfrestrict " + key) == line_fault::unknown_option));
    const std::string nul(1, '\0');
    BOOST_TEST((fault_of(key + nul) == line_fault::holds_nul));
    BOOST_TEST((fault_of("command=\"a" + nul + "b\" " + key) == line_fault::holds_nul));
    BOOST_TEST((fault_of(key + " comment" + nul) == line_fault::holds_nul));
}

BOOST_AUTO_TEST_CASE(l22_lines_have_a_cap) {
    const std::size_t most = authorized_keys::most_lines;
    const auto full = parse(std::string(most - 1, '\n') + key_text(1) + '\n');
    BOOST_TEST(full.entries.size() == 1U);
    BOOST_TEST(full.refused.empty());
    const auto over = parse(std::string(most, '\n') + key_text(1));
    BOOST_TEST(over.entries.empty());
    BOOST_REQUIRE(over.refused.size() == 1U);
    BOOST_TEST((over.refused[0].why == line_fault::too_many_lines));
    BOOST_TEST(over.refused[0].line == most + 1);
}

BOOST_AUTO_TEST_CASE(a_key_is_granted_what_its_line_says) {
    const auto read = verdict(key_text(2) + "\nno-pty,permitopen=\"db:5432\" " + key_text(1));
    BOOST_REQUIRE(read.grant.has_value());
    BOOST_TEST((read.why == key_refusal::none));
    BOOST_TEST(read.line == 2U);
    BOOST_TEST(!read.grant->pty);
    BOOST_TEST(config::may_open(*read.grant, "db", 5432));
    BOOST_TEST(!config::may_open(*read.grant, "db", 5433));
}

BOOST_AUTO_TEST_CASE(s07_no_key_is_granted_nothing) {
    for (const std::string& text : {std::string(), key_text(2), "unknown " + key_text(1)}) {
        const auto read = verdict(text);
        BOOST_TEST(!read.grant.has_value());
        BOOST_TEST((read.why == key_refusal::unknown_key));
        BOOST_TEST(read.line == 0U);
    }
    BOOST_TEST(!config::key_verdict().grant.has_value());
}

BOOST_AUTO_TEST_CASE(an_expired_line_does_not_grant) {
    const std::string line = "expiry-time=\"19700101002500Z\" " + key_text(1);  // 1500
    BOOST_TEST(verdict(line).grant.has_value());
    config::key_question later = good_question();
    later.now = 1501;
    BOOST_TEST(!verdict(line, later).grant.has_value());
    BOOST_TEST((verdict(line, later).why == key_refusal::expired));
    BOOST_TEST((verdict(line, {}).why == key_refusal::expired));
}

BOOST_AUTO_TEST_CASE(from_lets_in_only_its_addresses_and_denials_win) {
    const auto granted = [](const std::string& from) {
        return verdict("from=\"" + from + "\" " + key_text(1)).grant.has_value();
    };
    BOOST_TEST(granted("192.0.2.0/24"));
    BOOST_TEST(granted("*"));
    BOOST_TEST(granted("10.0.0.0/8,192.0.2.1"));
    BOOST_TEST(!granted("10.0.0.0/8"));
    BOOST_TEST(!granted("*,!192.0.2.1"));
    BOOST_TEST(!granted("192.0.2.*,!192.0.2.0/24"));
    BOOST_TEST(!granted("!10.0.0.0/8"));
    config::key_question unknown = good_question();
    unknown.source = {};
    const std::string line = "from=\"*\" " + key_text(1);
    BOOST_TEST((verdict(line, unknown).why == key_refusal::wrong_source_address));
    BOOST_TEST(verdict(line, unknown).line == 1U);
}

BOOST_AUTO_TEST_CASE(the_first_line_that_lets_in_decides) {
    const std::string key = key_text(1);
    const auto read = verdict("from=\"10.0.0.1\" " + key + "\ncert-authority " + key +
                              "\nrestrict " + key + '\n' + key);
    BOOST_REQUIRE(read.grant.has_value());
    BOOST_TEST(read.line == 3U);
    BOOST_TEST(!read.grant->port_forwarding);
}

BOOST_AUTO_TEST_CASE(c38_a_ca_s_own_key_does_not_log_in) {
    BOOST_TEST((verdict("cert-authority " + key_text(1)).why == key_refusal::unknown_key));
}

BOOST_AUTO_TEST_CASE(a_revoked_key_is_refused_whatever_the_lines_say) {
    config::key_question question = good_question();
    question.revoked = [](const keys::public_key& key) {
        return key == test::sample_public_key(1);
    };
    BOOST_TEST(!verdict(key_text(1), question).grant.has_value());
    BOOST_TEST((verdict(key_text(1), question).why == key_refusal::revoked));
    const auto read = verdict_on({}, "cert-authority " + key_text(2), question);
    BOOST_TEST(!read.grant.has_value());
    BOOST_TEST((read.certificate == certificate_verdict::revoked));
}

BOOST_AUTO_TEST_CASE(c38_a_certificate_needs_a_line_that_names_its_ca) {
    const auto good = verdict_on({}, "cert-authority " + key_text(2));
    BOOST_REQUIRE(good.grant.has_value());
    BOOST_TEST((good.why == key_refusal::none));
    BOOST_TEST(!good.grant->port_forwarding);
    BOOST_TEST((good.grant->expires == 1999U));
    for (const std::string& text :
         {std::string(), key_text(1), key_text(2), "cert-authority " + key_text(1),
          "cert-authority " + key_text(3)}) {
        const auto bad = verdict_on({}, text);
        BOOST_TEST(!bad.grant.has_value());
        BOOST_TEST((bad.why == key_refusal::unknown_key));
    }
}

BOOST_AUTO_TEST_CASE(c38_the_user_or_the_line_s_principals_must_be_in_the_certificate) {
    const std::string ca = key_text(2);
    const auto granted = [&ca](std::vector<std::string> in_certificate, const std::string& line) {
        certificate_content content;
        content.principals = std::move(in_certificate);
        return verdict_on(content, line + ca).grant.has_value();
    };
    BOOST_TEST(granted({"other", "user"}, "cert-authority "));
    BOOST_TEST(!granted({"other"}, "cert-authority "));
    BOOST_TEST(granted({"ops"}, "cert-authority,principals=\"dev,ops\" "));
    BOOST_TEST(!granted({"user"}, "cert-authority,principals=\"dev,ops\" "));
    BOOST_TEST(!granted({"dev,ops"}, "cert-authority,principals=\"dev,ops\" "));
    BOOST_TEST(!granted({"x,dev"}, "cert-authority,principals=\"dev\" "));
    BOOST_TEST(!granted({"user"}, "cert-authority,principals=\"\" "));
    BOOST_TEST(!granted({""}, "cert-authority,principals=\"\" "));
    BOOST_TEST(!granted({"devs"}, "cert-authority,principals=\"dev*\" "));
    BOOST_TEST(!granted({}, "cert-authority,principals=\"dev\" "));
}

BOOST_AUTO_TEST_CASE(c38_line_and_certificate_both_restrict) {
    certificate_content content;
    content.extensions = {{"permit-port-forwarding", ""}, {"permit-pty", ""}};
    const auto both =
        verdict_on(content, "cert-authority,no-pty,permitopen=\"db:1\" " + key_text(2));
    BOOST_REQUIRE(both.grant.has_value());
    BOOST_TEST(both.grant->port_forwarding);
    BOOST_TEST(!both.grant->pty);
    BOOST_TEST(!config::may_open(*both.grant, "db", 2));
    content.critical_options = {{"source-address", test::wire_string("10.0.0.0/8")}};
    const auto elsewhere = verdict_on(content, "cert-authority " + key_text(2));
    BOOST_TEST((elsewhere.why == key_refusal::certificate));
    BOOST_TEST((elsewhere.certificate == certificate_verdict::wrong_source_address));
    const auto line = verdict_on({}, "cert-authority,from=\"10.0.0.1\" " + key_text(2));
    BOOST_TEST((line.why == key_refusal::wrong_source_address));
    const auto old =
        verdict_on({}, "cert-authority,expiry-time=\"19700101000001Z\" " + key_text(2));
    BOOST_TEST((old.why == key_refusal::expired));
}

BOOST_AUTO_TEST_CASE(c38_two_different_commands_are_refused) {
    certificate_content content;
    content.critical_options = {{"force-command", test::wire_string("a")}};
    const std::string ca = key_text(2);
    BOOST_TEST((verdict_on(content, "cert-authority,command=\"b\" " + ca).why ==
                key_refusal::commands_differ));
    BOOST_TEST((verdict_on(content, "cert-authority,command=\"a\" " + ca).grant->command == "a"));
    const auto second =
        verdict_on(content, "cert-authority,command=\"b\" " + ca + "\ncert-authority " + ca);
    BOOST_TEST(second.line == 2U);
    BOOST_TEST((second.grant && second.grant->command == "a"));
}

BOOST_AUTO_TEST_CASE(c38_a_later_line_may_accept_what_an_earlier_one_refused) {
    const std::string ca = key_text(2);
    const auto read = verdict_on({}, "cert-authority,principals=\"ops\" " + ca +
                                         "\ncert-authority,principals=\"user\" " + ca);
    BOOST_TEST(read.grant.has_value());
    BOOST_TEST(read.line == 2U);
    certificate_content expired;
    expired.valid_before = 1400;
    const auto none = verdict_on(expired, "cert-authority " + ca + "\ncert-authority " + ca);
    BOOST_TEST((none.certificate == certificate_verdict::expired));
    BOOST_TEST(none.line == 2U);
}

BOOST_AUTO_TEST_CASE(c38_a_forged_certificate_is_not_granted) {
    auto blob = test::sample_certificate_blob({});
    blob.back() ^= 1;
    const auto forged = keys::certificate::parse(blob).value();
    const auto read =
        config::find_key(parse("cert-authority " + key_text(2)), forged, good_question());
    BOOST_TEST(!read.grant.has_value());
    BOOST_TEST((read.certificate == certificate_verdict::signature_invalid));
}

BOOST_AUTO_TEST_SUITE_END()
