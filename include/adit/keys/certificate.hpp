// OpenSSH's certificates (PROTOCOL.certkeys, C38): a key, for whom and until when it is good, and a
// CA's signature. This is their form; whether one is to be believed, config/certificate_check.hpp
// says. Used by publickey authentication, authorized_keys and host certificates.
// Invariants: every field ends where the next one begins, and the key in it is of a type that adit
// has; what is shown of it lies in the one blob that was signed; parsing never recurses, because a
// CA's key is compared and used but, where it is a certificate itself, never looked into (A14).
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/error.hpp>
#include <adit/keys/key_types.hpp>
#include <adit/keys/public_key.hpp>
#include <adit/keys/signature.hpp>
#include <adit/wire/message.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace adit::keys {

enum class certificate_use : std::uint32_t { user = 1, host = 2 };

/// What follows the key in a certificate; a view into its blob.
struct certificate_fields {
    wire::u64 serial{};
    wire::u32 type{};
    wire::text key_id;  ///< the CA's words, for the log; nobody is to be identified by them
    wire::octets principals;
    wire::u64 valid_after{}, valid_before{};  ///< seconds since 1970; the second one is excluded
    wire::octets critical_options, extensions, reserved, signature_key, signature;
    static constexpr auto wire(auto& m) {
        return std::tie(m.serial, m.type, m.key_id, m.principals, m.valid_after, m.valid_before,
                        m.critical_options, m.extensions, m.reserved, m.signature_key, m.signature);
    }
};

/// One of critical_options or extensions.
struct certificate_option {
    wire::text name;
    wire::octets data;
    static constexpr auto wire(auto& m) { return std::tie(m.name, m.data); }
};

class certificate {
public:
    static constexpr std::size_t most_principals = 256;

    /// Reads a whole blob. unsupported_key_type where its type is no certificate's, or that of a
    /// key that adit does not have. No signature is checked.
    [[nodiscard]] static result<certificate> parse(bytes_view blob);

    /// Reads "type base64 comment", as in a -cert.pub file.
    [[nodiscard]] static result<certificate> parse_line(std::string_view line);

    [[nodiscard]] bytes_view blob() const noexcept { return blob_; }
    [[nodiscard]] std::string_view type() const noexcept;
    [[nodiscard]] const public_key& key() const noexcept { return key_; }
    [[nodiscard]] const public_key& authority() const noexcept { return authority_; }
    [[nodiscard]] certificate_use use() const noexcept;
    [[nodiscard]] certificate_fields fields() const noexcept;
    /// Whole names: a comma in one is a comma.
    [[nodiscard]] std::vector<std::string_view> principals() const;

    /// The algorithm with which the CA signed; empty where the signature is malformed.
    [[nodiscard]] std::string_view authority_algorithm() const noexcept;
    /// errc::ok only if authority() signed all that stands before the signature.
    [[nodiscard]] errc verify_authority() const;

    /// As public_key::verify, by the key in the certificate; `algorithm` is the certificate's, such
    /// as rsa-sha2-512-cert-v01@openssh.com. Says nothing about the certificate.
    [[nodiscard]] errc verify(std::string_view algorithm, bytes_view message,
                              bytes_view signature_blob) const;

private:
    certificate(bytes_view blob, std::size_t fields_at, public_key key, public_key authority)
        : blob_(blob.begin(), blob.end()),
          fields_at_(fields_at),
          key_(std::move(key)),
          authority_(std::move(authority)) {}

    std::vector<byte> blob_;
    std::size_t fields_at_;
    public_key key_;
    public_key authority_;
};

/// The blob of the key that a certificate is for, also where adit has no such keys, as of those in
/// hardware; any other blob as it is.
[[nodiscard]] std::vector<byte> uncertified_blob(bytes_view blob);

/// Whether a type or an algorithm is a certificate's.
[[nodiscard]] inline bool is_certificate_name(std::string_view name) noexcept {
    return !plain_name(name).empty();
}

/// Calls `visit(option)` for each option of a list; the error of a list that is malformed.
template <class Visit>
errc visit_options(bytes_view list, Visit visit);

// Details.

// A name with a NUL in it is two names to somebody who reads it as C does.
[[nodiscard]] inline bool is_plain_text(std::string_view text) noexcept {
    return text.find('\0') == std::string_view::npos;
}

template <class Visit>
errc visit_options(bytes_view list, Visit visit) {
    wire::reader r(list);
    while (!r.remaining().empty()) {
        certificate_option option;
        wire::get_fields(r, option);
        if (r.failed()) return r.error();
        if (!is_plain_text(option.name)) return errc::malformed_field;
        visit(option);
    }
    return errc::ok;
}

#if ADIT_BODIES

[[nodiscard]] inline errc check_certificate_fields(const certificate_fields& fields) {
    const bool known_use = fields.type == static_cast<wire::u32>(certificate_use::user) ||
                           fields.type == static_cast<wire::u32>(certificate_use::host);
    if (!known_use || !is_plain_text(fields.key_id)) return errc::malformed_field;
    wire::reader names(fields.principals);
    for (std::size_t count = 0; !names.remaining().empty(); ++count) {
        const std::string_view name = as_text(names.take_string());
        if (names.failed()) return names.error();
        if (count == certificate::most_principals) return errc::field_too_long;
        if (!is_plain_text(name)) return errc::malformed_field;
    }
    const auto ignore = [](const certificate_option&) {};
    const errc critical = visit_options(fields.critical_options, ignore);
    return critical != errc::ok ? critical : visit_options(fields.extensions, ignore);
}

/// The blob of the key whose fields begin at the reader's place, which moves behind them.
[[nodiscard]] inline std::vector<byte> take_plain_blob(wire::reader& r, std::string_view type,
                                                       std::size_t strings) {
    const bytes_view from = r.remaining();
    for (std::size_t i = 0; i < strings; ++i) static_cast<void>(r.take_string());
    if (r.failed()) return {};
    const bytes_view fields = from.first(from.size() - r.remaining().size());
    std::vector<byte> blob(4 + type.size() + fields.size());
    wire::writer w(blob);
    w.put_string(as_bytes(type));
    w.put(fields);
    return blob;
}

ADIT_DECL std::vector<byte> uncertified_blob(bytes_view blob) {
    constexpr std::string_view ed25519_in_hardware = "sk-ssh-ed25519@openssh.com";
    constexpr std::string_view nistp256_in_hardware = "sk-ecdsa-sha2-nistp256@openssh.com";
    std::vector<byte> plain;
    wire::reader r(blob);
    const std::string_view name = plain_name(as_text(r.take_string()));
    static_cast<void>(r.take_string());  // the nonce
    if (const key_type* const row = find_key_type(name)) {
        plain = take_plain_blob(r, row->name, row->strings);
    } else if (name == "sk-ssh-ed25519") {
        plain = take_plain_blob(r, ed25519_in_hardware, 2);
    } else if (name == "sk-ecdsa-sha2-nistp256") {
        plain = take_plain_blob(r, nistp256_in_hardware, 3);
    }
    return plain.empty() ? std::vector<byte>(blob.begin(), blob.end()) : plain;
}

ADIT_DECL result<certificate> certificate::parse(bytes_view blob) {
    wire::reader r(blob);
    const key_type* const row = find_key_type(plain_name(as_text(r.take_string())));
    if (r.failed()) return r.error();
    if (row == nullptr) return errc::unsupported_key_type;
    static_cast<void>(r.take_string());  // a nonce, which only makes the hash unpredictable
    const std::vector<byte> plain = take_plain_blob(r, row->name, row->strings);
    if (r.failed()) return r.error();
    const auto fields = wire::decode_fields<certificate_fields>(r.remaining());
    if (!fields) return fields.error();
    const errc checked = check_certificate_fields(*fields);
    if (checked != errc::ok) return checked;
    auto key = public_key::parse(plain);
    if (!key) return key.error();
    auto authority = public_key::parse(fields->signature_key);
    if (!authority) return authority.error();
    const std::size_t fields_at = blob.size() - r.remaining().size();
    return certificate(blob, fields_at, std::move(*key), std::move(*authority));
}

ADIT_DECL result<certificate> certificate::parse_line(std::string_view line) {
    const auto read = public_key::parse_line(line);
    return read ? parse(read->blob()) : read.error();
}

ADIT_DECL std::string_view certificate::type() const noexcept {
    return as_text(wire::reader(blob_).take_string());
}

ADIT_DECL certificate_fields certificate::fields() const noexcept {
    return *wire::decode_fields<certificate_fields>(blob().subspan(fields_at_));
}

ADIT_DECL certificate_use certificate::use() const noexcept {
    return static_cast<certificate_use>(fields().type);
}

ADIT_DECL std::vector<std::string_view> certificate::principals() const {
    std::vector<std::string_view> names;
    wire::reader r(fields().principals);
    while (!r.remaining().empty()) names.push_back(as_text(r.take_string()));
    return names;
}

ADIT_DECL std::string_view certificate::authority_algorithm() const noexcept {
    const auto parsed = parse_signature(fields().signature);
    return parsed ? parsed->algorithm : std::string_view();
}

ADIT_DECL errc certificate::verify_authority() const {
    const bytes_view signature = fields().signature;
    const bytes_view signed_part = blob().first(blob_.size() - 4 - signature.size());
    return authority_.verify(authority_algorithm(), signed_part, signature);
}

ADIT_DECL errc certificate::verify(std::string_view algorithm, bytes_view message,
                                   bytes_view signature_blob) const {
    const std::string_view plain = plain_name(algorithm);
    if (plain.empty()) return errc::unsupported_key_type;
    return key_.verify(plain, message, signature_blob);
}

#endif  // ADIT_BODIES

}  // namespace adit::keys
