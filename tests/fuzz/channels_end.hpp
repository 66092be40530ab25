// One end of a connection that is logged in, with an application of a few channels that does what
// it is told and a reference (channel_model.hpp) that reads the wire: what F06 drives, one against
// another or against a stranger. Invariants that it checks: a peer that keeps the law is never cut
// off and one that breaks it is; between two of ours every byte arrives once, in order; memory is
// bounded; every operation ends.
// Over 300 lines: one short function for each thing that goes by or that an application can do.
#pragma once

#include "fuzz/channel_model.hpp"
#include "fuzz/check.hpp"
#include "support/fixed_random.hpp"
#include "support/memory_stream.hpp"

#include <adit/client.hpp>
#include <adit/server.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit::fuzz {

using detail::connection;
using test::memory_stream;
using wire::message_id;

/// What to do, with what.
struct operation {
    unsigned code, a, b, c;
    [[nodiscard]] std::size_t size() const { return (b & 0x3fU) * 256U + c; }
};

/// One direction of a channel between two applications.
struct flow {
    std::uint64_t written = 0, read = 0;
    bool ended = false;  // the reader saw the end of data
    [[nodiscard]] static byte at(std::size_t stream, std::uint64_t offset) {
        return static_cast<byte>(stream * 37 + offset * 131 + (offset >> 8U) * 3);
    }
};
/// Both directions of each channel that was ever asked for; of the opener first.
using ledger = std::vector<std::array<flow, 2>>;

/// One end of ours: a connection, its model, and an application with a few channels.
class our_end {
public:
    our_end(protocol::role role, const limits& caps, ledger* books)
        : role_(role), caps_(caps), books_(books), model_(caps) {}
    void begin(memory_stream stream, connection::kex_half half);
    void act(const operation& op);
    void answer_next(bool yes);
    void close_all(bool at_once);
    void check_at_rest();
    void check_end();
    /// From now on nobody can say what is lawful.
    void give_up() { over_ = true; }
    [[nodiscard]] bool in_step() const { return !over_ && !link_->finished(); }
    /// Reads what is there; whether anything was.
    bool read_all();
    void check_nothing_open();
    void end();

    [[nodiscard]] connection& link() { return *link_; }
    [[nodiscard]] const channel_model& model() const { return model_; }

private:
    struct slot {
        channel stream;
        std::uint32_t number = 0;
        std::size_t stream_id = 0;
        bool accepted = false;
        std::string words;
        bool opening = false, reading = false, writing = false;
        std::size_t wanted = 0;
        std::vector<byte> in, out;
        asio::cancellation_signal cancel_open, cancel_read, cancel_write;

        [[nodiscard]] bool is_open() const { return stream.core() != nullptr; }
        [[nodiscard]] bool is_free() const {
            return !is_open() && !opening && !reading && !writing;
        }
    };

    void watch(const trace_event& event);
    [[nodiscard]] bool hears(bytes_view payload);
    void says(bytes_view payload);
    void open(slot& s);
    void take_in(slot& s, channel stream);
    void accept(detail::unanswered asked);
    void answer_request(slot& s, bool yes);
    void write(slot& s, std::size_t size);
    void start_write(slot& s, std::size_t size);
    std::size_t read(slot& s, std::size_t size);
    void start_read(slot& s, std::size_t size);
    void borrow(slot& s, std::size_t size);
    void cancel(slot& s);
    void took(slot& s, bytes_view data, error_code ec);
    [[nodiscard]] flow* incoming(const slot& s) {
        return books_ == nullptr ? nullptr : &(*books_)[s.stream_id][s.accepted ? 0 : 1];
    }
    [[nodiscard]] flow* outgoing(const slot& s) {
        return books_ == nullptr ? nullptr : &(*books_)[s.stream_id][s.accepted ? 1 : 0];
    }
    void fill_out(slot& s, std::size_t size);
    [[nodiscard]] bool lags() {
        return !link_->channels().queued().empty() || !link_->stream().queue().empty();
    }

    protocol::role role_;
    limits caps_;
    ledger* books_;
    std::shared_ptr<connection> link_;
    channel_model model_;
    std::array<slot, 6> slots_;
    std::deque<detail::unanswered> asked_;
    bool exchanging_ = false;
    bool broken_ = false;  // the peer broke the law
    bool over_ = false;    // nobody can say any more what is lawful
};

inline void our_end::begin(memory_stream stream, connection::kex_half half) {
    auto random = std::make_shared<test::fixed_random>(byte{1});
    packet_stream_parts parts(detail::erase(std::move(stream)), role_, caps_, *random);
    link_ = std::make_shared<connection>(std::move(parts), algorithm_preferences(), random);
    link_->kex().session_id.assign(32, byte{1});
    link_->channels().reset_on_bare_close = books_ != nullptr;
    if (role_ == protocol::role::server) link_->channels().serve();
    link_->stream().listen([this](const trace_event& event) { watch(event); });
    link_->start(std::move(half));
}

// The wire.

inline void our_end::watch(const trace_event& event) {
    if (event.sent) return says(event.payload);
    check(!broken_, "nothing is looked at behind a message that broke the law");
    if (over_ || hears(event.payload)) return;
    // What we have decided and not said yet may make lawful what is not by the wire alone.
    over_ = lags();
    broken_ = !over_;
}

inline bool our_end::hears(bytes_view payload) {
    const auto with = [&]<class M>(const result<M>& m, auto judge) { return m && judge(*m); };
    channel_model& m = model_;
    switch (wire::peek_id(payload).value_or(message_id{})) {
        case message_id::global_request:
            return with(wire::decode<wire::global_request>(payload),
                        [&](const auto& x) { return m.peer_asks(x.want_reply); });
        case message_id::channel_open:
            return with(wire::decode<wire::channel_open>(payload), [&](const auto& x) {
                return m.peer_opens(x.sender_channel,
                                    {x.initial_window_size, x.maximum_packet_size});
            });
        case message_id::channel_open_confirmation:
            return with(wire::decode<wire::channel_open_confirmation>(payload), [&](const auto& x) {
                return m.peer_confirms(x.recipient_channel, x.sender_channel,
                                       {x.initial_window_size, x.maximum_packet_size});
            });
        case message_id::channel_open_failure:
            return with(wire::decode<wire::channel_open_failure>(payload),
                        [&](const auto& x) { return m.peer_refuses(x.recipient_channel); });
        case message_id::channel_window_adjust:
            return with(wire::decode<wire::channel_window_adjust>(payload), [&](const auto& x) {
                return m.peer_adjusts(x.recipient_channel, x.bytes_to_add);
            });
        case message_id::channel_data:
            return with(wire::decode<wire::channel_data>(payload), [&](const auto& x) {
                return m.peer_sends(x.recipient_channel, x.data.size(), false);
            });
        case message_id::channel_extended_data:
            return with(wire::decode<wire::channel_extended_data>(payload), [&](const auto& x) {
                return m.peer_sends(x.recipient_channel, x.data.size(), true);
            });
        case message_id::channel_eof:
            return with(wire::decode<wire::channel_eof>(payload),
                        [&](const auto& x) { return m.peer_ends(x.recipient_channel); });
        case message_id::channel_close:
            return with(wire::decode<wire::channel_close>(payload),
                        [&](const auto& x) { return m.peer_closes(x.recipient_channel); });
        case message_id::channel_request:
            return with(wire::decode<wire::channel_request>(payload), [&](const auto& x) {
                return m.peer_asks(x.recipient_channel, x.want_reply);
            });
        case message_id::kexinit:
        case message_id::newkeys:
            if (books_ != nullptr) return true;
            [[fallthrough]];
        default: over_ = true; return true;  // not about channels, or a reply to nothing
    }
}

inline void our_end::says(bytes_view payload) {
    const auto id = wire::peek_id(payload).value_or(message_id{});
    const auto number = static_cast<unsigned>(payload[0]);
    if (id == message_id::kexinit) exchanging_ = true;
    check(!exchanging_ || number <= 4 || (number >= 20 && number <= 49), "C16: silence in kex");
    if (id == message_id::newkeys) exchanging_ = false;
    if (over_) return;
    const auto with = [&]<class M>(const result<M>& m, auto judge) {
        check(m.has_value(), "what is sent is well-formed");
        judge(*m);
    };
    channel_model& m = model_;
    switch (id) {
        case message_id::channel_open:
            return with(wire::decode<wire::channel_open>(payload), [&](const auto& x) {
                m.we_open(x.sender_channel, {x.initial_window_size, x.maximum_packet_size});
            });
        case message_id::channel_open_confirmation:
            return with(wire::decode<wire::channel_open_confirmation>(payload), [&](const auto& x) {
                m.we_confirm(x.recipient_channel, x.sender_channel,
                             {x.initial_window_size, x.maximum_packet_size});
            });
        case message_id::channel_open_failure:
            return with(wire::decode<wire::channel_open_failure>(payload),
                        [&](const auto& x) { m.we_refuse(x.recipient_channel); });
        case message_id::channel_window_adjust:
            return with(wire::decode<wire::channel_window_adjust>(payload),
                        [&](const auto& x) { m.we_adjust(x.recipient_channel, x.bytes_to_add); });
        case message_id::channel_data:
            return with(wire::decode<wire::channel_data>(payload),
                        [&](const auto& x) { m.we_send(x.recipient_channel, x.data.size()); });
        case message_id::channel_eof:
            return with(wire::decode<wire::channel_eof>(payload),
                        [&](const auto& x) { m.we_end(x.recipient_channel); });
        case message_id::channel_close:
            return with(wire::decode<wire::channel_close>(payload),
                        [&](const auto& x) { m.we_close(x.recipient_channel); });
        case message_id::channel_success:
            return with(wire::decode<wire::channel_success>(payload),
                        [&](const auto& x) { m.we_reply(x.recipient_channel); });
        case message_id::channel_failure:
            return with(wire::decode<wire::channel_failure>(payload),
                        [&](const auto& x) { m.we_reply(x.recipient_channel); });
        case message_id::request_success:
        case message_id::request_failure: return m.we_reply();
        default: check(number < 80, "nothing else is sent on channels");
    }
}

// The application.

inline void our_end::act(const operation& op) {
    slot& s = slots_[op.a % slots_.size()];
    switch (op.code) {
        case 0: return open(s);
        case 1: return write(s, op.size());
        case 2: read(s, op.size()); return;
        case 3: return borrow(s, op.size());
        case 4: return start_read(s, op.size());
        case 5: return start_write(s, op.size());
        case 6:
            if (s.is_open()) s.stream.shutdown_send();
            return;
        case 7:
            if (s.is_open()) s.stream.close();
            return;
        case 8:
            if (s.is_open()) s.stream.abort();
            return;
        case 9: return answer_next(op.b % 4 != 0);
        case 10: return cancel(s);
        default: return answer_request(s, op.b % 2 != 0);
    }
}

inline void our_end::open(slot& s) {
    if (!s.is_free() || role_ == protocol::role::server) return;
    s.accepted = false;
    s.stream_id = 0;
    if (books_ != nullptr) {
        s.stream_id = books_->size();
        books_->emplace_back();
    }
    s.opening = true;
    const wire::direct_tcpip to{"db", static_cast<wire::u32>(s.stream_id), "localhost", 0};
    detail::door(
        link_->get_executor(),
        [link = link_, to, &s] { return detail::open_channel(*link, to, s.words); },
        asio::bind_cancellation_slot(s.cancel_open.slot(),
                                     [this, &s](error_code ec, channel opened) {
                                         s.opening = false;
                                         if (!ec) take_in(s, std::move(opened));
                                     }),
        detail::any_cancellation);
}

inline void our_end::take_in(slot& s, channel stream) {
    s.number = stream.core()->number;
    s.stream = std::move(stream);
}

inline void our_end::answer_next(bool yes) {
    while (auto next = link_->channels().take_incoming()) asked_.push_back(std::move(*next));
    if (asked_.empty() || link_->finished()) return;
    auto first = std::move(asked_.front());
    asked_.pop_front();
    if (first.what == detail::unanswered::kind::global_request) {
        link_->channels().answer_global(first, {yes, {}});
    } else if (!yes) {
        link_->channels().refuse(first, open_failure::connect_failed, "no");
    } else {
        accept(std::move(first));
    }
}

inline void our_end::accept(detail::unanswered asked) {
    const auto place = std::ranges::find_if(slots_, &slot::is_free);
    if (place == slots_.end()) {
        link_->channels().refuse(asked, open_failure::resource_shortage, "all in use");
        return;
    }
    auto core = link_->channels().accept(asked);
    if (!core) return;
    place->accepted = true;
    if (books_ != nullptr) {
        const auto to = wire::decode_fields<wire::direct_tcpip>(asked.data);
        check(to.has_value() && to->port_to_connect < books_->size(), "an open arrives as sent");
        place->stream_id = to->port_to_connect;
    }
    take_in(*place, channel(std::move(*core)));
}

inline void our_end::answer_request(slot& s, bool yes) {
    if (!s.is_open()) return;
    auto& core = *s.stream.core();
    if (core.requests.empty()) return;
    const bool wants = core.requests.front().want_reply;
    core.requests.pop_front();
    if (wants && core.owner != nullptr) core.owner->answer_request(core, yes);
}

inline void our_end::fill_out(slot& s, std::size_t size) {
    s.out.resize(size);
    const flow* f = outgoing(s);
    for (std::size_t i = 0; i < size; ++i) {
        s.out[i] = f == nullptr ? byte{7} : flow::at(s.stream_id, f->written + i);
    }
}

inline void our_end::write(slot& s, std::size_t size) {
    if (!s.is_open() || s.writing) return;
    fill_out(s, size);
    const io_result done = s.stream.try_write(asio::buffer(s.out));
    check(done.size <= size, "no more is written than was asked for");
    if (flow* f = outgoing(s)) f->written += done.size;
}

inline void our_end::start_write(slot& s, std::size_t size) {
    if (!s.is_open() || s.writing) return;
    fill_out(s, size);
    s.writing = true;
    s.stream.async_write_some(
        asio::buffer(s.out),
        asio::bind_cancellation_slot(s.cancel_write.slot(), [this, &s](error_code, std::size_t n) {
            s.writing = false;
            if (flow* f = outgoing(s)) f->written += n;
        }));
}

inline void our_end::took(slot& s, bytes_view data, error_code ec) {
    flow* f = incoming(s);
    if (f == nullptr) return;
    check(!f->ended || data.empty(), "nothing comes behind the end of data");
    for (const byte b : data) {
        check(b == flow::at(s.stream_id, f->read++), "every byte arrives once, in order");
    }
    f->ended = f->ended || ec == asio::error::eof;
}

inline std::size_t our_end::read(slot& s, std::size_t size) {
    if (!s.is_open() || s.reading) return 0;
    s.in.resize(size + 1);
    const io_result got = s.stream.try_read(asio::buffer(s.in));
    model_.we_use(s.number, static_cast<std::int64_t>(got.size));
    took(s, bytes_view(s.in).first(got.size), got.ec);
    return got.size;
}

inline void our_end::start_read(slot& s, std::size_t size) {
    if (!s.is_open() || s.reading) return;
    s.in.resize(size + 1);
    s.reading = true;
    s.wanted = s.in.size();
    model_.we_use(s.number, static_cast<std::int64_t>(s.wanted));
    s.stream.async_read_some(
        asio::buffer(s.in),
        asio::bind_cancellation_slot(
            s.cancel_read.slot(), [this, &s](error_code ec, std::size_t n) {
                s.reading = false;
                model_.we_use(s.number,
                              static_cast<std::int64_t>(n) - static_cast<std::int64_t>(s.wanted));
                took(s, bytes_view(s.in).first(n), ec);
            }));
}

inline void our_end::borrow(slot& s, std::size_t size) {
    if (!s.is_open() || s.reading) return;
    lease lent = s.stream.lend();
    std::size_t left = std::min(size, lent.size());
    model_.we_use(s.number, static_cast<std::int64_t>(left));
    const std::size_t all = left;
    for (const asio::const_buffer& b : lent.buffers()) {
        const std::size_t part = std::min(left, b.size());
        took(s, {static_cast<const byte*>(b.data()), part}, {});
        left -= part;
    }
    lent.consume(all);
}

inline void our_end::cancel(slot& s) {
    if (s.opening) s.cancel_open.emit(asio::cancellation_type::terminal);
    if (s.reading) s.cancel_read.emit(asio::cancellation_type::total);
    if (s.writing) s.cancel_write.emit(asio::cancellation_type::total);
}

inline bool our_end::read_all() {
    bool moved = false;
    for (slot& s : slots_) {
        while (s.is_open() && !s.reading && read(s, 16 * 1024) != 0) moved = true;
    }
    return moved;
}

// What holds at all times, at rest, and at the end.

inline void our_end::check_at_rest() {
    const std::size_t most = 2 * link_->channels().budget().used() + (std::size_t{8} << 20U);
    check(link_->stream().pool().bytes_in_use() <= most, "L12: memory is bounded");
    if (link_->finished() || over_ || lags()) return;
    std::size_t opens = 0;
    std::size_t requests = 0;
    while (auto next = link_->channels().take_incoming()) asked_.push_back(std::move(*next));
    for (const auto& a : asked_) {
        const bool is_open = a.what == detail::unanswered::kind::open;
        opens += is_open;
        // The replies behind one that is missing are missing, too.
        if (!is_open && a.want_reply) requests = model_.questions();
    }
    for (slot& s : slots_) {
        if (s.is_open()) requests += s.stream.core()->requests.size();
        if (s.reading) model_.we_use(s.number, -static_cast<std::int64_t>(s.wanted));
    }
    model_.check_at_rest(opens, requests);
    for (slot& s : slots_) {
        if (s.reading) model_.we_use(s.number, static_cast<std::int64_t>(s.wanted));
    }
    check(link_->channels().size() >= model_.channels().size(), "C43: a number is kept");
}

// Whether the connection ended for a reason, and only then.
inline void our_end::check_end() {
    if (broken_) check(link_->finished(), "who breaks the law is cut off");
    if (!link_->finished() || broken_ || over_) return;
    const bool asks_too_much =
        link_->error() == errc::too_many_pending_replies && model_.questions() >= 64;
    check(asks_too_much, "who keeps the law is not cut off");
}

inline void our_end::close_all(bool at_once) {
    for (slot& s : slots_) {
        cancel(s);
        if (!s.is_open()) continue;
        at_once ? s.stream.abort() : s.stream.close();
    }
}

inline void our_end::check_nothing_open() {
    if (over_ || link_->finished() || lags()) return;
    for (const auto& [number, e] : model_.channels()) {
        check(!e.confirmed || e.out.close, "a channel that nobody has is closed");
    }
    check(link_->channels().size() == model_.channels().size(), "C43: a number is freed once");
}

inline void our_end::end() {
    for (const slot& s : slots_) {
        check(!s.opening && !s.reading && !s.writing, "every operation ends");
    }
    const slab_pool pool = link_->stream().pool();
    link_->stream().listen({});
    for (slot& s : slots_) s.stream = channel();
    link_.reset();
    check(pool.in_use() == 0, "T31: no slab is held");
}

}  // namespace adit::fuzz
