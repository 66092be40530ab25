// Ways to the first server of a route that are no TCP connection of our own: an HTTP proxy
// (CONNECT, RFC 9110 section 9.3.6), a SOCKS5 proxy (RFC 1928, 1929), a command (ProxyCommand).
// Each makes a stream_dialler for route::upstream; a proxy may be reached through another. For
// programs. Invariants: names are looked up by the proxy; a proxy's answer is bounded and nothing
// behind it is taken; no credential is in a report; no shell runs that was not asked for by name
// (C52, A29).
#pragma once

#include <adit/bodies.hpp>
#include <adit/connect.hpp>
#include <adit/detail/child_stream.hpp>
#include <adit/protocol/http_connect.hpp>
#include <adit/protocol/socks5_client.hpp>
#include <adit/transport/hooks.hpp>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit {

struct proxy_server {
    proxy_server(std::string name, std::uint16_t number) : host(std::move(name)), port(number) {}
    std::string host;
    std::uint16_t port;
    std::optional<std::string> user;  ///< none: no authentication
    /// Asked once for each connection; empty: there is no password. Basic and RFC 1929 send it as
    /// it is: whoever can read the way to the proxy reads it.
    std::function<task<secret_bytes>()> password;
    /// How the proxy itself is reached; empty: TCP, as the route says.
    stream_dialler before;
};

/// Errors: errc::proxy_refused, proxy_authentication_failed, proxy_answer_malformed;
/// errc::malformed_field for a name that cannot be sent; of the way to the proxy.
[[nodiscard]] stream_dialler through_http(proxy_server proxy);
/// The same; also errc::connection_refused and network_unreachable, as the proxy says.
[[nodiscard]] stream_dialler through_socks5(proxy_server proxy);
/// A program, argv[0] looked up in PATH, whose standard input and output lead to the server.
/// Errors: of the system, where it cannot be started.
[[nodiscard]] stream_dialler through_command(std::vector<std::string> argv);
/// The same by the person's shell ($SHELL, or /bin/sh), as ssh runs ProxyCommand. The text is the
/// shell's: expand tokens in it from names that are safe only (config/safe_name.hpp).
[[nodiscard]] stream_dialler through_shell(const std::string& command, const std::string& shell);

// Details.

#if ADIT_BODIES

namespace upstream {

using stream = std::unique_ptr<detail::any_stream>;
using shared_proxy = std::shared_ptr<const proxy_server>;

inline task<> write_all(detail::any_stream& to, bytes_view bytes) {
    while (!bytes.empty()) {
        const asio::const_buffer left(bytes.data(), bytes.size());
        auto writing = to.write_some(detail::const_buffers(&left, 1));
        bytes = bytes.subspan(co_await std::move(writing));
    }
}

// As many as are asked for, and none of those behind them.
inline task<> read_exactly(detail::any_stream& from, mutable_bytes into) {
    while (!into.empty()) {
        const io_result got = from.try_read(into);
        into = into.subspan(got.size);
        if (got.ec == asio::error::would_block) {
            co_await from.wait_readable();
        } else if (got.ec) {
            throw protocol_error(errc::connection_lost);
        }
    }
}

inline void tell(const dial_question& q, const proxy_server& proxy, std::string words) {
    if (q.report == nullptr) return;
    q.report->subject = "proxy " + escaped(proxy.host) + ":" + std::to_string(proxy.port);
    q.report->peer_text = std::move(words);
}

inline task<stream> reach(dial_question q, shared_proxy proxy) {
    tell(q, *proxy, {});
    q.host = proxy->host;
    q.port = proxy->port;
    if (proxy->before) co_return co_await proxy->before(q);
    auto dialling = async_connect(q.ex, q.host, q.port, q.options, asio::deferred);
    connected_socket made = co_await std::move(dialling);
    co_return detail::erase(std::move(*made.socket));
}

inline task<secret_bytes> password_of(dial_question q, shared_proxy proxy) {
    if (!proxy->user || !proxy->password) co_return secret_bytes();
    std::shared_ptr<void> clocks_stand;
    if (q.asking) clocks_stand = q.asking();
    co_return co_await proxy->password();
}

template <class T>
[[nodiscard]] T value_or_throw(result<T> made) {
    if (!made) throw protocol_error(made.error());
    return std::move(*made);
}

inline task<stream> by_http(dial_question q, shared_proxy proxy) {
    const secret_bytes password = co_await password_of(q, proxy);
    const secret_bytes request =
        value_or_throw(protocol::http_connect_request(q.host, q.port, proxy->user, password));
    stream made = co_await reach(q, proxy);
    co_await write_all(*made, request);
    protocol::http_connect_answer answer;
    while (!answer.done()) {
        std::array<byte, 1> one{};
        co_await read_exactly(*made, one);
        answer.feed(one[0]);
    }
    if (answer.error() != errc::ok) {
        tell(q, *proxy, escaped(answer.status_line()));
        throw protocol_error(answer.error());
    }
    if (q.report != nullptr) q.report->subject.clear();
    co_return made;
}

// An empty login: there is none.
inline task<> log_in_by_socks(detail::any_stream& to, const secret_bytes& login) {
    const bool with_login = !login.empty();
    co_await write_all(to, protocol::socks5_greeting(with_login));
    std::array<byte, 2> answer{};
    co_await read_exactly(to, answer);
    const auto method = value_or_throw(protocol::socks5_chosen_method(answer, with_login));
    if (method == protocol::socks5_method::none) co_return;
    co_await write_all(to, login);
    co_await read_exactly(to, answer);
    const errc verdict = protocol::socks5_login_answer(answer);
    if (verdict != errc::ok) throw protocol_error(verdict);
}

[[nodiscard]] inline std::vector<byte> socks_request(const dial_question& q) {
    error_code no_address;
    const auto address = asio::ip::make_address(q.host, no_address);
    std::vector<byte> bytes;
    if (!no_address && address.is_v4()) {
        const auto four = address.to_v4().to_bytes();
        bytes.assign(four.begin(), four.end());
    } else if (!no_address) {
        const auto sixteen = address.to_v6().to_bytes();
        bytes.assign(sixteen.begin(), sixteen.end());
    }
    return value_or_throw(protocol::socks5_connect(q.host, bytes, q.port));
}

inline task<stream> by_socks5(dial_question q, shared_proxy proxy) {
    const std::vector<byte> request = socks_request(q);
    const secret_bytes password = co_await password_of(q, proxy);
    secret_bytes login;
    if (proxy->user) login = value_or_throw(protocol::socks5_login(*proxy->user, password));
    stream made = co_await reach(q, proxy);
    co_await log_in_by_socks(*made, login);
    co_await write_all(*made, request);
    std::array<byte, 5> begin{};
    co_await read_exactly(*made, begin);
    std::vector<byte> rest(value_or_throw(protocol::socks5_rest_of_answer(begin)));
    const errc verdict = protocol::socks5_answer(begin[1]);
    if (verdict != errc::ok) {
        tell(q, *proxy, std::string(protocol::socks5_words(begin[1])));
        throw protocol_error(verdict);
    }
    co_await read_exactly(*made, rest);
    if (q.report != nullptr) q.report->subject.clear();
    co_return made;
}

inline task<stream> by_command(dial_question q, std::shared_ptr<std::vector<std::string>> argv) {
    if (q.report != nullptr) q.report->subject = "command";
    stream made = detail::start_child(q.ex, *argv);
    if (q.report != nullptr) q.report->subject.clear();
    co_return made;
}

}  // namespace upstream

ADIT_DECL stream_dialler through_http(proxy_server proxy) {
    const auto shared = std::make_shared<const proxy_server>(std::move(proxy));
    return [shared](const dial_question& q) { return upstream::by_http(q, shared); };
}

ADIT_DECL stream_dialler through_socks5(proxy_server proxy) {
    const auto shared = std::make_shared<const proxy_server>(std::move(proxy));
    return [shared](const dial_question& q) { return upstream::by_socks5(q, shared); };
}

ADIT_DECL stream_dialler through_command(std::vector<std::string> argv) {
    const auto shared = std::make_shared<std::vector<std::string>>(std::move(argv));
    return [shared](const dial_question& q) { return upstream::by_command(q, shared); };
}

ADIT_DECL stream_dialler through_shell(const std::string& command, const std::string& shell) {
    return through_command({shell.empty() ? "/bin/sh" : shell, "-c", "exec " + command});
}

#endif  // ADIT_BODIES

}  // namespace adit
