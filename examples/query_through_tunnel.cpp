// A database driver that knows nothing of SSH, behind a tunnel that lives in the same program: the
// tunnel works in a thread of its own, and libpq connects to the local port that it got.
//
//     query-through-tunnel alice@bastion.example.com ~/.ssh/id_ed25519 db.internal:5432
//         "dbname=shop user=reader" "select count(*) from orders"      (in one line)
//
// The bastion must stand in ~/.ssh/known_hosts. BASTION_PORT in the environment replaces port 22.
#include <adit/adit.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <libpq-fe.h>

#include <cstdlib>
#include <future>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace asio = boost::asio;

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

static adit::target target_of(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) throw std::runtime_error("the database must be host:port");
    return {text.substr(0, colon), static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)))};
}

static void query(const std::string& connection, const char* sql) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> db(PQconnectdb(connection.c_str()),
                                                          &PQfinish);
    if (PQstatus(db.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(db.get()));
    const std::unique_ptr<PGresult, decltype(&PQclear)> rows(PQexec(db.get(), sql), &PQclear);
    const auto status = PQresultStatus(rows.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        throw std::runtime_error(PQerrorMessage(db.get()));
    }
    for (int row = 0; row < PQntuples(rows.get()); ++row) {
        for (int column = 0; column < PQnfields(rows.get()); ++column) {
            std::cout << (column == 0 ? "" : "\t") << PQgetvalue(rows.get(), row, column);
        }
        std::cout << "\n";
    }
}

static int run(char** argv) {
    const adit::local_forward database(target_of(argv[3]));
    const adit::tunnel_options options(login_of(argv[1], argv[2]), database);
    asio::io_context io(1);
    adit::tunnel tunnel(io.get_executor(), options);
    // From here on the tunnel belongs to that thread; starting it is asked for from there, too.
    std::future<void> started = tunnel.async_start(asio::use_future);
    std::thread worker([&io] { io.run(); });
    int status = EXIT_FAILURE;
    try {
        started.get();
        const std::string port = std::to_string(tunnel.endpoints().front().port());
        query("host=127.0.0.1 port=" + port + " " + argv[4], argv[5]);
        status = EXIT_SUCCESS;
    } catch (const boost::system::system_error& e) {
        std::cerr << tunnel.diagnostics().describe(e.code()) << "\n";
    } catch (const std::exception& e) {
        std::cerr << e.what() << "\n";
    }
    asio::post(io, [&tunnel] { tunnel.close(); });
    worker.join();
    return status;
}

int main(int argc, char** argv) try {
    if (argc == 6) return run(argv);
    std::cerr << "usage: query-through-tunnel user@bastion key-file host:port conninfo sql\n";
    return EXIT_FAILURE;
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
}
