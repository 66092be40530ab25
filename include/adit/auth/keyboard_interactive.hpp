// The method "keyboard-interactive", RFC 4256: any number of rounds of any number of prompts, each
// answered by the responder. Used by client.hpp.
// Invariants: a request without prompts is answered by itself (C37); what the server says is
// escaped before anybody sees it; the number of prompts is bounded by the bytes that are there;
// answers travel in packets that do not tell their length.
#pragma once

#include <adit/auth/method.hpp>
#include <adit/bodies.hpp>
#include <adit/transport/hooks.hpp>

#include <cstring>
#include <utility>
#include <vector>

namespace adit::auth {

class keyboard_interactive final : public method {
public:
    keyboard_interactive(prompt_responder responder, unsigned attempts)
        : responder_(std::move(responder)), attempts_(attempts) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "keyboard-interactive"; }
    [[nodiscard]] bool again() const noexcept override { return used_ < attempts_ && !gave_up_; }
    [[nodiscard]] bool proved() const noexcept override { return answered_; }
    void renew() noexcept override { used_ = 0; }
    [[nodiscard]] task<bool> begin(packet_port& port, const login& who) override;
    [[nodiscard]] task<verdict> finish(packet_port& port, const login& who) override;

private:
    [[nodiscard]] task<> answer(packet_port& port, const prompt_question& question);

    static constexpr unsigned most_rounds = 32;

    prompt_responder responder_;
    unsigned attempts_;
    unsigned used_ = 0;
    bool gave_up_ = false;
    bool answered_ = false;  // any prompt, of the latest request
};

/// What an INFO_REQUEST asks, escaped. Throws protocol_error.
[[nodiscard]] prompt_question read_info_request(const protocol::packet& packet, const login& who,
                                                unsigned round);

// Details.

#if ADIT_BODIES

ADIT_DECL prompt_question read_info_request(const protocol::packet& packet, const login& who,
                                            unsigned round) {
    constexpr wire::u32 most_prompts = 32;
    const auto m = value_of(wire::decode<wire::userauth_info_request>(packet.payload));
    prompt_question question{who.user, who.host, escaped(m.name), escaped(m.instruction),
                             {},       round};
    if (m.num_prompts > most_prompts) throw protocol_error(errc::field_too_long);
    wire::reader r(m.prompts.bytes);
    for (wire::u32 i = 0; i < m.num_prompts; ++i) {
        wire::userauth_prompt one;
        wire::get_fields(r, one);
        if (r.failed()) throw protocol_error(r.error());
        question.prompts.push_back({escaped(one.prompt), one.echo});
    }
    if (r.finish() != errc::ok) throw protocol_error(r.finish());
    return question;
}

ADIT_DECL task<bool> keyboard_interactive::begin(packet_port& port, const login& who) {
    ++used_;
    answered_ = false;
    wire::userauth_keyboard_interactive_request request;
    request.user_name = who.user;
    request.service_name = connection_service;
    port.send(request);
    co_return true;
}

ADIT_DECL task<verdict> keyboard_interactive::finish(packet_port& port, const login& who) {
    for (unsigned round = 1; round <= most_rounds; ++round) {
        const protocol::packet packet = co_await receive_past_banners(port);
        if (packet.id() != wire::message_id::userauth_info_request) co_return read_verdict(packet);
        prompt_question question = read_info_request(packet, who, round);
        question.attempt = used_;
        question.hop = port.report().hop;
        co_await answer(port, question);
    }
    throw protocol_error(errc::unexpected_message);
}

ADIT_DECL task<> keyboard_interactive::answer(packet_port& port, const prompt_question& question) {
    std::vector<secret_bytes> answers;
    const auto ask = [this, &question] { return responder_(question); };
    if (!question.prompts.empty()) answers = co_await guarded(ask, errc::prompt_cancelled);
    if (answers.size() != question.prompts.size()) {
        gave_up_ = true;
        // Behind a refusal there was nothing else to say.
        throw protocol_error(used_ > 1 ? errc::authentication_failed : errc::prompt_cancelled);
    }
    if (!answers.empty()) answered_ = true;
    std::size_t size = 0;
    for (const secret_bytes& one : answers) size += 4 + one.size();
    secret_bytes responses(size);
    wire::writer w(responses);
    for (const secret_bytes& one : answers) w.put_string(one);
    port.send_secret(
        wire::userauth_info_response{static_cast<wire::u32>(answers.size()), {responses}});
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
