// A message is a struct with an id and one list of its fields, wire(); `names` calls them in the
// same order, for the trace. Everything that is done to messages is done here, from that list:
// encode, decode, compare. Used by every sender and receiver. Invariant: decode() accepts a message
// only if it ends where its last field ends.
#pragma once

#include <adit/wire/message_id.hpp>
#include <adit/wire/types.hpp>

#include <concepts>
#include <optional>
#include <tuple>

namespace adit::wire {

/// A struct whose fields can be listed.
template <class T>
concept fields = requires(T& value, const T& constant) {
    T::wire(value);
    T::wire(constant);
};

/// Fields that begin with a message number.
template <class T>
concept message = fields<T> && requires {
    { T::id } -> std::convertible_to<message_id>;
};

template <fields T>
void put_fields(writer& w, const T& value) noexcept {
    std::apply([&w](const auto&... field) { (put(w, field), ...); }, T::wire(value));
}

template <fields T>
void get_fields(reader& r, T& value) noexcept {
    std::apply([&r](auto&... field) { (get(r, field), ...); }, T::wire(value));
}

/// Room that the fields need when they are put; an mpint may need one byte less.
template <fields T>
[[nodiscard]] std::size_t fields_size(const T& value) noexcept {
    return std::apply([](const auto&... field) { return (std::size_t{0} + ... + size_of(field)); },
                      T::wire(value));
}

/// Room that the message needs when it is encoded, number included.
template <message M>
[[nodiscard]] std::size_t encoded_size(const M& value) noexcept {
    return 1 + fields_size(value);
}

/// Appends the message; the writer holds the error, if any.
template <message M>
void encode(writer& w, const M& value) noexcept {
    w.put_u8(static_cast<byte>(M::id));
    put_fields(w, value);
}

/// Reads fields that are no message of their own, such as a `rest`, to their very end.
template <fields T>
[[nodiscard]] result<T> decode_fields(bytes_view input) noexcept {
    reader r(input);
    T value{};
    get_fields(r, value);
    const errc verdict = r.finish();
    if (verdict != errc::ok) return verdict;
    return value;
}

/// Reads a whole payload as M. Its views look into `payload`.
template <message M>
[[nodiscard]] result<M> decode(bytes_view payload) noexcept {
    if (payload.empty()) return errc::message_truncated;
    if (payload[0] != static_cast<byte>(M::id)) return errc::unexpected_message;
    return decode_fields<M>(payload.subspan(1));
}

[[nodiscard]] inline std::optional<message_id> peek_id(bytes_view payload) noexcept {
    if (payload.empty()) return std::nullopt;
    return static_cast<message_id>(payload[0]);
}

namespace compare {
template <class T>
[[nodiscard]] bool same(const T& a, const T& b) noexcept {
    return a == b;
}
[[nodiscard]] inline bool same(octets a, octets b) noexcept { return same_bytes(a, b); }
}  // namespace compare

/// Two messages are equal when their fields are.
template <fields T>
[[nodiscard]] bool operator==(const T& a, const T& b) noexcept {
    return std::apply(
        [&b](const auto&... mine) {
            return std::apply(
                [&mine...](const auto&... theirs) { return (compare::same(mine, theirs) && ...); },
                T::wire(b));
        },
        T::wire(a));
}

}  // namespace adit::wire
