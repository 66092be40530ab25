// The person in front of adit-tunnel: whether there is one, and the questions of a login to them, a
// password, a key's passphrase or whatever the server wants to know (RFC 4256), worded as ssh does.
// Used by credentials.hpp, identity.hpp and trust_policy.hpp. Invariants: under BatchMode nobody is
// ever asked; the time that an answer takes counts against no deadline of ours.
#pragma once

#include "patience.hpp"
#include "prompt.hpp"
#include "report.hpp"

#include <adit/transport/hooks.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit_tunnel {

class person {
public:
    person(const settings& s, reporter& say, patience& time)
        : settings_(s), say_(say), patience_(time) {}
    person(const person&) = delete;
    person& operator=(const person&) = delete;

    /// Whether a secret can be asked for.
    [[nodiscard]] bool can_answer() const { return !settings_.batch && can_ask(); }
    /// Whether somebody sits at a terminal, who can look at something before answering.
    [[nodiscard]] bool is_there() const { return !settings_.batch && has_terminal(); }
    /// Why there is nobody to ask.
    [[nodiscard]] std::string why_not() const {
        return settings_.batch ? "BatchMode forbids to ask"
                               : "there is neither a terminal nor SSH_ASKPASS to ask";
    }

    /// Empty: there was no answer.
    [[nodiscard]] task<secret_bytes> ask(std::string prompt, echo how);
    [[nodiscard]] task<secret_bytes> ask_at_terminal(std::string prompt, echo how);
    [[nodiscard]] task<secret_bytes> password(const adit::password_question& q);
    [[nodiscard]] task<std::vector<secret_bytes>> answers(const adit::prompt_question& q);
    /// Nothing is asked, but time passes that is no fault of the server's.
    [[nodiscard]] patience& time() noexcept { return patience_; }

private:
    const settings& settings_;
    reporter& say_;
    patience& patience_;
};

// Details.

inline task<secret_bytes> person::ask(std::string prompt, echo how) {
    const patience::pause asking(patience_);
    const reporter::question shown(say_);
    co_return co_await ask_somehow(prompt, how);
}

inline task<secret_bytes> person::ask_at_terminal(std::string prompt, echo how) {
    const patience::pause asking(patience_);
    const reporter::question shown(say_);
    co_return co_await ask_on_terminal(prompt, how);
}

inline task<secret_bytes> person::password(const adit::password_question& q) {
    if (q.attempt > 1) say_.alarm("permission denied, please try again");
    const std::string prompt = adit::escaped(q.user + "@" + q.host) + "'s password: ";
    co_return co_await ask(prompt, echo::off);
}

// The library has escaped the server's text, line ends too; those make lines again here.
[[nodiscard]] inline std::vector<std::string> lines_of(std::string_view text) {
    constexpr std::string_view newline = "\\x0a", carriage_return = "\\x0d";
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find(newline));
        lines.emplace_back(line.substr(0, line.size() - (line.ends_with(carriage_return) ? 4 : 0)));
        text.remove_prefix(std::min(line.size() + newline.size(), text.size()));
    }
    return lines;
}

[[nodiscard]] inline std::string joined_lines(std::string_view text) {
    std::string all;
    for (const std::string& line : lines_of(text)) all += (all.empty() ? "" : "\n") + line;
    return all;
}

// Each prompt says who asks, as ssh's do: a server must not be able to ask in another's name.
inline task<std::vector<secret_bytes>> person::answers(const adit::prompt_question& q) {
    for (const std::string* text : {&q.name, &q.instruction}) {
        for (const std::string& line : lines_of(*text)) say_.shown(line);
    }
    std::vector<secret_bytes> given;
    const std::string who = "(" + adit::escaped(q.user + "@" + q.host) + ") ";
    for (const adit::prompt& one : q.prompts) {
        const echo how = one.echo ? echo::on : echo::off;
        given.push_back(co_await ask(who + joined_lines(one.text), how));
    }
    co_return given;
}

}  // namespace adit_tunnel
