// Peers with odd terms (T21): data of one byte at a time, of nine, of 32759 as dropbear's; windows
// of one byte and of all there can be. Nothing is lost and nothing larger is sent; the work grows
// with the bytes and not with their square. RFC 4254 sections 5.1 and 5.2.
#include "support/scene.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::channel;
using adit::task;
using adit::test::channel_terms;
using adit::test::scene;
using wire::message_id;

namespace {

constexpr std::uint32_t all_there_can_be = 0xffffffff;

struct figures {
    std::size_t turns = 0;  // handlers of the context
    std::size_t packets = 0;
    std::size_t most_memory = 0;
};

// A server that takes `size` bytes, checks that none comes in excess, and grants what it took.
class strict_taker {
public:
    strict_taker(scene& s, channel_terms terms) : scene_(s), terms_(terms), window_(terms.window) {}

    [[nodiscard]] task<> take(std::size_t size) {
        while (got.size() < size) {
            const auto m = co_await scene_.server().expect<wire::channel_data>();
            BOOST_REQUIRE(m.data.size() <= terms_.packet);
            BOOST_REQUIRE(m.data.size() <= window_);
            got += adit::as_text(m.data);
            // An adjust of nothing is legal, too.
            const auto back = static_cast<wire::u32>(m.data.size());
            window_ -= back;
            window_ += back;
            scene_.server().reply(wire::channel_window_adjust{0, 0});
            scene_.server().reply(wire::channel_window_adjust{0, back});
        }
    }

    std::string got;

private:
    scene& scene_;
    channel_terms terms_;
    std::uint64_t window_;
};

figures send_through(channel_terms terms, std::size_t size) {
    scene s;
    s.wire.record = false;
    s.make_ready();
    channel c = s.open(terms);
    const std::string text = adit::test::pattern(size);
    strict_taker taker(s, terms);
    std::size_t left = 2;
    const auto count = [&left](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
        --left;
    };
    const auto writes = [&]() -> task<> { co_await adit::test::write_all(c, text); };
    const auto takes = [&]() -> task<> { co_await taker.take(size); };
    figures found;
    asio::co_spawn(s.ctx, writes, count);
    asio::co_spawn(s.ctx, takes, count);
    s.ctx.restart();
    while (left != 0 && s.ctx.poll_one() != 0) {
        ++found.turns;
        const std::size_t memory = s.link().stream().pool().bytes_in_use();
        found.most_memory = std::max(found.most_memory, memory);
    }
    BOOST_TEST(left == 0U);
    BOOST_TEST((taker.got == text));
    found.packets = s.server().port().seen(message_id::channel_data);
    c.close();
    s.finish();
    return found;
}

void in_proportion(channel_terms terms, std::size_t size) {
    BOOST_TEST_CONTEXT("packets of " << terms.packet << ", window " << terms.window) {
        const figures once = send_through(terms, size);
        const figures fourfold = send_through(terms, 4 * size);
        const std::size_t least = std::min(terms.packet, terms.window);
        BOOST_TEST(once.packets >= size / least);
        BOOST_TEST(fourfold.packets <= 5 * once.packets);
        BOOST_TEST(fourfold.turns <= 5 * once.turns);
        BOOST_TEST(fourfold.most_memory <= std::size_t{16} << 20U);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(odd_windows)

BOOST_AUTO_TEST_CASE(t21_packets_of_one_byte) {
    in_proportion({1000, 1, 1}, 500);
    in_proportion({1000, all_there_can_be, 1}, 3000);
}

BOOST_AUTO_TEST_CASE(t21_packets_of_nine_bytes) {
    in_proportion({1000, 1, 9}, 500);
    in_proportion({1000, all_there_can_be, 9}, 10'000);
}

BOOST_AUTO_TEST_CASE(t21_packets_of_32759_bytes) {
    in_proportion({1000, 1, 32759}, 500);
    in_proportion({1000, all_there_can_be, 32759}, 500'000);
}

// Who takes nothing makes us hold no more than the caps, however small the pieces are.
BOOST_AUTO_TEST_CASE(t21_l13_a_peer_that_does_not_read_and_wants_single_bytes) {
    scene s;
    s.wire.record = false;
    s.wire.capacity = 1024;
    s.make_ready();
    channel c = s.open({1000, all_there_can_be, 1});
    const std::string text = adit::test::pattern(64 * 1024);
    std::size_t written = 0;
    for (std::size_t put = 1; put != 0; written += put) {
        put = c.try_write(asio::buffer(text)).size;
        s.step();
    }
    BOOST_TEST(written > 0U);
    BOOST_TEST(s.link().stream().pool().bytes_in_use() <= s.options.limits.connection_memory / 2);
    c.abort();
    s.finish();
}

// The other way round: a peer that grants all there can be, and may be granted no more (C43).
BOOST_AUTO_TEST_CASE(t21_c43_one_byte_more_than_all_there_can_be) {
    scene s;
    s.make_ready();
    channel c = s.open({1000, all_there_can_be, 9});
    std::optional<adit::error_code> closed;
    s.ssh().async_wait_closed([&](adit::error_code ec) { closed = ec; });
    const auto grants = [&]() -> task<> {
        s.server().reply(wire::channel_window_adjust{0, 1});
        co_await s.server().expect_end();
    };
    s.play({grants});
    BOOST_TEST((closed == make_error_code(adit::errc::window_overflow)));
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
