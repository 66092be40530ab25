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

using client_operations = rows<client_handshake, client_open, client_wait_closed>;
using channel_operations =
    rows<channel_read_some, channel_wait_readable, channel_write_some, channel_wait_writable>;

}  // namespace adit::test
