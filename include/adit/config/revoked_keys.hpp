// RevokedHostKeys of ssh_config(5) and RevokedKeys of sshd_config(5): a text file of public keys,
// one on a line, that nobody may use, themselves or in a certificate that they are in or signed. A
// certificate on a line stands for the key in it, as for OpenSSH.
// Used by trust.hpp and by programs.
// Invariant: what cannot be read wholly revokes everything, because the caller gets an error: a
// missing file, a line that is no key, and OpenSSH's binary list (KRL), which adit does not read.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/config_line.hpp>
#include <adit/config/file.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/public_key.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

class revoked_keys {
public:
    static constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;

    [[nodiscard]] static config_result<revoked_keys> parse(std::string_view text,
                                                           const std::string& file);
    /// A missing file is a fault, as it is for OpenSSH.
    [[nodiscard]] static config_result<revoked_keys> load(const std::string& path);

    /// The line of the key; 0: it does not stand there.
    [[nodiscard]] std::size_t line_of(const keys::public_key& key) const noexcept;
    /// The same for a certificate: by its key, or by its CA's.
    [[nodiscard]] std::size_t line_of(const keys::certificate& certificate) const;

private:
    struct entry {
        keys::public_key key;
        std::size_t line = 0;
    };
    std::vector<entry> entries_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL config_result<revoked_keys> revoked_keys::parse(std::string_view text,
                                                          const std::string& file) {
    // PROTOCOL.krl begins with this; read as text it would be one line that is no key.
    if (text.starts_with("SSHKRL\n")) {
        return config_fault{file, 0,
                            "is a KRL, which adit does not read: list the keys as text, one on a "
                            "line"};
    }
    revoked_keys all;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
        if (line.empty() || line.starts_with('#')) continue;
        auto key = keys::public_key::parse_line(line);
        if (key) key = keys::public_key::parse(keys::uncertified_blob(key->blob()));
        if (!key) return config_fault{file, number, "is no public key"};
        all.entries_.push_back({std::move(*key), number});
    }
    return all;
}

ADIT_DECL config_result<revoked_keys> revoked_keys::load(const std::string& path) {
    const auto content = read_file(path, {largest_file, file_privacy::any});
    if (!content) return config_fault{path, 0, content.error().message()};
    return parse(as_text(*content), path);
}

ADIT_DECL std::size_t revoked_keys::line_of(const keys::public_key& key) const noexcept {
    const auto found = std::ranges::find(entries_, key, &entry::key);
    return found == entries_.end() ? 0 : found->line;
}

ADIT_DECL std::size_t revoked_keys::line_of(const keys::certificate& certificate) const {
    const std::size_t line = line_of(certificate.key());
    return line != 0 ? line : line_of(certificate.authority());
}

#endif  // ADIT_BODIES

}  // namespace adit::config
