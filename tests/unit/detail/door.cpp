// adit/detail/door.hpp: how a coroutine ends, and how a request to cancel finds it. The matrix of
// completion tokens is in tests/tokens/door.cpp. Long: each way of cancelling is a case.
#include "support/memory_stream.hpp"
#include "support/test.hpp"

#include <adit/detail/door.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <new>
#include <stdexcept>

namespace asio = boost::asio;
using adit::error_code;
using adit::task;
using cancel = asio::cancellation_type;

namespace {

error_code some_error() { return {71, boost::system::generic_category()}; }

// An object with conversations inside, as client and server are.
class engine {
public:
    explicit engine(const adit::executor& e) : ex(e), timer(e) {}

    template <class Token>
    auto async_run(task<std::string> (engine::*what)(), Token&& token) {
        return adit::detail::door(
            ex, [this, what] { return (this->*what)(); }, std::forward<Token>(token));
    }

    task<std::string> returns_at_once() { co_return "at once"; }
    task<std::string> throws_ours() {
        throw boost::system::system_error(some_error());
        co_return "";
    }
    task<std::string> runs_out_of_memory() {
        throw std::bad_alloc();
        co_return "";
    }
    task<std::string> has_a_bug() {
        throw std::logic_error("bug");
        co_return "";
    }
    task<std::string> waits_a_moment() {
        timer.expires_after(std::chrono::milliseconds(1));
        auto expired = timer.async_wait(asio::deferred);
        co_await std::move(expired);
        co_return "waited";
    }
    task<std::string> waits_for_ever() {
        ++begun;
        timer.expires_after(std::chrono::hours(1));
        auto expired = timer.async_wait(asio::deferred);
        co_await std::move(expired);
        co_return "never";
    }
    task<std::string> reads_for_ever() {
        ++begun;
        auto read = stream.async_read_some(asio::buffer(room), asio::deferred);
        co_await std::move(read);
        co_return "never";
    }
    task<std::string> cleans_up_when_cancelled() {
        ++begun;
        co_await asio::this_coro::throw_if_cancelled(false);
        timer.expires_after(std::chrono::hours(1));
        auto expired = timer.async_wait(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(expired);
        co_await asio::post(asio::deferred);  // would throw otherwise
        co_return std::get<0>(outcome) ? "cleaned up" : "never";
    }
    task<std::string> dispatches() {
        auto again = asio::dispatch(ex, asio::deferred);
        co_await std::move(again);
        co_return "dispatched";
    }

    adit::executor ex;
    asio::steady_timer timer;
    adit::test::memory_stream stream;
    std::array<char, 4> room{};
    int begun = 0;
};

struct outcome {
    int calls = 0;
    error_code ec;
    std::string value;
};

auto record(outcome& into) {
    return [&into](error_code ec, std::string value) {
        ++into.calls;
        into.ec = ec;
        into.value = std::move(value);
    };
}

outcome run(task<std::string> (engine::*what)()) {
    asio::io_context io;
    engine e(io.get_executor());
    outcome result;
    e.async_run(what, record(result));
    BOOST_TEST(result.calls == 0);
    io.run();
    BOOST_TEST(result.calls == 1);
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(door)

BOOST_AUTO_TEST_CASE(a_value_arrives) {
    for (auto what : {&engine::returns_at_once, &engine::waits_a_moment, &engine::dispatches}) {
        const outcome result = run(what);
        BOOST_TEST(!result.ec);
        BOOST_TEST(!result.value.empty());
    }
}

BOOST_AUTO_TEST_CASE(an_error_of_ours_becomes_a_code_and_an_empty_value) {
    const outcome result = run(&engine::throws_ours);
    BOOST_TEST(result.ec == some_error());
    BOOST_TEST(result.value.empty());
}

BOOST_AUTO_TEST_CASE(bad_alloc_becomes_no_memory) {
    BOOST_TEST(run(&engine::runs_out_of_memory).ec == asio::error::no_memory);
}

BOOST_AUTO_TEST_CASE(any_other_exception_leaves_run) {
    asio::io_context io;
    engine e(io.get_executor());
    outcome result;
    e.async_run(&engine::has_a_bug, record(result));
    BOOST_CHECK_THROW(io.run(), std::logic_error);
    BOOST_TEST(result.calls == 0);
}

BOOST_AUTO_TEST_CASE(a_body_without_a_value) {
    asio::io_context io;
    int calls = 0;
    auto body = [&]() -> task<> {
        ++calls;
        co_return;
    };
    adit::detail::door(io.get_executor(), body, [&](error_code ec) {
        BOOST_TEST(!ec);
        ++calls;
    });
    io.run();
    BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(nothing_runs_inside_the_initiating_function) {
    for (auto what : {&engine::returns_at_once, &engine::throws_ours, &engine::dispatches,
                      &engine::waits_for_ever}) {
        asio::io_context io;
        engine e(io.get_executor());
        outcome result;
        asio::post(io, [&] {
            e.async_run(what, record(result));
            BOOST_TEST(e.begun == 0);
            BOOST_TEST(result.calls == 0);
            asio::post(io, [&] { e.timer.cancel(); });
        });
        io.run();
        BOOST_TEST(result.calls == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_terminal_request_reaches_what_the_body_waits_for) {
    for (auto what : {&engine::waits_for_ever, &engine::reads_for_ever}) {
        asio::io_context io;
        engine e(io.get_executor());
        auto [mine, other] = adit::test::memory_pair(io.get_executor());
        e.stream = std::move(mine);
        asio::cancellation_signal stop;
        outcome result;
        e.async_run(what, asio::bind_cancellation_slot(stop.slot(), record(result)));
        io.poll();
        BOOST_TEST(e.begun == 1);
        stop.emit(cancel::terminal);
        stop.emit(cancel::terminal);
        io.run();
        BOOST_TEST(result.calls == 1);
        BOOST_TEST(result.ec == asio::error::operation_aborted);
        stop.emit(cancel::terminal);
        io.restart();
        io.poll();
        BOOST_TEST(result.calls == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_request_before_the_body_began_is_not_lost) {
    asio::io_context io;
    engine e(io.get_executor());
    asio::cancellation_signal stop;
    outcome result;
    // In the queue before the coroutine's first step, and inside run(): plain co_spawn loses its
    // handler here.
    asio::post(io, [&] { stop.emit(cancel::terminal); });
    e.async_run(&engine::waits_for_ever, asio::bind_cancellation_slot(stop.slot(), record(result)));
    io.run();
    BOOST_TEST(result.calls == 1);
    BOOST_TEST(result.ec == asio::error::operation_aborted);
    BOOST_TEST(e.begun == 0);
}

BOOST_AUTO_TEST_CASE(a_request_right_after_initiation_is_not_lost) {
    asio::io_context io;
    engine e(io.get_executor());
    asio::cancellation_signal stop;
    outcome result;
    asio::post(io, [&] {
        e.async_run(&engine::waits_for_ever,
                    asio::bind_cancellation_slot(stop.slot(), record(result)));
        stop.emit(cancel::terminal);
    });
    io.run();
    BOOST_TEST(result.calls == 1);
    BOOST_TEST(result.ec == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(only_the_honoured_types_get_through) {
    asio::io_context io;
    engine e(io.get_executor());
    asio::cancellation_signal stop;
    outcome terminal_only;
    e.async_run(&engine::waits_for_ever,
                asio::bind_cancellation_slot(stop.slot(), record(terminal_only)));
    io.poll();
    stop.emit(cancel::total);
    stop.emit(cancel::partial);
    io.poll();
    BOOST_TEST(terminal_only.calls == 0);
    stop.emit(cancel::terminal);
    io.run();
    BOOST_TEST(terminal_only.calls == 1);

    io.restart();
    outcome total;
    auto body = [&e] { return e.waits_for_ever(); };
    adit::detail::door(e.ex, body, asio::bind_cancellation_slot(stop.slot(), record(total)),
                       cancel::total);
    io.poll();
    stop.emit(cancel::total);
    io.run();
    BOOST_TEST(total.ec == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(a_body_can_clean_up) {
    asio::io_context io;
    engine e(io.get_executor());
    asio::cancellation_signal stop;
    outcome result;
    e.async_run(&engine::cleans_up_when_cancelled,
                asio::bind_cancellation_slot(stop.slot(), record(result)));
    io.poll();
    stop.emit(cancel::terminal);
    io.run();
    BOOST_TEST(!result.ec);
    BOOST_TEST(result.value == "cleaned up");
}

BOOST_AUTO_TEST_CASE(the_handlers_slot_is_free_when_the_handler_runs) {
    asio::io_context io;
    engine e(io.get_executor());
    asio::cancellation_signal stop;
    bool free = false;
    e.async_run(&engine::waits_a_moment,
                asio::bind_cancellation_slot(stop.slot(), [&](error_code, std::string) {
                    free = stop.slot().is_connected() && !stop.slot().has_handler();
                }));
    io.run();
    BOOST_TEST(free);
}

BOOST_AUTO_TEST_CASE(loses_a_parallel_group_and_says_so) {
    asio::io_context io;
    engine e(io.get_executor());
    asio::steady_timer timer(io, std::chrono::milliseconds(2));
    bool done = false;
    asio::experimental::make_parallel_group(e.async_run(&engine::waits_for_ever, asio::deferred),
                                            timer.async_wait(asio::deferred))
        .async_wait(
            asio::experimental::wait_for_one(),
            [&](std::array<std::size_t, 2> order, error_code body, std::string, error_code) {
                BOOST_TEST(order[0] == 1U);
                BOOST_TEST(body == asio::error::operation_aborted);
                done = true;
            });
    io.run();
    BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(an_operation_on_a_strand_is_cancelled_from_the_plain_context) {
    asio::io_context io;
    engine e(asio::make_strand(io));
    asio::cancellation_signal stop;
    outcome result;
    asio::post(io, [&] {
        e.async_run(&engine::waits_for_ever,
                    asio::bind_cancellation_slot(
                        stop.slot(), asio::bind_executor(io.get_executor(), record(result))));
        asio::post(io, [&] { stop.emit(cancel::terminal); });
    });
    io.run();
    BOOST_TEST(result.ec == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(the_context_may_go_while_a_door_is_open_and_the_signal_may_stay) {
    for (const bool on_strand : {false, true}) {
        asio::cancellation_signal stop;
        std::weak_ptr<engine> watch;
        {
            asio::io_context io;
            adit::executor where = io.get_executor();
            if (on_strand) {
                where = asio::make_strand(io);
            }
            auto e = std::make_shared<engine>(where);
            watch = e;
            e->async_run(&engine::waits_for_ever,
                         asio::bind_cancellation_slot(stop.slot(), [e](error_code, std::string) {
                             BOOST_ERROR("invoked by shutdown");
                         }));
            e.reset();
            io.poll();
            BOOST_TEST(!watch.expired());
        }
        BOOST_TEST(watch.expired());
        stop.emit(cancel::terminal);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(concurrency_door)

BOOST_AUTO_TEST_CASE(cancellation_from_another_strand_races_completion) {
    asio::thread_pool pool(3);
    std::atomic<int> ended{0};
    constexpr int rounds = 300;
    for (int i = 0; i < rounds; ++i) {
        const adit::executor theirs = asio::make_strand(pool);
        const adit::executor mine = asio::make_strand(pool);
        const auto e = std::make_shared<engine>(theirs);
        const auto stop = std::make_shared<asio::cancellation_signal>();
        asio::post(mine, [=, &ended] {
            auto done = [&ended, e, stop](error_code, std::string) { ++ended; };
            e->async_run(&engine::waits_a_moment,
                         asio::bind_cancellation_slot(stop->slot(),
                                                      asio::bind_executor(mine, std::move(done))));
            auto timer = std::make_shared<asio::steady_timer>(
                mine, std::chrono::microseconds(900 + i % 200));
            timer->async_wait([stop, timer](error_code) { stop->emit(cancel::terminal); });
        });
    }
    pool.join();
    BOOST_TEST(ended == rounds);
}

BOOST_AUTO_TEST_CASE(cancellation_from_another_strand_races_the_start) {
    asio::thread_pool pool(3);
    std::atomic<int> ended{0};
    constexpr int rounds = 300;
    for (int i = 0; i < rounds; ++i) {
        const adit::executor theirs = asio::make_strand(pool);
        const adit::executor mine = asio::make_strand(pool);
        const auto e = std::make_shared<engine>(theirs);
        const auto stop = std::make_shared<asio::cancellation_signal>();
        asio::post(mine, [=, &ended] {
            auto done = [&ended, e, stop](error_code ec, std::string) {
                ended += ec == asio::error::operation_aborted ? 1 : 0;
            };
            e->async_run(&engine::waits_for_ever,
                         asio::bind_cancellation_slot(stop->slot(),
                                                      asio::bind_executor(mine, std::move(done))));
            asio::post(mine, [stop] { stop->emit(cancel::terminal); });
        });
    }
    pool.join();
    BOOST_TEST(ended == rounds);
}

BOOST_AUTO_TEST_SUITE_END()
