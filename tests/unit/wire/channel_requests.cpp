// Tests of adit/wire/channel_requests.hpp: RFC 4254 sections 6 and 8.
#include "support/test.hpp"

#include <adit/wire/channel_requests.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::test::check_layout;
using adit::test::octets_of;
namespace wire = adit::wire;
using modes = std::vector<wire::terminal_mode>;

BOOST_AUTO_TEST_SUITE(channel_requests)

BOOST_AUTO_TEST_CASE(what_a_client_asks) {
    const auto raw = octets_of("00");
    check_layout(wire::pty_request{"vt100", 80, 24, 640, 480, raw},
                 "00000005 'vt100' 00000050 00000018 00000280 000001e0 00000001 00");
    check_layout(wire::env_request{"LANG", "C"}, "00000004 'LANG' 00000001 'C'");
    check_layout(wire::exec_request{"ls -l"}, "00000005 'ls -l'");
    check_layout(wire::subsystem_request{"sftp"}, "00000004 'sftp'");
    check_layout(wire::window_change{80, 24, 640, 480}, "00000050 00000018 00000280 000001e0");
    check_layout(wire::signal_request{"INT"}, "00000003 'INT'");
    check_layout(wire::shell_request{}, "");
    check_layout(wire::session_open{}, "");
    BOOST_TEST(wire::session_open::channel_type == "session");
    BOOST_TEST(wire::pty_request::request_type == "pty-req");
    BOOST_TEST(wire::window_change::request_type == "window-change");
}

BOOST_AUTO_TEST_CASE(how_a_program_ended) {
    check_layout(wire::exit_status{3}, "00000003");
    check_layout(wire::exit_signal{"TERM", true, "gone", "en"},
                 "00000004 'TERM' 01 00000004 'gone' 00000002 'en'");
    BOOST_TEST(wire::exit_status::request_type == "exit-status");
    BOOST_TEST(wire::exit_signal::request_type == "exit-signal");
}

BOOST_AUTO_TEST_CASE(terminal_modes_there_and_back) {
    // VINTR is ^C, ECHO is off; TTY_OP_END ends them.
    const modes some{{1, 3}, {53, 0}};
    const auto encoded = wire::encode_modes(some);
    BOOST_TEST(adit::to_hex(encoded) == adit::to_hex(octets_of("01 00000003 35 00000000 00")));
    BOOST_CHECK(wire::decode_modes(encoded) == some);
    BOOST_TEST(adit::to_hex(wire::encode_modes({})) == "00");
}

BOOST_AUTO_TEST_CASE(terminal_modes_end_where_they_make_no_sense) {
    const modes first{{1, 3}};
    for (const char* encoded : {"01 00000003", "01 00000003 00 01 00000004",
                                "01 00000003 a0 00000000 02 00000000", "01 00000003 02 000000"}) {
        BOOST_TEST_CONTEXT(encoded) {
            BOOST_CHECK(wire::decode_modes(octets_of(encoded)) == first);
        }
    }
    BOOST_TEST(wire::decode_modes({}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
