// adit/permissions.hpp: what several factors allow together.
#include "support/test.hpp"

#include <adit/permissions.hpp>

#include <cstdint>

using namespace adit;

namespace {

constexpr std::uint64_t now = 1'800'000'000;

permissions only(const char* host, std::uint16_t port) {
    config::key_grant grant = config::full_grant();
    grant.permit_open = {{host, port}};
    return permissions(grant);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(permissions_)

BOOST_AUTO_TEST_CASE(nothing_allows_nothing_whatever_it_is_joined_with) {
    permissions p;
    BOOST_TEST(!p.allow_open("db", 5432, now));
    p.narrow(permissions::all());
    BOOST_TEST(!p.allow_open("db", 5432, now));
    permissions all = permissions::all();
    BOOST_TEST(all.allow_open("db", 5432, now));
    all.narrow(permissions());
    BOOST_TEST(!all.allow_open("db", 5432, now));
    BOOST_TEST(!all.allow_listen("localhost", 8080, now));
    BOOST_TEST(!all.allow_socket(now));
    BOOST_TEST(!all.allow_pty(now));
}

BOOST_AUTO_TEST_CASE(each_factor_has_to_allow_it) {
    permissions p = permissions::all();
    p.narrow(only("db", 5432));
    BOOST_TEST(p.allow_open("db", 5432, now));
    BOOST_TEST(!p.allow_open("db", 22, now));
    p.narrow(only("other", 5432));
    BOOST_TEST(!p.allow_open("db", 5432, now));
    BOOST_TEST(!p.allow_open("other", 5432, now));
}

BOOST_AUTO_TEST_CASE(what_expires_is_good_up_to_its_last_second) {
    config::key_grant grant = config::full_grant();
    grant.expires = now;
    const permissions p(grant);
    BOOST_TEST(p.allow_open("db", 5432, now));
    BOOST_TEST(!p.allow_open("db", 5432, now + 1));
    BOOST_TEST(!p.allow_socket(now + 1));
}

BOOST_AUTO_TEST_SUITE_END()
