// adit-tunnel told nothing but a settings file: TOML as SeeKi has it, JSON as SignalPilot and
// Zequel have it, against sshd and, with a password and codes, against adit-bastion; and what it
// says where the file will not do.
#include "support/test.hpp"

#include "integration/bastion.hpp"
#include "integration/program.hpp"
#include "integration/proxy_program.hpp"

#if defined(ADIT_TUNNEL) && defined(ADIT_BASTION)

namespace adit::test {
namespace {

constexpr const char* canary = "a-canary-of-a-secret";

/// What the port's other end says first.
[[nodiscard]] std::string greeting(std::uint16_t port) {
    const std::string script =
        "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(port) + " && head -c 7 <&3";
    return run({"timeout", "30", "bash", "-c", script}).output;
}

/// The text of a key file as a string of JSON.
[[nodiscard]] std::string in_json(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '\n' ? std::string("\\n") : std::string(1, c);
    return quoted + '"';
}

/// A home with a settings file, and adit-tunnel in it.
class settings_home {
public:
    settings_home(std::string_view name, const std::string& text) : name_(name) {
        write_file(folder_.file(name_), text);
    }

    [[nodiscard]] const temporary_directory& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string option(const std::string& profile) const {
        return "--profile=" + folder_.file(name_) + profile;
    }
    [[nodiscard]] std::string refusal(const std::string& profile = {}) const {
        program tunnel(folder_, {}, {option(profile)});
        BOOST_TEST(tunnel.wait() == 255);
        BOOST_TEST((tunnel.output().find(canary) == std::string::npos));
        return tunnel.output();
    }
    void leads(std::uint16_t local, const std::string& profile = {}) const {
        std::filesystem::remove(folder_.file("program.log"));  // of another run
        program tunnel(folder_, {}, {option(profile)});
        BOOST_TEST_REQUIRE(tunnel.says("\"event\":\"ready\""), tunnel.output());
        BOOST_TEST(greeting(local) == "SSH-2.0");
        BOOST_TEST(tunnel.end() == 0);
        BOOST_TEST((tunnel.output().find(canary) == std::string::npos));
    }

private:
    temporary_directory folder_;
    std::string name_;
};

BOOST_AUTO_TEST_SUITE(profiles)

BOOST_AUTO_TEST_CASE(toml_as_seeki_writes_it_with_a_key_that_has_a_passphrase) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    output_of(
        {"ssh-keygen", "-q", "-p", "-P", "", "-N", canary, "-a", "1", "-f", server.user_key()});
    const std::string port = std::to_string(server.port());
    const std::uint16_t local = free_port();
    const settings_home home(
        "seeki.toml",
        "[database]\nkind = \"postgres\"\nurl = \"postgres://u:s3cret@127.0.0.1:" + port +
            "/db\"\n[ssh]\nhost = \"127.0.0.1\"\nport = " + port + "\nusername = \"" +
            current_user() + "\"\nauth_method = \"key\"\n" + "key_path = \"" + server.user_key() +
            "\"\npassphrase = \"" + canary + "\"\nlocal_port = " + std::to_string(local) + "\n");
    know_host(home.folder(), server.port(), server.host_key_line());
    home.leads(local);
}

BOOST_AUTO_TEST_CASE(json_as_signalpilot_and_zequel_write_it_with_the_key_inside) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    const std::string port = std::to_string(server.port());
    const std::string key = in_json(read_file(server.user_key()));
    const std::uint16_t local = free_port();
    const std::string first = "{\"host\": \"127.0.0.1\", \"port\": " + port +
                              ", \"username\": \"u\","
                              "\"password\": \"" +
                              canary + "\", ";
    const std::string where = "{\"enabled\": true, \"host\": \"127.0.0.1\", \"port\": " + port +
                              ", \"username\": \"" + current_user() +
                              "\", \"local_port\": " + std::to_string(local) + ", ";
    const settings_home home("connections.json",
                             "[" + first + "\"name\": \"one\", \"ssh_tunnel\": " + where +
                                 "\"auth_method\": \"key\", \"private_key\": " + key + "}},\n" +
                                 first + "\"name\": \"two\", \"ssh\": " + where +
                                 "\"authMethod\": \"privateKey\", \"password\": "
                                 "\"\", \"privateKey\": " +
                                 key + ", \"privateKeyPassphrase\": null}}]");
    know_host(home.folder(), server.port(), server.host_key_line());
    home.leads(local, ":one");
    home.leads(local, ":two");
    BOOST_TEST(
        (home.refusal().find("more than one profile; there is one, two") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_password_and_codes_at_adit_bastion) {
    const temporary_directory scratch;
    const bastion_program server(
        {.options = {"AuthenticationMethods=password,keyboard-interactive",
                     "PasswordAuthentication=yes", "KbdInteractiveAuthentication=yes"},
         .users = "[user.joe]\npassword = \"" + hash_of_password(scratch, canary) +
                  "\"\ntotp = \"" + std::string(totp_secret) + "\"\n"});
    const std::string port = std::to_string(server.port());
    const std::uint16_t local = free_port();
    const settings_home home("settings.toml",
                             "[profile.joe]\nhost = \"127.0.0.1\"\nport = " + port +
                                 "\nusername = \"joe\"\nauth_method = \"password\"\npassword = \"" +
                                 canary + "\"\ntotp_secret = \"" + totp_secret +
                                 "\"\nlocal_port = " + std::to_string(local) +
                                 "\nremote_host = \"127.0.0.1\"\nremote_port = " + port + "\n");
    know_host(home.folder(), server.port(), server.host_key_line());
    home.leads(local, ":joe");
}

// A key with a passphrase, then a password and codes, then a key: each hop logs in with its own.
BOOST_AUTO_TEST_CASE(jumps_with_secrets_of_their_own_behind_a_proxy) {
    if (missing(sshd_9_2())) return;
    const temporary_directory scratch;
    const sshd one(sshd_9_2());
    output_of({"ssh-keygen", "-q", "-p", "-P", "", "-N", canary, "-a", "1", "-f", one.user_key()});
    const bastion_program two(
        {.options = {"AuthenticationMethods=password,keyboard-interactive",
                     "PasswordAuthentication=yes", "KbdInteractiveAuthentication=yes"},
         .users = "[user.joe]\npassword = \"" + hash_of_password(scratch, canary) +
                  "\"\ntotp = \"" + std::string(totp_secret) + "\"\n"});
    const sshd three(sshd_9_2());
    const auto server = [](std::uint16_t port, const std::string& user, const std::string& more) {
        return "host = \"127.0.0.1\"\nport = " + std::to_string(port) + "\nusername = \"" + user +
               "\"\n" + more;
    };
    const auto hop = [&](std::uint16_t port, const std::string& key_line, const std::string& user,
                         const std::string& more) {
        const std::string known = "known_" + std::to_string(port);
        write_file(scratch.file(known), "[127.0.0.1]:" + std::to_string(port) + " " + key_line);
        return "[[ssh.jumps]]\n" + server(port, user, more) + "known_hosts = \"" +
               scratch.file(known) + "\"\n";
    };
    const std::string hops = hop(one.port(), one.host_key_line(), current_user(),
                                 "auth_method = \"key\"\nkey_path = \"" + one.user_key() +
                                     "\"\npassphrase = \"" + canary + "\"\n") +
                             hop(two.port(), two.host_key_line(), "joe",
                                 "auth_method = \"password\"\npassword = \"" + std::string(canary) +
                                     "\"\ntotp_secret = \"" + std::string(totp_secret) + "\"\n");
    const std::uint16_t local = free_port();
    const auto settings = [&](std::uint16_t proxy) {
        const std::string port = std::to_string(three.port());
        return "[ssh]\n" +
               server(three.port(), current_user(),
                      "auth_method = \"key\"\nkey_path = \"" + three.user_key() +
                          "\"\nproxy_host = \"127.0.0.1\"\nproxy_port = " + std::to_string(proxy) +
                          "\nremote_host = \"127.0.0.1\"\nremote_port = " + port +
                          "\nlocal_port = " + std::to_string(local) + "\n") +
               hops;
    };
    const settings_home closed("closed.toml", settings(free_port()));
    know_host(closed.folder(), three.port(), three.host_key_line());
    const std::string refused = closed.refusal();
    BOOST_TEST((refused.find("connect") != std::string::npos), refused);
    const proxy_program proxy({"http"});
    const settings_home home("settings.toml", settings(proxy.port()));
    know_host(home.folder(), three.port(), three.host_key_line());
    home.leads(local);
    BOOST_TEST((two.log().find("joe: login password,keyboard-interactive") != std::string::npos),
               two.log());
}

BOOST_AUTO_TEST_CASE(s05_what_will_not_do_is_refused_by_file_line_and_key) {
    const std::string begin = "[ssh]\nhost = \"127.0.0.1\"\n";
    const auto told = [&begin](const std::string& more, const std::string& words,
                               bool open = false) {
        const settings_home home("settings", begin + more + "remote_socket = \"/run/s\"\n");
        const std::string path = home.folder().file("settings");
        if (open) std::filesystem::permissions(path, std::filesystem::perms(0644));
        const std::string said = home.refusal();
        BOOST_TEST((said.find("settings" + words) != std::string::npos), said);
    };
    told("pasword = \"" + std::string(canary) + "\"\n", ":3: there is no \"pasword\"");
    told("password = \"" + std::string(canary) + "\"\n", ":3: password: ", true);
    told("password = " + std::string(canary) + "\n", ":3: no TOML: ");
    told("enabled = false\n", ": the profile is switched off");
    const settings_home beside("settings", begin);
    program tunnel(beside.folder(), {}, {beside.option(""), "joe@127.0.0.1"});
    BOOST_TEST(tunnel.wait() == 255);
    BOOST_TEST((tunnel.output().find("--profile names the host") != std::string::npos),
               tunnel.output());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
