// adit/channel.hpp: the channel as a stream. What it sends and hears on the wire is the subject of
// unit/connection/channel_set.cpp, cancellation of tests/cancellation.
#include "support/scene.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::lease;
using adit::task;
using adit::test::scene;

namespace {

void say(scene& s, std::string_view text) {
    const auto server_part = [&]() -> task<> {
        s.server().reply(wire::channel_data{0, adit::as_bytes(text)});
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
}

std::string text_of(const lease& l) {
    std::string text;
    for (const asio::const_buffer& b : l.buffers()) {
        text.append(static_cast<const char*>(b.data()), b.size());
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(channel_door)

BOOST_AUTO_TEST_CASE(default_constructed_channel_is_closed) {
    channel c;
    std::array<char, 4> room{};
    BOOST_TEST(!c.is_open());
    BOOST_TEST(c.try_read(asio::buffer(room)).ec == asio::error::not_connected);
    BOOST_TEST(c.try_write(asio::buffer(room)).ec == asio::error::not_connected);
    BOOST_TEST(c.lend().size() == 0U);
    c.shutdown_send();
    c.close();
    c.abort();
    auto reading = c.async_read_some(asio::buffer(room), asio::use_future);
    BOOST_CHECK_EXCEPTION(reading.get(), boost::system::system_error,
                          [](const auto& e) { return e.code() == asio::error::not_connected; });
}

BOOST_AUTO_TEST_CASE(moved_from_channel_is_closed_and_answers_so) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    channel other = std::move(c);
    error_code read, write, readable, writable;
    std::array<char, 4> room{};
    c.async_read_some(asio::buffer(room), [&](error_code ec, std::size_t) { read = ec; });
    c.async_write_some(asio::buffer(room), [&](error_code ec, std::size_t) { write = ec; });
    c.async_wait_readable([&](error_code ec) { readable = ec; });
    c.async_wait_writable([&](error_code ec) { writable = ec; });
    s.step();
    for (const error_code& ec : {read, write, readable, writable}) {
        BOOST_TEST(ec == asio::error::not_connected);
    }
    BOOST_TEST(other.is_open());
    other = channel();
    BOOST_TEST(!other.is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(nothing_completes_inside_its_initiating_function) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    say(s, "there");
    std::array<char, 16> room{};
    int completions = 0;
    c.async_read_some(asio::buffer(room), [&](error_code, std::size_t) { ++completions; });
    c.async_write_some(asio::buffer("x", 1), [&](error_code, std::size_t) { ++completions; });
    c.async_wait_writable([&](error_code) { ++completions; });
    BOOST_TEST(completions == 0);
    s.step();
    BOOST_TEST(completions == 3);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(second_read_or_write_gets_already_started) {
    scene s;
    s.make_ready();
    adit::test::channel_terms terms;
    terms.window = 0;
    channel c = s.open(terms);
    std::array<char, 4> room{};
    error_code first, second, third, fourth;
    c.async_read_some(asio::buffer(room), [&](error_code ec, std::size_t) { first = ec; });
    c.async_read_some(asio::buffer(room), [&](error_code ec, std::size_t) { second = ec; });
    c.async_write_some(asio::buffer(room), [&](error_code ec, std::size_t) { third = ec; });
    c.async_write_some(asio::buffer(room), [&](error_code ec, std::size_t) { fourth = ec; });
    s.step();
    BOOST_TEST(!first);
    BOOST_TEST(second == asio::error::already_started);
    BOOST_TEST(!third);
    BOOST_TEST(fourth == asio::error::already_started);
    c.close();
    s.step();
    BOOST_TEST(first == asio::error::operation_aborted);
    BOOST_TEST(third == asio::error::operation_aborted);
    s.finish();
}

BOOST_AUTO_TEST_CASE(empty_buffers_complete_at_once) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    error_code read = errc::channel_closed, write = errc::channel_closed;
    c.async_read_some(asio::mutable_buffer(), [&](error_code ec, std::size_t) { read = ec; });
    c.async_write_some(asio::const_buffer(), [&](error_code ec, std::size_t) { write = ec; });
    s.step();
    BOOST_TEST(!read);
    BOOST_TEST(!write);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(sequences_of_buffers_are_filled_and_sent_in_order) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    std::array<char, 3> a{};
    std::array<char, 5> b{};
    const std::array<asio::mutable_buffer, 3> into{asio::buffer(a), asio::mutable_buffer(),
                                                   asio::buffer(b)};
    std::size_t got = 0;
    c.async_read_some(into, [&](error_code, std::size_t n) { got = n; });
    say(s, "abcdefg");
    BOOST_TEST(got == 7U);
    BOOST_TEST(std::string_view(a.data(), 3) == "abc");
    BOOST_TEST(std::string_view(b.data(), 4) == "defg");
    const std::array<asio::const_buffer, 3> from{asio::buffer("one", 3), asio::const_buffer(),
                                                 asio::buffer("two", 3)};
    const auto client_part = [&]() -> task<> {
        auto writing = c.async_write_some(from, asio::deferred);
        const std::size_t n = co_await std::move(writing);
        BOOST_TEST(n == 6U);
    };
    const auto server_part = [&]() -> task<> {
        const auto data = co_await s.server().expect<wire::channel_data>();
        BOOST_TEST(adit::as_text(data.data) == "onetwo");
    };
    s.play({client_part, server_part});
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(works_with_the_composed_operations_of_asio) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    std::string line;
    const auto client_part = [&]() -> task<> {
        auto reading = asio::async_read_until(c, asio::dynamic_buffer(line), "\n", asio::deferred);
        const std::size_t n = co_await std::move(reading);
        BOOST_TEST(line.substr(0, n) == "a line\n");
        auto writing = asio::async_write(c, asio::buffer(line), asio::deferred);
        static_cast<void>(co_await std::move(writing));
    };
    const auto server_part = [&]() -> task<> {
        s.server().reply(wire::channel_data{0, adit::as_bytes("a li")});
        co_await s.server().flush();
        s.server().reply(wire::channel_data{0, adit::as_bytes("ne\n")});
        const auto data = co_await s.server().expect<wire::channel_data>();
        BOOST_TEST(adit::as_text(data.data) == "a line\n");
    };
    s.play({client_part, server_part});
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(lease_shows_received_bytes_where_they_lie) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    BOOST_TEST(c.lend().size() == 0U);
    error_code readable = asio::error::would_block;
    c.async_wait_readable([&](error_code ec) { readable = ec; });
    s.step();
    BOOST_TEST(readable == asio::error::would_block);
    say(s, "hello");
    BOOST_TEST(!readable);
    {
        lease l = c.lend();
        BOOST_TEST(text_of(l) == "hello");
        l.consume(2);
        BOOST_TEST(text_of(l) == "llo");
    }
    // What was not consumed is still received.
    lease l = c.lend();
    BOOST_TEST(text_of(l) == "llo");
    l.consume(100);
    BOOST_TEST(l.size() == 0U);
    BOOST_TEST(s.link().stream().pool().in_use() == 0U);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(t31_lease_keeps_its_memory_beyond_channel_and_connection) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    say(s, "precious");
    lease l = c.lend();
    c.close();
    s.ssh().close();
    s.step();
    BOOST_TEST(text_of(l) == "precious");
    l.consume(8);
    BOOST_TEST(l.size() == 0U);
    l = lease();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c45_lease_that_is_held_grants_nothing_and_stalls_nobody) {
    scene s;
    s.options.limits.first_window = 32 * 1024;
    s.make_ready();
    channel c = s.open({});
    adit::test::channel_terms terms;
    terms.number = 1001;
    channel other = s.open(terms);
    say(s, adit::test::pattern(32 * 1024));
    lease l = c.lend();
    const auto client_part = [&]() -> task<> {
        const auto got = co_await adit::test::read_up_to(other, 5);
        BOOST_TEST(got.text == "other");
    };
    const auto server_part = [&]() -> task<> {
        s.server().reply(wire::channel_data{1, adit::as_bytes("other")});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    BOOST_TEST(s.server().port().seen(wire::message_id::channel_window_adjust) == 0U);
    l.consume(32 * 1024);
    const auto granted = [&]() -> task<> {
        const auto adjust = co_await s.server().expect<wire::channel_window_adjust>();
        BOOST_TEST(adjust.bytes_to_add == 32U * 1024);
    };
    s.play({granted});
    c.close();
    other.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(received_data_survives_a_lost_connection) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    say(s, "last words");
    s.server().port().stream().close(adit::detail::close_mode::abortive);
    s.step();
    std::array<char, 32> room{};
    const auto got = c.try_read(asio::buffer(room));
    BOOST_TEST(std::string_view(room.data(), got.size) == "last words");
    BOOST_TEST(c.try_read(asio::buffer(room)).ec == errc::connection_lost);
    BOOST_TEST(c.try_write(asio::buffer(room)).ec == errc::connection_lost);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(channel_outlives_its_client) {
    channel c;
    {
        scene s;
        s.make_ready();
        c = s.open({});
        s.finish();
        BOOST_TEST(!c.is_open());
        std::array<char, 4> room{};
        BOOST_TEST(c.try_write(asio::buffer(room)).ec == errc::connection_closed);
        c.close();
    }
    BOOST_TEST(!c.is_open());
}

BOOST_AUTO_TEST_SUITE_END()
