// An SSH server in memory, made of the library's own halves over a port without a gate, for tests
// that are written as dialogues: expect a message, reply with one. What it does is said line by
// line in the test's coroutine; greet, shake, log_in and echo are the usual lines put together.
// Invariants: its channel numbers differ from the client's (C42); it sends nothing by itself.
#pragma once

#include "support/fixed_random.hpp"
#include "support/raw_port.hpp"
#include "support/sample_keys.hpp"

#include <adit/detail/erase.hpp>
#include <adit/transport/kex_server.hpp>
#include <adit/wire/auth_messages.hpp>
#include <adit/wire/connection_messages.hpp>
#include <adit/wire/transport_messages.hpp>

#include <boost/asio/error.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit::test {

/// Methods that cost little; for both sides.
[[nodiscard]] inline algorithm_preferences fast_algorithms() {
    algorithm_preferences p;
    p.kex = "curve25519-sha256";
    return p;
}

struct test_server_options {
    algorithm_preferences algorithms = fast_algorithms();
    byte host_key = 1;  ///< the number of a sample key
    bool strict = true;
    bool kex_packet_follows = false;
    std::vector<std::vector<byte>> guessed{};  ///< sent behind every KEXINIT
    std::string identification = "SSH-2.0-test";
};

/// What a server says about a channel that it opened.
struct channel_terms {
    std::uint32_t number = 1000;
    std::uint32_t window = 1024 * 1024;
    std::uint32_t packet = 32 * 1024;
};

class test_server {
public:
    template <class Stream>
    test_server(Stream&& stream, test_server_options options)
        : options_(std::move(options)),
          port_(detail::erase(std::forward<Stream>(stream)), protocol::role::server,
                options_.strict, random_),
          kex_(protocol::role::server, options_.algorithms, random_),
          host_keys_(keys_of(options_.host_key)) {
        kex_.our_identification = options_.identification;
    }

    [[nodiscard]] raw_port& port() noexcept { return port_; }
    [[nodiscard]] kex_session& kex() noexcept { return kex_; }
    /// The host key of the exchanges to come.
    void use_host_key(byte number) { host_keys_ = keys_of(number); }
    void use_signer(std::shared_ptr<signer> key) { host_keys_ = {std::move(key)}; }

    // Lines of a dialogue.

    /// The next message, which has to be this one. Its views live until the next line.
    template <wire::message M>
    [[nodiscard]] task<M> expect() {
        return port_.receive<M>();
    }
    template <wire::message M>
    void reply(const M& message) {
        port_.send(message);
    }
    [[nodiscard]] task<> flush() { return port_.flush(); }
    /// Reads until the client disconnects; what it gives as its reason.
    [[nodiscard]] task<disconnect_reason> expect_disconnect();
    /// Reads until the client has gone, whatever it says before.
    [[nodiscard]] task<> expect_end();

    // The usual lines.

    /// Both identifications and both KEXINITs.
    [[nodiscard]] task<> greet();
    /// And the rest of the first key exchange.
    [[nodiscard]] task<> shake();
    [[nodiscard]] task<> accept_service();
    /// Takes the service and whatever request comes first.
    [[nodiscard]] task<> log_in();
    [[nodiscard]] task<> make_ready();
    void send_kexinit();
    /// An exchange that the client's KEXINIT has begun, or answers.
    [[nodiscard]] task<> exchange(protocol::packet kexinit);
    /// An exchange that we begin while the client is silent.
    [[nodiscard]] task<> rekey();
    /// The client's number of the channel.
    [[nodiscard]] task<std::uint32_t> accept_channel(channel_terms terms);

    /// Answers opens, echoes data, EOF and CLOSE, refuses requests, until the client disconnects.
    [[nodiscard]] task<> echo(channel_terms terms = channel_terms());
    /// The same until a channel is open.
    [[nodiscard]] task<> echo_open_channel(channel_terms terms = channel_terms());
    /// The same until `done` says so behind a message.
    [[nodiscard]] task<> echo_until(std::function<bool()> done,
                                    channel_terms terms = channel_terms());

private:
    struct echoed {
        std::uint32_t peer = 0;
        std::uint64_t window = 0;
        std::string pending;
        bool eof = false;
        bool eof_sent = false;
    };
    [[nodiscard]] static host_key_signers keys_of(byte number) {
        return {std::make_shared<key_signer>(sample_key(number))};
    }
    [[nodiscard]] task<bool> echo_one(const protocol::packet& packet, channel_terms& terms);
    void echo_data(const protocol::packet& packet);
    void echo_open(const protocol::packet& packet, channel_terms& terms);
    void pump(echoed& c);

    test_server_options options_;
    fixed_random random_{2};
    raw_port port_;
    kex_session kex_;
    host_key_signers host_keys_;
    std::vector<byte> their_kexinit_;
    std::map<std::uint32_t, echoed> channels_;  // by our number
};

// Details.

inline void test_server::send_kexinit() {
    const algorithm_preferences& offer = options_.algorithms;
    std::string kex = offer.kex;
    if (kex_.first() && options_.strict) kex += "," + std::string(protocol::strict_kex_server);
    wire::kexinit m;
    random_.fill(m.cookie);
    m.kex_algorithms = {kex};
    m.server_host_key_algorithms = {offer.host_keys};
    m.encryption_algorithms_client_to_server = {offer.ciphers};
    m.encryption_algorithms_server_to_client = {offer.ciphers};
    m.mac_algorithms_client_to_server = {offer.macs};
    m.mac_algorithms_server_to_client = {offer.macs};
    m.compression_algorithms_client_to_server = {"none"};
    m.compression_algorithms_server_to_client = {"none"};
    m.first_kex_packet_follows = options_.kex_packet_follows;
    kex_.our_kexinit = payload_of(m);
    port_.send(m);
    for (const auto& payload : options_.guessed) port_.send_now(payload);
}

inline task<> test_server::greet() {
    port_.send_line(options_.identification);
    send_kexinit();
    kex_.their_identification = co_await port_.receive_line();
    const protocol::packet packet = co_await port_.receive_packet();
    their_kexinit_.assign(packet.payload.begin(), packet.payload.end());
}

inline task<> test_server::shake() {
    co_await greet();
    protocol::packet first;
    first.payload = their_kexinit_;
    co_await kex_server(port_, kex_, host_keys_, first, protocol::phase::service);
}

inline task<> test_server::accept_service() {
    const auto request = co_await expect<wire::service_request>();
    reply(wire::service_accept{request.service_name});
}

inline task<> test_server::log_in() {
    co_await accept_service();
    static_cast<void>(co_await expect<wire::userauth_request>());
    reply(wire::userauth_success{});
    co_await flush();
}

inline task<> test_server::make_ready() {
    co_await shake();
    co_await log_in();
}

inline task<> test_server::exchange(protocol::packet kexinit) {
    if (kex_.our_kexinit.empty()) send_kexinit();
    co_await kex_server(port_, kex_, host_keys_, kexinit, protocol::phase::connection);
}

inline task<> test_server::rekey() {
    send_kexinit();
    const protocol::packet kexinit = co_await port_.receive_packet();
    co_await exchange(kexinit);
    co_await flush();
}

inline task<disconnect_reason> test_server::expect_disconnect() {
    for (;;) {
        const protocol::packet packet = co_await port_.receive_packet();
        if (packet.id() != wire::message_id::disconnect) continue;
        const auto message = value_of(wire::decode<wire::disconnect>(packet.payload));
        co_return static_cast<disconnect_reason>(message.reason_code);
    }
}

inline task<> test_server::expect_end() {
    try {
        for (;;) static_cast<void>(co_await port_.receive_packet());
    } catch (const boost::system::system_error& e) {
        const bool gone = e.code() == asio::error::eof || e.code() == asio::error::broken_pipe ||
                          e.code() == asio::error::connection_reset;
        if (!gone) throw;
    }
}

inline task<std::uint32_t> test_server::accept_channel(channel_terms terms) {
    const auto open = co_await expect<wire::channel_open>();
    reply(wire::channel_open_confirmation{
        open.sender_channel, terms.number, terms.window, terms.packet, {}});
    const std::uint32_t number = open.sender_channel;
    co_await flush();
    co_return number;
}

inline task<> test_server::echo(channel_terms terms) {
    try {
        const auto never = [] { return false; };
        co_await echo_until(never, terms);
    } catch (const protocol_error&) {
        // A client may leave in the middle of an exchange.
        if (port_.seen(wire::message_id::disconnect) == 0) throw;
    }
}

inline task<> test_server::echo_open_channel(channel_terms terms) {
    const std::size_t before = channels_.size();
    const auto done = [this, before] { return channels_.size() > before; };
    co_await echo_until(done, terms);
}

inline task<> test_server::echo_until(std::function<bool()> done, channel_terms terms) {
    bool goes_on = true;
    while (goes_on) {
        const protocol::packet packet = co_await port_.receive_packet();
        goes_on = co_await echo_one(packet, terms);
        co_await flush();
        goes_on = goes_on && !done();
    }
}

inline task<bool> test_server::echo_one(const protocol::packet& packet, channel_terms& terms) {
    using wire::message_id;
    switch (packet.id()) {
        case message_id::disconnect: co_return false;
        case message_id::kexinit: co_await exchange(packet); break;
        case message_id::channel_open: echo_open(packet, terms); break;
        case message_id::channel_data: echo_data(packet); break;
        case message_id::channel_window_adjust: {
            const auto m = value_of(wire::decode<wire::channel_window_adjust>(packet.payload));
            echoed& c = channels_.at(m.recipient_channel);
            c.window += m.bytes_to_add;
            pump(c);
            break;
        }
        case message_id::channel_eof: {
            const auto m = value_of(wire::decode<wire::channel_eof>(packet.payload));
            echoed& c = channels_.at(m.recipient_channel);
            c.eof = true;
            pump(c);
            break;
        }
        case message_id::channel_close: {
            const auto m = value_of(wire::decode<wire::channel_close>(packet.payload));
            reply(wire::channel_close{channels_.at(m.recipient_channel).peer});
            channels_.erase(m.recipient_channel);
            break;
        }
        case message_id::global_request: reply(wire::request_failure{}); break;
        default: throw std::logic_error("echo: message " + std::to_string(packet.payload[0]));
    }
    co_return true;
}

inline void test_server::echo_open(const protocol::packet& packet, channel_terms& terms) {
    const auto m = value_of(wire::decode<wire::channel_open>(packet.payload));
    channels_[terms.number] = {m.sender_channel, m.initial_window_size, {}};
    reply(wire::channel_open_confirmation{
        m.sender_channel, terms.number, terms.window, terms.packet, {}});
    ++terms.number;
}

inline void test_server::echo_data(const protocol::packet& packet) {
    const auto m = value_of(wire::decode<wire::channel_data>(packet.payload));
    echoed& c = channels_.at(m.recipient_channel);
    if (c.eof) throw std::logic_error("data after EOF");
    c.pending += as_text(m.data);
    reply(wire::channel_window_adjust{c.peer, static_cast<wire::u32>(m.data.size())});
    pump(c);
}

inline void test_server::pump(echoed& c) {
    constexpr std::size_t largest = 32 * 1024;
    std::size_t done = 0;
    while (c.window != 0 && done < c.pending.size()) {
        const std::size_t n =
            std::min({largest, c.pending.size() - done, static_cast<std::size_t>(c.window)});
        reply(wire::channel_data{c.peer, as_bytes(std::string_view(c.pending).substr(done, n))});
        c.window -= n;
        done += n;
    }
    c.pending.erase(0, done);
    if (c.eof && c.pending.empty() && !std::exchange(c.eof_sent, true)) {
        reply(wire::channel_eof{c.peer});
    }
}

}  // namespace adit::test
