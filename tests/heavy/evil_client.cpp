// What unit/doors/evil_client_*.cpp shows some hundred times, by the million (attack table, server
// role: A22, A23, A32), and each bit of a login flipped (A36): answers stay right, numbers of
// channels are used again, and memory stays where it was. Where it is optimised only.
#include "heavy/allocated.hpp"
#include "unit/doors/evil_client.hpp"

#include <adit/auth/server.hpp>

#include <algorithm>
#include <cstring>

using namespace adit;
using namespace adit::test;

namespace {

using octets = std::vector<byte>;

/// Logged in; nothing of what is said and told is kept.
struct quiet_scene : server_scene {
    quiet_scene() {
        wire.record = false;
        options->audit = nullptr;
        // L20 would have a peer wait that asks for keys all the time; what is looked at here is
        // what it costs where nobody is made to wait.
        options->limits.rekey_work = {};
        make_ready();
    }
};

/// Plays the part this often, each time with 30 seconds to go.
void play_often(server_scene& s, std::size_t times, const server_scene::part& one) {
    for (std::size_t i = 0; i < times; ++i) s.play({one});
    s.step();
}

// The client of these tests keeps the number of each message that it got, one byte each.
void check_memory(std::size_t before, std::size_t messages) {
    const std::size_t after = allocated();
    BOOST_TEST_MESSAGE(before << " bytes before, " << after << " after");
    BOOST_TEST(after <= before + 64 * kibibyte + 2 * messages);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_client)

// CVE-2026-39830.
BOOST_AUTO_TEST_CASE(a22_a_million_replies_that_nobody_asked_for_block_nothing) {
    quiet_scene s;
    auto taken = take_channel(s, session_open(40));
    const std::vector<octets> replies{payload_of(wire::channel_success{taken.server_number}),
                                      payload_of(wire::channel_failure{taken.server_number}),
                                      payload_of(wire::request_success{}),
                                      payload_of(wire::request_failure{})};
    const auto thousand = [&]() -> task<> {
        for (std::size_t i = 0; i < 1000; ++i) s.client().say(replies[i % replies.size()]);
        co_await s.client().flush();
    };
    play_often(s, 10, thousand);
    const std::size_t before = allocated();
    play_often(s, 1000, thousand);
    check_memory(before, 0);
    BOOST_TEST(!s.link().error());
    still_answers(s);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a23_a_million_refused_opens_leave_nothing_behind) {
    quiet_scene s;
    const octets unknown = payload_of(wire::channel_open{"x", 9, 1000, 1000, {}});
    const octets agent = payload_of(wire::channel_open{"auth-agent@openssh.com", 9, 1, 1, {}});
    const auto hundred = [&]() -> task<> {
        for (int i = 0; i < 50; ++i) {
            s.client().say(unknown);
            s.client().say(agent);
        }
        co_await s.client().flush();
        for (int i = 0; i < 100; ++i) {
            const auto m = co_await s.client().expect<wire::channel_open_failure>();
            BOOST_REQUIRE(m.recipient_channel == 9U);
        }
    };
    play_often(s, 100, hundred);
    const std::size_t before = allocated();
    play_often(s, 10'000, hundred);
    check_memory(before, 1'000'000);
    BOOST_TEST(s.peer().channels() == 0U);
    auto next = take_channel(s, session_open(1));
    BOOST_TEST(next.server_number == 0U);
    next.ours.close();
    s.finish();
}

// The client's numbers are new each time, the server's are the lowest that is free.
BOOST_AUTO_TEST_CASE(a23_channels_that_come_and_go_use_few_numbers) {
    constexpr std::uint32_t times = 200'000;
    quiet_scene s;
    auto held = take_channel(s, session_open(0));
    BOOST_REQUIRE(held.server_number == 0U);
    std::uint32_t number = 0;
    const octets close = payload_of(wire::channel_close{1});
    const auto comes_and_goes = [&]() -> task<> {
        auto open = session_open(++number);
        s.client().say(open);
        co_await s.client().flush();
        const auto m = co_await s.client().expect<wire::channel_open_confirmation>();
        BOOST_REQUIRE(m.recipient_channel == number);
        BOOST_REQUIRE(m.sender_channel == 1U);
        s.client().say(close);
        co_await s.client().flush();
        const auto end = co_await s.client().expect<wire::channel_close>();
        BOOST_REQUIRE(end.recipient_channel == number);
    };
    const auto takes = [&]() -> task<> {
        incoming asked = co_await next_incoming(s.peer());
        const channel ours = asked.accept();
        BOOST_REQUIRE(ours.is_open());
        while (s.peer().channels() != 1) co_await asio::post(asio::deferred);
    };
    const auto churn = [&](std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) s.play({takes, comes_and_goes});
        s.step();
    };
    churn(1000);
    const std::size_t before = allocated();
    churn(times);
    check_memory(before, 2 * times);
    BOOST_TEST(s.peer().channels() == 1U);
    held.ours.close();
    s.finish();
}

// CVE-2025-8277.
BOOST_AUTO_TEST_CASE(a32_c15_ten_thousand_wrong_guesses_keep_nothing) {
    quiet_scene s;
    const auto rekeys = [&]() -> task<> {
        co_await rekey_with_wrong_guess(s);
        s.client().say(payload_of(wire::global_request{"still@there", true, {}}));
        co_await s.client().flush();
        static_cast<void>(co_await s.client().expect<wire::request_failure>());
    };
    play_often(s, 100, rekeys);
    const std::size_t before = allocated();
    play_often(s, 10'000, rekeys);
    check_memory(before, 100'000);
    BOOST_TEST(s.link().rekeys() == 10'100U);
    s.finish();
}

namespace {

/// A client as its bytes: what it says, then silence that looks like zeros, then its end.
class recorded_client final : public detail::any_stream {
public:
    recorded_client(executor ex, bytes_view first, bytes_view second)
        : ex_(std::move(ex)), left_{first, second, silence()} {}

    [[nodiscard]] executor get_executor() override { return ex_; }
    [[nodiscard]] io_result try_read(detail::mutable_buffers buffers) override {
        std::size_t count = 0;
        for (asio::mutable_buffer room : buffers) {
            for (bytes_view& part : left_) {
                const std::size_t n = std::min(part.size(), room.size());
                if (n != 0) std::memcpy(room.data(), part.data(), n);
                room += n;
                part = part.subspan(n);
                count += n;
            }
        }
        if (count == 0) return {0, asio::error::eof};
        return {count, {}};
    }
    [[nodiscard]] task<> wait_readable() override { co_return; }
    [[nodiscard]] io_result try_write(detail::const_buffers buffers) override {
        return {asio::buffer_size(detail::buffer_span<asio::const_buffer>(buffers)), {}};
    }
    [[nodiscard]] task<std::size_t> write_some(detail::const_buffers buffers) override {
        co_return try_write(buffers).size;
    }
    void close(detail::close_mode) noexcept override { left_ = {}; }

private:
    // Whatever length a broken packet is taken for, this is more.
    [[nodiscard]] static bytes_view silence() {
        static const octets zeros(limits().packet_before_authentication + 4 + 64);
        return zeros;
    }

    executor ex_;
    std::array<bytes_view, 3> left_;
};

/// A login as one client's bytes under the keys of a suite: NEWKEYS, and what is behind it.
class recorded_login {
public:
    explicit recorded_login(const suite& s) : suite_(s), out_(pool_, random_) {
        judge_ = std::make_shared<credulous>();
        options_ = std::make_shared<server_options>(
            host_key_signers{std::make_shared<key_signer>(sample_key(1))}, judge_);
        options_->methods = {{"password"}};
        options_->limits.failure_delay = {};
        out_.prepare_keys(make(s).sealer);
        add({static_cast<byte>(wire::message_id::newkeys)}, clear_);
        add(payload_of(wire::service_request{"ssh-userauth"}), keyed_);
        for (const std::size_t size : {1U, 1400U, 16U, 1500U, 9U}) {
            add(payload_of(wire::ignore{octets(size, 'x')}), keyed_);
        }
        // Last, so that no bit of it all is behind a login.
        wire::userauth_password_request m;
        m.user_name = "alice";
        m.service_name = "ssh-connection";
        m.password = {as_text(password_)};
        add(payload_of(m), keyed_);
    }

    [[nodiscard]] octets& bytes() noexcept { return keyed_; }
    [[nodiscard]] std::size_t passwords() const noexcept { return judge_->passwords; }
    /// What a server makes of it.
    [[nodiscard]] error_code outcome(asio::io_context& ctx);

private:
    void add(const octets& payload, octets& to) {
        auto place = out_.reserve(payload.size());
        std::ranges::copy(payload, place.room().begin());
        place.size = static_cast<std::uint32_t>(payload.size());
        const bytes_view sealed = value_of(out_.seal(place));
        to.insert(to.end(), sealed.begin(), sealed.end());
    }

    suite suite_;
    slab_pool pool_;
    fixed_random random_{1};
    protocol::outbound out_;
    std::shared_ptr<credulous> judge_;
    std::shared_ptr<server_options> options_;
    octets password_ = octets(1000, 'p');
    octets clear_, keyed_;
};

error_code recorded_login::outcome(asio::io_context& ctx) {
    const octets session(32, 's');
    const auth::server_settings settings{*options_, session, {}, [](const audit_event&) {}};
    auto stream = std::make_unique<recorded_client>(ctx.get_executor(), clear_, keyed_);
    packet_stream port({std::move(stream), protocol::role::server, options_->limits, random_});
    auto keys = make(suite_);
    port.prepare_keys({std::move(keys.opener), std::move(keys.sealer)});
    port.enter(protocol::phase::kex_newkeys);
    error_code ended;
    const auto converses = [&]() -> task<> {
        port.send(wire::newkeys{});
        static_cast<void>(co_await port.receive<wire::newkeys>());
        port.enter(protocol::phase::service);
        static_cast<void>(co_await auth::authenticate_client(port, settings));
    };
    asio::co_spawn(ctx, converses, [&ended](std::exception_ptr thrown) {
        ended = detail::to_error_code(std::move(thrown));
    });
    ctx.restart();
    ctx.run();
    return ended;
}

void flip_every_bit(asio::io_context& ctx, const suite& s) {
    recorded_login login(s);
    BOOST_REQUIRE(login.bytes().size() >= 4096U);
    BOOST_REQUIRE(!login.outcome(ctx));
    BOOST_REQUIRE(login.passwords() == 1U);
    for (std::size_t bit = 0; bit < std::size_t{4096} * 8; ++bit) {
        byte& place = login.bytes()[bit / 8];
        const auto flip = static_cast<byte>(1U << bit % 8);
        place ^= flip;
        const error_code ec = login.outcome(ctx);
        const bool broken = ec == errc::mac_mismatch || ec == errc::invalid_packet_length;
        BOOST_REQUIRE_MESSAGE(broken, s << ", bit " << bit << ": " << ec);
        BOOST_REQUIRE(login.passwords() == 1U);
        place ^= flip;
    }
}

}  // namespace

// The other direction, and what comes out of the packets before it, are in bit_flips.cpp.
BOOST_AUTO_TEST_CASE(a36_no_login_at_a_server_survives_a_flipped_bit_of_four_kib) {
    asio::io_context ctx(1);
    for (const suite& s : suites()) flip_every_bit(ctx, s);
}

BOOST_AUTO_TEST_SUITE_END()
