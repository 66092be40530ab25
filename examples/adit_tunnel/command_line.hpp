// The command line of adit-tunnel: ssh's short flags, and --json and --help. Used by
// adit_tunnel.cpp. Invariant: a flag means what it means to `ssh -N`, or is refused by name.
#pragma once

#include "settings.hpp"

#include <optional>

namespace adit_tunnel {

/// Fills `s`. A value is what to exit with at once: after --help or -V, or, with the reason on
/// stderr, when something is wrong.
[[nodiscard]] std::optional<int> read_command_line(settings& s, int argc, const char* const* argv);

}  // namespace adit_tunnel
