// All channels of a connection at work: the table's events become data for readers, room for
// writers and replies; operations of channels become chunks in the outbox. Everything here is
// synchronous: nothing waits, nobody is awaited (L14 is kept by the reader loop, which looks at
// replies()). Used by connection. RFC 4254. Invariants: nothing is sent on a channel after our
// CLOSE (C43); credit is granted only for bytes that were used up (C45); a channel whose handle is
// gone takes no more data. Over 300 lines: one function per event and per operation of a channel,
// over one shared state.
#pragma once

#include <adit/connection/channel_core.hpp>
#include <adit/connection/incoming.hpp>
#include <adit/connection/outbox.hpp>
#include <adit/connection/places.hpp>
#include <adit/connection/remote_listeners.hpp>
#include <adit/detail/signal.hpp>
#include <adit/diagnostics.hpp>
#include <adit/limits.hpp>
#include <adit/protocol/channel_table.hpp>
#include <adit/protocol/outbound.hpp>
#include <adit/wire/connection_messages.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace adit::detail {

class channel_set {
public:
    channel_set(const executor& ex, const limits& caps, protocol::outbound& out, slab_pool& pool,
                signal& wake)
        : ex_(ex),
          caps_(caps),
          out_(&out),
          pool_(&pool),
          wake_(&wake),
          table_(caps),
          box_(caps),
          incoming_(caps),
          incoming_ready_(ex),
          listeners_(caps) {}
    channel_set(const channel_set&) = delete;
    channel_set& operator=(const channel_set&) = delete;
    ~channel_set() { end(asio::error::operation_aborted); }

    // What the peer sends.

    /// One message of the connection protocol, decoded in `slab`. Throws protocol_error.
    void receive(bytes_view payload, const slab_ref& slab);
    /// At the end of a batch: wakes readers, and lets go of the slab that `used` bytes were in.
    void settle(const slab_ref& slab, std::size_t used);

    // What channels do. `core.owner` is this.

    /// Asks the peer for a channel; core.opening completes when it answered.
    template <class Fields>
    [[nodiscard]] result<std::shared_ptr<channel_core>> open(std::string_view type,
                                                             const Fields& fields);
    [[nodiscard]] std::size_t room(const channel_core& core);
    [[nodiscard]] bool window_shut(const channel_core& c) { return table_.sendable(c.number) == 0; }
    /// Has core.wake_writer() called when there may be room again.
    void want_room(channel_core& core);
    [[nodiscard]] io_result write(channel_core& core, std::span<const asio::const_buffer> from);
    [[nodiscard]] reserved_places reserve(channel_core& core, std::size_t places);
    void commit(channel_core& core, const reserved_places& places, std::size_t bytes);
    void consumed(channel_core& core, std::size_t n);
    void send_eof(channel_core& core);
    /// Sends CLOSE behind what is queued, or instead of it.
    void close(channel_core& core, bool drop_queued);
    /// Whether our CLOSE is queued or sent.
    [[nodiscard]] bool closing(const channel_core& core) {
        return !table_.state(core.number).may_send_other();
    }
    /// Has core.flushed completed once everything queued, our EOF with it, is in the stream.
    void want_flushed(channel_core& core);
    /// A request on the channel behind what is queued, that wants no reply.
    void send_request(channel_core& core, std::string_view type, bytes_view data);
    /// The reply to the peer's request (C47).
    void answer_request(channel_core& core, bool success);

    // What sessions do as well: bodies in session_channel.hpp.

    /// A request whose reply completes core.session->requests.back(). `what` tells people of it.
    [[nodiscard]] errc request(channel_core& core, std::string_view type, bytes_view data,
                               std::string what);
    [[nodiscard]] io_result write_errors(channel_core& core,
                                         std::span<const asio::const_buffer> from);

    // What the peer asks a server for.

    /// From now on the peer's channels and requests wait for an answer; before, all are refused.
    void serve() noexcept { incoming_.serve(); }
    /// Returns when take_incoming has something to give.
    [[nodiscard]] task<> wait_incoming() { return incoming_ready_.wait(); }
    [[nodiscard]] std::optional<unanswered> take_incoming() { return incoming_.take(); }
    [[nodiscard]] result<std::shared_ptr<channel_core>> accept(const unanswered& open);
    void refuse(const unanswered& open, open_failure why, std::string_view words);
    void answer_global(const unanswered& request, global_answer answer);

    // What we ask the peer to listen for: bodies in listen_op.hpp.

    /// Sends the request; one->granting completes when it is answered.
    void listen(const std::shared_ptr<remote_listening>& one);
    /// Takes it back, if it was granted.
    void unlisten(const std::shared_ptr<remote_listening>& one);

    // What the connection does.

    /// Queues any message of the connection protocol that is no channel's data.
    template <wire::message M>
    void send(const M& message);
    void expect_global_reply(std::uint64_t ticket) { table_.expect_global_reply(ticket); }
    [[nodiscard]] outbox& queued() noexcept { return box_; }
    /// A batch has left: writers may go on.
    void after_write();
    /// Everything ends with this error.
    void end(error_code ec);
    /// L19: ends the channels on which nothing has moved for their type's limit.
    void close_idle(std::chrono::steady_clock::time_point now);
    [[nodiscard]] std::size_t size() const noexcept { return table_.size(); }
    /// Whether a channel is open or asked for.
    [[nodiscard]] bool in_use() const noexcept {
        return table_.size() != 0 || incoming_.pending_opens() != 0;
    }
    /// How many channels there have been.
    [[nodiscard]] std::uint64_t made() const noexcept { return made_; }
    [[nodiscard]] const protocol::window_budget& budget() const noexcept { return table_.budget(); }

    bool reset_on_bare_close = false;
    adit::diagnostics* report = nullptr;  // the connection's; told of requests that are refused

private:
    using event = protocol::channel_event;
    using kind = event::kind;

    void on_event(const event& e, const slab_ref& slab);
    void on_opened(const event& e);
    void on_open_failed(const event& e);
    void on_data(const event& e, const slab_ref& slab);
    void on_close(const event& e);
    void on_peer_open(const event& e);
    void on_request(const event& e);
    void on_extended_data(const event& e, const slab_ref& slab);
    void on_reply(const event& e);
    void on_session_request(channel_core& core, const event& e);
    void keep(channel_core& core, received& queue, bytes_view view, const slab_ref& slab);
    void on_global_request(const event& e);
    void on_global_reply(const event& e);
    void send_listening(const remote_listening& one, bool begin, bool reply);
    [[nodiscard]] std::shared_ptr<channel_core> add_core(std::uint32_t number,
                                                         std::string_view type);
    void send_global_answers();

    template <wire::message M>
    [[nodiscard]] protocol::chunk encoded(const M& message);
    [[nodiscard]] protocol::chunk data_chunk(const channel_core& core, std::size_t size);
    void push(channel_core& core, protocol::chunk message) {
        box_.push(core.number, std::move(message));
        if (box_.unsent() >= caps_.unsent_bytes) congested_ = true;
        wake_->notify();
    }
    void put_data_header(protocol::chunk& place, std::uint32_t peer, std::size_t size);
    [[nodiscard]] std::size_t write_small(channel_core& core,
                                          std::span<const asio::const_buffer> from,
                                          std::size_t size);
    void grant(std::uint32_t channel, std::size_t n);
    void release_if_done(std::uint32_t channel);
    [[nodiscard]] channel_core* find(std::uint32_t channel) {
        return channel < cores_.size() ? cores_[channel].get() : nullptr;
    }

    // Up to here bytes are copied beside their neighbours rather than given a slab of their own.
    static constexpr std::size_t small_data = 2048;

    executor ex_;
    limits caps_;
    protocol::outbound* out_;
    slab_pool* pool_;
    signal* wake_;
    protocol::channel_table table_;
    outbox box_;
    std::vector<std::shared_ptr<channel_core>> cores_;
    std::vector<std::shared_ptr<channel_core>> touched_;  // got something in this batch
    std::vector<std::uint32_t> starved_;                  // wait for room in the outbox
    std::vector<std::uint32_t> flushing_;                 // wait for their EOF to be written
    bool congested_ = false;
    std::uint64_t made_ = 0;
    incoming_queue incoming_;
    signal incoming_ready_;
    remote_listeners listeners_;
    std::uint64_t last_ticket_ = 0;  // of our requests to listen; others have 0
};

// Details: what channels do.

template <wire::message M>
protocol::chunk channel_set::encoded(const M& message) {
    protocol::chunk place = out_->reserve(wire::encoded_size(message));
    if (!place) throw protocol_error(errc::out_of_memory);
    wire::writer w(place.room());
    wire::encode(w, message);
    place.size = static_cast<std::uint32_t>(w.size());
    return place;
}

template <wire::message M>
void channel_set::send(const M& message) {
    box_.push_control(encoded(message));
    wake_->notify();
}

template <class Fields>
result<std::shared_ptr<channel_core>> channel_set::open(std::string_view type,
                                                        const Fields& fields) {
    std::vector<byte> data(wire::fields_size(fields));
    wire::writer w(data);
    wire::put_fields(w, fields);
    if (w.error() != errc::ok) return w.error();
    const auto number = table_.open();
    if (!number) return number.error();
    auto core = add_core(*number, type);
    if (type == "session") {
        core->session = std::make_unique<session_state>(ex_);
        core->session->errors_to = errors_go::into_queue;
    }
    send(wire::channel_open{
        type, *number, table_.incoming(*number).target(), caps_.channel_packet, {w.written()}});
    return core;
}

inline std::shared_ptr<channel_core> channel_set::add_core(std::uint32_t number,
                                                           std::string_view type) {
    if (cores_.size() <= number) cores_.resize(std::size_t{number} + 1);
    auto core = std::make_shared<channel_core>(*this, ex_, number);
    core->idle_limit = caps_.channel_timeout.of(type);
    ++made_;
    cores_[number] = core;
    return core;
}

inline void channel_set::send_request(channel_core& core, std::string_view type, bytes_view data) {
    if (!table_.state(core.number).may_send_other()) return;
    push(core,
         encoded(wire::channel_request{table_.peer_number(core.number), type, false, {data}}));
}

inline void channel_set::answer_request(channel_core& core, bool success) {
    if (!table_.state(core.number).may_send_other()) return;
    const std::uint32_t peer = table_.peer_number(core.number);
    if (success) {
        send(wire::channel_success{peer});
    } else {
        send(wire::channel_failure{peer});
    }
}

// Details: what the connection does.

inline void channel_set::after_write() {
    std::erase_if(flushing_, [this](std::uint32_t channel) {
        channel_core* core = find(channel);
        if (core == nullptr) return true;
        if (box_.unsent(channel) != 0) return false;
        if (core->flushed) core->flushed.complete({});
        return true;
    });
    if (congested_ && box_.unsent() <= caps_.unsent_bytes_low) congested_ = false;
    if (congested_ || starved_.empty()) return;
    // Whoever still finds no room asks for it anew.
    const std::vector<std::uint32_t> waiting = std::exchange(starved_, {});
    for (const std::uint32_t channel : waiting) {
        channel_core* core = find(channel);
        if (core == nullptr) continue;
        core->starved = false;
        core->wake_writer();
    }
}

inline void channel_set::end(error_code ec) {
    const auto cores = std::exchange(cores_, {});
    for (const auto& core : cores) {
        if (core == nullptr) continue;
        core->owner = nullptr;
        core->end(ec, ec);
    }
    box_.clear();
    // Those that the peer closed in this very batch are in no list any more but this one.
    for (const auto& core : std::exchange(touched_, {})) core->wake_reader();
    starved_.clear();
    flushing_.clear();
    incoming_ready_.close();
    listeners_.end(ec);
}

inline void channel_set::grant(std::uint32_t channel, std::size_t n) {
    const std::uint32_t more = table_.consume(channel, n);
    if (more != 0) send(wire::channel_window_adjust{table_.peer_number(channel), more});
}

inline void channel_set::release_if_done(std::uint32_t channel) {
    channel_core* core = find(channel);
    // L12: what its reader has not taken yet stays in the budget.
    if (core != nullptr && !core->handle_gone && core->holds_data()) return;
    if (!table_.release_if_done(channel)) return;
    box_.retire(channel);
    if (core == nullptr) return;
    if (core->is_session) incoming_.session_over();
    const auto alive = std::move(cores_[channel]);
    alive->owner = nullptr;
    if (alive->closing) alive->closing.complete({});
}

inline std::size_t channel_set::room(const channel_core& core) {
    if (!table_.state(core.number).may_send_data() || congested_) return 0;
    const std::size_t queued = box_.unsent(core.number);
    const std::size_t most = caps_.unsent_bytes_channel;
    const std::size_t free = queued < most ? most - queued : 0;
    return static_cast<std::size_t>(std::min<std::uint64_t>(free, table_.sendable(core.number)));
}

inline void channel_set::want_room(channel_core& core) {
    if (!std::exchange(core.starved, true)) starved_.push_back(core.number);
}

inline io_result channel_set::write(channel_core& core, std::span<const asio::const_buffer> from) {
    std::size_t wanted = 0;
    for (const asio::const_buffer& b : from) wanted += b.size();
    const std::size_t size = std::min(wanted, room(core));
    if (size == 0) {
        want_room(core);
        return {0, asio::error::would_block};
    }
    if (size <= small_data && size <= table_.largest_data(core.number)) {
        return {write_small(core, from, size), {}};
    }
    const std::size_t largest = table_.largest_data(core.number);
    const reserved_places places = reserve(core, (size + largest - 1) / largest);
    buffer_cursor source(from);
    std::size_t copied = 0;
    for (std::size_t i = 0; i < places.count; ++i) {
        const asio::mutable_buffer place = places.buffers[i];
        const std::size_t part = std::min(size - copied, place.size());
        source.copy_to({static_cast<byte*>(place.data()), part});
        copied += part;
    }
    if (copied == 0) return {0, errc::out_of_memory};
    commit(core, places, copied);
    return {copied, {}};
}

inline std::size_t channel_set::write_small(channel_core& core,
                                            std::span<const asio::const_buffer> from,
                                            std::size_t size) {
    protocol::chunk place = out_->reserve(protocol::channel_data_front + size);
    if (!place) throw protocol_error(errc::out_of_memory);
    buffer_cursor source(from);
    source.copy_to(place.room().subspan(protocol::channel_data_front, size));
    put_data_header(place, table_.peer_number(core.number), size);
    table_.spend(core.number, size);
    ++core.moved;
    push(core, std::move(place));
    return size;
}

inline void channel_set::put_data_header(protocol::chunk& place, std::uint32_t peer,
                                         std::size_t size) {
    wire::writer w(place.room());
    w.put_u8(static_cast<byte>(wire::message_id::channel_data));
    w.put_u32(peer);
    w.put_u32(static_cast<std::uint32_t>(size));
    place.size = static_cast<std::uint32_t>(protocol::channel_data_front + size);
}

inline reserved_places channel_set::reserve(channel_core& core, std::size_t places) {
    reserved_places r;
    std::size_t left = room(core);
    const std::size_t largest = table_.largest_data(core.number);
    const std::size_t needed = (left + largest - 1) / largest;
    places = std::min({places, needed, reserved_places::most});
    if (places == 0) {
        want_room(core);
        return r;
    }
    r.stride = protocol::place_size(protocol::channel_data_front + std::min(largest, left));
    r.slab = pool_->take(places * r.stride);
    if (!r.slab) return r;
    for (; r.count < places && left != 0; ++r.count) {
        const std::size_t size = std::min(left, largest);
        const std::size_t at =
            r.count * r.stride + protocol::packet_front + protocol::channel_data_front;
        r.buffers[r.count] = {&r.slab.memory()[at], size};
        left -= size;
    }
    return r;
}

inline void channel_set::commit(channel_core& core, const reserved_places& places,
                                std::size_t bytes) {
    if (bytes <= small_data && bytes <= places.buffers[0].size()) {
        const asio::const_buffer first(places.buffers[0].data(), bytes);
        static_cast<void>(write_small(core, std::span(&first, 1), bytes));
        return;
    }
    const std::uint32_t peer = table_.peer_number(core.number);
    table_.spend(core.number, bytes);
    ++core.moved;
    for (std::size_t i = 0; i < places.count && bytes != 0; ++i) {
        const std::size_t size = std::min(bytes, places.buffers[i].size());
        protocol::chunk place{
            places.slab, static_cast<std::uint32_t>(i * places.stride + protocol::packet_front),
            static_cast<std::uint32_t>(protocol::channel_data_front + size)};
        put_data_header(place, peer, size);
        push(core, std::move(place));
        bytes -= size;
    }
}

inline void channel_set::consumed(channel_core& core, std::size_t n) {
    ++core.moved;
    grant(core.number, n);
    if (!core.holds_data()) release_if_done(core.number);
}

inline void channel_set::send_eof(channel_core& core) {
    auto& state = table_.state(core.number);
    if (!state.may_send_data()) return;
    state.sent_eof();
    push(core, encoded(wire::channel_eof{table_.peer_number(core.number)}));
}

inline void channel_set::close(channel_core& core, bool drop_queued) {
    auto& state = table_.state(core.number);
    if (!state.may_send_other()) return release_if_done(core.number);
    if (drop_queued) box_.discard(core.number);
    state.sent_close();
    push(core, encoded(wire::channel_close{table_.peer_number(core.number)}));
}

// Details: the parts of channel_core that need the set.

inline io_result channel_core::read(std::span<const asio::mutable_buffer> buffers) {
    std::size_t taken = 0;
    for (const asio::mutable_buffer& b : buffers) {
        taken += data.take({static_cast<byte*>(b.data()), b.size()});
    }
    if (taken == 0 && data.empty()) return {0, read_end};
    consumed(taken);
    return {taken, {}};
}

inline void channel_core::consumed(std::size_t n) {
    if (owner != nullptr && n != 0) owner->consumed(*this, n);
}

inline io_result channel_core::write(std::span<const asio::const_buffer> buffers) {
    if (write_end) return {0, write_end};
    if (owner == nullptr) return {0, errc::channel_closed};
    return owner->write(*this, buffers);
}

inline void channel_core::shutdown() {
    if (owner == nullptr) return;
    owner->send_eof(*this);
    write_end = errc::channel_closed;
    wake_writer();
}

inline bool channel_core::may_write() {
    if (owner == nullptr) return false;
    if (owner->room(*this) != 0) return true;
    owner->want_room(*this);
    return false;
}

}  // namespace adit::detail
