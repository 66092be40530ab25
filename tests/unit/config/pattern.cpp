// Lists of patterns: what negations, empty places and long patterns mean. The patterns themselves
// are tested in doors/wildcard.cpp.
#include "support/test.hpp"

#include <adit/config/pattern.hpp>

using namespace adit;
using config::list_match;

BOOST_AUTO_TEST_SUITE(pattern)

BOOST_AUTO_TEST_CASE(case_matters_where_it_should) {
    BOOST_TEST((config::match_list("Db.Example.ORG", "*.eXample.org") == list_match::yes));
    BOOST_TEST((config::match_list("root", "ROOT", letter_case::exact) == list_match::no));
}

BOOST_AUTO_TEST_CASE(a_negated_pattern_wins_wherever_it_stands) {
    for (const std::string_view list : {"*.org,!old.org", "!old.org,*.org", "!old.*,old.org"}) {
        BOOST_TEST((config::match_list("old.org", list) == list_match::negated));
    }
    BOOST_TEST((config::match_list("new.org", "*.org,!old.org") == list_match::yes));
    // As in OpenSSH: a negation alone lets nobody in.
    BOOST_TEST((config::match_list("new.org", "!old.org") == list_match::no));
}

BOOST_AUTO_TEST_CASE(lists_with_odd_ends) {
    BOOST_TEST((config::match_list("a", "") == list_match::no));
    BOOST_TEST((config::match_list("a", ",") == list_match::no));
    BOOST_TEST((config::match_list("a", ",a") == list_match::yes));
    BOOST_TEST((config::match_list("a", "a,") == list_match::yes));
    BOOST_TEST((config::match_list("a", "b,,a") == list_match::yes));
    BOOST_TEST((config::match_list("a", "b, a") == list_match::no));
    BOOST_TEST((config::match_list("a", "!") == list_match::no));
    BOOST_TEST((config::match_list("a", "!!a") == list_match::no));
    BOOST_TEST((config::match_list("a", std::string(2000, '*') + ",a") == list_match::no));
}

BOOST_AUTO_TEST_SUITE_END()
