// One channel's shared state: what was received, why it ended, and who waits for what. The public
// channel is a handle on it; channel_set moves it on. RFC 4254 section 5.
// Invariants: one reader and one writer at a time; a parked operation is completed by post, never
// inside the call that caused it; received data is delivered before the reason of an end.
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/received.hpp>
#include <adit/connection/session_state.hpp>
#include <adit/detail/io_result.hpp>
#include <adit/detail/parking_place.hpp>
#include <adit/detail/task.hpp>
#include <adit/wire/message.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace adit::detail {

class channel_set;

/// What the peer asks on a channel, RFC 4254 section 5.4.
struct peer_request {
    std::string type;
    bool want_reply = false;
    std::vector<byte> data;  ///< what depends on the type

    /// The fields of this type's struct in wire/channel_requests.hpp; they look into `data`.
    template <class Fields>
    [[nodiscard]] result<Fields> as() const {
        if (type != Fields::request_type) return errc::unexpected_message;
        return wire::decode_fields<Fields>(data);
    }
};

struct channel_core : std::enable_shared_from_this<channel_core> {
    channel_core(channel_set& set, const executor& e, std::uint32_t own_number)
        : owner(&set),
          ex(e),
          number(own_number),
          opening(e),
          reader(e),
          readable(e),
          writer(e),
          writable(e),
          closing(e),
          requesting(e),
          flushed(e) {}

    channel_set* owner;  // null when the channel or its connection is over
    executor ex;
    std::uint32_t number;

    received data;
    error_code read_end;   // why reading ends once `data` is empty: eof, or worse
    error_code write_end;  // why nothing more can be written
    bool handle_gone = false;
    bool starved = false;         // waits for room in the outbox
    std::string peer_words;       // why the peer refused it, escaped
    bool is_session = false;      // that the peer has opened
    bool takes_requests = false;  // otherwise they are refused at once
    bool owes_answer = false;     // to the latest request that was handed out

    std::chrono::milliseconds idle_limit{0};  // L19; zero: none
    std::uint64_t moved = 0;                  // counts whatever moves on the channel
    std::uint64_t seen_moved = 0;             // at the time
    std::chrono::steady_clock::time_point last_moved;

    std::deque<peer_request> requests;

    parking_place<void(error_code)> opening;
    parking_place<void(error_code, std::size_t)> reader;
    parking_place<void(error_code)> readable;
    parking_place<void(error_code, std::size_t)> writer;
    parking_place<void(error_code)> writable;
    parking_place<void(error_code)> closing;     // completes when the channel is over
    parking_place<void(error_code)> requesting;  // completes when there is a request, or an end
    parking_place<void(error_code)> flushed;     // completes when our EOF is in the stream
    std::array<asio::mutable_buffer, parked_buffers> read_into{};
    std::array<asio::const_buffer, parked_buffers> write_from{};
    std::size_t read_into_count = 0;
    std::size_t write_from_count = 0;
    std::unique_ptr<session_state> session;  // of session channels, never taken away

    /// Whether bytes are received that nobody has taken.
    [[nodiscard]] bool holds_data() const noexcept {
        return !data.empty() || (session != nullptr && !session->errors.empty());
    }
    void drop_received() noexcept;

    [[nodiscard]] bool may_read() const noexcept {
        return !data.empty() || static_cast<bool>(read_end);
    }
    /// Moves received bytes into the buffers and gives the window back; never waits.
    [[nodiscard]] io_result read(std::span<const asio::mutable_buffer> buffers);
    /// Queues bytes as far as window and queue allow; would_block when they do not.
    [[nodiscard]] io_result write(std::span<const asio::const_buffer> buffers);
    /// Whether a byte could be queued now; if not, wake_writer() is called when that changes.
    [[nodiscard]] bool may_write();
    /// n received bytes have been used up.
    void consumed(std::size_t n);
    // The same for a session's standard error.
    [[nodiscard]] bool may_read_errors() const noexcept {
        return !session->errors.empty() || static_cast<bool>(read_end);
    }
    [[nodiscard]] io_result read_errors(std::span<const asio::mutable_buffer> buffers);
    [[nodiscard]] io_result write_errors(std::span<const asio::const_buffer> buffers);
    /// From now on; what has come already goes there, too.
    void direct_errors(errors_go where);

    /// Our end of data, behind everything written.
    void shutdown();

    void wake_reader();
    void wake_writer();
    /// Ends both directions. What was received can still be read.
    void end(error_code reading, error_code writing);

private:
    void wake_errors_reader();
    void wake_errors_writer();
    void wake_data_writer();
};

// Details.

#if ADIT_BODIES

ADIT_DECL void channel_core::drop_received() noexcept {
    data.clear();
    if (session != nullptr) session->errors.clear();
}

ADIT_DECL void channel_core::wake_reader() {
    if (session != nullptr) wake_errors_reader();
    if (!may_read()) return;
    if (reader) {
        const io_result r = read(std::span(read_into).first(read_into_count));
        reader.complete(r.ec, r.size);
    }
    if (readable && may_read()) readable.complete({});
}

ADIT_DECL void channel_core::wake_errors_reader() {
    session_state& s = *session;
    if (!s.errors_reader || !may_read_errors()) return;
    const io_result r = read_errors(std::span(s.read_into).first(s.read_into_count));
    s.errors_reader.complete(r.ec, r.size);
}

// Where both streams of a session wait for the one window, they take turns.
ADIT_DECL void channel_core::wake_writer() {
    if (session == nullptr) return wake_data_writer();
    const bool errors_first = session->errors_first;
    if (errors_first) wake_errors_writer();
    wake_data_writer();
    if (!errors_first) wake_errors_writer();
}

ADIT_DECL void channel_core::wake_data_writer() {
    if (!writer && !writable) return;
    if (!write_end && !may_write()) return;
    if (writer) {
        const io_result r = write(std::span(write_from).first(write_from_count));
        if (r.ec == asio::error::would_block) return;
        if (session != nullptr) session->errors_first = true;
        writer.complete(r.ec, r.size);
    }
    if (writable && (write_end || may_write())) writable.complete({});
}

ADIT_DECL void channel_core::wake_errors_writer() {
    session_state& s = *session;
    if (!s.errors_writer) return;
    const io_result r = write_errors(std::span(s.write_from).first(s.write_from_count));
    if (r.ec == asio::error::would_block) return;
    s.errors_first = false;
    s.errors_writer.complete(r.ec, r.size);
}

ADIT_DECL void channel_core::end(error_code reading, error_code writing) {
    if (!read_end) read_end = reading;
    if (!write_end) write_end = writing;
    if (opening) opening.complete(writing);
    wake_reader();
    wake_writer();
    if (closing) closing.complete(writing);
    if (requesting) requesting.complete({});
    if (flushed) flushed.complete(writing);
    if (session != nullptr) session->end(writing);
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
