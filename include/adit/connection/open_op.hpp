// Waiting until the peer has opened a channel that was asked for. Used by client.hpp.
// Cancellation: total; the late confirmation is answered with CLOSE by channel_set (T13).
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

}  // namespace adit::detail
