// adit-bastion as a program: what its own commands print, how it reads files again and how it ends,
// and what it tells of who did what (S03). What it says of a wrong configuration is in
// bastion_checks.cpp.
#include "support/test.hpp"

#include "integration/bastion.hpp"

#ifdef ADIT_BASTION

namespace adit::test {
namespace {

[[nodiscard]] bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

[[nodiscard]] std::string user_of(const std::string& password) {
    const temporary_directory folder;
    return "[user.joe]\npassword = \"" + hash_of_password(folder, password) + "\"\n";
}

[[nodiscard]] bastion_config with_passwords(const std::string& users) {
    return {.options = {"PasswordAuthentication=yes", "KbdInteractiveAuthentication=no",
                        "PubkeyAuthentication=no", "MaxAuthTries=2"},
            .users = users};
}

[[nodiscard]] bool logs_in(const bastion_program& server, const login_wish& wish) {
    return ask_for_a_session(ssh_9_2(), server, wish).status == 1;
}

[[nodiscard]] std::size_t count(const std::string& text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++n;
    return n;
}

/// Waits until it has said it once more.
void hang_up(bastion_program& server, std::string_view words) {
    const std::size_t before = count(server.log(), words);
    server.signal(SIGHUP);
    for (int i = 0; i < 3000 && server.running() && count(server.log(), words) == before; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    BOOST_REQUIRE_MESSAGE(count(server.log(), words) > before, server.log());
}

constexpr std::string_view read_again = "SIGHUP: keys, users and options were read again";
constexpr std::string_view not_read = "the old configuration stays";

// A connection through it goes on after SIGTERM; a new one does not begin.
task<> go_on_while_draining(bastion_program& server) {
    const executor ex = co_await asio::this_coro::executor;
    const local_server far(ex, echo);
    const std::uint16_t port = free_port();
    const arguments more{"-L", std::to_string(port) + ":127.0.0.1:" + std::to_string(far.port())};
    running_client tunnel(ssh_9_2(), server, {}, more);
    tcp::socket near = co_await dial_soon(tunnel.process(), port);
    const auto opened = [&server] { return has(server.log(), "forward_opened"); };
    co_await wait_until(opened, "nothing was forwarded");
    server.signal(SIGTERM);
    BOOST_TEST(server.says("SIGTERM: draining 1 connections"), server.log());
    const auto closed = [&server] { return !accepts_connections(server.port()); };
    co_await wait_until(closed, "it still listens");
    co_await check_echo(near, 1, mebibyte);
    const auto ended = [&server] { return !server.running(); };
    co_await wait_until(ended, "it does not end");
    const auto noticed = [&tunnel] { return !tunnel.process().running(); };
    co_await wait_until(noticed, "ssh does not notice");
}

BOOST_AUTO_TEST_SUITE(bastion_service)

BOOST_AUTO_TEST_CASE(s05_a_keys_file_that_others_can_write_counts_as_empty_and_is_told) {
    bastion_program server({.options = {"StrictModes=yes"}});
    const std::string keys = server.file("authorized_keys");
    std::filesystem::permissions(keys, std::filesystem::perms(0666));
    BOOST_TEST(!logs_in(server, {.key = server.key()}));
    BOOST_TEST(server.says(keys + ": Permission denied (StrictModes"), server.log());
}

BOOST_AUTO_TEST_CASE(a_port_that_is_taken_is_told) {
    const bastion_program first;
    const run_result second = run({ADIT_BASTION, "-h", first.file("host"), "-p",
                                   std::to_string(first.port()), "-o", "ListenAddress=127.0.0.1"});
    BOOST_TEST(second.status == 255);
    BOOST_TEST(has(second.errors, "Address already in use"), second.errors);
    BOOST_TEST(has(second.errors, std::to_string(first.port())), second.errors);
}

BOOST_AUTO_TEST_CASE(a_new_totp_secret_logs_in) {
    const std::string printed = output_of({ADIT_BASTION, "--new-totp", "joe"});
    const std::string secret = printed.substr(0, printed.find('\n'));
    BOOST_TEST(has(printed, "\notpauth://totp/adit-bastion:joe?secret=" + secret + "&"));
    BOOST_TEST(output_of({ADIT_BASTION, "--new-totp", "joe"}) != printed);
    const bastion_program server({.options = {"KbdInteractiveAuthentication=yes"},
                                  .users = "[user.joe]\ntotp = \"" + secret + "\"\n"});
    check_login(ssh_9_2(), server, {.answer = code_now(secret)}, "keyboard-interactive");
}

// From a pipe in hash_of_password(); at a terminal nothing of it is seen.
BOOST_AUTO_TEST_CASE(s03_a_password_to_hash_is_not_shown) {
    const std::string script = ADIT_SOURCE_DIR "/tests/integration/at_terminal.py";
    const run_result outcome = run({"/usr/bin/python3", script, "password: ", "canary", "--",
                                    ADIT_BASTION, "--hash-password"});
    BOOST_TEST(outcome.status == 0, outcome.errors);
    BOOST_TEST(has(outcome.output, "$argon2id$"), outcome.output);
    BOOST_TEST(!has(outcome.output, "canary"), outcome.output);
    BOOST_TEST(run({ADIT_BASTION, "--hash-password"}).status == 255);
}

BOOST_AUTO_TEST_CASE(shells_and_subsystems_get_one_line_too) {
    const bastion_program server;
    login_wish wish{.key = server.key()};
    for (const arguments& more : {arguments{"-tt"}, arguments{"-T"}, arguments{"-s"}}) {
        wish.more = more;
        arguments command = command_of(ssh_9_2(), server, wish);
        if (more.front() == "-s") command.emplace_back("sftp");
        const auto outcome = run(joined({"timeout", "60"}, command));
        BOOST_TEST_CONTEXT(more.front() << " " << outcome.errors) {
            BOOST_TEST(outcome.status == 1);
            BOOST_TEST(outcome.output == "forwards only; use -L or -J\r\n");
        }
    }
    BOOST_TEST(count(server.log(), "joe: session_refused") == 3U);
}

BOOST_AUTO_TEST_CASE(sighup_reads_users_again_and_a_bad_file_changes_nothing) {
    bastion_program server(with_passwords(user_of("first")));
    BOOST_TEST(logs_in(server, {.answer = "first"}));
    BOOST_TEST(!logs_in(server, {.answer = "second"}));
    write_file(server.file("users"), user_of("second"));
    BOOST_TEST(logs_in(server, {.answer = "first"}));
    hang_up(server, read_again);
    BOOST_TEST(!logs_in(server, {.answer = "first"}));
    BOOST_TEST(logs_in(server, {.answer = "second"}));
    write_file(server.file("users"), user_of("third") + "shell = \"/bin/sh\"\n");
    hang_up(server, not_read);
    BOOST_TEST(has(server.log(), server.file("users") + ":3: there is no \"shell\""), server.log());
    BOOST_TEST(!logs_in(server, {.answer = "third"}));
    BOOST_TEST(logs_in(server, {.answer = "second"}));
}

// The new accounts count on where the old ones were.
BOOST_AUTO_TEST_CASE(a17_sighup_gives_nobody_new_guesses) {
    bastion_program server(with_passwords(user_of("word")));
    BOOST_TEST(logs_in(server, {.answer = "word"}));
    for (int i = 0; i < 10; ++i) BOOST_TEST(!logs_in(server, {.answer = "guess"}));
    hang_up(server, read_again);
    BOOST_TEST(!logs_in(server, {.answer = "word"}));
}

BOOST_AUTO_TEST_CASE(sighup_reads_host_keys_again) {
    bastion_program server;
    BOOST_TEST(logs_in(server, {.key = server.key()}));
    const std::string key = make_key(server.file("new"));
    std::filesystem::rename(key, server.file("host"));
    hang_up(server, read_again);
    BOOST_TEST(!logs_in(server, {.key = server.key()}));
    write_file(server.file("known_hosts"),
               "[127.0.0.1]:" + std::to_string(server.port()) + " " + read_file(key + ".pub"));
    BOOST_TEST(logs_in(server, {.key = server.key()}));
    write_file(server.file("host"), "no key");
    hang_up(server, not_read);
    BOOST_TEST(logs_in(server, {.key = server.key()}));
}

BOOST_AUTO_TEST_CASE(sigterm_drains_and_then_it_ends) {
    bastion_program server;
    asio::io_context io(1);
    run_loop(io, go_on_while_draining(server));
    BOOST_TEST(server.wait() == 0);
}

BOOST_AUTO_TEST_CASE(sigterm_does_not_wait_longer_than_drain_time) {
    bastion_program server({.options = {"DrainTime=1"}});
    asio::io_context io(1);
    const local_server far(io.get_executor(), echo);
    const std::uint16_t port = free_port();
    const arguments more{"-L", std::to_string(port) + ":127.0.0.1:" + std::to_string(far.port())};
    running_client tunnel(ssh_9_2(), server, {}, more);
    const auto open = [&]() -> task<> {
        const tcp::socket near = co_await dial_soon(tunnel.process(), port);
        co_await far.has_open(1);
        server.signal(SIGTERM);
        const auto ended = [&server] { return !server.running(); };
        co_await wait_until(ended, "it does not end");
    };
    run_loop(io, open());
    BOOST_TEST(server.wait() == 0);
}

BOOST_AUTO_TEST_CASE(sigint_ends_it_and_the_pid_file_goes) {
    const temporary_directory folder;
    const std::string pid = folder.file("pid");
    bastion_program server({.options = {"PidFile=" + pid}});
    BOOST_TEST(!read_file(pid).empty());
    server.signal(SIGINT);
    BOOST_TEST(server.wait() == 0);
    BOOST_TEST(!std::filesystem::exists(pid));
}

// A successor's, for example.
BOOST_AUTO_TEST_CASE(a_pid_file_that_somebody_else_has_written_stays) {
    const temporary_directory folder;
    const std::string pid = folder.file("pid");
    bastion_program server({.options = {"PidFile=" + pid}});
    write_file(pid, "1\n");
    server.signal(SIGINT);
    BOOST_TEST(server.wait() == 0);
    BOOST_TEST(read_file(pid) == "1\n");
}

BOOST_AUTO_TEST_CASE(s03_the_audit_tells_who_did_what_and_no_secret) {
    bastion_config config = with_passwords(user_of("canary word"));
    config.flags = {"--json"};
    bastion_program server(config);
    BOOST_TEST(!logs_in(server, {.answer = "canary guess"}));
    BOOST_TEST(logs_in(server, {.answer = "canary word"}));
    BOOST_TEST(server.says("\"event\":\"connection_ended\""), server.log());
    const std::string log = server.log();
    for (const char* event : {"message", "login_refused", "login", "session_refused"}) {
        BOOST_TEST(has(log, "{\"event\":\"" + std::string(event) + "\""), log);
    }
    BOOST_TEST(has(log, "\"user\":\"joe\""), log);
    BOOST_TEST(!has(log, "canary"), log);
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        BOOST_TEST((line.starts_with('{') && line.ends_with('}')), line);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
