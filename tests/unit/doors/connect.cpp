// adit/connect.hpp on the loopback. Names that do not exist are asked for in tests/integration.
#include "support/operations_network.hpp"

using namespace adit;
using namespace adit::test;

namespace {

struct outcome {
    error_code ec = asio::error::would_block;
    connected_socket made;
};

outcome dial(connects& where, connect_options how, const std::string& host = "127.0.0.1") {
    outcome result;
    const std::uint16_t port = where.where->local_endpoint().port();
    async_connect(where.context.get_executor(), host, port, std::move(how),
                  [&](error_code ec, connected_socket made) {
                      result.ec = ec;
                      result.made = std::move(made);
                  });
    run_until(where.context, [&] { return result.ec != asio::error::would_block; });
    return result;
}

outcome dial(connects& where, std::chrono::milliseconds timeout) {
    connect_options how;
    how.timeout = timeout;
    return dial(where, std::move(how));
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

BOOST_AUTO_TEST_CASE(bind_address_is_where_it_comes_from) {
    connects where;
    connect_options how;
    how.bind_address = "127.0.0.77";
    const outcome result = dial(where, std::move(how));
    BOOST_REQUIRE(!result.ec);
    BOOST_TEST(result.made.socket->local_endpoint().address().to_string() == "127.0.0.77");
}

BOOST_AUTO_TEST_CASE(bind_address_has_to_be_one) {
    connects where;
    connect_options how;
    how.bind_address = "eth0";
    BOOST_TEST(dial(where, std::move(how)).ec == asio::error::invalid_argument);
}

BOOST_AUTO_TEST_CASE(family_that_an_address_is_not_of) {
    connects where;
    connect_options six;
    six.family = address_family::inet6;
    BOOST_TEST(dial(where, six).ec == errc::name_not_found);
    connect_options bound;
    bound.bind_address = "::1";
    BOOST_TEST(dial(where, bound).ec == errc::name_not_found);
    connect_options both;
    both.bind_address = "::1";
    both.family = address_family::inet;
    BOOST_TEST(dial(where, both).ec == errc::name_not_found);
}

BOOST_AUTO_TEST_CASE(family_that_a_name_has) {
    connects where;
    connect_options four;
    four.family = address_family::inet;
    const outcome result = dial(where, four, "localhost");
    BOOST_REQUIRE(!result.ec);
    BOOST_TEST(result.made.socket->remote_endpoint().address().is_v4());
}

BOOST_AUTO_TEST_SUITE_END()
