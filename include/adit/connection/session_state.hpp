// What a session channel has and other channels have not: standard error, our requests that wait
// for their replies, and how the program ended. RFC 4254 section 6. A part of channel_core; moved
// on by channel_set. Invariants: replies belong to requests in their order, also to those that
// nobody waits for any more (C47); both directions of standard error share the channel's windows.
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/received.hpp>
#include <adit/detail/parking_place.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace adit {

/// How a program ended, RFC 4254 section 6.10: by itself, or by a signal.
struct exit_result {
    std::optional<std::uint32_t> status;  ///< none when a signal ended it
    std::string signal;                   ///< TERM, KILL, …, without SIG; escaped
    bool core_dumped = false;
    std::string message;  ///< the peer's words about the signal, escaped

    [[nodiscard]] bool success() const noexcept { return status == 0U; }
};

namespace detail {

/// The most buffers that a parked operation keeps of the caller's sequence.
inline constexpr std::size_t parked_buffers = 16;

/// Where the peer's standard error goes.
enum class errors_go : std::uint8_t {
    nowhere,     ///< consumed as it comes
    into_queue,  ///< kept for its reader
    into_data,   ///< behind what came before on standard output
};

struct session_state {
    /// A request of ours, until its reply comes.
    struct asked {
        asked(const executor& ex, std::string label) : waiter(ex), what(std::move(label)) {}
        parking_place<void(error_code)> waiter;
        std::string what;  ///< for people, escaped
    };

    explicit session_state(const executor& ex)
        : errors_reader(ex), errors_writer(ex), exit_waiter(ex) {}

    errors_go errors_to = errors_go::nowhere;
    received errors;
    parking_place<void(error_code, std::size_t)> errors_reader;
    parking_place<void(error_code, std::size_t)> errors_writer;
    std::array<asio::mutable_buffer, parked_buffers> read_into{};
    std::array<asio::const_buffer, parked_buffers> write_from{};
    std::size_t read_into_count = 0;
    std::size_t write_from_count = 0;
    bool errors_first = false;  // whose turn it is when both writers wait

    std::deque<asked> requests;
    std::optional<exit_result> exit;
    parking_place<void(error_code, exit_result)> exit_waiter;
    error_code over;  // why no reply and no exit status can come any more

    /// Nothing more comes: whoever waits for a reply or for the program's end learns why.
    void end(error_code why);
};

}  // namespace detail

// Details.

namespace detail {

#if ADIT_BODIES

ADIT_DECL void session_state::end(error_code why) {
    if (!over) over = why;
    for (asked& request : requests) {
        if (request.waiter) request.waiter.complete(why);
    }
    if (exit_waiter) exit_waiter.complete(why, {});
}

#endif  // ADIT_BODIES

}  // namespace detail

}  // namespace adit
