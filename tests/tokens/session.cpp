// Every operation of sessions, and a channel's ends with every completion token: matrix.hpp.
#include "tokens/matrix.hpp"

#include "support/operations_session.hpp"

using namespace adit::test;

BOOST_AUTO_TEST_SUITE(session_tokens)

BOOST_AUTO_TEST_CASE(callback) {
    session_operations::each([]<class Row>() { tokens::callback<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred) {
    session_operations::each([]<class Row>() { tokens::deferred<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred_awaited) {
    session_operations::each([]<class Row>() { tokens::deferred_awaited<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_awaitable) {
    session_operations::each([]<class Row>() { tokens::use_awaitable<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_future) {
    session_operations::each([]<class Row>() { tokens::use_future<Row>(); });
}

BOOST_AUTO_TEST_CASE(as_tuple) {
    session_operations::each([]<class Row>() { tokens::as_tuple<Row>(); });
}

BOOST_AUTO_TEST_CASE(redirect_error) {
    session_operations::each([]<class Row>() { tokens::redirect_error<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_executor) {
    session_operations::each([]<class Row>() { tokens::bind_executor<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_allocator) {
    session_operations::each([]<class Row>() { tokens::bind_allocator<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_cancellation_slot) {
    session_operations::each([]<class Row>() { tokens::bind_cancellation_slot<Row>(); });
}

BOOST_AUTO_TEST_CASE(detached) {
    session_operations::each([]<class Row>() { tokens::detached<Row>(); });
}

BOOST_AUTO_TEST_SUITE_END()
