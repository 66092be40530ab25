// Tests of adit/wire/transport_messages.hpp: RFC 4253 sections 10 and 11, RFC 8308 section 2.3.
#include "support/test.hpp"

#include <adit/wire/transport_messages.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::errc;
using adit::test::check_layout;
using adit::test::octets_of;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(transport_messages)

BOOST_AUTO_TEST_CASE(disconnect) {
    // byte SSH_MSG_DISCONNECT, uint32 reason code, string description, string language tag
    check_layout(wire::disconnect{11, "bye", "en"}, "01 0000000b 00000003 'bye' 00000002 'en'");
}

BOOST_AUTO_TEST_CASE(ignore) {
    // byte SSH_MSG_IGNORE, string data
    const auto data = octets_of("00ff");
    check_layout(wire::ignore{data}, "02 00000002 00ff");
}

BOOST_AUTO_TEST_CASE(unimplemented) {
    // byte SSH_MSG_UNIMPLEMENTED, uint32 packet sequence number of rejected message
    check_layout(wire::unimplemented{0x01020304}, "03 01020304");
}

BOOST_AUTO_TEST_CASE(debug) {
    // byte SSH_MSG_DEBUG, boolean always_display, string message, string language tag
    check_layout(wire::debug{true, "hey", "de"}, "04 01 00000003 'hey' 00000002 'de'");
    check_layout(wire::debug{false, "", ""}, "04 00 00000000 00000000");
}

BOOST_AUTO_TEST_CASE(service_request_and_accept) {
    // byte, string service name
    check_layout(wire::service_request{"ssh-userauth"}, "05 0000000c 'ssh-userauth'");
    check_layout(wire::service_accept{"ssh-userauth"}, "06 0000000c 'ssh-userauth'");
}

BOOST_AUTO_TEST_CASE(ext_info) {
    // byte SSH_MSG_EXT_INFO, uint32 nr-extensions, then (string name, string value) each
    const auto extensions = octets_of("0000000f 'server-sig-algs' 0000000b 'ssh-ed25519'");
    check_layout(wire::ext_info{1, {extensions}},
                 "07 00000001 0000000f 'server-sig-algs' 0000000b 'ssh-ed25519'");
    const auto value = octets_of("'ssh-ed25519'");
    check_layout(wire::extension{"server-sig-algs", value},
                 "0000000f 'server-sig-algs' 0000000b 'ssh-ed25519'");
}

BOOST_AUTO_TEST_CASE(ping_and_pong) {
    // byte, string data
    const auto data = octets_of("00 'PING!'");
    check_layout(wire::ping{data}, "c0 00000006 00 'PING!'");
    check_layout(wire::pong{data}, "c1 00000006 00 'PING!'");
}

BOOST_AUTO_TEST_CASE(a09_a_huge_count_of_extensions_ends_where_the_bytes_end) {
    const auto payload = octets_of("07 ffffffff 00000001 'a' 00000001 'b'");
    const auto decoded = wire::decode<wire::ext_info>(payload);
    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST(decoded->nr_extensions == 0xffffffffU);
    wire::reader r(decoded->extensions.bytes);
    wire::extension one;
    wire::get_fields(r, one);
    BOOST_TEST(one.extension_name == "a");
    BOOST_TEST(!r.failed());
    wire::get_fields(r, one);
    BOOST_CHECK(r.error() == errc::message_truncated);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
