// Programs at both sshds: exit status and exit signal, standard error beside the output, a
// terminal, variables, a subsystem, signals, and sessions that are left while they run. RFC 4254
// section 6. Signals need an account that is not root, and so a mount namespace.
#include "support/test.hpp"

#include "integration/logged_in.hpp"

#include <adit/session.hpp>

namespace adit::test {
namespace {

/// What a program wrote, and how it ended.
struct ran {
    std::string output, errors;
    error_code output_end, errors_end;
    exit_result exit;
};

template <class Stream>
task<> read_all(Stream& from, std::string& text, error_code& end) {
    std::vector<char> piece(payload_piece);
    while (!end) {
        auto reading = from.async_read_some(asio::buffer(piece), as_result);
        const auto got = co_await std::move(reading);
        end = std::get<0>(got);
        text.append(piece.data(), std::get<1>(got));
    }
}

/// Reads until `text` holds it.
task<> read_up_to(channel& from, std::string& text, std::string_view what) {
    std::vector<char> piece(4096);
    while (text.find(what) == std::string::npos) {
        auto reading = from.async_read_some(asio::buffer(piece), asio::deferred);
        text.append(piece.data(), co_await std::move(reading));
    }
}

task<> say(channel& to, std::string text) {
    auto writing = asio::async_write(to, asio::buffer(text), asio::deferred);
    static_cast<void>(co_await std::move(writing));
}

task<session> open_session(client& ssh) {
    auto opening = ssh.async_open_session(asio::deferred);
    co_return co_await std::move(opening);
}

task<> start(session& program, std::string command) {
    auto starting = program.async_exec(command, asio::deferred);
    co_await std::move(starting);
}

/// Everything up to the program's end.
task<ran> finish(session& program) {
    const executor ex = co_await asio::this_coro::executor;
    ran result;
    group readers(ex);
    readers.spawn(read_all(program.stream(), result.output, result.output_end));
    readers.spawn(read_all(program.errors(), result.errors, result.errors_end));
    auto waiting = program.async_wait_exit(asio::deferred);
    result.exit = co_await std::move(waiting);
    co_await readers.join();
    co_return result;
}

task<ran> run_command(client& ssh, std::string command) {
    session program = co_await open_session(ssh);
    co_await start(program, std::move(command));
    co_return co_await finish(program);
}

task<> statuses(client_options login) {
    client ssh = co_await log_in(std::move(login));
    const ran fine = co_await run_command(ssh, "echo out; echo err >&2");
    BOOST_TEST(fine.exit.success());
    BOOST_TEST(fine.output == "out\n");
    BOOST_TEST(fine.errors == "err\n");
    BOOST_TEST(fine.output_end == asio::error::eof);
    BOOST_TEST(fine.errors_end == asio::error::eof);
    const ran three = co_await run_command(ssh, "exit 3");
    BOOST_TEST((three.exit.status == 3U));
    const ran killed = co_await run_command(ssh, "kill -KILL $$");
    BOOST_TEST(!killed.exit.status.has_value());
    BOOST_TEST(killed.exit.signal == "KILL");
    const auto all_closed = [&ssh] { return ssh.info().channels == 0; };
    co_await wait_until(all_closed, "a session is left");
}

// More of each than any window holds, so that each has to be granted while the other flows.
task<> much_of_both(client_options login) {
    client ssh = co_await log_in(std::move(login));
    const std::string command =
        "head -c 8388608 /dev/zero | tr '\\0' e >&2 & head -c 8388608 /dev/zero | tr '\\0' o; "
        "wait";
    const ran both = co_await run_command(ssh, command);
    BOOST_TEST(both.exit.success());
    BOOST_TEST((both.output == std::string(8 * mebibyte, 'o')));
    BOOST_TEST((both.errors == std::string(8 * mebibyte, 'e')));
}

task<> errors_elsewhere(client_options login) {
    client ssh = co_await log_in(std::move(login));
    const std::string command = "head -c 8388608 /dev/zero | tr '\\0' e >&2; echo out; exit 4";
    session quiet = co_await open_session(ssh);
    quiet.discard_errors();
    co_await start(quiet, command);
    const ran without = co_await finish(quiet);
    BOOST_TEST((without.exit.status == 4U));
    BOOST_TEST(without.output == "out\n");
    BOOST_TEST(without.errors.empty());
    session merged = co_await open_session(ssh);
    merged.merge_errors();
    co_await start(merged, command);
    const ran together = co_await finish(merged);
    BOOST_TEST(together.output.size() == 8 * mebibyte + 4);
    BOOST_TEST(together.errors.empty());
}

task<> terminal(client_options login) {
    client ssh = co_await log_in(std::move(login));
    session program = co_await open_session(ssh);
    pty_request wanted;
    wanted.terminal = "vt100";
    wanted.modes = {{53, 0}};  // no ECHO
    auto asking = program.async_request_pty(wanted, asio::deferred);
    co_await std::move(asking);
    co_await start(program, "stty size; echo $TERM; read line; stty size; stty -a >&2");
    std::string text;
    co_await read_up_to(program.stream(), text, "vt100\r\n");
    BOOST_TEST(text == "24 80\r\nvt100\r\n");
    program.send_window_change({132, 43, 0, 0});
    co_await say(program.stream(), "\n");
    const ran rest = co_await finish(program);
    BOOST_TEST(rest.exit.success());
    BOOST_TEST(rest.output.find("43 132\r\n") != std::string::npos, rest.output);
    // With a terminal there is one stream; the mode has arrived.
    BOOST_TEST(rest.output.find("-echo ") != std::string::npos, rest.output);
    BOOST_TEST(rest.errors.empty());
}

task<> variables(client_options login) {
    client ssh = co_await log_in(std::move(login));
    session program = co_await open_session(ssh);
    // Both are asked for before either is answered.
    error_code taken = errc::ok, refused = errc::ok;
    program.async_request_env("ADIT_WORDS", "two 'words'", [&](error_code ec) { taken = ec; });
    program.async_request_env("LD_PRELOAD", "x", [&](error_code ec) { refused = ec; });
    co_await start(program, "printf %s \"$ADIT_WORDS\"");
    BOOST_TEST(!taken);
    BOOST_TEST(refused == errc::request_refused);
    BOOST_TEST(ssh.diagnostics().subject == "env LD_PRELOAD");
    const ran result = co_await finish(program);
    BOOST_TEST(result.output == "two 'words'");
}

task<> sftp(client_options login) {
    client ssh = co_await log_in(std::move(login));
    session program = co_await open_session(ssh);
    auto nothing = program.async_subsystem("nonsense", as_result);
    const auto refused = co_await std::move(nothing);
    BOOST_TEST(std::get<0>(refused) == errc::request_refused);
    auto starting = program.async_subsystem("sftp", asio::deferred);
    co_await std::move(starting);
    // SSH_FXP_INIT of version 3, and SSH_FXP_VERSION.
    co_await say(program.stream(), std::string("\0\0\0\5\1\0\0\0\3", 9));
    std::array<char, 9> version{};
    auto reading = asio::async_read(program.stream(), asio::buffer(version), asio::deferred);
    static_cast<void>(co_await std::move(reading));
    BOOST_TEST(version[4] == 2);
    BOOST_TEST(version[8] == 3);
    auto ending = program.stream().async_shutdown_send(asio::deferred);
    co_await std::move(ending);
    const ran rest = co_await finish(program);
    BOOST_TEST(rest.exit.status.has_value());
}

// What was left is closed, and whatever is asked for next works.
task<> left_while_running(client_options login) {
    client ssh = co_await log_in(std::move(login));
    for (int i = 0; i < 5; ++i) {
        session program = co_await open_session(ssh);
        asio::cancellation_signal stop;
        error_code waited = errc::ok;
        program.async_wait_exit(asio::bind_cancellation_slot(
            stop.slot(), [&waited](error_code ec, const exit_result&) { waited = ec; }));
        if (i > 0) co_await start(program, "echo started; cat");
        if (i > 1) {
            std::string text;
            co_await read_up_to(program.stream(), text, "started");
        }
        stop.emit(asio::cancellation_type::total);
        const auto told = [&waited] { return waited == asio::error::operation_aborted; };
        co_await wait_until(told, "cancelling ended nothing");
        program = session();
        const ran next = co_await run_command(ssh, "echo fine");
        BOOST_TEST(next.output == "fine\n");
    }
    const auto all_closed = [&ssh] { return ssh.info().channels == 0; };
    co_await wait_until(all_closed, "a session is left");
}

task<> signals(client_options login) {
    client ssh = co_await log_in(std::move(login));
    session program = co_await open_session(ssh);
    co_await start(program, "echo ready; exec cat");
    std::string text;
    co_await read_up_to(program.stream(), text, "ready\n");
    program.send_signal("TERM");
    const ran result = co_await finish(program);
    BOOST_TEST(result.exit.signal == "TERM");
    BOOST_TEST(!result.exit.core_dumped);
}

using body = task<> (*)(client_options);

void with(const sshd_peer& peer, body test) {
    if (missing(peer)) return;
    const sshd server(peer, {{"AcceptEnv ADIT_*", "Subsystem sftp internal-sftp"}, {}});
    asio::io_context io(1);
    run_loop(io, test(server.login()));
}

// For root sshd has no monitor, and without one it delivers no signals.
void with_signals(const sshd_peer& peer) {
    if (missing(peer)) return;
    if (::geteuid() != 0) return skip("an account for one sshd only needs root");
    const temporary_account account{"adit-test-user", "unused", "/", "/bin/sh"};
    const sshd server(peer, {{}, account});
    client_options login = server.login();
    login.user = account.name;
    asio::io_context io(1);
    run_loop(io, signals(std::move(login)));
}

BOOST_AUTO_TEST_SUITE(sessions)

BOOST_AUTO_TEST_CASE(exit_status_with_sshd_9_2) { with(sshd_9_2(), statuses); }
BOOST_AUTO_TEST_CASE(exit_status_with_sshd_10_0) { with(sshd_10_0(), statuses); }
BOOST_AUTO_TEST_CASE(c45_much_of_both_with_sshd_9_2) { with(sshd_9_2(), much_of_both); }
BOOST_AUTO_TEST_CASE(c45_much_of_both_with_sshd_10_0) { with(sshd_10_0(), much_of_both); }
BOOST_AUTO_TEST_CASE(c45_errors_elsewhere_with_sshd_9_2) { with(sshd_9_2(), errors_elsewhere); }
BOOST_AUTO_TEST_CASE(c45_errors_elsewhere_with_sshd_10_0) { with(sshd_10_0(), errors_elsewhere); }
BOOST_AUTO_TEST_CASE(terminal_with_sshd_9_2) { with(sshd_9_2(), terminal); }
BOOST_AUTO_TEST_CASE(terminal_with_sshd_10_0) { with(sshd_10_0(), terminal); }
BOOST_AUTO_TEST_CASE(c47_variables_with_sshd_9_2) { with(sshd_9_2(), variables); }
BOOST_AUTO_TEST_CASE(c47_variables_with_sshd_10_0) { with(sshd_10_0(), variables); }
BOOST_AUTO_TEST_CASE(sftp_with_sshd_9_2) { with(sshd_9_2(), sftp); }
BOOST_AUTO_TEST_CASE(sftp_with_sshd_10_0) { with(sshd_10_0(), sftp); }
BOOST_AUTO_TEST_CASE(left_while_running_with_sshd_9_2) { with(sshd_9_2(), left_while_running); }
BOOST_AUTO_TEST_CASE(left_while_running_with_sshd_10_0) { with(sshd_10_0(), left_while_running); }
BOOST_AUTO_TEST_CASE(signals_with_sshd_9_2) { with_signals(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(signals_with_sshd_10_0) { with_signals(sshd_10_0()); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
