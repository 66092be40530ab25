// What tests send: a stream of pseudo-random bytes that depends on a number and on the offset
// alone, so that each byte that arrives can be checked by itself, and a byte of another connection,
// or from another place, is found. Used by all of tests/integration. Invariant: receive_payload()
// counts only bytes that were exactly the expected ones.
#pragma once

#include <adit/bytes.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace adit::test {

inline constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
inline constexpr std::uint64_t until_the_end = std::numeric_limits<std::uint64_t>::max();
inline const auto as_result = asio::as_tuple(asio::deferred);

/// Eight bytes of the stream `id` (splitmix64).
[[nodiscard]] constexpr std::uint64_t payload_word(std::uint64_t id, std::uint64_t index) noexcept {
    std::uint64_t z = (id + 1) * 0xd1342543de82ef95U + (index + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

inline void fill_payload(mutable_bytes out, std::uint64_t id, std::uint64_t offset) {
    while (!out.empty()) {
        const std::uint64_t word = payload_word(id, offset / 8);
        const std::size_t skip = offset % 8;
        const std::size_t n = std::min<std::size_t>(8 - skip, out.size());
        byte bytes[8];
        std::memcpy(bytes, &word, 8);
        std::memcpy(out.data(), bytes + skip, n);
        out = out.subspan(n);
        offset += n;
    }
}

struct received {
    std::uint64_t bytes = 0;  ///< exact ones
    bool exact = true;
    error_code end;  ///< none: as many as were asked for have come
};

constexpr std::size_t payload_piece = 64 * 1024;

/// The first `total` bytes of the stream `id`; ends early, with what the stream says, if it must.
template <class Stream>
task<error_code> send_payload(Stream& to, std::uint64_t id, std::uint64_t total) {
    std::vector<byte> piece(payload_piece);
    for (std::uint64_t sent = 0; sent < total;) {
        const auto n =
            static_cast<std::size_t>(std::min<std::uint64_t>(total - sent, piece.size()));
        fill_payload(mutable_bytes(piece).first(n), id, sent);
        const auto outcome =
            co_await asio::async_write(to, asio::buffer(piece.data(), n), as_result);
        if (std::get<0>(outcome)) co_return std::get<0>(outcome);
        sent += n;
    }
    co_return error_code();
}

/// Reads `most` bytes of the stream `id`, or until its end (asio::error::eof is one too).
template <class Stream>
task<received> receive_payload(Stream& from, std::uint64_t id, std::uint64_t most) {
    std::vector<byte> piece(payload_piece);
    std::vector<byte> expected(payload_piece);
    received r;
    while (r.bytes < most) {
        const auto n =
            static_cast<std::size_t>(std::min<std::uint64_t>(most - r.bytes, piece.size()));
        const auto outcome =
            co_await from.async_read_some(asio::buffer(piece.data(), n), as_result);
        r.end = std::get<0>(outcome);
        const std::size_t got = std::get<1>(outcome);
        fill_payload(mutable_bytes(expected).first(got), id, r.bytes);
        r.exact = std::equal(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got),
                             expected.begin());
        if (!r.exact) co_return r;
        r.bytes += got;
        if (r.end) break;
    }
    co_return r;
}

}  // namespace adit::test
