// Counts the allocations of this test binary: operator new, Botan's secure memory and C alike,
// since all of them end in malloc() or calloc(). Sanitizers bring their own and switch the counting
// off. The one macro tells the preprocessor which sanitizer there is, in g++'s way and in clang's.
#pragma once

#include "support/test.hpp"

#include <cstddef>

#define ADIT_TEST_COUNTS_ALLOCATIONS 1
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#undef ADIT_TEST_COUNTS_ALLOCATIONS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef ADIT_TEST_COUNTS_ALLOCATIONS
#endif
#endif

namespace adit::test {

/// How many there have been since the program started.
[[nodiscard]] std::size_t allocations() noexcept;

/// A precondition of the tests that count.
[[nodiscard]] boost::test_tools::assertion_result allocations_are_counted(
    boost::unit_test::test_unit_id test);

}  // namespace adit::test
