// Key exchanges whose work is done on threads (A33, L21): by a bastion, a server and a client; that
// others go on meanwhile, and what becomes of a connection that ends in the middle of one.
#include "support/bastion_scene.hpp"

#include <future>

namespace asio = boost::asio;
using namespace adit::test;
using namespace std::chrono_literals;
using adit::audit_event;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::kex_pool;
using adit::task;
using asio::ip::tcp;
using kind = audit_event::kind;
namespace wire = adit::wire;

namespace {

constexpr const char* group16 = "diffie-hellman-group16-sha512";
constexpr const char* group18 = "diffie-hellman-group18-sha512";

/// A bastion with one thread, which can be held up.
struct threaded {
    threaded() {
        s.options->exchanges.threads = 1;
        s.server_side->algorithms.kex = std::string("curve25519-sha256,") + group18;
    }
    ~threaded() { let_go(); }

    [[nodiscard]] kex_pool& pool() { return *state_of(s.gate())->exchanges; }
    /// From now on exchanges wait: those that are first, or the later ones.
    void hold(bool first) {
        const auto part = [this, first]() -> task<> {
            const auto job = [open = open_] {
                open.wait();
                return 1;
            };
            auto running = pool().run(first, job);
            static_cast<void>(co_await std::move(running));
        };
        asio::co_spawn(s.ctx, part, [](std::exception_ptr) {});
        s.step();
    }
    void let_go() {
        if (!std::exchange(held_, false)) return;
        gate_.set_value();
    }

    bastion_scene s;

private:
    std::promise<void> gate_;
    std::shared_future<void> open_ = gate_.get_future().share();
    bool held_ = true;
};

struct login {
    explicit login(bastion_scene& scene) : s(scene) {}
    /// Begins, with this method.
    void begin(const std::string& kex) {
        adit::client_options o = s.client_side;
        o.algorithms.kex = kex;
        const auto part = [this, o]() -> task<> {
            tcp::socket socket = co_await s.dial();
            ssh = std::make_unique<adit::client>(std::move(socket), o);
            auto shaking = ssh->async_handshake(asio::as_tuple(asio::deferred));
            ec = std::get<0>(co_await std::move(shaking));
        };
        asio::co_spawn(s.ctx, part, [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    }
    void wait() {
        s.run_until([this] { return ec.has_value(); });
    }

    bastion_scene& s;
    std::unique_ptr<adit::client> ssh;
    std::optional<error_code> ec;
};

/// Whoever has logged in sends some bytes through a channel and gets them back.
void talk(bastion_scene& s, adit::client& ssh, target_host& target) {
    const auto part = [&]() -> task<> {
        adit::target to = target.at();
        auto opening = ssh.async_open(std::move(to), asio::deferred);
        channel near = co_await std::move(opening);
        tcp::socket far = co_await target.take();
        std::string text = pattern(100'000);
        std::string got(text.size(), ' ');
        co_await write_all(near, text);
        auto reading = asio::async_read(far, asio::buffer(got), asio::deferred);
        static_cast<void>(co_await std::move(reading));
        BOOST_TEST((got == text));
        near.close();
    };
    s.play({part});
}

/// A host key that this process does not have: its owner is asked, and counts.
class asked_signer final : public adit::signer {
public:
    [[nodiscard]] const adit::keys::public_key& public_part() const noexcept override {
        return key_.public_part();
    }
    [[nodiscard]] std::string name() const override { return "asked"; }
    [[nodiscard]] task<std::vector<adit::byte>> sign(std::string_view algorithm,
                                                     adit::bytes_view message) override {
        ++asked;
        co_return adit::value_of(key_.sign(algorithm, message));
    }

    std::size_t asked = 0;

private:
    adit::keys::private_key key_ = sample_key(1);
};

/// A later exchange, begun by the client's KEXINIT.
void begin_rekey(bastion_scene& s, test_client& c) {
    c.send(wire::ignore{});
    c.send_kexinit();
    const auto part = [&]() -> task<> { co_await c.flush(); };
    s.play({part});
    s.step();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(concurrency_kex_on_threads)

BOOST_AUTO_TEST_CASE(a33_every_method_works_there) {
    threaded t;
    t.s.server_side->algorithms.kex = adit::server_algorithms().kex;
    for (const char* const kex : {"mlkem768x25519-sha256", "curve25519-sha256", group16, group18}) {
        login one(t.s);
        one.begin(kex);
        one.wait();
        BOOST_TEST((one.ec == error_code()));
        BOOST_TEST(one.ssh->info().kex == kex);
        one.ssh.reset();
    }
    t.s.finish();
}

BOOST_AUTO_TEST_CASE(a33_others_have_their_turns_while_an_exchange_is_worked_on) {
    threaded t;
    bastion_scene& s = t.s;
    target_host target(s.ctx);
    login before(s);
    before.begin("curve25519-sha256");
    before.wait();
    BOOST_REQUIRE((before.ec == error_code()));
    t.hold(true);
    login slow(s);
    slow.begin(group18);
    s.run_until([&] { return s.gate().starting() == 1; });
    for (int i = 0; i < 20; ++i) talk(s, *before.ssh, target);
    BOOST_TEST(!slow.ec.has_value());
    BOOST_TEST(s.gate().starting() == 1U);
    t.let_go();
    slow.wait();
    BOOST_TEST((slow.ec == error_code()));
    before.ssh.reset();
    slow.ssh.reset();
    s.finish();
}

BOOST_AUTO_TEST_CASE(a33_a_later_exchange_does_not_stand_behind_strangers) {
    threaded t;
    bastion_scene& s = t.s;
    std::unique_ptr<test_client> c;
    const auto logs_in = [&]() -> task<> { c = co_await s.raw_logged_in(); };
    s.play({logs_in});
    t.hold(true);
    login stranger(s);
    stranger.begin(group18);
    s.step();
    const auto rekeys = [&]() -> task<> {
        c->send(wire::ignore{});
        co_await c->rekey();
        const std::vector<adit::byte> nothing;
        const auto answer = co_await ask_global(*c, "unknown", nothing);
        BOOST_TEST(!answer.has_value());
    };
    s.play({rekeys});
    BOOST_TEST(s.link().rekeys() == 0U);  // of the stranger, who is still waiting
    BOOST_TEST(!stranger.ec.has_value());
    t.let_go();
    stranger.wait();
    BOOST_TEST((stranger.ec == error_code()));
    c.reset();
    stranger.ssh.reset();
    s.finish();
}

BOOST_AUTO_TEST_CASE(l21_who_finds_the_queue_full_is_told_so) {
    threaded t;
    bastion_scene& s = t.s;
    s.options->exchanges.queue = 2;
    t.hold(true);
    login waits(s);
    waits.begin(group18);
    s.run_until([&] { return s.gate().starting() == 1; });
    s.step();
    login refused(s);
    refused.begin("curve25519-sha256");
    refused.wait();
    BOOST_TEST((refused.ec == error_code(errc::disconnected_by_peer)));
    const auto& report = refused.ssh->diagnostics();
    BOOST_TEST((report.peer_reason == adit::disconnect_reason::too_many_connections));
    BOOST_TEST(s.last(kind::connection_ended).error == errc::too_busy);
    BOOST_TEST(!waits.ec.has_value());
    t.let_go();
    waits.wait();
    BOOST_TEST((waits.ec == error_code()));
    waits.ssh.reset();
    s.finish();
}

BOOST_AUTO_TEST_CASE(a20_a_bastion_closes_while_exchanges_are_worked_on) {
    for (const bool destroyed : {true, false}) {
        threaded t;
        bastion_scene& s = t.s;
        const auto owner = std::make_shared<asked_signer>();
        s.server_side->host_keys = {owner};
        std::unique_ptr<test_client> c;
        const auto logs_in = [&]() -> task<> { c = co_await s.raw_logged_in(); };
        s.play({logs_in});
        BOOST_TEST(owner->asked == 1U);
        const auto pool = state_of(s.gate())->exchanges;
        t.hold(true);
        t.hold(false);
        login slow(s);
        slow.begin(group18);
        s.run_until([&] { return s.gate().starting() == 1; });
        begin_rekey(s, *c);
        const std::size_t asked = s.judge->asked;
        s.gate().close();
        const std::size_t told = s.events.size();
        if (destroyed) s.remove_gate();
        s.step();
        t.let_go();
        slow.wait();
        BOOST_TEST(slow.ec->failed());
        const auto hears = [&]() -> task<> {
            const auto reason = co_await c->expect_end();
            BOOST_TEST((reason == adit::disconnect_reason::by_application));
        };
        s.play({hears});
        // Nothing of the exchange was said behind the farewell.
        BOOST_TEST(c->port().seen(wire::message_id::kex_ecdh_reply) == 1U);
        s.finish();
        BOOST_TEST(s.events.size() == told);
        BOOST_TEST(s.judge->asked == asked);
        BOOST_TEST(owner->asked == 1U);
    }
}

BOOST_AUTO_TEST_CASE(l01_a_deadline_passes_while_an_exchange_waits_for_its_thread) {
    threaded t;
    bastion_scene& s = t.s;
    s.server_side->limits.kex_timeout = 20ms;
    t.hold(true);
    login slow(s);
    slow.begin("curve25519-sha256");
    slow.wait();
    BOOST_TEST(slow.ec->failed());
    // Its place is free when its job has gone: nothing of it may be touched before.
    BOOST_TEST(s.gate().starting() == 1U);
    t.let_go();
    s.run_until([&] { return s.gate().starting() == 0; });
    BOOST_TEST(s.last(kind::connection_ended).error == errc::deadline_exceeded);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a20_the_context_goes_while_an_exchange_is_worked_on) {
    for (int polls = 0; polls < 12; ++polls) {
        auto scene = std::make_unique<bastion_scene>();
        scene->options->exchanges.threads = 1;
        scene->server_side->algorithms.kex = group16;
        const auto shakes = [s = scene.get()]() -> task<> {
            const auto c = co_await s->raw();
            c->options_.algorithms.kex = group16;
            co_await c->shake();
        };
        const std::weak_ptr<kex_pool> pool = state_of(scene->gate())->exchanges;
        asio::co_spawn(scene->ctx, shakes, [](std::exception_ptr) {});
        for (int i = 0; i < polls; ++i) scene->ctx.poll();
        scene.reset();
        BOOST_TEST(pool.expired());
    }
}

BOOST_AUTO_TEST_CASE(a33_a_client_may_have_threads_too) {
    bastion_scene s;
    s.server_side->algorithms.kex = adit::server_algorithms().kex;
    s.client_side.exchanges = std::make_shared<kex_pool>();
    s.server_side->exchanges = s.client_side.exchanges;
    s.client_side.limits.rekey_packets = 40;
    target_host target(s.ctx);
    for (const char* const kex : {"mlkem768x25519-sha256", "curve25519-sha256", group16}) {
        login one(s);
        one.begin(kex);
        one.wait();
        BOOST_REQUIRE((one.ec == error_code()));
        for (int i = 0; i < 20; ++i) talk(s, *one.ssh, target);
        BOOST_TEST(one.ssh->info().rekeys >= 1U);
        one.ssh.reset();
    }
    s.finish();
}

BOOST_AUTO_TEST_CASE(c22_a_bad_value_is_refused_there_as_well) {
    threaded t;
    bastion_scene& s = t.s;
    const auto lies = [&]() -> task<> {
        const auto c = co_await s.raw();
        co_await c->greet();
        const std::vector<adit::byte> low_order(32, 0);
        c->say(payload_of(wire::kex_ecdh_init{low_order}));
        const auto reason = co_await c->expect_end();
        BOOST_TEST((reason == adit::disconnect_reason::key_exchange_failed));
    };
    s.play({lies});
    BOOST_TEST(s.last(kind::connection_ended).error == errc::invalid_key_exchange_value);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
