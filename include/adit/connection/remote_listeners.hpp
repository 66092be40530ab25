// The listeners that we asked the peer for (RFC 4254 section 7.1, OpenSSH's PROTOCOL section 2.4),
// and the channels that came for each and were not looked at yet. Used by channel_set, which sends
// what has to be sent, and by remote_listener.hpp.
// Invariants (A26): a channel is taken only for a listener that the peer has granted, by address
// and port as we named them, the port being the one that it told where we named none; each keeps a
// bounded number of them (L23).
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/incoming.hpp>
#include <adit/detail/parking_place.hpp>
#include <adit/detail/signal.hpp>
#include <adit/transport/packet_port.hpp>
#include <adit/wire/channel_types.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit::detail {

/// One of them. Its handle and the connection share it.
struct remote_listening {
    remote_listening(const executor& ex, bool socket, std::string name, std::uint16_t number)
        : is_socket(socket), host(std::move(name)), port(number), granting(ex), ready(ex) {}

    bool is_socket;
    std::string host;  ///< or the socket's path
    std::uint16_t port;
    parking_place<void(error_code)> granting;  ///< who asked, until the reply
    std::deque<unanswered> waiting;
    signal ready;     ///< something waits, or nothing will
    error_code over;  ///< why nothing comes any more

    void end(error_code why);
};

class remote_listeners {
public:
    explicit remote_listeners(const limits& caps) : most_waiting_(caps.pending_accepts) {}

    /// A request has left with this ticket.
    void asked(std::uint64_t ticket, std::shared_ptr<remote_listening> one) {
        asked_[ticket] = std::move(one);
    }
    /// Its reply; the listener if it stands now and nobody wants it any more. Throws protocol_error
    /// for a port that is none.
    [[nodiscard]] std::shared_ptr<remote_listening> replied(std::uint64_t ticket, bool success,
                                                            bytes_view data);
    /// Takes a channel for one of them, or says why not.
    [[nodiscard]] std::optional<open_failure> offer(const wire::channel_open& m);
    /// Whether it stood.
    bool remove(const std::shared_ptr<remote_listening>& one) {
        return std::erase(granted_, one) != 0;
    }
    void end(error_code why);

    [[nodiscard]] static bool is_forwarded(std::string_view type) noexcept {
        return type == wire::forwarded_tcpip::channel_type ||
               type == wire::forwarded_streamlocal::channel_type;
    }

private:
    [[nodiscard]] remote_listening* find(const wire::channel_open& m) const;

    std::size_t most_waiting_;
    std::map<std::uint64_t, std::shared_ptr<remote_listening>> asked_;
    std::vector<std::shared_ptr<remote_listening>> granted_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL void remote_listening::end(error_code why) {
    if (over) return;
    over = why;
    waiting.clear();
    if (granting) granting.complete(why);
    ready.close();
}

ADIT_DECL std::shared_ptr<remote_listening> remote_listeners::replied(std::uint64_t ticket,
                                                                      bool success,
                                                                      bytes_view data) {
    const auto found = asked_.find(ticket);
    if (found == asked_.end()) return nullptr;
    auto one = std::move(found->second);
    asked_.erase(found);
    if (!success) {
        one->end(errc::request_refused);
        return nullptr;
    }
    if (!one->is_socket && one->port == 0) {
        const auto reply = value_of(wire::decode_fields<wire::tcpip_forward_reply>(data));
        if (reply.port_bound == 0 || reply.port_bound > 0xffff) {
            throw protocol_error(errc::malformed_field);
        }
        one->port = static_cast<std::uint16_t>(reply.port_bound);
    }
    granted_.push_back(one);
    if (!one->granting) return one;
    one->granting.complete({});
    return nullptr;
}

ADIT_DECL remote_listening* remote_listeners::find(const wire::channel_open& m) const {
    const bytes_view data = m.channel_data.bytes;
    std::string_view host;
    std::uint32_t port = 0;
    const bool is_socket = m.channel_type == wire::forwarded_streamlocal::channel_type;
    if (is_socket) {
        const auto fields = wire::decode_fields<wire::forwarded_streamlocal>(data);
        if (fields) host = fields->socket_path;
    } else {
        const auto fields = wire::decode_fields<wire::forwarded_tcpip>(data);
        if (fields) host = fields->address_connected;
        if (fields) port = fields->port_connected;
    }
    const auto names_it = [&](const auto& one) {
        return one->is_socket == is_socket && one->host == host && one->port == port;
    };
    const auto found = std::ranges::find_if(granted_, names_it);
    return found == granted_.end() ? nullptr : found->get();
}

ADIT_DECL std::optional<open_failure> remote_listeners::offer(const wire::channel_open& m) {
    const bytes_view data = m.channel_data.bytes;
    const bool usable = m.maximum_packet_size != 0 &&  // C41
                        data.size() <= incoming_queue::most_data;
    remote_listening* const one = usable ? find(m) : nullptr;
    if (one == nullptr) return open_failure::administratively_prohibited;
    if (one->waiting.size() >= most_waiting_) return open_failure::resource_shortage;
    unanswered open;
    open.name = std::string(m.channel_type);
    open.data.assign(data.begin(), data.end());
    open.sender_channel = m.sender_channel;
    open.window = m.initial_window_size;
    open.packet = m.maximum_packet_size;
    one->waiting.push_back(std::move(open));
    one->ready.notify();
    return std::nullopt;
}

ADIT_DECL void remote_listeners::end(error_code why) {
    for (const auto& [ticket, one] : std::exchange(asked_, {})) one->end(why);
    for (const auto& one : std::exchange(granted_, {})) one->end(why);
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
