// An append cursor over memory that somebody else owns, with that memory's size as its cap: the
// only way in which adit writes fields. Used by encode() of message.hpp and by the key formats.
// Invariant: never writes past its span; after the first error nothing is written any more.
#pragma once

#include <adit/bytes.hpp>
#include <adit/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace adit::wire {

class writer {
public:
    explicit writer(mutable_bytes output) noexcept : output_(output) {}

    /// Room for n bytes that the caller fills, or none and message_too_large.
    [[nodiscard]] mutable_bytes room(std::size_t n) noexcept {
        if (error_ != errc::ok || n > output_.size() - size_) {
            fail(errc::message_too_large);
            return {};
        }
        const mutable_bytes place = output_.subspan(size_, n);
        size_ += n;
        return place;
    }

    void put(bytes_view bytes) noexcept {
        const mutable_bytes place = room(bytes.size());  // all of it, or nothing
        std::ranges::copy(bytes.first(place.size()), place.begin());
    }

    void put_u8(byte value) noexcept { put({&value, 1}); }

    void put_u32(std::uint32_t value) noexcept { put_big_endian<4>(value); }

    void put_u64(std::uint64_t value) noexcept { put_big_endian<8>(value); }

    /// A string: its length and its bytes.
    void put_string(bytes_view bytes) noexcept {
        if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) {
            fail(errc::message_too_large);
            return;
        }
        put_u32(static_cast<std::uint32_t>(bytes.size()));
        put(bytes);
    }

    /// Starts a string whose length is known when end_string() gets the returned mark.
    [[nodiscard]] std::size_t begin_string() noexcept {
        const std::size_t mark = size_;
        put_u32(0);
        return mark;
    }

    void end_string(std::size_t mark) noexcept {
        if (error_ != errc::ok) return;
        writer length(output_.subspan(mark, 4));
        length.put_u32(static_cast<std::uint32_t>(size_ - mark - 4));
    }

    void fail(errc e) noexcept {
        if (error_ == errc::ok) error_ = e;
    }

    [[nodiscard]] errc error() const noexcept { return error_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bytes_view written() const noexcept { return output_.first(size_); }

private:
    template <unsigned Bytes>
    void put_big_endian(std::uint64_t value) noexcept {
        unsigned shift = Bytes * 8;
        for (byte& b : room(Bytes)) {
            shift -= 8;
            b = static_cast<byte>(value >> shift);
        }
    }

    mutable_bytes output_;
    std::size_t size_ = 0;
    errc error_ = errc::ok;
};

}  // namespace adit::wire
