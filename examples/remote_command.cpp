// A command on another host, as `ssh host command` runs it: its output and its errors apart, and
// its exit status as ours (255 when there is none).
//
//     remote-command alice@host.example.com ~/.ssh/id_ed25519 "make -C project test"
//
// The host must stand in ~/.ssh/known_hosts. SSH_PORT in the environment replaces port 22.
#include <adit/adit.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;

static adit::client_options login_of(const std::string& destination, const std::string& key_file) {
    const auto at = destination.find('@');
    if (at == std::string::npos) throw std::runtime_error("the host must be user@host");
    adit::client_options login(destination.substr(0, at), destination.substr(at + 1),
                               adit::trust_known_hosts(adit::known_hosts_files::standard()));
    if (const char* port = std::getenv("SSH_PORT")) {
        login.port = static_cast<std::uint16_t>(std::stoul(port));
    }
    auto key = adit::config::load_private_key(key_file);
    if (!key) throw std::runtime_error(key_file + ": " + key.error().message());
    login.credentials.push_back(adit::key_credential(std::move(*key), key_file));
    return login;
}

template <class Stream>
static adit::task<> print(Stream& from, std::ostream& to) {
    std::array<char, 16 * 1024> piece;
    for (;;) {
        auto reading = from.async_read_some(asio::buffer(piece), asio::as_tuple(asio::deferred));
        const auto [ec, size] = co_await std::move(reading);
        to.write(piece.data(), static_cast<std::streamsize>(size)).flush();
        if (ec == asio::error::eof) co_return;
        if (ec) throw boost::system::system_error(ec);
    }
}

// Both are read at once: errors that nobody reads would stop the program when the window is full.
static adit::task<> print_all(adit::session& program) {
    const adit::executor ex = co_await asio::this_coro::executor;
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(ex, print(program.stream(), std::cout), asio::deferred),
        asio::co_spawn(ex, print(program.errors(), std::cerr), asio::deferred));
    auto printed = both.async_wait(asio::experimental::wait_for_all(), asio::deferred);
    const auto [order, output, errors] = co_await std::move(printed);
    if (output) std::rethrow_exception(output);
    if (errors) std::rethrow_exception(errors);
}

static adit::task<int> run(adit::client& ssh, std::string command) {
    adit::session program = co_await ssh.async_open_session(asio::deferred);
    co_await program.async_exec(command, asio::deferred);
    program.stream().shutdown_send();
    co_await print_all(program);
    const adit::exit_result end = co_await program.async_wait_exit(asio::deferred);
    if (end.status) co_return static_cast<int>(*end.status);
    std::cerr << "ended by signal " << end.signal << " " << end.message << "\n";
    co_return 255;
}

static adit::task<> connect_and_run(char** argv, int& status) {
    const adit::executor ex = co_await asio::this_coro::executor;
    adit::client_options login = login_of(argv[1], argv[2]);
    auto dialled = co_await adit::async_connect(ex, login.host, login.port,
                                                login.limits.connect_timeout, asio::deferred);
    adit::client ssh(std::move(*dialled.socket), std::move(login));
    try {
        co_await ssh.async_handshake(asio::deferred);
        status = co_await run(ssh, argv[3]);
    } catch (const boost::system::system_error& e) {
        throw std::runtime_error(ssh.diagnostics().describe(e.code()));
    }
}

int main(int argc, char** argv) try {
    if (argc != 4) throw std::runtime_error("usage: remote-command user@host key-file command");
    int status = 255;
    asio::io_context io(1);
    asio::co_spawn(io, connect_and_run(argv, status), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    io.run();
    return status;
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return 255;
}
