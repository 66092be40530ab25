// adit/connection/channel_set.hpp: windows, refusals, requests and memory of channels, message by
// message. RFC 4254 section 5. How channels end is in channel_ends.cpp; what a channel is to its
// user in doors/channel.cpp.
#include "support/talk.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <boost/asio/write.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::byte;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::all_there_is;
using adit::test::channel_terms;
using adit::test::data_message;
using adit::test::end_after;
using adit::test::heard;
using adit::test::numbers;
using adit::test::payload_of;
using adit::test::say;
using adit::test::scene;
using wire::message_id;

BOOST_AUTO_TEST_SUITE(channel_set)

// C45: the window is granted again only for what the user has taken.
BOOST_AUTO_TEST_CASE(c45_credit_comes_with_consumption_only) {
    scene s;
    s.options.limits.first_window = 64 * 1024;
    s.make_ready();
    channel c = s.open({});
    const std::string text = adit::test::pattern(64 * 1024);
    say(s, {data_message(0, std::string_view(text).substr(0, 32 * 1024)),
            data_message(0, std::string_view(text).substr(32 * 1024))});
    BOOST_TEST(heard(s).empty());
    std::vector<char> room(20'000);
    BOOST_TEST(c.try_read(asio::buffer(room)).size == room.size());
    BOOST_TEST(heard(s).empty());
    BOOST_TEST(c.try_read(asio::buffer(room)).size == room.size());
    const auto after = heard(s);
    BOOST_REQUIRE(after.size() == 1U);
    const auto adjust = wire::decode<wire::channel_window_adjust>(after[0]).value();
    BOOST_TEST(adjust.recipient_channel == 1000U);
    BOOST_TEST(adjust.bytes_to_add == 40'000U);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c45_window_beyond_what_was_granted_is_fatal) {
    scene s;
    s.options.limits.first_window = 64 * 1024;
    s.make_ready();
    channel c = s.open({});
    const std::string text(32 * 1024, 'x');
    BOOST_TEST(!end_after(s, {data_message(0, text), data_message(0, text)}));
    say(s, {data_message(0, "x")});
    BOOST_TEST(!s.ssh().is_open());
    BOOST_TEST(s.link().error() == errc::window_exceeded);
    // What came before the offence is still there (C46, received first).
    error_code why;
    BOOST_TEST(all_there_is(c, why).size() == 64U * 1024);
    BOOST_TEST(why == errc::window_exceeded);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c44_data_larger_than_a_packet_may_be_is_fatal) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    const std::string text(32 * 1024 + 1, 'x');
    BOOST_TEST(end_after(s, {data_message(0, text)}) == errc::channel_packet_too_large);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c45_extended_data_counts_and_is_granted_again) {
    scene s;
    s.options.limits.first_window = 64 * 1024;
    s.make_ready();
    channel c = s.open({});
    const std::string text(32 * 1024, 'e');
    const auto extended = payload_of(wire::channel_extended_data{0, 1, adit::as_bytes(text)});
    for (int i = 0; i < 10; ++i) say(s, {extended});
    const auto ids = numbers(heard(s));
    BOOST_TEST(ids.size() >= 5U);
    BOOST_TEST(std::ranges::count(ids, 93) == static_cast<std::ptrdiff_t>(ids.size()));
    BOOST_TEST(s.ssh().is_open());
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c44_writes_keep_to_the_window_and_the_packet_size) {
    for (const std::uint32_t packet : {1U, 9U, 1000U, 32'768U, 0xffffffffU}) {
        scene s;
        s.make_ready();
        channel_terms terms;
        terms.window = 2000;
        terms.packet = packet;
        channel c = s.open(terms);
        const std::string text = adit::test::pattern(5000);
        std::optional<error_code> written;
        asio::async_write(c, asio::buffer(text), [&](error_code ec, std::size_t) { written = ec; });
        s.step();
        std::string got;
        while (!written || got.size() < text.size()) {
            std::size_t came = 0;
            for (const auto& m : heard(s)) {
                const auto d = wire::decode<wire::channel_data>(m).value();
                BOOST_TEST(d.recipient_channel == 1000U);
                BOOST_TEST(d.data.size() <= packet);
                came += d.data.size();
                got += adit::as_text(d.data);
            }
            BOOST_REQUIRE(came <= 2000U);
            BOOST_REQUIRE(came > 0U);
            say(s, {payload_of(wire::channel_window_adjust{0, static_cast<std::uint32_t>(came)})});
        }
        BOOST_TEST((got == text));
        c.close();
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c41_first_window_of_zero_waits_for_credit) {
    scene s;
    s.make_ready();
    channel_terms terms;
    terms.window = 0;
    channel c = s.open(terms);
    std::optional<std::size_t> written;
    c.async_write_some(asio::buffer("abc", 3), [&](error_code, std::size_t n) { written = n; });
    s.step();
    BOOST_TEST(!written.has_value());
    say(s, {payload_of(wire::channel_window_adjust{0, 0})});
    BOOST_TEST(!written.has_value());
    say(s, {payload_of(wire::channel_window_adjust{0, 1})});
    BOOST_TEST((written == std::size_t{1}));
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c41_maximum_packet_of_zero_is_fatal) {
    scene s;
    s.make_ready();
    error_code opened;
    adit::target to("db", 1);
    s.ssh().async_open(std::move(to), [&](error_code ec, channel) { opened = ec; });
    s.step();
    const auto zero = payload_of(wire::channel_open_confirmation{0, 1000, 1, 0, {}});
    BOOST_TEST(end_after(s, {zero}) == errc::malformed_field);
    BOOST_TEST(opened == errc::malformed_field);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a21_window_beyond_two_to_the_32_is_fatal) {
    scene s;
    s.make_ready();
    channel_terms terms;
    terms.window = 0xffffffffU;
    channel c = s.open(terms);
    BOOST_TEST(end_after(s, {payload_of(wire::channel_window_adjust{0, 1})}) ==
               errc::window_overflow);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(a24_messages_for_channels_that_are_not_there_are_fatal) {
    const std::vector<std::vector<byte>> messages{
        data_message(7, "x"),
        payload_of(wire::channel_extended_data{7, 1, {}}),
        payload_of(wire::channel_eof{7}),
        payload_of(wire::channel_close{0xffffffffU}),
        payload_of(wire::channel_request{7, "x", false, {}}),
        payload_of(wire::channel_success{7}),
        payload_of(wire::channel_failure{7}),
        payload_of(wire::channel_open_confirmation{7, 1, 1, 1, {}}),
        payload_of(wire::channel_open_failure{7, 1, "", ""}),
        payload_of(wire::channel_open_confirmation{0, 1, 1, 1, {}}),
        payload_of(wire::channel_open_failure{0, 1, "", ""})};
    for (const auto& message : messages) {
        BOOST_TEST_CONTEXT("message " << int(message[0])) {
            scene s;
            s.make_ready();
            channel c = s.open({});
            const error_code ec = end_after(s, {message});
            BOOST_TEST((ec == errc::unknown_channel || ec == errc::unexpected_message));
            c.close();
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(a26_channels_that_a_server_opens_are_refused) {
    scene s;
    s.make_ready();
    const std::vector<std::pair<std::string, std::uint32_t>> types{
        {"forwarded-tcpip", 1},
        {"forwarded-streamlocal@openssh.com", 1},
        {"session", 1},
        {"x11", 1},
        {"auth-agent@openssh.com", 1},
        {"unknown@test", 3},
        {"", 3}};
    std::uint32_t number = 0xfffffff0U;
    for (const auto& [type, reason] : types) {
        say(s, {payload_of(wire::channel_open{type, ++number, 100, 100, {}})});
        const auto answers = heard(s);
        BOOST_REQUIRE(answers.size() == 1U);
        const auto failure = wire::decode<wire::channel_open_failure>(answers[0]).value();
        BOOST_TEST(failure.recipient_channel == number);
        BOOST_TEST(failure.reason_code == reason);
    }
    BOOST_TEST(s.ssh().info().channels == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c47_requests_get_exactly_one_answer_if_they_want_one) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    say(s, {payload_of(wire::channel_request{0, "exit-status", false, {}}),
            payload_of(wire::channel_request{0, "keepalive@openssh.com", true, {}}),
            payload_of(wire::channel_success{0}), payload_of(wire::channel_failure{0})});
    const auto answers = heard(s);
    BOOST_REQUIRE(answers.size() == 1U);
    BOOST_TEST(wire::decode<wire::channel_failure>(answers[0]).value().recipient_channel == 1000U);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(l11_more_channels_than_the_limit_are_an_error_of_ours) {
    scene s;
    s.options.limits.channels = 2;
    s.make_ready();
    channel a = s.open({});
    channel_terms terms;
    terms.number = 1001;
    channel b = s.open(terms);
    error_code opened;
    adit::target to("db", 1);
    s.ssh().async_open(std::move(to), [&](error_code ec, channel) { opened = ec; });
    s.step();
    BOOST_TEST(opened == errc::too_many_channels);
    BOOST_TEST(heard(s).empty());
    a.close();
    b.close();
    s.finish();
}

// A channel that nobody reads stalls itself and holds what is its own, not what came beside it.
BOOST_AUTO_TEST_CASE(t31_slow_consumer_stalls_nobody_and_holds_no_neighbours_slab) {
    scene s;
    s.wire.record = false;
    s.make_ready();
    channel slow = s.open({});
    channel_terms terms;
    terms.number = 1001;
    channel quick = s.open(terms);
    const std::string text = adit::test::pattern(8000);
    std::size_t got = 0;
    for (int i = 0; i < 100; ++i) {
        say(s, {data_message(1, text), data_message(0, "x")});
        error_code why;
        const std::string read = all_there_is(quick, why);
        BOOST_REQUIRE((read == text));
        got += read.size();
    }
    BOOST_TEST(got == 800'000U);
    // A hundred bytes may cost a hundred small slabs; not a hundred large ones.
    BOOST_TEST(s.link().stream().pool().bytes_in_use() <= 100U * 2080 + 100'000);
    error_code why;
    BOOST_TEST(all_there_is(slow, why) == std::string(100, 'x'));
    slow.close();
    quick.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(nothing_idle_holds_a_buffer) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    say(s, {data_message(0, "hello")});
    error_code why;
    BOOST_TEST(all_there_is(c, why) == "hello");
    BOOST_TEST(c.try_write(asio::buffer("world", 5)).size == 5U);
    s.step();
    BOOST_TEST(s.link().stream().pool().in_use() == 0U);
    c.close();
    s.finish();
}

// L13: a stream of bulk data on one channel leaves room for another's small message.
BOOST_AUTO_TEST_CASE(l12_queue_of_one_channel_is_bounded) {
    scene s;
    s.make_ready();
    channel_terms terms;
    terms.window = 0xffffffffU;
    channel c = s.open(terms);
    s.up().options.capacity = 1;
    const std::string text = adit::test::pattern(100'000);
    std::size_t queued = 0;
    for (int i = 0; i < 100; ++i) queued += c.try_write(asio::buffer(text)).size;
    BOOST_TEST(queued <= s.options.limits.unsent_bytes_channel + 600'000);
    BOOST_TEST(queued >= 100'000U);
    c.abort();
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
