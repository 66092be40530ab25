// adit/protocol/socks5_client.hpp: the messages of RFC 1928 and RFC 1929, and every odd answer.
#include "support/test.hpp"

#include <adit/protocol/socks5_client.hpp>

using namespace adit;
using namespace adit::protocol;
using octets = std::vector<byte>;

BOOST_AUTO_TEST_SUITE(protocol_socks5_client)

BOOST_AUTO_TEST_CASE(greeting_offers_what_we_have) {
    BOOST_TEST((socks5_greeting(false) == octets{5, 1, 0}));
    BOOST_TEST((socks5_greeting(true) == octets{5, 2, 0, 2}));
}

BOOST_AUTO_TEST_CASE(method_is_one_that_was_offered) {
    const auto chosen = [](octets answer, bool with_login) {
        const auto made = socks5_chosen_method(answer, with_login);
        return made ? errc::ok : static_cast<errc>(made.error().value());
    };
    BOOST_CHECK(chosen({5, 0}, false) == errc::ok);
    BOOST_CHECK(chosen({5, 0}, true) == errc::ok);
    BOOST_CHECK(chosen({5, 2}, true) == errc::ok);
    BOOST_CHECK(chosen({5, 2}, false) == errc::proxy_answer_malformed);
    BOOST_CHECK(chosen({5, 1}, true) == errc::proxy_answer_malformed);
    BOOST_CHECK(chosen({5, 255}, true) == errc::proxy_authentication_failed);
    BOOST_CHECK(chosen({4, 0}, true) == errc::proxy_answer_malformed);
    BOOST_CHECK(chosen({5}, true) == errc::proxy_answer_malformed);
}

BOOST_AUTO_TEST_CASE(login_fits_its_fields) {
    const auto made = socks5_login("me", as_bytes("pw"));
    BOOST_REQUIRE(bool(made));
    BOOST_TEST((octets(made->begin(), made->end()) == octets{1, 2, 'm', 'e', 2, 'p', 'w'}));
    BOOST_TEST(bool(socks5_login(std::string(255, 'u'), as_bytes(std::string(255, 'p')))));
    BOOST_TEST(!socks5_login(std::string(256, 'u'), as_bytes("p")));
    BOOST_TEST(!socks5_login("u", as_bytes(std::string(256, 'p'))));
    BOOST_TEST(!socks5_login("", as_bytes("p")));
    BOOST_TEST(!socks5_login("u", {}));
}

BOOST_AUTO_TEST_CASE(login_is_refused_by_anything_but_zero) {
    BOOST_CHECK(socks5_login_answer(octets{1, 0}) == errc::ok);
    BOOST_CHECK(socks5_login_answer(octets{1, 1}) == errc::proxy_authentication_failed);
    BOOST_CHECK(socks5_login_answer(octets{5, 0}) == errc::proxy_answer_malformed);
}

BOOST_AUTO_TEST_CASE(names_are_sent_as_they_are) {
    const auto name = socks5_connect("db", {}, 0x1234);
    BOOST_REQUIRE(bool(name));
    BOOST_TEST((*name == octets{5, 1, 0, 3, 2, 'd', 'b', 0x12, 0x34}));
    const auto four = socks5_connect("", octets{192, 0, 2, 1}, 22);
    BOOST_TEST((*four == octets{5, 1, 0, 1, 192, 0, 2, 1, 0, 22}));
    const auto six = socks5_connect("", octets(16, 7), 22);
    BOOST_TEST(six->size() == 22U);
    BOOST_TEST((*six)[3] == 4);
    BOOST_TEST(!socks5_connect("", {}, 22));
    BOOST_TEST(!socks5_connect(std::string(256, 'a'), {}, 22));
    BOOST_TEST(!socks5_connect(std::string("a\0b", 3), {}, 22));
}

BOOST_AUTO_TEST_CASE(answer_is_as_long_as_its_address) {
    const auto rest = [](octets begin) {
        const auto made = socks5_rest_of_answer(begin);
        return made ? static_cast<int>(*made) : -1;
    };
    BOOST_TEST(rest({5, 0, 0, 1, 9}) == 5);
    BOOST_TEST(rest({5, 0, 0, 4, 9}) == 17);
    BOOST_TEST(rest({5, 0, 0, 3, 0}) == 2);
    BOOST_TEST(rest({5, 0, 0, 3, 255}) == 257);
    BOOST_TEST(rest({5, 0, 0, 2, 9}) == -1);
    BOOST_TEST(rest({4, 0, 0, 1, 9}) == -1);
    BOOST_TEST(rest({5, 0, 0, 1}) == -1);
}

BOOST_AUTO_TEST_CASE(every_reply_has_a_meaning_and_words) {
    BOOST_CHECK(socks5_answer(0) == errc::ok);
    BOOST_CHECK(socks5_answer(2) == errc::proxy_refused);
    BOOST_CHECK(socks5_answer(3) == errc::network_unreachable);
    BOOST_CHECK(socks5_answer(4) == errc::network_unreachable);
    BOOST_CHECK(socks5_answer(5) == errc::connection_refused);
    BOOST_CHECK(socks5_answer(6) == errc::connect_timed_out);
    for (int reply = 1; reply < 256; ++reply) {
        BOOST_CHECK(socks5_answer(static_cast<byte>(reply)) != errc::ok);
        BOOST_TEST(!socks5_words(static_cast<byte>(reply)).empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
