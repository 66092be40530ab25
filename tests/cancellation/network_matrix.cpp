// Every operation of connect.hpp, tunnel.hpp, tunnels.hpp, probe.hpp, bastion.hpp and agent.hpp,
// cancelled at every moment: matrix.hpp.
#include "cancellation/matrix.hpp"

#include "support/operations_network.hpp"

using namespace adit::test;

BOOST_AUTO_TEST_SUITE(cancel_network_operations)

BOOST_AUTO_TEST_CASE(before_it_starts) {
    network_operations::each([]<class Row>() { cancellation::before_it_starts<Row>(); });
}

BOOST_AUTO_TEST_CASE(while_it_waits) {
    network_operations::each([]<class Row>() { cancellation::while_it_waits<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_a_kind_that_it_ignores) {
    network_operations::each([]<class Row>() { cancellation::by_a_kind_that_it_ignores<Row>(); });
}

BOOST_AUTO_TEST_CASE(in_the_moment_of_completion) {
    network_operations::each([]<class Row>() { cancellation::in_the_moment_of_completion<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_destroying_its_object) {
    network_operations::each([]<class Row>() { cancellation::by_destroying_its_object<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_destroying_the_context) {
    network_operations::each([]<class Row>() { cancellation::by_destroying_the_context<Row>(); });
}

BOOST_AUTO_TEST_SUITE_END()
