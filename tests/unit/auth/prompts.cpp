// Who answers which prompt, and that nothing is filled in that must not be.
#include "support/test.hpp"

#include <adit/auth/prompts.hpp>
#include <adit/auth/totp_source.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using adit::prompt;
using adit::prompt_question;
using adit::secret_bytes;
using adit::task;
using adit::auth::prompt_kind;
using adit::auth::prompt_routing;

secret_bytes secret(std::string_view text) {
    const auto bytes = adit::as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

struct fixed_codes final : adit::code_source {
    unsigned asked = 0;
    task<secret_bytes> code(const prompt_question&) override {
        ++asked;
        co_return secret("123456");
    }
};

std::vector<std::string> answers_to(const prompt_routing& routing, std::vector<prompt> prompts) {
    asio::io_context io;
    const prompt_question question{"alice", "bastion", "", "", std::move(prompts), 1};
    std::vector<std::string> texts;
    const auto responder = adit::auth::route_prompts(routing);
    const auto run = [&]() -> task<> {
        const std::vector<secret_bytes> answers = co_await responder(question);
        for (const auto& answer : answers) texts.emplace_back(adit::as_text(answer));
    };
    asio::co_spawn(io, run(), asio::detached);
    io.run();
    return texts;
}

using texts = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(prompts)

BOOST_AUTO_TEST_CASE(words_for_codes_win_over_password) {
    using adit::auth::classify;
    for (const auto* text :
         {"Verification code: ", "One-time password (OATH) for `root': ", "Enter OTP", "TOKEN",
          "Your 2FA password", "Second factor:", "TOTP", "Passcode or option (1-3): "}) {
        BOOST_TEST_CONTEXT(text) { BOOST_CHECK(classify(text) == prompt_kind::code); }
    }
    BOOST_CHECK(classify("Password: ") == prompt_kind::password);
    BOOST_CHECK(classify("alice@host's PASSWORD") == prompt_kind::password);
    BOOST_CHECK(classify("Favourite colour?") == prompt_kind::other);
    BOOST_CHECK(classify("") == prompt_kind::other);
}

BOOST_AUTO_TEST_CASE(each_prompt_goes_to_its_source_and_the_rest_to_a_person) {
    auto codes = std::make_shared<fixed_codes>();
    prompt_routing routing;
    routing.codes = codes;
    routing.password = [](const adit::password_question&) -> task<secret_bytes> {
        co_return secret("hunter2");
    };
    routing.otherwise = [](const prompt_question& q) -> task<std::vector<secret_bytes>> {
        std::vector<secret_bytes> all;
        for (const prompt& one : q.prompts) all.push_back(secret("typed for " + one.text));
        co_return all;
    };
    const auto got =
        answers_to(routing, {{"Password: ", false}, {"Colour? ", true}, {"OTP: ", true}});
    const texts expected{"hunter2", "typed for Colour? ", "123456"};
    BOOST_TEST(got == expected, boost::test_tools::per_element());
    BOOST_TEST(codes->asked == 1U);
}

BOOST_AUTO_TEST_CASE(a_password_is_never_put_where_it_can_be_seen) {
    prompt_routing routing;
    bool asked = false;
    routing.password = [&asked](const adit::password_question&) -> task<secret_bytes> {
        asked = true;
        co_return secret("hunter2");
    };
    BOOST_TEST(answers_to(routing, {{"Password: ", true}}).empty());
    BOOST_TEST(!asked);
}

BOOST_AUTO_TEST_CASE(nobody_to_ask_gives_up) {
    BOOST_TEST(answers_to({}, {{"Password: ", false}}).empty());
}

BOOST_AUTO_TEST_CASE(a_person_who_answers_too_little_gives_up) {
    prompt_routing routing;
    routing.otherwise = [](const prompt_question&) -> task<std::vector<secret_bytes>> {
        co_return std::vector<secret_bytes>(1, secret("x"));
    };
    BOOST_TEST(answers_to(routing, {{"a", false}, {"b", false}}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(one_time_steps)

// Two threads that ask at once: one of them is told to wait for the next step.
BOOST_AUTO_TEST_CASE(t25_a_step_is_given_to_one_only) {
    adit::used_steps memory;
    const secret_bytes one = secret("one");
    BOOST_TEST(memory.use(one, 5));
    BOOST_TEST(!memory.use(one, 5));
    BOOST_TEST(!memory.use(one, 4));
    BOOST_TEST(memory.use(secret("another"), 5));
    BOOST_TEST(memory.use(one, 6));
}

BOOST_AUTO_TEST_CASE(t25_a_used_step_is_waited_out_and_never_given_twice) {
    asio::io_context io;
    std::uint64_t now = 1111111100;  // 10 seconds before the next step
    std::vector<std::int64_t> pauses;
    adit::totp_source::clock clock{[&now] { return now; },
                                   [&](std::chrono::seconds s) -> task<> {
                                       pauses.push_back(s.count());
                                       now += static_cast<std::uint64_t>(s.count());
                                       co_return;
                                   }};
    adit::used_steps memory;
    const auto made = adit::crypto::totp::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", {});
    BOOST_REQUIRE(made.has_value());
    std::vector<std::string> codes;
    const auto run = [&]() -> task<> {
        const prompt_question question;
        // Two objects of one secret share what is used.
        adit::totp_source first(*made, clock, memory);
        adit::totp_source second(*made, clock, memory);
        co_await first.prepare();
        codes.emplace_back(adit::as_text(co_await first.code(question)));
        co_await second.prepare();
        codes.emplace_back(adit::as_text(co_await second.code(question)));
    };
    asio::co_spawn(io, run(), asio::detached);
    io.run();
    BOOST_REQUIRE_EQUAL(codes.size(), 2U);
    BOOST_TEST(codes[0] == "081804");
    BOOST_TEST(codes[1] == "050471");
    BOOST_TEST(pauses == (std::vector<std::int64_t>{10}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
