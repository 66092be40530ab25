// Every operation of deadline.hpp, stream_factory.hpp and bridge.hpp with every completion token:
// matrix.hpp.
#include "tokens/matrix.hpp"

#include "support/operations_stream.hpp"

using namespace adit::test;

BOOST_AUTO_TEST_SUITE(stream_tokens)

BOOST_AUTO_TEST_CASE(callback) {
    stream_operations::each([]<class Row>() { tokens::callback<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred) {
    stream_operations::each([]<class Row>() { tokens::deferred<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred_awaited) {
    stream_operations::each([]<class Row>() { tokens::deferred_awaited<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_awaitable) {
    stream_operations::each([]<class Row>() { tokens::use_awaitable<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_future) {
    stream_operations::each([]<class Row>() { tokens::use_future<Row>(); });
}

BOOST_AUTO_TEST_CASE(as_tuple) {
    stream_operations::each([]<class Row>() { tokens::as_tuple<Row>(); });
}

BOOST_AUTO_TEST_CASE(redirect_error) {
    stream_operations::each([]<class Row>() { tokens::redirect_error<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_executor) {
    stream_operations::each([]<class Row>() { tokens::bind_executor<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_allocator) {
    stream_operations::each([]<class Row>() { tokens::bind_allocator<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_cancellation_slot) {
    stream_operations::each([]<class Row>() { tokens::bind_cancellation_slot<Row>(); });
}

BOOST_AUTO_TEST_CASE(detached) {
    stream_operations::each([]<class Row>() { tokens::detached<Row>(); });
}

BOOST_AUTO_TEST_SUITE_END()
