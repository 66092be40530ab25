// Tests of adit/protocol/gate.hpp: all 256 messages x all phases x both roles against a table that
// was written by hand from RFC 4250 section 4.1, RFC 4252 section 6, RFC 4253 sections 7.1 and 11,
// and the strict kex draft; and the rules of security.md that somebody may look for by name.
#include "support/test.hpp"

#include <adit/protocol/gate.hpp>

namespace {

using adit::protocol::allowed;
using adit::protocol::phase;
using adit::protocol::role;
using adit::protocol::verdict;

constexpr auto no = verdict::refuse;
constexpr auto yes = verdict::accept;
constexpr auto always = verdict::transport;
constexpr auto unknown = verdict::unimplemented;

/// Everything from the row before up to and with `last`.
struct row {
    unsigned last;
    verdict says;
};
struct page {
    phase now;
    std::vector<role> who;
    std::vector<row> rows;
};

const std::vector<role> both{role::client, role::server};
const std::vector<role> client{role::client};
const std::vector<role> server{role::server};

// Read it as: 0 no, 1 to 4 always, 5 to 19 no, 20 yes, the others no.
const std::vector<page> book{
    {phase::first_kexinit, both, {{0, no}, {4, always}, {19, no}, {20, yes}, {255, no}}},
    {phase::kex_method, both, {{0, no}, {4, always}, {29, no}, {49, yes}, {255, no}}},
    {phase::kex_newkeys, both, {{0, no}, {4, always}, {20, no}, {21, yes}, {255, no}}},
    {phase::strict_method, both, {{0, no}, {1, always}, {29, no}, {49, yes}, {255, no}}},
    {phase::strict_newkeys, both, {{0, no}, {1, always}, {20, no}, {21, yes}, {255, no}}},
    {phase::rekey_method, both, {{0, no}, {4, always}, {29, no}, {49, yes}, {255, no}}},
    {phase::rekey_newkeys, both, {{0, no}, {4, always}, {20, no}, {21, yes}, {255, no}}},
    {phase::service,
     client,
     {{0, no}, {4, always}, {5, no}, {7, yes}, {19, unknown}, {53, no}, {59, unknown}, {255, no}}},
    {phase::service,
     server,
     {{0, no},
      {4, always},
      {5, yes},
      {6, no},
      {7, yes},
      {19, unknown},
      {53, no},
      {59, unknown},
      {255, no}}},
    {phase::authentication,
     client,
     {{0, no},
      {4, always},
      {6, no},
      {7, yes},
      {19, unknown},
      {50, no},
      {53, yes},
      {59, unknown},
      {60, yes},
      {255, no}}},
    {phase::authentication,
     server,
     {{0, no},
      {4, always},
      {7, no},
      {19, unknown},
      {49, no},
      {50, yes},
      {53, no},
      {59, unknown},
      {60, no},
      {61, yes},
      {255, no}}},
    {phase::connection,
     client,
     {{0, no},
      {4, always},
      {7, no},
      {19, unknown},
      {20, yes},
      {53, no},
      {59, unknown},
      {79, no},
      {82, yes},
      {89, unknown},
      {100, yes},
      {191, unknown},
      {193, always},
      {255, unknown}}},
    {phase::connection,
     server,
     {{0, no},
      {4, always},
      {7, no},
      {19, unknown},
      {20, yes},
      {49, no},
      {50, yes},
      {53, no},
      {59, unknown},
      {79, no},
      {82, yes},
      {89, unknown},
      {100, yes},
      {191, unknown},
      {193, always},
      {255, unknown}}},
};

constexpr std::array all_phases{phase::first_kexinit,  phase::kex_method,     phase::kex_newkeys,
                                phase::strict_method,  phase::strict_newkeys, phase::service,
                                phase::authentication, phase::connection,     phase::rekey_method,
                                phase::rekey_newkeys};

constexpr std::array before_login{phase::first_kexinit, phase::kex_method,     phase::kex_newkeys,
                                  phase::strict_method, phase::strict_newkeys, phase::service,
                                  phase::authentication};

verdict ask(role who, phase now, unsigned message) {
    return allowed(who, now, static_cast<std::uint8_t>(message));
}

BOOST_AUTO_TEST_SUITE(gate)

BOOST_AUTO_TEST_CASE(c25_every_message_in_every_phase_for_both_roles) {
    std::size_t compared = 0;
    for (const page& p : book) {
        for (const role who : p.who) {
            unsigned message = 0;
            for (const row& r : p.rows) {
                for (; message <= r.last; ++message, ++compared) {
                    BOOST_TEST((ask(who, p.now, message) == r.says),
                               "phase " << static_cast<int>(p.now) << ", role "
                                        << static_cast<int>(who) << ", message " << message);
                }
            }
            BOOST_TEST(message == 256U);
        }
    }
    BOOST_TEST(compared == 256 * all_phases.size() * both.size());
}

BOOST_AUTO_TEST_CASE(a02_c29_no_connection_message_before_the_login) {
    for (const role who : both) {
        for (const phase now : before_login) {
            for (unsigned message = 80; message < 256; ++message) {
                BOOST_TEST((ask(who, now, message) == verdict::refuse));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a01_c29_no_login_message_from_the_wrong_role) {
    for (const phase now : all_phases) {
        for (const unsigned of_server : {51U, 52U, 53U, 60U}) {
            BOOST_TEST((ask(role::server, now, of_server) == verdict::refuse));
        }
        BOOST_TEST((ask(role::client, now, 50) == verdict::refuse));
        BOOST_TEST((ask(role::client, now, 61) == verdict::refuse));
    }
}

BOOST_AUTO_TEST_CASE(a03_nothing_of_a_login_is_believed_before_there_are_keys) {
    for (const phase now : {phase::first_kexinit, phase::kex_method, phase::kex_newkeys,
                            phase::strict_method, phase::strict_newkeys}) {
        for (const role who : both) {
            for (unsigned message = 5; message < 256; ++message) {
                const bool of_kex =
                    message == 20 || message == 21 || (message >= 30 && message < 50);
                if (!of_kex) BOOST_TEST((ask(who, now, message) == verdict::refuse));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(c24_strict_kex_takes_nothing_but_the_exact_next_message) {
    for (const role who : both) {
        for (unsigned message = 0; message < 256; ++message) {
            if (message == 1) continue;
            const bool method = message >= 30 && message < 50;
            BOOST_TEST((ask(who, phase::strict_method, message) == (method ? yes : no)));
            BOOST_TEST((ask(who, phase::strict_newkeys, message) == (message == 21 ? yes : no)));
        }
    }
}

BOOST_AUTO_TEST_CASE(c20_kex_messages_only_where_a_kex_is) {
    for (const role who : both) {
        for (const phase now : {phase::service, phase::authentication, phase::connection}) {
            for (unsigned message = 21; message < 50; ++message) {
                BOOST_TEST((ask(who, now, message) == verdict::refuse));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a32_no_second_kexinit_inside_a_kex_and_none_before_the_login) {
    for (const role who : both) {
        for (const phase now : all_phases) {
            const bool lawful = now == phase::first_kexinit || now == phase::connection;
            BOOST_TEST((ask(who, now, 20) == (lawful ? yes : no)));
        }
    }
}

BOOST_AUTO_TEST_CASE(l16_no_channel_data_between_the_peers_kexinit_and_its_newkeys) {
    for (const role who : both) {
        for (const phase now : {phase::rekey_method, phase::rekey_newkeys}) {
            for (unsigned message = 50; message < 256; ++message) {
                BOOST_TEST((ask(who, now, message) == verdict::refuse));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(c27_unimplemented_is_never_answered_with_unimplemented) {
    for (const role who : both) {
        for (const phase now : all_phases) {
            BOOST_TEST((ask(who, now, 3) != verdict::unimplemented));
            BOOST_TEST((ask(who, now, 1) == verdict::transport));
        }
    }
}

BOOST_AUTO_TEST_CASE(c28_a_ping_is_the_transports_where_a_login_is_done_and_no_kex_under_way) {
    for (const role who : both) {
        for (const phase now : all_phases) {
            const auto expected = now == phase::connection ? always : no;
            BOOST_TEST((ask(who, now, 192) == expected));
            BOOST_TEST((ask(who, now, 193) == expected));
        }
    }
}

BOOST_AUTO_TEST_CASE(c26_ext_info_only_where_keys_are_and_the_login_is_not) {
    for (const phase now : all_phases) {
        const bool service = now == phase::service;
        BOOST_TEST((ask(role::server, now, 7) == (service ? yes : no)));
        // A server may send another one directly before SUCCESS, RFC 8308 section 2.4.
        const bool login = service || now == phase::authentication;
        BOOST_TEST((ask(role::client, now, 7) == (login ? yes : no)));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
