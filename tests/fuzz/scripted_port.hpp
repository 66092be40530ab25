// A packet port for fuzzers of conversations: what the peer says comes from a list, through the
// real gate; what we say is looked at and forgotten. No cipher, no socket, no thread. Used by F04,
// F05 and F16. Invariants: the phase only moves as the conversation moves it, and forward; at the
// end of the list the connection is lost, so every conversation ends.
#pragma once

#include "fuzz/check.hpp"

#include <adit/protocol/gate.hpp>
#include <adit/slab.hpp>
#include <adit/transport/packet_port.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

namespace adit::fuzz {

class scripted_port final : public packet_port {
public:
    /// Gives the next payload, or none at the end.
    using source = std::function<std::vector<byte>()>;

    scripted_port(protocol::role ours, protocol::phase first, crypto::random_source& random,
                  source next)
        : ours_(ours), phase_(first), out_(pool_, random), next_(std::move(next)) {}

    [[nodiscard]] task<protocol::packet> receive_packet() override {
        for (;;) {
            last_ = next_();
            if (last_.empty()) throw protocol_error(errc::connection_lost);
            protocol::packet packet;
            packet.payload = last_;
            packet.sequence = sequence_++;
            switch (protocol::allowed(ours_, phase_, last_[0])) {
                case protocol::verdict::accept: co_return packet;
                case protocol::verdict::refuse: throw protocol_error(errc::unexpected_message);
                default: break;
            }
        }
    }
    void enter(protocol::phase next) override {
        check(next > phase_, "a conversation goes forward only");
        phase_ = next;
    }
    [[nodiscard]] protocol::role role() const noexcept override { return ours_; }
    [[nodiscard]] protocol::chunk reserve(std::size_t payload) override {
        return out_.reserve(payload);
    }
    void send(protocol::chunk message) override {
        ++messages_sent;
        bytes_sent += message.payload().size();
        if (on_send) on_send(message.payload());
    }
    using packet_port::send;
    void prepare_keys(cipher_pair) override {}
    void set_strict() override {}
    [[nodiscard]] adit::diagnostics& report() noexcept override { return report_; }

    std::function<void(bytes_view)> on_send;
    std::size_t messages_sent = 0;
    std::size_t bytes_sent = 0;

private:
    slab_pool pool_;
    protocol::role ours_;
    protocol::phase phase_;
    protocol::outbound out_;
    source next_;
    std::vector<byte> last_;
    std::uint32_t sequence_ = 0;
    adit::diagnostics report_;
};

/// Runs a conversation to its end; whether it ended without an error of its own.
[[nodiscard]] inline bool ends_well(std::function<task<>()> conversation) {
    asio::io_context ctx(1);
    bool done = false;
    bool well = false;
    asio::co_spawn(ctx, std::move(conversation), [&](std::exception_ptr thrown) {
        done = true;
        well = thrown == nullptr;
        if (thrown == nullptr) return;
        try {
            std::rethrow_exception(thrown);
        } catch (const boost::system::system_error&) {
            // How a conversation that fails is to end.
        }
    });
    ctx.run();
    check(done, "every conversation ends");
    return well;
}

}  // namespace adit::fuzz
