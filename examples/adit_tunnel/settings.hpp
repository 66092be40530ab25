// What the command line, -o and -F come to: plain values, before anything is opened or connected.
// Filled by option_table.cpp, which knows what each of ssh's options means; read by
// adit_tunnel.cpp. Invariant: the first value given for an option is the one that counts, as with
// ssh.
#pragma once

#include "../programs/usage_error.hpp"

#include <adit/config/host_settings.hpp>
#include <adit/config/profile.hpp>
#include <adit/connect.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/crypto/totp.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace adit_tunnel {

using programs::usage_error;

/// One -L, -R or -D, as it was said.
struct forward_spec {
    std::optional<std::string> bind_address;  ///< none: GatewayPorts decides
    std::uint16_t bind_port = 0;
    std::string bind_path;  ///< a Unix socket's, instead of address and port
    bool dynamic = false;   ///< SOCKS says where to
    std::string host;
    std::uint16_t port = 0;
    std::string to_path;  ///< a Unix socket's, instead of host and port

    [[nodiscard]] std::string target() const;  ///< for people
};

/// Of the option Upstream.
struct proxy_spec {
    bool socks = false;
    std::string host;
    std::uint16_t port = 0;
    std::optional<std::string> user;
};

enum class host_key_policy : std::uint8_t { ask, yes, accept_new, no };

/// How much is said; each level says what the ones before it say.
/// verbose, debug and everything are -v, -vv and -vvv: steps, messages, and when and why.
enum class talk : std::uint8_t { quiet, error, info, verbose, debug, everything };

/// What --profile brings beside options: there is none of ssh's for a secret.
struct profile_secrets {
    using secret = std::optional<adit::crypto::secret_bytes>;

    std::string source;  ///< for messages: the file, or the file and the profile's name
    secret password;
    secret private_key;  ///< the text of a key file
    secret passphrase;
    secret totp;  ///< base32
};

struct settings {
    std::string host;       ///< as the command line names it
    std::string host_name;  ///< what to connect to, and what known_hosts calls it
    std::uint16_t port = 22;
    std::string user;
    std::vector<forward_spec> forwards, remote_forwards;
    std::optional<forward_spec> stdio_forward;  ///< -W
    bool gateway_ports = false;
    unsigned socket_mask = 0177;
    bool replace_sockets = false;
    bool background = false;  ///< -f
    bool exit_on_forward_failure = true;
    bool reconnect = true;  ///< where ssh ends with 255

    // The way to the server. Of ProxyJump and ProxyCommand the first that is given counts.
    std::optional<std::vector<adit::config::jump_host>> jumps;  ///< empty: none, by its name
    std::vector<adit::config::profile> jump_profiles;           ///< one for each of them, or none
    std::optional<std::string> proxy_command;                   ///< empty: none, by its name
    std::optional<proxy_spec> upstream;
    std::string upstream_password_file;  ///< empty: none
    adit::connect_options connect;
    std::vector<std::string> config_files;  ///< for the jumps' own blocks

    std::vector<std::string> identities;  ///< empty: the default ones
    bool default_identity = true;
    std::vector<std::string> certificates;  ///< beside those next to the identities
    std::string identity_agent = "SSH_AUTH_SOCK";
    bool identities_only = false;
    std::vector<std::string> authentications{"publickey", "keyboard-interactive", "password"};
    bool publickey = true;
    bool kbd_interactive = true;
    bool password = true;
    bool batch = false;
    unsigned password_prompts = 3;  ///< also of passphrases, as in ssh

    profile_secrets secrets;

    std::string totp_secret_file;  ///< empty: none
    adit::crypto::totp_settings totp;

    host_key_policy strict_host_keys = host_key_policy::ask;
    std::string host_key_alias;  ///< empty: none
    bool hash_known_hosts = false;
    std::optional<std::vector<std::string>> user_known_hosts;
    std::optional<std::vector<std::string>> global_known_hosts;
    std::string revoked_host_keys;  ///< empty: none

    // Comma-separated; empty: everything there is.
    std::string ciphers, macs, kex, host_key_algorithms, key_algorithms, ca_algorithms;

    std::optional<std::chrono::seconds> connect_timeout;  ///< zero: none
    std::chrono::seconds keepalive_interval{30};
    unsigned keepalive_count = 3;
    std::uint64_t rekey_bytes = 0;  ///< zero: the default
    std::optional<std::chrono::seconds> rekey_interval;

    talk level = talk::info;
    bool json = false;
    std::vector<std::string> warnings;  ///< to be said once it is known how much is said

    std::set<std::string, std::less<>> given;  ///< options that have their value, in lower case
};

/// One option by ssh's name, in any case. Throws usage_error: for a name that nobody knows, one
/// that ssh knows and we do not, a value that is none.
void set_option(settings& s, std::string_view name, std::string_view value);

/// The same for "Name=value", "Name value" and "Name = value".
void set_option_line(settings& s, std::string_view line);

/// What files in the form of ssh_config(5) say about s.host: those named, of which "none" is none,
/// or else ~/.ssh/config and /etc/ssh/ssh_config. Call it when the command line has been read;
/// afterwards s.host_name and s.user are there.
void read_config_files(settings& s, const std::vector<std::string>& files);

/// --profile FILE[:NAME], TOML, or JSON by the file's name: sets the host, its secrets, and options
/// behind those of the command line. Throws usage_error with file, line and key.
void read_profile_file(settings& s, std::string_view text);

/// What such a file says about one of its jumps; `source` is for messages. Throws usage_error.
void set_jump(settings& s, const adit::config::profile& hop, const std::string& source);

/// "[user@]host" or "ssh://[user@]host[:port]".
void set_destination(settings& s, std::string_view text);

/// A command with the tokens that ProxyCommand has. Throws usage_error where a value of theirs is
/// more than a word to a shell.
[[nodiscard]] std::string expanded_command(const settings& s, std::string_view command);

/// `~`, tokens and ${VARIABLES}, as in ssh_config(5). Call it when all else is set.
[[nodiscard]] std::string expanded(const settings& s, std::string_view path);

}  // namespace adit_tunnel
