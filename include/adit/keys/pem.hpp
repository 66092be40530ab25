// The armour around private keys: "-----BEGIN label-----", perhaps headers (RFC 1421), base64 and
// "-----END label-----" (RFC 7468). Used by key_parser.hpp for every format, and by the writer.
// Invariant: what is decoded lies in secret memory; the time is linear in the text's length.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>

#include <botan/base64.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace adit::keys {

/// A view into the text.
struct pem_block {
    std::string_view label;
    std::string_view headers;  ///< empty, or lines of "name: value"
    std::string_view base64;
};

/// The first block in the text whose label ends so; text around it and other blocks are skipped.
/// key_corrupt where its end is missing, not_a_key where there is none.
[[nodiscard]] result<pem_block> find_pem_block(std::string_view text, std::string_view label_end);

/// The value of a header, or nothing.
[[nodiscard]] std::optional<std::string_view> find_pem_header(const pem_block& block,
                                                              std::string_view name);

/// key_corrupt where the block holds no base64.
[[nodiscard]] result<crypto::secret_bytes> decode_pem(const pem_block& block);

/// Lines of at most `columns` between the two of the armour.
[[nodiscard]] crypto::secret_bytes encode_pem(std::string_view label, bytes_view content,
                                              std::size_t columns);

// Details.

/// Takes the first line off the text, without its end and blanks around it.
[[nodiscard]] inline std::string_view take_line(std::string_view& text) noexcept {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    constexpr std::string_view blank = " \t\r";
    const auto first = line.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(blank) - first + 1);
}

#if ADIT_BODIES

inline constexpr std::string_view pem_begin = "-----BEGIN ";
inline constexpr std::string_view pem_end = "-----END ";
inline constexpr std::string_view pem_dashes = "-----";

// What stands between the two lines of a block. Headers end at the first empty line.
[[nodiscard]] inline pem_block split_body(std::string_view label, std::string_view body) {
    if (body.find(':') == std::string_view::npos) return {label, {}, body};
    std::string_view left = body;
    while (!left.empty()) {
        const std::size_t taken = body.size() - left.size();
        const std::string_view line = take_line(left);
        if (line.empty() && taken > 0) return {label, body.substr(0, taken), left};
    }
    return {label, body, {}};
}

ADIT_DECL result<pem_block> find_pem_block(std::string_view text, std::string_view label_end) {
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (!line.starts_with(pem_begin)) continue;
        const auto label = line.substr(pem_begin.size(),
                                       line.find(pem_dashes, pem_begin.size()) - pem_begin.size());
        const bool closed = line.size() >= pem_begin.size() + label.size() + pem_dashes.size();
        if (!closed || !label.ends_with(label_end)) continue;
        const char* const start = label.data() + label.size() + pem_dashes.size();
        const auto rest = std::string_view(start, text.data() + text.size());
        const std::string last = std::string(pem_end).append(label).append(pem_dashes);
        const auto end = rest.find(last);
        if (end == std::string_view::npos) return errc::key_corrupt;
        return split_body(label, rest.substr(0, end));
    }
    return errc::not_a_key;
}

ADIT_DECL std::optional<std::string_view> find_pem_header(const pem_block& block,
                                                          std::string_view name) {
    std::string_view left = block.headers;
    while (!left.empty()) {
        std::string_view line = take_line(left);
        if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
        line.remove_prefix(name.size() + 1);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        return line;
    }
    return std::nullopt;
}

ADIT_DECL result<crypto::secret_bytes> decode_pem(const pem_block& block) {
    return crypto::attempt(errc::key_corrupt, [&]() -> result<crypto::secret_bytes> {
        crypto::secret_bytes bytes(Botan::base64_decode_max_output(block.base64.size()));
        bytes.resize(Botan::base64_decode(bytes, block.base64, true));
        if (bytes.empty()) return errc::key_corrupt;
        return bytes;
    });
}

ADIT_DECL crypto::secret_bytes encode_pem(std::string_view label, bytes_view content,
                                          std::size_t columns) {
    Botan::secure_vector<char> base64(Botan::base64_encode_max_output(content.size()));
    std::size_t consumed = 0;
    base64.resize(
        Botan::base64_encode(base64.data(), content.data(), content.size(), consumed, true));

    crypto::secret_bytes file;
    const auto append = [&file](std::string_view text) {
        file.insert(file.end(), text.begin(), text.end());
    };
    const std::string_view text(base64.data(), base64.size());
    append(pem_begin);
    append(label);
    append("-----\n");
    for (std::size_t at = 0; at < text.size(); at += columns) {
        append(text.substr(at, columns));
        append("\n");
    }
    append(pem_end);
    append(label);
    append("-----\n");
    return file;
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
