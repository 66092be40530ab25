// erase(stream): the one way from a stream's own type to any_stream. Used by the doors (client,
// server, tunnel) and by tests.
// Invariant: the best form that the type allows: the kernel's readiness for sockets, a stream's
// own try_read where it has one, a buffer for all the rest.
#pragma once

#include <adit/detail/any_stream.hpp>
#include <adit/detail/buffered_stream.hpp>
#include <adit/detail/ready_stream.hpp>
#include <adit/detail/socket_stream.hpp>

#include <boost/asio/basic_stream_socket.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace adit::detail {

template <class Stream>
inline constexpr bool is_stream_socket = false;
template <class Protocol, class Executor>
inline constexpr bool is_stream_socket<asio::basic_stream_socket<Protocol, Executor>> = true;

/// Takes the stream: `erase(std::move(socket))`.
template <class Stream>
[[nodiscard]] std::unique_ptr<any_stream> erase(Stream&& stream) {
    static_assert(!std::is_reference_v<Stream> && !std::is_const_v<Stream>,
                  "the stream is taken: move it in");
    if constexpr (is_stream_socket<Stream>) {
        return std::make_unique<socket_stream<Stream>>(std::move(stream));
    } else if constexpr (can_try_read<Stream>) {
        return std::make_unique<ready_stream<Stream>>(std::move(stream));
    } else {
        return std::make_unique<buffered_stream<Stream>>(std::move(stream));
    }
}

/// Erased already: handed through.
[[nodiscard]] inline std::unique_ptr<any_stream> erase(std::unique_ptr<any_stream> stream) {
    return stream;
}

}  // namespace adit::detail
