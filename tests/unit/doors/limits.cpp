// Tests of adit/limits.hpp: the defaults keep what the RFCs demand and fit each other.
#include "support/test.hpp"

#include <adit/limits.hpp>

namespace {

BOOST_AUTO_TEST_SUITE(limits)

constexpr adit::limits caps;

BOOST_AUTO_TEST_CASE(c01_the_identification_line_is_at_most_255_bytes) {
    BOOST_TEST(caps.identification_line == 255U);
    BOOST_TEST(caps.lines_before_identification == 1024U);
}

BOOST_AUTO_TEST_CASE(c05_packets_that_every_implementation_must_take_fit) {
    // RFC 4253 section 6.1: packets of 35000 bytes, payloads of 32768.
    BOOST_TEST(caps.packet_before_authentication >= 35'000U);
    BOOST_TEST(caps.packet_before_authentication == 64U * 1024);  // L07
    BOOST_TEST(caps.packet == 256U * 1024);                       // L09
    BOOST_TEST(caps.packet >= caps.packet_before_authentication);
    // The data of one message and what stands around it.
    BOOST_TEST(caps.packet > caps.channel_packet + 9 + 5 + 255);
}

BOOST_AUTO_TEST_CASE(windows_are_ordered) {
    BOOST_TEST(caps.channel_packet <= caps.smallest_window);
    BOOST_TEST(caps.smallest_window <= caps.first_window);
    BOOST_TEST(caps.first_window <= caps.largest_window);
    BOOST_TEST(caps.largest_window <= caps.connection_memory);
}

BOOST_AUTO_TEST_CASE(queues_are_ordered) {
    BOOST_TEST(caps.unsent_bytes_low < caps.unsent_bytes);
    BOOST_TEST(caps.unsent_bytes_channel <= caps.unsent_bytes);
    BOOST_TEST(caps.channel_quantum <= caps.unsent_bytes_channel);
    BOOST_TEST(caps.channel_packet <= caps.channel_quantum);
}

BOOST_AUTO_TEST_CASE(l01_waiting_has_an_end) {
    using std::chrono::seconds;
    BOOST_TEST((caps.connect_timeout == seconds(10)));
    BOOST_TEST((caps.handshake_timeout == seconds(30)));
    BOOST_TEST((caps.open_timeout == seconds(15)));
    BOOST_TEST((caps.login_grace == seconds(120)));
}

BOOST_AUTO_TEST_CASE(c18_keys_are_renewed_in_time) {
    BOOST_TEST(caps.rekey_bytes <= (std::uint64_t{1} << 30U));    // RFC 4253 section 9
    BOOST_TEST(caps.rekey_packets <= (std::uint64_t{1} << 31U));  // RFC 4344 section 3.1
    BOOST_TEST(caps.rekey_interval.count() <= 3600);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
