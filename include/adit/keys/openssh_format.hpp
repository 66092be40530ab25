// OpenSSH's own format of private key files, "openssh-key-v1" (OpenSSH's PROTOCOL.key), with one
// key, plain or encrypted; rules C53 and L21. Used by key_parser.hpp and by whoever writes keys.
// Invariant: every copy of the secret made here is wiped, and a passphrase is asked for only where
// it can help.
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/random.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/key_cost.hpp>
#include <adit/keys/openssh_cipher.hpp>
#include <adit/keys/openssh_section.hpp>
#include <adit/keys/pem.hpp>
#include <adit/keys/private_key.hpp>
#include <adit/wire/message.hpp>

#include <array>
#include <string_view>
#include <tuple>

namespace adit::keys {

/// The content of a file for the key, as ssh-keygen writes it without a passphrase; empty where the
/// key has been moved from.
[[nodiscard]] crypto::secret_bytes to_openssh_format(const private_key& key);

/// The same, encrypted as ssh-keygen does it: aes256-ctr, bcrypt with 24 rounds. Empty too should
/// Botan fail.
[[nodiscard]] crypto::secret_bytes to_openssh_format(const private_key& key,
                                                     const crypto::secret_bytes& passphrase,
                                                     crypto::random_source& random);

namespace openssh_format {

inline constexpr std::string_view label = "OPENSSH PRIVATE KEY";
inline constexpr std::string_view magic{"openssh-key-v1\0", 15};
inline constexpr std::size_t plain_block = 8;  ///< the padding's modulus where nothing is encrypted
inline constexpr wire::u32 written_rounds = 24;

struct container {
    wire::text cipher, kdf;
    wire::octets kdf_options;
    wire::u32 keys{};
    wire::octets public_blob, secret_section;
    wire::rest tag;
    static constexpr auto wire(auto& m) {
        return std::tie(m.cipher, m.kdf, m.kdf_options, m.keys, m.public_blob, m.secret_section,
                        m.tag);
    }
};

/// What the armour holds. unsupported_key_type; passphrase_needed, where it is null;
/// wrong_passphrase; unsupported_key_cipher; key_too_costly(); key_corrupt.
[[nodiscard]] result<private_key> parse(bytes_view binary, const crypto::secret_bytes* passphrase,
                                        const key_cost_limits& limits);

// Details.

[[nodiscard]] inline result<private_key> parse_encrypted(const container& c,
                                                         const public_key& expected,
                                                         const crypto::secret_bytes* passphrase,
                                                         const key_cost_limits& limits) {
    const section_cipher* const cipher = find_section_cipher(c.cipher);
    if (cipher == nullptr || c.kdf != "bcrypt") return errc::unsupported_key_cipher;
    const auto options = wire::decode_fields<bcrypt_options>(c.kdf_options);
    const std::size_t size = c.secret_section.size();
    if (!options || size == 0 || size % cipher->block != 0) return errc::key_corrupt;
    if (c.tag.bytes.size() != cipher->tag) return errc::key_corrupt;
    if (const error_code refused = check_cost(*options, limits)) return refused;
    if (passphrase == nullptr) return errc::passphrase_needed;
    if (passphrase->empty()) return errc::wrong_passphrase;

    const auto derived = derive(*cipher, *options, *passphrase);
    if (!derived) return derived.error();
    crypto::secret_bytes section(c.secret_section.begin(), c.secret_section.end());
    section.insert(section.end(), c.tag.bytes.begin(), c.tag.bytes.end());
    const errc opened = open_section(*cipher, *derived, section);
    if (opened != errc::ok) return opened;
    return parse_section(section, true, expected);
}

/// All of its parts are there: what is wrong is its size, and nothing is damaged.
[[nodiscard]] inline bool is_whole_rsa_key(bytes_view blob) {
    wire::reader r(blob);
    const bool rsa = as_text(r.take_string()) == rsa_type;
    return rsa && wire::decode_fields<rsa_fields>(r.remaining()).has_value();
}

inline result<private_key> parse(bytes_view binary, const crypto::secret_bytes* passphrase,
                                 const key_cost_limits& limits) {
    wire::reader r(binary);
    if (as_text(r.take(magic.size())) != magic) return errc::key_corrupt;
    const auto decoded = wire::decode_fields<container>(r.remaining());
    if (!decoded || decoded->keys != 1) return errc::key_corrupt;
    const container& c = *decoded;
    const auto key = public_key::parse(c.public_blob);
    if (!key && is_whole_rsa_key(c.public_blob)) return errc::unsupported_key_type;
    if (!key) return errc::key_corrupt;
    // Before the passphrase: nobody should type one for a key that is of no use afterwards.
    if (!key->supported()) return errc::unsupported_key_type;
    if (c.cipher != "none") return parse_encrypted(c, *key, passphrase, limits);
    const bool plain = c.kdf == "none" && c.kdf_options.empty() && c.tag.bytes.empty();
    if (!plain || c.secret_section.size() % plain_block != 0) return errc::key_corrupt;
    return parse_section(c.secret_section, false, *key);
}

[[nodiscard]] inline crypto::secret_bytes file_of(const container& c) {
    const std::size_t size = magic.size() + std::size_t{4} * 6 + c.cipher.size() + c.kdf.size() +
                             c.kdf_options.size() + c.public_blob.size() + c.secret_section.size();
    crypto::secret_bytes binary(size);
    wire::writer w(binary);
    w.put(as_bytes(magic));
    wire::put_fields(w, c);
    constexpr std::size_t columns = 70;
    return encode_pem(label, binary, columns);
}

}  // namespace openssh_format

// The check numbers only tell a wrong passphrase; without one they may be anything, so zero.
inline crypto::secret_bytes to_openssh_format(const private_key& key) {
    namespace format = openssh_format;
    const crypto::secret_bytes section = format::section_of(key, 0, format::plain_block);
    if (section.empty()) return {};
    return format::file_of({.cipher = "none",
                            .kdf = "none",
                            .kdf_options = {},
                            .keys = 1,
                            .public_blob = key.public_part().blob(),
                            .secret_section = section,
                            .tag = {}});
}

inline crypto::secret_bytes to_openssh_format(const private_key& key,
                                              const crypto::secret_bytes& passphrase,
                                              crypto::random_source& random) {
    namespace format = openssh_format;
    const format::section_cipher& cipher = format::section_ciphers[0];
    std::array<byte, 16> salt{};
    std::array<byte, 4> check{};
    random.fill(salt);
    random.fill(check);
    std::array<byte, 4 + salt.size() + 4> options{};
    wire::writer w(options);
    wire::put_fields(w, format::bcrypt_options{salt, format::written_rounds});

    crypto::secret_bytes section =
        format::section_of(key, wire::reader(check).take_u32(), cipher.block);
    const auto derived = format::derive(cipher, {salt, format::written_rounds}, passphrase);
    if (section.empty() || !derived) return {};
    const bytes_view secret(*derived);
    const errc sealed = encrypt_secret(
        cipher.mode, {secret.first(cipher.key), secret.subspan(cipher.key)}, section);
    if (sealed != errc::ok) return {};
    return format::file_of({.cipher = cipher.name,
                            .kdf = "bcrypt",
                            .kdf_options = options,
                            .keys = 1,
                            .public_blob = key.public_part().blob(),
                            .secret_section = section,
                            .tag = {}});
}

}  // namespace adit::keys
