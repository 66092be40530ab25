// How the close of one tunnel ends what waits inside it, also where other tunnels go on with the
// connection that it waits for. Used by tunnel.hpp. No RFC of its own.
// Invariants: what comes behind end() does not begin; the reason wins over a result that came in
// the same moment, so that nothing is relayed for a tunnel that has gone.
#pragma once

#include <adit/detail/deadline.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/parking_lot.hpp>
#include <adit/error.hpp>
#include <adit/tunnel/keeper.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace adit::detail {

class closing {
public:
    explicit closing(const executor& ex) : state_(std::make_shared<state>(ex)) {}

    /// Once; whoever waits is told.
    void end(error_code why) {
        state_->why = why;
        state_->waiters.complete_all({});
    }
    /// What the operation gives, as unless_first; throws the reason of end().
    template <class Operation>
    task<deadline_value_t<Operation>> unless(Operation operation) const {
        return run(state_, std::move(operation));
    }
    /// The same for the keeper's connection, in so long.
    [[nodiscard]] task<> unless_ready(std::shared_ptr<keeper> link,
                                      asio::steady_timer::duration most) const {
        return ready_in(state_, std::move(link), most);
    }

private:
    struct state {
        explicit state(const executor& e) : ex(e), waiters(e) {}
        void check() const {
            if (why) throw protocol_error(why);
        }
        executor ex;
        parking_lot waiters;
        error_code why;
    };

    template <class Operation>
    static task<deadline_value_t<Operation>> run(std::shared_ptr<state> s, Operation operation);
    static task<> ready_in(std::shared_ptr<state> s, std::shared_ptr<keeper> link,
                           asio::steady_timer::duration most);

    std::shared_ptr<state> state_;
};

// Details.

template <class Operation>
task<deadline_value_t<Operation>> closing::run(std::shared_ptr<state> s, Operation operation) {
    s->check();
    const auto initiate = [s](auto&& handler) {
        s->waiters.park(s, std::forward<decltype(handler)>(handler));
    };
    auto ended =
        asio::async_initiate<const asio::deferred_t&, void(error_code)>(initiate, asio::deferred);
    auto either = unless_first(std::move(operation), std::move(ended));
    try {
        if constexpr (std::is_void_v<deadline_value_t<Operation>>) {
            co_await std::move(either);
            s->check();
        } else {
            auto value = co_await std::move(either);
            s->check();
            co_return value;
        }
    } catch (const boost::system::system_error&) {
        s->check();
        throw;
    }
}

#if ADIT_BODIES

ADIT_DECL task<> closing::ready_in(std::shared_ptr<state> s, std::shared_ptr<keeper> link,
                                   asio::steady_timer::duration most) {
    auto ready = link->async_ready(asio::deferred);
    auto body = [ready = std::move(ready), most]() mutable {
        return with_deadline(std::move(ready), most);
    };
    auto in_time = door(s->ex, std::move(body), asio::deferred);
    auto either = run(s, std::move(in_time));
    co_await std::move(either);
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
