// expiry-time=: what a time is, in UTC and in this machine's zone.
#include "support/test.hpp"

#include <adit/config/expiry_time.hpp>

#include <ctime>
#include <stdlib.h>

using namespace adit;
using config::parse_expiry_time;

namespace {

/// The zone of this process, while the object lives.
class time_zone {
public:
    explicit time_zone(const char* name) {
        if (const char* const before = ::getenv("TZ")) before_ = before;
        set(name);
    }
    time_zone(const time_zone&) = delete;
    time_zone& operator=(const time_zone&) = delete;
    ~time_zone() { set(before_ ? before_->c_str() : nullptr); }

private:
    static void set(const char* name) {
        if (name == nullptr) ::unsetenv("TZ");
        if (name != nullptr) ::setenv("TZ", name, 1);
        ::tzset();
    }
    std::optional<std::string> before_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(expiry_time)

BOOST_AUTO_TEST_CASE(a_z_means_utc) {
    BOOST_TEST((parse_expiry_time("20300102Z") == 1893542400U));
    BOOST_TEST((parse_expiry_time("20300102z") == 1893542400U));
    BOOST_TEST((parse_expiry_time("203001021030Z") == 1893580200U));
    BOOST_TEST((parse_expiry_time("20300102103059Z") == 1893580259U));
    BOOST_TEST((parse_expiry_time("20240229Z") == 1709164800U));
    BOOST_TEST((parse_expiry_time("99991231235959Z") == 253402300799U));
}

BOOST_AUTO_TEST_CASE(without_it_the_zone_of_the_machine_counts_with_its_summer_time) {
    // Written out, so that no database of zones is needed.
    const time_zone berlin("CET-1CEST,M3.5.0,M10.5.0/3");
    BOOST_TEST((parse_expiry_time("20300102") == 1893542400U - 3600U));
    BOOST_TEST((parse_expiry_time("203007020000") == 1909180800U - 7200U));
    BOOST_TEST((parse_expiry_time("20300102Z") == 1893542400U));
}

BOOST_AUTO_TEST_CASE(what_is_no_time_is_refused) {
    for (const char* bad : {"",
                            "Z",
                            "2030",
                            "203001",
                            "2030010",
                            "203001022",
                            "2030010210",
                            "20300102103",
                            "never",
                            "2030-1-2",
                            "2030 102",
                            "+2030102",
                            "20300102ZZ",
                            "20300102 Z",
                            "2030010210305",
                            "203001021030591",
                            "20301302Z",
                            "20300002Z",
                            "20300100Z",
                            "20300132Z",
                            "20300230Z",
                            "20230229Z",
                            "203001022430Z",
                            "203001021060Z",
                            "20300102103061Z",
                            "20300102UTC"}) {
        BOOST_TEST(!parse_expiry_time(bad).has_value(), bad);
    }
}

BOOST_AUTO_TEST_CASE(a_time_before_1970_is_not_one_in_the_far_future) {
    for (const char* bad : {"19700101Z", "19691231235959Z", "00010101Z", "00000101Z"}) {
        BOOST_TEST(!parse_expiry_time(bad).has_value(), bad);
    }
    BOOST_TEST((parse_expiry_time("19700101000001Z") == 1U));
}

BOOST_AUTO_TEST_SUITE_END()
