// adit/connect.hpp on the loopback. Names that do not exist are asked for in tests/integration.
#include "support/operations_network.hpp"

using namespace adit;
using namespace adit::test;

namespace {

struct outcome {
    error_code ec = asio::error::would_block;
    connected_socket made;
};

outcome dial(connects& where, std::chrono::milliseconds timeout) {
    outcome result;
    const std::uint16_t port = where.where->local_endpoint().port();
    async_connect(where.context.get_executor(), "127.0.0.1", port, timeout,
                  [&](error_code ec, connected_socket made) {
                      result.ec = ec;
                      result.made = std::move(made);
                  });
    run_until(where.context, [&] { return result.ec != asio::error::would_block; });
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connect_door)

BOOST_AUTO_TEST_CASE(socket_is_ready_for_ssh) {
    connects where;
    const outcome result = dial(where, limits().connect_timeout);
    BOOST_TEST(!result.ec);
    asio::ip::tcp::no_delay at_once;
    asio::socket_base::keep_alive probes;
    result.made.socket->get_option(at_once);
    result.made.socket->get_option(probes);
    BOOST_TEST(at_once.value());
    BOOST_TEST(probes.value());
}

BOOST_AUTO_TEST_CASE(port_where_nobody_listens) {
    connects where;
    where.where = &where.full;  // bound, and listens only when it is held
    const outcome result = dial(where, limits().connect_timeout);
    BOOST_TEST(result.ec == errc::connection_refused);
    BOOST_TEST(!result.made.socket.has_value());
}

BOOST_AUTO_TEST_CASE(l01_address_that_does_not_answer_ends_at_the_deadline) {
    connects where;
    where.hold();
    const outcome result = dial(where, std::chrono::milliseconds(1));
    BOOST_TEST(result.ec == errc::connect_timed_out);
}

BOOST_AUTO_TEST_CASE(deadline_of_zero_is_none) {
    connects where;
    const outcome result = dial(where, std::chrono::milliseconds(0));
    BOOST_TEST(!result.ec);
}

BOOST_AUTO_TEST_SUITE_END()
