// Waiting for what happens in a channel's life: until the peer has opened it (forward.hpp) or asks
// for something on it (session.hpp), and until it is over (relay.hpp). Cancellation: total; a late
// confirmation is answered with CLOSE by channel_set (T13).
#pragma once

#include <adit/connection/channel_core.hpp>

#include <memory>
#include <utility>

namespace adit::detail {

/// Parks at a place of the channel: `opening` or `requesting`; already_started where somebody does.
class initiate_park {
public:
    using executor_type = executor;
    using place = parking_place<void(error_code)> channel_core::*;

    initiate_park(std::shared_ptr<channel_core> core, place where)
        : core_(std::move(core)), where_(where) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return core_->ex; }

    template <class Handler>
    void operator()(Handler&& handler) const {
        parking_place<void(error_code)>& spot = core_.get()->*where_;
        if (!spot) {
            return spot.park(core_, std::forward<Handler>(handler), core_->ex, any_cancellation);
        }
        parked_handler<void(error_code)> ready(std::forward<Handler>(handler), core_->ex);
        ready.post(asio::error::already_started);
    }

private:
    std::shared_ptr<channel_core> core_;
    place where_;
};

class initiate_wait_closed {
public:
    using executor_type = executor;

    explicit initiate_wait_closed(std::shared_ptr<channel_core> core) : core_(std::move(core)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return core_->ex; }

    template <class Handler>
    void operator()(Handler&& handler) const {
        if (core_->owner != nullptr) {
            core_->closing.park(core_, std::forward<Handler>(handler), core_->ex, any_cancellation);
            return;
        }
        parked_handler<void(error_code)> ready(std::forward<Handler>(handler), core_->ex);
        const bool by_peer = core_->write_end == error_code(errc::channel_closed);
        ready.post(by_peer ? error_code() : core_->write_end);
    }

private:
    std::shared_ptr<channel_core> core_;
};

}  // namespace adit::detail
