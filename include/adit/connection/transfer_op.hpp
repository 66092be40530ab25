// What reading from and writing to a channel have in common as operations: try, and park when that
// would block; or wait until trying makes sense. `Way` is reading (read_op.hpp) or writing
// (write_op.hpp). Cancellation: total; a cancelled operation has moved nothing.
// Invariant: one operation of a kind at a time, the second gets already_started; every completion
// is posted.
#pragma once

#include <adit/connection/channel_core.hpp>

#include <array>
#include <memory>
#include <span>
#include <utility>

namespace adit::detail {

// Copies the front of any buffer sequence into the array that a parked operation keeps.
template <class Buffer, class Sequence>
std::size_t keep_buffers(std::array<Buffer, parked_buffers>& kept, const Sequence& buffers) {
    std::size_t count = 0;
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto it = asio::buffer_sequence_begin(buffers); it != end && count < kept.size(); ++it) {
        const Buffer b(*it);
        if (b.size() != 0) kept[count++] = b;
    }
    return count;
}

/// The same without ever waiting: where the operation would park, operation_not_supported.
template <class Way, class Buffers>
[[nodiscard]] io_result transfer_now(channel_core* core, const Buffers& buffers) {
    if (core == nullptr) return {0, asio::error::not_connected};
    if (Way::transfer(*core)) return {0, asio::error::already_started};
    std::array<typename Way::buffer, parked_buffers> kept;
    const std::size_t count = keep_buffers(kept, buffers);
    io_result done = Way::attempt(*core, std::span(kept).first(count));
    if (done.ec == asio::error::would_block) done.ec = asio::error::operation_not_supported;
    return done;
}

/// void(error_code, std::size_t): moves bytes between the channel and the caller's buffers.
template <class Way>
class initiate_transfer {
public:
    using executor_type = executor;

    initiate_transfer(std::shared_ptr<channel_core> core, executor ex)
        : core_(std::move(core)), ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler, class Buffers>
    void operator()(Handler&& handler, const Buffers& buffers) const {
        std::array<typename Way::buffer, parked_buffers> kept;
        const std::size_t count = keep_buffers(kept, buffers);
        const io_result now = attempt(std::span(kept).first(count));
        if (now.ec != asio::error::would_block) {
            parked_handler<void(error_code, std::size_t)> ready(std::forward<Handler>(handler),
                                                                ex_);
            return ready.post(now.ec, now.size);
        }
        Way::kept(*core_) = kept;
        Way::kept_count(*core_) = count;
        Way::transfer(*core_).park(core_, std::forward<Handler>(handler), ex_, any_cancellation);
    }

private:
    [[nodiscard]] io_result attempt(std::span<const typename Way::buffer> buffers) const {
        if (core_ == nullptr) return {0, asio::error::not_connected};
        if (Way::transfer(*core_)) return {0, asio::error::already_started};
        return Way::attempt(*core_, buffers);
    }

    std::shared_ptr<channel_core> core_;
    executor ex_;
};

/// void(error_code): completes when an attempt would not block.
template <class Way>
class initiate_wait {
public:
    using executor_type = executor;

    initiate_wait(std::shared_ptr<channel_core> core, executor ex)
        : core_(std::move(core)), ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler>
    void operator()(Handler&& handler) const {
        const error_code now = look();
        if (now == asio::error::would_block) {
            return Way::wait(*core_).park(core_, std::forward<Handler>(handler), ex_,
                                          any_cancellation);
        }
        parked_handler<void(error_code)> ready(std::forward<Handler>(handler), ex_);
        ready.post(now);
    }

private:
    [[nodiscard]] error_code look() const {
        if (core_ == nullptr) return asio::error::not_connected;
        if (Way::wait(*core_)) return asio::error::already_started;
        return Way::ready(*core_);
    }

    std::shared_ptr<channel_core> core_;
    executor ex_;
};

}  // namespace adit::detail
