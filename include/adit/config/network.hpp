// Addresses as the files name them: single ones, networks ("10.0.0.0/8"), and lists of them as in
// from= of authorized_keys and in the source-address of certificates (sshd(8), PROTOCOL.certkeys;
// C38). Text and arithmetic only: no name is ever looked up.
// Invariant: a list that is malformed anywhere, and an address that cannot be read, match nothing
// that would let somebody in.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/pattern.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace adit::config {

/// An IPv4 or IPv6 address.
struct ip_address {
    std::array<byte, 16> bytes{};
    std::size_t size = 0;  ///< 4 or 16
    std::string text;      ///< as inet_ntop writes it
    bool zoned = false;    ///< it had a zone ("%eth0"), which is not kept
};

/// A network; of an address alone, all bits count.
struct ip_network {
    ip_address address;
    std::size_t bits = 0;
};

enum class address_match {
    malformed = 1,
    no,
    negated,
    yes,  ///< the only one that lets in
};

/// An IPv4 address in IPv6's clothes (::ffff:192.0.2.1), as a socket for both reports it, is read
/// as the IPv4 address.
[[nodiscard]] std::optional<ip_address> parse_address(std::string_view text);

enum class network_fault { not_a_network, wrong_length };
struct network_result {
    std::optional<ip_network> network;
    network_fault fault = network_fault::not_a_network;
};

/// "address" or "address/bits". wrong_length: too many bits, or an address with bits beyond them.
[[nodiscard]] network_result parse_network(std::string_view text);

[[nodiscard]] bool contains(const ip_network& network, const ip_address& address) noexcept;

/// from=: networks, addresses and patterns, some of them negated. A negated one that matches wins.
[[nodiscard]] address_match match_address_list(std::string_view source, std::string_view list);

/// source-address: networks and addresses only; an empty list is malformed, and lets nobody in.
[[nodiscard]] address_match match_network_list(std::string_view source, std::string_view list);

// Details.

[[nodiscard]] inline bool bit(const ip_address& address, std::size_t at) noexcept {
    return ((address.bytes[at / 8] >> (7 - at % 8)) & 1U) != 0;
}

#if ADIT_BODIES

// Longer than any address with a zone or a length is.
inline constexpr std::size_t longest_address = 63;

[[nodiscard]] inline std::optional<ip_address> parse_plain_address(const std::string& text) {
    ip_address address;
    std::array<char, INET6_ADDRSTRLEN> name{};
    const bool v6 = text.find(':') != std::string::npos;
    const int family = v6 ? AF_INET6 : AF_INET;
    if (::inet_pton(family, text.c_str(), address.bytes.data()) != 1) return std::nullopt;
    if (::inet_ntop(family, address.bytes.data(), name.data(), name.size()) == nullptr) {
        return std::nullopt;
    }
    address.size = v6 ? 16 : 4;
    address.text = name.data();
    return address;
}

ADIT_DECL std::optional<ip_address> parse_address(std::string_view text) {
    constexpr std::array<byte, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (text.size() > longest_address || text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    const auto percent = text.find('%');
    auto address = parse_plain_address(std::string(text.substr(0, percent)));
    if (!address) return std::nullopt;
    address->zoned = percent != std::string_view::npos;
    if (address->size == 4) {
        if (address->zoned) return std::nullopt;
        return address;
    }
    const bytes_view bytes(address->bytes);
    if (!std::ranges::equal(bytes.first(12), mapped)) return address;
    std::string plain;
    for (const byte b : bytes.last(4)) {
        if (!plain.empty()) plain += '.';
        plain += std::to_string(b);
    }
    return parse_plain_address(plain);
}

ADIT_DECL network_result parse_network(std::string_view text) {
    if (text.size() > longest_address || text.find('\0') != std::string_view::npos) return {};
    const auto slash = text.find('/');
    auto address = parse_plain_address(std::string(text.substr(0, slash)));
    if (!address) return {};
    std::size_t bits = address->size * 8;
    if (slash != std::string_view::npos) {
        const std::string_view length = text.substr(slash + 1);
        const auto [stop, error] =
            std::from_chars(length.data(), length.data() + length.size(), bits);
        if (error != std::errc() || stop != length.data() + length.size()) return {};
        if (bits > address->size * 8) return {std::nullopt, network_fault::wrong_length};
    }
    for (std::size_t at = bits; at < address->size * 8; ++at) {
        if (bit(*address, at)) return {std::nullopt, network_fault::wrong_length};
    }
    return {ip_network{std::move(*address), bits}};
}

ADIT_DECL bool contains(const ip_network& network, const ip_address& address) noexcept {
    if (network.address.size != address.size) return false;
    for (std::size_t at = 0; at < network.bits; ++at) {
        if (bit(network.address, at) != bit(address, at)) return false;
    }
    return true;
}

/// Calls `judge(entry)` for each part between commas, empty ones too; malformed is final.
template <class Judge>
[[nodiscard]] address_match match_entries(std::string_view list, Judge judge) {
    address_match verdict = address_match::no;
    for (bool more = true; more;) {
        const auto comma = list.find(',');
        const address_match one = judge(list.substr(0, comma));
        if (one == address_match::malformed) return one;
        if (one == address_match::negated) verdict = one;
        if (one == address_match::yes && verdict == address_match::no) verdict = one;
        more = comma != std::string_view::npos;
        if (more) list.remove_prefix(comma + 1);
    }
    return verdict;
}

// Of an address with a zone nobody knows whether it is the one that the list means: fe80::1 is
// another host on each link. So it can be kept out by a network, and not be let in by one.
[[nodiscard]] inline address_match judge_entry(const std::optional<ip_address>& source,
                                               std::string_view entry) {
    const bool negated = entry.starts_with('!');
    if (negated) entry.remove_prefix(1);
    if (entry.empty()) return address_match::malformed;
    const network_result read = parse_network(entry);
    if (!read.network && read.fault == network_fault::wrong_length) return address_match::malformed;
    if (!source) return address_match::no;
    bool matched = false;
    if (read.network) {
        matched = contains(*read.network, *source) && (negated || !source->zoned);
    } else {
        matched = match_pattern(source->text, entry, letter_case::ignored).matched;
    }
    if (!matched) return address_match::no;
    return negated ? address_match::negated : address_match::yes;
}

ADIT_DECL address_match match_address_list(std::string_view source, std::string_view list) {
    const auto address = parse_address(source);
    const auto judge = [&address](std::string_view entry) { return judge_entry(address, entry); };
    return match_entries(list, judge);
}

ADIT_DECL address_match match_network_list(std::string_view source, std::string_view list) {
    const auto address = parse_address(source);
    const auto judge = [&address](std::string_view entry) {
        const network_result read = parse_network(entry);
        if (!read.network) return address_match::malformed;
        const bool matched = address && !address->zoned && contains(*read.network, *address);
        return matched ? address_match::yes : address_match::no;
    };
    return match_entries(list, judge);
}

#endif  // ADIT_BODIES

}  // namespace adit::config
