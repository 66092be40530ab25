// adit/options.hpp: what a client's options are when nobody changed them, and the two short ways to
// a credential.
#include "support/sample_keys.hpp"
#include "support/test.hpp"

#include <adit/options.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace asio = boost::asio;
using adit::task;

namespace {

template <class T>
T result_of(task<T> work) {
    asio::io_context ctx;
    T result{};
    const auto keep = [&](std::exception_ptr thrown, T value) {
        if (thrown) std::rethrow_exception(thrown);
        result = std::move(value);
    };
    asio::co_spawn(ctx, std::move(work), keep);
    ctx.run();
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(defaults_are_careful) {
    const adit::client_options o("alice", "host", {});
    BOOST_TEST(o.user == "alice");
    BOOST_TEST(o.host == "host");
    BOOST_TEST(o.port == 22);
    BOOST_TEST(!o.trust);
    BOOST_TEST(o.credentials.empty());
    BOOST_TEST(o.password_attempts == 3U);
    BOOST_TEST(!o.reset_on_bare_close);
    BOOST_TEST(o.random == nullptr);
    BOOST_TEST(o.limits.keepalive_interval.count() == 30'000);
}

BOOST_AUTO_TEST_CASE(key_credential_signs_with_its_key) {
    const auto made = adit::key_credential(adit::test::sample_key(4), "the key");
    const auto& key = std::get<std::shared_ptr<adit::signer>>(made);
    BOOST_TEST(key->name() == "the key");
    BOOST_TEST((key->public_part() == adit::test::sample_public_key(4)));
    const std::string_view message = "a message";
    const auto signature = result_of(key->sign("ssh-ed25519", adit::as_bytes(message)));
    BOOST_TEST((key->public_part().verify("ssh-ed25519", adit::as_bytes(message), signature) ==
                adit::errc::ok));
}

BOOST_AUTO_TEST_CASE(password_credential_answers_the_first_question_only) {
    const auto made = adit::password_credential(adit::secret_bytes{'p', 'w'});
    const auto& source = std::get<adit::password_source>(made);
    adit::password_question question{"alice", "host", 1};
    BOOST_TEST((result_of(source(question)) == adit::secret_bytes{'p', 'w'}));
    question.attempt = 2;
    BOOST_TEST(result_of(source(question)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
