// adit/connection/relay.hpp: nothing lost between a stream and a channel, and every end passed on
// as what it was. The near stream is memory (given data and waited for) or a socket (tried).
#include "support/talk.hpp"

#include <adit/connection/relay.hpp>

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::detail::relay;
using adit::detail::relay_report;
using adit::test::data_message;
using adit::test::payload_of;
using adit::test::say;
using adit::test::scene;
using wire::message_id;

namespace {

using unix_socket = asio::local::stream_protocol::socket;

// A relay between a channel and `app`, the far end of the near stream.
template <class App>
struct joined {
    scene s;
    std::optional<App> app;
    std::shared_ptr<relay> between;
    std::optional<relay_report> report;

    joined() { s.wire.record = false; }

    void begin(App ours, App theirs, channel c) {
        app.emplace(std::move(theirs));
        between = std::make_shared<relay>(adit::detail::erase(std::move(ours)), c.release_core());
        const auto runs = [this]() -> task<> { report = co_await between->run(); };
        asio::co_spawn(s.ctx, runs, [](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
        });
        s.step();
    }
    void finish() {
        s.step();
        BOOST_TEST(report.has_value());
        app.reset();
        between.reset();
        s.finish();
    }
};

struct by_memory : joined<adit::test::memory_stream> {
    void join(channel c) {
        auto [ours, theirs] = adit::test::memory_pair(s.ctx.get_executor());
        begin(std::move(ours), std::move(theirs), std::move(c));
    }
    void end_app() { app->shutdown_send(); }
};

struct by_socket : joined<unix_socket> {
    void join(channel c) {
        unix_socket ours(s.ctx), theirs(s.ctx);
        asio::local::connect_pair(ours, theirs);
        begin(std::move(ours), std::move(theirs), std::move(c));
    }
    void end_app() { app->shutdown(unix_socket::shutdown_send); }
};

template <class App>
task<> app_writes(App& app, std::string text) {
    auto writing = asio::async_write(app, asio::buffer(text), asio::deferred);
    static_cast<void>(co_await std::move(writing));
}

// All that comes, up to n bytes or to the end.
template <class App>
task<adit::test::end_of_reading> app_reads(App& app, std::size_t n) {
    adit::test::end_of_reading result;
    std::array<char, 4096> room;
    while (result.text.size() < n && !result.why) {
        auto reading = app.async_read_some(asio::buffer(room), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(reading);
        result.why = std::get<0>(outcome);
        result.text.append(room.data(), std::get<1>(outcome));
    }
    co_return result;
}

// A channel against the echo, through small windows that have to be granted again and again.
channel open_for_echo(scene& s) {
    s.options.limits.first_window = 64 * 1024;
    s.make_ready();
    adit::test::channel_terms terms;
    terms.window = 50'000;
    channel c;
    const auto opens = [&]() -> task<> { c = co_await adit::test::open_on(s.ssh()); };
    const auto answers = [&]() -> task<> { co_await s.server().echo_open_channel(terms); };
    s.play({opens, answers});
    return c;
}

template <class Joined>
void echoes_through(std::size_t rekey_bytes) {
    Joined j;
    scene& s = j.s;
    s.options.limits.rekey_bytes = rekey_bytes;
    j.join(open_for_echo(s));
    const std::string text = adit::test::pattern(700'000);
    const auto writes = [&]() -> task<> {
        co_await app_writes(*j.app, text);
        j.end_app();
    };
    const auto reads = [&]() -> task<> {
        const auto got = co_await app_reads(*j.app, std::string::npos);
        BOOST_TEST((got.text == text));
        BOOST_TEST(got.why == asio::error::eof);
    };
    const auto echoes = [&]() -> task<> {
        const auto closed = [&] { return s.server().port().seen(message_id::channel_close) != 0; };
        co_await s.server().echo_until(closed);
    };
    s.play({writes, reads, echoes});
    s.step();
    BOOST_REQUIRE(j.report.has_value());
    BOOST_TEST(!j.report->error);
    BOOST_TEST(j.report->to_channel == text.size());
    BOOST_TEST(j.report->to_stream == text.size());
    j.finish();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(relays)

BOOST_AUTO_TEST_CASE(everything_both_ways_through_small_windows) {
    echoes_through<by_memory>(0);
    echoes_through<by_socket>(0);
}

BOOST_AUTO_TEST_CASE(c19_everything_both_ways_while_keys_are_exchanged) {
    echoes_through<by_memory>(16 * 1024);
    echoes_through<by_socket>(16 * 1024);
}

BOOST_AUTO_TEST_CASE(half_close_of_the_stream_is_an_eof_and_answers_still_come) {
    by_memory j;
    scene& s = j.s;
    s.make_ready();
    j.join(s.open({}));
    j.end_app();
    const auto server_part = [&]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::channel_eof>());
        s.server().reply(wire::channel_data{0, adit::as_bytes("answer")});
        s.server().reply(wire::channel_eof{0});
        static_cast<void>(co_await s.server().expect<wire::channel_close>());
    };
    const auto app_part = [&]() -> task<> {
        const auto got = co_await app_reads(*j.app, std::string::npos);
        BOOST_TEST(got.text == "answer");
        BOOST_TEST(got.why == asio::error::eof);
    };
    s.play({server_part, app_part});
    s.step();
    BOOST_REQUIRE(j.report.has_value());
    BOOST_TEST(!j.report->error);
    j.finish();
}

BOOST_AUTO_TEST_CASE(half_close_of_the_channel_is_an_end_of_data_and_writes_still_go) {
    by_memory j;
    scene& s = j.s;
    s.make_ready();
    j.join(s.open({}));
    say(s, {data_message(0, "last"), payload_of(wire::channel_eof{0})});
    const auto app_part = [&]() -> task<> {
        const auto got = co_await app_reads(*j.app, std::string::npos);
        BOOST_TEST(got.text == "last");
        BOOST_TEST(got.why == asio::error::eof);
        co_await app_writes(*j.app, "and still");
        j.end_app();
    };
    const auto server_part = [&]() -> task<> {
        const auto m = co_await s.server().expect<wire::channel_data>();
        BOOST_TEST(adit::as_text(m.data) == "and still");
        static_cast<void>(co_await s.server().expect<wire::channel_eof>());
        static_cast<void>(co_await s.server().expect<wire::channel_close>());
    };
    s.play({app_part, server_part});
    s.step();
    BOOST_TEST(j.report.has_value());
    j.finish();
}

BOOST_AUTO_TEST_CASE(reset_of_the_stream_cuts_the_channel_off) {
    by_memory j;
    scene& s = j.s;
    s.make_ready();
    j.join(s.open({}));
    j.app->abort();
    const auto server_part = [&]() -> task<> {
        // No EOF: what came is no complete stream.
        static_cast<void>(co_await s.server().expect<wire::channel_close>());
        s.server().reply(wire::channel_close{0});
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
    BOOST_REQUIRE(j.report.has_value());
    BOOST_TEST(j.report->error == asio::error::connection_reset);
    j.finish();
}

BOOST_AUTO_TEST_CASE(bare_close_of_the_channel_ends_or_resets_as_the_options_say) {
    for (const bool reset : {false, true}) {
        by_memory j;
        scene& s = j.s;
        s.options.reset_on_bare_close = reset;
        s.make_ready();
        j.join(s.open({}));
        say(s, {data_message(0, "part"), payload_of(wire::channel_close{0})});
        const auto app_part = [&]() -> task<> {
            const auto got = co_await app_reads(*j.app, std::string::npos);
            BOOST_TEST(got.why ==
                       (reset ? asio::error::connection_reset : error_code(asio::error::eof)));
            if (!reset) BOOST_TEST(got.text == "part");
        };
        s.play({app_part});
        s.step();
        BOOST_REQUIRE(j.report.has_value());
        BOOST_TEST(j.report->error == (reset ? error_code(errc::channel_reset) : error_code()));
        j.finish();
    }
}

BOOST_AUTO_TEST_CASE(lost_connection_is_a_reset_and_never_a_clean_end) {
    by_memory j;
    scene& s = j.s;
    s.make_ready();
    j.join(s.open({}));
    say(s, {data_message(0, "half of it")});
    s.server().port().stream().close(adit::detail::close_mode::abortive);
    const auto app_part = [&]() -> task<> {
        const auto got = co_await app_reads(*j.app, std::string::npos);
        BOOST_TEST(got.why == asio::error::connection_reset);
    };
    s.play({app_part});
    s.step();
    BOOST_REQUIRE(j.report.has_value());
    BOOST_TEST(j.report->error == errc::connection_lost);
    j.finish();
}

// Also when the consumer does not read, and the relay is stuck in its write.
BOOST_AUTO_TEST_CASE(lost_connection_resets_a_stream_that_nobody_reads) {
    by_memory j;
    scene& s = j.s;
    s.make_ready();
    j.join(s.open({}));
    j.app->incoming()->options.capacity = 10;
    say(s, {data_message(0, adit::test::pattern(20'000))});
    BOOST_TEST(!j.report.has_value());
    s.server().port().stream().close(adit::detail::close_mode::abortive);
    s.step();
    BOOST_REQUIRE(j.report.has_value());
    BOOST_TEST(j.report->error == errc::connection_lost);
    j.finish();
}

BOOST_AUTO_TEST_CASE(c45_stream_that_nobody_reads_takes_no_more_than_the_window) {
    by_memory j;
    scene& s = j.s;
    s.options.limits.first_window = 64 * 1024;
    s.make_ready();
    j.join(s.open({}));
    j.app->incoming()->options.capacity = 10;
    const std::string text = adit::test::pattern(64 * 1024);
    say(s, {data_message(0, std::string_view(text).substr(0, 32 * 1024)),
            data_message(0, std::string_view(text).substr(32 * 1024))});
    BOOST_TEST(s.ssh().is_open());
    const auto app_part = [&]() -> task<> {
        const auto got = co_await app_reads(*j.app, text.size());
        BOOST_TEST((got.text == text));
    };
    s.play({app_part});
    const auto granted = [&]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::channel_window_adjust>());
    };
    s.play({granted});
    j.between->abort(errc::connection_closed);
    j.finish();
}

// What arrived before a cut is a prefix of what was sent, at every place of the cut.
BOOST_AUTO_TEST_CASE(what_arrives_before_a_cut_is_a_prefix) {
    const std::string text = adit::test::pattern(60'000);
    for (std::size_t steps = 0; steps < 120; steps += 4) {
        by_memory j;
        scene& s = j.s;
        s.make_ready();
        j.join(s.open({}));
        std::string came;
        const auto listens = [&]() -> task<> {
            try {
                for (;;) {
                    const adit::protocol::packet p = co_await s.server().port().receive_packet();
                    if (p.id() == message_id::channel_eof) came += "EOF";
                    if (p.id() != message_id::channel_data) continue;
                    const auto m = adit::value_of(wire::decode<wire::channel_data>(p.payload));
                    came += adit::as_text(m.data);
                }
            } catch (const boost::system::system_error&) {
                co_return;
            }
        };
        const auto writes = [&]() -> task<> {
            try {
                co_await app_writes(*j.app, text);
            } catch (const boost::system::system_error&) {
                co_return;
            }
        };
        asio::co_spawn(s.ctx, listens, [](std::exception_ptr) {});
        asio::co_spawn(s.ctx, writes, [](std::exception_ptr) {});
        s.ctx.restart();
        for (std::size_t i = 0; i < steps && s.ctx.poll_one() != 0; ++i) {}
        j.between->abort(errc::connection_closed);
        s.step();
        BOOST_TEST(text.starts_with(came));
        BOOST_TEST(j.report.has_value());
        j.finish();
    }
}

BOOST_AUTO_TEST_CASE(idle_relay_holds_no_slab) {
    by_memory j;
    scene& s = j.s;
    s.make_ready();
    j.join(s.open({}));
    const auto app_part = [&]() -> task<> { co_await app_writes(*j.app, "ping"); };
    const auto server_part = [&]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::channel_data>());
        s.server().reply(wire::channel_data{0, adit::as_bytes("pong")});
        co_await s.server().flush();
    };
    const auto app_reads_it = [&]() -> task<> {
        const auto got = co_await app_reads(*j.app, 4);
        BOOST_TEST(got.text == "pong");
    };
    s.play({app_part, server_part, app_reads_it});
    s.step();
    BOOST_TEST(s.link().stream().pool().in_use() == 0U);
    j.between->abort(errc::connection_closed);
    j.finish();
}

BOOST_AUTO_TEST_SUITE_END()
