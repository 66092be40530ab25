// Asking the peer to listen for us, and no longer: the parts of channel_set for it, and waiting for
// the answer. RFC 4254 section 7.1, OpenSSH's PROTOCOL section 2.4. Used by remote_listener.hpp.
// Cancellation: total; a late grant is answered with the request to listen no more.
// Invariant: a request that leaves has its place among the replies, in order (C39).
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/session_channel.hpp>
#include <adit/wire/channel_types.hpp>

#include <memory>
#include <utility>

namespace adit::detail {

/// void(error_code): asks, and waits for the reply.
class initiate_listen {
public:
    using executor_type = executor;

    initiate_listen(channel_set& channels, std::shared_ptr<remote_listening> one, executor ex)
        : channels_(&channels), one_(std::move(one)), ex_(std::move(ex)) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    template <class Handler>
    void operator()(Handler&& handler) const {
        channels_->listen(one_);
        one_->granting.park(one_, std::forward<Handler>(handler), ex_, any_cancellation);
    }

private:
    channel_set* channels_;
    std::shared_ptr<remote_listening> one_;
    executor ex_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL void channel_set::send_listening(const remote_listening& one, bool begin, bool reply) {
    std::vector<byte> data;
    if (one.is_socket) {
        data = encoded_fields(wire::streamlocal_forward{one.host});
    } else {
        data = encoded_fields(wire::tcpip_forward{one.host, one.port});
    }
    const std::string_view name =
        one.is_socket
            ? (begin ? "streamlocal-forward@openssh.com" : "cancel-streamlocal-forward@openssh.com")
            : (begin ? "tcpip-forward" : "cancel-tcpip-forward");
    send(wire::global_request{name, reply, {data}});
}

ADIT_DECL void channel_set::listen(const std::shared_ptr<remote_listening>& one) {
    send_listening(*one, true, true);
    table_.expect_global_reply(++last_ticket_);
    listeners_.asked(last_ticket_, one);
}

// Whoever came and was not looked at is told that nobody will.
ADIT_DECL void channel_set::unlisten(const std::shared_ptr<remote_listening>& one) {
    if (!listeners_.remove(one)) return;
    send_listening(*one, false, false);
    for (const unanswered& open : std::exchange(one->waiting, {})) {
        refuse(open, open_failure::administratively_prohibited, "not listening any more");
    }
    one->end(asio::error::operation_aborted);
}

ADIT_DECL void channel_set::on_global_reply(const event& e) {
    const auto unwanted = listeners_.replied(e.ticket, e.success, e.data);
    if (unwanted != nullptr) unlisten(unwanted);
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
