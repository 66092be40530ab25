// The two ways to wait for room on a channel: async_write_some of the caller's buffers, and
// async_wait_writable, after which places are reserved. Used by channel.hpp and relay.hpp.
// Invariant: what was queued stays queued; a write of nothing says whether the channel is open.
#pragma once

#include <adit/connection/channel_set.hpp>
#include <adit/connection/transfer_op.hpp>

namespace adit::detail {

struct writing {
    using buffer = asio::const_buffer;

    static auto& transfer(channel_core& core) { return core.writer; }
    static auto& wait(channel_core& core) { return core.writable; }
    static auto& kept(channel_core& core) { return core.write_from; }
    static auto& kept_count(channel_core& core) { return core.write_from_count; }

    static io_result attempt(channel_core& core, std::span<const buffer> buffers) {
        if (buffers.empty()) return {0, core.write_end};
        return core.write(buffers);
    }
    static error_code ready(channel_core& core) {
        if (core.write_end) return core.write_end;
        return core.may_write() ? error_code() : asio::error::would_block;
    }
};

using initiate_write = initiate_transfer<writing>;
using initiate_wait_writable = initiate_wait<writing>;

}  // namespace adit::detail
