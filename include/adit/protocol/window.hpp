// The two windows of a channel as types, RFC 4254 section 5.2: what we may send, and what the peer
// may. Used by channel_table. Pure arithmetic in 64 bits (C43-C45, A21).
// Invariant: bytes sent never exceed bytes granted; credit goes back only for bytes that left our
// buffers, and in few, large steps.
#pragma once

#include <adit/error.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace adit::protocol {

/// What the peer lets us send.
class send_window {
public:
    send_window() = default;
    explicit send_window(std::uint32_t first) noexcept : available_(first) {}

    [[nodiscard]] errc grant(std::uint32_t n) noexcept {
        if (available_ + n > std::numeric_limits<std::uint32_t>::max()) {
            return errc::window_overflow;
        }
        available_ += n;
        return errc::ok;
    }
    void spend(std::uint64_t n) noexcept { available_ -= std::min(n, available_); }
    [[nodiscard]] std::uint64_t available() const noexcept { return available_; }

private:
    std::uint64_t available_ = 0;
};

/// What we let the peer send. `target` is how far the window is open when all is consumed.
class receive_window {
public:
    receive_window() = default;
    explicit receive_window(std::uint32_t first) noexcept : target_(first), open_(first) {}

    /// n bytes came.
    [[nodiscard]] errc receive(std::uint64_t n) noexcept {
        if (n > open_) return errc::window_exceeded;
        open_ -= n;
        held_ += n;
        return errc::ok;
    }
    /// n bytes left our buffers.
    void consume(std::uint64_t n) noexcept { held_ -= std::min(n, held_); }

    /// What to grant now, or zero while it is not worth a message: nothing before half of the
    /// target is gone, unless the window is so small that waiting would stall the peer.
    [[nodiscard]] std::uint32_t due() const noexcept {
        const std::uint64_t covered = open_ + held_;
        if (covered >= target_) return 0;
        const std::uint64_t missing = target_ - covered;
        return missing * 2 >= target_ ? static_cast<std::uint32_t>(missing) : 0;
    }
    void granted(std::uint32_t n) noexcept {
        open_ += n;
        granted_since_growth_ += n;
    }

    [[nodiscard]] std::uint32_t target() const noexcept { return target_; }
    void set_target(std::uint32_t target) noexcept {
        target_ = std::max(target, target_);
        granted_since_growth_ = 0;
    }
    /// Whether the peer has used up the whole window since it was last enlarged.
    [[nodiscard]] bool used_up() const noexcept { return granted_since_growth_ >= target_; }
    [[nodiscard]] std::uint64_t held() const noexcept { return held_; }
    [[nodiscard]] std::uint64_t open() const noexcept { return open_; }

private:
    std::uint32_t target_ = 0;
    std::uint64_t open_ = 0;  // what the peer may still send
    std::uint64_t held_ = 0;  // what it sent and nobody consumed yet
    std::uint64_t granted_since_growth_ = 0;
};

}  // namespace adit::protocol
