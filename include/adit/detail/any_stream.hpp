// A byte stream of any type behind one virtual interface: the one erasure, so that everything
// above is compiled once. Made by erase.hpp; used by packet_stream, connection and relay.
// Reading is split into waiting and trying, so that nothing that waits holds a buffer.
// Invariant: one reader and one writer at a time, all in one strand; the stream outlives the
// tasks that it returned.
#pragma once

#include <adit/bytes.hpp>
#include <adit/detail/io_result.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace adit::detail {

using const_buffers = std::span<const asio::const_buffer>;
using mutable_buffers = std::span<const asio::mutable_buffer>;

/// The most buffers that one write or one try hands over; what is beyond them is left.
inline constexpr std::size_t most_buffers = 64;

enum class close_mode {
    orderly,  // what was written still arrives
    abortive  // the peer sees a reset, where the stream knows such a thing
};

class any_stream {
public:
    any_stream() = default;
    any_stream(const any_stream&) = delete;
    any_stream& operator=(const any_stream&) = delete;
    virtual ~any_stream() = default;

    [[nodiscard]] virtual executor get_executor() = 0;

    /// Reads what is there, into all the buffers together. Never waits.
    [[nodiscard]] virtual io_result try_read(mutable_buffers buffers) = 0;
    [[nodiscard]] io_result try_read(mutable_bytes bytes);
    /// Returns when try_read has something to say: bytes, the end or an error.
    [[nodiscard]] virtual task<> wait_readable() = 0;

    /// Writes what can be written without waiting; would_block from streams that cannot try.
    [[nodiscard]] virtual io_result try_write(const_buffers buffers) = 0;
    /// Writes at least a byte of what the buffers hold. The array behind `buffers` and the memory
    /// must live until then. Throws system_error.
    [[nodiscard]] virtual task<std::size_t> write_some(const_buffers buffers) = 0;

    /// Returns true when try_write may have room again; false, at once, from streams that cannot
    /// tell: write_some is the way then.
    [[nodiscard]] virtual task<bool> wait_writable() { co_return false; }

    /// Returns when the stream has failed, so that a reset is seen while nothing is read. A stream
    /// that cannot tell never returns; it can be cancelled.
    [[nodiscard]] virtual task<> wait_error();

    /// Nothing more will be written: FIN or EOF, where the stream knows such a thing.
    virtual void shutdown_send() noexcept {}
    /// Ends whatever waits with operation_aborted.
    virtual void close(close_mode mode) noexcept = 0;
    /// TCP only: acknowledge what has come at once. The kernel forgets it; say it after a read.
    virtual void quick_ack() noexcept {}
};

inline io_result any_stream::try_read(mutable_bytes bytes) {
    const asio::mutable_buffer one(bytes.data(), bytes.size());
    return try_read(mutable_buffers(&one, 1));
}

inline task<> any_stream::wait_error() {
    asio::steady_timer never(get_executor(), asio::steady_timer::time_point::max());
    auto cancelled = never.async_wait(asio::deferred);
    co_await std::move(cancelled);
}

/// A span of buffers in the form that Asio 1.26 takes for a buffer sequence.
template <class Buffer>
class buffer_span {
public:
    using value_type = Buffer;
    using const_iterator = const Buffer*;

    explicit buffer_span(std::span<const Buffer> buffers)
        : buffers_(buffers.first(std::min(buffers.size(), most_buffers))) {}

    [[nodiscard]] const_iterator begin() const noexcept { return buffers_.data(); }
    [[nodiscard]] const_iterator end() const noexcept { return buffers_.data() + buffers_.size(); }

private:
    std::span<const Buffer> buffers_;
};

}  // namespace adit::detail
