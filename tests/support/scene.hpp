// A client of ours and a server of a test on one io_context, joined in memory: play() runs the
// parts of a dialogue, each a coroutine, until all have ended; step() lets everything happen that
// can happen without the clock. Used by the tests of transport/, auth/, connection/ and the doors.
// Invariants: one thread, no sleeping; a part that throws fails the test, and one that hangs does
// after half a minute; finish() requires that no slab is held and nothing waits (T31).
#pragma once

#include "support/memory_stream.hpp"
#include "support/print.hpp"
#include "support/test.hpp"
#include "support/test_server.hpp"

#include <adit/client.hpp>
#include <adit/trust.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace adit::test {

/// Lets tests look at the connection behind a client.
template <auto Member>
struct reveal_state {
    friend auto& state_of(client& c) { return c.*Member; }
};
auto& state_of(client& c);
template struct reveal_state<&client::state_>;

[[nodiscard]] inline std::string fingerprint_of(byte host_key) {
    return keys::fingerprint(sample_public_key(host_key));
}

/// Logs in as alice with sample key 7 at the host that has sample key 1.
[[nodiscard]] inline client_options sample_options() {
    client_options o("alice", "server.test", trust_fingerprints({fingerprint_of(1)}));
    o.credentials.push_back(key_credential(sample_key(7), "seven"));
    o.algorithms = fast_algorithms();
    o.random = std::make_shared<fixed_random>(byte{1});
    return o;
}

class scene {
public:
    using part = std::function<task<>()>;

    client_options options = sample_options();
    test_server_options server_side;
    pipe_options wire;
    asio::io_context ctx;

    /// The two sides as the options say, joined; play() and the like do it by themselves.
    void set_up();
    [[nodiscard]] client& ssh();
    [[nodiscard]] test_server& server();
    [[nodiscard]] detail::connection& link() { return *link_; }
    [[nodiscard]] memory_pipe& up() { return *up_; }      ///< client to server
    [[nodiscard]] memory_pipe& down() { return *down_; }  ///< server to client

    /// Runs the parts until all have ended.
    void play(std::vector<part> parts);
    /// Everything that is ready now.
    void step() {
        ctx.restart();
        ctx.poll();
    }
    /// The handshake of both sides.
    void make_ready();
    /// A channel that the server's terms describe; the client's number is 0 for the first.
    [[nodiscard]] channel open(channel_terms terms);
    /// Both sides of a handshake that has to fail; the client's error.
    [[nodiscard]] error_code failing_handshake(part server_part);
    /// Closes the client, lets everything end, and destroys the client.
    void finish();

private:
    static void run(asio::io_context& ctx, const std::function<bool()>& done);

    std::shared_ptr<memory_pipe> up_, down_;
    std::optional<client> ssh_;
    std::shared_ptr<detail::connection> link_;
    std::optional<test_server> server_;
};

// What clients do in a dialogue.

[[nodiscard]] inline task<error_code> handshake_of(client& c) {
    auto shaking = c.async_handshake(asio::as_tuple(asio::deferred));
    const auto outcome = co_await std::move(shaking);
    co_return std::get<0>(outcome);
}

[[nodiscard]] inline task<channel> open_on(client& c) {
    target to("db.internal", 5432);
    auto opening = c.async_open(std::move(to), asio::deferred);
    co_return co_await std::move(opening);
}

[[nodiscard]] inline task<> write_all(channel& c, std::string text) {
    asio::const_buffer left(text.data(), text.size());
    while (left.size() != 0) {
        auto writing = c.async_write_some(left, asio::deferred);
        left += co_await std::move(writing);
    }
}

struct end_of_reading {
    std::string text;
    error_code why;
};

/// Reads n bytes, or up to the end.
[[nodiscard]] inline task<end_of_reading> read_up_to(channel& c, std::size_t n) {
    end_of_reading result;
    std::vector<char> room(64 * 1024);
    while (result.text.size() < n && !result.why) {
        const std::size_t most = std::min(room.size(), n - result.text.size());
        auto reading =
            c.async_read_some(asio::buffer(room.data(), most), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(reading);
        result.why = std::get<0>(outcome);
        result.text.append(room.data(), std::get<1>(outcome));
    }
    co_return result;
}

[[nodiscard]] inline task<end_of_reading> read_to_end(channel& c) {
    return read_up_to(c, std::string::npos);
}

/// Bytes that tell when one is missing, doubled or out of order.
[[nodiscard]] inline std::string pattern(std::size_t size, unsigned seed = 1) {
    std::string text(size, '\0');
    std::uint32_t x = seed * 2654435761U + 1;
    for (char& c : text) {
        x = x * 1664525U + 1013904223U;
        c = static_cast<char>(x >> 24U);
    }
    return text;
}

// Details.

inline void scene::set_up() {
    if (ssh_) return;
    auto [client_end, server_end] = memory_pair(ctx.get_executor(), wire);
    up_ = client_end.outgoing();
    down_ = client_end.incoming();
    ssh_.emplace(std::move(client_end), options);
    link_ = state_of(*ssh_)->link;
    server_.emplace(std::move(server_end), server_side);
}

inline client& scene::ssh() {
    set_up();
    return *ssh_;
}

inline test_server& scene::server() {
    set_up();
    return *server_;
}

inline void scene::run(asio::io_context& ctx, const std::function<bool()>& done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ctx.restart();
    while (!done() && ctx.run_one_until(limit) != 0) {}
}

inline void scene::play(std::vector<part> parts) {
    set_up();
    std::size_t left = parts.size();
    std::exception_ptr failure;
    for (part& p : parts) {
        asio::co_spawn(ctx, p, [&left, &failure](std::exception_ptr thrown) {
            --left;
            if (thrown && !failure) failure = thrown;
        });
    }
    run(ctx, [&] { return left == 0 || failure; });
    if (failure) {
        ctx.stop();
        if (link_->finished()) {
            BOOST_TEST_MESSAGE(link_->stream().report().describe(link_->error()));
        }
        std::rethrow_exception(failure);
    }
    BOOST_REQUIRE_MESSAGE(left == 0, "a part of the dialogue hangs");
}

inline void scene::make_ready() {
    const auto client_part = [this]() -> task<> {
        const error_code ec = co_await handshake_of(ssh());
        BOOST_REQUIRE_MESSAGE(!ec, ssh().diagnostics().describe(ec));
    };
    const auto server_part = [this]() -> task<> { co_await server().make_ready(); };
    play({client_part, server_part});
}

inline channel scene::open(channel_terms terms) {
    channel opened;
    const auto client_part = [&]() -> task<> { opened = co_await open_on(ssh()); };
    const auto server_part = [&]() -> task<> {
        static_cast<void>(co_await server().accept_channel(terms));
    };
    play({client_part, server_part});
    return opened;
}

inline error_code scene::failing_handshake(part server_part) {
    error_code failure;
    const auto client_part = [&]() -> task<> { failure = co_await handshake_of(ssh()); };
    play({client_part, std::move(server_part)});
    BOOST_TEST(failure);
    return failure;
}

inline void scene::finish() {
    ssh_->close();
    // The server's end goes too, so that a farewell is not waited for.
    step();
    server_->port().stream().close(detail::close_mode::orderly);
    run(ctx, [] { return false; });
    BOOST_TEST(ctx.stopped());
    const slab_pool pool = link_->stream().pool();
    ssh_.reset();
    link_.reset();
    BOOST_TEST(pool.in_use() == 0U);
}

}  // namespace adit::test
