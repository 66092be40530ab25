// adit/connection/channel_set.hpp: windows, ends, numbers and refusals of channels, message by message.
// RFC 4254 section 5. What a channel is to its user is in doors/channel.cpp. Long: each rule of
// security.md about channels is a case.
#include "support/scene.hpp"

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
using adit::test::channel_terms;
using adit::test::payload_of;
using adit::test::scene;
using wire::message_id;

namespace {

// Sends these in one segment.
void say(scene& s, const std::vector<std::vector<byte>>& messages) {
    const auto server_part = [&]() -> task<> {
        for (const auto& m : messages) s.server().port().send_now(m);
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
}

std::vector<byte> data(std::uint32_t channel, std::string_view text) {
    return payload_of(wire::channel_data{channel, adit::as_bytes(text)});
}

// Everything that the client has to say by now. Answers overtake the messages of channels, so it is
// asked twice whether that was all.
std::vector<std::vector<byte>> heard(scene& s) {
    std::vector<std::vector<byte>> messages;
    const auto question = payload_of(wire::global_request{"over", true, {}});
    const auto listens = [&]() -> task<> {
        for (int answers = 0; answers < 2;) {
            s.server().port().send_now(question);
            for (const int before = answers; answers == before;) {
                const adit::protocol::packet p = co_await s.server().port().receive_packet();
                if (p.id() == message_id::request_failure) ++answers;
                else messages.emplace_back(p.payload.begin(), p.payload.end());
            }
        }
    };
    s.play({listens});
    return messages;
}

std::vector<int> numbers(const std::vector<std::vector<byte>>& messages) {
    std::vector<int> ids;
    for (const auto& m : messages) ids.push_back(m[0]);
    return ids;
}

// The connection's end after these.
error_code end_after(scene& s, const std::vector<std::vector<byte>>& messages) {
    const auto closed = std::make_shared<error_code>();
    s.ssh().async_wait_closed([closed](error_code ec) { *closed = ec; });
    say(s, messages);
    return *closed;
}

struct pending_read {
    std::array<char, 1000> room{};
    std::string text;
    error_code ec = asio::error::would_block;
};

void read(channel& c, pending_read& r) {
    c.async_read_some(asio::buffer(r.room), [&r](error_code ec, std::size_t n) {
        r.ec = ec;
        r.text.assign(r.room.data(), n);
    });
}

std::string all_there_is(channel& c, error_code& why) {
    std::string text;
    std::array<char, 5000> room{};
    for (;;) {
        const auto got = c.try_read(asio::buffer(room));
        why = got.ec;
        if (got.size == 0) return text;
        text.append(room.data(), got.size);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(channel_set)

// C45: the window is granted again only for what the user has taken.
BOOST_AUTO_TEST_CASE(c45_credit_comes_with_consumption_only) {
    scene s;
    s.options.limits.first_window = 64 * 1024;
    s.make_ready();
    channel c = s.open({});
    const std::string text = adit::test::pattern(64 * 1024);
    say(s, {data(0, std::string_view(text).substr(0, 32 * 1024)),
            data(0, std::string_view(text).substr(32 * 1024))});
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
    BOOST_TEST(!end_after(s, {data(0, text), data(0, text)}));
    say(s, {data(0, "x")});
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
    BOOST_TEST(end_after(s, {data(0, text)}) == errc::channel_packet_too_large);
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
            say(s, {payload_of(wire::channel_window_adjust{
                       0, static_cast<std::uint32_t>(came)})});
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

BOOST_AUTO_TEST_CASE(c46_half_close_of_ours_leaves_the_other_direction) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    c.shutdown_send();
    BOOST_TEST(c.try_write(asio::buffer("x", 1)).ec == errc::channel_closed);
    say(s, {data(0, "still here")});
    error_code why;
    BOOST_TEST(all_there_is(c, why) == "still here");
    BOOST_TEST(why == asio::error::would_block);
    BOOST_TEST((numbers(heard(s)) == std::vector<int>{96}));
    c.close();
    BOOST_TEST((numbers(heard(s)) == std::vector<int>{97}));
    s.finish();
}

BOOST_AUTO_TEST_CASE(c46_half_close_of_theirs_leaves_the_other_direction) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    say(s, {data(0, "bye"), payload_of(wire::channel_eof{0}), payload_of(wire::channel_eof{0})});
    error_code why;
    BOOST_TEST(all_there_is(c, why) == "bye");
    BOOST_TEST(why == asio::error::eof);
    BOOST_TEST(c.is_open());
    BOOST_TEST(c.try_write(asio::buffer("late", 4)).size == 4U);
    BOOST_TEST((numbers(heard(s)) == std::vector<int>{94}));
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c46_data_after_eof_is_fatal) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    BOOST_TEST(end_after(s, {payload_of(wire::channel_eof{0}), data(0, "x")}) ==
               errc::data_after_eof);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c46_eof_needs_no_window_and_comes_behind_the_data) {
    scene s;
    s.make_ready();
    channel_terms terms;
    terms.window = 3;
    channel c = s.open(terms);
    BOOST_TEST(c.try_write(asio::buffer("abcdef", 6)).size == 3U);
    BOOST_TEST(c.try_write(asio::buffer("def", 3)).ec == asio::error::would_block);
    c.shutdown_send();
    BOOST_TEST((numbers(heard(s)) == std::vector<int>{94, 96}));
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(t18_all_in_the_segment_of_the_confirmation) {
    scene s;
    s.make_ready();
    std::optional<channel> opened;
    adit::target to("db", 1);
    s.ssh().async_open(std::move(to), [&](error_code ec, channel c) {
        BOOST_TEST(!ec);
        opened = std::move(c);
    });
    s.step();
    say(s, {payload_of(wire::channel_open_confirmation{0, 1000, 100, 100, {}}), data(0, "quick"),
            payload_of(wire::channel_eof{0}), payload_of(wire::channel_close{0})});
    BOOST_REQUIRE(opened.has_value());
    pending_read r;
    read(*opened, r);
    s.step();
    BOOST_TEST(!r.ec);
    BOOST_TEST(r.text == "quick");
    read(*opened, r);
    s.step();
    BOOST_TEST(r.ec == asio::error::eof);
    BOOST_TEST(!opened->is_open());
    BOOST_TEST(opened->try_write(asio::buffer("x", 1)).ec == errc::channel_closed);
    BOOST_TEST((numbers(heard(s)) == std::vector<int>{90, 97}));
    BOOST_TEST(s.ssh().info().channels == 0U);
    opened.reset();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c46_close_without_eof_is_an_end_or_a_reset_as_the_options_say) {
    for (const bool reset : {false, true}) {
        scene s;
        s.options.reset_on_bare_close = reset;
        s.make_ready();
        channel c = s.open({});
        say(s, {data(0, "some"), payload_of(wire::channel_close{0})});
        error_code why;
        BOOST_TEST(all_there_is(c, why) == "some");
        BOOST_TEST(why == (reset ? error_code(errc::channel_reset) : asio::error::eof));
        BOOST_TEST((numbers(heard(s)) == std::vector<int>{97}));
        c.close();
        BOOST_TEST(heard(s).empty());
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c46_close_behind_an_eof_is_no_reset) {
    scene s;
    s.options.reset_on_bare_close = true;
    s.make_ready();
    channel c = s.open({});
    say(s, {payload_of(wire::channel_eof{0}), payload_of(wire::channel_close{0})});
    error_code why;
    BOOST_TEST(all_there_is(c, why).empty());
    BOOST_TEST(why == asio::error::eof);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c46_close_of_the_peer_ends_a_parked_write) {
    scene s;
    s.make_ready();
    channel_terms terms;
    terms.window = 0;
    channel c = s.open(terms);
    error_code written, writable;
    c.async_write_some(asio::buffer("x", 1), [&](error_code ec, std::size_t) { written = ec; });
    c.async_wait_writable([&](error_code ec) { writable = ec; });
    s.step();
    BOOST_TEST(!written);
    say(s, {payload_of(wire::channel_close{0})});
    BOOST_TEST(written == errc::channel_closed);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c43_nothing_is_sent_behind_our_close) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    c.close();
    BOOST_TEST((numbers(heard(s)) == std::vector<int>{97}));
    // The peer has not seen it yet: data, requests and adjusts are late and harmless.
    say(s, {data(0, "late"), payload_of(wire::channel_request{0, "exit-status", true, {}}),
            payload_of(wire::channel_window_adjust{0, 100}), payload_of(wire::channel_eof{0}),
            payload_of(wire::channel_close{0})});
    BOOST_TEST(heard(s).empty());
    BOOST_TEST(s.ssh().is_open());
    BOOST_TEST(s.ssh().info().channels == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c43_number_is_free_only_behind_both_closes) {
    scene s;
    s.make_ready();
    channel first = s.open({});
    first.close();
    static_cast<void>(heard(s));
    channel_terms terms;
    terms.number = 2000;
    channel second = s.open(terms);  // gets number 1
    say(s, {data(1, "two"), payload_of(wire::channel_close{0})});
    error_code why;
    BOOST_TEST(all_there_is(second, why) == "two");
    terms.number = 3000;
    channel third = s.open(terms);  // and this one 0 again
    say(s, {data(0, "three"), data(1, "two")});
    BOOST_TEST(all_there_is(third, why) == "three");
    BOOST_TEST(all_there_is(second, why) == "two");
    second.close();
    third.close();
    const auto closes = heard(s);
    BOOST_REQUIRE(closes.size() == 2U);
    BOOST_TEST(wire::decode<wire::channel_close>(closes[0]).value().recipient_channel == 2000U);
    BOOST_TEST(wire::decode<wire::channel_close>(closes[1]).value().recipient_channel == 3000U);
    s.finish();
}

// The CLOSE of a number's last life may still be queued when its next life is cut off.
BOOST_AUTO_TEST_CASE(c43_close_of_a_numbers_last_life_is_never_lost) {
    scene s;
    s.make_ready();
    channel first = s.open({});
    // The client cannot write: nothing of what follows leaves before the end.
    s.up().options.capacity = 1;
    BOOST_TEST(first.try_write(asio::buffer("blocks the writer", 17)).size == 17U);
    s.step();
    say(s, {payload_of(wire::channel_close{0})});
    first.close();
    error_code opened = asio::error::would_block;
    asio::cancellation_signal cancel;
    adit::target to("db", 1);
    s.ssh().async_open(std::move(to),
                       asio::bind_cancellation_slot(cancel.slot(),
                                                    [&](error_code ec, channel) { opened = ec; }));
    s.step();
    cancel.emit(asio::cancellation_type::total);
    s.step();
    BOOST_TEST(opened == asio::error::operation_aborted);
    say(s, {payload_of(wire::channel_open_confirmation{0, 2000, 10, 10, {}})});
    s.up().options.capacity = 64 * 1024;
    const auto listens = heard(s);
    std::vector<std::uint32_t> closed;
    for (const auto& m : listens) {
        if (m[0] != 97) continue;
        closed.push_back(wire::decode<wire::channel_close>(m).value().recipient_channel);
    }
    const std::vector<std::uint32_t> expected{1000, 2000};
    BOOST_TEST(closed == expected, boost::test_tools::per_element());
    s.finish();
}

BOOST_AUTO_TEST_CASE(a24_messages_for_channels_that_are_not_there_are_fatal) {
    const std::vector<std::vector<byte>> messages{
        data(7, "x"),
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

BOOST_AUTO_TEST_CASE(c43_adjust_for_a_channel_that_is_gone_is_harmless) {
    scene s;
    s.make_ready();
    say(s, {payload_of(wire::channel_window_adjust{7, 100})});
    BOOST_TEST(s.ssh().is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(a26_channels_that_a_server_opens_are_refused) {
    scene s;
    s.make_ready();
    const std::vector<std::pair<std::string, std::uint32_t>> types{
        {"forwarded-tcpip", 1},        {"forwarded-streamlocal@openssh.com", 1},
        {"session", 1},                {"x11", 1},
        {"auth-agent@openssh.com", 1}, {"unknown@test", 3},
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
        say(s, {data(1, text), data(0, "x")});
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
    say(s, {data(0, "hello")});
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

BOOST_AUTO_TEST_CASE(abort_drops_what_was_not_sent) {
    scene s;
    s.wire.record = false;
    s.make_ready();
    channel c = s.open({});
    s.up().options.capacity = 1;
    BOOST_TEST(c.try_write(asio::buffer("first", 5)).size == 5U);
    s.step();  // the writer has it, and cannot write it
    BOOST_TEST(c.try_write(asio::buffer("second", 6)).size == 6U);
    c.shutdown_send();
    c.abort();
    s.up().options.capacity = 64 * 1024;
    const std::vector<int> expected{94, 97};
    BOOST_TEST(numbers(heard(s)) == expected, boost::test_tools::per_element());
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
