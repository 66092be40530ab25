// A local way into a tunnel, of any kind: a port, a Unix socket, or either with SOCKS
// (DynamicForward of ssh_config(5)). Bound at once, listening from listen() on; hands over who
// comes in as a visitor, who is told how the channel's opening ended. Used by tunnel.hpp.
//
// Not thread-safe: all that happens belongs into the executor's strand.
// Invariants: a visitor that is dropped is reset (over a Unix socket Linux shows a clean end,
// unless bytes of the client's are unread: there is no reset of those); behind close() nobody is
// handed over any more; without descriptors it waits (L24); greetings are bounded in time, bytes
// and number.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/accept_loop.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/detail/erase.hpp>
#include <adit/detail/spawn.hpp>
#include <adit/tunnel/local_forward.hpp>
#include <adit/tunnel/socket_file.hpp>
#include <adit/tunnel/socks_greeting.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit {

/// Who came in, and where to.
struct visitor {
    explicit visitor(target where) : to(std::move(where)) {}

    std::unique_ptr<detail::any_stream> stream;
    target to;
    std::string peer;  ///< for people: its address, or the entrance's path
    std::shared_ptr<protocol::socks_server> socks;  ///< null: there is nothing to be said

    /// The channel is open; before anything else goes either way. False: nobody is there any more.
    [[nodiscard]] bool welcome();
    /// The channel was not opened; the stream ends. `words` are the server's.
    void turn_away(error_code why, std::string_view words = {});
};

class entrance {
public:
    /// Must not throw anything but bad_alloc.
    using taker = std::function<void(visitor)>;

    /// Nothing is bound before bind().
    entrance(executor ex, local_forward where)
        : state_(std::make_shared<state>(std::move(ex), std::move(where))) {}
    entrance(entrance&&) noexcept = default;
    entrance& operator=(entrance&&) = delete;
    ~entrance() { close(); }

    /// Holds the port or makes the socket's file. Throws system_error.
    void bind();
    /// From now on visitors come. `broken` is told, once, when nobody can come any more because the
    /// listening socket itself is broken (T29); bind() and listen() then begin anew. Throws
    /// system_error.
    void listen(taker take, std::function<void()> broken = {});
    /// Nobody comes any more; greetings under way are reset, and the socket's file goes. At any
    /// moment, also from `take`.
    void close() noexcept;

    [[nodiscard]] bool is_bound() const noexcept;
    [[nodiscard]] const local_forward& where() const noexcept { return state_->where; }
    /// Of a port; 0.0.0.0:0 for a Unix socket, and where nothing is bound.
    [[nodiscard]] asio::ip::tcp::endpoint endpoint() const;
    /// For people: address and port, with the port that was chosen, or the path.
    [[nodiscard]] std::string to_string() const;

private:
    using tcp = asio::ip::tcp;
    using local = asio::local::stream_protocol;

    struct state {
        state(executor e, local_forward w)
            : ex(std::move(e)), where(std::move(w)), port(ex), socket(ex) {}
        executor ex;
        local_forward where;
        tcp::acceptor port;
        local::acceptor socket;
        detail::socket_file file;
        taker take;
        std::function<void()> broken;
        std::vector<std::shared_ptr<visitor>> greeting;
        bool closed = false;
    };

    // More are hung up on.
    static constexpr std::size_t most_greetings = 128;

    static task<> accept_ports(std::shared_ptr<state> s);
    static task<> accept_sockets(std::shared_ptr<state> s);
    static void tell_broken(const std::shared_ptr<state>& s);
    static void come_in(const std::shared_ptr<state>& s, visitor who);
    static task<> greet(std::shared_ptr<state> s, std::shared_ptr<visitor> who);
    [[nodiscard]] static task<> talk(const state& s, visitor& who);

    std::shared_ptr<state> state_;  // null: moved from
};

// Details.

#if ADIT_BODIES

ADIT_DECL bool visitor::welcome() {
    if (socks == nullptr) return true;
    socks->reply(protocol::socks_reply::succeeded);
    return detail::send_socks(*stream, *socks);
}

ADIT_DECL void visitor::turn_away(error_code why, std::string_view words) {
    if (stream == nullptr) return;
    bool told = false;
    if (socks != nullptr) {
        socks->reply(detail::socks_reply_for(why, words));
        told = detail::send_socks(*stream, *socks);
    }
    stream->close(told ? detail::close_mode::orderly : detail::close_mode::abortive);
}

ADIT_DECL void entrance::bind() {
    state& s = *state_;
    error_code ignored;
    s.port.close(ignored);  // what broke still holds its address
    s.socket.close(ignored);
    s.file.remove();
    if (!s.where.bind_path.empty()) {
        s.file = detail::socket_file::bind(s.socket, s.where.bind_path, s.where.bind_mask,
                                           s.where.replace_socket);
        return;
    }
    const tcp::endpoint at(asio::ip::make_address(s.where.bind_address), s.where.bind_port);
    tcp::acceptor acceptor(s.ex);
    acceptor.open(at.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(at);
    s.where.bind_port = acceptor.local_endpoint().port();  // which stays, whatever happens
    s.port = std::move(acceptor);
}

ADIT_DECL void entrance::listen(taker take, std::function<void()> broken) {
    state_->take = std::move(take);
    state_->broken = std::move(broken);
    if (state_->where.bind_path.empty()) {
        state_->port.listen();
        detail::spawn(state_->ex, accept_ports(state_));
    } else {
        state_->socket.listen();
        detail::spawn(state_->ex, accept_sockets(state_));
    }
}

ADIT_DECL task<> entrance::accept_ports(std::shared_ptr<state> s) {
    std::function<void(tcp::socket, tcp::endpoint)> take = [s](tcp::socket socket,
                                                               const tcp::endpoint& from) {
        // Whatever ends this process or a relay before its good end shows as a reset.
        error_code ignored;
        socket.set_option(asio::socket_base::linger(true, 0), ignored);
        visitor who(s->where.to);
        who.to.originator = from.address().to_string();
        who.to.originator_port = from.port();
        who.peer = who.to.originator + ":" + std::to_string(from.port());
        who.stream = detail::erase(std::move(socket));
        come_in(s, std::move(who));
    };
    co_await detail::accept_loop<tcp>(s->port, std::move(take), detail::when_broken::end);
    tell_broken(s);
}

ADIT_DECL void entrance::tell_broken(const std::shared_ptr<state>& s) {
    const auto broken = std::exchange(s->broken, nullptr);
    if (!s->closed && broken) broken();
}

ADIT_DECL task<> entrance::accept_sockets(std::shared_ptr<state> s) {
    std::function<void(local::socket, local::endpoint)> take = [s](local::socket socket,
                                                                   const local::endpoint&) {
        visitor who(s->where.to);
        who.peer = s->where.bind_path;
        who.stream = detail::erase(std::move(socket));
        come_in(s, std::move(who));
    };
    co_await detail::accept_loop<local>(s->socket, std::move(take), detail::when_broken::end);
    tell_broken(s);
}

ADIT_DECL void entrance::come_in(const std::shared_ptr<state>& s, visitor who) {
    if (s->closed) return who.stream->close(detail::close_mode::abortive);
    const taker take = s->take;  // which may close us
    if (!s->where.dynamic) return take(std::move(who));
    if (s->greeting.size() >= most_greetings) return who.turn_away(errc::too_many_requests);
    who.socks = std::make_shared<protocol::socks_server>(s->where.socks_login);
    auto waiting = std::make_shared<visitor>(std::move(who));
    s->greeting.push_back(waiting);
    detail::spawn(s->ex, greet(s, std::move(waiting)));
}

ADIT_DECL task<> entrance::talk(const state& s, visitor& who) {
    auto body = [&who] { return detail::read_socks(*who.stream, *who.socks); };
    auto talking = detail::door(s.ex, std::move(body), asio::deferred);
    if (s.where.socks_timeout.count() == 0) {
        co_await std::move(talking);
    } else {
        co_await detail::with_deadline(std::move(talking), s.where.socks_timeout);
    }
}

ADIT_DECL task<> entrance::greet(std::shared_ptr<state> s, std::shared_ptr<visitor> who) {
    error_code failed;
    try {
        co_await talk(*s, *who);
    } catch (const boost::system::system_error& e) {
        failed = e.code();
    }
    std::erase(s->greeting, who);
    if (s->closed || failed) {
        who->stream->close(detail::close_mode::abortive);
    } else if (who->socks->now() != protocol::socks_server::state::asked) {
        who->stream->close(detail::close_mode::orderly);  // it was told why
    } else {
        who->to.host = who->socks->host();
        who->to.port = who->socks->port();
        const taker take = s->take;
        take(std::move(*who));
    }
}

ADIT_DECL void entrance::close() noexcept {
    if (state_ == nullptr || std::exchange(state_->closed, true)) return;
    state& s = *state_;
    error_code ignored;
    s.port.close(ignored);
    s.socket.close(ignored);
    s.file.remove();
    for (const auto& who : s.greeting) who->stream->close(detail::close_mode::abortive);
    s.take = nullptr;
}

ADIT_DECL bool entrance::is_bound() const noexcept {
    return state_ != nullptr && (state_->port.is_open() || state_->socket.is_open());
}

ADIT_DECL asio::ip::tcp::endpoint entrance::endpoint() const {
    error_code ignored;
    return state_->port.local_endpoint(ignored);
}

ADIT_DECL std::string entrance::to_string() const {
    const local_forward& where = state_->where;
    if (!where.bind_path.empty()) return escaped(where.bind_path);
    const tcp::endpoint at = endpoint();
    const std::uint16_t port = at.port() != 0 ? at.port() : where.bind_port;
    return forward_target{false, where.bind_address, port, {}, 0}.to_string();
}

#endif  // ADIT_BODIES

}  // namespace adit
