// any_stream over a stream that can say when it is readable and can then be tried: adit's own
// channel, which is how a jump host's connection runs inside another without a copy.
// Used by erase.hpp only.
// Invariant: no buffer of its own; what the stream cannot do (try_write, shutdown_send) is
// left out, never imitated.
#pragma once

#include <adit/detail/any_stream.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

namespace adit::detail {

template <class Stream>
concept can_try_read = requires(Stream& stream, asio::mutable_buffer buffer) {
    { stream.try_read(buffer) } -> std::same_as<io_result>;
    stream.async_wait_readable(asio::deferred);
};
template <class Stream>
concept can_try_write = requires(Stream& stream, asio::const_buffer buffer) {
    { stream.try_write(buffer) } -> std::same_as<io_result>;
};
template <class Stream>
concept can_wait_writable = can_try_write<Stream> && requires(Stream& stream) {
    stream.async_wait_writable(asio::deferred);
};

/// Ends the sending half, if the stream has a word for it.
template <class Stream>
void shutdown_send_of(Stream& stream) noexcept;
/// Closes by the stream's own close(), or else by that of its lowest layer; by abort() where an
/// abortive close is asked for and the stream has a word for it.
template <class Stream>
void close_of(Stream& stream, close_mode mode) noexcept;
/// Tries buffer after buffer until one is not done wholly. Bytes moved hide the reason to stop.
template <class Buffer, class Try>
[[nodiscard]] io_result try_each(std::span<const Buffer> buffers, Try attempt);

template <class Stream>
class ready_stream final : public any_stream {
public:
    explicit ready_stream(Stream stream) : stream_(std::move(stream)) {}

    executor get_executor() override { return stream_.get_executor(); }
    using any_stream::try_read;
    io_result try_read(mutable_buffers buffers) override;
    task<> wait_readable() override;
    io_result try_write(const_buffers buffers) override;
    task<std::size_t> write_some(const_buffers buffers) override;
    task<bool> wait_writable() override;
    void shutdown_send() noexcept override { shutdown_send_of(stream_); }
    void close(close_mode mode) noexcept override { close_of(stream_, mode); }

private:
    Stream stream_;
};

template <class Stream>
io_result ready_stream<Stream>::try_read(mutable_buffers buffers) {
    return try_each(buffers, [this](asio::mutable_buffer b) { return stream_.try_read(b); });
}

template <class Stream>
task<> ready_stream<Stream>::wait_readable() {
    auto readable = stream_.async_wait_readable(asio::deferred);
    co_await std::move(readable);
}

template <class Stream>
io_result ready_stream<Stream>::try_write(const_buffers buffers) {
    if constexpr (can_try_write<Stream>) {
        return try_each(buffers, [this](asio::const_buffer b) { return stream_.try_write(b); });
    } else {
        return {0, asio::error::would_block};
    }
}

template <class Stream>
task<bool> ready_stream<Stream>::wait_writable() {
    if constexpr (can_wait_writable<Stream>) {
        auto ready = stream_.async_wait_writable(asio::deferred);
        co_await std::move(ready);
        co_return true;
    } else {
        co_return false;
    }
}

template <class Stream>
task<std::size_t> ready_stream<Stream>::write_some(const_buffers buffers) {
    auto written = stream_.async_write_some(buffer_span(buffers), asio::deferred);
    co_return co_await std::move(written);
}

template <class Buffer, class Try>
io_result try_each(std::span<const Buffer> buffers, Try attempt) {
    io_result done;
    for (const Buffer& buffer : buffers) {
        const io_result one = attempt(buffer);
        done.size += one.size;
        if (one.ec || one.size < buffer.size()) {
            done.ec = one.ec;
            break;
        }
    }
    if (done.size > 0) {
        // The next try tells it again.
        done.ec = {};
    }
    return done;
}

template <class Stream>
void shutdown_send_of(Stream& stream) noexcept {
    if constexpr (requires { stream.shutdown_send(); }) {
        stream.shutdown_send();
    }
}

template <class Stream>
void close_of(Stream& stream, close_mode mode) noexcept {
    if constexpr (requires { stream.abort(); }) {
        if (mode == close_mode::abortive) {
            stream.abort();
            return;
        }
    }
    error_code ignored;
    if constexpr (requires { stream.close(); }) {
        stream.close();
    } else if constexpr (requires { stream.lowest_layer().close(ignored); }) {
        stream.lowest_layer().close(ignored);
    } else {
        stream.lowest_layer().close();
    }
}

}  // namespace adit::detail
