// A server against clients whose packets are broken under keys, and clients that ask for too much
// (attack table, server role: A08, A36; L11, L12, L14): forged lengths and flipped bits under every
// cipher end the connection before anything of them is believed; requests are taken up to each
// limit and not one past it.
#include "unit/doors/evil_client.hpp"

using namespace adit;
using namespace adit::test;
using wire::message_id;

namespace {

using octets = std::vector<byte>;

error_code error_after_bytes(server_scene& s, const octets& bytes) {
    const auto evil = [&]() -> task<> { co_await write(s.client(), bytes); };
    s.play({evil});
    s.step();
    return s.link().error();
}

void rekey(server_scene& s) {
    const auto rekeys = [&]() -> task<> { co_await s.client().rekey(); };
    s.play({rekeys});
    s.step();
    BOOST_REQUIRE(s.link().rekeys() == 1U);
}

/// Whatever length a broken packet is taken for, this is more.
void append_more_than_a_packet(octets& packet) { packet.resize(packet.size() + 300 * 1024); }

bool broken(const error_code& ec) {
    // Where the length is used before the MAC, one error stands for both (C07).
    return ec == errc::mac_mismatch || ec == errc::invalid_packet_length;
}

/// The numbers of the server's answers to so many messages.
std::vector<message_id> answers_to(server_scene& s, const octets& message, std::size_t count) {
    std::vector<message_id> answers;
    const auto asks = [&]() -> task<> {
        for (std::size_t i = 0; i < count; ++i) s.client().say(message);
        // The first pong may overtake the answers; what is behind it does not.
        const octets ping = payload_of(wire::ping{});
        for (int pongs = 0; pongs < 2; ++pongs) {
            s.client().say(ping);
            co_await s.client().flush();
            for (;;) {
                const protocol::packet packet = co_await s.client().port().receive_packet();
                if (packet.id() == message_id::pong) break;
                answers.push_back(packet.id());
            }
        }
    };
    s.play({asks});
    return answers;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_client_packets)

BOOST_AUTO_TEST_CASE(a08_forged_lengths_are_refused_before_and_after_a_rekey) {
    for (const suite& chosen : suites()) {
        if (chosen.cipher->name == "aes192-ctr" || chosen.cipher->name == "aes128-ctr") continue;
        for (const std::uint32_t length : {0U, 4U, 256U * 1024 + 16, 0x7ffffff0U, 0xffffffffU}) {
            for (const bool later : {false, true}) {
                server_scene s;
                use(s, chosen);
                s.make_ready();
                if (later) rekey(s);
                octets packet = seal(s.client(), payload_of(wire::ignore{}));
                const std::size_t tag = make(chosen).sealer->shape().tag;
                const auto honest = static_cast<std::uint32_t>(packet.size() - 4 - tag);
                for (unsigned i = 0; i < 4; ++i) {
                    packet[i] ^= static_cast<byte>((length ^ honest) >> (24 - 8 * i));
                }
                const error_code ec = error_after_bytes(s, packet);
                BOOST_TEST(broken(ec), chosen << ", length " << length << ": " << ec);
                BOOST_TEST(s.link().stream().pool().bytes_in_use() <= 1U << 20U);
                s.finish();
            }
        }
    }
}

// L07: before the login the longest packet is a quarter of what it is later.
BOOST_AUTO_TEST_CASE(a08_forged_lengths_before_the_login_take_little_memory) {
    for (const suite& chosen : suites()) {
        attack a;
        use(a.s, chosen);
        std::size_t held = 0;
        const error_code ec = a.meets([&]() -> task<> {
            co_await a.c().shake();
            co_await a.c().flush();
            octets packet = seal(a.c(), payload_of(wire::ignore{}));
            packet[1] ^= 3;  // about 192 KiB more
            co_await write(a.c(), packet);
            held = a.s.link().stream().pool().bytes_in_use();
        });
        BOOST_TEST(broken(ec), chosen << ": " << ec);
        BOOST_TEST(held <= 192U * 1024);
    }
}

// The first KiB under the new keys is an honest login; with one bit of it flipped it is none.
BOOST_AUTO_TEST_CASE(a36_no_login_survives_a_flipped_bit) {
    for (std::size_t bit = 0; bit < 8 * 1024; bit += 29) {
        attack a;
        a.s.options->methods = {{"password"}};
        const error_code ec = a.meets([&]() -> task<> {
            co_await a.c().shake();
            co_await a.c().flush();
            octets bytes = seal(a.c(), payload_of(wire::service_request{"ssh-userauth"}));
            for (const octets& payload : {payload_of(wire::ignore{octets(200, 'x')}),
                                          a.c().password_request(std::string(900, 'p'))}) {
                const octets sealed = seal(a.c(), payload);
                bytes.insert(bytes.end(), sealed.begin(), sealed.end());
            }
            BOOST_TEST(bytes.size() >= 1024U);
            bytes[bit / 8] ^= static_cast<byte>(1U << bit % 8);
            append_more_than_a_packet(bytes);
            co_await write(a.c(), bytes);
        });
        BOOST_TEST(broken(ec), "bit " << bit << ": " << ec);
        BOOST_TEST(a.judge->passwords == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a36_a_flipped_bit_ends_the_connection_and_delivers_nothing) {
    for (const suite& chosen : suites()) {
        for (const std::size_t bit : {0U, 31U, 32U, 40U, 47U, 100U, 200U, 400U}) {
            server_scene s;
            s.wire.capacity = unlimited;
            use(s, chosen);
            s.make_ready();
            auto taken = take_channel(s, direct_tcpip_open(40));
            octets packet = seal(
                s.client(), payload_of(wire::channel_data{taken.server_number, octets(40, 'x')}));
            packet[bit / 8] ^= static_cast<byte>(1U << bit % 8);
            append_more_than_a_packet(packet);
            const error_code ec = error_after_bytes(s, packet);
            BOOST_TEST(broken(ec), chosen << ", bit " << bit << ": " << ec);
            char byte_of_it = 0;
            BOOST_TEST(taken.ours.try_read(asio::buffer(&byte_of_it, 1)).size == 0U);
            taken.ours.close();
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(l11_pending_opens_at_the_limit_and_one_past_it) {
    server_scene s;
    s.make_ready();
    const auto answers = answers_to(s, direct_tcpip_open(3), 65);
    BOOST_REQUIRE(answers.size() == 1U);
    BOOST_TEST(answers[0] == message_id::channel_open_failure);
    std::vector<channel> taken;
    const auto accepts = [&]() -> task<> {
        for (int i = 0; i < 64; ++i) {
            incoming asked = co_await next_incoming(s.peer());
            taken.push_back(asked.accept());
        }
    };
    s.play({accepts});
    BOOST_TEST(s.peer().channels() == 64U);
    // And there is room for the next ones.
    const auto later = answers_to(s, direct_tcpip_open(3), 64);
    BOOST_TEST(std::ranges::count(later, message_id::channel_open_failure) == 0);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l11_sessions_at_the_limit_and_one_past_it) {
    server_scene s;
    s.make_ready();
    std::vector<taken_channel> taken;
    for (std::uint32_t i = 0; i < 10; ++i) taken.push_back(take_channel(s, session_open(100 + i)));
    const auto past = answers_to(s, session_open(200), 1);
    BOOST_REQUIRE(past.size() == 1U);
    BOOST_TEST(past[0] == message_id::channel_open_failure);
    BOOST_TEST(take_channel(s, direct_tcpip_open(201)).ours.is_open());
    // One that has ended on both sides makes room for one.
    taken.back().ours.close();
    const octets close = payload_of(wire::channel_close{taken.back().server_number});
    static_cast<void>(answers_to(s, close, 1));
    BOOST_TEST(take_channel(s, session_open(202)).ours.is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(l11_channels_at_the_limit_and_one_past_it) {
    server_scene s;
    s.options->limits.channels = 5;
    s.make_ready();
    std::vector<taken_channel> taken;
    for (std::uint32_t i = 0; i < 5; ++i) taken.push_back(take_channel(s, direct_tcpip_open(i)));
    channel sixth;
    const auto accepts = [&]() -> task<> {
        incoming asked = co_await next_incoming(s.peer());
        sixth = asked.accept();
    };
    const auto opens = [&]() -> task<> {
        s.client().say(direct_tcpip_open(77));
        co_await s.client().flush();
        const auto m = co_await s.client().expect<wire::channel_open_failure>();
        BOOST_TEST(m.recipient_channel == 77U);
        BOOST_TEST(m.reason_code == 4U);
    };
    s.play({accepts, opens});
    BOOST_TEST(!sixth.is_open());
    BOOST_TEST(s.peer().channels() == 5U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l14_requests_that_nobody_answers_at_the_limit_and_one_past_it) {
    const wire::tcpip_forward fields{"", 8080};
    octets data(wire::fields_size(fields));
    wire::writer w(data);
    wire::put_fields(w, fields);
    const octets request = payload_of(wire::global_request{"tcpip-forward", true, {data}});
    server_scene s;
    s.make_ready();
    BOOST_TEST(answers_to(s, request, 256).empty());
    BOOST_TEST(end_after(s, {request}) == errc::too_many_pending_replies);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l14_requests_of_a_session_at_the_limit_and_one_past_it) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, session_open(40));
    const octets request =
        payload_of(wire::channel_request{taken.server_number, "env", true, {octets(100, 'x')}});
    BOOST_TEST(answers_to(s, request, 64).empty());
    BOOST_TEST(end_after(s, {request}) == errc::too_many_pending_replies);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l12_requests_of_a_session_are_bounded_in_bytes_too) {
    server_scene s;
    s.make_ready();
    auto taken = take_channel(s, session_open(40));
    const octets request = payload_of(
        wire::channel_request{taken.server_number, "exec", true, {octets(100 * 1024, 'x')}});
    BOOST_TEST(answers_to(s, request, 2).empty());
    BOOST_TEST(end_after(s, {request}) == errc::too_many_pending_replies);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
