// The rows of server.hpp and of the server's half of session.hpp for the matrices of tests/tokens
// and tests/cancellation; operation.hpp says what a row is. The other side is a script
// (test_client.hpp) in memory.
// Invariant: every public async_* of these classes is in the list at the end (check_operations.py).
#pragma once

#include "support/operation.hpp"
#include "support/server_scene.hpp"

#include <adit/session.hpp>

#include <map>

namespace adit::test {

/// A server at a client in memory.
template <class Value = nothing>
struct server_row : plain_row<Value> {
    server_scene s;

    server_row() { s.set_up(); }
    [[nodiscard]] asio::io_context& ctx() { return s.ctx; }
    void settle() { s.step(); }
    void destroy() { const server gone = std::move(s.peer()); }
    void end() { s.finish(); }

    void opens(std::string type, const std::vector<byte>& data) {
        s.client().send(wire::channel_open{type, 40, 1U << 20U, 1U << 15U, {data}});
    }
    void flushes() {
        spawn(s.ctx, [this] { return s.client().flush(); });
    }
};

struct server_handshake : server_row<> {
    static constexpr std::string_view name = "server::async_handshake";
    static constexpr promise promised = promise::terminal;

    template <class Token>
    auto begin(Token&& token) {
        return s.peer().async_handshake(std::forward<Token>(token));
    }
    void wake() {
        if (std::exchange(awake, true)) return;
        spawn(s.ctx, [this] { return until_gone([this] { return logs_in(); }); });
    }
    task<> logs_in() {
        co_await s.client().shake();
        co_await s.client().log_in(7);
        static_cast<void>(co_await s.client().expect_end());
    }
    [[nodiscard]] bool right(const nothing&) { return s.peer().who().user == "alice"; }
    [[nodiscard]] bool over() {
        ending<incoming> accepting;
        s.peer().async_accept(accepting.handler());
        settle();
        return !s.peer().is_open() && accepting.completions == 1 && accepting.ec;
    }

    bool awake = false;
};

struct server_accept : server_row<incoming> {
    static constexpr std::string_view name = "server::async_accept";
    static constexpr promise promised = promise::total;

    server_accept() { s.make_ready(); }
    template <class Token>
    auto begin(Token&& token) {
        return s.peer().async_accept(std::forward<Token>(token));
    }
    void wake() {
        if (std::exchange(awake, true)) return;
        opens("session", {});
        flushes();
    }
    [[nodiscard]] bool right(incoming& asked) {
        const channel accepted = asked.accept();
        return asked.what() == incoming::kind::session && accepted.is_open();
    }

    bool awake = false;
};

struct server_open_forwarded : server_row<channel> {
    static constexpr std::string_view name = "server::async_open_forwarded";
    static constexpr promise promised = promise::total;

    server_open_forwarded() { s.make_ready(); }
    template <class Token>
    auto begin(Token&& token) {
        forward_target listener;
        listener.host = "127.0.0.1";
        listener.port = 8080;
        return s.peer().async_open_forwarded(std::move(listener), std::forward<Token>(token));
    }
    // From now on the client answers, what was cancelled before as well.
    void wake() {
        if (std::exchange(awake, true)) return;
        spawn(s.ctx, [this] { return until_gone([this] { return answers(); }); });
    }
    task<> answers() {
        for (std::uint32_t next = 70;;) {
            const protocol::packet packet = co_await s.client().port().receive_packet();
            if (packet.id() == wire::message_id::channel_open) {
                const auto m = value_of(wire::decode<wire::channel_open>(packet.payload));
                theirs[next] = m.sender_channel;
                s.client().send(wire::channel_open_confirmation{
                    m.sender_channel, next++, 1U << 20U, 1U << 15U, {}});
            } else if (packet.id() == wire::message_id::channel_close) {
                const auto m = value_of(wire::decode<wire::channel_close>(packet.payload));
                s.client().send(wire::channel_close{theirs.at(m.recipient_channel)});
            }
            co_await s.client().flush();
        }
    }
    [[nodiscard]] bool right(const channel& c) { return c.is_open(); }
    [[nodiscard]] bool intact() { return s.peer().channels() == 0; }

    std::map<std::uint32_t, std::uint32_t> theirs;
    bool awake = false;
};

struct server_wait_closed : server_row<> {
    static constexpr std::string_view name = "server::async_wait_closed";
    static constexpr promise promised = promise::total;

    server_wait_closed() { s.make_ready(); }
    template <class Token>
    auto begin(Token&& token) {
        return s.peer().async_wait_closed(std::forward<Token>(token));
    }
    void wake() { s.peer().close(errc::shutting_down); }
    [[nodiscard]] static error_code expected() { return errc::shutting_down; }
};

struct session_receive_request : server_row<session_request> {
    static constexpr std::string_view name = "server_session::async_receive_request";
    static constexpr promise promised = promise::total;

    session_receive_request() {
        s.make_ready();
        const auto asks = [this]() -> task<> {
            opens("session", {});
            co_await s.client().flush();
            const auto m = co_await s.client().expect<wire::channel_open_confirmation>();
            number = m.sender_channel;
        };
        const auto accepts = [this]() -> task<> {
            auto accepting = s.peer().async_accept(asio::deferred);
            incoming asked = co_await std::move(accepting);
            session.emplace(asked.accept());
        };
        s.play({asks, accepts});
    }
    template <class Token>
    auto begin(Token&& token) {
        return session->async_receive_request(std::forward<Token>(token));
    }
    void wake() {
        if (std::exchange(awake, true)) return;
        const std::vector<byte> command(4);
        s.client().send(wire::channel_request{number, "exec", true, {command}});
        flushes();
    }
    [[nodiscard]] bool right(const session_request& asked) {
        return asked.type == "exec" && asked.want_reply && asked.data.size() == 4;
    }
    void destroy() { session.reset(); }
    void end() {
        session.reset();
        s.finish();
    }

    std::optional<server_session> session;
    std::uint32_t number = 0;
    bool awake = false;
};

using server_operations = rows<server_handshake, server_accept, server_open_forwarded,
                               server_wait_closed, session_receive_request>;

}  // namespace adit::test
