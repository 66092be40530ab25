// What waits to be written: control messages in one queue, each channel's messages in its own, all
// as plain chunks that the writer seals when it gathers them. Control goes first, then the channels
// in turn with a quantum each, so that a small packet never waits behind a bulk transfer (L13).
// Used by connection. Invariant: a channel's messages leave in the order they were queued (data,
// EOF, CLOSE); unsent() counts the memory that is held, not only the payload.
#pragma once

#include <adit/bodies.hpp>
#include <adit/limits.hpp>
#include <adit/protocol/outbound.hpp>

#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

namespace adit::detail {

class outbox {
public:
    explicit outbox(const limits& caps) noexcept : quantum_(caps.channel_quantum) {}

    void push_control(protocol::chunk message) { control_.push_back(std::move(message)); }
    void push(std::uint32_t channel, protocol::chunk message);

    /// Takes chunks into `batch` up to about `most_bytes`; how many.
    [[nodiscard]] std::size_t gather(std::span<protocol::chunk> batch, std::size_t most_bytes);

    /// Bytes of channel messages queued and not yet gathered.
    [[nodiscard]] std::size_t unsent() const noexcept { return unsent_; }
    [[nodiscard]] std::size_t unsent(std::uint32_t channel) const noexcept {
        return channel < channels_.size() ? channels_[channel].bytes : 0;
    }
    [[nodiscard]] std::size_t control_size() const noexcept { return control_.size(); }
    [[nodiscard]] bool empty() const noexcept { return control_.empty() && turns_.empty(); }

    /// What is queued for a channel is dropped, as when it is cut off.
    void discard(std::uint32_t channel);
    /// The channel is over and its number may be given away: what is left of it is its CLOSE, which
    /// goes ahead of anything that the number's next life may queue.
    void retire(std::uint32_t channel);
    void clear() noexcept;

private:
    struct queue {
        std::deque<protocol::chunk> chunks;
        std::size_t bytes = 0;
        bool has_turn = false;
    };
    [[nodiscard]] std::size_t take_turn(std::uint32_t channel, std::span<protocol::chunk> batch,
                                        std::size_t most_bytes);

    std::size_t quantum_;
    std::deque<protocol::chunk> control_;
    std::vector<queue> channels_;
    std::deque<std::uint32_t> turns_;  // channels with something to send, each once
    std::size_t unsent_ = 0;
};

// Details.

#if ADIT_BODIES

ADIT_DECL void outbox::push(std::uint32_t channel, protocol::chunk message) {
    if (channel >= channels_.size()) channels_.resize(std::size_t{channel} + 1);
    queue& q = channels_[channel];
    q.bytes += message.size;
    unsent_ += message.size;
    q.chunks.push_back(std::move(message));
    if (!std::exchange(q.has_turn, true)) turns_.push_back(channel);
}

ADIT_DECL std::size_t outbox::gather(std::span<protocol::chunk> batch, std::size_t most_bytes) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (; count < batch.size() && !control_.empty(); ++count) {
        bytes += control_.front().size;
        batch[count] = std::move(control_.front());
        control_.pop_front();
    }
    // A batch is never empty because of the budget: at least one packet moves between two rekeys.
    while (count < batch.size() && !turns_.empty() && (count == 0 || bytes < most_bytes)) {
        const std::uint32_t channel = turns_.front();
        turns_.pop_front();
        const std::size_t left = most_bytes > bytes ? most_bytes - bytes : 1;
        // Alone, a channel may fill the batch.
        const std::size_t share = turns_.empty() ? left : std::min(left, quantum_);
        const std::size_t before = unsent_;
        count += take_turn(channel, batch.subspan(count), share);
        bytes += before - unsent_;
    }
    return count;
}

ADIT_DECL std::size_t outbox::take_turn(std::uint32_t channel, std::span<protocol::chunk> batch,
                                        std::size_t most_bytes) {
    queue& q = channels_[channel];
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (count < batch.size() && !q.chunks.empty() && bytes < most_bytes) {
        bytes += q.chunks.front().size;
        batch[count++] = std::move(q.chunks.front());
        q.chunks.pop_front();
    }
    q.bytes -= bytes;
    unsent_ -= bytes;
    q.has_turn = !q.chunks.empty();
    if (q.has_turn) turns_.push_back(channel);
    return count;
}

ADIT_DECL void outbox::discard(std::uint32_t channel) {
    if (channel >= channels_.size()) return;
    queue& q = channels_[channel];
    unsent_ -= std::exchange(q.bytes, 0);
    q.chunks.clear();
    if (std::exchange(q.has_turn, false)) std::erase(turns_, channel);
}

ADIT_DECL void outbox::retire(std::uint32_t channel) {
    if (unsent(channel) == 0) return;
    protocol::chunk last = std::move(channels_[channel].chunks.back());
    discard(channel);
    control_.push_back(std::move(last));
}

ADIT_DECL void outbox::clear() noexcept {
    control_.clear();
    channels_.clear();
    turns_.clear();
    unsent_ = 0;
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
