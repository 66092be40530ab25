// adit/bastion.hpp: who may go where. Default deny, permissions before the policy, the policy
// before the look-up and again for each address (C49); listeners, Unix sockets and sessions.
#include "support/bastion_scene.hpp"
#include "support/temporary_directory.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <set>

namespace asio = boost::asio;
using namespace adit::test;
using adit::audit_event;
using adit::byte;
using adit::disconnect_reason;
using adit::errc;
using adit::error_code;
using adit::forward_question;
using adit::permissions;
using adit::task;
using asio::ip::tcp;
using kind = audit_event::kind;
namespace wire = adit::wire;

namespace {

constexpr std::uint32_t prohibited = 1;
constexpr std::uint32_t failed = 2;

task<std::size_t> send_and_read(tcp::socket& socket, std::string_view text, std::string& got) {
    auto writing = asio::async_write(socket, asio::buffer(text), asio::deferred);
    static_cast<void>(co_await std::move(writing));
    got.resize(text.size());
    auto reading = asio::async_read(socket, asio::buffer(got), asio::deferred);
    co_return co_await std::move(reading);
}

[[nodiscard]] std::vector<byte> data_of_cancel(std::string host, std::uint32_t port) {
    return data_of(wire::tcpip_forward{host, port});
}

[[nodiscard]] error_code connects(asio::io_context& ctx, std::uint16_t port) {
    tcp::socket socket(ctx);
    error_code ec;
    socket.connect({asio::ip::address_v4::loopback(), port}, ec);
    return ec;
}

/// One open of a raw client that has just logged in.
[[nodiscard]] open_answer answer_to(bastion_scene& s, std::string host, std::uint32_t port) {
    open_answer answer;
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        answer = co_await ask_direct(*c, host, port);
    };
    s.play({asks});
    s.finish();
    return answer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bastion_policy)

BOOST_AUTO_TEST_CASE(without_a_policy_nothing_is_open) {
    bastion_scene s;
    s.options->guests.policy = nullptr;
    target_host target(s.ctx);
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const open_answer tcp_answer = co_await ask_direct(*c, "127.0.0.1", target.port());
        BOOST_TEST(tcp_answer.reason == prohibited);
        BOOST_TEST(tcp_answer.words == "not permitted");
        const wire::direct_streamlocal to{"/run/any.sock", "", 0};
        const open_answer socket_answer =
            co_await ask_open(*c, "direct-streamlocal@openssh.com", data_of(to));
        BOOST_TEST(socket_answer.reason == prohibited);
        const std::uint16_t port = co_await ask_listen(*c, "localhost", 0);
        BOOST_TEST(port == 0);
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(!target.was_called());
    BOOST_TEST(s.count(kind::forward_refused) == 2U);
    BOOST_TEST(s.count(kind::listener_refused) == 1U);
}

BOOST_AUTO_TEST_CASE(c49_a_name_that_is_allowed_is_no_address_that_is) {
    bastion_scene s;
    target_host target(s.ctx);
    s.allows = [](const forward_question& q) { return !q.address; };
    const open_answer answer = answer_to(s, "localhost", target.port());
    BOOST_TEST(answer.reason == prohibited);
    BOOST_TEST(answer.words == "address not permitted");
    BOOST_TEST(!target.was_called());
    // The name, and then each of its addresses.
    const std::string name = "localhost:" + std::to_string(target.port());
    BOOST_REQUIRE(s.asked.size() >= 2U);
    BOOST_TEST(s.asked[0] == name);
    BOOST_TEST((std::ranges::find(s.asked, name + " 127.0.0.1") != s.asked.end()));
    BOOST_TEST(s.last(kind::forward_refused).text == "address not permitted");
}

BOOST_AUTO_TEST_CASE(c49_only_the_addresses_that_were_allowed_are_connected_to) {
    bastion_scene s;
    target_host target(s.ctx);
    s.allows = [](const forward_question& q) { return !q.address || q.address->is_v4(); };
    const open_answer answer = answer_to(s, "localhost", target.port());
    BOOST_TEST(answer.reason == 0U);
    BOOST_TEST(target.was_called());
}

BOOST_AUTO_TEST_CASE(c49_a_name_that_is_not_allowed_is_not_looked_up) {
    bastion_scene s;
    s.allows = [](const forward_question&) { return false; };
    BOOST_TEST(answer_to(s, "localhost", 22).reason == prohibited);
    BOOST_TEST(s.asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_policy_that_throws_says_no) {
    for (const int what : {0, 1, 2, 3}) {
        bastion_scene s;
        target_host target(s.ctx);
        s.allows = [what](const forward_question&) -> bool {
            if (what == 0) throw std::runtime_error("no database");
            if (what == 1) throw what;
            if (what == 2) throw adit::protocol_error(errc::connection_lost);
            throw boost::system::system_error(asio::error::operation_aborted);
        };
        BOOST_TEST(answer_to(s, "127.0.0.1", target.port()).reason == prohibited);
        BOOST_TEST(!target.was_called());
        BOOST_TEST(s.count(kind::forward_refused) == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a27_permitopen_counts_before_the_policy) {
    bastion_scene s;
    target_host target(s.ctx);
    target_host other(s.ctx);
    auto grant = adit::config::full_grant();
    grant.permit_open.emplace({adit::config::permitted_place{"127.0.0.1", target.port()}});
    s.judge->grant = permissions(grant);
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const open_answer no = co_await ask_direct(*c, "127.0.0.1", other.port());
        BOOST_TEST(no.reason == prohibited);
        const open_answer by_name = co_await ask_direct(*c, "localhost", target.port());
        BOOST_TEST(by_name.reason == prohibited);
        BOOST_TEST(s.asked.empty());
        const open_answer yes = co_await ask_direct(*c, "127.0.0.1", target.port());
        BOOST_TEST(yes.reason == 0U);
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(!other.was_called());
}

BOOST_AUTO_TEST_CASE(a27_restrict_closes_every_way_of_forwarding) {
    bastion_scene s;
    s.judge->grant = permissions(adit::config::key_grant());
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const open_answer direct = co_await ask_direct(*c, "127.0.0.1", 22);
        BOOST_TEST(direct.reason == prohibited);
        const wire::direct_streamlocal to{"/run/any.sock", "", 0};
        const open_answer socket =
            co_await ask_open(*c, "direct-streamlocal@openssh.com", data_of(to));
        BOOST_TEST(socket.reason == prohibited);
        const std::uint16_t port = co_await ask_listen(*c, "localhost", 0);
        BOOST_TEST(port == 0);
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(s.asked.empty());
}

BOOST_AUTO_TEST_CASE(a27_a_key_that_has_expired_meanwhile_opens_nothing) {
    bastion_scene s;
    auto grant = adit::config::full_grant();
    grant.expires = adit::detail::unix_seconds() - 1;
    s.judge->grant = permissions(grant);
    BOOST_TEST(answer_to(s, "127.0.0.1", 22).reason == prohibited);
    BOOST_TEST(s.asked.empty());
}

BOOST_AUTO_TEST_CASE(a27_targets_that_no_name_has_are_refused_unseen) {
    using namespace std::string_literals;
    const std::vector<std::string> hosts{
        "", "a\0b"s, "a\nb", "a b", "a\x7f"s, std::string(256, 'a'), "caf\xc3\xa9"};
    bastion_scene s;
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        for (const std::string& host : hosts) {
            const open_answer answer = co_await ask_direct(*c, host, 22);
            BOOST_TEST(answer.reason == prohibited);
            BOOST_TEST(answer.words == "malformed target");
        }
        const open_answer no_port = co_await ask_direct(*c, "127.0.0.1", 0);
        BOOST_TEST(no_port.words == "malformed target");
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(s.asked.empty());
    BOOST_TEST(s.count(kind::forward_refused) == hosts.size() + 1);
    for (const audit_event& e : s.events) BOOST_TEST(e.target.find('\n') == std::string::npos);
}

// "::1%1" is ::1 to connect() and no network's member to who compares; 0.0.0.0 is this machine.
BOOST_AUTO_TEST_CASE(c49_no_address_in_disguise_is_connected_to) {
    for (const char* disguise :
         {"::1%1", "::1%lo", "fe80::1%lo", "0.0.0.0", "::", "::ffff:0.0.0.0", "::ffff:0:0"}) {
        BOOST_TEST_CONTEXT(disguise) {
            bastion_scene s;
            target_host target(s.ctx);
            BOOST_TEST(answer_to(s, disguise, target.port()).reason == prohibited);
            BOOST_TEST(!target.was_called());
        }
    }
}

BOOST_AUTO_TEST_CASE(c48_a_port_that_is_none_ends_the_connection) {
    for (const std::uint32_t port : {0x10000U, 0xffffffffU}) {
        bastion_scene s;
        disconnect_reason why{};
        const auto asks = [&]() -> task<> {
            const auto c = co_await s.raw_logged_in();
            const wire::direct_tcpip to{"127.0.0.1", port, "127.0.0.1", 1};
            const std::vector<byte> data = data_of(to);
            c->send(wire::channel_open{"direct-tcpip", 5, 1000, 1000, {data}});
            why = co_await c->expect_end();
        };
        s.play({asks});
        s.finish();
        BOOST_TEST(why == disconnect_reason::protocol_error);
        BOOST_TEST(s.asked.empty());
        BOOST_TEST(s.last(kind::connection_ended).error == errc::malformed_field);
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_connects_to_a_listener_reaches_the_guest) {
    bastion_scene s;
    std::string got;
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const std::uint16_t port = co_await ask_listen(*c, "localhost", 0);
        BOOST_REQUIRE(port != 0);
        BOOST_TEST(s.last(kind::listener_opened).target == "localhost:" + std::to_string(port));
        tcp::socket user(s.ctx);
        auto connecting =
            user.async_connect({asio::ip::address_v4::loopback(), port}, asio::deferred);
        co_await std::move(connecting);
        const auto open = co_await c->expect<wire::channel_open>();
        BOOST_TEST(open.channel_type == "forwarded-tcpip");
        const auto fields =
            adit::value_of(wire::decode_fields<wire::forwarded_tcpip>(open.channel_data.bytes));
        BOOST_TEST(fields.address_connected == "localhost");
        BOOST_TEST(fields.port_connected == port);
        BOOST_TEST(fields.originator_ip_address == "127.0.0.1");
        BOOST_TEST(fields.originator_port == user.local_endpoint().port());
        const std::uint32_t theirs = open.sender_channel;
        c->send(wire::channel_open_confirmation{theirs, 9, 1000, 1000, {}});
        const std::string hello = "hello";
        c->send(wire::channel_data{theirs, {adit::as_bytes(hello)}});
        co_await c->flush();
        co_await send_and_read(user, "moin!", got);
        const auto data = co_await c->expect<wire::channel_data>();
        BOOST_TEST(data.recipient_channel == 9U);
        BOOST_TEST((adit::as_text(data.data) == "moin!"));
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(got == "hello");
    BOOST_TEST(s.count(kind::forward_opened) == 1U);
}

BOOST_AUTO_TEST_CASE(a_listener_ends_with_its_cancellation_or_its_guest) {
    bastion_scene s;
    std::array<std::uint16_t, 2> ports{};
    const auto asks = [&]() -> task<> {
        auto c = co_await s.raw_logged_in();
        for (std::uint16_t& port : ports) port = co_await ask_listen(*c, "localhost", 0);
        BOOST_TEST(!connects(s.ctx, ports[0]));
        // The one who called is told nothing of it: its open is answered here.
        const auto open = co_await c->expect<wire::channel_open>();
        c->send(wire::channel_open_failure{open.sender_channel, prohibited, "", ""});
        const auto data = data_of_cancel("localhost", ports[0]);
        const auto cancelled = co_await ask_global(*c, "cancel-tcpip-forward", data);
        BOOST_TEST(cancelled.has_value());
        BOOST_TEST(connects(s.ctx, ports[0]) == asio::error::connection_refused);
        const auto again = co_await ask_global(*c, "cancel-tcpip-forward", data);
        BOOST_TEST(!again.has_value());
        c->port().stream().close(adit::detail::close_mode::orderly);
    };
    s.play({asks});
    s.run_until([&] { return s.gate().connections() == 0; });
    BOOST_TEST(connects(s.ctx, ports[1]) == asio::error::connection_refused);
    s.finish();
    BOOST_TEST(s.count(kind::listener_closed) == 2U);
    BOOST_TEST(s.last(kind::listener_closed).target == "localhost:" + std::to_string(ports[1]));
}

BOOST_AUTO_TEST_CASE(a27_nobody_cancels_a_listener_of_somebody_else) {
    bastion_scene s;
    const auto asks = [&]() -> task<> {
        const auto owner = co_await s.raw_logged_in();
        const auto other = co_await s.raw_logged_in();
        const std::uint16_t port = co_await ask_listen(*owner, "localhost", 0);
        const auto data = data_of_cancel("localhost", port);
        const auto cancelled = co_await ask_global(*other, "cancel-tcpip-forward", data);
        BOOST_TEST(!cancelled.has_value());
        BOOST_TEST(!connects(s.ctx, port));
    };
    s.play({asks});
    s.finish();
}

BOOST_AUTO_TEST_CASE(l23_ports_below_1024_are_reserved) {
    bastion_scene s;
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const std::uint16_t port = co_await ask_listen(*c, "localhost", 1023);
        BOOST_TEST(port == 0);
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(s.last(kind::listener_refused).text == "the port is reserved");
    BOOST_TEST(s.asked.empty());
}

BOOST_AUTO_TEST_CASE(a27_permitlisten_counts_before_the_policy) {
    bastion_scene s;
    auto grant = adit::config::full_grant();
    grant.permit_listen.emplace({adit::config::permitted_place{"localhost", 0}});
    s.judge->grant = permissions(grant);
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const std::uint16_t elsewhere = co_await ask_listen(*c, "192.0.2.1", 0);
        BOOST_TEST(elsewhere == 0);
        BOOST_TEST(s.asked.empty());
        const std::uint16_t port = co_await ask_listen(*c, "localhost", 0);
        BOOST_TEST(port != 0);
    };
    s.play({asks});
    s.finish();
}

BOOST_AUTO_TEST_CASE(l23_the_seventeenth_listener_is_refused) {
    bastion_scene s;
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        for (int i = 0; i < 16; ++i) {
            const std::uint16_t port = co_await ask_listen(*c, "localhost", 0);
            BOOST_TEST(port != 0);
        }
        const std::uint16_t one_more = co_await ask_listen(*c, "localhost", 0);
        BOOST_TEST(one_more == 0);
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(s.last(kind::listener_refused).text == "too many listeners");
}

// All are asked about while none listens yet.
BOOST_AUTO_TEST_CASE(l23_a_slow_policy_lets_no_more_of_them_in) {
    bastion_scene s;
    s.options->guests.policy = [](const forward_question&) -> task<bool> {
        for (int i = 0; i < 50; ++i) co_await asio::post(asio::deferred);
        co_return true;
    };
    std::size_t granted = 0;
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const wire::tcpip_forward fields{"localhost", 0};
        const std::vector<byte> data = data_of(fields);
        for (int i = 0; i < 30; ++i) c->send(wire::global_request{"tcpip-forward", true, {data}});
        co_await c->flush();
        for (int i = 0; i < 30; ++i) {
            const auto packet = co_await c->port().receive_packet();
            if (packet.id() == wire::message_id::request_success) ++granted;
        }
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(granted == 16U);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_is_a_target_and_never_a_listener) {
    bastion_scene s;
    const temporary_directory folder;
    using local = asio::local::stream_protocol;
    local::acceptor acceptor(s.ctx, local::endpoint(folder.file("db.sock")));
    const auto asks = [&]() -> task<> {
        const auto c = co_await s.raw_logged_in();
        const std::string path = folder.file("db.sock");
        const wire::direct_streamlocal to{path, "", 0};
        const open_answer answer =
            co_await ask_open(*c, "direct-streamlocal@openssh.com", data_of(to));
        BOOST_REQUIRE(answer.reason == 0U);
        local::socket accepted(s.ctx);
        acceptor.accept(accepted);
        const std::string text = "hello";
        c->send(wire::channel_data{answer.channel, {adit::as_bytes(text)}});
        co_await c->flush();
        std::string got(text.size(), ' ');
        auto reading = asio::async_read(accepted, asio::buffer(got), asio::deferred);
        static_cast<void>(co_await std::move(reading));
        BOOST_TEST(got == text);
        auto writing = asio::async_write(accepted, asio::buffer(text), asio::deferred);
        static_cast<void>(co_await std::move(writing));
        const auto data = co_await c->expect<wire::channel_data>();
        BOOST_TEST((adit::as_text(data.data) == text));
        const std::string mine = folder.file("mine.sock");
        const wire::streamlocal_forward fields{mine};
        const auto listening =
            co_await ask_global(*c, "streamlocal-forward@openssh.com", data_of(fields));
        BOOST_TEST(!listening.has_value());
    };
    s.play({asks});
    s.finish();
    BOOST_TEST(!std::filesystem::exists(folder.file("mine.sock")));
    BOOST_TEST(s.last(kind::forward_opened).target == folder.file("db.sock"));
}

BOOST_AUTO_TEST_CASE(a_target_that_is_not_there_is_told_in_words) {
    bastion_scene s;
    std::uint16_t port = 0;
    {
        target_host gone(s.ctx);
        port = gone.port();
    }
    const open_answer answer = answer_to(s, "127.0.0.1", port);
    BOOST_TEST(answer.reason == failed);
    BOOST_TEST(answer.words == error_code(asio::error::connection_refused).message());
    BOOST_TEST(s.last(kind::forward_refused).text == answer.words);
}

BOOST_AUTO_TEST_SUITE_END()
