// What a grant allows, and what two of them allow together (A27).
#include "support/test.hpp"

#include <adit/config/key_options.hpp>

using namespace adit;
using config::full_grant;
using config::key_grant;
using config::may_listen;
using config::may_open;

BOOST_AUTO_TEST_SUITE(key_options)

BOOST_AUTO_TEST_CASE(a27_an_empty_grant_allows_nothing) {
    BOOST_TEST(!may_open({}, "host", 80));
    BOOST_TEST(!may_listen({}, "localhost", 8080));
}

BOOST_AUTO_TEST_CASE(a27_without_port_forwarding_the_lists_allow_nothing) {
    key_grant grant;
    grant.permit_open = {{"host", 80}};
    grant.permit_listen = {{"*", 0}};
    BOOST_TEST(!may_open(grant, "host", 80));
    BOOST_TEST(!may_listen(grant, "localhost", 80));
}

BOOST_AUTO_TEST_CASE(a27_a_list_names_all_targets) {
    key_grant grant = full_grant();
    BOOST_TEST(may_open(grant, "anything", 1));
    grant.permit_open = {{"host", 80}, {"::1", 0}};
    BOOST_TEST(may_open(grant, "host", 80));
    BOOST_TEST(may_open(grant, "::1", 1));
    for (const char* host : {"Host", "hos", "host.", "host ", "*", "", "127.0.0.1"}) {
        BOOST_TEST(!may_open(grant, host, 80));
    }
    BOOST_TEST(!may_open(grant, std::string_view("host\0", 5), 80));
    BOOST_TEST(!may_open(grant, "host", 81));
    BOOST_TEST(!may_open(grant, "host", 0));
    BOOST_TEST(may_listen(grant, "localhost", 80));
    grant.permit_open.emplace();
    BOOST_TEST(!may_open(grant, "host", 80));
    grant.permit_open = {{"*", 80}};
    BOOST_TEST(may_open(grant, "any", 80));
    BOOST_TEST(!may_open(grant, "any", 81));
    grant.permit_open = {{"h*", 80}};
    BOOST_TEST(!may_open(grant, "host", 80));
}

BOOST_AUTO_TEST_CASE(a27_listening_hosts_may_be_patterns) {
    key_grant grant = full_grant();
    grant.permit_listen = {{"*.org", 80}, {"localhost", 0}};
    BOOST_TEST(may_listen(grant, "a.ORG", 80));
    BOOST_TEST(!may_listen(grant, "a.org", 0));
    BOOST_TEST(!may_listen(grant, "org", 80));
    BOOST_TEST(may_listen(grant, "localhost", 0));
    BOOST_TEST(!may_listen(grant, "", 80));
    BOOST_TEST(!may_listen(grant, "127.0.0.1", 80));
    BOOST_TEST(may_open(grant, "host", 80));
}

BOOST_AUTO_TEST_CASE(joined_is_what_both_allow) {
    const key_grant full = full_grant();
    const auto nothing = config::joined(full, {});
    BOOST_REQUIRE(nothing.has_value());
    BOOST_TEST(!nothing->port_forwarding);
    BOOST_TEST(!nothing->agent_forwarding);
    BOOST_TEST(!nothing->x11_forwarding);
    BOOST_TEST(!nothing->pty);
    BOOST_TEST(!nothing->user_rc);
    BOOST_TEST(nothing->touch_required);
    const auto other_way = config::joined({}, full);
    BOOST_TEST((!other_way->port_forwarding && !other_way->pty && !other_way->user_rc));
    BOOST_TEST((config::joined(full, full)->port_forwarding && config::joined(full, full)->pty));
    key_grant line = full;
    line.permit_open = {{"host", 80}};
    line.touch_required = false;
    key_grant certificate = full;
    certificate.verify_required = true;
    const auto both = config::joined(line, certificate);
    BOOST_TEST((both->permit_open == line.permit_open));
    BOOST_TEST(both->touch_required);
    BOOST_TEST(both->verify_required);
}

BOOST_AUTO_TEST_CASE(joined_takes_the_earlier_end) {
    key_grant early = full_grant();
    early.expires = 10;
    key_grant late = full_grant();
    late.expires = 20;
    BOOST_TEST((config::joined(early, late)->expires == 10U));
    BOOST_TEST((config::joined(late, early)->expires == 10U));
    BOOST_TEST((config::joined(full_grant(), late)->expires == 20U));
    BOOST_TEST((config::joined(late, full_grant())->expires == 20U));
    BOOST_TEST(!config::joined(full_grant(), full_grant())->expires.has_value());
}

BOOST_AUTO_TEST_CASE(two_different_commands_are_none) {
    key_grant a = full_grant();
    a.command = "a";
    key_grant b = full_grant();
    b.command = "b";
    BOOST_TEST(!config::joined(a, b).has_value());
    BOOST_TEST((config::joined(a, a)->command == "a"));
    BOOST_TEST((config::joined(a, full_grant())->command == "a"));
    BOOST_TEST((config::joined(full_grant(), b)->command == "b"));
}

BOOST_AUTO_TEST_SUITE_END()
