// A method of authentication as an object with two steps, so that the first request can travel with
// the SERVICE_REQUEST (architecture section 3: few round trips). Implemented by none, public_key
// and password; driven by client.hpp. RFC 4252. Invariant: begin() sends at most one request;
// finish() is called only if it sent one.
#pragma once

#include <adit/auth/exchange.hpp>

#include <string>
#include <string_view>

namespace adit::auth {

class method {
public:
    method() = default;
    method(const method&) = delete;
    method& operator=(const method&) = delete;
    virtual ~method() = default;

    /// As the server lists it.
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    /// What a report calls the attempt: the method, and which key.
    [[nodiscard]] virtual std::string label() const { return std::string(name()); }

    /// Sends the request; false when there is nothing to send (nobody gave a password).
    [[nodiscard]] virtual task<bool> begin(packet_port& port, const login& who) = 0;
    /// Waits for the answer.
    [[nodiscard]] virtual task<verdict> finish(packet_port& port, const login& who) = 0;
    /// Another factor was accepted: what was refused before it came in turn may be tried again.
    virtual void renew() noexcept {}
    /// Whether the answer was to something that only the user can give, a signature, a password or
    /// the answer to a prompt, and not to a question (C35).
    [[nodiscard]] virtual bool proved() const noexcept { return true; }
    /// Whether begin() may be called once more after a plain failure.
    [[nodiscard]] virtual bool again() const noexcept { return false; }
};

}  // namespace adit::auth
