// adit/bastion.hpp: sessions, which get one line and an end, or the embedder.
#include "support/bastion_scene.hpp"

namespace asio = boost::asio;
using namespace adit::test;
using adit::audit_event;
using adit::byte;
using adit::task;
using kind = audit_event::kind;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(bastion_sessions)

BOOST_AUTO_TEST_CASE(a_session_gets_its_line_and_exit_status_1) {
    bastion_scene s;
    std::string line;
    std::vector<int> heard;
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const open_answer session = co_await ask_open(*c, "session", std::vector<byte>());
        BOOST_REQUIRE(session.reason == 0U);
        c->send(wire::channel_request{session.channel, "env", true, {}});
        c->send(wire::channel_request{session.channel, "pty-req", true, {}});
        c->send(wire::channel_request{session.channel, "shell", true, {}});
        co_await c->flush();
        for (bool closed = false; !closed;) {
            const auto packet = co_await c->port().receive_packet();
            heard.push_back(packet.payload[0]);
            if (packet.id() == wire::message_id::channel_data) {
                const auto m = adit::value_of(wire::decode<wire::channel_data>(packet.payload));
                line += adit::as_text(m.data);
            }
            if (packet.id() == wire::message_id::channel_request) {
                const auto m = adit::value_of(wire::decode<wire::channel_request>(packet.payload));
                BOOST_TEST(m.request_type == "exit-status");
                BOOST_TEST(m.request_data.bytes.back() == 1);
            }
            closed = packet.id() == wire::message_id::channel_close;
        }
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(line == "forwards only; use -L or -J\r\n");
    // No variables, a terminal, the shell; line, status, end.
    const std::vector<int> expected{100, 99, 99, 94, 98, 96, 97};
    BOOST_TEST(heard == expected, boost::test_tools::per_element());
    BOOST_TEST(s.count(kind::session_refused) == 1U);
}

BOOST_AUTO_TEST_CASE(an_embedder_takes_sessions) {
    bastion_scene s;
    s.options->guests.on_session = [](const adit::identity& who, adit::channel c) -> task<> {
        const std::string text = "hello " + who.user;
        auto writing = asio::async_write(c, asio::buffer(text), asio::deferred);
        static_cast<void>(co_await std::move(writing));
    };
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const open_answer session = co_await ask_open(*c, "session", std::vector<byte>());
        BOOST_REQUIRE(session.reason == 0U);
        const auto data = co_await c->expect<wire::channel_data>();
        BOOST_TEST((adit::as_text(data.data) == "hello alice"));
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(s.count(kind::session_refused) == 0U);
}

BOOST_AUTO_TEST_CASE(a37_an_embedder_whose_session_throws_loses_that_session_only) {
    bastion_scene s;
    s.options->guests.on_session = [](const adit::identity& who, adit::channel) -> task<> {
        if (who.user == "alice") throw 42;
        co_return;
    };
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        for (int i = 0; i < 2; ++i) {
            const open_answer session = co_await ask_open(*c, "session", std::vector<byte>());
            BOOST_TEST(session.reason == 0U);
            static_cast<void>(co_await c->expect<wire::channel_close>());
        }
    };
    s.play({asks});
    s.finish();
}

BOOST_AUTO_TEST_CASE(drain_lets_an_embedders_session_end_and_loses_nothing_of_it) {
    bastion_scene s;
    bool began = false;
    adit::detail::signal go(s.ctx.get_executor());
    s.options->guests.on_session = [&](const adit::identity&, adit::channel c) -> task<> {
        began = true;
        co_await go.wait();
        const std::string text = pattern(100'000);
        auto writing = asio::async_write(c, asio::buffer(text), asio::deferred);
        static_cast<void>(co_await std::move(writing));
    };
    std::unique_ptr<test_client> c;
    const auto opens = [&]() -> task<> {
        c = co_await s.raw_logged_in();
        const open_answer session = co_await ask_open(*c, "session", std::vector<byte>());
        BOOST_REQUIRE(session.reason == 0U);
    };
    s.play({opens});
    s.run_until([&] { return began; });
    bool drained = false;
    s.gate().async_drain(std::chrono::minutes(10), [&](adit::error_code) { drained = true; });
    s.step();
    BOOST_TEST(!drained);
    BOOST_TEST(s.gate().connections() == 1U);
    go.notify();
    std::string got;
    const auto reads = [&]() -> task<> {
        for (bool closed = false; !closed;) {
            const auto packet = co_await c->port().receive_packet();
            if (packet.id() == wire::message_id::channel_data) {
                const auto m = adit::value_of(wire::decode<wire::channel_data>(packet.payload));
                got += adit::as_text(m.data);
            }
            closed = packet.id() == wire::message_id::channel_close;
        }
        c->send(wire::channel_close{0});
        co_await c->flush();
    };
    s.play({reads});
    BOOST_TEST((got == pattern(100'000)));
    s.run_until([&] { return drained; });
    s.finish();
}

BOOST_AUTO_TEST_CASE(l11_the_eleventh_session_is_refused) {
    bastion_scene s;
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        for (int i = 0; i < 10; ++i) {
            const open_answer session = co_await ask_open(*c, "session", std::vector<byte>());
            BOOST_TEST(session.reason == 0U);
        }
        const open_answer one_more = co_await ask_open(*c, "session", std::vector<byte>());
        BOOST_TEST(one_more.reason == 4U);
    };
    s.play({asks});
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
