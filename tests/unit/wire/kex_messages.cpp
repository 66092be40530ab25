// Tests of adit/wire/kex_messages.hpp: RFC 4253 sections 7.1 and 7.3, RFC 5656 section 4.
#include "support/test.hpp"

#include <adit/wire/kex_messages.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::errc;
using adit::test::check_layout;
using adit::test::octets_of;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(kex_messages)

constexpr auto kexinit_notation =
    "14 000102030405060708090a0b0c0d0e0f"
    "00000003 'kex' 00000008 'host,key' 00000005 'enccs' 00000005 'encsc' 00000005 'maccs'"
    "00000005 'macsc' 00000004 'none' 00000009 'none,zlib' 00000002 'en' 00000000 01 00000000";

[[nodiscard]] wire::kexinit example() {
    wire::kexinit m;
    for (adit::byte i = 0; i < 16; ++i) m.cookie[i] = i;
    m.kex_algorithms = {"kex"};
    m.server_host_key_algorithms = {"host,key"};
    m.encryption_algorithms_client_to_server = {"enccs"};
    m.encryption_algorithms_server_to_client = {"encsc"};
    m.mac_algorithms_client_to_server = {"maccs"};
    m.mac_algorithms_server_to_client = {"macsc"};
    m.compression_algorithms_client_to_server = {"none"};
    m.compression_algorithms_server_to_client = {"none,zlib"};
    m.languages_client_to_server = {"en"};
    m.first_kex_packet_follows = true;
    return m;
}

BOOST_AUTO_TEST_CASE(kexinit) {
    // byte SSH_MSG_KEXINIT, byte[16] cookie, ten name-lists in this order, boolean
    // first_kex_packet_follows, uint32 0 (reserved for future extension)
    check_layout(example(), kexinit_notation);
}

BOOST_AUTO_TEST_CASE(c12_a_kexinit_of_empty_lists_is_well_formed) {
    const auto payload =
        octets_of("14 000102030405060708090a0b0c0d0e0f" + std::string(80, '0') + "00 00000000");
    const auto decoded = wire::decode<wire::kexinit>(payload);
    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST(decoded->kex_algorithms.names.empty());
    BOOST_TEST(!decoded->first_kex_packet_follows);
}

BOOST_AUTO_TEST_CASE(c12_a_bad_name_in_any_list_is_refused) {
    const auto payload = octets_of(kexinit_notation);
    for (std::size_t i = 1 + 16; i < payload.size(); ++i) {
        if (payload[i] < 'a') continue;  // the first letters of names, and the others
        auto broken = payload;
        broken[i] = ' ';
        BOOST_CHECK(wire::decode<wire::kexinit>(broken).error() == errc::malformed_field);
    }
}

BOOST_AUTO_TEST_CASE(the_reserved_number_is_kept_as_it_came) {
    auto payload = octets_of(kexinit_notation);
    payload.back() = 9;
    const auto decoded = wire::decode<wire::kexinit>(payload);
    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST(decoded->reserved == 9U);
}

BOOST_AUTO_TEST_CASE(c13_newkeys_has_nothing_but_its_number) {
    check_layout(wire::newkeys{}, "15");
}

BOOST_AUTO_TEST_CASE(kex_ecdh_init) {
    // byte SSH_MSG_KEX_ECDH_INIT, string Q_C
    const auto q_c = octets_of("010203");
    check_layout(wire::kex_ecdh_init{q_c}, "1e 00000003 010203");
}

BOOST_AUTO_TEST_CASE(kex_ecdh_reply) {
    // byte SSH_MSG_KEX_ECDH_REPLY, string K_S, string Q_S, string signature on the exchange hash
    const auto k_s = octets_of("aa");
    const auto q_s = octets_of("bbbb");
    const auto signature = octets_of("cccccc");
    check_layout(wire::kex_ecdh_reply{k_s, q_s, signature},
                 "1f 00000001 aa 00000002 bbbb 00000003 cccccc");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
