// The server's door: an SSH server over any AsyncStream, one object for each connection. It proves
// its host key, asks the options' authenticator about logins, and hands over what the client asks
// for, each to be accepted or refused by its owner. RFC 4253, 4252, 4254. Used by bastion.hpp; the
// class shows how. Not thread-safe: all that happens belongs into the stream's strand.
// Invariants: nothing is handed over before the login is complete; what is not answered is refused.
// Over 300 lines: two classes, a third of it documentation.
#pragma once

#include <adit/auth/server.hpp>
#include <adit/channel.hpp>
#include <adit/connection/handshake.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/erase.hpp>
#include <adit/forward.hpp>
#include <adit/server_options.hpp>
#include <adit/transport/kex_server.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit {

/// Something that a client asks for. Moved, not copied; refused by its destructor.
class incoming {
public:
    enum class kind : std::uint8_t {
        session,               ///< accept(); see session.hpp
        direct_tcpip,          ///< accept(): a channel to target()
        direct_streamlocal,    ///< the same to a Unix socket
        tcpip_forward,         ///< grant(): we listen at target() for the client
        cancel_tcpip_forward,  ///< grant(): we do not any more
        streamlocal_forward,
        cancel_streamlocal_forward,
    };

    incoming() = default;
    /// Used by server.
    incoming(std::shared_ptr<detail::connection> link, detail::unanswered asked);
    incoming(incoming&&) noexcept = default;
    incoming& operator=(incoming&& other) noexcept;
    ~incoming();

    [[nodiscard]] kind what() const noexcept { return what_; }
    [[nodiscard]] bool is_channel() const noexcept { return what_ <= kind::direct_streamlocal; }
    [[nodiscard]] const forward_target& target() const noexcept { return target_; }

    /// Opens the channel. Closed if the connection has gone, or has no room for another one.
    [[nodiscard]] channel accept();
    /// The answer to a listener: with the port that was chosen where the client named none.
    void grant(std::uint16_t port = 0);
    /// The words are shown to the client's user.
    void refuse(open_failure why = open_failure::administratively_prohibited,
                std::string_view words = {});

private:
    std::shared_ptr<detail::connection> link_;  // null: answered
    detail::unanswered asked_;
    kind what_ = kind::session;
    forward_target target_;
};

///     adit::server peer(std::move(socket), options, {"192.0.2.7", 40312});
///     co_await peer.async_handshake(asio::deferred);
///     adit::incoming asked = co_await peer.async_accept(asio::deferred);
///     adit::channel stream = asked.accept();
class server {
public:
    using executor_type = executor;

    /// Takes the stream. Nothing is sent before async_handshake. `number` tells the connection's
    /// events apart.
    template <class Stream>
    server(Stream&& stream, std::shared_ptr<const server_options> options, peer_address source = {},
           std::uint64_t number = 0);
    server(server&&) noexcept = default;
    server& operator=(server&&) = delete;
    ~server();

    [[nodiscard]] executor_type get_executor() const { return state_->link->get_executor(); }

    /// Before async_handshake: the threads for its key exchanges, whatever the options say.
    void exchange_on(std::shared_ptr<kex_pool> pool) { state_->link->kex().pool = std::move(pool); }

    /// Identification, key exchange, login; then async_accept works. void(error_code).
    /// Cancellation: terminal, closes the connection. Deadlines: limits::login_grace for all of it,
    /// identification_timeout and kex_timeout for its parts: errc::deadline_exceeded.
    template <class Token>
    auto async_handshake(Token&& token);

    /// What the client asks for next. void(error_code, incoming). One at a time. Cancellation: any.
    /// Errors: what ended the connection.
    template <class Token>
    auto async_accept(Token&& token);

    /// A connection to one of the client's listeners (RFC 4254 section 7.2), told as it was asked
    /// for. void(error_code, channel). Cancellation: any.
    /// Errors: errc::open_*, errc::deadline_exceeded, errc::connection_lost.
    template <class Token>
    auto async_open_forwarded(forward_target listener, Token&& token);

    /// Completes with what ended the connection. void(error_code). Cancellation: total.
    template <class Token>
    auto async_wait_closed(Token&& token) {
        return state_->link->async_wait_finished(std::forward<Token>(token));
    }

    /// DISCONNECT with this reason, and every operation ends with it.
    void close(error_code why = errc::connection_closed) {
        if (state_ != nullptr) state_->link->finish(why);
    }
    [[nodiscard]] bool is_open() const noexcept {
        return state_ != nullptr && state_->ready && !state_->link->finished();
    }

    /// Tells the options' sink; who, from where and how long is filled in.
    void audit(audit_event event) const { tell(*state_, std::move(event)); }

    /// Who has logged in; empty before.
    [[nodiscard]] const identity& who() const noexcept { return state_->who; }
    [[nodiscard]] const adit::diagnostics& diagnostics() const noexcept {
        return state_->link->stream().report();
    }
    /// Whether an attempt to log in was refused.
    [[nodiscard]] bool login_refused() const noexcept { return state_->login_refused; }
    /// Channels that are open or about to be.
    [[nodiscard]] std::size_t channels() const noexcept { return state_->link->channels().size(); }
    [[nodiscard]] std::uint64_t bytes_sent() const noexcept {
        return state_->link->stream().bytes_sent();
    }
    [[nodiscard]] std::uint64_t bytes_received() const noexcept {
        return state_->link->stream().bytes_received();
    }

private:
    using clock = std::chrono::steady_clock;

    struct state {
        state(std::shared_ptr<detail::connection> l, std::shared_ptr<const server_options> o)
            : link(std::move(l)), options(std::move(o)) {}
        std::shared_ptr<detail::connection> link;
        std::shared_ptr<const server_options> options;
        identity who;
        std::uint64_t number = 0;
        clock::time_point began = clock::now();
        bool ready = false;
        bool login_refused = false;
    };

    [[nodiscard]] static std::shared_ptr<state> make_state(
        std::unique_ptr<detail::any_stream> stream, std::shared_ptr<const server_options> options,
        peer_address source, std::uint64_t number);
    static task<> converse(std::shared_ptr<state> s);
    static task<> handshake(std::shared_ptr<state> s);
    static task<incoming> accept(std::shared_ptr<state> s);
    static task<channel> open_forwarded(std::shared_ptr<state> s, forward_target listener);
    static void tell(const state& s, audit_event event);
    static void tell_end(const state& s, error_code why);

    std::shared_ptr<state> state_;
};

// Details: what was asked for.

namespace detail {

[[nodiscard]] inline adit::incoming::kind kind_of(std::string_view name) noexcept {
    using kind = adit::incoming::kind;
    if (name == "direct-tcpip") return kind::direct_tcpip;
    if (name == "direct-streamlocal@openssh.com") return kind::direct_streamlocal;
    if (name == "tcpip-forward") return kind::tcpip_forward;
    if (name == "cancel-tcpip-forward") return kind::cancel_tcpip_forward;
    if (name == "streamlocal-forward@openssh.com") return kind::streamlocal_forward;
    if (name == "cancel-streamlocal-forward@openssh.com") return kind::cancel_streamlocal_forward;
    return kind::session;
}

}  // namespace detail

inline incoming::incoming(std::shared_ptr<detail::connection> link, detail::unanswered asked)
    : link_(std::move(link)), asked_(std::move(asked)), what_(detail::kind_of(asked_.name)) {
    try {
        target_ = detail::parse_target(asked_.name, asked_.data);
    } catch (const boost::system::system_error&) {
        refuse(open_failure::administratively_prohibited, "malformed request");
        throw;
    }
}

inline incoming::~incoming() {
    const auto link = link_;
    try {
        refuse();
    } catch (const std::exception&) {
        // Without memory for an answer the peer's questions can no longer be kept in order.
        link->finish(errc::out_of_memory);
    }
}

inline incoming& incoming::operator=(incoming&& other) noexcept {
    if (this != &other) {
        // Refused by its destructor, which never throws.
        const incoming unanswered(std::move(*this));
        link_ = std::move(other.link_);
        asked_ = std::move(other.asked_);
        what_ = other.what_;
        target_ = std::move(other.target_);
    }
    return *this;
}

inline channel incoming::accept() {
    // What is no channel stays unanswered, and is refused when it goes.
    if (!is_channel()) return {};
    const auto link = std::exchange(link_, nullptr);
    if (link == nullptr || link->finished()) return {};
    auto core = link->channels().accept(asked_);
    return core ? channel(*core) : channel();
}

inline void incoming::grant(std::uint16_t port) {
    if (is_channel()) return;
    const auto link = std::exchange(link_, nullptr);
    if (link == nullptr || link->finished()) return;
    detail::global_answer answer{true, {}};
    if (what_ == kind::tcpip_forward && target_.port == 0) {
        const wire::tcpip_forward_reply reply{port};
        answer.data.resize(wire::fields_size(reply));
        wire::writer w(answer.data);
        wire::put_fields(w, reply);
    }
    link->channels().answer_global(asked_, std::move(answer));
}

inline void incoming::refuse(open_failure why, std::string_view words) {
    const auto link = std::exchange(link_, nullptr);
    if (link == nullptr || link->finished()) return;
    if (is_channel()) {
        link->channels().refuse(asked_, why, words);
    } else {
        link->channels().answer_global(asked_, {});
    }
}

// Details: the connection.

template <class Stream>
server::server(Stream&& stream, std::shared_ptr<const server_options> options, peer_address source,
               std::uint64_t number)
    : state_(make_state(detail::erase(std::forward<Stream>(stream)), std::move(options),
                        std::move(source), number)) {}

/// The algorithms of the list that we have a key for (C14).
[[nodiscard]] inline std::string provable_algorithms(const std::string& wanted,
                                                     const host_key_signers& host_keys) {
    std::string names;
    wire::name_list{wanted}.any_of([&](std::string_view name) {
        if (kex::find_signer(host_keys, name) == nullptr) return false;
        if (!names.empty()) names += ',';
        names += name;
        return false;
    });
    return names;
}

inline std::shared_ptr<server::state> server::make_state(
    std::unique_ptr<detail::any_stream> stream, std::shared_ptr<const server_options> options,
    peer_address source, std::uint64_t number) {
    auto random = options->random;
    if (random == nullptr) random = std::make_shared<crypto::system_random>();
    packet_stream_parts parts(std::move(stream), protocol::role::server, options->limits, *random);
    algorithm_preferences offer = options->algorithms;
    offer.host_keys = provable_algorithms(offer.host_keys, options->host_keys);
    auto link =
        std::make_shared<detail::connection>(std::move(parts), std::move(offer), std::move(random));
    link->kex().pool = options->exchanges;
    if (options->trace) link->stream().listen(options->trace);
    link->stream().report().hop = source.to_string();
    auto s = std::make_shared<state>(std::move(link), std::move(options));
    s->who.source = std::move(source);
    s->number = number;
    s->link->on_finish = [weak = std::weak_ptr(s)](error_code why) {
        if (const auto alive = weak.lock()) tell_end(*alive, why);
    };
    return s;
}

inline void server::tell(const state& s, audit_event event) {
    if (!s.options->audit) return;
    event.connection = s.number;
    event.source = s.who.source.to_string();
    if (event.user.empty()) event.user = escaped(s.who.user, 255);
    if (event.duration.count() == 0) {
        event.duration =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - s.began);
    }
    s.options->audit(event);
}

inline void server::tell_end(const state& s, error_code why) {
    audit_event event;
    event.what = audit_event::kind::connection_ended;
    event.error = why;
    event.bytes_to_target = s.link->stream().bytes_received();
    event.bytes_from_target = s.link->stream().bytes_sent();
    event.text = s.link->stream().report().describe(why);
    tell(s, std::move(event));
}

// RFC 8308: what we verify, and that we answer pings.
inline void send_ext_info(packet_port& port, const server_options& options) {
    const std::string algorithms = auth::accepted_signature_algorithms(options);
    const std::array<wire::extension, 2> all{
        wire::extension{"server-sig-algs", as_bytes(algorithms)},
        wire::extension{"ping@openssh.com", as_bytes("0")}};
    std::size_t size = 0;
    for (const wire::extension& e : all) size += wire::fields_size(e);
    std::vector<byte> encoded(size);
    wire::writer w(encoded);
    for (const wire::extension& e : all) wire::put_fields(w, e);
    port.send(wire::ext_info{static_cast<wire::u32>(all.size()), {encoded}});
}

inline task<> server::converse(std::shared_ptr<state> s) {
    packet_stream& stream = s->link->stream();
    kex_session& kex = s->link->kex();
    const server_options& options = *s->options;
    detail::stage_deadline stage_limit(s->link);
    stage_limit.arm(options.limits.identification_timeout);
    try {
        stream.send_identification(kex.our_identification);
        send_kexinit(stream, kex);
        kex.their_identification = co_await stream.receive_identification();
        stage_limit.arm(options.limits.kex_timeout);
        stream.report().stage = stage::negotiation;
        const protocol::packet kexinit = co_await stream.receive_packet();
        co_await kex_server(stream, kex, options.host_keys, kexinit, protocol::phase::service);
    } catch (const boost::system::system_error&) {
        if (stage_limit.passed()) throw protocol_error(errc::deadline_exceeded);
        throw;
    }
    stage_limit.arm({});
    if (kex.agreed.peer_wants_ext_info) send_ext_info(stream, options);
    // An answer that comes when all is over is nobody's.
    auto tell_attempt = [&s](audit_event event) {
        s->login_refused |= event.what == audit_event::kind::login_refused;
        if (!s->link->finished()) tell(*s, std::move(event));
    };
    const auth::server_settings settings{options, kex.session_id, s->who.source,
                                         std::move(tell_attempt)};
    identity who = co_await auth::authenticate_client(stream, settings);
    if (s->link->finished()) throw protocol_error(s->link->error());
    s->who = std::move(who);
    stream.send(wire::userauth_success{});
}

inline task<> server::handshake(std::shared_ptr<state> s) {
    detail::handshake hands;
    hands.talk = [s] { return converse(s); };
    hands.limit = s->options->limits.login_grace;
    co_await detail::shake(s->link, std::move(hands));
    s->link->channels().serve();
    auto half = [options = s->options](packet_stream& stream, kex_session& kex,
                                       protocol::packet kexinit) {
        return kex_server(stream, kex, options->host_keys, kexinit, protocol::phase::connection);
    };
    detail::begin_loops(*s->link, std::move(half));
    s->ready = true;
}

template <class Token>
auto server::async_handshake(Token&& token) {
    return detail::door(
        get_executor(), [s = state_] { return handshake(s); }, std::forward<Token>(token));
}

inline task<incoming> server::accept(std::shared_ptr<state> s) {
    const auto link = s->link;
    for (;;) {
        if (link->finished()) throw protocol_error(link->error());
        if (!s->ready) throw protocol_error(errc::connection_closed);
        if (auto asked = link->channels().take_incoming()) {
            error_code malformed;
            try {
                co_return incoming(link, std::move(*asked));
            } catch (const boost::system::system_error& e) {
                malformed = e.code();
            }
            // C13: a client that cannot write a request is not talked to any more.
            link->finish(malformed);
            throw protocol_error(malformed);
        }
        try {
            co_await link->channels().wait_incoming();
        } catch (const boost::system::system_error&) {
            if (!link->finished()) throw;
        }
    }
}

template <class Token>
auto server::async_accept(Token&& token) {
    return detail::door(
        get_executor(), [s = state_] { return accept(s); }, std::forward<Token>(token),
        detail::any_cancellation);
}

inline task<channel> server::open_forwarded(std::shared_ptr<state> s, forward_target listener) {
    std::string words;
    if (!s->ready) throw protocol_error(errc::connection_closed);
    if (listener.is_socket) {
        const wire::forwarded_streamlocal fields{listener.host, ""};
        co_return co_await detail::open_channel(*s->link, fields, words);
    }
    const wire::forwarded_tcpip fields{listener.host, listener.port, listener.originator,
                                       listener.originator_port};
    co_return co_await detail::open_channel(*s->link, fields, words);
}

template <class Token>
auto server::async_open_forwarded(forward_target listener, Token&& token) {
    return detail::door(
        get_executor(),
        [s = state_, listener = std::move(listener)] { return open_forwarded(s, listener); },
        std::forward<Token>(token), detail::any_cancellation);
}

inline server::~server() {
    close();
    if (state_ != nullptr) state_->link->stream().listen({});
}

}  // namespace adit
