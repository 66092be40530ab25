// Private keys in OpenSSH's own format, "openssh-key-v1" (PROTOCOL.key of OpenSSH), unencrypted and
// with one Ed25519 key; rules C34 and C53. Used by config/key_file and for keys held in memory.
// Invariant: a key is returned only if the check numbers, the padding, all ends and all three
// copies of the public part agree; every copy of the secret made here is wiped.
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/private_key.hpp>
#include <adit/wire/message.hpp>

#include <botan/base64.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace adit::keys {

/// Reads the content of a key file. not_a_key: nothing of a private key in it;
/// unsupported_key_type: another kind of key or of file; passphrase_needed; unsupported_key_cipher;
/// key_corrupt.
[[nodiscard]] result<private_key> parse_private_key(bytes_view file_content);

/// The content of a file for the key, as ssh-keygen writes it without a passphrase; empty where the
/// key has been moved from.
[[nodiscard]] crypto::secret_bytes to_openssh_format(const private_key& key);

// Details.

namespace openssh_format {

inline constexpr std::string_view begin_line = "-----BEGIN OPENSSH PRIVATE KEY-----";
inline constexpr std::string_view end_line = "-----END OPENSSH PRIVATE KEY-----";
inline constexpr std::string_view magic{"openssh-key-v1\0", 15};
inline constexpr std::size_t block = 8;  ///< the padding's modulus where nothing is encrypted
inline constexpr std::array<std::string_view, 10> ciphers{"aes128-ctr",
                                                          "aes192-ctr",
                                                          "aes256-ctr",
                                                          "aes128-cbc",
                                                          "aes192-cbc",
                                                          "aes256-cbc",
                                                          "3des-cbc",
                                                          "aes128-gcm@openssh.com",
                                                          "aes256-gcm@openssh.com",
                                                          "chacha20-poly1305@openssh.com"};

struct container {
    wire::text cipher, kdf;
    wire::octets kdf_options;
    wire::u32 keys{};
    wire::octets public_blob, secret_section;
    static constexpr auto wire(auto& m) {
        return std::tie(m.cipher, m.kdf, m.kdf_options, m.keys, m.public_blob, m.secret_section);
    }
};

struct ed25519_section {
    wire::u32 check{}, check_again{};
    wire::text type;
    wire::octets point, seed_and_point;
    wire::text comment;
    wire::rest padding;
    static constexpr auto wire(auto& m) {
        return std::tie(m.check, m.check_again, m.type, m.point, m.seed_and_point, m.comment,
                        m.padding);
    }
};

[[nodiscard]] errc why_not_ours(std::string_view text) noexcept;
[[nodiscard]] result<private_key> parse_body(std::string_view base64);
[[nodiscard]] result<private_key> parse_binary(bytes_view binary);
[[nodiscard]] result<private_key> parse_section(bytes_view secret_section,
                                                const public_key& expected);
[[nodiscard]] crypto::secret_bytes binary_of(const private_key& key);
[[nodiscard]] crypto::secret_bytes section_of(const private_key& key, bytes_view seed);

}  // namespace openssh_format

inline result<private_key> parse_private_key(bytes_view file_content) {
    std::string_view text = as_text(file_content);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (!text.starts_with(openssh_format::begin_line)) return openssh_format::why_not_ours(text);
    text.remove_prefix(openssh_format::begin_line.size());
    const auto end = text.find(openssh_format::end_line);
    if (end == std::string_view::npos) return errc::key_corrupt;
    return openssh_format::parse_body(text.substr(0, end));
}

namespace openssh_format {

// PEM files of other programs and PuTTY's files hold keys too, of kinds that cannot be read yet.
inline errc why_not_ours(std::string_view text) noexcept {
    if (text.starts_with("PuTTY-User-Key-File-")) return errc::unsupported_key_type;
    const std::string_view first = text.substr(0, text.find_first_of("\r\n"));
    const bool pem = first.starts_with("-----BEGIN ") &&
                     first.find("PRIVATE KEY-----") != std::string_view::npos;
    return pem ? errc::unsupported_key_type : errc::not_a_key;
}

inline result<private_key> parse_body(std::string_view base64) {
    return crypto::attempt(errc::key_corrupt, [&]() -> result<private_key> {
        crypto::secret_bytes binary(Botan::base64_decode_max_output(base64.size()));
        binary.resize(Botan::base64_decode(binary, base64, true));
        return parse_binary(binary);
    });
}

inline result<private_key> parse_binary(bytes_view binary) {
    wire::reader r(binary);
    if (as_text(r.take(magic.size())) != magic) return errc::key_corrupt;
    container c;
    wire::get_fields(r, c);
    if (r.failed() || c.keys != 1) return errc::key_corrupt;
    const auto key = public_key::parse(c.public_blob);
    if (!key) return errc::key_corrupt;
    // Before the passphrase: nobody should type one for a key that is of no use afterwards.
    if (!key->supported()) return errc::unsupported_key_type;
    if (c.cipher != "none") {
        return std::ranges::find(ciphers, c.cipher) != ciphers.end() ? errc::passphrase_needed
                                                                     : errc::unsupported_key_cipher;
    }
    if (c.kdf != "none" || !c.kdf_options.empty() || r.finish() != errc::ok) {
        return errc::key_corrupt;
    }
    return parse_section(c.secret_section, *key);
}

[[nodiscard]] inline bool is_padding(bytes_view bytes) noexcept {
    std::size_t expected = 0;
    return std::ranges::all_of(bytes, [&expected](byte b) { return b == ++expected; });
}

inline result<private_key> parse_section(bytes_view secret_section, const public_key& expected) {
    const auto decoded = wire::decode_fields<ed25519_section>(secret_section);
    if (!decoded || secret_section.size() % block != 0) return errc::key_corrupt;
    const ed25519_section& s = *decoded;
    constexpr std::size_t seed_size = private_key::ed25519_seed_size;
    const bool sound = s.check == s.check_again && s.type == expected.type() &&
                       s.seed_and_point.size() == seed_size + ed25519_public_size &&
                       is_padding(s.padding.bytes);
    if (!sound) return errc::key_corrupt;

    auto key =
        private_key::from_ed25519_seed(s.seed_and_point.first(seed_size), std::string(s.comment));
    if (!key) return key.error();
    const bool agrees = key->public_part() == expected &&
                        wire::same_bytes(s.seed_and_point.subspan(seed_size), s.point) &&
                        wire::same_bytes(ed25519_blob(s.point), expected.blob());
    if (!agrees) return errc::key_corrupt;
    return key;
}

// The check numbers only tell a wrong passphrase; without one they may be anything, so zero.
inline crypto::secret_bytes section_of(const private_key& key, bytes_view seed) {
    const bytes_view point = key.public_part().blob().last(ed25519_public_size);
    crypto::secret_bytes both(seed.begin(), seed.end());
    both.insert(both.end(), point.begin(), point.end());
    constexpr std::array<byte, block> padding{1, 2, 3, 4, 5, 6, 7, 8};

    ed25519_section s{.type = key.public_part().type(),
                      .point = point,
                      .seed_and_point = both,
                      .comment = key.comment(),
                      .padding = {}};
    const std::size_t size = 4 * 6 + s.type.size() + point.size() + both.size() + s.comment.size();
    s.padding = {bytes_view(padding).first((block - size % block) % block)};
    crypto::secret_bytes section(size + s.padding.bytes.size());
    wire::writer w(section);
    wire::put_fields(w, s);
    return section;
}

inline crypto::secret_bytes binary_of(const private_key& key) {
    const auto seed = key.ed25519_seed();
    if (!seed) return {};
    const crypto::secret_bytes section = section_of(key, *seed);
    const container c{.cipher = "none",
                      .kdf = "none",
                      .kdf_options = {},
                      .keys = 1,
                      .public_blob = key.public_part().blob(),
                      .secret_section = section};
    crypto::secret_bytes binary(magic.size() + std::size_t{4} * 6 + c.cipher.size() + c.kdf.size() +
                                c.public_blob.size() + section.size());
    wire::writer w(binary);
    w.put(as_bytes(magic));
    wire::put_fields(w, c);
    return binary;
}

}  // namespace openssh_format

inline crypto::secret_bytes to_openssh_format(const private_key& key) {
    constexpr std::size_t columns = 70;
    const crypto::secret_bytes binary = openssh_format::binary_of(key);
    if (binary.empty()) return {};
    Botan::secure_vector<char> base64(Botan::base64_encode_max_output(binary.size()));
    std::size_t consumed = 0;
    base64.resize(
        Botan::base64_encode(base64.data(), binary.data(), binary.size(), consumed, true));

    crypto::secret_bytes file;
    const auto append_line = [&file](std::string_view line) {
        file.insert(file.end(), line.begin(), line.end());
        file.push_back('\n');
    };
    append_line(openssh_format::begin_line);
    const std::string_view text(base64.data(), base64.size());
    for (std::size_t at = 0; at < text.size(); at += columns) append_line(text.substr(at, columns));
    append_line(openssh_format::end_line);
    return file;
}

}  // namespace adit::keys
