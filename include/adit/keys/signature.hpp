// Signature blobs (RFC 4253 section 6.6: the algorithm's name, then its bytes) and the one table of
// signature algorithms. Host keys and user keys use it alike; nothing else names an algorithm.
// Invariant: the table's order is our order of preference.
#pragma once

#include <adit/bytes.hpp>
#include <adit/error.hpp>
#include <adit/wire/message.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace adit::keys {

/// A signature as it travels; a view into its blob.
struct signature {
    wire::text algorithm;
    wire::octets bytes;
    static constexpr auto wire(auto& m) { return std::tie(m.algorithm, m.bytes); }
};

/// How the bytes of a signature are to be read.
enum class signature_form {
    fixed_size,
    two_integers,
    modulus_sized,
};

struct signature_algorithm {
    std::string_view name;
    std::string_view key_type;  ///< of the keys that can make it; not always the same name (C33)
    const char* scheme;         ///< Botan's name for what is hashed and padded how
    signature_form form;
    std::size_t size;  ///< of the signature in Botan's form, exactly; of a modulus: the key's
};

// SHA-1, "ssh-rsa" as the name of a signature, has no row and gets none.
inline constexpr std::array signature_algorithms{
    signature_algorithm{"ssh-ed25519", "ssh-ed25519", "Pure", signature_form::fixed_size, 64},
    signature_algorithm{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "SHA-256",
                        signature_form::two_integers, 64},
    signature_algorithm{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "SHA-384",
                        signature_form::two_integers, 96},
    signature_algorithm{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "SHA-512",
                        signature_form::two_integers, 132},
    signature_algorithm{"rsa-sha2-512", "ssh-rsa", "PKCS1v15(SHA-512)",
                        signature_form::modulus_sized, 0},
    signature_algorithm{"rsa-sha2-256", "ssh-rsa", "PKCS1v15(SHA-256)",
                        signature_form::modulus_sized, 0},
};

/// The row of an algorithm, or null.
[[nodiscard]] const signature_algorithm* find_signature_algorithm(std::string_view name) noexcept;

/// The algorithms with which a key of this type can sign, best first. More than one means that the
/// caller has to choose: by server-sig-algs (C33), or by what was negotiated.
[[nodiscard]] std::vector<std::string_view> signature_algorithms_for(std::string_view key_type);

/// What a KEXINIT offers when nobody says otherwise.
[[nodiscard]] std::string default_host_key_algorithm_names();

/// What the names of OpenSSH's certificates and of their algorithms end in (PROTOCOL.certkeys).
inline constexpr std::string_view certificate_suffix = "-cert-v01@openssh.com";

/// The key type of a certificate's type, and the algorithm in its signatures of a certificate's
/// algorithm: rsa-sha2-512-cert-v01@openssh.com signs as rsa-sha2-512. Empty for any other name.
[[nodiscard]] std::string_view plain_name(std::string_view certificate_name) noexcept;

/// The same, and any other name as it is.
[[nodiscard]] inline std::string_view uncertified_name(std::string_view name) noexcept {
    const std::string_view plain = plain_name(name);
    return plain.empty() ? name : plain;
}

/// Reads a whole blob. The views look into it.
[[nodiscard]] inline result<signature> parse_signature(bytes_view blob) noexcept {
    return wire::decode_fields<signature>(blob);
}

[[nodiscard]] std::vector<byte> to_blob(const signature& value);

inline const signature_algorithm* find_signature_algorithm(std::string_view name) noexcept {
    const auto* const found =
        std::ranges::find(signature_algorithms, name, &signature_algorithm::name);
    return found == signature_algorithms.end() ? nullptr : found;
}

inline std::string_view plain_name(std::string_view certificate_name) noexcept {
    if (!certificate_name.ends_with(certificate_suffix)) return {};
    return certificate_name.substr(0, certificate_name.size() - certificate_suffix.size());
}

inline std::vector<std::string_view> signature_algorithms_for(std::string_view key_type) {
    std::vector<std::string_view> names;
    for (const signature_algorithm& algorithm : signature_algorithms) {
        if (algorithm.key_type == key_type) names.push_back(algorithm.name);
    }
    return names;
}

inline std::string default_host_key_algorithm_names() {
    std::string names;
    for (const signature_algorithm& algorithm : signature_algorithms) {
        if (!names.empty()) names += ',';
        names += algorithm.name;
    }
    return names;
}

inline std::vector<byte> to_blob(const signature& value) {
    std::vector<byte> blob(8 + value.algorithm.size() + value.bytes.size());
    wire::writer w(blob);
    wire::put_fields(w, value);
    return blob;
}

}  // namespace adit::keys
