// Cancelling each operation of client and channel: before it started, while it is parked, in the
// same moment as its completion, and by destroying the handle that it runs on. What must hold: one
// completion each, nothing lost of the data, nothing left behind.
#include "support/scene.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::channel_terms;
using adit::test::payload_of;
using adit::test::scene;
using cancel = asio::cancellation_type;

namespace {

const std::array<cancel, 3> kinds{cancel::terminal, cancel::partial, cancel::total};

void say(scene& s, const std::vector<std::vector<adit::byte>>& messages) {
    const auto server_part = [&]() -> task<> {
        for (const auto& m : messages) s.server().port().send_now(m);
        co_await s.server().flush();
    };
    s.play({server_part});
}

std::vector<adit::byte> data(std::string_view text) {
    return payload_of(wire::channel_data{0, adit::as_bytes(text)});
}

// What became of an operation.
struct ending {
    int completions = 0;
    error_code ec = asio::error::would_block;
    std::size_t size = 0;

    auto handler(asio::cancellation_signal& signal) {
        return asio::bind_cancellation_slot(signal.slot(), [this](error_code e, auto... n) {
            ++completions;
            ec = e;
            ((size = static_cast<std::size_t>(n)), ...);
        });
    }
};

// The four operations of a channel that can wait, by name.
struct operation {
    const char* name;
    void (*begin)(channel& c, std::array<char, 8>& room, asio::cancellation_signal&, ending&);
    std::vector<adit::byte> (*wakes)();
};

std::vector<adit::byte> some_data() { return data("0123456789"); }
std::vector<adit::byte> some_window() { return payload_of(wire::channel_window_adjust{0, 100}); }

const std::array<operation, 4> operations{
    operation{"read",
              [](channel& c, std::array<char, 8>& room, asio::cancellation_signal& s, ending& e) {
                  c.async_read_some(asio::buffer(room), e.handler(s));
              },
              some_data},
    operation{"wait_readable",
              [](channel& c, std::array<char, 8>&, asio::cancellation_signal& s, ending& e) {
                  c.async_wait_readable(e.handler(s));
              },
              some_data},
    operation{"write",
              [](channel& c, std::array<char, 8>& room, asio::cancellation_signal& s, ending& e) {
                  c.async_write_some(asio::buffer(room), e.handler(s));
              },
              some_window},
    operation{"wait_writable",
              [](channel& c, std::array<char, 8>&, asio::cancellation_signal& s, ending& e) {
                  c.async_wait_writable(e.handler(s));
              },
              some_window}};

channel without_window(scene& s) {
    s.make_ready();
    channel_terms terms;
    terms.window = 0;
    return s.open(terms);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cancel_channel)

BOOST_AUTO_TEST_CASE(parked_operation_ends_and_can_be_begun_again) {
    for (const operation& op : operations) {
        for (const cancel kind : kinds) {
            BOOST_TEST_CONTEXT(op.name << " " << static_cast<unsigned>(kind)) {
                scene s;
                channel c = without_window(s);
                std::array<char, 8> room{};
                asio::cancellation_signal signal;
                ending first, second;
                op.begin(c, room, signal, first);
                s.step();
                BOOST_TEST(first.completions == 0);
                signal.emit(kind);
                s.step();
                BOOST_TEST(first.completions == 1);
                BOOST_TEST(first.ec == asio::error::operation_aborted);
                BOOST_TEST(first.size == 0U);
                op.begin(c, room, signal, second);
                s.step();
                BOOST_TEST(second.completions == 0);
                say(s, {op.wakes()});
                s.step();
                BOOST_TEST(second.completions == 1);
                BOOST_TEST(!second.ec);
                BOOST_TEST(first.completions == 1);
                // Nothing was lost, and nothing was sent that was cancelled.
                std::array<char, 16> rest{};
                const std::size_t left = c.try_read(asio::buffer(rest)).size;
                if (op.wakes == some_data) BOOST_TEST(left + second.size == 10U);
                c.close();
                s.finish();
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(request_in_the_moment_of_completion_comes_too_late) {
    for (const operation& op : operations) {
        BOOST_TEST_CONTEXT(op.name) {
            scene s;
            channel c = without_window(s);
            std::array<char, 8> room{};
            asio::cancellation_signal signal;
            ending e;
            op.begin(c, room, signal, e);
            say(s, {op.wakes()});
            // Handlers one by one; the request comes between completion and upcall, wherever that
            // is.
            s.ctx.restart();
            while (e.completions == 0) {
                if (s.ctx.poll_one() == 0) break;
                if (op.wakes == some_data && c.lend().size() < 10U) signal.emit(cancel::total);
            }
            signal.emit(cancel::total);
            s.step();
            BOOST_TEST(e.completions == 1);
            std::array<char, 16> rest{};
            const std::size_t left = c.try_read(asio::buffer(rest)).size;
            if (op.wakes == some_data) BOOST_TEST(left + e.size == 10U);
            c.close();
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(request_before_the_first_step_is_seen) {
    for (const operation& op : operations) {
        BOOST_TEST_CONTEXT(op.name) {
            scene s;
            channel c = without_window(s);
            std::array<char, 8> room{};
            asio::cancellation_signal signal;
            ending e;
            op.begin(c, room, signal, e);
            signal.emit(cancel::terminal);
            BOOST_TEST(e.completions == 0);
            s.step();
            BOOST_TEST(e.completions == 1);
            BOOST_TEST(e.ec == asio::error::operation_aborted);
            c.close();
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(destroyed_handle_ends_its_operations) {
    for (const operation& op : operations) {
        for (const bool abort : {false, true}) {
            BOOST_TEST_CONTEXT(op.name) {
                scene s;
                std::optional<channel> c(without_window(s));
                std::array<char, 8> room{};
                asio::cancellation_signal signal;
                ending e;
                op.begin(*c, room, signal, e);
                s.step();
                if (abort)
                    c->abort();
                else
                    c.reset();
                BOOST_TEST(e.completions == 0);
                s.step();
                BOOST_TEST(e.completions == 1);
                const bool ended = e.ec == asio::error::operation_aborted || !e.ec;
                BOOST_TEST(ended, e.ec.message());
                signal.emit(cancel::terminal);
                s.finish();
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(destroyed_context_drops_parked_operations) {
    for (const operation& op : operations) {
        asio::cancellation_signal signal;
        ending e;
        std::array<char, 8> room{};
        channel c;
        {
            scene s;
            c = without_window(s);
            op.begin(c, room, signal, e);
            s.step();
            c.close();
        }
        BOOST_TEST(e.completions == 0);
        signal.emit(cancel::terminal);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cancel_open)

BOOST_AUTO_TEST_CASE(t13_at_every_step_and_the_late_confirmation_is_closed) {
    for (const cancel kind : kinds) {
        for (std::size_t n = 0; n < 40; ++n) {
            scene s;
            s.make_ready();
            asio::cancellation_signal signal;
            ending e;
            std::optional<channel> opened;
            adit::target to("db", 1);
            s.ssh().async_open(std::move(to), asio::bind_cancellation_slot(
                                                  signal.slot(), [&](error_code ec, channel c) {
                                                      ++e.completions;
                                                      e.ec = ec;
                                                      opened = std::move(c);
                                                  }));
            const auto answers = [&]() -> task<> {
                channel_terms terms;
                try {
                    static_cast<void>(co_await s.server().accept_channel(terms));
                } catch (const boost::system::system_error&) {
                    co_return;  // it was cancelled before anything was sent
                }
            };
            asio::co_spawn(s.ctx, answers, [](std::exception_ptr) {});
            s.ctx.restart();
            for (std::size_t i = 0; i < n && s.ctx.poll_one() != 0; ++i) {}
            signal.emit(kind);
            s.step();
            BOOST_TEST_CONTEXT("after " << n << " steps") {
                BOOST_REQUIRE(e.completions == 1);
                const bool expected = !e.ec || e.ec == asio::error::operation_aborted;
                BOOST_TEST(expected, e.ec.message());
                BOOST_TEST(opened->is_open() == !e.ec);
            }
            opened.reset();
            s.step();
            const bool was_sent = s.server().port().seen(wire::message_id::channel_open) != 0;
            if (was_sent) {
                const auto closes = [&]() -> task<> {
                    const auto close = co_await s.server().expect<wire::channel_close>();
                    BOOST_TEST(close.recipient_channel == 1000U);
                    s.server().reply(wire::channel_close{0});
                    co_await s.server().flush();
                };
                s.play({closes});
                s.step();
            }
            BOOST_TEST(s.ssh().info().channels == 0U);
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(refused_late_it_is_over_too) {
    scene s;
    s.make_ready();
    asio::cancellation_signal signal;
    error_code outcome;
    adit::target to("db", 1);
    s.ssh().async_open(
        std::move(to),
        asio::bind_cancellation_slot(signal.slot(), [&](error_code ec, channel) { outcome = ec; }));
    s.step();
    signal.emit(cancel::total);
    s.step();
    BOOST_TEST(outcome == asio::error::operation_aborted);
    BOOST_TEST(s.ssh().info().channels == 1U);
    say(s, {payload_of(wire::channel_open_failure{0, 1, "", ""})});
    s.step();
    BOOST_TEST(s.ssh().info().channels == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(wait_closed_can_be_cancelled_and_begun_again) {
    scene s;
    s.make_ready();
    asio::cancellation_signal signal;
    ending first, second, third;
    s.ssh().async_wait_closed(first.handler(signal));
    s.step();
    signal.emit(cancel::total);
    s.step();
    BOOST_TEST(first.ec == asio::error::operation_aborted);
    asio::cancellation_signal other;
    s.ssh().async_wait_closed(second.handler(signal));
    s.ssh().async_wait_closed(third.handler(other));
    s.step();
    BOOST_TEST(second.completions == 0);
    BOOST_TEST(third.completions == 0);
    s.ssh().close();
    s.step();
    BOOST_TEST(second.ec == errc::connection_closed);
    BOOST_TEST(third.ec == errc::connection_closed);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
