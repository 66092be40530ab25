// StrictHostKeyChecking: the library's policies over known_hosts, with ssh's four words. Used by
// adit_tunnel.cpp. Invariants: a revoked key and a changed key are refused by every word (ssh's
// `no` goes past a changed key only to switch off passwords and forwarding, which leaves a tunnel
// with nothing to do); without a terminal, `ask` is `no` to every new key.
#pragma once

#include "person.hpp"
#include "report.hpp"

#include <adit/trust.hpp>

#include <optional>
#include <string>
#include <utility>

namespace adit_tunnel {

/// Outlives the tunnel that uses its check().
class trust_policy {
public:
    trust_policy(const settings& s, reporter& say, person& whom)
        : settings_(s), say_(say), person_(whom), files_(files_of(s)), by_files_(make()) {}
    trust_policy(const trust_policy&) = delete;
    trust_policy& operator=(const trust_policy&) = delete;

    [[nodiscard]] adit::host_key_check check() {
        return [this](const adit::host_key_question& q) { return decide(q); };
    }
    /// The algorithms, in the order in which known_hosts can vouch for the host.
    [[nodiscard]] std::string preferred(const std::string& algorithms) const;

private:
    [[nodiscard]] static adit::known_hosts_files files_of(const settings& s);
    [[nodiscard]] adit::host_key_check make();
    [[nodiscard]] task<adit::host_key_answer> decide(const adit::host_key_question& q);
    [[nodiscard]] task<bool> meet(const adit::host_key_question& q);
    [[nodiscard]] task<adit::changed_key_answer> refuse(const adit::changed_host_key& change);
    void tell_of_new(const adit::host_key_question& q);
    [[nodiscard]] task<bool> ask(const adit::host_key_question& q);

    const settings& settings_;
    reporter& say_;
    person& person_;
    adit::known_hosts_files files_;
    adit::host_key_check by_files_;
    bool met_ = false;  // somebody new
    // Whom no file knew: a connection that is made again has to show the same (T26).
    std::optional<adit::keys::public_key> believed_;
};

// Details.

inline adit::known_hosts_files trust_policy::files_of(const settings& s) {
    adit::known_hosts_files files = adit::known_hosts_files::standard();
    const auto take = [&s](const auto& given, std::vector<std::string>& into) {
        if (!given) return;
        into.clear();
        for (const std::string& path : *given) into.push_back(expanded(s, path));
    };
    take(s.user_known_hosts, files.user);
    take(s.global_known_hosts, files.global);
    return files;
}

// A file that cannot be read is complained about when a key is looked up.
inline std::string trust_policy::preferred(const std::string& algorithms) const {
    const std::string& alias = settings_.host_key_alias;
    const auto order = alias.empty() ? adit::prefer_known_keys(algorithms, files_,
                                                               settings_.host_name, settings_.port)
                                     : adit::prefer_known_keys(algorithms, files_, alias, 22);
    return order ? *order : algorithms;
}

inline adit::host_key_check trust_policy::make() {
    adit::known_hosts_policy policy;
    policy.files = files_;
    policy.alias = settings_.host_key_alias;
    policy.hash_names = settings_.hash_known_hosts;
    policy.ca_signature_algorithms = settings_.ca_algorithms;
    if (!settings_.revoked_host_keys.empty()) {
        policy.revoked_host_keys = expanded(settings_, settings_.revoked_host_keys);
    }
    policy.on_changed = [this](const adit::changed_host_key& c) { return refuse(c); };
    if (settings_.strict_host_keys != host_key_policy::yes) {
        policy.on_unknown = [this](const adit::host_key_question& q) { return meet(q); };
    }
    return adit::trust_by(std::move(policy));
}

/// As one word for a shell; what could drive a terminal is shown, not kept.
[[nodiscard]] inline std::string in_quotes(const std::string& text) {
    std::string word = "'";
    for (const char c : adit::escaped(text))
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

// Somebody new.
inline task<bool> trust_policy::meet(const adit::host_key_question& q) {
    if (believed_) {
        if (*believed_ == *q.key) co_return true;
        say_.alarm(
            "WARNING: THE HOST KEY OF " + adit::config::known_host_name(q.host, q.port) +
            " HAS CHANGED since the first connection. Somebody may be in between. It shows " +
            q.fingerprint + ".");
        co_return false;
    }
    if (settings_.strict_host_keys == host_key_policy::ask) {
        if (!person_.is_there()) co_return false;
        const bool believed = co_await ask(q);
        if (!believed) co_return false;
    }
    if (q.detail != nullptr) q.detail->clear();  // from here on it is about the file's writing
    met_ = true;
    believed_ = *q.key;
    co_return true;
}

// S07: nothing is replaced here. Who knows better has a command for it.
inline task<adit::changed_key_answer> trust_policy::refuse(const adit::changed_host_key& change) {
    const std::string name = adit::config::known_host_name(change.shown.host, change.shown.port);
    const std::string& file = change.known.file;
    say_.alarm("WARNING: THE HOST KEY OF " + name + " HAS CHANGED. Somebody may be in between.");
    say_.alarm("It shows " + change.shown.fingerprint + "; " + adit::escaped(file) + ":" +
               std::to_string(change.known.line) + " has " + change.known.known_fingerprint + ".");
    say_.alarm(
        "Once the administrator has confirmed the new one, this forgets the old one: "
        "ssh-keygen -R " +
        in_quotes(name) + " -f " + in_quotes(file));
    co_return adit::changed_key_answer::refuse;
}

inline task<bool> trust_policy::ask(const adit::host_key_question& q) {
    std::string prompt =
        "The authenticity of host '" + adit::config::known_host_name(q.host, q.port) +
        "' can't be established.\n" + std::string(q.key->type()) + " key fingerprint is " +
        q.fingerprint + ".\nAre you sure you want to continue connecting (yes/no/[fingerprint])? ";
    for (;;) {
        const secret_bytes answer = co_await person_.ask_at_terminal(prompt, echo::on);
        const std::string_view text = adit::as_text(answer);
        const std::string word = adit::config::to_lower(text);
        if (word == "yes" || adit::keys::matches_fingerprint(*q.key, text)) co_return true;
        if (word == "no" || word.empty()) co_return false;
        prompt = "Please type 'yes', 'no' or the fingerprint: ";
    }
}

inline void trust_policy::tell_of_new(const adit::host_key_question& q) {
    const std::string key = adit::config::known_host_name(q.host, q.port) + " " +
                            std::string(q.key->type()) + " " + q.fingerprint;
    const bool no_file = files_.user.empty() || adit::config::is_no_file(files_.user.front());
    const bool failed = q.detail != nullptr && !q.detail->empty();
    if (no_file || failed) say_.warning("believed once: " + key);
    if (failed) say_.warning(*q.detail);
    if (!no_file && !failed) say_.warning("added to " + files_.user.front() + ": " + key);
}

inline task<adit::host_key_answer> trust_policy::decide(const adit::host_key_question& q) {
    const adit::host_key_answer answer = co_await by_files_(q);
    if (answer == adit::host_key_answer::trusted && std::exchange(met_, false)) tell_of_new(q);
    co_return answer;
}

}  // namespace adit_tunnel
