// What a tunnel is told and what it tells: its forwards, how it stays up, and its events. Used by
// tunnel.hpp and tunnels.hpp. Names are OpenSSH's where OpenSSH has one.
// Invariant: plain values; every text in an event is ours or escaped.
#pragma once

#include <adit/client.hpp>
#include <adit/tunnel/connector.hpp>
#include <adit/tunnel/remote_entrance.hpp>
#include <adit/tunnel/local_forward.hpp>
#include <adit/tunnel/state.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace adit {

struct tunnel_event {
    enum class kind : std::uint8_t {
        opened,   ///< a local connection has its channel
        closed,   ///< it ended; error says how, none after two ends of data
        refused,  ///< it has no channel and was reset; error says why
        held,     ///< it waits for the SSH connection
        unbound,  ///< a forward has no port, at the start or any more; text is its address
        bound,    ///< it has one again; of a remote forward also at the start: text is where
        state,    ///< the tunnel's changed; error and text say why
    };
    kind what = kind::opened;
    std::uint64_t id = 0;     ///< of the local connection
    bool remote = false;      ///< about one of tunnel_options::remote_forwards
    std::size_t forward = 0;  ///< index into tunnel_options::forwards, or remote_forwards
    std::string peer;         ///< the client's address, as far as it is known
    error_code error;
    std::string
        text;  ///< the server's words on a refusal, escaped; hop, phase and cause of a state
    std::uint64_t bytes_up = 0, bytes_down = 0;
    tunnel_state state = tunnel_state::connected;
    /// Until the next attempt, where the state is waiting or a server refused to listen.
    std::chrono::milliseconds next{0};
};

struct tunnel_options : way_options {
    using way_options::way_options;
    tunnel_options(client_options login, local_forward first) : way_options(std::move(login)) {
        forwards.push_back(std::move(first));
    }
    std::vector<local_forward> forwards;
    std::vector<remote_forward> remote_forwards;
    /// Whether one port that cannot be bound, here or at the server, ends the start
    /// (ExitOnForwardFailure). Otherwise it is an event, and its endpoint is port 0; without any
    /// local port of those that are wanted the start still ends.
    bool require_all_forwards = true;
    reconnect_options reconnect;
    /// Called in the executor's strand; must not throw.
    std::function<void(const tunnel_event&)> on_event;
};

}  // namespace adit
