// 64 channels at work while keys are exchanged as often as OpenSSH lets anybody ask for it, which
// is behind 16 bytes, and behind 128 KiB; begun by us, by sshd, by both (T09). One key exchange,
// two ciphers: the others differ in nothing that this could find.
#include "support/test.hpp"

#include "integration/through.hpp"

namespace adit::test {
namespace {

constexpr std::uint64_t channels = 64;

struct load {
    std::uint64_t limit;  // bytes between two exchanges
    std::uint64_t bytes;  // of all channels, each way
    std::uint64_t least_rekeys;
};

// What is under way when an exchange begins, and what the peer sends until it answers, goes with
// the old keys: there is not one for every 16 bytes.
constexpr load every_16_bytes{16, mebibyte, 50};
constexpr load every_128_kib{std::uint64_t{128} * 1024, 16 * mebibyte, 8};

task<> carry(client_options login, load l) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, echo);
    passage way(ex, std::move(login), far.port());
    co_await way.start();
    std::vector<tcp::socket> all;
    for (std::uint64_t i = 0; i < channels; ++i) {
        tcp::socket near = co_await way.dial();
        all.push_back(std::move(near));
    }
    group connections(ex);
    for (std::uint64_t i = 0; i < channels; ++i) {
        connections.spawn(check_echo(all[i], i, l.bytes / channels));
    }
    co_await connections.join();
    BOOST_TEST(way.story() == "it works");
    co_await way.idle();
    BOOST_TEST(way.get().bytes_up() == l.bytes);
    BOOST_TEST(way.get().bytes_down() == l.bytes);
    BOOST_TEST(way.get().info().rekeys >= l.least_rekeys);
    BOOST_TEST_MESSAGE("rekeys: " << way.get().info().rekeys);
}

enum class starter : std::uint8_t { us, peer, both };

void loaded(const sshd_peer& peer, starter who, load l) {
    if (missing(peer)) return;
    sshd_config config;
    if (who != starter::us) config.lines.push_back("RekeyLimit " + std::to_string(l.limit));
    const sshd server(peer, config);
    for (const char* cipher : {"aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
        BOOST_TEST_CONTEXT(cipher) {
            client_options login = server.login();
            login.algorithms.ciphers = cipher;
            login.algorithms.kex = "curve25519-sha256";
            if (who != starter::peer) login.limits.rekey_bytes = l.limit;
            asio::io_context io(1);
            run_loop(io, carry(std::move(login), l), std::chrono::seconds(250));
        }
    }
}

BOOST_AUTO_TEST_SUITE(rekey_load)

BOOST_AUTO_TEST_CASE(t09_16_bytes_by_us) { loaded(sshd_9_2(), starter::us, every_16_bytes); }
BOOST_AUTO_TEST_CASE(t09_16_bytes_by_sshd) { loaded(sshd_9_2(), starter::peer, every_16_bytes); }
BOOST_AUTO_TEST_CASE(t09_16_bytes_by_both) { loaded(sshd_10_0(), starter::both, every_16_bytes); }
BOOST_AUTO_TEST_CASE(t09_128_kib_by_us) { loaded(sshd_10_0(), starter::us, every_128_kib); }
BOOST_AUTO_TEST_CASE(t09_128_kib_by_sshd) { loaded(sshd_10_0(), starter::peer, every_128_kib); }
BOOST_AUTO_TEST_CASE(t09_128_kib_by_both) { loaded(sshd_9_2(), starter::both, every_128_kib); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
