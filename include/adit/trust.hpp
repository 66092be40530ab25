// Whom to believe: the usual answers to the question whether a host key is the right one, over
// known_hosts files (sshd(8)) or pinned fingerprints. Each gives the host_key_check that a client
// cannot be made without. There is none that believes everybody.
// Invariants: a revoked key and a changed key are refused by every policy here (S07); a file that
// cannot be read is an error, not an empty file; what is learnt is written whole or not at all
// (S06).
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/known_hosts.hpp>
#include <adit/config/known_hosts_writer.hpp>
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

/// StrictHostKeyChecking=yes: only keys that the files know.
[[nodiscard]] host_key_check trust_known_hosts(known_hosts_files files);

/// StrictHostKeyChecking=accept-new: a host seen for the first time is believed and remembered.
[[nodiscard]] host_key_check trust_on_first_use(known_hosts_files files);

/// StrictHostKeyChecking=ask: somebody decides about a new host; a yes is remembered.
[[nodiscard]] host_key_check trust_after_asking(known_hosts_files files, unknown_host_question ask);

/// What to offer to a host: of `algorithms` (comma-separated) those first, in their order, for
/// whose key types the files already have a key of this host, as ssh orders them. So a host with
/// several keys shows the one that can be checked. A file that cannot be read is
/// known_hosts_unreadable.
[[nodiscard]] result<std::string> prefer_known_keys(std::string_view algorithms,
                                                    const known_hosts_files& files,
                                                    std::string_view host, std::uint16_t port);

/// Exactly these keys, by fingerprint ("SHA256:…"), and no file at all.
[[nodiscard]] host_key_check trust_fingerprints(std::vector<std::string> fingerprints);

// Details.

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

[[nodiscard]] inline result<config::host_key_verdict> look_up(const known_hosts_files& files,
                                                              const host_key_question& q) {
    const auto all = load_all(files);
    if (!all) return all.error();
    return all->check(q.host, q.port, *q.key);
}

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
[[nodiscard]] inline host_key_answer remember(const known_hosts_files& files,
                                              const host_key_question& q) {
    if (files.user.empty()) return host_key_answer::trusted;
    const error_code ec = config::add_known_host(files.user.front(), q.host, q.port, *q.key);
    if (ec) note(q, files.user.front() + ": " + ec.message());
    if (ec == errc::host_key_changed) return host_key_answer::changed;
    if (ec == errc::host_key_revoked) return host_key_answer::revoked;
    return host_key_answer::trusted;
}

[[nodiscard]] inline task<host_key_answer> check(const known_hosts_files& files,
                                                 const unknown_host_question& ask,
                                                 const host_key_question& q) {
    const auto verdict = look_up(files, q);
    if (!verdict) throw protocol_error(verdict.error());
    const host_key_answer answer = to_answer(verdict->status);
    if (answer != host_key_answer::trusted) note_entry(q, *verdict);
    // Known by a key of another type only: nobody may take that host for new.
    const bool is_new = answer == host_key_answer::unknown && verdict->known_type.empty();
    if (!is_new || !ask) co_return answer;
    const bool accepted = co_await ask(q);
    if (!accepted) co_return host_key_answer::rejected;
    co_return remember(files, q);
}

}  // namespace trust

#if ADIT_BODIES

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
    return trust::known_first(algorithms, all->key_types(host, port));
}

ADIT_DECL host_key_check trust_after_asking(known_hosts_files files, unknown_host_question ask) {
    return [files = std::move(files), ask = std::move(ask)](const host_key_question& q) {
        return trust::check(files, ask, q);
    };
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
