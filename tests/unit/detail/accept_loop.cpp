// adit/detail/accept_loop.hpp: what becomes of those who call while there are no descriptors (L24),
// and that everything goes on when there are some again (T22).
#include "support/few_descriptors.hpp"
#include "support/test.hpp"

#include <adit/detail/accept_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <vector>

namespace asio = boost::asio;
using adit::error_code;
using adit::test::few_descriptors;
using adit::test::nothing_else_wants_any;
using asio::ip::tcp;

namespace {

struct door {
    door() : acceptor(ctx, {asio::ip::address_v4::loopback(), 0}) {
        std::function<void(tcp::socket, tcp::endpoint)> take = [this](tcp::socket accepted,
                                                                      const tcp::endpoint&) {
            inside.push_back(std::move(accepted));
        };
        asio::co_spawn(ctx, adit::detail::accept_loop<tcp>(acceptor, take), asio::detached);
        for (int i = 0; i < 3; ++i) callers.emplace_back(ctx, tcp::v4());
        ctx.poll();
    }
    ~door() {
        acceptor.close();
        ctx.restart();
        ctx.run();
    }
    void call(std::size_t who) { callers[who].connect(acceptor.local_endpoint()); }
    /// What the caller sees; would_block: nothing yet.
    [[nodiscard]] error_code seen_by(std::size_t who) {
        callers[who].non_blocking(true);
        std::array<char, 1> room{};
        error_code ec;
        callers[who].read_some(asio::buffer(room), ec);
        return ec;
    }
    template <class Condition>
    void run_until(const Condition& holds) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        ctx.restart();
        while (!holds() && ctx.run_one_until(limit) != 0) {}
        BOOST_REQUIRE(holds());
    }

    asio::io_context ctx;
    tcp::acceptor acceptor;
    std::vector<tcp::socket> callers;  // made while there are descriptors
    std::vector<tcp::socket> inside;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(accept_loop)

BOOST_AUTO_TEST_CASE(l24_t22_who_calls_in_vain_is_told_and_later_ones_get_in,
                     *boost::unit_test::precondition(nothing_else_wants_any)) {
    door d;
    few_descriptors none;
    d.call(0);
    d.call(1);
    d.run_until([&] { return d.seen_by(1) != asio::error::would_block; });
    BOOST_TEST((d.seen_by(0) == asio::error::eof || d.seen_by(0) == asio::error::connection_reset));
    BOOST_TEST(d.inside.empty());
    // The reserve is there again.
    BOOST_TEST(none.none_left());
    none.give(1);
    d.call(2);
    d.run_until([&] { return !d.inside.empty(); });
    BOOST_TEST(d.seen_by(2) == asio::error::would_block);
}

BOOST_AUTO_TEST_CASE(l24_t22_again_and_again,
                     *boost::unit_test::precondition(nothing_else_wants_any)) {
    for (int i = 0; i < 3; ++i) {
        door d;
        few_descriptors none;
        for (std::size_t who = 0; who < 3; ++who) {
            d.call(who);
            d.run_until([&] { return d.seen_by(who) != asio::error::would_block; });
        }
        BOOST_TEST(d.inside.empty());
    }
}

BOOST_AUTO_TEST_CASE(l24_without_a_reserve_it_waits_all_the_same) {
    door d;
    d.acceptor.close();
    d.run_until([&] { return d.ctx.stopped(); });
    few_descriptors none;
    adit::detail::reserve_descriptor reserve;
    reserve.take();
    BOOST_TEST(none.none_left());
    none.give(1);
    reserve.take();
    BOOST_TEST(none.none_left());
    reserve.give();
    BOOST_TEST(!none.none_left());
}

BOOST_AUTO_TEST_SUITE_END()
