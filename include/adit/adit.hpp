// All of adit: the umbrella over the root headers, which are the promise.
#pragma once

#include <adit/bytes.hpp>
#include <adit/channel.hpp>
#include <adit/client.hpp>
#include <adit/config/key_file.hpp>
#include <adit/connect.hpp>
#include <adit/diagnostics.hpp>
#include <adit/error.hpp>
#include <adit/limits.hpp>
#include <adit/options.hpp>
#include <adit/slab.hpp>
#include <adit/trust.hpp>
#include <adit/tunnel.hpp>
#include <adit/version.hpp>
