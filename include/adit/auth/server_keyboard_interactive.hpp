// The method "keyboard-interactive" at a server, RFC 4256: the authenticator asks as often as it
// likes, the client answers or walks away. Used by auth/server.hpp. Invariants: as many answers as
// prompts, or the dialogue has failed (C37); a client that begins anew has used up an attempt, and
// its new request is not lost; the client's submethods change nothing (A16).
#pragma once

#include <adit/auth/server_attempt.hpp>
#include <adit/bodies.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit::auth {

class server_dialogue final : public prompt_dialogue {
public:
    explicit server_dialogue(server_login& login) : login_(&login) {}

    [[nodiscard]] const login_question& who() const noexcept override { return login_->who; }
    [[nodiscard]] task<std::vector<secret_bytes>> ask(std::string name, std::string instruction,
                                                      std::vector<prompt> prompts) override;

    /// The request that the client made instead of answering, if it did.
    [[nodiscard]] std::optional<protocol::packet> interruption() const { return interruption_; }
    /// What the connection has come to, if that is why there was no answer.
    [[nodiscard]] std::exception_ptr failure() const { return failure_; }
    /// Whether the client answered something else than was asked.
    [[nodiscard]] bool broken() const noexcept { return broken_; }

private:
    [[nodiscard]] task<protocol::packet> receive();
    void send(std::string_view name, std::string_view instruction,
              const std::vector<prompt>& prompts);
    [[nodiscard]] std::vector<secret_bytes> read(const protocol::packet& packet,
                                                 std::size_t expected);
    [[noreturn]] void break_off();

    static constexpr unsigned most_rounds = 32;

    server_login* login_;
    unsigned rounds_ = 0;
    bool broken_ = false;
    std::optional<protocol::packet> interruption_;
    std::exception_ptr failure_;
};

/// One dialogue; `next` becomes the request that interrupted it.
[[nodiscard]] task<outcome> check_keyboard_interactive(server_login& login,
                                                       std::optional<protocol::packet>& next);

// Details.

#if ADIT_BODIES

ADIT_DECL void server_dialogue::break_off() {
    broken_ = true;
    throw protocol_error(errc::prompt_cancelled);
}

ADIT_DECL void server_dialogue::send(std::string_view name, std::string_view instruction,
                                     const std::vector<prompt>& prompts) {
    std::size_t size = 0;
    for (const prompt& p : prompts) size += 5 + p.text.size();
    std::vector<byte> encoded(size);
    wire::writer w(encoded);
    for (const prompt& p : prompts) wire::put_fields(w, wire::userauth_prompt{p.text, p.echo});
    wire::userauth_info_request request;
    request.name = name;
    request.instruction = instruction;
    request.num_prompts = static_cast<wire::u32>(prompts.size());
    request.prompts = {encoded};
    login_->port.send(request);
}

ADIT_DECL task<protocol::packet> server_dialogue::receive() {
    try {
        protocol::packet packet = co_await login_->port.receive_packet();
        // L06: how long a person takes to answer hides nothing of what comes now.
        login_->heard = std::chrono::steady_clock::now();
        co_return packet;
    } catch (...) {
        failure_ = std::current_exception();
        throw;
    }
}

ADIT_DECL task<std::vector<secret_bytes>> server_dialogue::ask(std::string name,
                                                               std::string instruction,
                                                               std::vector<prompt> prompts) {
    constexpr std::size_t most_prompts = 32;
    const bool over = broken_ || failure_ != nullptr || interruption_.has_value();
    if (over || prompts.size() > most_prompts || ++rounds_ > most_rounds) break_off();
    send(name, instruction, prompts);
    const protocol::packet packet = co_await receive();
    if (packet.id() == wire::message_id::userauth_request) {
        interruption_ = packet;
        throw protocol_error(errc::prompt_cancelled);
    }
    co_return read(packet, prompts.size());
}

ADIT_DECL std::vector<secret_bytes> server_dialogue::read(const protocol::packet& packet,
                                                          std::size_t expected) {
    const auto m = wire::decode<wire::userauth_info_response>(packet.payload);
    if (!m || m->num_responses != expected) break_off();
    wire::reader r(m->responses.bytes);
    std::vector<secret_bytes> answers(expected);
    for (secret_bytes& one : answers) {
        const bytes_view text = r.take_string();
        if (r.failed() || text.size() > login_->options.limits.password) break_off();
        one.assign(text.begin(), text.end());
    }
    if (r.finish() != errc::ok) break_off();
    return answers;
}

ADIT_DECL task<outcome> check_keyboard_interactive(server_login& login,
                                                   std::optional<protocol::packet>& next) {
    server_dialogue dialogue(login);
    outcome result;
    result.why = "the answers are wrong";
    const auto ask = [&] { return login.options.authentication->converse(dialogue); };
    authenticator::answer granted = co_await asked(ask, result);
    if (dialogue.failure() != nullptr) std::rethrow_exception(dialogue.failure());
    next = dialogue.interruption();
    if (next) result.why = "the client walked away from the dialogue";
    if (dialogue.broken()) result.why = "the answers do not fit the prompts";
    // Whatever the authenticator made of it, a dialogue that was not finished grants nothing.
    if (next || dialogue.broken()) co_return result;
    co_return passed_with(std::move(result), std::move(granted));
}

#endif  // ADIT_BODIES

}  // namespace adit::auth
