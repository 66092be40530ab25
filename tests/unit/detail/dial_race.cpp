// adit/detail/dial_race.hpp with a dialler that follows a script: T30 without a network and without
// waiting. The delay is an hour where the clock must not decide, and none where it has to.
#include "support/operation.hpp"

#include <adit/detail/dial_race.hpp>

#include <map>

using namespace adit;
using namespace adit::test;
using detail::dial_race;
using detail::tcp_addresses;
using tcp = asio::ip::tcp;

namespace {

constexpr auto for_ever = std::chrono::hours(1);
constexpr auto no_time = std::chrono::milliseconds(0);

tcp::endpoint four(unsigned char last) { return {asio::ip::address_v4({192, 0, 2, last}), 22}; }
tcp::endpoint six(unsigned char last) {
    asio::ip::address_v6::bytes_type bytes{0x20, 0x01, 0x0d, 0xb8};
    bytes[15] = last;
    return {asio::ip::address_v6(bytes), 22};
}

// What an address does: an error, or none for a connection; an address without a line is silent.
struct network {
    asio::io_context ctx;
    std::map<tcp::endpoint, error_code> says;
    tcp_addresses tried;
    std::size_t silent = 0;  // attempts under way

    task<std::optional<tcp::socket>> dial(tcp::endpoint to) {
        tried.push_back(to);
        const auto line = says.find(to);
        if (line == says.end()) co_await wait_for_ever();
        if (line->second) throw boost::system::system_error(line->second);
        tcp::socket made(ctx);
        made.open(to.protocol());
        co_return made;
    }
    task<> wait_for_ever() {
        struct counted {
            std::size_t& n;
            explicit counted(std::size_t& count) : n(count) { ++n; }
            counted(const counted&) = delete;
            counted& operator=(const counted&) = delete;
            ~counted() { --n; }
        };
        const counted here(silent);
        detail::signal never(ctx.get_executor());
        co_await never.wait();
    }
};

struct outcome {
    int completions = 0;
    error_code ec;
    std::optional<tcp::endpoint::protocol_type> family;
    std::shared_ptr<dial_race> race;
    asio::cancellation_signal cancel;
};

void begin(network& net, tcp_addresses in_order, std::chrono::milliseconds delay, outcome& o) {
    auto attempt = [&net](tcp::endpoint to) { return net.dial(to); };
    o.race = std::make_shared<dial_race>(net.ctx.get_executor(), std::move(attempt), delay);
    auto body = [race = o.race, in_order]() -> task<std::optional<tcp::socket>> {
        auto running = dial_race::run(race, in_order);
        std::optional<tcp::socket> made = co_await std::move(running);
        co_return made;
    };
    const auto done = [&o](error_code ec, std::optional<tcp::socket> made) {
        ++o.completions;
        o.ec = ec;
        if (made) o.family = made->local_endpoint().protocol();
    };
    detail::door(net.ctx.get_executor(), std::move(body),
                 asio::bind_cancellation_slot(o.cancel.slot(), done));
}

void race(network& net, const tcp_addresses& in_order, std::chrono::milliseconds delay,
          outcome& o) {
    begin(net, in_order, delay, o);
    run_until(net.ctx, [&] { return o.completions != 0; });
    // Nothing of it is left: no attempt, no timer.
    run_until(net.ctx, [] { return false; });
    BOOST_TEST(net.ctx.stopped());
    BOOST_TEST(net.silent == 0U);
    BOOST_TEST(o.completions == 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(detail_dial_race)

BOOST_AUTO_TEST_CASE(families_take_turns_and_the_first_ones_comes_first) {
    const tcp_addresses found{six(1), six(2), six(3), four(1)};
    const tcp_addresses wanted{six(1), four(1), six(2), six(3)};
    BOOST_TEST((detail::interleaved(found) == wanted));
    const tcp_addresses other{four(1), four(2), six(1), six(2)};
    const tcp_addresses turns{four(1), six(1), four(2), six(2)};
    BOOST_TEST((detail::interleaved(other) == turns));
    BOOST_TEST(detail::interleaved({}).empty());
}

BOOST_AUTO_TEST_CASE(t30_silent_address_gets_a_rival_that_wins) {
    network net;
    net.says[four(1)] = {};
    outcome o;
    race(net, {six(1), four(1)}, no_time, o);
    BOOST_TEST(!o.ec);
    BOOST_TEST((o.family == tcp::v4()));
    BOOST_TEST(net.tried.size() == 2U);
}

BOOST_AUTO_TEST_CASE(t30_every_silent_address_gets_a_rival) {
    network net;
    net.says[four(2)] = {};
    outcome o;
    race(net, {six(1), four(1), six(2), four(2), six(3)}, no_time, o);
    BOOST_TEST(!o.ec);
    BOOST_TEST((net.tried.back() == four(2) || net.tried.back() == six(3)));
}

BOOST_AUTO_TEST_CASE(t30_failure_makes_room_at_once) {
    network net;
    net.says[six(1)] = asio::error::network_unreachable;
    net.says[four(1)] = {};
    outcome o;
    race(net, {six(1), four(1)}, for_ever, o);
    BOOST_TEST(!o.ec);
    BOOST_TEST((o.family == tcp::v4()));
}

BOOST_AUTO_TEST_CASE(first_that_answers_has_no_rival) {
    network net;
    net.says[six(1)] = {};
    outcome o;
    race(net, {six(1), four(1)}, for_ever, o);
    BOOST_TEST(!o.ec);
    BOOST_TEST(net.tried.size() == 1U);
}

BOOST_AUTO_TEST_CASE(t30_tells_of_the_address_that_had_the_most_to_say) {
    const error_code refused = asio::error::connection_refused;
    const error_code unreachable = asio::error::network_unreachable;
    const error_code late = asio::error::timed_out;
    for (const auto& [one, other, told] :
         {std::tuple(refused, unreachable, refused), std::tuple(unreachable, refused, refused),
          std::tuple(unreachable, late, late), std::tuple(late, refused, refused)}) {
        network net;
        net.says[six(1)] = one;
        net.says[four(1)] = other;
        outcome o;
        race(net, {six(1), four(1)}, for_ever, o);
        BOOST_TEST(o.ec == told);
        BOOST_TEST(net.tried.size() == 2U);
    }
}

BOOST_AUTO_TEST_CASE(name_without_an_address) {
    network net;
    outcome o;
    race(net, {}, for_ever, o);
    BOOST_TEST(o.ec == asio::error::host_not_found);
}

BOOST_AUTO_TEST_CASE(t30_leaving_ends_every_attempt) {
    network net;
    net.says[six(2)] = asio::error::connection_refused;
    outcome o;
    begin(net, {six(1), four(1), six(2)}, no_time, o);
    run_until(net.ctx, [&] { return net.tried.size() == 3; });
    run_until(net.ctx, [&] { return bool{o.race->failure()}; });
    BOOST_TEST(net.silent == 2U);
    o.cancel.emit(asio::cancellation_type::terminal);
    run_until(net.ctx, [] { return false; });
    BOOST_TEST(net.ctx.stopped());
    BOOST_TEST(net.silent == 0U);
    BOOST_TEST(o.ec == asio::error::operation_aborted);
    BOOST_TEST(o.race->failure() == asio::error::connection_refused);  // for a deadline to tell
}

BOOST_AUTO_TEST_SUITE_END()
