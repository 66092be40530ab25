// adit/tunnel.hpp: local ports on the loopback against a server of support/test_server.hpp behind a
// real socket. Real sshd and real databases are tests of tests/integration.
#include "support/scene.hpp"

#include <adit/tunnel.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
using adit::errc;
using adit::error_code;
using adit::task;
using asio::ip::tcp;
using kind = adit::tunnel_event::kind;

namespace {

// A server of one connection on a free port.
struct host {
    asio::io_context ctx;
    tcp::acceptor acceptor{ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::unique_ptr<adit::test::test_server> server;
    std::vector<adit::tunnel_event> events;

    adit::tunnel_options options() {
        adit::target to("db.internal", 5432);
        adit::client_options login = adit::test::sample_options();
        login.port = acceptor.local_endpoint().port();
        adit::local_forward forward(std::move(to));
        adit::tunnel_options o(std::move(login), std::move(forward));
        o.address = "127.0.0.1";
        o.on_event = [this](const adit::tunnel_event& e) { events.push_back(e); };
        return o;
    }
    task<> serve() {
        auto accepting = acceptor.async_accept(asio::deferred);
        tcp::socket socket = co_await std::move(accepting);
        adit::test::test_server_options o;
        server = std::make_unique<adit::test::test_server>(std::move(socket), o);
        co_await server->make_ready();
        co_await server->echo();
    }
    // Runs the parts to their ends, and then what is left.
    void run(std::vector<std::function<task<>()>> parts) {
        std::exception_ptr failure;
        for (auto& part : parts) {
            asio::co_spawn(ctx, part, [&](std::exception_ptr e) {
                if (e && !failure) failure = e;
            });
        }
        ctx.run_for(std::chrono::seconds(30));
        if (failure) std::rethrow_exception(failure);
        BOOST_TEST(ctx.stopped());
    }
};

task<tcp::socket> dial(host& h, adit::tunnel& t) {
    tcp::socket local(h.ctx);
    auto connecting = local.async_connect(t.endpoints().at(0), asio::deferred);
    co_await std::move(connecting);
    co_return local;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tunnel_door)

BOOST_AUTO_TEST_CASE(carries_a_connection_to_its_end) {
    host h;
    adit::tunnel t(h.ctx.get_executor(), h.options());
    const std::string text = adit::test::pattern(300'000);
    const auto uses = [&]() -> task<> {
        auto starting = t.async_start(asio::deferred);
        co_await std::move(starting);
        tcp::socket local = co_await dial(h, t);
        auto writing = asio::async_write(local, asio::buffer(text), asio::deferred);
        static_cast<void>(co_await std::move(writing));
        local.shutdown(tcp::socket::shutdown_send);
        std::string got;
        auto reading =
            asio::async_read(local, asio::dynamic_buffer(got), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(reading);
        BOOST_TEST(std::get<0>(outcome) == asio::error::eof);
        BOOST_TEST((got == text));
        BOOST_TEST(t.bytes_up() == text.size());
        BOOST_TEST(t.bytes_down() == text.size());
        t.close();
    };
    h.run({uses, [&] { return h.serve(); }});
    BOOST_REQUIRE(h.events.size() > 1);
    BOOST_TEST((h.events[0].what == kind::state));
    BOOST_TEST((h.events[1].what == kind::opened));
}

BOOST_AUTO_TEST_CASE(close_resets_local_connections) {
    host h;
    adit::tunnel t(h.ctx.get_executor(), h.options());
    const auto uses = [&]() -> task<> {
        auto starting = t.async_start(asio::deferred);
        co_await std::move(starting);
        tcp::socket local = co_await dial(h, t);
        std::array<char, 4> room{};
        auto writing = asio::async_write(local, asio::buffer("ping", 4), asio::deferred);
        static_cast<void>(co_await std::move(writing));
        auto reading = asio::async_read(local, asio::buffer(room), asio::deferred);
        static_cast<void>(co_await std::move(reading));
        t.close();
        auto more = local.async_read_some(asio::buffer(room), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(more);
        BOOST_TEST(std::get<0>(outcome) == asio::error::connection_reset);
    };
    h.run({uses, [&] { return h.serve(); }});
}

BOOST_AUTO_TEST_CASE(login_that_fails_is_told_by_start) {
    host h;
    adit::tunnel_options o = h.options();
    o.client.trust = adit::trust_fingerprints({adit::test::fingerprint_of(9)});
    adit::tunnel t(h.ctx.get_executor(), std::move(o));
    const auto starts = [&]() -> task<> {
        auto starting = t.async_start(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(starting);
        BOOST_TEST(std::get<0>(outcome) == errc::host_key_changed);
        t.close();
    };
    const auto serves = [&]() -> task<> {
        try {
            co_await h.serve();
        } catch (const adit::protocol_error&) {
            co_return;  // its farewell
        }
    };
    h.run({starts, serves});
}

BOOST_AUTO_TEST_CASE(port_that_is_taken_is_told_by_start) {
    host h;
    tcp::acceptor taken(h.ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0), false);
    adit::tunnel_options o = h.options();
    o.forwards[0].bind_port = taken.local_endpoint().port();
    adit::tunnel t(h.ctx.get_executor(), std::move(o));
    const auto starts = [&]() -> task<> {
        auto starting = t.async_start(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(starting);
        BOOST_TEST(std::get<0>(outcome) == asio::error::address_in_use);
        t.close();
    };
    h.run({starts});
}

BOOST_AUTO_TEST_SUITE_END()
