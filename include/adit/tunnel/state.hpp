// What a tunnel is doing, what it has done and what went wrong last: plain values for events,
// status lines and monitoring, and the numbers by which it stays up. Used by tunnel.hpp,
// tunnels.hpp and tunnel/keeper.hpp. No RFC of its own. Invariant: every text here is ours or
// escaped.
#pragma once

#include <adit/error.hpp>
#include <adit/protocol/retry_schedule.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace adit {

enum class tunnel_state : std::uint8_t {
    starting,      ///< the first attempt; no port listens yet
    connected,     ///< the SSH connection stands
    waiting,       ///< it was lost, or could not be remade; the next attempt has a time
    reconnecting,  ///< an attempt is under way
    closed,        ///< for good
};

[[nodiscard]] constexpr std::string_view to_text(tunnel_state s) noexcept {
    switch (s) {
        case tunnel_state::starting: return "starting";
        case tunnel_state::connected: return "connected";
        case tunnel_state::waiting: return "waiting";
        case tunnel_state::reconnecting: return "reconnecting";
        case tunnel_state::closed: return "closed";
    }
    return "unknown state";
}

/// How a tunnel stays up.
struct reconnect_options {
    /// Whether a connection that was lost is made again. The first one has to succeed: a start that
    /// fails says so. What is final (is_final) ends the tunnel in any case.
    bool enabled = true;
    protocol::retry_limits schedule;
    /// Local connections that come while there is no SSH connection wait for it: so many, so long.
    /// Beyond either they are reset, which is an event.
    std::size_t held_connections = 64;
    std::chrono::milliseconds hold_time{5'000};

    friend bool operator==(const reconnect_options&, const reconnect_options&) = default;
};

/// Why something did not work, in the words of diagnostics::describe; no error: nothing has failed.
struct tunnel_failure {
    error_code error;
    std::string text;
};

/// Always on. Bytes are those of the local connections.
struct tunnel_counters {
    std::uint64_t bytes_up = 0, bytes_down = 0;
    std::uint64_t connections = 0;    ///< local ones that got their channel
    std::size_t open = 0;             ///< of these, still
    std::size_t held = 0;             ///< waiting for the SSH connection now
    std::uint64_t refused = 0;        ///< reset without a channel, whatever the reason
    std::uint64_t reconnects = 0;     ///< times that the SSH connection was made again
    std::uint64_t window_stalls = 0;  ///< times that data waited for the server's window
    /// The latest keepalive's; zero until one was answered. A busy connection sends none.
    std::chrono::microseconds round_trip{0};
};

}  // namespace adit
