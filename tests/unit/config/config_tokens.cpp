// Tokens, variables and `~`: what they stand for, and that nothing is expanded twice.
#include "support/test.hpp"

#include <adit/config/config_tokens.hpp>

using namespace adit;

namespace {

config::token_values values() {
    config::token_values all;
    all.home = "/home/me";
    all.local_user = "me";
    all.local_host = "laptop.example.org";
    all.user_id = "1000";
    all.alias = "db";
    all.host_name = "db.internal";
    all.host_key_alias = "key";
    all.port = "2222";
    all.user = "alice";
    all.jump_host = "gate";
    return all;
}

config::config_facts facts() {
    config::config_facts all;
    all.home = "/home/me";
    all.environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "PLACE") return "%h${PLACE}";
        return std::nullopt;
    };
    all.home_of = [](const std::string& user) -> std::optional<std::string> {
        if (user == "bob") return "/home/bob/";
        return std::nullopt;
    };
    return all;
}

std::string expanded(std::string_view text) {
    const auto f = facts();
    const auto result = config::expand_tokens(text, values(), config::all_tokens, &f);
    return result.wrong.empty() ? result.text : "wrong: " + result.wrong;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_tokens)

BOOST_AUTO_TEST_CASE(c52_every_token_has_its_value) {
    BOOST_TEST(expanded("%%|%d|%h|%i|%j|%k|%L|%l|%n|%p|%r|%u") ==
               "%|/home/me|db.internal|1000|gate|key|laptop|laptop.example.org|db|2222|alice|me");
}

// printf 'laptop.example.orgdb.internal2222alicegate' | sha1sum
BOOST_AUTO_TEST_CASE(c52_the_hash_of_a_connection_is_that_of_openssh) {
    BOOST_TEST(expanded("%C") == "e7abc518467fe395e7591800187b82266b8e80aa");
}

BOOST_AUTO_TEST_CASE(c52_what_was_put_in_is_not_expanded_again) {
    BOOST_TEST(expanded("${PLACE}") == "%h${PLACE}");
    BOOST_TEST(expanded("%%h") == "%h");
    BOOST_TEST(expanded("$PLACE $") == "$PLACE $");
}

BOOST_AUTO_TEST_CASE(c52_unknown_tokens_and_variables_are_complaints) {
    for (const std::string_view text : {"%x", "%", "a%", "${NONE}", "${", "${}", "%T"}) {
        BOOST_TEST(expanded(text).starts_with("wrong: "));
    }
    const auto host_only = config::expand_tokens("%p", values(), config::host_name_tokens, nullptr);
    BOOST_TEST(!host_only.wrong.empty());
    BOOST_TEST(!config::expand_variables("${PLACE}", {}).wrong.empty());
}

BOOST_AUTO_TEST_CASE(c52_homes) {
    const auto f = facts();
    const auto at = [&f](std::string_view path) { return config::expand_home(path, f).text; };
    BOOST_TEST(at("~") == "/home/me/");
    BOOST_TEST(at("~/x") == "/home/me/x");
    BOOST_TEST(at("~//x/~") == "/home/me/x/~");
    BOOST_TEST(at("~bob/x") == "/home/bob/x");
    BOOST_TEST(at("x/~") == "x/~");
    BOOST_TEST(!config::expand_home("~eve/x", f).wrong.empty());
    BOOST_TEST(!config::expand_home("~/x", {}).wrong.empty());
    BOOST_TEST(config::expand_path("~/%h/${PLACE}", values(), f).text ==
               "/home/me/db.internal/%h${PLACE}");
}

BOOST_AUTO_TEST_SUITE_END()
