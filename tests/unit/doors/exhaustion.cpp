// No descriptor left (T22): where one is wanted the error says so, nothing is taken for missing,
// nobody spins, and everything works again once there are some, without a restart. What becomes of
// who calls a listener meanwhile is in tests/unit/detail/accept_loop.cpp.
#include "support/bastion_scene.hpp"
#include "support/few_descriptors.hpp"
#include "support/scene.hpp"
#include "support/temporary_directory.hpp"

#include <adit/connect.hpp>
#include <adit/tunnel.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using namespace adit::test;
using adit::error_code;
using adit::task;
using asio::ip::tcp;

namespace {

task<error_code> dial(adit::executor ex, std::uint16_t port) {
    const std::string host = "127.0.0.1";
    auto dialling = adit::async_connect(ex, host, port, std::chrono::seconds(10),
                                        asio::as_tuple(asio::deferred));
    const auto outcome = co_await std::move(dialling);
    co_return std::get<0>(outcome);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exhaustion, *boost::unit_test::precondition(nothing_else_wants_any))

BOOST_AUTO_TEST_CASE(t22_a_dial_without_descriptors_says_so_and_the_next_one_works) {
    asio::io_context ctx;
    target_host target(ctx);
    error_code without, with;
    const auto dials = [&]() -> task<> {
        few_descriptors none;
        without = co_await dial(ctx.get_executor(), target.port());
        none.give(8);
        with = co_await dial(ctx.get_executor(), target.port());
    };
    asio::co_spawn(ctx, dials, [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    ctx.run();
    BOOST_TEST(without == boost::system::errc::too_many_files_open);
    BOOST_TEST(!with, with.message());
}

// The bastion's own want is no fault of the target's.
BOOST_AUTO_TEST_CASE(t22_t23_a_bastion_that_cannot_dial_refuses_with_code_4_and_lives) {
    bastion_scene s;
    target_host target(s.ctx);
    const auto asks = [&]() -> task<> {
        auto c = co_await s.raw_logged_in();
        {
            const few_descriptors none;
            const open_answer answer = co_await ask_direct(*c, "127.0.0.1", target.port());
            BOOST_TEST(answer.reason == 4U);
            BOOST_TEST(answer.words == "Too many open files");
        }
        const open_answer answer = co_await ask_direct(*c, "127.0.0.1", target.port());
        BOOST_TEST(answer.reason == 0U);
        tcp::socket far = co_await target.take();
        c->port().stream().close(adit::detail::close_mode::orderly);
    };
    s.play({asks});
    s.finish();
}

// A file that cannot be opened is not an empty one: nobody is asked about a new host, and nothing
// is believed or written.
BOOST_AUTO_TEST_CASE(t22_known_hosts_that_cannot_be_opened_are_no_empty_file) {
    const temporary_directory folder;
    const std::string line = "server.test " + sample_public_key(1).to_line() + "\n";
    const std::string file = write_file(folder.file("known_hosts"), line);
    for (const bool any : {false, true}) {
        scene s;
        bool asked = false;
        s.options.trust = adit::trust_after_asking(
            {{file}, {}}, [&asked](const adit::host_key_question&) -> task<bool> {
                asked = true;
                co_return true;
            });
        s.set_up();
        std::optional<few_descriptors> none;
        if (!any) none.emplace();
        error_code outcome;
        const auto shakes = [&]() -> task<> { outcome = co_await handshake_of(s.ssh()); };
        const auto serves = [&]() -> task<> {
            try {
                co_await s.server().make_ready();
            } catch (const boost::system::system_error&) {
                co_return;  // the client's farewell
            }
        };
        s.play({shakes, serves});
        none.reset();
        const bool exhausted = outcome == boost::system::errc::too_many_files_open;
        BOOST_TEST((any ? !outcome : exhausted), outcome.message());
        BOOST_TEST(!asked);
        s.finish();
    }
    BOOST_TEST(read_file(file) == line);
}

namespace {

// A tunnel to an echo, by real sockets.
struct echoing {
    asio::io_context ctx;
    tcp::acceptor acceptor{ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::unique_ptr<test_server> server;
    std::optional<adit::tunnel> way;

    void start() {
        adit::client_options login = sample_options();
        login.port = acceptor.local_endpoint().port();
        adit::target to("db.internal", 5432);
        adit::tunnel_options o(std::move(login), adit::local_forward(std::move(to)));
        o.address = "127.0.0.1";
        way.emplace(ctx.get_executor(), std::move(o));
        const auto serves = [this]() -> task<> { co_await serve(); };
        asio::co_spawn(ctx, serves, [](std::exception_ptr) {});
        error_code outcome = asio::error::would_block;
        way->async_start([&](error_code ec) { outcome = ec; });
        run_until([&] { return outcome != asio::error::would_block; });
        BOOST_REQUIRE_MESSAGE(!outcome, outcome.message());
    }
    task<> serve() {
        auto accepting = acceptor.async_accept(asio::deferred);
        tcp::socket socket = co_await std::move(accepting);
        const test_server_options o;
        server = std::make_unique<test_server>(std::move(socket), o);
        co_await server->make_ready();
        co_await server->echo();
    }
    template <class Condition>
    void run_until(const Condition& holds) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        ctx.restart();
        while (!holds() && ctx.run_one_until(limit) != 0) {}
        BOOST_REQUIRE(holds());
    }
    // What a socket that was there before sees of the tunnel: an echo, or how it ended.
    error_code call(tcp::socket& near) {
        near.connect(way->endpoints().at(0));
        asio::write(near, asio::buffer("ping", 4));
        std::array<char, 4> room{};
        error_code got = asio::error::would_block;
        near.async_read_some(asio::buffer(room), [&](error_code ec, std::size_t) { got = ec; });
        run_until([&] { return got != asio::error::would_block; });
        return got;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(t22_a_tunnel_without_descriptors_recovers_by_itself) {
    echoing e;
    e.start();
    std::vector<tcp::socket> near;
    for (int i = 0; i < 4; ++i) near.emplace_back(e.ctx, tcp::v4());
    e.ctx.restart();
    e.ctx.poll();
    {
        const few_descriptors none;
        for (std::size_t i = 0; i < 2; ++i) {
            const error_code end = e.call(near[i]);
            BOOST_TEST((end == asio::error::eof || end == asio::error::connection_reset));
        }
    }
    BOOST_TEST(!e.call(near[2]));
    BOOST_TEST(!e.call(near[3]));
    e.way->close();
    near.clear();
    e.ctx.restart();
    e.ctx.run_for(std::chrono::seconds(30));
    BOOST_TEST(e.ctx.stopped());
}

BOOST_AUTO_TEST_SUITE_END()
