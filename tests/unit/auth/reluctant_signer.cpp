// Signers that ask somebody, and may come back with nothing: when they are asked, and how the login
// goes on without them (adit/auth/public_key.hpp and client.hpp; RFC 4252 section 7).
#include "support/scene.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::byte;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::sample_key;
using adit::test::scene;

namespace {

class locked_key final : public adit::signer {
public:
    locked_key(byte number, bool asks, unsigned& asked)
        : key_(sample_key(number)), asks_(asks), asked_(asked) {}
    [[nodiscard]] const adit::keys::public_key& public_part() const noexcept override {
        return key_.public_part();
    }
    [[nodiscard]] std::string name() const override { return "locked"; }
    [[nodiscard]] bool asks_somebody() const noexcept override { return asks_; }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view, adit::bytes_view) override {
        ++asked_;
        co_return std::vector<byte>();
    }

private:
    adit::keys::private_key key_;
    bool asks_;
    unsigned& asked_;
};

struct request {
    std::string method;
    bool is_query = false;
};

task<request> take_request(scene& s) {
    const auto m = co_await s.server().expect<wire::userauth_request>();
    request r;
    r.method = m.method_name;
    if (r.method == "publickey") r.is_query = m.method_fields.bytes[0] == 0;
    co_return r;
}

void want_key(scene& s, byte number) {
    const auto key = sample_key(number);
    s.server().reply(wire::userauth_pk_ok{"ssh-ed25519", key.public_part().blob()});
}

error_code log_in(scene& s, const scene::part& after_service) {
    error_code outcome = asio::error::would_block;
    const auto client_part = [&]() -> task<> {
        outcome = co_await adit::test::handshake_of(s.ssh());
    };
    const auto server_part = [&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().accept_service();
        co_await after_service();
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    return outcome;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reluctant_signer)

BOOST_AUTO_TEST_CASE(c35_nobody_is_asked_for_a_key_that_the_server_does_not_want) {
    scene s;
    unsigned asked = 0;
    s.options.credentials = {std::make_shared<locked_key>(byte{7}, true, asked)};
    const error_code ec = log_in(s, [&]() -> task<> {
        const request first = co_await take_request(s);
        BOOST_TEST(first.is_query);
        s.server().reply(wire::userauth_failure{{"publickey"}, false});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::authentication_failed);
    BOOST_TEST(asked == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(key_that_is_not_to_be_had_is_passed_over) {
    scene s;
    unsigned asked = 0;
    s.options.credentials = {std::make_shared<locked_key>(byte{7}, true, asked),
                             adit::key_credential(sample_key(8), "open")};
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_request(s));
        want_key(s, 7);
        const request second = co_await take_request(s);
        BOOST_TEST(second.is_query);
        want_key(s, 8);
        const request third = co_await take_request(s);
        BOOST_TEST(!third.is_query);
        s.server().reply(wire::userauth_success{});
    });
    BOOST_TEST(!ec);
    BOOST_TEST(asked == 1U);
    s.finish();
}

// What the server said before, if anything, still counts.
BOOST_AUTO_TEST_CASE(list_of_the_server_outlives_a_key_that_was_passed_over) {
    scene s;
    unsigned asked = 0;
    s.options.credentials = {adit::key_credential(sample_key(8), "open"),
                             std::make_shared<locked_key>(byte{7}, true, asked),
                             adit::password_credential({'p', 'w'})};
    const error_code ec = log_in(s, [&]() -> task<> {
        static_cast<void>(co_await take_request(s));
        s.server().reply(wire::userauth_failure{{"publickey,hostbased"}, false});
        static_cast<void>(co_await take_request(s));
        want_key(s, 7);
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::authentication_failed);
    BOOST_TEST(asked == 1U);
    BOOST_TEST(s.ssh().diagnostics().methods_left == "publickey,hostbased");
    s.finish();
}

BOOST_AUTO_TEST_CASE(only_key_that_is_not_to_be_had_leaves_nothing_to_log_in_with) {
    scene s;
    unsigned asked = 0;
    s.options.credentials = {std::make_shared<locked_key>(byte{7}, false, asked)};
    const error_code ec = s.failing_handshake([&]() -> task<> {
        co_await s.server().shake();
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::no_credentials);
    BOOST_TEST(asked == 1U);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
