// The counting malloc() of allocations.hpp, and the proof that it counts.
#include "allocations.hpp"

#include <adit/crypto/secret.hpp>

#include <atomic>
#include <cstdlib>

namespace {

constinit std::atomic<std::size_t> allocation_count{0};

// Botan keeps small secrets in a locked pool of its own, which nobody can count from outside.
// Without the pool they come from calloc(). Botan makes it at priority 101, the first that g++ lets
// others have. A shared Botan is even earlier: there, set the variable outside.
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wprio-ctor-dtor"
#endif
[[gnu::constructor(100)]] void switch_the_pool_off() { setenv("BOTAN_MLOCK_POOL_SIZE", "0", 1); }
#pragma GCC diagnostic pop

}  // namespace

std::size_t adit::test::allocations() noexcept { return allocation_count.load(); }

boost::test_tools::assertion_result adit::test::allocations_are_counted(
    boost::unit_test::test_unit_id) {
#ifdef ADIT_TEST_COUNTS_ALLOCATIONS
    return true;
#else
    boost::test_tools::assertion_result no(false);
    no.message() << "a sanitizer owns malloc()";
    return no;
#endif
}

#ifdef ADIT_TEST_COUNTS_ALLOCATIONS
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
    allocation_count.fetch_add(1);
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    allocation_count.fetch_add(1);
    return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
    allocation_count.fetch_add(1);
    return __libc_realloc(memory, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    allocation_count.fetch_add(1);
    return __libc_memalign(alignment, size);
}
}
#endif

BOOST_AUTO_TEST_SUITE(allocations)

BOOST_AUTO_TEST_CASE(every_kind_is_counted,
                     *boost::unit_test::precondition(adit::test::allocations_are_counted)) {
    // Counted first and judged afterwards: BOOST_TEST allocates as well.
    const std::size_t start = adit::test::allocations();
    const auto with_new = std::make_unique<std::uint64_t>(1);
    asm volatile("" : : "r"(with_new.get()) : "memory");  // or the compiler leaves it out
    const std::size_t after_new = adit::test::allocations();
    const adit::crypto::secret_bytes secret(16);
    const std::size_t after_secret = adit::test::allocations();
    BOOST_TEST(after_new == start + 1);
    BOOST_TEST(after_secret == after_new + 1, "set BOTAN_MLOCK_POOL_SIZE=0");
}

BOOST_AUTO_TEST_SUITE_END()
