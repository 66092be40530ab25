// Numbers, times and sizes of ssh_config: what is a value and, more so, what is none.
#include "support/test.hpp"

#include <adit/config/config_values.hpp>

using namespace adit;
using std::chrono::seconds;

BOOST_AUTO_TEST_SUITE(config_values)

BOOST_AUTO_TEST_CASE(c52_yes_and_no_have_two_words_each) {
    for (const char* word : {"yes", "YES", "true"})
        BOOST_TEST((config::read_yes_or_no(word) == true));
    for (const char* word : {"no", "False"}) BOOST_TEST((config::read_yes_or_no(word) == false));
    for (const char* word : {"", "1", "y", "yes "}) BOOST_TEST(!config::read_yes_or_no(word));
}

BOOST_AUTO_TEST_CASE(c52_a_port_is_1_to_65535) {
    BOOST_TEST((config::read_port("1") == 1));
    BOOST_TEST((config::read_port("65535") == 65535));
    for (const char* word : {"0", "65536", "-1", "+1", " 1", "1 ", "0x10", "ssh", ""}) {
        BOOST_TEST(!config::read_port(word));
    }
}

BOOST_AUTO_TEST_CASE(c52_times_are_sums_of_units) {
    BOOST_TEST((config::read_time("90") == seconds(90)));
    BOOST_TEST((config::read_time("1h30M") == seconds(5400)));
    BOOST_TEST((config::read_time("2d1w") == seconds(777'600)));
    BOOST_TEST((config::read_time("2147483647") == seconds(2'147'483'647)));
    for (const char* word : {"", "h", "10x", "-3", "1.5h", "2147483648", "9999999w", "1h-1m"}) {
        BOOST_TEST(!config::read_time(word));
    }
}

BOOST_AUTO_TEST_CASE(c52_sizes_do_not_overflow) {
    BOOST_TEST((config::read_size("16") == 16U));
    BOOST_TEST((config::read_size("2K") == 2048U));
    BOOST_TEST((config::read_size("1g") == 1'073'741'824U));
    BOOST_TEST((config::read_size("4096P") == std::uint64_t{1} << 62U));
    for (const char* word : {"", "K", "4097P", "99999999999999999999", "1KK", "-1"}) {
        BOOST_TEST(!config::read_size(word));
    }
}

BOOST_AUTO_TEST_SUITE_END()
