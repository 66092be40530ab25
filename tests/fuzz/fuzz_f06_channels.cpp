// F06: channels behind the login, as a list of operations. The first byte says who is there: our
// client and our server, joined by a pipe, both with virtual applications; or one of them against a
// peer that sends what the input says, lawful or not. No login and no cipher, so that all time goes
// into channels; new keys are agreed on without mathematics. Beside each end of ours a reference
// (channel_model.hpp) reads the wire: a peer that keeps the law is never cut off, one that breaks
// it is, and nothing unlawful is ever sent. Between two of ours every byte arrives once, in order.
// Over 300 lines: the two scenes side by side.
#include "fuzz/channels_end.hpp"
#include "fuzz/check.hpp"
#include "fuzz/input_bytes.hpp"
#include "support/memory_stream.hpp"

#include <adit/crypto/null_cipher.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::fuzz::check;
using adit::fuzz::flow;
using adit::fuzz::input_bytes;
using adit::fuzz::ledger;
using adit::fuzz::operation;
using adit::fuzz::our_end;
using adit::test::memory_stream;
using wire::message_id;

/// New keys without mathematics.
task<> exchange_nothing(adit::packet_stream& stream, adit::kex_session& kex,
                        adit::protocol::packet) {
    adit::send_kexinit(stream, kex);
    stream.enter(adit::protocol::phase::rekey_newkeys);
    adit::cipher_pair none;
    none.opener = std::make_unique<adit::crypto::null_opener>();
    none.sealer = std::make_unique<adit::crypto::null_sealer>();
    stream.prepare_keys(std::move(none));
    stream.send(wire::newkeys{});
    kex.our_kexinit.clear();
    static_cast<void>(co_await stream.receive<wire::newkeys>());
    ++kex.exchanges;
    stream.enter(adit::protocol::phase::connection);
}

task<> exchange_with_nobody(adit::packet_stream&, adit::kex_session&, adit::protocol::packet) {
    throw adit::protocol_error(errc::unexpected_message);
    co_return;
}

// Settings that the input chooses.

[[nodiscard]] adit::limits limits_for(unsigned choice) {
    adit::limits caps;
    constexpr std::array<std::uint32_t, 4> first{256 * 1024, 32 * 1024, 1000, 5000};
    constexpr std::array<std::uint32_t, 4> largest{2 * 1024 * 1024, 64 * 1024, 1000, 40'000};
    caps.first_window = caps.smallest_window = first[choice & 3U];
    caps.largest_window = largest[choice & 3U];
    if ((choice & 4U) != 0) caps.channels = 3;
    if ((choice & 8U) != 0) {
        caps.unsent_bytes = 8 * 1024;
        caps.unsent_bytes_low = 2 * 1024;
        caps.unsent_bytes_channel = 3000;
        caps.channel_quantum = 1000;
    }
    // Nothing here is about the clock.
    caps.open_timeout = caps.keepalive_interval = caps.stalled_write_timeout = {};
    caps.rekey_timeout = std::chrono::hours(1);
    return caps;
}

[[nodiscard]] adit::test::pipe_options pipe_for(unsigned choice) {
    adit::test::pipe_options pipe;
    pipe.record = false;
    if ((choice & 1U) != 0) pipe.most_per_read = 64 + 16 * (choice >> 3U);
    if ((choice & 2U) != 0) pipe.most_per_write = 64 + 16 * (choice >> 3U);
    if ((choice & 4U) != 0) pipe.capacity = 700 + 32 * (choice >> 3U);
    return pipe;
}

constexpr int most_operations = 300;

/// The next operation; it names one of `codes`. `wait` tells whether to let everything happen.
[[nodiscard]] operation next_operation(input_bytes& input, unsigned codes, bool& wait) {
    const unsigned first = input.take();
    wait = first < 128;
    operation op{};
    op.code = (first & 127U) % codes;
    op.a = input.take();
    op.b = input.take();
    op.c = input.take();
    return op;
}

// Our client and our server.

class two_of_ours {
public:
    two_of_ours(input_bytes& input, unsigned settings, unsigned pipe)
        : input_(input),
          client_(adit::protocol::role::client, caps(settings), &books_),
          server_(adit::protocol::role::server, caps(settings), &books_) {
        auto [a, b] = adit::test::memory_pair(ctx_.get_executor(), pipe_for(pipe));
        client_.begin(std::move(a), exchange_nothing);
        server_.begin(std::move(b), exchange_nothing);
    }
    void run();

private:
    [[nodiscard]] static adit::limits caps(unsigned settings) {
        adit::limits l = limits_for(settings);
        constexpr std::array<std::uint64_t, 4> packets{1U << 31U, 5, 20, 60};
        l.rekey_packets = packets[(settings >> 4U) & 3U];
        return l;
    }
    void settle();

    input_bytes& input_;
    ledger books_;
    asio::io_context ctx_{1};
    our_end client_;
    our_end server_;
};

void two_of_ours::settle() {
    ctx_.restart();
    ctx_.poll();
    for (our_end* e : {&client_, &server_}) {
        check(e->in_step(), "two ends of ours stay together");
        e->check_at_rest();
    }
}

void two_of_ours::run() {
    for (int i = 0; i < most_operations && !input_.empty(); ++i) {
        bool wait = false;
        const operation op = next_operation(input_, 12, wait);
        our_end& actor = (op.a & 128U) != 0 ? server_ : client_;
        actor.act(op);
        if (op.code == 0 && (op.b & 1U) != 0) {
            settle();
            server_.answer_next(true);
        }
        if (wait) settle();
    }
    settle();
    for (int turns = 0;; ++turns) {
        check(turns < 100'000, "what was written arrives in bounded turns");
        const bool here = client_.read_all();
        const bool there = server_.read_all();
        settle();
        if (!here && !there) break;
    }
    for (const auto& both : books_) {
        for (const flow& f : both) {
            check(f.read <= f.written, "nothing arrives that was not written");
            check(!f.ended || f.read == f.written, "what comes before the end of data comes");
        }
    }
    client_.close_all(false);
    server_.close_all(true);
    settle();
    client_.close_all(false);  // those that were being opened
    for (int i = 0; i < 8; ++i) server_.answer_next(false);
    settle();
    client_.check_nothing_open();
    server_.check_nothing_open();
    client_.link().finish(errc::connection_closed);
    ctx_.restart();
    ctx_.poll();
    check(ctx_.stopped() && server_.link().finished(), "all ends with the connection");
    client_.end();
    server_.end();
}

// One of ours and somebody else.

class stranger {
public:
    stranger(input_bytes& input, adit::protocol::role ours, unsigned settings, unsigned pipe)
        : input_(input), us_(ours, limits_for(settings), nullptr) {
        auto [a, b] = adit::test::memory_pair(ctx_.get_executor(), pipe_for(pipe));
        raw_ = std::move(b);
        raw_.outgoing()->options.capacity = raw_.outgoing()->options.most_per_write =
            adit::test::unlimited;
        us_.begin(std::move(a), exchange_with_nobody);
        listen();
    }
    void run();

private:
    void listen();
    void act(const operation& op);
    void send(bytes_view payload);
    template <wire::message M>
    void send(const M& message) {
        std::vector<byte> payload(wire::encoded_size(message));
        wire::writer w(payload);
        wire::encode(w, message);
        send(payload);
    }
    void send_data(const operation& op, std::uint32_t number);
    /// Mostly one that there is.
    [[nodiscard]] std::uint32_t number(unsigned choice) {
        const auto& all = us_.model().channels();
        if (all.empty() || choice >= 250) return choice & 3U;
        auto chosen = all.begin();
        std::advance(chosen, choice % all.size());
        return chosen->first;
    }
    void settle();

    input_bytes& input_;
    asio::io_context ctx_{1};
    our_end us_;
    memory_stream raw_;
    std::vector<byte> heard_ = std::vector<byte>(16 * 1024);
    std::uint32_t next_number_ = 1000;
    bool deaf_ = false, listening_ = false;
};

void stranger::listen() {
    if (deaf_ || listening_) return;
    listening_ = true;
    raw_.async_read_some(asio::buffer(heard_), [this](error_code ec, std::size_t) {
        listening_ = false;
        if (!ec) listen();
    });
}

void stranger::send(bytes_view payload) {
    const std::size_t content = std::max<std::size_t>(payload.size(), 1);
    std::size_t padding = 8 - (5 + content) % 8;
    if (padding < 4) padding += 8;
    const std::size_t length = 1 + content + padding;
    auto packet = std::make_shared<std::vector<byte>>(4 + length);
    for (unsigned i = 0; i < 4; ++i) (*packet)[i] = static_cast<byte>(length >> (24 - 8 * i));
    (*packet)[4] = static_cast<byte>(padding);
    std::ranges::copy(payload, packet->begin() + 5);
    raw_.async_write_some(asio::buffer(*packet), [packet](error_code, std::size_t) {});
}

void stranger::send_data(const operation& op, std::uint32_t number) {
    const auto found = us_.model().channels().find(number);
    std::size_t size = op.size();
    if (found != us_.model().channels().end() && (op.b & 0x80U) != 0) {
        // All that the window takes, or a byte more.
        size = static_cast<std::size_t>(found->second.in.open()) + ((op.b & 0x40U) != 0 ? 1 : 0);
        size = std::min<std::size_t>(size, 32 * 1024 + 1);
    }
    const std::vector<byte> data(size, byte{9});
    if (op.code == 15) return send(wire::channel_extended_data{number, op.c, data});
    send(wire::channel_data{number, data});
}

void stranger::act(const operation& op) {
    const std::uint32_t to = number(op.a);
    const std::uint32_t window = op.b == 255 ? 0xffffffff : op.b * 256U * (op.b & 15U) + op.c;
    const std::uint32_t packet = op.c == 1 ? 0 : op.c == 2 ? 0xffffffff : op.c * 128U + 1;
    constexpr std::array<std::string_view, 4> types{"session", "direct-tcpip", "x11", "what"};
    constexpr std::array<std::string_view, 4> requests{"tcpip-forward", "keepalive", "exec", ""};
    switch (op.code) {
        case 12:
            send(wire::channel_open_confirmation{to, next_number_++, window, packet, {}});
            break;
        case 13: send(wire::channel_open_failure{to, op.b, "no", ""}); break;
        case 14:
        case 15: send_data(op, to); break;
        case 16: send(wire::channel_window_adjust{to, window}); break;
        case 17: send(wire::channel_eof{to}); break;
        case 18: send(wire::channel_close{to}); break;
        case 19: send(wire::channel_request{to, requests[op.c & 3U], op.b % 2 != 0, {}}); break;
        case 20: send(wire::channel_success{to}); break;
        case 21: send(wire::global_request{requests[op.c & 3U], op.b % 2 != 0, {}}); break;
        case 22:
            send(wire::channel_open{types[op.a & 3U], next_number_++, window, packet, {}});
            break;
        case 23: {
            const bytes_view raw = input_.take(op.a % 64);
            // NEWKEYS out of turn never gets as far as where the model listens, and numbers in a
            // raw message may be those of other channels.
            const auto id = wire::peek_id(raw).value_or(message_id::newkeys);
            if (id == message_id::newkeys || id == message_id::channel_open ||
                id == message_id::channel_open_confirmation) {
                us_.give_up();
            }
            send(raw);
            break;
        }
        default: deaf_ = !deaf_; listen();
    }
}

void stranger::settle() {
    ctx_.restart();
    ctx_.poll();
    us_.check_end();
    us_.check_at_rest();
}

void stranger::run() {
    for (int i = 0; i < most_operations && !input_.empty() && us_.in_step(); ++i) {
        bool wait = false;
        const operation op = next_operation(input_, 25, wait);
        if (op.code < 12) {
            us_.act(op);
        } else {
            act(op);
        }
        if (wait) settle();
    }
    deaf_ = false;
    listen();
    settle();
    us_.close_all(true);
    settle();
    for (int i = 0; i < 64; ++i) us_.answer_next(false);
    settle();
    us_.check_nothing_open();
    us_.link().finish(errc::connection_closed);
    ctx_.restart();
    ctx_.poll();
    raw_.close();
    ctx_.restart();
    ctx_.poll();
    check(ctx_.stopped(), "all ends with the connection");
    us_.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    input_bytes input({data, size});
    const unsigned who = input.take();
    const unsigned settings = input.take();
    const unsigned pipe = input.take();
    if (who % 2 == 0) {
        two_of_ours(input, settings, pipe).run();
    } else {
        using adit::protocol::role;
        stranger(input, (who & 2U) != 0 ? role::server : role::client, settings, pipe).run();
    }
    return 0;
}
