// From a client's wish to a connected stream: permissions, policy, look-up, policy again for each
// address, connection. Used by guest.hpp. RFC 4254 section 7.2. Invariants: only addresses that the
// policy has seen are connected to, and they are not looked up a second time (C49); a name with
// anything in it that no name has is refused unseen (A27); for a client that has gone nothing is
// asked any more.
#pragma once

#include <adit/bastion/policy.hpp>
#include <adit/bodies.hpp>
#include <adit/connect.hpp>
#include <adit/detail/accept_loop.hpp>
#include <adit/detail/connect_in_turn.hpp>
#include <adit/detail/erase.hpp>

#include <boost/asio/local/stream_protocol.hpp>

#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace adit::detail {

/// A stream, or why there is none and what the client is told.
struct dialled {
    std::unique_ptr<any_stream> stream;
    open_failure why = open_failure::administratively_prohibited;
    std::string words;
};

/// For this client. Everything referred to outlives the task.
[[nodiscard]] task<dialled> dial_target(server& peer, const guest_options& options,
                                        const forward_question& question);

// Details.

#if ADIT_BODIES

namespace dialling {

inline dialled refused(open_failure why, std::string words) {
    dialled result;
    result.why = why;
    result.words = std::move(words);
    return result;
}

// Names, addresses and paths are printable; whatever is not was made to be misread. A zone (::1%2)
// belongs to this machine, and would make one address look like another.
[[nodiscard]] inline bool is_sound(const forward_target& to) {
    constexpr std::size_t longest = 255;
    const auto odd = [&to](char c) {
        return c <= ' ' || c == '\x7f' || (c == '%' && !to.is_socket);
    };
    const bool sized = !to.host.empty() && to.host.size() <= longest;
    return sized && std::ranges::none_of(to.host, odd) && (to.is_socket || to.port != 0);
}

[[nodiscard]] inline bool permitted(const identity& who, const forward_target& to) {
    const std::uint64_t now = unix_seconds();
    return to.is_socket ? who.allowed.allow_socket(now)
                        : who.allowed.allow_open(to.host, to.port, now);
}

// Whatever ends a process or a relay before its good end shows as a reset at the target.
template <class Socket>
[[nodiscard]] std::unique_ptr<any_stream> as_stream(Socket socket) {
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    return erase(std::move(socket));
}

// As connect() takes it: without a zone, and an IPv4 address in IPv6's clothes as IPv4. Else
// ::ffff:0.0.0.0, which is this machine, would be no "any", and no member of any IPv4 network.
[[nodiscard]] inline asio::ip::address plain_address(const asio::ip::address& address) {
    if (!address.is_v6()) return address;
    const asio::ip::address_v6 plain(address.to_v6().to_bytes());
    if (!plain.is_v4_mapped()) return plain;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, plain);
}

inline task<dialled> connect_socket(executor ex, std::string path) {
    namespace local = asio::local;
    constexpr std::size_t longest_path = 107;  // of sun_path
    if (path.size() > longest_path)
        co_return refused(open_failure::connect_failed, "path too long");
    local::stream_protocol::socket socket(ex);
    const local::stream_protocol::endpoint endpoint(path);
    auto connecting = socket.async_connect(endpoint, asio::deferred);
    co_await std::move(connecting);
    dialled result;
    result.stream = as_stream(std::move(socket));
    co_return result;
}

inline task<dialled> connect_host(server& peer, const guest_options& options,
                                  forward_question question) {
    using tcp = asio::ip::tcp;
    const executor ex = peer.get_executor();
    const auto found = co_await look_up_name(ex, question.target.host, question.target.port);
    std::vector<tcp::endpoint> allowed;
    for (const auto& entry : found) {
        if (!peer.is_open()) break;
        question.address = plain_address(entry.endpoint().address());
        // "Any" would be this machine, by a name that no policy thinks of.
        if (question.address->is_unspecified()) continue;
        const bool yes = co_await allowed_by(options.policy, question);
        if (yes) allowed.push_back(entry.endpoint());
    }
    if (allowed.empty()) {
        co_return refused(open_failure::administratively_prohibited, "address not permitted");
    }
    tcp::socket socket = co_await connect_in_turn(ex, std::move(allowed));
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    dialled result;
    result.stream = as_stream(std::move(socket));
    co_return result;
}

}  // namespace dialling

ADIT_DECL task<dialled> dial_target(server& peer, const guest_options& options,
                                    const forward_question& question) {
    using dialling::refused;
    const forward_target& to = question.target;
    if (!dialling::is_sound(to)) {
        co_return refused(open_failure::administratively_prohibited, "malformed target");
    }
    const bool may_ask = peer.is_open() && dialling::permitted(question.who, to);
    const bool allowed = may_ask && co_await allowed_by(options.policy, question);
    if (!allowed) {
        co_return refused(open_failure::administratively_prohibited, "not permitted");
    }
    // What this machine lacks is not the target's fault (T22, T23).
    open_failure code = open_failure::connect_failed;
    std::string why;
    try {
        auto body = [&peer, &options, &question]() -> task<dialled> {
            if (question.target.is_socket) {
                return dialling::connect_socket(peer.get_executor(), question.target.host);
            }
            return dialling::connect_host(peer, options, question);
        };
        auto connecting = door(peer.get_executor(), std::move(body), asio::deferred);
        co_return co_await with_deadline(std::move(connecting), options.dial_timeout);
    } catch (const boost::system::system_error& e) {
        if (out_of_descriptors(e.code())) code = open_failure::resource_shortage;
        why = e.code().message();
    } catch (const std::bad_alloc&) {
        code = open_failure::resource_shortage;
        why = "out of memory";
    }
    co_return refused(code, std::move(why));
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
