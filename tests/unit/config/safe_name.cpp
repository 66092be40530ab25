// Names that may stand in a command (A29): CVE-2023-51385 and its kin.
#include "support/test.hpp"

#include <adit/config/safe_name.hpp>

using namespace adit;

BOOST_AUTO_TEST_SUITE(safe_name)

BOOST_AUTO_TEST_CASE(a29_hosts_that_are_options_or_commands_are_refused) {
    for (const std::string_view name :
         {"db", "db-1.example.org", "::1", "fe80::1%eth0", "a_b", "xn--bcher-kva.example", "*"}) {
        BOOST_TEST(config::is_harmless_host(name));
    }
    for (const std::string_view name :
         {"", "-oProxyCommand=x", "a;b", "$(x)", "a\nb", "a b", "`x`", "a|b", "a&b", "a>b", "a<b",
          "'a'", "\"a\"", "a\\b", "${x}", "a\tb", "a\x7f", "(a)"}) {
        BOOST_TEST(!config::is_harmless_host(name));
    }
    BOOST_TEST(!config::is_harmless_host(std::string_view("a\0b", 3)));
    BOOST_TEST(!config::is_harmless_host(std::string(2000, 'a')));
}

BOOST_AUTO_TEST_CASE(a29_users_may_have_blanks_and_domains_but_no_options) {
    for (const std::string_view name : {"root", "al ice", "DOMAIN\\user", "host$", "a@b"}) {
        BOOST_TEST(config::is_harmless_user(name));
    }
    for (const std::string_view name :
         {"", "-l", "a;b", "`x`", "a -oX", "a\\", "a\nb", "a'b", "a\"b", "a|b", "$(x)"}) {
        BOOST_TEST(!config::is_harmless_user(name));
    }
}

BOOST_AUTO_TEST_CASE(a29_a_shell_word_means_itself) {
    BOOST_TEST(config::is_shell_word("db-1.example.org"));
    BOOST_TEST(config::is_shell_word(""));
    for (const std::string_view text : {"a b", "~", "a*", "$x", "a\nb", "a;b", "#", "[a]", "!"}) {
        BOOST_TEST(!config::is_shell_word(text));
    }
}

BOOST_AUTO_TEST_SUITE_END()
