// Every cap of the library in one struct (security.md's L01-L24): what a peer can make us hold,
// wait for or compute is bounded by a number in here. Used by all floors above; an embedder
// changes a number by passing its own struct in the options.
// Invariant: a default here is what the documentation says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace adit {

/// ChannelTimeout (L19): how long nothing may move on a channel of each type before it is closed.
/// Zero: for ever.
struct channel_timeouts {
    std::chrono::milliseconds session{0};
    std::chrono::milliseconds direct_tcpip{0}, direct_streamlocal{0};
    std::chrono::milliseconds forwarded_tcpip{0}, forwarded_streamlocal{0};

    [[nodiscard]] constexpr std::chrono::milliseconds of(std::string_view type) const noexcept {
        if (type == "session") return session;
        if (type == "direct-tcpip") return direct_tcpip;
        if (type == "direct-streamlocal@openssh.com") return direct_streamlocal;
        if (type == "forwarded-tcpip") return forwarded_tcpip;
        if (type == "forwarded-streamlocal@openssh.com") return forwarded_streamlocal;
        return std::chrono::milliseconds(0);
    }
    friend bool operator==(const channel_timeouts&, const channel_timeouts&) = default;
};

struct limits {
    // Identification line and what may precede it (C01, C02).
    std::size_t identification_line = 255;
    std::size_t lines_before_identification = 1024;
    std::size_t bytes_before_identification = 64 * 1024;

    // Packets (L07, L09). The length field's own four bytes are not counted.
    std::uint32_t packet_before_authentication = 64 * 1024;
    std::uint32_t packet = 256 * 1024;

    // Channels (L10-L12).
    std::uint32_t channel_packet = 32 * 1024;        ///< the largest data we accept in one message
    std::uint32_t first_window = 256 * 1024;         ///< the first grant of a channel
    std::uint32_t smallest_window = 32 * 1024;       ///< an open that cannot get it is refused
    std::uint32_t largest_window = 2 * 1024 * 1024;  ///< of a channel that uses it up
    std::size_t connection_memory = 64 * 1024 * 1024;
    std::size_t channels = 4096;

    // What a peer may ask a server for (L11, L23).
    std::size_t sessions = 10;          ///< channels of the type "session" at once
    std::size_t pending_opens = 64;     ///< that nobody has answered yet
    std::size_t channel_requests = 64;  ///< of one channel, not looked at; ours: not answered
    std::size_t listeners = 16;         ///< tcpip-forward and its like, of one connection
    std::size_t pending_accepts = 128;  ///< of its listeners, that the peer has not confirmed yet

    // Queues (L13-L15).
    std::size_t unsent_bytes = 1024 * 1024;  ///< high water of a connection
    std::size_t unsent_bytes_low = 256 * 1024;
    std::size_t unsent_bytes_channel = 512 * 1024;  ///< of one channel
    std::size_t channel_quantum = 64 * 1024;        ///< a channel's turn while others wait
    std::size_t pending_replies = 256;              ///< replies that the peer can make us queue

    // Rekeying (L20, C18).
    std::uint64_t rekey_bytes = std::uint64_t{1} << 30U;
    std::uint64_t rekey_packets = std::uint64_t{1} << 31U;
    std::chrono::seconds rekey_interval{3600};
    /// Public-key work that exchanges may cost us within this window; beyond it the next one that
    /// the peer begins is not read for a while. Zero: as much as it likes.
    std::chrono::microseconds rekey_work{5'000'000};
    std::chrono::milliseconds rekey_work_window{10'000};

    // Waiting (L01, L17, L18). Zero switches a deadline off.
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds handshake_timeout{30'000};  ///< without the time that hooks take
    std::chrono::milliseconds open_timeout{15'000};
    std::chrono::milliseconds rekey_timeout{60'000};
    std::chrono::milliseconds stalled_write_timeout{120'000};
    std::chrono::milliseconds keepalive_interval{30'000};
    unsigned keepalive_count = 3;

    // What is not used (L19); off by default.
    channel_timeouts channel_timeout;
    std::chrono::milliseconds unused_connection_timeout{0};  ///< without a channel; zero: for ever

    // Counts that a peer sends (L22, C26).
    std::size_t extensions = 1024;

    // Logins at a server (L01, L05-L07).
    std::chrono::milliseconds login_grace{120'000};  ///< from the first byte to the last factor
    std::chrono::milliseconds identification_timeout{10'000};
    std::chrono::milliseconds kex_timeout{20'000};  ///< of the first key exchange
    unsigned authentication_failures = 6;
    unsigned authentication_requests = 128;
    unsigned key_queries = 32;                       ///< for keys that are not wanted
    std::chrono::microseconds failure_delay{5'000};  ///< the least that a refusal takes
    std::size_t user_name = 255;
    std::size_t password = 1024;

    /// What differs where strangers connect.
    [[nodiscard]] static limits of_server() {
        limits l;
        l.channels = 1024;
        return l;
    }
    friend bool operator==(const limits&, const limits&) = default;
};

}  // namespace adit
