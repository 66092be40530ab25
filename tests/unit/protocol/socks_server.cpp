// adit/protocol/socks_server.hpp, by the tables of RFC 1928, RFC 1929 and the memoranda of SOCKS 4
// and 4a: every byte of a request has its effect, and no byte behind it is wanted.
#include "support/test.hpp"

#include <adit/protocol/socks_server.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;
using namespace std::string_view_literals;
using adit::byte;
using adit::protocol::socks_login;
using adit::protocol::socks_reply;
using adit::protocol::socks_server;
using state = socks_server::state;

namespace {

struct outcome {
    std::string said;      // all of the machine's output
    std::string unwanted;  // what it left
    state end = state::reading;
};

[[nodiscard]] std::string output_of(socks_server& m) {
    const std::vector<byte> bytes = m.output();
    return std::string(adit::as_text(bytes));
}

// As a connection would give it: as much as is wanted, while there is any.
[[nodiscard]] outcome talk(socks_server& m, std::string_view text) {
    outcome all;
    while (m.now() == state::reading && m.wanted() <= text.size()) {
        const std::string_view part = text.substr(0, m.wanted());
        text.remove_prefix(part.size());
        m.take(adit::as_bytes(part));
        all.said += output_of(m);
    }
    all.unwanted = text;
    all.end = m.now();
    return all;
}

[[nodiscard]] std::string answer(socks_server& m, socks_reply how) {
    m.reply(how);
    BOOST_TEST((m.now() == state::over));
    return output_of(m);
}

constexpr std::string_view no_login = "\x05\x01\x00"sv;

}  // namespace

BOOST_AUTO_TEST_SUITE(socks_server_machine)

BOOST_AUTO_TEST_CASE(version_5_names_a_host) {
    socks_server m;
    const auto all = talk(m, "\x05\x02\x02\x00\x05\x01\x00\x03\x05hello\x15\x38GET /"sv);
    BOOST_TEST((all.end == state::asked));
    BOOST_TEST(all.said == "\x05\x00"sv);
    BOOST_TEST(all.unwanted == "GET /");
    BOOST_TEST(m.version() == 5U);
    BOOST_TEST(m.host() == "hello");
    BOOST_TEST(m.port() == 0x1538);
    BOOST_TEST(answer(m, socks_reply::succeeded) == "\x05\x00\x00\x01\0\0\0\0\0\0"sv);
}

BOOST_AUTO_TEST_CASE(version_5_names_addresses) {
    socks_server v4;
    static_cast<void>(
        talk(v4, std::string(no_login) + "\x05\x01\x00\x01\x7f\x00\x00\xff\x00\x50"s));
    BOOST_TEST(v4.host() == "127.0.0.255");
    BOOST_TEST(v4.port() == 80);
    socks_server v6;
    static_cast<void>(
        talk(v6, std::string(no_login) +
                     "\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\x01\x00\x01\xbb"s));
    BOOST_TEST(v6.host() == "2001:db8:0:0:0:0:0:100");
    BOOST_TEST(v6.port() == 443);
}

BOOST_AUTO_TEST_CASE(version_5_tells_each_reason) {
    for (const socks_reply how :
         {socks_reply::succeeded, socks_reply::general_failure, socks_reply::not_allowed,
          socks_reply::network_unreachable, socks_reply::host_unreachable,
          socks_reply::connection_refused, socks_reply::command_not_supported,
          socks_reply::address_type_not_supported}) {
        socks_server m;
        static_cast<void>(talk(m, std::string(no_login) + "\x05\x01\x00\x03\x01h\x00\x01"s));
        const std::string told = answer(m, how);
        BOOST_TEST(told.size() == 10U);
        BOOST_TEST(told[1] == static_cast<char>(how));
    }
}

BOOST_AUTO_TEST_CASE(version_5_does_not_listen_nor_associate) {
    for (const char command : {'\0', '\x02', '\x03', '\x7f'}) {
        socks_server m;
        const auto all =
            talk(m, std::string(no_login) + "\x05"s + command + "\x00\x03\x01h\x00\x01"s);
        BOOST_TEST((all.end == state::over));
        BOOST_TEST(all.said == "\x05\x00\x05\x07\x00\x01\0\0\0\0\0\0"sv);
    }
}

BOOST_AUTO_TEST_CASE(version_5_knows_three_types_of_address) {
    for (const char type : {'\0', '\x02', '\x05'}) {
        socks_server m;
        const auto all = talk(m, std::string(no_login) + "\x05\x01\x00"s + type + "rest");
        BOOST_TEST((all.end == state::over));
        BOOST_TEST(all.said == "\x05\x00\x05\x08\x00\x01\0\0\0\0\0\0"sv);
    }
}

BOOST_AUTO_TEST_CASE(version_5_wants_a_place) {
    for (const auto request :
         {"\x05\x01\x00\x03\x00\x00\x01"sv, "\x05\x01\x00\x03\x01h\x00\x00"sv}) {
        socks_server m;
        const auto all = talk(m, std::string(no_login) + std::string(request));
        BOOST_TEST((all.end == state::over));
        BOOST_TEST(all.said == "\x05\x00\x05\x01\x00\x01\0\0\0\0\0\0"sv);
    }
}

BOOST_AUTO_TEST_CASE(version_5_without_a_common_method_ends) {
    for (const auto methods : {"\x05\x00more"sv, "\x05\x01\x02more"sv, "\x05\x02\x01\xffmore"sv}) {
        socks_server m;
        const auto all = talk(m, methods);
        BOOST_TEST((all.end == state::over));
        BOOST_TEST(all.said == "\x05\xff"sv);
        BOOST_TEST(all.unwanted == "more");
    }
}

BOOST_AUTO_TEST_CASE(password_lets_in) {
    socks_server m(socks_login{"joe", "a word"});
    const auto all = talk(m,
                          "\x05\x02\x00\x02\x01\x03joe\x06"
                          "a word\x05\x01\x00\x03\x01h\x00\x01"sv);
    BOOST_TEST((all.end == state::asked));
    BOOST_TEST(all.said == "\x05\x02\x01\x00"sv);
}

BOOST_AUTO_TEST_CASE(wrong_password_ends) {
    for (const auto wrong : {"\x01\x03joe\x06"
                             "a worD"sv,
                             "\x01\x03jim\x06"
                             "a word"sv,
                             "\x01\x03joe\x05"
                             "a wor"sv,
                             "\x01\x03joe\x00"sv,
                             "\x01\x00\x06"
                             "a word"sv}) {
        socks_server m(socks_login{"joe", "a word"});
        const auto all = talk(m, "\x05\x01\x02"s + std::string(wrong) + "more");
        BOOST_TEST((all.end == state::over));
        BOOST_TEST(all.said == "\x05\x02\x01\x01"sv);
        BOOST_TEST(all.unwanted == "more");
    }
}

BOOST_AUTO_TEST_CASE(who_offers_no_password_is_not_asked_for_one) {
    socks_server m(socks_login{"joe", "a word"});
    BOOST_TEST(talk(m, no_login).said == "\x05\xff"sv);
    socks_server old(socks_login{"joe", "a word"});
    const auto all = talk(old, "\x04\x01\x00\x50\x0a\x00\x00\x01joe\x00"sv);
    BOOST_TEST((all.end == state::over));
    BOOST_TEST(all.said == "\x00\x5b\0\0\0\0\0\0"sv);
}

BOOST_AUTO_TEST_CASE(version_4_names_an_address) {
    socks_server m;
    const auto all = talk(m,
                          "\x04\x01\x00\x50\x0a\x00\x00\x01"
                          "joe\x00GET /"sv);
    BOOST_TEST((all.end == state::asked));
    BOOST_TEST(all.unwanted == "GET /");
    BOOST_TEST(m.version() == 4U);
    BOOST_TEST(m.host() == "10.0.0.1");
    BOOST_TEST(m.port() == 80);
    BOOST_TEST(answer(m, socks_reply::succeeded) == "\x00\x5a\0\0\0\0\0\0"sv);
}

BOOST_AUTO_TEST_CASE(version_4a_names_a_host) {
    socks_server m;
    const auto all = talk(m,
                          "\x04\x01\x00\x50\x00\x00\x00\x07\x00"
                          "db.internal\x00more"sv);
    BOOST_TEST((all.end == state::asked));
    BOOST_TEST(all.unwanted == "more");
    BOOST_TEST(m.host() == "db.internal");
    BOOST_TEST(answer(m, socks_reply::host_unreachable) == "\x00\x5b\0\0\0\0\0\0"sv);
}

// 0.0.0.0 is an address, and no sign that a name follows.
BOOST_AUTO_TEST_CASE(version_4_zero_is_an_address) {
    socks_server m;
    const auto all = talk(m, "\x04\x01\x00\x50\x00\x00\x00\x00\x00more"sv);
    BOOST_TEST((all.end == state::asked));
    BOOST_TEST(m.host() == "0.0.0.0");
    BOOST_TEST(all.unwanted == "more");
}

BOOST_AUTO_TEST_CASE(version_4_does_not_listen) {
    socks_server m;
    const auto all = talk(m, "\x04\x02\x00\x50\x0a\x00\x00\x01\x00"sv);
    BOOST_TEST((all.end == state::over));
    BOOST_TEST(all.said == "\x00\x5b\0\0\0\0\0\0"sv);
}

BOOST_AUTO_TEST_CASE(texts_without_an_end_are_bounded) {
    const std::string endless(1000, 'x');
    for (const auto head :
         {"\x04\x01\x00\x50\x0a\x00\x00\x01"sv, "\x04\x01\x00\x50\0\0\0\x01\x00"sv}) {
        socks_server m;
        const auto all = talk(m, std::string(head) + endless);
        BOOST_TEST((all.end == state::over));
        BOOST_TEST(all.unwanted.size() == endless.size() - 256);
    }
}

BOOST_AUTO_TEST_CASE(other_versions_end_without_a_word) {
    for (const auto text : {"\x00"sv, "\x01"sv, "\x03"sv, "\x06"sv, "GET / HTTP/1.1"sv}) {
        socks_server m;
        const auto all = talk(m, text);
        BOOST_TEST((all.end == state::over));
        BOOST_TEST(all.said.empty());
    }
    socks_server again;
    BOOST_TEST((talk(again, std::string(no_login) + "\x04\x01\x00\x01"s).end == state::over));
    socks_server login(socks_login{"joe", "a"});
    BOOST_TEST((talk(login, "\x05\x01\x02\x02\x03joe"sv).end == state::over));
}

BOOST_AUTO_TEST_CASE(more_or_less_than_is_wanted_ends) {
    socks_server m;
    m.take({});
    BOOST_TEST((m.now() == state::over));
    socks_server two;
    two.take(adit::as_bytes("\x05\x01"sv));
    BOOST_TEST((two.now() == state::over));
}

BOOST_AUTO_TEST_CASE(one_answer_is_given) {
    socks_server m;
    m.reply(socks_reply::succeeded);
    BOOST_TEST(output_of(m).empty());
    static_cast<void>(talk(m, std::string(no_login) + "\x05\x01\x00\x03\x01h\x00\x01"s));
    static_cast<void>(answer(m, socks_reply::not_allowed));
    m.reply(socks_reply::succeeded);
    BOOST_TEST(output_of(m).empty());
}

BOOST_AUTO_TEST_SUITE_END()
