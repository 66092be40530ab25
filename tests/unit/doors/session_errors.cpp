// adit/session.hpp: standard error at a client, which shares the channel's window with its data
// (C45), kept, merged or discarded. RFC 4254 section 5.2.
#include "support/session_talk.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using namespace adit::test;
using adit::errc;
using adit::error_code;
using adit::session;
using wire::message_id;

namespace {

constexpr std::size_t window = 64 * 1024;
const std::string half(window / 2, 'h');

/// A session whose window is that.
struct errors_scene : scene {
    errors_scene() {
        options.limits.first_window = window;
        make_ready();
        run = open_session(*this);
    }
    /// What the client has granted since it was asked last.
    [[nodiscard]] std::size_t granted() {
        std::size_t sum = 0;
        for (const auto& m : heard(*this)) {
            const auto adjust = wire::decode<wire::channel_window_adjust>(m).value();
            BOOST_TEST(adjust.recipient_channel == 1000U);
            sum += adjust.bytes_to_add;
        }
        return sum;
    }
    /// One read of standard error; nothing when it waits.
    [[nodiscard]] std::string read_errors() {
        ending reading;
        run.errors().async_read_some(asio::buffer(room), reading.handler());
        step();
        last = reading.ec;
        reading.cancel.emit(asio::cancellation_type::total);
        step();
        return {room.data(), reading.size};
    }
    [[nodiscard]] std::string read_data() { return all_there_is(run.stream(), last); }
    void end() {
        run.close();
        finish();
    }

    session run;
    error_code last;
    std::vector<char> room = std::vector<char>(window);
};

}  // namespace

BOOST_AUTO_TEST_SUITE(session_errors)

BOOST_AUTO_TEST_CASE(standard_error_is_read_apart_from_the_data) {
    errors_scene s;
    say(s, {data_message(0, "out1 "), errors_message(0, "err1 "), data_message(0, "out2"),
            errors_message(0, "err2")});
    BOOST_TEST(s.read_errors() == "err1 err2");
    BOOST_TEST(s.read_data() == "out1 out2");
    BOOST_TEST(s.read_errors().empty());
    BOOST_TEST(s.last == asio::error::would_block);
    s.end();
}

BOOST_AUTO_TEST_CASE(a_parked_reader_of_errors_is_woken_by_errors_only) {
    errors_scene s;
    ending reading, second;
    std::array<char, 3> a{};
    std::array<char, 5> b{};
    const std::array<asio::mutable_buffer, 2> into{asio::buffer(a), asio::buffer(b)};
    s.run.errors().async_read_some(into, reading.handler());
    s.run.errors().async_read_some(into, second.handler());
    say(s, {data_message(0, "data")});
    BOOST_TEST(reading.completions == 0);
    BOOST_TEST(second.ec == asio::error::already_started);
    say(s, {errors_message(0, "abcde")});
    BOOST_TEST(reading.size == 5U);
    BOOST_TEST(std::string_view(a.data(), 3) == "abc");
    BOOST_TEST(std::string_view(b.data(), 2) == "de");
    ending nothing;
    s.run.errors().async_read_some(asio::mutable_buffer(), nothing.handler());
    s.step();
    BOOST_TEST(!nothing.ec);
    s.end();
}

BOOST_AUTO_TEST_CASE(c46_both_end_with_the_peers_end_of_data_behind_what_came) {
    errors_scene s;
    say(s, {errors_message(0, "last"), eof()});
    BOOST_TEST(s.read_data().empty());
    BOOST_TEST(s.last == asio::error::eof);
    BOOST_TEST(s.read_errors() == "last");
    BOOST_TEST(s.read_errors().empty());
    BOOST_TEST(s.last == asio::error::eof);
    s.end();
}

BOOST_AUTO_TEST_CASE(c46_standard_error_after_eof_is_fatal) {
    errors_scene s;
    BOOST_TEST(end_after(s, {eof(), errors_message(0, "x")}) == errc::data_after_eof);
    s.end();
}

BOOST_AUTO_TEST_CASE(c45_credit_comes_with_the_reading_of_errors_only) {
    errors_scene s;
    say(s, {errors_message(0, half), errors_message(0, half)});
    BOOST_TEST(s.granted() == 0U);
    BOOST_TEST(s.read_errors().size() == window);
    BOOST_TEST(s.granted() == window);
    s.end();
}

// The trap that error_reader's documentation tells of, and both ways out of it.
BOOST_AUTO_TEST_CASE(c45_errors_that_nobody_reads_stop_the_data_until_they_are_discarded) {
    errors_scene s;
    say(s, {errors_message(0, half), data_message(0, half)});
    BOOST_TEST(s.read_data().size() == half.size());
    BOOST_TEST(s.granted() == half.size());
    say(s, {errors_message(0, half)});
    BOOST_TEST(s.granted() == 0U);
    s.run.discard_errors();
    BOOST_TEST(s.granted() == window);
    BOOST_TEST(s.read_errors().empty());
    // From now on they are never in the way.
    std::size_t granted = 0;
    for (int i = 0; i < 20; ++i) {
        say(s, {errors_message(0, half)});
        granted += s.granted();
    }
    BOOST_TEST(granted >= 18 * half.size());
    s.end();
}

// Somebody throws them away, but the program is at work.
BOOST_AUTO_TEST_CASE(l19_a_channel_on_which_errors_are_discarded_does_not_rest) {
    using namespace std::chrono_literals;
    scene s;
    s.options.limits.channel_timeout.session = 5min;
    s.make_ready();
    session run = open_session(s);
    run.discard_errors();
    auto& channels = s.link().channels();
    const auto now = std::chrono::steady_clock::now();
    channels.close_idle(now);
    say(s, {errors_message(0, "moves")});
    channels.close_idle(now + 4min);
    channels.close_idle(now + 8min);
    BOOST_TEST(heard(s).empty());
    channels.close_idle(now + 9min);
    const std::vector<int> closed{97};
    BOOST_TEST(numbers(heard(s)) == closed, boost::test_tools::per_element());
    run.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(merged_errors_stand_in_the_data_in_their_order) {
    errors_scene s;
    say(s, {errors_message(0, "held "), data_message(0, "out1 ")});
    s.run.merge_errors();
    say(s, {errors_message(0, "err "), data_message(0, "out2")});
    BOOST_TEST(s.read_data() == "out1 held err out2");
    BOOST_TEST(s.read_errors().empty());
    say(s, {errors_message(0, half), errors_message(0, half.substr(24)), eof()});
    BOOST_TEST(s.granted() == 0U);
    BOOST_TEST(s.read_data().size() == window - 24);
    BOOST_TEST(s.read_errors().empty());
    BOOST_TEST(s.last == asio::error::eof);
    s.end();
}

BOOST_AUTO_TEST_CASE(merging_wakes_whoever_waits_for_data) {
    errors_scene s;
    say(s, {errors_message(0, "held")});
    ending reading;
    s.run.stream().async_read_some(asio::buffer(s.room), reading.handler());
    s.step();
    BOOST_TEST(reading.completions == 0);
    s.run.merge_errors();
    s.step();
    BOOST_TEST(reading.size == 4U);
    s.end();
}

BOOST_AUTO_TEST_CASE(c45_window_is_shared_and_errors_beyond_it_are_fatal) {
    errors_scene s;
    BOOST_TEST(!end_after(s, {data_message(0, half), errors_message(0, half)}));
    say(s, {errors_message(0, "x")});
    BOOST_TEST(!s.ssh().is_open());
    BOOST_TEST(s.link().error() == errc::window_exceeded);
    // What came before the offence is still there.
    BOOST_TEST(s.read_errors().size() == half.size());
    BOOST_TEST(s.read_errors().empty());
    BOOST_TEST(s.last == errc::window_exceeded);
    s.end();
}

BOOST_AUTO_TEST_CASE(c44_errors_larger_than_a_packet_may_be_are_fatal) {
    errors_scene s;
    const std::string large(32 * 1024 + 1, 'x');
    BOOST_TEST(end_after(s, {errors_message(0, large)}) == errc::channel_packet_too_large);
    s.end();
}

BOOST_AUTO_TEST_CASE(c45_data_of_an_unknown_type_is_thrown_away_and_granted) {
    errors_scene s;
    std::size_t granted = 0;
    for (const std::uint32_t type : {0U, 2U, 0xffffffffU}) {
        say(s, {errors_message(0, half, type)});
        granted += s.granted();
    }
    BOOST_TEST(granted >= 3 * half.size());
    BOOST_TEST(s.read_errors().empty());
    BOOST_TEST(s.read_data().empty());
    s.end();
}

BOOST_AUTO_TEST_CASE(l12_a_session_counts_until_its_errors_are_read) {
    errors_scene s;
    say(s, {errors_message(0, "held"), closed()});
    BOOST_TEST(s.ssh().info().channels == 1U);
    BOOST_TEST(s.read_errors() == "held");
    BOOST_TEST(s.ssh().info().channels == 0U);
    BOOST_TEST(s.read_errors().empty());
    BOOST_TEST(s.last == asio::error::eof);
    s.end();
}

BOOST_AUTO_TEST_CASE(t31_held_errors_give_their_memory_back_with_the_session) {
    errors_scene s;
    // A few bytes beside a neighbour's many are copied out of its slab.
    say(s, {data_message(0, half), errors_message(0, "few")});
    BOOST_TEST(s.read_data().size() == half.size());
    const std::size_t held = s.link().stream().pool().in_use();
    BOOST_TEST(held > 0U);
    BOOST_TEST(held < half.size());
    s.run.close();
    say(s, {closed()});
    BOOST_TEST(s.link().stream().pool().in_use() == 0U);
    BOOST_TEST(s.ssh().info().channels == 0U);
    s.end();
}

BOOST_AUTO_TEST_CASE(a_cancelled_reader_of_errors_has_taken_nothing) {
    errors_scene s;
    ending reading;
    s.run.errors().async_read_some(asio::buffer(s.room), reading.handler());
    s.step();
    reading.cancel.emit(asio::cancellation_type::total);
    say(s, {errors_message(0, "kept")});
    BOOST_TEST(reading.ec == asio::error::operation_aborted);
    BOOST_TEST(s.read_errors() == "kept");
    s.end();
}

BOOST_AUTO_TEST_SUITE_END()
