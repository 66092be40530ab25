// Every operation of server.hpp and session.hpp with every completion token: matrix.hpp.
#include "tokens/matrix.hpp"

#include "support/operations_server.hpp"

using namespace adit::test;

BOOST_AUTO_TEST_SUITE(server_tokens)

BOOST_AUTO_TEST_CASE(callback) {
    server_operations::each([]<class Row>() { tokens::callback<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred) {
    server_operations::each([]<class Row>() { tokens::deferred<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred_awaited) {
    server_operations::each([]<class Row>() { tokens::deferred_awaited<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_awaitable) {
    server_operations::each([]<class Row>() { tokens::use_awaitable<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_future) {
    server_operations::each([]<class Row>() { tokens::use_future<Row>(); });
}

BOOST_AUTO_TEST_CASE(as_tuple) {
    server_operations::each([]<class Row>() { tokens::as_tuple<Row>(); });
}

BOOST_AUTO_TEST_CASE(redirect_error) {
    server_operations::each([]<class Row>() { tokens::redirect_error<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_executor) {
    server_operations::each([]<class Row>() { tokens::bind_executor<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_allocator) {
    server_operations::each([]<class Row>() { tokens::bind_allocator<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_cancellation_slot) {
    server_operations::each([]<class Row>() { tokens::bind_cancellation_slot<Row>(); });
}

BOOST_AUTO_TEST_CASE(detached) {
    server_operations::each([]<class Row>() { tokens::detached<Row>(); });
}

BOOST_AUTO_TEST_SUITE_END()
