// One direction of a memory_stream: bounded, recorded, and able to be nasty. A test turns its knobs
// and looks at what was written through memory_stream's incoming() and outgoing(), also after
// the stream was moved away. Used by memory_stream and by tests.
// Invariant: bytes that were accepted are delivered before the end is; only a reset or a failure
// that the test asked for overtakes them.
#pragma once

#include <adit/bytes.hpp>
#include <adit/detail/io_result.hpp>
#include <adit/detail/parking_place.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace adit::test {

inline constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

/// Where a direction breaks: once `bytes` have passed in all, with this error.
struct failure_point {
    std::size_t bytes = 0;
    error_code error;
};

/// The knobs of one direction; a test may turn them at any time.
struct pipe_options {
    std::size_t capacity = 64 * 1024;
    std::size_t most_per_read = unlimited;
    std::size_t most_per_write = unlimited;
    std::optional<failure_point> read_failure;
    std::optional<failure_point> write_failure;
    bool record = true;
};

/// One direction, shared by the two ends and by a test that looks on.
class memory_pipe : public std::enable_shared_from_this<memory_pipe> {
public:
    using signature = void(error_code, std::size_t);
    using flight = std::vector<byte>;
    using read_buffers = std::vector<asio::mutable_buffer>;
    using write_buffers = std::vector<asio::const_buffer>;

    explicit memory_pipe(const executor& ex) : ex_(ex), reader_(ex), writer_(ex) {}

    pipe_options options;

    /// What each write call brought, in order.
    [[nodiscard]] const std::vector<flight>& flights() const noexcept { return flights_; }
    /// All flights as one.
    [[nodiscard]] flight written() const;
    [[nodiscard]] std::size_t bytes_written() const noexcept { return bytes_written_; }
    [[nodiscard]] std::size_t bytes_read() const noexcept { return bytes_read_; }
    [[nodiscard]] bool read_parked() const noexcept { return bool{reader_}; }
    [[nodiscard]] bool write_parked() const noexcept { return bool{writer_}; }

    /// A black hole: from now on nothing arrives, and writes are taken while there is capacity.
    void hold() noexcept { holding_ = true; }
    /// It heals: what was written meanwhile arrives.
    void heal() {
        holding_ = false;
        wake();
    }
    /// No more writes; the reader gets what is held, then eof.
    void end_writing() noexcept;
    /// No more reads; the writer gets broken_pipe, what is held is lost.
    void end_reading() noexcept;
    /// Both sides get connection_reset; what is held is lost.
    void reset() noexcept;
    /// What waits, if anything, ends with operation_aborted, as when a socket is closed.
    void cancel_reader() noexcept;
    void cancel_writer() noexcept;

    template <class Handler>
    void start_read(Handler&& handler, read_buffers into);
    template <class Handler>
    void start_write(Handler&& handler, write_buffers from);

private:
    [[nodiscard]] std::optional<io_result> read_now(const read_buffers& into);
    [[nodiscard]] std::optional<io_result> write_now(const write_buffers& from);
    [[nodiscard]] static std::size_t bytes_until(const std::optional<failure_point>& failure,
                                                 std::size_t passed);
    [[nodiscard]] std::size_t give(const read_buffers& into, std::size_t most);
    [[nodiscard]] std::size_t take(const write_buffers& from, std::size_t most);
    void wake();
    template <class Handler>
    void finish(Handler&& handler, const io_result& result);

    executor ex_;
    std::vector<byte> held_;
    std::vector<flight> flights_;
    std::size_t bytes_written_ = 0;
    std::size_t bytes_read_ = 0;
    bool holding_ = false;
    error_code read_end_;   // what the reader gets when nothing is held
    error_code write_end_;  // what the writer gets
    read_buffers read_into_;
    write_buffers write_from_;
    detail::parking_place<signature> reader_;
    detail::parking_place<signature> writer_;
};

inline memory_pipe::flight memory_pipe::written() const {
    flight all;
    for (const flight& one : flights_) {
        all.insert(all.end(), one.begin(), one.end());
    }
    return all;
}

inline void memory_pipe::cancel_reader() noexcept {
    if (reader_) {
        reader_.complete(asio::error::operation_aborted, 0);
    }
}

inline void memory_pipe::cancel_writer() noexcept {
    if (writer_) {
        writer_.complete(asio::error::operation_aborted, 0);
    }
}

inline void memory_pipe::end_writing() noexcept {
    if (!read_end_) {
        read_end_ = asio::error::eof;
    }
    if (!write_end_) {
        write_end_ = asio::error::broken_pipe;
    }
    wake();
}

inline void memory_pipe::end_reading() noexcept {
    held_.clear();
    end_writing();
}

inline void memory_pipe::reset() noexcept {
    held_.clear();
    read_end_ = asio::error::connection_reset;
    write_end_ = asio::error::connection_reset;
    wake();
}

template <class Handler>
void memory_pipe::start_read(Handler&& handler, read_buffers into) {
    if (reader_) {
        finish(std::forward<Handler>(handler), {0, asio::error::already_started});
    } else if (const auto result = read_now(into)) {
        finish(std::forward<Handler>(handler), *result);
        wake();
    } else {
        read_into_ = std::move(into);
        reader_.park(shared_from_this(), std::forward<Handler>(handler), ex_,
                     detail::any_cancellation);
    }
}

template <class Handler>
void memory_pipe::start_write(Handler&& handler, write_buffers from) {
    if (writer_) {
        finish(std::forward<Handler>(handler), {0, asio::error::already_started});
    } else if (const auto result = write_now(from)) {
        finish(std::forward<Handler>(handler), *result);
        wake();
    } else {
        write_from_ = std::move(from);
        writer_.park(shared_from_this(), std::forward<Handler>(handler), ex_,
                     detail::any_cancellation);
    }
}

template <class Handler>
void memory_pipe::finish(Handler&& handler, const io_result& result) {
    detail::parked_handler<signature> ready(std::forward<Handler>(handler), ex_);
    ready.post(result.ec, result.size);
}

inline void memory_pipe::wake() {
    const auto alive = shared_from_this();
    for (bool again = true; again;) {
        again = false;
        if (reader_) {
            if (const auto result = read_now(read_into_)) {
                reader_.complete(result->ec, result->size);
                again = true;
            }
        }
        if (writer_) {
            if (const auto result = write_now(write_from_)) {
                writer_.complete(result->ec, result->size);
                again = true;
            }
        }
    }
}

inline std::size_t memory_pipe::bytes_until(const std::optional<failure_point>& failure,
                                            std::size_t passed) {
    return failure ? failure->bytes - std::min(failure->bytes, passed) : unlimited;
}

inline std::optional<io_result> memory_pipe::read_now(const read_buffers& into) {
    if (asio::buffer_size(into) == 0) {
        return io_result{};
    }
    if (holding_ && read_end_ != asio::error::connection_reset) {
        return std::nullopt;
    }
    std::size_t most = std::min(options.most_per_read, asio::buffer_size(into));
    most = std::min(most, bytes_until(options.read_failure, bytes_read_));
    if (most == 0) {
        return io_result{0, options.read_failure->error};
    }
    if (!held_.empty()) {
        return io_result{give(into, most), {}};
    }
    return read_end_ ? std::optional(io_result{0, read_end_}) : std::nullopt;
}

inline std::optional<io_result> memory_pipe::write_now(const write_buffers& from) {
    if (write_end_) {
        return io_result{0, write_end_};
    }
    if (asio::buffer_size(from) == 0) {
        return io_result{};
    }
    std::size_t most = std::min(options.most_per_write, asio::buffer_size(from));
    most = std::min(most, bytes_until(options.write_failure, bytes_written_));
    if (most == 0) {
        return io_result{0, options.write_failure->error};
    }
    most = std::min(most, options.capacity - std::min(options.capacity, held_.size()));
    return most > 0 ? std::optional(io_result{take(from, most), {}}) : std::nullopt;
}

inline std::size_t memory_pipe::give(const read_buffers& into, std::size_t most) {
    const std::size_t size = asio::buffer_copy(into, asio::buffer(held_), most);
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(size));
    bytes_read_ += size;
    return size;
}

inline std::size_t memory_pipe::take(const write_buffers& from, std::size_t most) {
    flight bytes(most);
    const std::size_t size = asio::buffer_copy(asio::buffer(bytes), from);
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    bytes_written_ += size;
    if (options.record) {
        flights_.push_back(std::move(bytes));
    }
    return size;
}

}  // namespace adit::test
