// adit/protocol/server_policy.hpp: how far a login has come by lists of methods, and when a client
// has tried often enough.
#include "support/test.hpp"

#include <adit/protocol/server_policy.hpp>

using namespace std::chrono_literals;
using adit::errc;
using adit::protocol::authentication_budget;
using adit::protocol::authentication_progress;
using adit::protocol::delay_of_refusal;

BOOST_AUTO_TEST_SUITE(server_policy)

BOOST_AUTO_TEST_CASE(one_method_is_enough_where_a_list_has_one) {
    authentication_progress p({{"publickey"}, {"password"}});
    BOOST_TEST(p.can_continue() == "publickey,password");
    BOOST_TEST(p.awaits("publickey"));
    BOOST_TEST(p.awaits("password"));
    BOOST_TEST(!p.awaits("keyboard-interactive"));
    BOOST_TEST(p.pass("password"));
    BOOST_TEST(p.passed() == std::vector<std::string>{"password"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_methods_of_a_list_have_an_order) {
    authentication_progress p({{"publickey", "keyboard-interactive", "password"}});
    BOOST_TEST(p.can_continue() == "publickey");
    BOOST_TEST(!p.awaits("keyboard-interactive"));
    BOOST_TEST(!p.pass("publickey"));
    BOOST_TEST(p.can_continue() == "keyboard-interactive");
    BOOST_TEST(!p.awaits("publickey"));
    BOOST_TEST(!p.awaits("password"));
    BOOST_TEST(!p.pass("keyboard-interactive"));
    BOOST_TEST(p.pass("password"));
    BOOST_TEST(p.can_continue().empty());
    BOOST_TEST(p.passed().size() == 3U);
}

// What was passed in one list is worth nothing in another that begins otherwise.
BOOST_AUTO_TEST_CASE(a_factor_counts_only_in_the_lists_that_begin_with_it) {
    authentication_progress p({{"publickey", "password"},
                               {"publickey", "keyboard-interactive"},
                               {"password", "publickey"}});
    BOOST_TEST(p.can_continue() == "publickey,password");
    BOOST_TEST(!p.pass("publickey"));
    BOOST_TEST(p.can_continue() == "password,keyboard-interactive");
    BOOST_TEST(!p.awaits("publickey"));
    BOOST_TEST(p.pass("keyboard-interactive"));
}

BOOST_AUTO_TEST_CASE(a_method_may_be_needed_twice) {
    const std::vector<authentication_progress::method_list> required{{"publickey", "publickey"}};
    authentication_progress p(required);
    BOOST_TEST(!p.pass("publickey"));
    BOOST_TEST(p.can_continue() == "publickey");
    BOOST_TEST(p.pass("publickey"));
}

// Nothing is the default: neither no lists nor an empty one lets anybody in.
BOOST_AUTO_TEST_CASE(without_a_list_nothing_is_awaited) {
    for (const auto& required :
         std::vector<std::vector<authentication_progress::method_list>>{{}, {{}}, {{}, {}}}) {
        authentication_progress p(required);
        BOOST_TEST(p.can_continue().empty());
        for (const char* method : {"", "none", "publickey"}) BOOST_TEST(!p.awaits(method));
    }
}

BOOST_AUTO_TEST_CASE(c31_names_are_compared_whole_and_never_named_twice) {
    authentication_progress p({{"publickey"}, {"publickey", "password"}, {"publickey"}});
    BOOST_TEST(p.can_continue() == "publickey");
    for (const char* method :
         {"", "none", "public", "publickey,", "publickey,password", "PublicKey"}) {
        BOOST_TEST(!p.awaits(method), method);
    }
}

namespace {

// How often the verb says ok before it says that this was once too often; and it stays so.
template <class Verb>
unsigned allowed(const adit::limits& caps, Verb verb) {
    authentication_budget budget(caps);
    unsigned count = 0;
    while (count < 10'000 && verb(budget) == errc::ok) ++count;
    BOOST_TEST((verb(budget) == errc::too_many_authentication_failures));
    return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(l05_each_counter_ends_where_its_limit_says) {
    const adit::limits caps;
    BOOST_TEST(allowed(caps, [](auto& b) { return b.request(); }) == 128U);
    BOOST_TEST(allowed(caps, [](auto& b) { return b.refused_query(); }) == 32U);
    // The connection ends with the sixth.
    BOOST_TEST(allowed(caps, [](auto& b) { return b.failure(); }) == 5U);
}

BOOST_AUTO_TEST_CASE(l05_a_limit_of_none_allows_none) {
    adit::limits caps;
    caps.authentication_requests = caps.authentication_failures = caps.key_queries = 0;
    BOOST_TEST(allowed(caps, [](auto& b) { return b.request(); }) == 0U);
    BOOST_TEST(allowed(caps, [](auto& b) { return b.refused_query(); }) == 0U);
    BOOST_TEST(allowed(caps, [](auto& b) { return b.failure(); }) == 0U);
}

BOOST_AUTO_TEST_CASE(l05_the_counters_are_three) {
    const adit::limits caps;
    authentication_budget budget(caps);
    for (int i = 0; i < 5; ++i) BOOST_TEST((budget.failure() == errc::ok));
    for (int i = 0; i < 32; ++i) BOOST_TEST((budget.refused_query() == errc::ok));
    for (int i = 0; i < 128; ++i) BOOST_TEST((budget.request() == errc::ok));
}

BOOST_AUTO_TEST_CASE(l06_a_refusal_takes_5_ms_and_not_less) {
    BOOST_TEST((delay_of_refusal(5ms, 0us) == 5ms));
    BOOST_TEST((delay_of_refusal(5ms, 4'999us) == 1us));
    BOOST_TEST((delay_of_refusal(5ms, 5ms) == 0us));
    BOOST_TEST((delay_of_refusal(0us, 0us) == 0us));
}

BOOST_AUTO_TEST_CASE(l06_what_took_longer_takes_the_first_double_that_has_not_passed) {
    BOOST_TEST((delay_of_refusal(5ms, 5'001us) == 4'999us));
    BOOST_TEST((delay_of_refusal(5ms, 10ms) == 0us));
    BOOST_TEST((delay_of_refusal(5ms, 10'001us) == 9'999us));
    BOOST_TEST((delay_of_refusal(6ms, 100ms) == 92ms));
}

BOOST_AUTO_TEST_CASE(l06_beyond_five_seconds_nothing_is_added) {
    BOOST_TEST((delay_of_refusal(5ms, 5s) == 120ms));
    BOOST_TEST((delay_of_refusal(5ms, 5s + 1us) == 0us));
}

BOOST_AUTO_TEST_SUITE_END()
