// Extension negotiation, RFC 8308: what the peer tells about itself after its NEWKEYS. Used by
// packet_stream, which takes the message wherever the gate lets it through.
// Invariant: the count in the message is bounded by the bytes that are there (C26, A09).
#pragma once

#include <adit/error.hpp>
#include <adit/limits.hpp>
#include <adit/wire/transport_messages.hpp>

#include <optional>
#include <string>

namespace adit {

struct peer_extensions {
    std::optional<std::string> server_sig_algs;  ///< RFC 8308 section 3.1
    unsigned messages = 0;                       ///< how many EXT_INFO came
};

/// Adds what the message says to `known`. Unknown extensions are ignored; a later value wins.
[[nodiscard]] inline errc read_ext_info(bytes_view payload, const limits& caps,
                                        peer_extensions& known) {
    const auto message = wire::decode<wire::ext_info>(payload);
    if (!message) return errc::malformed_field;
    constexpr std::size_t smallest_pair = 8;
    const bytes_view pairs = message->extensions.bytes;
    if (message->nr_extensions > caps.extensions) return errc::field_too_long;
    if (message->nr_extensions > pairs.size() / smallest_pair) return errc::message_truncated;
    wire::reader r(pairs);
    for (wire::u32 i = 0; i < message->nr_extensions; ++i) {
        wire::extension pair;
        wire::get_fields(r, pair);
        if (r.failed()) return r.error();
        if (pair.extension_name == "server-sig-algs") {
            known.server_sig_algs = std::string(as_text(pair.extension_value));
        }
    }
    ++known.messages;
    return r.finish();
}

}  // namespace adit
