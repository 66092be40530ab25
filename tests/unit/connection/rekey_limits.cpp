// What exchanges of keys may cost, by adit/connection/connection.hpp: a peer that begins too many
// waits (L20), and so does whoever writes while one is under way (L15).
#include "support/scene.hpp"

#include <boost/asio/as_tuple.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using namespace std::chrono_literals;
using adit::byte;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::scene;
using wire::message_id;

namespace {

// Whatever an exchange costs is too much.
void leave_no_budget(scene& s, std::chrono::milliseconds window) {
    s.options.limits.rekey_work = 1us;
    s.options.limits.rekey_work_window = window;
}

void begin_from_the_server(scene& s) {
    s.server().send_kexinit();
    const auto begins = [&]() -> task<> { co_await s.server().flush(); };
    s.play({begins});
    s.step();
}

task<> answer_exchange(scene& s) {
    adit::protocol::packet p = co_await s.server().port().receive_packet();
    while (p.id() != message_id::kexinit) p = co_await s.server().port().receive_packet();
    co_await s.server().exchange(p);
    co_await s.server().flush();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rekey_limits)

BOOST_AUTO_TEST_CASE(l20_an_exchange_too_many_is_left_unread_and_not_refused) {
    scene s;
    leave_no_budget(s, 1h);
    s.make_ready();
    channel c = s.open({});
    begin_from_the_server(s);
    BOOST_TEST(s.server().port().seen(message_id::kexinit) == 1U);
    BOOST_TEST(s.ssh().is_open());
    // What we have to send is sent under the keys that there are.
    const auto writes = [&]() -> task<> { co_await adit::test::write_all(c, "goes on"); };
    const auto reads = [&]() -> task<> {
        const auto data = co_await s.server().expect<wire::channel_data>();
        BOOST_TEST(adit::as_text(data.data) == "goes on");
    };
    s.play({writes, reads});
    BOOST_TEST(s.server().port().seen(message_id::kexinit) == 1U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l20_who_has_waited_is_served) {
    scene s;
    leave_no_budget(s, 50ms);
    s.make_ready();
    channel c = s.open({});
    for (int i = 0; i < 3; ++i) {
        const auto moves = [&]() -> task<> {
            s.server().reply(wire::ignore{});
            co_await s.server().rekey();
        };
        s.play({moves});
        s.step();
    }
    BOOST_TEST(s.ssh().info().rekeys == 3U);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(l20_within_the_budget_nobody_waits) {
    scene s;
    s.options.limits.rekey_work = 10min;
    s.options.limits.rekey_work_window = 1h;
    s.make_ready();
    channel c = s.open({});
    for (std::size_t i = 1; i <= 3; ++i) {
        const auto moves = [&]() -> task<> {
            s.server().reply(wire::ignore{});
            co_await s.server().rekey();
        };
        s.play({moves});
        s.step();
        BOOST_TEST(s.ssh().info().rekeys == i);
    }
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(l20_an_exchange_of_ours_waits_for_no_budget) {
    scene s;
    leave_no_budget(s, 1h);
    s.options.limits.rekey_packets = 8;
    s.make_ready();
    channel c = s.open({});
    const auto writes = [&]() -> task<> {
        for (int i = 0; i < 8; ++i) co_await adit::test::write_all(c, "x");
    };
    s.play({writes, [&] { return answer_exchange(s); }});
    s.step();
    BOOST_TEST(s.ssh().info().rekeys == 1U);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(l20_a_connection_ends_while_an_exchange_waits) {
    for (const bool by_the_peer : {true, false}) {
        scene s;
        leave_no_budget(s, 1h);
        s.make_ready();
        error_code closed;
        s.ssh().async_wait_closed([&](error_code ec) { closed = ec; });
        begin_from_the_server(s);
        if (by_the_peer) {
            s.link().finish(errc::connection_lost);
        } else {
            s.ssh().close();
        }
        s.step();
        BOOST_TEST(closed == (by_the_peer ? errc::connection_lost : errc::connection_closed));
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(l20_l18_whom_we_do_not_read_is_not_taken_for_dead) {
    scene s;
    leave_no_budget(s, 1h);
    s.options.limits.keepalive_interval = 20ms;
    s.options.limits.keepalive_count = 1;
    s.make_ready();
    begin_from_the_server(s);
    asio::steady_timer later(s.ctx, 200ms);
    const auto waits = [&]() -> task<> {
        auto waiting = later.async_wait(asio::deferred);
        co_await std::move(waiting);
    };
    s.play({waits});
    BOOST_TEST(s.ssh().is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(l15_writers_wait_while_our_exchange_is_under_way) {
    scene s;
    s.options.limits.rekey_packets = 30;
    s.make_ready();
    adit::test::channel_terms terms;
    terms.window = 4U << 20U;
    std::vector<channel> all;
    for (std::uint32_t i = 0; i < 3; ++i) {
        terms.number = 1000 + i;
        all.push_back(s.open(terms));
    }
    const auto writes = [&]() -> task<> {
        for (int i = 0; i < 30; ++i) co_await adit::test::write_all(all[0], "x");
    };
    s.play({writes});
    s.step();  // the client's KEXINIT has left, and nobody answers
    const std::string much = adit::test::pattern(64 << 10);
    const auto& queued = s.link().channels().queued();
    const auto& limits = s.options.limits;
    for (std::size_t i = 0; i < 2; ++i) {
        std::size_t taken = 0;
        for (;;) {
            const auto put = all[i].try_write(asio::buffer(much));
            taken += put.size;
            if (put.size == 0) {
                BOOST_TEST(put.ec == asio::error::would_block);
                break;
            }
        }
        BOOST_TEST(taken <= limits.unsent_bytes_channel);
        BOOST_TEST(taken > limits.unsent_bytes_channel - 1024);
    }
    s.step();
    BOOST_TEST(queued.unsent() >= limits.unsent_bytes);
    BOOST_TEST(queued.unsent() < limits.unsent_bytes + 1024);
    // And one more writer, who has queued nothing yet.
    const std::size_t before = queued.unsent();
    std::optional<error_code> written;
    all[2].async_write_some(asio::buffer(much), [&](error_code ec, std::size_t) { written = ec; });
    s.step();
    BOOST_TEST(!written.has_value());
    BOOST_TEST(queued.unsent() == before);
    // What leaves makes the next one due.
    for (int i = 0; i < 3 && !written; ++i) {
        s.play({[&] { return answer_exchange(s); }});
        s.step();
    }
    BOOST_TEST((written == error_code()));
    all.clear();
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
