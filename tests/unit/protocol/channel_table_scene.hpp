// What the tests of channel_table share: a message fed and the event that came of it, and a table
// with one channel of each kind. Numbers are never the same on both sides: ours are small, the
// peer's are not (C42).
#pragma once

#include <adit/protocol/channel_table.hpp>

#include "unit/protocol/messages.hpp"

namespace adit::test {

using table = protocol::channel_table;
using event = protocol::channel_event;
using kind = event::kind;

inline constexpr std::uint32_t peers_number = 0xdeadbeef;
inline constexpr std::uint32_t nobodys_number = 77;

/// The event's fields live in the message: both are kept together.
struct received {
    std::vector<byte> payload;
    result<event> outcome;
    [[nodiscard]] errc error() const {
        return outcome ? errc::ok : static_cast<errc>(outcome.error().value());
    }
    [[nodiscard]] kind what() const { return outcome.value().what; }
    const event* operator->() const { return &outcome.value(); }
};

inline received feed_bytes(table& t, std::vector<byte> payload) {
    received r{std::move(payload), errc::ok};
    r.outcome = t.receive(r.payload);
    return r;
}

template <wire::message M>
received feed(table& t, const M& message) {
    return feed_bytes(t, payload_of(message));
}

inline wire::channel_open_confirmation confirmation(std::uint32_t channel,
                                                    std::uint32_t window = 100'000,
                                                    std::uint32_t packet = 32'768) {
    return {channel, peers_number, window, packet, {}};
}

inline wire::channel_data data(std::uint32_t channel, bytes_view bytes) { return {channel, bytes}; }

/// A table with channel 0 closed, channel 1 open, channel 2 opening.
struct scene {
    scene() {
        const std::uint32_t closed = t.open().value();
        open = t.open().value();
        opening = t.open().value();
        BOOST_TEST((feed(t, confirmation(closed)).error() == errc::ok));
        BOOST_TEST((feed(t, confirmation(open)).error() == errc::ok));
        t.state(closed).sent_close();
        BOOST_TEST((feed(t, wire::channel_close{closed}).error() == errc::ok));
        BOOST_TEST(t.release_if_done(closed));
        gone = closed;
    }
    table t{limits{}};
    std::uint32_t gone = 0, open = 0, opening = 0;
};

inline void close_both(table& t, std::uint32_t channel) {
    t.state(channel).sent_close();
    BOOST_REQUIRE((feed(t, wire::channel_close{channel}).error() == errc::ok));
    BOOST_REQUIRE(t.release_if_done(channel));
}

}  // namespace adit::test
