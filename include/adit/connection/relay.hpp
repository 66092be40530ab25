// A channel and a stream of ours joined, both ways, until both have ended: the tunnel's inner loop.
// Towards the channel: one scattered read into the places of packets to be. Towards the stream: one
// gathered write of the received bytes where they were decrypted. Nothing is copied on the way but
// crumbs. Used by tunnel.hpp.
// Invariants ("nothing lost", security.md section 4): an end of data is passed on only behind all
// data and only if it was one; every other end resets the stream (RST) and cuts the channel off.
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/open_op.hpp>
#include <adit/connection/read_op.hpp>
#include <adit/connection/write_op.hpp>
#include <adit/detail/any_stream.hpp>
#include <adit/detail/door.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

namespace adit::detail {

struct relay_report {
    std::uint64_t to_channel = 0;
    std::uint64_t to_stream = 0;
    std::uint64_t stalls = 0;  ///< times that data waited for the peer's window
    error_code error;          ///< why it was cut off; none after two ends of data
};

class relay final : public std::enable_shared_from_this<relay> {
public:
    relay(std::unique_ptr<any_stream> near, std::shared_ptr<channel_core> far)
        : near_(std::move(near)), far_(std::move(far)), done_(far_->ex) {}

    /// Runs until both directions have ended.
    [[nodiscard]] task<relay_report> run();
    /// Cuts both sides off.
    void abort(error_code why) { finish(why); }
    [[nodiscard]] const relay_report& report() const noexcept { return report_; }

private:
    enum class part : std::uint8_t { to_channel, to_stream, watch_channel };

    static task<> pump_to_channel(std::shared_ptr<relay> self);
    static task<> pump_to_stream(std::shared_ptr<relay> self);
    static task<> watch_stream(std::shared_ptr<relay> self);
    static task<> watch_channel(std::shared_ptr<relay> self);
    [[nodiscard]] task<> wait_for(bool readable);
    /// One read into places of the channel; what the stream says when it read nothing.
    [[nodiscard]] error_code move_to_channel();
    [[nodiscard]] task<> write_all_received();
    [[nodiscard]] task<> write_lent();

    void spawn(part which, task<> body);
    void on_end(part which, std::exception_ptr thrown);
    void finish(error_code why);

    std::unique_ptr<any_stream> near_;
    std::shared_ptr<channel_core> far_;
    signal done_;
    asio::cancellation_signal stop_watching_;
    relay_report report_;
    std::size_t running_ = 0;
    std::size_t places_ = 1;  // to be reserved for the next read
    bool to_channel_ended_ = false;
    bool to_stream_ended_ = false;
    bool finished_ = false;
};

// Details.

#if ADIT_BODIES

ADIT_DECL task<relay_report> relay::run() {
    const auto self = shared_from_this();
    running_ = 4;
    spawn(part::to_channel, pump_to_channel(self));
    spawn(part::to_stream, pump_to_stream(self));
    spawn(part::watch_channel, watch_channel(self));
    door(
        far_->ex, [self] { return watch_stream(self); },
        asio::bind_cancellation_slot(stop_watching_.slot(), [self](error_code ec) {
            --self->running_;
            if (!ec) self->finish(asio::error::connection_reset);
            self->done_.notify();
        }));
    while (running_ != 0) co_await done_.wait();
    co_return report_;
}

ADIT_DECL void relay::spawn(part which, task<> body) {
    asio::co_spawn(far_->ex, std::move(body),
                   [self = shared_from_this(), which](std::exception_ptr thrown) {
                       --self->running_;
                       self->on_end(which, std::move(thrown));
                       self->done_.notify();
                   });
}

ADIT_DECL void relay::on_end(part which, std::exception_ptr thrown) {
    const error_code ec = to_error_code(std::move(thrown));
    if (ec) return finish(ec);
    // A channel that is over takes nothing any more, whatever the stream may still send.
    (which == part::to_stream ? to_stream_ended_ : to_channel_ended_) = true;
    if (to_channel_ended_ && to_stream_ended_) finish({});
}

ADIT_DECL void relay::finish(error_code why) {
    if (std::exchange(finished_, true)) return;
    report_.error = why;
    near_->close(why ? close_mode::abortive : close_mode::orderly);
    far_->handle_gone = true;
    far_->data.clear();
    if (far_->owner != nullptr) far_->owner->close(*far_, static_cast<bool>(why));
    far_->end(asio::error::operation_aborted, asio::error::operation_aborted);
    stop_watching_.emit(asio::cancellation_type::terminal);
}

ADIT_DECL task<> relay::wait_for(bool readable) {
    if (readable) {
        auto ready = asio::async_initiate<const asio::deferred_t&, void(error_code)>(
            initiate_wait_readable(far_, far_->ex), asio::deferred);
        co_await std::move(ready);
    } else {
        auto ready = asio::async_initiate<const asio::deferred_t&, void(error_code)>(
            initiate_wait_writable(far_, far_->ex), asio::deferred);
        co_await std::move(ready);
    }
}

// While it waits it holds no place: an idle relay has no memory in the pool.
ADIT_DECL task<> relay::pump_to_channel(std::shared_ptr<relay> self) {
    channel_core& far = *self->far_;
    while (!self->finished_) {
        if (!far.write_end && !far.may_write()) {
            if (far.owner != nullptr && far.owner->window_shut(far)) ++self->report_.stalls;
            co_await self->wait_for(false);
        }
        if (far.write_end && far.write_end != errc::channel_closed) {
            throw boost::system::system_error(far.write_end);
        }
        if (far.write_end || far.owner == nullptr) co_return;  // see watch_channel
        const error_code ec = self->move_to_channel();
        if (ec == asio::error::would_block) {
            co_await self->near_->wait_readable();
        } else if (ec == asio::error::eof) {
            far.owner->send_eof(far);
            co_return;
        } else if (ec) {
            throw boost::system::system_error(ec);
        }
    }
}

// More places only while the stream fills them: what trickles in does not get a large slab.
ADIT_DECL error_code relay::move_to_channel() {
    channel_core& far = *far_;
    const reserved_places room = far.owner->reserve(far, places_);
    if (room.count == 0) return far.may_write() ? error_code(errc::out_of_memory) : error_code();
    const io_result got = near_->try_read(std::span(room.buffers).first(room.count));
    if (got.size == 0) {
        places_ = 1;
        return got.ec;
    }
    far.owner->commit(far, room, got.size);
    report_.to_channel += got.size;
    const bool filled = got.size >= asio::buffer_size(room.buffers[0]) * room.count;
    places_ = filled ? std::min(places_ * 2, reserved_places::most)
                     : std::max<std::size_t>(1, got.size / room.buffers[0].size());
    return {};
}

ADIT_DECL task<> relay::pump_to_stream(std::shared_ptr<relay> self) {
    channel_core& far = *self->far_;
    while (!self->finished_) {
        if (!far.may_read()) co_await self->wait_for(true);
        co_await self->write_all_received();
        if (far.may_read() && far.data.empty()) break;
    }
    if (self->finished_) co_return;
    if (far.read_end != asio::error::eof) throw boost::system::system_error(far.read_end);
    self->near_->shutdown_send();
}

ADIT_DECL task<> relay::write_all_received() {
    while (!finished_ && !far_->data.empty()) {
        std::array<asio::const_buffer, most_buffers> lent;
        const std::size_t count = far_->data.buffers(lent);
        const io_result put =
            near_->try_write(std::span<const asio::const_buffer>(lent).first(count));
        if (put.size != 0) {
            far_->data.consume(put.size);
            far_->consumed(put.size);
            report_.to_stream += put.size;
        } else if (put.ec && put.ec != asio::error::would_block) {
            throw boost::system::system_error(put.ec);
        } else if (!co_await near_->wait_writable()) {
            co_await write_lent();
        }
    }
}

// For streams that can only be given data and waited for.
ADIT_DECL task<> relay::write_lent() {
    std::array<asio::const_buffer, parked_buffers> lent;
    std::array<slab_ref, parked_buffers> keep;
    const std::size_t count = far_->data.lend(lent, keep);
    const std::size_t written =
        co_await near_->write_some(std::span<const asio::const_buffer>(lent).first(count));
    far_->data.consume(written);
    far_->consumed(written);
    report_.to_stream += written;
}

// Also a relay that has nothing to read or to write has to notice that its stream was reset (T14).
ADIT_DECL task<> relay::watch_stream(std::shared_ptr<relay> self) {
    co_await self->near_->wait_error();
}

// Returns at the peer's CLOSE; throws at once when the connection is lost, so that a stream whose
// consumer does not read is reset as promptly as any other.
ADIT_DECL task<> relay::watch_channel(std::shared_ptr<relay> self) {
    auto closed = asio::async_initiate<const asio::deferred_t&, void(error_code)>(
        initiate_wait_closed(self->far_), asio::deferred);
    co_await std::move(closed);
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
