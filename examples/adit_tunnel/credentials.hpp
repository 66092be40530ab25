// What adit-tunnel can log in with, from its settings: keys of an agent and of files, with their
// certificates, codes from a TOTP secret, the answers of a person, in the order of
// PreferredAuthentications. Used by adit_tunnel.cpp.
// Invariants: what would ask a person is left out where there is nobody; the content of a secret
// file is in no message.
#pragma once

#include "identity.hpp"
#include "person.hpp"
#include "report.hpp"

#include <adit/agent.hpp>
#include <adit/auth/identities.hpp>
#include <adit/auth/prompts.hpp>
#include <adit/auth/totp_source.hpp>
#include <adit/config/key_file.hpp>
#include <adit/options.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit_tunnel {

/// Outlives the login that uses what it added.
class credentials {
public:
    credentials(const settings& s, reporter& say, person& whom)
        : settings_(s), say_(say), person_(whom) {}
    credentials(const credentials&) = delete;
    credentials& operator=(const credentials&) = delete;

    /// Asks for a passphrase already where a key's file does not tell its public half. Throws
    /// usage_error: about a secret file.
    [[nodiscard]] task<> add_to(adit::client_options& login);
    /// Why the first of the key files that did not do is not used; empty: they all are.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

private:
    [[nodiscard]] task<> add_keys(adit::client_options& login);
    [[nodiscard]] task<> ask_agent();
    void pass_over(const std::string& agent, const std::string& why);
    [[nodiscard]] task<> add_key(std::string path, bool by_default);
    [[nodiscard]] bool pins(const std::string& path, const adit::bytes_view* content);
    void name(adit::keys::public_key key, std::shared_ptr<adit::signer> file);
    void add_certificate_beside(const std::string& key_path, bool named);
    void add_certificate(const std::string& path);
    void add_key_of_profile();
    [[nodiscard]] adit::result<adit::keys::private_key> opened(const secret_bytes& content) const;
    [[nodiscard]] adit::password_source password_of_profile() const;
    [[nodiscard]] std::string problem_of_profile(error_code why) const;
    void add_prompts(adit::client_options& login);
    void add_password(adit::client_options& login);
    [[nodiscard]] std::shared_ptr<adit::code_source> codes();
    void note_problem(const std::string& text);

    const settings& settings_;
    reporter& say_;
    person& person_;
    std::string problem_;
    std::vector<std::shared_ptr<adit::signer>> agent_keys_;
    std::vector<adit::named_identity> named_;
    std::vector<adit::keys::certificate> certificates_;
    std::vector<std::string> passed_over_;
};

// Details.

/// The codes of a secret, each announced under -v, and the time until a fresh one, too.
class announced_codes final : public adit::code_source {
public:
    announced_codes(adit::crypto::totp secret, reporter& say, patience& time)
        : say_(say), patience_(time), codes_(std::move(secret), clock()) {}

    [[nodiscard]] task<> prepare() override { co_await codes_.prepare(); }
    [[nodiscard]] task<secret_bytes> code(const adit::prompt_question& question) override {
        const patience::pause waiting(patience_);
        say_.step("a code made from TOTPSecretFile answers");
        co_return co_await codes_.code(question);
    }

private:
    [[nodiscard]] adit::totp_source::clock clock() {
        adit::totp_source::clock time = adit::totp_source::wall_clock();
        time.pause = [this, wait = time.pause](std::chrono::seconds length) {
            say_.warning("the present code was used already; a fresh one comes in " +
                         std::to_string(length.count()) + " s");
            return wait(length);
        };
        return time;
    }

    reporter& say_;
    patience& patience_;
    adit::totp_source codes_;
};

inline task<> credentials::add_to(adit::client_options& login) {
    login.codes = codes();
    for (const std::string& method : settings_.authentications) {
        if (method == "publickey" && settings_.publickey) co_await add_keys(login);
        if (method == "keyboard-interactive" && settings_.kbd_interactive) add_prompts(login);
        if (method == "password" && settings_.password) add_password(login);
    }
}

inline void credentials::note_problem(const std::string& text) {
    say_.warning(text);
    if (problem_.empty()) problem_ = text;
}

inline task<> credentials::add_keys(adit::client_options& login) {
    std::vector<std::string> paths = settings_.identities;
    const bool by_default = paths.empty() && settings_.default_identity;
    if (by_default) paths = {"~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"};
    co_await ask_agent();
    for (const std::string& named : paths) {
        const std::string path = expanded(settings_, named);
        const std::size_t before = named_.size();
        co_await add_key(path, by_default);
        add_certificate_beside(path, named_.size() != before);
    }
    add_key_of_profile();
    for (const std::string& path : settings_.certificates) {
        add_certificate(expanded(settings_, path));
    }
    const auto in_order = adit::ordered_identities(agent_keys_, named_, settings_.identities_only);
    if (!agent_keys_.empty() && in_order.empty()) {
        pass_over("", "IdentitiesOnly, and no file names one of its keys");
    }
    login.passed_over = passed_over_;
    for (auto& one : adit::with_certificates(in_order, certificates_)) {
        say_.step("identity " + one->name() + ": " + std::string(one->public_part().type()) + " " +
                  adit::keys::fingerprint(one->public_part()));
        login.credentials.emplace_back(std::move(one));
    }
}

// An agent that is not there is no reason to stop, and unless it was named none to complain.
inline task<> credentials::ask_agent() {
    const std::string& named = settings_.identity_agent;
    const bool usual = named == "SSH_AUTH_SOCK";
    const bool of_variable = named.starts_with('$') && !named.starts_with("${");
    const bool as_it_is = usual || named == "none" || of_variable;
    const std::string path = adit::agent_socket_path(as_it_is ? named : expanded(settings_, named));
    if (path.empty()) co_return;
    error_code why;
    auto asking = adit::agent_signers(adit::agent(path), why);
    agent_keys_ = co_await std::move(asking);
    const std::string text = "agent " + path + ": " + why.message();
    if (why && usual) say_.step(text);
    if (why && !usual) note_problem(text);
    if (why) pass_over(path, why.message());
    if (!why && agent_keys_.empty()) pass_over(path, "it has no keys");
}

// What a login that failed in the end says about the agent.
inline void credentials::pass_over(const std::string& agent, const std::string& why) {
    passed_over_.push_back("publickey(agent " + adit::escaped(agent) + ")[" + why + "]");
}

inline void credentials::name(adit::keys::public_key key, std::shared_ptr<adit::signer> file) {
    named_.push_back({std::move(key), std::move(file), {}});
}

// Whether the file, or the .pub beside it, names a key that the agent has.
inline bool credentials::pins(const std::string& path, const adit::bytes_view* content) {
    auto key = content == nullptr ? std::nullopt : adit::public_half(path, *content);
    if (!key) {
        auto of_file = adit::load_public_key(path);
        if (!of_file) of_file = adit::load_public_key(path + ".pub");
        if (of_file) key = std::move(*of_file);
    }
    const bool held = key && std::ranges::any_of(agent_keys_, [&key](const auto& s) {
                          return s->public_part() == *key;
                      });
    if (held) name(std::move(*key), nullptr);
    return held;
}

// Where the key itself is nowhere, the agent may still have the certificate.
inline void credentials::add_certificate_beside(const std::string& key_path, bool named) {
    const std::string path = adit::certificate_path(key_path);
    auto certificate = adit::load_certificate(path);
    if (!certificate && certificate.error() == errc::key_file_missing) return;
    if (!certificate) return note_problem(path + ": " + certificate.error().message());
    if (!named) name(certificate->key(), nullptr);
    named_.back().certificate = std::move(*certificate);
}

inline void credentials::add_certificate(const std::string& path) {
    auto certificate = adit::load_certificate(path);
    if (!certificate) return note_problem(path + ": " + certificate.error().message());
    certificates_.push_back(std::move(*certificate));
}

inline task<> credentials::add_key(std::string path, bool by_default) {
    auto content = adit::config::read_key_file(path);
    if (!content) {
        const bool quiet = by_default && content.error() == errc::key_file_missing;
        if (pins(path, nullptr) || quiet) co_return;
        co_return note_problem(path + ": " + content.error().message());
    }
    auto key = opened(*content);
    if (key) {
        const adit::keys::public_key shown = key->public_part();
        co_return name(shown, std::make_shared<adit::key_signer>(std::move(*key), path));
    }
    const adit::bytes_view bytes = *content;
    if (pins(path, &bytes)) co_return;
    const std::string why = path + ": " + key.error().message();
    if (key.error() != errc::passphrase_needed) co_return note_problem(why);
    if (!person_.can_answer()) co_return note_problem(why + ", and " + person_.why_not());
    if (settings_.password_prompts == 0) {
        co_return note_problem(why + ", and NumberOfPasswordPrompts is 0");
    }
    auto locked = std::make_shared<locked_identity>(key_file{path, std::move(*content)}, person_,
                                                    say_, settings_.password_prompts);
    if (!locked->knows_public_half()) {
        const bool open = co_await locked->unlock();
        if (!open) co_return;
    }
    const adit::keys::public_key shown = locked->public_part();
    name(shown, std::move(locked));
}

// With the passphrase of a profile, where the key needs one.
inline adit::result<adit::keys::private_key> credentials::opened(
    const secret_bytes& content) const {
    const auto& passphrase = settings_.secrets.passphrase;
    return adit::keys::parse_private_key(content, passphrase ? &*passphrase : nullptr);
}

inline std::string credentials::problem_of_profile(error_code why) const {
    return settings_.secrets.source + ": " + why.message();
}

// A profile may hold the key itself.
inline void credentials::add_key_of_profile() {
    const auto& content = settings_.secrets.private_key;
    if (!content) return;
    auto key = opened(*content);
    if (!key) return note_problem(problem_of_profile(key.error()));
    const adit::keys::public_key shown = key->public_part();
    const std::string path = settings_.secrets.source;
    name(shown, std::make_shared<adit::key_signer>(std::move(*key), path));
}

inline std::shared_ptr<adit::code_source> credentials::codes() {
    if (settings_.secrets.totp && settings_.totp_secret_file.empty()) {
        const std::string_view text = adit::as_text(*settings_.secrets.totp);
        auto secret = adit::crypto::totp::from_base32(text, settings_.totp);
        if (!secret) throw usage_error(problem_of_profile(secret.error()));
        return std::make_shared<announced_codes>(std::move(*secret), say_, person_.time());
    }
    if (settings_.totp_secret_file.empty()) return nullptr;
    const std::string path = expanded(settings_, settings_.totp_secret_file);
    const auto content = adit::config::read_key_file(path);
    if (!content) throw usage_error("TOTPSecretFile " + path + ": " + content.error().message());
    auto secret = adit::crypto::totp::from_base32(adit::as_text(*content), settings_.totp);
    if (!secret) throw usage_error("TOTPSecretFile " + path + ": " + secret.error().message());
    return std::make_shared<announced_codes>(std::move(*secret), say_, person_.time());
}

// Once for each method: a wrong one does not get better by being sent again.
inline adit::password_source credentials::password_of_profile() const {
    auto known = adit::password_credential(*settings_.secrets.password);
    return std::get<adit::password_source>(std::move(known));
}

inline void credentials::add_prompts(adit::client_options& login) {
    const bool asking = person_.can_answer();
    const bool filled = login.codes != nullptr || settings_.secrets.password;
    if (settings_.password_prompts == 0 || (!asking && !filled)) return;
    adit::auth::prompt_routing routing;
    routing.codes = login.codes;
    if (settings_.secrets.password) routing.password = password_of_profile();
    if (asking) {
        routing.otherwise = [this](const adit::prompt_question& q) { return person_.answers(q); };
    }
    login.credentials.emplace_back(adit::auth::route_prompts(std::move(routing)));
}

inline void credentials::add_password(adit::client_options& login) {
    if (settings_.secrets.password) {
        login.credentials.emplace_back(password_of_profile());
        return;
    }
    if (settings_.password_prompts == 0 || !person_.can_answer()) return;
    login.credentials.emplace_back(adit::password_source(
        [this](const adit::password_question& q) { return person_.password(q); }));
}

}  // namespace adit_tunnel
