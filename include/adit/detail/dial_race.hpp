// One socket out of several addresses, as RFC 8305 wants it (Happy Eyeballs): the families take
// turns, an address that has not answered within a moment gets a rival, one that fails gets its
// successor at once, and the first that connects wins. Used by connect.hpp. Invariants: when the
// race is over, won, lost or left, no attempt of it is under way; a failure tells of the address
// that had the most to say.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/signal.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace adit::detail {

using tcp_addresses = std::vector<asio::ip::tcp::endpoint>;
/// How an address is connected to; empty only where it threw.
using dial_attempt =
    std::function<task<std::optional<asio::ip::tcp::socket>>(asio::ip::tcp::endpoint)>;

/// RFC 8305 section 4: the family of the first one, the other, and so on; within each the order
/// stays.
[[nodiscard]] tcp_addresses interleaved(const tcp_addresses& found);

/// Which of two failures says more about why there is no connection: a host that refuses is there.
[[nodiscard]] error_code more_telling(error_code one, error_code other) noexcept;

/// One race. It lives on while an attempt has still to learn that it is over.
class dial_race : public std::enable_shared_from_this<dial_race> {
public:
    dial_race(executor ex, dial_attempt attempt, std::chrono::milliseconds delay)
        : ex_(std::move(ex)), attempt_(std::move(attempt)), delay_(delay), wake_(ex_), turn_(ex_) {}

    /// The winner. Throws system_error with failure() when all have failed. Once.
    [[nodiscard]] static task<asio::ip::tcp::socket> run(std::shared_ptr<dial_race> self,
                                                         tcp_addresses in_order);
    /// The most telling failure so far; none: no attempt has failed.
    [[nodiscard]] error_code failure() const noexcept { return failure_; }

private:
    using socket = std::optional<asio::ip::tcp::socket>;
    class ends_with;

    void begin(const asio::ip::tcp::endpoint& to);
    void ended(error_code ec, socket made);
    void give_time();
    void stop();

    executor ex_;
    dial_attempt attempt_;
    std::chrono::milliseconds delay_;
    signal wake_;
    asio::steady_timer turn_;
    std::list<asio::cancellation_signal> attempts_;
    std::size_t under_way_ = 0;
    unsigned turns_ = 0;
    socket winner_;
    error_code failure_;
    bool over_ = false;
};

// Details.

#if ADIT_BODIES

ADIT_DECL tcp_addresses interleaved(const tcp_addresses& found) {
    tcp_addresses first, second, result;
    for (const auto& one : found) {
        const bool same = one.protocol() == found.front().protocol();
        (same ? first : second).push_back(one);
    }
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) result.push_back(first[i]);
        if (i < second.size()) result.push_back(second[i]);
    }
    return result;
}

ADIT_DECL error_code more_telling(error_code one, error_code other) noexcept {
    const auto rank = [](error_code ec) {
        if (!ec) return 0;
        if (ec == asio::error::connection_refused) return 4;
        if (ec == asio::error::timed_out) return 3;
        const bool no_way = ec == asio::error::network_unreachable ||
                            ec == asio::error::host_unreachable ||
                            ec == asio::error::address_family_not_supported;
        return no_way ? 1 : 2;
    };
    return rank(other) > rank(one) ? other : one;
}

// Whoever waits for the race may leave it by a cancellation.
class dial_race::ends_with {
public:
    explicit ends_with(dial_race& race) : race_(race) {}
    ends_with(const ends_with&) = delete;
    ends_with& operator=(const ends_with&) = delete;
    ~ends_with() { race_.stop(); }

private:
    dial_race& race_;
};

ADIT_DECL void dial_race::begin(const asio::ip::tcp::endpoint& to) {
    ++under_way_;
    asio::cancellation_signal& stop = attempts_.emplace_back();
    auto body = [self = shared_from_this(), to] { return self->attempt_(to); };
    const auto done = [self = shared_from_this()](error_code ec, socket made) {
        self->ended(ec, std::move(made));
    };
    door(ex_, std::move(body), asio::bind_cancellation_slot(stop.slot(), done));
}

ADIT_DECL void dial_race::ended(error_code ec, socket made) {
    --under_way_;
    if (over_) return;
    if (made) {
        winner_ = std::move(made);
    } else {
        failure_ = more_telling(failure_, ec);
    }
    wake_.notify();
}

ADIT_DECL void dial_race::give_time() {
    turn_.expires_after(delay_);
    turn_.async_wait([self = shared_from_this(), turn = ++turns_](error_code ec) {
        if (!ec && turn == self->turns_ && !self->over_) self->wake_.notify();
    });
}

ADIT_DECL void dial_race::stop() {
    over_ = true;
    turn_.cancel();
    for (auto& one : attempts_) one.emit(asio::cancellation_type::terminal);
}

ADIT_DECL task<asio::ip::tcp::socket> dial_race::run(std::shared_ptr<dial_race> self,
                                                     tcp_addresses in_order) {
    const ends_with guard(*self);
    for (const auto& address : in_order) {
        self->begin(address);
        self->give_time();
        co_await self->wake_.wait();
        if (self->winner_) break;
    }
    ++self->turns_;  // nobody's turn any more
    while (!self->winner_ && self->under_way_ != 0) co_await self->wake_.wait();
    if (!self->winner_) {
        const error_code none = asio::error::host_not_found;
        throw boost::system::system_error(self->failure_ ? self->failure_ : none);
    }
    co_return std::move(*self->winner_);
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
