// The operations of a session: reading and writing standard error, a request and its reply, and the
// program's end. RFC 4254 section 6. Used by session.hpp. Cancellation: total, but of a request
// partial: it has been sent, and its late reply is dropped in its turn (C47).
// Invariants: transfer_op.hpp's; every completion is posted.
#pragma once

#include <adit/connection/session_channel.hpp>
#include <adit/connection/transfer_op.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit::detail {

struct reading_errors {
    using buffer = asio::mutable_buffer;

    static auto& transfer(channel_core& core) { return core.session->errors_reader; }
    static auto& kept(channel_core& core) { return core.session->read_into; }
    static auto& kept_count(channel_core& core) { return core.session->read_into_count; }

    static io_result attempt(channel_core& core, std::span<const buffer> buffers) {
        if (buffers.empty()) return {};
        if (!core.may_read_errors()) return {0, asio::error::would_block};
        return core.read_errors(buffers);
    }
};

struct writing_errors {
    using buffer = asio::const_buffer;

    static auto& transfer(channel_core& core) { return core.session->errors_writer; }
    static auto& kept(channel_core& core) { return core.session->write_from; }
    static auto& kept_count(channel_core& core) { return core.session->write_from_count; }

    static io_result attempt(channel_core& core, std::span<const buffer> buffers) {
        if (buffers.empty()) return {0, core.write_end};
        return core.write_errors(buffers);
    }
};

using initiate_read_errors = initiate_transfer<reading_errors>;
using initiate_write_errors = initiate_transfer<writing_errors>;

/// Why nothing can be asked on the session, if so.
[[nodiscard]] inline error_code session_end(const channel_core* core) noexcept {
    if (core == nullptr) return asio::error::not_connected;
    const error_code over = core->session->over;
    return over == asio::error::operation_aborted ? error_code(errc::channel_closed) : over;
}

/// void(error_code): sends a request and waits for its reply. `what` tells people of it.
class initiate_request {
public:
    using executor_type = executor;

    initiate_request(std::shared_ptr<channel_core> core, executor ex)
        : core_(std::move(core)), ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler>
    void operator()(Handler&& handler, std::string_view type, const std::vector<byte>& data,
                    std::string what) const {
        error_code now = session_end(core_.get());
        if (!now) now = core_->owner->request(*core_, type, data, std::move(what));
        if (!now) {
            return core_->session->requests.back().waiter.park(
                core_, std::forward<Handler>(handler), ex_, partial_cancellation);
        }
        parked_handler<void(error_code)> ready(std::forward<Handler>(handler), ex_);
        ready.post(now);
    }

private:
    std::shared_ptr<channel_core> core_;
    executor ex_;
};

/// void(error_code, exit_result).
class initiate_wait_exit {
public:
    using executor_type = executor;

    initiate_wait_exit(std::shared_ptr<channel_core> core, executor ex)
        : core_(std::move(core)), ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler>
    void operator()(Handler&& handler) const {
        exit_result exit;
        const error_code now = look(exit);
        if (now == asio::error::would_block) {
            return core_->session->exit_waiter.park(core_, std::forward<Handler>(handler), ex_,
                                                    any_cancellation);
        }
        parked_handler<void(error_code, exit_result)> ready(std::forward<Handler>(handler), ex_);
        ready.post(now, std::move(exit));
    }

private:
    [[nodiscard]] error_code look(exit_result& exit) const {
        if (core_ != nullptr && core_->session->exit) {
            exit = *core_->session->exit;
            return {};
        }
        const error_code over = session_end(core_.get());
        if (over) return over;
        if (core_->session->exit_waiter) return asio::error::already_started;
        return asio::error::would_block;
    }

    std::shared_ptr<channel_core> core_;
    executor ex_;
};

}  // namespace adit::detail
