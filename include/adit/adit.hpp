// The client's half of adit: the umbrella over the root headers, which are the promise, and the
// loader of key files. For programs; the library's own headers include what they use. Servers
// include bastion.hpp or server.hpp, and accounts.hpp. No RFC of its own.
// Invariant: includes, and nothing else.
#pragma once

#include <adit/agent.hpp>
#include <adit/auth/identities.hpp>
#include <adit/bridge.hpp>
#include <adit/bytes.hpp>
#include <adit/channel.hpp>
#include <adit/client.hpp>
#include <adit/config/key_file.hpp>
#include <adit/connect.hpp>
#include <adit/deadline.hpp>
#include <adit/diagnostics.hpp>
#include <adit/error.hpp>
#include <adit/limits.hpp>
#include <adit/options.hpp>
#include <adit/probe.hpp>
#include <adit/remote_listener.hpp>
#include <adit/route.hpp>
#include <adit/session.hpp>
#include <adit/slab.hpp>
#include <adit/stream_factory.hpp>
#include <adit/trust.hpp>
#include <adit/tunnel.hpp>
#include <adit/tunnels.hpp>
#include <adit/upstream.hpp>
#include <adit/version.hpp>
