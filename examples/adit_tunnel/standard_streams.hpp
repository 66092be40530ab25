// Standard input and output as one stream, for -W. Used by adit_tunnel.cpp.
// Invariants: once they are taken, nothing else that this program prints gets into the stream: what
// goes to standard output goes to standard error; the descriptors, which are shared with whoever
// started us, block again at the end as they did before.
#pragma once

#include <adit/detail/task.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace adit_tunnel {

/// The two descriptors, before anything is printed.
class taken_streams {
public:
    taken_streams() : in_(::fcntl(0, F_DUPFD_CLOEXEC, 3)), out_(::fcntl(1, F_DUPFD_CLOEXEC, 3)) {
        if (in_ < 0 || out_ < 0) throw std::system_error(errno, std::generic_category());
        in_flags_ = ::fcntl(in_, F_GETFL);
        out_flags_ = ::fcntl(out_, F_GETFL);
        const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null >= 0) ::dup2(null, 0);
        if (null >= 0) ::close(null);
        ::dup2(2, 1);
    }
    taken_streams(const taken_streams&) = delete;
    taken_streams& operator=(const taken_streams&) = delete;
    ~taken_streams() {
        ::fcntl(in_, F_SETFL, in_flags_);
        ::fcntl(out_, F_SETFL, out_flags_);
        ::close(in_);
        close_output();
    }

    [[nodiscard]] int input() const noexcept { return in_; }
    [[nodiscard]] int output() const noexcept { return out_; }
    void close_output() noexcept {
        if (out_ >= 0) ::close(std::exchange(out_, -1));
    }

private:
    int in_, out_;
    int in_flags_ = 0, out_flags_ = 0;
};

/// An AsyncReadStream and AsyncWriteStream with half-close. `from` outlives it.
class standard_streams {
public:
    using executor_type = adit::executor;
    using lowest_layer_type = standard_streams;

    standard_streams(const executor_type& ex, taken_streams& from)
        : from_(&from), in_(ex, copy_of(from.input())), out_(ex, copy_of(from.output())) {}
    [[nodiscard]] executor_type get_executor() { return in_.get_executor(); }
    [[nodiscard]] lowest_layer_type& lowest_layer() noexcept { return *this; }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return in_.async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return out_.async_write_some(buffers, std::forward<Token>(token));
    }
    /// Nobody has standard output open any more but whoever else was given it.
    void shutdown_send() noexcept {
        adit::error_code ignored;
        out_.close(ignored);
        from_->close_output();
    }
    void close() noexcept {
        adit::error_code ignored;
        in_.close(ignored);
        shutdown_send();
    }

private:
    [[nodiscard]] static int copy_of(int descriptor) {
        const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
        if (copy < 0) throw std::system_error(errno, std::generic_category());
        return copy;
    }

    taken_streams* from_;
    boost::asio::posix::stream_descriptor in_, out_;
};

}  // namespace adit_tunnel
