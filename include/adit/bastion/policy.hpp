// Who may go where through a bastion: the question that its owner's policy answers. Used by
// bastion.hpp and the files of bastion/. Invariants: without a policy nothing is open; a question
// is asked before a name is looked up and again for every address that it led to (C49), and each
// answer counts.
#pragma once

#include <adit/detail/wall_clock.hpp>
#include <adit/server.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace adit {

struct forward_question {
    const identity& who;
    incoming::kind what;
    const forward_target& target;
    /// Where the name leads; none while it has not been looked up, and for sockets and listeners.
    std::optional<boost::asio::ip::address> address;
};

/// True: yes. What throws is a no. The question outlives the task.
using forward_policy = std::function<task<bool>(const forward_question&)>;

/// Takes a session channel: shells and commands are its own affair.
using session_handler = std::function<task<>(const identity&, channel)>;

/// What guests of a bastion are told and allowed.
struct guest_options {
    std::shared_ptr<const server_options> server;
    forward_policy policy;       ///< empty: nothing is open
    session_handler on_session;  ///< empty: one line, and exit status 1
    std::string session_line = "forwards only; use -L or -J";
    std::uint16_t lowest_listen_port = 1024;         ///< L23; 0 lets clients have any
    std::chrono::milliseconds dial_timeout{10'000};  ///< look-up and connection to a target
};

namespace detail {

/// The question's answer; what throws is a no.
[[nodiscard]] inline task<bool> allowed_by(const forward_policy& policy,
                                           const forward_question& question) {
    if (!policy) co_return false;
    try {
        co_return co_await policy(question);
    } catch (...) {
        co_return false;
    }
}

}  // namespace detail

}  // namespace adit
