// A packet port without a gate, for the peer that tests play: it sees every packet, sends whatever
// it is told to, when it is told to, and keeps a list of what it saw. Used by test_server.hpp.
// Invariants: what we queue leaves in one write at the next receive or flush; between our KEXINIT
// and our NEWKEYS an honest message waits (send_now does not); the peer's own silence between its
// KEXINIT and its NEWKEYS is checked for every packet of every test (C16).
#pragma once

#include <adit/detail/any_stream.hpp>
#include <adit/protocol/inbound.hpp>
#include <adit/protocol/outbound.hpp>
#include <adit/transport/packet_port.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace adit::test {

/// A whole message as bytes.
template <wire::message M>
[[nodiscard]] std::vector<byte> payload_of(const M& message) {
    std::vector<byte> payload(wire::encoded_size(message));
    wire::writer w(payload);
    wire::encode(w, message);
    payload.resize(w.size());
    return payload;
}

class raw_port final : public packet_port {
public:
    raw_port(std::unique_ptr<detail::any_stream> stream, protocol::role ours, bool strict,
             crypto::random_source& random);

    [[nodiscard]] task<protocol::packet> receive_packet() override;
    void enter(protocol::phase) override {}
    [[nodiscard]] protocol::role role() const noexcept override { return ours_; }
    [[nodiscard]] protocol::chunk reserve(std::size_t payload) override {
        return out_.reserve(payload);
    }
    void send(protocol::chunk message) override;
    using packet_port::send;
    void prepare_keys(cipher_pair keys) override;
    void set_strict() override;
    [[nodiscard]] adit::diagnostics& report() noexcept override { return report_; }

    /// Out of turn: neither held back by an exchange nor looked at.
    void send_now(bytes_view payload);
    /// Sent ahead of the next message with that number, as if it belonged there.
    void inject_before(wire::message_id id, std::vector<byte> payload) {
        injected_[id].push_back(std::move(payload));
    }
    /// The next message with that number is not sent at all.
    void skip(wire::message_id id) { skipped_.insert(id); }
    [[nodiscard]] task<> flush();
    void send_line(std::string_view line) { line_ += std::string(line) + "\r\n"; }
    /// In front of every packet.
    void send_now_in_clear(std::string_view words) { line_ += words; }
    [[nodiscard]] task<std::string> receive_line();

    /// The numbers of all messages that came, in order.
    [[nodiscard]] const std::vector<byte>& seen() const noexcept { return seen_; }
    [[nodiscard]] std::size_t seen(wire::message_id id) const {
        return static_cast<std::size_t>(std::ranges::count(seen_, static_cast<byte>(id)));
    }
    [[nodiscard]] detail::any_stream& stream() noexcept { return *stream_; }
    [[nodiscard]] protocol::inbound& in() noexcept { return in_; }
    [[nodiscard]] protocol::outbound& out() noexcept { return out_; }

private:
    void look_at(const protocol::packet& packet);
    [[nodiscard]] task<> fill();

    slab_pool pool_;
    std::unique_ptr<detail::any_stream> stream_;
    protocol::role ours_;
    bool strict_;
    protocol::inbound in_;
    protocol::outbound out_;
    adit::diagnostics report_;
    std::string line_;
    std::deque<protocol::chunk> queue_;
    std::deque<protocol::chunk> held_;  // until our NEWKEYS
    bool exchanging_ = false;           // ours went out
    bool peer_exchanges_ = false;       // theirs came in
    std::vector<byte> seen_;
    std::map<wire::message_id, std::vector<std::vector<byte>>> injected_;
    std::set<wire::message_id> skipped_;
};

// Details.

inline raw_port::raw_port(std::unique_ptr<detail::any_stream> stream, protocol::role ours,
                          bool strict, crypto::random_source& random)
    : stream_(std::move(stream)),
      ours_(ours),
      strict_(strict),
      in_(pool_, limits()),
      out_(pool_, random) {
    in_.set_largest_packet(limits().packet, std::size_t{512} * 1024);
}

inline task<protocol::packet> raw_port::receive_packet() {
    protocol::packet packet;
    for (;;) {
        const auto step = in_.next(packet);
        if (step == protocol::inbound::step::failed) throw protocol_error(in_.error());
        if (step == protocol::inbound::step::packet) break;
        co_await flush();
        co_await fill();
    }
    look_at(packet);
    co_return packet;
}

inline void raw_port::look_at(const protocol::packet& packet) {
    const byte number = packet.payload[0];
    seen_.push_back(number);
    const bool begins = packet.id() == wire::message_id::kexinit;
    const bool belongs = (number >= 1 && number <= 4) || (number >= 20 && number <= 49);
    if (peer_exchanges_ && (begins || !belongs)) {
        throw std::logic_error("C16: message " + std::to_string(number) + " in an exchange");
    }
    if (begins) peer_exchanges_ = true;
    if (packet.id() == wire::message_id::newkeys) peer_exchanges_ = false;
}

inline task<> raw_port::fill() {
    for (;;) {
        const mutable_bytes room = in_.prepare();
        const io_result got = stream_->try_read(room);
        in_.commit(got.size);
        if (got.size != 0) co_return;
        if (got.ec && got.ec != asio::error::would_block) {
            throw boost::system::system_error(got.ec);
        }
        co_await stream_->wait_readable();
    }
}

inline void raw_port::send(protocol::chunk message) {
    const auto id = static_cast<wire::message_id>(message.payload()[0]);
    for (const auto& payload : std::exchange(injected_[id], {})) send_now(payload);
    if (skipped_.erase(id) != 0) return;
    if (id == wire::message_id::kexinit) exchanging_ = true;
    const bool waits = exchanging_ && message.payload()[0] >= 50;
    (waits ? held_ : queue_).push_back(std::move(message));
    if (id != wire::message_id::newkeys) return;
    exchanging_ = false;
    for (auto& c : std::exchange(held_, {})) queue_.push_back(std::move(c));
}

inline void raw_port::send_now(bytes_view payload) {
    protocol::chunk place = out_.reserve(payload.size());
    std::ranges::copy(payload, place.room().begin());
    place.size = static_cast<std::uint32_t>(payload.size());
    queue_.push_back(std::move(place));
}

inline void raw_port::prepare_keys(cipher_pair keys) {
    in_.prepare_keys(std::move(keys.opener));
    out_.prepare_keys(std::move(keys.sealer));
}

inline void raw_port::set_strict() {
    in_.set_strict(strict_);
    out_.set_strict(strict_);
}

// As one piece, so that a test can say what shares a segment.
inline task<> raw_port::flush() {
    std::vector<byte> bytes(line_.begin(), line_.end());
    line_.clear();
    while (!queue_.empty()) {
        const protocol::chunk c = std::move(queue_.front());
        queue_.pop_front();
        const bytes_view sealed = value_of(out_.seal(c));
        bytes.insert(bytes.end(), sealed.begin(), sealed.end());
    }
    asio::const_buffer left(bytes.data(), bytes.size());
    while (left.size() != 0) {
        left += co_await stream_->write_some(detail::const_buffers(&left, 1));
    }
    out_.rest();
}

inline task<std::string> raw_port::receive_line() {
    std::string line;
    while (!line.ends_with('\n')) {
        if (in_.unparsed().empty()) {
            co_await flush();
            co_await fill();
        }
        line += static_cast<char>(in_.unparsed()[0]);
        in_.consume(1);
    }
    line.resize(line.size() - 1);
    if (line.ends_with('\r')) line.pop_back();
    co_return line;
}

}  // namespace adit::test
