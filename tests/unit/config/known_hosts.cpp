// known_hosts: C51's rows, and the same verdicts as ssh-keygen -F.
#include "support/certificates.hpp"
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/known_hosts.hpp>

using namespace adit;
using config::host_key_status;

namespace {

std::string line_of(const std::string& before, const keys::public_key& key) {
    return before + ' ' + key.to_line() + '\n';
}

std::string line_of(const std::string& before, byte number) {
    return line_of(before, test::sample_public_key(number));
}

config::known_hosts parse(std::string_view text) {
    return config::known_hosts::parse(text, "file");
}

/// The verdict on sample key 1.
host_key_status verdict(std::string_view text, std::string_view host, std::uint16_t port = 22) {
    return parse(text).check(host, port, test::sample_public_key(1)).status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(known_hosts)

BOOST_AUTO_TEST_CASE(s07_no_verdict_is_zero_and_the_default_is_not_trust) {
    BOOST_TEST(static_cast<int>(host_key_status::match) == 1);
    BOOST_TEST((config::host_key_verdict().status == host_key_status::unknown));
    BOOST_TEST((config::known_hosts().check("host", 22, test::sample_public_key(1)).status ==
                host_key_status::unknown));
}

BOOST_AUTO_TEST_CASE(c51_a_verdict_names_file_line_and_key) {
    const auto hosts = parse("# comment\n\n" + line_of("host", 2));
    const auto mismatch = hosts.check("host", 22, test::sample_public_key(1));
    BOOST_TEST((mismatch.status == host_key_status::mismatch));
    BOOST_TEST(mismatch.file == "file");
    BOOST_TEST(mismatch.line == 3U);
    BOOST_TEST(mismatch.known_type == "ssh-ed25519");
    BOOST_TEST(mismatch.known_fingerprint == keys::fingerprint(test::sample_public_key(2)));

    const auto match = hosts.check("host", 22, test::sample_public_key(2));
    BOOST_TEST((match.status == host_key_status::match));
    BOOST_TEST(match.line == 3U);

    const auto unknown = hosts.check("other", 22, test::sample_public_key(2));
    BOOST_TEST((unknown.status == host_key_status::unknown));
    BOOST_TEST(unknown.known_type.empty());
    BOOST_TEST(unknown.line == 0U);
}

BOOST_AUTO_TEST_CASE(c51_names_ignore_case_and_may_be_patterns) {
    BOOST_TEST((verdict(line_of("Host", 1), "hOST") == host_key_status::match));
    BOOST_TEST((verdict(line_of("a,host,b", 1), "host") == host_key_status::match));
    BOOST_TEST((verdict(line_of("*.org", 1), "db.example.org") == host_key_status::match));
    BOOST_TEST((verdict(line_of("h?st", 1), "host") == host_key_status::match));
    BOOST_TEST((verdict(line_of("*,!host", 1), "host") == host_key_status::unknown));
    BOOST_TEST((verdict(line_of("!host,*", 1), "host") == host_key_status::unknown));
    BOOST_TEST((verdict(line_of("*,!host", 1), "other") == host_key_status::match));
    BOOST_TEST((verdict(line_of("hos", 1), "host") == host_key_status::unknown));
    BOOST_TEST((verdict(line_of("host.", 1), "host") == host_key_status::unknown));
}

BOOST_AUTO_TEST_CASE(c51_a_port_belongs_to_the_name) {
    const std::string with_port = line_of("[host]:2222", 1);
    BOOST_TEST((verdict(with_port, "host", 2222) == host_key_status::match));
    BOOST_TEST((verdict(with_port, "HOST", 2222) == host_key_status::match));
    BOOST_TEST((verdict(with_port, "host", 2223) == host_key_status::unknown));
    BOOST_TEST((verdict(with_port, "host", 22) == host_key_status::unknown));
    BOOST_TEST((verdict(line_of("[host]:22", 1), "host", 22) == host_key_status::unknown));
    BOOST_TEST((verdict(line_of("[::1]:2222", 1), "::1", 2222) == host_key_status::match));
    BOOST_TEST((verdict(line_of("::1", 1), "::1", 22) == host_key_status::match));
}

BOOST_AUTO_TEST_CASE(c51_the_portless_retry_can_only_confirm) {
    BOOST_TEST((verdict(line_of("host", 1), "host", 2222) == host_key_status::match));
    BOOST_TEST((verdict(line_of("host", 2), "host", 2222) == host_key_status::unknown));
    // What is known for the port itself comes first.
    const std::string both = line_of("host", 1) + line_of("[host]:2222", 2);
    BOOST_TEST((verdict(both, "host", 2222) == host_key_status::mismatch));
    BOOST_TEST((verdict(both, "host", 22) == host_key_status::match));
}

BOOST_AUTO_TEST_CASE(c51_several_keys_of_a_host) {
    const std::string two = line_of("host", 2) + line_of("host", 1);
    BOOST_TEST((verdict(two, "host") == host_key_status::match));
    BOOST_TEST(
        (verdict(line_of("host", 2) + line_of("h*", 3), "host") == host_key_status::mismatch));
    BOOST_TEST(
        (verdict(line_of("other", 2) + line_of("host", 1), "host") == host_key_status::match));
}

BOOST_AUTO_TEST_CASE(c51_keys_of_other_types_make_no_mismatch_but_are_told) {
    const auto other = test::sample_unknown_key("ssh-future", 1);
    const auto hosts = parse(line_of("host", other));
    const auto verdict = hosts.check("host", 22, test::sample_public_key(1));
    BOOST_TEST((verdict.status == host_key_status::unknown));
    BOOST_TEST(verdict.known_type == "ssh-future");
    BOOST_TEST(verdict.line == 1U);
    BOOST_TEST((hosts.check("host", 22, other).status == host_key_status::match));
    BOOST_TEST((hosts.check("host", 22, test::sample_unknown_key("ssh-future", 2)).status ==
                host_key_status::mismatch));
}

BOOST_AUTO_TEST_CASE(c51_a_certificate_that_is_revoked_takes_its_key_along) {
    const keys::certificate listed = test::sample_certificate();  // of key 1, by key 2
    const auto whole = keys::public_key::parse(listed.blob()).value();
    const std::string revoked = line_of("@revoked host", whole);
    BOOST_TEST((verdict(line_of("host", 1) + revoked, "host") == host_key_status::revoked));
    BOOST_TEST((verdict(line_of("other", 1) + revoked, "other") == host_key_status::match));
    BOOST_TEST(
        (parse(line_of("host", 2) + revoked).check("host", 22, test::sample_public_key(2)).status ==
         host_key_status::match));
    // Of no other line does that hold.
    BOOST_TEST((verdict(line_of("host", whole), "host") != host_key_status::match));
}

BOOST_AUTO_TEST_CASE(c51_a_revoked_key_is_revoked_whatever_else_is_said) {
    const std::string good = line_of("host", 1);
    const std::string revoked = line_of("@revoked *", 1);
    BOOST_TEST((verdict(good + revoked, "host") == host_key_status::revoked));
    BOOST_TEST((verdict(revoked + good, "host") == host_key_status::revoked));
    BOOST_TEST((verdict(revoked, "host") == host_key_status::revoked));
    BOOST_TEST((verdict(revoked, "host", 2222) == host_key_status::revoked));
    BOOST_TEST((verdict(line_of("@revoked\t host", 1), "host") == host_key_status::revoked));
    BOOST_TEST((verdict(line_of("@revoked other", 1) + good, "host") == host_key_status::match));
    BOOST_TEST((verdict(line_of("@revoked host", 2) + good, "host") == host_key_status::match));
    BOOST_TEST((verdict(line_of("@revoked host", 2), "host") == host_key_status::unknown));
    // Revoked without a port is revoked on every port.
    BOOST_TEST((verdict(line_of("[host]:2222", 1) + line_of("@revoked host", 1), "host", 2222) ==
                host_key_status::revoked));
}

BOOST_AUTO_TEST_CASE(c51_markers) {
    const std::string authority = line_of("@cert-authority host", 1);
    BOOST_TEST((verdict(authority, "host") == host_key_status::unknown));
    BOOST_TEST(parse(authority).key_types("host", 22).empty());
    BOOST_TEST((parse(authority).entries().at(0).marker == config::host_marker::cert_authority));
    BOOST_TEST(parse(line_of("@revoked @host", 1)).entries().empty());
    for (const std::string marker :
         {"@unknown", "@", "@Revoked", "@revoke", "@revoked @cert-authority", "@revoked @revoked",
          "@cert-authority @revoked", "@revokedx", "@cert-authority,"}) {
        BOOST_TEST_INFO(marker);
        BOOST_TEST(parse(line_of(marker + " host", 1)).entries().empty());
    }
}

// OpenSSH ends a marker at the line's first blank, or else at its first tab, so that it passes over
// such a line unless there is no blank in it at all.
BOOST_AUTO_TEST_CASE(c51_tab_behind_a_marker) {
    const auto marker_of = [](std::string text) {
        const auto all = parse(text).entries();
        return all.empty() ? config::host_marker::none : all[0].marker;
    };
    std::string tabs = line_of("host", 1);
    std::ranges::replace(tabs, ' ', '\t');
    using config::host_marker;
    BOOST_TEST((marker_of("@cert-authority\t" + line_of("host", 1)) == host_marker::none));
    BOOST_TEST((marker_of("@cert-authority\t " + tabs) == host_marker::none));
    BOOST_TEST((marker_of("@cert-authority\t" + tabs) == host_marker::cert_authority));
    BOOST_TEST((marker_of("@cert-authority " + tabs) == host_marker::cert_authority));
    // What somebody revoked is revoked, whatever stands between.
    BOOST_TEST((marker_of("@revoked\t" + line_of("host", 1)) == host_marker::revoked));
}

BOOST_AUTO_TEST_CASE(c51_only_space_and_tab_separate_and_line_ends_may_be_foreign) {
    const std::string key = test::sample_public_key(1).to_line();
    BOOST_TEST((verdict(" \t host \t " + key + " comment\r\n", "host") == host_key_status::match));
    BOOST_TEST((verdict("host " + key + "\r\n", "host") == host_key_status::match));
    BOOST_TEST((verdict("host " + key, "host") == host_key_status::match));
    for (const std::string blank : {"\v", "\f", "\r", "\xc2\xa0", "\x1f"}) {
        BOOST_TEST((verdict("host" + blank + key + "\n", "host") == host_key_status::unknown));
    }
}

BOOST_AUTO_TEST_CASE(c51_a_line_that_is_not_understood_is_skipped_whole) {
    const std::string key = test::sample_public_key(1).to_line();
    const std::string base64 = key.substr(key.find(' ') + 1);
    for (const std::string& line :
         {std::string("host"), std::string("host "), std::string("host ssh-ed25519"),
          "host ssh-rsa " + base64, "host " + base64, std::string("host 1024 35 123456"),
          "#host " + key, "host ssh-ed25519 " + base64.substr(0, base64.size() - 4), key,
          "host #" + key, "|1|bad|bad " + key, "|1| " + key, "host ssh-ed25519 " + base64 + "!"}) {
        BOOST_TEST_INFO(line);
        BOOST_TEST((verdict(line + '\n', "host") == host_key_status::unknown));
        BOOST_TEST((verdict(line, "host") == host_key_status::unknown));
        BOOST_TEST((verdict(line + '\n' + line_of("host", 1), "host") == host_key_status::match));
    }
}

BOOST_AUTO_TEST_CASE(l22_a_line_beyond_64_kib_is_skipped_and_counted) {
    const std::string padding(config::known_hosts::longest_line, 'x');
    const auto hosts = parse(line_of(padding + ",host", 1) + line_of("host", 1));
    BOOST_REQUIRE(hosts.entries().size() == 1U);
    BOOST_TEST(hosts.entries()[0].line == 2U);
}

BOOST_AUTO_TEST_CASE(c38_certificates_of_hosts_are_believed_where_their_ca_stands) {
    using config::certificate_verdict;
    test::certificate_content content;
    content.type = 2;
    content.principals = {"db.test", "*.wild.test"};
    const keys::certificate good = test::sample_certificate(content);  // of key 1, by key 2
    const std::string authority = "@cert-authority *.test " + test::sample_public_key(2).to_line();
    const auto says = [&](const std::string& text, std::string_view host, std::uint16_t port) {
        return parse(text).check_certificate(host, port, good, 1500);
    };
    BOOST_TEST((says(authority, "DB.test", 22) == certificate_verdict::ok));
    BOOST_TEST((says(authority, "db.test", 2222) == certificate_verdict::ok));
    BOOST_TEST((says(authority, "a.wild.test", 22) == certificate_verdict::ok));
    BOOST_TEST((says(authority, "other.test", 22) == certificate_verdict::wrong_principal));
    const auto stranger = certificate_verdict::authority_not_trusted;
    BOOST_TEST((says(authority, "db.example", 22) == stranger));
    BOOST_TEST((says(line_of("db.test", 2), "db.test", 22) == stranger));
    BOOST_TEST((says(line_of("@cert-authority db.test", 3), "db.test", 22) == stranger));
    for (const byte revoked : {byte{1}, byte{2}}) {
        const std::string text = authority + "\n" + line_of("@revoked db.test", revoked);
        BOOST_TEST((says(text, "db.test", 22) == certificate_verdict::revoked));
        BOOST_TEST((says(text, "db.test", 2222) == certificate_verdict::revoked));
    }
    const auto by = [&](std::string_view algorithms) {
        return parse(authority).check_certificate("db.test", 22, good, 1500, algorithms);
    };
    BOOST_TEST((by("ssh-ed25519") == certificate_verdict::ok));
    BOOST_TEST((by("rsa-sha2-512") == certificate_verdict::algorithm_not_allowed));
    BOOST_TEST(parse(authority).has_authority("db.test", 2222));
    BOOST_TEST(!parse(authority).has_authority("db.example", 22));
    BOOST_TEST(!parse(line_of("@revoked *", 2)).has_authority("db.test", 22));
}

BOOST_AUTO_TEST_CASE(c38_certificates_of_hosts_that_are_not_good) {
    using config::certificate_verdict;
    const std::string authority = "@cert-authority * " + test::sample_public_key(2).to_line();
    const auto verdict_on = [&](const test::certificate_content& content) {
        return parse(authority).check_certificate("db.test", 22, test::sample_certificate(content),
                                                  1500);
    };
    test::certificate_content good;
    good.type = 2;
    good.principals = {"db.test"};
    BOOST_TEST((verdict_on(good) == certificate_verdict::ok));
    test::certificate_content bad = good;
    bad.valid_before = 1500;
    BOOST_TEST((verdict_on(bad) == certificate_verdict::expired));
    bad = good;
    bad.valid_after = 1501;
    BOOST_TEST((verdict_on(bad) == certificate_verdict::not_yet_valid));
    bad = good;
    bad.principals.clear();
    BOOST_TEST((verdict_on(bad) == certificate_verdict::no_principals));
    bad = good;
    bad.principals = {"db.test,other"};
    BOOST_TEST((verdict_on(bad) == certificate_verdict::wrong_principal));
    bad = good;
    bad.type = 1;
    BOOST_TEST((verdict_on(bad) == certificate_verdict::wrong_use));
    bad = good;
    bad.critical_options = {{"force-command", test::wire_string("true")}};
    BOOST_TEST((verdict_on(bad) == certificate_verdict::unknown_critical_option));
}

BOOST_AUTO_TEST_CASE(key_types_in_the_files_order_and_each_once) {
    const auto future = test::sample_unknown_key("ssh-future", 1);
    const auto hosts = parse(line_of("host", future) + line_of("host", 1) + line_of("host", 2) +
                             line_of("@revoked host", test::sample_unknown_key("ssh-old", 1)) +
                             line_of("[host]:2222", 3));
    const std::vector<std::string> both{"ssh-future", "ssh-ed25519"};
    const std::vector<std::string> one{"ssh-ed25519"};
    BOOST_TEST(hosts.key_types("HOST", 22) == both);
    BOOST_TEST(hosts.key_types("host", 2222) == one);
    BOOST_TEST(hosts.key_types("host", 2223) == both);
    BOOST_TEST(hosts.key_types("other", 22).empty());
}

BOOST_AUTO_TEST_CASE(several_files_count_as_one_and_lines_keep_their_file) {
    auto hosts = config::known_hosts::parse(line_of("a", 1), "first");
    hosts.append(config::known_hosts::parse("\n" + line_of("b", 1), "second"));
    hosts.append(config::known_hosts::parse(line_of("@revoked *", 3), "third"));
    BOOST_TEST(hosts.check("a", 22, test::sample_public_key(1)).file == "first");
    const auto verdict = hosts.check("b", 22, test::sample_public_key(2));
    BOOST_TEST((verdict.status == host_key_status::mismatch));
    BOOST_TEST(verdict.file == "second");
    BOOST_TEST(verdict.line == 2U);
    BOOST_TEST(
        (hosts.check("a", 22, test::sample_public_key(3)).status == host_key_status::revoked));
}

BOOST_AUTO_TEST_CASE(l22_which_files_are_empty_and_which_unreadable) {
    const test::temporary_directory folder;
    const std::string path = folder.file("hosts");
    for (const std::string& empty : {std::string("none"), std::string("/dev/null"), path}) {
        const auto hosts = config::known_hosts::load(empty);
        BOOST_REQUIRE(hosts.has_value());
        BOOST_TEST(hosts->entries().empty());
    }
    BOOST_TEST((config::known_hosts::load("/dev/zero").error() == errc::known_hosts_unreadable));
    BOOST_TEST((config::known_hosts::load(folder.path().string()).error() ==
                errc::known_hosts_unreadable));
    test::write_file(path, line_of("host", 1));
    BOOST_TEST(config::known_hosts::load(path).value().entries().size() == 1U);
    std::filesystem::resize_file(path, config::known_hosts::largest_file + 1);
    BOOST_TEST((config::known_hosts::load(path).error() == errc::known_hosts_unreadable));
}

// F11: whether ssh-keygen finds the host, for every line against every name.
BOOST_AUTO_TEST_CASE(f11_the_same_lines_are_found_as_by_ssh_keygen) {
    const test::temporary_directory folder;
    const std::string path = folder.file("hosts");
    const std::vector<std::string> lines{"host",
                                         "*.example.org",
                                         "*.example.org,!old.example.org",
                                         "[host]:2222",
                                         "[*]:2222",
                                         "a,b,host",
                                         "h?st",
                                         "!host",
                                         "!x,host",
                                         "@revoked host",
                                         "@cert-authority *.org",
                                         ",host",
                                         "host,",
                                         "@unknown host",
                                         "192.0.2.*",
                                         "*",
                                         "?*",
                                         "host,!host",
                                         "HOST",
                                         "[host]:22"};
    const std::vector<std::string> names{"host", "db.example.org", "old.example.org", "192.0.2.7",
                                         "x",    "[host]:2222",    "[x]:2222"};
    std::size_t found = 0;
    for (const std::string& line : lines) {
        for (const bool hashed : {false, true}) {
            test::write_file(path, line_of(line, 1));
            if (hashed) static_cast<void>(test::run({"ssh-keygen", "-H", "-f", path}));
            const auto hosts = config::known_hosts::load(path).value();
            for (const std::string& name : names) {
                const auto theirs = test::run({"ssh-keygen", "-F", name, "-f", path});
                const bool ours = std::ranges::any_of(
                    hosts.entries(), [&name](const auto& e) { return config::speaks_of(e, name); });
                BOOST_TEST_INFO(line << " and " << name << (hashed ? ", hashed" : ""));
                BOOST_TEST(ours == (theirs.status == 0));
                if (ours) ++found;
            }
        }
    }
    BOOST_TEST(found > 50U);
}

BOOST_AUTO_TEST_SUITE_END()
