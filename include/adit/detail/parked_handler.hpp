// A completion handler of any type, put aside until its result is known. It keeps the handler's
// allocator and executor, and counts as work on that executor and on the I/O executor, so that
// run() does not return while it waits. Used by parking_place, by operations that are complete when
// they start, and by door. (Asio's any_completion_handler of Boost 1.81 recurses for ever when
// it is assigned, and reads freed memory when a nested one is destroyed.)
// Invariant: a handler is called at most once and, unless it was put aside by_dispatch, never
// inline; its memory is given back before the call, so that the next operation can have it.
#pragma once

#include <adit/detail/task.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/is_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/require.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace adit::detail {

/// How a handler comes to its executor: later, or at once where that is this one. The second is for
/// those that are on its ground already, with nothing of their own left to do.
struct by_post {
    template <class Executor, class Handler>
    static void submit(const Executor& ex, Handler&& handler) {
        asio::post(ex, std::forward<Handler>(handler));
    }
};
struct by_dispatch {
    template <class Executor, class Handler>
    static void submit(const Executor& ex, Handler&& handler) {
        asio::dispatch(ex, std::forward<Handler>(handler));
    }
};

template <class Signature, class Way = by_post>
class parked_handler;

template <class... Args, class Way>
class parked_handler<void(Args...), Way> {
public:
    parked_handler() = default;

    template <class Handler, class IoExecutor>
    parked_handler(Handler&& handler, const IoExecutor& io);

    [[nodiscard]] explicit operator bool() const noexcept { return target_ != nullptr; }

    /// Hands the handler and its arguments to its executor. The handler is gone afterwards.
    void complete(Args... args) { target_.release()->complete(std::move(args)...); }
    void post(Args... args)
        requires std::is_same_v<Way, by_post>
    {
        complete(std::move(args)...);
    }

private:
    struct target {
        virtual void complete(Args... args) = 0;
        virtual void destroy() noexcept = 0;

    protected:
        ~target() = default;
    };
    struct destroyer {
        void operator()(target* t) const noexcept { t->destroy(); }
    };
    template <class Handler, class IoExecutor>
    class model;

    std::unique_ptr<target, destroyer> target_;
};

template <class Executor>
using tracked_t = std::decay_t<decltype(asio::prefer(std::declval<const Executor&>(),
                                                     asio::execution::outstanding_work.tracked))>;

/// Not asio::any_completion_executor, which any_completion_handler has: it can only be dispatched
/// to.
template <class Executor>
inline constexpr bool takes_posts =
    asio::is_executor<Executor>::value ||
    asio::can_require_v<Executor, asio::execution::blocking_t::never_t>;

template <class... Args, class Way>
template <class Handler, class IoExecutor>
class parked_handler<void(Args...), Way>::model final : public target {
public:
    using handler_executor = asio::associated_executor_t<Handler, IoExecutor>;
    using allocator = typename std::allocator_traits<asio::associated_allocator_t<
        Handler, asio::recycling_allocator<void>>>::template rebind_alloc<model>;

    template <class H>
    model(H&& handler, const IoExecutor& io)
        : parts_{asio::prefer(io, asio::execution::outstanding_work.tracked),
                 asio::prefer(asio::get_associated_executor(handler, io),
                              asio::execution::outstanding_work.tracked),
                 std::forward<H>(handler)} {}

    static allocator allocator_of(const Handler& handler) {
        return allocator(
            asio::get_associated_allocator(handler, asio::recycling_allocator<void>()));
    }

    void complete(Args... args) override;
    void destroy() noexcept override { static_cast<void>(release()); }

private:
    // Destroyed from the last to the first: the handler while both executors are still busy.
    struct parts {
        tracked_t<IoExecutor> io_work;
        tracked_t<handler_executor> work;
        Handler handler;
    };

    [[nodiscard]] parts release() noexcept;

    parts parts_;
};

template <class... Args, class Way>
template <class Handler, class IoExecutor>
void parked_handler<void(Args...), Way>::model<Handler, IoExecutor>::complete(Args... args) {
    parts taken = release();
    auto call = asio::append(std::move(taken.handler), std::move(args)...);
    constexpr bool dispatched = std::is_same_v<Way, by_dispatch>;
    if constexpr (dispatched || takes_posts<tracked_t<handler_executor>>) {
        Way::submit(taken.work, std::move(call));
    } else {
        asio::post(taken.io_work, std::move(call));  // hops on to the handler's executor from there
    }
}

template <class... Args, class Way>
template <class Handler, class IoExecutor>
auto parked_handler<void(Args...), Way>::model<Handler, IoExecutor>::release() noexcept -> parts {
    allocator memory = allocator_of(parts_.handler);
    parts taken = std::move(parts_);
    std::destroy_at(this);
    std::allocator_traits<allocator>::deallocate(memory, this, 1);
    return taken;
}

template <class... Args, class Way>
template <class Handler, class IoExecutor>
parked_handler<void(Args...), Way>::parked_handler(Handler&& handler, const IoExecutor& io) {
    using model_type = model<std::decay_t<Handler>, IoExecutor>;
    using allocator = typename model_type::allocator;
    allocator memory = model_type::allocator_of(handler);
    model_type* place = std::allocator_traits<allocator>::allocate(memory, 1);
    try {
        target_.reset(::new (static_cast<void*>(place))
                          model_type(std::forward<Handler>(handler), io));
    } catch (...) {
        std::allocator_traits<allocator>::deallocate(memory, place, 1);
        throw;
    }
}

}  // namespace adit::detail
