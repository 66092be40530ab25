// ssh's flags with CLI11. Flags that are short for options are set as options, so that both are
// read in one way; the order is -l, user@host, the other flags, -o, --profile, -F, and the first
// value wins.
#include "command_line.hpp"

#include "algorithms.hpp"
#include "values.hpp"

#include <adit/version.hpp>

#include <botan/version.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace adit_tunnel {
namespace {

constexpr int failure = 255;

constexpr const char* footer = R"(
Options for -o, each with ssh's meaning: AddressFamily BatchMode BindAddress (no name)
CASignatureAlgorithms CertificateFile Ciphers ConnectTimeout DynamicForward ExitOnForwardFailure
ForkAfterAuthentication GatewayPorts GlobalKnownHostsFile HashKnownHosts HostKeyAlgorithms
HostKeyAlias HostName IdentitiesOnly IdentityAgent IdentityFile KbdInteractiveAuthentication
KexAlgorithms LocalForward LogLevel MACs NumberOfPasswordPrompts PasswordAuthentication Port
PreferredAuthentications (publickey, keyboard-interactive, password) ProxyCommand ProxyJump
PubkeyAcceptedAlgorithms PubkeyAuthentication RekeyLimit RemoteForward RevokedHostKeys (a text
file) ServerAliveCountMax ServerAliveInterval StreamLocalBindMask StreamLocalBindUnlink
StrictHostKeyChecking User UserKnownHostsFile.
Another option of ssh's is refused by name, unless its value changes nothing here. And ours:
  TOTPSecretFile         a file with a secret in base32, closed to others: codes that the server
                         asks for (a prompt with verification, code, otp, token, totp, 2fa,
                         one-time or factor in it) are made from it
  Upstream               http://[user@]host[:port] or socks5://...: a proxy on the way to the
                         first server; ports 3128 and 1080
  UpstreamPasswordFile   a file with the proxy's password, closed to others; else it is asked for
  TOTPAlgorithm          SHA1, SHA256 or SHA512: SHA1
  TOTPDigits             6, 7 or 8: 6
  TOTPPeriod             30 seconds
  Reconnect              yes: a connection that is lost is made again while the ports stay;
                         with no the end is 255, as ssh's

Questions are asked on the terminal, or by SSH_ASKPASS as SSH_ASKPASS_REQUIRE and DISPLAY say;
BatchMode=yes asks none.

What differs from ssh:
  a lost connection      is made again, unless the login or the host key is what failed
  -N                     is always on: there is no shell
  ServerAliveInterval    30, and ServerAliveCountMax 3: ssh has 0, which is off
  ExitOnForwardFailure   yes: ssh has no
  ConnectTimeout         10 for TCP, 30 for everything before login: ssh waits for the system
  -L without an address  listens on 127.0.0.1 alone, not on ::1; * is every IPv4 address; -D too
  -F                     ~/.ssh/config, then /etc/ssh/ssh_config; an option that adit does not have
                         is told, or refused where it routes; docs/ssh_config.md has the table
  --profile              has the fields of docs/profiles.md; it stands behind -o and before -F, and
                         a secret in it is refused unless the file is closed to others
  identities             ~/.ssh/id_rsa, id_ecdsa and id_ed25519, and SSH_AUTH_SOCK's agent
  a lost connection      ends the program with 255
  the end                by SIGINT or SIGTERM is success: 0
)";

// What ssh has and we do not, or not yet. Flags with a value take it, so that the message is right.
constexpr std::array<std::string_view, 10> refused_flags{"-A", "-C", "-G", "-K", "-M",
                                                         "-s", "-t", "-X", "-Y", "-y"};
constexpr std::array<std::string_view, 7> refused_flags_with_value{"-B", "-E", "-I", "-O",
                                                                   "-P", "-S", "-w"};

struct raw_values {
    std::vector<std::string> destination;
    std::vector<std::string> forwards, remote_forwards, dynamic_forwards, stdio_forwards;
    std::vector<std::string> ports, users, identities, ciphers, macs, options, files;
    std::vector<std::string> jumps, bind_addresses, escape, profiles, queries;
    std::size_t verbose = 0;
    bool quiet = false, version = false, background = false, gateway = false;
    bool four = false, six = false;
};

void add_repeated(CLI::App& app, const std::string& flag, std::vector<std::string>& into,
                  const std::string& what) {
    auto* option = app.add_option(flag, into, what);
    option->expected(1)->take_all()->allow_extra_args(false)->type_name("");
}

void declare(CLI::App& app, raw_values& raw, settings& s) {
    app.set_help_flag("--help", "this text");
    add_repeated(app, "-L", raw.forwards,
                 "[bind:]port:host:port  a local port and where it leads; each end may be a path");
    add_repeated(app, "-R", raw.remote_forwards,
                 "[bind:]port:host:port  the same from the server's side");
    add_repeated(app, "-D", raw.dynamic_forwards, "[bind:]port  a local port that speaks SOCKS");
    add_repeated(app, "-W", raw.stdio_forwards, "host:port  for standard input and output");
    app.add_flag("-f", raw.background, "go to the background once everything is ready");
    app.add_flag("-g", raw.gateway, "-L and -D without an address listen on every address");
    add_repeated(app, "-p", raw.ports, "port of the SSH server");
    add_repeated(app, "-l", raw.users, "user to log in as");
    add_repeated(app, "-i", raw.identities, "file of a private key");
    add_repeated(app, "-c", raw.ciphers, "ciphers, in order of preference");
    add_repeated(app, "-m", raw.macs, "MACs, in order of preference, for ciphers that need one");
    add_repeated(app, "-J", raw.jumps, "[user@]host[:port],...  servers to go through, in order");
    add_repeated(app, "-b", raw.bind_addresses, "address of this machine to connect from");
    app.add_flag("-4", raw.four, "IPv4 only");
    app.add_flag("-6", raw.six, "IPv6 only")->excludes("-4");
    add_repeated(app, "-F", raw.files, "file of options instead of the usual ones, or none");
    add_repeated(app, "-o", raw.options, "Option=value");
    add_repeated(app, "--profile", raw.profiles,
                 "FILE[:NAME]  the host and all about it, in TOML or (.json) JSON");
    app.add_flag("-v", raw.verbose, "the steps; -vv: the messages too; -vvv: when and why");
    app.add_flag("-q", raw.quiet, "say nothing");
    app.add_flag("-V", raw.version, "the version");
    add_repeated(app, "-Q", raw.queries, "which algorithms there are: cipher, kex, mac, sig, help");
    app.add_flag("--json", s.json, "one event per line, as JSON, on standard output");
    for (const char* flag : {"-N", "-T", "-n"}) {
        app.add_flag(flag)->description("as in ssh -N; always on");
    }
    // Switch off what is not there anyway.
    for (const char* flag : {"-a", "-k", "-x"}) app.add_flag(flag)->group("");
    add_repeated(app, "-e", raw.escape, "");
    app.get_option("-e")->group("");
    app.add_option("destination", raw.destination, "[user@]host, or ssh://[user@]host[:port]")
        ->type_name("");
    app.footer(footer);
}

void declare_refused(CLI::App& app) {
    const auto refuse = [](std::string_view flag) {
        throw usage_error(std::string(flag) + " is not there yet");
    };
    for (const std::string_view flag : refused_flags) {
        app.add_flag_callback(std::string(flag), [=] { refuse(flag); })->group("");
    }
    for (const std::string_view flag : refused_flags_with_value) {
        app.add_option_function<std::string>(std::string(flag),
                                             [=](const std::string&) { refuse(flag); })
            ->group("");
    }
}

void set_all(settings& s, std::string_view option, const std::vector<std::string>& values) {
    for (const std::string& value : values) set_option(s, option, value);
}

// As in ssh, -W is all that is done, and it is silent unless it fails.
void fill_stdio(settings& s, const std::vector<std::string>& values) {
    if (values.empty()) return;
    if (values.size() > 1) throw usage_error("-W is there twice");
    try {
        s.stdio_forward = to_stdio_forward(values.front());
    } catch (const usage_error& e) {
        throw usage_error(std::string("-W: ") + e.what());
    }
    s.forwards.clear();
    s.remote_forwards.clear();
    if (!s.given.contains("loglevel")) s.level = talk::error;
}

void fill(settings& s, const raw_values& raw) {
    if (raw.destination.size() > 1)
        throw usage_error("a command cannot be run: there is no session");
    const bool profile = !raw.profiles.empty();
    if (raw.profiles.size() > 1) throw usage_error("--profile stands there twice");
    if (raw.destination.empty() && !profile) throw usage_error("the host is missing");
    if (!raw.destination.empty() && profile) {
        throw usage_error("--profile names the host: no other one can stand beside it");
    }
    if (raw.quiet) set_option(s, "LogLevel", "quiet");
    if (raw.verbose == 1) set_option(s, "LogLevel", "debug1");
    if (raw.verbose == 2) set_option(s, "LogLevel", "debug2");
    if (raw.verbose > 2) set_option(s, "LogLevel", "debug3");
    set_all(s, "User", raw.users);
    set_all(s, "Port", raw.ports);
    if (!profile) set_destination(s, raw.destination.front());
    set_all(s, "LocalForward", raw.forwards);
    set_all(s, "RemoteForward", raw.remote_forwards);
    set_all(s, "DynamicForward", raw.dynamic_forwards);
    if (raw.background) set_option(s, "ForkAfterAuthentication", "yes");
    if (raw.gateway) set_option(s, "GatewayPorts", "yes");
    set_all(s, "IdentityFile", raw.identities);
    set_all(s, "Ciphers", raw.ciphers);
    set_all(s, "MACs", raw.macs);
    set_all(s, "ProxyJump", raw.jumps);
    set_all(s, "BindAddress", raw.bind_addresses);
    if (raw.four) set_option(s, "AddressFamily", "inet");
    if (raw.six) set_option(s, "AddressFamily", "inet6");
    for (const std::string& line : raw.options) set_option_line(s, line);
    if (profile) read_profile_file(s, raw.profiles.front());
    read_config_files(s, raw.files);
    fill_stdio(s, raw.stdio_forwards);
    const bool nothing = s.forwards.empty() && s.remote_forwards.empty() && !s.stdio_forward;
    if (nothing) throw usage_error("there is nothing to do: give -L, -R, -D or -W");
}

}  // namespace

std::optional<int> read_command_line(settings& s, int argc, const char* const* argv) {
    CLI::App app("A local port that leads through an SSH server, as ssh -N -L makes it.",
                 "adit-tunnel");
    raw_values raw;
    try {
        declare(app, raw, s);
        declare_refused(app);
        app.parse(argc, argv);
        if (raw.version) {
            std::printf("adit-tunnel %s, Botan %s\n", std::string(adit::version_text).c_str(),
                        Botan::short_version_cstr());
            return EXIT_SUCCESS;
        }
        for (const std::string& what : raw.queries) std::cout << algorithms_of(what);
        if (!raw.queries.empty()) return EXIT_SUCCESS;
        fill(s, raw);
        return std::nullopt;
    } catch (const CLI::CallForHelp&) {
        std::cout << app.help();
        return EXIT_SUCCESS;
    } catch (const CLI::ParseError& e) {
        std::cerr << "adit-tunnel: " << e.what() << "\n";
    } catch (const usage_error& e) {
        std::cerr << "adit-tunnel: " << e.what() << "\n";
    }
    return failure;
}

}  // namespace adit_tunnel
