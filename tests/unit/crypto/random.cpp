// random.hpp: nothing is handed out twice, not even to a child process (S08, A34).
#include "support/test.hpp"

#include "allocations.hpp"
#include "support/fixed_random.hpp"

#include <adit/crypto/random.hpp>

#include <set>

#include <sys/wait.h>
#include <unistd.h>

using adit::byte;
using adit::crypto::random_source;
using adit::crypto::system_random;

namespace {

using block = std::array<byte, 16>;

block draw(random_source& random) {
    block bytes{};
    random.fill(bytes);
    return bytes;
}

block draw_by_botan(random_source& random) {
    block bytes{};
    random.botan().randomize(bytes);
    return bytes;
}

/// What `action` gives in a child process.
template <class Action>
block in_a_child(Action action) {
    std::array<int, 2> pipe_ends{};
    BOOST_REQUIRE(::pipe(pipe_ends.data()) == 0);
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        const block bytes = action();
        const auto written = ::write(pipe_ends[1], bytes.data(), bytes.size());
        ::_exit(written == static_cast<ssize_t>(bytes.size()) ? 0 : 1);
    }
    block bytes{};
    const auto got = ::read(pipe_ends[0], bytes.data(), bytes.size());
    int status = -1;
    ::waitpid(child, &status, 0);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    BOOST_REQUIRE(got == static_cast<ssize_t>(bytes.size()));
    BOOST_REQUIRE(status == 0);
    return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_)

BOOST_AUTO_TEST_CASE(s08_no_bytes_are_handed_out_twice) {
    system_random random;
    std::set<block> seen;
    for (int i = 0; i < 5000; ++i) seen.insert(draw(random));  // many buffers' worth
    BOOST_TEST(seen.size() == 5000U);
    system_random other;
    BOOST_TEST(!seen.contains(draw(other)));
}

BOOST_AUTO_TEST_CASE(fills_every_byte_of_every_size) {
    system_random random;
    for (std::size_t size = 0; size <= 200; ++size) {
        std::vector<byte> bytes(size + 1, 0);
        std::vector<byte> ever(size, 0);
        // Four draws leave a byte at zero once in 2^32 times; forty never.
        for (int i = 0; i < 40; ++i) {
            random.fill(adit::mutable_bytes(bytes).first(size));
            for (std::size_t k = 0; k < size; ++k) ever[k] |= bytes[k];
        }
        BOOST_TEST((std::ranges::find(ever, byte{0}) == ever.end()));
        BOOST_TEST(bytes[size] == 0);  // the byte after the end
    }
}

BOOST_AUTO_TEST_CASE(a34_a_child_process_draws_other_bytes) {
    system_random random;
    draw(random);  // now the buffer holds bytes that a child inherits
    const block childs = in_a_child([&] { return draw(random); });
    const block parents = draw(random);
    BOOST_TEST((childs != parents));
    const block grandchilds = in_a_child([&] { return in_a_child([&] { return draw(random); }); });
    BOOST_TEST((grandchilds != childs));
    BOOST_TEST((grandchilds != draw(random)));
}

BOOST_AUTO_TEST_CASE(a34_a_child_process_makes_other_keys) {
    system_random random;
    draw_by_botan(random);
    const block childs = in_a_child([&] { return draw_by_botan(random); });
    BOOST_TEST((childs != draw_by_botan(random)));
}

BOOST_AUTO_TEST_CASE(padding_does_not_allocate,
                     *boost::unit_test::precondition(adit::test::allocations_are_counted)) {
    system_random random;
    draw(random);
    const auto before = adit::test::allocations();
    for (int i = 0; i < 100; ++i) draw(random);
    BOOST_TEST(adit::test::allocations() == before);
}

BOOST_AUTO_TEST_CASE(the_fixed_source_repeats_itself) {
    adit::test::fixed_random a(1);
    adit::test::fixed_random b(1);
    adit::test::fixed_random c(2);
    const block first = draw(a);
    BOOST_TEST((first == draw(b)));
    BOOST_TEST((first != draw(c)));
    BOOST_TEST((first != draw(a)));
    adit::test::fixed_random given(std::vector<byte>(20, 9));
    BOOST_TEST((draw(given) == block{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}));
    BOOST_TEST(draw_by_botan(given)[3] == 9);
}

BOOST_AUTO_TEST_SUITE_END()
