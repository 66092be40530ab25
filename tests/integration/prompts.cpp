// Several rounds and odd questions of keyboard-interactive (RFC 4256), asked by a server of another
// project (asyncssh) and answered by the library; prompts_program.cpp is about adit-tunnel.
#include "support/test.hpp"

#include "integration/failure.hpp"
#include "integration/prompts_server.hpp"

namespace adit::test {
namespace {

task<> log_in(client_options login) {
    passage way(co_await asio::this_coro::executor, std::move(login), 9);
    co_await way.start();
}

using questions = std::vector<prompt_question>;
using texts = std::vector<std::string>;

// Answers each round with the next texts; when there are none left it gives up.
[[nodiscard]] prompt_responder answering(std::vector<texts> rounds, questions& seen) {
    return [rounds = std::move(rounds),
            &seen](const prompt_question& q) -> task<std::vector<secret_bytes>> {
        std::vector<secret_bytes> answers;
        const std::size_t at = seen.size();
        seen.push_back(q);
        if (at >= rounds.size()) co_return answers;
        for (const std::string& text : rounds[at]) answers.emplace_back(text.begin(), text.end());
        co_return answers;
    };
}

[[nodiscard]] questions asked_in(const std::string& scene, const std::vector<texts>& rounds) {
    const prompts_server server;
    questions seen;
    asio::io_context io(1);
    run_loop(io, log_in(server.login(scene, answering(rounds, seen))));
    return seen;
}

[[nodiscard]] failure failure_in(const std::string& scene, const std::vector<texts>& rounds,
                                 questions& seen) {
    const prompts_server server;
    return failure_of_start(server.login(scene, answering(rounds, seen)));
}

BOOST_AUTO_TEST_SUITE(odd_prompts)

BOOST_AUTO_TEST_CASE(c37_five_prompts_at_once) {
    if (no_asyncssh()) return;
    const questions seen =
        asked_in("five", {{"answer 0", "answer 1", "answer 2", "answer 3", "answer 4"}});
    BOOST_REQUIRE(seen.size() == 1U);
    BOOST_TEST(seen[0].name == "Five");
    BOOST_TEST(seen[0].instruction == "All at once");
    BOOST_REQUIRE(seen[0].prompts.size() == 5U);
    BOOST_TEST(seen[0].prompts[3].text == "Question 3: ");
    BOOST_TEST(seen[0].prompts[2].echo);
    BOOST_TEST(!seen[0].prompts[3].echo);
}

BOOST_AUTO_TEST_CASE(c37_three_rounds) {
    if (no_asyncssh()) return;
    const questions seen = asked_in("three", {{"first word"}, {"blue"}, {"123456"}});
    BOOST_REQUIRE(seen.size() == 3U);
    BOOST_TEST(seen[2].name == "Round 3");
    BOOST_TEST(seen[2].round == 3U);
    BOOST_TEST(seen[1].prompts.at(0).echo);
}

// Those without prompts are answered before anybody hears of them.
BOOST_AUTO_TEST_CASE(c37_rounds_without_prompts) {
    if (no_asyncssh()) return;
    const questions seen = asked_in("none", {{"word"}});
    BOOST_REQUIRE(seen.size() == 1U);
    BOOST_TEST(seen[0].name.empty());
    BOOST_TEST(seen[0].instruction == "Between nothing and nothing");
}

BOOST_AUTO_TEST_CASE(prompt_of_no_words_and_empty_answer) {
    if (no_asyncssh()) return;
    const questions seen = asked_in("nothing", {{""}});
    BOOST_TEST(seen.at(0).prompts.at(0).text.empty());
}

BOOST_AUTO_TEST_CASE(empty_answer_beside_another) {
    if (no_asyncssh()) return;
    BOOST_TEST(asked_in("empty", {{"", "word"}}).size() == 1U);
}

BOOST_AUTO_TEST_CASE(c04_escapes_in_every_text) {
    if (no_asyncssh()) return;
    const questions seen = asked_in("odd", {{"odd"}});
    BOOST_REQUIRE(seen.size() == 1U);
    BOOST_TEST(seen[0].name == "\\x1b[31mname\\x07");
    BOOST_TEST(seen[0].instruction == "line 1\\x0aline 2\\x0d\\x0a\\xe2\\x80\\xae");
    BOOST_TEST(seen[0].prompts.at(0).text == "a\\x1b]0;b\\x00\\x09c\\xe2\\x80\\x8b: ");
}

BOOST_AUTO_TEST_CASE(utf8_goes_both_ways) {
    if (no_asyncssh()) return;
    const questions seen = asked_in("utf8", {{"gr\xc3\xbcn \xe7\xb7\x91"}});
    BOOST_TEST(seen.at(0).prompts.at(0).text == "Schl\xc3\xbcssel: ");
}

// The second attempt is asked something else, and is right.
BOOST_AUTO_TEST_CASE(question_that_changes_after_a_failure) {
    if (no_asyncssh()) return;
    const questions seen = asked_in("second", {{"1"}, {"2"}});
    BOOST_REQUIRE(seen.size() == 2U);
    BOOST_TEST(seen[0].prompts.at(0).text == "Attempt 1: ");
    BOOST_TEST(seen[1].prompts.at(0).text == "Attempt 2: ");
}

BOOST_AUTO_TEST_CASE(wrong_answer_in_a_later_round) {
    if (no_asyncssh()) return;
    questions seen;
    const std::vector<texts> wrong{{"first word"}, {"red"}, {"first word"}, {"red"}};
    const prompts_server server;
    client_options login = server.login("three", answering(wrong, seen));
    login.password_attempts = 2;
    expect(failure_of_start(login), errc::authentication_failed,
           {"three@127.0.0.1:", "tried keyboard-interactive keyboard-interactive"});
    BOOST_TEST(seen.size() == 4U);
}

BOOST_AUTO_TEST_CASE(nobody_who_answers) {
    if (no_asyncssh()) return;
    questions seen;
    expect(failure_in("five", {}, seen), errc::prompt_cancelled,
           {"authenticating: the prompt was cancelled"});
    BOOST_TEST(seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(c37_more_prompts_than_anybody_answers) {
    if (no_asyncssh()) return;
    questions seen;
    expect(failure_in("crowd", {}, seen), errc::field_too_long, {"authenticating"});
    BOOST_TEST(seen.empty());
}

BOOST_AUTO_TEST_CASE(c37_rounds_without_end) {
    if (no_asyncssh()) return;
    questions seen;
    const std::vector<texts> patient(100, texts{"again"});
    expect(failure_in("endless", patient, seen), errc::unexpected_message, {"authenticating"});
    BOOST_TEST(seen.size() == 32U);
}

BOOST_AUTO_TEST_CASE(c36_demand_for_a_new_password) {
    if (no_asyncssh()) return;
    const prompts_server server;
    client_options login = server.login("change", {});
    login.credentials = {password_credential(secret_bytes(3, 'x'))};
    expect(failure_of_start(login), errc::password_change_required,
           {"the server demands a new password", "Time for\\x1b a new one: "});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
