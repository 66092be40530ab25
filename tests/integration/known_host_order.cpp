// A host with several keys, of which known_hosts has one: adit-tunnel asks for that one, as ssh
// does, unless HostKeyAlgorithms says otherwise (S07).
#include "support/test.hpp"

#include "integration/program.hpp"

#ifdef ADIT_TUNNEL

namespace adit::test {
namespace {

struct two_keys {
    two_keys() {
        const auto made = run({"ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", second});
        BOOST_REQUIRE_MESSAGE(made.status == 0, made.errors);
        sshd_config config;
        config.lines = {"HostKey " + second};
        server = std::make_unique<sshd>(sshd_9_2(), config);
        know_host(folder, server->port(), read_file(second + ".pub"));
    }
    [[nodiscard]] std::vector<std::string> arguments(std::vector<std::string> more) const {
        std::vector<std::string> all{
            "-L", "0:127.0.0.1:9", "-i", server->user_key(), "-p", std::to_string(server->port())};
        all.insert(all.end(), more.begin(), more.end());
        all.push_back(current_user() + "@127.0.0.1");
        return all;
    }

    temporary_directory folder;
    std::string second = folder.file("second");
    std::unique_ptr<sshd> server;
};

BOOST_AUTO_TEST_SUITE(known_host_order)

BOOST_AUTO_TEST_CASE(s07_known_key_is_asked_for_first) {
    if (missing(sshd_9_2())) return;
    const two_keys host;
    program adit_tunnel(host.folder, {}, host.arguments({}));
    BOOST_TEST(adit_tunnel.says("\"host_key_algorithm\":\"ecdsa-sha2-nistp256\""),
               adit_tunnel.output());
    BOOST_TEST(adit_tunnel.end() == 0);
}

BOOST_AUTO_TEST_CASE(s07_order_that_was_given_stays) {
    if (missing(sshd_9_2())) return;
    const two_keys host;
    const std::string given = "HostKeyAlgorithms=ssh-ed25519,ecdsa-sha2-nistp256";
    program adit_tunnel(host.folder, {}, host.arguments({"-o", given}));
    BOOST_TEST(adit_tunnel.wait() == 255);
    BOOST_TEST((adit_tunnel.output().find("the host key is not known") != std::string::npos),
               adit_tunnel.output());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
