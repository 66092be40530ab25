// The secret section of OpenSSH's private key files, decrypted: check numbers, one key, its comment
// and padding (OpenSSH's PROTOCOL.key; sshkey_private_serialize for the fields of each type). Used
// by openssh_format.hpp. Invariant: a key is returned only if the check numbers, the padding, all
// ends and all copies of the public part agree (C34, C53).
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/private_key.hpp>
#include <adit/wire/message.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

namespace adit::keys::openssh_format {

/// What stands between the type and the comment, for each kind of key.
struct ed25519_secret {
    wire::octets point, seed_and_point;
    static constexpr auto wire(auto& m) { return std::tie(m.point, m.seed_and_point); }
};
struct ecdsa_secret {
    wire::text curve;
    wire::octets point;
    wire::mpint scalar;
    static constexpr auto wire(auto& m) { return std::tie(m.curve, m.point, m.scalar); }
};
struct rsa_secret {
    wire::mpint n, e, d, inverse, p, q;
    static constexpr auto wire(auto& m) { return std::tie(m.n, m.e, m.d, m.inverse, m.p, m.q); }
};

struct section_head {
    wire::u32 check{}, check_again{};
    wire::text type;
    static constexpr auto wire(auto& m) { return std::tie(m.check, m.check_again, m.type); }
};

/// key_corrupt; or wrong_passphrase, where the section was `encrypted` and the check numbers
/// differ.
[[nodiscard]] result<private_key> parse_section(bytes_view section, bool encrypted,
                                                const public_key& expected);

/// Padded to a multiple of `block`; empty where the key has been moved from.
[[nodiscard]] crypto::secret_bytes section_of(const private_key& key, std::uint32_t check,
                                              std::size_t block);

// Details.

// Writing. What a type has between its name and the comment; empty where there is no secret.
[[nodiscard]] inline crypto::secret_bytes written(const auto& fields, std::size_t largest) {
    crypto::secret_bytes bytes(largest);
    wire::writer w(bytes);
    wire::put_fields(w, fields);
    bytes.resize(w.error() == errc::ok ? w.size() : 0);
    return bytes;
}

#if ADIT_BODIES

[[nodiscard]] inline result<private_key> read_ed25519(wire::reader& r, const public_key& expected) {
    constexpr std::size_t seed_size = private_key::ed25519_seed_size;
    ed25519_secret s;
    wire::get_fields(r, s);
    if (r.failed() || s.seed_and_point.size() != seed_size + ed25519_public_size) {
        return errc::key_corrupt;
    }
    const bool agrees = wire::same_bytes(s.seed_and_point.subspan(seed_size), s.point) &&
                        wire::same_bytes(ed25519_blob(s.point), expected.blob());
    if (!agrees) return errc::key_corrupt;
    return private_key::from_ed25519_seed(s.seed_and_point.first(seed_size));
}

[[nodiscard]] inline result<private_key> read_ecdsa(wire::reader& r, const public_key& expected) {
    const nist_curve* const curve = find_curve(expected.type());
    ecdsa_secret s;
    wire::get_fields(r, s);
    if (r.failed() || curve == nullptr || s.curve != curve->name) return errc::key_corrupt;
    if (!wire::same_bytes(ecdsa_blob(*curve, s.point), expected.blob())) return errc::key_corrupt;
    return private_key::from_ecdsa_scalar(*curve, s.scalar.magnitude);
}

// The inverse is made anew by Botan; a wrong one here does no harm.
[[nodiscard]] inline result<private_key> read_rsa(wire::reader& r, const public_key& expected) {
    rsa_secret s;
    wire::get_fields(r, s);
    if (r.failed() || !wire::same_bytes(rsa_blob({s.e, s.n}), expected.blob())) {
        return errc::key_corrupt;
    }
    return private_key::from_rsa({s.n, s.e, s.d, s.p, s.q});
}

[[nodiscard]] inline result<private_key> read_secret(wire::reader& r, const public_key& expected) {
    if (expected.type() == rsa_type) return read_rsa(r, expected);
    if (find_curve(expected.type()) != nullptr) return read_ecdsa(r, expected);
    return read_ed25519(r, expected);
}

[[nodiscard]] inline bool is_padding(bytes_view bytes) noexcept {
    std::size_t expected = 0;
    const auto counts = [&expected](byte b) { return b == ++expected; };
    return bytes.size() <= std::numeric_limits<byte>::max() && std::ranges::all_of(bytes, counts);
}

ADIT_DECL result<private_key> parse_section(bytes_view section, bool encrypted,
                                            const public_key& expected) {
    wire::reader r(section);
    section_head head;
    wire::get_fields(r, head);
    if (head.check != head.check_again) {
        return encrypted ? errc::wrong_passphrase : errc::key_corrupt;
    }
    if (r.failed() || head.type != expected.type()) return errc::key_corrupt;
    auto key = read_secret(r, expected);
    const bytes_view comment = r.take_string();
    if (r.failed() || !is_padding(r.remaining())) return errc::key_corrupt;
    if (!key || !(key->public_part() == expected)) return errc::key_corrupt;
    key->set_comment(std::string(as_text(comment)));
    return key;
}

[[nodiscard]] inline crypto::secret_bytes secret_fields_of(const private_key& key) {
    const public_key& shown = key.public_part();
    const std::size_t room = 4 * shown.blob().size() + 1024;  // no secret is as long
    if (const auto seed = key.ed25519_seed()) {
        const bytes_view point = shown.blob().last(ed25519_public_size);
        crypto::secret_bytes both(seed->begin(), seed->end());
        both.insert(both.end(), point.begin(), point.end());
        return written(ed25519_secret{point, both}, room);
    }
    wire::reader r(shown.blob());
    static_cast<void>(r.take_string());
    if (const auto scalar = key.ecdsa_scalar()) {
        ecdsa_fields fields;
        wire::get_fields(r, fields);
        return written(ecdsa_secret{fields.curve, fields.point, wire::to_mpint(*scalar)}, room);
    }
    if (const auto secret = key.rsa_secret_numbers()) {
        rsa_fields fields;
        wire::get_fields(r, fields);
        return written(rsa_secret{fields.n, fields.e, wire::to_mpint(secret->d),
                                  wire::to_mpint(secret->inverse), wire::to_mpint(secret->p),
                                  wire::to_mpint(secret->q)},
                       room);
    }
    return {};
}

ADIT_DECL crypto::secret_bytes section_of(const private_key& key, std::uint32_t check,
                                          std::size_t block) {
    const crypto::secret_bytes fields = secret_fields_of(key);
    if (fields.empty()) return {};
    const section_head head{check, check, key.public_part().type()};
    const std::size_t size =
        std::size_t{4} * 4 + head.type.size() + fields.size() + key.comment().size();
    const std::size_t padding = (block - size % block) % block;
    crypto::secret_bytes section(size + padding);
    wire::writer w(section);
    wire::put_fields(w, head);
    w.put(fields);
    w.put_string(as_bytes(key.comment()));
    for (std::size_t i = 1; i <= padding; ++i) w.put_u8(static_cast<byte>(i));
    return section;
}

#endif  // ADIT_BODIES

}  // namespace adit::keys::openssh_format
