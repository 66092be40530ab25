// Much data both ways at once, and keys changed every 16 KiB meanwhile: started by us, by sshd, by
// both. Nothing may be lost, doubled or swapped (T09, C16-C19).
#include "support/test.hpp"

#include "integration/through.hpp"

namespace adit::test {
namespace {

task<> exchange(client_options login, std::uint64_t bytes, std::uint64_t least_rekeys) {
    const executor ex = co_await asio::this_coro::executor;
    local_server far(ex, [bytes](tcp::socket socket) -> task<> {
        co_await both_ways(socket, payload_down, payload_up, bytes);
    });
    passage way(ex, std::move(login), far.port());
    co_await way.start();
    tcp::socket near = co_await way.dial();
    co_await both_ways(near, payload_up, payload_down, bytes);
    BOOST_TEST(way.story() == "it works");
    co_await way.idle();
    BOOST_TEST(way.get().bytes_up() == bytes);
    BOOST_TEST(way.get().bytes_down() == bytes);
    BOOST_TEST(way.get().info().rekeys >= least_rekeys);
    BOOST_TEST_MESSAGE("rekeys: " << way.get().info().rekeys);
}

void bulk(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer);
    asio::io_context io(1);
    run_loop(io, exchange(server.login(), 64 * mebibyte, 0));
}

enum class starter : std::uint8_t { us, peer, both };

void rekeying(const sshd_peer& peer, starter who) {
    if (missing(peer)) return;
    sshd_config config;
    if (who != starter::us) config.lines.emplace_back("RekeyLimit 16K");
    const sshd server(peer, config);
    for (const char* cipher :
         {"aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
        BOOST_TEST_CONTEXT(cipher) {
            client_options login = server.login();
            login.algorithms.ciphers = cipher;
            if (who != starter::peer) login.limits.rekey_bytes = 16 * 1024;
            asio::io_context io(1);
            // Not one exchange for each 16 KiB: what is under way when it begins counts as well.
            run_loop(io, exchange(login, 16 * mebibyte, 16));
        }
    }
}

BOOST_AUTO_TEST_SUITE(bulk_data)

BOOST_AUTO_TEST_CASE(both_ways_with_sshd_9_2) { bulk(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(both_ways_with_sshd_10_0) { bulk(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(t09_c19_rekeying_by_us_with_sshd_9_2) { rekeying(sshd_9_2(), starter::us); }
BOOST_AUTO_TEST_CASE(t09_c19_rekeying_by_us_with_sshd_10_0) { rekeying(sshd_10_0(), starter::us); }
BOOST_AUTO_TEST_CASE(t09_c19_rekeying_by_sshd_9_2) { rekeying(sshd_9_2(), starter::peer); }
BOOST_AUTO_TEST_CASE(t09_c19_rekeying_by_sshd_10_0) { rekeying(sshd_10_0(), starter::peer); }
BOOST_AUTO_TEST_CASE(t09_c17_rekeying_by_both_with_sshd_9_2) {
    rekeying(sshd_9_2(), starter::both);
}
BOOST_AUTO_TEST_CASE(t09_c17_rekeying_by_both_with_sshd_10_0) {
    rekeying(sshd_10_0(), starter::both);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
