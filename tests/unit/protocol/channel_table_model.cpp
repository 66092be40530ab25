// Random operations on a channel_table and on the model beside it: after each of them both must say
// the same (F06, C42, C43, C45, A24). Most operations are lawful, so that connections live; a
// message that breaks the law ends the connection, in the model as in the table, and a new one
// begins.
#include "support/test.hpp"

#include <adit/protocol/channel_table.hpp>

#include "unit/protocol/channel_table_model.hpp"
#include "unit/protocol/messages.hpp"

#include <algorithm>
#include <random>

namespace {

using adit::byte;
using adit::bytes_view;
using adit::limits;
using adit::test::channel_model;
using adit::test::expectation;
using adit::test::model_channel;
using adit::test::payload_of;
using adit::test::verdict;
using event = adit::protocol::channel_event;
namespace wire = adit::wire;

constexpr std::uint32_t peers_first_number = 0xdeadbe00;

verdict verdict_of(const adit::result<event>& outcome) {
    if (!outcome) return verdict::broken;
    switch (outcome->what) {
        case event::kind::nothing: return verdict::nothing;
        case event::kind::opened: return verdict::opened;
        case event::kind::open_failed: return verdict::open_failed;
        case event::kind::data:
        case event::kind::extended_data: return verdict::data;
        case event::kind::window: return verdict::window;
        case event::kind::eof: return verdict::eof;
        case event::kind::close: return verdict::close;
        case event::kind::request: return verdict::request;
        case event::kind::reply: return verdict::reply;
        case event::kind::global_reply: return verdict::global_reply;
        case event::kind::peer_open:
        case event::kind::global_request: break;
    }
    return verdict::broken;
}

/// One connection: the table, its model, and the dice.
class twins {
public:
    twins(std::mt19937& random, const limits& caps) : random_(&random), caps_(caps), table_(caps) {}

    /// One operation and the comparison after it; false when the connection ended.
    [[nodiscard]] bool step() {
        const bool alive = dice(5) < 3 ? peer_acts() : (we_act(), true);
        if (alive) compare();
        return alive;
    }
    [[nodiscard]] std::size_t most_at_once() const { return most_; }
    [[nodiscard]] std::uint32_t largest_number() const { return largest_number_; }

private:
    [[nodiscard]] std::uint32_t dice(std::uint32_t sides) {
        return static_cast<std::uint32_t>((*random_)() % sides);
    }
    /// A channel that exists, but for one time in three hundred.
    [[nodiscard]] std::uint32_t any_channel() {
        if (model_.channels.empty() || dice(300) == 0) return dice(8) + (dice(2) << 31U);
        auto chosen = model_.channels.begin();
        std::advance(chosen, dice(static_cast<std::uint32_t>(model_.channels.size())));
        return chosen->first;
    }
    /// One where the condition holds, if any of ten does: so most messages are lawful.
    template <class Condition>
    [[nodiscard]] std::uint32_t channel_where(Condition holds) {
        for (int i = 0; i < 10; ++i) {
            const std::uint32_t number = any_channel();
            const auto found = model_.channels.find(number);
            if (found != model_.channels.end() && holds(found->second)) return number;
        }
        return dice(30) == 0 ? any_channel() : no_channel;
    }

    template <wire::message M>
    [[nodiscard]] bool receive(const M& message, std::uint32_t channel,
                               const expectation& expected) {
        const auto payload = payload_of(message);
        const auto outcome = table_.receive(payload);
        BOOST_TEST((verdict_of(outcome) == expected.what));
        if (!outcome || expected.what == verdict::broken) return false;
        BOOST_TEST(outcome->ticket == expected.ticket);
        const bool about_a_channel =
            expected.what != verdict::nothing && expected.what != verdict::global_reply;
        if (about_a_channel) BOOST_TEST(outcome->channel == channel);
        if (expected.what == verdict::open_failed) BOOST_TEST(table_.release_if_done(channel));
        return true;
    }

    [[nodiscard]] bool peer_acts();
    [[nodiscard]] bool peer_answers_open();
    [[nodiscard]] bool peer_sends_data();
    [[nodiscard]] bool peer_adjusts();
    void we_act();
    void we_open();
    void we_send(std::uint32_t number);
    void we_consume(std::uint32_t number);
    void compare();

    static constexpr std::uint32_t no_channel = 0xffffffff;

    std::mt19937* random_;
    limits caps_;
    adit::protocol::channel_table table_;
    channel_model model_;
    std::uint64_t next_ticket_ = 1;
    std::uint32_t next_peer_ = peers_first_number;
    std::size_t most_ = 0;
    std::uint32_t largest_number_ = 0;
};

bool twins::peer_acts() {
    const auto hears = [](const model_channel& c) { return c.hears(); };
    switch (dice(12)) {
        case 0:
        case 1: return peer_answers_open();
        case 2:
        case 3:
        case 4: return peer_sends_data();
        case 5:
        case 6: return peer_adjusts();
        case 7: {
            const std::uint32_t n = channel_where(hears);
            return n == no_channel || receive(wire::channel_eof{n}, n, model_.eof(n));
        }
        case 8: {
            const std::uint32_t n = channel_where(hears);
            return n == no_channel || receive(wire::channel_close{n}, n, model_.close(n));
        }
        case 9: {
            const std::uint32_t n = channel_where(hears);
            const wire::channel_request m{n, "signal", dice(2) == 0, {}};
            return n == no_channel || receive(m, n, model_.request(n));
        }
        case 10: {
            const std::uint32_t n = channel_where([](const model_channel&) { return true; });
            return n == no_channel || receive(wire::channel_success{n}, n, model_.reply(n));
        }
        default: return receive(wire::request_failure{}, 0, model_.global_reply());
    }
}

bool twins::peer_answers_open() {
    const std::uint32_t n = channel_where([](const model_channel& c) { return !c.open; });
    if (n == no_channel) return true;
    if (dice(4) == 0)
        return receive(wire::channel_open_failure{n, 1, "", ""}, n, model_.failure(n));
    const std::uint32_t window = dice(3) == 0 ? 0 : dice(100'000);
    const std::uint32_t packet = dice(200) == 0 ? 0 : dice(65'536) + 1;
    const std::uint32_t peer = next_peer_++;
    return receive(wire::channel_open_confirmation{n, peer, window, packet, {}}, n,
                   model_.confirmation(n, peer, window, packet));
}

bool twins::peer_sends_data() {
    const std::uint32_t n =
        channel_where([](const model_channel& c) { return c.hears() && !c.eof_in; });
    if (n == no_channel) return true;
    const auto room = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        model_.channels.contains(n) ? model_.channels[n].receivable : 0, caps_.channel_packet));
    const std::uint32_t beyond = dice(200) == 0 ? dice(caps_.channel_packet) : 0;
    const std::vector<byte> bytes(dice(room + 1) + beyond, byte{7});
    const expectation expected = model_.data(n, bytes.size(), caps_.channel_packet);
    if (dice(3) == 0) return receive(wire::channel_extended_data{n, 1, bytes}, n, expected);
    return receive(wire::channel_data{n, bytes}, n, expected);
}

bool twins::peer_adjusts() {
    const std::uint32_t n = any_channel();
    const std::uint32_t bytes = dice(50) == 0 ? 0xffffffff - dice(200'000) : dice(50'000);
    return receive(wire::channel_window_adjust{n, bytes}, n, model_.adjust(n, bytes));
}

void twins::we_act() {
    if (model_.channels.size() < 3 || dice(8) == 0) return we_open();
    const std::uint32_t n = channel_where([](const model_channel&) { return true; });
    if (!model_.channels.contains(n)) return;
    model_channel& c = model_.channels[n];
    switch (dice(8)) {
        case 0:
        case 1: return we_send(n);
        case 2:
        case 3: return we_consume(n);
        case 4:
            if (!c.sends_other()) return;
            table_.expect_reply(n, next_ticket_);
            c.tickets.push_back(next_ticket_++);
            return;
        case 5:
            if (!c.sends_data() || dice(3) != 0) return;
            table_.state(n).sent_eof();
            c.eof_out = true;
            return;
        case 6:
            if (!c.sends_other() || (dice(4) != 0 && !c.close_in)) return;
            table_.state(n).sent_close();
            c.close_out = true;
            return;
        default:
            table_.expect_global_reply(next_ticket_);
            model_.global_tickets.push_back(next_ticket_++);
    }
}

void twins::we_open() {
    const std::uint32_t peer = next_peer_++;
    const std::uint32_t window = dice(10'000);
    const bool ours = dice(3) != 0;
    const auto number = ours ? table_.open() : table_.accept({"x", peer, window, 1000, {}});
    if (!number) {
        // Only for want of room: too many, or no memory for the smallest window.
        const bool full = model_.channels.size() == caps_.channels ||
                          table_.budget().used() + caps_.smallest_window > caps_.connection_memory;
        BOOST_TEST(full);
        return;
    }
    BOOST_TEST(!model_.channels.contains(*number));
    largest_number_ = std::max(largest_number_, *number);
    model_.added(*number, table_.incoming(*number).target());
    if (!ours) model_.accepted(*number, peer, window);
    most_ = std::max(most_, model_.channels.size());
}

void twins::we_send(std::uint32_t number) {
    model_channel& c = model_.channels[number];
    if (!c.sends_data()) return;
    const std::uint64_t n = c.sendable >> dice(8);
    table_.spend(number, n);
    c.sendable -= n;
}

void twins::we_consume(std::uint32_t number) {
    const model_channel& c = model_.channels[number];
    const std::uint64_t n = dice(2) == 0 ? c.held : c.held / 2;
    const std::uint32_t granted = table_.consume(number, n);
    if (!model_.may_grant(number)) BOOST_TEST(granted == 0U);
    model_.consumed(number, n, granted);
    // An empty buffer never leaves the peer with less than half a window.
    const bool stalls = c.held == 0 && 2 * c.receivable < table_.incoming(number).target();
    if (model_.may_grant(number)) BOOST_TEST(!stalls);
}

void twins::compare() {
    for (auto at = model_.channels.begin(); at != model_.channels.end();) {
        const std::uint32_t number = (at++)->first;
        const bool over = model_.released(number);
        BOOST_TEST(table_.release_if_done(number) == over);
        BOOST_TEST(table_.contains(number) == !over);
    }
    BOOST_TEST(table_.size() == model_.channels.size());
    BOOST_TEST(table_.global_replies_expected() == model_.global_tickets.size());
    std::uint64_t promised = 0;
    for (const auto& [number, c] : model_.channels) {
        const auto& state = table_.state(number);
        const auto& in = table_.incoming(number);
        BOOST_TEST(table_.sendable(number) == c.sendable);
        BOOST_TEST(in.open() == c.receivable);
        BOOST_TEST(in.held() == c.held);
        BOOST_TEST(in.open() + in.held() <= in.target());
        BOOST_TEST(state.may_send_data() == c.sends_data());
        BOOST_TEST(state.may_send_other() == c.sends_other());
        if (c.open) BOOST_TEST(table_.peer_number(number) == c.peer);
        promised += in.target();
    }
    BOOST_TEST(table_.budget().used() == promised);
    BOOST_TEST(promised <= caps_.connection_memory);
}

/// Connections one after another, for so many operations; how many there were.
struct totals {
    std::size_t connections = 0;
    std::size_t most_at_once = 0;
};
totals play(unsigned seed, const limits& caps, int operations) {
    std::mt19937 random(seed);
    totals sum;
    while (operations > 0) {
        twins both(random, caps);
        ++sum.connections;
        while (operations-- > 0 && both.step()) {}
        sum.most_at_once = std::max(sum.most_at_once, both.most_at_once());
        // Numbers are given again: there are never more than channels at once.
        BOOST_TEST((both.most_at_once() == 0 || both.largest_number() < both.most_at_once()));
    }
    return sum;
}

BOOST_AUTO_TEST_SUITE(channel_table_model)

BOOST_AUTO_TEST_CASE(f06_the_table_does_what_the_model_says) {
    totals sum;
    for (unsigned seed = 0; seed < 20; ++seed) {
        const totals one = play(seed, limits{}, 2000);
        sum.connections += one.connections;
        sum.most_at_once = std::max(sum.most_at_once, one.most_at_once);
    }
    // The dice are worth something only if connections live and some of them end.
    BOOST_TEST(sum.connections > 40U);
    BOOST_TEST(sum.connections < 2000U);
    BOOST_TEST(sum.most_at_once > 10U);
}

BOOST_AUTO_TEST_CASE(f06_also_with_little_memory_and_few_channels) {
    limits caps;
    caps.first_window = 4096;
    caps.smallest_window = 512;
    caps.channel_packet = 1024;
    caps.connection_memory = 16 * 1024;
    caps.channels = 12;
    for (unsigned seed = 100; seed < 120; ++seed) {
        BOOST_TEST(play(seed, caps, 2000).most_at_once <= caps.channels);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
