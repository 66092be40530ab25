// A server against clients with evil numbers (attack table, server role: A12, A13, A14, C32, C33):
// public values of key exchange, signatures of logins and public keys that are forged, malleable
// or huge. The authenticator takes every key, so that only the signature can refuse. And signers
// that fail, which are the embedder's (A35). What the keys accept is tested in keys/ and crypto/.
#include "support/certificates.hpp"
#include "unit/doors/bad_kex_values.hpp"
#include "unit/doors/evil_client.hpp"
#include "unit/doors/forgery.hpp"
#include "unit/keys/key_samples.hpp"
#include "vectors/crypto_dh.hpp"
#include "vectors/crypto_ecdh.hpp"

#include <adit/accounts.hpp>
#include <adit/keys/rsa.hpp>

#include <functional>
#include <new>
#include <stdexcept>

using namespace adit;
using namespace adit::test;
using wire::message_id;

namespace {

using octets = std::vector<byte>;

/// The server's error when the client's public value is this.
error_code error_with_value(const std::string& kex, const octets& q_c) {
    attack a;
    a.s.options->algorithms.kex = a.s.client_options.algorithms.kex = kex;
    const error_code ec = a.meets([&]() -> task<> {
        co_await a.c().greet();
        a.c().say(payload_of(wire::kex_ecdh_init{q_c}));
    });
    BOOST_TEST(a.told == disconnect_reason::key_exchange_failed);
    BOOST_TEST(a.c().port().seen(message_id::newkeys) == 0U);
    BOOST_TEST(a.c().port().seen(message_id::kex_ecdh_reply) == 0U);
    return ec;
}

void all_are_refused(const std::string& kex, const std::vector<octets>& values) {
    for (const octets& value : values) {
        const error_code ec = error_with_value(kex, value);
        const auto shown = bytes_view(value).first(std::min<std::size_t>(value.size(), 8));
        BOOST_TEST(ec == errc::invalid_key_exchange_value,
                   kex << " " << to_hex(shown) << ": " << ec);
    }
}

/// A signature blob over what was to be signed, by whoever holds the key.
using forgery = std::function<octets(const keys::private_key&, bytes_view)>;

forgery renamed(
    std::string_view right, std::string_view shown,
    std::function<void(octets&)> change = [](octets&) {}) {
    return [=](const keys::private_key& key, bytes_view message) {
        octets bytes = bytes_of(key.sign(right, message).value());
        change(bytes);
        return keys::to_blob({shown, bytes});
    };
}

/// What a server says to a signature that was forged so.
message_id answer_to(const keys::private_key& key, std::string_view algorithm,
                     const forgery& forge) {
    attack a;
    message_id answer{};
    const auto logs_in = [&]() -> task<> {
        co_await a.c().shake();
        co_await a.c().begin_login();
        const octets blob(key.public_part().blob().begin(), key.public_part().blob().end());
        const octets signature = forge(key, covered_by(a.c(), algorithm, blob));
        answer = co_await a.c().ask(key_request_of(a.c(), algorithm, blob, signature));
        a.c().port().stream().close(detail::close_mode::orderly);
    };
    static_cast<void>(a.s.handshake_against(logs_in));
    BOOST_TEST(a.judge->verified == (answer == message_id::userauth_success ? 1U : 0U));
    return answer;
}

void all_are_refused(const keys::private_key& key, std::string_view algorithm,
                     const std::vector<forgery>& forgeries) {
    for (std::size_t i = 0; i < forgeries.size(); ++i) {
        const bool refused =
            answer_to(key, algorithm, forgeries[i]) == message_id::userauth_failure;
        BOOST_TEST(refused, algorithm << ", forgery " << i);
    }
    const message_id honest = answer_to(key, algorithm, renamed(algorithm, algorithm));
    BOOST_TEST(honest == message_id::userauth_success);
}

/// What the server says to a question about this blob; nobody is asked unless it can be a key.
message_id answer_about(std::string_view algorithm, const octets& blob, std::size_t asked) {
    attack a;
    message_id answer{};
    const auto asks = [&]() -> task<> {
        co_await a.c().shake();
        co_await a.c().begin_login();
        answer = co_await a.c().ask(key_query_of(a.c(), algorithm, blob));
        a.c().port().stream().close(detail::close_mode::orderly);
    };
    static_cast<void>(a.s.handshake_against(asks));
    BOOST_TEST(a.judge->wanted == asked);
    return answer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_client_keys)

BOOST_AUTO_TEST_CASE(a12_bad_values_of_x25519_end_it) {
    all_are_refused("curve25519-sha256", bad_x25519_values());
    all_are_refused("curve25519-sha256@libssh.org", {octets(32, 0)});
}

BOOST_AUTO_TEST_CASE(a12_bad_points_of_nists_curves_end_it) {
    all_are_refused("ecdh-sha2-nistp256", bad_points(ecdh::p256_peer));
    all_are_refused("ecdh-sha2-nistp384", bad_points(ecdh::p384_peer));
    all_are_refused("ecdh-sha2-nistp521", bad_points(ecdh::p521_peer));
}

BOOST_AUTO_TEST_CASE(a12_bad_integers_end_it) {
    all_are_refused("diffie-hellman-group14-sha256", bad_integers(dh::group14_prime));
    all_are_refused("diffie-hellman-group16-sha512", bad_integers(dh::group16_prime));
    all_are_refused("diffie-hellman-group18-sha512", bad_integers(dh::group18_prime));
}

// C23: the lengths, the check of the encapsulation key, and the curve's half.
BOOST_AUTO_TEST_CASE(a12_bad_halves_of_the_hybrid_end_it) {
    const auto behind = [](const octets& front, const octets& back) {
        octets both = front;
        both.insert(both.end(), back.begin(), back.end());
        return both;
    };
    std::vector<octets> values{octets(1215, 0),
                               octets(1217, 0),
                               octets(1184, 0),
                               octets(32, 9),
                               {},
                               behind(octets(1184, 0xff), octets(32, 9))};
    for (const octets& curve_value : bad_x25519_values()) {
        values.push_back(behind(octets(1184, 0), curve_value));
    }
    all_are_refused("mlkem768x25519-sha256", values);
}

BOOST_AUTO_TEST_CASE(a13_forged_signatures_of_ed25519_let_nobody_in) {
    const std::string ours = "ssh-ed25519";
    // The order of the base point: S + L verifies where S is not compared with it.
    const octets order =
        from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    const auto plus_order = [order](octets& b) {
        unsigned carry = 0;
        for (std::size_t i = 0; i < 32; ++i) {
            carry += static_cast<unsigned>(b[32 + i]) + static_cast<unsigned>(order[i]);
            b[32 + i] = static_cast<byte>(carry);
            carry >>= 8U;
        }
    };
    const auto with_change = [ours](std::function<void(octets&)> change) -> forgery {
        return [=](const keys::private_key& key, bytes_view message) {
            octets other(message.begin(), message.end());
            change(other);
            return key.sign(ours, other).value();
        };
    };
    all_are_refused(
        sample_key(7), ours,
        {renamed(ours, ""), renamed(ours, "ssh-ed448"), renamed(ours, "ssh-rsa"),
         renamed(ours, "SSH-ED25519"), renamed(ours, "ssh-ed25519-cert-v01@openssh.com"),
         renamed(ours, ours, [](octets& b) { b.pop_back(); }),
         renamed(ours, ours, [](octets& b) { b.push_back(0); }),
         renamed(ours, ours, [](octets& b) { b.clear(); }),
         renamed(ours, ours, [](octets& b) { std::ranges::fill(b, byte{0}); }),
         renamed(ours, ours, [](octets& b) { b[63] ^= 0x80; }), renamed(ours, ours, plus_order),
         [ours](const keys::private_key& key, bytes_view message) {
             octets blob = key.sign(ours, message).value();
             blob.push_back(0);
             return blob;
         },
         // Of another session, of another user, of a query, and of nothing at all.
         with_change([](octets& m) { m[4] ^= 1; }),
         with_change([](octets& m) { *std::ranges::search(m, as_bytes("alice")).begin() = 'A'; }),
         with_change([](octets& m) {
             const auto method = std::ranges::search(m, as_bytes("publickey"));
             *method.end() = 0;
         }),
         with_change([](octets& m) { m.clear(); }),
         [](const keys::private_key&, bytes_view) { return octets(); },
         [ours](const keys::private_key&, bytes_view message) {
             return sample_key(2).sign(ours, message).value();
         }});
}

BOOST_AUTO_TEST_CASE(a13_forged_signatures_of_ecdsa_let_nobody_in) {
    const std::string ours = "ecdsa-sha2-nistp256";
    const auto with_numbers = [ours](std::function<void(octets&, octets&)> change) -> forgery {
        return [=](const keys::private_key& key, bytes_view message) {
            const octets bytes = bytes_of(key.sign(ours, message).value());
            const auto both = wire::decode_fields<keys::ecdsa_signature>(bytes).value();
            octets r(both.r.magnitude.begin(), both.r.magnitude.end());
            octets s(both.s.magnitude.begin(), both.s.magnitude.end());
            change(r, s);
            return keys::to_blob({ours, both_numbers(r, s)});
        };
    };
    const octets order =
        from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    all_are_refused(sample_ecdsa_key(keys::nistp256, 7), ours,
                    {renamed(ours, "ecdsa-sha2-nistp384"), renamed(ours, "ssh-ed25519"),
                     renamed(ours, ours, [](octets& b) { b.push_back(0); }),
                     with_numbers([](octets& r, octets&) { r.clear(); }),
                     with_numbers([](octets&, octets& s) { s.clear(); }),
                     with_numbers([&](octets& r, octets&) { r = order; }),
                     with_numbers([&](octets&, octets& s) { s = order; }),
                     with_numbers([&](octets&, octets& s) { s.assign(40, 0xff); }),
                     with_numbers([](octets& r, octets& s) { std::swap(r, s); })});
}

// RFC 8332: "ssh-rsa" as the name of a signature means SHA-1, and has no place here.
BOOST_AUTO_TEST_CASE(a13_c33_an_rsa_signature_of_another_name_lets_nobody_in) {
    const std::string ours = "rsa-sha2-512";
    all_are_refused(sample_rsa_key(), ours,
                    {renamed(ours, "ssh-rsa"), renamed(ours, "rsa-sha2-256"),
                     renamed("rsa-sha2-256", "rsa-sha2-256"), renamed("rsa-sha2-256", ours),
                     renamed(ours, ours, [](octets& b) { b.push_back(0); }),
                     renamed(ours, ours, [](octets& b) { b[0] ^= 1; })});
    const message_id other =
        answer_to(sample_rsa_key(), "rsa-sha2-256", renamed("rsa-sha2-256", "rsa-sha2-256"));
    BOOST_TEST(other == message_id::userauth_success);
    const message_id sha1 = answer_to(sample_rsa_key(), "ssh-rsa", renamed(ours, "ssh-rsa"));
    BOOST_TEST(sha1 == message_id::userauth_failure);
}

BOOST_AUTO_TEST_CASE(c32_algorithm_key_and_list_belong_together) {
    const octets ed = [] {
        const keys::public_key key = sample_public_key(7);
        return octets(key.blob().begin(), key.blob().end());
    }();
    const keys::private_key p384 = sample_ecdsa_key(keys::nistp384, 7);
    const octets curve(p384.public_part().blob().begin(), p384.public_part().blob().end());
    struct row {
        const char* algorithm;
        const octets& blob;
    };
    const std::vector<row> rows{{"rsa-sha2-512", ed},
                                {"ecdsa-sha2-nistp256", ed},
                                {"", ed},
                                {"ssh-ed25519,ssh-rsa", ed},
                                {"ssh-ed25519-cert-v01@openssh.com", ed},
                                {"sk-ssh-ed25519@openssh.com", ed},
                                {"ecdsa-sha2-nistp256", curve},
                                {"ecdsa-sha2-nistp521", curve}};
    for (const row& r : rows) {
        const message_id answer = answer_about(r.algorithm, r.blob, 0);
        BOOST_TEST(answer == message_id::userauth_failure, r.algorithm);
    }
    const message_id right = answer_about("ecdsa-sha2-nistp384", curve, 1);
    BOOST_TEST(right == message_id::userauth_pk_ok);
}

// One name of ECDSA on the list must not let the other curves in.
BOOST_AUTO_TEST_CASE(c32_an_algorithm_that_is_not_listed_is_refused) {
    for (const bool listed : {true, false}) {
        attack a;
        a.s.options->public_key_algorithms = listed ? "ecdsa-sha2-nistp384" : "ecdsa-sha2-nistp256";
        message_id answer{};
        const keys::private_key key = sample_ecdsa_key(keys::nistp384, 7);
        const auto asks = [&]() -> task<> {
            co_await a.c().shake();
            co_await a.c().begin_login();
            answer = co_await a.c().ask(
                key_query_of(a.c(), "ecdsa-sha2-nistp384", key.public_part().blob()));
            a.c().port().stream().close(detail::close_mode::orderly);
        };
        static_cast<void>(a.s.handshake_against(asks));
        BOOST_TEST((answer == message_id::userauth_pk_ok) == listed);
    }
}

// CVE-2026-39829.
BOOST_AUTO_TEST_CASE(a14_huge_and_odd_rsa_keys_are_refused_unused) {
    const octets usual{1, 0, 1};
    const std::vector<std::pair<octets, octets>> e_and_n{
        {usual, number_of(16385)}, {usual, number_of(65536)},
        {usual, number_of(1024)},  {usual, number_of(2048, 0)},
        {{1}, number_of(2048)},    {{4}, number_of(2048)},
        {{}, number_of(2048)},     {number_of(2047), number_of(2048)}};
    for (const auto& [e, n] : e_and_n) {
        const octets blob = keys::rsa_blob({wire::to_mpint(e), wire::to_mpint(n)});
        const message_id answer = answer_about("rsa-sha2-512", blob, 0);
        BOOST_TEST(answer == message_id::userauth_failure, n.size() * 8 << " bits");
    }
    // A megabit is no packet before the login.
    attack a;
    const octets megabit = number_of(std::size_t{1024} * 1024);
    const octets blob = keys::rsa_blob({wire::to_mpint(usual), wire::to_mpint(megabit)});
    const error_code ec = a.meets_login([&]() -> task<> {
        a.c().say(key_query_of(a.c(), "rsa-sha2-512", blob));
        co_return;
    });
    BOOST_TEST(ec == errc::invalid_packet_length);
}

namespace {

/// What a server with these accounts says to a login with a certificate of sample key 1; none: it
/// ended the connection, with this error.
struct certificate_answer {
    message_id answer{};
    error_code ended;
};
certificate_answer answer_to_certificate(const octets& blob) {
    account_options who;
    who.pool.threads = 0;
    who.wall_clock = [] { return std::uint64_t{1500}; };
    who.trusted_user_ca_keys = sample_public_key(2).to_line();
    attack a;
    const auto users = std::make_shared<accounts>(std::move(who));
    users->replace({{"user", account()}});
    a.s.options->authentication = users;
    a.s.client_options.user = "user";
    certificate_answer result;
    const auto logs_in = [&]() -> task<> {
        co_await a.c().shake();
        co_await a.c().begin_login();
        constexpr std::string_view algorithm = "ssh-ed25519-cert-v01@openssh.com";
        const octets signature = keys::to_blob(
            {"ssh-ed25519",
             bytes_of(
                 sample_key(1).sign("ssh-ed25519", covered_by(a.c(), algorithm, blob)).value())});
        try {
            result.answer = co_await a.c().ask(key_request_of(a.c(), algorithm, blob, signature));
            a.c().port().stream().close(detail::close_mode::orderly);
        } catch (const boost::system::system_error&) {
            // The server has gone.
        }
    };
    result.ended = a.s.handshake_against(logs_in);
    return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a14_certificates_in_certificates_are_refused_unread) {
    const auto honest = answer_to_certificate(sample_certificate_blob({}));
    BOOST_TEST(honest.answer == message_id::userauth_success);
    for (const std::size_t depth : {2U, 200U}) {
        const octets blob = nested_certificate_blob(depth);
        BOOST_REQUIRE(blob.size() < 60U * 1024);
        BOOST_TEST(answer_to_certificate(blob).answer == message_id::userauth_failure);
    }
    // A thousand of them are no packet before the login.
    const auto thousand = answer_to_certificate(nested_certificate_blob(1000));
    BOOST_TEST(thousand.ended == errc::invalid_packet_length);
    BOOST_TEST(thousand.answer != message_id::userauth_success);
}

namespace {

/// Has a host key, and fails in some way when it is to sign for the nth time.
class failing_signer final : public signer {
public:
    failing_signer(std::function<octets()> fail, unsigned nth)
        : fail_(std::move(fail)), left_(nth) {}
    [[nodiscard]] const keys::public_key& public_part() const noexcept override {
        return key_.public_part();
    }
    [[nodiscard]] std::string name() const override { return {}; }
    task<octets> sign(std::string_view algorithm, bytes_view message) override {
        if (--left_ == 0) co_return fail_();
        co_return key_.sign(algorithm, message).value();
    }

private:
    keys::private_key key_ = sample_key(1);
    std::function<octets()> fail_;
    unsigned left_;
};

struct failure {
    std::function<octets()> fail;
    errc why;
};

std::vector<failure> failures() {
    return {{[]() -> octets { throw std::runtime_error("the token was pulled out"); },
             errc::signing_failed},
            {[]() -> octets { throw 7; }, errc::signing_failed},
            {[]() -> octets { throw std::bad_alloc(); }, errc::out_of_memory},
            {[]() -> octets { throw protocol_error(errc::signing_failed); }, errc::signing_failed},
            {[] { return octets(); }, errc::signing_failed}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a35_a_host_key_that_fails_ends_the_connection_and_nothing_else) {
    for (const failure& f : failures()) {
        attack a;
        a.s.options->host_keys = {std::make_shared<failing_signer>(f.fail, 1)};
        const error_code ec = a.meets([&]() -> task<> {
            co_await a.c().greet();
            a.c().say(payload_of(wire::kex_ecdh_init{octets(32, 9)}));
        });
        BOOST_TEST(ec == f.why);
        BOOST_TEST(a.c().port().seen(message_id::kex_ecdh_reply) == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a35_a_host_key_that_fails_in_a_rekey_ends_the_connection_and_nothing_else) {
    for (const failure& f : failures()) {
        server_scene s;
        s.options->host_keys = {std::make_shared<failing_signer>(f.fail, 2)};
        s.make_ready();
        const auto begins = [&]() -> task<> {
            s.client().say(payload_of(wire::global_request{"x", true, {}}));
            co_await s.client().flush();
            static_cast<void>(co_await s.client().expect<wire::request_failure>());
            s.client().send_kexinit();
            s.client().say(payload_of(wire::kex_ecdh_init{octets(32, 9)}));
            co_await s.client().flush();
            static_cast<void>(co_await s.client().expect_end());
        };
        s.play({begins});
        BOOST_TEST(s.link().error() == f.why);
        BOOST_TEST(s.client().port().seen(message_id::kex_ecdh_reply) == 1U);
        s.finish();
    }
}

BOOST_AUTO_TEST_SUITE_END()
