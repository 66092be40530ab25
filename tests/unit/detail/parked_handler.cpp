// adit/detail/parked_handler.hpp: what a handler keeps while it waits, and how it is let go.
#include "support/test.hpp"

#include <adit/detail/parked_handler.hpp>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <functional>

namespace asio = boost::asio;
using adit::error_code;
using parked = adit::detail::parked_handler<void(error_code, std::size_t)>;

namespace {

struct tally {
    int live = 0;
    int total = 0;
};

// Counts, and owns what it counts in: memory is given back through an allocator that still lives.
template <class T>
struct counting_allocator {
    using value_type = T;

    explicit counting_allocator(std::shared_ptr<tally> t) : count(std::move(t)) {}
    template <class U>
    counting_allocator(const counting_allocator<U>& other) : count(other.count) {}

    T* allocate(std::size_t n) {
        ++count->live;
        ++count->total;
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) {
        --count->live;
        std::allocator<T>().deallocate(p, n);
    }
    template <class U>
    bool operator==(const counting_allocator<U>& other) const {
        return count == other.count;
    }

    std::shared_ptr<tally> count;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(parked_handler)

BOOST_AUTO_TEST_CASE(empty_by_default) {
    const parked none;
    BOOST_TEST(!none);
}

BOOST_AUTO_TEST_CASE(posts_its_arguments_once_and_never_inline) {
    asio::io_context io;
    int calls = 0;
    std::size_t size = 0;
    parked handler(
        [&](error_code ec, std::size_t n) {
            ++calls;
            BOOST_TEST(!ec);
            size = n;
        },
        io.get_executor());
    BOOST_TEST(bool(handler));
    asio::post(io, [&] {
        handler.post({}, 5);
        BOOST_TEST(calls == 0);
        BOOST_TEST(!handler);
    });
    io.run();
    BOOST_TEST(calls == 1);
    BOOST_TEST(size == 5U);
}

BOOST_AUTO_TEST_CASE(takes_move_only_handlers_and_arguments) {
    asio::io_context io;
    int got = 0;
    adit::detail::parked_handler<void(std::unique_ptr<int>)> handler(
        [&, own = std::make_unique<int>(3)](std::unique_ptr<int> value) { got = *value + *own; },
        io.get_executor());
    handler.post(std::make_unique<int>(4));
    io.run();
    BOOST_TEST(got == 7);
}

BOOST_AUTO_TEST_CASE(move_construction_and_assignment_hand_it_on) {
    asio::io_context io;
    int first = 0;
    int second = 0;
    parked a([&](error_code, std::size_t) { ++first; }, io.get_executor());
    parked b([&](error_code, std::size_t) { ++second; }, io.get_executor());
    parked c(std::move(a));
    c = std::move(b);
    c.post({}, 0);
    io.run();
    BOOST_TEST(first == 0);
    BOOST_TEST(second == 1);
}

BOOST_AUTO_TEST_CASE(memory_comes_from_the_handlers_allocator_and_is_back_before_the_call) {
    asio::io_context io;
    auto count = std::make_shared<tally>();
    int calls = 0;
    parked handler(asio::bind_allocator(counting_allocator<void>(count),
                                        [&](error_code, std::size_t) {
                                            ++calls;
                                            BOOST_TEST(count->live == 0);
                                        }),
                   io.get_executor());
    BOOST_TEST(count->live == 1);
    handler.post({}, 0);
    io.run();
    BOOST_TEST(calls == 1);
    BOOST_TEST(count->live == 0);
    BOOST_TEST(count->total == 2);  // parked, then posted
}

BOOST_AUTO_TEST_CASE(destroyed_uninvoked_it_frees_with_an_allocator_that_only_it_owned) {
    asio::io_context io;
    std::weak_ptr<tally> watch;
    {
        auto count = std::make_shared<tally>();
        watch = count;
        const parked handler(asio::bind_allocator(counting_allocator<void>(std::move(count)),
                                                  [](error_code, std::size_t) {}),
                             io.get_executor());
        BOOST_REQUIRE(!watch.expired());
        BOOST_TEST(watch.lock()->live == 1);
    }
    BOOST_TEST(watch.expired());
}

BOOST_AUTO_TEST_CASE(a_parked_handler_inside_another_with_an_allocator_is_destroyed_cleanly) {
    asio::io_context io;
    auto count = std::make_shared<tally>();
    {
        parked inner(
            asio::bind_allocator(counting_allocator<void>(count), [](error_code, std::size_t) {}),
            io.get_executor());
        const parked outer(
            asio::bind_allocator(counting_allocator<void>(count),
                                 [held = std::move(inner)](error_code, std::size_t) {}),
            io.get_executor());
        BOOST_TEST(count->live == 2);
    }
    BOOST_TEST(count->live == 0);
}

BOOST_AUTO_TEST_CASE(runs_on_the_handlers_executor) {
    asio::io_context io;
    auto strand = asio::make_strand(io);
    bool inside = false;
    parked handler(
        asio::bind_executor(
            strand, [&](error_code, std::size_t) { inside = strand.running_in_this_thread(); }),
        io.get_executor());
    handler.post({}, 0);
    io.run();
    BOOST_TEST(inside);
}

BOOST_AUTO_TEST_CASE(keeps_both_contexts_busy_while_it_waits) {
    asio::io_context io;
    asio::io_context other;
    bool called = false;
    parked handler(
        asio::bind_executor(other.get_executor(), [&](error_code, std::size_t) { called = true; }),
        io.get_executor());
    io.poll();
    other.poll();
    BOOST_TEST(!io.stopped());
    BOOST_TEST(!other.stopped());
    handler.post({}, 0);
    io.run();
    BOOST_TEST(io.stopped());
    BOOST_TEST(!called);
    other.run();
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(the_call_may_park_again) {
    asio::io_context io;
    parked handler;
    int calls = 0;
    std::function<void(error_code, std::size_t)> again = [&](error_code, std::size_t) {
        if (++calls < 3) {
            handler = parked(again, io.get_executor());
            handler.post({}, 0);
        }
    };
    handler = parked(again, io.get_executor());
    handler.post({}, 0);
    io.run();
    BOOST_TEST(calls == 3);
}

// Boost.MySQL completes its inner operations with such handlers.
BOOST_AUTO_TEST_CASE(erased_handler_is_posted_by_way_of_the_io_executor) {
    asio::io_context io;
    asio::io_context other;
    std::size_t got = 0;
    auto bound = asio::bind_executor(other, [&](error_code, std::size_t n) { got = n; });
    asio::any_completion_handler<void(error_code, std::size_t)> erased(std::move(bound));
    parked p(std::move(erased), io.get_executor());
    p.post(error_code(), 5);
    other.poll();
    BOOST_TEST(got == 0U);
    io.run();
    BOOST_TEST(got == 0U);
    other.restart();
    other.run();
    BOOST_TEST(got == 5U);
}

BOOST_AUTO_TEST_SUITE_END()
