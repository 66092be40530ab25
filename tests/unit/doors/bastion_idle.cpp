// adit/bastion.hpp: what its clients leave lying about: channels and connections that they do not
// use (L19), and calls to their listeners that they do not take (L23).
#include "support/bastion_scene.hpp"

namespace asio = boost::asio;
using namespace adit::test;
using namespace std::chrono_literals;
using adit::audit_event;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using asio::ip::tcp;
using kind = audit_event::kind;
namespace wire = adit::wire;

namespace {

/// The clock of a connection ticks every 10 ms.
void tick_fast(bastion_scene& s) {
    s.server_side->limits.keepalive_interval = 40ms;
    s.server_side->limits.keepalive_count = 1000;
}

/// What somebody who has called sees; would_block: nothing yet.
[[nodiscard]] error_code seen_by(tcp::socket& caller) {
    caller.non_blocking(true);
    std::array<char, 1> room{};
    error_code ec;
    caller.read_some(asio::buffer(room), ec);
    return ec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bastion_idle)

BOOST_AUTO_TEST_CASE(l19_a_relay_that_rests_is_cut_off) {
    bastion_scene s;
    tick_fast(s);
    s.server_side->limits.channel_timeout.direct_tcpip = 30ms;
    target_host target(s.ctx);
    std::unique_ptr<adit::client> ssh;
    std::optional<tcp::socket> far;
    channel near;
    const auto opens = [&]() -> task<> {
        ssh = co_await s.log_in();
        adit::target to = target.at();
        auto opening = ssh->async_open(std::move(to), asio::deferred);
        near = co_await std::move(opening);
        tcp::socket taken = co_await target.take();
        far.emplace(std::move(taken));
    };
    s.play({opens});
    s.run_until([&] { return s.count(kind::forward_closed) == 1; });
    BOOST_TEST(s.last(kind::forward_closed).error == errc::channel_idle);
    s.run_until([&] { return seen_by(*far) != asio::error::would_block; });
    BOOST_TEST(seen_by(*far) == asio::error::eof);  // read once already: it was a reset
    error_code why;
    s.run_until([&] {
        std::array<char, 8> room{};
        why = near.try_read(asio::buffer(room)).ec;
        return why != asio::error::would_block;
    });
    BOOST_TEST(why == errc::channel_reset);
    BOOST_TEST(ssh->is_open());
    near.close();
    ssh.reset();
    s.finish();
}

BOOST_AUTO_TEST_CASE(l19_a_client_without_channels_is_sent_away_whatever_it_listens_on) {
    for (const bool listens : {false, true}) {
        bastion_scene s;
        tick_fast(s);
        s.server_side->limits.unused_connection_timeout = 30ms;
        const auto rests = [&]() -> task<> {
            const auto c = co_await s.raw_logged_in();
            if (listens) {
                const std::uint16_t port = co_await ask_listen(*c, "localhost", 0);
                BOOST_TEST(port != 0);
            }
            const auto reason = co_await c->expect_end();
            BOOST_TEST((reason == adit::disconnect_reason::by_application));
        };
        s.play({rests});
        BOOST_TEST(s.last(kind::connection_ended).error == errc::connection_unused);
        s.finish();
        BOOST_TEST(s.count(kind::listener_closed) == (listens ? 1U : 0U));
    }
}

BOOST_AUTO_TEST_CASE(l23_a_hundred_and_twenty_eight_calls_wait_and_one_more_is_hung_up_on) {
    bastion_scene s;
    std::unique_ptr<test_client> c;
    std::uint16_t port = 0;
    std::vector<tcp::socket> callers;
    const auto asks = [&]() -> task<> {
        c = co_await s.raw_logged_in();
        port = co_await ask_listen(*c, "localhost", 0);
    };
    s.play({asks});
    const auto call = [&] {
        tcp::socket caller(s.ctx, tcp::v4());
        caller.connect({asio::ip::address_v4::loopback(), port});
        callers.push_back(std::move(caller));
        s.step();
    };
    for (int i = 0; i < 128; ++i) call();
    BOOST_TEST(s.count(kind::forward_refused) == 0U);
    call();
    s.run_until([&] { return s.count(kind::forward_refused) == 1; });
    BOOST_TEST(!s.last(kind::forward_refused).text.empty());
    BOOST_TEST(seen_by(callers.back()) == asio::error::connection_reset);
    BOOST_TEST(seen_by(callers.front()) == asio::error::would_block);
    // One that is answered makes room for another.
    const auto answers = [&]() -> task<> {
        const auto open = co_await c->expect<wire::channel_open>();
        c->send(wire::channel_open_failure{open.sender_channel, 1, "", ""});
        co_await c->flush();
    };
    s.play({answers});
    s.run_until([&] { return s.count(kind::forward_refused) == 2; });
    call();
    s.step();
    BOOST_TEST(s.count(kind::forward_refused) == 2U);
    BOOST_TEST(seen_by(callers.back()) == asio::error::would_block);
    c->port().stream().close(adit::detail::close_mode::orderly);
    s.run_until([&] { return s.gate().connections() == 0; });
    s.finish();
}

BOOST_AUTO_TEST_CASE(every_listener_that_was_told_of_is_told_to_have_closed) {
    for (const bool by_the_gate : {true, false}) {
        bastion_scene s;
        std::unique_ptr<test_client> c;
        const auto asks = [&]() -> task<> {
            c = co_await s.raw_logged_in();
            for (int i = 0; i < 3; ++i) {
                const std::uint16_t port = co_await ask_listen(*c, "localhost", 0);
                BOOST_TEST(port != 0);
            }
        };
        s.play({asks});
        if (by_the_gate) {
            s.gate().close();
        } else {
            c->port().stream().close(adit::detail::close_mode::orderly);
            s.run_until([&] { return s.gate().connections() == 0; });
        }
        s.finish();
        BOOST_TEST(s.count(kind::listener_opened) == 3U);
        BOOST_TEST(s.count(kind::listener_closed) == 3U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
