// adit/bastion.hpp: who gets in before the login and for how long (L01-L03, A18, A19), what the end
// of a handshake leaves behind wherever it comes (A20), and what a connection may hold (L12, L13).
#include "support/bastion_deaths.hpp"
#include "support/bastion_scene.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace asio = boost::asio;
using namespace adit::test;
using namespace std::chrono_literals;
using adit::audit_event;
using adit::byte;
using adit::errc;
using adit::error_code;
using adit::task;
using asio::ip::tcp;
using kind = audit_event::kind;
namespace wire = adit::wire;

namespace {

/// A connection that has said this and waits.
task<> say_and_stop(bastion_scene& s, std::string words, std::vector<tcp::socket>& kept) {
    tcp::socket socket = co_await s.dial();
    auto writing = asio::async_write(socket, asio::buffer(words), asio::deferred);
    static_cast<void>(co_await std::move(writing));
    kept.push_back(std::move(socket));
}

/// Connections that say nothing.
void connect_many(bastion_scene& s, std::size_t n, std::vector<tcp::socket>& kept,
                  const std::string& from = "127.0.0.1") {
    for (std::size_t i = 0; i < n; ++i) {
        tcp::socket socket(s.ctx, tcp::v4());
        socket.bind({asio::ip::make_address(from), 0});
        socket.connect(s.gate().endpoints().at(0));
        kept.push_back(std::move(socket));
        s.step();
    }
}

/// How a connection that sent this, or nothing, and then waits is ended.
[[nodiscard]] error_code end_of(bastion_scene& s, const std::string& words) {
    std::vector<tcp::socket> kept;
    s.play({[&] { return say_and_stop(s, words, kept); }});
    s.run_until([&] { return s.count(kind::connection_ended) == 1; });
    const error_code why = s.last(kind::connection_ended).error;
    // And somebody else gets in.
    s.server_side->limits = adit::limits::of_server();
    const auto logs_in = [&]() -> task<> { co_await s.log_in(); };
    s.play({logs_in});
    s.finish();
    return why;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bastion_limits)

BOOST_AUTO_TEST_CASE(l01_a18_who_says_nothing_is_not_waited_for) {
    bastion_scene s;
    s.server_side->limits.identification_timeout = 5ms;
    BOOST_TEST(end_of(s, "") == errc::deadline_exceeded);
}

BOOST_AUTO_TEST_CASE(l01_a18_half_an_identification) {
    bastion_scene s;
    s.server_side->limits.identification_timeout = 5ms;
    BOOST_TEST(end_of(s, "SSH-2.0-slow") == errc::deadline_exceeded);
}

BOOST_AUTO_TEST_CASE(l01_a18_half_a_key_exchange) {
    bastion_scene s;
    s.server_side->limits.kex_timeout = 5ms;
    BOOST_TEST(end_of(s, half_a_kexinit()) == errc::deadline_exceeded);
}

BOOST_AUTO_TEST_CASE(l01_a18_grace_ends_what_its_parts_do_not) {
    bastion_scene s;
    s.server_side->limits.login_grace = 5ms;
    BOOST_TEST(end_of(s, half_a_kexinit()) == errc::deadline_exceeded);
}

BOOST_AUTO_TEST_CASE(l01_a18_who_never_logs_in_is_not_waited_for) {
    bastion_scene s;
    s.server_side->limits.login_grace = 300ms;
    const auto dawdles = [&]() -> task<> {
        const auto c = co_await s.raw();
        co_await c->shake();
        co_await c->begin_login();
        static_cast<void>(co_await c->expect_end());
    };
    s.play({dawdles});
    BOOST_TEST(s.last(kind::connection_ended).error == errc::deadline_exceeded);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l01_grace_ends_with_the_login) {
    bastion_scene s;
    s.server_side->limits.login_grace = 3s;
    asio::steady_timer later(s.ctx);
    const auto stays = [&]() -> task<> {
        const auto ssh = co_await s.log_in();
        later.expires_after(3300ms);
        auto waiting = later.async_wait(asio::deferred);
        co_await std::move(waiting);
        BOOST_TEST(ssh->is_open());
    };
    s.play({stays});
    BOOST_TEST(s.count(kind::connection_ended) == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l02_a_hundred_wait_and_one_more_is_sent_away) {
    bastion_scene s;
    s.options->admission.per_source = 1000;
    s.options->admission.startups = 100;
    std::vector<tcp::socket> kept;
    connect_many(s, 100, kept);
    BOOST_TEST(s.gate().starting() == 100U);
    BOOST_TEST(s.count(kind::connection_refused) == 0U);
    connect_many(s, 1, kept);
    BOOST_TEST(s.gate().starting() == 100U);
    BOOST_TEST(s.count(kind::connection_refused) == 1U);
    BOOST_TEST(!s.last(kind::connection_refused).text.empty());
    BOOST_TEST(s.last(kind::connection_refused).source.starts_with("127.0.0.1:"));
    std::array<char, 1> room{};
    error_code ec;
    kept.back().read_some(asio::buffer(room), ec);
    BOOST_TEST((ec == asio::error::eof || ec == asio::error::connection_reset));
    // A place is free when its holder goes.
    kept.erase(kept.begin());
    s.run_until([&] { return s.gate().starting() == 99; });
    connect_many(s, 1, kept);
    BOOST_TEST(s.gate().starting() == 100U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l02_the_defaults_send_some_away_early) {
    bastion_scene s;
    s.options->admission.per_source = 1000;
    std::vector<tcp::socket> kept;
    connect_many(s, 10, kept);
    BOOST_TEST(s.gate().starting() == 10U);
    connect_many(s, 290, kept);
    BOOST_TEST(s.gate().starting() > 10U);
    BOOST_TEST(s.gate().starting() <= 100U);
    BOOST_TEST(s.count(kind::connection_refused) == 300 - s.gate().starting());
    s.finish();
}

BOOST_AUTO_TEST_CASE(l03_the_eleventh_of_one_source_is_sent_away) {
    bastion_scene s;
    s.options->admission.startups = 100;
    std::vector<tcp::socket> kept;
    connect_many(s, 11, kept);
    BOOST_TEST(s.gate().starting() == 10U);
    BOOST_TEST(s.count(kind::connection_refused) == 1U);
    connect_many(s, 1, kept, "127.0.0.2");
    BOOST_TEST(s.gate().starting() == 11U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l02_who_has_logged_in_needs_no_place) {
    bastion_scene s;
    s.options->admission.full = 1;
    std::vector<std::unique_ptr<adit::client>> all;
    const auto logs_in = [&]() -> task<> {
        for (int i = 0; i < 5; ++i) {
            while (s.gate().starting() != 0) co_await asio::post(asio::deferred);
            all.push_back(co_await s.log_in());
        }
    };
    s.play({logs_in});
    s.step();
    BOOST_TEST(s.gate().connections() == 5U);
    BOOST_TEST(s.gate().starting() == 0U);
    s.finish();
}

// A thousand times in tests/heavy.
BOOST_AUTO_TEST_CASE(a19_a_place_comes_back_wherever_its_holder_dies) {
    constexpr std::size_t rounds = 20;
    bastion_scene s;
    s.options->admission.startups = 100;
    bastion_deaths deaths(s);
    deaths.die_everywhere(rounds);
    BOOST_TEST(deaths.messages() >= 10U);
    BOOST_TEST(s.gate().starting() == 0U);
    BOOST_TEST(s.count(kind::connection_ended) == rounds * bastion_deaths::points);
    s.finish();
}

namespace {

/// How many handlers run while one client logs in.
[[nodiscard]] std::size_t turns_of_a_login(bastion_scene& s) {
    std::size_t turns = 0;
    bool done = false;
    std::unique_ptr<adit::client> ssh;
    const auto logs_in = [&]() -> task<> { ssh = co_await s.log_in(); };
    asio::co_spawn(s.ctx, logs_in, [&done](std::exception_ptr thrown) {
        done = true;
        if (thrown) std::rethrow_exception(thrown);
    });
    s.ctx.restart();
    while (!done) turns += s.ctx.run_one_for(30s);
    ssh->close();
    s.step();
    return turns;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_hundred_half_finished_handshakes_delay_no_login) {
    bastion_scene s;
    s.options->admission.per_source = 1000;
    s.options->admission.startups = 1000;
    s.options->admission.full = 1000;
    std::size_t alone = 0;
    std::size_t among = 0;
    for (int i = 0; i < 3; ++i) alone = std::max(alone, turns_of_a_login(s));
    std::vector<tcp::socket> kept;
    for (int i = 0; i < 25; ++i) {
        for (const std::string& words : {std::string(), std::string("SSH-2.0"),
                                         std::string(some_identification), half_a_kexinit()}) {
            s.play({[&] { return say_and_stop(s, words, kept); }});
        }
    }
    s.step();
    BOOST_TEST(s.gate().starting() == 100U);
    for (int i = 0; i < 3; ++i) among = std::max(among, turns_of_a_login(s));
    BOOST_TEST_MESSAGE(alone << " turns alone, " << among << " among a hundred");
    constexpr std::size_t chance = 12;  // how the bytes come in pieces
    BOOST_TEST(among <= alone + chance);
    s.finish();
}

// The grace timer ends a handshake as a cancellation does: at whatever it waits for.
BOOST_AUTO_TEST_CASE(a20_a_handshake_ends_once_wherever_it_is_cancelled) {
    std::size_t steps = 0;
    for (bool complete = false; !complete; ++steps) {
        BOOST_REQUIRE(steps < 1000U);
        server_scene s;
        int completions = 0;
        error_code outcome;
        asio::cancellation_signal grace;
        auto told = [&](error_code ec) {
            ++completions;
            outcome = ec;
        };
        s.peer().async_handshake(asio::bind_cancellation_slot(grace.slot(), told));
        const auto logs_in = [&]() -> task<> {
            co_await s.client().shake();
            co_await s.client().log_in(7);
        };
        asio::co_spawn(s.ctx, logs_in, [](std::exception_ptr) {});
        for (std::size_t i = 0; i < steps && s.ctx.poll_one() != 0; ++i) {}
        complete = completions == 1;
        if (!complete) grace.emit(asio::cancellation_type::terminal);
        s.step();
        // It may have been done already, and its handler on its way.
        BOOST_TEST(completions == 1);
        BOOST_TEST(static_cast<bool>(outcome) == !s.peer().is_open());
        if (outcome) BOOST_TEST(outcome == asio::error::operation_aborted);
        s.finish();
    }
    BOOST_TEST(steps > 20U);
}

BOOST_AUTO_TEST_CASE(a20_a_handshake_ends_once_wherever_it_is_closed) {
    std::size_t steps = 0;
    for (bool complete = false; !complete; ++steps) {
        BOOST_REQUIRE(steps < 1000U);
        server_scene s;
        int completions = 0;
        s.peer().async_handshake([&](error_code) { ++completions; });
        const auto logs_in = [&]() -> task<> {
            co_await s.client().shake();
            co_await s.client().log_in(7);
        };
        asio::co_spawn(s.ctx, logs_in, [](std::exception_ptr) {});
        for (std::size_t i = 0; i < steps && s.ctx.poll_one() != 0; ++i) {}
        complete = completions == 1;
        const std::size_t asked = s.judge->asked.size();
        const std::size_t events = s.events.size();
        s.peer().close();
        const std::size_t told = s.events.size();
        BOOST_TEST(told == events + 1);
        s.step();
        BOOST_TEST(completions == 1);
        BOOST_TEST(s.judge->asked.size() == asked);
        BOOST_TEST(s.events.size() == told);
        s.finish();
    }
    BOOST_TEST(steps > 20U);
}

// A client that sends as much as it may to targets that do not read.
BOOST_AUTO_TEST_CASE(l12_what_nobody_reads_stays_in_the_budget) {
    bastion_scene s;
    constexpr std::size_t budget = 2 << 20;
    s.server_side->limits.connection_memory = budget;
    target_host target(s.ctx);
    std::vector<tcp::socket> far;
    std::unique_ptr<adit::client> ssh;
    std::vector<adit::channel> near;
    const auto opens = [&]() -> task<> {
        ssh = co_await s.log_in();
        for (int i = 0; i < 30; ++i) {
            adit::target to = target.at();
            auto opening = ssh->async_open(std::move(to), asio::deferred);
            near.push_back(co_await std::move(opening));
            tcp::socket taken = co_await target.take();
            taken.set_option(asio::socket_base::receive_buffer_size(4096));
            far.push_back(std::move(taken));
        }
    };
    s.play({opens});
    const std::string much(64 << 10, 'x');
    std::size_t most = 0;
    std::size_t queued = 0;
    for (int round = 0; round < 2000; ++round) {
        std::size_t sent = 0;
        for (adit::channel& c : near) sent += c.try_write(asio::buffer(much)).size;
        queued += sent;
        s.step();
        most = std::max(most, s.link().stream().pool().bytes_in_use());
        if (sent == 0) break;
    }
    BOOST_TEST_MESSAGE("at most " << most << " bytes held of " << queued);
    BOOST_TEST(queued > budget);
    // The budget, what is being read, and what a slab is larger than its content.
    BOOST_TEST(most <= 2 * budget + (1 << 20));
    BOOST_TEST(s.link().channels().budget().used() <= budget);
    near.clear();
    ssh.reset();
    s.finish();
}

// A target that sends as much as it can to a client that grants everything and reads nothing.
BOOST_AUTO_TEST_CASE(l13_a_client_that_does_not_read_stops_its_sources) {
    bastion_scene s;
    target_host target(s.ctx);
    const std::string much(1 << 20, 'x');
    std::size_t sent = 0;
    std::unique_ptr<test_client> c;
    std::vector<tcp::socket> far;
    const auto opens = [&]() -> task<> {
        c = co_await s.raw_logged_in();
        for (std::uint32_t i = 0; i < 4; ++i) {
            const auto to = data_of(wire::direct_tcpip{"127.0.0.1", target.port(), "127.0.0.1", 1});
            c->send(wire::channel_open{"direct-tcpip", i, 0x7fffffff, 1U << 15U, {to}});
            static_cast<void>(co_await c->expect<wire::channel_open_confirmation>());
            tcp::socket taken = co_await target.take();
            taken.non_blocking(true);
            far.push_back(std::move(taken));
        }
    };
    s.play({opens});
    std::size_t most = 0;
    for (int idle = 0; idle < 20;) {
        std::size_t now = 0;
        for (tcp::socket& socket : far) {
            error_code ec;
            now += socket.write_some(asio::buffer(much), ec);
        }
        sent += now;
        idle = now == 0 ? idle + 1 : 0;
        s.ctx.restart();
        while (s.ctx.poll_one() != 0) {
            most = std::max(most, s.link().channels().queued().unsent());
        }
        BOOST_REQUIRE(sent < (std::size_t{256} << 20));
    }
    const adit::limits limits;
    BOOST_TEST(!s.link().finished());
    BOOST_TEST_MESSAGE("at most " << most << " bytes queued of " << sent);
    BOOST_TEST(most <= limits.unsent_bytes + limits.unsent_bytes_channel);
    BOOST_TEST(most > limits.unsent_bytes_channel);
    c->port().stream().close(adit::detail::close_mode::abortive);
    s.finish();
}

BOOST_AUTO_TEST_CASE(listens_once_and_a_start_that_fails_holds_no_port) {
    bastion_scene s;
    const auto is = [](error_code expected) {
        return [expected](const boost::system::system_error& e) { return e.code() == expected; };
    };
    BOOST_CHECK_EXCEPTION(s.gate().listen(), boost::system::system_error,
                          is(asio::error::already_started));
    BOOST_TEST(s.gate().endpoints().size() == 1U);

    // The second address is taken: the first is let go.
    adit::bastion_options both = *s.options;
    both.listen = {{asio::ip::address_v4::loopback(), 0}, s.gate().endpoints().at(0)};
    adit::bastion second(s.ctx.get_executor(), std::move(both));
    BOOST_CHECK_EXCEPTION(second.listen(), boost::system::system_error,
                          is(asio::error::address_in_use));
    BOOST_TEST(second.endpoints().empty());
}

BOOST_AUTO_TEST_SUITE_END()
