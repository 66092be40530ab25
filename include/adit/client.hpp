// The client's door: an SSH connection over any AsyncStream — a TCP socket, a Unix socket, TLS, or
// a channel of another connection (a jump host). RFC 4253, 4252, 4254.
//
//     adit::client ssh(std::move(socket), options);
//     co_await ssh.async_handshake(asio::deferred);
//     adit::channel db = co_await ssh.async_open({"db.internal", 5432}, asio::deferred);
//
// Not thread-safe: all calls, completions and cancellations belong into the stream's strand.
// Invariant: no credential leaves before the host key was trusted; no channel opens before login.
// Over 300 lines: a third of it documentation.
#pragma once

#include <adit/auth/client.hpp>
#include <adit/auth/outside.hpp>
#include <adit/bodies.hpp>
#include <adit/channel.hpp>
#include <adit/connection/handshake.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/erase.hpp>
#include <adit/forward.hpp>
#include <adit/options.hpp>
#include <adit/remote_listener.hpp>
#include <adit/session.hpp>
#include <adit/transport/kex_client.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace adit {

/// Where the server is to connect to. The name is looked up by the server and sent untouched.
struct target {
    target(std::string host_name, std::uint16_t port_number)
        : host(std::move(host_name)), port(port_number) {}
    /// A Unix socket of the server's, OpenSSH's PROTOCOL section 2.4.
    [[nodiscard]] static target at_path(std::string path) {
        target to(std::move(path), 0);
        to.is_socket = true;
        return to;
    }
    /// For people; escaped.
    [[nodiscard]] std::string to_string() const {
        return forward_target{is_socket, host, port, {}, 0}.to_string();
    }
    bool is_socket = false;  ///< `host` is its path
    std::string host;
    std::uint16_t port;
    std::string originator = "127.0.0.1";  ///< whom the server is told that it serves
    std::uint16_t originator_port = 0;
};

/// What two peers agreed on.
struct session_info {
    std::string peer_version;  ///< escaped
    std::string kex, host_key_algorithm, cipher_to_server, cipher_to_client;
    std::string mac_to_server, mac_to_client;  ///< empty with an AEAD cipher
    bool strict_kex = false;
    std::string host_key_fingerprint;
    std::uint64_t bytes_sent = 0, bytes_received = 0, rekeys = 0;
    std::size_t channels = 0;
    /// From a keepalive to its answer, the latest; zero until there was one (they are sent into
    /// silence only, see limits::keepalive_interval).
    std::chrono::microseconds round_trip{0};
};

class client {
public:
    using executor_type = executor;

    /// Takes the stream. Nothing is sent before async_handshake.
    template <class Stream>
    client(Stream&& stream, client_options options);
    client(client&&) noexcept = default;
    client& operator=(client&& other) noexcept;
    ~client();

    [[nodiscard]] executor_type get_executor() const { return state_->link->get_executor(); }

    /// Identification, key exchange, trust, login; the connection then works by itself.
    /// void(error_code). Cancellation: terminal, closes the connection.
    /// Errors: errc, or what the stream says; diagnostics() has the story. Deadline:
    /// limits::handshake_timeout, then errc::deadline_exceeded.
    template <class Token>
    auto async_handshake(Token&& token);

    /// A channel to `to`, connected by the server (RFC 4254 section 7.2, or to a Unix socket as in
    /// OpenSSH's PROTOCOL section 2.4). void(error_code, channel). Cancellation: any; a late
    /// confirmation is answered with CLOSE. Errors: errc::open_*, errc::too_many_channels,
    /// errc::deadline_exceeded, errc::connection_lost.
    template <class Token>
    auto async_open(target to, Token&& token);

    /// A session, RFC 4254 section 6.1: see session.hpp. void(error_code, session). Cancellation:
    /// any; a late confirmation is answered with CLOSE. Errors: as async_open.
    template <class Token>
    auto async_open_session(Token&& token);

    /// A listener at the server: a port, where port 0 is one that it chooses, on an address or name
    /// of its own ("" is every address, "localhost" the loopback; RFC 4254 section 7.1), or a Unix
    /// socket; see remote_listener.hpp. void(error_code, remote_listener). Cancellation: any; a
    /// late grant is taken back. Errors: errc::request_refused, errc::deadline_exceeded,
    /// errc::connection_lost.
    template <class Token>
    auto async_listen(forward_target where, Token&& token);

    /// Completes with what ended the connection. void(error_code). Cancellation: total.
    template <class Token>
    auto async_wait_closed(Token&& token) {
        return state_->link->async_wait_finished(std::forward<Token>(token));
    }

    /// DISCONNECT, and every operation ends with errc::connection_closed.
    void close() {
        if (state_ != nullptr) state_->link->finish(errc::connection_closed);
    }
    [[nodiscard]] bool is_open() const noexcept {
        return state_ != nullptr && state_->ready && !state_->link->finished();
    }

    /// The story of the latest failure. Read it after the operation that failed.
    [[nodiscard]] const adit::diagnostics& diagnostics() const noexcept {
        return state_->link->stream().report();
    }
    [[nodiscard]] session_info info() const;

private:
    friend class chain;
    friend class tunnel;

    struct state {
        state(std::shared_ptr<detail::connection> l, client_options o)
            : link(std::move(l)),
              clock(std::make_shared<detail::patience>(link->get_executor())),
              options(auth::outside_of(clock, std::move(o))) {}
        std::shared_ptr<detail::connection> link;
        std::shared_ptr<detail::patience> clock;  // of the handshake
        client_options options;
        bool ready = false;
    };

    [[nodiscard]] static std::shared_ptr<state> make_state(
        std::unique_ptr<detail::any_stream> stream, client_options options);
    static task<> converse(std::shared_ptr<state> s);
    static task<> handshake(std::shared_ptr<state> s);
    static task<channel> open(std::shared_ptr<state> s, target to, std::string& words);
    /// async_open as a task; `words` become the server's on a refusal, escaped. Both outlive it.
    [[nodiscard]] task<channel> open(target to, std::string& words) {
        return open(state_, std::move(to), words);
    }
    static task<channel> open_and_report(std::shared_ptr<state> s, target to);
    static task<session> open_session(std::shared_ptr<state> s);
    static task<remote_listener> listen(std::shared_ptr<state> s, forward_target where);
    /// No hook is told of anything any more.
    void silence();
    static void report_refusal(const state& s, const std::string& what, const std::string& words);

    std::shared_ptr<state> state_;
};

// Details.

template <class Stream>
client::client(Stream&& stream, client_options options)
    : state_(make_state(detail::erase(std::forward<Stream>(stream)), std::move(options))) {}

template <class Token>
auto client::async_handshake(Token&& token) {
    return detail::door(
        get_executor(), [s = state_] { return handshake(s); }, std::forward<Token>(token));
}

template <class Token>
auto client::async_open(target to, Token&& token) {
    return detail::door(
        get_executor(), [s = state_, to = std::move(to)] { return open_and_report(s, to); },
        std::forward<Token>(token), detail::any_cancellation);
}

template <class Token>
auto client::async_open_session(Token&& token) {
    return detail::door(
        get_executor(), [s = state_] { return open_session(s); }, std::forward<Token>(token),
        detail::any_cancellation);
}

template <class Token>
auto client::async_listen(forward_target where, Token&& token) {
    return detail::door(
        get_executor(), [s = state_, where = std::move(where)] { return listen(s, where); },
        std::forward<Token>(token), detail::any_cancellation);
}

#if ADIT_BODIES

ADIT_DECL std::shared_ptr<client::state> client::make_state(
    std::unique_ptr<detail::any_stream> stream, client_options options) {
    auto random = options.random;
    if (random == nullptr) random = std::make_shared<crypto::system_random>();
    packet_stream_parts parts(std::move(stream), protocol::role::client, options.limits, *random);
    auto link = std::make_shared<detail::connection>(std::move(parts), options.algorithms,
                                                     std::move(random));
    link->kex().pool = options.exchanges;
    link->channels().reset_on_bare_close = options.reset_on_bare_close;
    if (options.trace) link->stream().listen(options.trace);
    adit::diagnostics& report = link->stream().report();
    report.hop = options.user + "@" + options.host + ":" + std::to_string(options.port);
    return std::make_shared<state>(std::move(link), std::move(options));
}

ADIT_DECL client& client::operator=(client&& other) noexcept {
    if (this != &other) {
        close();
        state_ = std::move(other.state_);
    }
    return *this;
}

// Version and KEXINIT leave together, unasked; the first request of the login leaves with the
// service request: three round trips in all.
ADIT_DECL task<> client::converse(std::shared_ptr<state> s) {
    packet_stream& stream = s->link->stream();
    kex_session& kex = s->link->kex();
    const host_identity identity{s->options.host, s->options.port, s->options.trust};
    stream.send_identification(kex.our_identification);
    send_kexinit(stream, kex);
    kex.their_identification = co_await stream.receive_identification();
    stream.report().stage = stage::negotiation;
    const protocol::packet kexinit = co_await stream.receive_packet();
    co_await kex_client(stream, kex, identity, kexinit, protocol::phase::service);
    const bytes_view host_key = kex.host_key ? kex.host_key->blob() : bytes_view();
    const auth::login who{s->options.user, s->options.host, kex.session_id, host_key,
                          kex.host_key_signature};
    co_await auth::authenticate(stream, s->options, who);
}

ADIT_DECL task<> client::handshake(std::shared_ptr<state> s) {
    detail::handshake hands;
    // Waiting for a fresh code is nobody's fault.
    if (s->options.codes) hands.before = [s] { return s->options.codes->prepare(); };
    hands.talk = [s] { return converse(s); };
    hands.limit = s->options.limits.handshake_timeout;
    hands.clock = s->clock;
    co_await detail::shake(s->link, std::move(hands));
    if (s->link->stream().report().peer_version.starts_with("SSH-2.0-adit_")) {
        s->link->channels().reset_on_bare_close = true;
    }
    const host_identity identity{s->options.host, s->options.port, s->options.trust};
    auto half = [identity](packet_stream& stream, kex_session& kex, protocol::packet kexinit) {
        return kex_client(stream, kex, identity, kexinit, protocol::phase::connection);
    };
    detail::begin_loops(*s->link, std::move(half));
    s->ready = true;
}

ADIT_DECL client::~client() {
    close();
    silence();
}

ADIT_DECL void client::silence() {
    if (state_ != nullptr) state_->link->stream().listen({});
}

ADIT_DECL task<channel> client::open(std::shared_ptr<state> s, target to, std::string& words) {
    if (!s->ready) throw protocol_error(errc::connection_closed);
    if (to.is_socket) {
        const wire::direct_streamlocal fields{to.host, "", 0};
        co_return co_await detail::open_channel(*s->link, fields, words);
    }
    const wire::direct_tcpip fields{to.host, to.port, to.originator, to.originator_port};
    co_return co_await detail::open_channel(*s->link, fields, words);
}

// The report is the connection's: a channel that was refused may use it, one that was lost with the
// connection must not.
ADIT_DECL void client::report_refusal(const state& s, const std::string& what,
                                      const std::string& words) {
    if (s.link->finished()) return;
    adit::diagnostics& report = s.link->stream().report();
    report.subject = what;
    report.peer_text = words;
}

ADIT_DECL task<channel> client::open_and_report(std::shared_ptr<state> s, target to) {
    const std::string where = to.to_string();
    std::string words;
    try {
        co_return co_await open(s, std::move(to), words);
    } catch (const boost::system::system_error&) {
        report_refusal(*s, where, words);
        throw;
    }
}

ADIT_DECL task<session> client::open_session(std::shared_ptr<state> s) {
    std::string words;
    try {
        if (!s->ready) throw protocol_error(errc::connection_closed);
        const wire::session_open fields;
        co_return session(co_await detail::open_channel(*s->link, fields, words));
    } catch (const boost::system::system_error&) {
        report_refusal(*s, "session", words);
        throw;
    }
}

ADIT_DECL task<remote_listener> client::listen(std::shared_ptr<state> s, forward_target where) {
    const std::string shown = where.to_string();
    try {
        if (!s->ready) throw protocol_error(errc::connection_closed);
        co_return co_await detail::listen_at(s->link, std::move(where));
    } catch (const boost::system::system_error&) {
        report_refusal(*s, shown, "");
        throw;
    }
}

ADIT_DECL session_info client::info() const {
    const packet_stream& stream = state_->link->stream();
    const kex_session& kex = state_->link->kex();
    session_info i;
    const adit::diagnostics& report = diagnostics();
    i.peer_version = report.peer_version;
    i.kex = kex.agreed.kex;
    i.host_key_algorithm = kex.agreed.host_key;
    i.cipher_to_server = kex.agreed.cipher_to_server;
    i.cipher_to_client = kex.agreed.cipher_to_client;
    i.mac_to_server = kex.agreed.mac_to_server;
    i.mac_to_client = kex.agreed.mac_to_client;
    i.strict_kex = kex.strict;
    i.host_key_fingerprint = report.host_key_fingerprint;
    i.bytes_sent = stream.bytes_sent();
    i.bytes_received = stream.bytes_received();
    i.rekeys = state_->link->rekeys();
    i.channels = state_->link->channels().size();
    i.round_trip = state_->link->life().round_trip();
    return i;
}

#endif  // ADIT_BODIES

}  // namespace adit
