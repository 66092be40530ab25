// Every operation of sessions, and a channel's ends, cancelled at every moment: matrix.hpp.
#include "cancellation/matrix.hpp"

#include "support/operations_session.hpp"

using namespace adit::test;

BOOST_AUTO_TEST_SUITE(cancel_session_operations)

BOOST_AUTO_TEST_CASE(before_it_starts) {
    session_operations::each([]<class Row>() { cancellation::before_it_starts<Row>(); });
}

BOOST_AUTO_TEST_CASE(while_it_waits) {
    session_operations::each([]<class Row>() { cancellation::while_it_waits<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_a_kind_that_it_ignores) {
    session_operations::each([]<class Row>() { cancellation::by_a_kind_that_it_ignores<Row>(); });
}

BOOST_AUTO_TEST_CASE(in_the_moment_of_completion) {
    session_operations::each([]<class Row>() { cancellation::in_the_moment_of_completion<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_destroying_its_object) {
    session_operations::each([]<class Row>() { cancellation::by_destroying_its_object<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_destroying_the_context) {
    session_operations::each([]<class Row>() { cancellation::by_destroying_the_context<Row>(); });
}

BOOST_AUTO_TEST_SUITE_END()
