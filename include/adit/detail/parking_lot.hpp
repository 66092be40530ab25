// Room for as many operations as wait for the same end: a list of parking places. Used by
// connection for those who wait until it is over. All calls and all cancellation signals run in the
// owner's strand.
// Invariant: a place that was left, by completion or cancellation, is used again.
#pragma once

#include <adit/detail/parking_place.hpp>

#include <algorithm>
#include <list>
#include <memory>
#include <utility>

namespace adit::detail {

class parking_lot {
public:
    explicit parking_lot(executor ex) : ex_(std::move(ex)) {}

    /// `owner` is the object that this is a part of. Any request to cancel completes the operation
    /// with operation_aborted.
    template <class Handler>
    void park(const std::shared_ptr<void>& owner, Handler&& handler) {
        const auto is_free = [](const place& p) { return !p; };
        const auto found = std::ranges::find_if(places_, is_free);
        place& here = found != places_.end() ? *found : places_.emplace_back(ex_);
        here.park(owner, std::forward<Handler>(handler), ex_, any_cancellation);
    }

    /// Everybody's handler is posted.
    void complete_all(error_code ec) {
        for (place& p : places_) {
            if (p) p.complete(ec);
        }
    }

private:
    using place = parking_place<void(error_code)>;

    executor ex_;
    std::list<place> places_;  // a place cannot move
};

}  // namespace adit::detail
