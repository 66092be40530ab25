// The block of addresses that a connection comes from: what counts as one stranger when connections
// are counted (L03). One IPv4 address by default, one /64 of IPv6, which is what one subscriber
// has. Used by admission.hpp.
// Invariant: an IPv4 address is itself, also where IPv6 carries it; what is no address at all, such
// as a local socket's, is one single block.
#pragma once

#include <adit/bodies.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace adit::protocol {

struct source_masks {
    unsigned ipv4 = 32;
    unsigned ipv6 = 64;
};

enum class source_family : std::uint8_t { none, ipv4, ipv6 };

struct source_block {
    source_family family = source_family::none;
    std::array<std::uint8_t, 16> prefix{};
    auto operator<=>(const source_block&) const = default;
};

[[nodiscard]] source_block block_of(std::string_view address, const source_masks& masks);

// Details.

#if ADIT_BODIES

ADIT_DECL source_block block_of(std::string_view address, const source_masks& masks) {
    constexpr std::size_t mapped_prefix = 12;
    constexpr std::array<std::uint8_t, mapped_prefix> mapped{0, 0, 0, 0, 0,   0,
                                                             0, 0, 0, 0, 255, 255};
    constexpr unsigned bits = 8;
    // Behind '%' stands the interface that a link-local address belongs to.
    const std::string text(address.substr(0, address.find('%')));
    source_block block;
    std::array<std::uint8_t, 16> raw{};
    if (::inet_pton(AF_INET, text.c_str(), raw.data()) == 1) {
        block.family = source_family::ipv4;
    } else if (::inet_pton(AF_INET6, text.c_str(), raw.data()) == 1) {
        block.family = source_family::ipv6;
        if (std::equal(mapped.begin(), mapped.end(), raw.begin())) {
            block.family = source_family::ipv4;
            std::shift_left(raw.begin(), raw.end(), mapped_prefix);
            std::fill(raw.begin() + 4, raw.end(), std::uint8_t{0});
        }
    } else {
        return block;
    }
    const unsigned mask = block.family == source_family::ipv4 ? std::min(masks.ipv4, 32U)
                                                              : std::min(masks.ipv6, 128U);
    for (unsigned bit = mask; bit < raw.size() * bits; ++bit) {
        raw[bit / bits] &= static_cast<std::uint8_t>(~(128U >> bit % bits));
    }
    block.prefix = raw;
    return block;
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
