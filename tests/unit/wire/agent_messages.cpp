// Tests of adit/wire/agent_messages.hpp: RFC 9987 section 5, and OpenSSH's session-bind.
#include "support/test.hpp"

#include <adit/wire/agent_messages.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::byte;
using adit::errc;
using adit::test::check_layout;
using adit::test::octets_of;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(agent_messages)

BOOST_AUTO_TEST_CASE(requests_are_framed_with_their_length_and_number) {
    BOOST_TEST(wire::agent_frame(wire::agent_request_identities{}) == octets_of("00000001 0b"),
               boost::test_tools::per_element());
    const auto key = octets_of("aa bb");
    const auto data = octets_of("01 02 03");
    const wire::agent_sign_request sign{key, data, wire::agent_rsa_sha2_512};
    BOOST_TEST(
        wire::agent_frame(sign) == octets_of("00000012 0d 00000002 aabb 00000003 010203 00000004"),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(session_bind) {
    const auto key = octets_of("aa");
    const auto id = octets_of("bb");
    const auto signature = octets_of("cc");
    wire::agent_session_bind bind;
    bind.host_key = key;
    bind.session_identifier = id;
    bind.signature = signature;
    BOOST_TEST(wire::agent_frame(bind) ==
                   octets_of("0000002d 1b 00000018 'session-bind@openssh.com' 00000001 aa "
                             "00000001 bb 00000001 cc 00"),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fields) {
    const auto key = octets_of("aa bb");
    const auto keys = octets_of("00000002 aabb 00000002 'me'");
    check_layout(wire::agent_identity{key, "me"}, "00000002 aabb 00000002 'me'");
    check_layout(wire::agent_identities_answer{1, {keys}}, "00000001 00000002 aabb 00000002 'me'");
    check_layout(wire::agent_sign_response{key}, "00000002 aabb");
}

BOOST_AUTO_TEST_CASE(c50_answer_is_read_as_what_it_is_and_to_its_end) {
    using response = wire::agent_sign_response;
    BOOST_TEST(wire::decode_agent<response>(octets_of("0e 00000001 aa")).has_value());
    BOOST_TEST((wire::decode_agent<response>({}).error() == errc::message_truncated));
    const auto is = [](std::string_view notation, errc e) {
        return wire::decode_agent<response>(octets_of(notation)).error() == e;
    };
    BOOST_TEST(is("0c 00000001 aa", errc::unexpected_message));
    BOOST_TEST(is("0e 00000002 aa", errc::message_truncated));
    BOOST_TEST(is("0e 00000001 aa 00", errc::trailing_bytes));
}

BOOST_AUTO_TEST_CASE(c50_nothing_larger_than_a_frame_is_made) {
    const std::vector<byte> data(wire::largest_agent_message);
    BOOST_TEST(wire::agent_frame(wire::agent_sign_request{{}, data, 0}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
