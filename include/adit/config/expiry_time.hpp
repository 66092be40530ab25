// The time of expiry-time= in authorized_keys (sshd(8)): YYYYMMDD or YYYYMMDDHHMM[SS], in the time
// zone of this machine, or in UTC where a Z follows. Used by key_option_parser.hpp.
// Invariant: a day or an hour that does not exist is refused and not carried over to the next one,
// which OpenSSH does: a typing error would prolong the life of a key.
#pragma once

#include <adit/bodies.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>

namespace adit::config {

/// Seconds since 1970. Nothing where it is no such time, or none after 1970 began.
[[nodiscard]] std::optional<std::uint64_t> parse_expiry_time(std::string_view text);

// Details.

#if ADIT_BODIES

struct calendar_time {
    unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

[[nodiscard]] inline std::optional<calendar_time> parse_calendar_time(std::string_view digits) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const std::size_t size = digits.size();
    if (size != 8 && size != 12 && size != 14) return std::nullopt;
    if (!std::ranges::all_of(digits, is_digit)) return std::nullopt;
    const auto number = [digits](std::size_t at, std::size_t length) {
        unsigned value = 0;
        for (const char c : digits.substr(std::min(at, digits.size()), length)) {
            value = value * 10 + static_cast<unsigned>(c - '0');
        }
        return value;
    };
    const calendar_time time{number(0, 4), number(4, 2),  number(6, 2),
                             number(8, 2), number(10, 2), number(12, 2)};
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(time.year)),
                                           std::chrono::month(time.month),
                                           std::chrono::day(time.day));
    constexpr unsigned leap_second = 60;
    if (!date.ok() || time.hour > 23 || time.minute > 59 || time.second > leap_second) {
        return std::nullopt;
    }
    return time;
}

[[nodiscard]] inline std::int64_t seconds_in_utc(const calendar_time& time) {
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(time.year)),
                                           std::chrono::month(time.month),
                                           std::chrono::day(time.day));
    const std::chrono::seconds since =
        std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(time.hour) +
        std::chrono::minutes(time.minute) + std::chrono::seconds(time.second);
    return since.count();
}

// Whether summer time holds is for the zone's rules to say. OpenSSH says that it does not, and is
// an hour late in summer.
[[nodiscard]] inline std::int64_t seconds_in_local_time(const calendar_time& time) {
    std::tm parts{};
    parts.tm_year = static_cast<int>(time.year) - 1900;
    parts.tm_mon = static_cast<int>(time.month) - 1;
    parts.tm_mday = static_cast<int>(time.day);
    parts.tm_hour = static_cast<int>(time.hour);
    parts.tm_min = static_cast<int>(time.minute);
    parts.tm_sec = static_cast<int>(time.second);
    parts.tm_isdst = -1;
    return std::mktime(&parts);
}

ADIT_DECL std::optional<std::uint64_t> parse_expiry_time(std::string_view text) {
    const bool utc = text.ends_with('Z') || text.ends_with('z');
    if (utc) text.remove_suffix(1);
    const auto time = parse_calendar_time(text);
    if (!time) return std::nullopt;
    const std::int64_t seconds = utc ? seconds_in_utc(*time) : seconds_in_local_time(*time);
    if (seconds <= 0) return std::nullopt;
    return static_cast<std::uint64_t>(seconds);
}

#endif  // ADIT_BODIES

}  // namespace adit::config
