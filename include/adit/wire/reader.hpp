// A cursor over bytes that somebody else owns: the only way in which adit reads a peer's fields.
// RFC 4251 section 5 lies above it in types.hpp. Used by every parser of the wire, of keys and of
// files. Invariant: no length is used before it is compared with what remains; after the first
// error every further read yields nothing, and the error stays (sticky).
#pragma once

#include <adit/bytes.hpp>
#include <adit/error.hpp>

#include <cstddef>
#include <cstdint>

namespace adit::wire {

class reader {
public:
    explicit reader(bytes_view input) noexcept : rest_(input) {}

    /// The next n bytes, or none and message_truncated.
    [[nodiscard]] bytes_view take(std::size_t n) noexcept {
        if (error_ != errc::ok || n > rest_.size()) {
            fail(errc::message_truncated);
            return {};
        }
        const bytes_view taken = rest_.first(n);
        rest_ = rest_.subspan(n);
        return taken;
    }

    [[nodiscard]] bytes_view take_rest() noexcept { return take(rest_.size()); }

    [[nodiscard]] byte take_u8() noexcept {
        const bytes_view taken = take(1);
        return taken.empty() ? byte{0} : taken[0];
    }

    [[nodiscard]] std::uint32_t take_u32() noexcept {
        std::uint32_t value = 0;
        for (const byte b : take(4)) value = (value << 8U) | b;
        return value;
    }

    [[nodiscard]] std::uint64_t take_u64() noexcept {
        std::uint64_t value = 0;
        for (const byte b : take(8)) value = (value << 8U) | b;
        return value;
    }

    /// A string: its length and as many bytes.
    [[nodiscard]] bytes_view take_string() noexcept { return take(take_u32()); }

    /// The first error wins.
    void fail(errc e) noexcept {
        if (error_ == errc::ok) error_ = e;
        rest_ = {};
    }

    [[nodiscard]] errc error() const noexcept { return error_; }
    [[nodiscard]] bool failed() const noexcept { return error_ != errc::ok; }
    [[nodiscard]] bytes_view remaining() const noexcept { return rest_; }

    /// The verdict at the end of a message: everything was there and nothing more (C13).
    [[nodiscard]] errc finish() const noexcept {
        if (error_ != errc::ok) return error_;
        return rest_.empty() ? errc::ok : errc::trailing_bytes;
    }

private:
    bytes_view rest_;
    errc error_ = errc::ok;
};

}  // namespace adit::wire
