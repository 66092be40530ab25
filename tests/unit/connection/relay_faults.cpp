// A relay (adit/connection/relay.hpp) when both sides end at once (T17), when there is no memory
// for what it reads (T23), and when the connection goes amid a write that was taken in part (T31).
// RFC 4254 section 5.3.
#include "support/talk.hpp"

#include <adit/connection/relay.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <new>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::detail::relay;
using adit::detail::relay_report;
using adit::test::data_message;
using adit::test::memory_stream;
using adit::test::payload_of;
using adit::test::say;
using adit::test::scene;
using wire::message_id;

namespace {

// The sizes in which a relay takes memory for what it reads, and nobody else does.
constexpr std::size_t smallest_refused = 20 * 1024;
constexpr std::size_t largest_refused = 300 * 1024;
std::atomic<bool> no_memory{false};
std::atomic<unsigned> refused_slabs{0};

}  // namespace

// Slabs are made with this one and nothing else is.
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    if (no_memory && size >= smallest_refused && size <= largest_refused) {
        ++refused_slabs;
        return nullptr;
    }
    try {
        return ::operator new(size, alignment);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

namespace {

class no_memory_for_slabs {
public:
    explicit no_memory_for_slabs(adit::slab_pool& pool) {
        pool.trim();
        refused_slabs = 0;
        no_memory = true;
    }
    no_memory_for_slabs(const no_memory_for_slabs&) = delete;
    no_memory_for_slabs& operator=(const no_memory_for_slabs&) = delete;
    ~no_memory_for_slabs() { no_memory = false; }
};

// A relay between the channel and a program in memory.
struct relayed {
    scene s;
    std::optional<memory_stream> app;
    std::shared_ptr<relay> between;
    std::optional<relay_report> report;

    void join(channel c) {
        auto [ours, theirs] = adit::test::memory_pair(s.ctx.get_executor());
        app.emplace(std::move(theirs));
        between = std::make_shared<relay>(adit::detail::erase(std::move(ours)), c.release_core());
        const auto runs = [this]() -> task<> { report = co_await between->run(); };
        asio::co_spawn(s.ctx, runs, asio::detached);
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

// All that the program gets, and how it ends.
task<adit::test::end_of_reading> read_all(memory_stream& app) {
    adit::test::end_of_reading result;
    std::array<char, 4096> room;
    while (!result.why) {
        auto reading = app.async_read_some(asio::buffer(room), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(reading);
        result.why = std::get<0>(outcome);
        result.text.append(room.data(), std::get<1>(outcome));
    }
    co_return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(relay_faults)

// The server's EOF comes when the client has come so far with its own; its CLOSE waits for nothing
// but the client's EOF, so that it crosses the client's CLOSE.
BOOST_AUTO_TEST_CASE(t17_eof_and_close_cross_on_the_wire) {
    for (std::size_t steps = 0; steps < 40; ++steps) {
        relayed r;
        scene& s = r.s;
        s.make_ready();
        r.join(s.open({}));
        std::string up;
        const auto server_part = [&]() -> task<> {
            s.server().reply(wire::channel_data{0, adit::as_bytes("down")});
            s.server().reply(wire::channel_eof{0});
            co_await s.server().flush();
            const auto data = co_await s.server().expect<wire::channel_data>();
            up = adit::as_text(data.data);
            static_cast<void>(co_await s.server().expect<wire::channel_eof>());
            s.server().reply(wire::channel_close{0});
            co_await s.server().flush();
            static_cast<void>(co_await s.server().expect<wire::channel_close>());
        };
        adit::test::end_of_reading got;
        const auto reads = [&]() -> task<> { got = co_await read_all(*r.app); };
        asio::async_write(*r.app, asio::buffer("up", 2), [](error_code, std::size_t) {});
        r.app->shutdown_send();
        s.ctx.restart();
        for (std::size_t i = 0; i < steps && s.ctx.poll_one() != 0; ++i) {}
        s.play({server_part, reads});
        s.step();
        BOOST_TEST_CONTEXT("after " << steps << " steps") {
            BOOST_TEST(up == "up");
            BOOST_TEST(got.text == "down");
            BOOST_TEST(got.why == asio::error::eof);
            BOOST_REQUIRE(r.report.has_value());
            BOOST_TEST(!r.report->error);
            BOOST_TEST(s.server().port().seen(message_id::channel_eof) == 1U);
            BOOST_TEST(s.server().port().seen(message_id::channel_close) == 1U);
            BOOST_TEST(s.ssh().info().channels == 0U);
            BOOST_TEST(adit::test::heard(s).empty());
        }
        r.finish();
    }
}

BOOST_AUTO_TEST_CASE(t23_no_memory_for_what_it_reads_ends_the_relay_and_nothing_else) {
    relayed r;
    scene& s = r.s;
    s.make_ready();
    channel other = s.open({});
    adit::test::channel_terms terms;
    terms.number = 2000;
    r.join(s.open(terms));
    {
        const no_memory_for_slabs now(s.link().stream().pool());
        asio::async_write(*r.app, asio::buffer("request", 7), [](error_code, std::size_t) {});
        s.step();
        BOOST_TEST(refused_slabs == 1U);
    }
    BOOST_REQUIRE(r.report.has_value());
    BOOST_TEST(r.report->error == errc::out_of_memory);
    adit::test::end_of_reading got;
    const auto reads = [&]() -> task<> { got = co_await read_all(*r.app); };
    s.play({reads});
    BOOST_TEST(got.text.empty());
    BOOST_TEST(got.why == asio::error::connection_reset);
    // CLOSE and no EOF: what came is no complete stream.
    const auto messages = adit::test::heard(s);
    BOOST_REQUIRE(messages.size() == 1U);
    BOOST_TEST(wire::decode<wire::channel_close>(messages[0]).value().recipient_channel == 2000U);
    say(s, {payload_of(wire::channel_close{1})});
    BOOST_TEST(s.ssh().is_open());
    BOOST_TEST(s.ssh().info().channels == 1U);
    BOOST_TEST(other.try_write(asio::buffer("works", 5)).size == 5U);
    say(s, {data_message(0, "too")});
    error_code why;
    BOOST_TEST(adit::test::all_there_is(other, why) == "too");
    other.close();
    r.finish();
}

// A program's own write is told, and it may try again.
BOOST_AUTO_TEST_CASE(t23_no_memory_for_a_write_is_told_and_later_there_is_some) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    const std::string text = adit::test::pattern(30'000);
    {
        const no_memory_for_slabs now(s.link().stream().pool());
        const auto put = c.try_write(asio::buffer(text));
        BOOST_TEST(put.ec == errc::out_of_memory);
        BOOST_TEST(put.size == 0U);
    }
    BOOST_TEST(c.try_write(asio::buffer(text)).size == text.size());
    const auto heard = adit::test::heard(s);
    BOOST_REQUIRE(heard.size() == 1U);
    const auto m = wire::decode<wire::channel_data>(heard[0]).value();
    BOOST_TEST((adit::as_text(m.data) == text));
    BOOST_TEST(s.ssh().is_open());
    c.close();
    s.finish();
}

// The program took a part of what was lent to its write, and then the connection goes, or the
// program: every slab is back (finish() counts them), and what arrived is a beginning.
BOOST_AUTO_TEST_CASE(t31_an_end_amid_a_write_that_was_taken_in_part) {
    const std::string text = adit::test::pattern(60'000);
    for (const bool connection_goes : {true, false}) {
        relayed r;
        scene& s = r.s;
        s.make_ready();
        r.join(s.open({}));
        r.app->incoming()->options.capacity = 100;
        say(s, {data_message(0, std::string_view(text).substr(0, 30'000)),
                data_message(0, std::string_view(text).substr(30'000))});
        std::string came(50, ' ');
        r.app->async_read_some(asio::buffer(came), [](error_code, std::size_t) {});
        s.step();
        BOOST_TEST(came == text.substr(0, 50));
        BOOST_TEST(r.between->report().to_stream >= 100U);
        BOOST_TEST(r.between->report().to_stream < text.size());
        BOOST_TEST(s.link().stream().pool().in_use() != 0U);
        if (connection_goes) {
            s.server().port().stream().close(adit::detail::close_mode::abortive);
        } else {
            r.app->abort();
        }
        s.step();
        BOOST_REQUIRE(r.report.has_value());
        BOOST_TEST(static_cast<bool>(r.report->error));
        BOOST_TEST(s.ssh().is_open() == !connection_goes);
        r.finish();
    }
}

BOOST_AUTO_TEST_SUITE_END()
