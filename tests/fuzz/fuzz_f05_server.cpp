// F05: a server before anybody has logged in, against whatever a client sends. The first byte says
// where: 0 the whole server over a byte stream, from the identification on; 1 its half of key
// exchange, packet by packet; 2 the login, packet by packet, with the gate but without a cipher.
// Nobody ever gets in, since the authenticator refuses everybody; nothing is handed over; what is
// sent and what is held stays bounded (L08).
#include "fuzz/check.hpp"
#include "fuzz/scripted_port.hpp"
#include "support/fixed_random.hpp"
#include "support/memory_stream.hpp"
#include "support/sample_keys.hpp"

#include <adit/server.hpp>

#include <boost/asio/write.hpp>

#include <algorithm>
#include <memory>

namespace {

using adit::byte;
using adit::bytes_view;
using adit::task;
using adit::fuzz::check;
using adit::fuzz::scripted_port;

/// Refuses everybody, as those do that it inherits from; but it holds dialogues.
class refuser final : public adit::authenticator {
public:
    [[nodiscard]] task<answer> check_key(const adit::key_question& q) override {
        check(!q.verified, "A06: no proof of a key that was refused is looked at");
        co_return answer();
    }
    [[nodiscard]] task<answer> converse(adit::prompt_dialogue& dialogue) override {
        std::vector<adit::prompt> prompts{{"one", false}, {"two", true}};
        auto asking = dialogue.ask("name", "instruction", std::move(prompts));
        static_cast<void>(co_await std::move(asking));
        co_return answer();
    }
};

[[nodiscard]] std::shared_ptr<adit::server_options> options() {
    const adit::host_key_signers host_keys{
        std::make_shared<adit::key_signer>(adit::test::sample_key(1))};
    auto o = std::make_shared<adit::server_options>(host_keys, std::make_shared<refuser>());
    o->methods = {{"publickey", "password"}, {"keyboard-interactive"}, {"password"}};
    o->random = std::make_shared<adit::test::fixed_random>(byte{5});
    o->limits.failure_delay = {};
    // The stream ends, so nothing has to be waited for.
    o->limits.login_grace = {};
    o->limits.identification_timeout = {};
    o->limits.kex_timeout = {};
    return o;
}

/// Payloads with two bytes of length in front.
class payloads {
public:
    explicit payloads(bytes_view input) : left_(input) {}
    [[nodiscard]] std::vector<byte> operator()() {
        if (left_.size() < 3) return {};
        const std::size_t wanted = left_[0] * 256U + left_[1];
        left_ = left_.subspan(2);
        const bytes_view one = left_.first(std::clamp<std::size_t>(wanted, 1, left_.size()));
        left_ = left_.subspan(one.size());
        return {one.begin(), one.end()};
    }

private:
    bytes_view left_;
};

void fuzz_stream(bytes_view input) {
    boost::asio::io_context ctx(1);
    auto [client_end, server_end] = adit::test::memory_pair(ctx.get_executor(), {});
    const auto outgoing = server_end.outgoing();
    adit::server peer(std::move(server_end), options());
    boost::asio::async_write(client_end, boost::asio::buffer(input.data(), input.size()),
                             [&](auto, auto) { client_end.shutdown_send(); });
    bool done = false;
    peer.async_handshake([&](adit::error_code ec) {
        done = true;
        check(static_cast<bool>(ec), "nobody logs in");
    });
    std::vector<byte> heard(4096);
    std::size_t sent = 0;
    std::function<void()> listen = [&] {
        client_end.async_read_some(boost::asio::buffer(heard), [&](adit::error_code ec, auto n) {
            sent += n;
            if (!ec) listen();
        });
    };
    listen();
    ctx.run();
    check(done, "a handshake whose client has gone ends");
    check(!peer.is_open() && peer.channels() == 0, "nothing is open");
    check(sent <= 8192 + 8 * input.size(), "what is sent is bounded by what came");
}

void fuzz_kex(bytes_view input) {
    const auto o = options();
    payloads script(input);
    scripted_port port(adit::protocol::role::server, adit::protocol::phase::first_kexinit,
                       *o->random, [&] { return script(); });
    adit::algorithm_preferences offer = adit::server_algorithms();
    offer.kex = "curve25519-sha256,ecdh-sha2-nistp256,mlkem768x25519-sha256";
    adit::kex_session kex(adit::protocol::role::server, offer, *o->random);
    kex.their_identification = "SSH-2.0-fuzz";
    static_cast<void>(adit::fuzz::ends_well([&]() -> task<> {
        adit::send_kexinit(port, kex);
        const adit::protocol::packet kexinit = co_await port.receive_packet();
        co_await adit::kex_server(port, kex, o->host_keys, kexinit, adit::protocol::phase::service);
    }));
    check(kex.exchanges <= 1, "one exchange at most");
    check(kex.exchanges == 0 || !kex.session_id.empty(), "an exchange has a session");
}

void fuzz_login(bytes_view input) {
    const auto o = options();
    payloads script(input);
    std::size_t received = 0;
    scripted_port port(adit::protocol::role::server, adit::protocol::phase::service, *o->random,
                       [&] {
                           ++received;
                           return script();
                       });
    port.on_send = [](bytes_view payload) {
        check(payload[0] != static_cast<byte>(adit::wire::message_id::userauth_success),
              "SUCCESS is not sent");
        // PK_OK has the number of INFO_REQUEST, and another layout.
        const bool is_60 = payload[0] == static_cast<byte>(adit::wire::message_id::userauth_pk_ok);
        check(!is_60 || adit::wire::decode<adit::wire::userauth_info_request>(payload),
              "PK_OK is not sent");
    };
    const std::vector<byte> session(32, byte{7});
    std::size_t refusals = 0;
    const adit::auth::server_settings settings{
        *o, session, {"192.0.2.1", 22}, [&](const adit::audit_event& event) {
            ++refusals;
            check(event.what == adit::audit_event::kind::login_refused, "nobody logs in");
        }};
    const bool in = adit::fuzz::ends_well([&]() -> task<> {
        static_cast<void>(co_await adit::auth::authenticate_client(port, settings));
    });
    check(!in, "nobody logs in");
    check(refusals <= 128, "L05: the requests are counted");
    check(port.messages_sent <= 2 * received + 2, "answers come one for one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const bytes_view input = bytes_view(data, size).subspan(1);
    switch (data[0] % 3) {
        case 0: fuzz_stream(input); break;
        case 1: fuzz_kex(input); break;
        default: fuzz_login(input); break;
    }
    return 0;
}
