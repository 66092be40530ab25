// adit/connection/incoming.hpp: what a peer asks a server for, until it is answered.
#include "support/test.hpp"

#include <adit/connection/incoming.hpp>

namespace wire = adit::wire;
using adit::byte;
using adit::errc;
using adit::open_failure;
using adit::detail::global_answer;
using adit::detail::incoming_queue;
using adit::detail::unanswered;

namespace {

adit::limits caps() { return adit::limits::of_server(); }

wire::channel_open open_of(std::string_view type, std::uint32_t sender = 5) {
    return {type, sender, 1000, 2000, {}};
}

struct serving : incoming_queue {
    explicit serving(const adit::limits& l = caps()) : incoming_queue(l) { serve(); }
};

std::uint64_t ticket_of(incoming_queue& q) {
    const auto taken = q.take();
    BOOST_REQUIRE(taken.has_value());
    return taken->ticket;
}

constexpr std::string_view to_listen = "tcpip-forward";

}  // namespace

BOOST_AUTO_TEST_SUITE(incoming)

BOOST_AUTO_TEST_CASE(what_a_server_serves_waits_for_its_answer_in_order) {
    serving q;
    const std::vector<byte> fields{1, 2, 3};
    BOOST_TEST(!q.offer({"direct-tcpip", 7, 1000, 2000, {fields}}).has_value());
    q.offer(wire::global_request{to_listen, true, {fields}});
    BOOST_TEST(!q.offer(open_of("session", 9)).has_value());

    const auto first = q.take();
    BOOST_TEST((first->what == unanswered::kind::open));
    BOOST_TEST(first->name == "direct-tcpip");
    BOOST_TEST((first->data == fields));
    BOOST_TEST(first->sender_channel == 7U);
    BOOST_TEST(first->window == 1000U);
    BOOST_TEST(first->packet == 2000U);
    const auto second = q.take();
    BOOST_TEST((second->what == unanswered::kind::global_request));
    BOOST_TEST(second->name == to_listen);
    BOOST_TEST(second->want_reply);
    BOOST_TEST(q.take()->sender_channel == 9U);
    BOOST_TEST(q.empty());
    BOOST_TEST(!q.take().has_value());
}

// A26 in the client's role: it never serves.
BOOST_AUTO_TEST_CASE(a26_whoever_does_not_serve_refuses_all_and_keeps_nothing) {
    incoming_queue q(caps());
    for (const std::string_view type :
         {"direct-tcpip", "direct-streamlocal@openssh.com", "session", "forwarded-tcpip",
          "forwarded-streamlocal@openssh.com", "x11", "auth-agent@openssh.com"}) {
        const auto refused = q.offer(open_of(type));
        BOOST_TEST((refused == open_failure::administratively_prohibited), type);
    }
    BOOST_TEST((q.offer(open_of("x")) == open_failure::unknown_channel_type));
    q.offer(wire::global_request{to_listen, true, {}});
    BOOST_TEST(!q.next_answer()->success);
    BOOST_TEST(q.empty());
}

BOOST_AUTO_TEST_CASE(c41_types_that_only_a_server_opens_and_unknown_ones_are_refused) {
    serving q;
    for (const std::string_view type : {"forwarded-tcpip", "forwarded-streamlocal@openssh.com",
                                        "x11", "auth-agent@openssh.com"}) {
        BOOST_TEST((q.offer(open_of(type)) == open_failure::administratively_prohibited), type);
    }
    for (const std::string_view type : {"", "Session", "session ", "sessio", "direct-tcpip2"}) {
        BOOST_TEST((q.offer(open_of(type)) == open_failure::unknown_channel_type), type);
    }
    BOOST_TEST(q.empty());
}

BOOST_AUTO_TEST_CASE(c41_a_channel_that_takes_no_byte_is_refused_and_not_counted) {
    auto l = caps();
    l.pending_opens = 1;
    serving q(l);
    for (int i = 0; i < 10; ++i) {
        const auto refused = q.offer({"session", 1, 1000, 0, {}});
        BOOST_TEST((refused == open_failure::administratively_prohibited));
    }
    BOOST_TEST(!q.offer({"session", 1, 0, 1, {}}).has_value());
}

BOOST_AUTO_TEST_CASE(l11_pending_opens_at_the_limit_and_one_past_it) {
    serving q;
    for (int i = 0; i < 64; ++i) BOOST_TEST(!q.offer(open_of("direct-tcpip")).has_value());
    BOOST_TEST((q.offer(open_of("direct-tcpip")) == open_failure::resource_shortage));
    // To be taken is not to be answered.
    BOOST_TEST(q.take().has_value());
    BOOST_TEST((q.offer(open_of("direct-tcpip")) == open_failure::resource_shortage));
    q.answered_open();
    BOOST_TEST(!q.offer(open_of("direct-tcpip")).has_value());
    BOOST_TEST((q.offer(open_of("direct-tcpip")) == open_failure::resource_shortage));
}

BOOST_AUTO_TEST_CASE(l11_sessions_at_the_limit_and_one_past_it) {
    serving q;
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST(!q.offer(open_of("session")).has_value());
        q.answered_open();
    }
    BOOST_TEST((q.offer(open_of("session")) == open_failure::resource_shortage));
    BOOST_TEST(!q.offer(open_of("direct-tcpip")).has_value());
    q.session_over();
    BOOST_TEST(!q.offer(open_of("session")).has_value());
    BOOST_TEST((q.offer(open_of("session")) == open_failure::resource_shortage));
}

// A session that is refused for the number of opens takes no session's place.
BOOST_AUTO_TEST_CASE(l11_an_open_that_is_refused_takes_no_place) {
    auto l = caps();
    l.pending_opens = 1;
    l.sessions = 1;
    serving q(l);
    BOOST_TEST(!q.offer(open_of("direct-tcpip")).has_value());
    for (int i = 0; i < 5; ++i) {
        BOOST_TEST((q.offer(open_of("session")) == open_failure::resource_shortage));
    }
    q.answered_open();
    BOOST_TEST(!q.offer(open_of("session")).has_value());
}

BOOST_AUTO_TEST_CASE(c39_replies_leave_in_the_order_of_the_requests) {
    serving q;
    q.offer(wire::global_request{to_listen, true, {}});
    q.offer(wire::global_request{"unknown", true, {}});
    q.offer(wire::global_request{"cancel-tcpip-forward", true, {}});
    const std::uint64_t first = ticket_of(q);
    const std::uint64_t third = ticket_of(q);
    BOOST_TEST(!q.next_answer().has_value());
    q.answer(third, {true, {3}});
    BOOST_TEST(!q.next_answer().has_value());
    q.answer(first, {true, {1}});
    BOOST_TEST((q.next_answer()->data == std::vector<byte>{1}));
    BOOST_TEST(!q.next_answer()->success);
    BOOST_TEST((q.next_answer()->data == std::vector<byte>{3}));
    BOOST_TEST(!q.next_answer().has_value());
}

BOOST_AUTO_TEST_CASE(c39_a_request_that_wants_no_reply_gets_none) {
    serving q;
    q.offer(wire::global_request{"unknown", false, {}});
    q.offer(wire::global_request{to_listen, false, {}});
    const std::uint64_t ticket = ticket_of(q);
    q.answer(ticket, {true, {}});
    BOOST_TEST(!q.next_answer().has_value());
    // Nor does a second answer become somebody else's.
    q.offer(wire::global_request{to_listen, true, {}});
    q.answer(ticket, {true, {}});
    BOOST_TEST(!q.next_answer().has_value());
}

BOOST_AUTO_TEST_CASE(l14_waiting_requests_at_the_limit_and_one_past_it) {
    for (const bool want_reply : {true, false}) {
        serving q;
        for (int i = 0; i < 256; ++i) q.offer(wire::global_request{to_listen, want_reply, {}});
        BOOST_CHECK_EXCEPTION(
            q.offer(wire::global_request{to_listen, want_reply, {}}), adit::protocol_error,
            [](const auto& e) { return e.code() == errc::too_many_pending_replies; });
    }
}

// Answers that have to wait for somebody else's count as much.
BOOST_AUTO_TEST_CASE(l14_unknown_requests_behind_one_that_waits_are_bounded_too) {
    serving q;
    q.offer(wire::global_request{to_listen, true, {}});
    for (int i = 0; i < 255; ++i) q.offer(wire::global_request{"x", true, {}});
    BOOST_CHECK_THROW(q.offer(wire::global_request{"x", true, {}}), adit::protocol_error);
    q.answer(ticket_of(q), {true, {}});
    for (int i = 0; i < 256; ++i) BOOST_TEST(q.next_answer().has_value());
    BOOST_TEST(!q.next_answer().has_value());
}

// L12: no request that means something is that long, and 320 of the longest packets are 80 MiB.
BOOST_AUTO_TEST_CASE(l12_what_waits_is_bounded_in_bytes_too) {
    serving q;
    const std::vector<byte> most(incoming_queue::most_data), more(incoming_queue::most_data + 1);
    BOOST_TEST(!q.offer({"direct-tcpip", 7, 1000, 2000, {most}}).has_value());
    const auto refused = q.offer({"direct-tcpip", 7, 1000, 2000, {more}});
    BOOST_TEST((refused == open_failure::administratively_prohibited));
    static_cast<void>(q.take());
    q.offer(wire::global_request{to_listen, true, {more}});
    BOOST_TEST(!q.next_answer()->success);
    BOOST_TEST(q.empty());
    q.offer(wire::global_request{to_listen, true, {most}});
    BOOST_TEST(!q.empty());
}

BOOST_AUTO_TEST_SUITE_END()
