// algorithm_lists.hpp: the grammar of OpenSSH's lists, as ssh_config(5) and kex_assemble_names()
// have it.
#include "support/test.hpp"

#include <adit/crypto/algorithm_lists.hpp>
#include <adit/crypto/algorithms.hpp>

namespace crypto = adit::crypto;
using crypto::algorithm_choice;

namespace {

constexpr algorithm_choice letters{.defaults = "b,c,d", .known = "a,b,c,d,e1,e2"};

/// What comes out, or `!` and what was rejected.
std::string applied(std::string_view wanted, const algorithm_choice& choice = letters) {
    std::string rejected = "left from before";
    const auto chosen = crypto::apply_list(wanted, choice, rejected);
    return chosen ? *chosen : "!" + rejected;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(algorithm_lists)

BOOST_AUTO_TEST_CASE(nothing_asks_for_the_default) { BOOST_TEST(applied("") == "b,c,d"); }

BOOST_AUTO_TEST_CASE(names_replace_the_default_in_their_own_order) {
    BOOST_TEST(applied("d,a") == "d,a");
    BOOST_TEST(applied("e2") == "e2");
    BOOST_TEST(applied("c,a,c") == "c,a");
}

BOOST_AUTO_TEST_CASE(plus_appends) {
    BOOST_TEST(applied("+a") == "b,c,d,a");
    BOOST_TEST(applied("+e2,a") == "b,c,d,e2,a");
    BOOST_TEST(applied("+c") == "b,c,d");  // where it was
    BOOST_TEST(applied("+e*") == "b,c,d,e1,e2");
}

BOOST_AUTO_TEST_CASE(minus_removes) {
    BOOST_TEST(applied("-c") == "b,d");
    BOOST_TEST(applied("-d,b") == "c");
    BOOST_TEST(applied("-a") == "b,c,d");
    BOOST_TEST(applied("-nothing,of*,this?") == "b,c,d");
    BOOST_TEST(applied("-*,!c") == "c");
    BOOST_TEST(applied("-!c,*") == "c");
}

BOOST_AUTO_TEST_CASE(caret_moves_to_the_head) {
    BOOST_TEST(applied("^d") == "d,b,c");
    BOOST_TEST(applied("^a,c") == "a,c,b,d");
    BOOST_TEST(applied("^e?") == "e1,e2,b,c,d");
}

BOOST_AUTO_TEST_CASE(patterns_stand_for_the_known_names_they_match) {
    BOOST_TEST(applied("*") == "a,b,c,d,e1,e2");
    BOOST_TEST(applied("e*,a") == "e1,e2,a");
    BOOST_TEST(applied("e?") == "e1,e2");
    BOOST_TEST(applied("?") == "a,b,c,d");
    BOOST_TEST(applied("d,*") == "d,a,b,c,e1,e2");
    BOOST_TEST(applied("*1,**2") == "e1,e2");
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_named) {
    BOOST_TEST(applied("x") == "!x");
    BOOST_TEST(applied("b,xy,zz") == "!xy");
    BOOST_TEST(applied("+x") == "!x");
    BOOST_TEST(applied("^b,x*") == "!x*");
    BOOST_TEST(applied("B") == "!B");  // names have a case
    BOOST_TEST(applied("!b") == "!!b");
    BOOST_TEST(applied("b c") == "!b c");
    BOOST_TEST(applied("b,+c") == "!+c");  // the sign is the list's, not a name's
    std::string rejected;
    const auto chosen = crypto::apply_list("x", letters, rejected);
    BOOST_TEST((chosen.error() == adit::errc::unknown_algorithm));
}

BOOST_AUTO_TEST_CASE(a_list_that_leaves_nothing_is_an_error) {
    BOOST_TEST(applied("-*") == "!-*");
    BOOST_TEST(applied("-b,c,d") == "!-b,c,d");
    BOOST_TEST(applied("+") == "!+");
    BOOST_TEST(applied("^") == "!^");
    BOOST_TEST(applied(",") == "!,");
    BOOST_TEST(applied("-") == "b,c,d");
}

BOOST_AUTO_TEST_CASE(nothing_is_rejected_where_something_was_chosen) {
    std::string rejected = "left from before";
    BOOST_TEST(crypto::apply_list("a", letters, rejected).has_value());
    BOOST_TEST(rejected == "");
}

BOOST_AUTO_TEST_CASE(with_the_tables_of_adit) {
    const algorithm_choice ciphers{crypto::default_cipher_names(), crypto::default_cipher_names()};
    BOOST_TEST(applied("-*gcm*,chacha*", ciphers) == "aes256-ctr,aes192-ctr,aes128-ctr");
    BOOST_TEST(applied("^chacha20-poly1305@openssh.com", ciphers) ==
               "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
               "aes256-ctr,aes192-ctr,aes128-ctr");
    BOOST_TEST(applied("+3des-cbc", ciphers) == "!3des-cbc");
    BOOST_TEST(applied("none", ciphers) == "!none");
    const algorithm_choice kex{crypto::default_kex_names(), crypto::default_kex_names()};
    BOOST_TEST(applied("ecdh-*", kex) ==
               "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521");
    BOOST_TEST(applied("ext-info-c", kex) == "!ext-info-c");
}

BOOST_AUTO_TEST_SUITE_END()
