// adit-tunnel before the questions of keyboard-interactive (RFC 4256): who answers them, what it
// shows of them, and what -v to -vvv say, which is never an answer (S03).
#include "support/test.hpp"

#include "integration/program.hpp"
#include "integration/prompts_server.hpp"

#ifdef ADIT_TUNNEL

namespace adit::test {
namespace {

[[nodiscard]] std::vector<std::string> arguments(const prompts_server& server,
                                                 const std::vector<std::string>& more) {
    know_host(server.folder(), server.port(), server.host_key_line());
    std::vector<std::string> all{"-L", "0:127.0.0.1:9", "-p", std::to_string(server.port())};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

BOOST_AUTO_TEST_SUITE(program_prompts)

BOOST_AUTO_TEST_CASE(s03_program_answers_three_rounds) {
    if (no_asyncssh()) return;
    const prompts_server server;
    const std::string askpass =
        make_askpass(server.folder(), {"*Password:*) echo 'first word' ;;",
                                       "*Colour:*) echo blue ;;", "*Token:*) echo 123456 ;;"});
    program adit_tunnel(server.folder(), {.askpass = askpass},
                        arguments(server, {"-vvv", "three@127.0.0.1"}));
    BOOST_TEST(adit_tunnel.says("\"event\":\"ready\""), adit_tunnel.output());
    BOOST_TEST(adit_tunnel.end() == 0);
    const std::string said = adit_tunnel.output();
    BOOST_TEST((said.find("\nRound 2\n") != std::string::npos), said);
    BOOST_TEST((said.find("userauth_info_response") != std::string::npos), said);
    BOOST_TEST((said.find("first word") == std::string::npos), said);
    BOOST_TEST((said.find("123456") == std::string::npos), said);
    BOOST_TEST(read_file(server.folder().file("asked")) ==
               "(three@127.0.0.1) Password: \n(three@127.0.0.1) Colour: \n"
               "(three@127.0.0.1) Token: \n");
}

BOOST_AUTO_TEST_CASE(s03_program_fails_without_telling_the_answers) {
    if (no_asyncssh()) return;
    const prompts_server server;
    const std::string askpass = make_askpass(
        server.folder(),
        {"*Password:*) echo canary-of-a-password ;;", "*code:*) echo canary-of-a-code ;;"});
    program adit_tunnel(
        server.folder(), {.askpass = askpass},
        arguments(server, {"-vvv", "-o", "NumberOfPasswordPrompts=1", "canary@127.0.0.1"}));
    BOOST_TEST(adit_tunnel.wait() == 255);
    const std::string said = adit_tunnel.output();
    BOOST_TEST(
        (said.find("authentication failed; tried keyboard-interactive") != std::string::npos),
        said);
    BOOST_TEST((said.find("canary-") == std::string::npos), said);
}

BOOST_AUTO_TEST_CASE(program_shows_text_of_the_server_escaped) {
    if (no_asyncssh()) return;
    const prompts_server server;
    const std::string askpass = make_askpass(server.folder(), {"*) echo odd ;;"});
    program adit_tunnel(server.folder(), {.askpass = askpass},
                        arguments(server, {"-vvv", "odd@127.0.0.1"}));
    BOOST_TEST(adit_tunnel.says("\"event\":\"ready\""), adit_tunnel.output());
    BOOST_TEST(adit_tunnel.end() == 0);
    const std::string said = adit_tunnel.output();
    BOOST_TEST((said.find('\x1b') == std::string::npos), said);
    BOOST_TEST(
        (said.find("\\x1b[31mname\\x07\nline 1\nline 2\n\\xe2\\x80\\xae\n") != std::string::npos),
        said);
}

// By options of its own, at a server that counts by itself.
BOOST_AUTO_TEST_CASE(program_makes_codes_of_another_kind) {
    if (no_asyncssh()) return;
    const prompts_server server;
    write_file(server.folder().file("totp"), "jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp\n");
    program adit_tunnel(
        server.folder(), {},
        arguments(server, {"-o", "TOTPSecretFile=%d/totp", "-o", "TOTPAlgorithm=SHA512", "-o",
                           "TOTPDigits=8", "-o", "TOTPPeriod=60", "code@127.0.0.1"}));
    BOOST_TEST(adit_tunnel.says("\"event\":\"ready\""), adit_tunnel.output());
    BOOST_TEST(adit_tunnel.end() == 0);
}

BOOST_AUTO_TEST_CASE(program_says_more_with_each_v) {
    if (no_asyncssh()) return;
    const prompts_server server;
    const std::string askpass = make_askpass(server.folder(), {"*) echo odd ;;"});
    const std::vector<std::string> levels{"-T", "-v", "-vv", "-vvv"};
    for (std::size_t level = 0; level < levels.size(); ++level) {
        std::filesystem::remove(server.folder().file("program.log"));
        program adit_tunnel(server.folder(), {.askpass = askpass},
                            arguments(server, {levels[level], "odd@127.0.0.1"}));
        BOOST_TEST(adit_tunnel.says("\"event\":\"ready\""), adit_tunnel.output());
        BOOST_TEST(adit_tunnel.end() == 0);
        const std::string said = adit_tunnel.output();
        const auto has = [&said](const char* text) { return said.find(text) != said.npos; };
        BOOST_TEST_CONTEXT(levels[level] << "\n" << said) {
            BOOST_TEST(has("trying keyboard-interactive\n") == (level >= 1));
            BOOST_TEST(has("userauth_request user_name=\"odd\"") == (level >= 2));
            BOOST_TEST(has(" ms userauth_request user_name") == (level >= 3));
            BOOST_TEST(has("host key algorithms: ssh-ed25519") == (level >= 3));
        }
    }
}

// Nobody to ask: the method is not even tried.
BOOST_AUTO_TEST_CASE(program_in_batch_mode_asks_nobody) {
    if (no_asyncssh()) return;
    const prompts_server server;
    const std::string askpass = make_askpass(server.folder(), {"*) echo odd ;;"});
    program adit_tunnel(server.folder(), {.askpass = askpass},
                        arguments(server, {"-o", "BatchMode=yes", "odd@127.0.0.1"}));
    BOOST_TEST(adit_tunnel.wait() == 255);
    BOOST_TEST(!std::filesystem::exists(server.folder().file("asked")));
    BOOST_TEST(
        (adit_tunnel.output().find("there is nothing to authenticate with") != std::string::npos),
        adit_tunnel.output());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
