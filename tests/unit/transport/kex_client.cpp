// adit/transport/kex_client.hpp: whom the client believes. Whatever is wrong with a host key, its
// signature or the one who decides, nothing of the login is sent (A03, A11). The halves of honest
// exchanges meet in kex_session.cpp.
#include "support/scene.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::disconnect_reason;
using adit::errc;
using adit::error_code;
using adit::host_key_answer;
using adit::host_key_question;
using adit::task;
using adit::test::scene;
using wire::message_id;

namespace {

constexpr std::string_view canary = "c4n4ry-passw0rd";

bool contains(const adit::test::memory_pipe& pipe, std::string_view text) {
    const auto all = pipe.written();
    return adit::as_text(all).find(text) != std::string_view::npos;
}

// A handshake in which the server does all it can, and the client must stop at the host key.
error_code stopped_at_host_key(scene& s) {
    s.options.credentials.clear();
    bool asked = false;
    adit::password_source source =
        [&asked](const adit::password_question&) -> task<adit::secret_bytes> {
        asked = true;
        co_return adit::secret_bytes(canary.begin(), canary.end());
    };
    s.options.credentials.push_back(source);
    const error_code ec = s.failing_handshake([&]() -> task<> {
        try {
            co_await s.server().make_ready();
        } catch (const adit::protocol_error&) {
            // The DISCONNECT, where the script has another message.
            co_return;
        } catch (const boost::system::system_error&) {
            co_return;
        }
    });
    BOOST_TEST(!asked);
    BOOST_TEST(!contains(s.up(), canary));
    BOOST_TEST(s.server().port().seen(message_id::service_request) == 0U);
    BOOST_TEST(s.server().port().seen(message_id::userauth_request) == 0U);
    BOOST_TEST(s.server().port().seen(message_id::newkeys) == 0U);
    return ec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kex_client)

BOOST_AUTO_TEST_CASE(a11_every_answer_but_trusted_refuses) {
    const std::vector<std::pair<host_key_answer, errc>> answers{
        {host_key_answer::unknown, errc::host_key_unknown},
        {host_key_answer::changed, errc::host_key_changed},
        {host_key_answer::revoked, errc::host_key_revoked},
        {host_key_answer::rejected, errc::host_key_rejected},
        {host_key_answer{}, errc::host_key_rejected},
        {static_cast<host_key_answer>(99), errc::host_key_rejected}};
    for (const auto& [answer, expected] : answers) {
        scene s;
        const host_key_answer says = answer;
        s.options.trust = [says](const host_key_question&) -> task<host_key_answer> {
            co_return says;
        };
        BOOST_TEST(stopped_at_host_key(s) == expected);
        BOOST_TEST((s.ssh().diagnostics().stage == adit::stage::host_key));
        BOOST_TEST(s.ssh().diagnostics().host_key_fingerprint == adit::test::fingerprint_of(1));
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(a11_without_anybody_who_decides_nobody_is_trusted) {
    scene s;
    s.options.trust = nullptr;
    BOOST_TEST(stopped_at_host_key(s) == errc::host_key_unknown);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a11_exception_of_who_decides_refuses) {
    {
        scene s;
        s.options.trust = [](const host_key_question&) -> task<host_key_answer> {
            throw adit::protocol_error(errc::known_hosts_unreadable);
            co_return host_key_answer::trusted;
        };
        BOOST_TEST(stopped_at_host_key(s) == errc::known_hosts_unreadable);
        s.finish();
    }
    scene s;
    s.options.trust = [](const host_key_question&) -> task<host_key_answer> {
        throw std::bad_alloc();
        co_return host_key_answer::trusted;
    };
    const error_code ec = stopped_at_host_key(s);
    BOOST_TEST((ec == asio::error::no_memory || ec == errc::out_of_memory));
    BOOST_TEST(!s.ssh().is_open());
    s.finish();
}

BOOST_AUTO_TEST_CASE(question_says_which_host_and_key) {
    scene s;
    s.options.port = 2222;
    std::string host, fingerprint;
    std::uint16_t port = 0;
    s.options.trust = [&](const host_key_question& q) -> task<host_key_answer> {
        host = q.host;
        port = q.port;
        fingerprint = q.fingerprint;
        BOOST_TEST((*q.key == adit::test::sample_public_key(1)));
        *q.detail = "somewhere:1";
        co_return host_key_answer::changed;
    };
    BOOST_TEST(stopped_at_host_key(s) == errc::host_key_changed);
    BOOST_TEST(host == "server.test");
    BOOST_TEST(port == 2222);
    BOOST_TEST(fingerprint == adit::test::fingerprint_of(1));
    BOOST_TEST(s.ssh().diagnostics().subject == "somewhere:1");
    s.finish();
}

BOOST_AUTO_TEST_CASE(a03_wrong_signature_ends_it_before_anybody_is_asked) {
    scene s;
    bool asked = false;
    s.options.trust = [&](const host_key_question&) -> task<host_key_answer> {
        asked = true;
        co_return host_key_answer::trusted;
    };
    // Key 1 is shown, key 2 signs.
    class impostor final : public adit::signer {
    public:
        const adit::keys::public_key& public_part() const noexcept override { return shown_; }
        std::string name() const override { return {}; }
        task<std::vector<adit::byte>> sign(std::string_view algorithm,
                                           adit::bytes_view message) override {
            co_return adit::test::sample_key(2).sign(algorithm, message).value();
        }

    private:
        adit::keys::public_key shown_ = adit::test::sample_public_key(1);
    };
    s.server().use_signer(std::make_shared<impostor>());
    BOOST_TEST(stopped_at_host_key(s) == errc::host_key_signature_invalid);
    BOOST_TEST(!asked);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a03_no_password_is_on_the_wire_in_clear_after_a_login_either) {
    scene s;
    s.options.credentials = {
        adit::password_credential(adit::secret_bytes(canary.begin(), canary.end()))};
    s.make_ready();
    BOOST_TEST(!contains(s.up(), canary));
    s.finish();
}

// A26 of the first exchange: values that are no public keys.
BOOST_AUTO_TEST_CASE(c21_bad_values_of_the_server_are_refused) {
    const std::vector<std::vector<adit::byte>> values{{},
                                                      std::vector<adit::byte>(31, 9),
                                                      std::vector<adit::byte>(33, 9),
                                                      std::vector<adit::byte>(32, 0)};
    for (const auto& value : values) {
        scene s;
        const error_code ec = s.failing_handshake([&]() -> task<> {
            co_await s.server().greet();
            static_cast<void>(co_await s.server().expect<wire::kex_ecdh_init>());
            const auto key = adit::test::sample_public_key(1);
            s.server().reply(wire::kex_ecdh_reply{key.blob(), value, value});
            const auto why = co_await s.server().expect_disconnect();
            BOOST_TEST(why == disconnect_reason::key_exchange_failed);
        });
        BOOST_TEST(ec == errc::invalid_key_exchange_value);
        s.finish();
    }
}

BOOST_AUTO_TEST_SUITE_END()
