// Sessions, RFC 4254 section 6: a program on the other side, with its input, output, standard error
// and end. `session` is the client's half, made by client::async_open_session; `server_session` the
// server's, made of a channel that server.hpp's incoming has accepted.
// Not thread-safe: all calls, completions and cancellations belong into the connection's strand.
// Invariant: each request that wants a reply gets exactly one, in order (C47). Over 300 lines: both
// halves, and what each of their operations promises.
#pragma once

#include <adit/bodies.hpp>
#include <adit/channel.hpp>
#include <adit/connection/open_op.hpp>
#include <adit/connection/session_op.hpp>
#include <adit/detail/door.hpp>
#include <adit/wire/channel_requests.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit {

/// RFC 4254 sections 6.2 and 6.7. Zero: unknown.
struct terminal_size {
    std::uint32_t columns = 80, rows = 24;
    std::uint32_t width_pixels = 0, height_pixels = 0;
};

/// A terminal for the program, RFC 4254 section 6.2.
struct pty_request {
    std::string terminal = "xterm-256color";  ///< the value of TERM
    terminal_size size;
    std::vector<wire::terminal_mode> modes;  ///< RFC 4254 section 8
};

/// Standard error of the other side's program. What is not read is held and counts against the
/// window that it shares with the channel's data: a program that writes more than a window (256 KiB
/// at first) of errors which nobody reads stops, and its data with it. Read both at once, or see
/// session::discard_errors and session::merge_errors.
class error_reader {
public:
    using executor_type = executor;

    error_reader() = default;
    /// Used by session.
    explicit error_reader(std::shared_ptr<detail::channel_core> core)
        : ex_(core->ex), core_(std::move(core)) {}

    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    /// Reads at least a byte, or why not. void(error_code, std::size_t). Cancellation: total.
    /// Buffers: valid until the completion. Errors: those of channel::async_read_some.
    template <class MutableBuffers, class Token>
    auto async_read_some(const MutableBuffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(error_code, std::size_t)>(
            detail::initiate_read_errors(core_, ex_), token, buffers);
    }

private:
    executor ex_ = asio::system_executor();
    std::shared_ptr<detail::channel_core> core_;
};

/// The client's half of a session. The program is started by one of async_exec, async_shell and
/// async_subsystem; what is asked for before may be asked for without waiting in between. A request
/// that was cancelled has been sent, and what it asks for may happen: only the waiting ends, and
/// the replies of the others still find them.
class session {
public:
    using executor_type = executor;

    /// A closed session: every operation fails with asio::error::not_connected.
    session() = default;
    /// Used by client.hpp.
    explicit session(channel opened)
        : core_(opened.core()), stream_(std::move(opened)), errors_(core_) {}

    [[nodiscard]] executor_type get_executor() const noexcept { return stream_.get_executor(); }
    [[nodiscard]] bool is_open() const noexcept { return stream_.is_open(); }

    /// The program's standard input and output. It may be moved away; the session works on.
    [[nodiscard]] channel& stream() noexcept { return stream_; }
    /// The program's standard error, with a terminal: nothing.
    [[nodiscard]] error_reader& errors() noexcept { return errors_; }
    /// From now on standard error is thrown away as it comes, and never in the way.
    void discard_errors() { direct_errors(detail::errors_go::nowhere); }
    /// From now on standard error stands in stream(), in the order in which it came.
    void merge_errors() { direct_errors(detail::errors_go::into_data); }

    /// A variable for the program, RFC 4254 section 6.4. Servers take few (AcceptEnv).
    /// void(error_code). Cancellation: partial. Errors: errc::request_refused,
    /// errc::channel_closed, errc::too_many_requests, errc::message_too_large,
    /// errc::connection_lost, …
    template <class Token>
    auto async_request_env(const std::string& name, const std::string& value, Token&& token) {
        const wire::env_request fields{name, value};
        return request(fields, "env " + escaped(name, 256), std::forward<Token>(token));
    }
    /// A terminal, RFC 4254 section 6.2; standard error then comes with the output. As above.
    template <class Token>
    auto async_request_pty(const pty_request& asked, Token&& token);
    /// Has the user's shell run the command, RFC 4254 section 6.5. As above.
    template <class Token>
    auto async_exec(const std::string& command, Token&& token) {
        const wire::exec_request fields{command};
        return request(fields, "exec " + escaped(command, 256), std::forward<Token>(token));
    }
    /// Starts the user's shell, RFC 4254 section 6.5. As above.
    template <class Token>
    auto async_shell(Token&& token) {
        return request(wire::shell_request{}, "shell", std::forward<Token>(token));
    }
    /// Starts a subsystem, such as sftp, RFC 4254 section 6.5. As above.
    template <class Token>
    auto async_subsystem(const std::string& name, Token&& token) {
        const wire::subsystem_request fields{name};
        return request(fields, "subsystem " + escaped(name, 256), std::forward<Token>(token));
    }

    /// The terminal has another size, RFC 4254 section 6.7. There is no reply.
    void send_window_change(const terminal_size& size);
    /// A signal to the program, RFC 4254 section 6.9: TERM, INT, KILL, … without SIG. There is no
    /// reply; what a server does not deliver, it drops.
    void send_signal(std::string_view name);

    /// How the program ended, RFC 4254 section 6.10; what it wrote before may still have to be
    /// read. void(error_code, exit_result). Cancellation: total. Errors: errc::channel_closed when
    /// the channel ended without an exit status, errc::connection_lost, …
    template <class Token>
    auto async_wait_exit(Token&& token) {
        return asio::async_initiate<Token, void(error_code, exit_result)>(
            detail::initiate_wait_exit(core_, get_executor()), token);
    }

    /// CLOSE, behind everything written; a server ends what still runs as it likes, mostly by HUP.
    void close() { stream_.close(); }

private:
    template <class Fields, class Token>
    auto request(const Fields& fields, std::string what, Token&& token) {
        return asio::async_initiate<Token, void(error_code)>(
            detail::initiate_request(core_, get_executor()), token, Fields::request_type,
            detail::encoded_fields(fields), std::move(what));
    }
    void direct_errors(detail::errors_go where);

    std::shared_ptr<detail::channel_core> core_;
    channel stream_;
    error_reader errors_;
};

/// What a client asks on a session; `as<wire::exec_request>()` and the like read its fields.
using session_request = detail::peer_request;

/// Where a server's program writes its standard error: RFC 4254 section 5.2, type 1.
class error_writer {
public:
    using executor_type = executor;

    error_writer() = default;
    /// Used by server_session.
    explicit error_writer(std::shared_ptr<detail::channel_core> core)
        : ex_(core->ex), core_(std::move(core)) {}

    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    /// Copies at least a byte towards the client, within the window that it shares with the
    /// channel's data. void(error_code, std::size_t). Cancellation: total. Buffers: valid until the
    /// completion. Errors: those of channel::async_write_some.
    template <class ConstBuffers, class Token>
    auto async_write_some(const ConstBuffers& buffers, Token&& token) {
        return asio::async_initiate<Token, void(error_code, std::size_t)>(
            detail::initiate_write_errors(core_, ex_), token, buffers);
    }

private:
    executor ex_ = asio::system_executor();
    std::shared_ptr<detail::channel_core> core_;
};

/// The server's half of a session. A request that is not answered before the next one is asked for
/// is refused.
class server_session {
public:
    /// The channel keeps working as a stream: see stream(). If it is closed, as one is that was
    /// accepted when its connection had gone, requests fail with asio::error::not_connected.
    explicit server_session(channel accepted);

    [[nodiscard]] channel& stream() noexcept { return stream_; }
    [[nodiscard]] error_writer& errors() noexcept { return errors_; }

    /// The client's next request: also signals and changes of the window, which want no reply.
    /// void(error_code, session_request). Cancellation: any. Errors: errc::channel_closed behind
    /// its CLOSE, and what ended the connection.
    template <class Token>
    auto async_receive_request(Token&& token);
    /// The reply to the latest request; does nothing if it wanted none or has one.
    void answer(bool success);
    /// Tells how the program ended; shutdown_send() and close() of the stream follow.
    void send_exit_status(std::uint32_t status);
    /// The same of a program that a signal ended: TERM, KILL, … without SIG.
    void send_exit_signal(std::string_view name, bool core_dumped = false,
                          std::string_view message = {});

private:
    static task<session_request> receive(std::shared_ptr<detail::channel_core> core);
    static void answer(detail::channel_core& core, bool success);

    std::shared_ptr<detail::channel_core> core_;
    channel stream_;
    error_writer errors_;
};

// Details: the client's half.

template <class Token>
auto session::async_request_pty(const pty_request& asked, Token&& token) {
    const std::vector<byte> modes = wire::encode_modes(asked.modes);
    const terminal_size& size = asked.size;
    const wire::pty_request fields{asked.terminal,    size.columns,       size.rows,
                                   size.width_pixels, size.height_pixels, modes};
    return request(fields, "pty-req " + escaped(asked.terminal, 256), std::forward<Token>(token));
}

namespace detail {

/// The longest name of a signal that is looked at, and the longest of its messages.
inline constexpr std::size_t most_signal_name = 64;
inline constexpr std::size_t most_signal_message = 1024;

/// A request that wants no reply, if the channel still takes any.
template <class Fields>
void send_request(const std::shared_ptr<channel_core>& core, const Fields& fields) {
    if (core == nullptr || core->owner == nullptr) return;
    core->owner->send_request(*core, Fields::request_type, encoded_fields(fields));
}

}  // namespace detail

// Details: the server's half.

template <class Token>
auto server_session::async_receive_request(Token&& token) {
    return detail::door(
        stream_.get_executor(), [core = core_] { return receive(core); },
        std::forward<Token>(token), detail::any_cancellation);
}

#if ADIT_BODIES

ADIT_DECL void session::send_window_change(const terminal_size& size) {
    detail::send_request(
        core_, wire::window_change{size.columns, size.rows, size.width_pixels, size.height_pixels});
}

ADIT_DECL void session::send_signal(std::string_view name) {
    detail::send_request(core_, wire::signal_request{name.substr(0, detail::most_signal_name)});
}

ADIT_DECL void session::direct_errors(detail::errors_go where) {
    if (core_ != nullptr) core_->direct_errors(where);
}

ADIT_DECL server_session::server_session(channel accepted)
    : core_(accepted.core()), stream_(std::move(accepted)) {
    if (core_ == nullptr) return;
    errors_ = error_writer(core_);
    if (core_->session == nullptr) {
        core_->session = std::make_unique<detail::session_state>(core_->ex);
    }
}

ADIT_DECL task<session_request> server_session::receive(
    std::shared_ptr<detail::channel_core> core) {
    if (core == nullptr) throw boost::system::system_error(asio::error::not_connected);
    answer(*core, false);
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
    if (core_ != nullptr) answer(*core_, success);
}

ADIT_DECL void server_session::answer(detail::channel_core& core, bool success) {
    const bool owes = std::exchange(core.owes_answer, false);
    if (owes && core.owner != nullptr) core.owner->answer_request(core, success);
}

ADIT_DECL void server_session::send_exit_status(std::uint32_t status) {
    detail::send_request(core_, wire::exit_status{status});
}

ADIT_DECL void server_session::send_exit_signal(std::string_view name, bool core_dumped,
                                                std::string_view message) {
    detail::send_request(core_,
                         wire::exit_signal{name.substr(0, detail::most_signal_name), core_dumped,
                                           message.substr(0, detail::most_signal_message), ""});
}

#endif  // ADIT_BODIES

}  // namespace adit
