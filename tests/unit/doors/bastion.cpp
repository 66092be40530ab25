// adit/bastion.hpp: what it carries and how that ends: relays both ways, half-close, resets, the
// drain and close(), and what the audit is told of all of it.
#include "support/bastion_scene.hpp"

#include <set>

namespace asio = boost::asio;
using namespace adit::test;
using adit::audit_event;
using adit::byte;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::forward_question;
using adit::task;
using asio::ip::tcp;
using kind = audit_event::kind;
namespace wire = adit::wire;

namespace {

template <class Stream>
task<> send_all(Stream& stream, const std::string& text) {
    auto writing = asio::async_write(stream, asio::buffer(text), asio::deferred);
    static_cast<void>(co_await std::move(writing));
}

/// Everything up to the end, and what the end was.
template <class Stream>
task<error_code> read_all(Stream& stream, std::string& got) {
    auto reading =
        asio::async_read(stream, asio::dynamic_buffer(got), asio::as_tuple(asio::deferred));
    const auto outcome = co_await std::move(reading);
    co_return std::get<0>(outcome);
}

template <class Stream>
task<> read_exactly(Stream& stream, std::string& got, std::size_t size) {
    got.resize(size);
    auto reading = asio::async_read(stream, asio::buffer(got), asio::deferred);
    static_cast<void>(co_await std::move(reading));
}

/// A client of ours with a channel to a target, both ends of it in hand.
struct joined {
    std::unique_ptr<adit::client> ssh;
    channel near;
    std::optional<tcp::socket> far;
};

task<> join(bastion_scene& s, target_host& target, joined& j) {
    if (j.ssh == nullptr) j.ssh = co_await s.log_in();
    adit::target to = target.at();
    auto opening = j.ssh->async_open(std::move(to), asio::deferred);
    j.near = co_await std::move(opening);
    tcp::socket taken = co_await target.take();
    j.far.emplace(std::move(taken));
}

task<error_code> drain(bastion_scene& s, std::chrono::milliseconds limit) {
    auto draining = s.gate().async_drain(limit, asio::as_tuple(asio::deferred));
    const auto outcome = co_await std::move(draining);
    co_return std::get<0>(outcome);
}

constexpr std::chrono::minutes long_time{10};

}  // namespace

BOOST_AUTO_TEST_SUITE(bastion_door)

BOOST_AUTO_TEST_CASE(four_mebibytes_each_way_at_once) {
    bastion_scene s;
    target_host target(s.ctx);
    joined j;
    const std::string up = pattern(4 << 20);
    const std::string down(up.rbegin(), up.rend());
    s.play({[&] { return join(s, target, j); }});
    std::string got_up;
    std::string got_down;
    s.play({[&] { return send_all(j.near, up); }, [&] { return send_all(*j.far, down); },
            [&] { return read_exactly(*j.far, got_up, up.size()); },
            [&] { return read_exactly(j.near, got_down, down.size()); }});
    BOOST_TEST((got_up == up));
    BOOST_TEST((got_down == down));
    j.near.shutdown_send();
    j.far->shutdown(tcp::socket::shutdown_send);
    s.run_until([&] { return s.count(kind::forward_closed) == 1; });
    const audit_event& closed = s.last(kind::forward_closed);
    BOOST_TEST(closed.bytes_to_target == up.size());
    BOOST_TEST(closed.bytes_from_target == down.size());
    BOOST_TEST(!closed.error);
    s.finish();
}

BOOST_AUTO_TEST_CASE(t15_t16_half_close_travels_both_ways_and_leaves_the_rest) {
    for (const bool client_first : {true, false}) {
        bastion_scene s;
        target_host target(s.ctx);
        joined j;
        s.play({[&] { return join(s, target, j); }});
        const auto talks = [&](auto& first, auto& second, auto& end_first,
                               auto& end_second) -> task<> {
            co_await send_all(first, "question");
            end_first();
            std::string got;
            const error_code end = co_await read_all(second, got);
            BOOST_TEST(end == asio::error::eof);
            BOOST_TEST(got == "question");
            co_await send_all(second, "answer");
            end_second();
            got.clear();
            const error_code last = co_await read_all(first, got);
            BOOST_TEST(last == asio::error::eof);
            BOOST_TEST(got == "answer");
        };
        const auto end_near = [&] { j.near.shutdown_send(); };
        const auto end_far = [&] { j.far->shutdown(tcp::socket::shutdown_send); };
        if (client_first) s.play({[&] { return talks(j.near, *j.far, end_near, end_far); }});
        if (!client_first) s.play({[&] { return talks(*j.far, j.near, end_far, end_near); }});
        s.run_until([&] { return s.count(kind::forward_closed) == 1; });
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(a_reset_of_the_target_is_no_end_of_data) {
    bastion_scene s;
    target_host target(s.ctx);
    joined j;
    const auto resets = [&]() -> task<> {
        co_await join(s, target, j);
        co_await send_all(*j.far, "half of it");
        std::string got;
        co_await read_exactly(j.near, got, 10);
        j.far->set_option(asio::socket_base::linger(true, 0));
        j.far->close();
        const error_code end = co_await read_all(j.near, got);
        BOOST_TEST(end == errc::channel_reset);
    };
    s.play({resets});
    s.run_until([&] { return s.count(kind::forward_closed) == 1; });
    BOOST_TEST(s.last(kind::forward_closed).error == asio::error::connection_reset);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_client_that_is_lost_resets_the_target) {
    bastion_scene s;
    target_host target(s.ctx);
    error_code end;
    const auto loses = [&]() -> task<> {
        auto c = co_await s.raw_logged_in();
        const open_answer answer = co_await ask_direct(*c, "127.0.0.1", target.port());
        BOOST_REQUIRE(answer.reason == 0U);
        tcp::socket far = co_await target.take();
        const std::string text = pattern(1000);
        c->send(wire::channel_data{answer.channel, {adit::as_bytes(text)}});
        co_await c->flush();
        std::string got;
        co_await read_exactly(far, got, text.size());
        c->port().stream().close(adit::detail::close_mode::abortive);
        end = co_await read_all(far, got);
    };
    s.play({loses});
    BOOST_TEST(end == asio::error::connection_reset);
    s.finish();
    BOOST_TEST(s.last(kind::forward_closed).error == errc::connection_lost);
}

BOOST_AUTO_TEST_CASE(many_channels_of_one_client_do_not_mix) {
    bastion_scene s;
    target_host target(s.ctx);
    joined j;
    constexpr std::size_t many = 20;
    const auto asks = [&]() -> task<> {
        std::vector<channel> near;
        std::vector<tcp::socket> far;
        for (std::size_t i = 0; i < many; ++i) {
            co_await join(s, target, j);
            near.push_back(std::move(j.near));
            far.push_back(std::move(*j.far));
        }
        for (std::size_t i = 0; i < many; ++i) co_await send_all(near[i], std::to_string(1000 + i));
        for (std::size_t i = many; i-- > 0;) {
            std::string got;
            co_await read_exactly(far[i], got, 4);
            BOOST_TEST(got == std::to_string(1000 + i));
        }
    };
    s.play({asks});
    s.run_until([&] { return s.count(kind::forward_closed) == many; });
    s.finish();
}

// The drain.

BOOST_AUTO_TEST_CASE(drain_ends_idle_guests_and_those_without_a_login_at_once) {
    bastion_scene s;
    const auto drains = [&]() -> task<> {
        const auto idle = co_await s.log_in();
        const tcp::socket silent = co_await s.dial();
        while (s.gate().connections() != 2) co_await asio::post(asio::deferred);
        const error_code ec = co_await drain(s, long_time);
        BOOST_TEST(!ec);
        BOOST_TEST(s.gate().connections() == 0U);
        auto closing = idle->async_wait_closed(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(closing);
        BOOST_TEST(std::get<0>(outcome) == errc::disconnected_by_peer);
    };
    s.play({drains});
    s.finish();
    BOOST_TEST(s.last(kind::connection_ended).error == errc::shutting_down);
}

BOOST_AUTO_TEST_CASE(drain_lets_a_relay_end_and_opens_nothing_more) {
    bastion_scene s;
    target_host target(s.ctx);
    joined j;
    bool drained = false;
    const auto drains = [&]() -> task<> {
        const error_code ec = co_await drain(s, long_time);
        BOOST_TEST(!ec);
        drained = true;
    };
    const auto goes_on = [&]() -> task<> {
        const tcp::endpoint door = s.gate().endpoints().at(0);
        co_await asio::post(asio::deferred);
        adit::target to = target.at();
        auto opening = j.ssh->async_open(std::move(to), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(opening);
        BOOST_TEST(std::get<0>(outcome) == errc::open_resource_shortage);
        BOOST_TEST(j.ssh->diagnostics().peer_text == "shutting down");
        error_code ec;
        tcp::socket late(s.ctx);
        late.connect(door, ec);
        BOOST_TEST(ec == asio::error::connection_refused);
        co_await send_all(j.near, "still here");
        std::string got;
        co_await read_exactly(*j.far, got, 10);
        BOOST_TEST(!drained);
        j.near.shutdown_send();
        j.far->shutdown(tcp::socket::shutdown_send);
    };
    s.play({[&] { return join(s, target, j); }});
    s.play({drains, goes_on});
    BOOST_TEST(drained);
    s.finish();
}

// The client grants everything and reads slowly: what the target said last is still in the
// bastion's queue when the relay has nothing more to do.
BOOST_AUTO_TEST_CASE(drain_loses_nothing_that_a_relay_has_taken) {
    bastion_scene s;
    target_host target(s.ctx);
    const std::string answer = pattern(12 << 20);
    std::unique_ptr<test_client> c;
    std::optional<tcp::socket> far;
    std::uint32_t number = 0;
    const auto opens = [&]() -> task<> {
        c = co_await s.raw_logged_in();
        const auto to = data_of(wire::direct_tcpip{"127.0.0.1", target.port(), "127.0.0.1", 1});
        c->send(wire::channel_open{"direct-tcpip", 5, 0x7fffffff, 1U << 15U, {to}});
        const auto opened = co_await c->expect<wire::channel_open_confirmation>();
        number = opened.sender_channel;
        tcp::socket taken = co_await target.take();
        far.emplace(std::move(taken));
        c->send(wire::channel_eof{number});
        co_await c->flush();
    };
    s.play({opens});
    bool drained = false;
    s.gate().async_drain(long_time, [&](error_code) { drained = true; });
    const auto answers = [&]() -> task<> {
        co_await send_all(*far, answer);
        far->close();
    };
    asio::co_spawn(s.ctx, answers, [](std::exception_ptr) {});
    std::string got;
    bool over = false;
    const auto reads = [&]() -> task<> {
        const auto packet = co_await c->port().receive_packet();
        over = packet.id() == wire::message_id::channel_close;
        if (packet.id() != wire::message_id::channel_data) co_return;
        const auto m = adit::value_of(wire::decode<wire::channel_data>(packet.payload));
        got += adit::as_text(m.data);
    };
    while (!over) {
        s.step();
        s.play({reads});
    }
    BOOST_TEST((got == answer));
    BOOST_TEST(!drained);
    c->send(wire::channel_close{number});
    s.play({[&] { return c->flush(); }});
    s.run_until([&] { return drained; });
    s.finish();
}

BOOST_AUTO_TEST_CASE(drain_ends_everything_after_its_limit) {
    bastion_scene s;
    target_host target(s.ctx);
    joined j;
    std::string got;
    error_code end;
    s.play({[&] { return join(s, target, j); }});
    const auto drains = [&]() -> task<> { co_await drain(s, std::chrono::milliseconds(20)); };
    const auto reads = [&]() -> task<> { end = co_await read_all(*j.far, got); };
    s.play({drains, reads});
    BOOST_TEST(s.gate().connections() == 0U);
    BOOST_TEST(end == asio::error::connection_reset);
    s.finish();
}

BOOST_AUTO_TEST_CASE(drain_closes_listeners) {
    bastion_scene s;
    target_host target(s.ctx);
    const auto drains = [&]() -> task<> {
        auto c = co_await s.raw_logged_in();
        const std::uint16_t port = co_await ask_listen(*c, "localhost", 0);
        const open_answer answer = co_await ask_direct(*c, "127.0.0.1", target.port());
        BOOST_REQUIRE(answer.reason == 0U);
        s.gate().async_drain(long_time, [](error_code) {});
        co_await asio::post(asio::deferred);
        co_await asio::post(asio::deferred);
        error_code ec;
        tcp::socket late(s.ctx);
        late.connect({asio::ip::address_v4::loopback(), port}, ec);
        BOOST_TEST(ec == asio::error::connection_refused);
        const std::uint16_t another = co_await ask_listen(*c, "localhost", 0);
        BOOST_TEST(another == 0);
    };
    s.play({drains});
    s.finish();
}

// close().

namespace {

// Everything that can be under way at once: a relay, a listener, a dial that waits for its policy,
// a handshake that waits for its authenticator, a session.
struct busy_gate {
    busy_gate() : target(s.ctx) {
        s.judge->turns = 5;
        s.options->guests.policy = [this](const forward_question& q) -> task<bool> {
            ++called;
            if (q.target.port == 1) {
                for (int i = 0; i < 20; ++i) co_await asio::post(asio::deferred);
            }
            co_return true;
        };
        s.server_side->audit = [this](const audit_event&) { ++called; };
    }
    task<> keep_busy() {
        std::unique_ptr<test_client> c;
        if (closed) co_return;
        try {
            c = co_await s.raw_logged_in();
            c->send(wire::channel_open{"session", 6, 1000, 1000, {}});
            const auto data = data_of(wire::tcpip_forward{"localhost", 0});
            c->send(wire::global_request{"tcpip-forward", true, {data}});
            const auto here =
                data_of(wire::direct_tcpip{"localhost", target.port(), "127.0.0.1", 1});
            c->send(wire::channel_open{"direct-tcpip", 7, 1000, 1000, {here}});
            const auto slow = data_of(wire::direct_tcpip{"localhost", 1, "127.0.0.1", 1});
            c->send(wire::channel_open{"direct-tcpip", 8, 1000, 1000, {slow}});
            static_cast<void>(co_await c->expect_end());
        } catch (const boost::system::system_error&) {
            co_return;  // the gate has gone
        }
    }

    bastion_scene s;
    target_host target;
    std::size_t called = 0;
    bool closed = false;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a20_nothing_is_called_after_close_whenever_that_is) {
    std::size_t longest = 0;
    for (std::size_t steps = 0; steps < 400; ++steps) {
        busy_gate busy;
        bastion_scene& s = busy.s;
        static_cast<void>(s.gate());
        for (int i = 0; i < 2; ++i) {
            asio::co_spawn(s.ctx, busy.keep_busy(), [](std::exception_ptr) {});
        }
        std::size_t done = 0;
        while (done < steps && s.ctx.poll_one() != 0) ++done;
        s.gate().close();
        busy.closed = true;
        const std::size_t called = busy.called;
        const std::size_t asked = s.judge->asked;
        if (steps % 2 == 0) {
            s.remove_gate();
            s.step();
        } else {
            s.finish();
        }
        BOOST_TEST(busy.called == called);
        BOOST_TEST(s.judge->asked == asked);
        longest = std::max(longest, done);
    }
    BOOST_TEST(longest > 100U);  // or it closed nothing but handshakes
}

// The audit.

BOOST_AUTO_TEST_CASE(the_audit_says_who_from_where_to_what_and_how_much) {
    bastion_scene s;
    target_host target(s.ctx);
    joined j;
    const auto talks = [&]() -> task<> {
        co_await join(s, target, j);
        co_await send_all(j.near, "12345");
        std::string got;
        co_await read_exactly(*j.far, got, 5);
        co_await send_all(*j.far, "123");
        co_await read_exactly(j.near, got, 3);
        j.near.shutdown_send();
        j.far->shutdown(tcp::socket::shutdown_send);
        while (s.count(kind::forward_closed) == 0) co_await asio::post(asio::deferred);
        j.ssh->close();
    };
    s.play({talks});
    s.run_until([&] { return s.count(kind::connection_ended) == 1; });
    const audit_event& login = s.last(kind::login);
    BOOST_TEST(login.user == "alice");
    BOOST_TEST(login.method == "publickey");
    BOOST_TEST(login.key_fingerprint == adit::keys::fingerprint(sample_public_key(7)));
    const std::string where = "127.0.0.1:" + std::to_string(target.port());
    for (const audit_event& e : s.events) {
        BOOST_TEST(e.source.starts_with("127.0.0.1:"));
        BOOST_TEST(e.connection == 1U);
        BOOST_TEST(e.user == "alice");
    }
    BOOST_TEST(s.last(kind::forward_opened).target == where);
    const audit_event& closed = s.last(kind::forward_closed);
    BOOST_TEST(closed.target == where);
    BOOST_TEST(closed.bytes_to_target == 5U);
    BOOST_TEST(closed.bytes_from_target == 3U);
    const audit_event& ended = s.last(kind::connection_ended);
    BOOST_TEST(ended.error == errc::disconnected_by_peer);
    BOOST_TEST(ended.bytes_to_target > 5U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(s01_the_audit_never_has_a_secret) {
    bastion_scene s;
    s.server_side->methods = {{"password", "keyboard-interactive"}};
    const auto logs_in = [&]() -> task<> {
        auto c = co_await s.raw();
        co_await c->shake();
        co_await c->begin_login();
        const auto wrong = co_await c->ask(c->password_request("canary-wrong"));
        BOOST_TEST(wrong == wire::message_id::userauth_failure);
        const auto partial = co_await c->ask(c->password_request("canary-password"));
        BOOST_TEST(partial == wire::message_id::userauth_failure);
        for (const std::string& code : {std::string("111222"), std::string("918273")}) {
            const auto question = co_await c->ask(c->method_request("keyboard-interactive"));
            BOOST_TEST(question == wire::message_id::userauth_info_request);
            std::vector<byte> answer{61, 0, 0, 0, 1, 0, 0, 0, 6};
            answer.insert(answer.end(), code.begin(), code.end());
            const auto verdict = co_await c->ask(answer);
            const bool right = code == "918273";
            BOOST_TEST(verdict == (right ? wire::message_id::userauth_success
                                         : wire::message_id::userauth_failure));
        }
    };
    s.play({logs_in});
    s.finish();
    BOOST_TEST(s.count(kind::login_refused) == 2U);
    BOOST_TEST(s.last(kind::login).method == "password,keyboard-interactive");
    for (const audit_event& e : s.events) {
        const std::string all = e.source + e.user + e.method + e.key_fingerprint + e.target +
                                e.text + e.error.message();
        for (const char* secret : {"canary", "918273", "111222"}) {
            BOOST_TEST(all.find(secret) == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_kind_of_event_has_its_own_name) {
    std::set<std::string> names;
    for (int k = 0; k <= static_cast<int>(kind::session_refused); ++k) {
        names.insert(name_of(static_cast<kind>(k)));
    }
    BOOST_TEST(names.size() == 11U);
    BOOST_TEST(!names.contains(""));
}

BOOST_AUTO_TEST_SUITE_END()
