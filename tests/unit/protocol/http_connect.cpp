// adit/protocol/http_connect.hpp: the request, and answers byte by byte, good, bad and endless.
#include "support/test.hpp"

#include <adit/protocol/http_connect.hpp>

using namespace adit;
using protocol::http_connect_answer;
using protocol::http_connect_request;

namespace {

struct outcome {
    bool done = false;
    errc error = errc::ok;
    std::size_t taken = 0;
    std::string status;
};

// As the conversation does: no byte more than it asks for.
outcome feed(std::string_view text) {
    http_connect_answer answer;
    outcome result;
    while (result.taken < text.size() && !answer.done()) {
        answer.feed(static_cast<byte>(text[result.taken++]));
    }
    result.done = answer.done();
    result.error = answer.error();
    result.status = answer.status_line();
    return result;
}

std::string request(std::string_view host, std::optional<std::string> user = {},
                    std::string_view password = {}) {
    const auto made = http_connect_request(host, 22, std::move(user), as_bytes(password));
    return made ? std::string(as_text(*made)) : made.error().message();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol_http_connect)

BOOST_AUTO_TEST_CASE(request_is_rfc_9110s) {
    BOOST_TEST(request("db.internal") ==
               "CONNECT db.internal:22 HTTP/1.1\r\nHost: db.internal:22\r\n\r\n");
    BOOST_TEST(request("2001:db8::1") ==
               "CONNECT [2001:db8::1]:22 HTTP/1.1\r\nHost: [2001:db8::1]:22\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(credentials_are_rfc_7617s) {
    const std::string asked = request("h", "Aladdin", "open sesame");
    BOOST_TEST(asked.find("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n") !=
               std::string::npos);
    BOOST_TEST(asked.find("sesame") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a29_no_name_adds_a_line) {
    const std::string refused = error_code(errc::malformed_field).message();
    for (const std::string_view host : {"", "a b", "a\r\nX: y", "a\n", "a/b", "user@host", "a?b",
                                        "a#b", "[::1]", "\x7f", "caf\xc3"}) {
        BOOST_TEST(request(host) == refused, host);
    }
    BOOST_TEST(request(std::string(256, 'a')) == refused);
    BOOST_TEST(request("h", "us:er", "x") == refused);
    BOOST_TEST(request("h", std::string(1025, 'u'), "x") == refused);
    BOOST_TEST(request("h", "u", std::string(1025, 'p')) == refused);
}

BOOST_AUTO_TEST_CASE(every_2xx_is_a_connection_and_what_follows_is_the_servers) {
    for (const std::string_view code : {"200", "201", "299"}) {
        const std::string head =
            "HTTP/1.1 " + std::string(code) + " fine\r\nContent-Length: 5\r\nVia: x\r\n\r\n";
        const outcome got = feed(head + "SSH-2.0-x\r\n");
        BOOST_TEST(got.done);
        BOOST_CHECK(got.error == errc::ok);
        BOOST_TEST(got.taken == head.size());
    }
    BOOST_CHECK(feed("HTTP/1.0 200\r\n\r\n").error == errc::ok);
    BOOST_TEST(feed("HTTP/1.0 200\n\nSSH").taken == 14U);
}

BOOST_AUTO_TEST_CASE(interim_answers_are_passed_over) {
    const outcome got = feed("HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
    BOOST_TEST(got.done);
    BOOST_CHECK(got.error == errc::ok);
    BOOST_TEST(got.status == "HTTP/1.1 200 OK");
}

BOOST_AUTO_TEST_CASE(refusals) {
    const outcome login = feed("HTTP/1.1 407 Proxy Authentication Required\r\nA: b\r\n\r\nbody");
    BOOST_CHECK(login.error == errc::proxy_authentication_failed);
    for (const std::string_view code : {"301", "403", "502", "599"}) {
        const outcome got = feed("HTTP/1.1 " + std::string(code) + " no\r\n\r\n<html>");
        BOOST_CHECK(got.error == errc::proxy_refused);
        BOOST_TEST(got.status == "HTTP/1.1 " + std::string(code) + " no");
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_answer) {
    for (const std::string_view text :
         {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
          "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1\r\n\r\n",
          "HTTP/1.x 200 OK\r\n\r\n", "\r\n\r\n", "ICY 200 OK\r\n\r\n"}) {
        const outcome got = feed(text);
        BOOST_TEST(got.done, text);
        BOOST_CHECK(got.error == errc::proxy_answer_malformed);
    }
    // What cannot become one is left at its first wrong byte.
    BOOST_TEST(feed("SSH-2.0-OpenSSH_9.2\r\n").taken == 1U);
}

BOOST_AUTO_TEST_CASE(endless_heads_end) {
    const outcome line = feed("HTTP/1.1 200 " + std::string(100'000, 'x'));
    BOOST_CHECK(line.error == errc::proxy_answer_malformed);
    BOOST_TEST(line.taken <= 1025U);
    std::string head = "HTTP/1.1 200 OK\r\n";
    while (head.size() < 100'000) head += "A: b\r\n";
    const outcome lines = feed(head);
    BOOST_CHECK(lines.error == errc::proxy_answer_malformed);
    BOOST_TEST(lines.taken == 16U * 1024 + 1);
    std::string interim;
    while (interim.size() < 100'000) interim += "HTTP/1.1 100 Continue\r\n\r\n";
    BOOST_CHECK(feed(interim).error == errc::proxy_answer_malformed);
}

BOOST_AUTO_TEST_CASE(unfinished_answer_is_not_done) {
    BOOST_TEST(!feed("HTTP/1.1 200 OK\r\nA: b\r\n").done);
    BOOST_TEST(!feed("").done);
}

BOOST_AUTO_TEST_SUITE_END()
