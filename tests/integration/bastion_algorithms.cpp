// Every key exchange, cipher and MAC that adit-bastion has, each once with an ssh that has it, and
// keys changed every 16 KiB by ssh while much data goes both ways; and what ssh-audit finds in the
// defaults (C13, C16-C19).
#include "support/test.hpp"

#include "integration/bastion.hpp"

#include <adit/crypto/algorithms.hpp>

#include <cstdlib>
#include <sstream>

#ifdef ADIT_BASTION

namespace adit::test {
namespace {

[[nodiscard]] std::vector<std::string> names_in(std::string_view list) {
    std::vector<std::string> names;
    std::istringstream stream{std::string(list)};
    for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
    return names;
}

[[nodiscard]] bool has(const ssh_client& client, const std::string& what, const std::string& name) {
    const std::string all = "\n" + output_of({client.path, "-Q", what});
    return all.find("\n" + name + "\n") != std::string::npos;
}

[[nodiscard]] bastion_config everything() {
    const auto all = [](const char* option, std::string_view names) {
        return option + std::string(names);
    };
    return {.options = {all("KexAlgorithms=", crypto::default_kex_names()),
                        all("Ciphers=", crypto::default_cipher_names()),
                        all("MACs=", crypto::default_mac_names())}};
}

/// One thing that ssh is told to use, and nothing else of its kind.
struct choice {
    const char* query;  ///< ssh -Q
    const char* option;
    std::string_view names;
    arguments more;
};

void each(const ssh_client& client, const choice& what) {
    if (missing(client)) return;
    const bastion_program server(everything());
    std::size_t tried = 0;
    for (const std::string& name : names_in(what.names)) {
        if (!has(client, what.query, name)) continue;
        BOOST_TEST_CONTEXT(name) {
            login_wish wish{.key = server.key()};
            wish.more = joined(what.more, {"-o", what.option + ("=" + name)});
            check_login(client, server, wish, "publickey");
            ++tried;
        }
    }
    BOOST_TEST_MESSAGE(what.option << ": " << tried);
    BOOST_TEST(tried >= names_in(what.names).size() - 1);
}

void each_kex(const ssh_client& client) {
    each(client, {"kex", "KexAlgorithms", crypto::default_kex_names(), {}});
}
void each_cipher(const ssh_client& client) {
    each(client, {"cipher", "Ciphers", crypto::default_cipher_names(), {}});
}
void each_mac(const ssh_client& client) {
    each(client, {"mac", "MACs", crypto::default_mac_names(), {"-o", "Ciphers=aes128-ctr"}});
}

task<> exchange(const ssh_client& client, const bastion_program& server, std::string cipher) {
    constexpr std::uint64_t bytes = 16 * mebibyte;
    const executor ex = co_await asio::this_coro::executor;
    const local_server far(ex, [](tcp::socket socket) -> task<> {
        co_await both_ways(socket, payload_down, payload_up, bytes);
    });
    const std::uint16_t port = free_port();
    login_wish wish{.key = server.key()};
    wish.more = {"-v", "-N", "-o", "RekeyLimit=16K", "-o", "Ciphers=" + cipher, "-L"};
    wish.more.push_back(std::to_string(port) + ":127.0.0.1:" + std::to_string(far.port()));
    const std::string log = server.file("client.log");
    const arguments command = command_of(client, server, wish);
    child tunnel(command, {.log = log});
    tcp::socket near = co_await dial_soon(tunnel, port);
    co_await both_ways(near, payload_up, payload_down, bytes);
    co_await far.has_open(0);
    tunnel.stop();
    const std::string said = read_file(log);
    std::size_t exchanges = 0;
    for (std::size_t at = 0; (at = said.find("SSH2_MSG_NEWKEYS received", at)) != said.npos; ++at) {
        ++exchanges;
    }
    BOOST_TEST_MESSAGE(cipher << ": " << exchanges << " key exchanges");
    // Not one for each 16 KiB: what is under way when it begins counts as well.
    BOOST_TEST(exchanges >= 16U);
}

void rekeying(const ssh_client& client) {
    if (missing(client)) return;
    const bastion_program server(everything());
    for (const std::string& cipher : names_in(crypto::default_cipher_names())) {
        BOOST_TEST_CONTEXT(cipher) {
            std::filesystem::remove(server.file("client.log"));
            asio::io_context io(1);
            run_loop(io, exchange(client, server, cipher));
        }
    }
}

// ./dev setup --peers puts it beside sshd 10.0.
[[nodiscard]] std::string ssh_audit_root() {
    const std::string server = sshd_10_0().binary;
    if (server.empty()) return {};
    const auto peers =
        std::filesystem::path(server).parent_path().parent_path().parent_path().parent_path();
    const auto root = peers / "ssh-audit/usr";
    return std::filesystem::exists(root / "bin/ssh-audit") ? root.string() : std::string();
}

BOOST_AUTO_TEST_SUITE(bastion_algorithms)

BOOST_AUTO_TEST_CASE(each_kex_of_ssh_9_2) { each_kex(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(each_kex_of_ssh_10_0) { each_kex(ssh_10_0()); }
BOOST_AUTO_TEST_CASE(each_cipher_of_ssh_9_2) { each_cipher(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(each_cipher_of_ssh_10_0) { each_cipher(ssh_10_0()); }
BOOST_AUTO_TEST_CASE(each_mac_of_ssh_9_2) { each_mac(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(each_mac_of_ssh_10_0) { each_mac(ssh_10_0()); }
BOOST_AUTO_TEST_CASE(c19_rekeying_by_ssh_9_2) { rekeying(ssh_9_2()); }
BOOST_AUTO_TEST_CASE(c19_rekeying_by_ssh_10_0) { rekeying(ssh_10_0()); }

BOOST_AUTO_TEST_CASE(ssh_audit_finds_nothing_in_the_defaults) {
    const std::string root = ssh_audit_root();
    if (root.empty()) return skip("there is no ssh-audit");
    const bastion_program server({.rsa_host_key = true, .any_rate = false});
    const auto outcome =
        run({"env", "PYTHONPATH=" + root + "/lib/python3/dist-packages", "/usr/bin/python3",
             root + "/bin/ssh-audit", "-n", "-p", std::to_string(server.port()), "127.0.0.1"});
    BOOST_TEST(outcome.status == 0);
    BOOST_TEST((outcome.output.find("(key) ssh-ed25519") != std::string::npos), outcome.output);
    BOOST_TEST((outcome.output.find("[fail]") == std::string::npos), outcome.output);
    BOOST_TEST((outcome.output.find("[warn]") == std::string::npos), outcome.output);
    // A33: what its test of the connection rate says, which is neither.
    BOOST_TEST((outcome.output.find("throttling") == std::string::npos), outcome.output);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
