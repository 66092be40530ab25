// Forwards and jump hosts, as ssh -L, -R, -D and -J have them.
#include "support/test.hpp"

#include <adit/config/config_endpoints.hpp>

using namespace adit;
using config::forward_kind;
using config::parse_forward;
using config::parse_jump_hosts;

BOOST_AUTO_TEST_SUITE(config_endpoints)

BOOST_AUTO_TEST_CASE(c52_forwards_in_all_forms) {
    const auto plain = parse_forward("8080:db:5432", forward_kind::local).value();
    BOOST_TEST(!plain.listen.host.has_value());
    BOOST_TEST(plain.listen.port == 8080);
    BOOST_TEST((plain.to.value().host == std::string("db")));
    BOOST_TEST(plain.to.value().port == 5432);
    const auto bound = parse_forward("[::1]:8080:[2001:db8::1]:80", forward_kind::local).value();
    BOOST_TEST((bound.listen.host == std::string("::1")));
    BOOST_TEST((bound.to.value().host == std::string("2001:db8::1")));
    BOOST_TEST(
        (parse_forward(":80:a:1", forward_kind::local).value().listen.host == std::string()));
    const auto paths = parse_forward("/run/l:/run/c", forward_kind::local).value();
    BOOST_TEST(paths.listen.path == "/run/l");
    BOOST_TEST(paths.to.value().path == "/run/c");
    BOOST_TEST(parse_forward("a:80:/run/c", forward_kind::local).value().to.value().path ==
               "/run/c");
    BOOST_TEST(parse_forward("/run/a\\:b:c:1", forward_kind::local).value().listen.path ==
               "/run/a:b");
    BOOST_TEST(!parse_forward("1080", forward_kind::dynamic).value().to.has_value());
    BOOST_TEST(parse_forward("0", forward_kind::remote_dynamic).has_value());
    BOOST_TEST(parse_forward("0:a:1", forward_kind::remote).has_value());
}

BOOST_AUTO_TEST_CASE(c52_forwards_that_are_none) {
    for (const char* text : {"", "8080", "8080:a", "0:a:1", "a:1", "x:a:1", "1:a:0", "1:a:65536",
                             "1:2:3:4:5", "[1:a:1", "1:[a]b:1", "65536:a:1", "1:a\\"}) {
        BOOST_TEST(!parse_forward(text, forward_kind::local).has_value());
    }
    BOOST_TEST(!parse_forward("0", forward_kind::dynamic).has_value());
    BOOST_TEST(!parse_forward("a:1:b", forward_kind::dynamic).has_value());
    BOOST_TEST(!parse_forward("/" + std::string(200, 'p') + ":a:1", forward_kind::local));
}

BOOST_AUTO_TEST_CASE(c52_jump_hosts_in_order) {
    const auto hops = parse_jump_hosts("a,b@c:2222,ssh://d@[::1]:3,[::2]").value();
    BOOST_REQUIRE(hops.size() == 4U);
    BOOST_TEST((hops[0] == config::jump_host{"", "a", 0}));
    BOOST_TEST((hops[1] == config::jump_host{"b", "c", 2222}));
    BOOST_TEST((hops[2] == config::jump_host{"d", "::1", 3}));
    BOOST_TEST((hops[3] == config::jump_host{"", "::2", 0}));
    BOOST_TEST(parse_jump_hosts("None").value().empty());
    BOOST_TEST(parse_jump_hosts("%h-gate").has_value());
}

BOOST_AUTO_TEST_CASE(a29_jump_hosts_that_are_options_or_commands_are_none) {
    for (const char* text : {"", "a,", ",a", "@a", "a@", "-oX", "a;b", "$(x)", "a b", "-l@a", "a:0",
                             "a:x", "[::1", "ssh://", "`x`@a", "a,-oX"}) {
        BOOST_TEST(!parse_jump_hosts(text).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
