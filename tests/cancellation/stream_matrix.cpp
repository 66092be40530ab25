// Every operation of deadline.hpp, stream_factory.hpp and bridge.hpp, cancelled at every moment:
// matrix.hpp.
#include "cancellation/matrix.hpp"

#include "support/operations_stream.hpp"

using namespace adit::test;

BOOST_AUTO_TEST_SUITE(cancel_stream_operations)

BOOST_AUTO_TEST_CASE(before_it_starts) {
    stream_operations::each([]<class Row>() { cancellation::before_it_starts<Row>(); });
}

BOOST_AUTO_TEST_CASE(while_it_waits) {
    stream_operations::each([]<class Row>() { cancellation::while_it_waits<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_a_kind_that_it_ignores) {
    stream_operations::each([]<class Row>() { cancellation::by_a_kind_that_it_ignores<Row>(); });
}

BOOST_AUTO_TEST_CASE(in_the_moment_of_completion) {
    stream_operations::each([]<class Row>() { cancellation::in_the_moment_of_completion<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_destroying_its_object) {
    stream_operations::each([]<class Row>() { cancellation::by_destroying_its_object<Row>(); });
}

BOOST_AUTO_TEST_CASE(by_destroying_the_context) {
    stream_operations::each([]<class Row>() { cancellation::by_destroying_the_context<Row>(); });
}

BOOST_AUTO_TEST_SUITE_END()
