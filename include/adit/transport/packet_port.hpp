// THE SEAM: what key exchange and authentication see of a connection. They receive packets, send
// messages and say which phase begins; sockets, buffers and ciphers are behind it. Implemented by
// packet_stream, and by tests with a script. Used by transport/kex_* and auth/.
// Invariant: receive gives only what the gate allows in the current phase; what a decoded message
// points to stays valid until the next receive.
#pragma once

#include <adit/crypto/packet_cipher.hpp>
#include <adit/detail/task.hpp>
#include <adit/diagnostics.hpp>
#include <adit/error.hpp>
#include <adit/protocol/gate.hpp>
#include <adit/protocol/inbound.hpp>
#include <adit/protocol/outbound.hpp>
#include <adit/transport/ext_info.hpp>
#include <adit/wire/message.hpp>

#include <cstdint>
#include <memory>

namespace adit {

/// The ciphers of both directions, each used from the next NEWKEYS of its direction on.
struct cipher_pair {
    std::unique_ptr<crypto::opener> opener;
    std::unique_ptr<crypto::sealer> sealer;
};

class packet_port {
public:
    packet_port() = default;
    packet_port(const packet_port&) = delete;
    packet_port& operator=(const packet_port&) = delete;
    virtual ~packet_port() = default;

    /// The next packet that somebody has to wait for; transport messages have been dealt with.
    /// Throws protocol_error.
    [[nodiscard]] virtual task<protocol::packet> receive_packet() = 0;
    virtual void enter(protocol::phase next) = 0;
    [[nodiscard]] virtual protocol::role role() const noexcept = 0;

    [[nodiscard]] virtual protocol::chunk reserve(std::size_t payload) = 0;
    /// Queues a message; it leaves with its neighbours at the next receive at the latest.
    virtual void send(protocol::chunk message) = 0;

    virtual void prepare_keys(cipher_pair keys) = 0;
    virtual void set_strict() = 0;

    [[nodiscard]] virtual adit::diagnostics& report() noexcept = 0;
    /// What the peer told of itself (RFC 8308); a port that cannot know says nothing.
    [[nodiscard]] virtual const peer_extensions& extensions() const noexcept {
        static const peer_extensions none;
        return none;
    }
    /// Whether the connection has ended: nobody is to be asked anything for it any more (A20).
    [[nodiscard]] virtual bool stopped() const noexcept { return false; }

    /// Exactly this message, or protocol_error.
    template <wire::message M>
    [[nodiscard]] task<M> receive();
    template <wire::message M>
    void send(const M& message);
    /// A message whose size is nobody's business.
    template <wire::message M>
    void send_secret(const M& message);

private:
    template <wire::message M>
    [[nodiscard]] protocol::chunk encoded(const M& message);
};

/// A result's value, or its error as a protocol_error.
template <class T>
[[nodiscard]] T value_of(result<T> outcome) {
    if (!outcome) throw protocol_error(outcome.error());
    return std::move(*outcome);
}

// Details.

template <wire::message M>
task<M> packet_port::receive() {
    const protocol::packet packet = co_await receive_packet();
    co_return value_of(wire::decode<M>(packet.payload));
}

template <wire::message M>
protocol::chunk packet_port::encoded(const M& message) {
    protocol::chunk place = reserve(wire::encoded_size(message));
    if (!place) throw protocol_error(errc::out_of_memory);
    wire::writer w(place.room());
    wire::encode(w, message);
    if (w.error() != errc::ok) throw protocol_error(w.error());
    place.size = static_cast<std::uint32_t>(w.size());
    return place;
}

template <wire::message M>
void packet_port::send(const M& message) {
    send(encoded(message));
}

template <wire::message M>
void packet_port::send_secret(const M& message) {
    protocol::chunk place = encoded(message);
    place.pad_to = protocol::secret_packet_step;
    place.memory.mark_secret();
    send(std::move(place));
}

}  // namespace adit
