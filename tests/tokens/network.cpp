// Every operation of connect.hpp, tunnel.hpp, tunnels.hpp, probe.hpp, bastion.hpp and agent.hpp,
// with every completion token: matrix.hpp.
#include "tokens/matrix.hpp"

#include "support/operations_network.hpp"

using namespace adit::test;

BOOST_AUTO_TEST_SUITE(network_tokens)

BOOST_AUTO_TEST_CASE(callback) {
    network_operations::each([]<class Row>() { tokens::callback<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred) {
    network_operations::each([]<class Row>() { tokens::deferred<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred_awaited) {
    network_operations::each([]<class Row>() { tokens::deferred_awaited<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_awaitable) {
    network_operations::each([]<class Row>() { tokens::use_awaitable<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_future) {
    network_operations::each([]<class Row>() { tokens::use_future<Row>(); });
}

BOOST_AUTO_TEST_CASE(as_tuple) {
    network_operations::each([]<class Row>() { tokens::as_tuple<Row>(); });
}

BOOST_AUTO_TEST_CASE(redirect_error) {
    network_operations::each([]<class Row>() { tokens::redirect_error<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_executor) {
    network_operations::each([]<class Row>() { tokens::bind_executor<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_allocator) {
    network_operations::each([]<class Row>() { tokens::bind_allocator<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_cancellation_slot) {
    network_operations::each([]<class Row>() { tokens::bind_cancellation_slot<Row>(); });
}

BOOST_AUTO_TEST_CASE(detached) {
    network_operations::each([]<class Row>() { tokens::detached<Row>(); });
}

BOOST_AUTO_TEST_SUITE_END()
