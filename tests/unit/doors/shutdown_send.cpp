// channel::async_shutdown_send, which completes when our EOF is in the connection's stream (C19,
// C46), and how many may wait for a connection's end.
#include "support/session_talk.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using namespace adit::test;
using adit::channel;
using adit::errc;
using adit::error_code;
using wire::message_id;

namespace {

// Ends its data when it goes, and leaves everything to the operation.
struct last_words {
    std::shared_ptr<channel> stream;
    std::shared_ptr<adit::client> ssh;

    last_words() = default;
    last_words(const last_words&) = delete;
    last_words& operator=(const last_words&) = delete;
    ~last_words() {
        channel& c = *stream;
        c.async_shutdown_send([all = std::pair(std::move(stream), std::move(ssh))](error_code) {});
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shutdown_send)

BOOST_AUTO_TEST_CASE(c46_completes_behind_everything_written) {
    scene s;
    s.wire.capacity = 1024 * 1024;
    s.make_ready();
    channel c = s.open({});
    const std::string text = pattern(300'000);
    ending written, flushed;
    asio::async_write(c, asio::buffer(text), written.handler());
    s.step();
    BOOST_TEST(!written.ec);
    c.async_shutdown_send(flushed.handler());
    BOOST_TEST(flushed.completions == 0);
    s.step();
    BOOST_TEST(!flushed.ec);
    std::string got;
    std::vector<int> ids;
    for (const auto& m : heard(s)) {
        ids.push_back(m[0]);
        if (m[0] == 94) got += adit::as_text(wire::decode<wire::channel_data>(m).value().data);
    }
    BOOST_TEST((got == text));
    BOOST_TEST(ids.back() == 96);
    // It is in the stream already.
    ending again;
    c.async_shutdown_send(again.handler());
    s.step();
    BOOST_TEST(!again.ec);
    BOOST_TEST(heard(s).empty());
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(waits_while_the_stream_takes_nothing) {
    scene s;
    s.wire.capacity = 64 * 1024;
    s.make_ready();
    channel c = s.open({});
    const std::string text = pattern(200'000);
    ending written, flushed, second;
    asio::async_write(c, asio::buffer(text), written.handler());
    s.step();
    BOOST_TEST(!written.ec);
    c.async_shutdown_send(flushed.handler());
    c.async_shutdown_send(second.handler());
    s.step();
    BOOST_TEST(flushed.completions == 0);
    BOOST_TEST(second.ec == asio::error::already_started);
    BOOST_TEST(heard(s).size() >= 7U);
    s.step();
    BOOST_TEST(flushed.completions == 1);
    BOOST_TEST(!flushed.ec);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c19_waits_for_the_end_of_a_key_exchange) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    ending flushed;
    adit::protocol::packet kexinit;
    const auto begins = [&]() -> adit::task<> {
        s.server().send_kexinit();
        kexinit = co_await s.server().port().receive_packet();
    };
    const auto goes_on = [&]() -> adit::task<> {
        co_await s.server().exchange(kexinit);
        co_await s.server().flush();
        static_cast<void>(co_await s.server().expect<wire::channel_eof>());
    };
    s.play({begins});
    c.async_shutdown_send(flushed.handler());
    s.step();
    BOOST_TEST(flushed.completions == 0);
    s.play({goes_on});
    s.step();
    BOOST_TEST(!flushed.ec);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(cancelling_it_ends_the_waiting_only) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    for (const auto kind : {asio::cancellation_type::partial, asio::cancellation_type::terminal}) {
        ending flushed;
        c.async_shutdown_send(flushed.handler());
        flushed.cancel.emit(kind);
        s.step();
        BOOST_TEST(flushed.completions == 1);
        BOOST_TEST(flushed.ec == asio::error::operation_aborted);
    }
    const std::vector<int> expected{96};
    BOOST_TEST(numbers(heard(s)) == expected, boost::test_tools::per_element());
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(ends_with_what_ends_the_channel) {
    const auto end_of = [](const auto& how) {
        scene s;
        s.make_ready();
        channel c = s.open({});
        ending flushed, late;
        c.async_shutdown_send(flushed.handler());
        how(s, c);
        s.step();
        BOOST_TEST(flushed.completions == 1);
        c.async_shutdown_send(late.handler());
        s.step();
        BOOST_TEST(late.ec);
        c.close();
        s.finish();
        return flushed.ec;
    };
    BOOST_TEST(end_of([](scene&, channel& c) { c.close(); }) == asio::error::operation_aborted);
    BOOST_TEST(end_of([](scene& s, channel&) { s.ssh().close(); }) == errc::connection_closed);
}

BOOST_AUTO_TEST_CASE(c46_behind_the_peers_close_it_is_too_late) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    channel none;
    say(s, {data_message(0, "unread"), closed()});
    ending late, never;
    c.async_shutdown_send(late.handler());
    none.async_shutdown_send(asio::bind_executor(s.ctx, never.handler()));
    s.step();
    BOOST_TEST(late.ec == errc::channel_closed);
    BOOST_TEST(never.ec == asio::error::not_connected);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(several_may_wait_for_the_connections_end) {
    scene s;
    s.make_ready();
    std::array<ending, 3> all;
    ending again;
    for (ending& e : all) s.ssh().async_wait_closed(e.handler());
    s.step();
    all[1].cancel.emit(asio::cancellation_type::total);
    s.ssh().async_wait_closed(again.handler());
    s.step();
    s.ssh().close();
    s.step();
    BOOST_TEST(all[0].ec == errc::connection_closed);
    BOOST_TEST(all[1].ec == asio::error::operation_aborted);
    BOOST_TEST(all[2].ec == errc::connection_closed);
    BOOST_TEST(again.ec == errc::connection_closed);
    for (const ending& e : all) BOOST_TEST(e.completions == 1);
    s.finish();
}

// The handler is dropped at once, and the connection with it.
BOOST_AUTO_TEST_CASE(may_be_begun_while_its_context_is_destroyed) {
    const auto kept = std::make_shared<int>(1);
    {
        scene s;
        s.make_ready();
        auto last = std::make_shared<last_words>();
        last->stream = std::make_shared<channel>(s.open({}));
        last->stream->async_wait_readable([last, kept](error_code) {});
        static_cast<void>(heard(s));
        last->ssh = std::make_shared<adit::client>(std::move(s.ssh()));
    }
    BOOST_TEST(kept.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
