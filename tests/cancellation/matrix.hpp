// The cells of the matrix operations x moments of a cancellation, for any row of
// support/operation.hpp: before it could start, while it waits, in the moment of its completion
// (after every handler that runs), and the destruction of its object or of the context. Used by
// client_matrix.cpp and its neighbours.
// What each cell requires: one completion, with operation_aborted or what it would have had; after
// that the same operation works again, with nothing lost and nothing left over, where the row's
// promise says so (docs/cancellation.md), and nothing works where it does not.
#pragma once

#include "support/operation.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace adit::test::cancellation {

template <class Row>
void start(Row& row, asio::cancellation_signal& signal, ending_of<Row>& e) {
    row.begin(asio::bind_cancellation_slot(signal.slot(), e.handler()));
    BOOST_TEST(e.completions == 0);
}

template <class Row>
void wait_for(Row& row, ending_of<Row>& e) {
    run_until(row.ctx(), [&] { return e.completions != 0; });
    BOOST_TEST(e.completions == 1);
}

/// It came to what it was begun for.
template <class Row>
void check_success(Row& row, ending_of<Row>& e) {
    BOOST_TEST(e.ec == row.expected(), e.ec.message());
    BOOST_TEST(row.right(e.value));
    e.value = {};
    row.settle();
    BOOST_TEST(row.intact());
    row.end();
    BOOST_TEST(e.completions == 1);
}

/// It was cancelled: what the promise says of that.
template <class Row>
void check_cancelled(Row& row, ending_of<Row>& e) {
    BOOST_TEST(e.ec == asio::error::operation_aborted, e.ec.message());
    if constexpr (Row::promised == promise::terminal) {
        BOOST_TEST(row.over());
        row.end();
    } else {
        ending_of<Row> again;
        row.wake();
        row.begin(again.handler());
        wait_for(row, again);
        check_success(row, again);
    }
    BOOST_TEST(e.completions == 1);
}

template <class Row>
void before_it_starts() {
    for (const cancel kind : kinds(Row::promised, true)) {
        BOOST_TEST_CONTEXT(Row::name << ", kind " << static_cast<unsigned>(kind)) {
            Row row;
            ending_of<Row> e;
            asio::cancellation_signal signal;
            start(row, signal, e);
            signal.emit(kind);
            BOOST_TEST(e.completions == 0);
            wait_for(row, e);
            check_cancelled(row, e);
        }
    }
}

template <class Row>
void while_it_waits() {
    for (const cancel kind : kinds(Row::promised, true)) {
        BOOST_TEST_CONTEXT(Row::name << ", kind " << static_cast<unsigned>(kind)) {
            Row row;
            ending_of<Row> e;
            asio::cancellation_signal signal;
            row.hold();
            start(row, signal, e);
            row.settle();
            BOOST_TEST(e.completions == 0);
            signal.emit(kind);
            BOOST_TEST(e.completions == 0);
            wait_for(row, e);
            BOOST_TEST(!signal.slot().has_handler());
            check_cancelled(row, e);
        }
    }
}

/// Requests of the kinds that it has not promised to survive pass by.
template <class Row>
void by_a_kind_that_it_ignores() {
    for (const cancel kind : kinds(Row::promised, false)) {
        BOOST_TEST_CONTEXT(Row::name << ", kind " << static_cast<unsigned>(kind)) {
            Row row;
            ending_of<Row> e;
            asio::cancellation_signal signal;
            start(row, signal, e);
            signal.emit(kind);
            row.settle();
            signal.emit(kind);
            row.settle();
            BOOST_TEST(e.completions == 0);
            row.wake();
            wait_for(row, e);
            check_success(row, e);
        }
    }
}

template <class Row>
void in_the_moment_of_completion() {
    std::size_t cancelled = 0, succeeded = 0;
    for (bool too_late = false; !too_late;) {
        const std::size_t n = cancelled + succeeded;
        BOOST_TEST_CONTEXT(Row::name << ", after " << n << " handlers") {
            Row row;
            ending_of<Row> e;
            asio::cancellation_signal signal;
            start(row, signal, e);
            row.wake();
            // A socket's news may be a moment away.
            if (!run_steps(row.ctx(), n)) wait_for(row, e);
            too_late = e.completions != 0;
            signal.emit(cancel::terminal);
            wait_for(row, e);
            if (e.ec == asio::error::operation_aborted) {
                ++cancelled;
                check_cancelled(row, e);
            } else {
                ++succeeded;
                check_success(row, e);
            }
        }
    }
    BOOST_TEST(succeeded != 0U, Row::name);
}

/// Right behind its start, and while it waits.
template <class Row>
void by_destroying_its_object() {
    if constexpr (requires(Row& row) { row.destroy(); }) {
        for (const bool waiting : {false, true}) {
            BOOST_TEST_CONTEXT(Row::name << (waiting ? ", waiting" : ", begun")) {
                Row row;
                ending_of<Row> e;
                asio::cancellation_signal signal;
                start(row, signal, e);
                if (waiting) row.settle();
                row.destroy();
                BOOST_TEST(e.completions == 0);
                wait_for(row, e);
                signal.emit(cancel::terminal);
                row.settle();
                BOOST_TEST(e.completions == 1);
                row.end();
            }
        }
    }
}

/// Nothing is completed, everything is freed (ASan), and a late request finds nobody.
template <class Row>
void by_destroying_the_context() {
    for (const bool waiting : {false, true}) {
        BOOST_TEST_CONTEXT(Row::name << (waiting ? ", waiting" : ", begun")) {
            ending_of<Row> e;
            asio::cancellation_signal signal;
            {
                Row row;
                row.hold();
                start(row, signal, e);
                if (waiting) row.settle();
            }
            if (Row::goes_silently) BOOST_TEST(e.completions == 0);
            signal.emit(cancel::terminal);
        }
    }
}

}  // namespace adit::test::cancellation
