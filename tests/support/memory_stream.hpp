// Two connected byte streams in memory, for every test that would otherwise need a socket: real
// AsyncStreams with per-operation cancellation. memory_pipe.hpp has the knobs: capacity, short
// reads and writes, an error after n bytes, a record of every write as one flight.
// Used by the tests of F4 and above: auto [client, server] = memory_pair(ex).
// Invariant: like a socket it completes nothing inside the initiating function.
#pragma once

#include "support/memory_pipe.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace adit::test {

/// One end. Move-only; destroying it closes it. A default-constructed one is closed.
class memory_stream {
public:
    using executor_type = executor;
    using lowest_layer_type = memory_stream;

    memory_stream() = default;
    memory_stream(executor ex, std::shared_ptr<memory_pipe> in, std::shared_ptr<memory_pipe> out)
        : ex_(std::move(ex)), in_(std::move(in)), out_(std::move(out)) {}
    memory_stream(memory_stream&&) = default;
    memory_stream& operator=(memory_stream&& other) noexcept;
    ~memory_stream() { close(); }

    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }
    [[nodiscard]] lowest_layer_type& lowest_layer() noexcept { return *this; }
    [[nodiscard]] const lowest_layer_type& lowest_layer() const noexcept { return *this; }

    /// Kept by a test that wants to look on after the stream has been moved away.
    [[nodiscard]] std::shared_ptr<memory_pipe> incoming() const { return in_; }
    [[nodiscard]] std::shared_ptr<memory_pipe> outgoing() const { return out_; }

    /// The peer reads eof after what was written.
    void shutdown_send() noexcept;
    /// The same, and this end's own operations end too.
    void close() noexcept;
    /// The peer gets connection_reset.
    void abort() noexcept;

    /// void(error_code, std::size_t). Cancellation: total.
    template <class Buffers, class Token = asio::default_completion_token_t<executor_type>>
    auto async_read_some(const Buffers& buffers, Token&& token = {}) {
        return asio::async_initiate<Token, memory_pipe::signature>(
            initiate_read(in_, ex_), token, list_of<asio::mutable_buffer>(buffers));
    }
    template <class Buffers, class Token = asio::default_completion_token_t<executor_type>>
    auto async_write_some(const Buffers& buffers, Token&& token = {}) {
        return asio::async_initiate<Token, memory_pipe::signature>(
            initiate_write(out_, ex_), token, list_of<asio::const_buffer>(buffers));
    }

private:
    class initiation {
    public:
        using executor_type = executor;
        initiation(std::shared_ptr<memory_pipe> pipe, executor ex)
            : pipe_(std::move(pipe)), ex_(std::move(ex)) {}
        [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    protected:
        /// False, and the handler is on its way with not_connected, when the stream is closed.
        template <class Handler>
        [[nodiscard]] bool refused(Handler& handler) const;

        std::shared_ptr<memory_pipe> pipe_;
        executor ex_;
    };
    struct initiate_read : initiation {
        using initiation::initiation;
        template <class Handler>
        void operator()(Handler&& handler, memory_pipe::read_buffers buffers) const;
    };
    struct initiate_write : initiation {
        using initiation::initiation;
        template <class Handler>
        void operator()(Handler&& handler, memory_pipe::write_buffers buffers) const;
    };
    template <class Buffer, class Buffers>
    [[nodiscard]] static std::vector<Buffer> list_of(const Buffers& buffers) {
        return {asio::buffer_sequence_begin(buffers), asio::buffer_sequence_end(buffers)};
    }

    executor ex_;
    std::shared_ptr<memory_pipe> in_;
    std::shared_ptr<memory_pipe> out_;
};

/// Two ends of one connection. `options` are those of both directions.
[[nodiscard]] inline std::pair<memory_stream, memory_stream> memory_pair(
    const executor& ex, const pipe_options& options) {
    auto there = std::make_shared<memory_pipe>(ex);
    auto back = std::make_shared<memory_pipe>(ex);
    there->options = options;
    back->options = options;
    return {memory_stream(ex, back, there), memory_stream(ex, there, back)};
}
[[nodiscard]] inline std::pair<memory_stream, memory_stream> memory_pair(const executor& ex) {
    return memory_pair(ex, pipe_options());
}

inline memory_stream& memory_stream::operator=(memory_stream&& other) noexcept {
    if (this != &other) {
        close();
        ex_ = std::move(other.ex_);
        in_ = std::move(other.in_);
        out_ = std::move(other.out_);
    }
    return *this;
}

inline void memory_stream::shutdown_send() noexcept {
    if (out_) {
        out_->end_writing();
    }
}

inline void memory_stream::close() noexcept {
    if (const auto out = std::exchange(out_, nullptr)) {
        out->cancel_writer();
        out->end_writing();
    }
    if (const auto in = std::exchange(in_, nullptr)) {
        in->cancel_reader();
        in->end_reading();
    }
}

inline void memory_stream::abort() noexcept {
    if (const auto out = std::exchange(out_, nullptr)) {
        out->cancel_writer();
        out->reset();
    }
    if (const auto in = std::exchange(in_, nullptr)) {
        in->cancel_reader();
        in->reset();
    }
}

template <class Handler>
bool memory_stream::initiation::refused(Handler& handler) const {
    if (pipe_) {
        return false;
    }
    detail::parked_handler<memory_pipe::signature> ready(std::move(handler), ex_);
    ready.post(asio::error::not_connected, 0);
    return true;
}

template <class Handler>
void memory_stream::initiate_read::operator()(Handler&& handler,
                                              memory_pipe::read_buffers buffers) const {
    if (!refused(handler)) {
        pipe_->start_read(std::forward<Handler>(handler), std::move(buffers));
    }
}

template <class Handler>
void memory_stream::initiate_write::operator()(Handler&& handler,
                                               memory_pipe::write_buffers buffers) const {
    if (!refused(handler)) {
        pipe_->start_write(std::forward<Handler>(handler), std::move(buffers));
    }
}

}  // namespace adit::test
