// How the SSH connection of a tunnel is made, once or again and again: by TCP, through other
// servers, or as a test pleases. Used by tunnel/keeper.hpp and probe.hpp.
// Invariants: a way is walked once, another attempt is another way, with credentials asked for anew
// (a code of a TOTP is never sent twice); what is closed calls nobody any more.
#pragma once

#include <adit/bodies.hpp>
#include <adit/client.hpp>
#include <adit/route.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit {

/// One SSH connection to be, and whatever it stands on.
class ssh_way {
public:
    ssh_way() = default;
    ssh_way(const ssh_way&) = delete;
    ssh_way& operator=(const ssh_way&) = delete;
    virtual ~ssh_way() = default;

    /// Connects and logs in. Throws system_error; story() tells about it. Once. May be cancelled.
    /// The caller keeps the way until the task has ended.
    [[nodiscard]] virtual task<> start() = 0;
    /// Throws what ended it; after start() has returned. May be cancelled.
    [[nodiscard]] virtual task<> wait_closed();
    /// The last server, after start() has returned; null where there is none any more.
    [[nodiscard]] virtual client* ssh() = 0;
    /// Of the hop that it happened to, or that is reached last.
    [[nodiscard]] virtual const diagnostics& story() const noexcept = 0;
    /// Ends all of it, innermost first; no hook of the options is called afterwards.
    virtual void close() = 0;

    /// Called with the name of each server that was logged in to, in their order; must not throw.
    std::function<void(const std::string& hop)> on_hop;
};

using connector = std::function<std::shared_ptr<ssh_way>(executor ex)>;

/// The way of a route, through all its hops.
[[nodiscard]] connector connect_through(route way);

/// "user@host:port", as diagnostics::hop has it.
[[nodiscard]] inline std::string hop_name(const client_options& login) {
    return login.user + "@" + login.host + ":" + std::to_string(login.port);
}

/// A server and the way there, as tunnels and probes are told of it.
struct way_options {
    explicit way_options(client_options login) : client(std::move(login)), address(client.host) {}
    client_options client;
    std::string address;      ///< what to connect to; client.host is what known_hosts calls it
    std::vector<hop> jumps;   ///< servers on the way, see route.hpp
    stream_dialler upstream;  ///< how the first server is reached; empty: TCP, as `tcp` says
    connect_options tcp;
    std::function<void(const route_event&)> on_hop;  ///< as route::on_event
    connector reach;  ///< another way than all that; called for each attempt

    [[nodiscard]] route way() const;
    [[nodiscard]] connector connection() const { return reach ? reach : connect_through(way()); }
};

// Details.

namespace detail {

class chained_way final : public ssh_way {
public:
    chained_way(executor ex, route way)
        : hops_(way.size()), chain_(std::in_place, std::move(ex), telling(std::move(way))) {}

    [[nodiscard]] task<> start() override;
    [[nodiscard]] client* ssh() override {
        return chain_ && chain_->size() == hops_ ? &chain_->last() : nullptr;
    }
    [[nodiscard]] task<> wait_closed() override;
    [[nodiscard]] const diagnostics& story() const noexcept override {
        return chain_ ? chain_->diagnostics() : story_;
    }
    void close() override;

private:
    [[nodiscard]] route telling(route way);

    std::size_t hops_;
    std::optional<chain> chain_;
    diagnostics story_;  // when there is no chain any more
};

}  // namespace detail

#if ADIT_BODIES

ADIT_DECL task<> ssh_way::wait_closed() {
    client* const last = ssh();
    if (last == nullptr) throw protocol_error(errc::connection_closed);
    auto ended = last->async_wait_closed(asio::deferred);
    co_await std::move(ended);
}

namespace detail {

ADIT_DECL route chained_way::telling(route way) {
    std::vector<std::string> names;
    names.reserve(way.size());
    for (std::size_t i = 0; i < way.size(); ++i) names.push_back(hop_name(way.at(i).client));
    way.on_event = [this, names, also = way.on_event](const route_event& event) {
        if (also) also(event);
        if (on_hop && event.what == route_event::kind::ready) on_hop(names[event.hop]);
    };
    return way;
}

ADIT_DECL task<> chained_way::start() {
    auto starting = chain_->async_start(asio::deferred);
    co_await std::move(starting);
    if (!chain_) throw protocol_error(errc::connection_closed);
}

ADIT_DECL task<> chained_way::wait_closed() {
    auto ended = chain_->async_wait_closed(asio::deferred);
    co_await std::move(ended);
}

ADIT_DECL void chained_way::close() {
    if (!chain_) return;
    story_ = chain_->diagnostics();
    chain_.reset();  // which also takes the hooks away
}

}  // namespace detail

ADIT_DECL connector connect_through(route way) {
    return [way = std::move(way)](executor ex) {
        return std::static_pointer_cast<ssh_way>(
            std::make_shared<detail::chained_way>(std::move(ex), way));
    };
}

ADIT_DECL route way_options::way() const {
    hop server(client);
    server.address = address;
    route all(std::move(server));
    all.upstream = upstream;
    all.connect = tcp;
    all.jumps = jumps;
    all.on_event = on_hop;
    return all;
}

#endif  // ADIT_BODIES

}  // namespace adit
