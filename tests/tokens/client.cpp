// Every operation of client.hpp and channel.hpp with every completion token: matrix.hpp.
#include "tokens/matrix.hpp"

#include "support/operations_client.hpp"

using namespace adit::test;

BOOST_AUTO_TEST_SUITE(client_tokens)

BOOST_AUTO_TEST_CASE(callback) {
    client_operations::each([]<class Row>() { tokens::callback<Row>(); });
    channel_operations::each([]<class Row>() { tokens::callback<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred) {
    client_operations::each([]<class Row>() { tokens::deferred<Row>(); });
    channel_operations::each([]<class Row>() { tokens::deferred<Row>(); });
}

BOOST_AUTO_TEST_CASE(deferred_awaited) {
    client_operations::each([]<class Row>() { tokens::deferred_awaited<Row>(); });
    channel_operations::each([]<class Row>() { tokens::deferred_awaited<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_awaitable) {
    client_operations::each([]<class Row>() { tokens::use_awaitable<Row>(); });
    channel_operations::each([]<class Row>() { tokens::use_awaitable<Row>(); });
}

BOOST_AUTO_TEST_CASE(use_future) {
    client_operations::each([]<class Row>() { tokens::use_future<Row>(); });
    channel_operations::each([]<class Row>() { tokens::use_future<Row>(); });
}

BOOST_AUTO_TEST_CASE(as_tuple) {
    client_operations::each([]<class Row>() { tokens::as_tuple<Row>(); });
    channel_operations::each([]<class Row>() { tokens::as_tuple<Row>(); });
}

BOOST_AUTO_TEST_CASE(redirect_error) {
    client_operations::each([]<class Row>() { tokens::redirect_error<Row>(); });
    channel_operations::each([]<class Row>() { tokens::redirect_error<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_executor) {
    client_operations::each([]<class Row>() { tokens::bind_executor<Row>(); });
    channel_operations::each([]<class Row>() { tokens::bind_executor<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_allocator) {
    client_operations::each([]<class Row>() { tokens::bind_allocator<Row>(); });
    channel_operations::each([]<class Row>() { tokens::bind_allocator<Row>(); });
}

BOOST_AUTO_TEST_CASE(bind_cancellation_slot) {
    client_operations::each([]<class Row>() { tokens::bind_cancellation_slot<Row>(); });
    channel_operations::each([]<class Row>() { tokens::bind_cancellation_slot<Row>(); });
}

BOOST_AUTO_TEST_CASE(detached) {
    client_operations::each([]<class Row>() { tokens::detached<Row>(); });
    channel_operations::each([]<class Row>() { tokens::detached<Row>(); });
}

BOOST_AUTO_TEST_SUITE_END()
