// How long things may take, and how to stop one of them without losing the others. Needs a server
// that is silent until it is asked, such as Redis.
//
//     timeouts-and-cancellation alice@bastion.example.com ~/.ssh/id_ed25519 cache.internal 6379
//
// The bastion must stand in ~/.ssh/known_hosts. BASTION_PORT in the environment replaces port 22.
#include <adit/adit.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

static adit::client_options login_of(const std::string& destination, const std::string& key_file) {
    const auto at = destination.find('@');
    if (at == std::string::npos) throw std::runtime_error("the bastion must be user@host");
    adit::client_options login(destination.substr(0, at), destination.substr(at + 1),
                               adit::trust_known_hosts(adit::known_hosts_files::standard()));
    if (const char* port = std::getenv("BASTION_PORT")) {
        login.port = static_cast<std::uint16_t>(std::stoul(port));
    }
    auto key = adit::config::load_private_key(key_file).value();
    login.credentials.push_back(adit::key_credential(std::move(key), key_file));
    return login;
}

// A limit for one operation. The channel is as it was before it.
static adit::task<> give_up_a_read(adit::channel& stream) {
    std::array<char, 64> room{};
    auto reading = stream.async_read_some(asio::buffer(room), asio::deferred);
    const auto read = co_await adit::async_with_deadline(stream.get_executor(), std::move(reading),
                                                         200ms, asio::as_tuple(asio::deferred));
    std::cout << "with a limit of 200 ms: " << std::get<0>(read).message() << "\n";
}

// Anything in the strand may emit the signal. (Boost 1.81 does not bind slots to deferred yet.)
static adit::task<> stop_a_read(adit::channel& stream) {
    std::array<char, 64> room{};
    asio::cancellation_signal stop;
    asio::steady_timer button(stream.get_executor(), 100ms);
    button.async_wait([&](auto) { stop.emit(asio::cancellation_type::total); });
    const auto read = co_await stream.async_read_some(
        asio::buffer(room),
        asio::bind_cancellation_slot(stop.slot(), asio::as_tuple(asio::use_awaitable)));
    std::cout << "stopped by a signal: " << std::get<0>(read).message() << "\n";
}

static adit::task<> converse(adit::client& ssh, adit::target server) {
    adit::channel stream = co_await ssh.async_open(std::move(server), asio::deferred);
    co_await give_up_a_read(stream);
    co_await stop_a_read(stream);
    std::array<char, 7> room{};
    co_await asio::async_write(stream, asio::buffer("PING\r\n", 6), asio::deferred);
    auto reading = stream.async_read_some(asio::buffer(room), asio::deferred);
    const std::size_t n = co_await adit::async_with_deadline(
        stream.get_executor(), std::move(reading), 10s, asio::deferred);
    std::cout << "and it works on: " << std::string(room.data(), n);
}

static adit::task<> run(char** argv) {
    const adit::executor ex = co_await asio::this_coro::executor;
    adit::client_options login = login_of(argv[1], argv[2]);
    // Everything up to an open channel has a limit already; these are the defaults.
    login.limits.connect_timeout = 10s;
    login.limits.handshake_timeout = 30s;
    login.limits.open_timeout = 15s;
    auto dialled = co_await adit::async_connect(ex, login.host, login.port,
                                                login.limits.connect_timeout, asio::deferred);
    adit::client ssh(std::move(*dialled.socket), std::move(login));
    co_await ssh.async_handshake(asio::deferred);
    adit::target server(argv[3], static_cast<std::uint16_t>(std::stoul(argv[4])));
    co_await converse(ssh, std::move(server));
}

int main(int argc, char** argv) try {
    if (argc != 5) throw std::runtime_error("usage: user@bastion key-file host port");
    asio::io_context io(1);
    asio::co_spawn(io, run(argv), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    io.run();
    return EXIT_SUCCESS;
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
