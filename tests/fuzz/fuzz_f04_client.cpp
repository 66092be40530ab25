// F04: a client before and while it logs in, against whatever a server sends. The first byte says
// where: 0 the whole client over a byte stream, from the identification on, with seeds that a real
// server of ours once answered so; 1 its half of key exchange, packet by packet; 2 the login,
// packet by packet, with the gate but without a cipher; 3 the whole client and a real key exchange
// with a server that slips messages in between and says what it likes behind it. The second byte
// chooses how the client logs in. What must hold is in watched_client.hpp; and what is sent and
// what is held stays bounded, and everything ends.
#include "fuzz/check.hpp"
#include "fuzz/scripted_port.hpp"
#include "fuzz/watched_client.hpp"
#include "support/memory_stream.hpp"
#include "support/test_server.hpp"

#include <adit/auth/client.hpp>
#include <adit/transport/kex_client.hpp>

#include <boost/asio/write.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

namespace adit::fuzz {

/// Lets the target look at the connection behind a client.
template <auto Member>
struct reveal_state {
    friend auto& state_of(client& c) { return c.*Member; }
};
auto& state_of(client& c);
template struct reveal_state<&client::state_>;

}  // namespace adit::fuzz

namespace {

using adit::byte;
using adit::bytes_view;
using adit::error_code;
using adit::task;
using adit::fuzz::check;
using adit::fuzz::client_watch;
using adit::fuzz::scripted_port;
using adit::protocol::phase;
using adit::wire::message_id;

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

/// A whole client on its io_context, under watch.
class whole_client {
public:
    whole_client(adit::test::memory_stream stream, unsigned choice, boost::asio::io_context& ctx)
        : ctx_(ctx), sent_(stream.outgoing()) {
        adit::client_options o = adit::fuzz::watched_options(watch_, choice);
        o.trace = [this](const adit::trace_event& event) { look(event); };
        client_.emplace(std::move(stream), std::move(o));
        link_ = adit::fuzz::state_of(*client_)->link;
        client_->async_handshake([this](error_code ec) {
            done_ = true;
            in_ = !ec;
            check(!in_ || watch_->success, "C35: success is the server's word behind our request");
            check(!in_ || watch_->believed, "success is of a server that was believed");
        });
    }
    void let_happen() {
        ctx_.restart();
        ctx_.poll();
    }
    /// The server has gone, after `size` bytes of input.
    void check_end(std::size_t size) {
        check(done_, "a handshake whose server has gone ends");
        check(in_ || !client_->is_open(), "who is not in is not open");
        check(sent_->bytes_written() <= 16 * 1024 + 8 * size,
              "what is sent is bounded by the input");
        const std::vector<byte> wire = sent_->written();
        check(std::ranges::search(wire, client_watch::secret).empty(), "no secret in clear");
        client_->close();
        let_happen();
        check(ctx_.stopped(), "everything ends");
        const adit::slab_pool pool = link_->stream().pool();
        client_.reset();
        link_.reset();
        check(pool.in_use() == 0, "T31: no slab is held");
    }

private:
    void look(const adit::trace_event& event) {
        if (event.sent) {
            watch_->says(event.payload);
        } else {
            watch_->hears(event.payload);
        }
        adit::packet_stream& stream = link_->stream();
        check(stream.phase() >= phase_, "a handshake goes forward only");
        if (stream.phase() < phase::connection) phase_ = stream.phase();
        constexpr std::size_t most = std::size_t{512} * 1024;
        const bool before = stream.phase() < phase::connection;
        check(!before || stream.pool().bytes_in_use() <= most, "L08: memory is bounded");
    }

    boost::asio::io_context& ctx_;
    std::shared_ptr<adit::test::memory_pipe> sent_;
    std::shared_ptr<client_watch> watch_ = std::make_shared<client_watch>();
    std::optional<adit::client> client_;
    std::shared_ptr<adit::detail::connection> link_;
    phase phase_ = phase::first_kexinit;
    bool done_ = false, in_ = false;
};

void fuzz_stream(unsigned choice, bytes_view input) {
    boost::asio::io_context ctx(1);
    adit::test::pipe_options pipe;
    pipe.capacity = adit::test::unlimited;
    auto [client_end, server_end] = adit::test::memory_pair(ctx.get_executor(), pipe);
    whole_client victim(std::move(client_end), choice, ctx);
    boost::asio::async_write(server_end, boost::asio::buffer(input.data(), input.size()),
                             [&](auto, auto) { server_end.shutdown_send(); });
    victim.let_happen();
    server_end.close();
    victim.let_happen();
    victim.check_end(input.size());
}

void fuzz_kex(unsigned choice, bytes_view input) {
    const auto watch = std::make_shared<client_watch>();
    adit::client_options o = adit::fuzz::watched_options(watch, choice);
    o.algorithms.kex = "curve25519-sha256,ecdh-sha2-nistp256,mlkem768x25519-sha256";
    payloads script(input);
    scripted_port port(adit::protocol::role::client, phase::first_kexinit, *o.random,
                       [&] { return script(); });
    port.on_send = [&](bytes_view payload) {
        watch->says(payload);
        const bool newkeys = payload[0] == static_cast<byte>(message_id::newkeys);
        check(!newkeys || watch->believed, "no new keys with a server that was not believed");
    };
    adit::kex_session kex(adit::protocol::role::client, o.algorithms, *o.random);
    kex.their_identification = "SSH-2.0-fuzz";
    const adit::host_identity identity{o.host, o.port, o.trust};
    const bool well = adit::fuzz::ends_well([&]() -> task<> {
        adit::send_kexinit(port, kex);
        const adit::protocol::packet kexinit = co_await port.receive_packet();
        co_await adit::kex_client(port, kex, identity, kexinit, phase::service);
    });
    check(!well || (watch->believed && kex.host_key && !kex.session_id.empty()),
          "an exchange that went well has a host key and a session");
    check(kex.exchanges == (well ? 1 : 0), "an exchange counts when it is over");
    check(port.messages_sent <= 3, "KEXINIT, our value, NEWKEYS");
}

/// Whether the client has shown something that only the user has.
[[nodiscard]] bool is_proof(bytes_view payload) {
    const auto answer = adit::wire::decode<adit::wire::userauth_info_response>(payload);
    if (answer) return answer->num_responses != 0;
    const auto password = adit::wire::decode<adit::wire::userauth_password_request>(payload);
    if (password && password->method_name == "password") return true;
    const auto key = adit::wire::decode<adit::wire::userauth_publickey_request>(payload);
    return key && key->method_name == "publickey" && key->has_signature;
}

void fuzz_login(unsigned choice, bytes_view input) {
    const auto watch = std::make_shared<client_watch>();
    const adit::client_options o = adit::fuzz::watched_options(watch, choice);
    watch->believed = true;  // that was before
    payloads script(input);
    bool proved = false;
    scripted_port port(adit::protocol::role::client, phase::service, *o.random, [&] {
        std::vector<byte> next = script();
        if (!next.empty()) watch->hears(next);
        return next;
    });
    port.on_send = [&](bytes_view payload) {
        watch->says(payload);
        proved = proved || is_proof(payload);
    };
    const std::vector<byte> session(32, byte{7});
    const adit::auth::login who{o.user, o.host, session, {}, {}};
    const bool in =
        adit::fuzz::ends_well([&]() -> task<> { co_await adit::auth::authenticate(port, o, who); });
    check(!in || watch->success, "C35: success is the server's word behind our request");
    check(!in || proved || !o.disable_trivial_auth, "C35: no trivial login where it is forbidden");
    check(port.messages_sent <= 2 * watch->heard + 3, "requests come one for one");
    check(port.bytes_sent <= 2048 * (watch->heard + 3), "what is sent is bounded by what came");
    check(port.report().banner.size() <= 32 * 1024, "what is kept for people is bounded");
}

task<> serve(adit::test::test_server& server, payloads& script, bool in_turn) {
    co_await server.shake();
    for (std::vector<byte> next = script(); !next.empty(); next = script()) {
        if (in_turn) static_cast<void>(co_await server.port().receive_packet());
        server.port().send_now(next);
        co_await server.flush();
    }
    co_await server.expect_end();
}

void fuzz_real_kex(unsigned choice, bytes_view input) {
    if (input.empty()) return;
    const unsigned how = input[0];
    payloads script(input.subspan(1));
    boost::asio::io_context ctx(1);
    adit::test::pipe_options pipe;
    pipe.capacity = adit::test::unlimited;
    auto [client_end, server_end] = adit::test::memory_pair(ctx.get_executor(), pipe);
    whole_client victim(std::move(client_end), choice, ctx);
    adit::test::test_server_options options;
    options.strict = (how & 1U) == 0;
    options.host_key = (how & 2U) == 0 ? 1 : 2;
    adit::test::test_server server(std::move(server_end), options);
    const auto slip_in = [&](unsigned count, message_id before) {
        for (unsigned i = 0; i < count; ++i) {
            if (auto payload = script(); !payload.empty()) {
                server.port().inject_before(before, std::move(payload));
            }
        }
    };
    slip_in((how >> 3U) & 1U, message_id::kexinit);
    slip_in((how >> 4U) & 3U, message_id::kex_ecdh_reply);
    slip_in((how >> 6U) & 3U, message_id::newkeys);
    boost::asio::co_spawn(ctx, serve(server, script, (how & 4U) != 0),
                          [](std::exception_ptr thrown) {
                              try {
                                  if (thrown) std::rethrow_exception(thrown);
                              } catch (const boost::system::system_error&) {
                                  // The client has gone, which is its right.
                              }
                          });
    victim.let_happen();
    server.port().stream().close(adit::detail::close_mode::orderly);
    victim.let_happen();
    victim.check_end(input.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const bytes_view input = bytes_view(data, size).subspan(2);
    switch (data[0] % 4) {
        case 0: fuzz_stream(data[1], input); break;
        case 1: fuzz_kex(data[1], input); break;
        case 2: fuzz_login(data[1], input); break;
        default: fuzz_real_kex(data[1], input); break;
    }
    return 0;
}
