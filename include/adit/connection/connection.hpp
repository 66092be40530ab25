// An authenticated connection at work, RFC 4254 over RFC 4253: one loop reads and dispatches, one
// gathers, seals and writes, one looks at the clock. Operations of channels touch none of them:
// they move bytes or park. Made by client.hpp (and servers), which run the handshake on stream()
// first. Not thread-safe: everything runs in one implicit or explicit strand, the stream's
// executor. Invariants: the reader never awaits a consumer; from our KEXINIT to our NEWKEYS only
// key exchange is written (C16); finish() happens once, and after it every operation has an end.
// Over 300 lines: three loops and their one shared state.
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/channel_events.hpp>
#include <adit/detail/boot_clock.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/parking_lot.hpp>
#include <adit/detail/signal.hpp>
#include <adit/protocol/life_signs.hpp>
#include <adit/protocol/rekey_budget.hpp>
#include <adit/protocol/rekey_clock.hpp>
#include <adit/transport/kex_session.hpp>
#include <adit/transport/packet_stream.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace adit::detail {

class connection final : public std::enable_shared_from_this<connection> {
public:
    using clock = std::chrono::steady_clock;
    /// Our half of a key exchange that the peer's KEXINIT has begun.
    using kex_half = std::function<task<>(packet_stream&, kex_session&, protocol::packet)>;

    connection(packet_stream_parts parts, algorithm_preferences preferences,
               std::shared_ptr<crypto::random_source> random);

    [[nodiscard]] executor get_executor() { return ex_; }
    [[nodiscard]] packet_stream& stream() noexcept { return stream_; }
    [[nodiscard]] kex_session& kex() noexcept { return kex_; }
    [[nodiscard]] channel_set& channels() noexcept { return channels_; }

    /// After authentication: the loops begin.
    void start(kex_half half);
    /// Ends everything with this error, once. The peer is told why if it is still there.
    void finish(error_code ec);
    /// Before start(): tells the peer why, as far as it listens, and closes the stream.
    /// It must not run under a cancellation that has been requested already.
    [[nodiscard]] task<> refuse(error_code ec);
    [[nodiscard]] bool finished() const noexcept { return finished_; }
    [[nodiscard]] error_code error() const noexcept { return error_; }
    /// Called once by finish(), with what ended the connection; must not throw.
    std::function<void(error_code)> on_finish;

    /// Completes with the error that ended the connection. Cancellation: total.
    template <class Token>
    auto async_wait_finished(Token&& token);

    [[nodiscard]] const protocol::life_signs& life() const noexcept { return life_; }
    [[nodiscard]] std::uint64_t rekeys() const noexcept {
        return kex_.exchanges == 0 ? 0 : kex_.exchanges - 1;
    }

private:
    static task<> read_loop(std::shared_ptr<connection> self);
    static task<> write_loop(std::shared_ptr<connection> self);
    static task<> watch_loop(std::shared_ptr<connection> self);
    enum class loop : std::uint8_t { reader, writer, watch };
    void spawn(loop which, task<> body);
    void on_loop_end(loop which, std::exception_ptr thrown);

    /// Takes in what has come; a KEXINIT ends the batch and is returned.
    [[nodiscard]] std::optional<protocol::packet> dispatch_batch();
    [[nodiscard]] task<> exchange_keys(protocol::packet their_kexinit);
    [[nodiscard]] task<> wait_for_budget();
    void count_work();
    [[nodiscard]] task<> wait_for_replies_to_leave();
    [[nodiscard]] std::size_t replies_waiting() noexcept {
        return channels_.queued().control_size() + stream_.replies_waiting();
    }
    void begin_rekey();
    void note_new_keys();
    [[nodiscard]] bool rekey_due() noexcept;
    [[nodiscard]] std::size_t gather(std::span<protocol::chunk> batch);

    void tick(clock::time_point now);
    void wake_up(clock::time_point now, const protocol::clock_watch::gap& gap);
    void keep_alive(clock::time_point now);
    void check_progress(clock::time_point now);
    void check_use(clock::time_point now);

    executor ex_;
    std::shared_ptr<crypto::random_source> random_;  // outlives stream_ and kex_
    packet_stream stream_;
    kex_session kex_;
    signal wake_writer_;
    signal replies_left_;
    channel_set channels_;
    kex_half half_;
    protocol::rekey_clock rekey_;
    protocol::rekey_budget budget_;
    protocol::clock_watch watch_;
    protocol::life_signs life_;
    asio::steady_timer timer_;
    asio::steady_timer rekey_pause_;
    parking_lot finished_waiters_;

    bool started_ = false;
    bool finished_ = false;
    bool exchanging_ = false;  // from the first KEXINIT of either side to both NEWKEYS
    bool delaying_ = false;    // the peer's KEXINIT waits
    bool writing_ = false;
    bool writer_done_ = false;
    error_code error_;

    clock::time_point exchange_began_;
    clock::time_point last_sent_;
    clock::time_point last_used_;
    clock::duration counted_work_{0};
    std::uint64_t seen_channels_ = 0;
    std::uint64_t seen_sent_ = 0;
};

// Details.

template <class Token>
auto connection::async_wait_finished(Token&& token) {
    const auto initiate = [self = shared_from_this()](auto&& handler) {
        using Handler = decltype(handler);
        if (!self->finished_) {
            self->finished_waiters_.park(self, std::forward<Handler>(handler));
            return;
        }
        parked_handler<void(error_code)> ready(std::forward<Handler>(handler), self->ex_);
        ready.post(self->error_);
    };
    return asio::async_initiate<Token, void(error_code)>(initiate, token);
}

#if ADIT_BODIES

ADIT_DECL connection::connection(packet_stream_parts parts, algorithm_preferences preferences,
                                 std::shared_ptr<crypto::random_source> random)
    : ex_(parts.stream->get_executor()),
      random_(std::move(random)),
      stream_(std::move(parts)),
      kex_(stream_.role(), std::move(preferences), *random_),
      wake_writer_(ex_),
      replies_left_(ex_),
      channels_(ex_, stream_.caps(), stream_.out(), stream_.pool(), wake_writer_),
      rekey_(stream_.caps(), clock::now()),
      budget_(stream_.caps(), clock::now()),
      watch_(clock::now(), boot_time()),
      life_(stream_.caps(), clock::now()),
      timer_(ex_),
      rekey_pause_(ex_),
      finished_waiters_(ex_) {
    channels_.report = &stream_.report();
}

ADIT_DECL void connection::start(kex_half half) {
    half_ = std::move(half);
    stream_.enter(protocol::phase::connection);
    stream_.report().stage = stage::established;
    stream_.attach_writer(wake_writer_);
    const auto now = clock::now();
    note_new_keys();
    count_work();
    last_sent_ = last_used_ = now;
    life_.begin(now);
    watch_ = protocol::clock_watch(now, boot_time());
    started_ = true;
    spawn(loop::reader, read_loop(shared_from_this()));
    spawn(loop::writer, write_loop(shared_from_this()));
    spawn(loop::watch, watch_loop(shared_from_this()));
}

ADIT_DECL void connection::spawn(loop which, task<> body) {
    asio::co_spawn(ex_, std::move(body),
                   [weak = weak_from_this(), which](std::exception_ptr thrown) {
                       if (const auto self = weak.lock()) {
                           self->on_loop_end(which, std::move(thrown));
                       }
                   });
}

// Whatever ends a loop ends the connection; what is not ours to know leaves run().
ADIT_DECL void connection::on_loop_end(loop which, std::exception_ptr thrown) {
    if (which == loop::writer) {
        writer_done_ = true;
        timer_.cancel();
    }
    if (!thrown) return;
    try {
        std::rethrow_exception(std::move(thrown));
    } catch (const boost::system::system_error& e) {
        finish(e.code());
    } catch (const std::bad_alloc&) {
        finish(errc::out_of_memory);
    }
}

/// What a stream's error means to a connection: it is lost, unless it says something of its own.
[[nodiscard]] inline error_code lost_connection(error_code ec) noexcept {
    return ec.category() == category() ? ec : error_code(errc::connection_lost);
}

ADIT_DECL void connection::finish(error_code ec) {
    if (std::exchange(finished_, true)) return;
    error_ = lost_connection(ec);
    if (error_ != ec) stream_.report().subject = ec.message();
    const auto why = static_cast<errc>(error_.value());
    const bool peer_is_gone = why == errc::connection_lost || why == errc::disconnected_by_peer ||
                              why == errc::keepalive_lost;
    // Words about a channel that was refused are not about this.
    const bool about_a_channel = started_ && why != errc::disconnected_by_peer;
    if (about_a_channel) stream_.report().peer_text.clear();
    channels_.end(error_);
    if (peer_is_gone || !started_) {
        stream_.stream().close(close_mode::abortive);
    } else {
        stream_.queue_disconnect(reason_for(why),
                                 why == errc::connection_closed ? "" : error_.message());
    }
    // An exchange that waits for a thread, or for a signature, has nothing to say behind that.
    stream_.stop();
    rekey_pause_.cancel();
    wake_writer_.notify();
    replies_left_.close();
    timer_.cancel();
    finished_waiters_.complete_all(error_);
    if (const auto told = std::exchange(on_finish, nullptr)) told(error_);
}

ADIT_DECL task<> connection::refuse(error_code ec) {
    const bool peer_listens = ec.category() == category() && ec != errc::disconnected_by_peer &&
                              ec != errc::not_an_ssh_server && ec != errc::deadline_exceeded &&
                              ec != errc::connection_lost;
    if (peer_listens) {
        stream_.queue_disconnect(reason_for(static_cast<errc>(ec.value())), ec.message());
        try {
            auto farewell = door(
                ex_, [self = shared_from_this()] { return self->stream_.flush(); }, asio::deferred);
            co_await with_deadline(std::move(farewell), std::chrono::seconds(1));
        } catch (const boost::system::system_error&) {
            // The peer is gone, or does not read; it cannot be told.
            stream_.queue().clear();
        }
    }
    stream_.stream().close(close_mode::orderly);
}

// The reader.

ADIT_DECL task<> connection::read_loop(std::shared_ptr<connection> self) {
    while (!self->finished_) {
        const auto kexinit = self->dispatch_batch();
        if (kexinit) {
            co_await self->exchange_keys(*kexinit);
            continue;
        }
        co_await self->wait_for_replies_to_leave();
        if (!self->finished_) co_await self->stream_.fill();
    }
}

ADIT_DECL std::optional<protocol::packet> connection::dispatch_batch() {
    if (life_.listening()) life_.hear(clock::now(), stream_.bytes_received());
    std::optional<protocol::packet> kexinit;
    protocol::packet packet;
    while (!finished_ && !kexinit && stream_.next(packet) == packet_stream::step::packet) {
        if (packet.id() == wire::message_id::kexinit) {
            kexinit = packet;
        } else if (packet.id() != wire::message_id::userauth_request) {
            // A login that was sent behind its success is not looked at (C31).
            channels_.receive(packet.payload, stream_.in().memory());
        }
    }
    channels_.settle(stream_.in().memory(), stream_.in().memory_used());
    if (!kexinit && rekey_due()) begin_rekey();
    return kexinit;
}

// Between the peer's KEXINIT and its NEWKEYS nothing but key exchange comes in, so the reader
// itself runs it: what is behind NEWKEYS cannot be read before it is done anyway.
ADIT_DECL task<> connection::exchange_keys(protocol::packet their_kexinit) {
    // The KEXINIT itself has been counted already. One packet of ours is enough: OpenSSH with a
    // tiny RekeyLimit asks for new keys before it sends anything with those it has.
    const bool moved =
        stream_.in().packets_since_keys() > 1 || stream_.out().packets_since_keys() > 0;
    // L20; what we began ourselves (by the clock, perhaps) the peer only answers.
    if (!moved && !exchanging_) throw protocol_error(errc::rekey_too_often);
    if (!exchanging_) co_await wait_for_budget();
    if (finished_) co_return;
    if (!std::exchange(exchanging_, true)) exchange_began_ = clock::now();
    co_await half_(stream_, kex_, their_kexinit);
    exchanging_ = false;
    note_new_keys();
    count_work();
    stream_.report().stage = stage::established;
    wake_writer_.notify();
}

// L20: an exchange too many is left unread, with all that is behind it, and then served.
ADIT_DECL task<> connection::wait_for_budget() {
    delaying_ = true;
    while (!finished_ && !exchanging_) {
        const auto now = clock::now();
        const auto ready = budget_.ready(now);
        if (ready <= now) break;
        rekey_pause_.expires_at(ready);
        auto waited = rekey_pause_.async_wait(asio::as_tuple(asio::deferred));
        static_cast<void>(co_await std::move(waited));
    }
    delaying_ = false;
}

ADIT_DECL void connection::count_work() {
    budget_.spend(clock::now(), kex_.work - std::exchange(counted_work_, kex_.work));
}

// L14: a peer that makes us answer without reading the answers is not read any more.
ADIT_DECL task<> connection::wait_for_replies_to_leave() {
    const std::size_t most = stream_.caps().pending_replies;
    // Nothing leaves while keys are exchanged, and the reader has to go on: it ends there (A10).
    if (!kex_.our_kexinit.empty() && replies_waiting() > 16 * most + stream_.caps().channels) {
        throw protocol_error(errc::too_many_pending_replies);
    }
    while (!finished_ && replies_waiting() > most && kex_.our_kexinit.empty()) {
        co_await replies_left_.wait();
    }
}

ADIT_DECL bool connection::rekey_due() noexcept {
    const protocol::inbound& in = stream_.in();
    const protocol::outbound& out = stream_.out();
    // An exchange may be over before our NEWKEYS is sealed; until then the counters are the old
    // ones.
    if (exchanging_ || out.keys_pending()) return false;
    return rekey_.due({out.packets_since_keys(), out.bytes_since_keys()},
                      {in.packets_since_keys(), in.bytes_since_keys()});
}

ADIT_DECL void connection::begin_rekey() {
    if (std::exchange(exchanging_, true)) return;
    exchange_began_ = clock::now();
    send_kexinit(stream_, kex_);
    // The gate is closed now, and the replies that the reader may wait for stay behind it.
    replies_left_.notify();
}

// RekeyLimit may ask for more than a cipher can bear (C18).
ADIT_DECL void connection::note_new_keys() {
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    for (const std::string* name : {&kex_.agreed.cipher_to_server, &kex_.agreed.cipher_to_client}) {
        const crypto::cipher_algorithm* cipher = crypto::find_cipher(*name);
        if (cipher != nullptr) most = std::min(most, cipher->rekey_bytes);
    }
    rekey_.keys_changed(clock::now(), most);
}

// The writer.

ADIT_DECL task<> connection::write_loop(std::shared_ptr<connection> self) {
    std::array<protocol::chunk, most_buffers - 1> batch;
    for (;;) {
        const std::size_t count = self->gather(batch);
        if (count == 0) {
            self->stream_.out().rest();
            self->channels_.after_write();
            if (self->finished_) break;
            co_await self->wake_writer_.wait();
            continue;
        }
        self->writing_ = true;
        co_await self->stream_.write(std::span(batch).first(count));
        self->writing_ = false;
        if (self->finished_) continue;
        self->channels_.after_write();
        if (self->replies_waiting() <= self->stream_.caps().pending_replies) {
            self->replies_left_.notify();
        }
        if (self->rekey_due()) self->begin_rekey();
    }
    self->stream_.stream().close(close_mode::orderly);
}

// Key exchange and transport messages first; the rest only while the gate is open (C16).
ADIT_DECL std::size_t connection::gather(std::span<protocol::chunk> batch) {
    std::size_t count = 0;
    auto& urgent = stream_.queue();
    for (; count < batch.size() && !urgent.empty(); ++count) {
        batch[count] = std::move(urgent.front());
        urgent.pop_front();
    }
    if (finished_ || !kex_.our_kexinit.empty()) return count;
    constexpr std::size_t largest_batch = std::size_t{512} * 1024;
    const std::uint64_t used = stream_.out().bytes_since_keys();
    const std::uint64_t limit = stream_.caps().rekey_bytes;
    const std::size_t before_rekey = limit == 0
                                         ? largest_batch
                                         : static_cast<std::size_t>(std::min<std::uint64_t>(
                                               largest_batch, limit > used ? limit - used : 1));
    return count + channels_.queued().gather(batch.subspan(count), before_rekey);
}

// The clock.

ADIT_DECL task<> connection::watch_loop(std::shared_ptr<connection> self) {
    const auto step = self->life_.tick_length();
    while (!self->finished_) {
        self->timer_.expires_after(step);
        try {
            auto waited = self->timer_.async_wait(asio::deferred);
            co_await std::move(waited);
        } catch (const boost::system::system_error&) {
            if (!self->finished_) throw;
        }
        if (!self->finished_) self->tick(clock::now());
    }
    // The farewell may take a second; a peer that does not take it is not waited for.
    if (self->writer_done_) co_return;
    self->timer_.expires_after(std::chrono::seconds(1));
    auto farewell = self->timer_.async_wait(asio::deferred);
    co_await std::move(farewell);
    self->stream_.stream().close(close_mode::abortive);
}

// T07: after a sleep nobody knows whether the peer is still there, and what waited has not waited.
ADIT_DECL void connection::wake_up(clock::time_point now, const protocol::clock_watch::gap& gap) {
    rekey_.slept(gap.slept);
    last_sent_ = last_used_ = exchange_began_ = now;
    life_.woken(now, stream_.bytes_received());
}

ADIT_DECL void connection::tick(clock::time_point now) {
    const limits& caps = stream_.caps();
    const auto gap = watch_.look(now, boot_time(), life_.tick_length());
    if (life_.must_ask(gap)) wake_up(now, gap);
    if (!exchanging_ && rekey_.due(now)) begin_rekey();
    if (exchanging_ && now - exchange_began_ > caps.rekey_timeout) {
        return finish(errc::deadline_exceeded);
    }
    check_progress(now);
    if (!finished_) check_use(now);
    if (!finished_) keep_alive(now);
    // Thousands of connections that rest must not each keep what they needed in their best hour.
    if (stream_.pool().in_use() == 0) stream_.pool().trim();
}

// L17: bytes are queued and none leave.
ADIT_DECL void connection::check_progress(clock::time_point now) {
    const auto most = stream_.caps().stalled_write_timeout;
    if (!writing_ || stream_.bytes_sent() != seen_sent_ || most.count() == 0) {
        seen_sent_ = stream_.bytes_sent();
        last_sent_ = now;
    } else if (now - last_sent_ > most) {
        finish(errc::connection_lost);
    }
}

// L19: channels that rest, and a connection without any. An open that waits for its answer counts.
ADIT_DECL void connection::check_use(clock::time_point now) {
    channels_.close_idle(now);
    const auto most = stream_.caps().unused_connection_timeout;
    const bool used = channels_.in_use() || channels_.made() != seen_channels_;
    if (used || most.count() == 0) {
        seen_channels_ = channels_.made();
        last_used_ = now;
    } else if (now - last_used_ >= most) {
        finish(errc::connection_unused);
    }
}

// L18: whatever comes in is a sign of life, also a refusal of the request (C39).
ADIT_DECL void connection::keep_alive(clock::time_point now) {
    using verdict = protocol::life_signs::verdict;
    switch (life_.look(now, stream_.bytes_received(), delaying_)) {
        case verdict::alive: return;
        case verdict::dead: return finish(errc::keepalive_lost);
        case verdict::ask:
            channels_.expect_global_reply(0);
            channels_.send(wire::global_request{"keepalive@openssh.com", true, {}});
    }
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
