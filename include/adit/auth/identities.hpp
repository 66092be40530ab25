// Which keys a login tries and in which order: those that files name, those that an agent holds,
// and the certificates that go with them, as OpenSSH orders them (ssh_config(5): IdentityFile,
// IdentitiesOnly, CertificateFile). Used by programs and by adit-tunnel; no RFC says it.
// Invariants: no key is tried twice; under IdentitiesOnly no key of an agent's is tried that no
// file names, so MaxAuthTries is not spent on strangers; only a user's certificate is shown.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/file.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/public_key.hpp>
#include <adit/options.hpp>
#include <adit/transport/hooks.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace adit {

/// A key that a file names.
struct named_identity {
    keys::public_key key;
    std::shared_ptr<signer> file;  ///< null: its private half is with an agent, or nowhere
    /// The one beside the file, id-cert.pub. Left out where it is for another key, or for a host.
    std::optional<keys::certificate> certificate{};
};

/// Keys of the agent that files name, then its others (not under `identities_only`), then what is
/// left of the files, each before the certificate beside it, as ssh does. Certificates of the agent
/// are keys of their own, which a file names with the certificate beside it.
[[nodiscard]] std::vector<std::shared_ptr<signer>> ordered_identities(
    const std::vector<std::shared_ptr<signer>>& agent_keys,
    const std::vector<named_identity>& named, bool identities_only);

/// CertificateFile: these certificates come before everything else, as with ssh. Those for none of
/// these keys, or for hosts, are left out.
[[nodiscard]] std::vector<std::shared_ptr<signer>> with_certificates(
    const std::vector<std::shared_ptr<signer>>& identities,
    const std::vector<keys::certificate>& certificates);

/// A .pub file. Errors: key_file_missing, key_file_unreadable, key_file_too_large,
/// key_file_not_regular, not_a_key.
[[nodiscard]] result<keys::public_key> load_public_key(const std::string& path);

/// A certificate as ssh-keygen writes it; that of the key `id` is id-cert.pub. Errors: as
/// load_public_key(), and unsupported_key_type.
[[nodiscard]] result<keys::certificate> load_certificate(const std::string& path);

/// The name beside a key's, whether that is the private one's or ends in .pub.
[[nodiscard]] std::string certificate_path(std::string_view key_path);

// Details.

#if ADIT_BODIES

namespace identities {

using signers = std::vector<std::shared_ptr<signer>>;

[[nodiscard]] inline bool has(const signers& all, const keys::public_key& key) {
    return std::ranges::any_of(all, [&key](const auto& s) { return s->public_part() == key; });
}

inline void add(signers& all, const std::shared_ptr<signer>& one) {
    if (one != nullptr && !has(all, one->public_part())) all.push_back(one);
}

/// Null: the certificate is for a host, or for no key that is here.
[[nodiscard]] inline std::shared_ptr<signer> certified(const signers& all,
                                                       const keys::certificate& certificate) {
    if (certificate.use() != keys::certificate_use::user) return nullptr;
    for (const auto& one : all) {
        if (one == nullptr || !(certificate.key() == one->public_part())) continue;
        auto shown = keys::public_key::parse(certificate.blob());
        if (!shown) return nullptr;
        return std::make_shared<certified_signer>(one, std::move(*shown));
    }
    return nullptr;
}

[[nodiscard]] inline bool is_named(const named_identity& name, const keys::public_key& key) {
    if (name.key == key) return true;
    return name.certificate && std::ranges::equal(name.certificate->blob(), key.blob());
}

[[nodiscard]] inline result<std::string> first_line(const std::string& path) {
    const auto content = config::read_file(path, {});
    if (!content) {
        const error_code ec = content.error();
        if (ec == boost::system::errc::no_such_file_or_directory) return errc::key_file_missing;
        return ec.category() == category() ? ec : make_error_code(errc::key_file_unreadable);
    }
    const std::string_view text = as_text(*content);
    return std::string(text.substr(0, text.find_first_of("\r\n")));
}

}  // namespace identities

ADIT_DECL std::vector<std::shared_ptr<signer>> ordered_identities(
    const std::vector<std::shared_ptr<signer>>& agent_keys,
    const std::vector<named_identity>& named, bool identities_only) {
    std::vector<std::shared_ptr<signer>> all;
    const auto is_named = [&named](const std::shared_ptr<signer>& s) {
        return std::ranges::any_of(named, [&s](const named_identity& n) {
            return identities::is_named(n, s->public_part());
        });
    };
    for (const auto& one : agent_keys) {
        if (is_named(one)) identities::add(all, one);
    }
    for (const auto& one : agent_keys) {
        if (!identities_only) identities::add(all, one);
    }
    for (const named_identity& one : named) {
        identities::add(all, one.file);
        if (!one.certificate || !(one.certificate->key() == one.key)) continue;
        identities::add(all, identities::certified(all, *one.certificate));
    }
    return all;
}

ADIT_DECL std::vector<std::shared_ptr<signer>> with_certificates(
    const std::vector<std::shared_ptr<signer>>& identities,
    const std::vector<keys::certificate>& certificates) {
    std::vector<std::shared_ptr<signer>> all;
    for (const keys::certificate& one : certificates) {
        identities::add(all, identities::certified(identities, one));
    }
    for (const auto& one : identities) identities::add(all, one);
    return all;
}

ADIT_DECL result<keys::public_key> load_public_key(const std::string& path) {
    const auto line = identities::first_line(path);
    return line ? keys::public_key::parse_line(*line) : line.error();
}

ADIT_DECL result<keys::certificate> load_certificate(const std::string& path) {
    const auto line = identities::first_line(path);
    return line ? keys::certificate::parse_line(*line) : line.error();
}

ADIT_DECL std::string certificate_path(std::string_view key_path) {
    constexpr std::string_view suffix = ".pub";
    if (key_path.ends_with(suffix)) key_path.remove_suffix(suffix.size());
    return std::string(key_path) + "-cert.pub";
}

#endif  // ADIT_BODIES

}  // namespace adit
