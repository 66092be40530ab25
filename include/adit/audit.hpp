// What a server tells about who did what: one structured event for each login, refusal, forwarding
// and end, for logs and for whoever has to answer for them. Used by auth/server.hpp, server.hpp and
// bastion.hpp. Invariants: no field ever holds a secret; what came from the peer is escaped (C04),
// so that an event can be printed as it is, one line each.
#pragma once

#include <adit/bodies.hpp>
#include <adit/error.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace adit {

struct audit_event {
    enum class kind : std::uint8_t {
        connection_refused,  ///< before a word was said: too many, or a penalty
        login_refused,       ///< one attempt
        login,               ///< all factors were right
        connection_ended,    ///< error and text say how, also before a login
        forward_opened,      ///< a channel to `target`
        forward_closed,      ///< with its bytes
        forward_refused,     ///< text says why
        listener_opened,     ///< tcpip-forward: `target` is where we listen
        listener_refused,
        listener_closed,
        session_refused,  ///< a shell, a command or a subsystem was asked for
    };
    kind what = kind::login;
    std::uint64_t connection = 0;  ///< the same number for all events of one connection
    std::string source;            ///< address:port of the client
    std::string user;              ///< escaped; whom it wants to be until `login`
    std::string method;            ///< of authentication
    std::string key_fingerprint;   ///< SHA256:… of a user key, where one is concerned
    std::string target;            ///< host:port or a socket's path, escaped
    std::uint64_t bytes_to_target = 0, bytes_from_target = 0;
    std::chrono::milliseconds duration{0};
    error_code error;
    std::string text;  ///< why, escaped
};

/// Called in the connection's strand; must not throw, and must not wait.
using audit_sink = std::function<void(const audit_event&)>;

[[nodiscard]] const char* name_of(audit_event::kind what) noexcept;

// Details.

#if ADIT_BODIES

ADIT_DECL const char* name_of(audit_event::kind what) noexcept {
    using kind = audit_event::kind;
    switch (what) {
        case kind::connection_refused: return "connection_refused";
        case kind::login_refused: return "login_refused";
        case kind::login: return "login";
        case kind::connection_ended: return "connection_ended";
        case kind::forward_opened: return "forward_opened";
        case kind::forward_closed: return "forward_closed";
        case kind::forward_refused: return "forward_refused";
        case kind::listener_opened: return "listener_opened";
        case kind::listener_refused: return "listener_refused";
        case kind::listener_closed: return "listener_closed";
        case kind::session_refused: return "session_refused";
    }
    return "";
}

#endif  // ADIT_BODIES

}  // namespace adit
