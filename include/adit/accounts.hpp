// Who may log in, out of a table in memory: keys, certificates, passwords, one-time codes, and the
// authenticator that asks it. RFC 4252, RFC 4256, RFC 6238. Used by servers; bastion.hpp fills the
// table from files. Over 300 lines: the three questions are one promise (A15).
// Invariants: a user who is not in the table, or has no such secret, is asked the same and causes
// the same work as one who has, on a borrowed secret, and is refused (A15); a guess is counted
// before it is looked at, over all connections (A17); a code's step is durably used before success.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/authorized_keys.hpp>
#include <adit/config/keys_file.hpp>
#include <adit/config/safe_file.hpp>
#include <adit/crypto/hash.hpp>
#include <adit/crypto/password_hash.hpp>
#include <adit/crypto/random.hpp>
#include <adit/crypto/totp.hpp>
#include <adit/detail/wall_clock.hpp>
#include <adit/detail/work_pool.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/permissions.hpp>
#include <adit/protocol/login_throttle.hpp>
#include <adit/server_options.hpp>
#include <adit/step_store.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit {

/// A user. What is empty lets nobody in.
struct account {
    std::string password_hash;         ///< see crypto/password_hash.hpp
    std::optional<crypto::totp> totp;  ///< for keyboard-interactive
    std::string authorized_keys;       ///< the text of such a file
    std::string home;                  ///< %h of the keys files
    /// Whatever lets somebody in, it allows no more than this.
    permissions allowed = permissions::all();
};

using account_table = std::map<std::string, account, std::less<>>;

/// Wrong guesses of all users' secrets (A17). Thread-safe.
class guess_counter {
public:
    using time_point = protocol::login_throttle::time_point;

    explicit guess_counter(const protocol::throttle_limits& limits) : throttle_(limits) {}
    /// See protocol::login_throttle.
    [[nodiscard]] bool charge(std::string_view whose, time_point now) {
        const std::scoped_lock lock(mutex_);
        return throttle_.charge(whose, now);
    }
    void right(std::string_view whose) {
        const std::scoped_lock lock(mutex_);
        throttle_.right(whose);
    }

private:
    std::mutex mutex_;
    protocol::login_throttle throttle_;
};

struct account_options {
    /// What every name is that is not in the table: a bastion whose keys files serve everybody. Of
    /// its secrets only keys let anybody in. None: such names are refused.
    std::optional<account> everybody;
    /// Keys are also looked for in these files of each user: AuthorizedKeysFile.
    std::vector<std::string> keys_files;
    /// Told about a keys file that is there and cannot be used; called from any thread.
    std::function<void(const std::string& path, error_code)> keys_file_trouble;
    /// StrictModes: a keys file that others could have written counts as empty.
    bool strict_modes = true;
    /// The text of TrustedUserCAKeys: CAs whose certificates let their principals in.
    std::string trusted_user_ca_keys;
    /// CASignatureAlgorithms; empty: all that there are.
    std::string ca_signature_algorithms;
    std::function<bool(const keys::public_key&)> revoked;  ///< called from any thread

    /// In keyboard-interactive, the password is asked for before the code.
    bool password_before_code = false;
    /// Where used steps are kept.
    std::shared_ptr<step_store> steps = std::make_shared<memory_step_store>();

    protocol::throttle_limits throttle;
    /// Where guesses are counted. Accounts that take the place of others are given theirs, so that
    /// nothing is forgotten. Null: a counter of their own, with the limits of `throttle`.
    std::shared_ptr<guess_counter> guesses;
    std::size_t longest_password = limits().password;
    detail::work_pool_limits pool;  ///< for hashing and reading files

    /// For tests. Checks a password against a stored hash; called from the pool.
    std::function<bool(std::string_view, bytes_view)> hasher = crypto::check_password;
    std::function<std::uint64_t()> wall_clock = detail::unix_seconds;
    std::function<std::chrono::steady_clock::time_point()> steady_clock =
        std::chrono::steady_clock::now;
};

/// What is wrong with an account; the rest of it counts all the same.
struct account_fault {
    std::string user;      ///< empty: it is about trusted_user_ca_keys
    std::size_t line = 0;  ///< of authorized_keys; 0: it is the password's hash
    std::string what;
};

namespace accounting {

[[nodiscard]] inline secret_bytes random_key() {
    secret_bytes key(crypto::digest_size(crypto::hash_id::sha256));
    crypto::system_random random;
    random.fill(key);
    return key;
}

// Any secret will do that nobody knows.
[[nodiscard]] inline crypto::totp random_totp() {
    constexpr unsigned letters = 26;
    secret_bytes base32 = random_key();
    for (byte& b : base32) b = static_cast<byte>('A' + b % letters);
    return crypto::totp::from_base32(as_text(base32), {}).value();
}

}  // namespace accounting

/// Thread-safe. Outlives the questions that it is asked.
class accounts final : public authenticator {
public:
    explicit accounts(account_options options);

    /// From now on these are the users; what is being asked goes on with those before.
    std::vector<account_fault> replace(account_table table);

    [[nodiscard]] task<answer> check_key(const key_question& question) override;
    [[nodiscard]] task<answer> check_password(const login_question& who,
                                              const secret_bytes& password) override;
    [[nodiscard]] task<answer> converse(prompt_dialogue& dialogue) override;

private:
    enum class secret : std::uint8_t { key, password, code };
    static constexpr std::size_t kinds_of_secrets = 3;

    struct entry {
        std::string user;
        account data;
        config::authorized_keys keys;
        [[nodiscard]] bool has(secret kind) const noexcept;
    };
    /// Never changes once it is in use.
    struct table {
        std::map<std::string, entry, std::less<>> users;
        std::array<std::vector<const entry*>, kinds_of_secrets> able;  ///< by secret
    };
    /// Whose secret is used for the work: that of the user, or a borrowed one.
    struct subject {
        const entry* whose = nullptr;  ///< null: there is nobody to borrow from
        bool real = false;             ///< only then the outcome counts
    };
    struct guesses {
        std::optional<secret_bytes> password;  ///< none: it was not asked for
        secret_bytes code;
    };
    using users_now = std::shared_ptr<const table>;

    [[nodiscard]] users_now current() const;
    [[nodiscard]] subject find(const table& users, secret kind, std::string_view user) const;
    [[nodiscard]] answer decide_key(const entry& whose, const key_question& question) const;
    [[nodiscard]] task<bool> guess_password(users_now users, const std::string& user,
                                            const secret_bytes& password);
    [[nodiscard]] std::optional<std::uint64_t> guess_code(const table& users,
                                                          const std::string& user,
                                                          const secret_bytes& code);
    [[nodiscard]] task<answer> judge(users_now users, const std::string& user,
                                     const guesses& given);
    [[nodiscard]] bool charge(secret kind, const subject& s);
    void right(secret kind, std::string_view user);

    [[nodiscard]] entry everybody_as(const std::string& user) const {
        return {user, *options_.everybody,
                config::parse_authorized_keys(options_.everybody->authorized_keys)};
    }
    [[nodiscard]] bool is_everybody(const table& users, std::string_view user) const {
        return options_.everybody && !users.users.contains(user);
    }

    const account_options options_;
    const std::string stand_in_hash_ = crypto::stand_in_password_hash();
    config::authorized_keys authorities_;
    // Nobody outside can tell who borrows from whom.
    const secret_bytes borrowing_ = accounting::random_key();
    const crypto::totp stand_in_totp_ = accounting::random_totp();

    mutable std::mutex mutex_;
    users_now table_ = std::make_shared<table>();  // under the mutex
    const std::shared_ptr<guess_counter> guesses_;
    guess_counter strangers_{options_.throttle};  // counted for the work alone, by who lends

    detail::work_pool pool_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL accounts::accounts(account_options options)
    : options_(std::move(options)),
      authorities_(config::parse_authorized_keys(options_.trusted_user_ca_keys)),
      guesses_(options_.guesses ? options_.guesses
                                : std::make_shared<guess_counter>(options_.throttle)),
      pool_(options_.pool) {
    for (config::authorized_key& ca : authorities_.entries) ca.options.cert_authority = true;
}

ADIT_DECL std::vector<account_fault> accounts::replace(account_table table_of_users) {
    std::vector<account_fault> faults;
    const auto refuse = [&](const std::string& user, const config::authorized_keys& keys) {
        for (const config::refused_line& line : keys.refused) {
            faults.push_back({user, line.line, config::sentence(line.why)});
        }
    };
    refuse({}, authorities_);
    auto next = std::make_shared<table>();
    for (auto& [user, data] : table_of_users) {
        if (!data.password_hash.empty() && !crypto::password_hash_is_sound(data.password_hash)) {
            faults.push_back({user, 0, "the password hash is malformed or costs too much"});
            data.password_hash.clear();
        }
        config::authorized_keys keys = config::parse_authorized_keys(data.authorized_keys);
        refuse(user, keys);
        next->users.emplace(user, entry{user, std::move(data), std::move(keys)});
    }
    for (const auto& [user, e] : next->users) {
        for (const secret kind : {secret::key, secret::password, secret::code}) {
            if (e.has(kind)) next->able[static_cast<std::size_t>(kind)].push_back(&e);
        }
    }
    const std::scoped_lock lock(mutex_);
    table_ = std::move(next);
    return faults;
}

ADIT_DECL bool accounts::entry::has(secret kind) const noexcept {
    switch (kind) {
        case secret::key: return true;
        case secret::password: return !data.password_hash.empty();
        case secret::code: return data.totp.has_value();
    }
    return false;
}

ADIT_DECL auto accounts::current() const -> users_now {
    const std::scoped_lock lock(mutex_);
    return table_;
}

// The same user always borrows from the same one, so that costs that differ do not tell, either.
ADIT_DECL auto accounts::find(const table& users, secret kind, std::string_view user) const
    -> subject {
    crypto::hasher hash(crypto::hash_id::sha256);
    hash.update(borrowing_);
    hash.update(as_bytes(user));
    const secret_bytes mixed = hash.finish();
    std::size_t number = 0;
    for (std::size_t i = 0; i < sizeof(std::uint32_t); ++i) number = number << 8U | mixed[i];
    const auto known = users.users.find(user);
    if (known != users.users.end() && known->second.has(kind)) return {&known->second, true};
    const auto& able = users.able[static_cast<std::size_t>(kind)];
    return {able.empty() ? nullptr : able[number % able.size()], false};
}

ADIT_DECL bool accounts::charge(secret kind, const subject& s) {
    const auto now = options_.steady_clock();
    const std::string user = s.whose == nullptr ? std::string() : s.whose->user;
    guess_counter& counter = s.real ? *guesses_ : strangers_;
    const bool allowed =
        counter.charge((kind == secret::code ? "code of " : "password of ") + user, now);
    return allowed && s.real;
}

ADIT_DECL void accounts::right(secret kind, std::string_view user) {
    guesses_->right((kind == secret::code ? "code of " : "password of ") + std::string(user));
}

// The text in the table first, then the files; CAs that count for everybody before both.
ADIT_DECL auto accounts::decide_key(const entry& whose, const key_question& question) const
    -> answer {
    const auto certificate = keys::certificate::parse(question.key->blob());
    config::key_question asked;
    asked.user = question.who.user;
    asked.source = question.who.source.address;
    asked.now = options_.wall_clock();
    asked.revoked = options_.revoked;
    asked.authority_algorithms = options_.ca_signature_algorithms;
    const auto decide = [&](const config::authorized_keys& file) {
        return certificate ? config::find_key(file, *certificate, asked)
                           : config::find_key(file, *question.key, asked);
    };
    config::key_verdict verdict = decide(authorities_);
    if (!verdict.grant) verdict = decide(whose.keys);
    // Every file is read, so that the time does not tell which one had the key.
    for (const std::string& pattern : options_.keys_files) {
        const auto path = config::expand_keys_file(pattern, whose.user, whose.data.home);
        if (!path) continue;
        constexpr std::size_t largest = config::authorized_keys::largest_file;
        const auto text = options_.strict_modes
                              ? config::read_safe_file(*path, whose.data.home, largest)
                              : config::read_file(*path, {largest, config::file_privacy::any});
        if (!text) {
            const bool missing = text.error() == boost::system::errc::no_such_file_or_directory;
            if (!missing && options_.keys_file_trouble) {
                options_.keys_file_trouble(*path, text.error());
            }
            continue;
        }
        const config::key_verdict next = decide(config::parse_authorized_keys(as_text(*text)));
        if (!verdict.grant) verdict = next;
    }
    if (!verdict.grant) return std::nullopt;
    permissions granted = whose.data.allowed;
    if (!granted.grants().empty()) granted.narrow(permissions(*verdict.grant));
    return granted;
}

ADIT_DECL auto accounts::check_key(const key_question& question) -> task<answer> {
    const users_now users = current();
    const subject s = find(*users, secret::key, question.who.user);
    const bool is_anybody = is_everybody(*users, question.who.user);
    entry nobody;
    if (is_anybody) nobody = everybody_as(question.who.user);
    const entry& whose = s.whose == nullptr || is_anybody ? nobody : *s.whose;
    const auto job = [this, &whose, &question] { return decide_key(whose, question); };
    answer decided;
    if (options_.keys_files.empty()) {
        decided = job();
    } else {
        auto reading = pool_.run(job);
        decided = co_await std::move(reading);
    }
    if (!s.real && !is_anybody) decided.reset();
    co_return decided;
}

// Counted by the pool's thread: a guess that the queue has no room for was none.
ADIT_DECL task<bool> accounts::guess_password(users_now users, const std::string& user,
                                              const secret_bytes& password) {
    if (password.size() > options_.longest_password) co_return false;
    const subject s = find(*users, secret::password, user);
    const std::string& stored = s.whose == nullptr ? stand_in_hash_ : s.whose->data.password_hash;
    const auto job = [this, &s, &stored, &password] {
        const bool counts = charge(secret::password, s);
        const bool same = options_.hasher(stored, password);
        return counts && same;
    };
    auto hashing = pool_.run(job);
    co_return co_await std::move(hashing);
}

ADIT_DECL std::optional<std::uint64_t> accounts::guess_code(const table& users,
                                                            const std::string& user,
                                                            const secret_bytes& code) {
    const subject s = find(users, secret::code, user);
    const crypto::totp& totp = s.whose == nullptr ? stand_in_totp_ : *s.whose->data.totp;
    const bool counts = charge(secret::code, s);
    const auto step = totp.matching_step(code, totp.step_at(options_.wall_clock()));
    return counts ? step : std::nullopt;
}

ADIT_DECL auto accounts::check_password(const login_question& who, const secret_bytes& password)
    -> task<answer> {
    const users_now users = current();
    auto guessing = guess_password(users, who.user, password);
    const bool is_right = co_await std::move(guessing);
    if (!is_right) co_return answer();
    right(secret::password, who.user);
    co_return users->users.find(who.user)->second.data.allowed;
}

// Both are judged whatever the first one was: nothing tells which of them was wrong, and a code
// is used up only together with the right password.
ADIT_DECL auto accounts::judge(users_now users, const std::string& user, const guesses& given)
    -> task<answer> {
    bool password_right = !given.password;
    if (given.password) {
        auto guessing = guess_password(users, user, *given.password);
        password_right = co_await std::move(guessing);
    }
    const auto step = guess_code(*users, user, given.code);
    if (!password_right || !step) co_return answer();
    auto advancing = options_.steps->advance(user, *step);
    const bool first_use = co_await std::move(advancing);
    if (!first_use) co_return answer();
    right(secret::code, user);
    if (given.password) right(secret::password, user);
    co_return users->users.find(user)->second.data.allowed;
}

ADIT_DECL auto accounts::converse(prompt_dialogue& dialogue) -> task<answer> {
    const users_now users = current();
    const std::string user = dialogue.who().user;
    guesses given;
    std::vector<prompt> wanted(1);
    if (options_.password_before_code) {
        wanted.front().text = "Password: ";
        auto asking = dialogue.ask({}, {}, wanted);
        auto answered = co_await std::move(asking);
        if (answered.size() != 1) co_return answer();
        given.password = std::move(answered.front());
    }
    wanted.front().text = "Verification code: ";
    auto asking = dialogue.ask({}, {}, wanted);
    auto answered = co_await std::move(asking);
    if (answered.size() != 1) co_return answer();
    given.code = std::move(answered.front());
    auto judging = judge(users, user, given);
    co_return co_await std::move(judging);
}

#endif  // ADIT_BODIES

}  // namespace adit
