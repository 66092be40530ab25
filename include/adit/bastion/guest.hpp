// One client of a bastion, from its login to its end: each channel that it opens is dialled and
// relayed, each listener that it asks for listens, a session gets its line. Used by bastion.hpp.
// RFC 4254 section 7, OpenSSH's PROTOCOL section 2.4. Invariants: what is asked for is answered
// once; listeners end with their client; every relay and every refusal is told to the audit, until
// it is muted.
// Over 300 lines: one client's channels, listeners and sessions, which share its state.
#pragma once

#include <adit/bastion/dial.hpp>
#include <adit/bastion/policy.hpp>
#include <adit/bodies.hpp>
#include <adit/connection/relay.hpp>
#include <adit/detail/accept_loop.hpp>
#include <adit/detail/spawn.hpp>
#include <adit/server.hpp>
#include <adit/session.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace adit::detail {

class guest final : public std::enable_shared_from_this<guest> {
public:
    /// Nothing is told any more once `muted` says so.
    guest(server peer, std::shared_ptr<const guest_options> options,
          std::shared_ptr<const bool> muted)
        : peer_(std::move(peer)), options_(std::move(options)), muted_(std::move(muted)) {}

    [[nodiscard]] server& peer() noexcept { return peer_; }
    /// Serves what the client asks for until it has gone. After the handshake.
    [[nodiscard]] task<> run();
    /// From now on nothing new is opened; ends by itself when nothing is under way any more.
    void drain();
    void close(error_code why);
    [[nodiscard]] std::size_t relays() const noexcept { return relays_; }

private:
    using tcp = asio::ip::tcp;
    using clock = std::chrono::steady_clock;
    using kind = incoming::kind;

    struct listener {
        listener(const executor& ex, forward_target t) : acceptor(ex), where(std::move(t)) {}
        tcp::acceptor acceptor;
        forward_target where;  // as the client named it, with the port that it got
    };

    void handle(incoming asked);
    static task<> forward(std::shared_ptr<guest> self, incoming asked);
    static task<> relay_both(std::shared_ptr<guest> self, std::unique_ptr<any_stream> near,
                             channel far, std::string target);
    static task<> listen(std::shared_ptr<guest> self, incoming asked);
    [[nodiscard]] std::string refusal_to_listen(const forward_target& where) const;
    static task<> serve_listener(std::shared_ptr<guest> self, std::shared_ptr<listener> l);
    static task<> forward_back(std::shared_ptr<guest> self, std::shared_ptr<listener> l,
                               tcp::socket accepted, tcp::endpoint from);
    void cancel_listener(incoming asked);
    void end_listeners(const std::string& why);
    static task<> serve_session(std::shared_ptr<guest> self, channel stream);
    static task<> hand_over(const guest_options& options, const identity& who, channel stream);
    static task<> say_no_session(std::shared_ptr<guest> self, channel stream);

    void start(task<> body) { spawn(peer_.get_executor(), std::move(body)); }
    void tell(audit_event::kind what, const std::string& target, std::string_view why);
    void tell(audit_event event) {
        if (!*muted_) peer_.audit(std::move(event));
    }

    /// A dial, a relay or an embedder's session that is under way.
    class counted {
    public:
        explicit counted(std::shared_ptr<guest> g) : guest_(std::move(g)) { ++guest_->relays_; }
        counted(const counted&) = delete;
        counted& operator=(const counted&) = delete;
        ~counted() {
            const bool last = --guest_->relays_ == 0;
            if (last && guest_->draining_) guest_->close(errc::shutting_down);
        }

    private:
        std::shared_ptr<guest> guest_;
    };

    server peer_;
    std::shared_ptr<const guest_options> options_;
    std::shared_ptr<const bool> muted_;
    std::map<std::pair<std::string, std::uint16_t>, std::shared_ptr<listener>> listeners_;
    std::size_t relays_ = 0;
    std::size_t asked_listeners_ = 0;  // about which the policy is thinking
    std::size_t waiting_accepts_ = 0;  // that the client has not confirmed
    bool draining_ = false;
};

// Details.

#if ADIT_BODIES

ADIT_DECL task<> guest::run() {
    const auto self = shared_from_this();
    try {
        for (;;) {
            auto accepting = peer_.async_accept(asio::deferred);
            incoming asked = co_await std::move(accepting);
            handle(std::move(asked));
        }
    } catch (const boost::system::system_error&) {
        // Why it ended, the connection's own event tells.
        end_listeners("the client has gone");
    } catch (const std::bad_alloc&) {
        // Its listeners would keep it, and nobody would hear what it is asked for.
        close(errc::out_of_memory);
    }
}

ADIT_DECL void guest::close(error_code why) {
    end_listeners(why.message());
    peer_.close(why);
}

ADIT_DECL void guest::handle(incoming asked) {
    const auto self = shared_from_this();
    if (draining_) return asked.refuse(open_failure::resource_shortage, "shutting down");
    switch (asked.what()) {
        case kind::direct_tcpip:
        case kind::direct_streamlocal: return start(forward(self, std::move(asked)));
        case kind::tcpip_forward: return start(listen(self, std::move(asked)));
        case kind::cancel_tcpip_forward: return cancel_listener(std::move(asked));
        case kind::session: break;
        // A socket's file on the bastion would be the client's to choose.
        case kind::streamlocal_forward:
        case kind::cancel_streamlocal_forward:
            tell(audit_event::kind::listener_refused, asked.target().to_string(),
                 "Unix sockets are not listened on");
            return asked.refuse();
    }
    channel stream = asked.accept();
    if (!stream.is_open()) return;
    if (options_->on_session) return start(serve_session(self, std::move(stream)));
    tell(audit_event::kind::session_refused, "", options_->session_line);
    start(say_no_session(self, std::move(stream)));
}

ADIT_DECL void guest::tell(audit_event::kind what, const std::string& target,
                           std::string_view why) {
    audit_event event;
    event.what = what;
    event.target = target;
    event.text = std::string(why);
    tell(std::move(event));
}

ADIT_DECL void guest::drain() {
    draining_ = true;
    end_listeners("shutting down");
    if (relays_ == 0) close(errc::shutting_down);
}

// Channels.

ADIT_DECL task<> guest::forward(std::shared_ptr<guest> self, incoming asked) {
    const forward_target to = asked.target();
    const std::string where = to.to_string();
    const forward_question question{self->peer_.who(), asked.what(), to, {}};
    const counted under_way(self);
    dialled outcome = co_await dial_target(self->peer_, *self->options_, question);
    channel far;
    if (outcome.stream != nullptr) far = asked.accept();
    if (far.is_open()) {
        self->tell(audit_event::kind::forward_opened, where, "");
        co_await relay_both(self, std::move(outcome.stream), std::move(far), where);
    } else {
        self->tell(audit_event::kind::forward_refused, where, outcome.words);
        asked.refuse(outcome.why, outcome.words);
    }
}

ADIT_DECL task<> guest::relay_both(std::shared_ptr<guest> self, std::unique_ptr<any_stream> near,
                                   channel far, std::string target) {
    const auto began = clock::now();
    const auto core = far.release_core();
    auto running = std::make_shared<relay>(std::move(near), core);
    const relay_report report = co_await running->run();
    audit_event event;
    event.what = audit_event::kind::forward_closed;
    event.target = std::move(target);
    event.bytes_to_target = report.to_stream;
    event.bytes_from_target = report.to_channel;
    event.duration = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began);
    event.error = report.error;
    if (report.error) event.text = report.error.message();
    self->tell(std::move(event));
    // What is queued for the client has arrived when its CLOSE comes; until then drain() waits.
    if (core->owner == nullptr) co_return;
    auto closed = asio::async_initiate<const asio::deferred_t&, void(error_code)>(
        initiate_wait_closed(core), asio::deferred);
    co_await std::move(closed);
}

// Listeners.

ADIT_DECL std::string guest::refusal_to_listen(const forward_target& where) const {
    if (draining_ || !peer_.is_open()) return "shutting down";
    const bool port_is_low = where.port != 0 && where.port < options_->lowest_listen_port;
    if (port_is_low) return "the port is reserved";
    if (listeners_.size() + asked_listeners_ > options_->server->limits.listeners) {
        return "too many listeners";
    }
    const identity& who = peer_.who();
    return who.allowed.allow_listen(where.host, where.port, unix_seconds()) ? "" : "not permitted";
}

// As with GatewayPorts=no, whatever address the client names: listeners are on the loopback.
ADIT_DECL task<> guest::listen(std::shared_ptr<guest> self, incoming asked) {
    forward_target where = asked.target();
    const forward_question question{self->peer_.who(), asked.what(), where, {}};
    // Those that are being asked about count, too (L23); this one is one of them.
    ++self->asked_listeners_;
    std::string why = self->refusal_to_listen(where);
    if (why.empty()) {
        const bool allowed = co_await allowed_by(self->options_->policy, question);
        why = allowed ? self->refusal_to_listen(where) : "not permitted";
    }
    --self->asked_listeners_;
    const auto l = std::make_shared<listener>(self->peer_.get_executor(), where);
    if (why.empty()) {
        try {
            const tcp::endpoint local(asio::ip::address_v4::loopback(), where.port);
            l->acceptor.open(local.protocol());
            l->acceptor.set_option(asio::socket_base::reuse_address(true));
            l->acceptor.bind(local);
            l->acceptor.listen();
            l->where.port = l->acceptor.local_endpoint().port();
        } catch (const boost::system::system_error& e) {
            why = e.code().message();
        }
    }
    const std::string shown = l->where.to_string();
    if (!why.empty()) {
        self->tell(audit_event::kind::listener_refused, shown, why);
        asked.refuse();
        co_return;
    }
    self->listeners_[{l->where.host, l->where.port}] = l;
    self->tell(audit_event::kind::listener_opened, shown, "");
    asked.grant(l->where.port);
    self->start(serve_listener(self, l));
}

ADIT_DECL void guest::cancel_listener(incoming asked) {
    const forward_target& where = asked.target();
    const auto found = listeners_.find({where.host, where.port});
    if (found == listeners_.end()) return asked.refuse();
    error_code ignored;
    found->second->acceptor.close(ignored);
    tell(audit_event::kind::listener_closed, where.to_string(), "cancelled");
    listeners_.erase(found);
    asked.grant();
}

ADIT_DECL void guest::end_listeners(const std::string& why) {
    for (const auto& [where, l] : std::exchange(listeners_, {})) {
        error_code ignored;
        l->acceptor.close(ignored);
        tell(audit_event::kind::listener_closed, l->where.to_string(), why);
    }
}

ADIT_DECL task<> guest::serve_listener(std::shared_ptr<guest> self, std::shared_ptr<listener> l) {
    const auto take = [&self, &l](tcp::socket accepted, tcp::endpoint from) {
        self->start(forward_back(self, l, std::move(accepted), from));
    };
    std::function<void(tcp::socket, tcp::endpoint)> taker = take;
    co_await accept_loop<tcp>(l->acceptor, std::move(taker));
}

ADIT_DECL task<> guest::forward_back(std::shared_ptr<guest> self, std::shared_ptr<listener> l,
                                     tcp::socket accepted, tcp::endpoint from) {
    std::unique_ptr<any_stream> near = dialling::as_stream(std::move(accepted));
    forward_target where = l->where;
    where.originator = from.address().to_string();
    where.originator_port = from.port();
    const std::string shown = where.to_string();
    // L23: a client that confirms none is not asked about any more.
    if (self->waiting_accepts_ >= self->options_->server->limits.pending_accepts) {
        near->close(close_mode::abortive);
        self->tell(audit_event::kind::forward_refused, shown, "too many wait for the client");
        co_return;
    }
    const counted under_way(self);
    channel far;
    error_code refused;
    ++self->waiting_accepts_;
    try {
        auto opening = self->peer_.async_open_forwarded(where, asio::deferred);
        far = co_await std::move(opening);
    } catch (const boost::system::system_error& e) {
        refused = e.code();
    }
    --self->waiting_accepts_;
    if (refused) {
        near->close(close_mode::abortive);
        self->tell(audit_event::kind::forward_refused, shown, refused.message());
    } else {
        self->tell(audit_event::kind::forward_opened, shown, "");
        co_await relay_both(self, std::move(near), std::move(far), shown);
    }
}

// Sessions.

// A37: whatever the embedder's code throws ends that session only.
ADIT_DECL task<> guest::hand_over(const guest_options& options, const identity& who,
                                  channel stream) {
    try {
        co_await options.on_session(who, std::move(stream));
    } catch (...) {
        co_return;
    }
}

ADIT_DECL task<> guest::serve_session(std::shared_ptr<guest> self, channel stream) {
    const counted under_way(self);
    const auto core = stream.core();
    co_await hand_over(*self->options_, self->peer_.who(), std::move(stream));
    // What it wrote last has arrived when the client's CLOSE comes; until then drain() waits.
    if (core->owner == nullptr || !core->handle_gone) co_return;
    auto closed = asio::async_initiate<const asio::deferred_t&, void(error_code)>(
        initiate_wait_closed(core), asio::deferred);
    co_await std::move(closed);
}

ADIT_DECL task<> guest::say_no_session(std::shared_ptr<guest> self, channel stream) {
    server_session session(std::move(stream));
    bool asked = false;
    while (!asked) {
        auto receiving = session.async_receive_request(asio::deferred);
        const session_request request = co_await std::move(receiving);
        asked = request.type == "shell" || request.type == "exec" || request.type == "subsystem";
        // A terminal is promised, so that the line is all that its owner sees.
        const bool terminal =
            request.type == "pty-req" && self->peer_.who().allowed.allow_pty(unix_seconds());
        session.answer(asked || terminal);
    }
    const std::string line = self->options_->session_line + "\r\n";
    auto writing = asio::async_write(session.stream(), asio::buffer(line), asio::deferred);
    static_cast<void>(co_await std::move(writing));
    session.send_exit_status(1);
    session.stream().shutdown_send();
    session.stream().close();
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
