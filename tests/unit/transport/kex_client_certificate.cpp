// adit/transport/kex_client.hpp: a host key in a certificate (PROTOCOL.certkeys). Whether its CA is
// believed is trust.hpp's business; here it is that the key in it has signed, and what the one who
// decides gets to see.
#include "support/certificates.hpp"
#include "support/scene.hpp"

namespace keys = adit::keys;
using adit::byte;
using adit::errc;
using adit::error_code;
using adit::host_key_answer;
using adit::host_key_question;
using adit::task;
using adit::test::sample_key;
using adit::test::scene;

namespace {

constexpr auto algorithm = "ssh-ed25519-cert-v01@openssh.com";

/// A certificate of sample key 1.
keys::public_key certificate() {
    adit::test::certificate_content content;
    content.type = 2;
    return keys::public_key::parse(adit::test::sample_certificate_blob(content)).value();
}

std::shared_ptr<adit::signer> shown_by(byte number) {
    return std::make_shared<adit::certified_signer>(
        std::make_shared<adit::key_signer>(sample_key(number)), certificate());
}

void offer(scene& s, const std::string& names) {
    s.options.algorithms.host_keys = names;
    s.server_side.algorithms.host_keys = names;
}

error_code refused(scene& s) {
    return s.failing_handshake([&]() -> task<> {
        try {
            co_await s.server().make_ready();
        } catch (const boost::system::system_error&) {
            co_return;
        }
    });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kex_client_certificate)

BOOST_AUTO_TEST_CASE(c38_who_decides_sees_the_certificate_and_its_key) {
    scene s;
    offer(s, algorithm);
    int asked = 0;
    s.options.trust = [&asked](const host_key_question& q) -> task<host_key_answer> {
        ++asked;
        BOOST_REQUIRE(q.certificate != nullptr);
        BOOST_TEST((*q.key == adit::test::sample_public_key(1)));
        BOOST_TEST(adit::wire::same_bytes(q.certificate->blob(), certificate().blob()));
        BOOST_TEST(q.fingerprint == adit::test::fingerprint_of(1));
        co_return host_key_answer::trusted;
    };
    s.server().use_signer(shown_by(1));
    s.make_ready();
    BOOST_TEST(s.ssh().info().host_key_algorithm == algorithm);
    BOOST_TEST(s.ssh().info().host_key_fingerprint == adit::test::fingerprint_of(1));
    s.play({[&] { return s.server().rekey(); }});
    s.step();
    BOOST_TEST(s.ssh().info().rekeys == 1U);
    BOOST_TEST(asked == 1);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a13_only_the_key_in_the_certificate_can_sign) {
    scene s;
    offer(s, algorithm);
    s.server().use_signer(shown_by(3));
    BOOST_TEST(refused(s) == errc::host_key_signature_invalid);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a13_bad_certificate_ends_the_login_by_its_name) {
    scene s;
    offer(s, algorithm);
    s.options.trust = [](const host_key_question&) -> task<host_key_answer> {
        co_return host_key_answer::bad_certificate;
    };
    s.server().use_signer(shown_by(1));
    BOOST_TEST(refused(s) == errc::host_certificate_refused);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
