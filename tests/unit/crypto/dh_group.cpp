// dh_group.hpp: RFC 3526's groups beside Python's integers, values and secrets of every form that
// an mpint tells apart (C11), values that are refused (C21, A12), and the messages' bytes.
#include "support/test.hpp"

#include "support/fixed_random.hpp"
#include "vectors/crypto_dh.hpp"
#include "vectors/hex.hpp"

#include <adit/crypto/dh_group.hpp>
#include <adit/crypto/hash.hpp>
#include <adit/wire/kex_messages.hpp>

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::to_hex;
using adit::crypto::dh_client;
using adit::crypto::dh_group;
using adit::crypto::dh_server;
using adit::test::fixed_random;
using adit::test::from_hex;
namespace vectors = adit::test::dh;
namespace wire = adit::wire;

namespace {

// `head` is the mpint's length and its first two bytes.
struct form {
    std::string_view private_key, head, digest;
};

struct group_case {
    dh_group group;
    std::string_view prime, peer;
    std::array<form, 4> secrets, values;
};

const std::array groups{
    group_case{
        dh_group::group14,
        vectors::group14_prime,
        vectors::group14_peer,
        {{{vectors::group14_plain_private, vectors::group14_plain_head,
           vectors::group14_plain_digest},
          {vectors::group14_high_bit_private, vectors::group14_high_bit_head,
           vectors::group14_high_bit_digest},
          {vectors::group14_one_zero_private, vectors::group14_one_zero_head,
           vectors::group14_one_zero_digest},
          {vectors::group14_zero_then_high_bit_private, vectors::group14_zero_then_high_bit_head,
           vectors::group14_zero_then_high_bit_digest}}},
        {{{vectors::group14_public_plain_private, vectors::group14_public_plain_head,
           vectors::group14_public_plain_digest},
          {vectors::group14_public_high_bit_private, vectors::group14_public_high_bit_head,
           vectors::group14_public_high_bit_digest},
          {vectors::group14_public_one_zero_private, vectors::group14_public_one_zero_head,
           vectors::group14_public_one_zero_digest},
          {vectors::group14_public_zero_then_high_bit_private,
           vectors::group14_public_zero_then_high_bit_head,
           vectors::group14_public_zero_then_high_bit_digest}}}},
    group_case{
        dh_group::group16,
        vectors::group16_prime,
        vectors::group16_peer,
        {{{vectors::group16_plain_private, vectors::group16_plain_head,
           vectors::group16_plain_digest},
          {vectors::group16_high_bit_private, vectors::group16_high_bit_head,
           vectors::group16_high_bit_digest},
          {vectors::group16_one_zero_private, vectors::group16_one_zero_head,
           vectors::group16_one_zero_digest},
          {vectors::group16_zero_then_high_bit_private, vectors::group16_zero_then_high_bit_head,
           vectors::group16_zero_then_high_bit_digest}}},
        {{{vectors::group16_public_plain_private, vectors::group16_public_plain_head,
           vectors::group16_public_plain_digest},
          {vectors::group16_public_high_bit_private, vectors::group16_public_high_bit_head,
           vectors::group16_public_high_bit_digest},
          {vectors::group16_public_one_zero_private, vectors::group16_public_one_zero_head,
           vectors::group16_public_one_zero_digest},
          {vectors::group16_public_zero_then_high_bit_private,
           vectors::group16_public_zero_then_high_bit_head,
           vectors::group16_public_zero_then_high_bit_digest}}}},
    group_case{
        dh_group::group18,
        vectors::group18_prime,
        vectors::group18_peer,
        {{{vectors::group18_plain_private, vectors::group18_plain_head,
           vectors::group18_plain_digest},
          {vectors::group18_high_bit_private, vectors::group18_high_bit_head,
           vectors::group18_high_bit_digest},
          {vectors::group18_one_zero_private, vectors::group18_one_zero_head,
           vectors::group18_one_zero_digest},
          {vectors::group18_zero_then_high_bit_private, vectors::group18_zero_then_high_bit_head,
           vectors::group18_zero_then_high_bit_digest}}},
        {{{vectors::group18_public_plain_private, vectors::group18_public_plain_head,
           vectors::group18_public_plain_digest},
          {vectors::group18_public_high_bit_private, vectors::group18_public_high_bit_head,
           vectors::group18_public_high_bit_digest},
          {vectors::group18_public_one_zero_private, vectors::group18_public_one_zero_head,
           vectors::group18_public_one_zero_digest},
          {vectors::group18_public_zero_then_high_bit_private,
           vectors::group18_public_zero_then_high_bit_head,
           vectors::group18_public_zero_then_high_bit_digest}}}},
};

std::unique_ptr<adit::crypto::client_key_agreement> client_of(dh_group group,
                                                              adit::crypto::random_source& random) {
    switch (group) {
        case dh_group::group14: return std::make_unique<dh_client<dh_group::group14>>(random);
        case dh_group::group16: return std::make_unique<dh_client<dh_group::group16>>(random);
        case dh_group::group18: return std::make_unique<dh_client<dh_group::group18>>(random);
    }
    return nullptr;
}

std::unique_ptr<adit::crypto::server_key_agreement> server_of(dh_group group,
                                                              adit::crypto::random_source& random) {
    switch (group) {
        case dh_group::group14: return std::make_unique<dh_server<dh_group::group14>>(random);
        case dh_group::group16: return std::make_unique<dh_server<dh_group::group16>>(random);
        case dh_group::group18: return std::make_unique<dh_server<dh_group::group18>>(random);
    }
    return nullptr;
}

// RFC 4253 section 8 as it is written: the same messages with mpints.
struct kexdh_init {
    static constexpr auto id = wire::message_id::kex_ecdh_init;
    wire::mpint e;
    static constexpr auto wire(auto& m) { return std::tie(m.e); }
};

struct kexdh_reply {
    static constexpr auto id = wire::message_id::kex_ecdh_reply;
    wire::octets k_s;
    wire::mpint f;
    wire::octets signature;
    static constexpr auto wire(auto& m) { return std::tie(m.k_s, m.f, m.signature); }
};

template <class Message>
std::vector<byte> encoded(const Message& message) {
    std::vector<byte> bytes(wire::encoded_size(message));
    wire::writer w(bytes);
    wire::encode(w, message);
    BOOST_REQUIRE((w.error() == errc::ok));
    bytes.resize(w.size());
    return bytes;
}

std::string sha256(bytes_view bytes) {
    return to_hex(adit::crypto::digest(adit::crypto::hash_id::sha256, bytes));
}

std::vector<byte> plus(std::vector<byte> big_endian, int difference) {
    for (std::size_t i = big_endian.size(); i-- > 0 && difference != 0;) {
        const int sum = big_endian[i] + difference;
        big_endian[i] = static_cast<byte>(sum);
        difference = sum < 0 ? -1 : sum > 255 ? 1 : 0;
    }
    return big_endian;
}

std::vector<byte> with_zero(std::vector<byte> bytes) {
    bytes.insert(bytes.begin(), 0);
    return bytes;
}

/// Every value that RFC 4253 section 8 and the encoding forbid.
std::vector<std::vector<byte>> refused_values(const group_case& group) {
    const auto p = from_hex(group.prime);
    auto negative = from_hex(group.peer);
    negative[0] = 0xFF;
    auto too_long = with_zero(p);
    too_long.push_back(0);
    return {{},
            {0},
            {1},
            {0, 1},        // 1, not minimal
            {0, 2},        // 2, not minimal
            {0, 0, 0x80},  // 128, not minimal
            {0x80},
            {0xFF, 2},
            negative,
            with_zero(plus(p, -1)),
            with_zero(p),
            with_zero(plus(p, 1)),
            with_zero(plus(p, 2)),
            with_zero(with_zero(plus(p, -2))),
            p,  // without its sign byte: negative
            too_long,
            std::vector<byte>(16 * 1024, 0x55)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dh_group_exchange)

BOOST_AUTO_TEST_CASE(c11_secrets_of_every_form_are_pythons_in_both_roles) {
    for (const auto& group : groups) {
        for (const auto& form : group.secrets) {
            fixed_random random(from_hex(form.private_key));
            const auto secret = client_of(group.group, random)->shared_secret(from_hex(group.peer));
            BOOST_TEST(to_hex(secret.value()).starts_with(form.head));
            BOOST_TEST(sha256(secret.value()) == form.digest);
            fixed_random same(from_hex(form.private_key));
            const auto share = server_of(group.group, same)->respond(from_hex(group.peer));
            BOOST_TEST(sha256(share.value().shared_secret) == form.digest);
        }
    }
}

BOOST_AUTO_TEST_CASE(c11_public_values_of_every_form_are_minimal_mpints) {
    for (const auto& group : groups) {
        const std::size_t size = from_hex(group.prime).size();
        const std::array<std::size_t, 4> sizes{size, size + 1, size - 1, size};
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            const auto& form = group.values[i];
            fixed_random random(from_hex(form.private_key));
            const auto client = client_of(group.group, random);
            const auto message = encoded(wire::kex_ecdh_init{client->public_value()});
            BOOST_TEST(client->public_value().size() == sizes[i]);
            BOOST_TEST(to_hex(message).substr(2).starts_with(form.head));
            BOOST_TEST(sha256(bytes_view(message).subspan(1)) == form.digest);
        }
    }
}

BOOST_AUTO_TEST_CASE(c21_the_messages_are_those_of_rfc_4253_byte_for_byte) {
    for (const auto& group : groups) {
        for (const auto& form : group.values) {
            fixed_random random(from_hex(form.private_key));
            const auto client = client_of(group.group, random);
            const auto init = encoded(wire::kex_ecdh_init{client->public_value()});
            const auto as_mpint = wire::decode<kexdh_init>(init);
            BOOST_REQUIRE(as_mpint.has_value());
            BOOST_TEST((encoded(*as_mpint) == init));

            const std::vector<byte> other{1, 2, 3};
            const auto reply = encoded(wire::kex_ecdh_reply{other, client->public_value(), other});
            const auto reply_as_mpint = wire::decode<kexdh_reply>(reply);
            BOOST_REQUIRE(reply_as_mpint.has_value());
            BOOST_TEST((encoded(*reply_as_mpint) == reply));
        }
    }
}

BOOST_AUTO_TEST_CASE(a12_c21_values_out_of_range_and_not_minimal_are_refused_in_both_roles) {
    adit::crypto::system_random random;
    for (const auto& group : groups) {
        const auto client = client_of(group.group, random);
        const auto server = server_of(group.group, random);
        for (const auto& value : refused_values(group)) {
            const auto why = to_hex(value).substr(0, 20);
            BOOST_TEST((client->shared_secret(value).error() == errc::invalid_key_exchange_value),
                       why);
            BOOST_TEST((server->respond(value).error() == errc::invalid_key_exchange_value), why);
        }
        // Not refused for being small.
        BOOST_TEST(client->shared_secret(std::vector<byte>{2}).has_value());
        BOOST_TEST(client->shared_secret(std::vector<byte>{4}).has_value());
        BOOST_TEST(client->shared_secret(from_hex(group.peer)).has_value());
    }
}

BOOST_AUTO_TEST_CASE(both_halves_agree_where_values_are_short) {
    for (const auto& group : groups) {
        for (const auto& form : group.values) {
            fixed_random clients(from_hex(form.private_key));
            fixed_random servers(7);
            const auto client = client_of(group.group, clients);
            const auto share = server_of(group.group, servers)->respond(client->public_value());
            BOOST_REQUIRE(share.has_value());
            const auto secret = client->shared_secret(share->public_value);
            BOOST_TEST((secret.value() == share->shared_secret));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
