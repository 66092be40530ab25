// A machine that sleeps, a process that is stopped and a wall clock that is set, as a tunnel sees
// them (T07, T08). The clock of the boot and the wall's are this file's: its clock_gettime comes
// before that of the C library.
#include "support/tunnel_scene.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <ctime>

namespace {

std::atomic<std::int64_t> slept_seconds{0};
std::atomic<std::int64_t> wall_set_by_seconds{0};

}  // namespace

extern "C" int clock_gettime(clockid_t id, timespec* t) noexcept {
    if (id == CLOCK_BOOTTIME) {
        // What the steady clock says, which may be virtual, and the sleep.
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
        t->tv_sec = seconds.count() + slept_seconds;
        t->tv_nsec = (now - seconds).count();
        return 0;
    }
    const long outcome = ::syscall(SYS_clock_gettime, id, t);
    if (id == CLOCK_REALTIME) t->tv_sec += wall_set_by_seconds;
    return static_cast<int>(outcome);
}

using namespace adit;
using namespace adit::test;
using kind = tunnel_event::kind;
using state = tunnel_state;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

void sleep_eight_hours() { slept_seconds += 8 * 3600; }

std::size_t questions(tunnel_scene& s) {
    return s.peers.front()->server->port().seen(wire::message_id::global_request);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tunnel_clocks)

BOOST_AUTO_TEST_CASE(t07_after_a_sleep_the_server_is_asked_once_and_keys_change_once) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.clock.advance(seconds(5));
    BOOST_TEST(questions(s) == 0U);
    sleep_eight_hours();
    s.clock.advance(milliseconds(1100));
    BOOST_TEST(questions(s) == 1U);
    s.clock.advance(seconds(20));
    BOOST_TEST(questions(s) == 1U);
    BOOST_TEST(s.way().info().rekeys == 1U);
    BOOST_TEST((s.way().state() == state::connected));
    BOOST_TEST(s.attempts.size() == 1U);
    s.clock.advance(minutes(50));
    BOOST_TEST(s.way().info().rekeys == 1U);
    BOOST_TEST(s.works());
}

BOOST_AUTO_TEST_CASE(t07_a_server_that_has_gone_meanwhile_is_given_up_in_seconds) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.clock.advance(seconds(5));
    s.peers.front()->up->hold();
    s.peers.front()->down->hold();
    sleep_eight_hours();
    BOOST_TEST(s.within(milliseconds(7100), [&] { return s.attempts.size() == 2; }));
    BOOST_TEST(s.way().last_failure().error == make_error_code(errc::keepalive_lost));
    BOOST_TEST(s.works());
}

BOOST_AUTO_TEST_CASE(t07_a_pause_between_attempts_is_over_after_a_sleep) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    s.refusal = errc::network_unreachable;
    s.peers.front()->reset();
    s.clock.advance(minutes(5));
    const std::size_t before = s.attempts.size();
    BOOST_REQUIRE(s.within(seconds(31), [&] { return s.attempts.size() > before; }));
    s.clock.advance(milliseconds(1500));
    s.refusal = {};
    sleep_eight_hours();
    BOOST_TEST(s.within(milliseconds(1100), [&] { return s.way().state() == state::connected; }));
}

// Both clocks went on: every timer is late at once.
BOOST_AUTO_TEST_CASE(t07_a_stopped_process_asks_once_and_loses_nothing) {
    tunnel_scene s;
    BOOST_REQUIRE(!s.start());
    local_client& one = s.dial();
    one.write("before");
    BOOST_REQUIRE(s.within(seconds(1), [&] { return one.got() == "before"; }));
    s.clock.advance(minutes(30), minutes(30));
    BOOST_TEST(questions(s) == 1U);
    one.write(", after");
    BOOST_TEST(s.within(seconds(1), [&] { return one.got() == "before, after"; }));
    BOOST_TEST(s.attempts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(t08_a_wall_clock_that_is_set_changes_nothing) {
    for (const std::int64_t by : {86400, -2 * 86400, 40 * 365 * 86400}) {
        tunnel_scene s;
        BOOST_REQUIRE(!s.start());
        local_client& one = s.dial();
        s.clock.advance(seconds(10));
        wall_set_by_seconds = by;
        s.clock.advance(seconds(10));
        BOOST_TEST(questions(s) == 0U);
        s.clock.advance(minutes(5));
        BOOST_TEST(s.attempts.size() == 1U);
        BOOST_TEST(s.way().info().rekeys == 0U);
        one.write("still");
        BOOST_TEST(s.within(seconds(1), [&] { return one.got() == "still"; }));
        wall_set_by_seconds = 0;
    }
}

BOOST_AUTO_TEST_SUITE_END()
