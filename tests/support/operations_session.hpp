// The rows of the client's half of session.hpp, of its server's writer of errors, and of a
// channel's flushed end, for the matrices of tests/tokens and tests/cancellation; operation.hpp
// says what a row is. The other side is a script in memory. Invariant: every public async_* of
// these is in the list at the end (check_operations.py).
#pragma once

#include "support/operations_client.hpp"
#include "support/operations_server.hpp"

namespace adit::test {

struct client_open_session : client_row<session> {
    static constexpr std::string_view name = "client::async_open_session";
    static constexpr promise promised = promise::total;

    client_open_session() { s.make_ready(); }
    template <class Token>
    auto begin(Token&& token) {
        return s.ssh().async_open_session(std::forward<Token>(token));
    }
    // From now on the server answers, what was cancelled before as well.
    void wake() {
        if (std::exchange(awake, true)) return;
        spawn(s.ctx, [this] { return until_gone([this] { return s.server().echo(); }); });
    }
    [[nodiscard]] bool right(const session& opened) { return opened.is_open(); }
    [[nodiscard]] bool intact() { return s.ssh().info().channels == 0; }

    bool awake = false;
};

/// A session of a ready client.
template <class Value = nothing>
struct session_row : client_row<Value> {
    session run;
    bool awake = false;

    session_row() {
        this->s.make_ready();
        const auto opens = [this]() -> task<> {
            auto opening = this->s.ssh().async_open_session(asio::deferred);
            run = co_await std::move(opening);
        };
        const auto accepts = [this]() -> task<> {
            const channel_terms terms;
            static_cast<void>(co_await this->s.server().accept_channel(terms));
        };
        this->s.play({opens, accepts});
    }
    void destroy() { run = session(); }
    void end() {
        run.close();
        this->s.finish();
    }
    void says(const std::vector<byte>& payload) {
        if (std::exchange(awake, true)) return;
        this->s.server().port().send_now(payload);
        spawn(this->s.ctx, [this] { return this->s.server().flush(); });
    }
};

/// From the moment that it wakes the server grants every request, and what was asked before.
struct asking_row : session_row<> {
    static constexpr promise promised = promise::partial;

    void wake() {
        if (std::exchange(awake, true)) return;
        spawn(s.ctx, [this] { return until_gone([this] { return grants(); }); });
    }
    task<> grants() {
        for (;;) {
            const protocol::packet packet = co_await s.server().port().receive_packet();
            if (packet.id() == wire::message_id::disconnect) co_return;
            if (packet.id() == wire::message_id::channel_request) {
                const auto m = value_of(wire::decode<wire::channel_request>(packet.payload));
                heard_types.emplace_back(m.request_type);
                s.server().reply(wire::channel_success{0});
            }
            co_await s.server().flush();
        }
    }
    // Each was sent once, those that were cancelled as well.
    [[nodiscard]] bool right(const nothing&) {
        return run.is_open() && heard_types == std::vector<std::string>(begun, asks);
    }
    [[nodiscard]] bool untouched() { return heard_types.empty(); }
    // No reply is waited for any more.
    [[nodiscard]] bool intact() { return run.stream().core()->session->requests.empty(); }

    std::string asks;
    std::size_t begun = 0;
    std::vector<std::string> heard_types;
};

struct session_request_env : asking_row {
    static constexpr std::string_view name = "session::async_request_env";

    session_request_env() { asks = "env"; }
    template <class Token>
    auto begin(Token&& token) {
        ++begun;
        return run.async_request_env("LANG", "C", std::forward<Token>(token));
    }
};

struct session_request_pty : asking_row {
    static constexpr std::string_view name = "session::async_request_pty";

    session_request_pty() { asks = "pty-req"; }
    template <class Token>
    auto begin(Token&& token) {
        ++begun;
        const pty_request terminal;
        return run.async_request_pty(terminal, std::forward<Token>(token));
    }
};

struct session_exec : asking_row {
    static constexpr std::string_view name = "session::async_exec";

    session_exec() { asks = "exec"; }
    template <class Token>
    auto begin(Token&& token) {
        ++begun;
        return run.async_exec("true", std::forward<Token>(token));
    }
};

struct session_shell : asking_row {
    static constexpr std::string_view name = "session::async_shell";

    session_shell() { asks = "shell"; }
    template <class Token>
    auto begin(Token&& token) {
        ++begun;
        return run.async_shell(std::forward<Token>(token));
    }
};

struct session_subsystem : asking_row {
    static constexpr std::string_view name = "session::async_subsystem";

    session_subsystem() { asks = "subsystem"; }
    template <class Token>
    auto begin(Token&& token) {
        ++begun;
        return run.async_subsystem("sftp", std::forward<Token>(token));
    }
};

struct session_wait_exit : session_row<exit_result> {
    static constexpr std::string_view name = "session::async_wait_exit";
    static constexpr promise promised = promise::total;

    template <class Token>
    auto begin(Token&& token) {
        return run.async_wait_exit(std::forward<Token>(token));
    }
    void wake() {
        const std::vector<byte> seven{0, 0, 0, 7};
        says(payload_of(wire::channel_request{0, "exit-status", false, {seven}}));
    }
    [[nodiscard]] bool right(const exit_result& exit) { return exit.status == 7U; }
};

struct errors_read_some : session_row<std::size_t> {
    static constexpr std::string_view name = "error_reader::async_read_some";
    static constexpr promise promised = promise::total;

    template <class Token>
    auto begin(Token&& token) {
        return run.errors().async_read_some(asio::buffer(room), std::forward<Token>(token));
    }
    void wake() { says(payload_of(wire::channel_extended_data{0, 1, as_bytes("0123456789")})); }
    [[nodiscard]] bool right(std::size_t size) {
        return size == 8 && std::string_view(room.data(), size) == "01234567";
    }
    [[nodiscard]] bool intact() {
        ending<std::size_t> rest;
        begin(rest.handler());
        settle();
        return rest.value == 2 && std::string_view(room.data(), 2) == "89";
    }

    std::array<char, 8> room{};
};

/// At a server, to a client that has granted no window.
struct errors_write_some : server_row<std::size_t> {
    static constexpr std::string_view name = "error_writer::async_write_some";
    static constexpr promise promised = promise::total;

    errors_write_some() {
        s.make_ready();
        const auto asks = [this]() -> task<> {
            s.client().send(wire::channel_open{"session", 40, 0, 1U << 15U, {}});
            co_await s.client().flush();
            const auto m = co_await s.client().expect<wire::channel_open_confirmation>();
            number = m.sender_channel;
        };
        const auto accepts = [this]() -> task<> {
            auto accepting = s.peer().async_accept(asio::deferred);
            incoming asked = co_await std::move(accepting);
            run.emplace(asked.accept());
        };
        s.play({asks, accepts});
    }
    template <class Token>
    auto begin(Token&& token) {
        return run->errors().async_write_some(asio::buffer("abcd", 4), std::forward<Token>(token));
    }
    void wake() {
        if (std::exchange(awake, true)) return;
        s.client().send(wire::channel_window_adjust{number, 100});
        flushes();
    }
    [[nodiscard]] bool right(std::size_t size) { return size == 4; }
    // The client has it once.
    [[nodiscard]] bool intact() {
        std::string got;
        const auto listens = [&]() -> task<> {
            const auto m = co_await s.client().expect<wire::channel_extended_data>();
            got = as_text(m.data);
        };
        s.play({listens});
        const std::size_t before = s.peer().bytes_sent();
        settle();
        return got == "abcd" && s.peer().bytes_sent() == before;
    }
    void destroy() { run.reset(); }
    void end() {
        run.reset();
        s.finish();
    }

    std::optional<server_session> run;
    std::uint32_t number = 0;
    bool awake = false;
};

/// The wire takes a byte, and the rest when somebody reads.
struct channel_shutdown_send : channel_row<nothing> {
    static constexpr std::string_view name = "channel::async_shutdown_send";
    static constexpr promise promised = promise::partial;

    channel_shutdown_send() { s.up().options.capacity = 1; }
    template <class Token>
    auto begin(Token&& token) {
        return c.async_shutdown_send(std::forward<Token>(token));
    }
    void wake() {
        if (std::exchange(awake, true)) return;
        s.up().options.capacity = std::size_t{64} * 1024;
        spawn(s.ctx, [this] { return until_gone([this] { return s.server().expect_end(); }); });
    }
    [[nodiscard]] bool intact() {
        return s.server().port().seen(wire::message_id::channel_eof) == 1;
    }
};

/// Our end, then the peer's.
struct channel_teardown : channel_row<nothing> {
    static constexpr std::string_view name = "async_teardown";
    static constexpr promise promised = promise::partial;

    template <class Token>
    auto begin(Token&& token) {
        return async_teardown(boost::beast::role_type::client, c, std::forward<Token>(token));
    }
    void wake() { says(payload_of(wire::channel_eof{0})); }
    [[nodiscard]] bool untouched() { return heard(s).empty(); }
    // EOF and CLOSE, once each.
    [[nodiscard]] bool intact() { return numbers(heard(s)) == std::vector<int>{96, 97}; }
};

using session_operations =
    rows<client_open_session, session_request_env, session_request_pty, session_exec, session_shell,
         session_subsystem, session_wait_exit, errors_read_some, errors_write_some,
         channel_shutdown_send, channel_teardown>;

}  // namespace adit::test
