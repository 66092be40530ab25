// A TCP server in this process that behaves as a test says: the far end of a tunnel, or something
// that is no SSH server. Used by all of tests/integration.
// Invariant: it listens from its construction to its destruction, on a free port of loopback.
#pragma once

#include "integration/loop.hpp"
#include "integration/payload.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace adit::test {

using tcp = asio::ip::tcp;

class local_server {
public:
    /// Called for each connection; may throw what it likes.
    using behaviour = std::function<task<>(tcp::socket)>;

    local_server(const executor& ex, behaviour serve);
    local_server(const local_server&) = delete;
    local_server& operator=(const local_server&) = delete;
    ~local_server() {
        error_code ignored;
        state_->acceptor.close(ignored);
    }

    [[nodiscard]] std::uint16_t port() const { return state_->port; }
    [[nodiscard]] std::size_t accepted() const noexcept { return state_->accepted; }
    /// Connections whose behaviour has not ended.
    [[nodiscard]] std::size_t open() const noexcept { return state_->open; }
    /// Waits until it has so many open connections.
    [[nodiscard]] task<> has_open(std::size_t count) const;

private:
    struct state {
        state(const executor& ex, behaviour b)
            : serve(std::move(b)),
              acceptor(ex, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
              port(acceptor.local_endpoint().port()) {}
        behaviour serve;
        tcp::acceptor acceptor;
        std::uint16_t port;
        std::size_t accepted = 0, open = 0;
    };
    static task<> accept_loop(std::shared_ptr<state> s);

    std::shared_ptr<state> state_;
};

inline local_server::local_server(const executor& ex, behaviour serve)
    : state_(std::make_shared<state>(ex, std::move(serve))) {
    asio::co_spawn(ex, accept_loop(state_), [](std::exception_ptr) {});
}

inline task<> local_server::accept_loop(std::shared_ptr<state> s) {
    for (;;) {
        tcp::socket peer(s->acceptor.get_executor());
        co_await s->acceptor.async_accept(peer, asio::deferred);
        ++s->accepted;
        ++s->open;
        asio::co_spawn(s->acceptor.get_executor(), s->serve(std::move(peer)),
                       [s](std::exception_ptr) { --s->open; });
    }
}

inline task<> local_server::has_open(std::size_t count) const {
    const auto reached = [s = state_, count] { return s->open == count; };
    co_await wait_until(reached, "the far end has not the connections it should have",
                        std::chrono::seconds(60));
}

/// Sends everything back, and the end behind it.
inline task<> echo(tcp::socket peer) {
    std::vector<byte> piece(payload_piece);
    for (;;) {
        const auto got = co_await peer.async_read_some(asio::buffer(piece), as_result);
        if (std::get<0>(got)) break;
        co_await asio::async_write(peer, asio::buffer(piece.data(), std::get<1>(got)),
                                   asio::deferred);
    }
    peer.shutdown(tcp::socket::shutdown_send);
}

[[nodiscard]] inline task<tcp::socket> dial(std::uint16_t port) {
    tcp::socket socket(co_await asio::this_coro::executor);
    const tcp::endpoint to(asio::ip::address_v4::loopback(), port);
    co_await socket.async_connect(to, asio::deferred);
    co_return socket;
}

/// Closes with RST instead of FIN.
inline void reset(tcp::socket& socket) {
    socket.set_option(asio::socket_base::linger(true, 0));
    socket.close();
}

/// A port on which nobody listens: of a socket that is bound for as long as the object lives.
class dead_port {
public:
    explicit dead_port(const executor& ex)
        : holder_(ex, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}
    [[nodiscard]] std::uint16_t port() const { return holder_.local_endpoint().port(); }

private:
    tcp::socket holder_;
};

}  // namespace adit::test
