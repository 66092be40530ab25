// Cancelling server::async_handshake and async_accept at every point where they can wait: after n
// steps of the context, for every n (A37). What must hold each time: it completes, once, with the
// right error; nothing leaks (ASan), nothing hangs, no slab stays behind. Also closing and
// destroying the server there. Its mirror is handshake.cpp.
#include "unit/doors/evil_client.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

using namespace adit;
using namespace adit::test;
using cancel = asio::cancellation_type;

namespace {

struct attempt {
    std::optional<error_code> outcome;
    int completions = 0;
};

// An honest login of three factors, whatever becomes of it.
task<> logs_in(server_scene& s) {
    try {
        co_await s.client().shake();
        co_await s.client().begin_login();
        static_cast<void>(co_await s.client().ask(s.client().key_request(7, 7)));
        static_cast<void>(co_await s.client().ask(s.client().password_request("open sesame")));
        const auto begins = s.client().method_request("keyboard-interactive");
        static_cast<void>(co_await s.client().ask(begins));
        const std::vector<std::string> codes(1, "123456");
        const auto answer = info_response(1, codes);
        static_cast<void>(co_await s.client().ask(answer));
        static_cast<void>(co_await s.client().expect_end());
    } catch (const boost::system::system_error&) {
        co_return;  // the server has gone
    } catch (const std::logic_error&) {
        co_return;  // its farewell, where the script has another message
    }
}

void start(server_scene& s, asio::cancellation_signal& signal, attempt& a) {
    s.options->methods = {{"publickey", "password", "keyboard-interactive"}};
    s.peer().async_handshake(asio::bind_cancellation_slot(signal.slot(), [&a](error_code ec) {
        ++a.completions;
        a.outcome = ec;
    }));
    asio::co_spawn(
        s.ctx, [&s] { return logs_in(s); },
        [](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
        });
}

// Runs at most n handlers; false when there were fewer.
bool run_steps(server_scene& s, std::size_t n) {
    s.ctx.restart();
    for (; n != 0; --n) {
        if (s.ctx.poll_one() == 0) return false;
    }
    return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancel_server)

BOOST_AUTO_TEST_CASE(a37_terminal_at_every_step_of_a_login_ends_it) {
    std::size_t cancelled = 0;
    for (std::size_t n = 0;; ++n) {
        server_scene s;
        asio::cancellation_signal signal;
        attempt a;
        start(s, signal, a);
        const bool more = run_steps(s, n);
        signal.emit(cancel::terminal);
        s.step();
        BOOST_TEST_CONTEXT("after " << n << " steps") {
            BOOST_REQUIRE(a.completions == 1);
            const bool expected = !*a.outcome || *a.outcome == asio::error::operation_aborted;
            BOOST_TEST(expected, a.outcome->message());
            BOOST_TEST(s.peer().is_open() == !*a.outcome);
            const auto logins =
                std::ranges::count(s.events, audit_event::kind::login, &audit_event::what);
            BOOST_TEST(s.peer().who().user.empty() == (logins == 0));
        }
        if (*a.outcome) ++cancelled;
        s.finish();
        BOOST_TEST(a.completions == 1);
        if (!more) break;
    }
    BOOST_TEST(cancelled >= 12U);
}

BOOST_AUTO_TEST_CASE(a37_closing_the_server_at_every_step_ends_it) {
    for (std::size_t n = 0;; ++n) {
        server_scene s;
        asio::cancellation_signal signal;
        attempt a;
        start(s, signal, a);
        const bool more = run_steps(s, n);
        s.peer().close(errc::shutting_down);
        s.step();
        BOOST_TEST_CONTEXT("after " << n << " steps") {
            BOOST_TEST(a.completions == 1);
            BOOST_TEST(!s.peer().is_open());
            const auto ends = std::ranges::count(s.events, audit_event::kind::connection_ended,
                                                 &audit_event::what);
            BOOST_TEST(ends == 1);
        }
        s.finish();
        if (!more) break;
    }
}

BOOST_AUTO_TEST_CASE(a37_destroying_the_server_at_every_step_ends_it) {
    for (std::size_t n = 0;; ++n) {
        server_scene s;
        asio::cancellation_signal signal;
        attempt a;
        start(s, signal, a);
        const bool more = run_steps(s, n);
        { const server gone = std::move(s.peer()); }
        s.step();
        BOOST_TEST(a.completions == 1, "after " << n << " steps");
        s.finish();
        if (!more) break;
    }
}

// What is asked for at the same moment is neither lost nor handed out twice.
BOOST_AUTO_TEST_CASE(a37_cancelling_accept_at_every_step_answers_every_open_once) {
    for (std::size_t n = 0;; ++n) {
        server_scene s;
        s.make_ready();
        asio::cancellation_signal signal;
        attempt a;
        std::optional<incoming> got;
        s.peer().async_accept(
            asio::bind_cancellation_slot(signal.slot(), [&](error_code ec, incoming asked) {
                ++a.completions;
                a.outcome = ec;
                if (!ec) got = std::move(asked);
            }));
        const auto open = direct_tcpip_open(40);
        std::optional<wire::message_id> answer;
        asio::co_spawn(
            s.ctx,
            [&]() -> task<> {
                s.client().say(open);
                co_await s.client().flush();
                const protocol::packet packet = co_await s.client().port().receive_packet();
                answer = packet.id();
            },
            [](std::exception_ptr e) {
                if (e) std::rethrow_exception(e);
            });
        const bool more = run_steps(s, n);
        signal.emit(cancel::total);
        s.step();
        BOOST_REQUIRE_MESSAGE(a.completions == 1, "after " << n << " steps");
        channel stream;
        if (got) {
            stream = got->accept();
        } else if (!answer) {
            const auto accepts = [&]() -> task<> {
                incoming asked = co_await next_incoming(s.peer());
                stream = asked.accept();
            };
            s.play({accepts});
        }
        s.step();
        BOOST_REQUIRE(answer.has_value());
        BOOST_TEST(stream.is_open() == (*answer == wire::message_id::channel_open_confirmation));
        s.finish();
        if (!more) break;
    }
}

BOOST_AUTO_TEST_SUITE_END()
