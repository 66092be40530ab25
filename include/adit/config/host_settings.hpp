// What a configuration comes to for one host (ssh_config(5)): plain values, each empty where
// nobody set it, so that whoever uses them brings defaults. Made by ssh_config.hpp; the table that
// fills it is config_options.hpp.
// Invariant: a value stands here as the first directive that counted gave it; no later one changes
// it (C52).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace adit::config {

/// One host of ProxyJump: an alias of its own, to be looked up by itself.
struct jump_host {
    std::string user;  ///< empty: what the alias says
    std::string host;
    std::uint16_t port = 0;  ///< 0: what the alias says

    friend bool operator==(const jump_host&, const jump_host&) = default;
};

/// An end of a forward: a path, or a host and a port.
struct forward_end {
    std::optional<std::string> host;  ///< of a listener: none is ssh's default, empty and * are any
    std::uint16_t port = 0;
    std::string path;  ///< of a Unix socket; empty: there is none

    friend bool operator==(const forward_end&, const forward_end&) = default;
};

struct forward_directive {
    forward_end listen;
    std::optional<forward_end> to;  ///< none: SOCKS decides

    friend bool operator==(const forward_directive&, const forward_directive&) = default;
};

/// A directive that counted, with its arguments as they were written.
struct applied_directive {
    std::string keyword;  ///< in lower case
    std::vector<std::string> words;
    std::string file;
    std::size_t line = 0;
};

struct host_settings {
    template <class T>
    using maybe = std::optional<T>;
    using names = std::vector<std::string>;

    std::string alias;             ///< %n
    maybe<std::string> host_name;  ///< after effective(): always there, in lower case
    maybe<std::string> user;       ///< after effective(): always there
    maybe<std::uint16_t> port;     ///< after effective(): always there

    names identity_files;            ///< expanded; empty: the default ones
    bool no_identity_files = false;  ///< IdentityFile none: not even those
    names certificate_files;         ///< expanded
    maybe<bool> identities_only;
    maybe<std::string> identity_agent;  ///< expanded; or none, SSH_AUTH_SOCK, $NAME

    maybe<std::vector<jump_host>> proxy_jump;  ///< in order; empty: none, whatever comes later
    maybe<std::string> proxy_command;          ///< for a shell, as written; reported, never run
    maybe<std::string> address_family;         ///< any, inet, inet6
    maybe<std::string> bind_address;
    maybe<std::chrono::seconds> connect_timeout;
    maybe<unsigned> connection_attempts;
    maybe<bool> tcp_keep_alive;

    maybe<std::string> strict_host_key_checking;  ///< yes, no, ask, accept-new
    maybe<names> user_known_hosts_files;          ///< expanded; empty: none
    maybe<names> global_known_hosts_files;        ///< expanded; empty: none
    maybe<std::string> host_key_alias;            ///< in lower case
    maybe<bool> hash_known_hosts;
    maybe<std::string> revoked_host_keys;  ///< expanded; or none

    // With the + - ^ that they may begin with; crypto/algorithm_lists.hpp reads them.
    maybe<std::string> kex_algorithms, ciphers, macs, host_key_algorithms;
    maybe<std::string> pubkey_accepted_algorithms, ca_signature_algorithms;
    maybe<unsigned> required_rsa_size;
    maybe<std::uint64_t> rekey_bytes;  ///< 0: the default
    maybe<std::chrono::seconds> rekey_interval;

    maybe<std::string> preferred_authentications;
    maybe<bool> password_authentication, kbd_interactive_authentication, batch_mode;
    maybe<std::string> pubkey_authentication;  ///< yes, no, unbound, host-bound
    maybe<unsigned> number_of_password_prompts;

    maybe<std::chrono::seconds> server_alive_interval;
    maybe<unsigned> server_alive_count_max;

    std::vector<forward_directive> local_forwards, remote_forwards, dynamic_forwards;
    maybe<bool> exit_on_forward_failure, clear_all_forwardings, gateway_ports;

    maybe<std::string> canonicalize_hostname;  ///< yes, no, always
    maybe<names> canonical_domains;
    maybe<unsigned> canonicalize_max_dots;
    maybe<bool> canonicalize_fallback_local;
    maybe<names> canonicalize_permitted_cnames;
    maybe<std::string> tag, ignore_unknown, log_level;

    /// Everything that counted, in order.
    std::vector<applied_directive> applied;
    /// One sentence for each that counted and that adit does otherwise than ssh would.
    std::vector<std::string> warnings;
    std::size_t steps = 0;  ///< comparisons made by Host, for the tests of the matcher
};

}  // namespace adit::config
