// Whether a Host or a Match line of ssh_config(5) speaks of this connection. Used by
// ssh_config.hpp.
// Invariants: a negated pattern that matches ends a Host line; an attribute of Match that is not
// known is a complaint, since nobody can say what it leaves out; exec runs only where the caller
// gave a function for it, only when all before it matched, and only with words in its tokens in
// which a shell finds nothing else (C52, A29).
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/config_line.hpp>
#include <adit/config/config_tokens.hpp>
#include <adit/config/pattern.hpp>
#include <adit/config/safe_name.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

/// What is known of the connection when the line is met.
struct match_state {
    const token_values& values;  ///< the host is %h, the original one %n
    std::string_view tag;
    bool final_pass = false;
    bool may_run = true;  ///< else exec does not match
};

struct match_answer {
    bool matches = false;
    bool wants_final_pass = false;
    complaint wrong{};
    std::size_t steps = 0;
};

/// The words of a Host line against what the user called the host; case matters, as in ssh.
[[nodiscard]] match_answer match_host(std::string_view alias,
                                      const std::vector<std::string>& patterns);

/// What stands behind Match.
[[nodiscard]] match_answer match_conditions(std::string_view text, const match_state& state,
                                            const config_facts& facts);

// Details.

#if ADIT_BODIES

ADIT_DECL match_answer match_host(std::string_view alias,
                                  const std::vector<std::string>& patterns) {
    match_answer answer;
    for (std::string_view pattern : patterns) {
        if (pattern.empty()) return {false, false, "a pattern is empty", answer.steps};
        const bool negated = pattern.front() == '!';
        if (negated) pattern.remove_prefix(1);
        const pattern_match match = match_pattern(alias, pattern);
        answer.steps += match.steps;
        if (match.matched && negated) return {false, false, {}, answer.steps};
        answer.matches = answer.matches || match.matched;
    }
    return answer;
}

/// One Match line on its way through its attributes.
class condition_reader {
public:
    condition_reader(std::string_view text, const match_state& state, const config_facts& facts)
        : words_(text), state_(state), facts_(facts) {}

    [[nodiscard]] match_answer read();

private:
    void attribute(const std::string& written);
    void all(bool negated);
    void with_argument(const std::string& name, bool negated);
    [[nodiscard]] bool holds(const std::string& name, const std::string& argument);
    [[nodiscard]] bool succeeds(const std::string& command);
    void meet(bool holds, bool negated) {
        if (holds == negated) answer_.matches = false;
    }

    delimited_text words_;
    const match_state& state_;
    const config_facts& facts_;
    match_answer answer_{true, false, {}, 0};
    std::size_t attributes_ = 0;
    bool finished_ = false;
};

inline match_answer condition_reader::read() {
    while (!finished_ && answer_.wrong.empty()) {
        const auto word = words_.next();
        if (!word || word->empty()) break;
        if (word->starts_with('#')) {
            words_.drop();
            break;
        }
        attribute(*word);
    }
    if (answer_.wrong.empty() && attributes_ == 0 && !finished_) {
        answer_.wrong = "Match has no condition";
    }
    if (answer_.wrong.empty() && !words_.rest().empty()) {
        answer_.wrong = in_quotes(words_.rest()) + " is too much";
    }
    if (!answer_.wrong.empty()) answer_.matches = false;
    return answer_;
}

inline void condition_reader::attribute(const std::string& written) {
    const bool negated = written.front() == '!';
    const std::string name = to_lower(written.substr(negated ? 1 : 0));
    if (name == "all") return all(negated);
    ++attributes_;
    if (name == "canonical" || name == "final") {
        answer_.wants_final_pass = answer_.wants_final_pass || name == "final";
        return meet(state_.final_pass, negated);
    }
    with_argument(name, negated);
}

inline void condition_reader::all(bool negated) {
    const auto next = words_.next();
    const bool more = next && !next->empty() && !next->starts_with('#');
    if (attributes_ > 1 || more) {
        answer_.wrong = "Match all stands alone";
        return;
    }
    if (next && !next->empty()) words_.drop();
    meet(true, negated);
    finished_ = true;
}

inline void condition_reader::with_argument(const std::string& name, bool negated) {
    const auto argument = words_.next();
    // An empty tag is a tag that nobody set.
    const bool missing = !argument || (argument->empty() && name != "tagged");
    if (missing || argument->starts_with('#')) {
        answer_.wrong = "Match " + escaped(name) + " has no value";
        return;
    }
    const bool so = holds(name, *argument);
    if (answer_.wrong.empty()) meet(so, negated);
}

inline bool condition_reader::holds(const std::string& name, const std::string& argument) {
    const auto matches = [&argument](std::string_view text, letter_case letters) {
        return match_list(text, argument, letters) == list_match::yes;
    };
    const token_values& v = state_.values;
    if (name == "host") return matches(v.host_name, letter_case::ignored);
    if (name == "originalhost") return matches(v.alias, letter_case::ignored);
    if (name == "user") return matches(v.user, letter_case::exact);
    if (name == "localuser") return matches(v.local_user, letter_case::exact);
    if (name == "tagged") {
        return state_.tag.empty() ? argument.empty() : matches(state_.tag, letter_case::exact);
    }
    if (name == "exec") return succeeds(argument);
    answer_.wrong = "Match " + in_quotes(name) + " is not there";
    return false;
}

inline bool condition_reader::succeeds(const std::string& command) {
    for (std::size_t i = 0; i + 1 < command.size(); ++i) {
        if (command[i] != '%') continue;
        const auto value = state_.values.of(command[++i]);
        if (command[i] == '%' || !value || is_shell_word(*value)) continue;
        answer_.wrong = "Match exec: no shell is to see what %" + escaped({&command[i], 1}) +
                        " stands for here";
        return false;
    }
    const expansion expanded = expand_tokens(command, state_.values, all_tokens, nullptr);
    answer_.wrong = expanded.wrong;
    if (!expanded.wrong.empty() || !answer_.matches || !state_.may_run) return false;
    if (!facts_.run) {
        answer_.wrong = "Match exec: commands are not run here";
        return false;
    }
    return facts_.run(expanded.text);
}

ADIT_DECL match_answer match_conditions(std::string_view text, const match_state& state,
                                        const config_facts& facts) {
    return condition_reader(text, state, facts).read();
}

#endif  // ADIT_BODIES

}  // namespace adit::config
