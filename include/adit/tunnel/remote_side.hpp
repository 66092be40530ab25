// The remote forwards of one tunnel: a listener at the server for each, and for each connection to
// it a connection here and a relay. Used by tunnel.hpp. RFC 4254 section 7.
// Invariants: what is refused is told with its reason, to the server and to the tunnel; on a new
// connection every listener is asked for again.
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/relay.hpp>
#include <adit/detail/spawn.hpp>
#include <adit/tunnel/options.hpp>
#include <adit/tunnel/remote_entrance.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit::detail {

/// The tunnel, as its remote side sees it.
class remote_host {
public:
    remote_host() = default;
    remote_host(const remote_host&) = delete;
    remote_host& operator=(const remote_host&) = delete;
    virtual ~remote_host() = default;

    [[nodiscard]] virtual bool is_closed() const noexcept = 0;
    [[nodiscard]] virtual std::uint64_t next_id() noexcept = 0;
    virtual void tell(const tunnel_event& event) = 0;
    /// Runs and counts a relay; `event` becomes its end. The host is kept by the caller.
    [[nodiscard]] virtual task<> run(std::shared_ptr<relay> running, tunnel_event& event) = 0;
};

class remote_side {
public:
    remote_side() = default;
    remote_side(remote_side&&) noexcept = default;
    remote_side& operator=(remote_side&&) noexcept = default;

    /// Before anything else.
    void set_up(const executor& ex, const std::vector<remote_forward>& forwards,
                const std::weak_ptr<remote_host>& host);
    /// Asks for each, one after the other. Throws what the first says that is refused, or, unless
    /// `all` of them are required, tells it.
    [[nodiscard]] task<> ask(std::shared_ptr<connection> link, bool all);
    /// On the connection behind a lost one.
    void ask_again(const std::shared_ptr<connection>& link) {
        for (remote_entrance& way : ways_) way.ask_until_granted(link);
    }
    void close() noexcept {
        for (remote_entrance& way : ways_) way.close();
    }

private:
    [[nodiscard]] static remote_entrance::events events_of(std::weak_ptr<remote_host> host,
                                                           const remote_forward& forward,
                                                           std::size_t index);
    static task<> serve(std::shared_ptr<remote_host> host, remote_connection who,
                        remote_forward forward, tunnel_event event);
    [[nodiscard]] static task<std::unique_ptr<any_stream>> connect(executor ex,
                                                                   remote_forward forward,
                                                                   error_code& why);

    std::vector<remote_entrance> ways_;
    std::weak_ptr<remote_host> host_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL void remote_side::set_up(const executor& ex, const std::vector<remote_forward>& forwards,
                                   const std::weak_ptr<remote_host>& host) {
    host_ = host;
    for (std::size_t i = 0; i < forwards.size(); ++i) {
        ways_.emplace_back(ex, forwards[i], events_of(host, forwards[i], i));
    }
}

ADIT_DECL task<> remote_side::ask(std::shared_ptr<connection> link, bool all) {
    for (std::size_t i = 0; i < ways_.size(); ++i) {
        tunnel_event event;
        try {
            co_await ways_[i].ask(link);
        } catch (const boost::system::system_error& e) {
            if (all || link->finished()) throw;
            event.error = e.code();
        }
        const auto host = host_.lock();
        if (!event.error || host == nullptr) continue;
        event.what = tunnel_event::kind::unbound;
        event.remote = true;
        event.forward = i;
        event.text = ways_[i].where().at.to_string();
        host->tell(event);
    }
}

ADIT_DECL remote_entrance::events remote_side::events_of(std::weak_ptr<remote_host> host,
                                                         const remote_forward& forward,
                                                         std::size_t index) {
    tunnel_event about;
    about.remote = true;
    about.forward = index;
    remote_entrance::events told;
    told.listening = [host, about](const forward_target& at) {
        tunnel_event event = about;
        event.what = tunnel_event::kind::bound;
        event.text = at.to_string();
        if (const auto alive = host.lock()) alive->tell(event);
    };
    const std::string asked = forward.at.to_string();
    told.retrying = [host, about, asked](error_code why, std::chrono::milliseconds next) {
        tunnel_event event = about;
        event.what = tunnel_event::kind::unbound;
        event.error = why;
        event.text = asked;
        event.next = next;
        if (const auto alive = host.lock()) alive->tell(event);
    };
    told.take = [host, about, forward](remote_connection who) {
        const auto alive = host.lock();
        if (alive == nullptr || alive->is_closed()) return;
        tunnel_event event = about;
        event.id = alive->next_id();
        event.peer = who.originator();
        if (who.originator_port() != 0) event.peer += ":" + std::to_string(who.originator_port());
        const executor ex = who.get_executor();
        spawn(ex, serve(alive, std::move(who), forward, std::move(event)));
    };
    return told;
}

ADIT_DECL task<std::unique_ptr<any_stream>> remote_side::connect(executor ex,
                                                                 remote_forward forward,
                                                                 error_code& why) {
    try {
        co_return co_await connect_near(ex, forward.to, forward.connect_timeout);
    } catch (const boost::system::system_error& e) {
        why = e.code();
        co_return std::unique_ptr<any_stream>();
    }
}

ADIT_DECL task<> remote_side::serve(std::shared_ptr<remote_host> host, remote_connection who,
                                    remote_forward forward, tunnel_event event) {
    auto near = co_await connect(who.get_executor(), std::move(forward), event.error);
    channel far;
    if (near != nullptr && !host->is_closed()) far = who.accept();
    if (!far.is_open()) {
        who.refuse(open_failure::connect_failed, event.error ? event.error.message() : "");
        if (!event.error) event.error = errc::connection_lost;
        event.what = tunnel_event::kind::refused;
        co_return host->tell(event);
    }
    host->tell(event);
    auto running = std::make_shared<relay>(std::move(near), far.release_core());
    co_await host->run(std::move(running), event);
    host->tell(event);
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
