// What a channel has received and nobody took yet: views into slabs, in order. Used by
// channel_core. Data is lent from the slab that it was decrypted in; what stays behind after a
// batch is copied out of a slab that it fills to less than a half, so that a slow consumer cannot
// hold its neighbours' memory (at most twice its window). Invariant: size() is the sum of the
// segments, and each keeps its own slab.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/slab.hpp>

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace adit::detail {

class received {
public:
    void push(const slab_ref& slab, bytes_view view) {
        if (!view.empty()) {
            segments_.push_back({slab, view});
            size_ += view.size();
        }
    }

    /// Everything that `other` holds, behind what is here.
    void append(received& other);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t segment_count() const noexcept { return segments_.size() - front_; }

    /// The first segments as buffers; how many there are.
    [[nodiscard]] std::size_t buffers(std::span<boost::asio::const_buffer> out) const noexcept;
    /// The same, together with what keeps their memory alive beyond the next batch.
    [[nodiscard]] std::size_t lend(std::span<boost::asio::const_buffer> out,
                                   std::span<slab_ref> keep) const noexcept;
    /// Forgets the first n bytes.
    void consume(std::size_t n) noexcept;
    /// Moves bytes out into the caller's memory; how many.
    [[nodiscard]] std::size_t take(mutable_bytes out) noexcept;
    void clear() noexcept;

    /// At the end of a batch: leaves a slab that `used` bytes were read into, if not worth keeping.
    /// False when there is no memory for the copy.
    [[nodiscard]] bool settle(slab_pool& pool, const slab_ref& slab, std::size_t used);

private:
    struct segment {
        slab_ref slab;
        bytes_view view;
    };
    std::vector<segment> segments_;
    std::size_t front_ = 0;
    std::size_t size_ = 0;
};

// Details.

#if ADIT_BODIES

ADIT_DECL void received::append(received& other) {
    for (std::size_t i = other.front_; i < other.segments_.size(); ++i) {
        push(other.segments_[i].slab, other.segments_[i].view);
    }
    other.clear();
}

ADIT_DECL std::size_t received::buffers(std::span<boost::asio::const_buffer> out) const noexcept {
    const std::size_t count = std::min(out.size(), segment_count());
    for (std::size_t i = 0; i < count; ++i) {
        const bytes_view view = segments_[front_ + i].view;
        out[i] = {view.data(), view.size()};
    }
    return count;
}

ADIT_DECL std::size_t received::lend(std::span<boost::asio::const_buffer> out,
                                     std::span<slab_ref> keep) const noexcept {
    const std::size_t count = buffers(out);
    for (std::size_t i = 0; i < count; ++i) keep[i] = segments_[front_ + i].slab;
    return count;
}

ADIT_DECL void received::consume(std::size_t n) noexcept {
    size_ -= std::min(n, size_);
    while (n != 0 && front_ < segments_.size()) {
        segment& first = segments_[front_];
        const std::size_t part = std::min(n, first.view.size());
        first.view = first.view.subspan(part);
        n -= part;
        if (first.view.empty()) {
            first.slab = {};
            ++front_;
        }
    }
    if (front_ == segments_.size()) {
        segments_.clear();
        front_ = 0;
    } else if (front_ > 64 && front_ * 2 > segments_.size()) {
        segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(front_));
        front_ = 0;
    }
}

ADIT_DECL std::size_t received::take(mutable_bytes out) noexcept {
    std::size_t taken = 0;
    while (taken < out.size() && !empty()) {
        const bytes_view view = segments_[front_].view;
        const std::size_t part = std::min(view.size(), out.size() - taken);
        std::memcpy(&out[taken], view.data(), part);
        taken += part;
        consume(part);
    }
    return taken;
}

ADIT_DECL void received::clear() noexcept {
    segments_.clear();
    front_ = 0;
    size_ = 0;
}

ADIT_DECL bool received::settle(slab_pool& pool, const slab_ref& slab, std::size_t used) {
    std::size_t held = 0;
    std::size_t first = segments_.size();
    while (first > front_ && segments_[first - 1].slab.same_slab(slab)) {
        held += segments_[--first].view.size();
    }
    if (held == 0 || held * 2 >= used) return true;
    const slab_ref own = pool.take(held);
    if (!own) return false;
    std::size_t at = 0;
    for (std::size_t i = first; i < segments_.size(); ++i) {
        const bytes_view view = segments_[i].view;
        std::memcpy(&own.memory()[at], view.data(), view.size());
        at += view.size();
    }
    segments_.resize(first);
    segments_.push_back({own, bytes_view(own.memory()).first(held)});
    return true;
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
