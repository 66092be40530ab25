// One channel among 100 that nobody reads from and that may send nothing: what it costs the others.
// Turns are counted in handlers of the io_context, memory in slabs, in two runs that differ in
// nothing else; so nothing here depends on a clock.
#include "support/scene.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::channel;
using adit::error_code;
using adit::task;
using adit::test::channel_terms;
using adit::test::scene;

namespace {

constexpr std::size_t others = 99;
constexpr std::size_t rounds = 5;
constexpr std::size_t message = 1000;

struct figures {
    std::vector<std::size_t> turns;  // from each write to the end of its echo
    std::size_t most_memory = 0;     // above what was held before
    std::size_t memory_left = 0;     // the same, when all had their echoes
};

class crowd {
public:
    explicit crowd(bool stalls);
    [[nodiscard]] figures measure();

private:
    void stall();
    [[nodiscard]] task<> open_others();
    [[nodiscard]] task<> ping(channel& c);
    [[nodiscard]] task<> serve();
    [[nodiscard]] std::size_t memory() { return scene_.link().stream().pool().bytes_in_use(); }

    scene scene_;
    channel stuck_;
    std::vector<channel> channels_;
    std::string unsent_ = adit::test::pattern(64 * 1024);
    std::size_t turn_ = 0;
    std::size_t left_ = others;
    figures found_;
};

crowd::crowd(bool stalls) {
    scene_.options.limits.first_window = 32 * 1024;
    scene_.options.limits.largest_window = 32 * 1024;
    scene_.wire.record = false;
    scene_.make_ready();
    channel_terms nothing;
    nothing.window = 0;
    stuck_ = scene_.open(nothing);
    if (stalls) stall();
    const auto server_part = [this]() -> task<> {
        channel_terms terms;
        terms.number = 1001;
        const auto all = [this] { return channels_.size() + 1 == others; };
        co_await scene_.server().echo_until(all, terms);
    };
    scene_.play({[this] { return open_others(); }, server_part});
    scene_.step();
}

// Its window is full of what nobody reads, and its writer waits for a window.
void crowd::stall() {
    const auto server_part = [this]() -> task<> {
        const std::string unread = adit::test::pattern(32 * 1024);
        scene_.server().reply(wire::channel_data{0, adit::as_bytes(unread)});
        co_await scene_.server().flush();
    };
    scene_.play({server_part});
    stuck_.async_write_some(asio::buffer(unsent_), [](error_code, std::size_t) {});
    scene_.step();
}

task<> crowd::open_others() {
    while (channels_.size() < others) {
        channel opened = co_await adit::test::open_on(scene_.ssh());
        channels_.push_back(std::move(opened));
    }
}

task<> crowd::ping(channel& c) {
    for (std::size_t i = 0; i < rounds; ++i) {
        const std::size_t begin = turn_;
        std::string text(message, 'p');
        co_await adit::test::write_all(c, std::move(text));
        const auto back = co_await adit::test::read_up_to(c, message);
        BOOST_TEST(back.text.size() == message);
        found_.turns.push_back(turn_ - begin);
    }
    --left_;
}

task<> crowd::serve() {
    const auto all = [this] {
        return scene_.server().port().seen(wire::message_id::channel_data) == others * rounds;
    };
    co_await scene_.server().echo_until(all);
}

figures crowd::measure() {
    const std::size_t before = memory();
    for (channel& c : channels_) {
        asio::co_spawn(scene_.ctx, ping(c), [](std::exception_ptr e) { BOOST_TEST(!e); });
    }
    bool served = false;
    asio::co_spawn(scene_.ctx, serve(), [&](std::exception_ptr e) {
        BOOST_TEST(!e);
        served = true;
    });
    scene_.ctx.restart();
    while ((left_ != 0 || !served) && scene_.ctx.poll_one() != 0) {
        ++turn_;
        found_.most_memory = std::max(found_.most_memory, memory() - std::min(memory(), before));
    }
    BOOST_TEST(left_ == 0U);
    scene_.step();
    found_.memory_left = memory() - std::min(memory(), before);
    channels_.clear();
    stuck_.close();
    scene_.finish();
    return std::move(found_);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stalled_channel)

BOOST_AUTO_TEST_CASE(t19_one_stalled_channel_among_100_costs_the_others_neither_turns_nor_memory) {
    const figures without = crowd(false).measure();
    const figures with = crowd(true).measure();
    BOOST_TEST(without.turns.size() == others * rounds);
    BOOST_TEST(with.turns == without.turns, boost::test_tools::per_element());
    BOOST_TEST(with.most_memory == without.most_memory);
    BOOST_TEST(with.memory_left == 0U);
    BOOST_TEST(without.memory_left == 0U);
    BOOST_TEST(without.most_memory > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
