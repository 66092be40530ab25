// A tunnel whose SSH connections are memory and whose time is the test's: every attempt to connect
// meets a server that does what the test has said about it. Local clients are real sockets on the
// loopback. Used by tests/unit/tunnel and tests/cancellation. Invariants: nothing sleeps; the n-th
// handler is the same in every run, as far as the kernel's loopback lets it.
#pragma once

#include "support/scene.hpp"
#include "support/virtual_clock.hpp"

#include <adit/tunnel.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit::test {

/// The server's end of one attempt.
struct tunnel_peer {
    std::unique_ptr<test_server> server;
    std::shared_ptr<memory_pipe> up, down;  ///< client to server, and back

    void reset() {
        up->reset();
        down->reset();
    }
};

/// A local client that reads all it gets.
class local_client {
public:
    local_client(asio::io_context& ctx, const asio::ip::tcp::endpoint& where) : socket_(ctx) {
        socket_.connect(where);
        read();
    }
    void write(const std::string& text) { asio::write(socket_, asio::buffer(text)); }
    void shutdown_send() { socket_.shutdown(asio::ip::tcp::socket::shutdown_send); }
    [[nodiscard]] const std::string& got() const noexcept { return got_; }
    /// None while it goes on.
    [[nodiscard]] error_code end() const noexcept { return end_; }
    [[nodiscard]] bool was_reset() const noexcept { return end_ == asio::error::connection_reset; }

private:
    void read() {
        socket_.async_read_some(asio::buffer(room_), [this](error_code ec, std::size_t n) {
            got_.append(room_.data(), n);
            end_ = ec;
            if (!ec) read();
        });
    }
    asio::ip::tcp::socket socket_;
    std::array<char, 4096> room_{};
    std::string got_;
    error_code end_;
};

class tunnel_scene {
public:
    using part = std::function<task<>(tunnel_peer&)>;
    using seconds = std::chrono::seconds;
    using milliseconds = std::chrono::milliseconds;

    tunnel_scene();
    ~tunnel_scene();
    tunnel_scene(const tunnel_scene&) = delete;
    tunnel_scene& operator=(const tunnel_scene&) = delete;

    asio::io_context ctx;
    virtual_clock clock{ctx};
    client_options login = sample_options();
    tunnel_options options;
    std::vector<tunnel_event> events;
    std::deque<std::unique_ptr<tunnel_peer>> peers;
    std::vector<std::chrono::steady_clock::duration> attempts;  ///< when each began
    /// What the servers of the attempts from now on do, and what TCP says to them.
    part script;
    error_code refusal;

    /// A server like any other.
    [[nodiscard]] static task<> serve(tunnel_peer& peer);

    [[nodiscard]] tunnel& way();
    void remove_way() { way_.reset(); }
    /// async_start; what it says.
    error_code start();
    [[nodiscard]] asio::ip::tcp::endpoint port() { return way().endpoints().at(0); }
    [[nodiscard]] local_client& dial();
    void settle() { clock.advance(milliseconds(0)); }
    template <class Condition>
    [[nodiscard]] bool within(std::chrono::steady_clock::duration most, const Condition& holds) {
        return clock.advance_until(holds, most, milliseconds(10));
    }
    [[nodiscard]] std::size_t count(tunnel_event::kind what) const;
    [[nodiscard]] std::vector<tunnel_state> states() const;
    [[nodiscard]] const tunnel_event& last(tunnel_event::kind what) const;
    /// Whether an echo comes back to a new local client.
    [[nodiscard]] bool works();

    /// Shuts the listening socket down behind the tunnel's back.
    [[nodiscard]] bool break_listener();
    [[nodiscard]] connector connect();
    tunnel_peer& add_peer(memory_stream theirs);

private:
    std::deque<local_client> locals_;
    std::optional<tunnel> way_;
};

// Details.

class memory_way final : public ssh_way {
public:
    memory_way(executor ex, tunnel_scene& s) : ex_(std::move(ex)), scene_(&s) {
        story_.hop = hop_name(s.login);
    }
    ~memory_way() override { close(); }

    [[nodiscard]] task<> start() override {
        scene_->attempts.push_back(scene_->clock.passed());
        if (scene_->login.codes) co_await scene_->login.codes->prepare();
        if (scene_->refusal) throw protocol_error(scene_->refusal);
        auto [ours, theirs] = memory_pair(ex_);
        scene_->add_peer(std::move(theirs));
        ssh_ = std::make_unique<client>(std::move(ours), scene_->login);
        auto shaking = ssh_->async_handshake(asio::deferred);
        co_await std::move(shaking);
        if (closed_) throw protocol_error(errc::connection_closed);
    }
    [[nodiscard]] client* ssh() override { return ssh_.get(); }
    [[nodiscard]] const diagnostics& story() const noexcept override {
        return ssh_ ? ssh_->diagnostics() : story_;
    }
    void close() override {
        closed_ = true;
        if (!ssh_) return;
        story_ = ssh_->diagnostics();
        ssh_.reset();
    }

private:
    executor ex_;
    tunnel_scene* scene_;
    diagnostics story_;
    std::unique_ptr<client> ssh_;
    bool closed_ = false;
};

inline tunnel_scene::tunnel_scene()
    : options(login, local_forward(target("db.internal", 5432))), script(serve) {
    options.reach = connect();
    options.on_event = [this](const tunnel_event& e) { events.push_back(e); };
}

inline tunnel_scene::~tunnel_scene() {
    way_.reset();
    for (auto& peer : peers) peer->reset();
    settle();
}

inline task<> tunnel_scene::serve(tunnel_peer& peer) {
    co_await peer.server->make_ready();
    co_await peer.server->echo();
}

inline connector tunnel_scene::connect() {
    return [this](executor ex) -> std::shared_ptr<ssh_way> {
        return std::make_shared<memory_way>(std::move(ex), *this);
    };
}

inline tunnel_peer& tunnel_scene::add_peer(memory_stream theirs) {
    auto& peer = *peers.emplace_back(std::make_unique<tunnel_peer>());
    peer.up = theirs.incoming();
    peer.down = theirs.outgoing();
    test_server_options plain;
    peer.server = std::make_unique<test_server>(std::move(theirs), plain);
    const auto play = [](part what, tunnel_peer& who) -> task<> {
        try {
            co_await what(who);
        } catch (const boost::system::system_error&) {
            co_return;  // the client has gone
        }
    };
    asio::co_spawn(ctx, play(script, peer), asio::detached);
    return peer;
}

inline tunnel& tunnel_scene::way() {
    if (!way_) way_.emplace(ctx.get_executor(), options);
    return *way_;
}

inline error_code tunnel_scene::start() {
    std::optional<error_code> outcome;
    way().async_start([&outcome](error_code ec) { outcome = ec; });
    BOOST_REQUIRE(within(seconds(60), [&] { return outcome.has_value(); }));
    return *outcome;
}

inline local_client& tunnel_scene::dial() { return locals_.emplace_back(ctx, port()); }

inline std::size_t tunnel_scene::count(tunnel_event::kind what) const {
    return static_cast<std::size_t>(std::ranges::count(events, what, &tunnel_event::what));
}

inline std::vector<tunnel_state> tunnel_scene::states() const {
    std::vector<tunnel_state> all;
    for (const tunnel_event& e : events) {
        if (e.what == tunnel_event::kind::state) all.push_back(e.state);
    }
    return all;
}

inline const tunnel_event& tunnel_scene::last(tunnel_event::kind what) const {
    const auto found = std::find_if(events.rbegin(), events.rend(),
                                    [what](const tunnel_event& e) { return e.what == what; });
    BOOST_REQUIRE((found != events.rend()));
    return *found;
}

inline bool tunnel_scene::break_listener() {
    const asio::ip::tcp::endpoint wanted = port();
    for (int fd = 3; fd < 1024; ++fd) {
        asio::ip::tcp::endpoint name;
        auto size = static_cast<socklen_t>(name.capacity());
        int listens = 0;
        socklen_t length = sizeof listens;
        const bool ours = ::getsockname(fd, name.data(), &size) == 0 && name == wanted &&
                          ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0;
        if (ours && listens != 0) return ::shutdown(fd, SHUT_RDWR) == 0;
    }
    return false;
}

inline bool tunnel_scene::works() {
    local_client& one = dial();
    one.write("are you there?");
    one.shutdown_send();
    static_cast<void>(within(seconds(10), [&] { return static_cast<bool>(one.end()); }));
    return one.got() == "are you there?" && one.end() == asio::error::eof;
}

}  // namespace adit::test

namespace adit {

inline std::ostream& operator<<(std::ostream& out, tunnel_state s) { return out << to_text(s); }

}  // namespace adit
