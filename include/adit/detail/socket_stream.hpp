// any_stream over a stream socket (TCP or local): the kernel's readiness, no copy, no buffer.
// Used by erase.hpp only.
// Invariant: the socket is non-blocking, and TCP sends at once (without TCP_NODELAY each small
// answer waits for a delayed acknowledgement, 40 ms).
#pragma once

#include <adit/detail/any_stream.hpp>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/socket_base.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

#if defined(__linux__)
#include <netinet/tcp.h>
#endif

namespace adit::detail {

template <class Socket>
class socket_stream final : public any_stream {
public:
    explicit socket_stream(Socket socket);

    executor get_executor() override { return socket_.get_executor(); }
    using any_stream::try_read;
    io_result try_read(mutable_buffers buffers) override;
    task<> wait_readable() override { return wait_for(asio::socket_base::wait_read); }
    io_result try_write(const_buffers buffers) override;
    task<std::size_t> write_some(const_buffers buffers) override;
    task<bool> wait_writable() override;
    task<> wait_error() override;
    void shutdown_send() noexcept override;
    void close(close_mode mode) noexcept override;
    void quick_ack() noexcept override;

private:
    static constexpr bool is_tcp = std::is_same_v<typename Socket::protocol_type, asio::ip::tcp>;

    task<> wait_for(asio::socket_base::wait_type what);
    [[nodiscard]] bool failed() noexcept;

    Socket socket_;
    error_code failure_;  // that wait_error() has taken from the socket; it is told once only
};

template <class Socket>
socket_stream<Socket>::socket_stream(Socket socket) : socket_(std::move(socket)) {
    // A socket that is not open says so when it is used.
    error_code ignored;
    socket_.non_blocking(true, ignored);
    if constexpr (is_tcp) {
        socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
}

template <class Socket>
io_result socket_stream<Socket>::try_read(mutable_buffers buffers) {
    if (failure_) return {0, failure_};
    io_result done;
    done.size = socket_.read_some(buffer_span(buffers), done.ec);
    return done;
}

template <class Socket>
io_result socket_stream<Socket>::try_write(const_buffers buffers) {
    if (failure_) return {0, failure_};
    io_result done;
    done.size = socket_.write_some(buffer_span(buffers), done.ec);
    return done;
}

template <class Socket>
task<std::size_t> socket_stream<Socket>::write_some(const_buffers buffers) {
    auto written = socket_.async_write_some(buffer_span(buffers), asio::deferred);
    co_return co_await std::move(written);
}

template <class Socket>
task<> socket_stream<Socket>::wait_for(asio::socket_base::wait_type what) {
    auto ready = socket_.async_wait(what, asio::deferred);
    co_await std::move(ready);
}

template <class Socket>
task<bool> socket_stream<Socket>::wait_writable() {
    co_await wait_for(asio::socket_base::wait_write);
    co_return true;
}

// The kernel also wakes this when both directions have ended in good order; that is no failure, and
// it would say so again at once, so nothing is asked any more.
template <class Socket>
task<> socket_stream<Socket>::wait_error() {
    co_await wait_for(asio::socket_base::wait_error);
    if (!failed()) co_await any_stream::wait_error();
}

// In the form that Asio wants of a socket option.
class pending_error_option {
public:
    template <class Protocol>
    [[nodiscard]] int level(const Protocol&) const noexcept {
        return SOL_SOCKET;
    }
    template <class Protocol>
    [[nodiscard]] int name(const Protocol&) const noexcept {
        return SO_ERROR;
    }
    template <class Protocol>
    [[nodiscard]] int* data(const Protocol&) noexcept {
        return &error_;
    }
    template <class Protocol>
    [[nodiscard]] std::size_t size(const Protocol&) const noexcept {
        return sizeof error_;
    }
    template <class Protocol>
    void resize(const Protocol&, std::size_t) noexcept {}
    [[nodiscard]] int value() const noexcept { return error_; }

private:
    int error_ = 0;
};

template <class Socket>
bool socket_stream<Socket>::failed() noexcept {
    pending_error_option pending;
    error_code ec;
    socket_.get_option(pending, ec);
    if (!ec) ec.assign(pending.value(), boost::system::system_category());
    failure_ = ec;
    return static_cast<bool>(failure_);
}

template <class Socket>
void socket_stream<Socket>::shutdown_send() noexcept {
    error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

template <class Socket>
void socket_stream<Socket>::close(close_mode mode) noexcept {
    error_code ignored;
    if (mode == close_mode::abortive) {
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    } else {
        socket_.set_option(asio::socket_base::linger(false, 0), ignored);
        // Even if a child process still has the descriptor, the peer learns that this is the end.
        socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    }
    socket_.close(ignored);
}

#if defined(__linux__)

// In the form that Asio wants of a socket option.
class quick_ack_option {
public:
    template <class Protocol>
    [[nodiscard]] int level(const Protocol&) const noexcept {
        return IPPROTO_TCP;
    }
    template <class Protocol>
    [[nodiscard]] int name(const Protocol&) const noexcept {
        return TCP_QUICKACK;
    }
    template <class Protocol>
    [[nodiscard]] const int* data(const Protocol&) const noexcept {
        return &on_;
    }
    template <class Protocol>
    [[nodiscard]] std::size_t size(const Protocol&) const noexcept {
        return sizeof on_;
    }

private:
    int on_ = 1;
};

#endif

template <class Socket>
void socket_stream<Socket>::quick_ack() noexcept {
#if defined(__linux__)
    if constexpr (is_tcp) {
        error_code ignored;
        socket_.set_option(quick_ack_option(), ignored);
    }
#endif
}

}  // namespace adit::detail
