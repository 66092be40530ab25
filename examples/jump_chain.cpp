// A command on a host that only other hosts can reach, as `ssh -J one,two host command` runs it:
// one SSH connection inside the other, no process and no port of ours between them.
//
//     jump-chain ~/.ssh/id_ed25519 "uname -a" alice@bastion.example.com:22 bob@10.1.2.3:2222
//
// The last destination is where the command runs. Each host must stand in ~/.ssh/known_hosts.
#include <adit/adit.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;

static adit::hop hop_of(const std::string& destination, const std::string& key_file) {
    const auto at = destination.find('@');
    const auto colon = destination.rfind(':');
    if (at == std::string::npos || colon == std::string::npos || colon < at) {
        throw std::runtime_error(destination + " is not user@host:port");
    }
    adit::client_options login(destination.substr(0, at),
                               destination.substr(at + 1, colon - at - 1),
                               adit::trust_known_hosts(adit::known_hosts_files::standard()));
    login.port = static_cast<std::uint16_t>(std::stoul(destination.substr(colon + 1)));
    auto key = adit::config::load_private_key(key_file);
    if (!key) throw std::runtime_error(key_file + ": " + key.error().message());
    login.credentials.push_back(adit::key_credential(std::move(*key), key_file));
    return adit::hop(std::move(login));
}

static adit::task<> print_output(adit::channel& from) {
    std::array<char, 16 * 1024> piece;
    for (;;) {
        auto reading = from.async_read_some(asio::buffer(piece), asio::as_tuple(asio::deferred));
        const auto [ec, size] = co_await std::move(reading);
        std::cout.write(piece.data(), static_cast<std::streamsize>(size)).flush();
        if (ec == asio::error::eof) co_return;
        if (ec) throw boost::system::system_error(ec);
    }
}

static adit::task<> run(adit::chain& way, std::string command, int& status) {
    try {
        auto starting = way.async_start(asio::deferred);
        co_await std::move(starting);
    } catch (const boost::system::system_error& e) {
        // Says which of the hosts it was, and what that one said.
        throw std::runtime_error(way.diagnostics().describe(e.code()));
    }
    adit::session program = co_await way.last().async_open_session(asio::deferred);
    co_await program.async_exec(command, asio::deferred);
    program.stream().shutdown_send();
    co_await print_output(program.stream());
    const adit::exit_result end = co_await program.async_wait_exit(asio::deferred);
    if (end.status) status = static_cast<int>(*end.status);
    way.close();
}

int main(int argc, char** argv) try {
    if (argc < 4) throw std::runtime_error("usage: jump-chain key-file command user@host:port...");
    adit::route way(hop_of(argv[argc - 1], argv[1]));
    for (int i = 3; i < argc - 1; ++i) way.jumps.push_back(hop_of(argv[i], argv[1]));
    way.on_event = [&way](const adit::route_event& event) {
        if (event.what != adit::route_event::kind::ready) return;
        const adit::client_options& login = way.at(event.hop).client;
        std::cerr << "logged in as " << login.user << " at " << login.host << "\n";
    };
    int status = 255;
    asio::io_context io(1);
    adit::chain ssh(io.get_executor(), way);
    asio::co_spawn(io, run(ssh, argv[2], status), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    io.run();
    return status;
} catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return 255;
}
