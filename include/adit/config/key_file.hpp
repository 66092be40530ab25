// A private key from a path, by the rules S05 and L22. Used by publickey authentication.
// Invariant: each thing that can be wrong with a key file is an errc of its own; only a shortage of
// the machine (no descriptors, no memory) keeps the system's error.
#pragma once

#include <adit/config/file.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/key_parser.hpp>
#include <adit/keys/private_key.hpp>

#include <cstddef>
#include <string>

namespace adit::config {

inline constexpr std::size_t largest_key_file = std::size_t{1024} * 1024;

/// key_file_missing, _unreadable, _too_open, _not_regular, _too_large, and what parse_private_key
/// says about the content.
[[nodiscard]] result<keys::private_key> load_private_key(const std::string& path);
/// The same with a passphrase, which is used only if the key is encrypted.
[[nodiscard]] result<keys::private_key> load_private_key(const std::string& path,
                                                         const crypto::secret_bytes& passphrase);

[[nodiscard]] inline error_code key_file_error(error_code ec) noexcept {
    if (ec.category() == category() || is_exhaustion(ec)) return ec;
    const bool missing = ec == boost::system::errc::no_such_file_or_directory ||
                         ec == boost::system::errc::not_a_directory;
    return missing ? errc::key_file_missing : errc::key_file_unreadable;
}

[[nodiscard]] inline result<crypto::secret_bytes> read_key_file(const std::string& path) {
    auto content = read_file(path, {largest_key_file, file_privacy::private_to_us});
    if (!content) return key_file_error(content.error());
    return content;
}

inline result<keys::private_key> load_private_key(const std::string& path) {
    const auto content = read_key_file(path);
    return content ? keys::parse_private_key(*content) : content.error();
}

inline result<keys::private_key> load_private_key(const std::string& path,
                                                  const crypto::secret_bytes& passphrase) {
    const auto content = read_key_file(path);
    return content ? keys::parse_private_key(*content, &passphrase) : content.error();
}

}  // namespace adit::config
