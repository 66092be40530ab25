// Keys with a passphrase in adit-tunnel, against a real sshd: on the terminal or by SSH_ASKPASS,
// how often it is asked for, and where nobody is asked. As ssh does it, ssh_config(5) IdentityFile.
#include "support/test.hpp"

#include "integration/program.hpp"

#ifdef ADIT_TUNNEL

namespace adit::test {
namespace {

constexpr const char* passphrase = "canary of a passphrase";
constexpr const char* ready = "\"event\":\"ready\"";

// A server, and an encrypted key, without its .pub, in a folder of the program's own.
class locked_door {
public:
    locked_door() : locked_door({"-t", "ed25519", "-a", "1"}, true) {}
    locked_door(const std::vector<std::string>& kind, bool server_knows_it) : server_(sshd_9_2()) {
        std::vector<std::string> make{"ssh-keygen", "-q", "-N", passphrase, "-f", key()};
        make.insert(make.end(), kind.begin(), kind.end());
        const auto made = run(make);
        BOOST_REQUIRE_MESSAGE(made.status == 0, made.errors);
        std::filesystem::rename(key() + ".pub", folder_.file("elsewhere.pub"));
        if (server_knows_it) {
            std::ofstream(server_.file("authorized_keys"), std::ios::app)
                << read_file(folder_.file("elsewhere.pub"));
        }
        know_host(folder_, server_.port(), server_.host_key_line());
    }

    [[nodiscard]] const temporary_directory& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string key() const { return folder_.file("id"); }
    [[nodiscard]] std::string question() const {
        return "Enter passphrase for key '" + key() + "': ";
    }
    [[nodiscard]] std::vector<std::string> arguments(std::vector<std::string> more) const {
        std::vector<std::string> all{
            "-vvv", "-L", "0:127.0.0.1:9", "-i", key(), "-p", std::to_string(server_.port())};
        all.insert(all.end(), more.begin(), more.end());
        all.push_back(current_user() + "@127.0.0.1");
        return all;
    }
    [[nodiscard]] std::string asked() const {
        const std::string file = folder_.file("asked");
        return std::filesystem::exists(file) ? read_file(file) : std::string();
    }
    [[nodiscard]] std::string askpass(const std::string& answer) const {
        return make_askpass(folder_, {"*passphrase*) echo '" + answer + "' ;;"});
    }

private:
    temporary_directory folder_;
    sshd server_;
};

[[nodiscard]] bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(passphrases)

BOOST_AUTO_TEST_CASE(s03_typed_at_the_terminal_and_not_shown) {
    if (missing(sshd_9_2())) return;
    const locked_door door;
    program adit_tunnel(door.folder(), {.terminal = {door.question(), passphrase}},
                        door.arguments({}));
    BOOST_TEST(adit_tunnel.says(ready), adit_tunnel.output());
    BOOST_TEST(adit_tunnel.end() == 0);
    BOOST_TEST(has(adit_tunnel.output(), door.question()));
    BOOST_TEST(!has(adit_tunnel.output(), "canary"), adit_tunnel.output());
}

BOOST_AUTO_TEST_CASE(second_try_at_the_terminal) {
    if (missing(sshd_9_2())) return;
    const locked_door door;
    const audience person{.terminal = {door.question(), "canary too", door.question(), passphrase}};
    program adit_tunnel(door.folder(), person, door.arguments({}));
    BOOST_TEST(adit_tunnel.says(ready), adit_tunnel.output());
    BOOST_TEST(adit_tunnel.end() == 0);
    BOOST_TEST(
        has(adit_tunnel.output(), "the passphrase of the private key is wrong, please try again"));
    BOOST_TEST(!has(adit_tunnel.output(), "canary"), adit_tunnel.output());
}

BOOST_AUTO_TEST_CASE(wrong_three_times_passes_the_key_over) {
    if (missing(sshd_9_2())) return;
    const locked_door door;
    program adit_tunnel(door.folder(), {.askpass = door.askpass("canary of a wrong one")},
                        door.arguments({}));
    BOOST_TEST(adit_tunnel.wait() == 255);
    const std::string question = door.question() + "\n";
    BOOST_TEST(door.asked() == question + question + question);
    const std::string said = adit_tunnel.output();
    BOOST_TEST(has(said, door.key() + ": the passphrase of the private key is wrong; "
                                      "the key is passed over"),
               said);
    BOOST_TEST(has(said, "authenticating: authentication failed"), said);
    BOOST_TEST(!has(said, "canary"), said);
}

// PEM tells nothing of the public half, and nor does a .pub that is not there: it is asked before.
BOOST_AUTO_TEST_CASE(key_that_does_not_tell_its_public_half) {
    if (missing(sshd_9_2())) return;
    const locked_door door({"-t", "ecdsa", "-m", "PKCS8"}, true);
    BOOST_REQUIRE(read_file(door.key()).starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    program adit_tunnel(door.folder(), {.askpass = door.askpass(passphrase)}, door.arguments({}));
    BOOST_TEST(adit_tunnel.says(ready), adit_tunnel.output());
    BOOST_TEST(adit_tunnel.end() == 0);
    BOOST_TEST(door.asked() == door.question() + "\n");
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_for_a_key_that_the_server_does_not_want) {
    if (missing(sshd_9_2())) return;
    const locked_door door({"-t", "ed25519", "-a", "1"}, false);
    program adit_tunnel(door.folder(), {.askpass = door.askpass(passphrase)}, door.arguments({}));
    BOOST_TEST(adit_tunnel.wait() == 255);
    BOOST_TEST(door.asked().empty(), door.asked());
    BOOST_TEST(has(adit_tunnel.output(), "trying publickey: is this key wanted?"));
}

BOOST_AUTO_TEST_CASE(batch_mode_asks_nobody_and_says_so) {
    if (missing(sshd_9_2())) return;
    const locked_door door;
    program adit_tunnel(door.folder(), {.askpass = door.askpass(passphrase)},
                        door.arguments({"-o", "BatchMode=yes"}));
    BOOST_TEST(adit_tunnel.wait() == 255);
    BOOST_TEST(door.asked().empty(), door.asked());
    BOOST_TEST(has(adit_tunnel.output(),
                   door.key() + ": the private key needs a passphrase, and BatchMode forbids to "
                                "ask"),
               adit_tunnel.output());
}

BOOST_AUTO_TEST_CASE(without_a_terminal_nobody_is_asked) {
    if (missing(sshd_9_2())) return;
    const locked_door door;
    program adit_tunnel(door.folder(), {}, door.arguments({}));
    BOOST_TEST(adit_tunnel.wait() == 255);
    BOOST_TEST(has(adit_tunnel.output(),
                   "the private key needs a passphrase, and there is neither "
                   "a terminal nor SSH_ASKPASS to ask"),
               adit_tunnel.output());
}

// The secret of codes obeys the rules for keys, and no message repeats it.
BOOST_AUTO_TEST_CASE(s05_secret_file_that_others_can_read_is_refused) {
    if (missing(sshd_9_2())) return;
    const locked_door door;
    const std::string file = write_file(door.folder().file("totp"), "CANARY CANARY CANARY 1!\n");
    const std::vector<std::string> more{"-o", "TOTPSecretFile=" + file};
    {
        program adit_tunnel(door.folder(), {}, door.arguments(more));
        BOOST_TEST(adit_tunnel.wait() == 255);
        BOOST_TEST(has(adit_tunnel.output(), "TOTPSecretFile " + file +
                                                 ": the TOTP secret or its "
                                                 "settings are malformed"),
                   adit_tunnel.output());
        BOOST_TEST(!has(adit_tunnel.output(), "CANARY"), adit_tunnel.output());
    }
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    program adit_tunnel(door.folder(), {}, door.arguments(more));
    BOOST_TEST(adit_tunnel.wait() == 255);
    BOOST_TEST(has(adit_tunnel.output(), "the key file can be read by others"),
               adit_tunnel.output());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
