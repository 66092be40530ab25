// What sessions do on their channels: standard error in both directions and requests that wait for
// a reply, as synchronous parts of channel_set and channel_core. RFC 4254 sections 5.2, 5.4 and 6.
// Used by session_op.hpp; what the peer does to a session is in channel_events.hpp. Invariants:
// standard error is spent from and granted to the windows of the channel (C44, C45); a request is
// sent only where its reply has a place (C47).
#pragma once

#include <adit/connection/channel_set.hpp>
#include <adit/wire/channel_requests.hpp>

namespace adit::detail {

/// The fields of a request, encoded.
template <wire::fields Fields>
[[nodiscard]] std::vector<byte> encoded_fields(const Fields& fields) {
    std::vector<byte> data(wire::fields_size(fields));
    wire::writer w(data);
    wire::put_fields(w, fields);
    return data;
}

// Details.

#if ADIT_BODIES

ADIT_DECL void channel_set::want_flushed(channel_core& core) {
    const bool listed = std::ranges::find(flushing_, core.number) != flushing_.end();
    if (!listed) flushing_.push_back(core.number);
    wake_->notify();
}

ADIT_DECL errc channel_set::request(channel_core& core, std::string_view type, bytes_view data,
                                    std::string what) {
    const std::size_t most = caps_.packet - protocol::packet_front - protocol::packet_back;
    if (closing(core)) return errc::channel_closed;
    if (core.session->requests.size() >= caps_.channel_requests) return errc::too_many_requests;
    const wire::channel_request m{table_.peer_number(core.number), type, true, {data}};
    if (wire::encoded_size(m) > most) return errc::message_too_large;
    protocol::chunk message = encoded(m);
    core.session->requests.emplace_back(ex_, std::move(what));
    table_.expect_reply(core.number, 0);
    push(core, std::move(message));
    return errc::ok;
}

// One message at most; who has more to say comes again.
ADIT_DECL io_result channel_set::write_errors(channel_core& core,
                                              std::span<const asio::const_buffer> from) {
    constexpr std::size_t front = 1 + 4 + 4 + 4;
    std::size_t size = 0;
    for (const asio::const_buffer& b : from) size += b.size();
    size = std::min({size, room(core), std::size_t{table_.largest_data(core.number)}});
    if (size == 0) {
        want_room(core);
        return {0, asio::error::would_block};
    }
    protocol::chunk place = out_->reserve(front + size);
    if (!place) return {0, errc::out_of_memory};
    wire::writer w(place.room());
    w.put_u8(static_cast<byte>(wire::message_id::channel_extended_data));
    w.put_u32(table_.peer_number(core.number));
    w.put_u32(wire::extended_data_stderr);
    w.put_u32(static_cast<std::uint32_t>(size));
    place.size = static_cast<std::uint32_t>(front + size);
    buffer_cursor source(from);
    source.copy_to(place.room().subspan(front, size));
    ++core.moved;
    table_.spend(core.number, size);
    push(core, std::move(place));
    return {size, {}};
}

ADIT_DECL io_result channel_core::read_errors(std::span<const asio::mutable_buffer> buffers) {
    received& errors = session->errors;
    std::size_t taken = 0;
    for (const asio::mutable_buffer& b : buffers) {
        taken += errors.take({static_cast<byte*>(b.data()), b.size()});
    }
    if (taken == 0 && errors.empty()) return {0, read_end};
    consumed(taken);
    return {taken, {}};
}

ADIT_DECL io_result channel_core::write_errors(std::span<const asio::const_buffer> buffers) {
    if (write_end) return {0, write_end};
    if (owner == nullptr) return {0, errc::channel_closed};
    return owner->write_errors(*this, buffers);
}

ADIT_DECL void channel_core::direct_errors(errors_go where) {
    session->errors_to = where;
    if (where == errors_go::into_queue) return;
    if (where == errors_go::into_data) {
        data.append(session->errors);
    } else {
        const std::size_t held = session->errors.size();
        session->errors.clear();
        consumed(held);
    }
    wake_reader();
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
