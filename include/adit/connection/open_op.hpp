// Waiting for the two ends of a channel's life: until the peer has opened it (client.hpp), and
// until it is over (relay.hpp). Cancellation: total; a late confirmation is answered with CLOSE by
// channel_set (T13).
#pragma once

#include <adit/connection/channel_core.hpp>

#include <memory>
#include <utility>

namespace adit::detail {

class initiate_wait_open {
public:
    using executor_type = executor;

    explicit initiate_wait_open(std::shared_ptr<channel_core> core) : core_(std::move(core)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return core_->ex; }

    template <class Handler>
    void operator()(Handler&& handler) const {
        core_->opening.park(core_, std::forward<Handler>(handler), core_->ex, any_cancellation);
    }

private:
    std::shared_ptr<channel_core> core_;
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
