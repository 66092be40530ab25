// A session channel at a server: what the client asks on it (a shell, a command, a subsystem, a
// terminal, variables), the answers, and the exit status. RFC 4254 section 6. Made of a channel
// that server.hpp's incoming has accepted. The client's half comes with the channel as a stream.
//
// Not thread-safe: all calls, completions and cancellations belong into the connection's strand.
// Invariant: each request that wants a reply gets exactly one, in order (C47); one that is not
// answered before the next is asked for is refused.
#pragma once

#include <adit/bodies.hpp>
#include <adit/channel.hpp>
#include <adit/connection/channel_core.hpp>
#include <adit/connection/open_op.hpp>
#include <adit/detail/door.hpp>
#include <adit/wire/channel_types.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit {

/// What a client asks on a session. The text of `exec`, `subsystem` and `env` is in `data`, as RFC
/// 4254 section 6 lays it out.
using session_request = detail::peer_request;

class server_session {
public:
    /// The channel keeps working as a stream: see stream().
    explicit server_session(channel accepted)
        : core_(accepted.core()), stream_(std::move(accepted)) {}

    [[nodiscard]] channel& stream() noexcept { return stream_; }

    /// The client's next request. void(error_code, session_request). Cancellation: any.
    /// Errors: errc::channel_closed behind its CLOSE, and what ended the connection.
    template <class Token>
    auto async_receive_request(Token&& token);
    /// The reply to the latest request; does nothing if it wanted none or has one.
    void answer(bool success);
    /// Tells how the program ended; shutdown_send() and close() of the stream follow.
    void send_exit_status(std::uint32_t status);

private:
    static task<session_request> receive(std::shared_ptr<detail::channel_core> core);

    std::shared_ptr<detail::channel_core> core_;
    channel stream_;
};

// Details.

template <class Token>
auto server_session::async_receive_request(Token&& token) {
    answer(false);
    return detail::door(
        core_->ex, [core = core_] { return receive(core); }, std::forward<Token>(token),
        detail::any_cancellation);
}

#if ADIT_BODIES

ADIT_DECL task<session_request> server_session::receive(
    std::shared_ptr<detail::channel_core> core) {
    while (core->requests.empty()) {
        if (core->owner == nullptr || core->write_end) {
            throw protocol_error(core->write_end ? core->write_end : errc::channel_closed);
        }
        auto waiting = asio::async_initiate<const asio::deferred_t&, void(error_code)>(
            detail::initiate_park(core, &detail::channel_core::requesting), asio::deferred);
        co_await std::move(waiting);
    }
    session_request request = std::move(core->requests.front());
    core->requests.pop_front();
    core->owes_answer = request.want_reply;
    co_return request;
}

ADIT_DECL void server_session::answer(bool success) {
    const bool owes = std::exchange(core_->owes_answer, false);
    if (owes && core_->owner != nullptr) core_->owner->answer_request(*core_, success);
}

ADIT_DECL void server_session::send_exit_status(std::uint32_t status) {
    if (core_->owner == nullptr) return;
    const wire::exit_status fields{status};
    std::vector<byte> data(wire::fields_size(fields));
    wire::writer w(data);
    wire::put_fields(w, fields);
    core_->owner->send_request(*core_, wire::exit_status::request_type, data);
}

#endif  // ADIT_BODIES

}  // namespace adit
