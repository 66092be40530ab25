// A channel as the stream of another connection, which a jump host carries: as ready_stream, and it
// says when it has gone, so that the connection below it is closed behind the farewell and not
// over it. Used by route.hpp. RFC 4254 section 5.3.
// Invariants: an orderly close hands over what was written before it; `gone` is notified once, also
// when the channel's own connection is lost.
#pragma once

#include <adit/bodies.hpp>
#include <adit/channel.hpp>
#include <adit/detail/ready_stream.hpp>
#include <adit/detail/signal.hpp>

#include <memory>
#include <new>
#include <utility>

namespace adit::detail {

class carried_stream final : public any_stream {
public:
    carried_stream(channel carrier, std::shared_ptr<signal> gone)
        : carrier_(std::make_shared<channel>(std::move(carrier))), gone_(std::move(gone)) {}
    ~carried_stream() override { gone_->notify(); }

    executor get_executor() override { return carrier_->get_executor(); }
    using any_stream::try_read;
    io_result try_read(mutable_buffers buffers) override;
    task<> wait_readable() override;
    io_result try_write(const_buffers buffers) override;
    task<std::size_t> write_some(const_buffers buffers) override;
    task<bool> wait_writable() override;
    void shutdown_send() noexcept override { carrier_->shutdown_send(); }
    void close(close_mode mode) noexcept override;

private:
    std::shared_ptr<channel> carrier_;
    std::shared_ptr<signal> gone_;
    bool closed_ = false;
};

// Details.

#if ADIT_BODIES

ADIT_DECL io_result carried_stream::try_read(mutable_buffers buffers) {
    if (closed_) return {0, asio::error::operation_aborted};
    auto done = try_each(buffers, [this](asio::mutable_buffer b) { return carrier_->try_read(b); });
    // To the connection inside it is a network that broke; its own channels are another matter.
    if (done.ec == errc::channel_reset) done.ec = asio::error::connection_reset;
    return done;
}

ADIT_DECL task<> carried_stream::wait_readable() {
    auto readable = carrier_->async_wait_readable(asio::deferred);
    co_await std::move(readable);
}

ADIT_DECL io_result carried_stream::try_write(const_buffers buffers) {
    return try_each(buffers, [this](asio::const_buffer b) { return carrier_->try_write(b); });
}

ADIT_DECL task<std::size_t> carried_stream::write_some(const_buffers buffers) {
    auto written = carrier_->async_write_some(buffer_span(buffers), asio::deferred);
    co_return co_await std::move(written);
}

ADIT_DECL task<bool> carried_stream::wait_writable() {
    auto ready = carrier_->async_wait_writable(asio::deferred);
    co_await std::move(ready);
    co_return true;
}

// What waits is woken when the farewell has left; a peer that takes none of it is the chain's
// business, which waits for a moment only.
ADIT_DECL void carried_stream::close(close_mode mode) noexcept {
    const bool orderly = mode == close_mode::orderly && !std::exchange(closed_, true);
    if (orderly) {
        try {
            carrier_->async_shutdown_send([carrier = carrier_, gone = gone_](error_code) {
                carrier->close();
                gone->notify();
            });
            return;
        } catch (const std::bad_alloc&) {
            // Then without a farewell.
        }
    }
    closed_ = true;
    carrier_->abort();
    gone_->notify();
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
