// The two ways to wait for a channel's data: async_read_some into the caller's buffers, and
// async_wait_readable, after which data is lent or tried. Used by channel.hpp and relay.hpp.
// Invariant: a read that is asked for nothing completes at once and without an error.
#pragma once

#include <adit/connection/transfer_op.hpp>

namespace adit::detail {

struct reading {
    using buffer = asio::mutable_buffer;

    static auto& transfer(channel_core& core) { return core.reader; }
    static auto& wait(channel_core& core) { return core.readable; }
    static auto& kept(channel_core& core) { return core.read_into; }
    static auto& kept_count(channel_core& core) { return core.read_into_count; }

    static io_result attempt(channel_core& core, std::span<const buffer> buffers) {
        if (buffers.empty()) return {};
        if (!core.may_read()) return {0, asio::error::would_block};
        return core.read(buffers);
    }
    /// How it ends is for the read to say.
    static error_code ready(channel_core& core) {
        return core.may_read() ? error_code() : asio::error::would_block;
    }
};

using initiate_read = initiate_transfer<reading>;
using initiate_wait_readable = initiate_wait<reading>;

}  // namespace adit::detail
