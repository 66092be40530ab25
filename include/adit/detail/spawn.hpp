// Starts a task that nobody waits for: an accept loop, one forwarding. Used by tunnel.hpp,
// bastion.hpp and bastion/. Invariant: what ends such a task ends that task only; what is no error
// of the system leaves run(), as from any handler.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace adit::detail {

/// The task keeps alive what it needs.
void spawn(const executor& ex, task<> body);

// Details.

#if ADIT_BODIES

ADIT_DECL void spawn(const executor& ex, task<> body) {
    asio::co_spawn(ex, std::move(body), [](std::exception_ptr thrown) {
        static_cast<void>(to_error_code(std::move(thrown)));
    });
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
