// What a server's authenticator has to do with a client's login (attack table, server role: A15,
// A35, A37): a client cannot tell by the answers whether there is such a user, and an authenticator
// that fails, throws or closes its own connection lets nobody in and brings nobody down.
#include "unit/doors/evil_client.hpp"

#include <adit/accounts.hpp>

#include <functional>
#include <new>
#include <stdexcept>

using namespace adit;
using namespace adit::test;
using wire::message_id;

namespace {

using octets = std::vector<byte>;

/// Knows alice only.
class knows_alice final : public authenticator {
public:
    task<answer> check_key(const key_question& q) override {
        if (q.who.user == "alice" && *q.key == sample_public_key(7)) co_return permissions::all();
        co_return answer();
    }
    task<answer> check_password(const login_question& who, const secret_bytes& given) override {
        if (who.user == "alice" && as_text(given) == "right") co_return permissions::all();
        co_return answer();
    }
    task<answer> converse(prompt_dialogue& dialogue) override {
        std::vector<prompt> prompts{{"Code: ", false}};
        auto asking = dialogue.ask("", "", std::move(prompts));
        const std::vector<secret_bytes> given = co_await std::move(asking);
        if (dialogue.who().user == "alice" && as_text(given.at(0)) == "right") {
            co_return permissions::all();
        }
        co_return answer();
    }
};

/// As a bastion has them: alice with every secret, and somebody else to borrow from.
std::shared_ptr<authenticator> accounts_with_alice() {
    account_options options;
    options.pool.threads = 0;
    options.hasher = [](std::string_view, bytes_view) { return false; };
    account alice;
    alice.password_hash =
        "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + std::string(43, 'A');
    alice.totp = crypto::totp::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", {}).value();
    alice.authorized_keys = sample_public_key(7).to_line();
    auto users = std::make_shared<accounts>(std::move(options));
    BOOST_REQUIRE(users->replace({{"alice", alice}, {"bob", alice}}).empty());
    return users;
}

/// All that the server says to one kind of wrong login, from the service on.
std::vector<octets> said_to(const std::string& user, const std::string& how,
                            const std::shared_ptr<authenticator>& judge) {
    server_scene s;
    const octets wrong = info_response(1, {"wrong"});
    std::vector<octets> said;
    bool keyed = false;
    s.options->methods = {{"publickey"}, {"password"}, {"keyboard-interactive"}};
    s.options->authentication = judge;
    s.options->trace = [&](const trace_event& e) {
        if (keyed && e.sent) said.emplace_back(e.payload.begin(), e.payload.end());
    };
    s.client_options.user = user;
    const auto logs_in = [&]() -> task<> {
        co_await s.client().shake();
        keyed = true;
        co_await s.client().begin_login();
        octets request = s.client().method_request(how);
        if (how == "query") request = s.client().key_query(8);
        if (how == "forged") request = s.client().key_request(7, 8);
        if (how == "another key") request = s.client().key_request(8, 8);
        if (how == "password") request = s.client().password_request("wrong");
        if (how == "malformed") {
            request = s.client().key_query(8);
            request.resize(request.size() - 8);
        }
        try {
            static_cast<void>(co_await s.client().ask(request));
            if (how == "keyboard-interactive") {
                static_cast<void>(co_await s.client().ask(wrong));
            }
            s.client().port().stream().close(detail::close_mode::orderly);
        } catch (const boost::system::system_error&) {
            // The server has gone.
        }
    };
    static_cast<void>(s.handshake_against(logs_in));
    return said;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_client_answers)

// CVE-2018-15473: not a byte tells whether there is such a user.
BOOST_AUTO_TEST_CASE(a15_the_same_bytes_for_users_that_exist_and_that_do_not) {
    const std::vector<std::shared_ptr<authenticator>> judges{std::make_shared<knows_alice>(),
                                                             accounts_with_alice()};
    for (const auto& judge : judges) {
        for (const std::string how : {"none", "query", "another key", "forged", "malformed",
                                      "password", "keyboard-interactive", "hostbased"}) {
            const std::vector<octets> known = said_to("alice", how, judge);
            const std::vector<octets> unknown = said_to("mallo", how, judge);
            BOOST_TEST(known.size() >= 2U, how);
            BOOST_TEST((known == unknown), how);
        }
    }
}

namespace {

/// Fails in some way when it is asked for the nth time.
class failing_authenticator final : public authenticator {
public:
    failing_authenticator(std::function<void()> fail, unsigned nth)
        : fail_(std::move(fail)), left_(nth) {}
    task<answer> check_key(const key_question&) override { co_return verdict(); }
    task<answer> check_password(const login_question&, const secret_bytes&) override {
        co_return verdict();
    }
    task<answer> converse(prompt_dialogue& dialogue) override {
        std::vector<prompt> prompts{{"? ", false}};
        auto asking = dialogue.ask("", "", std::move(prompts));
        static_cast<void>(co_await std::move(asking));
        co_return verdict();
    }

private:
    answer verdict() {
        if (--left_ == 0) fail_();
        return permissions::all();
    }
    std::function<void()> fail_;
    unsigned left_;
};

std::vector<std::function<void()>> ways_to_fail() {
    return {[] { throw std::runtime_error("the directory is down"); },
            [] { throw 7; },
            [] { throw std::bad_alloc(); },
            [] { throw boost::system::system_error(asio::error::connection_refused); },
            [] { throw boost::system::system_error(asio::error::eof); },
            [] { throw protocol_error(errc::ok); }};
}

}  // namespace

// A37: and the server is there afterwards, and says what became of it.
BOOST_AUTO_TEST_CASE(a35_a37_an_authenticator_that_fails_lets_nobody_in_and_brings_nobody_down) {
    for (const std::function<void()>& fail : ways_to_fail()) {
        for (const std::string how : {"query", "wanted", "verified", "password", "dialogue"}) {
            attack a;
            const octets response = info_response(1, {"x"});
            a.s.options->methods = {{"publickey"}, {"password"}, {"keyboard-interactive"}};
            a.s.options->authentication =
                std::make_shared<failing_authenticator>(fail, how == "verified" ? 2 : 1);
            const error_code ec = a.meets_login([&]() -> task<> {
                octets request = a.c().key_request(7, 7);
                if (how == "query") request = a.c().key_query(7);
                if (how == "password") request = a.c().password_request("x");
                if (how == "dialogue") request = a.c().method_request("keyboard-interactive");
                message_id answer = co_await a.c().ask(request);
                if (how == "dialogue") answer = co_await a.c().ask(response);
                BOOST_TEST(
                    (answer == message_id::userauth_failure || answer == message_id::disconnect));
                a.c().port().stream().close(detail::close_mode::orderly);
            });
            BOOST_TEST((ec == errc::connection_lost || ec == errc::out_of_memory), how << ec);
        }
    }
}

namespace {

/// Does something to its own server, and then says yes.
class meddling final : public authenticator {
public:
    explicit meddling(std::function<void()> act) : act_(std::move(act)) {}
    task<answer> check_key(const key_question&) override {
        act_();
        co_return permissions::all();
    }

private:
    std::function<void()> act_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a37_a_connection_that_is_closed_by_its_own_authenticator_has_no_login) {
    attack a;
    a.s.options->authentication =
        std::make_shared<meddling>([&a] { a.s.peer().close(errc::shutting_down); });
    const error_code ec = a.meets([&]() -> task<> {
        co_await a.c().shake();
        co_await a.c().log_in(7);
    });
    BOOST_TEST(ec == errc::shutting_down);
    for (const audit_event& e : a.s.events) BOOST_TEST((e.what != audit_event::kind::login));
}

BOOST_AUTO_TEST_SUITE_END()
