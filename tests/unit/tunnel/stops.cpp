// A tunnel that is closed, or destroyed, at any moment of its life (T28): after n handlers of a run
// in which it starts, serves, loses its connection, holds a client, is refused, and connects again,
// for every n. Nothing is called afterwards, the port is free, and nothing is left to wait for.
#include "support/tunnel_scene.hpp"

using namespace adit;
using namespace adit::test;
using kind = tunnel_event::kind;
using state = tunnel_state;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace adit::test {

// One handler at a time, which advance() does not do.
template <auto Move>
struct reveal_move {
    friend void move_clock(virtual_clock::clock::duration by) { Move(by); }
};
void move_clock(virtual_clock::clock::duration by);
template struct reveal_move<&virtual_clock::move>;

}  // namespace adit::test

namespace {

enum class how : std::uint8_t { destroyed, closed };

class run {
public:
    run() {
        s_.login.trace = [this](const trace_event&) { ++called_; };
        s_.options.on_event = [this](const tunnel_event&) { ++called_; };
        s_.way().async_start([this](error_code ec) {
            ++started_;
            started_well_ = !ec;
        });
    }
    /// What happens to it, one step each; false when all has happened.
    [[nodiscard]] bool step() {
        play();
        s_.ctx.restart();
        if (s_.ctx.poll_one() != 0) return true;
        move_clock(milliseconds(50));
        asio::steady_timer now(s_.ctx, virtual_clock::clock::time_point());
        now.async_wait([](error_code) {});
        s_.ctx.restart();
        s_.ctx.poll_one();
        return scene_ < 4;
    }
    void end(how way) {
        const auto port = started_well_ ? s_.port() : asio::ip::tcp::endpoint();
        if (way == how::destroyed) {
            s_.remove_way();
        } else {
            s_.way().close();
        }
        const std::size_t called = called_;
        const std::size_t attempts = s_.attempts.size();
        s_.clock.advance(milliseconds(1100));
        BOOST_TEST(started_ == 1);
        if (way == how::destroyed) BOOST_TEST(called_ == called);
        s_.clock.advance(std::chrono::minutes(2), seconds(1));
        BOOST_TEST(s_.attempts.size() == attempts);
        if (way == how::destroyed) BOOST_TEST(called_ == called);
        if (client_ != nullptr) BOOST_TEST(static_cast<bool>(client_->end()));
        if (late_ != nullptr) BOOST_TEST(static_cast<bool>(late_->end()));
        if (port.port() != 0) {
            const asio::ip::tcp::acceptor again(s_.ctx, port);
            BOOST_TEST(again.is_open());
        }
    }

private:
    // The next thing that the world does to the tunnel.
    void play() {
        if (scene_ == 0 && started_well_) {
            client_ = &s_.dial();
            client_->write("one");
            scene_ = 1;
        } else if (scene_ == 1 && client_->got() == "one") {
            s_.refusal = errc::connection_refused;
            s_.peers.back()->reset();
            scene_ = 2;
        } else if (scene_ == 2 && s_.attempts.size() == 2) {
            late_ = &s_.dial();
            late_->write("two");
            s_.refusal = {};
            scene_ = 3;
        } else if (scene_ == 3 && late_->got() == "two") {
            scene_ = 4;
        }
    }

    tunnel_scene s_;
    local_client* client_ = nullptr;
    local_client* late_ = nullptr;
    int scene_ = 0;
    int started_ = 0;
    bool started_well_ = false;
    std::size_t called_ = 0;
};

void stop_everywhere(how way) {
    bool more = true;
    std::size_t n = 0;
    for (; more; ++n) {
        run r;
        for (std::size_t i = 0; i < n && more; ++i) more = r.step();
        BOOST_TEST_CONTEXT("after " << n << " handlers") { r.end(way); }
        BOOST_REQUIRE(n < 5000);
    }
    BOOST_TEST(n > 100U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tunnel_stops)

BOOST_AUTO_TEST_CASE(t28_destroyed_at_every_handler) { stop_everywhere(how::destroyed); }
BOOST_AUTO_TEST_CASE(t28_closed_at_every_handler) { stop_everywhere(how::closed); }

BOOST_AUTO_TEST_SUITE_END()
