// adit/session.hpp, the client's half: requests and their replies, and how a program ends, against
// honest servers and others. Standard error is in session_errors.cpp, the server's half in
// server_session.cpp.
#include "support/session_talk.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using namespace adit::test;
using adit::errc;
using adit::error_code;
using adit::session;
using adit::task;
using wire::message_id;

BOOST_AUTO_TEST_SUITE(session_door)

BOOST_AUTO_TEST_CASE(a_closed_session_says_so) {
    asio::io_context ctx;
    session none;
    ending exec, exit, read;
    std::array<char, 4> room{};
    none.async_exec("true", asio::bind_executor(ctx, exec.handler()));
    none.async_wait_exit(asio::bind_executor(ctx, exit.handler()));
    none.errors().async_read_some(asio::buffer(room), asio::bind_executor(ctx, read.handler()));
    none.send_signal("TERM");
    none.send_window_change({});
    none.discard_errors();
    none.close();
    ctx.run();
    for (const ending* e : {&exec, &exit, &read}) {
        BOOST_TEST(e->completions == 1);
        BOOST_TEST(e->ec == asio::error::not_connected);
    }
    BOOST_TEST(!none.is_open());
}

BOOST_AUTO_TEST_CASE(requests_look_as_the_rfc_says) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    ending env, pty, exec, shell, subsystem;
    adit::pty_request terminal;
    terminal.terminal = "vt100";
    terminal.size = {132, 43, 0, 0};
    terminal.modes = {{53, 0}};
    run.async_request_env("LANG", "C.UTF-8", env.handler());
    run.async_request_pty(terminal, pty.handler());
    run.async_exec("echo $LANG", exec.handler());
    run.async_shell(shell.handler());
    run.async_subsystem("sftp", subsystem.handler());
    run.send_window_change({100, 30, 800, 600});
    run.send_signal("INT");
    const auto all = heard(s);
    BOOST_REQUIRE(all.size() == 7U);
    const auto variable = asked_for<wire::env_request>(all[0], true);
    BOOST_TEST(variable.variable_name == "LANG");
    BOOST_TEST(variable.variable_value == "C.UTF-8");
    const auto pty_fields = asked_for<wire::pty_request>(all[1], true);
    BOOST_TEST(pty_fields.terminal == "vt100");
    BOOST_TEST(pty_fields.columns == 132U);
    BOOST_TEST(pty_fields.rows == 43U);
    BOOST_TEST(adit::to_hex(pty_fields.modes) == "350000000000");
    BOOST_TEST(asked_for<wire::exec_request>(all[2], true).command == "echo $LANG");
    static_cast<void>(asked_for<wire::shell_request>(all[3], true));
    BOOST_TEST(asked_for<wire::subsystem_request>(all[4], true).subsystem_name == "sftp");
    const auto size = asked_for<wire::window_change>(all[5], false);
    BOOST_TEST(size.columns == 100U);
    BOOST_TEST(size.height_pixels == 600U);
    BOOST_TEST(asked_for<wire::signal_request>(all[6], false).signal_name == "INT");
    run.close();
    s.step();
    for (const ending* e : {&env, &pty, &exec, &shell, &subsystem}) {
        BOOST_TEST(e->completions == 1);
        BOOST_TEST(e->ec == asio::error::operation_aborted);
    }
    s.finish();
}

BOOST_AUTO_TEST_CASE(c47_replies_find_their_requests_in_order) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    ending first, second, third;
    run.async_request_env("LANG", "C", first.handler());
    run.async_request_env("A\x1b[2J", "B", second.handler());
    run.async_exec("true", third.handler());
    s.step();
    say(s, {success()});
    BOOST_TEST(!first.ec);
    BOOST_TEST(second.completions == 0);
    say(s, {failure(), success()});
    BOOST_TEST(second.ec == errc::request_refused);
    BOOST_TEST(!third.ec);
    // C04: what was asked for is told escaped.
    BOOST_TEST(s.ssh().diagnostics().subject == "env A\\x1b[2J");
    run.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c47_the_reply_to_a_cancelled_request_is_dropped_in_its_turn) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    ending cancelled, next;
    run.async_request_env("LANG", "C", cancelled.handler());
    run.async_exec("true", next.handler());
    s.step();
    cancelled.cancel.emit(asio::cancellation_type::partial);
    s.step();
    BOOST_TEST(cancelled.ec == asio::error::operation_aborted);
    say(s, {failure()});
    BOOST_TEST(next.completions == 0);
    BOOST_TEST(s.ssh().diagnostics().subject.empty());
    say(s, {success()});
    BOOST_TEST(!next.ec);
    BOOST_TEST(cancelled.completions == 1);
    run.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c47_a22_replies_that_nobody_asked_for_are_dropped) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    say(s, {success(), failure(), success()});
    ending exec;
    run.async_exec("false", exec.handler());
    s.step();
    BOOST_TEST(exec.completions == 0);
    say(s, {failure(), success()});
    BOOST_TEST(exec.ec == errc::request_refused);
    BOOST_TEST(s.ssh().is_open());
    run.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(requests_that_wait_are_bounded) {
    scene s;
    s.options.limits.channel_requests = 3;
    s.make_ready();
    session run = open_session(s);
    std::array<ending, 4> all;
    for (ending& e : all) run.async_request_env("A", "B", e.handler());
    s.step();
    BOOST_TEST(all[2].completions == 0);
    BOOST_TEST(all[3].ec == errc::too_many_requests);
    // A cancelled one waits for its reply as long as any.
    all[0].cancel.emit(asio::cancellation_type::terminal);
    ending again;
    run.async_request_env("A", "B", again.handler());
    s.step();
    BOOST_TEST(again.ec == errc::too_many_requests);
    say(s, {success()});
    ending last;
    run.async_request_env("A", "B", last.handler());
    BOOST_TEST(last.completions == 0);
    s.step();
    BOOST_TEST(heard(s).size() == 4U);
    BOOST_TEST(last.completions == 0);
    run.close();
    s.step();
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_command_that_fits_no_packet_is_refused_here) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    ending large, fits;
    run.async_exec(std::string(256 * 1024, 'x'), large.handler());
    run.async_exec(std::string(200 * 1024, 'x'), fits.handler());
    s.step();
    BOOST_TEST(large.ec == errc::message_too_large);
    say(s, {success()});
    BOOST_TEST(!fits.ec);
    const auto all = heard(s);
    BOOST_REQUIRE(all.size() == 1U);
    BOOST_TEST(asked_for<wire::exec_request>(all[0], true).command.size() == 200U * 1024);
    run.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(exit_status_comes_before_or_after_it_is_asked_for) {
    for (const bool before : {true, false}) {
        scene s;
        s.make_ready();
        session run = open_session(s);
        ending exit;
        if (before) run.async_wait_exit(exit.handler());
        say(s, {told(wire::exit_status{3}), data_message(0, "late words")});
        if (!before) run.async_wait_exit(exit.handler());
        BOOST_TEST(exit.completions == (before ? 1 : 0));
        s.step();
        BOOST_TEST(!exit.ec);
        BOOST_TEST((exit.exit.status == 3U));
        BOOST_TEST(!exit.exit.success());
        BOOST_TEST(exit.exit.signal.empty());
        error_code why;
        BOOST_TEST(all_there_is(run.stream(), why) == "late words");
        say(s, {eof(), closed()});
        // It stays known, also when everything is over.
        ending again;
        run.async_wait_exit(again.handler());
        s.step();
        BOOST_TEST((again.exit.status == 3U));
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c46_exit_status_behind_the_end_of_data_counts) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    ending exit;
    run.async_wait_exit(exit.handler());
    say(s, {eof()});
    BOOST_TEST(exit.completions == 0);
    say(s, {told(wire::exit_status{0}), closed()});
    BOOST_TEST(!exit.ec);
    BOOST_TEST(exit.exit.success());
    s.finish();
}

BOOST_AUTO_TEST_CASE(only_the_first_exit_status_counts) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    say(s, {told(wire::exit_status{1}), told(wire::exit_status{0}),
            told(wire::exit_signal{"KILL", false, "", ""})});
    ending exit;
    run.async_wait_exit(exit.handler());
    s.step();
    BOOST_TEST((exit.exit.status == 1U));
    BOOST_TEST(exit.exit.signal.empty());
    run.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(a25_exit_signal_is_told_escaped) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    const std::string long_name(1000, 'N');
    say(s, {told(wire::exit_signal{"SEGV", true, "at \x1b[2J0\r\n", "en"})});
    ending exit;
    run.async_wait_exit(exit.handler());
    s.step();
    BOOST_TEST(!exit.ec);
    BOOST_TEST(!exit.exit.status.has_value());
    BOOST_TEST(exit.exit.signal == "SEGV");
    BOOST_TEST(exit.exit.core_dumped);
    BOOST_TEST(exit.exit.message == "at \\x1b[2J0\\x0d\\x0a");
    run = open_session(s, {1001});
    const auto fields = adit::detail::encoded_fields(wire::exit_signal{long_name, false, "", ""});
    const auto message = payload_of(wire::channel_request{1, "exit-signal", false, {fields}});
    say(s, {message});
    ending named;
    run.async_wait_exit(named.handler());
    s.step();
    BOOST_TEST(named.exit.signal.size() < 100U);
    run.close();
    s.finish();
}

// 9beb694 in libssh2: a payload that is too short was read anyway.
BOOST_AUTO_TEST_CASE(c47_malformed_exit_status_is_fatal) {
    const std::vector<adit::byte> three{0, 0, 0};
    const std::vector<adit::byte> five{0, 0, 0, 0, 0};
    for (const auto* data : {&three, &five}) {
        scene s;
        s.make_ready();
        session run = open_session(s);
        const auto message = payload_of(wire::channel_request{0, "exit-status", false, {*data}});
        const error_code ec = end_after(s, {message});
        BOOST_TEST(ec == (data == &three ? errc::message_truncated : errc::trailing_bytes));
        s.finish();
    }
}

// RFC 4254 section 6.10 says that they want none; who asks gets one each all the same.
BOOST_AUTO_TEST_CASE(c47_what_a_server_asks_is_answered_once) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    say(s, {told(wire::exit_status{1}, true), told(wire::exec_request{"id"}, true),
            told(wire::exec_request{"id"}, false)});
    const auto keepalive = payload_of(wire::channel_request{0, "keepalive@openssh.com", true, {}});
    const auto longer = payload_of(wire::channel_request{0, "exit-status2", true, {}});
    say(s, {keepalive, longer});
    const std::vector<int> expected{99, 100, 100, 100};
    BOOST_TEST(numbers(heard(s)) == expected, boost::test_tools::per_element());
    run.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(c46_the_channels_end_ends_whoever_waits) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    ending exec, exit, late;
    run.async_exec("true", exec.handler());
    run.async_wait_exit(exit.handler());
    s.step();
    say(s, {closed()});
    BOOST_TEST(exec.ec == errc::channel_closed);
    BOOST_TEST(exit.ec == errc::channel_closed);
    run.async_shell(late.handler());
    s.step();
    BOOST_TEST(late.ec == errc::channel_closed);
    BOOST_TEST(s.ssh().info().channels == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_lost_connection_ends_whoever_waits) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    ending exec, exit, late;
    run.async_exec("true", exec.handler());
    run.async_wait_exit(exit.handler());
    s.step();
    s.server().port().stream().close(adit::detail::close_mode::abortive);
    s.step();
    run.async_shell(late.handler());
    s.step();
    for (const ending* e : {&exec, &exit, &late}) BOOST_TEST(e->ec == errc::connection_lost);
    run.send_signal("TERM");
    s.finish();
}

BOOST_AUTO_TEST_CASE(closing_a_session_ends_whoever_waits) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    ending exec, exit, second, late;
    run.async_exec("sleep", exec.handler());
    run.async_wait_exit(exit.handler());
    run.async_wait_exit(second.handler());
    s.step();
    BOOST_TEST(second.ec == asio::error::already_started);
    run.close();
    run.async_shell(late.handler());
    s.step();
    BOOST_TEST(exec.ec == asio::error::operation_aborted);
    BOOST_TEST(exit.ec == asio::error::operation_aborted);
    BOOST_TEST(late.ec == errc::channel_closed);
    // C43: what is still under way is no offence, and nothing is sent behind our CLOSE.
    say(s, {success(), told(wire::exit_status{1}, true), errors_message(0, "bye"), closed()});
    BOOST_TEST(s.ssh().is_open());
    const std::vector<int> expected{98, 97};
    BOOST_TEST(numbers(heard(s)) == expected, boost::test_tools::per_element());
    s.finish();
}

BOOST_AUTO_TEST_CASE(waiting_for_the_end_can_be_cancelled_and_begun_again) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    ending first, second;
    run.async_wait_exit(first.handler());
    s.step();
    first.cancel.emit(asio::cancellation_type::total);
    run.async_wait_exit(second.handler());
    say(s, {told(wire::exit_status{7})});
    BOOST_TEST(first.ec == asio::error::operation_aborted);
    BOOST_TEST(first.completions == 1);
    BOOST_TEST((second.exit.status == 7U));
    run.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(t18_a_whole_session_in_one_segment_with_its_confirmation) {
    scene s;
    s.make_ready();
    session run;
    const auto client_part = [&]() -> task<> {
        auto opening = s.ssh().async_open_session(asio::deferred);
        run = co_await std::move(opening);
    };
    const auto server_part = [&]() -> task<> {
        const auto open = co_await s.server().expect<wire::channel_open>();
        BOOST_TEST(open.channel_type == "session");
        BOOST_TEST(open.channel_data.bytes.empty());
        for (const auto& m : {payload_of(wire::channel_open_confirmation{0, 1000, 100, 100, {}}),
                              data_message(0, "out"), errors_message(0, "err"),
                              told(wire::exit_status{0}), eof(), closed()}) {
            s.server().port().send_now(m);
        }
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    ending exit, errors;
    std::array<char, 8> room{};
    run.async_wait_exit(exit.handler());
    run.errors().async_read_some(asio::buffer(room), errors.handler());
    s.step();
    BOOST_TEST(exit.exit.success());
    BOOST_TEST(errors.size == 3U);
    error_code why;
    BOOST_TEST(all_there_is(run.stream(), why) == "out");
    BOOST_TEST(why == asio::error::eof);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_session_that_is_refused_has_its_reason) {
    scene s;
    s.make_ready();
    error_code ec;
    const auto client_part = [&]() -> task<> {
        auto opening = s.ssh().async_open_session(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(opening);
        ec = std::get<0>(outcome);
    };
    const auto server_part = [&]() -> task<> {
        const auto open = co_await s.server().expect<wire::channel_open>();
        s.server().reply(wire::channel_open_failure{open.sender_channel, 4, "full\r\n", ""});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    BOOST_TEST(ec == errc::open_resource_shortage);
    BOOST_TEST(s.ssh().diagnostics().subject == "session");
    BOOST_TEST(s.ssh().diagnostics().peer_text == "full\\x0d\\x0a");
    s.finish();
}

BOOST_AUTO_TEST_CASE(the_stream_may_go_its_own_way) {
    scene s;
    s.make_ready();
    session run = open_session(s);
    adit::channel stream = std::move(run.stream());
    ending exec, exit;
    run.async_exec("cat", exec.handler());
    run.async_wait_exit(exit.handler());
    say(s, {success(), data_message(0, "meow"), told(wire::exit_status{0})});
    BOOST_TEST(!exec.ec);
    BOOST_TEST(exit.exit.success());
    error_code why;
    BOOST_TEST(all_there_is(stream, why) == "meow");
    run = session();
    BOOST_TEST(stream.is_open());
    stream.close();
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
