// The rows of client.hpp and channel.hpp for the matrices of tests/tokens and tests/cancellation;
// operation.hpp says what a row is. The other side is a script (test_server.hpp) in memory.
// Invariant: every public async_* of these headers is in a list at the end (check_operations.py).
#pragma once

#include "support/operation.hpp"
#include "support/scene.hpp"
#include "support/talk.hpp"

namespace adit::test {

/// A client at a server in memory.
template <class Value = nothing>
struct client_row : plain_row<Value> {
    scene s;

    client_row() { s.set_up(); }
    [[nodiscard]] asio::io_context& ctx() { return s.ctx; }
    void settle() { s.step(); }
    void destroy() { const client gone = std::move(s.ssh()); }
    void end() { s.finish(); }
};

struct client_handshake : client_row<> {
    static constexpr std::string_view name = "client::async_handshake";
    static constexpr promise promised = promise::terminal;

    template <class Token>
    auto begin(Token&& token) {
        return s.ssh().async_handshake(std::forward<Token>(token));
    }
    void wake() {
        if (std::exchange(awake, true)) return;
        spawn(s.ctx, [this] { return until_gone([this] { return serve(); }); });
    }
    task<> serve() {
        co_await s.server().make_ready();
        co_await s.server().expect_end();
    }
    [[nodiscard]] bool right(const nothing&) { return s.ssh().is_open(); }
    [[nodiscard]] bool over() {
        ending<nothing> opening;
        s.ssh().async_open({"db.internal", 5432}, [&](error_code ec, const channel&) {
            ++opening.completions;
            opening.ec = ec;
        });
        settle();
        return !s.ssh().is_open() && opening.completions == 1 && opening.ec;
    }

    bool awake = false;
};

struct client_open : client_row<channel> {
    static constexpr std::string_view name = "client::async_open";
    static constexpr promise promised = promise::total;

    client_open() { s.make_ready(); }
    template <class Token>
    auto begin(Token&& token) {
        target to("db.internal", 5432);
        return s.ssh().async_open(std::move(to), std::forward<Token>(token));
    }
    // From now on the server answers, what was cancelled before as well.
    void wake() {
        if (std::exchange(awake, true)) return;
        spawn(s.ctx, [this] { return until_gone([this] { return s.server().echo(); }); });
    }
    [[nodiscard]] bool right(const channel& c) { return c.is_open(); }
    [[nodiscard]] bool intact() { return s.ssh().info().channels == 0; }

    bool awake = false;
};

/// A server that listens for the client, and opens a channel for it when it is told to.
struct listening_script {
    static constexpr std::uint16_t port = 4022;

    // One request, or the client's end.
    task<> answer(test_server& server) {
        const protocol::packet p = co_await server.port().receive_packet();
        if (p.id() != wire::message_id::global_request) co_return;
        const auto m = value_of(wire::decode<wire::global_request>(p.payload));
        if (m.request_name == "tcpip-forward") {
            ++granted;
            const auto reply = detail::encoded_fields(wire::tcpip_forward_reply{port});
            server.reply(wire::request_success{{reply}});
        } else if (m.request_name == "cancel-tcpip-forward") {
            ++cancelled;
        }
        co_await server.flush();
    }
    task<> answer_all(test_server& server) {
        for (;;) co_await answer(server);
    }
    [[nodiscard]] static std::vector<byte> connection(std::uint32_t sender = 77) {
        const auto fields =
            detail::encoded_fields(wire::forwarded_tcpip{"localhost", port, "192.0.2.9", 5000});
        return payload_of(wire::channel_open{"forwarded-tcpip", sender, 1000, 1000, {fields}});
    }

    int granted = 0, cancelled = 0;
};

[[nodiscard]] inline forward_target any_port() {
    forward_target where;
    where.host = "localhost";
    return where;
}

struct client_listen : client_row<remote_listener> {
    static constexpr std::string_view name = "client::async_listen";
    static constexpr promise promised = promise::total;

    client_listen() { s.make_ready(); }
    template <class Token>
    auto begin(Token&& token) {
        return s.ssh().async_listen(any_port(), std::forward<Token>(token));
    }
    void wake() {
        if (std::exchange(awake, true)) return;
        spawn(s.ctx,
              [this] { return until_gone([this] { return script.answer_all(s.server()); }); });
    }
    [[nodiscard]] bool right(const remote_listener& l) {
        return l.is_open() && l.where().port == listening_script::port;
    }
    // What was granted late is given back.
    [[nodiscard]] bool intact() { return script.granted == script.cancelled; }

    listening_script script;
    bool awake = false;
};

struct remote_listener_accept : client_row<remote_connection> {
    static constexpr std::string_view name = "remote_listener::async_accept";
    static constexpr promise promised = promise::total;

    remote_listener_accept() {
        s.make_ready();
        const auto listens = [this]() -> task<> {
            auto listening = s.ssh().async_listen(any_port(), asio::deferred);
            listener = co_await std::move(listening);
        };
        const auto grants = [this]() -> task<> { co_await script.answer(s.server()); };
        s.play({listens, grants});
    }
    template <class Token>
    auto begin(Token&& token) {
        return listener.async_accept(std::forward<Token>(token));
    }
    void wake() {
        if (!std::exchange(awake, true)) say(s, {listening_script::connection()});
    }
    [[nodiscard]] bool right(const remote_connection& c) { return c.originator() == "192.0.2.9"; }
    // Who came meanwhile was there for the next one, and nobody is left.
    [[nodiscard]] bool intact() { return !s.link().channels().in_use(); }
    void destroy() { listener = remote_listener(); }
    void end() {
        listener = remote_listener();
        s.finish();
    }

    listening_script script;
    remote_listener listener;
    bool awake = false;
};

struct client_wait_closed : client_row<> {
    static constexpr std::string_view name = "client::async_wait_closed";
    static constexpr promise promised = promise::total;

    client_wait_closed() { s.make_ready(); }
    template <class Token>
    auto begin(Token&& token) {
        return s.ssh().async_wait_closed(std::forward<Token>(token));
    }
    void wake() { s.ssh().close(); }
    [[nodiscard]] static error_code expected() { return errc::connection_closed; }
};

/// A channel of a ready client, without data and without a window.
template <class Value>
struct channel_row : client_row<Value> {
    channel c;
    std::array<char, 8> room{};
    bool awake = false;

    channel_row() {
        this->s.make_ready();
        channel_terms terms;
        terms.window = 0;
        c = this->s.open(terms);
    }
    void destroy() { c = channel(); }
    void end() {
        c.close();
        this->s.finish();
    }
    void says(const std::vector<byte>& payload) {
        if (std::exchange(awake, true)) return;
        this->s.server().port().send_now(payload);
        spawn(this->s.ctx, [this] { return this->s.server().flush(); });
    }
};

/// Ten bytes come.
template <class Value>
struct reading_row : channel_row<Value> {
    static constexpr promise promised = promise::total;

    void wake() { this->says(data_message(0, "0123456789")); }
    [[nodiscard]] std::string rest() {
        error_code why;
        return all_there_is(this->c, why);
    }
};

struct channel_read_some : reading_row<std::size_t> {
    static constexpr std::string_view name = "channel::async_read_some";

    template <class Token>
    auto begin(Token&& token) {
        return c.async_read_some(asio::buffer(room), std::forward<Token>(token));
    }
    [[nodiscard]] bool right(std::size_t size) {
        return size == 8 && std::string_view(room.data(), size) == "01234567";
    }
    [[nodiscard]] bool intact() { return rest() == "89"; }
};

struct channel_wait_readable : reading_row<nothing> {
    static constexpr std::string_view name = "channel::async_wait_readable";

    template <class Token>
    auto begin(Token&& token) {
        return c.async_wait_readable(std::forward<Token>(token));
    }
    [[nodiscard]] bool intact() { return rest() == "0123456789"; }
};

/// A window comes.
template <class Value>
struct writing_row : channel_row<Value> {
    static constexpr promise promised = promise::total;

    void wake() { this->says(payload_of(wire::channel_window_adjust{0, 100})); }
    /// What the server has of us.
    [[nodiscard]] std::string sent() {
        std::string text;
        for (const auto& message : heard(this->s)) {
            if (message[0] != static_cast<byte>(wire::message_id::channel_data)) continue;
            text += as_text(value_of(wire::decode<wire::channel_data>(message)).data);
        }
        return text;
    }
};

struct channel_write_some : writing_row<std::size_t> {
    static constexpr std::string_view name = "channel::async_write_some";

    channel_write_some() { room = {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}; }
    template <class Token>
    auto begin(Token&& token) {
        return c.async_write_some(asio::buffer(room), std::forward<Token>(token));
    }
    [[nodiscard]] bool right(std::size_t size) { return size == 8; }
    [[nodiscard]] bool intact() { return sent() == "abcdefgh"; }
};

struct channel_wait_writable : writing_row<nothing> {
    static constexpr std::string_view name = "channel::async_wait_writable";

    template <class Token>
    auto begin(Token&& token) {
        return c.async_wait_writable(std::forward<Token>(token));
    }
    [[nodiscard]] bool intact() { return sent().empty(); }
};

using client_operations =
    rows<client_handshake, client_open, client_listen, remote_listener_accept, client_wait_closed>;
using channel_operations =
    rows<channel_read_some, channel_wait_readable, channel_write_some, channel_wait_writable>;

}  // namespace adit::test
