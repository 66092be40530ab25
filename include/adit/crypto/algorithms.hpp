// Which algorithms there are: one table per kind, in the order in which they are offered by default
// (P04). Nothing else in adit names a key exchange method, a cipher or a MAC. Used by
// protocol/negotiation (names) and transport/ (makers). Host key algorithms are keys/key_types'.
// Invariant: pseudo names (ext-info-c, kex-strict-…) and `none` are never in here (C14).
#pragma once

#include <adit/crypto/aes_ctr_hmac.hpp>
#include <adit/crypto/aes_gcm.hpp>
#include <adit/crypto/attempt.hpp>
#include <adit/crypto/chacha20_poly1305.hpp>
#include <adit/crypto/curve25519.hpp>
#include <adit/crypto/dh_group.hpp>
#include <adit/crypto/ecdh_nist.hpp>
#include <adit/crypto/hash.hpp>
#include <adit/crypto/key_agreement.hpp>
#include <adit/crypto/mlkem768_x25519.hpp>
#include <adit/crypto/packet_cipher.hpp>
#include <adit/crypto/random.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace adit::crypto {

struct kex_algorithm {
    std::string_view name;
    hash_id hash;
    /// Both give null when memory or randomness is out. The source must outlive what they make.
    std::unique_ptr<client_key_agreement> (*make_client)(random_source&) noexcept;
    std::unique_ptr<server_key_agreement> (*make_server)(random_source&) noexcept;
};

struct mac_algorithm {
    std::string_view name;
    hash_id hash;
    std::size_t key_size;
    std::size_t tag_size;
    bool encrypt_then_mac;
};

/// What a cipher is made from; views, used only while it is made.
struct cipher_keys {
    bytes_view key{};
    bytes_view iv{};
    bytes_view mac_key{};                ///< empty for an AEAD
    const mac_algorithm* mac = nullptr;  ///< null for an AEAD
};

struct cipher_algorithm {
    std::string_view name;
    std::size_t key_size;
    std::size_t iv_size;
    bool aead;  ///< brings its own MAC: the negotiated one is ignored and may be missing (C14)
    /// Bytes after which the keys must change: 2^32 blocks of 16, 1 GiB where they are of 8 (C18).
    std::uint64_t rekey_bytes;
    /// Both give null when the keys have wrong sizes or memory is out.
    std::unique_ptr<opener> (*make_opener)(const cipher_keys&) noexcept;
    std::unique_ptr<sealer> (*make_sealer)(const cipher_keys&) noexcept;
};

/// Null for a name that is not in the table.
[[nodiscard]] const kex_algorithm* find_kex(std::string_view name) noexcept;
[[nodiscard]] const cipher_algorithm* find_cipher(std::string_view name) noexcept;
[[nodiscard]] const mac_algorithm* find_mac(std::string_view name) noexcept;

/// Everything in the table, in its order, separated by commas.
[[nodiscard]] constexpr std::string_view default_kex_names() noexcept;
[[nodiscard]] constexpr std::string_view default_cipher_names() noexcept;
[[nodiscard]] constexpr std::string_view default_mac_names() noexcept;

// How the tables' makers are made.

template <class Interface, class Agreement>
[[nodiscard]] std::unique_ptr<Interface> make_agreement(random_source& random) noexcept {
    return make_or_null(
        [&]() -> std::unique_ptr<Interface> { return std::make_unique<Agreement>(random); });
}

template <class Interface, class Gcm, std::size_t KeySize>
[[nodiscard]] std::unique_ptr<Interface> make_gcm(const cipher_keys& keys) noexcept {
    if (keys.key.size() != KeySize) return nullptr;
    return make_or_null(
        [&]() -> std::unique_ptr<Interface> { return std::make_unique<Gcm>(keys.key, keys.iv); });
}

template <class Interface, class Chacha>
[[nodiscard]] std::unique_ptr<Interface> make_chacha(const cipher_keys& keys) noexcept {
    return make_or_null(
        [&]() -> std::unique_ptr<Interface> { return std::make_unique<Chacha>(keys.key); });
}

template <class Interface, class EncryptAndMac, class EncryptThenMac, std::size_t KeySize>
[[nodiscard]] std::unique_ptr<Interface> make_ctr(const cipher_keys& keys) noexcept {
    if (keys.key.size() != KeySize || keys.mac == nullptr) return nullptr;
    if (keys.mac_key.size() != keys.mac->key_size) return nullptr;
    return make_or_null([&]() -> std::unique_ptr<Interface> {
        const ctr_hmac_keys all{keys.key, keys.iv, keys.mac_key, keys.mac->hash};
        if (keys.mac->encrypt_then_mac) return std::make_unique<EncryptThenMac>(all);
        return std::make_unique<EncryptAndMac>(all);
    });
}

template <class Client, class Server>
[[nodiscard]] constexpr kex_algorithm kex_row(std::string_view name, hash_id hash) noexcept {
    return {name, hash, &make_agreement<client_key_agreement, Client>,
            &make_agreement<server_key_agreement, Server>};
}

template <std::size_t KeySize>
[[nodiscard]] constexpr cipher_algorithm gcm_row(std::string_view name) noexcept {
    return {.name = name,
            .key_size = KeySize,
            .iv_size = aes_gcm::iv_size,
            .aead = true,
            .rekey_bytes = std::uint64_t{1} << 36U,
            .make_opener = &make_gcm<opener, aes_gcm_opener, KeySize>,
            .make_sealer = &make_gcm<sealer, aes_gcm_sealer, KeySize>};
}

template <nist_curve Curve>
[[nodiscard]] constexpr kex_algorithm ecdh_row(std::string_view name, hash_id hash) noexcept {
    return kex_row<ecdh_client<Curve>, ecdh_server<Curve>>(name, hash);
}

template <dh_group Group>
[[nodiscard]] constexpr kex_algorithm dh_row(std::string_view name, hash_id hash) noexcept {
    return kex_row<dh_client<Group>, dh_server<Group>>(name, hash);
}

template <std::size_t KeySize>
[[nodiscard]] constexpr cipher_algorithm ctr_row(std::string_view name) noexcept {
    return {.name = name,
            .key_size = KeySize,
            .iv_size = aes_ctr_hmac::iv_size,
            .aead = false,
            .rekey_bytes = std::uint64_t{1} << 36U,
            .make_opener = &make_ctr<opener, aes_ctr_hmac_opener, aes_ctr_etm_opener, KeySize>,
            .make_sealer = &make_ctr<sealer, aes_ctr_hmac_sealer, aes_ctr_etm_sealer, KeySize>};
}

// RFC 6668: a key and a tag of the hash's size.
[[nodiscard]] constexpr mac_algorithm hmac_row(std::string_view name, hash_id hash,
                                               bool encrypt_then_mac) noexcept {
    return {name, hash, digest_size(hash), digest_size(hash), encrypt_then_mac};
}

// The tables.

inline constexpr std::array kex_algorithms{
    kex_row<mlkem768_x25519_client, mlkem768_x25519_server>("mlkem768x25519-sha256",
                                                            hash_id::sha256),
    kex_row<curve25519_client, curve25519_server>("curve25519-sha256", hash_id::sha256),
    kex_row<curve25519_client, curve25519_server>("curve25519-sha256@libssh.org", hash_id::sha256),
    ecdh_row<nist_curve::p256>("ecdh-sha2-nistp256", hash_id::sha256),
    ecdh_row<nist_curve::p384>("ecdh-sha2-nistp384", hash_id::sha384),
    ecdh_row<nist_curve::p521>("ecdh-sha2-nistp521", hash_id::sha512),
    dh_row<dh_group::group16>("diffie-hellman-group16-sha512", hash_id::sha512),
    dh_row<dh_group::group18>("diffie-hellman-group18-sha512", hash_id::sha512),
    dh_row<dh_group::group14>("diffie-hellman-group14-sha256", hash_id::sha256),
};

inline constexpr std::array ciphers{
    gcm_row<32>("aes256-gcm@openssh.com"),
    gcm_row<16>("aes128-gcm@openssh.com"),
    cipher_algorithm{.name = "chacha20-poly1305@openssh.com",
                     .key_size = chacha20_poly1305::key_size,
                     .iv_size = 0,
                     .aead = true,
                     .rekey_bytes = std::uint64_t{1} << 30U,
                     .make_opener = &make_chacha<opener, chacha20_poly1305_opener>,
                     .make_sealer = &make_chacha<sealer, chacha20_poly1305_sealer>},
    ctr_row<32>("aes256-ctr"),
    ctr_row<24>("aes192-ctr"),
    ctr_row<16>("aes128-ctr"),
};

inline constexpr std::array macs{
    hmac_row("hmac-sha2-256-etm@openssh.com", hash_id::sha256, true),
    hmac_row("hmac-sha2-512-etm@openssh.com", hash_id::sha512, true),
    hmac_row("hmac-sha2-256", hash_id::sha256, false),
    hmac_row("hmac-sha2-512", hash_id::sha512, false),
};

template <class Table>
[[nodiscard]] constexpr auto find_by_name(const Table& table, std::string_view name) noexcept ->
    typename Table::const_pointer {
    for (const auto& row : table) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

inline const kex_algorithm* find_kex(std::string_view name) noexcept {
    return find_by_name(kex_algorithms, name);
}
inline const cipher_algorithm* find_cipher(std::string_view name) noexcept {
    return find_by_name(ciphers, name);
}
inline const mac_algorithm* find_mac(std::string_view name) noexcept {
    return find_by_name(macs, name);
}

/// The names of a table in one array, each followed by a comma.
template <const auto& Table>
inline constexpr auto names_with_commas = [] {
    constexpr std::size_t size = [] {
        std::size_t sum = 0;
        for (const auto& row : Table) sum += row.name.size() + 1;
        return sum;
    }();
    std::array<char, size> text{};
    auto out = text.begin();
    for (const auto& row : Table) {
        out = std::copy(row.name.begin(), row.name.end(), out);
        *out++ = ',';
    }
    return text;
}();

template <const auto& Table>
[[nodiscard]] constexpr std::string_view names_of() noexcept {
    constexpr auto& text = names_with_commas<Table>;
    return {text.data(), text.empty() ? 0 : text.size() - 1};
}

constexpr std::string_view default_kex_names() noexcept { return names_of<kex_algorithms>(); }
constexpr std::string_view default_cipher_names() noexcept { return names_of<ciphers>(); }
constexpr std::string_view default_mac_names() noexcept { return names_of<macs>(); }

}  // namespace adit::crypto
