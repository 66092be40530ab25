// The law of a channel's life, RFC 4254 section 5.3, for one side. Used by channel_table.
//
//   opening --confirmation--> open --our CLOSE and theirs--> done      eof: data ends in one
//      |                       ^ |                                     direction; close: nothing
//      +--failure--> done      | +-- data, EOF (half-close), adjusts   more in it but silence
//   (peer's open) --accept-----+
//
// Invariant: events update the state, actions ask it; nothing is sent after our CLOSE, and the
// number is free only when both CLOSEs went by (C43, C46).
#pragma once

#include <adit/error.hpp>

#include <cstdint>

namespace adit::protocol {

class channel_state {
public:
    enum class opening : std::uint8_t { requested, open, failed };

    static channel_state requested() noexcept { return channel_state(opening::requested); }
    static channel_state accepted() noexcept { return channel_state(opening::open); }

    // Events: what the peer did. An error means that it must not have.

    [[nodiscard]] errc confirmed() noexcept {
        if (opening_ != opening::requested) return errc::unexpected_message;
        opening_ = opening::open;
        return errc::ok;
    }
    [[nodiscard]] errc refused() noexcept {
        if (opening_ != opening::requested) return errc::unexpected_message;
        opening_ = opening::failed;
        return errc::ok;
    }
    /// Data, EOF, CLOSE and requests need a channel that is open from the peer's side.
    [[nodiscard]] errc received_data() const noexcept {
        if (opening_ != opening::open || close_received_) return errc::unknown_channel;
        return eof_received_ ? errc::data_after_eof : errc::ok;
    }
    [[nodiscard]] errc received_other() const noexcept {
        return opening_ != opening::open || close_received_ ? errc::unknown_channel : errc::ok;
    }
    void received_eof() noexcept { eof_received_ = true; }
    void received_close() noexcept { close_received_ = true; }

    // Actions: what we may do.

    [[nodiscard]] bool may_send_data() const noexcept {
        return opening_ == opening::open && !eof_sent_ && !close_sent_ && !close_received_;
    }
    [[nodiscard]] bool may_send_other() const noexcept {
        return opening_ == opening::open && !close_sent_;
    }
    void sent_eof() noexcept { eof_sent_ = true; }
    void sent_close() noexcept { close_sent_ = true; }

    [[nodiscard]] bool is_opening() const noexcept { return opening_ == opening::requested; }
    [[nodiscard]] bool is_open() const noexcept { return opening_ == opening::open; }
    [[nodiscard]] bool eof_sent() const noexcept { return eof_sent_; }
    [[nodiscard]] bool eof_received() const noexcept { return eof_received_; }
    [[nodiscard]] bool close_sent() const noexcept { return close_sent_; }
    [[nodiscard]] bool close_received() const noexcept { return close_received_; }
    [[nodiscard]] bool done() const noexcept {
        return opening_ == opening::failed || (close_sent_ && close_received_);
    }

private:
    explicit channel_state(opening o) noexcept : opening_(o) {}

    opening opening_;
    bool eof_sent_ = false;
    bool eof_received_ = false;
    bool close_sent_ = false;
    bool close_received_ = false;
};

}  // namespace adit::protocol
