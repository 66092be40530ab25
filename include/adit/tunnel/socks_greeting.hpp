// SOCKS over a stream: from the client's first byte to where it wants to go, and the answer when
// that is known. Used by entrance.hpp for dynamic forwards. RFC 1928, RFC 1929.
// Invariants: no byte behind the request is read; an answer fits into the emptiest send buffer, so
// nothing waits for a client that does not read.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/any_stream.hpp>
#include <adit/error.hpp>
#include <adit/protocol/socks_server.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <array>
#include <string_view>
#include <vector>

namespace adit::detail {

/// Sends what the machine has to say; whether all of it was taken.
[[nodiscard]] bool send_socks(any_stream& stream, protocol::socks_server& machine);

/// Talks until the machine has asked, or is over. Throws what the stream says. Both outlive it.
[[nodiscard]] task<> read_socks(any_stream& stream, protocol::socks_server& machine);

/// What a client is told about a channel that was not opened: the reason, as far as the SSH server
/// gave one, and its words.
[[nodiscard]] protocol::socks_reply socks_reply_for(error_code why, std::string_view words);

// Details.

#if ADIT_BODIES

ADIT_DECL bool send_socks(any_stream& stream, protocol::socks_server& machine) {
    const std::vector<byte> bytes = machine.output();
    if (bytes.empty()) return true;
    const asio::const_buffer all(bytes.data(), bytes.size());
    return stream.try_write(const_buffers(&all, 1)).size == bytes.size();
}

ADIT_DECL task<> read_socks(any_stream& stream, protocol::socks_server& machine) {
    std::array<byte, 512> room{};
    while (machine.now() == protocol::socks_server::state::reading) {
        const std::size_t wanted = machine.wanted();
        std::size_t got = 0;
        while (got < wanted) {
            const io_result one = stream.try_read(mutable_bytes(room).subspan(got, wanted - got));
            got += one.size;
            if (one.size != 0) continue;
            if (one.ec != asio::error::would_block) throw boost::system::system_error(one.ec);
            co_await stream.wait_readable();
        }
        machine.take(bytes_view(room).first(wanted));
        if (!send_socks(stream, machine)) {
            throw boost::system::system_error(asio::error::no_buffer_space);
        }
    }
}

// SSH says "connect failed" of everything; what kind of failure it was stands in the words only, in
// those of strerror(3) and gai_strerror(3) mostly.
ADIT_DECL protocol::socks_reply socks_reply_for(error_code why, std::string_view words) {
    using protocol::socks_reply;
    const auto says = [words](std::string_view part) {
        return words.find(part) != std::string_view::npos;
    };
    if (why == errc::open_administratively_prohibited) return socks_reply::not_allowed;
    if (why == errc::deadline_exceeded) return socks_reply::host_unreachable;
    if (why != errc::open_connect_failed) return socks_reply::general_failure;
    if (says("Network is unreachable")) return socks_reply::network_unreachable;
    const bool unreachable = says("unreachable") || says("No route") || says("not known") ||
                             says("not found") || says("name resolution") || says("timed out");
    return unreachable ? socks_reply::host_unreachable : socks_reply::connection_refused;
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
