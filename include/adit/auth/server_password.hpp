// The method "password" at a server, RFC 4252 section 8. Used by auth/server.hpp. Changes of a
// password are not taken: such a request is refused like a wrong one (C36).
// Invariants: the password lives in secret memory from the packet on; one that is too long is
// refused without being looked at (A16).
#pragma once

#include <adit/auth/server_attempt.hpp>

#include <utility>

namespace adit::auth {

/// `packet` is a userauth_request with the method "password".
[[nodiscard]] inline task<outcome> check_password(server_login& login, protocol::packet packet) {
    outcome result;
    result.why = "the password is wrong";
    secret_bytes password;
    const auto request = value_of(wire::decode<wire::userauth_request>(packet.payload));
    const bytes_view fields = request.method_fields.bytes;
    if (fields.empty() || fields[0] != 0) {
        result.why = "a change of the password was asked for";
        co_return result;
    }
    const auto m = value_of(wire::decode<wire::userauth_password_request>(packet.payload));
    const bytes_view given = as_bytes(m.password.value);
    if (given.size() > login.options.limits.password) {
        result.why = "the password is too long";
        co_return result;
    }
    password.assign(given.begin(), given.end());
    const auto ask = [&] {
        return login.options.authentication->check_password(login.who, password);
    };
    authenticator::answer granted = co_await asked(ask, result);
    co_return passed_with(std::move(result), std::move(granted));
}

}  // namespace adit::auth
