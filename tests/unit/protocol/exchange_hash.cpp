// Tests of adit/protocol/exchange_hash.hpp against digests that Python's hashlib made of the same
// fields (RFC 4253 section 8, RFC 5656 section 4): each string with its length, K as it comes.
#include "support/test.hpp"

#include <adit/protocol/exchange_hash.hpp>

#include <numeric>

namespace {

using adit::as_bytes;
using adit::byte;
using adit::crypto::hash_id;
using adit::protocol::exchange_hash_input;

/// The fields that the vectors were made of:
///   p = [b"SSH-2.0-client_1 with a comment", b"SSH-2.0-server_2", b"\x14" + bytes(range(40)),
///        b"\x14" + bytes(range(100, 160)), b"\0\0\0\x0bssh-ed25519", b"\x01"*32, b"\x02"*32]
///   K = b"\0\0\0\x03\0\x80\x01"
///   hashlib.new(h, b"".join(struct.pack(">I", len(x)) + x for x in p) + K).hexdigest()
struct sample {
    sample() : i_c(41), i_s(61), q_c(32, 1), q_s(32, 2) {
        i_c[0] = i_s[0] = 0x14;
        std::iota(i_c.begin() + 1, i_c.end(), byte{0});
        std::iota(i_s.begin() + 1, i_s.end(), byte{100});
    }
    [[nodiscard]] exchange_hash_input fields() const {
        return {.v_c = as_bytes("SSH-2.0-client_1 with a comment"),
                .v_s = as_bytes("SSH-2.0-server_2"),
                .i_c = i_c,
                .i_s = i_s,
                .k_s = as_bytes(std::string_view("\0\0\0\x0bssh-ed25519", 15)),
                .q_c = q_c,
                .q_s = q_s,
                .k = as_bytes(std::string_view("\0\0\0\x03\0\x80\x01", 7))};
    }
    std::vector<byte> i_c, i_s, q_c, q_s;
};

std::string hex(hash_id hash, const exchange_hash_input& input) {
    return adit::to_hex(adit::protocol::exchange_hash(hash, input));
}

BOOST_AUTO_TEST_SUITE(exchange_hash)

BOOST_AUTO_TEST_CASE(c03_c17_equals_what_another_implementation_says) {
    const sample s;
    BOOST_TEST(hex(hash_id::sha256, s.fields()) ==
               "93d88676714ce002eeb9720435776ccd4cfda0358a3398f3bc623ca413a21d49");
    BOOST_TEST(hex(hash_id::sha384, s.fields()) ==
               "8dcedb56662a499e31742189c321281d5aad6feef34c3dc23ce69a28d45482ee"
               "9c3bc35efc32e0b5f228f776698c23c9");
    BOOST_TEST(hex(hash_id::sha512, s.fields()) ==
               "53810272b716647b3dcb6babb8d437688c4df563d94e847cdac432ec0c38e3c5"
               "8a175bcd038a3dffb06163e9a19cf73e11acefa3d97f4f4bcd4c5dd3d4cb78fb");
}

BOOST_AUTO_TEST_CASE(empty_fields_are_hashed_with_their_lengths) {
    // hashlib.sha256(struct.pack(">I", 0) * 7)
    BOOST_TEST(hex(hash_id::sha256, {}) ==
               "3addfb141cd7c9c4c6543a82191a3707ac29c7a041217782e61d4d91c691aee8");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
