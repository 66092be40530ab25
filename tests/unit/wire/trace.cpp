// The trace shows messages by name and never what is secret or somebody's data.
#include "support/test.hpp"

#include <adit/wire/trace.hpp>

#include <array>
#include <string>

namespace {

using namespace adit;

template <class M>
std::string traced(const M& message) {
    std::array<byte, 2048> memory{};
    wire::writer w(memory);
    wire::encode(w, message);
    BOOST_REQUIRE(w.error() == errc::ok);
    return wire::trace(w.written());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trace)

BOOST_AUTO_TEST_CASE(names_and_fields) {
    wire::channel_open open;
    open.channel_type = "direct-tcpip";
    open.sender_channel = 3;
    open.initial_window_size = 262144;
    open.maximum_packet_size = 32768;
    open.channel_data = {as_bytes("secret-host")};
    BOOST_TEST(traced(open) ==
               "channel_open channel_type=\"direct-tcpip\" sender_channel=3 "
               "initial_window_size=262144 maximum_packet_size=32768 channel_data=11 bytes");
    BOOST_TEST(traced(wire::newkeys{}) == "newkeys");
    BOOST_TEST(traced(wire::disconnect{2, "bye", ""}) ==
               "disconnect reason_code=2 description=\"bye\" language_tag=\"\"");
}

BOOST_AUTO_TEST_CASE(s03_passwords_answers_and_data_are_not_shown) {
    const std::string canary = "canary-5a5a";
    wire::userauth_password_request password;
    password.user_name = "alice";
    password.password = {canary};
    wire::userauth_info_response answer{1, {as_bytes(canary)}};
    wire::channel_data data{0, as_bytes(canary)};
    wire::channel_extended_data more{0, 1, as_bytes(canary)};
    // Of a method that nobody here knows, nothing is known to be harmless.
    wire::userauth_request unknown{"alice", "ssh-connection", "magic", {as_bytes(canary)}};
    for (const std::string& line :
         {traced(password), traced(answer), traced(data), traced(more), traced(unknown),
          traced(wire::ignore{as_bytes(canary)}), traced(wire::ping{as_bytes(canary)})}) {
        BOOST_TEST_CONTEXT(line) { BOOST_TEST(line.find(canary) == std::string::npos); }
    }
    BOOST_TEST(traced(password).ends_with("password=redacted"));
    BOOST_TEST(traced(answer) == "userauth_info_response num_responses=1 responses=redacted");
}

BOOST_AUTO_TEST_CASE(c04_texts_are_escaped) {
    const std::string line = traced(wire::disconnect{1, "a\x1b[31mb\n", ""});
    BOOST_TEST(line.find('\x1b') == std::string::npos);
    BOOST_TEST(line.find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_does_not_decode_is_told_by_its_size) {
    const std::array<byte, 3> cut{1, 0, 0};
    BOOST_TEST(wire::trace(cut) == "disconnect malformed (3 bytes)");
    const std::array<byte, 2> unknown{200, 0};
    BOOST_TEST(wire::trace(unknown) == "message 200 (2 bytes)");
    BOOST_TEST(wire::trace({}) == "message none (0 bytes)");
}

BOOST_AUTO_TEST_SUITE_END()
