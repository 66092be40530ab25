// A tunnel (adit/tunnel.hpp) whose opens are refused, each reason by its own error (T12), or not
// answered (T13), whose local clients leave before the server has answered (T14), and whose server
// says all at once (T18). The server says exactly what a test wants.
#include "support/scene.hpp"

#include <adit/tunnel.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::channel_terms;
using adit::test::test_server;
using asio::ip::tcp;
using kind = adit::tunnel_event::kind;
using wire::message_id;

namespace {

// A tunnel and its server, connected.
struct pair_of_ends {
    asio::io_context ctx;
    tcp::acceptor acceptor{ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::unique_ptr<test_server> server;
    std::optional<adit::tunnel> way;
    std::vector<adit::tunnel_event> events;

    void connect(std::chrono::milliseconds open_timeout = std::chrono::seconds(15)) {
        adit::client_options login = adit::test::sample_options();
        login.port = acceptor.local_endpoint().port();
        login.limits.open_timeout = open_timeout;
        adit::target to("db.internal", 5432);
        adit::tunnel_options o(std::move(login), adit::local_forward(std::move(to)));
        o.address = "127.0.0.1";
        o.on_event = [this](const adit::tunnel_event& e) { events.push_back(e); };
        way.emplace(ctx.get_executor(), std::move(o));
        const auto starts = [this]() -> task<> {
            auto starting = way->async_start(asio::deferred);
            co_await std::move(starting);
        };
        const auto serves = [this]() -> task<> {
            auto accepting = acceptor.async_accept(asio::deferred);
            tcp::socket socket = co_await std::move(accepting);
            const adit::test::test_server_options terms;
            server = std::make_unique<test_server>(std::move(socket), terms);
            co_await server->make_ready();
        };
        play({starts, serves});
    }
    void play(std::vector<std::function<task<>()>> parts) {
        std::size_t left = parts.size();
        std::exception_ptr failure;
        for (auto& part : parts) {
            asio::co_spawn(ctx, part, [&](std::exception_ptr e) {
                --left;
                if (e && !failure) failure = e;
            });
        }
        run_until([&] { return left == 0 || failure; });
        if (failure) std::rethrow_exception(failure);
    }
    template <class Condition>
    void run_until(const Condition& holds) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        ctx.restart();
        while (!holds() && ctx.run_one_until(limit) != 0) {}
        BOOST_REQUIRE(holds());
    }
    [[nodiscard]] tcp::socket dial() {
        tcp::socket near(ctx, tcp::v4());
        near.connect(way->endpoints().at(0));
        return near;
    }
    [[nodiscard]] std::size_t count(kind what) const {
        return static_cast<std::size_t>(
            std::ranges::count(events, what, &adit::tunnel_event::what));
    }
    void finish() {
        way->close();
        ctx.restart();
        ctx.run_for(std::chrono::seconds(1));
        server->port().stream().close(adit::detail::close_mode::orderly);
        ctx.run_for(std::chrono::seconds(30));
        BOOST_TEST(ctx.stopped());
    }
};

// All that comes, and the end.
task<error_code> read_all(tcp::socket& near, std::string& text) {
    auto reading =
        asio::async_read(near, asio::dynamic_buffer(text), asio::as_tuple(asio::deferred));
    const auto outcome = co_await std::move(reading);
    co_return std::get<0>(outcome);
}

task<error_code> end_of(tcp::socket& near) {
    std::array<char, 100> room{};
    auto reading = near.async_read_some(asio::buffer(room), asio::as_tuple(asio::deferred));
    const auto outcome = co_await std::move(reading);
    co_return std::get<0>(outcome);
}

// A local client that has sent something and is reset.
void abort(tcp::socket& near) {
    near.set_option(asio::socket_base::linger(true, 0));
    near.close();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tunnel_faults)

// The local connection is reset, promptly and once; another one works on; nobody asks again.
BOOST_AUTO_TEST_CASE(t12_every_reason_of_a_refusal_has_its_error_and_resets_the_local_client) {
    pair_of_ends e;
    e.connect();
    tcp::socket good = e.dial();
    const auto opens = [&]() -> task<> {
        static_cast<void>(co_await e.server->accept_channel(channel_terms()));
    };
    e.play({opens});
    struct reason {
        std::uint32_t code;
        errc expected;
    };
    constexpr std::array<reason, 5> reasons{{{1, errc::open_administratively_prohibited},
                                             {2, errc::open_connect_failed},
                                             {3, errc::open_unknown_channel_type},
                                             {4, errc::open_resource_shortage},
                                             {77, errc::open_failed}}};
    for (const reason& r : reasons) {
        tcp::socket bad = e.dial();
        const auto refuses = [&]() -> task<> {
            const auto open = co_await e.server->expect<wire::channel_open>();
            const auto number = open.sender_channel;
            e.server->reply(wire::channel_open_failure{number, r.code, "be\x1b[31mcause", ""});
            co_await e.server->flush();
        };
        error_code end;
        const auto waits = [&]() -> task<> { end = co_await end_of(bad); };
        e.play({refuses, waits});
        BOOST_TEST(end == asio::error::connection_reset);
        e.run_until([&] { return e.events.back().what == kind::refused; });
        BOOST_TEST(e.events.back().error == r.expected);
        BOOST_TEST(e.events.back().text == "be\\x1b[31mcause");
    }
    BOOST_TEST(e.count(kind::refused) == reasons.size());
    std::string got;
    const auto takes = [&]() -> task<> {
        const auto m = co_await e.server->expect<wire::channel_data>();
        got = adit::as_text(m.data);
    };
    asio::write(good, asio::buffer("works on", 8));
    e.play({takes});
    BOOST_TEST(got == "works on");
    BOOST_TEST(e.server->port().seen(message_id::channel_open) == 1 + reasons.size());
    BOOST_TEST(e.way->info().channels == 1U);
    e.finish();
}

// It may have sent something or half-closed before it left.
BOOST_AUTO_TEST_CASE(t14_a_client_that_left_before_the_confirmation_is_closed_behind_it) {
    for (const bool sends : {false, true}) {
        pair_of_ends e;
        e.connect();
        tcp::socket near = e.dial();
        if (sends) asio::write(near, asio::buffer("select 1", 8));
        std::uint32_t number = 0;
        const auto asked = [&]() -> task<> {
            const auto open = co_await e.server->expect<wire::channel_open>();
            number = open.sender_channel;
        };
        e.play({asked});
        abort(near);
        const auto confirms = [&]() -> task<> {
            e.server->reply(wire::channel_open_confirmation{number, 1000, 1 << 20, 1 << 15, {}});
            adit::protocol::packet p = co_await e.server->port().receive_packet();
            while (p.id() == message_id::channel_data) {
                p = co_await e.server->port().receive_packet();
            }
            // No end of data: nobody knows what else it had wanted to say.
            BOOST_TEST((p.id() == message_id::channel_close));
            e.server->reply(wire::channel_close{number});
            co_await e.server->flush();
        };
        e.play({confirms});
        e.run_until([&] { return e.way->info().channels == 0; });
        e.run_until([&] { return e.count(kind::closed) + e.count(kind::refused) == 1; });
        BOOST_TEST(static_cast<bool>(e.events.back().error));
        e.finish();
    }
}

// A refusal that comes for somebody who has left, and a client that half-closes and waits.
BOOST_AUTO_TEST_CASE(t14_a_refusal_for_a_client_that_left_leaves_nothing) {
    pair_of_ends e;
    e.connect();
    tcp::socket near = e.dial();
    std::uint32_t number = 0;
    const auto asked = [&]() -> task<> {
        const auto open = co_await e.server->expect<wire::channel_open>();
        number = open.sender_channel;
    };
    e.play({asked});
    abort(near);
    const auto refuses = [&]() -> task<> {
        e.server->reply(wire::channel_open_failure{number, 2, "", ""});
        co_await e.server->flush();
    };
    e.play({refuses});
    e.run_until([&] { return e.count(kind::refused) == 1; });
    BOOST_TEST(e.way->info().channels == 0U);
    e.finish();
}

BOOST_AUTO_TEST_CASE(t14_a_client_that_half_closed_before_the_confirmation_is_served) {
    pair_of_ends e;
    e.connect();
    tcp::socket near = e.dial();
    asio::write(near, asio::buffer("select 1", 8));
    near.shutdown(tcp::socket::shutdown_send);
    std::string got;
    const auto serves = [&]() -> task<> {
        const std::uint32_t number = co_await e.server->accept_channel(channel_terms());
        const auto m = co_await e.server->expect<wire::channel_data>();
        got = adit::as_text(m.data);
        static_cast<void>(co_await e.server->expect<wire::channel_eof>());
        e.server->reply(wire::channel_data{number, adit::as_bytes("1")});
        e.server->reply(wire::channel_eof{number});
        static_cast<void>(co_await e.server->expect<wire::channel_close>());
        e.server->reply(wire::channel_close{number});
        co_await e.server->flush();
    };
    std::string answer;
    error_code end;
    const auto reads = [&]() -> task<> { end = co_await read_all(near, answer); };
    e.play({serves, reads});
    BOOST_TEST(got == "select 1");
    BOOST_TEST(answer == "1");
    BOOST_TEST(end == asio::error::eof);
    e.run_until([&] { return e.way->info().channels == 0; });
    e.finish();
}

BOOST_AUTO_TEST_CASE(t13_an_open_that_nobody_answers_resets_the_local_client) {
    pair_of_ends e;
    e.connect(std::chrono::milliseconds(20));
    tcp::socket near = e.dial();
    error_code end;
    const auto waits = [&]() -> task<> { end = co_await end_of(near); };
    e.play({waits});
    BOOST_TEST(end == asio::error::connection_reset);
    e.run_until([&] { return e.count(kind::refused) == 1; });
    BOOST_TEST(e.events.back().error == errc::deadline_exceeded);
    // What comes late is closed, once.
    const auto late = [&]() -> task<> {
        const std::uint32_t number = co_await e.server->accept_channel(channel_terms());
        static_cast<void>(co_await e.server->expect<wire::channel_close>());
        e.server->reply(wire::channel_close{number});
        co_await e.server->flush();
    };
    e.play({late});
    e.run_until([&] { return e.way->info().channels == 0; });
    BOOST_TEST(e.server->port().seen(message_id::channel_close) == 1U);
    e.finish();
}

// The local connection has not been given to a relay when everything has come already.
BOOST_AUTO_TEST_CASE(t18_all_in_the_segment_of_the_confirmation_reaches_the_local_client) {
    for (const bool with_eof : {true, false}) {
        pair_of_ends e;
        e.connect();
        tcp::socket near = e.dial();
        const std::string text = adit::test::pattern(20'000);
        const auto says_all = [&]() -> task<> {
            const auto open = co_await e.server->expect<wire::channel_open>();
            const auto number = open.sender_channel;
            e.server->reply(wire::channel_open_confirmation{number, 1000, 100, 100, {}});
            e.server->reply(wire::channel_data{number, adit::as_bytes(text)});
            if (with_eof) e.server->reply(wire::channel_eof{number});
            e.server->reply(wire::channel_close{number});
            static_cast<void>(co_await e.server->expect<wire::channel_close>());
        };
        std::string got;
        error_code end;
        const auto reads = [&]() -> task<> { end = co_await read_all(near, got); };
        e.play({says_all, reads});
        BOOST_TEST((got == text));
        BOOST_TEST(end == asio::error::eof);
        e.run_until([&] { return e.way->info().channels == 0; });
        BOOST_TEST(e.server->port().seen(message_id::channel_close) == 1U);
        e.finish();
    }
}

BOOST_AUTO_TEST_SUITE_END()
