// The smallest useful program: a local port that leads to a database behind a bastion. README shows
// it as it stands here. It says where to connect, and works until the connection ends.
#include <adit/adit.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>
namespace asio = boost::asio;

adit::task<> hello(asio::any_io_executor ex) {
    adit::client_options login("alice", "bastion.example.com",
                               adit::trust_known_hosts(adit::known_hosts_files::standard()));
    auto key = adit::config::load_private_key("/home/alice/.ssh/id_ed25519");
    login.credentials.push_back(adit::key_credential(std::move(key).value()));

    adit::local_forward database(adit::target("db.internal", 5432));
    adit::tunnel tunnel(ex, adit::tunnel_options(login, database));
    co_await tunnel.async_start(asio::deferred);
    std::cout << "postgresql://127.0.0.1:" << tunnel.endpoints()[0].port() << "/\n" << std::flush;
    co_await tunnel.async_wait_closed(asio::deferred);
}

int main() {
    asio::io_context io;
    asio::co_spawn(io, hello(io.get_executor()), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    io.run();
}
