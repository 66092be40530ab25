// adit/client.hpp: the way from a stream to an open channel, how few round trips it takes, and how
// it ends. The server is support/test_server.hpp. Failures of each stage are tests of transport/
// and auth/; cancellation has a folder of its own.
#include "support/scene.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::scene;
using wire::message_id;

namespace {

// The SSH packets of a flight that is not encrypted, by number; the identification line counts 0.
std::vector<int> messages_in(adit::bytes_view flight) {
    std::vector<int> numbers;
    if (adit::as_text(flight).starts_with("SSH-2.0-")) {
        const std::size_t end = adit::as_text(flight).find("\r\n");
        numbers.push_back(0);
        flight = flight.subspan(end + 2);
    }
    while (flight.size() > 5) {
        std::size_t length = 0;
        for (std::size_t i = 0; i < 4; ++i) length = length << 8U | flight[i];
        numbers.push_back(flight[5]);
        if (flight.size() < 4 + length) break;
        flight = flight.subspan(4 + length);
    }
    return numbers;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(client_door)

BOOST_AUTO_TEST_CASE(logs_in_opens_a_channel_and_echoes) {
    scene s;
    const std::string text = adit::test::pattern(300'000);
    const auto client_part = [&]() -> task<> {
        const error_code ec = co_await adit::test::handshake_of(s.ssh());
        BOOST_TEST(!ec);
        BOOST_TEST(s.ssh().is_open());
        channel c = co_await adit::test::open_on(s.ssh());
        co_await adit::test::write_all(c, text);
        const auto got = co_await adit::test::read_up_to(c, text.size());
        BOOST_TEST((got.text == text));
        c.shutdown_send();
        const auto end = co_await adit::test::read_to_end(c);
        BOOST_TEST(end.text.empty());
        BOOST_TEST(end.why == asio::error::eof);
        c.close();
        s.ssh().close();
    };
    const auto server_part = [&]() -> task<> {
        co_await s.server().make_ready();
        co_await s.server().echo();
    };
    s.play({client_part, server_part});
    BOOST_TEST(!s.ssh().is_open());
    s.finish();
}

// As many writes as round trips, and the first one unasked.
BOOST_AUTO_TEST_CASE(is_ready_after_three_round_trips) {
    scene s;
    s.options.algorithms = {};
    s.server_side.algorithms = {};
    error_code ec = asio::error::would_block;
    s.ssh().async_handshake([&](error_code e) { ec = e; });
    s.step();
    // Nobody has answered anything yet.
    BOOST_TEST(s.down().flights().empty());
    BOOST_REQUIRE(s.up().flights().size() == 1U);
    BOOST_TEST((messages_in(s.up().flights()[0]) == std::vector<int>{0, 20}));

    s.play({[&]() -> task<> { co_await s.server().make_ready(); }});
    s.step();
    BOOST_TEST(!ec);
    BOOST_REQUIRE(s.up().flights().size() == 3U);
    BOOST_TEST((messages_in(s.up().flights()[1]) == std::vector<int>{30}));
    // NEWKEYS is the last message in clear; what follows in the same write is under keys.
    const auto& third = s.up().flights()[2];
    BOOST_TEST(messages_in(third)[0] == 21);
    BOOST_TEST(third.size() > 100U);
    const std::vector<adit::byte> expected{20, 30, 21, 5, 50};
    BOOST_TEST(s.server().port().seen() == expected, boost::test_tools::per_element());
    BOOST_TEST(s.down().flights().size() == 3U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(works_when_every_read_and_write_is_one_byte) {
    scene s;
    s.wire.most_per_read = 1;
    s.wire.most_per_write = 1;
    s.wire.record = false;
    s.make_ready();
    channel c = s.open({});
    const auto client_part = [&]() -> task<> {
        co_await adit::test::write_all(c, "hello");
        const auto got = co_await adit::test::read_up_to(c, 3);
        BOOST_TEST(got.text == "HEL");
    };
    const auto server_part = [&]() -> task<> {
        const auto data = co_await s.server().expect<wire::channel_data>();
        BOOST_TEST(data.recipient_channel == 1000U);
        BOOST_TEST(adit::as_text(data.data) == "hello");
        s.server().reply(wire::channel_data{0, adit::as_bytes("HEL")});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(says_what_was_agreed) {
    scene s;
    s.make_ready();
    const adit::session_info info = s.ssh().info();
    BOOST_TEST(info.peer_version == "SSH-2.0-test");
    BOOST_TEST(info.kex == "curve25519-sha256");
    BOOST_TEST(info.host_key_algorithm == "ssh-ed25519");
    BOOST_TEST(info.strict_kex);
    BOOST_TEST(info.host_key_fingerprint == adit::test::fingerprint_of(1));
    BOOST_TEST(info.bytes_sent == s.up().bytes_written());
    BOOST_TEST(info.bytes_received == s.down().bytes_written());
    BOOST_TEST(info.rekeys == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(close_says_goodbye_and_ends_every_operation) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    error_code closed, read, opened;
    std::array<char, 8> room{};
    s.ssh().async_wait_closed([&](error_code ec) { closed = ec; });
    c.async_read_some(asio::buffer(room), [&](error_code ec, std::size_t) { read = ec; });
    adit::target other("other", 1);
    s.ssh().async_open(std::move(other), [&](error_code ec, channel) { opened = ec; });
    s.step();
    s.ssh().close();
    const auto reads_to_the_end = [&]() -> task<> {
        const auto why = co_await s.server().expect_disconnect();
        BOOST_TEST((why == adit::disconnect_reason::by_application));
    };
    s.play({reads_to_the_end});
    s.step();
    BOOST_TEST(closed == errc::connection_closed);
    BOOST_TEST(read == errc::connection_closed);
    BOOST_TEST(opened == errc::connection_closed);
    BOOST_TEST(!c.is_open());
    error_code late;
    adit::target another("another", 1);
    s.ssh().async_open(std::move(another), [&](error_code ec, channel) { late = ec; });
    s.step();
    BOOST_TEST(late == errc::connection_closed);
    s.finish();
}

BOOST_AUTO_TEST_CASE(open_before_the_handshake_is_refused) {
    scene s;
    error_code opened;
    adit::target to("db", 1);
    s.ssh().async_open(std::move(to), [&](error_code ec, channel) { opened = ec; });
    s.step();
    BOOST_TEST(opened == errc::connection_closed);
    BOOST_TEST(s.up().bytes_written() == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c04_refused_open_tells_the_servers_words_escaped) {
    scene s;
    s.make_ready();
    const auto client_part = [&]() -> task<> {
        adit::target to("db.internal", 5432);
        auto opening = s.ssh().async_open(std::move(to), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(opening);
        BOOST_TEST(std::get<0>(outcome) == errc::open_connect_failed);
        BOOST_TEST(!std::get<1>(outcome).is_open());
    };
    const auto server_part = [&]() -> task<> {
        const auto open = co_await s.server().expect<wire::channel_open>();
        const auto to =
            adit::value_of(wire::decode_fields<wire::direct_tcpip>(open.channel_data.bytes));
        BOOST_TEST(open.channel_type == "direct-tcpip");
        BOOST_TEST(to.host_to_connect == "db.internal");
        BOOST_TEST(to.port_to_connect == 5432U);
        s.server().reply(wire::channel_open_failure{open.sender_channel, 2, "no\x1b[2Jroute", ""});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    BOOST_TEST(s.ssh().diagnostics().peer_text == "no\\x1b[2Jroute");
    BOOST_TEST(s.ssh().diagnostics().subject == "db.internal:5432");
    BOOST_TEST(s.ssh().info().channels == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c48_unix_socket_is_asked_for_by_its_path) {
    scene s;
    s.make_ready();
    const auto client_part = [&]() -> task<> {
        adit::target to = adit::target::at_path("/run/db\x1b.sock");
        auto opening = s.ssh().async_open(std::move(to), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(opening);
        BOOST_TEST(std::get<0>(outcome) == errc::open_administratively_prohibited);
    };
    const auto server_part = [&]() -> task<> {
        const auto open = co_await s.server().expect<wire::channel_open>();
        const auto to =
            adit::value_of(wire::decode_fields<wire::direct_streamlocal>(open.channel_data.bytes));
        BOOST_TEST(open.channel_type == "direct-streamlocal@openssh.com");
        BOOST_TEST(to.socket_path == "/run/db\x1b.sock");
        BOOST_TEST(to.reserved == "");
        BOOST_TEST(to.reserved_number == 0U);
        s.server().reply(wire::channel_open_failure{open.sender_channel, 1, "", ""});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    BOOST_TEST(s.ssh().diagnostics().subject == "/run/db\\x1b.sock");
    s.finish();
}

BOOST_AUTO_TEST_CASE(each_reason_of_a_refusal_has_its_error) {
    scene s;
    s.make_ready();
    const std::vector<std::pair<std::uint32_t, errc>> reasons{
        {1, errc::open_administratively_prohibited},
        {2, errc::open_connect_failed},
        {3, errc::open_unknown_channel_type},
        {4, errc::open_resource_shortage},
        {0, errc::open_failed},
        {0xffffffffU, errc::open_failed}};
    for (const auto& [code, expected] : reasons) {
        error_code opened;
        adit::target to("db", 1);
        s.ssh().async_open(std::move(to), [&](error_code ec, channel) { opened = ec; });
        const std::uint32_t reason = code;
        const auto server_part = [&]() -> task<> {
            const auto open = co_await s.server().expect<wire::channel_open>();
            s.server().reply(wire::channel_open_failure{open.sender_channel, reason, "", ""});
            co_await s.server().flush();
        };
        s.play({server_part});
        s.step();
        BOOST_TEST(opened == expected);
    }
    s.finish();
}

BOOST_AUTO_TEST_CASE(t13_open_that_nobody_answers_ends_at_its_deadline) {
    scene s;
    s.options.limits.open_timeout = std::chrono::milliseconds(20);
    s.make_ready();
    const auto client_part = [&]() -> task<> {
        adit::target to("slow", 1);
        auto opening = s.ssh().async_open(std::move(to), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(opening);
        BOOST_TEST(std::get<0>(outcome) == errc::deadline_exceeded);
    };
    s.play({client_part});
    // The late confirmation is answered with CLOSE, and the number is free after the server's.
    const auto server_part = [&]() -> task<> {
        const adit::test::channel_terms terms;
        const std::uint32_t number = co_await s.server().accept_channel(terms);
        const auto close = co_await s.server().expect<wire::channel_close>();
        BOOST_TEST(close.recipient_channel == 1000U);
        BOOST_TEST(s.ssh().info().channels == 1U);
        s.server().reply(wire::channel_close{number});
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
    BOOST_TEST(s.ssh().info().channels == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(handshake_that_nobody_answers_ends_at_its_deadline) {
    scene s;
    s.options.limits.handshake_timeout = std::chrono::milliseconds(20);
    const auto client_part = [&]() -> task<> {
        const error_code ec = co_await adit::test::handshake_of(s.ssh());
        BOOST_TEST(ec == errc::deadline_exceeded);
    };
    s.play({client_part});
    BOOST_TEST(!s.ssh().is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(the_time_of_whoever_is_asked_does_not_count) {
    scene s;
    unsigned asked = 0;
    const auto stands_still = [&] {
        asked += adit::test::state_of(s.ssh())->clock->stands_still() ? 1U : 0U;
    };
    const adit::host_key_check trust = s.options.trust;
    s.options.trust = [&, trust](const adit::host_key_question& q) {
        stands_still();
        return trust(q);
    };
    s.options.credentials.clear();
    s.options.credentials.emplace_back(
        adit::password_source([&](const adit::password_question&) -> task<adit::secret_bytes> {
            stands_still();
            co_return adit::secret_bytes(3, 'x');
        }));
    s.make_ready();
    BOOST_TEST(asked == 2U);
    BOOST_TEST(!adit::test::state_of(s.ssh())->clock->stands_still());
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_client_that_is_destroyed_in_its_handshake_ends_it) {
    scene s;
    error_code ec;
    {
        auto [ours, theirs] = adit::test::memory_pair(s.ctx.get_executor());
        adit::client short_lived(std::move(ours), s.options);
        short_lived.async_handshake([&](error_code e) { ec = e; });
        s.step();
    }
    s.step();
    BOOST_TEST(ec);
}

BOOST_AUTO_TEST_CASE(a_jump_host_is_a_client_over_a_channel) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    // The outer server is the inner one: what comes as data is the inner client's bytes.
    auto [near, far] = adit::test::memory_pair(s.ctx.get_executor());
    adit::test::test_server inner_server(std::move(far), s.server_side);
    adit::client_options inner_options = adit::test::sample_options();
    adit::client inner(std::move(c), inner_options);
    const auto carries_up = [&]() -> task<> {
        for (;;) {
            const adit::protocol::packet p = co_await s.server().port().receive_packet();
            if (p.id() == message_id::channel_close) break;
            if (p.id() != message_id::channel_data) continue;
            const auto m = adit::value_of(wire::decode<wire::channel_data>(p.payload));
            const std::string bytes(adit::as_text(m.data));
            asio::const_buffer left(bytes.data(), bytes.size());
            while (left.size() != 0) {
                auto writing = near.async_write_some(left, asio::deferred);
                left += co_await std::move(writing);
            }
        }
        near.close();
    };
    const auto carries_down = [&]() -> task<> {
        std::array<char, 4096> room;
        for (;;) {
            auto reading = near.async_read_some(asio::buffer(room), asio::as_tuple(asio::deferred));
            const auto outcome = co_await std::move(reading);
            if (std::get<0>(outcome)) co_return;
            const std::string_view got(room.data(), std::get<1>(outcome));
            s.server().reply(wire::channel_data{0, adit::as_bytes(got)});
            co_await s.server().flush();
        }
    };
    const auto inner_part = [&]() -> task<> {
        const error_code ec = co_await adit::test::handshake_of(inner);
        BOOST_TEST(!ec);
        channel deep = co_await adit::test::open_on(inner);
        co_await adit::test::write_all(deep, "through two servers");
        const auto got = co_await adit::test::read_up_to(deep, 19);
        BOOST_TEST(got.text == "through two servers");
        deep.close();
        inner.close();
    };
    const auto inner_server_part = [&]() -> task<> {
        co_await inner_server.make_ready();
        co_await inner_server.echo();
        inner_server.port().stream().close(adit::detail::close_mode::orderly);
    };
    s.play({carries_up, carries_down, inner_part, inner_server_part});
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
