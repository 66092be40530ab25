// Tests of adit/wire/message_id.hpp: the numbers of RFC 4250 section 4.1.2, copied from there, and
// those of RFC 8308, RFC 5656 section 7.1, RFC 4252 section 6 and RFC 4256 section 5.
#include "support/test.hpp"

#include <adit/wire/message_id.hpp>

namespace {

using adit::wire::message_id;

struct row {
    message_id id;
    unsigned number;
};

BOOST_AUTO_TEST_SUITE(message_ids)

BOOST_AUTO_TEST_CASE(numbers_of_the_transport) {
    for (const auto& [id, number] : {
             row{message_id::disconnect, 1},
             row{message_id::ignore, 2},
             row{message_id::unimplemented, 3},
             row{message_id::debug, 4},
             row{message_id::service_request, 5},
             row{message_id::service_accept, 6},
             row{message_id::ext_info, 7},
             row{message_id::kexinit, 20},
             row{message_id::newkeys, 21},
             row{message_id::kex_ecdh_init, 30},
             row{message_id::kex_ecdh_reply, 31},
         }) {
        BOOST_TEST(static_cast<unsigned>(id) == number);
    }
}

BOOST_AUTO_TEST_CASE(numbers_of_authentication) {
    for (const auto& [id, number] : {
             row{message_id::userauth_request, 50},
             row{message_id::userauth_failure, 51},
             row{message_id::userauth_success, 52},
             row{message_id::userauth_banner, 53},
             row{message_id::userauth_pk_ok, 60},
             row{message_id::userauth_passwd_changereq, 60},
             row{message_id::userauth_info_request, 60},
             row{message_id::userauth_info_response, 61},
         }) {
        BOOST_TEST(static_cast<unsigned>(id) == number);
    }
}

BOOST_AUTO_TEST_CASE(numbers_of_the_connection) {
    for (const auto& [id, number] : {
             row{message_id::global_request, 80},
             row{message_id::request_success, 81},
             row{message_id::request_failure, 82},
             row{message_id::channel_open, 90},
             row{message_id::channel_open_confirmation, 91},
             row{message_id::channel_open_failure, 92},
             row{message_id::channel_window_adjust, 93},
             row{message_id::channel_data, 94},
             row{message_id::channel_extended_data, 95},
             row{message_id::channel_eof, 96},
             row{message_id::channel_close, 97},
             row{message_id::channel_request, 98},
             row{message_id::channel_success, 99},
             row{message_id::channel_failure, 100},
         }) {
        BOOST_TEST(static_cast<unsigned>(id) == number);
    }
}

// OpenSSH's PROTOCOL, "transport: ping facility".
BOOST_AUTO_TEST_CASE(numbers_of_ping_at_openssh_com) {
    BOOST_TEST(static_cast<unsigned>(message_id::ping) == 192U);
    BOOST_TEST(static_cast<unsigned>(message_id::pong) == 193U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
