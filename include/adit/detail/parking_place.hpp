// Room for one operation that waits: its handler and its per-operation cancellation. A member of
// an object owned by shared_ptr; used by signal, by every parked channel operation and by the
// tests' memory_stream. All calls and all cancellation signals run in the owner's strand.
// Invariant: what is parked ends exactly once: completed, cancelled or, with its context,
// dropped. A request to cancel that comes late finds another ticket or no owner and does nothing.
#pragma once

#include <adit/detail/park_service.hpp>
#include <adit/detail/parked_handler.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/assert.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace adit::detail {

using cancellation_type = asio::cancellation_type;

/// For operations that leave no trace when they are cancelled: any request may stop them.
inline constexpr cancellation_type any_cancellation =
    cancellation_type::terminal | cancellation_type::partial | cancellation_type::total;

/// For operations whose effect stays when only the waiting ends: a request to stop without any
/// trace passes by.
inline constexpr cancellation_type partial_cancellation =
    cancellation_type::terminal | cancellation_type::partial;

template <class Signature>
class parking_place;

template <class... Results>
class parking_place<void(error_code, Results...)> final : private park_node {
public:
    using signature = void(error_code, Results...);

    explicit parking_place(const executor& ex) : service_(park_service::of(ex)) {}
    ~parking_place() { park_service::remove(service_, *this); }

    /// True while an operation is parked.
    [[nodiscard]] explicit operator bool() const noexcept { return bool{handler_}; }

    /// The place must be free, `owner` the object that it is a part of. A request to cancel of one
    /// of the types in `honoured` completes the operation with operation_aborted.
    template <class Handler>
    void park(const std::shared_ptr<void>& owner, Handler&& handler, const executor& io,
              cancellation_type honoured);

    /// An operation must be parked. Its handler is posted; the place is free at once.
    void complete(error_code ec, Results... results);

private:
    struct canceller {
        std::weak_ptr<parking_place> place;
        std::uint64_t ticket;
        cancellation_type honoured;
        void operator()(cancellation_type requested) const;
    };

    void drop() noexcept override;

    park_service& service_;
    parked_handler<signature> handler_;
    asio::cancellation_slot slot_;
    std::uint64_t ticket_ = 0;
};

template <class... Results>
template <class Handler>
void parking_place<void(error_code, Results...)>::park(const std::shared_ptr<void>& owner,
                                                       Handler&& handler, const executor& io,
                                                       cancellation_type honoured) {
    BOOST_ASSERT(!handler_);
    ++ticket_;
    asio::cancellation_slot slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected() && honoured != cancellation_type::none) {
        // Before the handler is taken, for this may throw.
        slot.template emplace<canceller>(
            canceller{std::shared_ptr<parking_place>(owner, this), ticket_, honoured});
        slot_ = slot;
    }
    handler_ = parked_handler<signature>(std::forward<Handler>(handler), io);
    if (!service_.add(*this)) {
        drop();
    }
}

template <class... Results>
void parking_place<void(error_code, Results...)>::complete(error_code ec, Results... results) {
    park_service::remove(service_, *this);
    auto handler = std::move(handler_);
    auto slot = std::exchange(slot_, {});
    if (slot.is_connected()) {
        slot.clear();
    }
    handler.post(ec, std::move(results)...);
}

template <class... Results>
void parking_place<void(error_code, Results...)>::drop() noexcept {
    // The signal behind the slot may be gone, and the handler may own this place.
    slot_ = {};
    const auto handler = std::move(handler_);
}

template <class... Results>
void parking_place<void(error_code, Results...)>::canceller::operator()(
    cancellation_type requested) const {
    if ((requested & honoured) == cancellation_type::none) {
        return;
    }
    const auto alive = place.lock();
    if (alive && alive->handler_ && alive->ticket_ == ticket) {
        // Destroys this object: complete() clears the slot that it lives in.
        alive->complete(asio::error::operation_aborted, Results{}...);
    }
}

}  // namespace adit::detail
