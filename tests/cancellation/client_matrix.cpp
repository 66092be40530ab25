// Every operation of client.hpp and channel.hpp, cancelled at every moment: matrix.hpp.
#include "cancellation/matrix.hpp"

#include "support/operations_client.hpp"

using namespace adit::test;

BOOST_AUTO_TEST_SUITE(cancel_client_operations)

BOOST_AUTO_TEST_CASE(before_it_starts) {
    client_operations::each([]<class Row>() { cancellation::before_it_starts<Row>(); });
    channel_operations::each([]<class Row>() { cancellation::before_it_starts<Row>(); });
}

BOOST_AUTO_TEST_CASE(while_it_waits) {
    client_operations::each([]<class Row>() { cancellation::while_it_waits<Row>(); });
    channel_operations::each([]<class Row>() { cancellation::while_it_waits<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_a_kind_that_it_ignores) {
    client_operations::each([]<class Row>() { cancellation::by_a_kind_that_it_ignores<Row>(); });
    channel_operations::each([]<class Row>() { cancellation::by_a_kind_that_it_ignores<Row>(); });
}

BOOST_AUTO_TEST_CASE(in_the_moment_of_completion) {
    client_operations::each([]<class Row>() { cancellation::in_the_moment_of_completion<Row>(); });
    channel_operations::each([]<class Row>() { cancellation::in_the_moment_of_completion<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_destroying_its_object) {
    client_operations::each([]<class Row>() { cancellation::by_destroying_its_object<Row>(); });
    channel_operations::each([]<class Row>() { cancellation::by_destroying_its_object<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_destroying_the_context) {
    client_operations::each([]<class Row>() { cancellation::by_destroying_the_context<Row>(); });
    channel_operations::each([]<class Row>() { cancellation::by_destroying_the_context<Row>(); });
}

BOOST_AUTO_TEST_SUITE_END()
