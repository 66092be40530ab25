// adit/session.hpp, the server's half, beyond what server.cpp tests: what a client asks with its
// fields, standard error and exit signals; and both halves against each other's words. RFC 4254
// section 6.
#include "unit/doors/evil_client.hpp"

#include <adit/session.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

using namespace adit;
using namespace adit::test;
using wire::message_id;

namespace {

using octets = std::vector<byte>;

/// A client's CHANNEL_OPEN of a session, number 40, with this window.
octets small_session(std::uint32_t window, std::uint32_t packet = 32 * 1024) {
    return payload_of(wire::channel_open{"session", 40, window, packet, {}});
}

template <wire::fields Fields>
octets asked(std::uint32_t channel, const Fields& fields, bool want_reply) {
    const auto data = adit::detail::encoded_fields(fields);
    return payload_of(wire::channel_request{channel, Fields::request_type, want_reply, {data}});
}

task<session_request> next_request(server_session& s) {
    auto receiving = s.async_receive_request(asio::deferred);
    co_return co_await std::move(receiving);
}

/// Writes all of it to standard error.
task<> complain(server_session& s, std::string text) {
    asio::const_buffer left(text.data(), text.size());
    while (left.size() != 0) {
        auto writing = s.errors().async_write_some(left, asio::deferred);
        left += co_await std::move(writing);
    }
}

struct ending {
    int completions = 0;
    error_code ec = asio::error::would_block;
    std::size_t size = 0;
    asio::cancellation_signal cancel;
    [[nodiscard]] auto handler() {
        return asio::bind_cancellation_slot(cancel.slot(), [this](error_code e, std::size_t n) {
            ++completions;
            ec = e;
            size = n;
        });
    }
};

/// The client sends this.
void tell(server_scene& s, const octets& payload) {
    const auto says = [&]() -> task<> {
        s.client().say(payload);
        co_await s.client().flush();
    };
    s.play({says});
    s.step();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(server_session_door)

BOOST_AUTO_TEST_CASE(requests_have_their_fields) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, session_open(40));
    server_session run(std::move(taken.ours));
    const std::uint32_t n = taken.server_number;
    const auto serves = [&]() -> task<> {
        const session_request pty = co_await next_request(run);
        const auto terminal = value_of(pty.as<wire::pty_request>());
        BOOST_TEST(terminal.terminal == "xterm");
        BOOST_TEST(terminal.columns == 80U);
        BOOST_TEST(wire::decode_modes(terminal.modes).size() == 1U);
        BOOST_CHECK(pty.as<wire::env_request>().error() == errc::unexpected_message);
        const session_request env = co_await next_request(run);
        BOOST_TEST(value_of(env.as<wire::env_request>()).variable_value == "C");
        const session_request exec = co_await next_request(run);
        BOOST_TEST(value_of(exec.as<wire::exec_request>()).command == "id -u");
        const session_request change = co_await next_request(run);
        BOOST_TEST(value_of(change.as<wire::window_change>()).columns == 132U);
        const session_request stop = co_await next_request(run);
        BOOST_TEST(value_of(stop.as<wire::signal_request>()).signal_name == "TERM");
        BOOST_TEST(!stop.want_reply);
        // C13: fields end where the request ends.
        const session_request sftp = co_await next_request(run);
        BOOST_CHECK(sftp.as<wire::subsystem_request>().error() == errc::message_truncated);
    };
    const auto asks = [&]() -> task<> {
        test_client& c = s.client();
        const octets modes = wire::encode_modes({{53, 0}});
        c.say(asked(n, wire::pty_request{"xterm", 80, 24, 0, 0, modes}, true));
        c.say(asked(n, wire::env_request{"LANG", "C"}, false));
        c.say(asked(n, wire::exec_request{"id -u"}, true));
        c.say(asked(n, wire::window_change{132, 43, 0, 0}, false));
        c.say(asked(n, wire::signal_request{"TERM"}, false));
        c.say(payload_of(wire::channel_request{n, "subsystem", true, {}}));
        co_await c.flush();
    };
    s.play({serves, asks});
    s.finish();
}

BOOST_AUTO_TEST_CASE(c44_standard_error_keeps_to_window_and_packet) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, small_session(2500, 1000));
    server_session run(std::move(taken.ours));
    const std::string text = pattern(5000);
    const auto writes = [&]() -> task<> { co_await complain(run, text); };
    const auto reads = [&]() -> task<> {
        std::string got;
        std::size_t unacknowledged = 0;
        while (got.size() < text.size()) {
            const auto m = co_await s.client().expect<wire::channel_extended_data>();
            BOOST_TEST(m.recipient_channel == 40U);
            BOOST_TEST(m.data_type_code == 1U);
            BOOST_TEST(m.data.size() <= 1000U);
            got += as_text(m.data);
            unacknowledged += m.data.size();
            BOOST_TEST(unacknowledged <= 2500U);
            if (unacknowledged == 2500) {
                s.client().send(wire::channel_window_adjust{taken.server_number, 2500});
                co_await s.client().flush();
                unacknowledged = 0;
            }
        }
        BOOST_TEST((got == text));
    };
    s.play({writes, reads});
    s.finish();
}

BOOST_AUTO_TEST_CASE(data_and_errors_that_wait_for_one_window_take_turns) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, small_session(0));
    server_session run(std::move(taken.ours));
    const std::string text(1000, 'x');
    std::vector<int> order;
    const auto data = [&]() -> task<> { co_await write_all(run.stream(), text); };
    const auto errors = [&]() -> task<> { co_await complain(run, text); };
    const auto reads = [&]() -> task<> {
        for (int i = 0; i < 20; ++i) {
            s.client().send(wire::channel_window_adjust{taken.server_number, 100});
            co_await s.client().flush();
            const auto packet = co_await s.client().port().receive_packet();
            order.push_back(packet.payload[0]);
        }
    };
    s.play({data, errors, reads});
    BOOST_TEST(std::ranges::count(order, 94) == 10);
    BOOST_TEST(std::ranges::count(order, 95) == 10);
    const std::vector<int> first(order.begin(), order.begin() + 10);
    BOOST_TEST(std::ranges::count(first, 95) == 5);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_writer_of_errors_waits_is_alone_and_can_be_cancelled) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, small_session(0));
    server_session run(std::move(taken.ours));
    ending first, second, nothing;
    run.errors().async_write_some(asio::buffer("abc", 3), first.handler());
    run.errors().async_write_some(asio::buffer("abc", 3), second.handler());
    BOOST_TEST(second.completions == 0);
    s.step();
    BOOST_TEST(first.completions == 0);
    BOOST_TEST(second.ec == asio::error::already_started);
    first.cancel.emit(asio::cancellation_type::total);
    s.step();
    BOOST_TEST(first.ec == asio::error::operation_aborted);
    BOOST_TEST(first.size == 0U);
    run.errors().async_write_some(asio::const_buffer(), nothing.handler());
    s.step();
    BOOST_TEST(!nothing.ec);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c46_errors_end_with_our_end_of_data_and_with_the_channel) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, small_session(0));
    server_session run(std::move(taken.ours));
    ending parked, behind;
    run.errors().async_write_some(asio::buffer("abc", 3), parked.handler());
    s.step();
    run.stream().shutdown_send();
    run.errors().async_write_some(asio::buffer("abc", 3), behind.handler());
    s.step();
    BOOST_TEST(parked.ec == errc::channel_closed);
    BOOST_TEST(behind.ec == errc::channel_closed);
    const auto hears = [&]() -> task<> {
        static_cast<void>(co_await s.client().expect<wire::channel_eof>());
    };
    s.play({hears});
    auto other = take_channel(s, small_session(0));
    server_session next(std::move(other.ours));
    ending closed;
    next.errors().async_write_some(asio::buffer("abc", 3), closed.handler());
    tell(s, payload_of(wire::channel_close{other.server_number}));
    BOOST_TEST(closed.ec == errc::channel_closed);
    s.finish();
}

BOOST_AUTO_TEST_CASE(an_exit_signal_is_told_once_and_cut) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, session_open(40));
    server_session run(std::move(taken.ours));
    const auto serves = [&]() -> task<> {
        run.send_exit_signal("SEGV", true, std::string(5000, 'm'));
        run.stream().close();
        run.send_exit_signal("TERM");
        co_return;
    };
    const auto runs = [&]() -> task<> {
        const auto m = co_await s.client().expect<wire::channel_request>();
        BOOST_TEST(m.request_type == "exit-signal");
        BOOST_TEST(!m.want_reply);
        const auto fields = value_of(wire::decode_fields<wire::exit_signal>(m.request_data.bytes));
        BOOST_TEST(fields.signal_name == "SEGV");
        BOOST_TEST(fields.core_dumped);
        BOOST_TEST(fields.error_message.size() == 1024U);
        static_cast<void>(co_await s.client().expect<wire::channel_close>());
    };
    s.play({serves, runs});
    s.finish();
}

// C45: a server reads no standard error; what a client sends is granted again.
BOOST_AUTO_TEST_CASE(c45_a_clients_standard_error_is_thrown_away_and_granted) {
    server_scene s;
    s.options->limits.first_window = 64 * 1024;
    s.make_ready();
    auto taken = take_channel(s, session_open(40));
    server_session run(std::move(taken.ours));
    const std::string text(32 * 1024, 'e');
    for (int i = 0; i < 10; ++i) {
        tell(s, payload_of(wire::channel_extended_data{taken.server_number, 1, as_bytes(text)}));
    }
    BOOST_TEST(s.peer().is_open());
    std::array<char, 8> room{};
    BOOST_TEST(run.stream().try_read(asio::buffer(room)).ec == asio::error::would_block);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
