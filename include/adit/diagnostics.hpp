// The story behind an error_code: where it happened, what the peer said, which lists did not meet.
// Filled by the part that sees the failure, read by the application after the operation failed.
// Invariant: every text that came from the peer is escaped before it is stored (C04, A25), so a
// field of this struct can be printed as it is.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace adit {

/// What a connection was doing.
enum class stage : std::uint8_t {
    resolving,
    connecting,
    identification,
    negotiation,
    key_exchange,
    host_key,
    authentication,
    established,
};

[[nodiscard]] std::string_view to_text(stage s) noexcept;

/// Text of a peer, safe to print: printable ASCII and well-formed UTF-8 stay, everything that could
/// drive a terminal or reorder a line becomes \xNN; cut after `longest` bytes of input.
[[nodiscard]] std::string escaped(std::string_view untrusted, std::size_t longest = 1024);

struct diagnostics {
    adit::stage stage = adit::stage::connecting;
    std::string hop;           ///< who was talked to: user@host:port
    std::string peer_version;  ///< the peer's identification line
    std::string peer_text;     ///< the peer's own words about the failure
    disconnect_reason peer_reason = disconnect_reason::none;
    std::string subject;     ///< the file, the list, the key or the channel concerned
    std::string warning;     ///< what went wrong and stopped nothing: a key not remembered
    std::string our_list;    ///< what we offered, when nothing was common
    std::string their_list;  ///< what the peer offered, when nothing was common
    std::vector<std::string> methods_tried;
    std::string methods_left;  ///< what the server would still accept
    std::string host_key_fingerprint;
    std::string banner;  ///< what the server shows before login

    /// One line for a person: hop, stage and cause, with the peer's words last and quoted.
    [[nodiscard]] std::string describe(error_code ec) const;
};

// Details.

namespace detail {

struct code_point {
    char32_t value = 0;
    std::size_t size = 0;  // 0: not well-formed
};

// Strict UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
[[nodiscard]] inline code_point first_code_point(std::string_view text) noexcept {
    const auto at = [&text](std::size_t i) { return static_cast<byte>(text[i]); };
    const byte lead = at(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
    char32_t value = lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((at(i) & 0xc0U) != 0x80) return {};
        value = (value << 6U) | (at(i) & 0x3fU);
    }
    const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
    const bool surrogate = value >= 0xd800 && value <= 0xdfff;
    return overlong || surrogate || value > 0x10ffff ? code_point{} : code_point{value, size};
}

// Controls, and the code points that hide or reorder what stands beside them.
[[nodiscard]] inline bool misleading(char32_t c) noexcept {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xffff) ||
           c >= 0xe0000;
}

}  // namespace detail

#if ADIT_BODIES

ADIT_DECL std::string_view to_text(stage s) noexcept {
    switch (s) {
        case stage::resolving: return "looking up the name";
        case stage::connecting: return "connecting";
        case stage::identification: return "exchanging identifications";
        case stage::negotiation: return "negotiating algorithms";
        case stage::key_exchange: return "exchanging keys";
        case stage::host_key: return "checking the host key";
        case stage::authentication: return "authenticating";
        case stage::established: return "connected";
    }
    return "unknown stage";
}

ADIT_DECL std::string escaped(std::string_view untrusted, std::size_t longest) {
    const bool cut = untrusted.size() > longest;
    if (cut) untrusted = untrusted.substr(0, longest);
    std::string safe;
    while (!untrusted.empty()) {
        const auto point = detail::first_code_point(untrusted);
        const std::size_t size = point.size == 0 ? 1 : point.size;
        if (point.size != 0 && point.value != '\\' && !detail::misleading(point.value)) {
            safe += untrusted.substr(0, size);
        } else {
            for (const char c : untrusted.substr(0, size)) {
                const byte b = static_cast<byte>(c);
                safe += "\\x" + to_hex({&b, 1});
            }
        }
        untrusted.remove_prefix(size);
    }
    if (cut) safe += "...";
    return safe;
}

ADIT_DECL std::string diagnostics::describe(error_code ec) const {
    std::string line = hop.empty() ? std::string{} : hop + ": ";
    line += std::string(to_text(stage)) + ": " + ec.message();
    if (!subject.empty()) line += " (" + subject + ")";
    if (!our_list.empty() || !their_list.empty()) {
        line += "; we offer [" + our_list + "], the peer offers [" + their_list + "]";
    }
    const bool login = stage == stage::authentication;
    if (login && !methods_tried.empty()) {
        line += "; tried";
        for (const std::string& method : methods_tried) line += " " + method;
    }
    if (login && !methods_left.empty()) line += "; the server would accept " + methods_left;
    if (!peer_text.empty()) line += "; the peer says: \"" + peer_text + "\"";
    return line;
}

#endif  // ADIT_BODIES

}  // namespace adit
