// A TCP socket to the first of several addresses that answers. Used by bastion/dial.hpp; a client's
// addresses race (dial_race.hpp). Invariant: what went wrong is what the last address, or the
// opening of its socket, said: asio::async_connect over a range calls a want of descriptors
// operation_aborted (T22).
#pragma once

#include <adit/detail/task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>

#include <utility>
#include <vector>

namespace adit::detail {

/// Throws system_error.
[[nodiscard]] inline task<asio::ip::tcp::socket> connect_in_turn(
    executor ex, std::vector<asio::ip::tcp::endpoint> addresses) {
    error_code ec = asio::error::not_found;
    for (const asio::ip::tcp::endpoint& to : addresses) {
        asio::ip::tcp::socket socket(ex);
        socket.open(to.protocol(), ec);
        if (ec) continue;
        auto connecting = socket.async_connect(to, asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(connecting);
        ec = std::get<0>(outcome);
        if (!ec) co_return socket;
        if (ec == asio::error::operation_aborted) break;
    }
    throw boost::system::system_error(ec);
}

}  // namespace adit::detail
