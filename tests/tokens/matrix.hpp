// The cells of the matrix operations x completion tokens: one function for each token, for any row
// of support/operation.hpp. Used by client.cpp, server.cpp and network.cpp beside it.
// What each cell requires: one completion, never inside the initiating function, with the values
// that the row promises, on the associated executor, in memory of the associated allocator, and
// with the associated cancellation slot connected while it waits and left when it is over.
#pragma once

#include "support/operation.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <future>

namespace adit::test::tokens {

/// Whether what an operation waits for has happened before it begins.
enum class moment : std::uint8_t { happened, to_come };

template <class Row>
void check_end(Row& row, ending_of<Row>& e) {
    run_until(row.ctx(), [&] { return e.completions != 0; });
    BOOST_TEST(e.completions == 1);
    BOOST_TEST(e.ec == row.expected(), e.ec.message());
    BOOST_TEST(row.right(e.value));
    e.value = {};
    row.settle();
    BOOST_TEST(row.intact());
    row.end();
    BOOST_TEST(e.completions == 1);
}

template <class Row>
void callback() {
    for (const moment when : {moment::happened, moment::to_come}) {
        BOOST_TEST_CONTEXT(Row::name << (when == moment::happened ? ", at once" : ", later")) {
            Row row;
            ending_of<Row> e;
            if (when == moment::happened) row.wake();
            row.settle();
            row.begin(e.handler());
            BOOST_TEST(e.completions == 0);
            if (when == moment::to_come) {
                row.settle();
                row.wake();
            }
            check_end(row, e);
        }
    }
}

/// Nothing begins before it is asked to.
template <class Row>
void deferred() {
    BOOST_TEST_CONTEXT(Row::name) {
        Row row;
        ending_of<Row> e;
        auto operation = row.begin(asio::deferred);
        row.wake();
        row.settle();
        BOOST_TEST(e.completions == 0);
        BOOST_TEST(row.untouched());
        std::move(operation)(e.handler());
        BOOST_TEST(e.completions == 0);
        check_end(row, e);
    }
}

template <class Row, class Token>
task<> await(Row& row, ending_of<Row>& e, Token token) {
    try {
        auto operation = row.begin(std::move(token));
        if constexpr (std::is_same_v<typename Row::value, nothing>) {
            co_await std::move(operation);
        } else {
            e.value = co_await std::move(operation);
        }
        e.ec = {};
    } catch (const boost::system::system_error& thrown) {
        e.ec = thrown.code();
    }
    ++e.completions;
}

template <class Row, class Token>
void awaited(Token token) {
    BOOST_TEST_CONTEXT(Row::name) {
        Row row;
        ending_of<Row> e;
        spawn(row.ctx(), [&] { return await(row, e, token); });
        row.settle();
        row.wake();
        check_end(row, e);
    }
}

template <class Row>
void use_awaitable() {
    awaited<Row>(asio::use_awaitable);
}

template <class Row>
void deferred_awaited() {
    awaited<Row>(asio::deferred);
}

template <class Row>
task<> await_tuple(Row& row, ending_of<Row>& e) {
    auto operation = row.begin(asio::as_tuple(asio::use_awaitable));
    auto outcome = co_await std::move(operation);
    e.ec = std::get<0>(outcome);
    if constexpr (std::tuple_size_v<decltype(outcome)> == 2) {
        e.value = std::move(std::get<1>(outcome));
    }
    ++e.completions;
}

template <class Row>
void as_tuple() {
    BOOST_TEST_CONTEXT(Row::name) {
        Row row;
        ending_of<Row> e;
        spawn(row.ctx(), [&] { return await_tuple(row, e); });
        row.settle();
        row.wake();
        check_end(row, e);
    }
}

template <class Row>
task<> await_redirected(Row& row, ending_of<Row>& e) {
    error_code into = asio::error::would_block;
    auto operation = row.begin(asio::redirect_error(asio::use_awaitable, into));
    if constexpr (std::is_same_v<typename Row::value, nothing>) {
        co_await std::move(operation);
    } else {
        e.value = co_await std::move(operation);
    }
    e.ec = into;
    ++e.completions;
}

template <class Row>
void redirect_error() {
    BOOST_TEST_CONTEXT(Row::name) {
        Row row;
        ending_of<Row> e;
        spawn(row.ctx(), [&] { return await_redirected(row, e); });
        row.settle();
        row.wake();
        check_end(row, e);
    }
}

template <class Row>
void use_future() {
    BOOST_TEST_CONTEXT(Row::name) {
        Row row;
        ending_of<Row> e;
        auto result = row.begin(asio::use_future);
        const auto is_there = [&](std::chrono::seconds patience) {
            return result.wait_for(patience) == std::future_status::ready;
        };
        BOOST_TEST(!is_there(std::chrono::seconds(0)));
        row.settle();
        row.wake();
        // A future's executor is the system's: the last step is another thread's.
        run_until(row.ctx(), [&] { return is_there(std::chrono::seconds(0)); });
        BOOST_REQUIRE(is_there(std::chrono::seconds(30)));
        try {
            if constexpr (std::is_same_v<typename Row::value, nothing>) {
                result.get();
            } else {
                e.value = result.get();
            }
            e.ec = {};
        } catch (const boost::system::system_error& thrown) {
            e.ec = thrown.code();
        }
        ++e.completions;
        check_end(row, e);
    }
}

/// Somebody else's context runs the handler, and nobody else.
template <class Row>
void bind_executor() {
    BOOST_TEST_CONTEXT(Row::name) {
        Row row;
        ending_of<Row> e;
        asio::io_context other;
        bool there = false;
        auto record = e.handler();
        auto handler = [&, record](error_code ec, auto... delivered) {
            there = other.get_executor().running_in_this_thread();
            record(ec, std::move(delivered)...);
        };
        row.begin(asio::bind_executor(other.get_executor(), std::move(handler)));
        row.settle();
        row.wake();
        row.settle();
        BOOST_TEST(e.completions == 0);
        BOOST_TEST(other.poll() != 0U);
        BOOST_TEST(there);
        check_end(row, e);
    }
}

/// Counts what is taken and what has not been given back.
struct memory_account {
    std::size_t taken = 0;
    std::size_t held = 0;
};

template <class T>
struct counting_allocator {
    using value_type = T;

    explicit counting_allocator(memory_account& to) : account(&to) {}
    template <class U>
    counting_allocator(const counting_allocator<U>& other) : account(other.account) {}

    T* allocate(std::size_t n) {
        ++account->taken;
        ++account->held;
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) {
        --account->held;
        std::allocator<T>().deallocate(p, n);
    }
    template <class U>
    bool operator==(const counting_allocator<U>& other) const {
        return account == other.account;
    }

    memory_account* account;
};

/// What waits lies in the handler's memory, which is free again when the handler is called.
template <class Row>
void bind_allocator() {
    BOOST_TEST_CONTEXT(Row::name) {
        Row row;
        ending_of<Row> e;
        memory_account account;
        auto record = e.handler();
        auto handler = [&, record](error_code ec, auto... delivered) {
            BOOST_TEST(account.held == 0U);
            record(ec, std::move(delivered)...);
        };
        const counting_allocator<void> memory(account);
        row.begin(asio::bind_allocator(memory, std::move(handler)));
        BOOST_TEST(account.taken != 0U);
        BOOST_TEST(account.held != 0U);
        row.settle();
        row.wake();
        check_end(row, e);
        BOOST_TEST(account.held == 0U);
    }
}

template <class Row>
void bind_cancellation_slot() {
    BOOST_TEST_CONTEXT(Row::name) {
        Row row;
        ending_of<Row> e;
        asio::cancellation_signal signal;
        auto handler = [&, record = e.handler()](error_code ec, auto... delivered) {
            // Free for the next operation of whoever is told.
            BOOST_TEST(!signal.slot().has_handler());
            record(ec, std::move(delivered)...);
        };
        row.begin(asio::bind_cancellation_slot(signal.slot(), std::move(handler)));
        BOOST_TEST(signal.slot().has_handler());
        row.settle();
        row.wake();
        run_until(row.ctx(), [&] { return e.completions != 0; });
        signal.emit(cancel::terminal);
        check_end(row, e);
    }
}

template <class Row>
void detached() {
    BOOST_TEST_CONTEXT(Row::name) {
        Row row;
        row.begin(asio::detached);
        row.settle();
        row.wake();
        row.settle();
        row.end();
    }
}

}  // namespace adit::test::tokens
