// The two ways to wait for room on a channel: async_write_some of the caller's buffers, and
// async_wait_writable, after which places are reserved. Used by channel.hpp and relay.hpp.
// Cancellation: total while it waits; what was queued stays queued. One of each at a time.
#pragma once

#include <adit/connection/channel_set.hpp>
#include <adit/connection/read_op.hpp>

#include <memory>
#include <utility>

namespace adit::detail {

class initiate_write {
public:
    using executor_type = executor;

    initiate_write(std::shared_ptr<channel_core> core, executor ex)
        : core_(std::move(core)), ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler, class Buffers>
    void operator()(Handler&& handler, const Buffers& buffers) const {
        const auto done = [&](error_code ec, std::size_t n) {
            parked_handler<void(error_code, std::size_t)> ready(std::forward<Handler>(handler),
                                                                ex_);
            ready.post(ec, n);
        };
        if (core_ == nullptr) return done(asio::error::not_connected, 0);
        if (core_->writer) return done(asio::error::already_started, 0);
        std::array<asio::const_buffer, parked_buffers> kept;
        const std::size_t count = keep_buffers(kept, buffers);
        if (count == 0 && !core_->write_end) return done({}, 0);
        const io_result r = core_->write(std::span(kept).first(count));
        if (r.ec != asio::error::would_block) return done(r.ec, r.size);
        core_->write_from = kept;
        core_->write_from_count = count;
        core_->writer.park(core_, std::forward<Handler>(handler), ex_, any_cancellation);
    }

private:
    std::shared_ptr<channel_core> core_;
    executor ex_;
};

class initiate_wait_writable {
public:
    using executor_type = executor;

    initiate_wait_writable(std::shared_ptr<channel_core> core, executor ex)
        : core_(std::move(core)), ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler>
    void operator()(Handler&& handler) const {
        const bool must_wait =
            core_ != nullptr && !core_->writable && !core_->write_end && !core_->may_write();
        if (must_wait) {
            core_->writable.park(core_, std::forward<Handler>(handler), ex_, any_cancellation);
            return;
        }
        parked_handler<void(error_code)> ready(std::forward<Handler>(handler), ex_);
        if (core_ == nullptr) return ready.post(asio::error::not_connected);
        ready.post(core_->writable ? error_code(asio::error::already_started) : core_->write_end);
    }

private:
    std::shared_ptr<channel_core> core_;
    executor ex_;
};

}  // namespace adit::detail
