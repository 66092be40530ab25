// The stage of the tests of accounts.hpp: a table with cheap secrets, clocks that stand still, a
// hasher that counts, and a person who answers prompts. Everything runs in one thread.
#pragma once

#include "support/test.hpp"

#include <adit/accounts.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <map>
#include <set>

namespace adit::test {

[[nodiscard]] inline secret_bytes secret_of(std::string_view text) {
    const bytes_view bytes = as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

/// Answers with what it was given, in order, and keeps what it was asked.
class scripted_dialogue final : public prompt_dialogue {
public:
    scripted_dialogue(std::string user, std::vector<std::string> answers)
        : who_{std::move(user), {"192.0.2.1", 1234}}, answers_(std::move(answers)) {}

    [[nodiscard]] const login_question& who() const noexcept override { return who_; }
    [[nodiscard]] task<std::vector<secret_bytes>> ask(std::string name, std::string instruction,
                                                      std::vector<prompt> prompts) override {
        asked.push_back(name + '|' + instruction);
        std::vector<secret_bytes> given;
        for (const prompt& p : prompts) {
            asked.push_back(p.text + (p.echo ? "|shown" : "|hidden"));
            if (next_ == answers_.size()) throw protocol_error(errc::prompt_cancelled);
            given.push_back(secret_of(answers_[next_++]));
        }
        co_return given;
    }

    std::vector<std::string> asked;

private:
    login_question who_;
    std::vector<std::string> answers_;
    std::size_t next_ = 0;
};

struct accounts_scene {
    static constexpr std::string_view secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    static constexpr std::uint64_t start = 1111111109;  // the code of then is 081804

    accounts_scene() {
        options.pool.threads = 0;
        options.wall_clock = [this] { return wall; };
        options.steady_clock = [this] { return steady; };
        options.hasher = [this](std::string_view stored, bytes_view password) {
            hashed.emplace_back(stored);
            return stored == hash_of(as_text(password));
        };
        table["alice"].password_hash = hash_of("wonderland");
        table["alice"].totp = totp();
        table["bob"].password_hash = hash_of("builder");
        table["carol"].authorized_keys = "";
    }

    /// A sound string; the scene's hasher knows whose it is.
    [[nodiscard]] static std::string hash_of(std::string_view password) {
        const std::string hex = to_hex(crypto::digest(crypto::hash_id::sha256, as_bytes(password)));
        return "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + hex.substr(0, 43);
    }
    [[nodiscard]] static crypto::totp totp() {
        return crypto::totp::from_base32(secret, {}).value();
    }
    [[nodiscard]] std::string code(int steps = 0) const {
        const auto now = static_cast<std::int64_t>(totp().step_at(wall));
        return std::string(as_text(totp().code(static_cast<std::uint64_t>(now + steps)).value()));
    }

    [[nodiscard]] accounts& users() {
        if (!users_) {
            users_ = std::make_unique<accounts>(options);
            faults = users_->replace(table);
        }
        return *users_;
    }
    /// As a server that starts anew, with the same options.
    void restart() { users_.reset(); }

    [[nodiscard]] authenticator::answer await(task<authenticator::answer> question) {
        authenticator::answer given;
        std::exception_ptr failure = std::make_exception_ptr(std::logic_error("it did not end"));
        asio::co_spawn(io, std::move(question), [&](std::exception_ptr e, authenticator::answer a) {
            failure = e;
            given = std::move(a);
        });
        io.restart();
        io.run();
        if (failure) std::rethrow_exception(failure);
        return given;
    }
    [[nodiscard]] bool password(const std::string& user, std::string_view text) {
        const login_question who{user, {"192.0.2.1", 1234}};
        const secret_bytes given = secret_of(text);
        return await(users().check_password(who, given)).has_value();
    }
    [[nodiscard]] bool converse(const std::string& user, std::vector<std::string> answers) {
        scripted_dialogue dialogue(user, std::move(answers));
        const auto outcome = await(users().converse(dialogue));
        asked = dialogue.asked;
        return outcome.has_value();
    }

    std::uint64_t wall = start;
    std::chrono::steady_clock::time_point steady{std::chrono::hours(1)};
    account_options options;
    account_table table;
    std::vector<account_fault> faults;
    std::vector<std::string> hashed;  ///< the stored strings that were checked
    std::vector<std::string> asked;   ///< in the last dialogue
    asio::io_context io;

private:
    std::unique_ptr<accounts> users_;
};

}  // namespace adit::test
