// TLS inside a channel: an HTTPS request to a server behind a bastion. The server proves its real
// name, which a tunnel's 127.0.0.1 would hide, and the bastion sees nothing but ciphertext.
//
//     tls-over-channel alice@bastion.example.com ~/.ssh/id_ed25519 intranet.example.com 443
//         /etc/ssl/certs/ca-certificates.crt      (in one line)
//
// The bastion must stand in ~/.ssh/known_hosts. BASTION_PORT in the environment replaces port 22.
#include <adit/adit.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;

static adit::target target_of(char** argv) {
    return {argv[3], static_cast<std::uint16_t>(std::stoul(argv[4]))};
}

static adit::client_options login_of(const std::string& destination, const std::string& key_file) {
    const auto at = destination.find('@');
    if (at == std::string::npos) throw std::runtime_error("the bastion must be user@host");
    adit::client_options login(destination.substr(0, at), destination.substr(at + 1),
                               adit::trust_known_hosts(adit::known_hosts_files::standard()));
    if (const char* port = std::getenv("BASTION_PORT")) {
        login.port = static_cast<std::uint16_t>(std::stoul(port));
    }
    auto key = adit::config::load_private_key(key_file);
    if (!key) throw std::runtime_error(key_file + ": " + key.error().message());
    login.credentials.push_back(adit::key_credential(std::move(*key), key_file));
    return login;
}

static asio::ssl::context believe(const std::string& ca_file, const std::string& host) {
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.load_verify_file(ca_file);
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_verify_callback(asio::ssl::host_name_verification(host));
    return tls;
}

static adit::task<> get(adit::client& ssh, adit::target server, std::string ca_file) {
    asio::ssl::context tls = believe(ca_file, server.host);
    adit::channel far = co_await ssh.async_open(server, asio::deferred);
    asio::ssl::stream<adit::channel> stream(std::move(far), tls);
    // SNI: SSL_set_tlsext_host_name without its C casts.
    SSL_ctrl(stream.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             server.host.data());
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::deferred);
    std::cout << SSL_get_version(stream.native_handle()) << ", " << server.host << " is itself\n";

    const std::string request = "GET / HTTP/1.0\r\nHost: " + server.host + "\r\n\r\n";
    co_await asio::async_write(stream, asio::buffer(request), asio::deferred);
    std::string response;
    auto buffer = asio::dynamic_buffer(response);
    const auto end = co_await asio::async_read(stream, buffer, asio::as_tuple(asio::deferred));
    // Only TLS's own farewell says that the response is complete.
    if (std::get<0>(end) != asio::error::eof) throw boost::system::system_error(std::get<0>(end));
    std::cout << response.substr(0, response.find('\r')) << "\n";
    co_await stream.async_shutdown(asio::as_tuple(asio::deferred));
}

static adit::task<> run(char** argv) {
    const adit::executor ex = co_await asio::this_coro::executor;
    adit::client_options login = login_of(argv[1], argv[2]);
    auto dialled = co_await adit::async_connect(ex, login.host, login.port,
                                                login.limits.connect_timeout, asio::deferred);
    adit::client ssh(std::move(*dialled.socket), std::move(login));
    try {
        co_await ssh.async_handshake(asio::deferred);
        co_await get(ssh, target_of(argv), argv[5]);
    } catch (const boost::system::system_error& e) {
        throw std::runtime_error(ssh.diagnostics().describe(e.code()));
    }
}

int main(int argc, char** argv) try {
    if (argc != 6) throw std::runtime_error("usage: user@bastion key-file host port ca-file");
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
