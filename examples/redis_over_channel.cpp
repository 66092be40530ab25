// A protocol of one's own on a channel: Redis behind a bastion, spoken with nothing but Asio's
// composed operations. No local port, so no other program of this machine can get at the database.
//
//     redis-over-channel alice@bastion.example.com ~/.ssh/id_ed25519 cache.internal 6379
//
// The bastion must stand in ~/.ssh/known_hosts. BASTION_PORT in the environment replaces port 22.
#include <adit/adit.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
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

// One channel and what was read ahead of it.
struct redis {
    adit::channel stream;
    std::string ahead;
};

static adit::task<std::string> line(redis& db) {
    auto buffer = asio::dynamic_buffer(db.ahead);
    const std::size_t n =
        co_await asio::async_read_until(db.stream, buffer, "\r\n", asio::deferred);
    std::string text = db.ahead.substr(0, n - 2);
    db.ahead.erase(0, n);
    co_return text;
}

// An inline command and its reply: a simple one, or a bulk string without line ends in it.
static adit::task<std::string> ask(redis& db, std::string command) {
    command += "\r\n";
    co_await asio::async_write(db.stream, asio::buffer(command), asio::deferred);
    std::string reply = co_await line(db);
    if (reply.starts_with('-')) throw std::runtime_error("Redis: " + reply.substr(1));
    if (reply.starts_with('$') && reply != "$-1") reply = co_await line(db);
    co_return reply;
}

static adit::task<> converse(adit::client& ssh, adit::target server) {
    redis db;
    db.stream = co_await ssh.async_open(std::move(server), asio::deferred);
    for (const char* command :
         {"SET adit:greeting hello", "INCR adit:visits", "GET adit:greeting"}) {
        const std::string reply = co_await ask(db, command);
        std::cout << command << " -> " << reply << "\n";
    }
}

static adit::task<> run(char** argv) {
    const adit::executor ex = co_await asio::this_coro::executor;
    adit::client_options login = login_of(argv[1], argv[2]);
    auto dialled = co_await adit::async_connect(ex, login.host, login.port,
                                                login.limits.connect_timeout, asio::deferred);
    adit::client ssh(std::move(*dialled.socket), std::move(login));
    try {
        co_await ssh.async_handshake(asio::deferred);
        co_await converse(ssh, target_of(argv));
    } catch (const boost::system::system_error& e) {
        throw std::runtime_error(ssh.diagnostics().describe(e.code()));
    }
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
