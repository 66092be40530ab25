// Who answers which prompt of keyboard-interactive (RFC 4256): codes from a code source, passwords
// from a password source, everything else from a person. Makes a prompt_responder out of the three.
// Invariants: only prompts that hide the answer, or that ask for a code in so many words, are ever
// filled unasked; words for codes win over "password".
#pragma once

#include <adit/bodies.hpp>
#include <adit/transport/hooks.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::auth {

enum class prompt_kind : std::uint8_t { code, password, other };

/// What a prompt asks for, by its words, in any case.
[[nodiscard]] prompt_kind classify(std::string_view prompt_text);

struct prompt_routing {
    std::shared_ptr<code_source> codes;  ///< null: codes are asked for like the rest
    password_source password;            ///< null: passwords are asked for like the rest
    prompt_responder otherwise;          ///< null: a prompt that nobody answers gives up
    std::function<prompt_kind(std::string_view)> classifier = classify;
};

/// The routing as a responder.
[[nodiscard]] prompt_responder route_prompts(prompt_routing routing);

// Details.

#if ADIT_BODIES

ADIT_DECL prompt_kind classify(std::string_view prompt_text) {
    constexpr std::array<std::string_view, 8> code_words{
        "verification", "code", "otp", "token", "totp", "2fa", "one-time", "factor"};
    std::string lower(prompt_text);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const auto has = [&lower](std::string_view word) {
        return lower.find(word) != std::string::npos;
    };
    if (std::ranges::any_of(code_words, has)) return prompt_kind::code;
    return has("password") ? prompt_kind::password : prompt_kind::other;
}

namespace prompts {

// Empty: somebody else has to answer it.
inline task<secret_bytes> filled(const prompt_routing& routing, const prompt_question& question,
                                 const prompt& asked) {
    const prompt_kind kind = routing.classifier(asked.text);
    if (kind == prompt_kind::code && routing.codes != nullptr) {
        co_return co_await routing.codes->code(question);
    }
    if (kind == prompt_kind::password && !asked.echo && routing.password) {
        const password_question wanted{question.user, question.host, question.attempt,
                                       question.hop};
        co_return co_await routing.password(wanted);
    }
    co_return secret_bytes();
}

inline task<std::vector<secret_bytes>> answer(std::shared_ptr<const prompt_routing> routing,
                                              const prompt_question& question) {
    std::vector<secret_bytes> answers;
    prompt_question open = question;
    open.prompts.clear();
    for (const prompt& asked : question.prompts) {
        answers.push_back(co_await filled(*routing, question, asked));
        if (answers.back().empty()) open.prompts.push_back(asked);
    }
    if (open.prompts.empty()) co_return answers;
    if (!routing->otherwise) co_return std::vector<secret_bytes>();
    std::vector<secret_bytes> more = co_await routing->otherwise(open);
    if (more.size() != open.prompts.size()) co_return std::vector<secret_bytes>();
    auto next = more.begin();
    for (secret_bytes& one : answers) {
        if (one.empty()) one = std::move(*next++);
    }
    co_return answers;
}

}  // namespace prompts

ADIT_DECL prompt_responder route_prompts(prompt_routing routing) {
    auto shared = std::make_shared<const prompt_routing>(std::move(routing));
    return [shared](const prompt_question& question) { return prompts::answer(shared, question); };
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
