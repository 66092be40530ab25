// A client against servers whose host key or its signature is forged, malleable or huge (attack
// table, client role: A13, A14): nobody is asked to trust such a key, and no key is derived. What
// the keys themselves accept is tested in keys/.
#include "support/scene.hpp"
#include "unit/doors/forgery.hpp"
#include "unit/keys/key_samples.hpp"
#include "vectors/hex.hpp"

#include <adit/crypto/algorithms.hpp>
#include <adit/keys/ecdsa.hpp>
#include <adit/keys/rsa.hpp>

#include <functional>

namespace keys = adit::keys;
namespace wire = adit::wire;
using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::both_numbers;
using adit::test::bytes_of;
using adit::test::number_of;
using adit::test::scene;
using wire::message_id;

namespace {

using octets = std::vector<byte>;
/// A signature blob for H, by whoever holds the key.
using forgery = std::function<octets(const keys::private_key&, bytes_view)>;

/// Shows its key, and signs as it likes.
class forger final : public adit::signer {
public:
    forger(keys::private_key key, forgery sign) : key_(std::move(key)), sign_(std::move(sign)) {}
    [[nodiscard]] const keys::public_key& public_part() const noexcept override {
        return key_.public_part();
    }
    [[nodiscard]] std::string name() const override { return {}; }
    task<octets> sign(std::string_view, bytes_view message) override {
        co_return sign_(key_, message);
    }

private:
    keys::private_key key_;
    forgery sign_;
};

/// The client's error; it has trusted nobody by then.
error_code error_against(scene& s, const scene::part& server) {
    bool asked = false;
    s.options.trust = [&asked](const adit::host_key_question&) -> task<adit::host_key_answer> {
        asked = true;
        co_return adit::host_key_answer::trusted;
    };
    const error_code ec = s.failing_handshake([&]() -> task<> {
        try {
            co_await server();
        } catch (const boost::system::system_error&) {
            // The client has gone.
            co_return;
        }
    });
    BOOST_TEST(!asked);
    BOOST_TEST(s.server().port().seen(message_id::newkeys) == 0U);
    s.finish();
    return ec;
}

error_code error_with(const std::string& algorithm, keys::private_key key, forgery sign) {
    scene s;
    s.options.algorithms.host_keys = s.server_side.algorithms.host_keys = algorithm;
    s.server().use_signer(std::make_shared<forger>(std::move(key), std::move(sign)));
    return error_against(s, [&]() -> task<> { co_await s.server().make_ready(); });
}

/// A right signature whose bytes were changed, under a name.
forgery renamed(
    std::string_view right, std::string_view shown,
    std::function<void(octets&)> change = [](octets&) {}) {
    return [=](const keys::private_key& key, bytes_view h) {
        octets bytes = bytes_of(key.sign(right, h).value());
        change(bytes);
        return keys::to_blob({shown, bytes});
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_host_key)

BOOST_AUTO_TEST_CASE(a13_forged_signatures_of_ed25519_are_refused) {
    const std::string ours = "ssh-ed25519";
    std::vector<forgery> forgeries{
        renamed(ours, ""),
        renamed(ours, "ssh-ed448"),
        renamed(ours, "ssh-rsa"),
        renamed(ours, "SSH-ED25519"),
        renamed(ours, ours, [](octets& b) { b.pop_back(); }),
        renamed(ours, ours, [](octets& b) { b.push_back(0); }),
        renamed(ours, ours, [](octets& b) { b.clear(); }),
        renamed(ours, ours, [](octets& b) { std::ranges::fill(b, byte{0}); }),
        renamed(ours, ours,
                [](octets& b) { std::swap_ranges(b.begin(), b.begin() + 32, b.begin() + 32); }),
        [ours](const keys::private_key& key, bytes_view h) {
            octets blob = key.sign(ours, h).value();
            blob.push_back(0);
            return blob;
        },
        [ours](const keys::private_key& key, bytes_view h) {
            octets other(h.begin(), h.end());
            other[0] ^= 1;
            return key.sign(ours, other).value();
        },
        [ours](const keys::private_key& key, bytes_view) { return key.sign(ours, {}).value(); },
        [](const keys::private_key&, bytes_view) { return octets(4, 0); },
        [ours](const keys::private_key&, bytes_view h) {
            return adit::test::sample_key(2).sign(ours, h).value();
        }};
    for (std::size_t i = 0; i < forgeries.size(); ++i) {
        const error_code ec = error_with(ours, adit::test::sample_key(1), forgeries[i]);
        BOOST_TEST(ec == errc::host_key_signature_invalid, i << ": " << ec);
    }
}

BOOST_AUTO_TEST_CASE(a13_forged_signatures_of_ecdsa_are_refused) {
    const std::string ours = "ecdsa-sha2-nistp256";
    const auto with_numbers = [ours](std::function<void(octets&, octets&)> change) -> forgery {
        return [=](const keys::private_key& key, bytes_view h) {
            const octets bytes = bytes_of(key.sign(ours, h).value());
            const auto both = wire::decode_fields<keys::ecdsa_signature>(bytes).value();
            octets r(both.r.magnitude.begin(), both.r.magnitude.end());
            octets s(both.s.magnitude.begin(), both.s.magnitude.end());
            change(r, s);
            return keys::to_blob({ours, both_numbers(r, s)});
        };
    };
    const octets order =
        adit::test::from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    const std::vector<forgery> forgeries{
        renamed(ours, "ecdsa-sha2-nistp384"),
        renamed(ours, ours, [](octets& b) { b.push_back(0); }),
        with_numbers([](octets& r, octets&) { r.clear(); }),
        with_numbers([](octets&, octets& s) { s.clear(); }),
        with_numbers([&](octets& r, octets&) { r = order; }),
        with_numbers([&](octets&, octets& s) { s = order; }),
        with_numbers([&](octets&, octets& s) { s.assign(40, 0xff); }),
        with_numbers([](octets& r, octets& s) { std::swap(r, s); }),
        [](const keys::private_key&, bytes_view h) {
            const auto other = adit::test::sample_ecdsa_key(keys::nistp384, 7);
            return other.sign("ecdsa-sha2-nistp384", h).value();
        }};
    for (std::size_t i = 0; i < forgeries.size(); ++i) {
        const error_code ec =
            error_with(ours, adit::test::sample_ecdsa_key(keys::nistp256, 7), forgeries[i]);
        BOOST_TEST(ec == errc::host_key_signature_invalid, i << ": " << ec);
    }
}

// RFC 8332: the name of the signature is what was agreed; "ssh-rsa" there means SHA-1 (C33).
BOOST_AUTO_TEST_CASE(a13_c33_an_rsa_signature_of_another_name_is_refused) {
    const std::string ours = "rsa-sha2-512";
    const std::vector<forgery> forgeries{renamed(ours, "ssh-rsa"),
                                         renamed(ours, "rsa-sha2-256"),
                                         renamed("rsa-sha2-256", "rsa-sha2-256"),
                                         renamed("rsa-sha2-256", ours),
                                         renamed(ours, ours, [](octets& b) { b.push_back(0); }),
                                         renamed(ours, ours, [](octets& b) { b[0] ^= 1; })};
    for (std::size_t i = 0; i < forgeries.size(); ++i) {
        const error_code ec = error_with(ours, adit::test::sample_rsa_key(), forgeries[i]);
        BOOST_TEST(ec == errc::host_key_signature_invalid, i << ": " << ec);
    }
}

namespace {

error_code error_with_key(const octets& blob) {
    scene s;
    return error_against(s, [&]() -> task<> {
        co_await s.server().greet();
        const auto init = co_await s.server().expect<wire::kex_ecdh_init>();
        adit::test::fixed_random random(5);
        const auto kex = adit::crypto::find_kex("curve25519-sha256")->make_server(random);
        const auto share = kex->respond(init.q_c).value();
        const octets signature = keys::to_blob({"rsa-sha2-512", octets(256, 1)});
        s.server().reply(wire::kex_ecdh_reply{blob, share.public_value, signature});
        co_await s.server().expect_end();
    });
}

}  // namespace

BOOST_AUTO_TEST_CASE(a14_huge_and_odd_rsa_keys_are_refused_unused) {
    const octets usual{1, 0, 1};
    const std::vector<std::pair<octets, octets>> e_and_n{
        {usual, number_of(16385)}, {usual, number_of(65536)},
        {usual, number_of(1024)},  {usual, number_of(2048, 0)},
        {{1}, number_of(2048)},    {{4}, number_of(2048)},
        {{}, number_of(2048)},     {number_of(2047), number_of(2048)}};
    for (const auto& [e, n] : e_and_n) {
        const error_code ec =
            error_with_key(keys::rsa_blob({wire::to_mpint(e), wire::to_mpint(n)}));
        BOOST_TEST(ec == errc::host_key_malformed, n.size() << ": " << ec);
    }
    // A megabit is no packet before the login.
    const octets megabit = number_of(std::size_t{1024} * 1024);
    const error_code ec =
        error_with_key(keys::rsa_blob({wire::to_mpint(usual), wire::to_mpint(megabit)}));
    BOOST_TEST(ec == errc::invalid_packet_length);
}

BOOST_AUTO_TEST_SUITE_END()
