// Tests of adit/wire/auth_messages.hpp: RFC 4252 sections 5, 7 and 8, RFC 4256 section 3.
#include "support/test.hpp"

#include <adit/wire/auth_messages.hpp>

#include "unit/wire/check_layout.hpp"

namespace {

using adit::errc;
using adit::test::check_layout;
using adit::test::octets_of;
namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(auth_messages)

constexpr auto who = "00000003 'ann' 0000000e 'ssh-connection' ";

[[nodiscard]] std::string with_who(std::string_view before, std::string_view after) {
    return std::string(before) + who + std::string(after);
}

BOOST_AUTO_TEST_CASE(userauth_request) {
    // byte 50, string user name, string service name, string method name, method's own fields
    const auto fields = octets_of("00 00000002 'pw'");
    check_layout(wire::userauth_request{"ann", "ssh-connection", "password", {fields}},
                 with_who("32", "00000008 'password' 00 00000002 'pw'"));
    check_layout(wire::userauth_request{"ann", "ssh-connection", "none", {}},
                 with_who("32", "00000004 'none'"));
}

BOOST_AUTO_TEST_CASE(userauth_failure) {
    // byte 51, name-list authentications that can continue, boolean partial success
    check_layout(wire::userauth_failure{{"publickey,password"}, true},
                 "33 00000012 'publickey,password' 01");
    check_layout(wire::userauth_failure{{}, false}, "33 00000000 00");
}

BOOST_AUTO_TEST_CASE(userauth_success) { check_layout(wire::userauth_success{}, "34"); }

BOOST_AUTO_TEST_CASE(userauth_banner) {
    // byte 53, string message in UTF-8, string language tag
    check_layout(wire::userauth_banner{"hi\r\n", "en"}, "35 00000004 'hi' 0d0a 00000002 'en'");
}

BOOST_AUTO_TEST_CASE(userauth_publickey_query) {
    // … "publickey", boolean FALSE, string algorithm name, string blob
    const auto key = octets_of("0102");
    wire::userauth_publickey_query m;
    m.user_name = "ann";
    m.service_name = "ssh-connection";
    m.algorithm_name = "ssh-ed25519";
    m.public_key = key;
    check_layout(m, with_who("32",
                             "00000009 'publickey' 00 0000000b 'ssh-ed25519' "
                             "00000002 0102"));
}

BOOST_AUTO_TEST_CASE(userauth_publickey_request) {
    // … "publickey", boolean TRUE, string algorithm name, string public key, string signature
    const auto key = octets_of("0102");
    const auto signature = octets_of("030405");
    wire::userauth_publickey_request m;
    m.user_name = "ann";
    m.service_name = "ssh-connection";
    m.algorithm_name = "ssh-ed25519";
    m.public_key = key;
    m.signature = signature;
    check_layout(m, with_who("32",
                             "00000009 'publickey' 01 0000000b 'ssh-ed25519' "
                             "00000002 0102 00000003 030405"));
}

BOOST_AUTO_TEST_CASE(userauth_publickey_signed_data) {
    // string session identifier, byte 50, then the request as far as the public key
    const auto session = octets_of("aabb");
    const auto key = octets_of("0102");
    wire::userauth_publickey_signed_data m;
    m.session_identifier = session;
    m.user_name = "ann";
    m.service_name = "ssh-connection";
    m.algorithm_name = "ssh-ed25519";
    m.public_key = key;
    check_layout(m, with_who("00000002 aabb 32",
                             "00000009 'publickey' 01 "
                             "0000000b 'ssh-ed25519' 00000002 0102"));
}

BOOST_AUTO_TEST_CASE(userauth_pk_ok) {
    // byte 60, string algorithm name from the request, string blob from the request
    const auto key = octets_of("0102");
    check_layout(wire::userauth_pk_ok{"ssh-ed25519", key},
                 "3c 0000000b 'ssh-ed25519' 00000002 0102");
}

BOOST_AUTO_TEST_CASE(userauth_password_request) {
    // … "password", boolean FALSE, string plaintext password
    wire::userauth_password_request m;
    m.user_name = "ann";
    m.service_name = "ssh-connection";
    m.password = {"secret"};
    check_layout(m, with_who("32", "00000008 'password' 00 00000006 'secret'"));
}

BOOST_AUTO_TEST_CASE(userauth_passwd_changereq) {
    // byte 60, string prompt in UTF-8, string language tag
    check_layout(wire::userauth_passwd_changereq{"new?", "en"}, "3c 00000004 'new?' 00000002 'en'");
}

BOOST_AUTO_TEST_CASE(userauth_keyboard_interactive_request) {
    // … "keyboard-interactive", string language tag, string submethods
    wire::userauth_keyboard_interactive_request m;
    m.user_name = "ann";
    m.service_name = "ssh-connection";
    m.submethods = "otp";
    check_layout(m, with_who("32", "00000014 'keyboard-interactive' 00000000 00000003 'otp'"));
}

BOOST_AUTO_TEST_CASE(userauth_info_request) {
    // byte 60, string name, string instruction, string language tag, int num-prompts, then for each
    // string prompt, boolean echo
    const auto prompts = octets_of("00000005 'Code:' 01");
    check_layout(wire::userauth_info_request{"n", "in", "", 1, {prompts}},
                 "3c 00000001 'n' 00000002 'in' 00000000 00000001 00000005 'Code:' 01");
    check_layout(wire::userauth_info_request{"", "", "", 0, {}}, "3c" + std::string(32, '0'));
    check_layout(wire::userauth_prompt{"Code:", true}, "00000005 'Code:' 01");
}

BOOST_AUTO_TEST_CASE(userauth_info_response) {
    // byte 61, int num-responses, then a string for each
    const auto responses = octets_of("00000003 '123'");
    check_layout(wire::userauth_info_response{1, {responses}}, "3d 00000001 00000003 '123'");
}

BOOST_AUTO_TEST_CASE(a09_a_huge_count_of_prompts_ends_where_the_bytes_end) {
    const auto payload = octets_of("3c 00000000 00000000 00000000 ffffffff 00000001 'a' 00");
    const auto decoded = wire::decode<wire::userauth_info_request>(payload);
    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST(decoded->num_prompts == 0xffffffffU);
    wire::reader r(decoded->prompts.bytes);
    wire::userauth_prompt one;
    wire::get_fields(r, one);
    BOOST_TEST(one.prompt == "a");
    BOOST_TEST(!r.failed());
    wire::get_fields(r, one);
    BOOST_CHECK(r.error() == errc::message_truncated);
}

BOOST_AUTO_TEST_CASE(a09_a_huge_count_of_responses_ends_where_the_bytes_end) {
    const auto payload = octets_of("3d ffffffff 00000001 'a'");
    const auto decoded = wire::decode<wire::userauth_info_response>(payload);
    BOOST_REQUIRE(decoded.has_value());
    wire::reader r(decoded->responses.bytes);
    BOOST_TEST(adit::as_text(r.take_string()) == "a");
    BOOST_TEST(r.take_string().empty());
    BOOST_CHECK(r.error() == errc::message_truncated);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
