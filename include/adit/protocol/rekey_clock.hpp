// When keys are due to be exchanged again, RFC 4253 section 9 and RFC 4344 section 3: by bytes, by
// packets, by time, in either direction (C18, L20). Asked by the connection's loops, which tell it
// the time. Invariant: at least one packet moves between two exchanges, or small limits would
// let nothing else through.
#pragma once

#include <adit/limits.hpp>

#include <chrono>
#include <cstdint>
#include <limits>

namespace adit::protocol {

class rekey_clock {
public:
    using time_point = std::chrono::steady_clock::time_point;

    struct traffic {
        std::uint64_t packets = 0;
        std::uint64_t bytes = 0;
    };

    rekey_clock(const limits& caps, time_point now) noexcept
        : bytes_(caps.rekey_bytes),
          packets_(caps.rekey_packets),
          interval_(caps.rekey_interval),
          since_(now) {}

    /// `most` is what the ciphers bear, whatever the limits say.
    void keys_changed(time_point now, std::uint64_t most) noexcept {
        since_ = now;
        most_ = most;
    }

    /// Time that the steady clock has not counted: the machine slept (T07).
    void slept(std::chrono::steady_clock::duration time) noexcept { since_ -= time; }

    [[nodiscard]] bool due(traffic sent, traffic received) const noexcept {
        return due(sent) || due(received);
    }
    [[nodiscard]] bool due(time_point now) const noexcept {
        return interval_.count() != 0 && now - since_ >= interval_;
    }
    /// When time alone makes an exchange due; the far future when it never does.
    [[nodiscard]] time_point deadline() const noexcept {
        return interval_.count() == 0 ? time_point::max() : since_ + interval_;
    }

private:
    [[nodiscard]] bool due(traffic t) const noexcept {
        const bool enough = t.bytes >= most_ || (bytes_ != 0 && t.bytes >= bytes_) ||
                            (packets_ != 0 && t.packets >= packets_);
        return enough && t.packets > 1;
    }

    std::uint64_t bytes_;
    std::uint64_t packets_;
    std::chrono::seconds interval_;
    time_point since_;
    std::uint64_t most_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace adit::protocol
