// What a peer asks a server for and what has to be decided: channels that it wants to open (RFC
// 4254 section 5.1) and global requests (section 4), in the order in which they came. Used by
// channel_set, which sends the answers, and by server.hpp, which hands them to the embedder.
// Invariants: a role that takes nothing queues nothing; what is queued is bounded (L11, L14); the
// replies to global requests leave in the order of the requests, however they are decided (C39).
#pragma once

#include <adit/bodies.hpp>
#include <adit/error.hpp>
#include <adit/limits.hpp>
#include <adit/wire/connection_messages.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit::detail {

struct unanswered {
    enum class kind : std::uint8_t { open, global_request };
    kind what = kind::open;
    std::string name;        ///< the channel's type, or the request's name
    std::vector<byte> data;  ///< what depends on the name
    std::uint32_t sender_channel = 0, window = 0, packet = 0;
    bool want_reply = false;
    std::uint64_t ticket = 0;  ///< of the reply
};

/// The reply to a global request, once it is there.
struct global_answer {
    bool success = false;
    std::vector<byte> data;
};

class incoming_queue {
public:
    /// The longest that means anything is a Unix socket's path, or two hosts of any names (L12).
    static constexpr std::size_t most_data = 4096;

    explicit incoming_queue(const limits& caps) : caps_(caps) {}

    /// From now on channels and requests of a client are taken; before, all are refused.
    void serve() noexcept { serving_ = true; }

    /// Takes an open, or says why not.
    [[nodiscard]] std::optional<open_failure> offer(const wire::channel_open& m);
    /// An open waits elsewhere, for one of our listeners.
    void count_open() noexcept { ++pending_opens_; }
    /// An open has been answered.
    void answered_open() noexcept { --pending_opens_; }
    [[nodiscard]] std::size_t pending_opens() const noexcept { return pending_opens_; }
    /// A session has ended.
    void session_over() noexcept { --sessions_; }

    /// Takes a request, or answers it at once. Throws protocol_error when there are too many (L14).
    void offer(const wire::global_request& m);
    void answer(std::uint64_t ticket, global_answer answer);
    /// The next reply whose turn has come.
    [[nodiscard]] std::optional<global_answer> next_answer();

    [[nodiscard]] std::optional<unanswered> take();
    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

private:
    struct slot {
        std::uint64_t ticket;
        std::optional<global_answer> answer;
    };
    [[nodiscard]] static bool is_session(std::string_view type) noexcept {
        return type == "session";
    }

    limits caps_;
    bool serving_ = false;
    std::deque<unanswered> waiting_;
    std::size_t pending_opens_ = 0;
    std::size_t sessions_ = 0;  // pending and open
    std::deque<slot> replies_;
    std::uint64_t last_ticket_ = 0;
};

// Details.

#if ADIT_BODIES

ADIT_DECL std::optional<open_failure> incoming_queue::offer(const wire::channel_open& m) {
    constexpr std::array<std::string_view, 3> served{"direct-tcpip",
                                                     "direct-streamlocal@openssh.com", "session"};
    // What a server may open and a client never asked for (A26).
    constexpr std::array<std::string_view, 4> not_asked_for{
        "forwarded-tcpip", "forwarded-streamlocal@openssh.com", "x11", "auth-agent@openssh.com"};
    const bool known = std::ranges::find(served, m.channel_type) != served.end();
    if (!known || !serving_) {
        const bool named =
            known || std::ranges::find(not_asked_for, m.channel_type) != not_asked_for.end();
        return named ? open_failure::administratively_prohibited
                     : open_failure::unknown_channel_type;
    }
    const bool unusable = m.maximum_packet_size == 0 ||  // C41
                          m.channel_data.bytes.size() > most_data;
    if (unusable) return open_failure::administratively_prohibited;
    if (pending_opens_ >= caps_.pending_opens) return open_failure::resource_shortage;
    if (is_session(m.channel_type)) {
        if (sessions_ >= caps_.sessions) return open_failure::resource_shortage;
        ++sessions_;
    }
    ++pending_opens_;
    const bytes_view data = m.channel_data.bytes;
    unanswered open;
    open.name = std::string(m.channel_type);
    open.data.assign(data.begin(), data.end());
    open.sender_channel = m.sender_channel;
    open.window = m.initial_window_size;
    open.packet = m.maximum_packet_size;
    waiting_.push_back(std::move(open));
    return std::nullopt;
}

ADIT_DECL void incoming_queue::offer(const wire::global_request& m) {
    constexpr std::array<std::string_view, 4> served{"tcpip-forward", "cancel-tcpip-forward",
                                                     "streamlocal-forward@openssh.com",
                                                     "cancel-streamlocal-forward@openssh.com"};
    const bool known = serving_ && std::ranges::find(served, m.request_name) != served.end() &&
                       m.request_data.bytes.size() <= most_data;
    if (replies_.size() >= caps_.pending_replies || waiting_.size() >= caps_.pending_replies) {
        throw protocol_error(errc::too_many_pending_replies);
    }
    const std::uint64_t ticket = ++last_ticket_;
    if (m.want_reply) {
        replies_.push_back({ticket, known ? std::nullopt : std::optional(global_answer())});
    }
    if (!known) return;
    const bytes_view data = m.request_data.bytes;
    unanswered request;
    request.what = unanswered::kind::global_request;
    request.name = std::string(m.request_name);
    request.data.assign(data.begin(), data.end());
    request.want_reply = m.want_reply;
    request.ticket = ticket;
    waiting_.push_back(std::move(request));
}

ADIT_DECL void incoming_queue::answer(std::uint64_t ticket, global_answer answer) {
    const auto found = std::ranges::find(replies_, ticket, &slot::ticket);
    if (found != replies_.end()) found->answer = std::move(answer);
}

ADIT_DECL std::optional<global_answer> incoming_queue::next_answer() {
    if (replies_.empty() || !replies_.front().answer) return std::nullopt;
    std::optional<global_answer> answer = std::move(replies_.front().answer);
    replies_.pop_front();
    return answer;
}

ADIT_DECL std::optional<unanswered> incoming_queue::take() {
    if (waiting_.empty()) return std::nullopt;
    std::optional<unanswered> first(std::move(waiting_.front()));
    waiting_.pop_front();
    return first;
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
