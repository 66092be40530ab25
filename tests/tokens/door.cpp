// Each completion token that a user may hand to an operation made by door().
#include "support/test.hpp"

#include <adit/detail/door.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <future>

namespace asio = boost::asio;
using adit::error_code;
using adit::task;

namespace {

template <class T>
struct counting_allocator {
    using value_type = T;

    explicit counting_allocator(int& c) : count(&c) {}
    template <class U>
    counting_allocator(const counting_allocator<U>& other) : count(other.count) {}

    T* allocate(std::size_t n) {
        ++*count;
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
    template <class U>
    bool operator==(const counting_allocator<U>& other) const {
        return count == other.count;
    }

    int* count;
};

task<int> answer() {
    co_await asio::post(asio::deferred);
    co_return 42;
}

task<int> refuse() {
    co_await asio::post(asio::deferred);
    throw boost::system::system_error(asio::error::access_denied);
}

template <class Token>
auto async_answer(asio::io_context& io, Token&& token) {
    return adit::detail::door(io.get_executor(), answer, std::forward<Token>(token));
}

template <class Token>
auto async_refuse(asio::io_context& io, Token&& token) {
    return adit::detail::door(io.get_executor(), refuse, std::forward<Token>(token));
}

void run(asio::io_context& io, task<> body) {
    std::exception_ptr thrown;
    asio::co_spawn(io, std::move(body), [&](std::exception_ptr e) { thrown = std::move(e); });
    io.run();
    if (thrown) {
        std::rethrow_exception(thrown);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(door_tokens)

BOOST_AUTO_TEST_CASE(callback) {
    asio::io_context io;
    int got = 0;
    error_code refused;
    async_answer(io, [&](error_code ec, int value) { got = ec ? -1 : value; });
    async_refuse(io, [&](error_code ec, int) { refused = ec; });
    io.run();
    BOOST_TEST(got == 42);
    BOOST_TEST(refused == asio::error::access_denied);
}

BOOST_AUTO_TEST_CASE(deferred_called_later) {
    asio::io_context io;
    int got = 0;
    auto operation = async_answer(io, asio::deferred);
    io.run();
    BOOST_TEST(got == 0);
    io.restart();
    std::move(operation)([&](error_code, int value) { got = value; });
    io.run();
    BOOST_TEST(got == 42);
}

BOOST_AUTO_TEST_CASE(deferred_awaited) {
    asio::io_context io;
    auto body = [](asio::io_context& where) -> task<> {
        const int value = co_await async_answer(where, asio::deferred);
        BOOST_TEST(value == 42);
        co_await async_refuse(where, asio::deferred);
    };
    BOOST_CHECK_EXCEPTION(run(io, body(io)), boost::system::system_error,
                          [](const auto& e) { return e.code() == asio::error::access_denied; });
}

BOOST_AUTO_TEST_CASE(use_awaitable) {
    asio::io_context io;
    auto body = [](asio::io_context& where) -> task<> {
        const int value = co_await async_answer(where, asio::use_awaitable);
        BOOST_TEST(value == 42);
        co_await async_refuse(where, asio::use_awaitable);
    };
    BOOST_CHECK_EXCEPTION(run(io, body(io)), boost::system::system_error,
                          [](const auto& e) { return e.code() == asio::error::access_denied; });
}

BOOST_AUTO_TEST_CASE(as_tuple) {
    asio::io_context io;
    bool done = false;
    auto body = [](asio::io_context& where, bool& reached) -> task<> {
        const auto good = co_await async_answer(where, asio::as_tuple(asio::deferred));
        BOOST_TEST(!std::get<0>(good));
        BOOST_TEST(std::get<1>(good) == 42);
        const auto bad = co_await async_refuse(where, asio::as_tuple(asio::use_awaitable));
        BOOST_TEST(std::get<0>(bad) == asio::error::access_denied);
        reached = true;
    };
    run(io, body(io, done));
    BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(use_future) {
    asio::io_context io;
    auto good = async_answer(io, asio::use_future);
    auto bad = async_refuse(io, asio::use_future);
    io.run();
    BOOST_TEST(good.get() == 42);
    BOOST_CHECK_THROW(bad.get(), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(detached) {
    asio::io_context io;
    async_answer(io, asio::detached);
    async_refuse(io, asio::detached);
    BOOST_TEST(io.run() > 0U);
}

BOOST_AUTO_TEST_CASE(bind_executor) {
    asio::io_context io;
    asio::io_context other;
    bool called = false;
    async_answer(io, asio::bind_executor(other.get_executor(), [&](error_code, int value) {
                     BOOST_TEST(value == 42);
                     called = true;
                 }));
    io.run();
    BOOST_TEST(!called);
    BOOST_TEST(!other.stopped());
    other.run();
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(bind_allocator) {
    asio::io_context io;
    int allocations = 0;
    int got = 0;
    async_answer(io, asio::bind_allocator(counting_allocator<void>(allocations),
                                          [&](error_code, int value) { got = value; }));
    BOOST_TEST(allocations == 1);
    io.run();
    BOOST_TEST(got == 42);
}

BOOST_AUTO_TEST_CASE(bind_cancellation_slot) {
    asio::io_context io;
    asio::cancellation_signal stop;
    error_code result;
    auto wait = [&io]() -> task<int> {
        asio::steady_timer timer(io, std::chrono::hours(1));
        auto expired = timer.async_wait(asio::deferred);
        co_await std::move(expired);
        co_return 1;
    };
    adit::detail::door(
        io.get_executor(), wait,
        asio::bind_cancellation_slot(stop.slot(), [&](error_code ec, int) { result = ec; }));
    io.poll();
    stop.emit(asio::cancellation_type::terminal);
    io.run();
    BOOST_TEST(result == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(all_bindings_at_once) {
    asio::io_context io;
    auto strand = asio::make_strand(io);
    asio::cancellation_signal stop;
    int allocations = 0;
    bool inside = false;
    async_answer(
        io, asio::bind_cancellation_slot(
                stop.slot(),
                asio::bind_executor(
                    strand, asio::bind_allocator(
                                counting_allocator<void>(allocations), [&](error_code ec, int) {
                                    inside = !ec && strand.running_in_this_thread();
                                }))));
    io.run();
    BOOST_TEST(inside);
}

BOOST_AUTO_TEST_SUITE_END()
