// adit/auth/client.hpp: which credentials are tried in which order, what is reported when none is
// taken, and what a server may not do before it was asked. RFC 4252. Passwords have a file of their
// own.
#include "support/scene.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::byte;
using adit::disconnect_reason;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::payload_of;
using adit::test::sample_key;
using adit::test::scene;
using wire::message_id;

namespace {

using strings = std::vector<std::string>;

// What a request says, owned.
struct request {
    std::string user, service, method;
    std::vector<byte> fields;
};

task<request> take_request(scene& s) {
    const auto m = co_await s.server().expect<wire::userauth_request>();
    const auto& fields = m.method_fields.bytes;
    request r;
    r.user = m.user_name;
    r.service = m.service_name;
    r.method = m.method_name;
    r.fields.assign(fields.begin(), fields.end());
    co_return r;
}

void refuse(scene& s, std::string_view left, bool partial = false) {
    s.server().reply(wire::userauth_failure{{left}, partial});
}

// The client's half and the server's, and how the login ended.
error_code log_in(scene& s, const scene::part& after_service) {
    error_code outcome = asio::error::would_block;
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

void use_keys(scene& s, std::initializer_list<byte> numbers) {
    s.options.credentials.clear();
    for (const byte n : numbers) {
        s.options.credentials.push_back(
            adit::key_credential(sample_key(n), "key" + std::to_string(n)));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(auth_client)

BOOST_AUTO_TEST_CASE(c32_publickey_is_signed_over_the_session_at_once) {
    scene s;
    const error_code ec = log_in(s, [&]() -> task<> {
        const request r = co_await take_request(s);
        BOOST_TEST(r.user == "alice");
        BOOST_TEST(r.service == "ssh-connection");
        BOOST_TEST(r.method == "publickey");
        wire::reader in(r.fields);
        BOOST_TEST(in.take_u8() == 1);
        const auto algorithm = adit::as_text(in.take_string());
        const auto blob = in.take_string();
        const auto signature = in.take_string();
        BOOST_TEST((in.finish() == errc::ok));
        BOOST_TEST(algorithm == "ssh-ed25519");
        const auto key = adit::keys::public_key::parse(blob).value();
        BOOST_TEST((key == adit::test::sample_public_key(7)));
        wire::userauth_publickey_signed_data covered;
        covered.session_identifier = s.server().kex().session_id;
        covered.user_name = "alice";
        covered.service_name = "ssh-connection";
        covered.algorithm_name = algorithm;
        covered.public_key = blob;
        std::vector<byte> message(1024);
        wire::writer w(message);
        wire::put_fields(w, covered);
        BOOST_TEST((key.verify(algorithm, w.written(), signature) == errc::ok));
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    BOOST_TEST((s.ssh().diagnostics().methods_tried == strings{"publickey(seven)"}));
    s.finish();
}

BOOST_AUTO_TEST_CASE(keys_are_tried_in_order_until_one_is_taken) {
    scene s;
    use_keys(s, {7, 8, 9});
    const error_code ec = log_in(s, [&]() -> task<> {
        for (int i = 0; i < 2; ++i) {
            static_cast<void>(co_await take_request(s));
            refuse(s, "publickey,password");
        }
        static_cast<void>(co_await take_request(s));
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    BOOST_TEST((s.ssh().diagnostics().methods_tried ==
                strings{"publickey(key7)", "publickey(key8)", "publickey(key9)"}));
    s.finish();
}

BOOST_AUTO_TEST_CASE(refusal_reports_what_was_tried_and_what_is_left) {
    scene s;
    use_keys(s, {7, 8});
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_request(s));
        refuse(s, "publickey");
        static_cast<void>(co_await take_request(s));
        refuse(s, "keyboard-interactive,hostbased");
        const auto why = co_await s.server().expect_disconnect();
        BOOST_TEST(why == disconnect_reason::no_more_auth_methods_available);
    });
    BOOST_TEST(ec == errc::authentication_failed);
    BOOST_TEST(
        (s.ssh().diagnostics().methods_tried == strings{"publickey(key7)", "publickey(key8)"}));
    BOOST_TEST(s.ssh().diagnostics().methods_left == "keyboard-interactive,hostbased");
    BOOST_TEST((s.ssh().diagnostics().stage == adit::stage::authentication));
    s.finish();
}

BOOST_AUTO_TEST_CASE(method_that_the_server_does_not_list_is_not_tried_again) {
    scene s;
    use_keys(s, {7, 8});
    s.options.credentials.push_back(adit::password_credential(adit::secret_bytes{'p', 'w'}));
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_request(s));
        refuse(s, "password");
        const request r = co_await take_request(s);
        BOOST_TEST(r.method == "password");
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    BOOST_TEST((s.ssh().diagnostics().methods_tried == strings{"publickey(key7)", "password"}));
    s.finish();
}

BOOST_AUTO_TEST_CASE(partial_success_goes_on_with_the_next_factor) {
    scene s;
    s.options.credentials.push_back(adit::password_credential(adit::secret_bytes{'p', 'w'}));
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_request(s));
        refuse(s, "password", true);
        const request r = co_await take_request(s);
        BOOST_TEST(r.method == "password");
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    s.finish();
}

BOOST_AUTO_TEST_CASE(partial_success_without_another_factor_fails) {
    scene s;
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_request(s));
        refuse(s, "password", true);
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::another_factor_needed);
    BOOST_TEST(s.ssh().diagnostics().methods_left == "password");
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_factor_refused_after_a_partial_success_fails) {
    scene s;
    s.options.credentials.push_back(adit::password_credential(adit::secret_bytes{'p', 'w'}));
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_request(s));
        refuse(s, "password", true);
        static_cast<void>(co_await take_request(s));
        refuse(s, "password");
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::authentication_failed);
    s.finish();
}

BOOST_AUTO_TEST_CASE(without_credentials_none_asks_what_there_is) {
    scene s;
    s.options.credentials.clear();
    const error_code ec = log_in(s, [&]() -> task<> {
        const request r = co_await take_request(s);
        BOOST_TEST(r.method == "none");
        BOOST_TEST(r.fields.empty());
        refuse(s, "publickey,password");
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::no_credentials);
    BOOST_TEST(s.ssh().diagnostics().methods_left == "publickey,password");
    s.finish();
}

// It is not sent, so without a word nobody would know why it did not help.
BOOST_AUTO_TEST_CASE(c33_a_key_without_an_algorithm_in_common_is_told_of) {
    scene s;
    use_keys(s, {7});
    s.options.public_key_algorithms = "rsa-sha2-512";
    const error_code ec = s.failing_handshake([&]() -> task<> {
        co_await s.server().shake();
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::no_credentials);
    const strings tried{"publickey(key7)[no algorithm in common]"};
    BOOST_TEST(s.ssh().diagnostics().methods_tried == tried, boost::test_tools::per_element());
    s.finish();
}

BOOST_AUTO_TEST_CASE(c35_none_may_be_enough) {
    scene s;
    s.options.credentials.clear();
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_request(s));
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c35_none_is_not_enough_where_trivial_logins_are_disabled) {
    scene s;
    s.options.credentials.clear();
    s.options.disable_trivial_auth = true;
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_request(s));
        s.server().reply(wire::userauth_success{});
        const auto why = co_await s.server().expect_disconnect();
        BOOST_TEST(why == disconnect_reason::auth_cancelled_by_user);
    });
    BOOST_TEST(ec == errc::trivial_authentication);
    BOOST_TEST(!s.ssh().is_open());
    s.finish();
}

// What was only asked about was not signed.
BOOST_AUTO_TEST_CASE(c35_success_for_a_query_is_trivial_and_for_a_signature_is_not) {
    for (const bool sign : {false, true}) {
        scene s;
        use_keys(s, {7, 8});
        s.options.disable_trivial_auth = true;
        const error_code ec = log_in(s, [&]() -> task<> {
            static_cast<void>(co_await take_request(s));
            if (sign) {
                const auto seven = adit::test::sample_public_key(7);
                s.server().reply(wire::userauth_pk_ok{"ssh-ed25519", seven.blob()});
                static_cast<void>(co_await take_request(s));
            }
            s.server().reply(wire::userauth_success{});
            if (!sign) static_cast<void>(co_await s.server().expect_disconnect());
        });
        BOOST_TEST((ec == errc::trivial_authentication) == !sign);
        BOOST_TEST(s.ssh().is_open() == sign);
        s.finish();
    }
}

// A proof that was refused is none: the next method has to bring its own.
BOOST_AUTO_TEST_CASE(c35_only_a_factor_that_was_accepted_counts) {
    for (const bool accepted : {false, true}) {
        scene s;
        use_keys(s, {7});
        s.options.credentials.push_back(adit::prompt_responder(
            [](const adit::prompt_question&) -> task<std::vector<adit::secret_bytes>> {
                co_return std::vector<adit::secret_bytes>();
            }));
        s.options.disable_trivial_auth = true;
        const error_code ec = log_in(s, [&]() -> task<> {
            static_cast<void>(co_await take_request(s));
            refuse(s, "keyboard-interactive", accepted);
            static_cast<void>(co_await take_request(s));
            s.server().reply(wire::userauth_success{});
            if (!accepted) static_cast<void>(co_await s.server().expect_disconnect());
        });
        BOOST_TEST((ec == errc::trivial_authentication) == !accepted);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c04_banners_are_kept_escaped_and_change_nothing) {
    scene s;
    const error_code ec = log_in(s, [&]() -> task<> {
        s.server().reply(wire::userauth_banner{"Be\x1b[0m nice\r\n", "en"});
        static_cast<void>(co_await take_request(s));
        s.server().reply(wire::userauth_banner{"twice", ""});
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    BOOST_TEST(s.ssh().diagnostics().banner == "Be\\x1b[0m nice\\x0d\\x0atwice");
    s.finish();
}

BOOST_AUTO_TEST_CASE(banners_without_end_do_not_fill_memory) {
    scene s;
    const std::string line(4000, 'b');
    const error_code ec = log_in(s, [&]() -> task<> {
        for (int i = 0; i < 100; ++i) s.server().reply(wire::userauth_banner{line, ""});
        static_cast<void>(co_await take_request(s));
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    BOOST_TEST(s.ssh().diagnostics().banner.size() <= 8192U);
    s.finish();
}

// A03, C35: nobody is let in before the service was granted.
BOOST_AUTO_TEST_CASE(c35_success_before_the_service_is_fatal) {
    const std::vector<std::vector<byte>> messages{
        payload_of(wire::userauth_success{}), payload_of(wire::userauth_failure{{"x"}, false}),
        payload_of(wire::userauth_banner{"x", ""}), payload_of(wire::userauth_info_request{}),
        payload_of(wire::channel_open{"session", 0, 1, 1, {}})};
    for (const auto& message : messages) {
        BOOST_TEST_CONTEXT("message " << int(message[0])) {
            scene s;
            s.server().port().inject_before(message_id::service_accept, message);
            const error_code ec = s.failing_handshake([&]() -> task<> {
                co_await s.server().shake();
                co_await s.server().accept_service();
                const auto why = co_await s.server().expect_disconnect();
                BOOST_TEST(why == disconnect_reason::protocol_error);
            });
            BOOST_TEST(ec == errc::unexpected_message);
            BOOST_TEST(!s.ssh().is_open());
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(a02_connection_messages_during_the_login_are_fatal) {
    for (int number = 80; number <= 100; ++number) {
        scene s;
        const error_code ec = log_in(s, [&]() -> task<> {
            const std::vector<byte> message{static_cast<byte>(number)};
            s.server().port().send_now(message);
            static_cast<void>(co_await s.server().expect_disconnect());
        });
        BOOST_TEST(ec == errc::unexpected_message);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c29_messages_of_a_clients_role_are_fatal) {
    for (const auto& message : {payload_of(wire::userauth_request{"a", "b", "c", {}}),
                                payload_of(wire::userauth_info_response{}),
                                payload_of(wire::service_accept{"ssh-userauth"})}) {
        scene s;
        const error_code ec = log_in(s, [&]() -> task<> {
            s.server().port().send_now(message);
            static_cast<void>(co_await s.server().expect_disconnect());
        });
        BOOST_TEST(ec == errc::unexpected_message);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(service_that_was_not_asked_for_is_no_service) {
    scene s;
    const error_code ec = s.failing_handshake([&]() -> task<> {
        co_await s.server().shake();
        static_cast<void>(co_await s.server().expect<wire::service_request>());
        s.server().reply(wire::service_accept{"ssh-connection"});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::service_refused);
    s.finish();
}

// C18: no exchange of keys in the middle of a login.
BOOST_AUTO_TEST_CASE(c18_rekey_before_the_login_is_fatal) {
    scene s;
    const error_code ec = log_in(s, [&]() -> task<> {
        s.server().send_kexinit();
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::unexpected_message);
    s.finish();
}

BOOST_AUTO_TEST_CASE(signer_that_fails_ends_the_login) {
    class broken final : public adit::signer {
    public:
        const adit::keys::public_key& public_part() const noexcept override { return key_; }
        std::string name() const override { return "broken"; }
        task<std::vector<byte>> sign(std::string_view, adit::bytes_view) override {
            throw adit::protocol_error(errc::signing_failed);
            co_return std::vector<byte>();
        }

    private:
        adit::keys::public_key key_ = adit::test::sample_public_key(7);
    };
    scene s;
    s.options.credentials = {std::shared_ptr<adit::signer>(std::make_shared<broken>())};
    const error_code ec = s.failing_handshake([&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().expect_end();
    });
    BOOST_TEST(ec == errc::signing_failed);
    s.finish();
}

BOOST_AUTO_TEST_CASE(l22_server_that_refuses_for_ever_is_left) {
    scene s;
    std::vector<byte> numbers;
    s.options.credentials.clear();
    for (int i = 0; i < 40; ++i)
        s.options.credentials.push_back(adit::key_credential(sample_key(7)));
    const error_code ec = log_in(s, [&]() -> task<> {
        for (int i = 0; i < 40; ++i) {
            static_cast<void>(co_await take_request(s));
            refuse(s, "publickey");
        }
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::authentication_failed);
    BOOST_TEST(s.ssh().diagnostics().methods_tried.size() == 40U);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
