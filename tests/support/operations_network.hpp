// The rows of connect.hpp, route.hpp, tunnel.hpp, tunnels.hpp, probe.hpp, bastion.hpp and agent.hpp
// for the matrices of tests/tokens and tests/cancellation; operation.hpp says what a row is. All
// but an agent's have sockets on the loopback. Invariant: every public async_* of these headers is
// in the list at the end (check_operations.py).
#pragma once

#include "support/bastion_scene.hpp"
#include "support/fake_agent.hpp"
#include "support/memory_stream.hpp"
#include "support/operation.hpp"

#include <adit/connect.hpp>
#include <adit/probe.hpp>
#include <adit/route.hpp>
#include <adit/tunnel.hpp>
#include <adit/tunnels.hpp>

namespace adit::test {

/// A context with sockets.
template <class Value>
struct network_row : plain_row<Value> {
    using tcp = asio::ip::tcp;
    asio::io_context context;

    [[nodiscard]] asio::io_context& ctx() { return context; }
    void settle() {
        context.restart();
        while (context.poll() != 0) {}
    }
    void drained() {
        run_until(context, [] { return false; });
        BOOST_TEST(context.stopped());
    }
};

struct connects : network_row<connected_socket> {
    static constexpr std::string_view name = "async_connect";
    static constexpr promise promised = promise::total;

    template <class Token>
    auto begin(Token&& token) {
        return async_connect(context.get_executor(), "127.0.0.1", where->local_endpoint().port(),
                             std::chrono::hours(1), std::forward<Token>(token));
    }
    // A queue that is full: the kernel lets the next one wait.
    void hold() {
        where = &full;
        full.listen(0);
        for (tcp::socket& one : before) {
            one.open(tcp::v4());
            one.native_non_blocking(true);
            // Asio's own would wait for the answer.
            const tcp::endpoint there = full.local_endpoint();
            const auto size = static_cast<socklen_t>(there.size());
            static_cast<void>(::connect(one.native_handle(), there.data(), size));
        }
    }
    void wake() { where = &open; }
    [[nodiscard]] bool right(const connected_socket& made) {
        return made.socket && made.socket->is_open() &&
               made.socket->remote_endpoint() == open.local_endpoint();
    }
    void end() { drained(); }

    tcp::acceptor open{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    tcp::acceptor full = bound();
    tcp::acceptor* where = &open;
    std::array<tcp::socket, 3> before{tcp::socket(context), tcp::socket(context),
                                      tcp::socket(context)};

private:
    [[nodiscard]] tcp::acceptor bound() {
        tcp::acceptor acceptor(context);
        acceptor.open(tcp::v4());
        acceptor.bind({asio::ip::address_v4::loopback(), 0});
        return acceptor;
    }
};

/// A server that a script plays behind a socket, and who wants a tunnel there.
template <class Value>
struct served_row : network_row<Value> {
    [[nodiscard]] tunnel_options options() {
        target to("db.internal", 5432);
        local_forward forward(std::move(to));
        client_options login = sample_options();
        login.port = acceptor.local_endpoint().port();
        tunnel_options o(std::move(login), std::move(forward));
        o.address = "127.0.0.1";
        return o;
    }
    task<> serve() {
        auto accepting = acceptor.async_accept(asio::deferred);
        asio::ip::tcp::socket accepted = co_await std::move(accepting);
        test_server_options plain;
        server = std::make_unique<test_server>(std::move(accepted), plain);
        co_await server->make_ready();
        co_await server->echo();
    }
    void serves() {
        if (std::exchange(serving, true)) return;
        spawn(this->context, [this] { return until_gone([this] { return serve(); }); });
    }
    void serve_no_more() {
        acceptor.close();
        this->drained();
    }

    asio::ip::tcp::acceptor acceptor{this->context, {asio::ip::address_v4::loopback(), 0}};
    std::unique_ptr<test_server> server;
    bool serving = false;
};

struct tunnel_row : served_row<nothing> {
    tunnel_row() { way.emplace(context.get_executor(), options()); }
    void destroy() { way.reset(); }
    void end() {
        way.reset();
        serve_no_more();
    }

    std::optional<tunnel> way;
};

struct tunnel_start : tunnel_row {
    static constexpr std::string_view name = "tunnel::async_start";
    static constexpr promise promised = promise::terminal;

    template <class Token>
    auto begin(Token&& token) {
        return way->async_start(std::forward<Token>(token));
    }
    void wake() { serves(); }
    [[nodiscard]] bool right(const nothing&) { return way->endpoints().at(0).port() != 0; }
    // No port is held, and whoever waits for the end is told, if there was a beginning.
    [[nodiscard]] bool over() {
        const auto ports = way->endpoints();
        const bool held = std::ranges::any_of(ports, [](const auto& e) { return e.port() != 0; });
        if (held || way->diagnostics().hop.empty()) return !held;
        ending<nothing> waiting;
        way->async_wait_closed(waiting.handler());
        settle();
        return waiting.completions == 1 && waiting.ec == asio::error::operation_aborted;
    }
};

struct tunnel_wait_closed : tunnel_row {
    static constexpr std::string_view name = "tunnel::async_wait_closed";
    static constexpr promise promised = promise::total;

    tunnel_wait_closed() {
        ending<nothing> started;
        way->async_start(started.handler());
        serves();
        run_until(context, [&] { return started.completions != 0; });
        BOOST_REQUIRE(!started.ec);
        settle();
    }
    template <class Token>
    auto begin(Token&& token) {
        return way->async_wait_closed(std::forward<Token>(token));
    }
    void wake() { way->close(); }
    [[nodiscard]] static error_code expected() { return errc::connection_closed; }
};

struct tunnel_carry : tunnel_row {
    static constexpr std::string_view name = "tunnel::async_carry";
    static constexpr promise promised = promise::terminal;

    tunnel_carry() {
        ending<nothing> started;
        way->async_start(started.handler());
        serves();
        run_until(context, [&] { return started.completions != 0; });
        BOOST_REQUIRE(!started.ec);
        settle();
        std::tie(near, far) = memory_pair(context.get_executor());
    }
    template <class Token>
    auto begin(Token&& token) {
        target to("db.internal", 5432);
        return way->async_carry(std::move(near), std::move(to), std::forward<Token>(token));
    }
    void wake() { far.shutdown_send(); }
    // Its stream is gone; the tunnel works on.
    [[nodiscard]] bool over() {
        ending<std::size_t> reading;
        std::array<char, 1> room{};
        far.async_read_some(asio::buffer(room), reading.handler());
        settle();
        return reading.completions == 1 && reading.ec;
    }

    memory_stream near, far;
};

/// A chain of one connection to the same server; the tunnel has nothing to do.
struct chain_row : tunnel_row {
    chain_row() {
        hop there(sample_options());
        there.client.port = acceptor.local_endpoint().port();
        there.address = "127.0.0.1";
        links.emplace(context.get_executor(), route(std::move(there)));
    }
    void destroy() { links.reset(); }
    void end() {
        links.reset();
        tunnel_row::end();
    }

    std::optional<chain> links;
};

struct chain_start : chain_row {
    static constexpr std::string_view name = "chain::async_start";
    static constexpr promise promised = promise::terminal;

    template <class Token>
    auto begin(Token&& token) {
        return links->async_start(std::forward<Token>(token));
    }
    void wake() { serves(); }
    [[nodiscard]] bool right(const nothing&) { return links->is_open(); }
    [[nodiscard]] bool over() { return !links->is_open(); }
};

struct chain_wait_closed : chain_row {
    static constexpr std::string_view name = "chain::async_wait_closed";
    static constexpr promise promised = promise::total;

    chain_wait_closed() {
        ending<nothing> started;
        links->async_start(started.handler());
        serves();
        run_until(context, [&] { return started.completions != 0; });
        BOOST_REQUIRE(!started.ec);
        settle();
    }
    template <class Token>
    auto begin(Token&& token) {
        return links->async_wait_closed(std::forward<Token>(token));
    }
    void wake() { links->close(); }
    [[nodiscard]] static error_code expected() { return errc::connection_closed; }
};

struct tunnels_create : served_row<std::uint16_t> {
    static constexpr std::string_view name = "tunnels::async_create";
    static constexpr promise promised = promise::terminal;

    template <class Token>
    auto begin(Token&& token) {
        return all->async_create("db", options(), "", std::forward<Token>(token));
    }
    void wake() { serves(); }
    [[nodiscard]] bool right(const std::uint16_t& port) {
        return port != 0 && all->local_port("db") == port;
    }
    [[nodiscard]] bool over() { return !all->has("db") && all->connections() == 0; }
    void destroy() { all.reset(); }
    void end() {
        all.reset();
        serve_no_more();
    }

    std::optional<tunnels> all{context.get_executor()};
};

struct probes : served_row<probe_report> {
    static constexpr std::string_view name = "async_probe";
    static constexpr promise promised = promise::terminal;

    template <class Token>
    auto begin(Token&& token) {
        probe_options o(options().client);
        o.address = "127.0.0.1";
        return async_probe(context.get_executor(), std::move(o), std::forward<Token>(token));
    }
    void wake() { serves(); }
    [[nodiscard]] bool right(const probe_report& report) {
        return report.steps.size() == 1 && !report.error();
    }
    [[nodiscard]] bool over() { return true; }
    void end() { serve_no_more(); }
};

/// A bastion with a guest that has a channel open; without one it would be sent away at once.
struct bastion_drain : plain_row<nothing> {
    static constexpr bool goes_silently = false;  // the scene ends what still runs
    static constexpr std::string_view name = "bastion::async_drain";
    static constexpr promise promised = promise::partial;

    bastion_drain() {
        const auto comes = [this]() -> task<> {
            guest = co_await s.raw_logged_in();
            const open_answer answer = co_await ask_direct(*guest, "127.0.0.1", behind.port());
            BOOST_REQUIRE(answer.reason == 0U);
        };
        const auto called = [this]() -> task<> {
            auto taking = behind.take();
            served.emplace(co_await std::move(taking));
        };
        s.play({comes, called});
        s.step();
    }
    [[nodiscard]] asio::io_context& ctx() { return s.ctx; }
    void settle() { s.step(); }
    template <class Token>
    auto begin(Token&& token) {
        return s.gate().async_drain(std::chrono::hours(1), std::forward<Token>(token));
    }
    void wake() { guest.reset(); }
    [[nodiscard]] bool right(const nothing&) { return s.gate().connections() == 0; }
    void destroy() { s.remove_gate(); }
    void end() {
        guest.reset();
        s.finish();
    }

    bastion_scene s;
    target_host behind{s.ctx};
    std::optional<asio::ip::tcp::socket> served;
    std::unique_ptr<test_client> guest;
};

/// An agent that has sample key 7, and cannot be reached until it wakes.
template <class Value>
struct agent_row : network_row<Value> {
    static constexpr promise promised = promise::total;

    void wake() {
        awake = true;
        gate.notify();
    }
    void end() { this->drained(); }
    task<std::unique_ptr<detail::any_stream>> dial() {
        if (!awake) co_await gate.wait();
        co_return co_await reach();
    }
    [[nodiscard]] static agent_says answer(bytes_view request) {
        if (request[0] == static_cast<byte>(wire::agent_message_id::request_identities)) {
            const bytes_view blob = key().blob();
            return {identities_frame({{blob.begin(), blob.end()}})};
        }
        const auto wanted = wire::decode_agent<wire::agent_sign_request>(request);
        const auto made = sample_key(7).sign("ssh-ed25519", wanted.value().data).value();
        return {wire::agent_frame(wire::agent_sign_response{made})};
    }
    [[nodiscard]] static const keys::public_key& key() {
        static const keys::public_key seven = sample_public_key(7);
        return seven;
    }

    detail::signal gate{this->context.get_executor()};
    agent_dialler reach = fake_agent(answer).dialler();
    agent holder{agent_dialler([this] { return dial(); })};
    bool awake = false;
};

struct agent_list : agent_row<std::vector<agent_key>> {
    static constexpr std::string_view name = "agent::async_list";

    template <class Token>
    auto begin(Token&& token) {
        return holder.async_list(context.get_executor(), std::forward<Token>(token));
    }
    [[nodiscard]] bool right(const std::vector<agent_key>& all) {
        return all.size() == 1 && all[0].key == key();
    }
};

struct agent_sign : agent_row<std::vector<byte>> {
    static constexpr std::string_view name = "agent::async_sign";

    template <class Token>
    auto begin(Token&& token) {
        const agent_request what{key().blob(), "ssh-ed25519", message};
        return holder.async_sign(context.get_executor(), what, std::forward<Token>(token));
    }
    [[nodiscard]] bool right(const std::vector<byte>& blob) {
        return blob == sample_key(7).sign("ssh-ed25519", message).value();
    }

    std::vector<byte> message{1, 2, 3};
};

using network_operations =
    rows<connects, chain_start, chain_wait_closed, tunnel_start, tunnel_wait_closed, tunnel_carry,
         tunnels_create, probes, bastion_drain, agent_list, agent_sign>;

}  // namespace adit::test
