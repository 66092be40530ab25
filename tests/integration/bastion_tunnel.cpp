// adit-tunnel at adit-bastion, and no OpenSSH anywhere: logins of each kind, every algorithm, much
// data both ways, and keys changed meanwhile by either side.
#include "support/test.hpp"

#include "integration/bastion.hpp"
#include "integration/program.hpp"

#include <adit/crypto/algorithms.hpp>

#include <sstream>

#if defined(ADIT_BASTION) && defined(ADIT_TUNNEL)

namespace adit::test {
namespace {

[[nodiscard]] arguments to(const bastion_program& server, std::uint16_t far,
                           const arguments& more) {
    const arguments all{"-L", "0:127.0.0.1:" + std::to_string(far), "-p",
                        std::to_string(server.port())};
    return joined(joined(all, more), {"joe@127.0.0.1"});
}

/// So many bytes each way through adit-tunnel, which is told `more`.
void exchange(const bastion_program& server, const audience& who, const arguments& more,
              std::uint64_t bytes) {
    asio::io_context io(1);
    const local_server far(io.get_executor(), [bytes](tcp::socket socket) -> task<> {
        co_await both_ways(socket, payload_down, payload_up, bytes);
    });
    std::filesystem::remove(server.file("program.log"));
    program adit_tunnel(server.folder(), who, to(server, far.port(), more));
    const bool ready = adit_tunnel.says("\"event\":\"ready\"");
    BOOST_REQUIRE_MESSAGE(ready, adit_tunnel.output() << server.log());
    const std::uint16_t port = local_port(adit_tunnel.output());
    const auto send = [port, bytes, &far]() -> task<> {
        tcp::socket near = co_await dial(port);
        co_await both_ways(near, payload_up, payload_down, bytes);
        co_await far.has_open(0);
    };
    run_loop(io, send());
    BOOST_TEST(adit_tunnel.end() == 0);
}

constexpr std::uint64_t little = 100'000;

void each(const char* option, std::string_view names, const arguments& more) {
    const bastion_program server(
        {.options = {"KexAlgorithms=" + std::string(crypto::default_kex_names()),
                     "Ciphers=" + std::string(crypto::default_cipher_names()),
                     "MACs=" + std::string(crypto::default_mac_names())}});
    std::istringstream list{std::string(names)};
    for (std::string name; std::getline(list, name, ',');) {
        BOOST_TEST_CONTEXT(name) {
            const arguments choice{"-i", server.key(), "-o", option + ("=" + name)};
            exchange(server, {}, joined(choice, more), little);
        }
    }
}

BOOST_AUTO_TEST_SUITE(bastion_tunnel)

BOOST_AUTO_TEST_CASE(each_key_type_of_adit_tunnel) {
    const bastion_program server;
    for (const key_kind& kind : key_kinds()) {
        BOOST_TEST_CONTEXT(kind.name()) {
            const std::string key = make_key(server.file(kind.name()), kind);
            write_file(server.file("authorized_keys"), read_file(key + ".pub"));
            exchange(server, {}, {"-i", key}, little);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_password_of_adit_tunnel) {
    const temporary_directory folder;
    const std::string hash = hash_of_password(folder, "a word");
    const bastion_program server(
        {.options = {"PasswordAuthentication=yes", "KbdInteractiveAuthentication=no"},
         .users = "[user.joe]\npassword = \"" + hash + "\"\n"});
    exchange(server, {.askpass = make_askpass(folder, {"*assword*) echo 'a word' ;;"})}, {},
             little);
}

BOOST_AUTO_TEST_CASE(a_code_of_adit_tunnel) {
    const bastion_program server(
        {.options = {"KbdInteractiveAuthentication=yes"},
         .users = "[user.joe]\ntotp = \"" + std::string(totp_secret) + "\"\n"});
    write_file(server.file("totp"), totp_secret);
    exchange(server, {}, {"-o", "TOTPSecretFile=" + server.file("totp")}, little);
}

BOOST_AUTO_TEST_CASE(a16_a_key_and_a_code_of_adit_tunnel) {
    const bastion_program server(
        {.options = {"AuthenticationMethods=publickey,keyboard-interactive"},
         .users = "[user.joe]\ntotp = \"" + std::string(totp_secret) + "\"\n"});
    write_file(server.file("totp"), totp_secret);
    exchange(server, {}, {"-i", server.key(), "-o", "TOTPSecretFile=" + server.file("totp")},
             little);
    BOOST_TEST(
        (server.log().find("joe: login publickey,keyboard-interactive") != std::string::npos),
        server.log());
}

BOOST_AUTO_TEST_CASE(each_kex_of_adit_tunnel) {
    each("KexAlgorithms", crypto::default_kex_names(), {});
}
BOOST_AUTO_TEST_CASE(each_cipher_of_adit_tunnel) {
    each("Ciphers", crypto::default_cipher_names(), {});
}
BOOST_AUTO_TEST_CASE(each_mac_of_adit_tunnel) {
    each("MACs", crypto::default_mac_names(), {"-o", "Ciphers=aes128-ctr"});
}

BOOST_AUTO_TEST_CASE(much_both_ways_by_adit_tunnel) {
    const bastion_program server;
    exchange(server, {}, {"-i", server.key()}, 64 * mebibyte);
}

BOOST_AUTO_TEST_CASE(c17_rekeying_by_both_of_us) {
    const bastion_program server({.options = {"RekeyLimit=16K"}});
    exchange(server, {}, {"-i", server.key(), "-o", "RekeyLimit=16K"}, 16 * mebibyte);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
