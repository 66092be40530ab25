// An operation with a time limit: deferred operation || timer, for conversations and loops.
// Used for every handshake phase, keepalive and open that has a limit. The operation must be a
// real asynchronous one that can be cancelled; door() makes one of a coroutine.
// Invariant: neither the operation nor the timer outlives the await; a result that came in
// the same moment as the limit is delivered, never lost.
#pragma once

#include <adit/detail/task.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace adit::detail {

template <class Signature>
struct deadline_value;
template <>
struct deadline_value<void(error_code)> {
    using type = void;
};
template <class T>
struct deadline_value<void(error_code, T)> {
    using type = std::decay_t<T>;
};
template <class Operation>
using deadline_value_t =
    typename deadline_value<typename asio::completion_signature_of<Operation>::type>::type;

/// Starts `operation` (what an async_* function returns for asio::deferred, with the signature
/// void(error_code[, T])) and returns its value. Throws its error, or asio::error::timed_out when
/// it had none to show before `limit`. Cancellation: whatever reaches the caller is passed on.
template <class Operation>
task<deadline_value_t<Operation>> with_deadline(Operation operation,
                                                asio::steady_timer::duration limit) {
    const executor ex = co_await asio::this_coro::executor;
    asio::steady_timer timer(ex);
    timer.expires_after(limit);
    auto group = asio::experimental::make_parallel_group(std::move(operation),
                                                         timer.async_wait(asio::deferred));
    auto first = group.async_wait(asio::experimental::wait_for_one(), asio::deferred);
    // (order of completion, the operation's error, its value if any, the timer's error)
    auto outcome = co_await std::move(first);

    constexpr std::size_t timer_error = std::tuple_size_v<decltype(outcome)> - 1;
    const bool expired = std::get<0>(outcome)[0] == 1 && !std::get<timer_error>(outcome);
    const error_code ec = std::get<1>(outcome);
    if (ec && expired) {
        throw boost::system::system_error(asio::error::timed_out);
    }
    if (ec) {
        throw boost::system::system_error(ec);
    }
    if constexpr (timer_error == 3) {
        co_return std::move(std::get<2>(outcome));
    }
}

}  // namespace adit::detail
