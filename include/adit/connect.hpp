// TCP to an SSH server, as SSH wants it: every address of the name in turn under one deadline,
// TCP_NODELAY from the start, keepalive by the kernel beside ours. Used by tunnel.hpp and programs.
// Invariant: what went wrong is an errc of its own: name, refusal, network or time.
#pragma once

#include <adit/detail/connect_in_turn.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/signal.hpp>
#include <adit/error.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit {

struct connected_socket {
    std::optional<asio::ip::tcp::socket> socket;  ///< empty after a failure
};

/// A socket to the first address of `host` that answers. void(error_code, connected_socket).
/// Cancellation: total. Deadline: `timeout` for all addresses and the look-up, zero: none.
/// Errors: errc::name_not_found, connection_refused, network_unreachable, connect_timed_out.
template <class Token>
auto async_connect(executor ex, std::string host, std::uint16_t port,
                   std::chrono::milliseconds timeout, Token&& token);

// Details.

namespace detail {

[[nodiscard]] inline error_code connect_error(error_code ec) noexcept {
    if (ec == asio::error::timed_out) return errc::connect_timed_out;
    if (ec == asio::error::connection_refused) return errc::connection_refused;
    if (ec == asio::error::network_unreachable || ec == asio::error::host_unreachable) {
        return errc::network_unreachable;
    }
    const bool name = ec == asio::error::host_not_found ||
                      ec == asio::error::host_not_found_try_again || ec == asio::error::no_data ||
                      ec == asio::error::service_not_found;
    return name ? error_code(errc::name_not_found) : ec;
}

// A look-up under way goes on by itself when nobody waits for it any more: the system's cannot be
// cancelled, and Asio 1.81 does not pretend that it could. One that is only queued is dropped.
struct look_up {
    explicit look_up(const executor& ex) : resolver(ex), done(ex) {}
    asio::ip::tcp::resolver resolver;
    asio::ip::tcp::resolver::results_type addresses;
    error_code ec;
    signal done;

    /// Whoever waits; leaving cancels.
    class waiter {
    public:
        explicit waiter(look_up& names) : names_(&names) {}
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;
        ~waiter() { names_->resolver.cancel(); }

    private:
        look_up* names_;
    };
};

inline task<asio::ip::tcp::resolver::results_type> look_up_name(executor ex, std::string host,
                                                                std::uint16_t port) {
    using tcp = asio::ip::tcp;
    error_code not_an_address;
    const auto literal = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) {
        const tcp::endpoint there(literal, port);
        co_return tcp::resolver::results_type::create(there, host, std::to_string(port));
    }
    const auto names = std::make_shared<look_up>(ex);
    const look_up::waiter waiting(*names);
    names->resolver.async_resolve(
        host, std::to_string(port),
        [names](error_code ec, const asio::ip::tcp::resolver::results_type& found) {
            names->ec = ec;
            names->addresses = found;
            names->done.notify();
        });
    co_await names->done.wait();
    if (names->ec) throw boost::system::system_error(names->ec);
    co_return names->addresses;
}

inline task<connected_socket> dial(executor ex, std::string host, std::uint16_t port) {
    const auto found = co_await look_up_name(ex, host, port);
    std::vector<asio::ip::tcp::endpoint> addresses;
    for (const auto& entry : found) addresses.push_back(entry.endpoint());
    asio::ip::tcp::socket socket = co_await connect_in_turn(ex, std::move(addresses));
    error_code ignored;  // what these two cannot set, they do not need
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    connected_socket result;
    result.socket.emplace(std::move(socket));
    co_return result;
}

inline task<connected_socket> dial_in_time(executor ex, std::string host, std::uint16_t port,
                                           std::chrono::milliseconds timeout) {
    try {
        auto body = [ex, host, port] { return dial(ex, host, port); };
        auto dialling = door(ex, std::move(body), asio::deferred);
        if (timeout.count() == 0) co_return co_await std::move(dialling);
        co_return co_await with_deadline(std::move(dialling), timeout);
    } catch (const boost::system::system_error& e) {
        throw protocol_error(connect_error(e.code()));
    }
}

}  // namespace detail

template <class Token>
auto async_connect(executor ex, std::string host, std::uint16_t port,
                   std::chrono::milliseconds timeout, Token&& token) {
    return detail::door(
        ex,
        [ex, host = std::move(host), port, timeout] {
            return detail::dial_in_time(ex, host, port, timeout);
        },
        std::forward<Token>(token), detail::any_cancellation);
}

}  // namespace adit
