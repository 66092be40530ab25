// adit/auth/keyboard_interactive.hpp: any number of rounds and prompts, and what a server may not
// ask. RFC 4256.
#include "support/scene.hpp"

#include <adit/auth/prompts.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::errc;
using adit::error_code;
using adit::prompt_question;
using adit::secret_bytes;
using adit::task;
using adit::test::scene;

namespace {

using texts = std::vector<std::string>;

// Answers "a1", "a2", … and remembers what it was asked.
struct person {
    std::vector<prompt_question> asked;
    std::size_t answers_given = 0;
    bool silent = false;

    adit::prompt_responder responder() {
        return [this](const prompt_question& q) -> task<std::vector<secret_bytes>> {
            asked.push_back(q);
            std::vector<secret_bytes> all;
            for (std::size_t i = 0; i < q.prompts.size() && !silent; ++i) {
                const std::string text = "a" + std::to_string(++answers_given);
                all.emplace_back(text.begin(), text.end());
            }
            co_return all;
        };
    }
};

std::vector<adit::byte> prompts(std::initializer_list<wire::userauth_prompt> list) {
    std::vector<adit::byte> bytes(1024);
    wire::writer w(bytes);
    for (const wire::userauth_prompt& one : list) wire::put_fields(w, one);
    bytes.resize(w.size());
    return bytes;
}

void ask(scene& s, std::string_view name, std::initializer_list<wire::userauth_prompt> list) {
    const auto bytes = prompts(list);
    s.server().reply(wire::userauth_info_request{
        name, "instruction", "", static_cast<wire::u32>(list.size()), {bytes}});
}

task<texts> take_answers(scene& s) {
    const auto m = co_await s.server().expect<wire::userauth_info_response>();
    texts answers;
    wire::reader r(m.responses.bytes);
    for (wire::u32 i = 0; i < m.num_responses; ++i) {
        answers.emplace_back(adit::as_text(r.take_string()));
    }
    BOOST_TEST((r.finish() == errc::ok));
    co_return answers;
}

error_code log_in(scene& s, person& who, const scene::part& dialogue) {
    s.options.credentials = {adit::credential(who.responder())};
    error_code outcome = asio::error::would_block;
    const auto client_part = [&]() -> task<> {
        outcome = co_await adit::test::handshake_of(s.ssh());
    };
    const auto server_part = [&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().accept_service();
        const auto m = co_await s.server().expect<wire::userauth_request>();
        BOOST_TEST(m.method_name == "keyboard-interactive");
        co_await dialogue();
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    return outcome;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(auth_keyboard_interactive)

BOOST_AUTO_TEST_CASE(several_rounds_of_several_prompts) {
    scene s;
    person who;
    const error_code ec = log_in(s, who, [&]() -> task<> {
        ask(s, "one", {{"Password: ", false}, {"Colour? ", true}});
        const texts first = co_await take_answers(s);
        BOOST_TEST(first == (texts{"a1", "a2"}), boost::test_tools::per_element());
        ask(s, "two", {{"Code: ", false}});
        const texts second = co_await take_answers(s);
        BOOST_TEST(second == (texts{"a3"}), boost::test_tools::per_element());
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    BOOST_REQUIRE_EQUAL(who.asked.size(), 2U);
    BOOST_TEST(who.asked[0].name == "one");
    BOOST_TEST(who.asked[0].instruction == "instruction");
    BOOST_TEST(who.asked[0].user == "alice");
    BOOST_TEST(who.asked[0].prompts[1].echo);
    BOOST_TEST(!who.asked[0].prompts[0].echo);
    BOOST_TEST(who.asked[1].round == 2U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c37_a_round_without_prompts_is_answered_by_itself) {
    scene s;
    person who;
    const error_code ec = log_in(s, who, [&]() -> task<> {
        ask(s, "", {});
        const texts answers = co_await take_answers(s);
        BOOST_TEST(answers.empty());
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    BOOST_TEST(who.asked.empty());
    s.finish();
}

BOOST_AUTO_TEST_CASE(c35_a_login_without_any_prompt_is_refused_where_that_is_wanted) {
    for (const bool asked : {false, true}) {
        scene s;
        person who;
        s.options.disable_trivial_auth = true;
        const error_code ec = log_in(s, who, [&]() -> task<> {
            if (asked) {
                ask(s, "", {{"Colour? ", true}});
                static_cast<void>(co_await take_answers(s));
            }
            ask(s, "", {});
            static_cast<void>(co_await take_answers(s));
            s.server().reply(wire::userauth_success{});
            if (!asked) static_cast<void>(co_await s.server().expect_disconnect());
        });
        BOOST_TEST((ec == errc::trivial_authentication) == !asked);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(a25_what_is_asked_is_escaped) {
    scene s;
    person who;
    const error_code ec = log_in(s, who, [&]() -> task<> {
        ask(s, "na\x1bme", {{"\x1b]0;title\x07Password: ", false}});
        static_cast<void>(co_await take_answers(s));
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    BOOST_REQUIRE_EQUAL(who.asked.size(), 1U);
    BOOST_TEST(who.asked[0].name == "na\\x1bme");
    BOOST_TEST(who.asked[0].prompts[0].text.find('\x1b') == std::string::npos);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a09_a_count_beyond_the_bytes_or_beyond_reason_is_fatal) {
    for (const wire::u32 count : {2U, 33U, 0xffffffffU}) {
        scene s;
        person who;
        const error_code ec = log_in(s, who, [&]() -> task<> {
            const auto one = prompts({{"Password: ", false}});
            s.server().reply(wire::userauth_info_request{"", "", "", count, {one}});
            co_return;
        });
        BOOST_TEST_CONTEXT(count) {
            BOOST_TEST((ec == errc::message_truncated || ec == errc::field_too_long));
            BOOST_TEST(who.asked.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(c37_fewer_answers_than_prompts_end_the_login) {
    scene s;
    person who;
    who.silent = true;
    const error_code ec = log_in(s, who, [&]() -> task<> {
        ask(s, "", {{"Password: ", false}});
        co_return;
    });
    BOOST_TEST((ec == errc::prompt_cancelled));
}

BOOST_AUTO_TEST_CASE(rounds_without_end_are_left) {
    scene s;
    person who;
    const error_code ec = log_in(s, who, [&]() -> task<> {
        for (int round = 0; round < 32; ++round) {
            ask(s, "", {{"More? ", true}});
            static_cast<void>(co_await take_answers(s));
        }
    });
    BOOST_TEST((ec == errc::unexpected_message));
    BOOST_TEST(who.asked.size() == 32U);
}

BOOST_AUTO_TEST_CASE(c36_the_size_of_an_answer_does_not_show) {
    const auto size_with = [](std::size_t length) {
        scene s;
        std::size_t size = 0;
        s.options.credentials = {adit::credential(adit::prompt_responder(
            [length](const prompt_question&) -> task<std::vector<secret_bytes>> {
                co_return std::vector<secret_bytes>(1, secret_bytes(length, 'x'));
            }))};
        const auto client_part = [&]() -> task<> {
            static_cast<void>(co_await adit::test::handshake_of(s.ssh()));
        };
        const auto server_part = [&]() -> task<> {
            co_await s.server().shake();
            co_await s.server().accept_service();
            static_cast<void>(co_await s.server().expect<wire::userauth_request>());
            ask(s, "", {{"Password: ", false}});
            static_cast<void>(co_await take_answers(s));
            size = s.up().flights().back().size();
            s.server().reply(wire::userauth_success{});
            co_await s.server().flush();
        };
        s.play({client_part, server_part});
        return size;
    };
    BOOST_TEST(size_with(1) == size_with(40));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(auth_public_key_queries)

BOOST_AUTO_TEST_CASE(c35_pk_ok_for_another_key_is_fatal) {
    scene s;
    s.options.credentials = {adit::key_credential(adit::test::sample_key(7), "seven"),
                             adit::key_credential(adit::test::sample_key(8), "eight")};
    error_code outcome;
    const auto client_part = [&]() -> task<> {
        outcome = co_await adit::test::handshake_of(s.ssh());
    };
    const auto server_part = [&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().accept_service();
        static_cast<void>(co_await s.server().expect<wire::userauth_request>());
        const auto other = adit::test::sample_public_key(9);
        s.server().reply(wire::userauth_pk_ok{"ssh-ed25519", other.blob()});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    BOOST_TEST((outcome == errc::unexpected_message));
}

BOOST_AUTO_TEST_CASE(only_the_key_that_the_server_wants_signs) {
    scene s;
    s.options.credentials = {adit::key_credential(adit::test::sample_key(7), "seven"),
                             adit::key_credential(adit::test::sample_key(8), "eight")};
    error_code outcome = asio::error::would_block;
    std::vector<bool> signatures;
    const auto take = [&]() -> task<> {
        const auto m = co_await s.server().expect<wire::userauth_request>();
        signatures.push_back(m.method_fields.bytes[0] != 0);
    };
    const auto client_part = [&]() -> task<> {
        outcome = co_await adit::test::handshake_of(s.ssh());
    };
    const auto server_part = [&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().accept_service();
        co_await take();
        s.server().reply(wire::userauth_failure{{"publickey"}, false});
        co_await take();
        const auto eight = adit::test::sample_public_key(8);
        s.server().reply(wire::userauth_pk_ok{"ssh-ed25519", eight.blob()});
        co_await take();
        s.server().reply(wire::userauth_success{});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    BOOST_TEST(!outcome);
    BOOST_TEST(signatures == (std::vector<bool>{false, false, true}),
               boost::test_tools::per_element());
    s.finish();
}

BOOST_AUTO_TEST_CASE(c33_the_algorithm_is_one_that_everybody_accepts) {
    const auto key = adit::test::sample_public_key(7);
    adit::peer_extensions server;
    BOOST_TEST(adit::auth::choose_algorithm(key, "", server) == "ssh-ed25519");
    server.server_sig_algs = "rsa-sha2-512,ssh-ed25519";
    BOOST_TEST(adit::auth::choose_algorithm(key, "", server) == "ssh-ed25519");
    BOOST_TEST(adit::auth::choose_algorithm(key, "rsa-sha2-512", server).empty());
    server.server_sig_algs = "rsa-sha2-512";
    BOOST_TEST(adit::auth::choose_algorithm(key, "", server).empty());
}

BOOST_AUTO_TEST_SUITE_END()
