// Tests of adit/protocol/retry_schedule.hpp: when a lost connection is tried again, and when it is
// not. Time and dice are the test's own.
#include "support/test.hpp"

#include <adit/protocol/retry_schedule.hpp>

#include <set>

namespace {

using adit::diagnostics;
using adit::errc;
using adit::protocol::retry_limits;
using schedule = adit::protocol::retry_schedule;
using std::chrono::milliseconds;
using std::chrono::seconds;
using time_point = schedule::time_point;

constexpr std::uint32_t middle = 0x80000000U;  // no jitter
const time_point start{seconds(1000)};

milliseconds until_due(const schedule& s, time_point now) {
    return std::chrono::duration_cast<milliseconds>(s.due() - now);
}

diagnostics at(adit::stage where, std::string words = {}) {
    diagnostics story;
    story.stage = where;
    story.peer_text = std::move(words);
    return story;
}

BOOST_AUTO_TEST_SUITE(retry_schedule)

BOOST_AUTO_TEST_CASE(t01_waits_double_from_a_fifth_of_a_second_to_thirty) {
    schedule s{retry_limits{}};
    time_point now = start;
    s.connected(now);
    s.lost(now, middle);
    for (const int ms : {200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000}) {
        BOOST_TEST(until_due(s, now).count() == ms);
        now = s.due();
        s.failed(now, false, middle);
    }
}

BOOST_AUTO_TEST_CASE(t01_the_dice_add_or_take_half) {
    schedule s{retry_limits{}};
    s.lost(start, 0);
    BOOST_TEST(until_due(s, start).count() == 100);
    s = schedule{retry_limits{}};
    s.lost(start, 0xffffffffU);
    BOOST_TEST(until_due(s, start).count() == 299);
    // And never more than the longest.
    for (int i = 0; i < 20; ++i) s.failed(start, false, 0xffffffffU);
    BOOST_TEST(until_due(s, start).count() == 30000);
}

BOOST_AUTO_TEST_CASE(t01_begins_anew_behind_a_minute_that_was_stable) {
    schedule s{retry_limits{}};
    s.lost(start, middle);
    for (int i = 0; i < 5; ++i) s.failed(start, false, middle);
    time_point now = s.due();
    s.connected(now);
    s.lost(now + seconds(59), middle);
    BOOST_TEST(until_due(s, now + seconds(59)).count() == 12800);
    now += seconds(100);
    s.connected(now);
    s.lost(now + seconds(60), middle);
    BOOST_TEST(until_due(s, now + seconds(60)).count() == 200);
}

BOOST_AUTO_TEST_CASE(t01_somebody_who_waits_hurries_it_a_second_behind_the_last_end) {
    schedule s{retry_limits{}};
    for (int i = 0; i < 9; ++i) s.failed(start, false, middle);
    s.hurry(start + milliseconds(300));
    BOOST_TEST(until_due(s, start).count() == 1000);
    schedule late{retry_limits{}};
    for (int i = 0; i < 9; ++i) late.failed(start, false, middle);
    late.hurry(start + seconds(5));
    BOOST_TEST((late.due() == start + seconds(5)));
    // What is due earlier stays so.
    schedule early{retry_limits{}};
    early.lost(start, middle);
    early.hurry(start);
    BOOST_TEST(until_due(early, start).count() == 200);
}

BOOST_AUTO_TEST_CASE(t01_nobody_hurries_what_a_penalty_puts_off) {
    schedule s{retry_limits{}};
    for (const int least : {15, 30, 60, 60}) {
        s.failed(start, true, middle);
        BOOST_TEST(s.penalised());
        BOOST_TEST((s.due() - start >= seconds(least)));
        BOOST_TEST((s.due() - start <= seconds(least) * 3 / 2));
        s.hurry(start + seconds(2));
        BOOST_TEST((s.due() - start >= seconds(least)));
    }
    s.failed(start, false, middle);
    BOOST_TEST(!s.penalised());
    s.hurry(start + seconds(2));
    BOOST_TEST((s.due() == start + seconds(2)));
}

BOOST_AUTO_TEST_CASE(t01_the_least_penalty_holds_whatever_the_dice_say) {
    for (const std::uint32_t random : {0U, 1U, middle, 0xffffffffU}) {
        schedule s{retry_limits{}};
        s.failed(start, true, random);
        BOOST_TEST((s.due() - start >= seconds(15)));
    }
}

BOOST_AUTO_TEST_CASE(t07_what_was_waited_for_has_passed_in_sleep) {
    schedule s{retry_limits{}};
    s.failed(start, true, middle);
    s.wake(start + seconds(1));
    BOOST_TEST((s.due() == start + seconds(1)));
    s.wake(start + seconds(9));
    BOOST_TEST((s.due() == start + seconds(1)));
}

BOOST_AUTO_TEST_CASE(t01_a_server_that_does_not_want_to_talk_is_suspected) {
    using adit::stage;
    using adit::protocol::suspects_penalty;
    const diagnostics early = at(stage::identification);
    BOOST_TEST(suspects_penalty(early, errc::connection_lost));
    BOOST_TEST(suspects_penalty(early, errc::disconnected_by_peer));
    BOOST_TEST(suspects_penalty(at(stage::identification, "Not allowed at this time"),
                                errc::not_an_ssh_server));
    BOOST_TEST(suspects_penalty(at(stage::identification, "Exceeded MaxStartups"),
                                errc::not_an_ssh_server));
    BOOST_TEST(!suspects_penalty(at(stage::connecting), errc::connection_refused));
    BOOST_TEST(!suspects_penalty(early, errc::deadline_exceeded));
    BOOST_TEST(!suspects_penalty(at(stage::established), errc::connection_lost));
    diagnostics answered = early;
    answered.peer_version = "SSH-2.0-OpenSSH_9.9";
    BOOST_TEST(!suspects_penalty(answered, errc::connection_lost));
}

// What is final is decided for each error by name: a new one has to be looked at here.
BOOST_AUTO_TEST_CASE(t02_logins_and_host_keys_are_final_and_nothing_else_is) {
    const std::set<errc> final{errc::unsupported_protocol_version,
                               errc::unknown_algorithm,
                               errc::no_common_kex_algorithm,
                               errc::no_common_host_key_algorithm,
                               errc::no_common_cipher,
                               errc::no_common_mac,
                               errc::no_common_compression,
                               errc::strict_kex_missing,
                               errc::host_key_malformed,
                               errc::host_key_signature_invalid,
                               errc::host_key_unknown,
                               errc::host_key_changed,
                               errc::host_key_revoked,
                               errc::host_key_rejected,
                               errc::host_certificate_refused,
                               errc::unsafe_host_name,
                               errc::proxy_authentication_failed,
                               errc::authentication_failed,
                               errc::method_unavailable,
                               errc::another_factor_needed,
                               errc::no_credentials,
                               errc::password_change_required,
                               errc::prompt_cancelled,
                               errc::totp_secret_malformed,
                               errc::trivial_authentication,
                               errc::too_many_authentication_failures,
                               errc::passphrase_needed,
                               errc::wrong_passphrase,
                               errc::signing_failed};
    int known = 0;
    for (int value = 0; value < 1000; ++value) {
        const auto e = static_cast<errc>(value);
        if (std::string_view(adit::sentence(e)) == "unknown error") continue;
        ++known;
        BOOST_TEST(adit::is_final(e) == final.contains(e), adit::sentence(e));
        const diagnostics story = at(adit::stage::authentication);
        BOOST_TEST(adit::protocol::ends_attempts(story, e) == final.contains(e));
    }
    BOOST_TEST(known > 90);
}

BOOST_AUTO_TEST_CASE(t02_thrown_out_for_logins_is_final_too) {
    using adit::protocol::ends_attempts;
    using reason = adit::disconnect_reason;
    diagnostics story = at(adit::stage::authentication, "Too many authentication failures");
    story.peer_reason = reason::protocol_error;
    BOOST_TEST(ends_attempts(story, errc::disconnected_by_peer));
    story = at(adit::stage::authentication);
    story.peer_reason = reason::no_more_auth_methods_available;
    BOOST_TEST(ends_attempts(story, errc::disconnected_by_peer));
    story.peer_reason = reason::by_application;
    BOOST_TEST(!ends_attempts(story, errc::disconnected_by_peer));
    story = at(adit::stage::established);
    story.peer_reason = reason::no_more_auth_methods_available;
    BOOST_TEST(!ends_attempts(story, errc::disconnected_by_peer));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
