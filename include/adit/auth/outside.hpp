// Questions to somebody outside (a person, an agent, a vault) do not use up the time that a server
// has for its handshake: the hooks of a client's options, each with the clock standing still while
// it is awaited. Used by client.hpp. Invariant: what a hook is asked and answers is unchanged.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/options.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace adit::auth {

/// The options with their hooks off this clock.
[[nodiscard]] client_options outside_of(std::shared_ptr<detail::patience> clock,
                                        client_options options);

// Details.

#if ADIT_BODIES

namespace outside {

using shared_clock = std::shared_ptr<detail::patience>;

template <class Answer, class Question>
[[nodiscard]] std::function<task<Answer>(const Question&)> off(
    shared_clock clock, std::function<task<Answer>(const Question&)> hook) {
    if (!hook) return hook;
    return [clock = std::move(clock), hook = std::move(hook)](const Question& q) -> task<Answer> {
        const detail::patience::question asking(*clock);
        co_return co_await hook(q);
    };
}

class signer_off final : public signer {
public:
    signer_off(shared_clock clock, std::shared_ptr<signer> key)
        : clock_(std::move(clock)), key_(std::move(key)) {}

    [[nodiscard]] const keys::public_key& public_part() const noexcept override {
        return key_->public_part();
    }
    [[nodiscard]] std::string name() const override { return key_->name(); }
    [[nodiscard]] bool asks_somebody() const noexcept override { return key_->asks_somebody(); }
    [[nodiscard]] error_code why_not() const noexcept override { return key_->why_not(); }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               bytes_view message) override {
        const detail::patience::question asking(*clock_);
        auto signing = key_->sign(algorithm, message);
        co_return co_await std::move(signing);
    }
    [[nodiscard]] task<std::vector<byte>> sign_for(const session_proof& session,
                                                   std::string_view algorithm,
                                                   bytes_view message) override {
        const detail::patience::question asking(*clock_);
        auto signing = key_->sign_for(session, algorithm, message);
        co_return co_await std::move(signing);
    }

private:
    shared_clock clock_;
    std::shared_ptr<signer> key_;
};

}  // namespace outside

ADIT_DECL client_options outside_of(std::shared_ptr<detail::patience> clock,
                                    client_options options) {
    options.trust = outside::off(clock, std::move(options.trust));
    for (credential& c : options.credentials) {
        if (auto* const key = std::get_if<std::shared_ptr<signer>>(&c)) {
            *key = std::make_shared<outside::signer_off>(clock, std::move(*key));
        } else if (auto* const password = std::get_if<password_source>(&c)) {
            *password = outside::off(clock, std::move(*password));
        } else {
            auto& prompts = std::get<prompt_responder>(c);
            prompts = outside::off(clock, std::move(prompts));
        }
    }
    return options;
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
