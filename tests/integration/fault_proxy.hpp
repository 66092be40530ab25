// A TCP proxy in this process that does to a connection what networks do: black holes each way,
// delay, dribble, a cut after so many bytes, a reset or an orderly end at any time. Stands between
// a client and an sshd, or between a server and a database. Used by partition.cpp; its sister in
// memory is support/memory_pipe.hpp. Invariants: it loses no byte unless it cuts, as TCP does not;
// it listens from its construction to its destruction; what it is told counts from the next piece
// on.
#pragma once

#include "integration/local_server.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace adit::test {

enum class cut : std::uint8_t { by_reset, by_end };

class fault_proxy {
public:
    /// What happens to one direction.
    struct line {
        bool holds = false;                       ///< a black hole
        std::chrono::milliseconds delay{0};       ///< of each piece
        std::size_t piece = payload_piece;        ///< the most that passes at once
        std::uint64_t cut_after = until_the_end;  ///< bytes of all connections together
        cut how = cut::by_reset;
        std::uint64_t passed = 0;  ///< bytes of all connections together
    };

    fault_proxy(const executor& ex, std::uint16_t far_port);
    fault_proxy(const fault_proxy&) = delete;
    fault_proxy& operator=(const fault_proxy&) = delete;
    ~fault_proxy();

    [[nodiscard]] std::uint16_t port() const { return state_->port; }
    /// From who called to whom the proxy leads.
    [[nodiscard]] line& up() noexcept { return state_->up; }
    [[nodiscard]] line& down() noexcept { return state_->down; }
    void hold(bool yes) noexcept { up().holds = down().holds = yes; }
    /// Every connection, now.
    void cut_all(cut how);

private:
    struct link {
        link(tcp::socket n, tcp::socket f) : near(std::move(n)), far(std::move(f)) {}
        tcp::socket near, far;
    };
    struct state {
        state(const executor& ex, std::uint16_t to)
            : acceptor(ex, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
              port(acceptor.local_endpoint().port()),
              far_port(to) {}
        tcp::acceptor acceptor;
        std::uint16_t port, far_port;
        line up, down;
        std::vector<std::weak_ptr<link>> links;
    };
    static task<> accept_loop(std::shared_ptr<state> s);
    static task<> serve(std::shared_ptr<state> s, tcp::socket near);
    static task<> pump(std::shared_ptr<state> s, std::shared_ptr<link> l, bool upwards);
    static task<bool> pass(line& where, tcp::socket& to, const std::vector<byte>& piece,
                           std::size_t size);
    static void end(link& l, cut how);

    std::shared_ptr<state> state_;
};

inline fault_proxy::fault_proxy(const executor& ex, std::uint16_t far_port)
    : state_(std::make_shared<state>(ex, far_port)) {
    asio::co_spawn(ex, accept_loop(state_), [](std::exception_ptr) {});
}

inline fault_proxy::~fault_proxy() {
    error_code ignored;
    state_->acceptor.close(ignored);
    hold(false);
    cut_all(cut::by_reset);
}

inline void fault_proxy::cut_all(cut how) {
    for (const auto& weak : state_->links) {
        if (const auto l = weak.lock()) end(*l, how);
    }
}

inline void fault_proxy::end(link& l, cut how) {
    for (tcp::socket* side : {&l.near, &l.far}) {
        error_code ignored;
        side->set_option(asio::socket_base::linger(how == cut::by_reset, 0), ignored);
        // Unread bytes would make a reset of any close.
        if (how == cut::by_end) side->shutdown(tcp::socket::shutdown_send, ignored);
        if (how == cut::by_reset) side->close(ignored);
    }
}

inline task<> fault_proxy::accept_loop(std::shared_ptr<state> s) {
    for (;;) {
        tcp::socket near(s->acceptor.get_executor());
        co_await s->acceptor.async_accept(near, asio::deferred);
        asio::co_spawn(s->acceptor.get_executor(), serve(s, std::move(near)),
                       [](std::exception_ptr) {});
    }
}

inline task<> fault_proxy::serve(std::shared_ptr<state> s, tcp::socket near) {
    tcp::socket far = co_await dial(s->far_port);
    near.set_option(tcp::no_delay(true));
    far.set_option(tcp::no_delay(true));
    const auto l = std::make_shared<link>(std::move(near), std::move(far));
    s->links.push_back(l);
    for (const bool upwards : {true, false}) {
        asio::co_spawn(s->acceptor.get_executor(), pump(s, l, upwards), [](std::exception_ptr) {});
    }
}

inline task<> fault_proxy::pump(std::shared_ptr<state> s, std::shared_ptr<link> l, bool upwards) {
    line& where = upwards ? s->up : s->down;
    tcp::socket& from = upwards ? l->near : l->far;
    tcp::socket& to = upwards ? l->far : l->near;
    std::vector<byte> piece(payload_piece);
    for (;;) {
        const std::size_t most = std::min(where.piece, piece.size());
        const auto got = co_await from.async_read_some(asio::buffer(piece.data(), most), as_result);
        if (where.delay.count() != 0) co_await sleep_for(where.delay);
        while (where.holds) co_await sleep_for(std::chrono::milliseconds(2));
        const error_code ec = std::get<0>(got);
        if (ec == asio::error::eof) {
            error_code ignored;
            to.shutdown(tcp::socket::shutdown_send, ignored);
            co_return;
        }
        const bool goes_on = !ec && co_await pass(where, to, piece, std::get<1>(got));
        if (goes_on) continue;
        end(*l, ec ? cut::by_reset : where.how);
        co_return;
    }
}

// False: here it is cut.
inline task<bool> fault_proxy::pass(line& where, tcp::socket& to, const std::vector<byte>& piece,
                                    std::size_t size) {
    const std::uint64_t left = where.cut_after - std::min(where.cut_after, where.passed);
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left, size));
    const auto put = co_await asio::async_write(to, asio::buffer(piece.data(), n), as_result);
    where.passed += n;
    co_return !std::get<0>(put) && n == size;
}

}  // namespace adit::test
