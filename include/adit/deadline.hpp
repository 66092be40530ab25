// A time limit for any asynchronous operation, on every Boost since 1.81 (Asio's own cancel_after
// is Boost 1.86's): reads and writes of a channel, Beast's and asio::ssl's operations on one, a
// client's. For programs; conversations inside the library use detail/deadline.hpp.
// Invariant: neither the operation nor the timer outlives the completion; a result that came in
// the same moment as the limit is delivered, never lost.
#pragma once

#include <adit/detail/task.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace adit {
namespace detail {

template <class Operation>
using operation_signature_t = typename asio::completion_signature_of<Operation>::type;

template <class Operation>
class initiate_with_deadline;

}  // namespace detail

/// Starts `operation` (what an async_* function returns for asio::deferred; its results begin with
/// an error_code) and asks it to stop when `limit` has passed. Completes as the operation does,
/// with errc::deadline_exceeded where the limit stopped it (operation_aborted). `ex` is the
/// executor, or the strand, that the operation belongs to: channel::get_executor(). Signature: the
/// operation's. Cancellation: passed on; each type means what it means to the operation. The limit
/// asks with all types at once: after it a channel's read or write has moved nothing and the
/// channel works on, a handshake has closed its connection. Buffers: as the operation says. Errors:
/// the operation's, errc::deadline_exceeded.
template <class Operation, class Token>
auto async_with_deadline(executor ex, Operation operation, asio::steady_timer::duration limit,
                         Token&& token) {
    return asio::async_initiate<Token, detail::operation_signature_t<Operation>>(
        detail::initiate_with_deadline<Operation>(std::move(ex)), token, std::move(operation),
        limit);
}

// Details.

namespace detail {

// What the group of operation and timer completes with. Allocator, executor and slot are the
// caller's.
template <class Signature, class Handler>
struct deadline_handler;

template <class Handler, class... Values>
struct deadline_handler<void(error_code, Values...), Handler> {
    Handler handler;
    std::shared_ptr<asio::steady_timer> timer;

    void operator()(std::array<std::size_t, 2> order, error_code ec, Values... values,
                    error_code waited) {
        const bool expired = order[0] == 1 && !waited;
        // An error of its own was on its way already: it says more than the limit does.
        const bool stopped = ec == asio::error::operation_aborted;
        if (stopped && expired) ec = errc::deadline_exceeded;
        timer.reset();
        // The group leaves its own there.
        asio::cancellation_slot slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) slot.clear();
        std::move(handler)(ec, std::move(values)...);
    }
};

template <class Operation>
class initiate_with_deadline {
public:
    using executor_type = executor;

    explicit initiate_with_deadline(executor ex) : ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler>
    void operator()(Handler&& handler, Operation operation,
                    asio::steady_timer::duration limit) const {
        using outcome = deadline_handler<operation_signature_t<Operation>, std::decay_t<Handler>>;
        auto timer = std::allocate_shared<asio::steady_timer>(
            asio::get_associated_allocator(handler), ex_, limit);
        auto elapsed = timer->async_wait(asio::deferred);
        auto both =
            asio::experimental::make_parallel_group(std::move(operation), std::move(elapsed));
        both.async_wait(asio::experimental::wait_for_one(),
                        outcome{std::forward<Handler>(handler), std::move(timer)});
    }

private:
    executor ex_;
};

}  // namespace detail
}  // namespace adit

namespace boost::asio {

template <template <class, class> class Associator, class Signature, class Handler, class Default>
struct associator<Associator, adit::detail::deadline_handler<Signature, Handler>, Default> {
    using type = typename Associator<Handler, Default>::type;
    using outcome = adit::detail::deadline_handler<Signature, Handler>;

    static type get(const outcome& h) noexcept {
        return Associator<Handler, Default>::get(h.handler);
    }
    static type get(const outcome& h, const Default& other) noexcept {
        return Associator<Handler, Default>::get(h.handler, other);
    }
};

}  // namespace boost::asio
