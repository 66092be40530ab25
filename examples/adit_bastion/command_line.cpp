// sshd's flags with CLI11. Flags that are short for options are set as options, so that both are
// read in one way; the order is the flags, -o, -f, and the first value wins.
#include "settings.hpp"

#include <adit/version.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace adit_bastion {
namespace {

constexpr int failure = 255;

constexpr const char* footer = R"(
Options for -o and -f, each with sshd's meaning: AllowStreamLocalForwarding AllowTcpForwarding
AuthenticationMethods AuthorizedKeysFile Banner CASignatureAlgorithms ChannelTimeout Ciphers
ClientAliveCountMax ClientAliveInterval HostCertificate HostKey HostKeyAlgorithms
KbdInteractiveAuthentication KexAlgorithms ListenAddress LoginGraceTime MACs MaxAuthTries
MaxStartups PasswordAuthentication PerSourceMaxStartups PerSourcePenalties (yes, no)
PermitListen PermitOpen PidFile Port PubkeyAcceptedAlgorithms PubkeyAuthentication RekeyLimit
RevokedKeys StrictModes TrustedUserCAKeys UnusedConnectionTimeout. Another option of sshd's is
refused by name, unless it is set to what a bastion does anyway. And ours:
  UsersFile              TOML: [user.NAME] with password (an Argon2 or bcrypt string), totp
                         (base32), keys (lines of authorized_keys), home
  TOTPStepsFile          where used codes are remembered; without it, in memory
  DenyOpenAddresses      addresses, CIDR blocks and patterns that no name may lead to
  DrainTime              30: how long connections may go on after SIGTERM
  PerSourceStartupRate   10: connections that one address may begin in a second
  KexThreads             1: threads for the public-key work of key exchanges

What differs from sshd:
  forwarding             is denied unless AllowTcpForwarding or PermitOpen says otherwise
  ClientAliveInterval    30, and ClientAliveCountMax 3: sshd has 0, which is off
  passwords              are off, and come from UsersFile, never from the system
  -D                     is always on: it stays in the foreground
  Match, Include         are refused
  users                  need not be accounts of the system
  SIGHUP                 reads files again; SIGTERM lets connections end, SIGINT ends them
)";

// --hash-password and --new-totp need neither keys nor files.
[[nodiscard]] bool makes_a_secret(const settings& s) {
    return s.hash_password || !s.new_totp.empty();
}

// As sshd, which leaves an address family that the machine has not.
[[nodiscard]] bool has_ipv6() {
    const int socket = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket >= 0) ::close(socket);
    return socket >= 0;
}

void read_files(settings& s) {
    set_option_lines(s, s.options);
    if (!s.config_file.empty() && s.config_file != "none") read_config_file(s, s.config_file);
    if (s.listen.empty()) {
        s.listen = {{"0.0.0.0", {}}};
        if (has_ipv6()) s.listen.push_back({"::", {}});
    }
    check(s);
}

}  // namespace

std::optional<int> read_command_line(settings& s, int argc, const char* const* argv) {
    CLI::App app("adit-bastion: an SSH server that forwards, and nothing else", "adit-bastion");
    app.footer(footer);
    bool version = false;
    bool foreground = false;
    std::string port;
    std::vector<std::string> host_keys;
    app.set_help_flag("--help", "print this");
    app.add_flag("-D", foreground, "stay in the foreground, as always");
    app.add_flag("-t", s.only_test, "check the configuration and the keys, and exit");
    app.add_flag("-V", version, "print the version");
    app.add_flag("--json", s.json, "one event of the audit per line, as JSON");
    app.add_option("-p", port, "Port: 22")->type_name("PORT");
    app.add_option("-h", host_keys, "HostKey; may be given several times")->type_name("FILE");
    app.add_option("-f", s.config_file, "sshd_config's options from a file")->type_name("FILE");
    app.add_option("-o", s.options, "an option as in the file: Name=value")->type_name("OPTION");
    app.add_flag("--hash-password", s.hash_password, "read a password, print what UsersFile wants");
    app.add_option("--new-totp", s.new_totp, "make a TOTP secret; print it and its otpauth:// line")
        ->type_name("NAME");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        const int status = app.exit(e);
        return status == 0 ? 0 : failure;
    }
    if (version) {
        std::printf("adit-bastion %s\n", std::string(adit::version_text).c_str());
        return 0;
    }
    if (makes_a_secret(s)) return std::nullopt;
    // First values win, and flags stand before -o.
    if (!port.empty()) s.options.insert(s.options.begin(), "Port " + port);
    for (const std::string& file : host_keys) {
        s.options.insert(s.options.begin(), "HostKey \"" + file + "\"");
    }
    try {
        read_files(s);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "adit-bastion: %s\n", e.what());
        return failure;
    }
    return std::nullopt;
}

}  // namespace adit_bastion
