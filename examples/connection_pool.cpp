// A pool of database connections over one SSH connection, for a driver that knows nothing of SSH
// and owns its sockets: each connection of libpq's gets a channel by a bridge, whose port takes one
// connection of this process only. libpq works in threads of its own, adit in another.
//
//     connection-pool alice@bastion.example.com ~/.ssh/id_ed25519 db.internal 5432
//         "dbname=shop user=reader" "select count(*) from orders"      (in one line)
//
// The bastion must stand in ~/.ssh/known_hosts. BASTION_PORT in the environment replaces port 22.
#include <adit/adit.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <libpq-fe.h>

#include <cstdlib>
#include <future>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;

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

static adit::task<std::shared_ptr<adit::client>> connect(adit::client_options login) {
    auto dialled =
        co_await adit::async_connect(co_await asio::this_coro::executor, login.host, login.port,
                                     login.limits.connect_timeout, asio::deferred);
    auto ssh = std::make_shared<adit::client>(std::move(*dialled.socket), std::move(login));
    co_await ssh->async_handshake(asio::deferred);
    co_return ssh;
}

// The port of another way to the database.
static adit::task<std::uint16_t> add_way(adit::stream_factory open,
                                         std::vector<adit::bridge>& ways) {
    adit::channel far = co_await open.async_open(asio::deferred);
    ways.push_back(adit::bridge::listening(std::move(far)));
    co_return ways.back().endpoint().port();
}

static std::string query(const std::string& connection, const char* sql) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> db(PQconnectdb(connection.c_str()),
                                                          &PQfinish);
    const std::unique_ptr<PGresult, decltype(&PQclear)> rows(PQexec(db.get(), sql), &PQclear);
    if (PQresultStatus(rows.get()) != PGRES_TUPLES_OK || PQntuples(rows.get()) == 0) {
        throw std::runtime_error(PQerrorMessage(db.get()));
    }
    return PQgetvalue(rows.get(), 0, 0);
}

static void use(asio::thread_pool& worker, const adit::stream_factory& open,
                std::vector<adit::bridge>& ways, char** argv) {
    std::vector<std::future<std::string>> answers;
    for (int i = 0; i < 4; ++i) {
        auto port = asio::co_spawn(worker, add_way(open, ways), asio::use_future);
        // libpq checks certificates against `host`, and connects to `hostaddr`.
        const std::string connection = "host=" + open.where().host +
                                       " hostaddr=127.0.0.1 port=" + std::to_string(port.get()) +
                                       " " + argv[5];
        answers.push_back(std::async(std::launch::async, query, connection, argv[6]));
    }
    for (auto& answer : answers) std::cout << answer.get() << "\n";
}

int main(int argc, char** argv) {
    asio::thread_pool worker(1);  // one thread, so everything of adit's is in one strand
    std::vector<adit::bridge> ways;
    std::shared_ptr<adit::client> ssh;
    int status = EXIT_FAILURE;
    try {
        if (argc != 7) throw std::runtime_error("usage: user@bastion key host port conninfo sql");
        const adit::target database(argv[3], static_cast<std::uint16_t>(std::stoul(argv[4])));
        ssh = asio::co_spawn(worker, connect(login_of(argv[1], argv[2])), asio::use_future).get();
        use(worker, adit::stream_factory(ssh, database), ways, argv);
        status = EXIT_SUCCESS;
    } catch (const std::exception& e) {
        std::cerr << e.what() << "\n";
    }
    asio::post(worker, [&] {
        ways.clear();
        if (ssh) ssh->close();
    });
    worker.join();
    return status;
}
