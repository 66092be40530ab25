// Servers that are not OpenSSH: dropbear and asyncssh. Login by key and by password, and an echo
// through each.
#include "support/test.hpp"

#include "integration/failure.hpp"

namespace adit::test {
namespace {

struct other_server {
    other_server() {
        make_key(folder.file("host"));
        make_key(folder.file("id"));
        std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    }

    temporary_directory folder;
    temporary_account account{"adit-test-user", "correct horse battery staple", folder.file("home"),
                              "/bin/sh"};
    std::uint16_t port = 0;
    std::unique_ptr<child> program;

    [[nodiscard]] std::string log() const { return read_file(folder.file("log")); }
    [[nodiscard]] client_options login(credential how) const {
        const std::string pin = sshd::fingerprint_of(folder.file("host.pub"));
        client_options options(account.name, "127.0.0.1", trust_fingerprints({pin}));
        options.port = port;
        options.credentials.push_back(std::move(how));
        return options;
    }
};

task<> log_in_and_echo(client_options login) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    passage way(ex, std::move(login), far.port());
    co_await way.start();
    BOOST_TEST_MESSAGE(way.get().info().peer_version << " " << way.get().info().kex << " "
                                                     << way.get().info().cipher_to_server);
    tcp::socket near = co_await way.dial();
    co_await check_echo(near, 1, mebibyte);
    co_await way.idle();
}

void check(const other_server& server) {
    auto key = config::load_private_key(server.folder.file("id"));
    BOOST_REQUIRE(key.has_value());
    asio::io_context io(1);
    run_loop(io, log_in_and_echo(server.login(key_credential(std::move(*key), "id"))));
    const std::string& word = server.account.password;
    asio::io_context again(1);
    run_loop(again, log_in_and_echo(
                        server.login(password_credential(secret_bytes(word.begin(), word.end())))));
    const auto refused = failure_of_start(server.login(password_credential(secret_bytes(5, 'x'))));
    BOOST_TEST(refused.error == make_error_code(errc::authentication_failed), refused.words);
}

// It reads the authorized_keys of the account's home, and wants them private.
void make_home(const other_server& server) {
    const std::filesystem::path home = server.account.home;
    std::filesystem::create_directories(home / ".ssh");
    std::filesystem::copy_file(server.folder.file("id.pub"), home / ".ssh/authorized_keys");
    for (const auto& path : {home, home / ".ssh", home / ".ssh/authorized_keys"}) {
        const id_t id = temporary_account_id;
        BOOST_REQUIRE(::chown(path.c_str(), id, id) == 0);
        std::filesystem::permissions(path, std::filesystem::perms(0700));
    }
}

void start_dropbear(other_server& server) {
    const std::string key = server.folder.file("dropbear_host");
    const auto converted =
        run({"dropbearconvert", "openssh", "dropbear", server.folder.file("host"), key});
    BOOST_REQUIRE_MESSAGE(converted.status == 0, converted.errors);
    for (int attempt = 0; attempt < 5; ++attempt) {
        server.port = free_port();
        const std::vector<std::string> command{find_program("dropbear"),
                                               "-F",
                                               "-E",
                                               "-r",
                                               key,
                                               "-p",
                                               "127.0.0.1:" + std::to_string(server.port),
                                               "-P",
                                               server.folder.file("pid")};
        server.program =
            std::make_unique<child>(with_account(server.folder, server.account, command),
                                    child_options{.log = server.folder.file("log")});
        if (serves(*server.program, server.port)) return;
    }
    BOOST_FAIL("dropbear does not start: " + server.log());
}

BOOST_AUTO_TEST_SUITE(other_servers)

BOOST_AUTO_TEST_CASE(dropbear) {
    if (find_program("dropbear").empty()) return skip("dropbear is not installed");
    if (::geteuid() != 0) return skip("dropbear logs in accounts only; a private one needs root");
    other_server server;
    make_home(server);
    start_dropbear(server);
    check(server);
}

BOOST_AUTO_TEST_CASE(asyncssh) {
    const std::string python = "/usr/bin/python3";  // Debian's package is for Debian's python
    if (run({python, "-W", "ignore", "-c", "import asyncssh"}).status != 0) {
        return skip("asyncssh is not installed");
    }
    other_server server;
    std::filesystem::copy_file(server.folder.file("id.pub"), server.folder.file("authorized_keys"));
    server.program = std::make_unique<child>(
        std::vector<std::string>{python, ADIT_SOURCE_DIR "/tests/integration/asyncssh_server.py",
                                 server.folder.path().string(), server.account.name,
                                 server.account.password},
        child_options{.log = server.folder.file("log")});
    for (int i = 0; i < 3000 && server.program->running() && server.port == 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        if (!std::filesystem::exists(server.folder.file("port"))) continue;
        server.port = static_cast<std::uint16_t>(std::stoul(read_file(server.folder.file("port"))));
    }
    BOOST_REQUIRE_MESSAGE(server.port != 0, server.log());
    check(server);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
