// Tests of adit/wire/connection_messages.hpp: RFC 4254 sections 4 and 5.
#include "support/test.hpp"

#include <adit/wire/connection_messages.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::errc;
using adit::test::check_layout;
using adit::test::octets_of;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(connection_messages)

BOOST_AUTO_TEST_CASE(global_request) {
    // byte 80, string request name, boolean want reply, request-specific data
    const auto data = octets_of("00000000 00000016");
    check_layout(wire::global_request{"tcpip-forward", true, {data}},
                 "50 0000000d 'tcpip-forward' 01 00000000 00000016");
    check_layout(wire::global_request{"keepalive@openssh.com", false, {}},
                 "50 00000015 'keepalive@openssh.com' 00");
}

BOOST_AUTO_TEST_CASE(global_replies) {
    // byte 81, response-specific data; byte 82
    const auto port = octets_of("00000016");
    check_layout(wire::request_success{{port}}, "51 00000016");
    check_layout(wire::request_success{}, "51");
    check_layout(wire::request_failure{}, "52");
}

BOOST_AUTO_TEST_CASE(channel_open) {
    // byte 90, string channel type, uint32 sender channel, uint32 initial window size, uint32
    // maximum packet size, data of the type
    const auto data = octets_of("ddee");
    check_layout(wire::channel_open{"session", 1, 0x20000, 0x8000, {data}},
                 "5a 00000007 'session' 00000001 00020000 00008000 ddee");
}

BOOST_AUTO_TEST_CASE(channel_open_confirmation) {
    // byte 91, uint32 recipient channel, uint32 sender channel, uint32 initial window size, uint32
    // maximum packet size, data of the type
    check_layout(wire::channel_open_confirmation{1, 2, 0x20000, 0x8000, {}},
                 "5b 00000001 00000002 00020000 00008000");
}

BOOST_AUTO_TEST_CASE(channel_open_failure) {
    // byte 92, uint32 recipient channel, uint32 reason code, string description, string language
    check_layout(wire::channel_open_failure{7, 2, "refused", "en"},
                 "5c 00000007 00000002 00000007 'refused' 00000002 'en'");
}

BOOST_AUTO_TEST_CASE(channel_window_adjust) {
    // byte 93, uint32 recipient channel, uint32 bytes to add
    check_layout(wire::channel_window_adjust{7, 0xffffffff}, "5d 00000007 ffffffff");
}

BOOST_AUTO_TEST_CASE(channel_data) {
    // byte 94, uint32 recipient channel, string data
    const auto data = octets_of("00ff");
    check_layout(wire::channel_data{7, data}, "5e 00000007 00000002 00ff");
    check_layout(wire::channel_data{7, {}}, "5e 00000007 00000000");
}

BOOST_AUTO_TEST_CASE(channel_extended_data) {
    // byte 95, uint32 recipient channel, uint32 data_type_code, string data
    const auto data = octets_of("00ff");
    check_layout(wire::channel_extended_data{7, 1, data}, "5f 00000007 00000001 00000002 00ff");
}

BOOST_AUTO_TEST_CASE(channel_eof_and_close) {
    // byte, uint32 recipient channel
    check_layout(wire::channel_eof{7}, "60 00000007");
    check_layout(wire::channel_close{7}, "61 00000007");
}

BOOST_AUTO_TEST_CASE(channel_request) {
    // byte 98, uint32 recipient channel, string request type, boolean want reply, type's own data
    const auto command = octets_of("00000002 'ls'");
    check_layout(wire::channel_request{7, "exec", true, {command}},
                 "62 00000007 00000004 'exec' 01 00000002 'ls'");
}

BOOST_AUTO_TEST_CASE(channel_replies) {
    // byte, uint32 recipient channel
    check_layout(wire::channel_success{7}, "63 00000007");
    check_layout(wire::channel_failure{7}, "64 00000007");
}

BOOST_AUTO_TEST_CASE(c13_any_boolean_that_is_not_zero_wants_a_reply) {
    for (const auto* notation :
         {"50 00000001 'x' 01", "50 00000001 'x' 02", "50 00000001 'x' ff"}) {
        const auto payload = octets_of(notation);
        const auto decoded = wire::decode<wire::global_request>(payload);
        BOOST_REQUIRE(decoded.has_value());
        BOOST_TEST(decoded->want_reply);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
