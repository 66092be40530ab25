// A bastion of one's own in a page: who gets in, who may go where, and what is written down. Each
// user has a file of keys, named as the user is; people in "team-data" may reach databases, and
// only those, and no name may lead them to a cloud's metadata service. The policy is a coroutine,
// so it could as well ask a directory or wait for somebody's approval.
//
//     policy-bastion HOST_KEY KEYS_FOLDER PORT
//     ssh -p PORT -N -L 5433:db.internal:5432 alice@localhost
#include <adit/accounts.hpp>
#include <adit/bastion.hpp>
#include <adit/config/key_file.hpp>
#include <adit/config/network.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace asio = boost::asio;

namespace {

// Asked before the name is looked up, and again for each address that it leads to.
adit::task<bool> may_go(const adit::forward_question& q) {
    static const std::set<std::string, std::less<>> team_data{"alice", "bob"};
    if (q.what != adit::incoming::kind::direct_tcpip) co_return false;
    const bool is_database = q.target.port == 5432 || q.target.port == 3306;
    const bool is_odd = q.address && adit::config::match_network_list(q.address->to_string(),
                                                                      "169.254.0.0/16,fe80::/10") !=
                                         adit::config::address_match::no;
    co_return is_database && !is_odd && team_data.contains(q.who.user);
}

void write_down(const adit::audit_event& e) {
    std::printf("%s %s %s %s %s\n", adit::name_of(e.what), e.source.c_str(), e.user.c_str(),
                e.target.c_str(), e.text.c_str());
    std::fflush(stdout);
}

adit::bastion_options configure(const char* host_key_file, const char* keys_folder,
                                std::uint16_t port) {
    auto host_key = adit::config::load_private_key(host_key_file).value();
    adit::host_key_signers host_keys;
    host_keys.push_back(std::make_shared<adit::key_signer>(std::move(host_key)));

    adit::account_options users;
    // Whoever has a key in a file of that name. One file for all would let each be anybody, and the
    // policy would believe it.
    users.everybody.emplace();
    users.keys_files = {(std::filesystem::absolute(keys_folder) / "%u").string()};
    users.strict_modes = false;
    auto server = std::make_shared<adit::server_options>(
        std::move(host_keys), std::make_shared<adit::accounts>(std::move(users)));
    server->audit = write_down;

    adit::bastion_options options(std::move(server));
    options.guests.policy = may_go;
    options.listen = {{asio::ip::address_v4::loopback(), port}};
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: policy-bastion HOST_KEY KEYS_FOLDER PORT\n");
        return 2;
    }
    try {
        asio::io_context ctx(1);
        const auto port = static_cast<std::uint16_t>(std::atoi(argv[3]));
        adit::bastion gate(ctx.get_executor(), configure(argv[1], argv[2], port));
        gate.listen();
        std::printf("listening on port %d\n", gate.endpoints().front().port());
        std::fflush(stdout);

        asio::signal_set signals(ctx, SIGINT, SIGTERM);
        signals.async_wait([&](boost::system::error_code, int) {
            gate.async_drain(std::chrono::seconds(10),
                             [&](boost::system::error_code) { ctx.stop(); });
        });
        ctx.run();
    } catch (const std::exception& e) {
        std::fprintf(stderr, "policy-bastion: %s\n", e.what());
        return 1;
    }
    return 0;
}
