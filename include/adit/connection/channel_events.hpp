// What each message of the connection protocol does to the channels, and how what the peer asks for
// is answered: the bodies of channel_set's events. Data to readers, room to writers, ends, requests
// and opens of the peer, and what time does to channels. RFC 4254. Used by connection.hpp, for
// every packet behind the login. Invariants: channel_set's.
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/listen_op.hpp>
#include <adit/connection/session_channel.hpp>
#include <adit/transport/packet_port.hpp>

namespace adit::detail {

#if ADIT_BODIES

ADIT_DECL void channel_set::receive(bytes_view payload, const slab_ref& slab) {
    const auto e = table_.receive(payload);
    if (!e) throw protocol_error(e.error());
    on_event(*e, slab);
}

ADIT_DECL void channel_set::on_event(const event& e, const slab_ref& slab) {
    switch (e.what) {
        case kind::data: return on_data(e, slab);
        case kind::window:
            if (channel_core* core = find(e.channel)) core->wake_writer();
            return;
        case kind::extended_data: return on_extended_data(e, slab);
        case kind::opened: return on_opened(e);
        case kind::open_failed: return on_open_failed(e);
        case kind::eof:
            if (channel_core* core = find(e.channel)) {
                core->read_end = asio::error::eof;
                touched_.push_back(core->shared_from_this());
            }
            return;
        case kind::close: return on_close(e);
        case kind::request: return on_request(e);
        case kind::peer_open: return on_peer_open(e);
        case kind::global_request: return on_global_request(e);
        case kind::reply: return on_reply(e);
        case kind::global_reply: return on_global_reply(e);
        case kind::nothing: return;
    }
}

ADIT_DECL void channel_set::on_data(const event& e, const slab_ref& slab) {
    channel_core* core = find(e.channel);
    if (core == nullptr || core->handle_gone) return grant(e.channel, e.data.size());
    keep(*core, core->data, e.data, slab);
}

ADIT_DECL void channel_set::keep(channel_core& core, received& queue, bytes_view view,
                                 const slab_ref& slab) {
    ++core.moved;
    queue.push(slab, view);
    if (touched_.empty() || touched_.back().get() != &core) {
        touched_.push_back(core.shared_from_this());
    }
}

// What nobody reads, such as a type that is no standard error, is granted again at once, or it
// would stall the channel (C45).
ADIT_DECL void channel_set::on_extended_data(const event& e, const slab_ref& slab) {
    channel_core* core = find(e.channel);
    const bool wanted = core != nullptr && !core->handle_gone && core->session != nullptr &&
                        e.code == wire::extended_data_stderr;
    const errors_go where = wanted ? core->session->errors_to : errors_go::nowhere;
    if (core != nullptr) ++core->moved;
    switch (where) {
        case errors_go::nowhere: return grant(e.channel, e.data.size());
        case errors_go::into_queue: return keep(*core, core->session->errors, e.data, slab);
        case errors_go::into_data: return keep(*core, core->data, e.data, slab);
    }
}

ADIT_DECL void channel_set::settle(const slab_ref& slab, std::size_t used) {
    for (const auto& core : touched_) {
        core->wake_reader();
        const bool settled =
            core->data.settle(*pool_, slab, used) &&
            (core->session == nullptr || core->session->errors.settle(*pool_, slab, used));
        if (!settled) throw protocol_error(errc::out_of_memory);
    }
    touched_.clear();
}

ADIT_DECL void channel_set::on_opened(const event& e) {
    channel_core* core = find(e.channel);
    if (core == nullptr) return;
    // Nobody waits any more: the late confirmation is answered with CLOSE (T13).
    if (!core->opening) return close(*core, true);
    core->opening.complete({});
}

ADIT_DECL void channel_set::on_open_failed(const event& e) {
    if (channel_core* core = find(e.channel)) {
        const auto why = [code = static_cast<open_failure>(e.code)] {
            switch (code) {
                case open_failure::administratively_prohibited:
                    return errc::open_administratively_prohibited;
                case open_failure::connect_failed: return errc::open_connect_failed;
                case open_failure::unknown_channel_type: return errc::open_unknown_channel_type;
                case open_failure::resource_shortage: return errc::open_resource_shortage;
            }
            return errc::open_failed;
        }();
        core->peer_words = escaped(as_text(e.data), 256);
        core->end(why, why);
    }
    release_if_done(e.channel);
}

// C46: what came before is delivered first. CLOSE without EOF is normal from some servers and is an
// end of data, unless the peer is known to mean a reset by it (security.md section 4).
ADIT_DECL void channel_set::on_close(const event& e) {
    channel_core* core = find(e.channel);
    if (core == nullptr) return release_if_done(e.channel);
    touched_.push_back(core->shared_from_this());
    if (!core->read_end) {
        core->read_end =
            reset_on_bare_close ? error_code(errc::channel_reset) : error_code(asio::error::eof);
    }
    close(*core, true);
    if (!core->write_end) core->write_end = errc::channel_closed;
    core->wake_writer();
    if (core->requesting) core->requesting.complete({});
    if (core->flushed) core->flushed.complete(errc::channel_closed);
    if (core->session != nullptr) core->session->end(errc::channel_closed);
    release_if_done(e.channel);
}

ADIT_DECL void channel_set::on_peer_open(const event& e) {
    const bool forwarded = remote_listeners::is_forwarded(e.open.channel_type);
    const auto refused = forwarded ? listeners_.offer(e.open) : incoming_.offer(e.open);
    if (!refused) return forwarded ? incoming_.count_open() : incoming_ready_.notify();
    const auto words = [code = *refused]() -> std::string_view {
        switch (code) {
            case open_failure::unknown_channel_type: return "unknown channel type";
            case open_failure::resource_shortage: return "too many channels wait";
            default: return "not requested";
        }
    }();
    send(wire::channel_open_failure{e.open.sender_channel, static_cast<wire::u32>(*refused), words,
                                    ""});
}

ADIT_DECL void channel_set::on_request(const event& e) {
    channel_core* core = find(e.channel);
    if (core != nullptr && core->takes_requests && !core->handle_gone) {
        std::size_t held = e.data.size();
        for (const peer_request& r : core->requests) held += r.data.size();
        if (core->requests.size() >= caps_.channel_requests || held > caps_.packet) {
            throw protocol_error(errc::too_many_pending_replies);
        }
        core->requests.push_back({std::string(e.name), e.want_reply, {}});
        core->requests.back().data.assign(e.data.begin(), e.data.end());
        if (core->requesting) core->requesting.complete({});
        return;
    }
    if (core != nullptr && core->session != nullptr && !core->takes_requests) {
        return on_session_request(*core, e);
    }
    // C47: exactly one reply, and none behind our CLOSE.
    if (!e.want_reply || !table_.state(e.channel).may_send_other()) return;
    send(wire::channel_failure{table_.peer_number(e.channel)});
}

// What a server asks or tells on a session of ours. Only the first end counts.
ADIT_DECL void channel_set::on_session_request(channel_core& core, const event& e) {
    std::optional<exit_result> exit;
    if (e.name == wire::exit_status::request_type) {
        exit.emplace().status = value_of(wire::decode_fields<wire::exit_status>(e.data)).status;
    } else if (e.name == wire::exit_signal::request_type) {
        const auto m = value_of(wire::decode_fields<wire::exit_signal>(e.data));
        exit = exit_result{
            {}, escaped(m.signal_name, 64), m.core_dumped, escaped(m.error_message, 256)};
    }
    if (e.want_reply) answer_request(core, exit.has_value());
    session_state& s = *core.session;
    if (!exit || s.exit) return;
    s.exit = std::move(exit);
    if (s.exit_waiter) s.exit_waiter.complete({}, *s.exit);
}

// C47: in the order of the requests, whether or not somebody still waits.
ADIT_DECL void channel_set::on_reply(const event& e) {
    channel_core* core = find(e.channel);
    if (core == nullptr || core->session == nullptr || core->session->requests.empty()) return;
    session_state::asked& first = core->session->requests.front();
    if (first.waiter) {
        if (!e.success && report != nullptr) {
            report->subject = first.what;
            report->peer_text.clear();
        }
        first.waiter.complete(e.success ? error_code() : error_code(errc::request_refused));
    }
    core->session->requests.pop_front();
}

ADIT_DECL result<std::shared_ptr<channel_core>> channel_set::accept(const unanswered& open) {
    incoming_.answered_open();
    wire::channel_open asked;
    asked.sender_channel = open.sender_channel;
    asked.initial_window_size = open.window;
    asked.maximum_packet_size = open.packet;
    const auto number = table_.accept(asked);
    if (!number) {
        if (open.name == "session") incoming_.session_over();
        send(wire::channel_open_failure{open.sender_channel,
                                        static_cast<wire::u32>(open_failure::resource_shortage),
                                        "too many channels", ""});
        return number.error();
    }
    auto core = add_core(*number, open.name);
    core->is_session = open.name == "session";
    core->takes_requests = core->is_session;
    if (core->is_session) core->session = std::make_unique<session_state>(ex_);
    send(wire::channel_open_confirmation{
        open.sender_channel, *number, table_.incoming(*number).target(), caps_.channel_packet, {}});
    return core;
}

ADIT_DECL void channel_set::refuse(const unanswered& open, open_failure why,
                                   std::string_view words) {
    incoming_.answered_open();
    if (open.name == "session") incoming_.session_over();
    send(wire::channel_open_failure{open.sender_channel, static_cast<wire::u32>(why), words, ""});
}

ADIT_DECL void channel_set::answer_global(const unanswered& request, global_answer answer) {
    incoming_.answer(request.ticket, std::move(answer));
    send_global_answers();
}

ADIT_DECL void channel_set::on_global_request(const event& e) {
    incoming_.offer(wire::global_request{e.name, e.want_reply, {e.data}});
    if (!incoming_.empty()) incoming_ready_.notify();
    send_global_answers();
}

ADIT_DECL void channel_set::send_global_answers() {
    while (const auto answer = incoming_.next_answer()) {
        if (answer->success) {
            send(wire::request_success{{answer->data}});
        } else {
            send(wire::request_failure{});
        }
    }
}

// The clock of a channel begins when it is first looked at; one that the peer has not confirmed, or
// that waits for the peer's CLOSE only, has other deadlines.
ADIT_DECL void channel_set::close_idle(std::chrono::steady_clock::time_point now) {
    for (std::size_t i = 0; i < cores_.size(); ++i) {
        const auto core = cores_[i];
        if (core == nullptr || core->idle_limit.count() == 0) continue;
        const bool moved = core->moved != core->seen_moved || core->opening;
        if (moved || core->last_moved == decltype(core->last_moved)()) {
            core->seen_moved = core->moved;
            core->last_moved = now;
        } else if (now - core->last_moved >= core->idle_limit &&
                   table_.state(core->number).may_send_other()) {
            core->end(errc::channel_idle, errc::channel_idle);
            close(*core, true);
        }
    }
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
