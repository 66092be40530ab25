// The ways in which a login fails, each by what a program can tell a person: the errc and the
// report (docs/errors.md, "Why a login failed"). A case for each row, in its order.
#include "support/fake_agent.hpp"
#include "support/scene.hpp"

#include <adit/agent.hpp>
#include <adit/auth/identities.hpp>
#include <adit/auth/locked_key.hpp>
#include <adit/auth/prompts.hpp>
#include <adit/crypto/random.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::byte;
using adit::errc;
using adit::error_code;
using adit::secret_bytes;
using adit::task;
using adit::test::agent_says;
using adit::test::fake_agent;
using adit::test::sample_key;
using adit::test::sample_public_key;
using adit::test::scene;

namespace {

using strings = std::vector<std::string>;

struct outcome {
    error_code ec;
    adit::diagnostics story;
};

/// The login of `s` at a server that does `part` behind the service.
outcome log_in(scene& s, const scene::part& part) {
    outcome result;
    const auto client_part = [&]() -> task<> {
        result.ec = co_await adit::test::handshake_of(s.ssh());
    };
    const auto server_part = [&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().accept_service();
        co_await part();
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    result.story = s.ssh().diagnostics();
    s.finish();
    return result;
}

/// A server that refuses each request with this list.
outcome refused(scene& s, std::string methods, std::size_t requests = 1) {
    return log_in(s, [&s, methods, requests]() -> task<> {
        for (std::size_t i = 0; i < requests; ++i) {
            static_cast<void>(co_await s.server().expect<wire::userauth_request>());
            s.server().reply(wire::userauth_failure{{methods}, false});
        }
        static_cast<void>(co_await s.server().expect_disconnect());
    });
}

/// A server that wants key `number`, and gets no signature.
outcome wanted(scene& s, byte number) {
    return log_in(s, [&s, number]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::userauth_request>());
        const auto key = sample_public_key(number);
        s.server().reply(wire::userauth_pk_ok{"ssh-ed25519", key.blob()});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
}

std::shared_ptr<adit::signer> locked(adit::passphrase_source ask) {
    adit::locked_key_parts parts;
    parts.name = "id";
    adit::crypto::system_random random;
    parts.content = adit::keys::to_openssh_format(sample_key(7), secret_bytes{'r'}, random);
    parts.public_half = sample_public_key(7);
    parts.ask = std::move(ask);
    parts.attempts = 1;
    return std::make_shared<adit::locked_key>(std::move(parts));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(login_reasons)

BOOST_AUTO_TEST_CASE(password_it_was_wrong) {
    scene s;
    s.options.credentials = {adit::password_credential({'p'})};
    const outcome seen = refused(s, "publickey,password");
    BOOST_TEST(seen.ec == errc::authentication_failed);
    BOOST_TEST((seen.story.methods_tried == strings{"password"}));
}

BOOST_AUTO_TEST_CASE(verification_code_it_was_wrong) {
    scene s;
    std::string hop;
    s.options.credentials = {adit::prompt_responder(
        [&hop](const adit::prompt_question& q) -> task<std::vector<secret_bytes>> {
            hop = q.hop;
            std::vector<secret_bytes> codes(q.prompts.size(), secret_bytes{'1'});
            co_return codes;
        })};
    s.options.password_attempts = 1;
    const outcome seen = log_in(s, [&s]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::userauth_request>());
        std::vector<byte> prompt(64);
        wire::writer w(prompt);
        wire::put_fields(w, wire::userauth_prompt{"Verification code: ", false});
        prompt.resize(w.size());
        s.server().reply(wire::userauth_info_request{"", "", "", 1, {prompt}});
        static_cast<void>(co_await s.server().expect<wire::userauth_info_response>());
        s.server().reply(wire::userauth_failure{{"keyboard-interactive"}, false});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(seen.ec == errc::authentication_failed);
    BOOST_TEST((seen.story.methods_tried == strings{"keyboard-interactive"}));
    // Whoever answers is told which server it is.
    BOOST_TEST(hop == "alice@server.test:22");
}

BOOST_AUTO_TEST_CASE(private_key_the_server_does_not_take_it) {
    scene s;
    s.options.credentials = {adit::key_credential(sample_key(8), "id")};
    const outcome seen = refused(s, "publickey");
    BOOST_TEST(seen.ec == errc::authentication_failed);
    BOOST_TEST((seen.story.methods_tried == strings{"publickey(id)"}));
}

BOOST_AUTO_TEST_CASE(private_key_nobody_gave_its_passphrase) {
    scene s;
    s.options.credentials = {locked(
        [](const adit::passphrase_question&) -> task<secret_bytes> { co_return secret_bytes(); })};
    const outcome seen = wanted(s, 7);
    BOOST_TEST(seen.ec == errc::authentication_failed);
    BOOST_TEST(
        (seen.story.methods_tried == strings{"publickey(id)[the private key needs a passphrase]"}));
}

BOOST_AUTO_TEST_CASE(private_key_its_passphrase_was_wrong) {
    scene s;
    s.options.credentials = {locked([](const adit::passphrase_question&) -> task<secret_bytes> {
        co_return secret_bytes{'w'};
    })};
    const outcome seen = wanted(s, 7);
    BOOST_TEST(seen.ec == errc::authentication_failed);
    BOOST_TEST((seen.story.methods_tried ==
                strings{"publickey(id)[the passphrase of the private key is wrong]"}));
}

BOOST_AUTO_TEST_CASE(private_key_no_algorithm_in_common) {
    scene s;
    s.options.credentials = {adit::key_credential(sample_key(8), "id"),
                             adit::password_credential({'p'})};
    s.options.public_key_algorithms = "rsa-sha2-512";
    const outcome seen = refused(s, "publickey,password");
    BOOST_TEST(
        (seen.story.methods_tried == strings{"publickey(id)[no algorithm in common]", "password"}));
}

// What could not become a credential is told by whoever looked for it.
BOOST_AUTO_TEST_CASE(agent_none_answers) {
    scene s;
    s.options.passed_over = {"publickey(agent /run/a)[no SSH agent answers]"};
    s.options.credentials.clear();
    const outcome seen = refused(s, "publickey");
    BOOST_TEST(seen.ec == errc::no_credentials);
    BOOST_TEST((seen.story.methods_tried ==
                strings{"publickey(agent /run/a)[no SSH agent answers]", "none"}));
}

BOOST_AUTO_TEST_CASE(agent_it_did_not_sign) {
    const fake_agent fake([](adit::bytes_view) { return agent_says{adit::test::failure_frame()}; });
    scene s;
    s.options.credentials = {std::make_shared<adit::agent_signer>(
        adit::agent(fake.dialler()), adit::agent_key{sample_public_key(7), "laptop"})};
    const outcome seen = wanted(s, 7);
    BOOST_TEST(seen.ec == errc::authentication_failed);
    BOOST_TEST(
        (seen.story.methods_tried == strings{"publickey(agent laptop)[the SSH agent refused]"}));
}

BOOST_AUTO_TEST_CASE(the_server_ends_it_over_too_many_keys) {
    scene s;
    s.options.credentials = {adit::key_credential(sample_key(7), "a"),
                             adit::key_credential(sample_key(8), "b")};
    const outcome seen = log_in(s, [&s]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::userauth_request>());
        s.server().reply(wire::userauth_failure{{"publickey"}, false});
        static_cast<void>(co_await s.server().expect<wire::userauth_request>());
        s.server().reply(wire::disconnect{2, "Too many authentication failures", ""});
    });
    BOOST_TEST(seen.ec == errc::disconnected_by_peer);
    BOOST_TEST((seen.story.methods_tried == strings{"publickey(a)", "publickey(b)"}));
    BOOST_TEST(seen.story.peer_text == "Too many authentication failures");
}

BOOST_AUTO_TEST_CASE(another_factor_is_wanted) {
    scene s;
    s.options.credentials = {adit::key_credential(sample_key(7), "id")};
    const outcome seen = log_in(s, [&s]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::userauth_request>());
        s.server().reply(wire::userauth_failure{{"keyboard-interactive"}, true});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(seen.ec == errc::another_factor_needed);
    BOOST_TEST(seen.story.methods_left == "keyboard-interactive");
}

BOOST_AUTO_TEST_CASE(nothing_to_log_in_with) {
    scene s;
    s.options.credentials.clear();
    const outcome seen = refused(s, "publickey");
    BOOST_TEST(seen.ec == errc::no_credentials);
    BOOST_TEST(seen.story.methods_left == "publickey");
}

BOOST_AUTO_TEST_CASE(the_method_is_not_to_be_had) {
    scene s;
    s.options.credentials = {adit::password_credential({'p'})};
    const outcome seen = refused(s, "publickey,keyboard-interactive");
    BOOST_TEST(seen.ec == errc::method_unavailable);
    BOOST_TEST(seen.story.methods_left == "publickey,keyboard-interactive");
    BOOST_TEST(adit::is_final(seen.ec));
}

// One that was listed and is not any more was had, and refused.
BOOST_AUTO_TEST_CASE(a_method_that_was_listed_once_was_refused) {
    scene s;
    s.options.credentials = {adit::key_credential(sample_key(7), "a"),
                             adit::key_credential(sample_key(8), "b")};
    const outcome seen = log_in(s, [&s]() -> task<> {
        for (const char* left : {"publickey", "hostbased"}) {
            static_cast<void>(co_await s.server().expect<wire::userauth_request>());
            s.server().reply(wire::userauth_failure{{left}, false});
        }
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(seen.ec == errc::authentication_failed);
}

BOOST_AUTO_TEST_CASE(cancelled) {
    scene s;
    s.options.credentials = {
        adit::prompt_responder([](const adit::prompt_question&) -> task<std::vector<secret_bytes>> {
            co_return std::vector<secret_bytes>();
        })};
    const outcome seen = log_in(s, [&s]() -> task<> {
        static_cast<void>(co_await s.server().expect<wire::userauth_request>());
        std::vector<byte> prompt(64);
        wire::writer w(prompt);
        wire::put_fields(w, wire::userauth_prompt{"Password: ", false});
        prompt.resize(w.size());
        s.server().reply(wire::userauth_info_request{"", "", "", 1, {prompt}});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(seen.ec == errc::prompt_cancelled);
    BOOST_TEST((seen.story.methods_tried == strings{"keyboard-interactive"}));
}

BOOST_AUTO_TEST_SUITE_END()
