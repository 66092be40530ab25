// Lists of addresses, as in from= and source-address (sshd(8), C38).
#include "support/test.hpp"

#include <adit/config/network.hpp>

using namespace adit;
using config::address_match;
using config::match_address_list;
using config::match_network_list;

namespace {

std::string text_of(std::string_view address) {
    const auto parsed = config::parse_address(address);
    return parsed ? parsed->text : "none";
}

bool is_network(std::string_view text) { return config::parse_network(text).network.has_value(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(network)

BOOST_AUTO_TEST_CASE(an_address_has_one_text) {
    BOOST_TEST(text_of("192.0.2.1") == "192.0.2.1");
    BOOST_TEST(text_of("2001:DB8:0::1") == "2001:db8::1");
    BOOST_TEST(text_of("::1") == "::1");
    BOOST_TEST(text_of("::ffff:192.0.2.1") == "192.0.2.1");
    BOOST_TEST(text_of("fe80::1%eth0") == "fe80::1");
    BOOST_TEST(config::parse_address("fe80::1%eth0")->zoned);
    for (const char* bad : {"", "host", "192.0.2", "192.0.2.256", "0x7f.1", "127.1", "1.2.3.4%eth0",
                            "1.2.3.4/8", " 1.2.3.4", "1.2.3.4 ", "::g", "[::1]", "1.2.3.4:22"}) {
        BOOST_TEST(text_of(bad) == "none");
    }
    BOOST_TEST(text_of(std::string_view("1.2.3.4\0", 8)) == "none");
    BOOST_TEST(text_of(std::string(100000, '1')) == "none");
}

BOOST_AUTO_TEST_CASE(a_network_has_no_bits_beyond_its_length) {
    for (const char* good : {"10.0.0.0/8", "10.128.0.0/9", "0.0.0.0/0", "192.0.2.1/32", "192.0.2.1",
                             "::/0", "2001:db8::/32", "2001:db8::1", "fe80::/10"}) {
        BOOST_TEST(is_network(good));
    }
    for (const char* bad : {"10.0.0.1/8", "10.0.0.0/33", "10.64.0.0/9", "::1/127", "::/129"}) {
        const auto read = config::parse_network(bad);
        BOOST_TEST(!read.network.has_value());
        BOOST_TEST((read.fault == config::network_fault::wrong_length));
    }
    for (const char* bad :
         {"", "/", "/8", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/8/8", "10.0.0.0/+8", "10.0.0.0/-1",
          "10.*", "fe80::1%eth0", "10.0.0.0/99999999999999999999"}) {
        const auto read = config::parse_network(bad);
        BOOST_TEST(!read.network.has_value());
        BOOST_TEST((read.fault == config::network_fault::not_a_network));
    }
}

BOOST_AUTO_TEST_CASE(networks_addresses_and_patterns_match) {
    BOOST_TEST((match_address_list("10.1.2.3", "10.0.0.0/8") == address_match::yes));
    BOOST_TEST((match_address_list("11.1.2.3", "10.0.0.0/8") == address_match::no));
    BOOST_TEST((match_address_list("10.127.0.1", "10.128.0.0/9") == address_match::no));
    BOOST_TEST((match_address_list("10.128.0.1", "10.128.0.0/9") == address_match::yes));
    BOOST_TEST((match_address_list("192.0.2.1", "a.example,192.0.2.1") == address_match::yes));
    BOOST_TEST((match_address_list("192.0.2.10", "192.0.2.1") == address_match::no));
    BOOST_TEST((match_address_list("192.0.2.10", "192.0.2.*") == address_match::yes));
    BOOST_TEST((match_address_list("192.0.2.10", "192.0.2.?") == address_match::no));
    BOOST_TEST((match_address_list("192.0.2.10", "*") == address_match::yes));
    BOOST_TEST((match_address_list("2001:db8::1", "2001:DB8:0:0::1") == address_match::yes));
    BOOST_TEST((match_address_list("2001:db8::1", "2001:DB8::*") == address_match::yes));
    BOOST_TEST((match_address_list("2001:db8::1", "0.0.0.0/0") == address_match::no));
    BOOST_TEST((match_address_list("1.2.3.4", "::/0") == address_match::no));
    BOOST_TEST((match_address_list("::ffff:10.0.0.1", "10.0.0.0/8") == address_match::yes));
}

BOOST_AUTO_TEST_CASE(a_negated_entry_wins_wherever_it_stands) {
    for (const char* list : {"!10.0.0.0/8,*", "*,!10.0.0.0/8", "*,!10.1.2.3", "!10.*,10.1.2.3"}) {
        BOOST_TEST((match_address_list("10.1.2.3", list) == address_match::negated));
    }
    BOOST_TEST((match_address_list("11.0.0.1", "*,!10.0.0.0/8") == address_match::yes));
    BOOST_TEST((match_address_list("11.0.0.1", "!10.0.0.0/8") == address_match::no));
}

BOOST_AUTO_TEST_CASE(a_malformed_list_matches_nothing_wherever_the_fault_stands) {
    for (const char* list : {"", ",", "*,", ",*", "*,,*", "!", "*,!", "*,10.0.0.1/8",
                             "10.0.0.0/33,*", "*,!10.0.0.1/8"}) {
        BOOST_TEST((match_address_list("10.1.2.3", list) == address_match::malformed));
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_address_is_let_in_by_nothing) {
    for (const char* source : {"", "host", "UNKNOWN", "1.2.3.4:5"}) {
        BOOST_TEST((match_address_list(source, "*,0.0.0.0/0,host") == address_match::no));
        BOOST_TEST((match_network_list(source, "0.0.0.0/0,::/0") == address_match::no));
    }
}

BOOST_AUTO_TEST_CASE(an_address_with_a_zone_is_kept_out_by_networks_and_not_let_in) {
    BOOST_TEST((match_address_list("fe80::1%eth0", "fe80::/10") == address_match::no));
    BOOST_TEST((match_address_list("fe80::1%eth0", "*,!fe80::/10") == address_match::negated));
    BOOST_TEST((match_address_list("fe80::1%eth0", "fe80:*") == address_match::yes));
    BOOST_TEST((match_network_list("fe80::1%eth0", "fe80::/10") == address_match::no));
    BOOST_TEST((match_network_list("fe80::1", "fe80::/10") == address_match::yes));
}

BOOST_AUTO_TEST_CASE(c38_a_source_address_is_a_list_of_networks_only) {
    BOOST_TEST((match_network_list("10.1.2.3", "192.0.2.1,10.0.0.0/8") == address_match::yes));
    BOOST_TEST((match_network_list("11.1.2.3", "192.0.2.1,10.0.0.0/8") == address_match::no));
    for (const char* list : {"", ",", "10.0.0.0/8,", "10.0.0.0/8,*", "!10.0.0.0/8", "10.*",
                             "10.0.0.0/8,10.0.0.1/8", "10.0.0.0/8 ", "host"}) {
        BOOST_TEST((match_network_list("10.1.2.3", list) == address_match::malformed));
    }
}

BOOST_AUTO_TEST_SUITE_END()
