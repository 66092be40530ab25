// A coroutine as an asynchronous operation with any completion token: the front of every public
// async_* function that is a conversation inside. What the body throws as system_error becomes
// the operation's error_code; what is neither that nor bad_alloc is a bug and leaves run().
// The caller may live on another strand: its cancellation hops on to the operation's executor.
// (co_spawn alone emits through a raw pointer, late: a use after free, asio #1332; and when it
// is cancelled before it started, it loses its handler.)
// Invariant: the body begins after the initiating function has returned, and the caller's slot
// reaches nothing but a weak pointer.
#pragma once

#include <adit/detail/parked_handler.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace adit::detail {

template <class T>
struct door_signature {
    using type = void(error_code, T);
};
template <>
struct door_signature<void> {
    using type = void(error_code);
};
template <class Body>
using door_value_t = typename std::invoke_result_t<Body&>::value_type;
template <class Body>
using door_signature_t = typename door_signature<door_value_t<Body>>::type;

template <class Body>
class initiate_door;

/// Runs `body()`, which returns task<T>, on `ex` and completes with void(error_code[, T]). A
/// request to cancel of a type in `honoured` reaches the body as a terminal one: its next
/// co_await throws operation_aborted. T is default-constructible: a failure delivers T().
template <class Body, class Token>
auto door(executor ex, Body body, Token&& token, asio::cancellation_type honoured) {
    return asio::async_initiate<Token, door_signature_t<Body>>(
        initiate_door<Body>(std::move(ex), honoured), token, std::move(body));
}

/// The same for an operation that only a terminal request may stop.
template <class Body, class Token>
auto door(executor ex, Body body, Token&& token) {
    return door(std::move(ex), std::move(body), std::forward<Token>(token),
                asio::cancellation_type::terminal);
}

// What passes between the caller's slot and the body. Owned by the running operation alone, and
// all of it but `outer` is touched on the operation's executor only.
struct door_relay {
    door_relay(executor e, asio::cancellation_slot o, asio::cancellation_type h)
        : ex(std::move(e)), outer(o), honoured(h) {}

    void request();
    void begin();

    executor ex;
    asio::cancellation_slot outer;
    asio::cancellation_type honoured;
    asio::cancellation_signal inner;
    bool begun = false;
    bool requested = false;
};

inline void door_relay::request() {
    requested = true;
    if (begun) {
        inner.emit(asio::cancellation_type::terminal);
    }
}

inline void door_relay::begin() {
    begun = true;
    if (requested) {
        throw boost::system::system_error(asio::error::operation_aborted);
    }
}

// Lives in the caller's slot, perhaps for longer than the operation and its context.
struct door_forwarder {
    std::weak_ptr<door_relay> relay;
    void operator()(asio::cancellation_type requested) const;
};

inline void door_forwarder::operator()(asio::cancellation_type requested) const {
    const auto alive = relay.lock();
    if (alive && (requested & alive->honoured) != asio::cancellation_type::none) {
        asio::dispatch(alive->ex, [alive] { alive->request(); });
    }
}

inline error_code to_error_code(std::exception_ptr thrown) {
    if (!thrown) {
        return {};
    }
    try {
        std::rethrow_exception(std::move(thrown));
    } catch (const boost::system::system_error& e) {
        return e.code();
    } catch (const std::bad_alloc&) {
        return asio::error::no_memory;
    }
}

// The caller's handler with the caller's slot; called where the caller lives.
template <class Handler>
struct door_handler {
    Handler handler;
    std::shared_ptr<door_relay> relay;

    template <class... T>
    void operator()(error_code ec, T... value) {
        if (relay && relay->outer.is_connected()) {
            relay->outer.clear();
        }
        std::move(handler)(ec, std::move(value)...);
    }
};

// What co_spawn completes with, on the operation's executor. The handler waits in it in memory of
// its own allocator, which co_spawn would not ask; and co_spawn sees one type for all handlers.
template <class Signature>
struct door_completion;
template <class... T>
struct door_completion<void(error_code, T...)> {
    using cancellation_slot_type = asio::cancellation_slot;

    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
        return relay ? relay->inner.slot() : cancellation_slot_type();
    }
    void operator()(std::exception_ptr thrown, T... value) {
        handler.complete(to_error_code(std::move(thrown)), std::move(value)...);
    }

    parked_handler<void(error_code, T...), by_dispatch> handler;
    std::shared_ptr<door_relay> relay;
};

// A parameter of the coroutine lives as long as its frame: body and relay outlast the last step.
template <class Body>
std::invoke_result_t<Body&> run_door(Body body, std::shared_ptr<door_relay> relay) {
    co_await asio::post(asio::deferred);
    if (relay) {
        relay->begin();
    }
    co_return co_await body();
}

template <class Body>
class initiate_door {
public:
    using executor_type = executor;

    initiate_door(executor ex, asio::cancellation_type honoured)
        : ex_(std::move(ex)), honoured_(honoured) {}

    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler>
    void operator()(Handler&& handler, Body body) const {
        static_assert(std::is_void_v<door_value_t<Body>> ||
                          std::is_default_constructible_v<door_value_t<Body>>,
                      "a failed operation delivers a default-constructed value");
        std::shared_ptr<door_relay> relay;
        asio::cancellation_slot slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            relay = std::make_shared<door_relay>(ex_, slot, honoured_);
            slot.template emplace<door_forwarder>(door_forwarder{relay});
        }
        using signature = door_signature_t<Body>;
        door_handler<std::decay_t<Handler>> caller{std::forward<Handler>(handler), relay};
        door_completion<signature> completion{{std::move(caller), ex_}, relay};
        asio::co_spawn(ex_, run_door(std::move(body), relay), std::move(completion));
    }

private:
    executor ex_;
    asio::cancellation_type honoured_;
};

}  // namespace adit::detail

namespace boost::asio {

template <template <class, class> class Associator, class Handler, class Default>
struct associator<Associator, adit::detail::door_handler<Handler>, Default> {
    using type = typename Associator<Handler, Default>::type;

    static type get(const adit::detail::door_handler<Handler>& h) noexcept {
        return Associator<Handler, Default>::get(h.handler);
    }
    static type get(const adit::detail::door_handler<Handler>& h, const Default& other) noexcept {
        return Associator<Handler, Default>::get(h.handler, other);
    }
};

}  // namespace boost::asio
