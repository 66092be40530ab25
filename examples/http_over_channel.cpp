// A channel is a stream like any other: an HTTP request with Boost.Beast to a server behind a
// bastion, without a local port. TLS, websockets and other protocols over Asio work the same way.
//
//     http-over-channel alice@bastion.example.com ~/.ssh/id_ed25519 intranet.example.com 80 /
//
// The bastion must stand in ~/.ssh/known_hosts. BASTION_PORT in the environment replaces port 22.
#include <adit/adit.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
namespace http = boost::beast::http;

struct arguments {
    std::string user, bastion, key_file, host, path;
    std::uint16_t bastion_port = 22, port = 80;
};

static adit::client_options login_of(const arguments& a) {
    adit::client_options login(a.user, a.bastion,
                               adit::trust_known_hosts(adit::known_hosts_files::standard()));
    login.port = a.bastion_port;
    auto key = adit::config::load_private_key(a.key_file);
    if (!key) throw std::runtime_error(a.key_file + ": " + key.error().message());
    login.credentials.push_back(adit::key_credential(std::move(*key), a.key_file));
    return login;
}

// The channel is gone when this returns; the connection could open another one.
static adit::task<> get(adit::client& ssh, const arguments& a) {
    const adit::target server(a.host, a.port);
    adit::channel stream = co_await ssh.async_open(server, asio::deferred);

    http::request<http::empty_body> request(http::verb::get, a.path, 11);
    request.set(http::field::host, a.host);
    request.set(http::field::connection, "close");
    co_await http::async_write(stream, request, asio::deferred);

    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    co_await http::async_read(stream, buffer, response, asio::deferred);
    std::cout << response.result_int() << " " << response.reason() << "\n" << response.body();
}

static adit::task<> run(arguments a) {
    const adit::executor ex = co_await asio::this_coro::executor;
    adit::client_options login = login_of(a);
    auto dialled = co_await adit::async_connect(ex, a.bastion, a.bastion_port,
                                                login.limits.connect_timeout, asio::deferred);
    adit::client ssh(std::move(*dialled.socket), std::move(login));
    try {
        co_await ssh.async_handshake(asio::deferred);
        co_await get(ssh, a);
    } catch (const boost::system::system_error& e) {
        throw std::runtime_error(ssh.diagnostics().describe(e.code()));
    }
}

static arguments read(char** argv) {
    arguments a;
    const std::string destination = argv[1];
    const auto at = destination.find('@');
    if (at == std::string::npos) throw std::runtime_error("the bastion must be user@host");
    a.user = destination.substr(0, at);
    a.bastion = destination.substr(at + 1);
    if (const char* port = std::getenv("BASTION_PORT")) {
        a.bastion_port = static_cast<std::uint16_t>(std::stoul(port));
    }
    a.key_file = argv[2];
    a.host = argv[3];
    a.port = static_cast<std::uint16_t>(std::stoul(argv[4]));
    a.path = argv[5];
    return a;
}

int main(int argc, char** argv) try {
    if (argc != 6) throw std::runtime_error("usage: user@bastion key-file host port path");
    asio::io_context io(1);
    asio::co_spawn(io, run(read(argv)), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    io.run();
    return EXIT_SUCCESS;
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
