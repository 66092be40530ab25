// Boost.MySQL on a channel: connection<Stream> takes any stream, and a channel is one. MariaDB
// behind a bastion, without a local port. Needs Boost 1.88 for Boost.MySQL; `./dev setup --peers`
// has it.
//
//     mysql-over-channel alice@bastion.example.com ~/.ssh/id_ed25519 db.internal 3306 reader
//         "select count(*) from shop.orders"      (in one line)
//
// The bastion must stand in ~/.ssh/known_hosts. BASTION_PORT in the environment replaces port 22,
// MYSQL_PWD is the password.
#include <adit/adit.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/mysql/connection.hpp>
#include <boost/mysql/handshake_params.hpp>
#include <boost/mysql/results.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
namespace mysql = boost::mysql;

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

// Neither connect() nor close() of the connection: the stream is connected, and quit ends it.
static adit::task<> query(adit::channel stream, std::string user, std::string sql) {
    mysql::connection<adit::channel> db(std::move(stream));
    const char* password = std::getenv("MYSQL_PWD");
    mysql::handshake_params who(user, password == nullptr ? "" : password);
    who.set_ssl(mysql::ssl_mode::disable);  // SSH encrypts up to the bastion
    co_await db.async_handshake(who, asio::deferred);
    mysql::results found;
    co_await db.async_execute(sql, found, asio::deferred);
    for (const mysql::row_view row : found.rows()) {
        for (const mysql::field_view field : row) std::cout << field << "\t";
        std::cout << "\n";
    }
    co_await db.async_quit(asio::deferred);
}

static adit::task<> run(char** argv) {
    const adit::executor ex = co_await asio::this_coro::executor;
    adit::client_options login = login_of(argv[1], argv[2]);
    auto dialled = co_await adit::async_connect(ex, login.host, login.port,
                                                login.limits.connect_timeout, asio::deferred);
    adit::client ssh(std::move(*dialled.socket), std::move(login));
    try {
        co_await ssh.async_handshake(asio::deferred);
        adit::channel stream = co_await ssh.async_open(target_of(argv), asio::deferred);
        co_await query(std::move(stream), argv[5], argv[6]);
    } catch (const boost::system::system_error& e) {
        throw std::runtime_error(ssh.diagnostics().describe(e.code()));
    }
}

int main(int argc, char** argv) try {
    if (argc != 7) throw std::runtime_error("usage: user@bastion key-file host port user sql");
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
