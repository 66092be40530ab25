// TCP to an SSH server, as SSH wants it: a name's addresses of both families race (RFC 8305) under
// one deadline, TCP_NODELAY from the start, keepalive by the kernel beside ours. Used by route.hpp,
// tunnel.hpp and programs.
// Invariant: what went wrong is an errc of its own: name, refusal, network or time, of the address
// that had the most to say.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/any_stream.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/detail/dial_race.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/signal.hpp>
#include <adit/diagnostics.hpp>
#include <adit/error.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace adit {

/// AddressFamily.
enum class address_family : std::uint8_t { any, inet, inet6 };

/// How a name becomes a connection.
struct connect_options {
    /// For the look-up and all addresses together; zero: none.
    std::chrono::milliseconds timeout{10'000};
    /// How long an address may be silent before the next one is tried beside it (RFC 8305 section
    /// 5, its Connection Attempt Delay).
    std::chrono::milliseconds attempt_delay{250};
    address_family family = address_family::any;
    /// BindAddress: an address of this machine, whose family is then the only one; empty: any.
    std::string bind_address;

    friend bool operator==(const connect_options&, const connect_options&) = default;
};

struct connected_socket {
    std::optional<asio::ip::tcp::socket> socket;  ///< empty after a failure
};

/// A socket to the first address of `host` that answers. void(error_code, connected_socket).
/// Cancellation: total. Errors: errc::name_not_found, connection_refused, network_unreachable,
/// connect_timed_out; asio::error::invalid_argument for a bind_address that is none.
template <class Token>
auto async_connect(executor ex, std::string host, std::uint16_t port, connect_options options,
                   Token&& token);

/// The same with nothing to choose but the time.
template <class Token>
auto async_connect(executor ex, std::string host, std::uint16_t port,
                   std::chrono::milliseconds timeout, Token&& token) {
    connect_options options;
    options.timeout = timeout;
    return async_connect(std::move(ex), std::move(host), port, std::move(options),
                         std::forward<Token>(token));
}

/// What a way to a server is asked for.
struct dial_question {
    executor ex;
    std::string host;
    std::uint16_t port = 0;
    connect_options options;
    /// Where the story of a failure is told; may be null, outlives the task.
    adit::diagnostics* report = nullptr;
    /// The deadline stands still for as long as somebody holds one of these; may be empty.
    std::function<std::shared_ptr<void>()> asking;
};

/// A way to a server that is no TCP connection of our own: a proxy, a command, a test's script. The
/// task throws system_error, and is cancelled at the deadline. See upstream.hpp and route.hpp.
using stream_dialler =
    std::function<task<std::unique_ptr<detail::any_stream>>(const dial_question& question)>;

// Details.

namespace detail {

[[nodiscard]] error_code connect_error(error_code ec) noexcept;

/// All addresses of a name, or of one family.
[[nodiscard]] task<asio::ip::tcp::resolver::results_type> look_up_name(
    executor ex, std::string host, std::uint16_t port, address_family family = address_family::any);

[[nodiscard]] task<connected_socket> dial_in_time(executor ex, std::string host, std::uint16_t port,
                                                  connect_options options);

}  // namespace detail

template <class Token>
auto async_connect(executor ex, std::string host, std::uint16_t port, connect_options options,
                   Token&& token) {
    return detail::door(
        ex,
        [ex, host = std::move(host), port, options = std::move(options)] {
            return detail::dial_in_time(ex, host, port, options);
        },
        std::forward<Token>(token), detail::any_cancellation);
}

#if ADIT_BODIES

namespace detail {

ADIT_DECL error_code connect_error(error_code ec) noexcept {
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

[[nodiscard]] inline bool is_of(address_family family, const asio::ip::address& address) {
    return family == address_family::any || address.is_v6() == (family == address_family::inet6);
}

ADIT_DECL task<asio::ip::tcp::resolver::results_type> look_up_name(executor ex, std::string host,
                                                                   std::uint16_t port,
                                                                   address_family family) {
    using tcp = asio::ip::tcp;
    error_code not_an_address;
    const auto literal = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) {
        if (!is_of(family, literal)) throw protocol_error(errc::name_not_found);
        const tcp::endpoint there(literal, port);
        co_return tcp::resolver::results_type::create(there, host, std::to_string(port));
    }
    const auto names = std::make_shared<look_up>(ex);
    const look_up::waiter waiting(*names);
    const auto found = [names](error_code ec, const tcp::resolver::results_type& addresses) {
        names->ec = ec;
        names->addresses = addresses;
        names->done.notify();
    };
    const std::string service = std::to_string(port);
    switch (family) {
        case address_family::any: names->resolver.async_resolve(host, service, found); break;
        case address_family::inet:
            names->resolver.async_resolve(tcp::v4(), host, service, found);
            break;
        case address_family::inet6:
            names->resolver.async_resolve(tcp::v6(), host, service, found);
            break;
    }
    co_await names->done.wait();
    if (names->ec) throw boost::system::system_error(names->ec);
    co_return names->addresses;
}

inline task<std::optional<asio::ip::tcp::socket>> dial_address(
    executor ex, asio::ip::tcp::endpoint to, std::optional<asio::ip::address> from) {
    asio::ip::tcp::socket socket(ex);
    socket.open(to.protocol());
    if (from) socket.bind({*from, 0});
    auto connecting = socket.async_connect(to, asio::deferred);
    co_await std::move(connecting);
    error_code ignored;  // what these two cannot set, they do not need
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    co_return socket;
}

struct dial_state {
    std::string host;
    std::uint16_t port = 0;
    connect_options options;
    std::shared_ptr<dial_race> race;
};

inline task<connected_socket> dial(executor ex, std::shared_ptr<dial_state> s) {
    std::optional<asio::ip::address> from;
    address_family family = s->options.family;
    if (!s->options.bind_address.empty()) {
        from = asio::ip::make_address(s->options.bind_address);
        if (!is_of(family, *from)) throw protocol_error(errc::name_not_found);
        family = from->is_v6() ? address_family::inet6 : address_family::inet;
    }
    const auto found = co_await look_up_name(ex, s->host, s->port, family);
    tcp_addresses all;
    for (const auto& entry : found) all.push_back(entry.endpoint());
    auto attempt = [ex, from](asio::ip::tcp::endpoint to) { return dial_address(ex, to, from); };
    s->race = std::make_shared<dial_race>(ex, std::move(attempt), s->options.attempt_delay);
    auto racing = dial_race::run(s->race, interleaved(all));
    connected_socket result;
    result.socket.emplace(co_await std::move(racing));
    co_return result;
}

ADIT_DECL task<connected_socket> dial_in_time(executor ex, std::string host, std::uint16_t port,
                                              connect_options options) {
    const auto limit = options.timeout;
    const auto s = std::make_shared<dial_state>();
    s->host = std::move(host);
    s->port = port;
    s->options = std::move(options);
    try {
        auto body = [ex, s] { return dial(ex, s); };
        auto dialling = door(ex, std::move(body), asio::deferred);
        if (limit.count() == 0) co_return co_await std::move(dialling);
        co_return co_await with_deadline(std::move(dialling), limit);
    } catch (const boost::system::system_error& e) {
        error_code ec = e.code();
        // One address has refused, another is silent: what was said counts.
        const bool late = ec == asio::error::timed_out && s->race != nullptr;
        if (late) ec = more_telling(ec, s->race->failure());
        throw protocol_error(connect_error(ec));
    }
}

}  // namespace detail

#endif  // ADIT_BODIES

}  // namespace adit
