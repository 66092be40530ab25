// A35: every allocation of a handshake fails once, on either side of it: no forged host key is ever
// trusted by that, nothing crashes, and whoever waits is told, if not by Asio's own exception. In a
// binary that no sanitizer runs, because malloc() is its own; unit/crypto/attempt.cpp has the
// exceptions.
#include "support/scene.hpp"

#include <atomic>
#include <cstdlib>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::error_code;
using adit::task;
using adit::test::scene;
using wire::message_id;

namespace {

// Allocations left until one fails; zero: none does.
constinit std::atomic<long> countdown{0};

[[nodiscard]] bool fails_now() noexcept {
    return countdown.load() > 0 && countdown.fetch_sub(1) == 1;
}

// Botan keeps small secrets in a pool of its own; without it they come from calloc().
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wprio-ctor-dtor"
#endif
[[gnu::constructor(100)]] void switch_the_pool_off() { setenv("BOTAN_MLOCK_POOL_SIZE", "0", 1); }
#pragma GCC diagnostic pop

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);

void* malloc(std::size_t size) { return fails_now() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) {
    return fails_now() ? nullptr : __libc_calloc(count, size);
}
}

namespace {

/// Key 1 is shown, key 2 signs.
class impostor final : public adit::signer {
public:
    [[nodiscard]] const adit::keys::public_key& public_part() const noexcept override {
        return shown_;
    }
    [[nodiscard]] std::string name() const override { return {}; }
    task<std::vector<adit::byte>> sign(std::string_view algorithm,
                                       adit::bytes_view message) override {
        co_return other_.sign(algorithm, message).value();
    }

private:
    adit::keys::public_key shown_ = adit::test::sample_public_key(1);
    adit::keys::private_key other_ = adit::test::sample_key(2);
};

struct ending {
    bool ready = false;
    bool told = false;
    bool trusted = false;
    bool thrown = false;         // out of run(): Asio itself had no memory for a handler
    bool all_allocated = false;  // the countdown was too long
};

void poll_on(asio::io_context& ctx, ending& e) {
    for (;;) {
        try {
            ctx.restart();
            ctx.poll();
            return;
        } catch (const std::bad_alloc&) {
            e.thrown = true;
        }
    }
}

ending handshake_with_failure(long at, bool forged) {
    ending e;
    scene s;
    s.options.trust = [&e](const adit::host_key_question&) -> task<adit::host_key_answer> {
        e.trusted = true;
        co_return adit::host_key_answer::trusted;
    };
    s.set_up();
    if (forged) s.server().use_signer(std::make_shared<impostor>());
    const auto serve = [&s]() -> task<> { co_await s.server().make_ready(); };
    const auto server_ended = [&s](std::exception_ptr thrown) {
        if (thrown) s.server().port().stream().close(adit::detail::close_mode::abortive);
    };
    asio::co_spawn(s.ctx, serve, server_ended);
    countdown = at;
    try {
        s.ssh().async_handshake([&e](error_code ec) {
            e.told = true;
            e.ready = !ec;
        });
    } catch (const std::bad_alloc&) {
        e.told = true;
    }
    poll_on(s.ctx, e);
    e.all_allocated = countdown.exchange(0) > 0;
    // It may be ready and lost right behind that.
    if (!e.thrown && !e.ready) BOOST_TEST(!s.ssh().is_open());
    if (forged) BOOST_TEST(s.server().port().seen(message_id::service_request) == 0U);
    s.ssh().close();
    poll_on(s.ctx, e);
    s.server().port().stream().close(adit::detail::close_mode::abortive);
    poll_on(s.ctx, e);
    BOOST_TEST((e.told || e.thrown));
    BOOST_TEST(!s.ssh().is_open());
    return e;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(allocation_failures)

BOOST_AUTO_TEST_CASE(a35_a_forged_host_key_is_trusted_at_no_failure) {
    bool more = true;
    long at = 1;
    for (; more && at < 10'000; ++at) {
        BOOST_TEST_CONTEXT("allocation " << at) {
            const ending e = handshake_with_failure(at, true);
            BOOST_TEST(!e.ready);
            BOOST_TEST(!e.trusted);
            more = !e.all_allocated;
        }
    }
    BOOST_TEST(!more);
    BOOST_TEST(at > 100);
}

BOOST_AUTO_TEST_CASE(a35_whoever_waits_is_told_and_can_close) {
    bool more = true;
    for (long at = 1; more && at < 10'000; ++at) {
        BOOST_TEST_CONTEXT("allocation " << at) {
            const ending e = handshake_with_failure(at, false);
            more = !e.all_allocated;
            if (!more) BOOST_TEST(e.ready);
            if (e.ready) BOOST_TEST(e.trusted);
        }
    }
    BOOST_TEST(!more);
}

BOOST_AUTO_TEST_SUITE_END()
