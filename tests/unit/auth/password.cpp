// adit/auth/password.hpp: when a password is asked for, how often, and what its packet shows of it
// (C36). RFC 4252 section 8.
#include "support/scene.hpp"

namespace wire = adit::wire;
using adit::byte;
using adit::errc;
using adit::error_code;
using adit::password_question;
using adit::secret_bytes;
using adit::task;
using adit::test::scene;

namespace {

secret_bytes secret(std::string_view text) { return {text.begin(), text.end()}; }

// The password in the next request.
task<std::string> take_password(scene& s) {
    const auto m = co_await s.server().expect<wire::userauth_password_request>();
    BOOST_TEST(!m.change);
    co_return std::string(m.password.value);
}

error_code log_in(scene& s, const scene::part& after_service) {
    error_code outcome;
    const auto client_part = [&]() -> task<> {
        outcome = co_await adit::test::handshake_of(s.ssh());
    };
    const auto server_part = [&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().accept_service();
        co_await after_service();
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    return outcome;
}

// Bytes of the flight that holds NEWKEYS, the service request and the password.
std::size_t flight_with(std::size_t password_size) {
    scene s;
    s.options.credentials = {adit::password_credential(secret(std::string(password_size, 'p')))};
    s.make_ready();
    const std::size_t size = s.up().flights()[2].size();
    s.finish();
    return size;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(auth_password)

BOOST_AUTO_TEST_CASE(known_password_is_sent_once) {
    scene s;
    s.options.credentials = {adit::password_credential(secret("open sesame"))};
    const error_code ec = log_in(s, [&]() -> task<> {
        const std::string got = co_await take_password(s);
        BOOST_TEST(got == "open sesame");
        s.server().reply(wire::userauth_failure{{"password"}, false});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::authentication_failed);
    BOOST_TEST(s.ssh().diagnostics().methods_tried.size() == 1U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(asked_for_password_is_asked_for_three_times) {
    scene s;
    std::vector<unsigned> attempts;
    s.options.credentials = {
        adit::password_source([&](const password_question& q) -> task<secret_bytes> {
            attempts.push_back(q.attempt);
            BOOST_TEST(q.user == "alice");
            BOOST_TEST(q.host == "server.test");
            co_return secret("try" + std::to_string(q.attempt));
        })};
    const error_code ec = log_in(s, [&]() -> task<> {
        for (const char* expected : {"try1", "try2", "try3"}) {
            const std::string got = co_await take_password(s);
            BOOST_TEST(got == expected);
            s.server().reply(wire::userauth_failure{{"password"}, false});
        }
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::authentication_failed);
    BOOST_TEST((attempts == std::vector<unsigned>{1, 2, 3}));
    s.finish();
}

BOOST_AUTO_TEST_CASE(empty_answer_gives_up) {
    scene s;
    unsigned asked = 0;
    s.options.credentials = {
        adit::password_source([&](const password_question&) -> task<secret_bytes> {
            ++asked;
            co_return asked == 1 ? secret("wrong") : secret_bytes();
        })};
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_password(s));
        s.server().reply(wire::userauth_failure{{"password"}, false});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::authentication_failed);
    BOOST_TEST(asked == 2U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(nothing_but_an_empty_answer_is_no_credential) {
    scene s;
    s.options.credentials = {adit::password_source(
        [](const password_question&) -> task<secret_bytes> { co_return secret_bytes(); })};
    const error_code ec = s.failing_handshake([&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().expect_end();
    });
    BOOST_TEST(ec == errc::no_credentials);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c36_demand_for_a_new_password_ends_the_login) {
    scene s;
    s.options.credentials = {adit::password_credential(secret("old"))};
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_password(s));
        s.server().reply(wire::userauth_passwd_changereq{"choose a\x07 new one", ""});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::password_change_required);
    BOOST_TEST(s.ssh().diagnostics().peer_text == "choose a\\x07 new one");
    s.finish();
}

BOOST_AUTO_TEST_CASE(c36_size_on_the_wire_does_not_tell_the_passwords_length) {
    const std::size_t one = flight_with(1);
    for (const std::size_t size : {2U, 8U, 16U, 31U, 50U}) BOOST_TEST(flight_with(size) == one);
    BOOST_TEST(flight_with(300) > one);
}

// What pads the packet must have room behind it, wherever the packet lies in its slab.
BOOST_AUTO_TEST_CASE(c36_padding_of_long_passwords_has_room) {
    for (std::size_t size = 3700; size < 4200; size += 7) {
        scene s;
        const std::string text = adit::test::pattern(size);
        s.options.credentials = {adit::password_credential(secret(text))};
        const error_code ec = log_in(s, [&]() -> task<> {
            const std::string got = co_await take_password(s);
            BOOST_TEST((got == text));
            s.server().reply(wire::userauth_success{});
        });
        BOOST_TEST(!ec);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(source_that_throws_ends_the_login) {
    scene s;
    s.options.credentials = {
        adit::password_source([](const password_question&) -> task<secret_bytes> {
            throw adit::protocol_error(errc::prompt_cancelled);
            co_return secret_bytes();
        })};
    const error_code ec = s.failing_handshake([&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().expect_end();
    });
    BOOST_TEST(ec == errc::prompt_cancelled);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
