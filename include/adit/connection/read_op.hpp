// The two ways to wait for a channel's data: async_read_some into the caller's buffers, and
// async_wait_readable, after which data is lent or tried. Used by channel.hpp and relay.hpp.
// Cancellation: total; nothing is lost. One of each at a time: already_started.
#pragma once

#include <adit/connection/channel_core.hpp>

#include <memory>
#include <utility>

namespace adit::detail {

// Copies the front of any buffer sequence into the array that a parked operation keeps.
template <class Buffer, class Sequence>
std::size_t keep_buffers(std::array<Buffer, parked_buffers>& kept, const Sequence& buffers) {
    std::size_t count = 0;
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto it = asio::buffer_sequence_begin(buffers); it != end && count < kept.size(); ++it) {
        const Buffer b(*it);
        if (b.size() != 0) kept[count++] = b;
    }
    return count;
}

class initiate_read {
public:
    using executor_type = executor;

    initiate_read(std::shared_ptr<channel_core> core, executor ex)
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
        if (core_->reader) return done(asio::error::already_started, 0);
        std::array<asio::mutable_buffer, parked_buffers> kept;
        const std::size_t count = keep_buffers(kept, buffers);
        if (count == 0) return done({}, 0);
        if (core_->may_read()) {
            const io_result r = core_->read(std::span(kept).first(count));
            return done(r.ec, r.size);
        }
        core_->read_into = kept;
        core_->read_into_count = count;
        core_->reader.park(core_, std::forward<Handler>(handler), ex_, any_cancellation);
    }

private:
    std::shared_ptr<channel_core> core_;
    executor ex_;
};

class initiate_wait_readable {
public:
    using executor_type = executor;

    initiate_wait_readable(std::shared_ptr<channel_core> core, executor ex)
        : core_(std::move(core)), ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler>
    void operator()(Handler&& handler) const {
        const bool must_wait = core_ != nullptr && !core_->readable && !core_->may_read();
        if (must_wait) {
            core_->readable.park(core_, std::forward<Handler>(handler), ex_, any_cancellation);
            return;
        }
        parked_handler<void(error_code)> ready(std::forward<Handler>(handler), ex_);
        if (core_ == nullptr) return ready.post(asio::error::not_connected);
        ready.post(core_->readable ? error_code(asio::error::already_started) : error_code());
    }

private:
    std::shared_ptr<channel_core> core_;
    executor ex_;
};

}  // namespace adit::detail
