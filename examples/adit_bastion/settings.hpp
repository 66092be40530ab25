// What adit-bastion was told, by its command line and its configuration files: sshd_config(5)'s
// options as plain values. Filled by options.cpp and command_line.cpp, read by adit_bastion.cpp.
// Invariant: every default is the most closed one: nothing is forwarded, nobody logs in.
#pragma once

#include "../programs/usage_error.hpp"

#include <adit/limits.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace adit_bastion {

using programs::usage_error;

struct listen_address {
    std::string address;
    std::optional<std::uint16_t> port;  ///< none: Port
};

struct settings {
    // What there is to do.
    bool only_test = false;      ///< -t
    bool hash_password = false;  ///< --hash-password
    std::string new_totp;        ///< --new-totp NAME
    bool json = false;           ///< --json: the audit as JSON, one event per line

    std::string config_file;
    std::vector<std::string> options;  ///< -o, in their order; they win over the file

    // sshd_config(5).
    std::vector<listen_address> listen;
    std::uint16_t port = 22;
    std::vector<std::string> host_keys, host_certificates;
    std::vector<std::string> authorized_keys_files{".ssh/authorized_keys"};
    bool strict_modes = true;
    bool public_keys = true;
    bool passwords = false;
    /// Unsaid: only where AuthenticationMethods names it, so that a code alone lets nobody in.
    std::optional<bool> keyboard_interactive;
    std::vector<std::vector<std::string>> methods;  ///< AuthenticationMethods; empty: any one
    unsigned max_auth_tries = 6;
    unsigned startups = 10, startup_chance = 30, startups_full = 100;
    unsigned per_source_startups = 10;
    bool penalties = false;  ///< PerSourcePenalties
    adit::channel_timeouts channel_timeout;
    std::chrono::seconds unused_connection_timeout{0};  ///< 0: none
    std::chrono::seconds login_grace{120};
    std::chrono::seconds alive_interval{30};
    unsigned alive_count = 3;
    std::uint64_t rekey_bytes = 0;  ///< 0: the library's own
    std::chrono::seconds rekey_interval{0};
    std::string ciphers, macs, kex, host_key_algorithms, public_key_algorithms, ca_algorithms;
    std::string revoked_keys;  ///< a text file; empty: none
    std::string trusted_user_ca_keys;
    std::string banner;
    std::string pid_file;
    bool forward_local = false, forward_remote = false;  ///< AllowTcpForwarding
    bool forwarding_is_said = false;  ///< it was given; else PermitOpen alone opens its places
    bool forward_sockets = false;     ///< AllowStreamLocalForwarding
    std::optional<std::vector<std::string>> permit_open, permit_listen;  ///< of host:port

    // Ours.
    std::string users_file;
    std::string totp_steps_file;  ///< where used codes are remembered; empty: in memory
    std::string deny_addresses;   ///< DenyOpenAddresses: a list as in from="…" of authorized_keys
    std::chrono::seconds drain_time{30};
    unsigned per_source_rate = 10;  ///< PerSourceStartupRate: in a second; 0: any
    unsigned kex_threads = 1;       ///< KexThreads; 0: none beside the one that does all else
};

/// Fills `s`. A value is what to exit with at once: after --help, or, with the reason on stderr,
/// when something is wrong.
[[nodiscard]] std::optional<int> read_command_line(settings& s, int argc, const char* const* argv);

/// Options, "Name value" or "Name=value"; the first value of each counts. Throws usage_error.
void set_option_lines(settings& s, const std::vector<std::string>& lines);
/// A file of them; what -o said before stands. Throws usage_error with file and line.
void read_config_file(settings& s, const std::string& path);
/// What must be there, and what does not go together. Throws usage_error.
void check(const settings& s);

}  // namespace adit_bastion
