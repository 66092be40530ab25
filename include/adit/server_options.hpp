// What a server is told before it takes a connection: its host keys, and who decides about logins.
// Plain values and hooks, shared by all connections of a server. Used by server.hpp,
// auth/server.hpp and bastion.hpp. Names are OpenSSH's where OpenSSH has one. RFC 4252, RFC 4256.
// Invariant: nobody gets in by default: the authenticator is mandatory, and what it does not
// override refuses.
#pragma once

#include <adit/audit.hpp>
#include <adit/bodies.hpp>
#include <adit/limits.hpp>
#include <adit/permissions.hpp>
#include <adit/transport/hooks.hpp>
#include <adit/transport/kex_server.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit {

/// Where a connection comes from, as text; a server behind a proxy is told by its owner.
struct peer_address {
    std::string address;
    std::uint16_t port = 0;
    [[nodiscard]] std::string to_string() const;
};

/// Who wants to log in. The user's name is the peer's, at most 255 bytes, and not escaped.
struct login_question {
    std::string user;
    peer_address source;
};

struct key_question {
    login_question who;
    /// As it was offered: a plain key, or a certificate's blob (see keys/certificate.hpp).
    const keys::public_key* key = nullptr;
    std::string_view algorithm;
    /// Whether the peer has proved to have the key. What is granted counts only then; before, the
    /// answer only says whether a proof is worth asking for, and must have no effect (A06).
    bool verified = false;
};

/// A dialogue of keyboard-interactive.
class prompt_dialogue {
public:
    prompt_dialogue() = default;
    prompt_dialogue(const prompt_dialogue&) = delete;
    prompt_dialogue& operator=(const prompt_dialogue&) = delete;
    virtual ~prompt_dialogue() = default;

    [[nodiscard]] virtual const login_question& who() const noexcept = 0;
    /// Asks the peer; as many answers as prompts, of at most 1024 bytes each. Throws when it walks
    /// away. The arguments are copied before the first wait.
    [[nodiscard]] virtual task<std::vector<secret_bytes>> ask(std::string name,
                                                              std::string instruction,
                                                              std::vector<prompt> prompts) = 0;
};

/// Decides about logins. Each question is awaited: an answer may come from a file, a directory or
/// another process. What throws is a refusal. An answer must not tell known users from unknown ones
/// by its time (A15); accounts.hpp has one that does not.
class authenticator {
public:
    using answer = std::optional<permissions>;  ///< none: refused

    authenticator() = default;
    authenticator(const authenticator&) = delete;
    authenticator& operator=(const authenticator&) = delete;
    virtual ~authenticator() = default;

    /// The question outlives the task.
    [[nodiscard]] virtual task<answer> check_key(const key_question&) { co_return answer(); }
    /// Both outlive the task.
    [[nodiscard]] virtual task<answer> check_password(const login_question&, const secret_bytes&) {
        co_return answer();
    }
    /// The dialogue outlives the task.
    [[nodiscard]] virtual task<answer> converse(prompt_dialogue&) { co_return answer(); }
};

/// Who has logged in, and what they may ask for.
struct identity {
    std::string user;
    std::vector<std::string> methods;  ///< that were passed, in order
    std::string key_fingerprint;       ///< of the key that verified; empty without one
    permissions allowed;
    peer_address source;
};

/// What a server offers: RFC 9142's better half, fastest cipher first. Of the host key algorithms,
/// certificates first, only those are offered that it has a key for.
[[nodiscard]] algorithm_preferences server_algorithms();

struct server_options {
    server_options(host_key_signers keys_to_prove, std::shared_ptr<authenticator> decides)
        : host_keys(std::move(keys_to_prove)), authentication(std::move(decides)) {
        crypto::system_random().fill(delay_seed);
    }

    host_key_signers host_keys;
    std::shared_ptr<authenticator> authentication;
    /// AuthenticationMethods: any one of these lists lets somebody in, in its order.
    std::vector<std::vector<std::string>> methods{{"publickey"}};

    algorithm_preferences algorithms = server_algorithms();
    std::string public_key_algorithms;  ///< PubkeyAcceptedAlgorithms; empty: all that there are
    std::string banner;                 ///< shown before the login; empty: none
    adit::limits limits = adit::limits::of_server();

    /// Threads for the public-key work of key exchanges (L21), for all connections that get these
    /// options; null: each strand does its own, and is held up meanwhile. A bastion has some.
    std::shared_ptr<kex_pool> exchanges;

    audit_sink audit;
    trace_listener trace;  ///< every message in both directions; must not throw
    std::shared_ptr<crypto::random_source> random;
    secret_bytes delay_seed =
        secret_bytes(32);  ///< of how long refusals take; a fleet may share it
};

// Details.

#if ADIT_BODIES

ADIT_DECL std::string peer_address::to_string() const {
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

ADIT_DECL algorithm_preferences server_algorithms() {
    algorithm_preferences offer;
    offer.kex =
        "mlkem768x25519-sha256,curve25519-sha256,curve25519-sha256@libssh.org,"
        "diffie-hellman-group16-sha512,diffie-hellman-group18-sha512";
    std::string certified;
    wire::name_list{offer.host_keys}.any_of([&](std::string_view name) {
        certified.append(name).append(keys::certificate_suffix).append(",");
        return false;
    });
    offer.host_keys = certified + offer.host_keys;
    offer.macs = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com";
    return offer;
}

#endif  // ADIT_BODIES

}  // namespace adit
