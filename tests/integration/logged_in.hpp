// A client that has logged in, for tests that use the client's door and no tunnel. Used by the
// matrices of algorithms and of keys. Invariant: a login that fails throws what its diagnostics
// say.
#pragma once

#include "integration/through.hpp"

namespace adit::test {

[[nodiscard]] inline task<client> log_in(client_options login) {
    tcp::socket socket = co_await dial(login.port);
    client ssh(std::move(socket), std::move(login));
    const auto outcome = co_await ssh.async_handshake(as_result);
    const error_code ec = std::get<0>(outcome);
    if (ec) throw std::runtime_error(ssh.diagnostics().describe(ec));
    co_return std::move(ssh);
}

/// Logs in, sends a mebibyte through a channel to an echo, and tells what was agreed on.
[[nodiscard]] inline task<session_info> log_in_and_echo(client_options login) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    client ssh = co_await log_in(std::move(login));
    const target to("127.0.0.1", far.port());
    auto opening = ssh.async_open(to, asio::deferred);
    channel near = co_await std::move(opening);
    co_await check_echo(near, 1, mebibyte);
    co_return ssh.info();
}

}  // namespace adit::test
