// A public key as SSH knows it: a blob that begins with its type (RFC 4253 section 6.6), and its
// line in files ("type base64 comment"). Used for host keys, user keys and known_hosts.
// Invariant: the blob begins with a type whose name can stand in a line of text; if the type is in
// key_types.hpp, the whole blob was checked. A type that is not there can be compared, never
// trusted.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/base64.hpp>
#include <adit/keys/key_types.hpp>
#include <adit/keys/signature.hpp>
#include <adit/keys/signature_form.hpp>
#include <adit/wire/reader.hpp>

#include <botan/pubkey.h>

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::keys {

class public_key {
public:
    /// Reads a whole blob.
    [[nodiscard]] static result<public_key> parse(bytes_view blob);

    /// Reads "type base64 comment", as in a .pub file or after the names in known_hosts. The
    /// declared type must be the blob's. Anything else is not_a_key.
    [[nodiscard]] static result<public_key> parse_line(std::string_view line);

    [[nodiscard]] std::string_view type() const noexcept;
    [[nodiscard]] bytes_view blob() const noexcept { return blob_; }

    /// Whether this library can check a signature of the key.
    [[nodiscard]] bool supported() const noexcept { return find_key_type(type()) != nullptr; }

    /// errc::ok only if the blob is a signature by `algorithm`, of `message`, by this key. What is
    /// wrong with one that is not, is nobody's business: it is host_key_signature_invalid.
    [[nodiscard]] errc verify(std::string_view algorithm, bytes_view message,
                              bytes_view signature_blob) const;

    /// "type base64", and the comment if there is one. No newline at the end.
    [[nodiscard]] std::string to_line(std::string_view comment = {}) const;

    /// In constant time (S04).
    friend bool operator==(const public_key& a, const public_key& b) noexcept {
        return crypto::same_secret(a.blob_, b.blob_);
    }

private:
    explicit public_key(bytes_view blob) : blob_(blob.begin(), blob.end()) {}

    [[nodiscard]] bool verified(const signature_algorithm& algorithm, bytes_view message,
                                bytes_view bytes) const;
    [[nodiscard]] bytes_view fields() const noexcept { return blob().subspan(4 + type().size()); }

    std::vector<byte> blob_;
};

// Details.

#if ADIT_BODIES

// What may stand in a line of text between two spaces, and in a list of names.
[[nodiscard]] inline bool is_type_name(std::string_view name) noexcept {
    constexpr std::size_t longest = 64;
    const auto odd = [](char c) { return c <= ' ' || c > '~' || c == ','; };
    return !name.empty() && name.size() <= longest && std::ranges::none_of(name, odd);
}

ADIT_DECL result<public_key> public_key::parse(bytes_view blob) {
    wire::reader r(blob);
    const std::string_view name = as_text(r.take_string());
    if (r.failed()) return r.error();
    if (!is_type_name(name)) return errc::malformed_field;
    if (const key_type* const known = find_key_type(name)) {
        const errc verdict = known->check(r.remaining());
        if (verdict != errc::ok) return verdict;
    }
    return public_key(blob);
}

ADIT_DECL result<public_key> public_key::parse_line(std::string_view line) {
    constexpr std::string_view blank = " \t";
    const auto next_word = [&line, blank] {
        line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
        const std::string_view word = line.substr(0, line.find_first_of(blank));
        line.remove_prefix(word.size());
        return word;
    };
    const std::string_view declared = next_word();
    const auto blob = from_base64(next_word());
    if (!blob) return errc::not_a_key;
    result<public_key> key = parse(*blob);
    if (!key || key->type() != declared) return errc::not_a_key;
    return key;
}

ADIT_DECL std::string_view public_key::type() const noexcept {
    return as_text(wire::reader(blob_).take_string());
}

// A13: the name in the signature, the name that was agreed on and the type of the key must belong
// together, and the bytes must have their exact size, before any arithmetic.
ADIT_DECL errc public_key::verify(std::string_view algorithm, bytes_view message,
                                  bytes_view signature_blob) const {
    const signature_algorithm* const row = find_signature_algorithm(algorithm);
    if (row == nullptr || !supported()) return errc::unsupported_key_type;
    if (row->key_type != type()) return errc::host_key_signature_invalid;
    const auto given = parse_signature(signature_blob);
    if (!given || given->algorithm != algorithm) return errc::host_key_signature_invalid;
    return verified(*row, message, given->bytes) ? errc::ok : errc::host_key_signature_invalid;
}

ADIT_DECL bool public_key::verified(const signature_algorithm& algorithm, bytes_view message,
                                    bytes_view bytes) const {
    try {
        const auto key = find_key_type(type())->load(fields());
        const auto sized = to_botan_form(algorithm, key->key_length(), bytes);
        if (!sized) return false;
        Botan::PK_Verifier verifier(*key, algorithm.scheme);
        return verifier.verify_message(message, *sized);
    } catch (const std::exception&) {
        return false;
    }
}

ADIT_DECL std::string public_key::to_line(std::string_view comment) const {
    std::string line(type());
    line += ' ';
    line += to_base64(blob_);
    if (!comment.empty()) line.append(1, ' ').append(comment);
    return line;
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
