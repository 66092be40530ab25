// What a client is told before it connects: plain values and hooks, each documented at its place.
// Used by client.hpp, tunnel.hpp and auth/client.hpp. Names are OpenSSH's where OpenSSH has one.
// Invariant: there is no default for trust: a client cannot be made without saying whom it
// believes.
#pragma once

#include <adit/limits.hpp>
#include <adit/transport/hooks.hpp>
#include <adit/transport/kex_session.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace adit {

/// One way to log in. Tried in order, as far as the server lists the method.
using credential = std::variant<std::shared_ptr<signer>, password_source, prompt_responder>;

struct client_options {
    /// `host` is the name that known_hosts knows the server by; nothing connects to it here.
    client_options(std::string user_name, std::string host_name, host_key_check host_key)
        : user(std::move(user_name)), host(std::move(host_name)), trust(std::move(host_key)) {}

    std::string user;
    std::string host;
    std::uint16_t port = 22;
    host_key_check trust;  ///< see trust.hpp for the usual ones

    /// Empty: the method "none" is tried, and says what the server would accept.
    std::vector<credential> credentials;
    /// For the report, beside the methods tried: what could not become a credential and why, such
    /// as "publickey(agent /run/a)[no SSH agent answers]". Escaped.
    std::vector<std::string> passed_over;
    unsigned password_attempts = 3;  ///< NumberOfPasswordPrompts, also of keyboard-interactive
    /// Where the prompts' codes come from, so that a used one is waited out before connecting.
    std::shared_ptr<code_source> codes;

    /// Refuses a server that lets us in without a signature, a password or the answer to a prompt:
    /// it may be an impostor that shows a prompt of its own behind such a login. Off by default, as
    /// in OpenSSH, where "none" is a lawful way in; PuTTY's option has the same name and meaning.
    bool disable_trivial_auth = false;

    algorithm_preferences algorithms;
    std::string public_key_algorithms;  ///< PubkeyAcceptedAlgorithms; empty: all that there are
    adit::limits limits;

    /// A channel that the peer closes without an end of data becomes a reset. On by itself when the
    /// peer is adit's own server, which closes so only when its target was reset.
    bool reset_on_bare_close = false;

    /// Called for every message in both directions (adit-tunnel's -vv); must not throw.
    trace_listener trace;

    /// Threads for the public-key work of key exchanges; null: the strand does it, and is held up.
    std::shared_ptr<kex_pool> exchanges;

    /// Null: the system's. Shared by all connections that get the same.
    std::shared_ptr<crypto::random_source> random;
};

/// A private key in this process's memory as a credential.
[[nodiscard]] inline credential key_credential(keys::private_key key, std::string name = {}) {
    return std::make_shared<key_signer>(std::move(key), std::move(name));
}

/// A password that is known already; it is tried once.
[[nodiscard]] inline credential password_credential(secret_bytes password) {
    auto shared = std::make_shared<secret_bytes>(std::move(password));
    return password_source([shared](const password_question& question) -> task<secret_bytes> {
        co_return question.attempt == 1 ? *shared : secret_bytes();
    });
}

}  // namespace adit
