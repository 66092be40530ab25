// An SSH client in memory, made of the library's own halves over a port without a gate, for tests
// of servers that are written as dialogues: send a message, expect one. The honest lines (greet,
// shake, log_in) are put together here; evil ones are the test's. Its mirror is test_server.hpp.
// Invariants: it sends nothing by itself; its channel numbers are the test's (C42).
#pragma once

#include "support/fixed_random.hpp"
#include "support/raw_port.hpp"
#include "support/sample_keys.hpp"
#include "support/test_server.hpp"

#include <adit/auth/client.hpp>
#include <adit/detail/erase.hpp>
#include <adit/transport/kex_client.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit::test {

struct client_side {
    algorithm_preferences algorithms = fast_algorithms();
    std::string user = "alice";
    bool strict = true;
    bool ext_info = true;
    std::string identification = "SSH-2.0-test";
};

class test_client {
public:
    template <class Stream>
    test_client(Stream&& stream, client_side options)
        : options_(std::move(options)),
          port_(detail::erase(std::forward<Stream>(stream)), protocol::role::client,
                options_.strict, random_),
          kex_(protocol::role::client, options_.algorithms, random_) {
        kex_.our_identification = options_.identification;
    }

    [[nodiscard]] raw_port& port() noexcept { return port_; }
    [[nodiscard]] kex_session& kex() noexcept { return kex_; }

    // Lines of a dialogue.

    /// The next message, which has to be this one. Its views live until the next line.
    template <wire::message M>
    [[nodiscard]] task<M> expect() {
        return port_.receive<M>();
    }
    template <wire::message M>
    void send(const M& message) {
        port_.send(message);
    }
    [[nodiscard]] task<> flush() { return port_.flush(); }
    /// Reads until the server disconnects or closes; its reason, or none.
    [[nodiscard]] task<disconnect_reason> expect_end();

    // The usual lines.

    [[nodiscard]] task<> greet();
    [[nodiscard]] task<> shake();
    /// The service, accepted; what the server says of itself first is read over.
    [[nodiscard]] task<> begin_login();
    /// All of it, with a sample key.
    [[nodiscard]] task<> log_in(byte key);
    void send_kexinit();
    /// Another exchange that we begin while the server is silent.
    [[nodiscard]] task<> rekey();

    // Requests of a login, as payloads.

    [[nodiscard]] std::vector<byte> password_request(std::string_view password) const;
    [[nodiscard]] std::vector<byte> method_request(std::string_view method) const;
    [[nodiscard]] std::vector<byte> key_query(byte key) const;
    /// Signed by `signing_key` for `named_key`, over this session.
    [[nodiscard]] std::vector<byte> key_request(byte named_key, byte signing_key) const;
    void say(const std::vector<byte>& payload) { port_.send_now(payload); }
    /// Sends it and reads the number of the answer.
    [[nodiscard]] task<wire::message_id> ask(std::vector<byte> payload);

    client_side options_;

private:
    [[nodiscard]] host_identity anybody() const {
        host_identity who;
        who.check = [](const host_key_question&) -> task<host_key_answer> {
            co_return host_key_answer::trusted;
        };
        return who;
    }

    fixed_random random_{3};
    raw_port port_;
    kex_session kex_;
    std::vector<byte> their_kexinit_;
};

// Details.

inline void test_client::send_kexinit() {
    const algorithm_preferences& offer = options_.algorithms;
    std::string kex = offer.kex;
    if (kex_.first() && options_.ext_info) kex += "," + std::string(protocol::ext_info_client);
    if (kex_.first() && options_.strict) kex += "," + std::string(protocol::strict_kex_client);
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
    kex_.our_kexinit = payload_of(m);
    port_.send(m);
}

inline task<> test_client::greet() {
    port_.send_line(options_.identification);
    send_kexinit();
    kex_.their_identification = co_await port_.receive_line();
    const protocol::packet packet = co_await port_.receive_packet();
    their_kexinit_.assign(packet.payload.begin(), packet.payload.end());
}

inline task<> test_client::shake() {
    co_await greet();
    protocol::packet first;
    first.payload = their_kexinit_;
    const host_identity who = anybody();
    co_await kex_client(port_, kex_, who, first, protocol::phase::service);
}

inline task<> test_client::begin_login() {
    send(wire::service_request{"ssh-userauth"});
    co_await flush();
    for (bool accepted = false; !accepted;) {
        const protocol::packet packet = co_await port_.receive_packet();
        accepted = packet.id() == wire::message_id::service_accept;
        if (!accepted && packet.id() != wire::message_id::ext_info) {
            throw std::logic_error("begin_login: message " + std::to_string(packet.payload[0]));
        }
    }
}

inline task<> test_client::log_in(byte key) {
    co_await begin_login();
    const wire::message_id answer = co_await ask(key_request(key, key));
    if (answer != wire::message_id::userauth_success) throw std::logic_error("no login");
}

inline task<> test_client::rekey() {
    send_kexinit();
    const protocol::packet kexinit = co_await port_.receive_packet();
    const host_identity who = anybody();
    co_await kex_client(port_, kex_, who, kexinit, protocol::phase::connection);
    co_await flush();
}

inline task<wire::message_id> test_client::ask(std::vector<byte> payload) {
    port_.send_now(payload);
    co_await flush();
    for (;;) {
        const protocol::packet packet = co_await port_.receive_packet();
        if (packet.id() == wire::message_id::userauth_banner) continue;
        co_return packet.id();
    }
}

inline task<disconnect_reason> test_client::expect_end() {
    disconnect_reason reason = disconnect_reason::none;
    try {
        for (;;) {
            const protocol::packet packet = co_await port_.receive_packet();
            if (packet.id() != wire::message_id::disconnect) continue;
            const auto message = value_of(wire::decode<wire::disconnect>(packet.payload));
            reason = static_cast<disconnect_reason>(message.reason_code);
        }
    } catch (const boost::system::system_error& e) {
        const bool gone = e.code() == asio::error::eof || e.code() == asio::error::broken_pipe ||
                          e.code() == asio::error::connection_reset;
        if (!gone) throw;
    }
    co_return reason;
}

inline std::vector<byte> test_client::password_request(std::string_view password) const {
    wire::userauth_password_request m;
    m.user_name = options_.user;
    m.service_name = "ssh-connection";
    m.password = {password};
    return payload_of(m);
}

inline std::vector<byte> test_client::method_request(std::string_view method) const {
    if (method == "keyboard-interactive") {
        wire::userauth_keyboard_interactive_request m;
        m.user_name = options_.user;
        m.service_name = "ssh-connection";
        return payload_of(m);
    }
    return payload_of(wire::userauth_request{options_.user, "ssh-connection", method, {}});
}

inline std::vector<byte> test_client::key_query(byte key) const {
    const keys::public_key named = sample_public_key(key);
    wire::userauth_publickey_query m;
    m.user_name = options_.user;
    m.service_name = "ssh-connection";
    m.algorithm_name = named.type();
    m.public_key = named.blob();
    return payload_of(m);
}

inline std::vector<byte> test_client::key_request(byte named_key, byte signing_key) const {
    const keys::public_key named = sample_public_key(named_key);
    wire::userauth_publickey_signed_data covered;
    covered.session_identifier = kex_.session_id;
    covered.user_name = options_.user;
    covered.service_name = "ssh-connection";
    covered.algorithm_name = named.type();
    covered.public_key = named.blob();
    std::vector<byte> message(wire::fields_size(covered));
    wire::writer w(message);
    wire::put_fields(w, covered);
    const auto signature = sample_key(signing_key).sign(named.type(), message).value();
    wire::userauth_publickey_request m;
    m.user_name = options_.user;
    m.service_name = "ssh-connection";
    m.algorithm_name = named.type();
    m.public_key = named.blob();
    m.signature = signature;
    return payload_of(m);
}

}  // namespace adit::test
