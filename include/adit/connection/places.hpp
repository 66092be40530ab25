// Where outgoing data lies before it is sealed: places in packets to be, which a relay lets a
// socket read into, and the walk over a caller's buffers that are copied into them. Used by
// channel_set. Invariant: a place's memory is its slab's; who drops the slab drops the places.
#pragma once

#include <adit/bytes.hpp>
#include <adit/slab.hpp>

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>

namespace adit::detail {

namespace asio = boost::asio;

/// Walks over buffers while their bytes are copied out.
class buffer_cursor {
public:
    explicit buffer_cursor(std::span<const asio::const_buffer> from) noexcept : left_(from) {}

    /// Fills `to`; there must be as many bytes left.
    void copy_to(mutable_bytes to) noexcept {
        while (!to.empty() && !left_.empty()) {
            const asio::const_buffer first = left_.front() + used_;
            const std::size_t part = std::min(first.size(), to.size());
            if (part != 0) std::memcpy(to.data(), first.data(), part);
            to = to.subspan(part);
            used_ += part;
            if (part == first.size()) {
                left_ = left_.subspan(1);
                used_ = 0;
            }
        }
    }

private:
    std::span<const asio::const_buffer> left_;
    std::size_t used_ = 0;
};

/// Places for data in packets to be: filled by one scattered read, then committed.
struct reserved_places {
    static constexpr std::size_t most = 16;
    slab_ref slab;
    std::size_t stride = 0;
    std::size_t count = 0;
    std::array<asio::mutable_buffer, most> buffers{};
};

}  // namespace adit::detail
