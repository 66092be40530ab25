// A whole session between a client and a server of ours in memory, cancelled at every point where
// either of them can wait: after n handlers of the context, for n = 0, 1, 2, ... Nothing waits for
// a clock, so the n-th handler is the same in every run. What must hold each time: whoever was
// cancelled ends once, so does the other side, the connection works on or is cleanly over, nothing
// leaks (ASan) and nothing hangs.
#include "support/operation.hpp"
#include "support/scene.hpp"
#include "support/server_scene.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/detached.hpp>

using namespace adit;
using namespace adit::test;

namespace {

task<> echo_all(channel stream) {
    try {
        for (;;) {
            const end_of_reading got = co_await read_up_to(stream, 500);
            co_await write_all(stream, got.text);
            if (got.why) break;
        }
        stream.shutdown_send();
    } catch (const boost::system::system_error&) {
        co_return;  // the client has gone
    }
}

// Everything that a program does, and that what it read is what it wrote.
task<> use(client& ssh) {
    auto shaking = ssh.async_handshake(asio::deferred);
    co_await std::move(shaking);
    channel c = co_await open_on(ssh);
    const std::string text = pattern(3000);
    co_await write_all(c, text);
    c.shutdown_send();
    const end_of_reading got = co_await read_to_end(c);
    if (got.why != asio::error::eof) throw boost::system::system_error(got.why);
    BOOST_TEST((got.text == text));
    c.close();
}

task<> serve(server& peer) {
    auto shaking = peer.async_handshake(asio::deferred);
    co_await std::move(shaking);
    for (;;) {
        auto accepting = peer.async_accept(asio::deferred);
        incoming asked = co_await std::move(accepting);
        asio::co_spawn(peer.get_executor(), echo_all(asked.accept()), asio::detached);
    }
}

struct world {
    explicit world(const pipe_options& wire) {
        const host_key_signers host_keys{std::make_shared<key_signer>(sample_key(1))};
        at_server = std::make_shared<server_options>(host_keys, judge);
        at_server->algorithms = fast_algorithms();
        at_server->random = std::make_shared<fixed_random>(byte{4});
        at_server->limits.failure_delay = {};
        auto [ours, theirs] = memory_pair(ctx.get_executor(), wire);
        ssh.emplace(std::move(ours), sample_options());
        peer.emplace(std::move(theirs), at_server);
    }
    void start() {
        const auto slot_of = [](asio::cancellation_signal& stop, ending<nothing>& e) {
            return asio::bind_cancellation_slot(stop.slot(), e.handler());
        };
        const executor ex = ctx.get_executor();
        detail::door(ex, [this] { return use(*ssh); }, slot_of(stop_client, client_end));
        detail::door(ex, [this] { return serve(*peer); }, slot_of(stop_server, server_end));
    }
    void step() {
        ctx.restart();
        ctx.poll();
    }
    /// A channel that works is what a connection is good for.
    [[nodiscard]] bool works() {
        bool echoed = false;
        spawn(ctx, [&]() -> task<> {
            channel c = co_await open_on(*ssh);
            co_await write_all(c, "still there");
            c.shutdown_send();
            const end_of_reading got = co_await read_to_end(c);
            echoed = got.text == "still there" && got.why == asio::error::eof;
        });
        step();
        return echoed;
    }
    void end() {
        ssh->close();
        step();
        BOOST_TEST(client_end.completions == 1);
        BOOST_TEST(server_end.completions == 1);
        BOOST_TEST(server_end.ec);
        run_until(ctx, [] { return false; });
        BOOST_TEST(ctx.stopped());
        const slab_pool of_client = state_of(*ssh)->link->stream().pool();
        const slab_pool of_server = state_of(*peer)->link->stream().pool();
        ssh.reset();
        peer.reset();
        BOOST_TEST(of_client.in_use() == 0U);
        BOOST_TEST(of_server.in_use() == 0U);
    }

    asio::io_context ctx;
    std::shared_ptr<test_authenticator> judge = std::make_shared<test_authenticator>();
    std::shared_ptr<server_options> at_server;
    std::optional<client> ssh;
    std::optional<server> peer;
    asio::cancellation_signal stop_client, stop_server;
    ending<nothing> client_end, server_end;
};

enum class side : std::uint8_t { client, server };

struct tally {
    std::size_t in_handshake = 0, later = 0, too_late = 0;
};

// One run; false when everything had happened before.
bool cancel_after(std::size_t n, side whose, const pipe_options& wire, tally& sum) {
    world w(wire);
    w.start();
    const bool more = run_steps(w.ctx, n);
    const bool was_over = w.client_end.completions != 0;
    const bool was_ready = w.ssh->is_open();
    (whose == side::client ? w.stop_client : w.stop_server).emit(cancel::terminal);
    w.step();
    if (whose == side::client) {
        // What was cancelled before it began has said nothing, and nobody is told of that.
        const bool ended = state_of(*w.ssh)->link->finished();
        BOOST_TEST((ended || w.ssh->is_open() || w.ssh->info().bytes_sent == 0));
        BOOST_TEST(w.server_end.completions == (ended ? 1 : 0));
        if (w.ssh->is_open()) BOOST_TEST(w.works());
    } else {
        // Nobody accepts any more; whoever waits for that is told by the end of the server.
        BOOST_REQUIRE(w.server_end.completions == 1);
        w.peer->close(errc::shutting_down);
        w.step();
    }
    BOOST_REQUIRE(w.client_end.completions == 1);
    const error_code ec = whose == side::client ? w.client_end.ec : w.server_end.ec;
    const bool expected = !ec || ec == asio::error::operation_aborted;
    BOOST_TEST(expected, ec.message());
    ++(was_over ? sum.too_late : was_ready ? sum.later : sum.in_handshake);
    w.end();
    return more;
}

void cancel_everywhere(side whose, const pipe_options& wire) {
    tally sum;
    bool more = true;
    for (std::size_t n = 0; more; ++n) {
        BOOST_TEST_CONTEXT("after " << n << " handlers") {
            more = cancel_after(n, whose, wire, sum);
        }
    }
    BOOST_TEST_MESSAGE(sum.in_handshake << " in the handshake, " << sum.later << " later, "
                                        << sum.too_late << " too late");
    BOOST_TEST(sum.in_handshake >= 20U);
    BOOST_TEST(sum.later >= 20U);
    BOOST_TEST(sum.too_late != 0U);
}

// Where the wire gives and takes little at a time there are many more points to wait at.
pipe_options narrow() {
    pipe_options wire;
    wire.most_per_read = 50;
    wire.most_per_write = 70;
    return wire;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancel_whole_session)

BOOST_AUTO_TEST_CASE(the_client_at_every_handler) {
    cancel_everywhere(side::client, pipe_options());
}

BOOST_AUTO_TEST_CASE(the_server_at_every_handler) {
    cancel_everywhere(side::server, pipe_options());
}

BOOST_AUTO_TEST_CASE(the_client_on_a_narrow_wire) { cancel_everywhere(side::client, narrow()); }

BOOST_AUTO_TEST_CASE(the_server_on_a_narrow_wire) { cancel_everywhere(side::server, narrow()); }

BOOST_AUTO_TEST_SUITE_END()
