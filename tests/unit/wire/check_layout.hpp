// Checks one message or list of fields against bytes written down from its RFC: encoding, decoding,
// every truncation, one byte too many and every buffer that is too small. Used by the tests of all
// message headers. Invariant: what is expected comes from a literal, never from adit's encoder.
#pragma once

#include "support/test.hpp"

#include <adit/wire/message.hpp>

#include <cctype>

namespace adit::test {

/// Bytes as the RFCs print them: hex digits, and text that stands for itself in single quotes, such
/// as "00000004 'zlib'".
[[nodiscard]] inline std::vector<byte> octets_of(std::string_view notation) {
    std::vector<byte> bytes;
    std::string digits;
    bool quoted = false;
    for (const char c : notation) {
        if (c == '\'') {
            quoted = !quoted;
        } else if (quoted) {
            bytes.push_back(static_cast<byte>(c));
        } else if (c != ' ') {
            BOOST_REQUIRE(std::isxdigit(static_cast<unsigned char>(c)) != 0);
            digits += c;
        }
        if (digits.size() == 2) {
            bytes.push_back(static_cast<byte>(std::stoul(digits, nullptr, 16)));
            digits.clear();
        }
    }
    BOOST_REQUIRE(digits.empty() && !quoted);
    return bytes;
}

/// A copy on the heap that is exactly as long as its bytes, so that ASan sees a read past the end.
class exact_copy {
public:
    explicit exact_copy(bytes_view bytes)
        : memory_(std::make_unique<byte[]>(bytes.size())), size_(bytes.size()) {
        std::ranges::copy(bytes, memory_.get());
    }
    [[nodiscard]] mutable_bytes view() const noexcept { return {memory_.get(), size_}; }

private:
    std::unique_ptr<byte[]> memory_;
    std::size_t size_;
};

template <wire::fields T>
[[nodiscard]] result<T> decode_any(bytes_view input) {
    if constexpr (wire::message<T>) {
        return wire::decode<T>(input);
    } else {
        return wire::decode_fields<T>(input);
    }
}

template <wire::fields T>
void encode_any(wire::writer& w, const T& value) {
    if constexpr (wire::message<T>) {
        wire::encode(w, value);
    } else {
        wire::put_fields(w, value);
    }
}

/// How many bytes at the end of an encoded T may be missing or added: those of its `rest`.
template <wire::fields T>
[[nodiscard]] std::optional<std::size_t> rest_size(const T& value) {
    std::optional<std::size_t> size;
    const auto look = [&size](const auto& field) {
        size.reset();
        if constexpr (std::is_same_v<decltype(field), const wire::rest&>) size = field.bytes.size();
    };
    std::apply([&look](const auto&... field) { (look(field), ...); }, T::wire(value));
    return size;
}

template <wire::fields T>
void check_encoding(const T& value, bytes_view expected) {
    const exact_copy output(expected);
    std::ranges::fill(output.view(), byte{0xee});
    wire::writer w(output.view());
    encode_any(w, value);
    BOOST_CHECK(w.error() == errc::ok);
    BOOST_TEST(to_hex(w.written()) == to_hex(expected));
}

template <wire::fields T>
void check_decoding(const T& value, bytes_view expected) {
    const exact_copy input(expected);
    const auto decoded = decode_any<T>(input.view());
    BOOST_REQUIRE_MESSAGE(decoded.has_value(), "refused: " << to_hex(expected));
    BOOST_CHECK(wire::operator==(*decoded, value));
}

template <wire::fields T>
void check_truncations(const T& value, bytes_view expected) {
    const std::size_t fixed = expected.size() - rest_size(value).value_or(0);
    for (std::size_t n = 0; n < fixed; ++n) {
        const exact_copy input(expected.first(n));
        const auto decoded = decode_any<T>(input.view());
        BOOST_REQUIRE_MESSAGE(decoded.has_error(), "accepted " << n << " bytes");
        BOOST_TEST(decoded.error().message() == sentence(errc::message_truncated));
    }
}

template <wire::fields T>
void check_one_byte_more(const T& value, bytes_view expected) {
    std::vector<byte> longer(expected.begin(), expected.end());
    longer.push_back(0);
    const auto decoded = decode_any<T>(longer);
    if (rest_size(value).has_value()) {
        BOOST_TEST(decoded.has_value());
        return;
    }
    BOOST_REQUIRE(decoded.has_error());
    BOOST_CHECK(decoded.error() == errc::trailing_bytes);
}

template <wire::fields T>
void check_small_buffers(const T& value, bytes_view expected) {
    for (std::size_t n = 0; n < expected.size(); ++n) {
        const exact_copy output(expected.first(n));
        wire::writer w(output.view());
        encode_any(w, value);
        BOOST_REQUIRE_MESSAGE(w.error() == errc::message_too_large, "fitted into " << n);
        BOOST_REQUIRE(w.size() <= n);
    }
}

/// All of the above: `notation` is what octets_of() reads.
template <wire::fields T>
void check_layout(const T& value, std::string_view notation) {
    const std::vector<byte> expected = octets_of(notation);
    check_encoding(value, expected);
    check_decoding(value, expected);
    check_truncations(value, expected);
    check_one_byte_more(value, expected);
    check_small_buffers(value, expected);
}

}  // namespace adit::test
