// attempt.hpp: exceptions become errc.
#include "support/test.hpp"

#include <adit/crypto/attempt.hpp>

#include <stdexcept>

using adit::errc;
using adit::result;
using adit::crypto::attempt;
using adit::crypto::make_or_null;

BOOST_AUTO_TEST_SUITE(attempt_)

BOOST_AUTO_TEST_CASE(passes_on_what_the_action_returns) {
    BOOST_TEST((attempt(errc::mac_mismatch, [] { return errc::ok; }) == errc::ok));
    const auto seven = attempt(errc::mac_mismatch, []() -> result<int> { return 7; });
    BOOST_TEST(seven.value() == 7);
}

BOOST_AUTO_TEST_CASE(an_exception_becomes_the_given_error) {
    const auto failed = attempt(errc::mac_mismatch, []() -> result<int> {
        throw std::runtime_error("a text that may quote a secret");
    });
    BOOST_TEST((failed.error() == errc::mac_mismatch));
}

BOOST_AUTO_TEST_CASE(missing_memory_is_nobodys_fault) {
    const auto failed = attempt(errc::mac_mismatch, []() -> errc { throw std::bad_alloc(); });
    BOOST_TEST((failed == errc::out_of_memory));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_made_is_null) {
    BOOST_TEST(*make_or_null([] { return std::make_unique<int>(3); }) == 3);
    const auto failed = make_or_null([]() -> std::unique_ptr<int> { throw std::bad_alloc(); });
    BOOST_TEST((failed == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()
