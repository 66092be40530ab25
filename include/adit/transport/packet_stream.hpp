// The seam over a byte stream: any_stream + inbound + outbound + gate. In the handshake it reads
// and writes by itself, linearly; later connection/ attaches its writer loop and takes the parts
// that never wait (next, fill, write). RFC 4253 sections 6, 11; RFC 8308. Invariants: nothing is
// looked at before the gate allowed it; what was queued is written before anything is waited for;
// while nothing is pending no buffer is held.
// Over 300 lines: one class, the parts for the handshake and the parts for the loops side by side.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/any_stream.hpp>
#include <adit/detail/signal.hpp>
#include <adit/limits.hpp>
#include <adit/protocol/version.hpp>
#include <adit/slab.hpp>
#include <adit/transport/ext_info.hpp>
#include <adit/transport/hooks.hpp>
#include <adit/transport/packet_port.hpp>
#include <adit/wire/transport_messages.hpp>

#include <boost/asio/error.hpp>

#include <array>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace adit {

/// What one side of a connection is made of.
struct packet_stream_parts {
    packet_stream_parts(std::unique_ptr<detail::any_stream> s, protocol::role r, const limits& l,
                        crypto::random_source& random_bytes)
        : stream(std::move(s)), ours(r), caps(l), random(&random_bytes) {}
    std::unique_ptr<detail::any_stream> stream;
    protocol::role ours;
    limits caps;
    crypto::random_source* random;
};

class packet_stream final : public packet_port {
public:
    using step = protocol::inbound::step;

    explicit packet_stream(packet_stream_parts parts);

    // The seam.

    [[nodiscard]] task<protocol::packet> receive_packet() override;
    void enter(protocol::phase next) override;
    [[nodiscard]] protocol::role role() const noexcept override { return ours_; }
    [[nodiscard]] protocol::chunk reserve(std::size_t payload) override {
        return out_.reserve(payload);
    }
    void send(protocol::chunk message) override;
    using packet_port::send;
    void prepare_keys(cipher_pair keys) override;
    void set_strict() override;
    [[nodiscard]] adit::diagnostics& report() noexcept override { return report_; }
    [[nodiscard]] const peer_extensions& extensions() const noexcept override {
        return extensions_;
    }

    // Before the first packet.

    /// Goes out in front of everything else.
    void send_identification(std::string_view line);
    /// The peer's line as received, without CR LF.
    [[nodiscard]] task<std::string> receive_identification();

    // For the loops.

    /// The next packet that the gate accepts, without waiting. Throws protocol_error.
    [[nodiscard]] step next(protocol::packet& packet);
    /// Waits for bytes and takes in what is there. Throws what the stream throws.
    [[nodiscard]] task<> fill();
    /// Takes in what is there now; whether anything was.
    [[nodiscard]] bool try_fill();
    /// Seals the chunks in order and writes them; they are let go as soon as they are written.
    [[nodiscard]] task<> write(std::span<protocol::chunk> batch);
    /// Writes all that is queued.
    [[nodiscard]] task<> flush();
    /// Called for every message in both directions, in the order of the wire; must not throw.
    void listen(trace_listener listener) { trace_ = std::move(listener); }
    /// From now on queued messages are announced to a writer loop, and nobody else writes.
    void attach_writer(detail::signal& wake) noexcept { writer_ = &wake; }
    /// What is queued, for the writer loop.
    [[nodiscard]] std::deque<protocol::chunk>& queue() noexcept { return queue_; }
    /// How many replies the queue is worth to who bounds them (L14): a large PONG counts for more.
    [[nodiscard]] std::size_t replies_waiting() const noexcept {
        constexpr std::size_t bytes_of_a_reply = 4096;
        return queue_.size() + pong_bytes_ / bytes_of_a_reply;
    }
    /// A conversation gets no packet any more, not even one that is there already, and sends none.
    void stop() noexcept { stopped_ = true; }
    [[nodiscard]] bool stopped() const noexcept override { return stopped_; }
    /// Tells the peer why, if there is still somebody to tell; ends the sending side.
    void queue_disconnect(disconnect_reason reason, std::string_view words) noexcept;

    [[nodiscard]] detail::any_stream& stream() noexcept { return *stream_; }
    [[nodiscard]] protocol::inbound& in() noexcept { return in_; }
    [[nodiscard]] protocol::outbound& out() noexcept { return out_; }
    [[nodiscard]] protocol::phase phase() const noexcept { return phase_; }
    [[nodiscard]] const limits& caps() const noexcept { return caps_; }
    [[nodiscard]] slab_pool& pool() noexcept { return pool_; }
    [[nodiscard]] std::uint64_t bytes_received() const noexcept { return bytes_received_; }
    [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }

private:
    [[nodiscard]] bool accept(const protocol::packet& packet);
    void on_transport_message(const protocol::packet& packet);
    void on_ext_info(const protocol::packet& packet);
    void on_ping(const protocol::packet& packet);
    [[noreturn]] void on_disconnect(const protocol::packet& packet);
    [[nodiscard]] io_result read_what_is_there();

    slab_pool pool_;
    std::unique_ptr<detail::any_stream> stream_;
    protocol::role ours_;
    limits caps_;
    protocol::inbound in_;
    protocol::outbound out_;
    protocol::phase phase_ = protocol::phase::first_kexinit;
    adit::diagnostics report_;
    std::deque<protocol::chunk> queue_;
    std::string identification_;
    detail::signal* writer_ = nullptr;
    trace_listener trace_;
    peer_extensions extensions_;
    bool changing_keys_ = false;  // from our KEXINIT to our NEWKEYS
    bool stopped_ = false;
    std::size_t pong_bytes_ = 0;  // queued
    std::uint64_t bytes_received_ = 0;
    std::uint64_t bytes_sent_ = 0;
};

// Details.

#if ADIT_BODIES

ADIT_DECL packet_stream::packet_stream(packet_stream_parts parts)
    : stream_(std::move(parts.stream)),
      ours_(parts.ours),
      caps_(parts.caps),
      in_(pool_, caps_),
      out_(pool_, *parts.random) {}

ADIT_DECL void packet_stream::enter(protocol::phase next) {
    phase_ = next;
    if (next != protocol::phase::connection) return;
    // Behind the login packets may be larger, reads are, and no more secrets pass.
    constexpr std::size_t read_size = std::size_t{512} * 1024;
    in_.set_largest_packet(caps_.packet, read_size);
    in_.set_secret(false);
    out_.set_secret(false);
    out_.rest();
}

ADIT_DECL void packet_stream::send(protocol::chunk message) {
    if (stopped_) return;
    const auto id = wire::peek_id(message.payload());
    if (id == wire::message_id::kexinit) changing_keys_ = true;
    if (id == wire::message_id::newkeys) changing_keys_ = false;
    queue_.push_back(std::move(message));
    if (writer_ != nullptr) writer_->notify();
}

ADIT_DECL void packet_stream::prepare_keys(cipher_pair keys) {
    in_.prepare_keys(std::move(keys.opener));
    out_.prepare_keys(std::move(keys.sealer));
}

ADIT_DECL void packet_stream::set_strict() {
    in_.set_strict(true);
    out_.set_strict(true);
}

ADIT_DECL void packet_stream::send_identification(std::string_view line) {
    identification_ = std::string(line) + "\r\n";
}

ADIT_DECL task<std::string> packet_stream::receive_identification() {
    report_.stage = stage::identification;
    protocol::identification_reader reader(ours_, caps_);
    co_await flush();
    while (!reader.done()) {
        bool heard_out = false;
        try {
            if (in_.unparsed().empty()) co_await fill();
        } catch (const boost::system::system_error& e) {
            // Something that said its piece and hung up, as an HTTP server does, was no SSH server.
            heard_out =
                !reader.foreign_words().empty() && e.code() != asio::error::operation_aborted;
            if (!heard_out) throw;
        }
        in_.consume(reader.feed(in_.unparsed()));
        const errc wrong = heard_out ? errc::not_an_ssh_server : reader.error();
        if (wrong == errc::ok) continue;
        const bool foreign = wrong == errc::not_an_ssh_server && !reader.foreign_words().empty();
        report_.peer_text = escaped(foreign ? reader.foreign_words() : reader.line(), 80);
        throw protocol_error(wrong);
    }
    report_.peer_version = escaped(reader.line());
    co_return reader.line();
}

ADIT_DECL task<protocol::packet> packet_stream::receive_packet() {
    protocol::packet packet;
    for (;;) {
        if (stopped_) throw protocol_error(errc::connection_closed);
        // C35: what a server said before our request had left is no answer to it.
        const bool asks = ours_ == protocol::role::client && phase_ >= protocol::phase::service;
        if (asks && writer_ == nullptr) co_await flush();
        if (next(packet) == step::packet) co_return packet;
        if (writer_ == nullptr) co_await flush();
        co_await fill();
    }
}

ADIT_DECL packet_stream::step packet_stream::next(protocol::packet& packet) {
    for (;;) {
        const step outcome = in_.next(packet);
        if (outcome == step::need_more) return outcome;
        if (outcome == step::failed) throw protocol_error(in_.error());
        if (accept(packet)) return step::packet;
    }
}

// The gate. False: dealt with, nobody has to see it.
ADIT_DECL bool packet_stream::accept(const protocol::packet& packet) {
    if (trace_) trace_({false, packet.payload});
    const auto number = static_cast<std::uint8_t>(packet.id());
    switch (protocol::allowed(ours_, phase_, number)) {
        case protocol::verdict::accept:
            if (packet.id() != wire::message_id::ext_info) return true;
            on_ext_info(packet);
            return false;
        case protocol::verdict::transport: on_transport_message(packet); return false;
        case protocol::verdict::unimplemented:
            send(wire::unimplemented{packet.sequence});
            return false;
        case protocol::verdict::refuse: break;
    }
    const bool strict =
        phase_ == protocol::phase::strict_method || phase_ == protocol::phase::strict_newkeys;
    report_.subject = "message " + std::to_string(number);
    throw protocol_error(strict ? errc::strict_kex_violation : errc::unexpected_message);
}

ADIT_DECL void packet_stream::on_transport_message(const protocol::packet& packet) {
    switch (packet.id()) {
        case wire::message_id::disconnect: on_disconnect(packet);
        case wire::message_id::ignore:
            static_cast<void>(value_of(wire::decode<wire::ignore>(packet.payload)));
            return;
        case wire::message_id::debug:
            static_cast<void>(value_of(wire::decode<wire::debug>(packet.payload)));
            return;
        case wire::message_id::ping: on_ping(packet); return;
        case wire::message_id::pong:
            static_cast<void>(value_of(wire::decode<wire::pong>(packet.payload)));
            return;
        default:
            static_cast<void>(value_of(wire::decode<wire::unimplemented>(packet.payload)));
            return;
    }
}

ADIT_DECL void packet_stream::on_disconnect(const protocol::packet& packet) {
    const auto message = wire::decode<wire::disconnect>(packet.payload);
    if (message) {
        report_.peer_reason = static_cast<disconnect_reason>(message->reason_code);
        report_.peer_text = escaped(message->description);
    }
    throw protocol_error(errc::disconnected_by_peer);
}

ADIT_DECL void packet_stream::on_ext_info(const protocol::packet& packet) {
    const unsigned most = ours_ == protocol::role::client ? 2 : 1;
    if (extensions_.messages >= most) throw protocol_error(errc::unexpected_message);
    if (const errc e = read_ext_info(packet.payload, caps_, extensions_); e != errc::ok) {
        throw protocol_error(e);
    }
}

// C28: what would have to wait for our NEWKEYS is not answered, as by OpenSSH, so that nothing
// piles up there.
ADIT_DECL void packet_stream::on_ping(const protocol::packet& packet) {
    const auto message = value_of(wire::decode<wire::ping>(packet.payload));
    if (changing_keys_) return;
    pong_bytes_ += packet.payload.size();
    send(wire::pong{message.data});
}

ADIT_DECL io_result packet_stream::read_what_is_there() {
    const mutable_bytes room = in_.prepare();
    if (room.empty()) {
        throw protocol_error(in_.error() == errc::ok ? errc::out_of_memory : in_.error());
    }
    const io_result outcome = stream_->try_read(room);
    in_.commit(outcome.size);
    bytes_received_ += outcome.size;
    if (outcome.size == 0) in_.rest();
    return outcome;
}

ADIT_DECL bool packet_stream::try_fill() {
    const io_result outcome = read_what_is_there();
    if (outcome.size != 0) return true;
    if (!outcome.ec || outcome.ec == asio::error::would_block) return false;
    throw boost::system::system_error(outcome.ec);
}

ADIT_DECL task<> packet_stream::fill() {
    while (!try_fill()) {
        // A server that never sets TCP_NODELAY waits for our acknowledgement with its next segment.
        stream_->quick_ack();
        co_await stream_->wait_readable();
    }
}

ADIT_DECL task<> packet_stream::flush() {
    if (!identification_.empty() && queue_.empty()) {
        asio::const_buffer line(identification_.data(), identification_.size());
        while (line.size() != 0) {
            line += co_await stream_->write_some(detail::const_buffers(&line, 1));
        }
        identification_.clear();
    }
    constexpr std::size_t largest_batch = detail::most_buffers - 1;
    std::array<protocol::chunk, largest_batch> batch;
    while (!queue_.empty()) {
        std::size_t n = 0;
        for (; n < batch.size() && !queue_.empty(); ++n) {
            batch[n] = std::move(queue_.front());
            queue_.pop_front();
        }
        co_await write(std::span(batch).first(n));
    }
    out_.rest();
}

// Asio's composed async_write hands over 16 buffers and 64 KiB at a time; this loop hands over all.
ADIT_DECL task<> packet_stream::write(std::span<protocol::chunk> batch) {
    std::array<asio::const_buffer, detail::most_buffers> buffers;
    std::size_t count = 0;
    if (!identification_.empty()) {
        buffers[count++] = {identification_.data(), identification_.size()};
    }
    for (const protocol::chunk& c : batch) {
        if (trace_) trace_({true, c.payload()});
        if (wire::peek_id(c.payload()) == wire::message_id::pong) pong_bytes_ -= c.size;
        const bytes_view sealed = value_of(out_.seal(c));
        buffers[count++] = {sealed.data(), sealed.size()};
    }
    for (std::size_t done = 0; done < count;) {
        const auto left = std::span<const asio::const_buffer>(buffers).subspan(done, count - done);
        std::size_t written = co_await stream_->write_some(left);
        bytes_sent_ += written;
        for (; done < count && written >= buffers[done].size(); ++done) {
            written -= buffers[done].size();
        }
        if (done < count) buffers[done] += written;
    }
    identification_.clear();
    for (protocol::chunk& c : batch) c = {};
}

ADIT_DECL void packet_stream::queue_disconnect(disconnect_reason reason,
                                               std::string_view words) noexcept {
    try {
        send(wire::disconnect{static_cast<wire::u32>(reason), words, ""});
    } catch (const std::exception&) {
        // Without memory the peer has to do without a reason.
        return;
    }
}

#endif  // ADIT_BODIES

}  // namespace adit
