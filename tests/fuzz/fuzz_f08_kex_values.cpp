// F08: the peer's value in a key exchange (RFC 8268, RFC 5656, RFC 8731, ML-KEM hybrids; C11, C21,
// C22, C23, A12). The first byte of an input says which method and which of four things the rest
// is: a value for our server, a value for our client, the randomness of both, or the randomness of
// both and a change of what the server answers. A value is accepted exactly when a few lines of
// arithmetic find it valid; two halves that talk to each other have one secret; and a secret has
// the one form in which it enters the exchange hash.
#include "fuzz/check.hpp"
#include "support/fixed_random.hpp"

#include <adit/crypto/algorithms.hpp>

#include <botan/bigint.h>
#include <botan/dl_group.h>
#include <botan/ec_group.h>

#include <array>
#include <string_view>
#include <vector>

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::fuzz::check;
using adit::test::fixed_random;
using Botan::BigInt;
namespace crypto = adit::crypto;
namespace wire = adit::wire;

// The reference: what RFCs and FIPS 203 call a valid value, by numbers.

// RFC 7748's u-coordinates of low order: 0, 1, p - 1 and two more, of which 32 bytes may also write
// p and p + 1, and the highest bit of the last byte counts for nothing.
[[nodiscard]] bool valid_x25519(bytes_view value) {
    if (value.size() != 32) return false;
    std::vector<byte> big_endian(value.rbegin(), value.rend());
    big_endian[0] &= 0x7f;
    const BigInt p = (BigInt::power_of_2(255))-19;
    const BigInt u = BigInt(big_endian) % p;
    static const std::array<BigInt, 2> of_order_8{
        BigInt("0x00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0"),
        BigInt("0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5f")};
    return u > 1 && u != p - 1 && u != of_order_8[0] && u != of_order_8[1];
}

[[nodiscard]] bool valid_point(const char* name, bytes_view value) {
    static std::vector<std::pair<std::string_view, Botan::EC_Group>> groups;
    auto known = std::ranges::find(groups, std::string_view(name),
                                   &std::pair<std::string_view, Botan::EC_Group>::first);
    if (known == groups.end()) {
        known = groups.insert(groups.end(), {name, Botan::EC_Group::from_name(name)});
    }
    const BigInt& p = known->second.get_p();
    const std::size_t size = p.bytes();
    if (value.size() != 1 + 2 * size || value[0] != 4) return false;
    const BigInt x(value.subspan(1, size));
    const BigInt y(value.subspan(1 + size));
    if (x >= p || y >= p) return false;
    const BigInt right = x * x * x + known->second.get_a() * x + known->second.get_b();
    return (y * y - right) % p == 0;
}

[[nodiscard]] bool valid_dh(const char* name, bytes_view value) {
    const bool signed_byte = !value.empty() && value[0] == 0;
    if (value.empty() || (value[0] & 0x80U) != 0) return false;
    if (signed_byte && (value.size() == 1 || (value[1] & 0x80U) == 0)) return false;
    const BigInt e(value);
    return e > 1 && e < Botan::DL_Group::from_name(name).get_p() - 1;
}

// FIPS 203 section 7.2: every one of the key's 768 coefficients, 12 bits each, is below 3329.
[[nodiscard]] bool valid_encapsulation_key(bytes_view key) {
    for (std::size_t i = 0; i < 1152; i += 3) {
        const unsigned low = key[i] | (key[i + 1] & 0x0fU) << 8U;
        const unsigned high = key[i + 1] >> 4U | static_cast<unsigned>(key[i + 2]) << 4U;
        if (low >= 3329 || high >= 3329) return false;
    }
    return true;
}

[[nodiscard]] bool valid_hybrid(bytes_view value, bool for_server) {
    const std::size_t kem = for_server ? 1184 : 1088;
    if (value.size() != kem + 32 || !valid_x25519(value.last(32))) return false;
    return !for_server || valid_encapsulation_key(value.first(1184));
}

[[nodiscard]] bool valid(std::string_view method, bytes_view value, bool for_server) {
    if (method.starts_with("mlkem")) return valid_hybrid(value, for_server);
    if (method.starts_with("curve25519")) return valid_x25519(value);
    if (method == "ecdh-sha2-nistp256") return valid_point("secp256r1", value);
    if (method == "ecdh-sha2-nistp384") return valid_point("secp384r1", value);
    if (method == "ecdh-sha2-nistp521") return valid_point("secp521r1", value);
    if (method.find("group16") != std::string_view::npos) return valid_dh("modp/ietf/4096", value);
    if (method.find("group18") != std::string_view::npos) return valid_dh("modp/ietf/8192", value);
    return valid_dh("modp/ietf/2048", value);
}

/// 8192 bits cost a tenth of a second, and their arithmetic is that of group 14: of the larger
/// groups only what is refused is looked at.
[[nodiscard]] bool costly(const crypto::kex_algorithm& kex) {
    return kex.name.find("group16") != std::string_view::npos ||
           kex.name.find("group18") != std::string_view::npos;
}

/// K has one form: an mpint that is minimal and not zero, or a string of 32 bytes.
void check_secret(std::string_view method, bytes_view secret) {
    wire::reader r(secret);
    if (method.starts_with("mlkem")) {
        check(r.take_string().size() == 32 && r.finish() == errc::ok, "C23: a string of 32 bytes");
        return;
    }
    wire::mpint k;
    get(r, k);
    check(r.finish() == errc::ok && !k.magnitude.empty(), "C11: a minimal mpint, not zero");
}

[[nodiscard]] crypto::client_key_agreement& steady_client(const crypto::kex_algorithm& kex) {
    static fixed_random random(9);
    static std::vector<std::unique_ptr<crypto::client_key_agreement>> all = [] {
        std::vector<std::unique_ptr<crypto::client_key_agreement>> made;
        for (const auto& each : crypto::kex_algorithms) made.push_back(each.make_client(random));
        return made;
    }();
    return *all[static_cast<std::size_t>(&kex - crypto::kex_algorithms.data())];
}

void value_for_server(const crypto::kex_algorithm& kex, bytes_view value) {
    fixed_random random(8);
    const bool is_valid = valid(kex.name, value, true);
    if (is_valid && costly(kex)) return;
    const auto server = kex.make_server(random);
    const auto share = server->respond(value);
    check(share.has_value() == is_valid, "A12: a server takes what is valid");
    if (!share) {
        check(share.error() == errc::invalid_key_exchange_value, "and names what is not");
        return;
    }
    check_secret(kex.name, share->shared_secret);
    check(valid(kex.name, share->public_value, false), "and answers with a valid value");
}

void value_for_client(const crypto::kex_algorithm& kex, bytes_view value) {
    const bool is_valid = valid(kex.name, value, false);
    if (is_valid && costly(kex)) return;
    auto& client = steady_client(kex);
    const auto secret = client.shared_secret(value);
    check(secret.has_value() == is_valid, "A12: a client takes what is valid");
    if (!secret) {
        check(secret.error() == errc::invalid_key_exchange_value, "and names what is not");
        return;
    }
    check_secret(kex.name, *secret);
    check(*client.shared_secret(value) == *secret, "one value gives one secret");
}

/// `change`: a place and what is done to the byte there; empty for an honest exchange.
void both_halves(const crypto::kex_algorithm& kex, bytes_view randomness, bytes_view change) {
    if (costly(kex)) return;
    fixed_random random(std::vector<byte>(randomness.begin(), randomness.end()));
    const auto client = kex.make_client(random);
    // Randomness of nothing but zeros makes no key in some methods.
    if (client == nullptr) return;
    check(valid(kex.name, client->public_value(), true), "a client sends a valid value");
    auto share = kex.make_server(random)->respond(client->public_value());
    if (!share) return;
    check_secret(kex.name, share->shared_secret);
    if (!change.empty()) {
        const std::size_t place = (change[0] * 256U + change[1]) % share->public_value.size();
        share->public_value[place] ^= change[2];
        value_for_client(kex, share->public_value);
    }
    const auto secret = client->shared_secret(share->public_value);
    if (change.empty()) {
        check(secret.has_value() && *secret == share->shared_secret, "both have one secret");
    } else if (secret && kex.name.starts_with("mlkem") && *secret == share->shared_secret) {
        // Only the bit of an X25519 value that counts for nothing may change.
        check(change[2] == 0 || change[2] == 0x80, "C23: another ciphertext, another secret");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t longest = 2048;
    if (size == 0 || size > longest) return 0;
    const std::size_t methods = crypto::kex_algorithms.size();
    const crypto::kex_algorithm& kex = crypto::kex_algorithms[data[0] / 4 % methods];
    const bytes_view rest = bytes_view(data, size).subspan(1);
    switch (data[0] % 4) {
        case 0: value_for_server(kex, rest); break;
        case 1: value_for_client(kex, rest); break;
        case 2: both_halves(kex, rest, {}); break;
        default:
            if (rest.size() >= 3) both_halves(kex, rest.subspan(3), rest.first(3));
    }
    return 0;
}
