// adit/config/keys_file.hpp: %u, %h and what must not become a path.
#include "support/test.hpp"

#include <adit/config/keys_file.hpp>

using adit::config::expand_keys_file;

namespace {

std::string path(std::string_view pattern, std::string_view user = "alice",
                 std::string_view home = "/home/alice") {
    return expand_keys_file(pattern, user, home).value_or("none");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keys_file)

BOOST_AUTO_TEST_CASE(tokens) {
    BOOST_TEST(path("%h/.ssh/authorized_keys") == "/home/alice/.ssh/authorized_keys");
    BOOST_TEST(path("/etc/keys/%u") == "/etc/keys/alice");
    BOOST_TEST(path("/etc/100%%/%u.%u") == "/etc/100%/alice.alice");
    BOOST_TEST(path(".ssh/authorized_keys") == "/home/alice/.ssh/authorized_keys");
    BOOST_TEST(path("/etc/keys/%u", "alice", "") == "/etc/keys/alice");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_expanded_is_no_path) {
    for (const char* pattern : {"", "%x", "/keys/%", "%U", "%u%"}) {
        BOOST_TEST(path(pattern) == "none", pattern);
    }
    BOOST_TEST(path("%h/keys", "alice", "") == "none");
    BOOST_TEST(path("keys", "alice", "") == "none");
}

BOOST_AUTO_TEST_CASE(a29_a_name_that_leads_elsewhere_is_no_path) {
    using namespace std::string_view_literals;
    for (const std::string_view user :
         {"../root"sv, "a/b"sv, "/"sv, ".."sv, "."sv, ""sv, "alice\0x"sv}) {
        BOOST_TEST(path("/etc/keys/%u", user) == "none");
        BOOST_TEST(path("/etc/keys/all", user) == "/etc/keys/all");
    }
    BOOST_TEST(path("/etc/keys/%u", "%h") == "/etc/keys/%h");
    BOOST_TEST(path("/etc/keys/%u", "...") == "/etc/keys/...");
}

BOOST_AUTO_TEST_SUITE_END()
