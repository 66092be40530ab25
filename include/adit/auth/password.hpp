// The method "password", RFC 4252 section 8. The password comes from an awaitable when it is
// needed, stays in secret memory, and travels in a packet whose size does not tell its length
// (C36). Used by client.hpp. Invariant: a demand for a new password ends the login with an error of
// its own.
#pragma once

#include <adit/auth/method.hpp>
#include <adit/bodies.hpp>
#include <adit/transport/hooks.hpp>

#include <utility>

namespace adit::auth {

class password final : public method {
public:
    password(password_source source, unsigned attempts)
        : source_(std::move(source)), attempts_(attempts) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "password"; }
    [[nodiscard]] bool again() const noexcept override { return used_ < attempts_; }
    void renew() noexcept override { used_ = 0; }
    [[nodiscard]] task<bool> begin(packet_port& port, const login& who) override;
    [[nodiscard]] task<verdict> finish(packet_port& port, const login&) override;

private:
    password_source source_;
    unsigned attempts_;
    unsigned used_ = 0;
};

// Details.

#if ADIT_BODIES

ADIT_DECL task<bool> password::begin(packet_port& port, const login& who) {
    const password_question question{who.user, who.host, ++used_, port.report().hop};
    const auto ask = [this, &question] { return source_(question); };
    const secret_bytes secret = co_await guarded(ask, errc::prompt_cancelled);
    if (secret.empty()) {
        used_ = attempts_;
        co_return false;
    }
    wire::userauth_password_request request;
    request.user_name = who.user;
    request.service_name = connection_service;
    request.password = {as_text(secret)};
    port.send_secret(request);
    co_return true;
}

ADIT_DECL task<verdict> password::finish(packet_port& port, const login&) {
    const protocol::packet packet = co_await receive_past_banners(port);
    if (packet.id() == wire::message_id::userauth_passwd_changereq) {
        const auto demand = value_of(wire::decode<wire::userauth_passwd_changereq>(packet.payload));
        port.report().peer_text = escaped(demand.prompt);
        throw protocol_error(errc::password_change_required);
    }
    co_return read_verdict(packet);
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
