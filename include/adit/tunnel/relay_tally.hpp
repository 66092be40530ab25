// The relays of one tunnel: those that run, and what those that ended have moved. Used by
// tunnel.hpp. Invariants: a relay counts once; one whose waiting is cancelled is cut off.
#pragma once

#include <adit/bodies.hpp>
#include <adit/connection/relay.hpp>
#include <adit/tunnel/options.hpp>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace adit::detail {

class relay_tally {
public:
    /// Runs one to its end, which `event` becomes. The tally outlives the task.
    [[nodiscard]] task<> run(std::shared_ptr<relay> running, tunnel_event& event);
    /// By those that have ended and those that run.
    [[nodiscard]] relay_report moved() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return running_.size(); }
    /// Cuts off all that run, and all that come later.
    void abort(error_code why);

private:
    std::vector<std::shared_ptr<relay>> running_;
    relay_report past_;
    error_code over_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL task<> relay_tally::run(std::shared_ptr<relay> running, tunnel_event& event) {
    relay_report outcome;
    error_code cancelled = over_;
    if (!cancelled) running_.push_back(running);
    try {
        if (!cancelled) outcome = co_await running->run();
    } catch (const boost::system::system_error& e) {
        cancelled = e.code();
    }
    if (cancelled) {
        running->abort(cancelled);
        outcome = running->report();
    }
    std::erase(running_, running);
    past_.to_channel += outcome.to_channel;
    past_.to_stream += outcome.to_stream;
    past_.stalls += outcome.stalls;
    event.what = tunnel_event::kind::closed;
    event.error = outcome.error;
    event.bytes_up = outcome.to_channel;
    event.bytes_down = outcome.to_stream;
}

ADIT_DECL relay_report relay_tally::moved() const noexcept {
    relay_report sum = past_;
    for (const auto& one : running_) {
        sum.to_channel += one->report().to_channel;
        sum.to_stream += one->report().to_stream;
        sum.stalls += one->report().stalls;
    }
    return sum;
}

ADIT_DECL void relay_tally::abort(error_code why) {
    over_ = why;
    const auto all = running_;  // each takes itself out of the list
    for (const auto& one : all) one->abort(why);
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
