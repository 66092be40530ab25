// The method "none", RFC 4252 section 5.2: asks what the server wants, or logs in where nothing is
// wanted. Used by client.hpp when there are no credentials at all.
#pragma once

#include <adit/auth/method.hpp>

namespace adit::auth {

class none final : public method {
public:
    [[nodiscard]] std::string_view name() const noexcept override { return "none"; }

    [[nodiscard]] bool proved() const noexcept override { return false; }
    [[nodiscard]] task<bool> begin(packet_port& port, const login& who) override {
        port.send(wire::userauth_request{who.user, connection_service, "none", {}});
        co_return true;
    }
    [[nodiscard]] task<verdict> finish(packet_port& port, const login&) override {
        co_return co_await receive_verdict(port);
    }
};

}  // namespace adit::auth
