// All channels of a connection, RFC 4254: numbers, windows, the order of replies. Takes each
// message of the connection protocol and says what it means (an event), or that the peer broke the
// law (an errc: disconnect). Used by connection/, by tests and by a fuzzer; no Asio, no clock, no
// callback. Invariants: a number is never reused before both CLOSEs (C43); an event names our
// number, what is sent carries the peer's (C42); replies come in the order of requests or are
// dropped (A22). Over 300 lines: one function per message, and the table they share.
#pragma once

#include <adit/bodies.hpp>
#include <adit/error.hpp>
#include <adit/limits.hpp>
#include <adit/protocol/channel_state.hpp>
#include <adit/protocol/window.hpp>
#include <adit/protocol/window_budget.hpp>
#include <adit/wire/connection_messages.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace adit::protocol {

/// What a message of the peer means. Views look into the message.
struct channel_event {
    enum class kind : std::uint8_t {
        nothing,         ///< lawful, and nobody has to know
        opened,          ///< channel
        open_failed,     ///< channel, code, data = description
        data,            ///< channel, data
        extended_data,   ///< channel, code, data
        window,          ///< channel: there is more to send into
        eof,             ///< channel
        close,           ///< channel
        request,         ///< channel, name, want_reply, data
        reply,           ///< channel, ticket, success
        peer_open,       ///< open
        global_request,  ///< name, want_reply, data
        global_reply,    ///< ticket, success, data
    };
    kind what = kind::nothing;
    std::uint32_t channel = 0;
    std::uint32_t code = 0;
    bool want_reply = false;
    bool success = false;
    std::uint64_t ticket = 0;
    wire::text name{};
    bytes_view data{};
    wire::channel_open open{};
};

class channel_table {
public:
    explicit channel_table(const limits& caps) noexcept : caps_(caps), budget_(caps) {}

    [[nodiscard]] result<channel_event> receive(bytes_view payload);

    // Channels come and go.

    /// A number for a channel that we ask for, with its first window.
    [[nodiscard]] result<std::uint32_t> open();
    /// A number for a channel that the peer asked for.
    [[nodiscard]] result<std::uint32_t> accept(const wire::channel_open& request);
    /// Frees the number if nothing more can come on it; whether it did.
    bool release_if_done(std::uint32_t channel);

    // What we do on a channel.

    [[nodiscard]] channel_state& state(std::uint32_t channel) { return at(channel).state; }
    [[nodiscard]] bool contains(std::uint32_t channel) const noexcept {
        return channel < entries_.size() && entries_[channel].has_value();
    }
    [[nodiscard]] std::uint32_t peer_number(std::uint32_t channel) { return at(channel).peer; }
    /// Bytes that may be sent now, and at most in one message (C44).
    [[nodiscard]] std::uint64_t sendable(std::uint32_t channel) {
        return at(channel).out.available();
    }
    [[nodiscard]] std::uint32_t largest_data(std::uint32_t channel) {
        return std::min(at(channel).peer_packet, caps_.channel_packet);
    }
    void spend(std::uint32_t channel, std::uint64_t n) { at(channel).out.spend(n); }
    /// n bytes left our buffers: what to grant the peer now, mostly zero.
    [[nodiscard]] std::uint32_t consume(std::uint32_t channel, std::uint64_t n);
    [[nodiscard]] const receive_window& incoming(std::uint32_t channel) { return at(channel).in; }

    // Replies, paired by order.

    void expect_reply(std::uint32_t channel, std::uint64_t ticket) {
        at(channel).replies.push_back(ticket);
    }
    void expect_global_reply(std::uint64_t ticket) { global_replies_.push_back(ticket); }
    [[nodiscard]] std::size_t global_replies_expected() const noexcept {
        return global_replies_.size();
    }

    [[nodiscard]] std::size_t size() const noexcept { return used_; }
    [[nodiscard]] const window_budget& budget() const noexcept { return budget_; }

private:
    using kind = channel_event::kind;
    struct entry {
        channel_state state;
        std::uint32_t peer = 0;
        std::uint32_t peer_packet = 0;
        send_window out;
        receive_window in;
        std::deque<std::uint64_t> replies{};
    };

    [[nodiscard]] entry& at(std::uint32_t channel) { return *entries_[channel]; }
    [[nodiscard]] entry* find(std::uint32_t channel) noexcept {
        return contains(channel) ? &*entries_[channel] : nullptr;
    }
    [[nodiscard]] result<std::uint32_t> add(entry e);

    [[nodiscard]] result<channel_event> on(const wire::global_request& m);
    [[nodiscard]] result<channel_event> on_global_reply(bool success, bytes_view data);
    [[nodiscard]] result<channel_event> on(const wire::channel_open& m);
    [[nodiscard]] result<channel_event> on(const wire::channel_open_confirmation& m);
    [[nodiscard]] result<channel_event> on(const wire::channel_open_failure& m);
    [[nodiscard]] result<channel_event> on(const wire::channel_window_adjust& m);
    [[nodiscard]] result<channel_event> on(const wire::channel_data& m);
    [[nodiscard]] result<channel_event> on(const wire::channel_extended_data& m);
    [[nodiscard]] result<channel_event> on(const wire::channel_eof& m);
    [[nodiscard]] result<channel_event> on(const wire::channel_close& m);
    [[nodiscard]] result<channel_event> on(const wire::channel_request& m);
    [[nodiscard]] result<channel_event> on_reply(std::uint32_t channel, bool success);
    [[nodiscard]] errc receive_data(std::uint32_t channel, std::size_t size);

    template <class M>
    [[nodiscard]] result<channel_event> decoded(bytes_view payload) {
        const auto m = wire::decode<M>(payload);
        if (!m) return m.error();
        return on(*m);
    }

    limits caps_;
    window_budget budget_;
    std::vector<std::optional<entry>> entries_;
    std::vector<std::uint32_t> free_;
    std::size_t used_ = 0;
    std::deque<std::uint64_t> global_replies_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL result<channel_event> channel_table::receive(bytes_view payload) {
    using wire::message_id;
    switch (wire::peek_id(payload).value_or(message_id{})) {
        case message_id::channel_data: return decoded<wire::channel_data>(payload);
        case message_id::channel_window_adjust:
            return decoded<wire::channel_window_adjust>(payload);
        case message_id::channel_extended_data:
            return decoded<wire::channel_extended_data>(payload);
        case message_id::channel_eof: return decoded<wire::channel_eof>(payload);
        case message_id::channel_close: return decoded<wire::channel_close>(payload);
        case message_id::channel_open: return decoded<wire::channel_open>(payload);
        case message_id::channel_open_confirmation:
            return decoded<wire::channel_open_confirmation>(payload);
        case message_id::channel_open_failure: return decoded<wire::channel_open_failure>(payload);
        case message_id::channel_request: return decoded<wire::channel_request>(payload);
        case message_id::global_request: return decoded<wire::global_request>(payload);
        case message_id::channel_success: {
            const auto m = wire::decode<wire::channel_success>(payload);
            if (!m) return m.error();
            return on_reply(m->recipient_channel, true);
        }
        case message_id::channel_failure: {
            const auto m = wire::decode<wire::channel_failure>(payload);
            if (!m) return m.error();
            return on_reply(m->recipient_channel, false);
        }
        case message_id::request_success: return on_global_reply(true, payload.subspan(1));
        case message_id::request_failure: return on_global_reply(false, {});
        default: return errc::unexpected_message;
    }
}

ADIT_DECL result<std::uint32_t> channel_table::add(entry e) {
    if (used_ >= caps_.channels) return errc::too_many_channels;
    const std::uint32_t window = budget_.take_first();
    if (window == 0) return errc::too_many_channels;
    e.in = receive_window(window);
    std::uint32_t number = 0;
    if (free_.empty()) {
        number = static_cast<std::uint32_t>(entries_.size());
        entries_.emplace_back();
    } else {
        number = free_.back();
        free_.pop_back();
    }
    entries_[number] = std::move(e);
    ++used_;
    return number;
}

ADIT_DECL result<std::uint32_t> channel_table::open() {
    return add({channel_state::requested(), 0, 0, {}, {}});
}

ADIT_DECL result<std::uint32_t> channel_table::accept(const wire::channel_open& request) {
    if (request.maximum_packet_size == 0) return errc::malformed_field;  // C41
    return add({channel_state::accepted(),
                request.sender_channel,
                request.maximum_packet_size,
                send_window(request.initial_window_size),
                {}});
}

ADIT_DECL bool channel_table::release_if_done(std::uint32_t channel) {
    const entry* e = find(channel);
    if (e == nullptr || !e->state.done()) return false;
    budget_.give_back(e->in.target());
    entries_[channel].reset();
    free_.push_back(channel);
    --used_;
    return true;
}

ADIT_DECL std::uint32_t channel_table::consume(std::uint32_t channel, std::uint64_t n) {
    entry* e = find(channel);
    if (e == nullptr) return 0;
    e->in.consume(n);
    if (!e->state.may_send_other() || e->state.eof_received() || e->state.close_received()) {
        return 0;
    }
    if (e->in.used_up()) e->in.set_target(budget_.grow(e->in.target()));
    const std::uint32_t grant = e->in.due();
    if (grant != 0) e->in.granted(grant);
    return grant;
}

ADIT_DECL result<channel_event> channel_table::on(const wire::global_request& m) {
    channel_event event{kind::global_request};
    event.name = m.request_name;
    event.want_reply = m.want_reply;
    event.data = m.request_data.bytes;
    return event;
}

// A reply that nobody asked for is dropped, and blocks nothing (C39).
ADIT_DECL result<channel_event> channel_table::on_global_reply(bool success, bytes_view data) {
    if (global_replies_.empty()) return channel_event{};
    channel_event event{kind::global_reply};
    event.ticket = global_replies_.front();
    event.success = success;
    event.data = data;
    global_replies_.pop_front();
    return event;
}

ADIT_DECL result<channel_event> channel_table::on(const wire::channel_open& m) {
    channel_event event{kind::peer_open};
    event.open = m;
    return event;
}

ADIT_DECL result<channel_event> channel_table::on(const wire::channel_open_confirmation& m) {
    entry* e = find(m.recipient_channel);
    if (e == nullptr) return errc::unknown_channel;
    if (const errc bad = e->state.confirmed(); bad != errc::ok) return bad;
    if (m.maximum_packet_size == 0) return errc::malformed_field;  // C41: nothing could be sent
    e->peer = m.sender_channel;
    e->peer_packet = m.maximum_packet_size;
    e->out = send_window(m.initial_window_size);
    return channel_event{kind::opened, m.recipient_channel};
}

ADIT_DECL result<channel_event> channel_table::on(const wire::channel_open_failure& m) {
    entry* e = find(m.recipient_channel);
    if (e == nullptr) return errc::unknown_channel;
    if (const errc bad = e->state.refused(); bad != errc::ok) return bad;
    channel_event event{kind::open_failed, m.recipient_channel, m.reason_code};
    event.data = as_bytes(m.description);
    return event;
}

// C43: adjusts for a channel that is gone, or at its end, are late and harmless.
ADIT_DECL result<channel_event> channel_table::on(const wire::channel_window_adjust& m) {
    entry* e = find(m.recipient_channel);
    if (e == nullptr || !e->state.may_send_data()) return channel_event{};
    if (const errc bad = e->out.grant(m.bytes_to_add); bad != errc::ok) return bad;
    return channel_event{kind::window, m.recipient_channel};
}

ADIT_DECL errc channel_table::receive_data(std::uint32_t channel, std::size_t size) {
    entry* e = find(channel);
    if (e == nullptr) return errc::unknown_channel;
    if (const errc bad = e->state.received_data(); bad != errc::ok) return bad;
    if (size > caps_.channel_packet) return errc::channel_packet_too_large;
    return e->in.receive(size);
}

ADIT_DECL result<channel_event> channel_table::on(const wire::channel_data& m) {
    if (const errc bad = receive_data(m.recipient_channel, m.data.size()); bad != errc::ok) {
        return bad;
    }
    channel_event event{kind::data, m.recipient_channel};
    event.data = m.data;
    return event;
}

ADIT_DECL result<channel_event> channel_table::on(const wire::channel_extended_data& m) {
    if (const errc bad = receive_data(m.recipient_channel, m.data.size()); bad != errc::ok) {
        return bad;
    }
    channel_event event{kind::extended_data, m.recipient_channel, m.data_type_code};
    event.data = m.data;
    return event;
}

ADIT_DECL result<channel_event> channel_table::on(const wire::channel_eof& m) {
    entry* e = find(m.recipient_channel);
    if (e == nullptr) return errc::unknown_channel;
    if (const errc bad = e->state.received_other(); bad != errc::ok) return bad;
    if (e->state.eof_received()) return channel_event{};  // C46: a second one is tolerated
    e->state.received_eof();
    return channel_event{kind::eof, m.recipient_channel};
}

ADIT_DECL result<channel_event> channel_table::on(const wire::channel_close& m) {
    entry* e = find(m.recipient_channel);
    if (e == nullptr) return errc::unknown_channel;
    if (const errc bad = e->state.received_other(); bad != errc::ok) return bad;
    e->state.received_close();
    return channel_event{kind::close, m.recipient_channel};
}

ADIT_DECL result<channel_event> channel_table::on(const wire::channel_request& m) {
    entry* e = find(m.recipient_channel);
    if (e == nullptr) return errc::unknown_channel;
    if (const errc bad = e->state.received_other(); bad != errc::ok) return bad;
    channel_event event{kind::request, m.recipient_channel};
    event.name = m.request_type;
    event.want_reply = m.want_reply;
    event.data = m.request_data.bytes;
    return event;
}

ADIT_DECL result<channel_event> channel_table::on_reply(std::uint32_t channel, bool success) {
    entry* e = find(channel);
    if (e == nullptr) return errc::unknown_channel;
    if (e->replies.empty()) return channel_event{};  // C47: unsolicited, dropped
    channel_event event{kind::reply, channel};
    event.ticket = e->replies.front();
    event.success = success;
    e->replies.pop_front();
    return event;
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
