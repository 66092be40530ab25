// What the tests of evil clients share: a server whose authenticator lets everybody in that proves
// anything, a client that says what a test likes, and what has to be true however it ends. Used by
// the evil_client_*.cpp beside it; its mirror is the victim of evil_kex.cpp.
// Invariant: meets() requires that nobody is logged in, no channel is open and no slab is held.
#pragma once

#include "support/server_scene.hpp"
#include "unit/crypto/suites.hpp"

#include <adit/keys/signature.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::test {

/// Takes every key, password and set of answers: only what comes before it can refuse.
class credulous final : public authenticator {
public:
    [[nodiscard]] task<answer> check_key(const key_question& q) override {
        ++(q.verified ? verified : wanted);
        co_return permissions::all();
    }
    [[nodiscard]] task<answer> check_password(const login_question&,
                                              const secret_bytes& password) override {
        ++passwords;
        last_size = password.size();
        co_return permissions::all();
    }
    [[nodiscard]] task<answer> converse(prompt_dialogue& dialogue) override {
        std::vector<prompt> asking(prompts, prompt{"? ", false});
        auto answering = dialogue.ask("", "", std::move(asking));
        const std::vector<secret_bytes> given = co_await std::move(answering);
        answers += given.size();
        ++dialogues;
        co_return permissions::all();
    }

    std::size_t prompts = 1;
    std::size_t wanted = 0, verified = 0, passwords = 0, dialogues = 0, answers = 0;
    std::size_t last_size = 0;
};

struct attack {
    using octets = std::vector<byte>;
    server_scene s;
    std::shared_ptr<credulous> judge = std::make_shared<credulous>();

    attack() { s.options->authentication = judge; }

    [[nodiscard]] test_client& c() { return s.client(); }
    /// The server's error; the client says what it says and then only listens.
    [[nodiscard]] error_code meets(const server_scene::part& evil);
    /// The same behind a key exchange and the service.
    [[nodiscard]] error_code meets_login(const server_scene::part& evil);
    [[nodiscard]] server_scene::part honest_but_for_what_was_injected();

    disconnect_reason told = disconnect_reason::none;
};

/// Both answers of the gate.
[[nodiscard]] inline bool refused_by_the_gate(const error_code& ec) {
    return ec == errc::unexpected_message || ec == errc::strict_kex_violation;
}

inline void use(server_scene& s, const suite& chosen) {
    for (algorithm_preferences* p : {&s.options->algorithms, &s.client_options.algorithms}) {
        p->ciphers = chosen.cipher->name;
        if (chosen.mac != nullptr) p->macs = chosen.mac->name;
    }
}

/// The next packet of the client's as it would go on the wire; the client has "sent" it.
[[nodiscard]] inline std::vector<byte> seal(test_client& c, bytes_view payload) {
    protocol::outbound& out = c.port().out();
    protocol::chunk place = out.reserve(payload.size());
    std::ranges::copy(payload, place.room().begin());
    place.size = static_cast<std::uint32_t>(payload.size());
    const bytes_view sealed = value_of(out.seal(place));
    return {sealed.begin(), sealed.end()};
}

[[nodiscard]] inline task<> write(test_client& c, std::vector<byte> bytes) {
    asio::const_buffer left(bytes.data(), bytes.size());
    while (left.size() != 0) {
        const detail::const_buffers all(&left, 1);
        left += co_await c.port().stream().write_some(all);
    }
}

/// What a publickey request for this key has to sign.
[[nodiscard]] inline std::vector<byte> covered_by(test_client& c, std::string_view algorithm,
                                                  bytes_view blob) {
    wire::userauth_publickey_signed_data covered;
    covered.session_identifier = c.kex().session_id;
    covered.user_name = c.options_.user;
    covered.service_name = "ssh-connection";
    covered.algorithm_name = algorithm;
    covered.public_key = blob;
    std::vector<byte> message(wire::fields_size(covered));
    wire::writer w(message);
    wire::put_fields(w, covered);
    return message;
}

[[nodiscard]] inline std::vector<byte> key_request_of(test_client& c, std::string_view algorithm,
                                                      bytes_view blob, bytes_view signature) {
    wire::userauth_publickey_request m;
    m.user_name = c.options_.user;
    m.service_name = "ssh-connection";
    m.algorithm_name = algorithm;
    m.public_key = blob;
    m.signature = signature;
    return payload_of(m);
}

[[nodiscard]] inline std::vector<byte> key_query_of(test_client& c, std::string_view algorithm,
                                                    bytes_view blob) {
    wire::userauth_publickey_query m;
    m.user_name = c.options_.user;
    m.service_name = "ssh-connection";
    m.algorithm_name = algorithm;
    m.public_key = blob;
    return payload_of(m);
}

/// Answers to prompts, as many as are said to be there.
[[nodiscard]] inline std::vector<byte> info_response(std::uint32_t count,
                                                     const std::vector<std::string>& answers) {
    std::size_t size = 0;
    for (const std::string& one : answers) size += 4 + one.size();
    std::vector<byte> encoded(size);
    wire::writer w(encoded);
    for (const std::string& one : answers) w.put_string(as_bytes(one));
    return payload_of(wire::userauth_info_response{count, {encoded}});
}

/// A channel that the client asked for and the server took. The client calls it `number`.
struct taken_channel {
    channel ours;
    std::uint32_t server_number = 0;
};

[[nodiscard]] inline std::vector<byte> direct_tcpip_open(std::uint32_t number,
                                                         std::string_view host = "db.internal",
                                                         std::uint32_t port = 5432) {
    const wire::direct_tcpip fields{host, port, "192.0.2.9", 4000};
    std::vector<byte> data(wire::fields_size(fields));
    wire::writer w(data);
    wire::put_fields(w, fields);
    return payload_of(wire::channel_open{"direct-tcpip", number, 1U << 20U, 32 * 1024, {data}});
}

[[nodiscard]] inline std::vector<byte> session_open(std::uint32_t number) {
    return payload_of(wire::channel_open{"session", number, 1U << 20U, 32 * 1024, {}});
}

[[nodiscard]] inline task<incoming> next_incoming(server& peer) {
    auto accepting = peer.async_accept(asio::deferred);
    co_return co_await std::move(accepting);
}

/// The client sends this CHANNEL_OPEN, and the server takes it.
[[nodiscard]] inline taken_channel take_channel(server_scene& s, std::vector<byte> open) {
    taken_channel result;
    const auto accepts = [&]() -> task<> {
        incoming asked = co_await next_incoming(s.peer());
        result.ours = asked.accept();
    };
    const auto opens = [&]() -> task<> {
        s.client().say(open);
        co_await s.client().flush();
        const auto m = co_await s.client().expect<wire::channel_open_confirmation>();
        result.server_number = m.sender_channel;
    };
    s.play({accepts, opens});
    return result;
}

/// How the connection ends when the client says this and then only listens.
[[nodiscard]] inline error_code end_after(server_scene& s,
                                          const std::vector<std::vector<byte>>& payloads) {
    const auto evil = [&]() -> task<> {
        for (const auto& payload : payloads) {
            s.client().say(payload);
            co_await s.client().flush();
        }
        static_cast<void>(co_await s.client().expect_end());
    };
    s.play({evil});
    return s.link().error();
}

/// One request that has to get one answer, its own.
inline void still_answers(server_scene& s) {
    const std::vector<byte> request = payload_of(wire::global_request{"still@there", true, {}});
    const auto asks = [&]() -> task<> {
        s.client().say(request);
        co_await s.client().flush();
        static_cast<void>(co_await s.client().expect<wire::request_failure>());
    };
    s.play({asks});
}

/// A rekey whose first packet is of a method that the server does not have.
[[nodiscard]] inline task<> rekey_with_wrong_guess(server_scene& s) {
    test_client& c = s.client();
    const algorithm_preferences& offer = c.options_.algorithms;
    const std::string kex = "ecdh-sha2-nistp256," + offer.kex;
    wire::kexinit m;
    m.kex_algorithms = {kex};
    m.server_host_key_algorithms = {offer.host_keys};
    m.encryption_algorithms_client_to_server = {offer.ciphers};
    m.encryption_algorithms_server_to_client = {offer.ciphers};
    m.mac_algorithms_client_to_server = {offer.macs};
    m.mac_algorithms_server_to_client = {offer.macs};
    m.compression_algorithms_client_to_server = {"none"};
    m.compression_algorithms_server_to_client = {"none"};
    m.first_kex_packet_follows = true;
    c.kex().our_kexinit = payload_of(m);
    c.send(m);
    const std::vector<byte> guess(65, 4);
    c.send(wire::kex_ecdh_init{guess});
    host_identity who;
    who.check = [](const host_key_question&) -> task<host_key_answer> {
        co_return host_key_answer::trusted;
    };
    const protocol::packet kexinit = co_await c.port().receive_packet();
    co_await kex_client(c.port(), c.kex(), who, kexinit, protocol::phase::connection);
    co_await c.flush();
}

// Details.

inline error_code attack::meets(const server_scene::part& evil) {
    const auto plays = [&]() -> task<> {
        try {
            co_await evil();
            told = co_await s.client().expect_end();
        } catch (const boost::system::system_error&) {
            // The server has gone.
            co_return;
        }
    };
    const error_code ec = s.handshake_against(plays);
    BOOST_TEST(!s.peer().is_open());
    BOOST_TEST(s.peer().who().user.empty());
    BOOST_TEST(s.peer().channels() == 0U);
    BOOST_TEST(s.client().port().seen(wire::message_id::userauth_success) == 0U);
    s.finish();
    return ec;
}

inline error_code attack::meets_login(const server_scene::part& evil) {
    return meets([this, &evil]() -> task<> {
        co_await s.client().shake();
        co_await s.client().begin_login();
        co_await evil();
    });
}

inline server_scene::part attack::honest_but_for_what_was_injected() {
    return [this]() -> task<> {
        co_await s.client().shake();
        s.client().send(wire::service_request{"ssh-userauth"});
        s.client().say(s.client().key_request(7, 7));
    };
}

}  // namespace adit::test
