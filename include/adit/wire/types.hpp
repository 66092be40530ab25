// The data types of RFC 4251 section 5, each with how it is read (get) and written (put). Messages
// name them as the types of their fields. Values are views into the packet that they were read
// from. Invariant: put(get(x)) gives the same bytes back, or get() has failed.
#pragma once

#include <adit/bodies.hpp>
#include <adit/wire/reader.hpp>
#include <adit/wire/writer.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace adit::wire {

using u8 = std::uint8_t;
using boolean = bool;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using text = std::string_view;  ///< a string that is meant to be read
using octets = bytes_view;      ///< a string of any bytes
using cookie = std::array<byte, 16>;

/// A string whose content no trace may show.
struct secret_text {
    text value;
    friend bool operator==(const secret_text&, const secret_text&) = default;
};

/// A non-negative integer: its magnitude, big-endian, without leading zeros.
struct mpint {
    bytes_view magnitude;
    static constexpr std::size_t longest = 16384 / 8;
};

/// Names separated by commas. Iterating skips empty names: they match nothing (C12).
struct name_list {
    text names;

    [[nodiscard]] bool contains(text name) const noexcept;
    [[nodiscard]] text first() const noexcept;
    /// Calls `visit(name)` for each name until it returns true; whether one did.
    template <class Visit>
    bool any_of(Visit visit) const;

    friend bool operator==(const name_list&, const name_list&) = default;
};

/// Whatever follows, up to the end of the message.
struct rest {
    bytes_view bytes;
};

[[nodiscard]] bool same_bytes(bytes_view a, bytes_view b) noexcept;

inline void put(writer& w, u8 value) noexcept { w.put_u8(value); }
inline void put(writer& w, boolean value) noexcept { w.put_u8(value ? 1 : 0); }
inline void put(writer& w, u32 value) noexcept { w.put_u32(value); }
inline void put(writer& w, u64 value) noexcept { w.put_u64(value); }
inline void put(writer& w, text value) noexcept { w.put_string(as_bytes(value)); }
inline void put(writer& w, octets value) noexcept { w.put_string(value); }
inline void put(writer& w, const cookie& value) noexcept { w.put(value); }
inline void put(writer& w, const secret_text& value) noexcept { put(w, value.value); }
inline void put(writer& w, const name_list& value) noexcept { put(w, value.names); }
inline void put(writer& w, const rest& value) noexcept { w.put(value.bytes); }
void put(writer& w, const mpint& value) noexcept;

inline void get(reader& r, u8& value) noexcept { value = r.take_u8(); }
inline void get(reader& r, boolean& value) noexcept { value = r.take_u8() != 0; }
inline void get(reader& r, u32& value) noexcept { value = r.take_u32(); }
inline void get(reader& r, u64& value) noexcept { value = r.take_u64(); }
inline void get(reader& r, text& value) noexcept { value = as_text(r.take_string()); }
inline void get(reader& r, octets& value) noexcept { value = r.take_string(); }
inline void get(reader& r, secret_text& value) noexcept { get(r, value.value); }
inline void get(reader& r, rest& value) noexcept { value.bytes = r.take_rest(); }
void get(reader& r, cookie& value) noexcept;
void get(reader& r, name_list& value) noexcept;
void get(reader& r, mpint& value) noexcept;

/// How many bytes put() writes.
[[nodiscard]] constexpr std::size_t size_of(u8) noexcept { return 1; }
[[nodiscard]] constexpr std::size_t size_of(boolean) noexcept { return 1; }
[[nodiscard]] constexpr std::size_t size_of(u32) noexcept { return 4; }
[[nodiscard]] constexpr std::size_t size_of(u64) noexcept { return 8; }
[[nodiscard]] constexpr std::size_t size_of(text value) noexcept { return 4 + value.size(); }
[[nodiscard]] constexpr std::size_t size_of(octets value) noexcept { return 4 + value.size(); }
[[nodiscard]] constexpr std::size_t size_of(const cookie& value) noexcept { return value.size(); }
[[nodiscard]] constexpr std::size_t size_of(const secret_text& s) noexcept {
    return size_of(s.value);
}
[[nodiscard]] constexpr std::size_t size_of(const name_list& l) noexcept {
    return size_of(l.names);
}
[[nodiscard]] constexpr std::size_t size_of(const rest& value) noexcept {
    return value.bytes.size();
}
[[nodiscard]] constexpr std::size_t size_of(const mpint& value) noexcept {
    return 4 + value.magnitude.size() + 1;  // or one less
}

// Details.

/// The magnitude of a big-endian integer of any length, such as a padded DH secret.
[[nodiscard]] inline mpint to_mpint(bytes_view big_endian) noexcept {
    while (!big_endian.empty() && big_endian[0] == 0) big_endian = big_endian.subspan(1);
    return {big_endian};
}

template <class Visit>
bool name_list::any_of(Visit visit) const {
    for (text left = names; !left.empty();) {
        const auto comma = left.find(',');
        const text name = left.substr(0, comma);
        if (!name.empty() && visit(name)) return true;
        left = comma == text::npos ? text{} : left.substr(comma + 1);
    }
    return false;
}

inline bool operator==(const mpint& a, const mpint& b) noexcept {
    return same_bytes(a.magnitude, b.magnitude);
}
inline bool operator==(const rest& a, const rest& b) noexcept {
    return same_bytes(a.bytes, b.bytes);
}

#if ADIT_BODIES

ADIT_DECL bool same_bytes(bytes_view a, bytes_view b) noexcept { return std::ranges::equal(a, b); }

ADIT_DECL void put(writer& w, const mpint& value) noexcept {
    const bytes_view magnitude = to_mpint(value.magnitude).magnitude;
    const bool sign_byte = !magnitude.empty() && (magnitude[0] & 0x80U) != 0;
    w.put_u32(static_cast<u32>(magnitude.size() + (sign_byte ? 1 : 0)));
    if (sign_byte) w.put_u8(0);
    w.put(magnitude);
}

// C11: minimal two's complement, never negative, at most 16384 bits.
ADIT_DECL void get(reader& r, mpint& value) noexcept {
    bytes_view bytes = r.take_string();
    value = {};
    if (bytes.empty()) return;
    if ((bytes[0] & 0x80U) != 0) return r.fail(errc::malformed_field);
    if (bytes[0] == 0) {
        if (bytes.size() == 1 || (bytes[1] & 0x80U) == 0) return r.fail(errc::malformed_field);
        bytes = bytes.subspan(1);
    }
    if (bytes.size() > mpint::longest) return r.fail(errc::field_too_long);
    value.magnitude = bytes;
}

ADIT_DECL void get(reader& r, cookie& value) noexcept {
    const bytes_view bytes = r.take(value.size());
    std::ranges::copy(bytes, value.begin());
}

// C12: empty lists are legal, stray commas are forgiven, and what could not be shown is not a name.
ADIT_DECL void get(reader& r, name_list& value) noexcept {
    constexpr std::size_t longest_name = 64;
    const text names = as_text(r.take_string());
    std::size_t length = 0;
    for (const char c : names) {
        length = c == ',' ? 0 : length + 1;
        if (c <= ' ' || c > '~' || length > longest_name) return r.fail(errc::malformed_field);
    }
    value.names = names;
}

ADIT_DECL bool name_list::contains(text name) const noexcept {
    return any_of([name](text candidate) { return candidate == name; });
}

ADIT_DECL text name_list::first() const noexcept {
    text found;
    any_of([&found](text name) {
        found = name;
        return true;
    });
    return found;
}

#endif  // ADIT_BODIES

}  // namespace adit::wire
