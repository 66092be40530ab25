// Tunnels owned by name, for programs that have many: a gateway, a database tool with a tab per
// server. Creating one that exists gives the one that exists; several share one SSH connection
// where nothing distinguishes them. RFC 4254 section 7. Not thread-safe: all calls and events
// happen in the executor's strand. Invariants: a name belongs to its owner; nothing is shared
// across owners, nor where the caller has not said by an identity that everything that cannot be
// compared is the same.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/parking_lot.hpp>
#include <adit/tunnel.hpp>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace adit {

/// What a tunnel is called, and whose it is: the same name of two owners is two tunnels.
struct tunnel_name {
    explicit(false) tunnel_name(std::string n, std::string o = {})
        : name(std::move(n)), owner(std::move(o)) {}
    explicit(false) tunnel_name(const char* n) : name(n) {}
    std::string name;
    std::string owner;

    friend auto operator<=>(const tunnel_name&, const tunnel_name&) = default;
    friend bool operator==(const tunnel_name&, const tunnel_name&) = default;
};

/// Whether one SSH connection can stand for both: every field of the login and of the way there
/// that has a value is the same. Credentials are compared as objects. What cannot be compared
/// (trust, prompts, hooks, a connector) is not looked at: see tunnels::async_create's identity.
[[nodiscard]] bool same_connection(const tunnel_options& a, const tunnel_options& b);

class tunnels {
public:
    using executor_type = executor;

    explicit tunnels(executor ex) : state_(std::make_shared<state>(std::move(ex))) {}
    tunnels(tunnels&&) noexcept = default;
    tunnels& operator=(tunnels&&) = delete;
    ~tunnels();

    [[nodiscard]] executor_type get_executor() const { return state_->ex; }

    /// Starts a tunnel; one of this name that is not closed is waited for and given instead, and
    /// its options stay. `identity` is the caller's name for everything in the options that cannot
    /// be compared: who logs in, by what, whom it trusts. Tunnels of one owner whose identity is
    /// the same, and not empty, and whose connection is the same by same_connection, share it.
    /// void(error_code, std::uint16_t): the port of the first forward. Cancellation: terminal; it
    /// closes the tunnel that it has begun. Errors: tunnel::async_start's.
    template <class Token>
    auto async_create(tunnel_name name, tunnel_options options, std::string identity,
                      Token&& token);

    /// Closes it at once; false where there is none. Local clients see a reset.
    bool close(const tunnel_name& name) { return close_one(*state_, name); }
    /// Those of one owner; how many there were.
    std::size_t close_owner(const std::string& owner);
    void close_all();

    /// Whether it is there and not closed for good.
    [[nodiscard]] bool has(const tunnel_name& name) const { return find(name) != nullptr; }
    /// Of the first forward; 0 where there is none.
    [[nodiscard]] std::uint16_t local_port(const tunnel_name& name) const;
    /// Null where there is none. Valid until it is closed here.
    [[nodiscard]] tunnel* find(const tunnel_name& name) const;
    /// Why a tunnel that closed by itself did so, or what its connection suffered the last time.
    [[nodiscard]] tunnel_failure last_failure(const tunnel_name& name) const;

    [[nodiscard]] std::size_t size() const noexcept { return state_->all.size(); }
    /// SSH connections, made or being made.
    [[nodiscard]] std::size_t connections() const;

private:
    struct entry {
        entry(const executor& ex, tunnel t) : way(std::move(t)), waiters(ex) {}
        tunnel way;
        detail::parking_lot waiters;
        bool started = false;
    };
    struct shared_link {
        std::string owner, identity;
        tunnel_options options;
        std::weak_ptr<detail::keeper> link;
    };
    struct state {
        explicit state(executor e) : ex(std::move(e)) {}
        executor ex;
        std::map<tunnel_name, std::shared_ptr<entry>> all;
        std::vector<shared_link> links;
        bool gone = false;  // the object is
    };

    static bool close_one(state& s, const tunnel_name& name);
    static task<std::uint16_t> create(std::shared_ptr<state> s, tunnel_name name,
                                      tunnel_options options, std::string identity);
    static task<> wait_for(std::shared_ptr<state> s, std::shared_ptr<entry> one);
    static task<> start(std::shared_ptr<state> s, tunnel_name name, std::shared_ptr<entry> one);
    [[nodiscard]] static std::shared_ptr<entry> make(state& s, const tunnel_name& name,
                                                     tunnel_options options, std::string identity);
    [[nodiscard]] static bool is_over(const tunnel& way) {
        return way.state() == tunnel_state::closed;
    }
    [[nodiscard]] static std::uint16_t port_of(const tunnel& way);

    std::shared_ptr<state> state_;
};

// Details.

template <class Token>
auto tunnels::async_create(tunnel_name name, tunnel_options options, std::string identity,
                           Token&& token) {
    return detail::door(
        state_->ex,
        [s = state_, name = std::move(name), options = std::move(options),
         identity = std::move(identity)] { return create(s, name, options, identity); },
        std::forward<Token>(token));
}

#if ADIT_BODIES

namespace detail {

// Two logins of two people may look alike but for what they hold.
[[nodiscard]] inline bool same_credentials(const std::vector<credential>& a,
                                           const std::vector<credential>& b) {
    const auto same = [](const credential& x, const credential& y) {
        if (x.index() != y.index()) return false;
        const auto* const one = std::get_if<std::shared_ptr<signer>>(&x);
        return one == nullptr || *one == std::get<std::shared_ptr<signer>>(y);
    };
    return std::ranges::equal(a, b, same);
}

[[nodiscard]] inline bool same_login(const client_options& x, const client_options& y) {
    const auto values = [](const client_options& o) {
        return std::tie(o.user, o.host, o.port, o.password_attempts, o.codes,
                        o.disable_trivial_auth, o.algorithms, o.public_key_algorithms, o.limits,
                        o.reset_on_bare_close, o.exchanges, o.random);
    };
    const bool same_hooks = static_cast<bool>(x.trust) == static_cast<bool>(y.trust) &&
                            static_cast<bool>(x.trace) == static_cast<bool>(y.trace);
    return same_hooks && values(x) == values(y) && same_credentials(x.credentials, y.credentials);
}

}  // namespace detail

ADIT_DECL bool same_connection(const tunnel_options& a, const tunnel_options& b) {
    const auto same_hop = [](const hop& x, const hop& y) {
        return x.address == y.address && detail::same_login(x.client, y.client);
    };
    const bool same_hooks = static_cast<bool>(a.reach) == static_cast<bool>(b.reach) &&
                            static_cast<bool>(a.upstream) == static_cast<bool>(b.upstream) &&
                            static_cast<bool>(a.on_hop) == static_cast<bool>(b.on_hop);
    return same_hooks && a.address == b.address && a.tcp == b.tcp && a.reconnect == b.reconnect &&
           detail::same_login(a.client, b.client) && std::ranges::equal(a.jumps, b.jumps, same_hop);
}

ADIT_DECL task<std::uint16_t> tunnels::create(std::shared_ptr<state> s, tunnel_name name,
                                              tunnel_options options, std::string identity) {
    if (s->gone) throw protocol_error(errc::connection_closed);
    const auto found = s->all.find(name);
    const bool there = found != s->all.end() && !is_over(found->second->way);
    std::shared_ptr<entry> one;
    if (there) {
        one = found->second;
        if (!one->started) co_await wait_for(s, one);
    } else {
        one = make(*s, name, std::move(options), std::move(identity));
        s->all.insert_or_assign(name, one);
        co_await start(s, name, one);
    }
    co_return port_of(one->way);
}

ADIT_DECL task<> tunnels::wait_for(std::shared_ptr<state> s, std::shared_ptr<entry> one) {
    static_cast<void>(s);
    const auto initiate = [one](auto&& handler) {
        one->waiters.park(one, std::forward<decltype(handler)>(handler));
    };
    auto started =
        asio::async_initiate<const asio::deferred_t&, void(error_code)>(initiate, asio::deferred);
    co_await std::move(started);
}

ADIT_DECL task<> tunnels::start(std::shared_ptr<state> s, tunnel_name name,
                                std::shared_ptr<entry> one) {
    error_code ec;
    try {
        auto starting = one->way.async_start(asio::deferred);
        co_await std::move(starting);
    } catch (const boost::system::system_error& e) {
        ec = e.code();
    }
    one->started = true;
    one->waiters.complete_all(ec);
    if (!ec) co_return;
    const auto found = s->all.find(name);
    if (found != s->all.end() && found->second == one) s->all.erase(found);
    throw protocol_error(ec);
}

ADIT_DECL std::shared_ptr<tunnels::entry> tunnels::make(state& s, const tunnel_name& name,
                                                        tunnel_options options,
                                                        std::string identity) {
    std::erase_if(s.links, [](const shared_link& l) {
        const auto alive = l.link.lock();
        return alive == nullptr || alive->state() == tunnel_state::closed;
    });
    std::shared_ptr<detail::keeper> link;
    for (const shared_link& l : s.links) {
        const bool same = !identity.empty() && l.identity == identity && l.owner == name.owner &&
                          same_connection(l.options, options);
        if (same) link = l.link.lock();
    }
    if (link == nullptr) {
        tunnel_options asked = options;
        asked.on_event = nullptr;
        link = tunnel::make_keeper(s.ex, options);
        s.links.push_back({name.owner, std::move(identity), std::move(asked), link});
    }
    return std::make_shared<entry>(s.ex, tunnel(s.ex, std::move(options), std::move(link)));
}

ADIT_DECL std::uint16_t tunnels::port_of(const tunnel& way) {
    const auto all = way.endpoints();
    return all.empty() ? std::uint16_t{0} : all.front().port();
}

ADIT_DECL tunnels::~tunnels() {
    if (state_ == nullptr) return;
    state_->gone = true;
    for (const auto& [name, one] : state_->all) one->way.silence();
    close_all();
}

ADIT_DECL bool tunnels::close_one(state& s, const tunnel_name& name) {
    const auto found = s.all.find(name);
    if (found == s.all.end()) return false;
    const auto one = found->second;
    s.all.erase(found);
    const bool was_there = !is_over(one->way);
    one->way.close();
    return was_there;
}

ADIT_DECL std::size_t tunnels::close_owner(const std::string& owner) {
    std::vector<tunnel_name> names;
    for (const auto& [name, one] : state_->all) {
        if (name.owner == owner) names.push_back(name);
    }
    std::size_t closed = 0;
    const auto s = state_;  // whoever is told of an end may destroy us
    for (const tunnel_name& name : names) closed += close_one(*s, name) ? 1U : 0U;
    return closed;
}

ADIT_DECL void tunnels::close_all() {
    const auto s = state_;  // as above
    while (!s->all.empty()) close_one(*s, tunnel_name(s->all.begin()->first));
}

ADIT_DECL tunnel* tunnels::find(const tunnel_name& name) const {
    const auto found = state_->all.find(name);
    const bool there = found != state_->all.end() && !is_over(found->second->way);
    return there ? &found->second->way : nullptr;
}

ADIT_DECL std::uint16_t tunnels::local_port(const tunnel_name& name) const {
    const tunnel* const there = find(name);
    return there == nullptr ? std::uint16_t{0} : port_of(*there);
}

ADIT_DECL tunnel_failure tunnels::last_failure(const tunnel_name& name) const {
    const auto found = state_->all.find(name);
    return found == state_->all.end() ? tunnel_failure() : found->second->way.last_failure();
}

ADIT_DECL std::size_t tunnels::connections() const {
    const auto stands = [](const shared_link& l) {
        const auto alive = l.link.lock();
        return alive != nullptr && alive->state() != tunnel_state::closed;
    };
    return static_cast<std::size_t>(std::ranges::count_if(state_->links, stands));
}

#endif  // ADIT_BODIES

}  // namespace adit
