// Whom to believe: the usual answers to the question whether a host key is the right one, over
// known_hosts files (sshd(8)) or pinned fingerprints. Each gives the host_key_check that a client
// cannot be made without. There is none that believes everybody.
// Invariants: a revoked key is refused by every policy here, and a changed one unless somebody who
// was shown both says that it is to replace the other (S07); a file that cannot be read is an
// error, not an empty file; what is learnt is written whole or not at all (S06).
// Over 300 lines: half of it is what each answer means.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/certificate_check.hpp>
#include <adit/config/known_hosts.hpp>
#include <adit/config/known_hosts_replacer.hpp>
#include <adit/config/known_hosts_writer.hpp>
#include <adit/config/revoked_keys.hpp>
#include <adit/crypto/random.hpp>
#include <adit/detail/wall_clock.hpp>
#include <adit/keys/signature.hpp>
#include <adit/transport/hooks.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit {

/// Files as OpenSSH has them; new keys go to the first of `user`.
struct known_hosts_files {
    known_hosts_files() = default;
    known_hosts_files(std::vector<std::string> user_files, std::vector<std::string> global_files)
        : user(std::move(user_files)), global(std::move(global_files)) {}

    std::vector<std::string> user;
    std::vector<std::string> global;

    /// ~/.ssh/known_hosts, ~/.ssh/known_hosts2 and the two of /etc/ssh.
    [[nodiscard]] static known_hosts_files standard();
};

/// Asked about a key that no file knows. The question outlives the task.
using unknown_host_question = std::function<task<bool>(const host_key_question&)>;

/// Another key is known for a host than the one that it shows.
struct changed_host_key {
    const host_key_question& shown;
    const config::host_key_verdict& known;  ///< file, line, text and fingerprint
};

enum class changed_key_answer : int {
    refuse = 1,
    replace = 2,  ///< the new key takes the place of the other in the user's file
};

/// Asked about a changed key, with both fingerprints and the line in hand. The question outlives
/// the task. What throws, refuses.
using changed_host_question = std::function<task<changed_key_answer>(const changed_host_key&)>;

struct known_hosts_policy {
    known_hosts_files files;
    unknown_host_question on_unknown;  ///< none: who is unknown is refused
    changed_host_question on_changed;  ///< none: what has changed is refused
    std::string alias;                 ///< HostKeyAlias, in place of the host's name and port
    bool hash_names = false;           ///< HashKnownHosts: names are written hashed
    /// RevokedHostKeys, a text file of keys; empty: none. While it cannot be read, nobody is
    /// believed: revoked_keys_unreadable.
    std::string revoked_host_keys;
    /// CASignatureAlgorithms, comma-separated; empty: all that there are.
    std::string ca_signature_algorithms;
};

/// Known hosts, and who decides about all others. Certificates of hosts are believed where a
/// @cert-authority line of the files speaks of the host (sshd(8), PROTOCOL.certkeys).
[[nodiscard]] host_key_check trust_by(known_hosts_policy policy);

/// StrictHostKeyChecking=yes: only keys that the files know.
[[nodiscard]] host_key_check trust_known_hosts(known_hosts_files files);

/// StrictHostKeyChecking=accept-new: a host seen for the first time is believed and remembered.
[[nodiscard]] host_key_check trust_on_first_use(known_hosts_files files);

/// StrictHostKeyChecking=ask: somebody decides about a new host; a yes is remembered.
[[nodiscard]] host_key_check trust_after_asking(known_hosts_files files, unknown_host_question ask);

/// What to offer to a host: of `algorithms` (comma-separated) those first, in their order, for
/// whose key types the files already have a key of this host, as ssh orders them. So a host with
/// several keys shows the one that can be checked. Where the files have a CA for the host, the
/// algorithms of certificates come before them all. A file that cannot be read is
/// known_hosts_unreadable.
[[nodiscard]] result<std::string> prefer_known_keys(std::string_view algorithms,
                                                    const known_hosts_files& files,
                                                    std::string_view host, std::uint16_t port);

/// Exactly these keys, by fingerprint ("SHA256:…"), and no file at all.
[[nodiscard]] host_key_check trust_fingerprints(std::vector<std::string> fingerprints);

// Details.

namespace trust {

/// The pure half of prefer_known_keys().
[[nodiscard]] inline std::string known_first(std::string_view algorithms,
                                             const std::vector<std::string>& known_types) {
    std::string known, others;
    while (!algorithms.empty()) {
        const std::string_view name = algorithms.substr(0, algorithms.find(','));
        algorithms.remove_prefix(std::min(name.size() + 1, algorithms.size()));
        const keys::signature_algorithm* const row = keys::find_signature_algorithm(name);
        const std::string_view type = row == nullptr ? name : row->key_type;
        const bool is_known = std::ranges::find(known_types, type) != known_types.end();
        std::string& list = is_known ? known : others;
        if (!list.empty()) list += ',';
        list += name;
    }
    if (!known.empty() && !others.empty()) known += ',';
    return known + others;
}

}  // namespace trust

#if ADIT_BODIES

namespace trust {

[[nodiscard]] inline result<config::known_hosts> load_all(const known_hosts_files& files) {
    config::known_hosts all;
    for (const auto* list : {&files.user, &files.global}) {
        for (const std::string& path : *list) {
            const auto hosts = config::known_hosts::load(path);
            if (!hosts) return hosts.error();
            all.append(*hosts);
        }
    }
    return all;
}

/// The same algorithms with keys in certificates.
[[nodiscard]] inline std::string certified(std::string_view algorithms) {
    std::string names;
    wire::name_list{algorithms}.any_of([&names](std::string_view name) {
        if (keys::find_signature_algorithm(name) == nullptr) return false;
        names.append(name).append(keys::certificate_suffix).append(1, ',');
        return false;
    });
    return names;
}

[[nodiscard]] inline host_key_answer to_answer(config::host_key_status status) noexcept {
    switch (status) {
        case config::host_key_status::match: return host_key_answer::trusted;
        case config::host_key_status::mismatch: return host_key_answer::changed;
        case config::host_key_status::revoked: return host_key_answer::revoked;
        case config::host_key_status::unknown: break;
    }
    return host_key_answer::unknown;
}

inline void note(const host_key_question& q, const std::string& text) {
    if (q.detail != nullptr) *q.detail = text;
}

inline void note_entry(const host_key_question& q, const config::host_key_verdict& v) {
    if (v.file.empty())
        return note(q, q.key->to_line().substr(0, q.key->type().size()) + " " + q.fingerprint);
    note(q, "offered " + q.fingerprint + ", " + v.file + ":" + std::to_string(v.line) + " has " +
                v.known_type + " " + v.known_fingerprint);
}

// Trusts even if the file cannot be written: the login is not worse than it was a moment ago, and
// the report says what is wrong. But if somebody else has written another key for this host in the
// meantime, that one counts.
[[nodiscard]] inline host_key_answer remember(const known_hosts_policy& p,
                                              const host_key_question& q) {
    if (p.files.user.empty()) return host_key_answer::trusted;
    const std::string& path = p.files.user.front();
    crypto::system_random random;
    const error_code ec = p.hash_names
                              ? config::add_hashed_known_host(path, q.host, q.port, *q.key, random)
                              : config::add_known_host(path, q.host, q.port, *q.key);
    if (ec) note(q, path + ": " + ec.message());
    if (ec == errc::host_key_changed) return host_key_answer::changed;
    if (ec == errc::host_key_revoked) return host_key_answer::revoked;
    return host_key_answer::trusted;
}

// What the file says afterwards counts, not that it was written.
[[nodiscard]] inline host_key_answer replace(const known_hosts_policy& p,
                                             const host_key_question& q,
                                             const config::host_key_verdict& known) {
    const bool users = std::ranges::find(p.files.user, known.file) != p.files.user.end();
    const config::key_change change{q.host, q.port, known.known_fingerprint, *q.key};
    const error_code ec =
        users ? config::replace_known_host(known.file, change) : errc::known_hosts_unwritable;
    if (ec) note(q, known.file + ":" + std::to_string(known.line) + ": " + ec.message());
    if (ec) return host_key_answer::changed;
    const auto all = load_all(p.files);
    return all ? to_answer(all->check(q.host, q.port, *q.key).status) : host_key_answer::changed;
}

inline task<host_key_answer> on_changed(const known_hosts_policy& p, const host_key_question& q,
                                        const config::host_key_verdict& known) {
    if (!p.on_changed) co_return host_key_answer::changed;
    const changed_host_key change{q, known};
    const changed_key_answer said = co_await p.on_changed(change);
    if (said != changed_key_answer::replace) co_return host_key_answer::changed;
    if (q.detail != nullptr) q.detail->clear();
    co_return replace(p, q, known);
}

// The line of the file that revokes what the host shows; 0: there is none.
[[nodiscard]] inline std::size_t revoking_line(const known_hosts_policy& p,
                                               const host_key_question& q) {
    if (p.revoked_host_keys.empty()) return 0;
    const auto revoked = config::revoked_keys::load(p.revoked_host_keys);
    if (!revoked) {
        note(q, revoked.error().sentence());
        throw protocol_error(errc::revoked_keys_unreadable);
    }
    return q.certificate == nullptr ? revoked->line_of(*q.key) : revoked->line_of(*q.certificate);
}

// A certificate of nobody whom the files know is no reason to doubt, nor to believe: then the key
// in it counts. One of a CA that they know, but that is not good, makes no host a new one.
[[nodiscard]] inline task<host_key_answer> check(const known_hosts_policy& p,
                                                 const host_key_question& asked) {
    host_key_question q = asked;
    if (!p.alias.empty()) q.host = p.alias;
    if (!p.alias.empty()) q.port = config::known_hosts::ssh_port;
    const std::size_t revoking = revoking_line(p, q);
    if (revoking != 0) {
        note(q, p.revoked_host_keys + ":" + std::to_string(revoking));
        co_return host_key_answer::revoked;
    }
    const auto all = load_all(p.files);
    if (!all) throw protocol_error(all.error());
    using config::certificate_verdict;
    certificate_verdict certified = certificate_verdict::authority_not_trusted;
    if (q.certificate != nullptr) {
        certified = all->check_certificate(q.host, q.port, *q.certificate, detail::unix_seconds(),
                                           p.ca_signature_algorithms);
    }
    const config::host_key_verdict verdict = all->check(q.host, q.port, *q.key);
    host_key_answer answer = to_answer(verdict.status);
    if (certified == certificate_verdict::revoked) answer = host_key_answer::revoked;
    if (answer == host_key_answer::revoked) note_entry(q, verdict);
    if (answer == host_key_answer::revoked) co_return answer;
    if (certified == certificate_verdict::ok) co_return host_key_answer::trusted;
    if (answer == host_key_answer::trusted) co_return answer;
    if (certified != certificate_verdict::authority_not_trusted) {
        note(q, config::sentence(certified));
        co_return host_key_answer::bad_certificate;
    }
    note_entry(q, verdict);
    if (answer == host_key_answer::changed) co_return co_await on_changed(p, q, verdict);
    // Known by a key of another type only: nobody may take that host for new.
    const bool is_new = answer == host_key_answer::unknown && verdict.known_type.empty();
    if (!is_new || !p.on_unknown) co_return answer;
    const bool accepted = co_await p.on_unknown(q);
    if (!accepted) co_return host_key_answer::rejected;
    co_return remember(p, q);
}

}  // namespace trust

ADIT_DECL known_hosts_files known_hosts_files::standard() {
    known_hosts_files files;
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
        const std::string folder = std::string(home) + "/.ssh/";
        files.user = {folder + "known_hosts", folder + "known_hosts2"};
    }
    files.global = {"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"};
    return files;
}

ADIT_DECL result<std::string> prefer_known_keys(std::string_view algorithms,
                                                const known_hosts_files& files,
                                                std::string_view host, std::uint16_t port) {
    const auto all = trust::load_all(files);
    if (!all) return all.error();
    std::string names = trust::known_first(algorithms, all->key_types(host, port));
    if (all->has_authority(host, port)) names.insert(0, trust::certified(names));
    return names;
}

ADIT_DECL host_key_check trust_by(known_hosts_policy policy) {
    return [policy = std::move(policy)](const host_key_question& q) {
        return trust::check(policy, q);
    };
}

ADIT_DECL host_key_check trust_after_asking(known_hosts_files files, unknown_host_question ask) {
    known_hosts_policy policy;
    policy.files = std::move(files);
    policy.on_unknown = std::move(ask);
    return trust_by(std::move(policy));
}

ADIT_DECL host_key_check trust_known_hosts(known_hosts_files files) {
    return trust_after_asking(std::move(files), {});
}

ADIT_DECL host_key_check trust_on_first_use(known_hosts_files files) {
    return trust_after_asking(std::move(files),
                              [](const host_key_question&) -> task<bool> { co_return true; });
}

ADIT_DECL host_key_check trust_fingerprints(std::vector<std::string> fingerprints) {
    return [pins = std::move(fingerprints)](const host_key_question& q) -> task<host_key_answer> {
        bool pinned = false;
        for (const std::string& pin : pins) {
            pinned = keys::matches_fingerprint(*q.key, pin) || pinned;
        }
        if (!pinned) trust::note(q, "offered " + q.fingerprint);
        co_return pinned ? host_key_answer::trusted : host_key_answer::changed;
    };
}

#endif  // ADIT_BODIES

}  // namespace adit
