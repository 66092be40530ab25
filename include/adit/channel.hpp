// A channel of an SSH connection as an Asio stream: AsyncReadStream and AsyncWriteStream over
// buffer sequences, half-close, and the lending of received memory. RFC 4254 section 5. Made by
// client::async_open; used like a socket, by Beast, asio::ssl and everything else.
//
// Reads end with asio::error::eof when the peer sent its end of data and every byte before it was
// read; anything else that ends them is an error: channel_reset, connection_lost, …
// Not thread-safe: all calls, completions and cancellations belong into the connection's strand.
// Invariant: one read and one write at a time; the second gets asio::error::already_started.
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/channel_set.hpp>
#include <adit/connection/read_op.hpp>
#include <adit/connection/session_channel.hpp>
#include <adit/connection/shutdown_op.hpp>
#include <adit/connection/write_op.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/io_result.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/throw_exception.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace adit {

/// Received bytes where they lie, lent until they are consumed. What is consumed is granted to the
/// peer again; what is not stays received. A lease that is held stops its own channel only.
class lease {
public:
    lease() = default;
    explicit lease(std::shared_ptr<detail::channel_core> core) : core_(std::move(core)) { look(); }
    lease(lease&& other) noexcept = default;
    lease& operator=(lease&& other) noexcept = default;
    ~lease() = default;

    /// Valid until consume(), or until the lease ends. Empty: nothing is there.
    [[nodiscard]] std::span<const asio::const_buffer> buffers() const noexcept {
        return std::span(buffers_).first(count_);
    }
    [[nodiscard]] std::size_t size() const noexcept;
    /// Gives the first n bytes back; the rest stays received and lent.
    void consume(std::size_t n);

private:
    static constexpr std::size_t most_buffers = 32;
    void look() { count_ = core_->data.lend(buffers_, slabs_); }

    std::shared_ptr<detail::channel_core> core_;
    std::array<asio::const_buffer, most_buffers> buffers_{};
    std::array<slab_ref, most_buffers> slabs_{};
    std::size_t count_ = 0;
};

namespace detail {

inline std::size_t tell(const io_result& done, error_code& ec) noexcept {
    ec = done.ec;
    return done.size;
}
inline std::size_t or_throw(const io_result& done) {
    if (done.ec) boost::throw_exception(boost::system::system_error(done.ec));
    return done.size;
}
/// What is left of a channel whose handle goes: CLOSE, and an end for whatever waits.
void let_go(channel_core& core, bool drop_queued);
/// Our end of data; drops what still comes, up to the peer's; then CLOSE.
task<> drain(std::shared_ptr<channel_core> core);

}  // namespace detail

class channel {
public:
    using executor_type = executor;
    using lowest_layer_type = channel;

    /// A closed channel: reads and writes fail with asio::error::not_connected.
    channel() = default;
    /// Used by client.hpp.
    explicit channel(std::shared_ptr<detail::channel_core> core)
        : ex_(core->ex), core_(std::move(core)) {}
    /// What was moved from is closed, and still says so on its executor.
    channel(channel&& other) noexcept : ex_(other.ex_), core_(std::move(other.core_)) {}
    channel& operator=(channel&& other) noexcept;
    ~channel() { close(); }

    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }
    [[nodiscard]] lowest_layer_type& lowest_layer() noexcept { return *this; }
    [[nodiscard]] const lowest_layer_type& lowest_layer() const noexcept { return *this; }

    /// Reads at least a byte, or why not. void(error_code, std::size_t).
    /// Cancellation: total. Buffers: valid until the completion.
    /// Errors: asio::error::eof, errc::channel_reset, errc::connection_lost, …
    template <class MutableBuffers, class Token>
    auto async_read_some(const MutableBuffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(error_code, std::size_t)>(
            detail::initiate_read(core_, ex_), token, buffers);
    }

    /// Copies at least a byte towards the peer: into the peer's window and our queue, whose bound
    /// is limits::unsent_bytes_channel. void(error_code, std::size_t). Cancellation: total while it
    /// waits for room; none of the bytes is then queued. Buffers: valid until the completion.
    /// Errors: errc::channel_closed, errc::connection_lost, …
    template <class ConstBuffers, class Token>
    auto async_write_some(const ConstBuffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(error_code, std::size_t)>(
            detail::initiate_write(core_, ex_), token, buffers);
    }

    /// Completes when try_read or lend has something to say. void(error_code). Cancellation: total.
    template <class Token>
    auto async_wait_readable(Token&& token) {
        return asio::async_initiate<Token, void(error_code)>(
            detail::initiate_wait_readable(core_, ex_), token);
    }
    /// Completes when try_write has room, or nothing can be written any more. void(error_code).
    /// Cancellation: total.
    template <class Token>
    auto async_wait_writable(Token&& token) {
        return asio::async_initiate<Token, void(error_code)>(
            detail::initiate_wait_writable(core_, ex_), token);
    }
    /// Reads what is there without waiting; asio::error::would_block when nothing is.
    [[nodiscard]] io_result try_read(asio::mutable_buffer buffer);
    /// Writes what finds room without waiting; asio::error::would_block when nothing does.
    [[nodiscard]] io_result try_write(asio::const_buffer buffer);
    /// What is there, where it is; empty when nothing is. See async_wait_readable for the end.
    [[nodiscard]] lease lend() { return core_ == nullptr ? lease() : lease(core_); }

    /// For libraries that ask for a SyncStream: they do what can be done at once and never wait.
    /// Where they would have to, they fail with asio::error::operation_not_supported, because a
    /// blocked strand could not receive what is waited for. Otherwise as async_read_some and
    /// async_write_some. The forms without an error_code throw system_error.
    template <class MutableBuffers>
    std::size_t read_some(const MutableBuffers& buffers, error_code& ec) {
        return detail::tell(detail::transfer_now<detail::reading>(core_.get(), buffers), ec);
    }
    template <class ConstBuffers>
    std::size_t write_some(const ConstBuffers& buffers, error_code& ec) {
        return detail::tell(detail::transfer_now<detail::writing>(core_.get(), buffers), ec);
    }
    template <class MutableBuffers>
    std::size_t read_some(const MutableBuffers& buffers) {
        return detail::or_throw(detail::transfer_now<detail::reading>(core_.get(), buffers));
    }
    template <class ConstBuffers>
    std::size_t write_some(const ConstBuffers& buffers) {
        return detail::or_throw(detail::transfer_now<detail::writing>(core_.get(), buffers));
    }

    /// Our end of data (EOF), behind everything written. The other direction stays open.
    void shutdown_send();
    /// The same, and completes when it has been handed to the connection's stream behind everything
    /// written, or with what ended the channel before. void(error_code). Cancellation: partial;
    /// only the waiting ends. Errors: errc::channel_closed, errc::connection_lost, …
    template <class Token>
    auto async_shutdown_send(Token&& token) {
        return asio::async_initiate<Token, void(error_code)>(detail::initiate_shutdown(core_, ex_),
                                                             token);
    }
    /// CLOSE, behind everything written. Pending operations end with operation_aborted.
    void close() { close(false); }
    /// CLOSE at once: what was written and not yet sent is dropped, and no end of data is sent.
    void abort() { close(true); }
    [[nodiscard]] bool is_open() const noexcept {
        return core_ != nullptr && core_->owner != nullptr;
    }

    /// Used by session.hpp.
    [[nodiscard]] const std::shared_ptr<detail::channel_core>& core() const noexcept {
        return core_;
    }
    /// Leaves a closed channel behind; for the relay, which works on the shared state itself.
    [[nodiscard]] std::shared_ptr<detail::channel_core> release_core() noexcept {
        return std::exchange(core_, nullptr);
    }

private:
    void close(bool drop_queued);

    executor ex_ = asio::system_executor();
    std::shared_ptr<detail::channel_core> core_;
};

// What Beast asks of the stream below a websocket, found by argument-dependent lookup.

/// A timeout of Beast's: CLOSE at once.
inline void beast_close_socket(channel& stream) { stream.abort(); }

/// The end of a websocket, without waiting for the peer's: end of data, and CLOSE behind it.
inline void teardown(boost::beast::role_type, channel& stream, error_code& ec) {
    ec = {};
    stream.shutdown_send();
    stream.close();
}

/// The end of a websocket: our end of data, then the peer's, then CLOSE. In both roles alike, for
/// no address stays in use here for whoever closes first. void(error_code). Cancellation: partial;
/// the end of data may be sent, what came is dropped, and it can be begun again.
/// Errors: errc::channel_reset, errc::connection_lost, …
template <class Token>
auto async_teardown(boost::beast::role_type, channel& stream, Token&& token) {
    return detail::door(
        stream.get_executor(), [core = stream.core()] { return detail::drain(core); },
        std::forward<Token>(token), detail::partial_cancellation);
}

// Details.

#if ADIT_BODIES

ADIT_DECL std::size_t lease::size() const noexcept {
    std::size_t sum = 0;
    for (const asio::const_buffer& b : buffers()) sum += b.size();
    return sum;
}

ADIT_DECL void lease::consume(std::size_t n) {
    if (core_ == nullptr) return;
    n = std::min(n, core_->data.size());
    core_->data.consume(n);
    core_->consumed(n);
    slabs_ = {};
    look();
}

ADIT_DECL channel& channel::operator=(channel&& other) noexcept {
    if (this != &other) {
        close();
        ex_ = other.ex_;
        core_ = std::move(other.core_);
    }
    return *this;
}

ADIT_DECL io_result channel::try_read(asio::mutable_buffer buffer) {
    if (core_ == nullptr) return {0, asio::error::not_connected};
    if (!core_->may_read()) return {0, asio::error::would_block};
    return core_->read(std::span(&buffer, 1));
}

ADIT_DECL io_result channel::try_write(asio::const_buffer buffer) {
    if (core_ == nullptr) return {0, asio::error::not_connected};
    if (buffer.size() == 0) return {};
    return core_->write(std::span(&buffer, 1));
}

ADIT_DECL void channel::shutdown_send() {
    if (core_ != nullptr) core_->shutdown();
}

ADIT_DECL void channel::close(bool drop_queued) {
    const auto core = std::exchange(core_, nullptr);
    if (core != nullptr) detail::let_go(*core, drop_queued);
}

ADIT_DECL void detail::let_go(channel_core& core, bool drop_queued) {
    core.handle_gone = true;
    core.drop_received();
    if (core.owner != nullptr) core.owner->close(core, drop_queued);
    core.end(asio::error::operation_aborted, asio::error::operation_aborted);
}

// Asks for the end of the channel when the peer's end of data is there: an error of its own does
// that too, and then there is nothing to close.
ADIT_DECL task<> detail::drain(std::shared_ptr<channel_core> core) {
    if (core == nullptr) throw boost::system::system_error(asio::error::not_connected);
    core->shutdown();
    while (!core->read_end) {
        auto ready = asio::async_initiate<const asio::deferred_t&, void(error_code)>(
            initiate_wait_readable(core, core->ex), asio::deferred);
        co_await std::move(ready);
        const std::size_t n = core->data.size();
        core->data.consume(n);
        core->consumed(n);
    }
    const error_code why = core->read_end;
    let_go(*core, false);
    if (why != asio::error::eof) throw boost::system::system_error(why);
}

#endif  // ADIT_BODIES

}  // namespace adit
