// Tests of adit/wire/channel_types.hpp: RFC 4254 section 7.2.
#include "support/test.hpp"

#include <adit/wire/channel_types.hpp>
#include <adit/wire/connection_messages.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::test::check_layout;
using adit::test::octets_of;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(channel_types)

BOOST_AUTO_TEST_CASE(direct_tcpip) {
    // string host to connect, uint32 port to connect, string originator IP address, uint32
    // originator port
    BOOST_TEST(wire::direct_tcpip::channel_type == "direct-tcpip");
    check_layout(wire::direct_tcpip{"db", 5432, "127.0.0.1", 40000},
                 "00000002 'db' 00001538 00000009 '127.0.0.1' 00009c40");
}

BOOST_AUTO_TEST_CASE(c13_a_channel_open_carries_nothing_after_its_fields) {
    const auto payload = octets_of(
        "5a 0000000c 'direct-tcpip' 00000000 00000001 00000002 "
        "00000002 'db' 00001538 00000000 00000000 ff");
    const auto open = wire::decode<wire::channel_open>(payload);
    BOOST_REQUIRE(open.has_value());
    const auto target = wire::decode_fields<wire::direct_tcpip>(open->channel_data.bytes);
    BOOST_CHECK(target.error() == adit::errc::trailing_bytes);
}

BOOST_AUTO_TEST_CASE(host_names_are_any_bytes) {
    const auto data = octets_of("00000003 'a' 00ff 00000000 00000000 00000000");
    const auto target = wire::decode_fields<wire::direct_tcpip>(data);
    BOOST_REQUIRE(target.has_value());
    BOOST_TEST(target->host_to_connect.size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
