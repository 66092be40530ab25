// A cursor over DER (X.690), as far as files of private keys use it. Used by der_keys.hpp and
// pbes2.hpp. The form is wire/reader.hpp's: views, and an error that stays.
// Invariant: no length is used before it is compared with what remains, and only the one shortest
// form of a length or of a number is accepted.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/wire/types.hpp>

#include <cstdint>

namespace adit::keys {

enum class der_tag : byte {
    integer = 0x02,
    bit_string = 0x03,
    octet_string = 0x04,
    null = 0x05,
    object_identifier = 0x06,
    sequence = 0x30,
    explicit_0 = 0xa0,
    explicit_1 = 0xa1,
    implicit_1 = 0x81,
};

class der_reader {
public:
    explicit der_reader(bytes_view input) noexcept : rest_(input) {}

    /// The content of the next element, which has to be of this kind; empty after an error.
    [[nodiscard]] bytes_view take(der_tag tag) noexcept;
    [[nodiscard]] der_reader take_inner(der_tag tag) noexcept;
    /// A number that is not negative.
    [[nodiscard]] wire::mpint take_number() noexcept;
    /// The same, where it has to be a small one.
    [[nodiscard]] std::uint32_t take_u32() noexcept;
    void skip(der_tag tag) noexcept { static_cast<void>(take(tag)); }

    [[nodiscard]] bool next_is(der_tag tag) const noexcept {
        return !rest_.empty() && rest_[0] == static_cast<byte>(tag);
    }
    void skip_if(der_tag tag) noexcept {
        if (next_is(tag)) skip(tag);
    }

    void fail() noexcept {
        failed_ = true;
        rest_ = {};
    }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// Everything was there and nothing more.
    [[nodiscard]] bool finished() const noexcept { return !failed_ && rest_.empty(); }

private:
    [[nodiscard]] std::size_t take_length() noexcept;

    bytes_view rest_;
    bool failed_ = false;
};

// Details.

#if ADIT_BODIES

ADIT_DECL bytes_view der_reader::take(der_tag tag) noexcept {
    if (!next_is(tag)) {
        fail();
        return {};
    }
    rest_ = rest_.subspan(1);
    const std::size_t length = take_length();
    if (failed_ || length > rest_.size()) {
        fail();
        return {};
    }
    const bytes_view taken = rest_.first(length);
    rest_ = rest_.subspan(length);
    return taken;
}

// One byte below 128; or 0x80 and a count, and as many bytes.
ADIT_DECL std::size_t der_reader::take_length() noexcept {
    constexpr std::size_t longest = 3;  // a key file has at most a mebibyte
    constexpr std::size_t long_form = 0x80;
    if (rest_.empty()) {
        fail();
        return 0;
    }
    std::size_t length = rest_[0];
    rest_ = rest_.subspan(1);
    if (length < long_form) return length;
    const std::size_t count = length - long_form;
    if (count == 0 || count > longest || count > rest_.size() || rest_[0] == 0) {
        fail();
        return 0;
    }
    length = 0;
    for (const byte b : rest_.first(count)) length = (length << 8U) | b;
    rest_ = rest_.subspan(count);
    if (length < long_form) fail();
    return length;
}

ADIT_DECL der_reader der_reader::take_inner(der_tag tag) noexcept {
    der_reader inner(take(tag));
    if (failed_) inner.fail();
    return inner;
}

ADIT_DECL wire::mpint der_reader::take_number() noexcept {
    const bytes_view bytes = take(der_tag::integer);
    const bool negative = !bytes.empty() && (bytes[0] & 0x80U) != 0;
    const bool padded = bytes.size() > 1 && bytes[0] == 0 && (bytes[1] & 0x80U) == 0;
    if (bytes.empty() || negative || padded) {
        fail();
        return {};
    }
    return wire::to_mpint(bytes);
}

ADIT_DECL std::uint32_t der_reader::take_u32() noexcept {
    const bytes_view bytes = take_number().magnitude;
    if (bytes.size() > sizeof(std::uint32_t)) fail();
    std::uint32_t value = 0;
    for (const byte b : bytes) value = (value << 8U) | b;
    return failed_ ? 0 : value;
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
