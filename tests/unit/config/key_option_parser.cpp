// The options of a line of authorized_keys, each alone and together with its neighbours.
#include "support/test.hpp"

#include <adit/config/key_option_parser.hpp>

using namespace adit;
using config::key_options;
using config::line_fault;
using config::permitted_place;

namespace {

struct outcome {
    line_fault fault;
    key_options options;
    std::string rest;
};

outcome take(std::string_view line) {
    outcome read;
    read.options.grant = config::full_grant();
    read.fault = config::take_key_options(line, read.options);
    read.rest = std::string(line);
    return read;
}

line_fault fault_of(std::string_view line) { return take(line).fault; }

key_options options_of(std::string_view line) {
    const outcome read = take(line);
    BOOST_TEST((read.fault == line_fault::none), line);
    BOOST_TEST(read.rest.empty(), line);
    return read.options;
}

config::key_grant grant_of(std::string_view line) { return options_of(line).grant; }

}  // namespace

BOOST_AUTO_TEST_SUITE(key_option_parser)

BOOST_AUTO_TEST_CASE(restrict_takes_all_and_later_words_give_back) {
    const auto none = grant_of("restrict");
    BOOST_TEST((!none.port_forwarding && !none.agent_forwarding && !none.x11_forwarding));
    BOOST_TEST((!none.pty && !none.user_rc));
    const auto some = grant_of("restrict,port-forwarding,pty");
    BOOST_TEST((some.port_forwarding && some.pty && !some.agent_forwarding && !some.user_rc));
    BOOST_TEST(!grant_of("pty,restrict").pty);
}

BOOST_AUTO_TEST_CASE(each_flag_has_its_denial) {
    BOOST_TEST(!grant_of("no-port-forwarding").port_forwarding);
    BOOST_TEST(!grant_of("no-agent-forwarding").agent_forwarding);
    BOOST_TEST(!grant_of("no-X11-forwarding").x11_forwarding);
    BOOST_TEST(!grant_of("no-pty").pty);
    BOOST_TEST(!grant_of("no-user-rc").user_rc);
    BOOST_TEST(!grant_of("no-touch-required").touch_required);
    BOOST_TEST(grant_of("touch-required").touch_required);
    BOOST_TEST(grant_of("verify-required").verify_required);
    BOOST_TEST(!grant_of("verify-required,no-verify-required").verify_required);
    BOOST_TEST(grant_of("no-pty").port_forwarding);
    const auto back = grant_of("restrict,agent-forwarding,X11-forwarding,user-rc");
    BOOST_TEST((back.agent_forwarding && back.x11_forwarding && back.user_rc && !back.pty));
    BOOST_TEST(options_of("cert-authority").cert_authority);
}

BOOST_AUTO_TEST_CASE(names_ignore_case_and_are_whole_words) {
    BOOST_TEST(!grant_of("RESTRICT").pty);
    BOOST_TEST(!grant_of("No-Pty").pty);
    BOOST_TEST((grant_of("COMMAND=\"x\"").command == "x"));
    for (const char* line : {"restric",
                             "restricted",
                             "no-restrict",
                             "no-cert-authority",
                             "no-no-pty",
                             "no-",
                             "pty-",
                             "restrict=",
                             "restrict=\"\"",
                             "no-command=\"x\"",
                             "command",
                             "from",
                             "principals",
                             "unknown",
                             "unknown=\"x\"",
                             "=\"x\"",
                             "\"x\"",
                             "restrict\"\"",
                             "restrict,\xef\xbb\xbfpty",
                             "restrict\r",
                             "restrict\vpty",
                             "restrict;pty",
                             "ssh-ed25519"}) {
        BOOST_TEST((fault_of(line) == line_fault::unknown_option), line);
    }
}

BOOST_AUTO_TEST_CASE(options_end_at_the_first_blank_outside_quotes) {
    BOOST_TEST(take("restrict ssh-rsa").rest == " ssh-rsa");
    BOOST_TEST(take("restrict\tssh-rsa").rest == "\tssh-rsa");
    const auto quoted = take("command=\"a b\t, c\",no-pty key");
    BOOST_TEST((quoted.fault == line_fault::none));
    BOOST_TEST((quoted.options.grant.command == "a b\t, c"));
    BOOST_TEST(!quoted.options.grant.pty);
    BOOST_TEST(quoted.rest == " key");
    // As in OpenSSH.
    BOOST_TEST(!options_of(",,restrict,,no-pty,").grant.pty);
}

BOOST_AUTO_TEST_CASE(a_backslash_escapes_a_quote_and_nothing_else) {
    const auto command = [](std::string_view line) { return grant_of(line).command.value_or("?"); };
    BOOST_TEST(command(R"(command="say \"hi\"")") == R"(say "hi")");
    BOOST_TEST(command(R"(command="a\nb\\c")") == R"(a\nb\\c)");
    BOOST_TEST(command(R"(command="a\\\"b")") == R"(a\\"b)");
    BOOST_TEST(command(R"(command="")").empty());
    BOOST_TEST((fault_of(R"(command="a\\")") == line_fault::quote_not_closed));
}

BOOST_AUTO_TEST_CASE(a31_a_quote_must_be_there_and_be_closed) {
    for (const char* line :
         {"command=", "command=x", "command='x'", "from=*", "command=\\\"x\\\""}) {
        BOOST_TEST((fault_of(line) == line_fault::value_not_quoted), line);
    }
    for (const char* line : {"command=\"", "command=\"x", "command=\"x\\\"", "from=\"a,restrict b",
                             "command=\"x ssh-ed25519 AAAA"}) {
        BOOST_TEST((fault_of(line) == line_fault::quote_not_closed), line);
    }
    for (const char* line : {"command=\"x\"y", "command=\"x\"\"y\"", "command=\"x\"no-pty"}) {
        BOOST_TEST((fault_of(line) == line_fault::unknown_option), line);
    }
}

BOOST_AUTO_TEST_CASE(what_may_stand_once_may_not_stand_twice) {
    for (const char* line : {"command=\"a\",command=\"a\"", "from=\"*\",from=\"*\"",
                             "cert-authority,principals=\"a\",principals=\"b\""}) {
        BOOST_TEST((fault_of(line) == line_fault::repeated_option), line);
    }
}

BOOST_AUTO_TEST_CASE(from_is_checked_when_it_is_read) {
    BOOST_TEST((options_of("from=\"10.0.0.0/8,!10.1.*\"").from == "10.0.0.0/8,!10.1.*"));
    for (const char* line : {"from=\"\"", "from=\"a,,b\"", "from=\"10.0.0.1/8\"", "from=\"!\""}) {
        BOOST_TEST((fault_of(line) == line_fault::malformed_from), line);
    }
}

BOOST_AUTO_TEST_CASE(c38_principals_are_whole_names_of_a_ca) {
    const auto read = options_of("cert-authority,principals=\"a,,b c\"");
    const std::vector<std::string> names{"a", "b c"};
    BOOST_REQUIRE(read.principals.has_value());
    BOOST_TEST(*read.principals == names, boost::test_tools::per_element());
    BOOST_TEST(options_of("principals=\"\",cert-authority").principals->empty());
    BOOST_TEST((fault_of("principals=\"a\"") == line_fault::principals_without_authority));
}

BOOST_AUTO_TEST_CASE(a27_a_place_is_a_host_and_a_number_or_a_star) {
    using config::parse_permitted_place;
    BOOST_TEST((parse_permitted_place("host:80") == permitted_place{"host", 80}));
    BOOST_TEST((parse_permitted_place("host:65535") == permitted_place{"host", 65535}));
    BOOST_TEST((parse_permitted_place("host:*") == permitted_place{"host", 0}));
    BOOST_TEST((parse_permitted_place("[::1]:80") == permitted_place{"::1", 80}));
    BOOST_TEST((parse_permitted_place("[host]:80") == permitted_place{"host", 80}));
    BOOST_TEST((parse_permitted_place("*:80") == permitted_place{"*", 80}));
    for (const char* bad : {"",
                            "host",
                            ":80",
                            "host:",
                            "host:0",
                            "host:00",
                            "host:65536",
                            "host:4294967295",
                            "host:4294967376",
                            "host:-1",
                            "host:+80",
                            "host: 80",
                            "host:80 ",
                            "host:80x",
                            "host:0x50",
                            "host:http",
                            "host:**",
                            "host/80",
                            "::1:80",
                            "[::1]",
                            "[::1]80",
                            "[::1:80",
                            "[]:80",
                            "a:b:80",
                            "host:80:90"}) {
        BOOST_TEST(!parse_permitted_place(bad).has_value(), bad);
    }
    BOOST_TEST(!parse_permitted_place(std::string(2000, 'a') + ":80").has_value());
}

BOOST_AUTO_TEST_CASE(a27_permitopen_and_permitlisten_collect_places) {
    const auto grant = grant_of(
        "permitopen=\"a:1\",permitopen=\"[::1]:*\",permitlisten=\"80\","
        "permitlisten=\"localhost:81\"");
    BOOST_REQUIRE((grant.permit_open.has_value() && grant.permit_listen.has_value()));
    BOOST_TEST((*grant.permit_open == std::vector<permitted_place>{{"a", 1}, {"::1", 0}}));
    BOOST_TEST(
        (*grant.permit_listen == std::vector<permitted_place>{{"*", 80}, {"localhost", 81}}));
    BOOST_TEST(!grant_of("pty").permit_open.has_value());
    for (const char* line :
         {"permitopen=\"80\"", "permitopen=\"\"", "permitlisten=\"\"", "permitlisten=\"0\"",
          "permitlisten=\"localhost:0\"", "permitlisten=\"localhost\"", "permitopen=\"a:1,b:2\""}) {
        BOOST_TEST((fault_of(line) == line_fault::malformed_place), line);
    }
}

BOOST_AUTO_TEST_CASE(of_several_expiry_times_the_earliest_counts) {
    BOOST_TEST((grant_of("expiry-time=\"20300102Z\"").expires == 1893542400U));
    BOOST_TEST((grant_of("expiry-time=\"20300102Z\",expiry-time=\"20290102Z\","
                         "expiry-time=\"20310102Z\"")
                    .expires == 1862006400U));
    BOOST_TEST((fault_of("expiry-time=\"tomorrow\"") == line_fault::malformed_expiry_time));
    BOOST_TEST((fault_of("expiry-time=\"19600101Z\"") == line_fault::malformed_expiry_time));
}

BOOST_AUTO_TEST_CASE(an_environment_has_names_and_the_first_of_one_counts) {
    const auto grant = grant_of("environment=\"A=1\",environment=\"A=2\",environment=\"AB_9=x=y\"");
    const std::vector<std::string> expected{"A=1", "AB_9=x=y"};
    BOOST_TEST(grant.environment == expected, boost::test_tools::per_element());
    for (const char* line : {"environment=\"A\"", "environment=\"=1\"", "environment=\"\"",
                             "environment=\"A-B=1\"", "environment=\"A B=1\""}) {
        BOOST_TEST((fault_of(line) == line_fault::malformed_environment), line);
    }
}

BOOST_AUTO_TEST_CASE(a_tunnel_is_a_number_or_any) {
    BOOST_TEST(grant_of("tunnel=\"0\"").tunnel == "0");
    BOOST_TEST(grant_of("tunnel=\"ANY\"").tunnel == "any");
    for (const char* line : {"tunnel=\"\"", "tunnel=\"tun0\"", "tunnel=\"-1\"",
                             "tunnel=\"99999999999\"", "tunnel=\"1 \""}) {
        BOOST_TEST((fault_of(line) == line_fault::malformed_tunnel), line);
    }
}

BOOST_AUTO_TEST_CASE(every_fault_has_a_sentence_of_its_own) {
    std::vector<std::string> seen;
    for (int i = 0; i <= static_cast<int>(line_fault::principals_without_authority); ++i) {
        seen.emplace_back(config::sentence(static_cast<line_fault>(i)));
        BOOST_TEST(std::count(seen.begin(), seen.end(), seen.back()) == 1);
        BOOST_TEST(seen.back() != "unknown fault");
    }
}

BOOST_AUTO_TEST_SUITE_END()
