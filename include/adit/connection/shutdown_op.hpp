// Ending our data and waiting until that has left: the EOF of RFC 4254 section 5.3, handed to the
// connection's stream behind everything written. Used by channel.hpp. Cancellation: partial; the
// EOF is sent anyway. Invariant: one waiter, the second gets already_started.
#pragma once

#include <adit/connection/channel_set.hpp>

#include <memory>
#include <utility>

namespace adit::detail {

class initiate_shutdown {
public:
    using executor_type = executor;

    initiate_shutdown(std::shared_ptr<channel_core> core, executor ex)
        : core_(std::move(core)), ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler>
    void operator()(Handler&& handler) const {
        const error_code now = begin();
        if (now == asio::error::would_block) {
            // First, for a handler that its context drops may take the connection with it.
            core_->owner->want_flushed(*core_);
            return core_->flushed.park(core_, std::forward<Handler>(handler), ex_,
                                       partial_cancellation);
        }
        parked_handler<void(error_code)> ready(std::forward<Handler>(handler), ex_);
        ready.post(now);
    }

private:
    [[nodiscard]] error_code begin() const {
        if (core_ == nullptr) return asio::error::not_connected;
        if (core_->flushed) return asio::error::already_started;
        if (core_->owner == nullptr) return core_->write_end;
        if (core_->owner->closing(*core_)) return errc::channel_closed;
        core_->shutdown();
        return asio::error::would_block;
    }

    std::shared_ptr<channel_core> core_;
    executor ex_;
};

}  // namespace adit::detail
