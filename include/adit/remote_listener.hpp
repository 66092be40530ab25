// A listener at the server for us: what ssh -R asks for. Made by client::async_listen; each
// connection to it is a channel that is accepted or refused. RFC 4254 section 7, OpenSSH's PROTOCOL
// section 2.4. Used by tunnel/remote_entrance.hpp and by programs that serve through a server.
//
// Not thread-safe: all calls, completions and cancellations belong into the connection's strand.
// Invariants: what is not accepted is refused; a channel that the server opens for anything but a
// listener that we asked for never gets here (A26).
#pragma once

#include <adit/bodies.hpp>
#include <adit/channel.hpp>
#include <adit/connection/connection.hpp>
#include <adit/connection/listen_op.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/detail/door.hpp>
#include <adit/forward.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace adit {

/// A connection to a listener of ours. Moved, not copied; refused by its destructor.
class remote_connection {
public:
    remote_connection() = default;
    /// Used by remote_listener.
    remote_connection(std::shared_ptr<detail::connection> link, detail::unanswered asked);
    remote_connection(remote_connection&&) noexcept = default;
    remote_connection& operator=(remote_connection&& other) noexcept;
    ~remote_connection();

    [[nodiscard]] executor get_executor() const { return link_->get_executor(); }
    /// Whom the server says that it serves, escaped; nobody can check it. Empty for a Unix socket.
    [[nodiscard]] const std::string& originator() const noexcept { return originator_; }
    [[nodiscard]] std::uint16_t originator_port() const noexcept { return originator_port_; }

    /// Opens the channel. Closed if the connection has gone, or has no room for another one.
    [[nodiscard]] channel accept();
    /// The words are for whoever connected, if the server tells.
    void refuse(open_failure why = open_failure::connect_failed, std::string_view words = {});

private:
    std::shared_ptr<detail::connection> link_;  // null: answered
    detail::unanswered asked_;
    std::string originator_;
    std::uint16_t originator_port_ = 0;
};

class remote_listener {
public:
    using executor_type = executor;

    /// Listens nowhere.
    remote_listener() = default;
    /// Used by client.
    remote_listener(std::shared_ptr<detail::connection> link,
                    std::shared_ptr<detail::remote_listening> one)
        : link_(std::move(link)), one_(std::move(one)) {}
    remote_listener(remote_listener&&) noexcept = default;
    remote_listener& operator=(remote_listener&& other) noexcept;
    ~remote_listener() { cancel(); }

    [[nodiscard]] executor_type get_executor() const { return link_->get_executor(); }

    /// The next connection. void(error_code, remote_connection). One at a time; the second gets
    /// asio::error::already_started. Cancellation: any; none is lost. Errors:
    /// asio::error::operation_aborted behind cancel(), or what ended the connection.
    template <class Token>
    auto async_accept(Token&& token);

    /// The server is asked to listen no more (cancel-tcpip-forward), and whoever was not accepted
    /// is refused. Channels that were accepted live on.
    void cancel();
    [[nodiscard]] bool is_open() const noexcept { return one_ != nullptr && !one_->over; }

    /// As it was asked for, with the port that the server chose where none was named.
    [[nodiscard]] forward_target where() const;

private:
    static task<remote_connection> accept(std::shared_ptr<detail::connection> link,
                                          std::shared_ptr<detail::remote_listening> one);

    std::shared_ptr<detail::connection> link_;
    std::shared_ptr<detail::remote_listening> one_;
};

namespace detail {

/// Asks and waits. Throws protocol_error. The link outlives the task.
[[nodiscard]] task<remote_listener> listen_at(std::shared_ptr<connection> link,
                                              forward_target where);

}  // namespace detail

// Details.

template <class Token>
auto remote_listener::async_accept(Token&& token) {
    return detail::door(
        get_executor(), [link = link_, one = one_] { return accept(link, one); },
        std::forward<Token>(token), detail::any_cancellation);
}

#if ADIT_BODIES

// What is malformed names no listener of ours, and does not get here.
ADIT_DECL remote_connection::remote_connection(std::shared_ptr<detail::connection> link,
                                               detail::unanswered asked)
    : link_(std::move(link)), asked_(std::move(asked)) {
    const auto fields = wire::decode_fields<wire::forwarded_tcpip>(asked_.data);
    if (asked_.name != wire::forwarded_tcpip::channel_type || !fields) return;
    originator_ = escaped(fields->originator_ip_address, 255);
    originator_port_ = static_cast<std::uint16_t>(fields->originator_port);
}

ADIT_DECL remote_connection::~remote_connection() {
    const auto link = link_;
    try {
        refuse(open_failure::administratively_prohibited);
    } catch (const std::exception&) {
        // As server.hpp's incoming: without memory for an answer nothing is in order any more.
        link->finish(errc::out_of_memory);
    }
}

ADIT_DECL remote_connection& remote_connection::operator=(remote_connection&& other) noexcept {
    if (this != &other) {
        const remote_connection unanswered(std::move(*this));
        link_ = std::move(other.link_);
        asked_ = std::move(other.asked_);
        originator_ = std::move(other.originator_);
        originator_port_ = other.originator_port_;
    }
    return *this;
}

ADIT_DECL channel remote_connection::accept() {
    const auto link = std::exchange(link_, nullptr);
    if (link == nullptr || link->finished()) return {};
    auto core = link->channels().accept(asked_);
    return core ? channel(*core) : channel();
}

ADIT_DECL void remote_connection::refuse(open_failure why, std::string_view words) {
    const auto link = std::exchange(link_, nullptr);
    if (link == nullptr || link->finished()) return;
    link->channels().refuse(asked_, why, words);
}

ADIT_DECL remote_listener& remote_listener::operator=(remote_listener&& other) noexcept {
    if (this != &other) {
        cancel();
        link_ = std::move(other.link_);
        one_ = std::move(other.one_);
    }
    return *this;
}

ADIT_DECL void remote_listener::cancel() {
    if (one_ == nullptr || one_->over || link_->finished()) return;
    link_->channels().unlisten(one_);
}

ADIT_DECL forward_target remote_listener::where() const {
    if (one_ == nullptr) return {};
    return {one_->is_socket, one_->host, one_->port, {}, 0};
}

ADIT_DECL task<remote_connection> remote_listener::accept(
    std::shared_ptr<detail::connection> link, std::shared_ptr<detail::remote_listening> one) {
    for (;;) {
        if (one->over) throw protocol_error(one->over);
        if (!one->waiting.empty()) {
            detail::unanswered first = std::move(one->waiting.front());
            one->waiting.pop_front();
            co_return remote_connection(link, std::move(first));
        }
        try {
            co_await one->ready.wait();
        } catch (const boost::system::system_error&) {
            if (!one->over) throw;
        }
    }
}

ADIT_DECL task<remote_listener> detail::listen_at(std::shared_ptr<connection> link,
                                                  forward_target where) {
    if (link->finished()) throw protocol_error(link->error());
    const auto one = std::make_shared<remote_listening>(link->get_executor(), where.is_socket,
                                                        std::move(where.host), where.port);
    initiate_listen start(link->channels(), one, link->get_executor());
    auto waiting = asio::async_initiate<const asio::deferred_t&, void(error_code)>(std::move(start),
                                                                                   asio::deferred);
    const auto limit = link->stream().caps().open_timeout;
    try {
        if (limit.count() == 0) {
            co_await std::move(waiting);
        } else {
            co_await with_deadline(std::move(waiting), limit);
        }
    } catch (const boost::system::system_error& e) {
        // It may have been granted in the same moment.
        link->channels().unlisten(one);
        if (e.code() == asio::error::timed_out) throw protocol_error(errc::deadline_exceeded);
        throw;
    }
    remote_listener granted(link, one);
    co_return granted;
}

#endif  // ADIT_BODIES

}  // namespace adit
