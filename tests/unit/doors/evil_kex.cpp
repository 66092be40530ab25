// A client against servers that are evil before the login (attack table, client role: A03, A04,
// A05, A08, A09, A12, A13, A14): what they send is refused, nothing secret has left by then, and
// nobody was asked for anything. The same values one layer below are tests of crypto/ and keys/.
#include "support/scene.hpp"
#include "unit/doors/bad_kex_values.hpp"
#include "unit/keys/key_samples.hpp"
#include "vectors/crypto_dh.hpp"
#include "vectors/crypto_ecdh.hpp"
#include "vectors/hex.hpp"

#include <adit/keys/ecdsa.hpp>
#include <adit/keys/rsa.hpp>

namespace wire = adit::wire;
using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::bad_integers;
using adit::test::bad_points;
using adit::test::bad_x25519_values;
using adit::test::after_ciphertext;
using adit::test::payload_of;
using adit::test::scene;
using wire::message_id;

namespace {

using octets = std::vector<byte>;
constexpr std::string_view canary = "canary-of-a-password";

/// Logs in with a secret, and keeps count of who is asked for it.
struct victim {
    scene s;
    bool asked = false;

    victim() {
        s.options.credentials = {
            adit::password_source(
                [this](const adit::password_question&) -> task<adit::secret_bytes> {
                    asked = true;
                    co_return adit::secret_bytes(canary.begin(), canary.end());
                }),
            adit::prompt_responder(
                [this](const adit::prompt_question&) -> task<std::vector<adit::secret_bytes>> {
                    asked = true;
                    co_return std::vector<adit::secret_bytes>();
                })};
        s.options.trust = [this](const adit::host_key_question&) -> task<adit::host_key_answer> {
            trusted_ = true;
            co_return adit::host_key_answer::trusted;
        };
    }

    /// The client's error; the server says what it says and then only listens.
    [[nodiscard]] error_code meets(const scene::part& evil) {
        const error_code ec = s.failing_handshake([&]() -> task<> {
            try {
                co_await evil();
                co_await s.server().expect_end();
            } catch (const boost::system::system_error&) {
                // The client has gone.
                co_return;
            }
        });
        const auto sent = s.up().written();
        const bool told = !std::ranges::search(sent, canary).empty();
        BOOST_TEST(!told);
        BOOST_TEST(!asked);
        BOOST_TEST(!s.ssh().is_open());
        BOOST_TEST(s.server().port().seen(message_id::service_request) == 0U);
        s.finish();
        return ec;
    }
    /// And no key of the server's was believed, nor any derived.
    [[nodiscard]] error_code never_trusts(const scene::part& evil) {
        const error_code ec = meets(evil);
        BOOST_TEST(!trusted_);
        BOOST_TEST(s.server().port().seen(message_id::newkeys) == 0U);
        return ec;
    }
    [[nodiscard]] scene::part honest_but_for_what_was_injected() {
        return [this]() -> task<> { co_await s.server().make_ready(); };
    }

private:
    bool trusted_ = false;
};

// Both answers of the gate.
bool refused(const error_code& ec) {
    return ec == errc::unexpected_message || ec == errc::strict_kex_violation;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_kex)

// CVE-2025-14942: whatever tells a client that it is further than it is.
BOOST_AUTO_TEST_CASE(a03_no_message_of_a_later_phase_is_believed_before_newkeys) {
    const std::vector<octets> messages{payload_of(wire::service_accept{"ssh-userauth"}),
                                       payload_of(wire::userauth_success{}),
                                       payload_of(wire::userauth_failure{{"password"}, false}),
                                       payload_of(wire::userauth_info_request{"", "", "", 0, {}}),
                                       payload_of(wire::userauth_banner{"type your password", ""}),
                                       payload_of(wire::channel_open{"session", 0, 1, 1, {}}),
                                       payload_of(wire::global_request{"x", true, {}})};
    for (const auto& message : messages) {
        for (const message_id place :
             {message_id::kexinit, message_id::kex_ecdh_reply, message_id::newkeys}) {
            for (const bool strict : {true, false}) {
                victim v;
                v.s.server_side.strict = strict;
                v.s.server().port().inject_before(place, message);
                const error_code ec = v.meets(v.honest_but_for_what_was_injected());
                BOOST_TEST(refused(ec), "message " << int(message[0]) << " before "
                                                   << static_cast<int>(place) << ": " << ec);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a03_a_skipped_reply_is_missed) {
    for (const bool strict : {true, false}) {
        victim v;
        v.s.server_side.strict = strict;
        v.s.server().port().skip(message_id::kex_ecdh_reply);
        BOOST_TEST(refused(v.never_trusts(v.honest_but_for_what_was_injected())));
    }
}

// Terrapin, CVE-2023-48795: an IGNORE before NEWKEYS, so that the EXT_INFO behind it can be cut
// off.
BOOST_AUTO_TEST_CASE(a04_what_is_slipped_in_before_newkeys_is_found_under_every_cipher) {
    for (const std::string cipher :
         {"chacha20-poly1305@openssh.com", "aes256-ctr", "aes256-gcm@openssh.com"}) {
        victim v;
        v.s.options.algorithms.ciphers = v.s.server_side.algorithms.ciphers = cipher;
        v.s.options.algorithms.macs = "hmac-sha2-256-etm@openssh.com";
        auto& port = v.s.server().port();
        port.inject_before(message_id::newkeys, payload_of(wire::ignore{adit::as_bytes("x")}));
        const error_code ec = v.meets(v.honest_but_for_what_was_injected());
        BOOST_TEST(ec == errc::strict_kex_violation);
    }
}

BOOST_AUTO_TEST_CASE(a04_a_peer_that_is_not_strict_can_be_refused_where_it_matters) {
    struct row {
        const char *cipher, *mac;
        bool matters;
    };
    const std::vector<row> rows{{"chacha20-poly1305@openssh.com", "hmac-sha2-256", true},
                                {"aes256-ctr", "hmac-sha2-256-etm@openssh.com", true},
                                {"aes256-ctr", "hmac-sha2-256", false},
                                {"aes256-gcm@openssh.com", "hmac-sha2-256-etm@openssh.com", false}};
    for (const row& r : rows) {
        for (const bool strict : {true, false}) {
            BOOST_TEST_CONTEXT(r.cipher << " " << r.mac << " strict " << strict) {
                scene s;
                s.options.algorithms.ciphers = r.cipher;
                s.options.algorithms.macs = r.mac;
                s.options.algorithms.require_strict_kex = true;
                s.server_side.strict = strict;
                if (strict || !r.matters) {
                    s.make_ready();
                } else {
                    const error_code ec = s.failing_handshake([&]() -> task<> {
                        co_await s.server().greet();
                        const auto why = co_await s.server().expect_disconnect();
                        BOOST_TEST(why == adit::disconnect_reason::key_exchange_failed);
                    });
                    BOOST_TEST(ec == errc::strict_kex_missing);
                }
                s.finish();
            }
        }
    }
}

// CVE-2023-46445 and -46446: extensions, and a login as somebody else, from in between.
BOOST_AUTO_TEST_CASE(a05_nothing_is_taken_from_whom_nobody_has_authenticated) {
    wire::userauth_request request;
    request.user_name = "mallory";
    request.service_name = "ssh-connection";
    request.method_name = "none";
    for (const auto& message : {payload_of(wire::ext_info{0, {}}), payload_of(request)}) {
        for (const message_id place : {message_id::kex_ecdh_reply, message_id::newkeys}) {
            for (const bool strict : {true, false}) {
                victim v;
                v.s.server_side.strict = strict;
                v.s.server().port().inject_before(place, message);
                unsigned extensions = 99;
                const scene::part evil = [&]() -> task<> {
                    extensions = v.s.link().stream().extensions().messages;
                    co_await v.s.server().make_ready();
                };
                BOOST_TEST(refused(v.meets(evil)));
                BOOST_TEST(extensions == 0U);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a08_the_first_length_is_checked_before_memory_is) {
    for (const std::uint32_t length :
         {0U, 1U, 2U, 3U, 4U, 64U * 1024 + 1, 256U * 1024 + 1, 0x7fffffffU, 0xffffffffU}) {
        victim v;
        std::string bytes(40, '\0');
        for (int i = 0; i < 4; ++i) {
            bytes[static_cast<std::size_t>(i)] = static_cast<char>(length >> (24 - 8 * i));
        }
        std::size_t held = 0;
        const error_code ec = v.never_trusts([&]() -> task<> {
            v.s.server().port().send_line("SSH-2.0-evil");
            v.s.server().port().send_now_in_clear(bytes);
            co_await v.s.server().flush();
            held = v.s.link().stream().pool().bytes_in_use();
        });
        BOOST_TEST(ec == errc::invalid_packet_length, length << ": " << ec);
        BOOST_TEST(held <= 192U * 1024);
    }
}

BOOST_AUTO_TEST_CASE(a09_lists_of_nothing_but_commas_agree_on_nothing) {
    const std::string commas(60'000, ',');
    victim v;
    const error_code ec = v.never_trusts([&]() -> task<> {
        wire::kexinit m;
        m.kex_algorithms = {commas};
        v.s.server().port().send_line("SSH-2.0-evil");
        v.s.server().port().send_now(payload_of(m));
        co_await v.s.server().flush();
    });
    BOOST_TEST(ec == errc::no_common_kex_algorithm);
}

namespace {

/// The client's error when the server's public value is this.
error_code error_with_value(const std::string& kex, const octets& q_s) {
    victim v;
    v.s.options.algorithms.kex = v.s.server_side.algorithms.kex = kex;
    return v.never_trusts([&]() -> task<> {
        co_await v.s.server().greet();
        static_cast<void>(co_await v.s.server().expect<wire::kex_ecdh_init>());
        const auto key = adit::test::sample_public_key(1);
        v.s.server().reply(wire::kex_ecdh_reply{key.blob(), q_s, q_s});
        const auto why = co_await v.s.server().expect_disconnect();
        BOOST_TEST(why == adit::disconnect_reason::key_exchange_failed);
    });
}

void all_are_refused(const std::string& kex, const std::vector<octets>& values) {
    for (const auto& value : values) {
        const error_code ec = error_with_value(kex, value);
        BOOST_TEST(
            ec == errc::invalid_key_exchange_value,
            kex << " "
                << adit::to_hex(bytes_view(value).first(std::min<std::size_t>(value.size(), 8)))
                << ": " << ec);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a12_bad_values_of_x25519_end_it) {
    all_are_refused("curve25519-sha256", bad_x25519_values());
}

BOOST_AUTO_TEST_CASE(a12_bad_points_of_nists_curves_end_it) {
    namespace vectors = adit::test::ecdh;
    all_are_refused("ecdh-sha2-nistp256", bad_points(vectors::p256_peer));
    all_are_refused("ecdh-sha2-nistp384", bad_points(vectors::p384_peer));
    all_are_refused("ecdh-sha2-nistp521", bad_points(vectors::p521_peer));
}

BOOST_AUTO_TEST_CASE(a12_bad_integers_end_it) {
    namespace vectors = adit::test::dh;
    all_are_refused("diffie-hellman-group14-sha256", bad_integers(vectors::group14_prime));
    all_are_refused("diffie-hellman-group16-sha512", bad_integers(vectors::group16_prime));
    all_are_refused("diffie-hellman-group18-sha512", bad_integers(vectors::group18_prime));
}

BOOST_AUTO_TEST_CASE(a12_bad_halves_of_the_hybrid_end_it) {
    std::vector<octets> values{octets(1119, 9), octets(1121, 9), octets(1088, 9), octets(32, 9)};
    for (const octets& curve_value : bad_x25519_values()) {
        values.push_back(after_ciphertext(curve_value));
    }
    all_are_refused("mlkem768x25519-sha256", values);
}

BOOST_AUTO_TEST_SUITE_END()
