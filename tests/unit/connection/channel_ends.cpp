// How channels end, by adit/connection/channel_set.hpp: EOF, CLOSE and what may come behind them,
// and when a number is free again. RFC 4254 section 5.3.
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

namespace {

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

}  // namespace

BOOST_AUTO_TEST_SUITE(channel_ends)

BOOST_AUTO_TEST_CASE(c46_half_close_of_ours_leaves_the_other_direction) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    c.shutdown_send();
    BOOST_TEST(c.try_write(asio::buffer("x", 1)).ec == errc::channel_closed);
    say(s, {data_message(0, "still here")});
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
    say(s, {data_message(0, "bye"), payload_of(wire::channel_eof{0}),
            payload_of(wire::channel_eof{0})});
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
    BOOST_TEST(end_after(s, {payload_of(wire::channel_eof{0}), data_message(0, "x")}) ==
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
    say(s, {payload_of(wire::channel_open_confirmation{0, 1000, 100, 100, {}}),
            data_message(0, "quick"), payload_of(wire::channel_eof{0}),
            payload_of(wire::channel_close{0})});
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
        say(s, {data_message(0, "some"), payload_of(wire::channel_close{0})});
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
    say(s, {data_message(0, "late"), payload_of(wire::channel_request{0, "exit-status", true, {}}),
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
    say(s, {data_message(1, "two"), payload_of(wire::channel_close{0})});
    error_code why;
    BOOST_TEST(all_there_is(second, why) == "two");
    terms.number = 3000;
    channel third = s.open(terms);  // and this one 0 again
    say(s, {data_message(0, "three"), data_message(1, "two")});
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
    s.ssh().async_open(
        std::move(to),
        asio::bind_cancellation_slot(cancel.slot(), [&](error_code ec, channel) { opened = ec; }));
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

BOOST_AUTO_TEST_CASE(c43_adjust_for_a_channel_that_is_gone_is_harmless) {
    scene s;
    s.make_ready();
    say(s, {payload_of(wire::channel_window_adjust{7, 100})});
    BOOST_TEST(s.ssh().is_open());
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

// The channel was in no list any more when the connection ended, and its reader waited for ever.
BOOST_AUTO_TEST_CASE(close_and_disconnect_in_one_segment_end_a_read_that_waits) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    std::array<char, 4> room{};
    std::optional<error_code> end;
    c.async_read_some(asio::buffer(room), [&](error_code ec, std::size_t) { end = ec; });
    s.step();
    say(s, {payload_of(wire::channel_close{0}), payload_of(wire::disconnect{11, "bye", ""})});
    BOOST_REQUIRE(end.has_value());
    BOOST_TEST(*end == asio::error::eof);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
