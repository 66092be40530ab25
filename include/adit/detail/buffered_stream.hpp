// any_stream over any other AsyncStream (TLS, a websocket, a test's memory): it cannot be tried
// and has no readiness, so waiting is reading into a buffer of our own, made on the first wait.
// Used by erase.hpp only.
// Invariant: bytes are handed out in order, and the end or the error only after all of them.
#pragma once

#include <adit/detail/ready_stream.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace adit::detail {

template <class Stream>
class buffered_stream final : public any_stream {
public:
    explicit buffered_stream(Stream stream) : stream_(std::move(stream)) {}

    executor get_executor() override { return stream_.get_executor(); }
    using any_stream::try_read;
    io_result try_read(mutable_buffers buffers) override;
    task<> wait_readable() override;
    io_result try_write(const_buffers) override { return {0, asio::error::would_block}; }
    task<std::size_t> write_some(const_buffers buffers) override;
    void shutdown_send() noexcept override { shutdown_send_of(stream_); }
    void close(close_mode mode) noexcept override { close_of(stream_, mode); }

private:
    static constexpr std::size_t capacity = 16 * 1024;

    Stream stream_;
    std::unique_ptr<byte[]> buffer_;
    asio::const_buffer unread_;
    error_code failure_;
};

template <class Stream>
io_result buffered_stream<Stream>::try_read(mutable_buffers buffers) {
    if (unread_.size() == 0) {
        return {0, failure_ ? failure_ : error_code(asio::error::would_block)};
    }
    const std::size_t moved = asio::buffer_copy(buffer_span(buffers), unread_);
    unread_ += moved;
    return {moved, {}};
}

template <class Stream>
task<> buffered_stream<Stream>::wait_readable() {
    if (unread_.size() > 0 || failure_) {
        co_return;
    }
    if (!buffer_) {
        buffer_ = std::make_unique_for_overwrite<byte[]>(capacity);
    }
    auto read = stream_.async_read_some(asio::buffer(buffer_.get(), capacity),
                                        asio::as_tuple(asio::deferred));
    const auto outcome = co_await std::move(read);
    const auto& [ec, size] = outcome;
    unread_ = asio::buffer(buffer_.get(), size);
    if (ec == asio::error::operation_aborted) {
        throw boost::system::system_error(ec);
    }
    failure_ = ec;
}

template <class Stream>
task<std::size_t> buffered_stream<Stream>::write_some(const_buffers buffers) {
    auto written = stream_.async_write_some(buffer_span(buffers), asio::deferred);
    co_return co_await std::move(written);
}

}  // namespace adit::detail
