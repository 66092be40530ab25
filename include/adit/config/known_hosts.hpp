// known_hosts as sshd(8) describes it ("SSH_KNOWN_HOSTS FILE FORMAT"), rules C51 and L22: parsing,
// and the verdict on a host's key or certificate. Used by the host-key policies;
// known_hosts_writer.hpp appends and known_hosts_replacer.hpp replaces.
// Invariants: a line that is not understood is skipped whole, so it never vouches for a key; a
// revoked key is never anything but revoked; no verdict is zero.
// Over 300 lines: a third of it is documentation.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/certificate_check.hpp>
#include <adit/config/file.hpp>
#include <adit/config/pattern.hpp>
#include <adit/error.hpp>
#include <adit/keys/fingerprint.hpp>
#include <adit/keys/hashed_name.hpp>
#include <adit/keys/public_key.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

enum class host_key_status : int {
    match = 1,
    unknown,
    mismatch,
    revoked,
};

/// The verdict and, but for a host of which nothing is known, the line that it comes from.
struct host_key_verdict {
    host_key_status status = host_key_status::unknown;
    std::string file;
    std::size_t line = 0;
    /// Of the entry on that line. Not empty in an `unknown` verdict: the host is known, but by keys
    /// of other types only. Whoever accepts new hosts unasked must not take that one for new.
    std::string known_type;
    std::string known_fingerprint;
    std::string text;  ///< names and key, as they stand there
};

enum class host_marker { none, cert_authority, revoked };

struct known_host {
    std::string names;  ///< patterns between commas, or one hashed name
    host_marker marker = host_marker::none;
    keys::public_key key;
    std::size_t file = 0;  ///< which of the files
    std::size_t line = 0;
};

class known_hosts {
public:
    static constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;
    static constexpr std::size_t longest_line = std::size_t{64} * 1024;
    static constexpr std::uint16_t ssh_port = 22;

    [[nodiscard]] static known_hosts parse(std::string_view text, std::string file_name);

    /// A file that does not exist is empty, and so are `none` and /dev/null.
    [[nodiscard]] static result<known_hosts> load(const std::string& path);

    /// Adds another file's entries behind ours.
    void append(const known_hosts& other);

    [[nodiscard]] host_key_verdict check(std::string_view host, std::uint16_t port,
                                         const keys::public_key& key) const;

    /// Whether a CA here vouches for hosts of that name, and so a certificate is worth asking for.
    [[nodiscard]] bool has_authority(std::string_view host, std::uint16_t port) const;

    /// Whether the certificate is good for that host: `authority_not_trusted` where no CA that
    /// stands here for it has signed, `revoked` where its key or its CA's is. `now` in seconds
    /// since 1970. `algorithms`: CASignatureAlgorithms; empty: all that there are.
    [[nodiscard]] certificate_verdict check_certificate(std::string_view host, std::uint16_t port,
                                                        const keys::certificate& certificate,
                                                        std::uint64_t now,
                                                        std::string_view algorithms = {}) const;

    /// The types of the keys by which a host is known, for ordering what is offered to it.
    [[nodiscard]] std::vector<std::string> key_types(std::string_view host,
                                                     std::uint16_t port) const;

    [[nodiscard]] const std::vector<known_host>& entries() const noexcept { return entries_; }

private:
    /// Whether a marked line speaks of one of these names; with this key, unless that is null.
    [[nodiscard]] bool marks(host_marker marker, const std::vector<std::string>& names,
                             const keys::public_key* key) const;
    [[nodiscard]] host_key_verdict judge(std::string_view name, const keys::public_key& key) const;
    [[nodiscard]] host_key_verdict verdict_of(host_key_status status,
                                              const known_host& entry) const;

    std::vector<known_host> entries_;
    std::vector<std::string> files_;
};

/// The name under which a host stands in the file: `host`, or `[host]:port` for other ports
/// than 22.
[[nodiscard]] std::string known_host_name(std::string_view host, std::uint16_t port);

/// One line without its newline, or nothing if it is empty, a comment or not understood.
[[nodiscard]] std::optional<known_host> parse_known_host(std::string_view line);

/// Whether an entry speaks of that name, which must be in lower case.
[[nodiscard]] bool speaks_of(const known_host& entry, std::string_view name);

/// Whether a path means that there is no such file and never will be.
[[nodiscard]] inline bool is_no_file(std::string_view path) noexcept {
    return path == "none" || path == "/dev/null";
}

// Details.

#if ADIT_BODIES

ADIT_DECL known_hosts known_hosts::parse(std::string_view text, std::string file_name) {
    known_hosts hosts;
    hosts.files_.push_back(std::move(file_name));
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto newline = text.find('\n');
        const std::string_view line = text.substr(0, newline);
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.size() > longest_line) continue;
        if (auto entry = parse_known_host(line)) {
            entry->line = number;
            hosts.entries_.push_back(std::move(*entry));
        }
    }
    return hosts;
}

ADIT_DECL result<known_hosts> known_hosts::load(const std::string& path) {
    if (is_no_file(path)) return parse({}, path);
    const auto content = read_file(path, {largest_file, file_privacy::any});
    if (content) return parse(as_text(*content), path);
    const error_code ec = content.error();
    const bool missing = ec == boost::system::errc::no_such_file_or_directory ||
                         ec == boost::system::errc::not_a_directory;
    if (missing) return parse({}, path);
    return is_exhaustion(ec) ? ec : make_error_code(errc::known_hosts_unreadable);
}

ADIT_DECL void known_hosts::append(const known_hosts& other) {
    const std::size_t first_file = files_.size();
    files_.insert(files_.end(), other.files_.begin(), other.files_.end());
    entries_.reserve(entries_.size() + other.entries_.size());
    for (known_host entry : other.entries_) {
        entry.file += first_file;
        entries_.push_back(std::move(entry));
    }
}

// As OpenSSH does ("checking without port identifier"): a host on another port that is not known
// may show the key by which the host itself is known. Beyond OpenSSH, which forgets about
// revocation in that second look: a key revoked under either name is revoked.
ADIT_DECL host_key_verdict known_hosts::check(std::string_view host, std::uint16_t port,
                                              const keys::public_key& key) const {
    const std::string name = known_host_name(host, port);
    const std::string bare = known_host_name(host, ssh_port);
    host_key_verdict verdict = judge(name, key);
    if (name == bare || verdict.status == host_key_status::revoked) return verdict;
    host_key_verdict portless = judge(bare, key);
    const bool found =
        verdict.status == host_key_status::unknown && portless.status == host_key_status::match;
    if (found || portless.status == host_key_status::revoked) return portless;
    return verdict;
}

/// Whether the key is the line's; a certificate that is revoked takes the key in it along, as with
/// ssh.
[[nodiscard]] inline bool stands_for(const known_host& entry, const keys::public_key& key) {
    if (entry.marker != host_marker::revoked) return entry.key == key;
    return crypto::same_secret(keys::uncertified_blob(entry.key.blob()), key.blob());
}

// C51: a mismatch needs a known key of the same type. OpenSSH calls any other key of the host a
// mismatch, and can afford to, because it offers only algorithms of known types to a known host; so
// should the caller, with key_types(). The verdict names the other type, see host_key_verdict.
ADIT_DECL host_key_verdict known_hosts::judge(std::string_view name,
                                              const keys::public_key& key) const {
    const known_host* match = nullptr;
    const known_host* conflict = nullptr;
    const known_host* other_type = nullptr;
    for (const known_host& entry : entries_) {
        if (entry.marker == host_marker::cert_authority || !speaks_of(entry, name)) continue;
        const bool same_key = entry.key == key;
        if (entry.marker == host_marker::revoked) {
            if (stands_for(entry, key)) return verdict_of(host_key_status::revoked, entry);
            continue;
        }
        const bool same_type = entry.key.type() == key.type();
        const known_host*& place = same_key ? match : same_type ? conflict : other_type;
        if (place == nullptr) place = &entry;
    }
    if (match != nullptr) return verdict_of(host_key_status::match, *match);
    if (conflict != nullptr) return verdict_of(host_key_status::mismatch, *conflict);
    if (other_type != nullptr) return verdict_of(host_key_status::unknown, *other_type);
    return {};
}

ADIT_DECL host_key_verdict known_hosts::verdict_of(host_key_status status,
                                                   const known_host& entry) const {
    return {status,
            files_[entry.file],
            entry.line,
            std::string(entry.key.type()),
            keys::fingerprint(entry.key),
            entry.names + ' ' + entry.key.to_line()};
}

/// As check() looks: a host on another port is also known by what its name alone is.
[[nodiscard]] inline std::vector<std::string> names_of(std::string_view host, std::uint16_t port) {
    std::vector<std::string> names{known_host_name(host, port)};
    std::string bare = known_host_name(host, known_hosts::ssh_port);
    if (bare != names[0]) names.push_back(std::move(bare));
    return names;
}

ADIT_DECL bool known_hosts::marks(host_marker marker, const std::vector<std::string>& names,
                                  const keys::public_key* key) const {
    return std::ranges::any_of(entries_, [&](const known_host& entry) {
        if (entry.marker != marker || (key != nullptr && !stands_for(entry, *key))) return false;
        return std::ranges::any_of(names, [&](const auto& name) { return speaks_of(entry, name); });
    });
}

ADIT_DECL bool known_hosts::has_authority(std::string_view host, std::uint16_t port) const {
    return marks(host_marker::cert_authority, names_of(host, port), nullptr);
}

ADIT_DECL certificate_verdict known_hosts::check_certificate(std::string_view host,
                                                             std::uint16_t port,
                                                             const keys::certificate& certificate,
                                                             std::uint64_t now,
                                                             std::string_view algorithms) const {
    const std::vector<std::string> names = names_of(host, port);
    const std::string principal = to_lower(host);
    certificate_question question;
    question.use = keys::certificate_use::host;
    question.names = {principal};
    question.now = now;
    question.authority_algorithms = algorithms;
    question.trusted = [&](const keys::public_key& authority) {
        return marks(host_marker::cert_authority, names, &authority);
    };
    question.revoked = [&](const keys::public_key& key) {
        return marks(host_marker::revoked, names, &key);
    };
    return verify_certificate(certificate, question);
}

ADIT_DECL std::vector<std::string> known_hosts::key_types(std::string_view host,
                                                          std::uint16_t port) const {
    std::vector<std::string> types;
    const auto collect = [this, &types](const std::string& name) {
        for (const known_host& entry : entries_) {
            if (entry.marker != host_marker::none || !speaks_of(entry, name)) continue;
            if (std::ranges::find(types, entry.key.type()) != types.end()) continue;
            types.emplace_back(entry.key.type());
        }
    };
    collect(known_host_name(host, port));
    // The second look of check() needs the types that it could find.
    if (types.empty()) collect(known_host_name(host, ssh_port));
    return types;
}

ADIT_DECL std::string known_host_name(std::string_view host, std::uint16_t port) {
    std::string name = to_lower(host);
    if (port == 0 || port == known_hosts::ssh_port) return name;
    return '[' + name + "]:" + std::to_string(port);
}

ADIT_DECL bool speaks_of(const known_host& entry, std::string_view name) {
    if (keys::is_hashed_name(entry.names)) return keys::matches_hashed_name(entry.names, name);
    return match_list(name, entry.names) == list_match::yes;
}

[[nodiscard]] inline std::optional<host_marker> marker_named(std::string_view word) noexcept {
    if (word == "@cert-authority") return host_marker::cert_authority;
    if (word == "@revoked") return host_marker::revoked;
    return std::nullopt;
}

ADIT_DECL std::optional<known_host> parse_known_host(std::string_view line) {
    constexpr std::string_view blank = " \t";
    const auto skip_blank = [&line, blank] {
        line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
    };
    const auto next_word = [&line, &skip_blank, blank] {
        const std::string_view word = line.substr(0, line.find_first_of(blank));
        line.remove_prefix(word.size());
        skip_blank();
        return word;
    };

    if (line.ends_with('\r')) line.remove_suffix(1);
    skip_blank();
    if (line.empty() || line.starts_with('#')) return std::nullopt;
    host_marker marker = host_marker::none;
    if (line.starts_with('@')) {
        // OpenSSH ends the marker at the first space of the line, or else at the first tab, and so
        // passes over a line in which a tab ends it and a space comes later.
        const bool tab_first = line.find('\t') < line.find(' ') && line.find(' ') != line.npos;
        const auto named = marker_named(next_word());
        // With a second marker nobody knows what was meant.
        if (!named || line.starts_with('@')) return std::nullopt;
        marker = *named;
        // A CA is believed where it is there; what is revoked stays so.
        if (tab_first && marker == host_marker::cert_authority) return std::nullopt;
    }
    std::string names(next_word());
    auto key = keys::public_key::parse_line(line);
    if (names.empty() || !key) return std::nullopt;
    return known_host{std::move(names), marker, std::move(*key)};
}

#endif  // ADIT_BODIES

}  // namespace adit::config
